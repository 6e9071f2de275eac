"""421: a side without authority has executed nothing, so the request goes to the other; no client ever sees it."""

import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.integration.facade.entrance import Entrance, feed
from tests.integration.facade.scripted import Received, ScriptedUpstream, answer, misdirected

ME = "/api/v1/users/me"
MIB = 1024 * 1024


def misdirect(epoch: int, request: Received) -> bytes:
    return misdirected("service", epoch)


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "PUT", "DELETE"])
def test_request_is_repeated_at_the_owner(
    entrance: Entrance, monolith: ScriptedUpstream, service: ScriptedUpstream, method: str
) -> None:
    """A stale route costs a second question: same request, same body, executed once."""
    entrance.route("canary", epoch=1, services=[service])
    monolith.script = lambda request: misdirected("service", 2)
    body = None if method in ("GET", "DELETE") else b"b" * 60_000
    reply = entrance.ask(method, ME, body)
    assert reply.status == 200
    assert not [name for name, _ in reply.headers if name.lower().startswith("banyan")]
    assert [(r.method, r.target, r.body) for r in service.received] == [(method, ME, body or b"")]
    assert service.received[0].header("banyan-read") is None


def test_lesson_holds_until_the_feed_has_caught_up(
    entrance: Entrance, monolith: ScriptedUpstream, service: ScriptedUpstream
) -> None:
    """What one request learnt spares the next ones the detour; the feed then takes over."""
    entrance.route("canary", epoch=1, services=[service])
    monolith.script = lambda request: misdirected("service", 2)
    for _ in range(3):
        assert entrance.ask("POST", ME, b"{}").status == 200
    assert (len(monolith.received), len(service.received)) == (1, 3)
    entrance.route("canary", epoch=1, read=50, services=[service])
    assert entrance.ask("POST", ME, b"{}").status == 200
    assert len(monolith.received) == 1, "an old feed must not undo the lesson"
    monolith.script = lambda request: answer()
    entrance.route("canary", epoch=3, services=[service])
    assert entrance.ask("POST", ME, b"{}").status == 200
    assert (len(monolith.received), len(service.received)) == (2, 4)


def test_old_lesson_teaches_nothing(entrance: Entrance, monolith: ScriptedUpstream, service: ScriptedUpstream) -> None:
    """A 421 of an epoch that the feed has passed redirects its request, and nobody else's."""
    entrance.route("service", epoch=7, services=[service])
    service.script = lambda request: misdirected("monolith", 6)
    assert entrance.ask("POST", ME, b"{}").status == 200
    service.script = lambda request: answer()
    assert entrance.ask("POST", ME, b"{}").status == 200
    assert (len(monolith.received), len(service.received)) == (1, 2)


def test_hand_over_is_waited_out(entrance: Entrance, monolith: ScriptedUpstream, service: ScriptedUpstream) -> None:
    """While neither side accepts, the request waits; when one does, it is executed there, once."""
    entrance.route("canary", epoch=1, services=[service])
    opened = threading.Event()

    def serve(request: Received) -> bytes:
        return answer(b"done") if opened.is_set() else misdirected("monolith", 1)

    monolith.script = lambda request: misdirected("service", 2)
    service.script = serve
    timer = threading.Timer(0.5, opened.set)
    timer.start()
    started = time.monotonic()
    assert entrance.ask("POST", ME, b"{}").body == b"done"
    assert 0.4 < time.monotonic() - started < 1.4
    timer.join()
    assert len(service.received) + len(monolith.received) < 60, "the pauses must grow"


def test_nobody_accepts(entrance: Entrance, monolith: ScriptedUpstream, service: ScriptedUpstream) -> None:
    """After the deadline the client is told that nothing was executed, never that it was misdirected."""
    entrance.route("canary", epoch=1, services=[service])
    monolith.script = lambda request: misdirected("service", 2)
    service.script = lambda request: misdirected("monolith", 1)
    reply = entrance.ask("POST", ME, b"{}")
    assert (reply.status, reply.json()["type"]) == (503, "urn:banyan:problem:changing-hands")
    assert reply.header("retry-after") == "1"
    assert reply.header("banyan-owner") is None


def test_owner_that_is_starting_is_waited_for(entrance: Entrance, monolith: ScriptedUpstream, service: ScriptedUpstream) -> None:
    """The monolith points to a service that is just restarting: the write is executed there when it is back."""
    entrance.route("canary", epoch=1, services=[service])
    monolith.script = lambda request: misdirected("service", 2)
    service.stop()
    timer = threading.Timer(0.4, service.start)
    timer.start()
    assert entrance.ask("POST", ME, b"{}").status == 200
    timer.join()
    assert len(service.received) == 1


def test_write_to_a_moved_context_through_another_path(
    entrance: Entrance, monolith: ScriptedUpstream, service: ScriptedUpstream
) -> None:
    """An order whose address hit the fence was rolled back: it is repeated at the monolith, and the lesson learnt."""
    entrance.route("canary", epoch=1, services=[service])
    seen: list[Received] = []

    def script(request: Received) -> bytes:
        seen.append(request)
        return misdirected("service", 2) if len(seen) == 1 else answer(b"ordered")

    monolith.script = script
    assert entrance.ask("POST", "/api/v1/orders", b"{}").body == b"ordered"
    assert (len(monolith.received), len(service.received)) == (2, 0)
    assert entrance.ask("GET", ME).status == 200
    assert len(service.received) == 1


def test_foreign_421_is_an_answer(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """A 421 that is not of this protocol is the upstream's own business."""
    monolith.script = lambda request: answer(b"tls", "421 Misdirected Request")
    assert entrance.ask("GET", "/x").status == 421


def test_trap_21_large_body_is_repeated_from_disk(
    entrance: Entrance, monolith: ScriptedUpstream, service: ScriptedUpstream
) -> None:
    """A body too large for memory reaches the owner whole after a 421, whichever way it was framed."""
    entrance.route("canary", epoch=1, services=[service])
    body = bytes(range(256)) * (MIB // 256)
    chunks = b"".join(b"%x\r\n%b\r\n" % (40_000, body[i : i + 40_000]) for i in range(0, 1_000_000, 40_000))
    framings = (
        b"Content-Length: %d\r\n\r\n" % len(body) + body,
        b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n",
    )
    for epoch, framed in enumerate(framings, start=2):
        monolith.script = partial(misdirect, 2 * epoch)
        entrance.route("canary", epoch=2 * epoch - 1, services=[service])
        assert entrance.raw(b"PUT %b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n" % ME.encode() + framed).startswith(
            b"HTTP/1.1 200"
        )
    assert [r.body == body[: len(r.body)] for r in service.received] == [True, True]
    assert [len(r.body) for r in service.received] == [MIB, 1_000_000]


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_trap_21_beyond_the_limit_nothing_is_sent_on(
    spooling: Entrance, framing: str, monolith: ScriptedUpstream, service: ScriptedUpstream
) -> None:
    """A body that could not be repeated is refused before any upstream hears of it; elsewhere it streams."""
    spooling.route("canary", epoch=1, services=[service])
    size = 300_000
    if framing == "length":
        framed = b"Content-Length: %d\r\n\r\n" % size + b"x" * size
    else:
        framed = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (size, b"x" * size)
    head = b"PUT %b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
    refused = spooling.raw(head % ME.encode() + framed, seconds=1)
    assert refused.startswith(b"HTTP/1.1 413")
    assert b"urn:banyan:problem:body-too-large" in refused
    assert (monolith.received, service.received) == ([], [])
    assert spooling.raw(head % b"/elsewhere" + framed).startswith(b"HTTP/1.1 200")
    assert len(monolith.received[0].body) == size


@pytest.fixture
def spooling(monolith: ScriptedUpstream, service: ScriptedUpstream, tmp_path: Path) -> Iterator[Entrance]:
    """A facade that spools at most 200,000 bytes."""
    monolith.feed = feed(1, "monolith")
    entrance = Entrance(monolith, tmp_path, {"FACADE_SPOOL_LIMIT": "200000"}).start()
    entrance.version = 1_000
    yield entrance
    entrance.stop()
