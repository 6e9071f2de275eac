"""Columns that a plan forgets, invents or loses on the way back are found by watching the
translations work.
"""

import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from migrations_tools.mapping import findings
from migrations_tools.plan import Aggregate, Table

COLUMNS = {
    "shop_item": {"id": "bigint", "name": "varchar", "seen": "timestamp with time zone"},
    "shop_price": {"id": "bigint", "item_id": "bigint", "amount": "numeric"},
}


def to_service(legacy: Any) -> Any:
    item = legacy["shop_item"]
    prices = [{"number": price["id"], "amount": price["amount"]} for price in legacy["shop_price"]]
    return {"id": item["id"], "name": item["name"].strip(), "prices": prices}


def to_legacy(document: Any) -> Any:
    prices = [{"id": price["number"], "item_id": document["id"], "amount": price["amount"]} for price in document["prices"]]
    return {"shop_item": {"id": document["id"], "name": document["name"]}, "shop_price": prices}


@pytest.fixture
def translate(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    module: Any = ModuleType("planted_translate")
    module.to_service, module.to_legacy = to_service, to_legacy
    monkeypatch.setitem(sys.modules, "planted_translate", module)
    return module


def aggregate(**changes: Any) -> Aggregate:
    return Aggregate(
        "item",
        **{
            "root": Table("shop_item"),
            "parts": (Table("shop_price", fk="item_id"),),
            "to_service": "planted_translate:to_service",
            "to_legacy": "planted_translate:to_legacy",
            "not_migrated": {"shop_item.seen": "nobody asks for it"},
            **changes,
        },
    )


@pytest.mark.usefixtures("translate")
def test_a_plan_that_fits_has_no_findings() -> None:
    """Every column is translated both ways or excused; a part's foreign key is known from its root."""
    assert list(findings(aggregate(), COLUMNS)) == []


@pytest.mark.usefixtures("translate")
def test_a_new_column_that_nobody_maps_is_found() -> None:
    """A model that grew is found, on the root and on a part, both at once."""
    grown = {table: {**columns, "colour": "varchar"} for table, columns in COLUMNS.items()}
    assert [finding.split()[0] for finding in findings(aggregate(), grown)] == ["shop_item.colour", "shop_price.colour"]


@pytest.mark.usefixtures("translate")
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"root": Table("shop_itm"), "not_migrated": {}}, "shop_itm is no table"),
        ({"parts": (Table("shop_price", fk="itm_id"),)}, "shop_price.itm_id is declared"),
        ({"not_migrated": {}}, "shop_item.seen is neither"),
        ({"not_migrated": {"shop_item.sen": "typo"}}, "shop_item.sen is excused in the plan, and there"),
        ({"not_migrated": {"shop_item.seen": "", "shop_item.name": ""}}, "shop_item.name is excused in the plan, and yet"),
        ({"to_legacy": "planted_translate:reverse"}, "planted_translate:reverse cannot be imported"),
        ({"to_service": "nowhere:to_service"}, "nowhere:to_service cannot be imported"),
    ],
)
def test_each_wrong_declaration_is_found(changes: dict[str, Any], words: str) -> None:
    """Unknown tables and columns, excuses for what is not there or is translated, and a missing reverse."""
    assert any(words in finding for finding in findings(aggregate(**changes), COLUMNS))


@pytest.mark.usefixtures("translate")
def test_a_column_that_was_dropped_is_found() -> None:
    """A translation that still uses a column which the table has lost is found, not met by the relay."""
    shrunk = {**COLUMNS, "shop_item": {"id": "bigint", "seen": "timestamp with time zone"}}
    assert any("shop_item.name is used by the translation" in finding for finding in findings(aggregate(), shrunk))


def test_a_column_that_does_not_come_back_is_found(translate: Any) -> None:
    """What a roll-back would lose is found before there is one."""
    translate.to_legacy = lambda document: {**to_legacy(document), "shop_item": {"id": document["id"]}}
    assert list(findings(aggregate(), COLUMNS)) == ["shop_item.name goes to the service and does not come back (to_legacy)"]


def test_a_column_that_is_invented_on_the_way_back_is_found(translate: Any) -> None:
    """A value that the service never had would overwrite the monolith's."""

    def forgetful(legacy: Any) -> Any:
        return to_service({**legacy, "shop_item": {"id": legacy["shop_item"]["id"], "name": "constant"}})

    translate.to_service = forgetful
    assert list(findings(aggregate(), COLUMNS)) == ["shop_item.name comes back (to_legacy) and never goes to the service"]


def test_a_translation_that_fails_is_a_finding_beside_the_others(translate: Any) -> None:
    """All errors at once: a crash hides nothing."""
    translate.to_service = lambda legacy: legacy["shop_item"]["name"] / 2
    found = list(findings(aggregate(not_migrated={}), COLUMNS))
    assert any("fails on a sample row" in finding for finding in found)
    assert any("shop_item.seen" in finding for finding in found)
