"""The first line of answers, read and written."""

from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facade.http1 import status_line
from facade.http1.grammar import BadHead
from tests.unit.facade.http1 import oracle


@given(st.integers(200, 599), st.sampled_from([b"", b" ", b" OK", b" Nicht gefunden \xfc", b" a\tb"]))
def test_an_accepted_line_is_one_for_the_oracle_too(status: int, reason: bytes) -> None:
    """Any status, with any reason or none."""
    line = b"HTTP/1.1 %d%b" % (status, reason)
    assert status_line.parse(line) == (1, status)
    head = oracle.answer(line + b"\r\nContent-Length: 0\r\n\r\n").head
    assert head is not None
    assert getattr(head, "status_code", None) == status


@given(st.binary(max_size=24))
def test_other_bytes_are_refused(raw: bytes) -> None:
    """Nothing but a status line is taken for one."""
    try:
        minor, status = status_line.parse(raw)
    except BadHead:
        return
    assert raw.startswith(b"HTTP/1.%d %d" % (minor, status))


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"HTTP/1.1", b"HTTP/1.1 ", b"HTTP/1.1 20", b"HTTP/1.1 2000", b"HTTP/1.1 099", b"HTTP/1.1 600", b"HTTP/1.1 -20",
        b"HTTP/1.1  200", b"HTTP/1.1 2OO", b"HTTP/2 200", b"HTTP/2.0 200 OK", b"HTTP/1.2 200", b"http/1.1 200 OK",
        b"ICY 200 OK", b" HTTP/1.1 200 OK", b"HTTP/1.1 200 O\nK", b"HTTP/1.1 200 O\rK", b"HTTP/1.1 200 O\x00K",
        b"HTTP/1.1\t200 OK", b"200 OK", b"<html>", b"HTTP/1.1 200OK",
    ],
)  # fmt: skip
def test_what_is_no_status_line(raw: bytes) -> None:
    """Refused, so that no garbage is passed on as an answer."""
    with pytest.raises(BadHead):
        status_line.parse(raw)


@pytest.mark.parametrize("status", [*HTTPStatus, 299, 418, 599])
def test_made_lines_are_read_back(status: int) -> None:
    """What is written for clients is a status line, for statuses without a name too."""
    line = status_line.made(status)
    assert line.endswith(b"\r\n")
    assert status_line.parse(line[:-2]) == (1, status)
