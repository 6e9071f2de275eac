"""Every peer is sent the same bytes."""

import pytest

from benchmarks.gateway.clients import CLIENTS, SERIAL, requests

TRACE = f"traceparent: 00-0af7651916cd43dd{SERIAL}-b7ad6b7169203331-01\r\n".encode()


@pytest.fixture
def seen() -> list[bytes]:
    return requests("/plain/small.json")


def test_each_client_is_someone_else(seen: list[bytes]) -> None:
    """Another browser, cookie and token: what is remembered of one request does not serve all."""
    assert len(seen) == CLIENTS
    for name in (b"User-Agent", b"Cookie", b"Authorization"):
        assert len({line for request in seen for line in request.split(b"\r\n") if line.startswith(name)}) == CLIENTS


def test_they_are_whole_requests_that_keep_the_connection(seen: list[bytes]) -> None:
    """No body, no second `Host`, nothing that ends the connection, nothing that asks for other bytes."""
    for request in seen:
        head, end, body = request.partition(b"\r\n\r\n")
        assert head.startswith(b"GET /plain/small.json HTTP/1.1\r\n")
        assert end
        assert not body
        names = [line.partition(b":")[0].lower() for line in head.split(b"\r\n")[1:]]
        assert len(names) == len(set(names))
        assert not {b"connection", b"accept-encoding", b"content-length"} & set(names)


def test_unseen_headers_differ_in_their_trace_only(seen: list[bytes]) -> None:
    """The place of the serial number is there once, and makes a valid trace id with its sixteen digits."""
    for request in requests("/plain/small.json", unseen=True):
        assert request.count(SERIAL.encode()) == 1
        assert TRACE in request
