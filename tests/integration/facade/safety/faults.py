"""What an upstream may do wrong, as data: what it says, how it ends, and what a client may be told of it."""

import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass

from tests.integration.facade.scripted import Drop, Hang, Received, answer

CUT = 0
"""The outcome of a connection that is cut: the answer had begun, and nothing may look like its end."""

BROKEN = frozenset({502, CUT})
SILENT = frozenset({504, CUT})

_OK = b"HTTP/1.1 200 OK\r\n"
_CHUNKED = _OK + b"Transfer-Encoding: chunked\r\n\r\n"
_LARGE = 500_000


def close(request: Received) -> bytes:
    raise Drop


def reset(request: Received) -> bytes:
    """Close so that the other side is told of a reset."""
    request.wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raise Drop


def hang(request: Received) -> bytes:
    raise Hang


def stay(request: Received) -> bytes:
    """Keep the connection for the next request."""
    return b""


def for_ever(piece: bytes) -> Callable[[Received], bytes]:
    """Say the same until nobody listens any more."""

    def script(request: Received) -> bytes:
        while True:
            request.wire.sendall(piece)
            time.sleep(0.001)

    return script


@dataclass(frozen=True)
class Fault:
    """`told` is what the client may get: a status, or `CUT`; `body` its body where that is fixed."""

    name: str
    said: bytes
    end: Callable[[Received], bytes]
    told: frozenset[int]
    body: bytes | None = None

    def script(self, request: Received) -> bytes:
        """What a scripted upstream does with the request."""
        request.wire.sendall(self.said)
        return self.end(request)

    def drip(self, request: Received) -> bytes:
        """The same, byte by byte."""
        request.wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in self.said:
            request.wire.sendall(bytes([byte]))
        return self.end(request)


def _ends(name: str, said: bytes, broken: frozenset[int] = BROKEN, silent: frozenset[int] = SILENT) -> list[Fault]:
    """The same half answer, and then a close, a reset, or silence."""
    return [
        Fault(f"{name}-then-close", said, close, broken),
        Fault(f"{name}-then-reset", said, reset, broken),
        Fault(f"{name}-then-silence", said, hang, silent),
    ]


def _garbage(name: str, said: bytes) -> Fault:
    return Fault(name, said, close, frozenset({502}))


def _whole(name: str, said: bytes, end: Callable[[Received], bytes] = stay, body: bytes = b"ok", status: int = 200) -> Fault:
    return Fault(name, said, end, frozenset({status}), body)


FAULTS: tuple[Fault, ...] = (
    *_ends("nothing", b"", frozenset({502}), frozenset({504})),
    *_ends("half-a-status-line", b"HTTP/1.1 20", frozenset({502}), frozenset({504})),
    *_ends("half-a-head", _OK + b"Content-Le", frozenset({502}), frozenset({504})),
    *_ends("head-without-its-last-byte", _OK + b"Content-Length: 2\r\n\r", frozenset({502}), frozenset({504})),
    *_ends("only-a-continue", b"HTTP/1.1 100 Continue\r\n\r\n", frozenset({502}), frozenset({504})),
    *_ends("head-without-body", _OK + b"Content-Length: 10\r\n\r\n"),
    *_ends("short-body", _OK + b"Content-Length: 10\r\n\r\nabc"),
    *_ends("short-large-body", _OK + b"Content-Length: %d\r\n\r\n" % _LARGE + b"x" * (_LARGE - 1)),
    *_ends("no-chunk", _CHUNKED),
    *_ends("half-a-size", _CHUNKED + b"5"),
    *_ends("half-a-chunk", _CHUNKED + b"5\r\nab"),
    *_ends("chunk-without-its-end", _CHUNKED + b"2\r\nok"),
    *_ends("no-last-chunk", _CHUNKED + b"2\r\nok\r\n"),
    *_ends("last-chunk-without-its-end", _CHUNKED + b"2\r\nok\r\n0\r\n"),
    *_ends("half-a-trailer", _CHUNKED + b"2\r\nok\r\n0\r\nX-A: 1"),
    *_ends("half-a-large-chunk", _CHUNKED + b"%x\r\n" % _LARGE + b"x" * (_LARGE - 1)),
    Fault("until-the-end-then-reset", _OK + b"\r\nok", reset, BROKEN),
    Fault("until-the-end-then-silence", _OK + b"\r\nok", hang, SILENT),
    _whole("until-the-end", _OK + b"\r\nok", close),
    _whole("until-the-end-of-http10", b"HTTP/1.0 200 OK\r\n\r\nok", close),
    # More than was announced
    _whole("long-body", _OK + b"Content-Length: 2\r\n\r\nok and more"),
    _whole("long-body-of-an-answer", answer() + answer(b"poison")),
    _whole("long-body-of-many-answers", answer() + answer(b"poison") * 50),
    _whole("long-body-then-close", _OK + b"Content-Length: 2\r\n\r\nok and more", close),
    _whole("more-after-the-last-chunk", _CHUNKED + b"2\r\nok\r\n0\r\n\r\n" + answer(b"poison")),
    _whole("more-after-no-body", _OK + b"Content-Length: 0\r\n\r\n" + answer(b"poison"), body=b""),
    _whole("body-of-a-204", b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nok", body=b"", status=204),
    _whole("body-of-a-304", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 2\r\n\r\nok", body=b"", status=304),
    Fault("chunk-longer-than-its-size", _CHUNKED + b"2\r\nokok\r\n0\r\n\r\n", hang, BROKEN),
    Fault("chunk-size-malformed", _CHUNKED + b"0x2\r\nok\r\n0\r\n\r\n", hang, BROKEN),
    Fault("chunk-size-negative", _CHUNKED + b"-2\r\nok\r\n0\r\n\r\n", hang, BROKEN),
    Fault("chunk-size-too-large", _CHUNKED + b"fffffffffffffffff\r\nok\r\n0\r\n\r\n", hang, BROKEN),
    Fault("chunk-lines-end-with-lf", _CHUNKED + b"2\nok\n0\n\n\r\n", hang, BROKEN),
    Fault("trailer-malformed", _CHUNKED + b"2\r\nok\r\n0\r\nno colon\r\n\r\n", hang, BROKEN),
    # Interim answers
    _whole("a-thousand-interim-answers", b"HTTP/1.1 100 Continue\r\n\r\n" * 1_000 + answer()),
    _whole("early-hints", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + answer()),
    Fault("interim-answers-for-ever", b"", for_ever(b"HTTP/1.1 100 Continue\r\n\r\n"), frozenset({502, 504})),
    _garbage("interim-answer-malformed", b"HTTP/1.1 1xx Continue\r\n\r\n" + answer()),
    _garbage("upgrade-that-nobody-asked-for", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
    # Contradictory framing
    _garbage("two-framings", _OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"),
    _garbage("two-lengths", _OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nok"),
    _garbage("list-of-lengths", _OK + b"Content-Length: 2, 2\r\n\r\nok"),
    _garbage("length-negative", _OK + b"Content-Length: -2\r\n\r\nok"),
    _garbage("length-a-word", _OK + b"Content-Length: two\r\n\r\nok"),
    _garbage("length-too-large", _OK + b"Content-Length: 99999999999999999999\r\n\r\nok"),
    _garbage("coding-unknown", _OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"),
    # No HTTP, or not quite
    _garbage("http09", b"<html>hello</html>"),
    _garbage("http09-with-empty-lines", b"<html>\r\n\r\nhello</html>"),
    _garbage("http2", b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + b"\x00" * 18 + b"\r\n\r\n"),
    _garbage("http2-status-line", b"HTTP/2 200\r\nContent-Length: 2\r\n\r\nok"),
    _garbage("icecast", b"ICY 200 OK\r\n\r\n"),
    _garbage("ssh", b"SSH-2.0-OpenSSH_9.6\r\n"),
    _garbage("every-byte", bytes(range(256)) * 4 + b"\r\n\r\n"),
    _garbage("zeros", b"\x00" * 5_000),
    _garbage("status-too-small", b"HTTP/1.1 099 X\r\nContent-Length: 2\r\n\r\nok"),
    _garbage("status-too-large", b"HTTP/1.1 999 X\r\nContent-Length: 2\r\n\r\nok"),
    _garbage("status-a-word", b"HTTP/1.1 OK\r\nContent-Length: 2\r\n\r\nok"),
    _garbage("lf-only", b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok"),
    _garbage("folded-header", _OK + b"X: a\r\n b\r\nContent-Length: 2\r\n\r\nok"),
    _garbage("blank-before-colon", _OK + b"Content-Length : 2\r\n\r\nok"),
    _garbage("nul-in-a-header", _OK + b"X: \x00\r\nContent-Length: 2\r\n\r\nok"),
    _garbage("bare-lf-in-a-header", _OK + b"X: a\nSet-Cookie: forged\r\nContent-Length: 2\r\n\r\nok"),
    _garbage("bare-cr-in-a-header", _OK + b"X: a\rSet-Cookie: forged\r\nContent-Length: 2\r\n\r\nok"),
    _garbage("a-thousand-headers", _OK + b"X: y\r\n" * 1_000 + b"Content-Length: 2\r\n\r\nok"),
    _garbage("a-head-of-a-mebibyte", _OK + b"X: " + b"y" * 1_048_576 + b"\r\n\r\n"),
    Fault("headers-for-ever", _OK, for_ever(b"X: y\r\n" * 100), frozenset({502})),
    Fault("one-header-for-ever", _OK + b"X: ", for_ever(b"y" * 1_000), frozenset({502})),
)
