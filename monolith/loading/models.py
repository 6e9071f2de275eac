"""How far each load has come: rows that are committed in the transaction of the page they describe."""

from typing import Any

from django.db import models
from django.db.models.functions import Now


class Load(models.Model):
    """One source with one set of parameters and files (`fingerprint`), whatever the number of runs it took."""

    source = models.CharField(max_length=40)
    fingerprint = models.CharField(max_length=64)
    parameters: "models.JSONField[Any, Any]" = models.JSONField()
    password = models.CharField(max_length=128)
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["source", "fingerprint"], name="loading_load_key")]

    def __str__(self) -> str:
        return f"{self.source} {self.fingerprint[:12]}"


class Checkpoint(models.Model):
    """A stage's last committed position, with the books up to it."""

    pk = models.CompositePrimaryKey("load_id", "stage")
    load = models.ForeignKey(Load, on_delete=models.CASCADE)
    stage = models.CharField(max_length=40)
    position = models.BigIntegerField()
    books: "models.JSONField[Any, Any]" = models.JSONField()

    def __str__(self) -> str:
        return f"{self.stage} at {self.position}"
