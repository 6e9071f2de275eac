"""The request line: one reading of every accepted target, and a refusal for each that could have two."""

from urllib.parse import unquote

import h11
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from facade.http1.grammar import LONGEST_LINE, BadHead
from facade.http1.request_line import parse
from tests.unit.facade.http1 import oracle

_PARTS = st.sampled_from(
    [
        "/", "a", ".", "..", "%2e", "%2E", "%2f", "%5c", "\\", ";", "?", "#", "%00", "%0a", "%", "%zz", "%c0%ae", "%C3%A9",
        "%25", "internal", "//", "&", "=", "+", "%20", "~", ":", "@", "%ff", "*", "http://", "a.b", "[", "]", "'", '"', "|",
        "%3f", "%23", "%7f", "%C2%85",
    ]
)  # fmt: skip
_TARGETS = st.lists(_PARTS, max_size=8).map(lambda parts: "/" + "".join(parts))


@given(_TARGETS)
@example("/%2e%2e/x")
@example("/a/.")
def test_an_accepted_target_has_one_path(target: str) -> None:
    """The decoded path is what anyone decodes; it has no segment that someone could resolve, and no hidden separator."""
    try:
        line = parse(f"GET {target} HTTP/1.1".encode())
    except BadHead:
        return
    raw = target.partition("?")[0]
    assert line.target == target.encode()
    assert line.path == unquote(raw, errors="strict")
    assert not {".", ".."} & {segment.partition(";")[0] for segment in line.path.split("/")}
    assert line.path.count("/") == raw.count("/")
    assert "\\" not in line.path
    assert line.path.isprintable() or "\x85" in line.path
    assert "#" not in target


_LINES = st.lists(
    st.sampled_from([
        "GET", "get", "P-T", "", " ", "  ", "\t", "/", "/a?b", "*", "a:1", "http://a/b", "HTTP/1.1", "HTTP/1.0", "HTTP/2.0",
        "HTTP/1.1 ", "http/1.1", "\r", "\n", "\x00", "\xa0", "HTTP/01.1", "HTTP/1.10",
    ]),
    max_size=7,
).map(lambda parts: "".join(parts).encode("latin-1"))  # fmt: skip


@given(st.one_of(_LINES, st.binary(max_size=30)))
@example(b"GET / HTTP/1.1")
@example(b"GET http://a/b HTTP/1.1")
def test_an_accepted_line_is_one_for_the_oracle_too(raw: bytes) -> None:
    """The same method, target and version."""
    try:
        line = parse(raw)
    except BadHead:
        return
    read = oracle.request(raw + b"\r\nHost: a\r\n\r\n").head
    assert isinstance(read, h11.Request)
    assert read.method == line.method.encode()
    assert read.http_version == b"1.%d" % line.minor
    assert read.target.endswith(line.target) or read.target in (b"http://a", b"http://a/b")


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"GET / HTTP/2.0", 505), (b"PRI * HTTP/2.0", 505), (b"GET / HTTP/3", 505), (b"GET / HTTP/0.9", 505),
        (b"GET / HTTP/1.2", 505), (b"GET /", 400), (b"GET  / HTTP/1.1", 400), (b"GET / HTTP/1.1 ", 400),
        (b" GET / HTTP/1.1", 400), (b"GET /a b HTTP/1.1", 400), (b"GET\t/ HTTP/1.1", 400), (b"GET / http/1.1", 400),
        (b"GET / HTTP/1.1\x00", 400), (b"GE(T / HTTP/1.1", 400), (b"", 400), (b"GET /\x7f HTTP/1.1", 400),
        (b"GET /\xc3\xa9 HTTP/1.1", 400), (b"GET /\r HTTP/1.1", 400), (b"GET /\n HTTP/1.1", 400), (b"GET * HTTP/1.1", 400),
        (b"OPTIONS * HTTP/1.1", 400), (b"CONNECT a:1 HTTP/1.1", 400), (b"GET x HTTP/1.1", 400),
        (b"GET ftp://a/ HTTP/1.1", 400), (b"GET http:/a HTTP/1.1", 400), (b"GET http:///x HTTP/1.1", 400),
        (b"GET http://u@a/ HTTP/1.1", 400), (b"GET http://a:b:c/ HTTP/1.1", 400), (b"GET http://[[/ HTTP/1.1", 400),
        (b"GET http://a:999999/ HTTP/1.1", 400), (b"GET /#f HTTP/1.1", 400), (b"GET /?#f HTTP/1.1", 400),
        (b"GET /%2e%2e/ HTTP/1.1", 400), (b"GET /a%2fb HTTP/1.1", 400), (b"M" * 33 + b" / HTTP/1.1", 400),
        (b"GET /" + b"a" * LONGEST_LINE + b" HTTP/1.1", 414),
    ],
)  # fmt: skip
def test_what_is_no_request_line(raw: bytes, status: int) -> None:
    """Refused, with the status that tells why."""
    with pytest.raises(BadHead) as caught:
        parse(raw)
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("raw", "host", "target"),
    [
        (b"http://shop.example", b"shop.example", b"/"), (b"http://a:80/x?y", b"a:80", b"/x?y"),
        (b"HTTPS://[::1]:8/x", b"[::1]:8", b"/x"), (b"http://a?x", b"a", b"/?x"),
    ],
)  # fmt: skip
def test_absolute_form(raw: bytes, host: bytes, target: bytes) -> None:
    """Its host is told apart from its path; the path goes on in origin form."""
    line = parse(b"GET %b HTTP/1.1" % raw)
    assert (line.host, line.target) == (host, target)
