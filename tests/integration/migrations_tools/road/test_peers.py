"""What a backfill is measured against does the same work: it would be no peer otherwise."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from benchmarks.peers import naive_loop, raw_copy
from chassis.replica.authority import Authority, raise_to
from chassis.replica.digest import canonical
from migrations_tools.relay.sides import Sides
from monolith.users.models import Address, Preference, RefreshToken, User

pytestmark = pytest.mark.django_db(databases=["default", "control"], transaction=True)


@pytest.fixture
def keys(both: Sides) -> list[int]:
    """Customers with every kind of part, in the shapes that the legacy tables admit."""
    lines = [("", ""), ("1 High Street", ""), ("", "Floor 2"), ("1 High Street", "Floor 2")]
    users = User.objects.bulk_create(
        User(email=f"user{number}@example.org", first_name="Zoë", phone_type=number, address_line1=one, address_line2=two)
        for number, (one, two) in enumerate(lines)
    )
    Address.objects.bulk_create(
        Address(user=user, kind=kind, label="é", address_line1=one, address_line2=two, city="Riga")
        for kind, (user, (one, two)) in enumerate(zip(users, lines, strict=True), start=1)
    )
    Preference.objects.create(user=users[0], name="theme", value="dark")
    expires = timezone.now() + timedelta(days=1)
    RefreshToken.objects.create(user=users[1], family=uuid4(), token_hash="0" * 64, expires_at=expires)
    return [user.pk for user in users]


def _held_alike(both: Sides, keys: list[int]) -> bool:
    here, there = both.monolith.documents("user", keys), both.service.documents("user", keys)
    return {key: canonical(one) for key, one in here.items()} == {key: canonical(one) for key, one in there.items()}


def test_the_pipe_copies_what_the_backfill_copies(both: Sides, keys: list[int]) -> None:
    """Row for row, so that its speed is the limit of this work and not of another."""
    assert raw_copy(both.monolith.url, both.service.url) > 0
    assert _held_alike(both, keys)


def test_the_naive_loop_posts_what_the_backfill_sends(both: Sides, keys: list[int]) -> None:
    """Every row of its pages arrives."""
    for side in (both.service, both.monolith):
        with side.connect("test") as connection:
            raise_to(connection, Authority("users", "monolith", 1))
    seconds, posted = naive_loop(both, rows=len(keys), page=len(keys), sample=len(keys))
    assert (seconds > 0, posted) == (True, len(keys))
    assert _held_alike(both, keys)
