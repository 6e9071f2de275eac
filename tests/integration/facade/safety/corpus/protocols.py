"""Other protocols at this door: HTTP/2, TLS, upgrades, older than HTTP/1.0, and noise."""

from tests.integration.facade.safety.corpus.case import POISON, Case, get, head, passed, refused

_HELLO = (
    b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03"
    + bytes(range(32))
    + b"\x20"
    + bytes(range(32))
    + b"\x00\x02\x13\x01\x01\x00\x00\x79"
    b"\x00\x00\x00\x0f\x00\x0d\x00\x00\x0ashop.local" + b"\x00" * 80
)
_SETTINGS = b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"
_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_H2C = (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAAP__")

CASES: tuple[Case, ...] = (
    refused("h2-preface", _PREFACE, 505),
    refused("h2-preface-with-settings", _PREFACE + _SETTINGS, 505),
    refused("h2-preface-lower-case", _PREFACE.lower()),
    refused("h2-preface-after-a-request", b"PRI /x HTTP/2.0\r\nHost: a\r\n\r\n" + _SETTINGS, 505),
    passed("h2c-upgrade", get(*_H2C), "GET /x"),
    passed("h2c-upgrade-without-settings", get(b"Connection: Upgrade", b"Upgrade: h2c"), "GET /x"),
    passed("h2c-upgrade-not-named", get(b"Upgrade: h2c", b"HTTP2-Settings: AAMAAABkAAQAAP__"), "GET /x"),
    passed("h2c-upgrade-other-case", get(b"connection: upgrade", b"upgrade: H2C"), "GET /x"),
    passed("h2c-upgrade-in-a-list", get(b"Connection: Upgrade", b"Upgrade: h2c, websocket"), "GET /x"),
    passed("h2c-upgrade-in-a-list-the-other-way", get(b"Connection: Upgrade", b"Upgrade: websocket, h2c"), "GET /x"),
    passed("h2c-upgrade-with-a-body", head(b"POST /x HTTP/1.1", *_H2C, b"Content-Length: 3") + b"abc", "POST /x"),
    Case("h2c-upgrade-then-preface", get(*_H2C) + _PREFACE + _SETTINGS, (200, 505), ("GET /x",)),
    Case("h2c-upgrade-to-internal", head(b"GET /internal/x HTTP/1.1", *_H2C), (404,), open=True),
    passed("upgrade-to-tls", get(b"Connection: Upgrade", b"Upgrade: TLS/1.2"), "GET /x"),
    passed("upgrade-to-websocket-refused-by-the-upstream", get(b"Connection: Upgrade", b"Upgrade: websocket"), "GET /x"),
    passed(
        "upgrade-to-websocket-then-a-request",
        get(b"Connection: Upgrade", b"Upgrade: websocket") + head(b"GET /y HTTP/1.1"),
        "GET /x",
        "GET /y",
    ),
    Case(
        "upgrade-to-websocket-to-internal",
        head(b"GET /internal HTTP/1.1", b"Connection: Upgrade", b"Upgrade: websocket"),
        (404,),
        open=True,
    ),
    passed("upgrade-to-websocket-without-connection", get(b"Upgrade: websocket"), "GET /x"),
    refused("tls-client-hello", _HELLO + b"\r\n\r\n"),
    Case("tls-client-hello-and-then-silence", _HELLO.replace(b"\n", b"\x00"), (408,)),
    refused("ssl2-client-hello", b"\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10" + bytes(range(32)) + b"\r\n\r\n"),
    refused("http09", b"GET /x\r\n\r\n"),
    refused("http09-with-lf", b"GET /x\n"),
    Case("http09-and-then-silence", b"GET /x\r\n", (408,)),
    refused("http09-then-poison", b"GET /x\r\n" + POISON),
    refused("answer-instead-of-a-request", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    refused("smtp", b"EHLO shop.example\r\nMAIL FROM:<a@b>\r\n\r\n"),
    refused("ssh", b"SSH-2.0-OpenSSH_9.6\r\n\r\n"),
    refused("redis", b"*1\r\n$4\r\nPING\r\n\r\n"),
    refused("proxy-protocol", b"PROXY TCP4 6.6.6.6 7.7.7.7 1 2\r\n" + get()),
    refused("proxy-protocol-2", b"\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c" + bytes(12) + get()),
    refused("zeros", b"\x00" * 2_000 + b"\r\n\r\n"),
    refused("zeros-without-end", b"\x00" * 40_000, 431),
    refused("high-bytes", b"\xff" * 2_000 + b"\r\n\r\n"),
    refused("every-byte", bytes(range(256)) * 4 + b"\r\n\r\n"),
    refused("json", b'{"method": "GET", "path": "/x"}\r\n\r\n'),
    refused("xml", b'<?xml version="1.0"?>\r\n<x/>\r\n\r\n'),
    refused("utf16", "GET /x HTTP/1.1\r\nHost: a\r\n\r\n".encode("utf-16-le") + b"\r\n\r\n"),
    refused("gzip", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03" + b"\x99" * 50 + b"\r\n\r\n"),
    Case("nothing-at-all", b"", ()),
    Case("only-an-empty-line", b"\r\n", ()),
)
