"""The one count of all changes that facades are told of: the contexts' flags and the API keys. They put them in order by it."""

from django.db import connections
from django.db.models import Max

from migrations_tools.control.models import ApiKey, ContextState
from migrations_tools.control.router import DATABASE

_LOCK = 0x62616E79


def latest() -> int:
    """The version of the latest change; 0 before any."""
    contexts = ContextState.objects.aggregate(latest=Max("version"))["latest"] or 0
    keys = ApiKey.objects.aggregate(latest=Max("version"))["latest"] or 0
    return max(contexts, keys)


def one_at_a_time() -> None:
    """Let no other change begin before the end of this transaction: a later commit must never carry an earlier version."""
    with connections[DATABASE].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
