"""The date of answers."""

import time
from email.utils import parsedate_to_datetime

import pytest

from facade.http1 import date


def test_now_is_now() -> None:
    """In the form that HTTP has for it, to the second."""
    before = int(time.time())
    told = date.now().decode()
    assert before <= parsedate_to_datetime(told).timestamp() <= time.time()
    assert told.endswith(" GMT")
    assert date.line().startswith(b"date: ")


def test_one_date_is_enough() -> None:
    """One that is there stays: it may say since when an answer is kept."""
    assert date.dated([(b"date", b"then")]) == [(b"date", b"then")]
    assert [name for name, _ in date.dated([(b"etag", b'"a"')])] == [b"etag", b"date"]


def test_a_date_without_a_zone_is_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever this runs."""
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TZ", "JST-9")
        time.tzset()
        assert date.read(b"Sun Nov  6 08:49:38 1994") == 784_111_778.0
    time.tzset()
