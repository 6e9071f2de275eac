"""Which answers are waited for, and which pass on as they come."""

import pytest

from facade.answering import ends_soon, is_stream
from facade.headers import outbound

LIMIT = 1000


@pytest.mark.parametrize(
    ("block", "soon"),
    [
        (b"content-type: application/json\r\ncontent-length: 1000", True),
        (b"content-type: application/json\r\ncontent-length: 1001", False),
        (b"content-type: application/json\r\ntransfer-encoding: chunked", True),
        (b"content-type: text/html", True),
        (b"", True),
        (b"content-type: text/event-stream", False),
        (b"content-type: text/event-stream\r\ncontent-length: 10", False),
        (b"content-type: Text/Event-Stream; charset=utf-8", False),
        (b"content-type:  application/x-ndjson ;a=b", False),
        (b"content-type: application/json-seq", False),
        (b"content-type: multipart/x-mixed-replace; boundary=a", False),
        (b"content-type: text/event-streams", True),
    ],
)
def test_what_may_never_end_is_not_waited_for(block: bytes, soon: bool) -> None:
    """Nor is what is known to be larger than anybody wants to see at once."""
    assert ends_soon(outbound(block), LIMIT) is soon


def test_streams_are_known_by_their_type_alone() -> None:
    """Not by their length: it is the time between parts that matters."""
    assert is_stream(outbound(b"content-type: text/event-stream"))
    assert not is_stream(outbound(b"transfer-encoding: chunked"))
