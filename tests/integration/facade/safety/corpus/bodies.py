"""Chunked bodies whose chunks are not what they seem, trailers, and expectations."""

from tests.integration.facade.safety.corpus.case import FORGED, POISON, Case, passed, post, refused

_CHUNKED = b"Transfer-Encoding: chunked"


def _bad(name: str, body: bytes, status: int = 400) -> Case:
    return refused(f"chunk-{name}", post(_CHUNKED, body=body), status)


def _good(name: str, body: bytes) -> Case:
    return passed(f"chunk-{name}", post(_CHUNKED, body=body), "POST /x")


CASES: tuple[Case, ...] = (
    # Sizes
    _bad("size-missing", b"\r\n\r\n" + POISON),
    _bad("size-negative", b"-1\r\nx\r\n0\r\n\r\n" + POISON),
    _bad("size-plus", b"+1\r\nx\r\n0\r\n\r\n" + POISON),
    _bad("size-0x", b"0x1\r\nx\r\n0\r\n\r\n" + POISON),
    _bad("size-decimal-point", b"1.0\r\nx\r\n0\r\n\r\n" + POISON),
    _bad("size-underscore", b"1_0\r\n" + b"x" * 16 + b"\r\n0\r\n\r\n"),
    _bad("size-not-hexadecimal", b"g\r\n\r\n0\r\n\r\n" + POISON),
    _bad("size-leading-blank", b" 1\r\nx\r\n0\r\n\r\n" + POISON),
    _bad("size-trailing-blank", b"1 \r\nx\r\n0\r\n\r\n" + POISON),
    _bad("size-trailing-tab", b"1\t\r\nx\r\n0\r\n\r\n" + POISON),
    _bad("size-vertical-tab", b"1\x0b\r\nx\r\n0\r\n\r\n" + POISON),
    _bad("size-nul", b"1\x00\r\nx\r\n0\r\n\r\n" + POISON),
    _bad("size-quotes", b'"1"\r\nx\r\n0\r\n\r\n' + POISON),
    _bad("size-comma", b"1,1\r\nx\r\n0\r\n\r\n" + POISON),
    _bad("size-two-to-the-32", b"100000000\r\nx\r\n0\r\n\r\n" + POISON),
    _bad("size-two-to-the-64", b"10000000000000000\r\nx\r\n0\r\n\r\n" + POISON),
    _bad("size-two-to-the-64-and-one", b"10000000000000001\r\nx\r\n0\r\n\r\n" + POISON),
    _bad("size-minus-one-as-unsigned", b"ffffffffffffffff\r\nx\r\n0\r\n\r\n" + POISON),
    _bad("size-long-zeros", b"0" * 200 + b"\r\n\r\n" + POISON),
    _bad("size-long-zeros-then-one", b"0" * 200 + b"1\r\nx\r\n0\r\n\r\n" + POISON),
    _bad("size-line-without-end", b"1" * 10_000),
    _bad("size-utf8-digit", b"\xef\xbc\x91\r\nx\r\n0\r\n\r\n" + POISON),
    # Line ends
    _bad("bare-lf-after-size", b"1\nx\r\n0\r\n\r\n" + POISON),
    _bad("bare-cr-after-size", b"1\rx\r\n0\r\n\r\n" + POISON),
    _bad("cr-cr-lf-after-size", b"1\r\r\nx\r\n0\r\n\r\n" + POISON),
    _bad("bare-lf-after-data", b"1\r\nx\n0\r\n\r\n" + POISON),
    _bad("bare-cr-after-data", b"1\r\nx\r0\r\n\r\n" + POISON),
    _bad("nothing-after-data", b"1\r\nx0\r\n\r\n" + POISON),
    _bad("data-longer-than-size", b"1\r\nxyz\r\n0\r\n\r\n" + POISON),
    _bad("data-shorter-than-size", b"6\r\nxyz\r\n0\r\n\r\n" + POISON),
    _bad("all-bare-lf", b"1\nx\n0\n\n\r\n" + POISON),
    # Extensions
    _bad("extension-with-lf", b"1;a\nx\r\n0\r\n\r\n" + POISON),
    _bad("extension-hides-a-chunk", b"5;\n" + b"0\r\n\r\n" + POISON),
    _bad("extension-with-cr", b"1;a\rb\r\nx\r\n0\r\n\r\n" + POISON),
    _bad("extension-with-nul", b"1;a=\x00\r\nx\r\n0\r\n\r\n" + POISON),
    _bad("extension-with-a-high-byte", b"1;a=\xff\r\nx\r\n0\r\n\r\n" + POISON),
    _bad("extension-after-a-blank", b"1 ;a\r\nx\r\n0\r\n\r\n" + POISON),
    _bad("extension-too-long", b"1;" + b"a" * 300 + b"\r\nx\r\n0\r\n\r\n"),
    _bad("extension-without-end", b"1;" + b"a" * 100_000),
    _good("extension-is-left-out", b"1;a=b\r\nx\r\n0;c\r\n\r\n"),
    _good("extension-quoted", b'1;a="0\\"b"\r\nx\r\n0\r\n\r\n'),
    # Trailers
    _good("trailers-are-left-out", b"1\r\nx\r\n0\r\nX-Sum: " + FORGED + b"\r\n\r\n"),
    _good("trailer-with-a-length", b"1\r\nx\r\n0\r\nContent-Length: 500\r\n\r\n"),
    _good("trailer-with-a-coding", b"1\r\nx\r\n0\r\nTransfer-Encoding: identity\r\n\r\n"),
    _good("trailer-with-identity", b"1\r\nx\r\n0\r\nBanyan-Read: " + FORGED + b"\r\nX-Forwarded-For: " + FORGED + b"\r\n\r\n"),
    _good("trailer-with-a-host", b"1\r\nx\r\n0\r\nHost: " + FORGED + b"\r\n\r\n"),
    _bad("trailer-folded", b"0\r\nA: 1\r\n b\r\n\r\n" + POISON),
    _bad("trailer-blank-before-colon", b"0\r\nA : 1\r\n\r\n" + POISON),
    _bad("trailer-without-colon", b"0\r\n" + POISON),
    _bad("trailer-with-nul", b"0\r\nA: \x00\r\n\r\n" + POISON),
    _bad("trailer-with-bare-lf", b"0\r\nA: 1\nB: 2\r\n\r\n" + POISON),
    _bad("trailer-with-bare-cr", b"0\r\nA: 1\rB: 2\r\n\r\n" + POISON),
    _bad("trailers-too-long", b"0\r\n" + b"A: b\r\n" * 5_000, 431),
    _bad("trailer-line-without-end", b"0\r\nA: " + b"b" * 20_000, 431),
    Case("chunk-last-without-empty-line", post(_CHUNKED, body=b"0\r\nA: 1\r\n"), (408,)),
    Case("chunk-never-sent", post(_CHUNKED), (408,)),
    Case("chunk-half-sent", post(_CHUNKED, body=b"5\r\nab"), (408,)),
    Case("chunk-four-gigabytes-announced", post(_CHUNKED, body=b"ffffffff\r\nab"), (408,)),
    Case("chunk-size-bare-lf-then-nothing", post(_CHUNKED, body=b"1\n"), (408,)),
    # Many and large
    _good("a-thousand", b"1\r\nx\r\n" * 1_000 + b"0\r\n\r\n"),
    _good("larger-than-is-kept", b"10000\r\n" + b"x" * 65_536 + b"\r\n1\r\ny\r\n0\r\n\r\n"),
    _bad("larger-than-is-kept-then-broken", b"10000\r\n" + b"x" * 65_536 + b"\r\n1\r\nyy\r\n0\r\n\r\n" + POISON),
    # Expectations
    Case(
        "expect-then-body", post(b"Expect: 100-continue", b"Content-Length: 3", body=b"abc"), (100, 200), ("POST /x",), open=True
    ),
    Case(
        "expect-other-case", post(b"expect: 100-CONTINUE", b"Content-Length: 3", body=b"abc"), (100, 200), ("POST /x",), open=True
    ),
    Case("expect-with-chunks", post(b"Expect: 100-continue", _CHUNKED, body=b"0\r\n\r\n"), (100, 200), ("POST /x",), open=True),
    passed("expect-without-body", post(b"Expect: 100-continue"), "POST /x"),
    passed("expect-with-length-zero", post(b"Expect: 100-continue", b"Content-Length: 0"), "POST /x"),
    refused("expect-something-else", post(b"Expect: 200-ok", b"Content-Length: 3", body=b"abc" + POISON), 417),
    refused(
        "expect-twice", post(b"Expect: 100-continue", b"Expect: 100-continue", b"Content-Length: 3", body=b"abc" + POISON), 417
    ),
    refused("expect-list", post(b"Expect: 100-continue, x", b"Content-Length: 3", body=b"abc" + POISON), 417),
    refused("expect-empty", post(b"Expect:", b"Content-Length: 3", body=b"abc" + POISON), 417),
    refused("expect-obfuscated", post(b"Expect: y 100-continue", b"Content-Length: 3", body=b"abc" + POISON), 417),
    refused("expect-blank-before-colon", post(b"Expect : 100-continue", b"Content-Length: 3", body=b"abc" + POISON)),
    Case(
        "expect-refused-before-the-body",
        b"POST /internal/x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(POISON) + POISON,
        (404,),
    ),
    Case(
        "expect-http10-is-ignored",
        b"POST /x HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
        (200,),
        ("POST /x",),
    ),
)
