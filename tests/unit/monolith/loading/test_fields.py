"""Rules for single values."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from monolith.loading.errors import FieldError
from monolith.loading.fields import moment, money, optional_whole, text, whole


def test_text_loses_its_padding_only() -> None:
    """Codes padded with blanks are cut; what is inside stays."""
    assert text("R ", 3, "code") == "R"
    assert text(" a  b ", 5, "name") == "a  b"


@pytest.mark.parametrize("value", ["four!", "a\0b"])
def test_text_that_the_column_cannot_hold_is_refused(value: str) -> None:
    """Nothing is cut to fit, and no NUL reaches the database."""
    with pytest.raises(FieldError):
        text(value, 4, "name")


@pytest.mark.parametrize(("value", "number"), [("17850.0", 17850), ("-9", -9), (" 7 ", 7), ("+1", 1)])
def test_whole_numbers_in_every_spelling(value: str, number: int) -> None:
    """A key written as 17850.0 is the key 17850."""
    assert whole(value, "key") == number


@pytest.mark.parametrize("value", ["", "1.5", "1e3", "٣", "-", "99999999999999999999", "1_000"])
def test_what_is_not_a_whole_number_is_refused(value: str) -> None:
    """Neither a fraction nor another script's digits nor a number beyond bigint pass."""
    with pytest.raises(FieldError, match="key"):
        whole(value, "key")


def test_an_empty_optional_number_is_none() -> None:
    """Empty is NULL, not 0."""
    assert optional_whole("", "key") is None
    assert optional_whole("0", "key") == 0


@pytest.mark.parametrize("value", ["", "NaN", "Infinity", "1.00001", "12345678901", "1,5"])
def test_what_is_not_money_is_refused(value: str) -> None:
    """An amount that would be rounded is refused too."""
    with pytest.raises(FieldError):
        money(value, "price")


def test_money_keeps_four_decimals_and_its_sign() -> None:
    """Bad debts are negative and some prices have three decimals."""
    assert money("-11062.06", "price") == Decimal("-11062.06")
    assert money("0.001", "price") == Decimal("0.001")


@pytest.mark.parametrize(
    ("value", "microsecond"),
    [("2014-09-12 11:15:07.967000000", 967_000), ("2015-04-15 16:33:33.123000", 123_000), ("2009-01-07 00:00:00", 0)],
)
def test_times_with_and_without_a_fraction(value: str, microsecond: int) -> None:
    """Nine digits, six or none; always UTC."""
    made = moment(value, "ModifiedDate")
    assert made == datetime.fromisoformat(value[:19]).replace(tzinfo=UTC, microsecond=microsecond)


@pytest.mark.parametrize("value", ["", "2014-13-01 00:00:00", "soon"])
def test_what_is_not_a_time_is_refused(value: str) -> None:
    """No default stands in for a missing date."""
    with pytest.raises(FieldError):
        moment(value, "ModifiedDate")
