"""The two stages: who may pass a route, and what the others are told."""

import asyncio
from pathlib import Path

import pytest

from chassis.callers import apikey
from facade.identity.apikeys import ApiKeys
from facade.identity.feed import ApiKey
from facade.identity.principal import ANONYMOUS, Principal
from facade.identity.stage import Authenticate, Authorise, Mode
from facade.identity.tokens import Tokens
from facade.problems import Problem
from tests.unit.facade.identity.asking import Asking, asking
from tests.unit.facade.identity.issuer import NEW, OLD, USER, Clock, Issuer, key_set, token

FRESH = apikey.fresh()
LINES = {
    "token": b"Authorization: Bearer " + token(),
    "expired token": b"Authorization: Bearer " + token(exp=1, iat=0),
    "token of a new key": b"Authorization: bearer " + token(NEW),
    "key": b"X-Api-Key: " + FRESH.written.encode(),
    "wrong key": b"Authorization: ApiKey " + apikey.fresh().written.encode(),
    "empty key": b"X-Api-Key:",
    "password": b"Authorization: Basic YTpi",
}
USERS = Principal("user", str(USER), frozenset({"customer"}))
KEYS = Principal("key", FRESH.id, frozenset({"orders:read"}))


class Parts:
    """What the stages stand on; `issuer` can be turned."""

    def __init__(self, folder: Path) -> None:
        self.issuer, self.clock = Issuer(), Clock()
        self.set = key_set(self.issuer, folder, self.clock)
        self.tokens = Tokens(self.set, Clock())
        self.keys = ApiKeys([ApiKey(FRESH.id, FRESH.hash, KEYS.scopes)])

    def stage(self, mode: Mode) -> Authenticate:
        return Authenticate(mode, self.tokens, self.keys)


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    made = Parts(tmp_path)
    asyncio.run(made.set.refresh())
    return made


@pytest.mark.parametrize(
    ("mode", "brought", "expected"),
    [
        (Mode.NONE, "", ANONYMOUS),
        (Mode.NONE, "token", ANONYMOUS),
        (Mode.NONE, "expired token", ANONYMOUS),
        (Mode.OPTIONAL, "", ANONYMOUS),
        (Mode.OPTIONAL, "token", USERS),
        (Mode.OPTIONAL, "key", KEYS),
        (Mode.OPTIONAL, "expired token", 401),
        (Mode.OPTIONAL, "wrong key", 401),
        (Mode.OPTIONAL, "empty key", 401),
        (Mode.OPTIONAL, "password", ANONYMOUS),
        (Mode.REQUIRED, "", 401),
        (Mode.REQUIRED, "token", USERS),
        (Mode.REQUIRED, "key", KEYS),
        (Mode.REQUIRED, "expired token", 401),
        (Mode.REQUIRED, "wrong key", 401),
        (Mode.REQUIRED, "password", 401),
    ],
)
def test_who_passes(mode: Mode, brought: str, expected: Principal | int, parts: Parts) -> None:
    """In each mode, each kind of credentials; and `explain` foretells it without doing it."""
    stage, request = parts.stage(mode), asking(*([LINES[brought]] if brought else []))
    told = stage.explain(request)
    assert request.principal is ANONYMOUS
    if isinstance(expected, int):
        assert told.startswith(f"refused with {expected}: ")
        with pytest.raises(Problem) as caught:
            stage.before(request)
        assert caught.value.status == expected
        assert caught.value.more.startswith(b"www-authenticate: ")
    else:
        assert told.startswith(f"{expected.kind}")
        assert stage.before(request) is None
        assert request.principal == expected


def test_no_credentials_are_no_error(parts: Parts) -> None:
    """RFC 6750, section 3.1: who brought none is told the scheme and no error code."""
    with pytest.raises(Problem) as caught:
        parts.stage(Mode.REQUIRED).before(asking())
    assert caught.value.more == b'www-authenticate: Bearer realm="banyan"\r\n'


async def test_a_new_key_is_waited_for_and_then_known(tmp_path: Path) -> None:
    """The first request of a rotated key waits, the next one does not; `explain` neither asks nor remembers."""
    parts = Parts(tmp_path)
    await parts.set.refresh()
    parts.issuer.signers = [OLD, NEW]
    parts.clock.now += 60
    stage, first, second = parts.stage(Mode.REQUIRED), asking(LINES["token of a new key"]), asking(LINES["token of a new key"])
    assert stage.explain(first).startswith("undecided: ")
    assert (parts.issuer.asked, len(parts.tokens)) == (1, 0)
    waiting = stage.before(first)
    assert waiting is not None
    await waiting
    assert stage.before(second) is None
    assert first.principal == second.principal == USERS
    assert parts.issuer.asked == 2


AUTHORISE = Authorise(read=["orders:read"], write=["orders:read", "orders:write"])
READER = Principal("key", "k", frozenset({"orders:read", "more"}))
WRITER = Principal("user", "u", frozenset({"orders:read", "orders:write"}))


@pytest.mark.parametrize(
    ("method", "principal", "status"),
    [
        ("GET", READER, None), ("HEAD", READER, None), ("OPTIONS", READER, None), ("POST", READER, 403), ("PUT", READER, 403),
        ("PATCH", READER, 403), ("DELETE", READER, 403), ("BREW", READER, 403), ("POST", WRITER, None), ("GET", ANONYMOUS, 401),
        ("GET", USERS, 403),
    ],
)  # fmt: skip
def test_what_scopes_allow(method: str, principal: Principal, status: int | None) -> None:
    """All that the kind of method needs must be there; who has shown nothing is asked who it is. `explain` says the same."""
    request = asking(method=method, principal=principal)
    if status is None:
        AUTHORISE.before(request)
        assert AUTHORISE.explain(request).startswith("allowed: ")
    else:
        assert _refusal(request).status == status
        assert AUTHORISE.explain(request).startswith(f"refused with {status}: ")


def test_a_refusal_names_what_is_missing() -> None:
    """The missing scope in words, all that are needed in the challenge."""
    problem = _refusal(asking(method="POST", principal=READER))
    assert problem.detail == "this needs the scope orders:write"
    assert problem.more == (
        b'www-authenticate: Bearer realm="banyan", error="insufficient_scope", scope="orders:read orders:write"\r\n'
    )


def test_a_route_without_scopes_is_open_to_all() -> None:
    """Whoever got so far."""
    stage = Authorise()
    stage.before(asking(method="DELETE"))
    assert stage.explain(asking()) == "allowed: no scope is needed"


@pytest.mark.parametrize("scope", ["", "a b", 'a"b', "a\\b", "ä", "a\r\nset-cookie: x"])
def test_only_a_scope_can_be_declared(scope: str) -> None:
    """What would break out of the challenge is refused when the route is built."""
    with pytest.raises(ValueError, match="no scopes"):
        Authorise(write=[scope])


def _refusal(request: Asking) -> Problem:
    with pytest.raises(Problem) as caught:
        AUTHORISE.before(request)
    return caught.value
