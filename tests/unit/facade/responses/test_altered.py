"""What is told of an answer whose bytes were changed on their way."""

import pytest

from facade.responses import altered
from tests.unit.facade.responses.asked import reply


def test_nothing_is_told_of_the_old_bytes() -> None:
    """Neither their number, nor parts or digests of them; what is true of any bytes stays, in its order."""
    told = reply(content_type="text/css", content_length="9", accept_ranges="bytes", repr_digest="x", etag='"a"', age="1").fields
    assert altered.fields(told) == [(b"content-type", b"text/css"), (b"etag", b'W/"a"'), (b"age", b"1")]
    assert altered.fields([(b"etag", b'W/"a"')]) == [(b"etag", b'W/"a"')]


@pytest.mark.parametrize(
    ("named", "tag"),
    [
        (b'W/"a"', b'W/"a"'), (b'"a"', b'"a"'), (b'"b", "a"', b'"a"'), (b'"a", W/"a"', b'W/"a"'), (b'"b"', b'W/"a"'),
        (b"*", b'W/"a"'), (b"", b'W/"a"'),
    ],
)  # fmt: skip
def test_a_304_has_the_tag_of_its_200(named: bytes, tag: bytes) -> None:
    """A client that has changed bytes names their tag weakly; only one that has others names it strongly, and no other way."""
    assert altered.unmodified([(b"etag", b'"a"'), (b"content-length", b"9")], named) == [(b"etag", tag)]
