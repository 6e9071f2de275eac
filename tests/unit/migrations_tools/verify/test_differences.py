"""A divergence names the fields, in words that an operator can act on."""

from datetime import UTC, datetime
from uuid import UUID

from migrations_tools.verify.differences import MAX_FIELDS, differences


def test_equal_documents_differ_nowhere() -> None:
    """Native values and their JSON form are the same."""
    native = {"id": 1, "at": datetime(2026, 1, 2, tzinfo=UTC), "public_id": UUID(int=7)}
    plain = {"public_id": str(UUID(int=7)), "at": "2026-01-02T00:00:00Z", "id": 1}
    assert differences(native, plain) == {}


def test_nested_fields_are_named_by_their_path() -> None:
    """The path leads to the innermost field that differs."""
    assert differences({"name": {"given": "A", "family": "B"}}, {"name": {"given": "A", "family": "C"}}) == {
        "name.family": ["B", "C"]
    }


def test_an_absent_field_is_not_a_null() -> None:
    """A field that one side lacks differs from one that is null there."""
    assert differences({"phone": None}, {}) == {"phone": [None, "(absent)"]}


def test_elements_of_lists_are_matched_by_their_identity() -> None:
    """One missing address is one difference; those behind it are not reported as moved."""
    lines = [{"number": number, "city": f"C{number}"} for number in (1, 2, 3)]
    assert differences({"addresses": lines}, {"addresses": lines[1:]}) == {"addresses[number=1]": [lines[0], "(absent)"]}


def test_another_order_is_a_difference() -> None:
    """The same elements in another order are not the same list."""
    lines = [{"number": 1}, {"number": 2}]
    assert differences({"a": lines}, {"a": lines[::-1]}) == {"a[]": [["number=1", "number=2"], ["number=2", "number=1"]]}


def test_plain_lists_are_compared_by_place() -> None:
    """Elements without identity are known by where they stand."""
    assert differences({"lines": ["a", "b"]}, {"lines": ["a", "c", "d"]}) == {
        "lines[1]": ["b", "c"],
        "lines[2]": ["(absent)", "d"],
    }


def test_secrets_are_named_and_not_shown() -> None:
    """A password hash that differs is reported without either hash, also within an element that
    one side lacks.
    """
    session = {"id": "s", "token_hash": "abc"}
    found = differences({"password": "x", "sessions": [session]}, {"password": "y", "sessions": []})
    assert set(found) == {"password", "sessions[id=s]"}
    assert "abc" not in str(found)
    assert found["password"][0] == found["password"][1]


def test_a_document_that_differs_everywhere_is_cut_off() -> None:
    """A divergence stays a row that one can read."""
    wide = {f"f{number}": number for number in range(100)}
    assert len(differences(wide, {})) == MAX_FIELDS
