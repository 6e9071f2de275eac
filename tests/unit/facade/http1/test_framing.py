"""Header blocks and the framing that they declare, compared with a second parser; and what never goes through."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facade import headers
from facade.http1.grammar import BadHead
from tests.unit.facade.http1 import oracle

_NAMES = st.sampled_from(
    [
        b"Content-Length", b"Transfer-Encoding", b"content-length", b"TRANSFER-ENCODING", b"Content_Length",
        b"Transfer-Encoding ", b"X-A", b" Content-Length", b"Connection", b"Trailer", b"X\x00", b"Content-Length\t",
    ]
)  # fmt: skip
_COLONS = st.sampled_from([b": ", b":", b":\t", b":  ", b" : ", b":\x0b", b":\r\n ", b""])
_VALUES = st.sampled_from(
    [
        b"chunked", b"5", b"0", b"Chunked", b"identity", b"chunked, identity", b"gzip, chunked", b"chunked,chunked", b"+5",
        b"5, 5", b"5,6", b"0x5", b"05", b"\x0bchunked", b"chunked\x00", b'"chunked"', b"", b"close", b"transfer-encoding",
        b"5 ", b"chunked\t", b"-5",
    ]
)  # fmt: skip
_ENDS = st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b"\r\n\r\n", b""])
_LINE = st.tuples(_NAMES, _COLONS, _VALUES, _ENDS).map(b"".join)
_PLAIN = st.tuples(
    st.sampled_from([b"Content-Length", b"Transfer-Encoding", b"X-A"]), st.just(b": "), st.sampled_from([b"chunked", b"5", b"0"]),
    st.just(b"\r\n"),
).map(b"".join)  # fmt: skip
_BLOCKS = st.lists(st.one_of(_PLAIN, _LINE), max_size=4).map(b"".join)
_REST = b"GET /poison HTTP/1.1\r\n"


def _body(length: int | None, *, chunked: bool) -> tuple[bytes, bytes]:
    """A body as this framing writes it: on the wire, and meant."""
    return (b"3\r\nabc\r\n0\r\n\r\n", b"abc") if chunked else (b"x" * (length or 0), b"x" * (length or 0))


@given(_BLOCKS)
@settings(max_examples=400)
def test_an_accepted_request_ends_where_the_oracle_sees_its_end(block: bytes) -> None:
    """No header block leaves a doubt about the length of the body behind it."""
    block = b"Host: a\r\n" + block
    head = b"POST / HTTP/1.1\r\n" + block + b"\r\n"
    if head.find(b"\r\n\r\n") != len(head) - 4:
        return
    try:
        found = headers.inbound(block[:-2])
    except BadHead:
        return
    written, meant = _body(found.length, chunked=found.chunked)
    reading = oracle.request(head + written + _REST)
    assert (reading.body, reading.rest) == (meant, _REST)


@given(_BLOCKS)
@settings(max_examples=400)
def test_an_accepted_answer_ends_where_the_oracle_sees_its_end(block: bytes) -> None:
    """The same for what upstreams send; without any framing it ends with the connection."""
    head = b"HTTP/1.1 200 OK\r\n" + block + b"\r\n"
    if head.find(b"\r\n\r\n") != len(head) - 4:
        return
    try:
        found = headers.outbound(block[:-2])
    except BadHead:
        return
    written, meant = _body(found.length, chunked=found.chunked)
    reading = oracle.answer(head + written + _REST)
    by_close = found.length is None and not found.chunked
    assert (reading.body, reading.rest) == ((_REST, b"") if by_close else (meant, _REST))


@pytest.mark.parametrize(
    ("block", "status"),
    [
        (b"Content-Length: 5\r\nTransfer-Encoding: chunked", 400), (b"Transfer-Encoding: chunked\r\nContent-Length: 0", 400),
        (b"Content-Length: 5\r\nContent-Length: 5", 400), (b"Content-Length: 5\r\ncontent-length: 6", 400),
        (b"Content-Length: 5, 5", 400), (b"Transfer-Encoding: identity", 501), (b"Transfer-Encoding: gzip, chunked", 501),
        (b"Transfer-Encoding: chunked, identity", 501), (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", 501),
        (b"Transfer-Encoding:", 501), (b"Transfer-Encoding: chunked;q=1", 501), (b'Transfer-Encoding: "chunked"', 501),
        (b"Transfer-Encoding: \xc2\xa0chunked", 501), (b"Host: a\r\nHost: a", 400), (b"Host: a\r\nHost: b", 400),
        (b"Host: a b", 400), (b"Host:", 400), (b"Host: a,b", 400), (b"Host: a@b", 400), (b"Host: a/b", 400),
        (b"Host: a:b", 400), (b'Host: a"', 400), (b"Expect: 200-ok", 417),
        (b"Expect: 100-continue\r\nExpect: 100-continue", 417), (b"Authorization: a\r\nAuthorization: b", 400),
        (b"Idempotency-Key: a\r\nIdempotency-Key: b", 400),
    ],
)  # fmt: skip
def test_contradictions_are_refused(block: bytes, status: int) -> None:
    """One framing, one host, one identity, or none at all."""
    with pytest.raises(BadHead) as caught:
        headers.inbound(block)
    assert caught.value.status == status


_FORGED = [
    b"Banyan-Read", b"banyan-subject", b"BANYAN-Position", b"Banyan_Read", b"banyan_identity", b"BANYAN_READ",
    b"X-Forwarded-For", b"x-forwarded-proto", b"X-FORWARDED-HOST", b"X-Forwarded-Port", b"X-Forwarded-Server",
    b"X-Forwarded-Prefix", b"X-Forwarded-User", b"X-Forwarded-Email", b"X-Forwarded-Client-Cert", b"X-Forwarded-Ssl",
    b"X_Forwarded_For", b"X-Forwarded_For", b"Forwarded", b"X-Real-IP", b"x_real_ip", b"X_Request_ID", b"Remote_User",
    b"Proxy-Authorization", b"Proxy-Connection", b"Keep-Alive", b"TE", b"Upgrade", b"Trailer",
]  # fmt: skip


@given(st.lists(st.sampled_from(_FORGED), min_size=1, max_size=6), st.lists(st.sampled_from(_FORGED), max_size=3))
def test_no_claim_about_identity_goes_through(names: list[bytes], named: list[bytes]) -> None:
    """However often it is said, in whatever spelling, and whatever Connection names, what goes on is without it."""
    lines = [b"%b: forged" % name for name in names]
    if named:
        lines.append(b"Connection: " + b", ".join(named))
    found = headers.inbound(b"\r\n".join([b"X-Kept: 1", *lines]))
    assert b"forged" not in found.lines
    assert b"x-kept: 1\r\n" in found.lines


@given(st.binary(max_size=60))
def test_what_goes_on_is_lines_and_nothing_else(raw: bytes) -> None:
    """Any accepted block, written to an upstream, is a block again: no empty line, no bare line end, no control character."""
    try:
        found = headers.inbound(b"X-A: " + raw)
    except BadHead:
        return
    assert b"\r\n\r\n" not in found.lines
    assert found.lines.count(b"\r") == found.lines.count(b"\n") == found.lines.count(b"\r\n")
    assert not set(found.lines) & (set(range(32)) - {9, 10, 13} | {127})
