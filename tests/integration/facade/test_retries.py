"""What is sent again, at which instance, how often: two instances of a monolith, through a real facade."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.facade.entrance import Entrance, feed, until
from tests.integration.facade.scripted import Drop, Received, Script, ScriptedUpstream, answer

POLICIES = """
[defaults]
authenticate = "none"
secure = false

[[routes]]
path = "/orders"
idempotency_key = true

[resilience.default]
breaker = {{ minimum = 1000000 }}
ejection = {{ failures = 1000000 }}
retries = {{ {retries} }}
"""
AMPLE, SCARCE = "share = 1, per_second = 1000", "share = 0, per_second = 3, window = 1"

Pair = tuple[ScriptedUpstream, ScriptedUpstream]


class Declared:
    """A facade over two instances. `declare` says how many repetitions there may be."""

    def __init__(self, pair: Pair, folder: Path) -> None:
        self._file = folder / "policies.toml"
        self.declare(AMPLE)
        urls = ",".join(upstream.url for upstream in pair)
        own = {"MONOLITH_URL": urls, "FACADE_POLICIES": str(self._file), "FACADE_RETRY_DEADLINE": "3"}
        self.entrance = Entrance(pair[0], folder / "var", own).start()

    def declare(self, retries: str) -> None:
        self._file.write_text(POLICIES.format(retries=retries))


@pytest.fixture(scope="module")
def both() -> Iterator[Pair]:
    pair = (ScriptedUpstream(feed=feed(1, "monolith")).start(), ScriptedUpstream(feed=feed(1, "monolith")).start())
    yield pair
    for upstream in pair:
        upstream.stop()


@pytest.fixture(scope="module")
def made(both: Pair, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Declared]:
    declared = Declared(both, tmp_path_factory.mktemp("retries"))
    yield declared
    declared.entrance.stop()


@pytest.fixture
def pair(both: Pair) -> Pair:
    """The first is in trouble, the second answers with its name."""
    for upstream in both:
        upstream.reset()
    both[0].script = unavailable()
    both[1].script = lambda request: answer(b"second")
    return both


@pytest.fixture
def entrance(made: Declared, pair: Pair) -> Entrance:
    return made.entrance


def unavailable(status: str = "503 Service Unavailable", **headers: str) -> Script:
    return lambda request: answer(b"in trouble", status, **headers)


def tried(pair: Pair) -> tuple[int, int]:
    return len(pair[0].received), len(pair[1].received)


@pytest.mark.parametrize("status", ["502 Bad Gateway", "503 Service Unavailable", "504 Gateway Timeout"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"])
def test_an_instance_in_trouble_costs_idempotent_requests_nothing(
    entrance: Entrance, pair: Pair, method: str, status: str
) -> None:
    """They are sent again, whole, to another instance, until the first is asked again when it is well."""
    pair[0].script = unavailable(status)
    body = b"body" if method == "PUT" else None
    assert {entrance.ask(method, "/x", body).status for _ in range(12)} == {200}
    first, second = tried(pair)
    assert first > 0
    assert second == 12
    assert {request.body for upstream in pair for request in upstream.received} == {body or b""}
    pair[0].script = lambda request: answer(b"first")
    until(lambda: entrance.ask("GET", "/x").body == b"first")


def test_trap_13_a_post_is_sent_again_only_with_a_key_that_is_honoured(entrance: Entrance, pair: Pair) -> None:
    """An upstream that says 503 may have worked all the same."""
    key = {"Idempotency_Key": "k"}

    def statuses(path: str, **headers: str) -> set[int]:
        return {entrance.ask("POST", path, b"{}", **headers).status for _ in range(12)}

    assert statuses("/orders", **key) == {200}
    for path, headers in (("/orders", {}), ("/orders/1", key), ("/elsewhere", key)):
        for upstream in pair:
            upstream.received.clear()
        assert statuses(path, **headers) == {200, 503}
        assert sum(tried(pair)) == 12


def test_where_all_are_in_trouble_their_answer_is_given(entrance: Entrance, pair: Pair) -> None:
    """After three attempts: a request may be what puts them there."""
    pair[1].script = unavailable()
    reply = entrance.ask("GET", "/x")
    assert (reply.status, reply.body) == (503, b"in trouble")
    assert sum(tried(pair)) == 3


def test_other_failures_are_answers(entrance: Entrance, pair: Pair) -> None:
    """A 500 is a mistake that another instance would make too."""
    for upstream in pair:
        upstream.script = unavailable("500 Internal Server Error")
    assert entrance.ask("GET", "/x").status == 500
    assert sum(tried(pair)) == 1


def failing_first(seen: list[Received], **headers: str) -> Script:
    """Whichever instance is asked first is in trouble."""

    def script(request: Received) -> bytes:
        seen.append(request)
        return answer(b"in trouble", "503 X", **headers) if len(seen) == 1 else answer()

    return script


def test_retry_after_is_waited_for(entrance: Entrance, pair: Pair) -> None:
    """Nobody is asked again before."""
    seen: list[Received] = []
    for upstream in pair:
        upstream.script = failing_first(seen, Retry_After="1")
    began = time.monotonic()
    assert entrance.ask("GET", "/x").status == 200
    assert 1 <= time.monotonic() - began < 2.5
    assert len(seen) == 2


@pytest.mark.parametrize("after", ["60", "Sat, 28 Nov 2099 12:00:00 GMT"])
def test_a_later_retry_after_is_passed_on(entrance: Entrance, pair: Pair, after: str) -> None:
    """Beyond the time in which requests are repeated it is the client's to keep."""
    for upstream in pair:
        upstream.script = unavailable(Retry_After=after)
    began = time.monotonic()
    reply = entrance.ask("GET", "/x")
    assert (reply.status, reply.header("retry-after")) == (503, after)
    assert time.monotonic() - began < 1
    assert sum(tried(pair)) == 1


def test_a_client_that_has_no_time_gets_what_came(entrance: Entrance, pair: Pair) -> None:
    """What it gave itself counts, not how long requests may be repeated."""
    for upstream in pair:
        upstream.script = unavailable(Retry_After="1")
    assert entrance.ask("GET", "/x", Banyan_Timeout="500").status == 503
    assert sum(tried(pair)) == 1


def test_the_budget_bounds_what_is_sent_again(made: Declared, pair: Pair) -> None:
    """Whatever the reason, instances in trouble are not asked much more often than clients ask; and the budget comes back."""
    entrance, before = made.entrance, made.entrance.event("no_budget", "-")
    made.declare(SCARCE)
    until(lambda: entrance.ask("GET", "/x").status == 503 and entrance.event("no_budget", "-") > before, 20)

    def drop(request: Received) -> bytes:
        raise Drop

    for script, left in ((unavailable(), 503), (drop, 502)):
        for upstream in pair:
            upstream.received.clear()
            upstream.script = script
        began = time.monotonic()
        assert {entrance.ask("GET", "/x").status for _ in range(60)} == {left}
        windows = 2 + int(time.monotonic() - began)
        assert 60 <= sum(tried(pair)) <= 60 + 3 * windows
    pair[1].script = lambda request: answer(b"second")
    until(lambda: {entrance.ask("GET", "/x").status for _ in range(3)} == {200})
    made.declare(AMPLE)
    until(lambda: {entrance.ask("GET", "/x").status for _ in range(12)} == {200})


def test_a_single_instance_is_not_asked_twice(pair: Pair, tmp_path: Path) -> None:
    """Where there is no other one, its answer is the answer."""
    file = tmp_path / "policies.toml"
    file.write_text(POLICIES.format(retries=AMPLE))
    entrance = Entrance(pair[0], tmp_path / "var", {"FACADE_POLICIES": str(file)}).start()
    try:
        assert entrance.ask("GET", "/x").status == 503
        assert tried(pair) == (1, 0)
    finally:
        entrance.stop()
