"""Fixtures of the users service: authority, a logged-in customer, and a raw connection for the replica protocol."""

import os
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

SETTINGS = "extracted.users.settings"
if os.environ.get("DJANGO_SETTINGS_MODULE") != SETTINGS:
    collect_ignore_glob = ["*"]

GRANT = (
    "INSERT INTO banyan_authority (context, owner, epoch) VALUES ('users', 'service', 1)"
    " ON CONFLICT (context) DO UPDATE SET owner = excluded.owner, epoch = excluded.epoch"
)


@pytest.fixture
def authority(db: None) -> None:
    """The service has authority for users; taken back with the test's transaction."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(GRANT)


@pytest.fixture
def password() -> str:
    return "correct horse battery"


@pytest.fixture
def account(authority: None, password: str) -> Any:
    """A registered customer."""
    from extracted.users.services.accounts import register

    return register("ken@example.com", password, {"name_given": "Ken", "phone_original": "697-555-0142"})


@pytest.fixture
def api(account: Any) -> Any:
    """A client that is logged in as `account`."""
    from rest_framework.test import APIClient

    from chassis.identity.tokens import issue

    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {issue(account.public_id, account.id)}")
    return client


@pytest.fixture
def replica(db: None) -> Iterator[psycopg.Connection[Any]]:
    """An autocommit connection to the service's database, as the replica protocol uses it; emptied afterwards."""
    from chassis.replica.connections import connect, conninfo

    with connect(conninfo()) as connection:
        yield connection
        with connection.transaction():
            connection.execute("SELECT set_config('banyan.applying', 'users', true)")
            for table in ("sessions", "addresses", "accounts", "banyan_position", "banyan_outbox", "banyan_authority"):
                connection.execute(f"DELETE FROM {table}")
