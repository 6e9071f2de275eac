"""Rules of the Online Retail data that need no database."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from monolith.loading.errors import FieldError, LoadError
from monolith.loading.onlineretail.countries import CODES, WITHOUT_CODE, country_code
from monolith.loading.onlineretail.lines import Kind, Line, kind_of
from monolith.loading.onlineretail.survey import Survey

START = datetime(2011, 1, 1, tzinfo=UTC)


def _line(number: int, **fields: object) -> Line:
    usual = Line("536365", "22139", "TEA SET", 1, START + timedelta(hours=number), Decimal("4.25"), 12431, "Belgium")
    return usual._replace(**fields)  # type: ignore[arg-type]


def _survey(*lines: Line) -> Survey:
    survey = Survey(first_product=1)
    survey.take(lines)
    return survey


@pytest.mark.parametrize(
    ("invoice", "customer", "free", "kind"),
    [
        ("536365", 1, False, Kind.SALE),
        ("536365", None, False, Kind.SALE),
        ("536365", 1, True, Kind.SALE),
        ("536365", None, True, Kind.STOCK_NOTE),
        ("C536365", None, True, Kind.CREDIT_NOTE),
        ("A536365", None, False, Kind.BAD_DEBT),
    ],
)
def test_the_kind_of_an_invoice(invoice: str, customer: int | None, free: bool, kind: Kind) -> None:
    """A gift to a known customer is a sale; free lines without a customer are the stock keeper's notes."""
    assert kind_of(invoice, customer, free=free) is kind


def test_odd_country_names_have_stated_codes() -> None:
    """EIRE, RSA and USA are countries, three names are none, and a new name is refused rather than guessed."""
    assert [country_code(name) for name in ("EIRE", "RSA", "USA")] == ["IE", "ZA", "US"]
    assert {country_code(name) for name in ("Unspecified", "European Community", "Channel Islands")} == {""}
    assert len(CODES) + len(WITHOUT_CODE) == 38
    with pytest.raises(FieldError, match="Atlantis"):
        country_code("Atlantis")


def test_the_most_frequent_description_names_a_product_and_empty_ones_do_not_count() -> None:
    """Three empty descriptions and two of 'TEA SET' against one note make a TEA SET."""
    lines = [_line(n, description=text) for n, text in enumerate(["", "TEA SET", "", "damages", "", "TEA SET"])]
    assert _survey(*lines).articles["22139"].name() == "TEA SET"


def test_a_price_is_that_of_the_latest_sale_in_time() -> None:
    """Credit notes, free lines and lines that stand later in the file but are older do not set it."""
    survey = _survey(
        _line(1, price=Decimal(4)),
        _line(5, price=Decimal(5)),
        _line(2, price=Decimal(3)),
        _line(8, price=Decimal(0)),
        _line(9, invoice="C1", quantity=-1, price=Decimal(9)),
    )
    assert survey.articles["22139"].price == 5


def test_invoice_numbers_that_would_share_an_order_id_are_refused() -> None:
    """536365 and C536365 would both become order 536365."""
    with pytest.raises(LoadError, match="same digits"):
        _survey(_line(1), _line(2, invoice="C536365"))


def test_an_invoice_of_two_customers_is_refused() -> None:
    """An order has one customer; the second would be dropped silently."""
    with pytest.raises(LoadError, match="names two customers"):
        _survey(_line(1), _line(2, customer=None))
