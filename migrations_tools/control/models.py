"""What the control database knows: where each context stands, how it came there, and what was found.

Nothing that a customer's request needs is in here: with this database gone, both sides keep their
authority rows and the facades their routes.
"""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from migrations_tools.phases import Direction, Owner, Phase


def _choices(enum: type[Phase] | type[Owner] | type[Direction]) -> list[tuple[str, str]]:
    return [(member.value, member.value) for member in enum]


class ContextState(models.Model):
    """A context's flags. `version` orders all changes of all contexts; percentages are 0 to 100."""

    context = models.CharField(max_length=40, primary_key=True)
    phase = models.CharField(max_length=20, choices=_choices(Phase), default=Phase.MONOLITH)
    read_percent = models.SmallIntegerField(default=0)
    shadow_percent = models.SmallIntegerField(default=0)
    epoch = models.BigIntegerField(default=0)
    version = models.BigIntegerField(default=0)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(read_percent__range=(0, 100)), name="control_read_percent"),
            models.CheckConstraint(condition=models.Q(shadow_percent__range=(0, 100)), name="control_shadow_percent"),
        ]

    def __str__(self) -> str:
        return f"{self.context}: {self.phase}"


class PhaseChange(models.Model):
    """One change of a context's flags: append-only, kept so by a trigger. `gates` is the report
    it was decided on.
    """

    context = models.CharField(max_length=40)
    at = models.DateTimeField(db_default=Now())
    who = models.CharField(max_length=120)
    command = models.CharField(max_length=40)
    from_phase = models.CharField(max_length=20)
    to_phase = models.CharField(max_length=20)
    from_read_percent = models.SmallIntegerField()
    to_read_percent = models.SmallIntegerField()
    from_shadow_percent = models.SmallIntegerField()
    to_shadow_percent = models.SmallIntegerField()
    epoch = models.BigIntegerField()
    version = models.BigIntegerField(unique=True)
    gates = models.JSONField(default=list)
    forced = models.BooleanField(default=False)
    note = models.TextField(blank=True, default="")

    class Meta:
        ordering: ClassVar = ["-version"]
        indexes: ClassVar = [models.Index(fields=["context", "-version"], name="control_change_context")]

    def __str__(self) -> str:
        return f"{self.context}: {self.from_phase} → {self.to_phase}"


class ApiKey(models.Model):
    """A third party's key: what its secret hashes to (hexadecimal SHA-256), never the secret. It may ask `limit_requests` times
    in `limit_seconds`; null is as often as it likes. `version` is of the same count as that of the contexts.
    """

    id = models.CharField(max_length=12, primary_key=True)
    name = models.CharField(max_length=120)
    hash = models.CharField(max_length=64)
    scopes = models.JSONField(default=list)
    limit_requests = models.PositiveIntegerField(null=True, blank=True)
    limit_seconds = models.PositiveIntegerField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    created_by = models.CharField(max_length=120)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.CharField(max_length=120, blank=True, default="")
    version = models.BigIntegerField(unique=True)

    class Meta:
        ordering: ClassVar = ["created_at", "id"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(hash__regex="^[0-9a-f]{64}$"), name="control_apikey_hash"),
            models.CheckConstraint(
                # Said in full: a comparison with null is not false, and a check that is not false holds.
                condition=models.Q(limit_requests__isnull=True, limit_seconds__isnull=True)
                | models.Q(
                    limit_requests__isnull=False, limit_seconds__isnull=False, limit_requests__gte=1, limit_seconds__gte=1
                ),
                name="control_apikey_limit",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.id}: {self.name}"

    @classmethod
    def in_force(cls) -> models.QuerySet["ApiKey"]:
        """The keys that open something: neither revoked nor expired."""
        return cls.objects.filter(revoked_at=None).exclude(expires_at__lte=timezone.now())


class FacadeWorker(models.Model):
    """A worker of a facade, as it told with its last question for the routes: the version in force there, and until when it is to
    be heard again. `gone`: it has said farewell; nothing that it sent before can take that back.
    """

    name = models.CharField(max_length=120, primary_key=True)
    version = models.BigIntegerField()
    heard_at = models.DateTimeField()
    expected_until = models.DateTimeField()
    gone = models.BooleanField(default=False)

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return f"{self.name}: version {self.version}"


class HandOverOutcome(models.TextChoices):
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    REHEARSED = "rehearsed"


class Journal(models.Model):
    """One hand-over of authority. `steps` are {"name", "at", "ms", ...}; `epoch` is the one that
    the gainer gets.
    """

    context = models.CharField(max_length=40)
    direction = models.CharField(max_length=20, choices=_choices(Direction))
    from_owner = models.CharField(max_length=20, choices=_choices(Owner))
    to_owner = models.CharField(max_length=20, choices=_choices(Owner))
    epoch = models.BigIntegerField()
    who = models.CharField(max_length=120, blank=True, default="")
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)
    steps = models.JSONField(default=list)
    outcome = models.CharField(max_length=20, choices=HandOverOutcome, default=HandOverOutcome.RUNNING)
    pause_ms = models.FloatField(null=True, blank=True)
    note = models.TextField(blank=True, default="")

    class Meta:
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [models.Index(fields=["context", "-id"], name="control_journal_context")]

    def __str__(self) -> str:
        return f"{self.context} → {self.to_owner} at epoch {self.epoch}: {self.outcome}"


class VerifyOutcome(models.TextChoices):
    RUNNING = "running"
    CLEAN = "clean"
    DIVERGENT = "divergent"
    NOT_MEASURED = "not_measured"


class VerifyRun(models.Model):
    """One comparison of both sides. `checkpoint` maps aggregates to the key up to which they were
    compared.
    """

    context = models.CharField(max_length=40)
    epoch = models.BigIntegerField(default=0)
    outcome = models.CharField(max_length=20, choices=VerifyOutcome, default=VerifyOutcome.RUNNING)
    reason = models.TextField(blank=True, default="")
    equal = models.BigIntegerField(default=0)
    different = models.BigIntegerField(default=0)
    missing = models.BigIntegerField(default=0)
    extra = models.BigIntegerField(default=0)
    samples = models.JSONField(default=list)
    position = models.CharField(max_length=60, blank=True, default="")
    checkpoint = models.JSONField(default=dict)
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [models.Index(fields=["context", "-id"], name="control_verify_context")]

    def __str__(self) -> str:
        return f"{self.context}: {self.outcome}"


class DivergenceKind(models.TextChoices):
    DIFFERENT = "different"
    MISSING = "missing"
    EXTRA = "extra"


class Divergence(models.Model):
    """An aggregate whose two sides differ after replication has settled; `fields` are paths with both values.

    `missing` means missing on the side without authority, `extra` that only that side has it.
    """

    run = models.ForeignKey(VerifyRun, on_delete=models.CASCADE, related_name="divergences")
    context = models.CharField(max_length=40)
    aggregate = models.CharField(max_length=40)
    key = models.BigIntegerField()
    kind = models.CharField(max_length=20, choices=DivergenceKind)
    fields = models.JSONField(default=dict)
    found_at = models.DateTimeField(db_default=Now())
    repaired = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["run", "aggregate", "key"], name="control_divergence_once"),
        ]

    def __str__(self) -> str:
        return f"{self.context}.{self.aggregate} {self.key}: {self.kind}"
