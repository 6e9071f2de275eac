"""Generated data."""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

import pytest

from monolith.loading.generated import FIRST_KEY, source
from monolith.loading.generated.source import Generated
from monolith.loading.rows import Row
from monolith.loading.tables import ADDRESSES, LINES, ORDERS, PREFERENCES, PRODUCTS, TABLES, USERS, Table

Made = dict[Table, list[Any]]


def _made(generated: Generated, after: int = 0) -> Made:
    rows: Made = {table: [] for table in TABLES}
    for stage in generated.stages("!"):
        for page in stage.pages(after if stage.name == "customers" else 0):
            for table, some in page.rows.items():
                rows[table] += some
    return rows


@pytest.fixture(scope="module")
def made() -> Made:
    return _made(Generated(4_000, seed=7))


def test_the_same_seed_makes_the_same_rows_and_another_others(made: Made) -> None:
    """A run can be repeated to the byte on another machine."""
    assert _made(Generated(4_000, seed=7)) == made
    assert _made(Generated(4_000, seed=8))[USERS] != made[USERS]


def test_a_larger_load_contains_the_smaller_one(made: Made) -> None:
    """Customer n, with all that is hers, does not depend on how many were asked for."""
    larger = _made(Generated(5_500, seed=7))
    for table in (USERS, ADDRESSES, PREFERENCES, ORDERS, LINES):
        assert larger[table][: len(made[table])] == made[table]


def test_a_resumed_load_makes_the_rest_without_the_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages behind a position are those of the whole load, also when the position is inside a block."""
    monkeypatch.setattr(source, "BLOCK", 100)
    whole = list(Generated(450).stages("!")[1].pages(0))
    assert [page.position for page in whole] == [100, 200, 300, 400, 450]
    rest = list(Generated(450).stages("!")[1].pages(200))
    assert [page.rows for page in rest] == [page.rows for page in whole[2:]]
    assert list(Generated(450).stages("!")[1].pages(450)) == []


@pytest.mark.parametrize(
    ("table", "key"),
    [
        (USERS, lambda row: row.id),
        (USERS, lambda row: row.email),
        (USERS, lambda row: row.public_id),
        (ADDRESSES, lambda row: row.id),
        (PREFERENCES, lambda row: (row.user_id, row.name)),
        (PRODUCTS, lambda row: row.sku),
        (ORDERS, lambda row: row.id),
        (LINES, lambda row: (row.order_id, row.line_number)),
    ],
)
def test_what_must_be_unique_is(made: Made, table: Table, key: Callable[[Row], object]) -> None:
    """No key, e-mail address, code or public id comes twice."""
    counts = Counter(map(key, made[table]))
    assert [found for found, times in counts.items() if times > 1] == []


def test_references_lead_somewhere(made: Made) -> None:
    """Addresses, preferences, orders and lines belong to rows that are there."""
    users = {row.id for row in made[USERS]}
    assert {row.user_id for row in chain(made[ADDRESSES], made[PREFERENCES])} <= users
    assert {row.user_id for row in made[ORDERS]} <= users | {None}
    assert {row.order_id for row in made[LINES]} == {row.id for row in made[ORDERS]}
    assert {row.product_id for row in made[LINES]} <= {row.id for row in made[PRODUCTS]}


def test_orders_are_in_proportion(made: Made) -> None:
    """1.6 orders a customer on average, none when none are asked for; an order's lines make its total."""
    assert 1.5 < len(made[ORDERS]) / len(made[USERS]) < 1.7
    assert _made(Generated(100, orders_per_customer=0))[ORDERS] == []
    cents = Counter[int]()
    for line in made[LINES]:
        cents[line.order_id] += round(float(line.line_total) * 100)
    assert all(cents[order.id] == round(float(order.subtotal) * 100) for order in made[ORDERS])


MESS: dict[str, Callable[[Any], bool]] = {
    "non-ASCII e-mail": lambda user: not user.email.isascii(),
    "Ms without a point": lambda user: user.title == "Ms",
    "no phone": lambda user: not user.phone,
    "phone with an extension": lambda user: " x" in user.phone,
    "no address": lambda user: not (user.address_line1 + user.address_line2 + user.city + user.country_code),
    "second line without the first": lambda user: bool(user.address_line2) and not user.address_line1,
    "country alone": lambda user: bool(user.country_code) and not user.city,
    "padded code": lambda user: user.state.endswith(" "),
    "nickname NULL": lambda user: user.nickname is None,
    "nickname empty": lambda user: user.nickname == "",
    "nickname in another script": lambda user: user.nickname == "猫",
    "inactive": lambda user: not user.is_active,
    "time with a fraction": lambda user: user.date_joined.microsecond > 0,
    "time without a fraction": lambda user: user.date_joined.microsecond == 0,
    "no account number": lambda user: not user.account_number,
}


@pytest.mark.parametrize("kind", MESS)
def test_every_kind_of_mess_occurs_but_does_not_rule(made: Made, kind: str) -> None:
    """What translations must survive is in the data, beside rows without it."""
    hits = sum(map(MESS[kind], made[USERS]))
    assert 0 < hits < len(made[USERS])


def test_namesakes_and_guests_occur(made: Made) -> None:
    """Full names repeat, and some orders belong to nobody."""
    names = Counter((row.first_name, row.middle_name, row.last_name) for row in made[USERS])
    assert max(names.values()) > 1
    assert 0 < sum(row.user_id is None for row in made[ORDERS]) < len(made[ORDERS])


def test_values_fit_their_columns(made: Made) -> None:
    """Nothing is longer than the column that holds it."""
    limits = {"email": 254, "title": 8, "first_name": 50, "suffix": 10, "phone": 25, "address_line1": 60, "state": 50,
              "postal_code": 15, "country_code": 2, "account_number": 20}  # fmt: skip
    for user in made[USERS]:
        assert {name: len(getattr(user, name)) for name in limits if len(getattr(user, name)) > limits[name]} == {}
    assert min(row.id for row in made[USERS]) == FIRST_KEY


def test_pages_are_made_one_at_a_time() -> None:
    """A million customers cost no more memory than one block: nothing is made before it is asked for."""
    pages: Iterator[object] = Generated(10**9).stages("!")[1].pages(10**9 - 10)
    assert len(list(pages)) == 1
