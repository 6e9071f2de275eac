"""Compression: who gets which coding, of what, and that it is the same text afterwards."""

import random
import zlib
from collections.abc import Callable
from time import process_time

import brotli  # type: ignore[import-untyped]
import pytest
from backports import zstd
from hypothesis import given
from hypothesis import strategies as st

from facade.responses.compress import STREAMS, Compressed, CompressStage, Memory, is_text, negotiate
from facade.responses.contract import Reply
from tests.unit.facade.responses.asked import asked, reply

CODINGS = ("zstd", "br", "gzip")
OPEN: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda data: zlib.decompress(data, 31), "br": brotli.decompress, "zstd": zstd.decompress,
}  # fmt: skip
TEXT = b'{"name": "banyan", "price": 12}' * 100


def stage(**declared: object) -> CompressStage:
    return CompressStage(Compressed.model_validate(declared), Memory(1 << 20))


def answered(accept: str = "gzip", of: Reply | None = None, with_: CompressStage | None = None, **fields: str) -> Reply:
    given_ = of or reply(200, TEXT, content_type="application/json")
    (with_ or stage()).after(asked(accept_encoding=accept, **fields), given_)
    return given_


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("", None), ("gzip", "gzip"), ("GZIP", "gzip"), ("x-gzip", "gzip"), ("gzip, br", "br"), ("gzip, br, zstd", "zstd"),
        ("br;q=0.5, gzip;q=0.8", "gzip"), ("br;q=0, gzip;q=0", None), ("*", "zstd"), ("*;q=0", None), ("zstd;q=0, *;q=0.1", "br"),
        ("identity", None), ("identity, gzip;q=0.5", None), ("identity;q=0.2, gzip;q=0.5", "gzip"), ("deflate", None),
        ("gzip;q=2", None), ("gzip;level=9", None), ("gzip ; q=0.001", "gzip"), (",,gzip", "gzip"), ("identity;q=0", None),
    ],
)  # fmt: skip
def test_negotiation(accepted: str, coding: str | None) -> None:
    """The client's weights first, then the route's order; a weight that is none takes its coding out."""
    assert negotiate(accepted.encode(), CODINGS) == coding


@pytest.mark.parametrize("bad", [b"gzip;%b;", b"gzip;q%b;", b"gzip;q=%b;", b"gzip;q=1%b;", b"gzip;q=1;%bq"])
def test_nobody_waits_for_a_weight_of_blanks(bad: bytes) -> None:
    """As long as a head may be, and no weight in the end: it is read in one go, and not again from each of its bytes."""
    began = process_time()
    assert negotiate(bad % (b" " * 32_000), CODINGS) is None
    assert process_time() - began < 0.5


@pytest.mark.parametrize("coding", CODINGS)
def test_answer_is_the_same_text(coding: str) -> None:
    """Whole bodies: smaller, named, without a length that is no longer true, and with a weak tag."""
    told = answered(
        coding, reply(200, TEXT, content_type="text/html; charset=utf-8", etag='"a"', content_length="9", accept_ranges="bytes")
    )
    assert told.body is not None
    assert len(told.body) < len(TEXT)
    assert OPEN[coding](told.body) == TEXT
    assert (told.get(b"content-encoding"), told.get(b"etag"), told.get(b"vary")) == (
        coding.encode(),
        b'W/"a"',
        b"Accept-Encoding",
    )
    assert not told.get(b"content-length") + told.get(b"accept-ranges")


@pytest.mark.parametrize("coding", CODINGS)
@given(parts=st.lists(st.binary(max_size=300), max_size=8))
def test_streams_are_the_same_text(coding: str, parts: list[bytes]) -> None:
    """However the parts fall; and every part can be read before the next one comes."""
    coder = STREAMS[coding]()
    made = [coder.feed(part) for part in parts]
    assert OPEN[coding](b"".join(made) + coder.end()) == b"".join(parts)
    assert all(one for one, part in zip(made, parts, strict=True) if part)


def test_a_stream_gets_a_coder_and_no_length() -> None:
    """A stream that says it is short is left."""
    assert answered("br", reply(200, None, content_type="text/css", content_length="5000")).coder is not None
    assert not answered("br", reply(200, None, content_type="text/css", content_length="5000")).get(b"content-length")
    assert answered("br", reply(200, None, content_type="text/css")).coder is not None
    assert answered("br", reply(200, None, content_type="text/css", content_length="50")).coder is None


@pytest.mark.parametrize(
    "left",
    [
        reply(200, b"short", content_type="text/html"),
        reply(200, TEXT, content_type="image/png"),
        reply(200, TEXT),
        reply(200, TEXT, content_type="text/event-stream"),
        reply(200, TEXT, content_type="text/html", content_encoding="br"),
        reply(200, TEXT, content_type="text/html", cache_control="public, No-Transform"),
        reply(206, TEXT, content_type="text/html", content_range="bytes 0-9/10"),
        reply(200, TEXT, content_type="text/html", set_cookie="a=b"),
        reply(200, TEXT, content_type="text/html", cache_control="no-store"),
        Reply(200, [(b"content-type", b"text/html"), (b"cache-control", b"no-store"), (b"cache-control", b"private")], TEXT),
    ],
)
def test_what_is_left_as_it_is(left: Reply) -> None:
    """Nothing of it changes, not even `Vary`: it does not depend on the client."""
    before = (left.body, list(left.fields))
    assert (answered("gzip", left).body, left.fields) == before


def test_secrets_are_compressed_only_where_declared() -> None:
    """A cookie of the client's means that somebody's page may be in the answer; the gateway's own cookie does not."""
    assert not answered("gzip", session="x", cookie="session=1").get(b"content-encoding")
    assert not answered("gzip", cookie="banyan_anon=1; session=1").get(b"content-encoding")
    assert answered("gzip", cookie="banyan_anon=1").get(b"content-encoding")
    bold = stage(even_with_secrets=True)
    told = reply(200, TEXT, content_type="text/html", set_cookie="a=b", cache_control="no-store")
    assert answered("gzip", told, bold, cookie="session=1").get(b"content-encoding") == b"gzip"


def test_vary_is_told_to_those_who_get_it_plain() -> None:
    """Otherwise a cache behind this one would give the compressed form to everybody; once is enough."""
    plain = answered("identity")
    assert (plain.body, plain.get(b"vary")) == (TEXT, b"Accept-Encoding")
    assert (
        answered("gzip", reply(200, TEXT, content_type="text/css", vary="Cookie, accept-encoding")).get(b"vary")
        == b"Cookie, accept-encoding"
    )
    assert answered("gzip", reply(304, b"", etag='"a"')).get(b"vary") == b"Accept-Encoding"
    assert not answered("gzip", cache_control="no-transform").get(b"content-encoding")


def described(of: Reply) -> list[bytes]:
    return [of.get(name) for name in (b"content-encoding", b"etag", b"vary", b"content-length")]


@pytest.mark.parametrize("length", [{"content_length": "6800"}, {}])
def test_head_is_told_what_get_would_be(length: dict[str, str]) -> None:
    """Where the upstream sent no body to judge by, its length does; it is not told, since it is not that of GET."""
    head = reply(200, b"", content_type="text/html", etag='"a"', **length)
    stage().after(asked("HEAD", accept_encoding="gzip"), head)
    assert described(head) == [b"gzip", b'W/"a"', b"Accept-Encoding", b""]
    assert (head.body, head.coder) == (b"", None)


def test_head_of_what_is_here_has_the_length_of_get() -> None:
    """A kept or a static answer has its body also for HEAD."""
    get, head = (reply(200, TEXT, content_type="text/html", etag='"a"') for _ in range(2))
    stage().after(asked(accept_encoding="br"), get)
    stage().after(asked("HEAD", accept_encoding="br"), head)
    assert head == get
    assert head.get(b"content-encoding") == b"br"


@pytest.mark.parametrize(
    ("accept", "head"),
    [
        ("identity", {"content_type": "text/html", "content_length": "6800", "vary": "Accept-Encoding"}),
        ("gzip", {"content_type": "text/html", "content_length": "50"}),
        ("gzip", {"content_type": "image/png", "content_length": "6800"}),
    ],
)
def test_head_of_what_get_leaves_is_left(accept: str, head: dict[str, str]) -> None:
    """The length that the upstream tells is the right one then."""
    given_ = reply(200, b"", etag='"a"', **head)
    before = list(given_.fields)
    stage().after(asked("HEAD", accept_encoding=accept), given_)
    assert given_.fields == before


def test_a_304_says_what_its_200_would() -> None:
    """A weak tag, and no length of what is not sent; as it came where its 200 would be as it came."""
    assert described(answered("gzip", reply(304, b"", etag='"a"', content_length="6800"), if_none_match='W/"a"')) == [
        b"", b'W/"a"', b"Accept-Encoding", b"",
    ]  # fmt: skip
    assert answered("gzip", reply(304, b"", etag='"a"', content_length="0")).get(b"etag") == b'W/"a"', "it is that of the 304"
    small = reply(304, b"", etag='"a"')
    assert answered("gzip", small, if_none_match='"a"').get(b"etag") == b'"a"', "it was too small to be compressed"
    for left in ({"accept": "identity"}, {"accept": "gzip", "cookie": "session=1"}):
        given_ = answered(of=reply(304, b"", etag='"a"', content_length="6800"), **left)
        assert described(given_) == [b"", b'"a"', b"Accept-Encoding", b"6800"]
    picture = reply(304, b"", etag='"a"', content_type="image/png")
    assert answered("gzip", picture).get(b"etag") == b'"a"'


def test_identity_is_no_coding_beside_another() -> None:
    """It is only for Accept-Encoding (RFC 9110, 8.4.1): a client that undoes codings line by line fails at it."""
    given_ = answered("gzip", reply(200, TEXT, content_type="text/html", content_encoding="identity"))
    assert [value for name, value in given_.fields if name == b"content-encoding"] == [b"gzip"]


def test_what_does_not_shrink_is_left() -> None:
    """Text that is noise."""
    noise = random.Random(7).randbytes(2000)
    told = answered("gzip", reply(200, noise, content_type="text/plain"))
    assert (told.body, told.get(b"content-encoding")) == (noise, b"")


def test_what_is_kept_is_compressed_once() -> None:
    """The form of a kept body is remembered, within its bounds."""
    memory = Memory(2 * len(TEXT))
    first = memory.get("gzip", TEXT)
    assert memory.get("gzip", TEXT) is first
    memory.get("gzip", TEXT[1:])
    assert memory.get("gzip", TEXT) is not first
    request = asked(accept_encoding="br")
    request.reply = reply(200, TEXT, content_type="text/css")
    with_memory = CompressStage(Compressed(), Memory(1 << 20))
    with_memory.after(request, request.reply)
    once = request.reply.body
    request.reply = reply(200, TEXT, content_type="text/css")
    with_memory.after(request, request.reply)
    assert request.reply.body is once


@pytest.mark.parametrize(
    ("content_type", "text"),
    [(b"application/problem+json", True), (b"Text/HTML; charset=x", True), (b"image/svg+xml", True), (b"image/jpeg", False),
     (b"application/zip", False), (b"", False), (b"application/json-patch+json", True), (b"video/mp4", False)],
)  # fmt: skip
def test_types(content_type: bytes, text: bool) -> None:
    """What is compressed already by its nature is not compressed again."""
    assert is_text(content_type) is text


def test_explain() -> None:
    """The coding, or why there is none."""
    assert stage().explain(asked(accept_encoding="br")) == "br, for text of at least 1024 bytes"
    assert "accepts none" in stage().explain(asked())
    assert "even_with_secrets" in stage().explain(asked(accept_encoding="br", cookie="s=1"))
