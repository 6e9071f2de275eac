"""`manage.py check --database default` holds the plans against the real schema."""

import pytest
from django.db import connections

from migrations_tools import checks

pytestmark = pytest.mark.django_db


def altered(statement: str) -> list[str]:
    with connections["default"].cursor() as cursor:
        cursor.execute(statement)
    return [message.msg for message in checks.plans_fit_the_schema(databases=["default"])]


def test_the_plans_fit_the_migrated_schema() -> None:
    """What the migrations make is what the plans move."""
    assert checks.plans_fit_the_schema(databases=["default"]) == []


def test_a_column_added_by_hand_is_found() -> None:
    """A column that no model knows would be left behind as silently as any."""
    assert altered("ALTER TABLE users_address ADD COLUMN door text") == [
        "plan of users: users_address.door is neither translated nor excused by not_migrated"
    ]


def test_a_table_that_is_gone_is_found() -> None:
    """A part whose table is not there is an error while the others are."""
    assert "plan of users: users_preference is no table of the monolith" in altered("DROP TABLE users_preference")


def test_dropped_tables_are_no_error() -> None:
    """After `context complete` there is nothing left to compare."""
    names = ", ".join(table.name for plan in checks.PLANS.values() for table in plan.tables)
    assert altered(f"DROP TABLE {names}") == []


def test_waiting_migrations_are_no_error() -> None:
    """The check must not stand in the way of the migration that makes it pass."""
    with connections["default"].cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'users'")
    assert altered("ALTER TABLE users_address ADD COLUMN door text") == []
