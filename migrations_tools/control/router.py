"""Keeps the control app in the database `control`, and everything else out of it."""

from typing import Any

from django.db.models import Model

DATABASE = "control"
APP = "control"


class ControlRouter:
    """A Django database router; put it first in DATABASE_ROUTERS."""

    def db_for_read(self, model: type[Model], **_hints: Any) -> str | None:
        return DATABASE if model._meta.app_label == APP else None

    def db_for_write(self, model: type[Model], **_hints: Any) -> str | None:
        return DATABASE if model._meta.app_label == APP else None

    def allow_relation(self, one: Model, other: Model, **_hints: Any) -> bool | None:
        labels = {one._meta.app_label, other._meta.app_label}
        return labels == {APP} if APP in labels else None

    def allow_migrate(self, db: str, app_label: str, **_hints: Any) -> bool | None:
        return (db == DATABASE) == (app_label == APP) if db == DATABASE or app_label == APP else None
