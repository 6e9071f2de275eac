"""Header fields: what is accepted is what every other strict parser reads; the rest is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facade.http1 import grammar
from facade.http1.grammar import BadHead, fields, length_of, tokens

_NAME = st.text("abcXYZ019!#$%&'*+-.^_`|~", min_size=1, max_size=10).map(str.encode)
_BLANKS = st.text(" \t", max_size=3).map(str.encode)
_VALUE = st.binary(max_size=20).map(lambda raw: bytes(b for b in raw if b == 9 or (b >= 0x20 and b != 0x7F)).strip(b" \t"))


@given(st.lists(st.tuples(_NAME, _BLANKS, _VALUE, _BLANKS), max_size=8))
def test_fields_are_read_back(lines: list[tuple[bytes, bytes, bytes, bytes]]) -> None:
    """Names lose their case and values the blanks around them, and nothing else."""
    block = b"\r\n".join(name + b":" + before + value + after for name, before, value, after in lines)
    assert fields(block) == [(name.lower(), value) for name, _, value, _ in lines]


@given(st.binary(max_size=40))
def test_no_field_ever_carries_a_line_end_or_a_control(block: bytes) -> None:
    """Whatever was accepted can be written into another head without beginning a new line there."""
    try:
        found = fields(block)
    except BadHead:
        return
    for name, value in found:
        assert name
        assert not set(name) & set(b"\x00\r\n\t :\x7f")
        assert not set(value) & (set(range(32)) - {9} | {127})


@pytest.mark.parametrize(
    "line",
    [
        b" folded", b"\tfolded", b"A : 1", b"A\t: 1", b": 1", b"A", b"A;1", b"A: 1\n", b"A: 1\nB: 2", b"A: 1\rB: 2", b"A: 1\r",
        b"\rA: 1", b"A: \x00", b"A: \x0b1", b"A: \x0c", b"A: \x7f", b"A: \x1b[0m", b"A\x00: 1", b"A B: 1", b"(A): 1",
        b'"A": 1', b"A\xe9: 1", b"A/B: 1", b"A[]: 1", b"A@: 1", b"\xef\xbb\xbfA: 1", b"",
    ],
)  # fmt: skip
def test_malformed_lines_are_refused(line: bytes) -> None:
    """Between two good lines too, where a lenient parser might fold or skip them."""
    with pytest.raises(BadHead) as caught:
        fields(b"A: 1\r\n" + line + b"\r\nB: 2")
    assert caught.value.status == 400


def test_a_head_has_so_many_fields_and_no_more() -> None:
    """The limit is refused as such, for clients to know."""
    block = b"\r\n".join([b"A: 1"] * grammar.MOST_FIELDS)
    assert len(fields(block)) == grammar.MOST_FIELDS
    with pytest.raises(BadHead) as caught:
        fields(block + b"\r\nA: 1")
    assert caught.value.status == 431


@pytest.mark.parametrize(("values", "length"), [([], None), ([b"0"], 0), ([b"42"], 42), ([b"007"], 7), ([b"9" * 18], 10**18 - 1)])
def test_a_length_is_one_number(values: list[bytes], length: int | None) -> None:
    """Digits, and not more of them than every other parser can hold in 64 bits."""
    assert length_of(values) == length


@pytest.mark.parametrize(
    "values",
    [
        [b""], [b"+1"], [b"-1"], [b"0x1"], [b"1.0"], [b"1e1"], [b"1 1"], [b"1,1"], [b"1, 1"], [b"1_0"], [b"9" * 19],
        [b"\xd9\xa1"], [b"1", b"1"], [b"1", b"2"], [b'"1"'], [b"1;q"], [b"\xb2"], [b"1\x0b"],
    ],
)  # fmt: skip
def test_whatever_else_claims_to_be_a_length_is_refused(values: list[bytes]) -> None:
    """Python's `int` would take some of these."""
    with pytest.raises(BadHead):
        length_of(values)


def test_tokens_of_a_list() -> None:
    """Lists may be spread over lines, with blanks and empty members."""
    assert tokens([b"Close, X-A", b",, keep-alive ,\tTE"]) == {b"close", b"x-a", b"keep-alive", b"te"}
    assert tokens([]) == frozenset()
