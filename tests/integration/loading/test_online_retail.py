"""Online Retail into the monolith's tables: every row, by stated rules."""

import os
from pathlib import Path

import pytest

from monolith.loading.onlineretail.lines import FILE
from monolith.loading.onlineretail.source import OnlineRetail
from tests.integration.loading import folders
from tests.integration.loading.conftest import Loading, Query


@pytest.fixture
def source(tmp_path: Path) -> OnlineRetail:
    return OnlineRetail(folders.online_retail(tmp_path))


def test_every_row_falls_into_exactly_one_category(source: OnlineRetail, run: Loading, query: Query) -> None:
    """The categories add up to the rows of the file, and each row is a line of an order."""
    summary = run(source)
    assert summary.outcomes[FILE] == {
        "sale lines": 5, "guest sale lines (no customer)": 1, "credit note lines": 1,
        "credit note lines without a customer": 1, "stock notes, taken out": 1, "stock notes, put in": 1,
        "bad-debt adjustments": 1,
    }  # fmt: skip
    assert sum(summary.outcomes[FILE].values()) == summary.read[FILE] == len(folders.RETAIL_ROWS)
    assert query("SELECT count(*) FROM orders_orderline") == [(len(folders.RETAIL_ROWS),)]


def test_invoices_get_kind_status_customer_and_total(source: OnlineRetail, run: Loading, query: Query) -> None:
    """Kinds by rule, guests without a customer, credit notes cancelled and negative, the id from the digits."""
    run(source)
    orders = query("SELECT id, number, kind, status, user_id, ship_country, total::text FROM orders_order ORDER BY id")
    assert orders == [
        (536365, "536365", 0, 5, 117_850, "GB", "48.6000"),
        (536366, "536366", 0, 5, None, "IE", "2.9500"),
        (536379, "C536379", 1, 6, 117_850, "GB", "-5.1000"),
        (536380, "C536380", 1, 6, None, "GB", "-27.5000"),
        (536400, "536400", 2, 2, None, "GB", "0.0000"),
        (536401, "536401", 2, 2, None, "GB", "0.0000"),
        (536500, "536500", 0, 5, 112_431, "BE", "8.5000"),
        (536501, "536501", 0, 5, 112_431, "", "14.8500"),
        (563185, "A563185", 3, 2, None, "GB", "-11062.0600"),
    ]


def test_duplicates_and_stragglers_are_lines_of_their_own(source: OnlineRetail, run: Loading, query: Query) -> None:
    """An exact duplicate stays and is counted; a line that comes after another invoice's is numbered in its own invoice."""
    summary = run(source)
    assert query("SELECT line_number, sku, name, quantity FROM orders_orderline WHERE order_id = 536365 ORDER BY 1") == [
        (1, "85123A", "HEART HOLDER", 6), (2, "85123A", "HEART HOLDER", 6), (3, "POST", "POSTAGE", 1),
    ]  # fmt: skip
    assert summary.rules["lines that repeat another exactly: kept"] == 1
    assert summary.rules["invoices with two times: the earlier one"] == 1


def test_codes_keep_their_case_and_non_products_are_marked(source: OnlineRetail, run: Loading, query: Query) -> None:
    """Codes that differ only in case are two products; postage, discount and bad debt are none; a tie goes to the latest name."""
    summary = run(source)
    assert query("SELECT sku, name, list_price::text, is_product FROM catalog_product ORDER BY id") == [
        ("85123A", "HEART HOLDER", "2.5500", True),
        ("85123a", "heart holder", "2.9500", True),
        ("POST", "POSTAGE", "18.0000", False),
        ("D", "Discount", "0.0000", False),
        ("22139", "RETRO TEA SET", "4.9500", True),
        ("B", "Adjust bad debt", "0.0000", False),
    ]
    assert summary.rules["codes that differ from another only in case: both kept"] == 2


def test_a_customer_s_country_is_that_of_most_lines_then_the_latest(source: OnlineRetail, run: Loading, query: Query) -> None:
    """12431 bought once in each of two countries: the later one, which has no ISO code and is kept as text."""
    run(source)
    assert query("SELECT id, email, country_code, state FROM users_user ORDER BY id") == [
        (112_431, "customer-12431@online-retail.invalid", "", "Channel Islands"),
        (117_850, "customer-17850@online-retail.invalid", "GB", ""),
    ]


def test_it_stands_beside_adventureworks(source: OnlineRetail, run: Loading, query: Query, tmp_path: Path) -> None:
    """The two sources claim different keys in every table."""
    from monolith.loading.adventureworks.source import AdventureWorks

    run(AdventureWorks(folders.adventureworks(tmp_path / "aw")))
    run(source)
    assert query("SELECT count(*) FROM users_user") == [(5,)]


def test_the_published_file_is_accounted_for_to_the_last_row() -> None:
    """Of 541,909 rows none is dropped, and the oddities are as many as the data set is known for."""
    data = os.environ.get("BANYAN_DATA")
    if not data or not (Path(data) / "online-retail").is_dir():
        pytest.skip("not measured: BANYAN_DATA names no folder with online-retail/")
    rows, parts, oddities, lines = 0, 0, {}, 0
    for stage in OnlineRetail(Path(data)).stages("!"):
        for page in stage.pages(0):
            rows += page.tally.read.total()
            parts += sum(outcome.total() for outcome in page.tally.outcomes.values())
            lines += sum(len(made) for table, made in page.rows.items() if table.name == "orders_orderline")
            for rule, times in page.tally.rules.items():
                oddities[rule] = oddities.get(rule, 0) + times
    assert rows == parts == lines == 541_909
    assert oddities["lines that repeat another exactly: kept"] == 5_268
    assert oddities["invoices that are credit notes: cancelled, quantities negative"] == 3_836
    assert oddities["lines at price 0: kept"] == 2_515
    assert oddities["customers in two countries: the one of most lines"] == 8
