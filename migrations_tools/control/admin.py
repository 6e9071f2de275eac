"""The control database in the admin: to look at. Changes are made by `manage.py context`, which
measures before it acts.
"""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from migrations_tools.control.models import (
    ApiKey,
    ContextState,
    Divergence,
    FacadeWorker,
    Journal,
    PhaseChange,
    VerifyRun,
)

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Model]  # generic in the stubs only
else:
    _ModelAdmin = admin.ModelAdmin


class ReadOnlyAdmin(_ModelAdmin):
    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002
        return False


@admin.register(ContextState)
class ContextStateAdmin(ReadOnlyAdmin):
    list_display = ("context", "phase", "read_percent", "shadow_percent", "epoch", "version", "changed_at")


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    list_display = ("id", "name", "scopes", "expires_at", "revoked_at", "created_at", "created_by")
    exclude = ("hash",)


@admin.register(FacadeWorker)
class FacadeWorkerAdmin(ReadOnlyAdmin):
    list_display = ("name", "version", "heard_at", "expected_until", "gone")


@admin.register(PhaseChange)
class PhaseChangeAdmin(ReadOnlyAdmin):
    list_display = (
        "at",
        "context",
        "command",
        "from_phase",
        "to_phase",
        "to_read_percent",
        "epoch",
        "who",
        "forced",
    )
    list_filter = ("context", "command", "forced")


@admin.register(Journal)
class JournalAdmin(ReadOnlyAdmin):
    list_display = ("started_at", "context", "direction", "epoch", "outcome", "pause_ms", "who")
    list_filter = ("context", "outcome")


@admin.register(VerifyRun)
class VerifyRunAdmin(ReadOnlyAdmin):
    list_display = (
        "started_at",
        "context",
        "outcome",
        "equal",
        "different",
        "missing",
        "extra",
        "finished_at",
    )
    list_filter = ("context", "outcome")


@admin.register(Divergence)
class DivergenceAdmin(ReadOnlyAdmin):
    list_display = ("found_at", "context", "aggregate", "key", "kind", "repaired")
    list_filter = ("context", "kind", "repaired")
