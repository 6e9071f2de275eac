"""PostgreSQL is away for some seconds under load, and with it every database: what needs none goes on, the rest is told so."""

import json
import time
from dataclasses import dataclass

import pytest
import requests

from tests.chaos.stage import Stage
from tests.integration.facade.entrance import until
from tests.integration.facade.paced import Kind, Paced

pytestmark = pytest.mark.chaos

_AWAY_SECONDS = 6.0
_RECOVERY = 30.0
_SOON = 5.0
"""Seconds in which everybody is answered, whatever the answer is: much less than upstreams are waited for."""

UNHARMED = {"page": 200, "known page": 304, "nobody": 401, "keys": 200}
"""What is answered all the same, and how: kept pages, and that a client has one already; a refusal by the facade itself; keys
that the monolith has in a file.
"""
HARMED = ("profile", "change", "orders")


@dataclass
class Happening:
    """The traffic, and when the database went and came; `well` when all was as before."""

    traffic: Paced
    away: float = 0.0
    back: float = 0.0
    well: float = 0.0


@pytest.fixture(scope="module")
def happening(stage: Stage) -> Happening:
    customers = stage.members.next(4)
    page = f"{stage.urls['facade']}/api/v1/catalog/products"
    tag = requests.get(page, timeout=10).headers["ETag"]

    def signed(number: int) -> str:
        return f"Authorization: Bearer {customers[number % len(customers)].access}\r\n"

    kinds = [
        Kind("page", 20, "GET", "/api/v1/catalog/products"),
        Kind("known page", 20, "GET", "/api/v1/catalog/products", lambda number: f"If-None-Match: {tag}\r\n"),
        Kind("nobody", 10, "GET", "/api/v1/users/me"),
        Kind("keys", 10, "GET", "/.well-known/jwks.json"),
        Kind("profile", 10, "GET", "/api/v1/users/me", signed),
        Kind("change", 5, "PATCH", "/api/v1/users/me", signed, lambda number: f'{{"nickname": "Nr {number}"}}'),
        Kind("orders", 5, "GET", "/api/v1/orders", signed),
    ]
    traffic = Paced(int(stage.urls["facade"].rpartition(":")[2]), kinds)
    made = Happening(traffic)
    with traffic:
        await_well(traffic)
        with stage.without_database():
            made.away = time.monotonic()
            time.sleep(_AWAY_SECONDS)  # this is what is tested: that it lasts
            made.back = time.monotonic()
        await_well(traffic)
        made.well = time.monotonic() - 1.0
        until(lambda: time.monotonic() > made.well + 3.0)
    return made


def await_well(traffic: Paced) -> None:
    """Until, for a second, everybody has got what was asked for. Raises AssertionError."""
    deadline = time.monotonic() + _RECOVERY
    while True:
        begin = time.monotonic() - 1.0
        got = {kind.name: traffic.statuses(kind.name, begin) for kind in traffic.kinds}
        if all(some.keys() == {UNHARMED.get(name, 200)} and some.total() > 2 for name, some in got.items()):
            return
        assert time.monotonic() < deadline, got
        time.sleep(0.05)


@pytest.mark.parametrize("kind", UNHARMED)
def test_what_needs_no_database_is_answered(happening: Happening, kind: str) -> None:
    """All the time, and not later than before."""
    assert happening.traffic.statuses(kind).keys() == {UNHARMED[kind]}
    assert max(one.seconds for one in happening.traffic.of(kind)) < _SOON


@pytest.mark.parametrize("kind", HARMED)
def test_the_rest_is_told_so_and_nobody_hangs(happening: Happening, kind: str) -> None:
    """Each gets a problem document, within seconds."""
    during = happening.traffic.of(kind, happening.away, happening.back)
    assert len(during) > 20
    for one in happening.traffic.of(kind):
        assert one.seconds < _SOON
        if one.status != 200:
            assert one.status >= 500
            assert b"application/problem+json" in one.head
            assert json.loads(one.body)["status"] == one.status
    assert {one.status for one in during} & {500, 502, 503}


def test_everything_recovers_by_itself(happening: Happening) -> None:
    """Once it is back, nothing fails any more."""
    for kind in happening.traffic.kinds:
        assert happening.traffic.statuses(kind.name, happening.well).keys() == {UNHARMED.get(kind.name, 200)}
