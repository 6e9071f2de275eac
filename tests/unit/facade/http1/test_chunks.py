"""The chunked coding: the same body however the bytes come, and nothing that another parser would read in another way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facade.http1.chunks import Chunks
from facade.http1.grammar import BadHead
from tests.unit.facade.http1 import oracle

_EXTENSIONS = [b"", b";a", b";a=b", b"; a=b", b';a="b;c"', b";" + b"e" * 240]
_TRAILERS = [b"", b"T: 1\r\n", b"A: 1\r\nB:\t2 \r\n", b"X-Sum: " + b"9" * 8_000 + b"\r\n"]
_REST = [b"", b"\r\n", b"GET / HTTP/1.1\r\n\r\n", b"0\r\n\r\n"]


def _size(size: int, zeros: int, *, upper: bool) -> bytes:
    digits = b"%x" % size
    return (digits.upper() if upper else digits).rjust(min(8, zeros + len(digits)), b"0")


@st.composite
def codings(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """A body, and one way to write it in chunks."""
    parts = draw(st.lists(st.binary(min_size=1, max_size=40), max_size=6))
    written = []
    for part in [*parts, b""]:
        size = _size(len(part), draw(st.integers(0, 7)), upper=draw(st.booleans()))
        written.append(size + draw(st.sampled_from(_EXTENSIONS)) + b"\r\n")
        written.append(part + b"\r\n" if part else draw(st.sampled_from(_TRAILERS)) + b"\r\n")
    return b"".join(parts), b"".join(written)


@st.composite
def split(draw: st.DrawFn, data: bytes) -> list[bytes]:
    """The same bytes in pieces, in order."""
    cuts = sorted(draw(st.sets(st.integers(0, len(data)), max_size=12)))
    return [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]


def read(pieces: list[bytes]) -> tuple[bytes, bool, bytes]:
    """Body, completeness and rest. Raises `BadHead`."""
    chunks = Chunks()
    body = b""
    for number, piece in enumerate(pieces):
        body += chunks.feed(piece)
        if chunks.complete:
            return body, True, chunks.rest + b"".join(pieces[number + 1 :])
    return body, False, b""


def outcome(pieces: list[bytes]) -> tuple[bytes, bool, bytes] | None:
    """The same; None for what is refused."""
    try:
        return read(pieces)
    except BadHead:
        return None


@given(codings(), st.sampled_from(_REST), st.data())
def test_body_does_not_depend_on_how_it_was_cut(coding: tuple[bytes, bytes], rest: bytes, data: st.DataObject) -> None:
    """Whatever the network does to the bytes, the body and what follows it are the same."""
    body, written = coding
    assert read(data.draw(split(written + rest))) == (body, True, rest)


@given(codings(), st.sampled_from(_REST))
def test_the_oracle_reads_the_same_body(coding: tuple[bytes, bytes], rest: bytes) -> None:
    """Two independent parsers agree where the body ends."""
    body, written = coding
    head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    reading = oracle.request(head + written + rest)
    assert (reading.body, reading.rest) == (body, rest)


_WORDS = [
    b"0", b"1", b"3", b"a", b"F", b"\r\n", b"\r\n\r\n", b"\n", b"\r", b";", b" ", b"\t", b"x", b"-", b"+", b"0x", b"abc", b"g",
    b"5\r\nhello\r\n", b"0\r\n\r\n", b"T: 1\r\n", b"\x00", b"\x0b", b"\xff", b"00000000",
]  # fmt: skip
_PIECES = st.lists(st.one_of(st.sampled_from(_WORDS), st.binary(max_size=3)), max_size=14).map(b"".join)


@given(_PIECES, st.data())
def test_any_bytes_are_read_alike_in_any_pieces(written: bytes, data: st.DataObject) -> None:
    """Not only well-formed bodies: acceptance itself does not depend on the cuts."""
    whole = outcome([written])
    assert outcome(data.draw(split(written))) == whole
    assert outcome([bytes([byte]) for byte in written]) == whole


@given(_PIECES)
def test_whatever_is_accepted_the_oracle_reads_alike(written: bytes) -> None:
    """A body that only we accept, or that ends elsewhere for others, is how a request is smuggled."""
    found = outcome([written])
    if found is None or not found[1]:
        return
    head = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    reading = oracle.request(head + written)
    assert (reading.body, reading.rest) == (found[0], found[2])


@pytest.mark.parametrize(
    "written",
    [
        b"\r\n", b"g\r\n", b"-1\r\n", b"+1\r\nx\r\n", b"0x1\r\nx\r\n", b" 1\r\nx\r\n", b"1 \r\nx\r\n", b"1\t;a\r\nx\r\n",
        b"1\x0b\r\nx\r\n", b"1_0\r\n", b"\xef\xbc\x91\r\nx\r\n", b"100000000\r\n", b"ffffffffffffffff1\r\n",
        b"000000001\r\nx\r\n", b"1\nx\n0\n\n\r\n", b"1;a\nx\r\n0\r\n\r\n", b"1;a\rb\r\nx\r\n", b"1;\x00\r\nx\r\n",
        b"1,1\r\nx\r\n", b"1\r\r\nx\r\n", b"1\r\nxx\r\n", b"1\r\nx\n\r\n", b"1\r\nx\r\r", b"3\r\nab\r\n0\r\n\r\n",
        b"0\r\nT : 1\r\n\r\n", b"0\r\n T: 1\r\n\r\n", b"0\r\nno colon\r\n\r\n", b"0\r\nT: \x00\r\n\r\n",
        b"0\r\nT: a\nb\r\n\r\n", b"1;" + b"e" * 300 + b"\r\nx\r\n", b"1;" + b"e" * 300,
    ],
)  # fmt: skip
def test_what_is_not_the_coding_is_refused(written: bytes) -> None:
    """Signs, blanks, other bases, bare line ends, sizes that are no size: refused, whole and byte by byte."""
    assert outcome([written]) is None
    assert outcome([bytes([byte]) for byte in written]) is None


@pytest.mark.parametrize("extension", [254, 255, 256])
def test_the_longest_size_line_is_the_same_in_any_pieces(extension: int) -> None:
    """The limit is on the line, not on how much of its end has arrived."""
    written = b"1;" + b"e" * (extension - 2) + b"\r\nx\r\n0\r\n\r\n"
    assert read([written]) == read([written[:cut] for cut in (extension + 1,)] + [written[extension + 1 :]]) == (b"x", True, b"")


@pytest.mark.parametrize("piece", [b"T: " + b"x" * 100 + b"\r\n", b"y"])
def test_trailers_have_an_end(piece: bytes) -> None:
    """Trailers that go on are refused, in lines or in one line, as a head that is too large."""
    with pytest.raises(BadHead) as caught:
        read([b"0\r\n", *[piece] * 10_000])
    assert caught.value.status == 431


def test_a_chunk_is_handed_on_before_it_is_whole() -> None:
    """A chunk of four gigabytes is not waited for, nor kept."""
    chunks = Chunks()
    assert chunks.feed(b"ffffffff\r\nabc") == b"abc"
    assert chunks.feed(b"def") == b"def"
    assert not chunks.complete
