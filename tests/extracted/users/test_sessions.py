"""Which sessions are kept, and for how long."""

from datetime import timedelta
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.utils import timezone

from chassis.ids import uuid7
from extracted.users.models import Session
from extracted.users.services.pruning import LIVE_FAMILIES, REUSE_MEMORY, prune

DAY = timedelta(days=1)


def session(account: Any, **columns: Any) -> Session:
    """A live session, with changes."""
    number = uuid7()
    plain = {"id": number, "family": uuid4(), "token_hash": str(number), "expires_at": timezone.now() + DAY}
    return Session.objects.create(account=account, **{**plain, **columns})


@pytest.mark.parametrize(
    ("columns", "kept"),
    [
        ({}, True),
        ({"expires_at": timezone.now() - DAY}, False),
        ({"used_at": timezone.now()}, True),
        ({"used_at": timezone.now() - REUSE_MEMORY - DAY}, False),
        ({"revoked_at": timezone.now() - REUSE_MEMORY - DAY}, False),
    ],
    ids=["live", "expired", "used", "used long ago", "revoked"],
)
def test_only_sessions_of_no_more_use_are_pruned(account: Any, columns: dict[str, Any], kept: bool) -> None:
    """At a login and by the command alike; a used token is remembered, since a second use gives a thief away."""
    for clean in (lambda: prune(account.id), lambda: call_command("prune_sessions", stdout=StringIO())):
        Session.objects.all().delete()
        session(account, **columns)
        clean()
        assert Session.objects.exists() is kept


def test_a_login_leaves_room_for_its_own_family(account: Any) -> None:
    """The oldest families end first, with all of their tokens."""
    families = [uuid4() for _ in range(LIVE_FAMILIES + 2)]
    for family in families:
        session(account, family=family, used_at=timezone.now())
        session(account, family=family)
    prune(account.id)
    left = set(Session.objects.values_list("family", flat=True))
    assert left == set(families[-(LIVE_FAMILIES - 1) :])


@pytest.mark.django_db
def test_without_authority_nothing_is_pruned() -> None:
    """The monolith's sessions are the monolith's business; the command says so and does not fail."""
    told = StringIO()
    call_command("prune_sessions", stdout=told)
    assert "monolith has authority" in told.getvalue()
