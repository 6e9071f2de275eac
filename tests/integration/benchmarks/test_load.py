"""The load generator counts what is an answer, and nothing else."""

import time
from itertools import count

import pytest

from benchmarks.gateway.clients import requests
from benchmarks.gateway.load import LoadFailed, closed_loop
from tests.compiling import needs_compiler
from tests.integration.facade.scripted import Drop, Hang, Received, Script, ScriptedUpstream, answer

pytestmark = needs_compiler
BODY = b"0123456789" * 20_000
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def _load(script: Script, body: int, *, unseen: bool = False, seconds: int = 1) -> tuple[int, list[Received]]:
    """Of two connections, for a second if not told otherwise: the answers that were counted, and what was asked."""
    upstream = ScriptedUpstream(script).start()
    try:
        load = closed_loop(upstream.port, requests("/x", unseen=unseen), 2, seconds, body)
    finally:
        upstream.stop()
    return load.answers, upstream.received


def _in_pieces(request: Received) -> bytes:
    whole = (
        CHUNKED + b"".join(b"%X\r\n%b\r\n" % (len(part), part) for part in (BODY[:9], BODY[9:])) + b"0\r\nx-trailer: y\r\n\r\n"
    )
    for cut in (10, len(CHUNKED) + 1, len(CHUNKED) + 7, len(CHUNKED) + 5_000):
        request.wire.sendall(whole[:cut])
        time.sleep(0.002)
        whole = whole[cut:]
    return whole


@pytest.mark.parametrize("script", [lambda _: answer(BODY), _in_pieces], ids=["of known length", "in chunks, and in pieces"])
def test_answers_are_counted_once_whole(script: Script) -> None:
    """Every request but those that the end of the time met had its answer counted."""
    answers, asked = _load(script, len(BODY))
    assert len(asked) - 2 <= answers <= len(asked)
    assert answers > 2


def test_the_requests_of_all_clients_are_sent_in_turn() -> None:
    """So that no peer answers the same one over and over again; and those that are to be new have numbers of their own."""
    _, asked = _load(lambda _: answer(), 0, unseen=True)
    assert len({request.header("user-agent") for request in asked}) == min(len(asked), len(requests("/x")))
    assert len({request.header("traceparent") for request in asked}) == len(asked) > 2


def _drop(_: Received) -> bytes:
    raise Drop


def _hang(_: Received) -> bytes:
    raise Hang


@pytest.mark.parametrize(
    "script",
    [
        _drop,
        _hang,
        lambda _: answer(status="503 Service Unavailable"),
        lambda _: answer() + b"more",
        lambda _: b"SMTP ready\r\n\r\n",
        lambda _: b"HTTP/1.1 200 OK\r\n\r\n",
        lambda _: b"x" * 20_000,
        lambda _: CHUNKED + b"nonsense\r\n",
        lambda _: CHUNKED + b"\r\n\r\n",
        lambda _: CHUNKED + b"2\r\nabc\r\n",
        lambda _: CHUNKED + b"0\r\n\r\nHTTP/1.1 200 OK\r\n",
        lambda _: CHUNKED + b"2\nab\r\n0\r\n\r\n",
        lambda _: CHUNKED + b"2\rX\nab\r\n0\r\n\r\n",
        lambda _: answer(status="2005 OK"),
        lambda _: answer().replace(b"Length: 2", b"Length: two"),
        lambda _: answer(Content_Length="2"),
    ],
    ids=[
        "none",
        "silence",
        "503",
        "too much",
        "another protocol",
        "no length",
        "no head",
        "no chunk",
        "no size",
        "too long",
        "two",
        "a bare newline",
        "a stray return",
        "another status",
        "no number",
        "two lengths",
    ],
)
def test_what_is_no_answer_is_no_rate(script: Script) -> None:
    """A peer that fails requests is not measured by those that it answers."""
    with pytest.raises(LoadFailed, match="failed"):
        _load(script, 0)


@pytest.mark.parametrize("body", [b"", BODY[:-1], BODY + b"x"])
@pytest.mark.parametrize("chunked", [False, True])
def test_each_answer_is_as_long_as_it_should_be(body: bytes, chunked: bool) -> None:
    """One that is not is not made up for by the others."""
    numbers = count()

    def script(_: Received) -> bytes:
        sent = body if next(numbers) == 5 else BODY
        if not chunked:
            return answer(sent)
        return CHUNKED + (b"%x\r\n%b\r\n" % (len(sent), sent) if sent else b"") + b"0\r\n\r\n"

    with pytest.raises(LoadFailed, match=r"^of [1-9].*, 1 failed"):
        _load(script, len(BODY))


def test_a_connection_that_is_forgotten_is_a_failure() -> None:
    """Although the other one gets all that it asks for."""

    def forgets_the_first(request: Received) -> bytes:
        if request.connection == 1:
            raise Hang
        return answer()

    with pytest.raises(LoadFailed, match=r"^of [1-9].*, 1 failed"):
        _load(forgets_the_first, 0, seconds=3)


def test_nobody_listening_is_told() -> None:
    """By one line, as every failure of a measurement."""
    upstream = ScriptedUpstream().start()
    upstream.stop()
    with pytest.raises(LoadFailed, match=r"^no requests to port \d+: connect: Connection refused$"):
        closed_loop(upstream.port, requests("/x"), 1, 1, 0)
