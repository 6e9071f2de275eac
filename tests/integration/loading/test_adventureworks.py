"""AdventureWorks into the monolith's tables."""

import os
from pathlib import Path

import pytest

from monolith.loading.adventureworks.source import AdventureWorks
from tests.integration.loading import folders
from tests.integration.loading.conftest import Loading, Query


@pytest.fixture
def source(tmp_path: Path) -> AdventureWorks:
    return AdventureWorks(folders.adventureworks(tmp_path))


def test_a_person_keeps_keys_names_phone_and_odd_email(source: AdventureWorks, run: Loading, query: Query) -> None:
    """CustomerID is the key; 'Ms' and the accents survive; the e-mail is lower-cased; dates are the earlier and the later."""
    run(source)
    [row] = query(
        "SELECT email, title, first_name, last_name, phone, phone_type, email_promotion, account_number, password,"
        " date_joined::text, modified::text FROM users_user WHERE id = 11"
    )
    assert row == (
        "josé1@adventure-works.com", "Ms", "José", "Sánchez", "1 (11) 500 555-0132", 1, 2, "AW00000011", "!",
        "2009-01-07 00:00:00+00", "2014-09-12 11:15:07.263+00",
    )  # fmt: skip


def test_addresses_split_into_flat_columns_and_table(source: AdventureWorks, run: Loading, query: Query) -> None:
    """Home goes flat, else the main office; the others are rows, and a store's second customer gets its own copy."""
    run(source)
    assert query("SELECT id, address_line1, address_line2, city, state, country_code FROM users_user ORDER BY id") == [
        (1, "3 Mill", "", "Bothell", "WA", "US"),
        (11, "2, rue Île", "app. 3", "Évry", "07", "FR"),
        (12, "3 Mill", "", "Bothell", "WA", "US"),
    ]
    assert query("SELECT id, user_id, kind, address_line1 FROM users_address ORDER BY id") == [
        (1, 11, 5, "1970 Napa Ct."),
        (4, 1, 5, "4 Dock"),
        (100_004, 12, 5, "4 Dock"),
    ]


def test_a_shop_without_a_person_is_made_up_by_rule(source: AdventureWorks, run: Loading, query: Query) -> None:
    """It is named by its store and gets an address that can never be delivered to."""
    run(source)
    assert query("SELECT email, first_name, last_name FROM users_user WHERE id = 1") == [
        ("aw00000001@adventure-works.invalid", "", "Store 70")
    ]


def test_orders_and_lines_copy_what_they_refer_to(source: AdventureWorks, run: Loading, query: Query) -> None:
    """An order has the customer's name and the address of the day; a line has the product's code and name."""
    run(source)
    assert query("SELECT id, number, user_id, ship_name, ship_address, total FROM orders_order ORDER BY id LIMIT 1") == [
        (43659, "SO43659", 11, "Ms José Sánchez", "2, rue Île, app. 3, Évry 07 91000, FR", pytest.approx(208.5))
    ]
    assert query("SELECT line_number, sku, name, discount::text FROM orders_orderline WHERE order_id = 43659 ORDER BY 1") == [
        (1, "BK-1", "Road-1", "0.0000"),
        (2, "BK-1", "Road-1", "0.0200"),
    ]


def test_public_ids_are_version_seven_of_the_row_s_time(source: AdventureWorks, run: Loading, query: Query) -> None:
    """PostgreSQL reads the version and the joining time out of the public id."""
    run(source)
    assert (
        query("SELECT uuid_extract_version(public_id), uuid_extract_timestamp(public_id) = date_joined FROM users_user")
        == [(7, True)] * 3
    )


def test_the_books_account_for_people_who_are_no_customers(source: AdventureWorks, run: Loading) -> None:
    """The employee and her address are counted as left out, not lost."""
    summary = run(source)
    left_out = {
        file: sum(rows for name, rows in parts.items() if name.startswith("left out")) for file, parts in summary.outcomes.items()
    }
    assert {file: rows for file, rows in left_out.items() if rows} == {
        "Person.csv.gz": 1, "EmailAddress.csv.gz": 1, "PersonPhone.csv.gz": 1, "BusinessEntityAddress.csv.gz": 1,
    }  # fmt: skip
    assert {file: sum(parts.values()) for file, parts in summary.outcomes.items()} == summary.read


def test_the_next_registration_gets_a_free_key(source: AdventureWorks, run: Loading, query: Query) -> None:
    """Sequences stand behind the largest loaded key."""
    for table in ("users_user", "orders_order"):  # other loads of this database may have left them anywhere
        query(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), 1, false)")
    run(source)
    assert query("INSERT INTO users_user (email) VALUES ('new@example.com') RETURNING id") == [(13,)]
    assert query("SELECT nextval(pg_get_serial_sequence('orders_order', 'id'))") == [(43_661,)]


def test_all_of_the_published_data_is_loaded(run: Loading, query: Query) -> None:
    """19,820 customers, 504 products, 31,465 orders with 121,317 lines, and not one row unaccounted."""
    data = os.environ.get("BANYAN_DATA")
    if not data or not (Path(data) / "adventureworks").is_dir():
        pytest.skip("not measured: BANYAN_DATA names no folder with adventureworks/")
    summary = run(AdventureWorks(Path(data)))
    assert {table: facts.rows for table, facts in summary.tables.items()} == {
        "catalog_category": 41, "catalog_product": 504, "users_user": 19_820, "users_address": 46,
        "orders_order": 31_465, "orders_orderline": 121_317,
    }  # fmt: skip
    assert query("SELECT count(*), sum(total) FROM orders_order JOIN users_user u ON u.id = user_id")[0][0] == 31_465
    assert {file: sum(parts.values()) for file, parts in summary.outcomes.items()} == summary.read
