"""Both sides' databases with the real schemas, and one customer who is the same on both."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from chassis.embedded import Cluster
from migrations_tools.demo.proof import Proof, Verdict
from migrations_tools.demo.record import Begun, Ended, Entry, Journal, Opened, Outcome

BEGAN = 1_790_000_000.0
EMAIL = "r1-000001@shoppers.example"
SERVICE_OWNS = "INSERT INTO banyan_authority (context, owner, epoch) VALUES ('users', 'service', {})"
NOBODY = "DELETE FROM addresses; DELETE FROM sessions; DELETE FROM accounts"
EMPTY = {
    "monolith": ("DELETE FROM banyan_authority", SERVICE_OWNS.format(1), "TRUNCATE users_user, orders_order CASCADE"),
    # The service's tables are fenced from the start, so the authority comes first, and rows are deleted.
    "users": ("DELETE FROM banyan_authority", SERVICE_OWNS.format(2), NOBODY),
}
TIMES = "'2026-01-02T03:04:05Z', '2026-01-02T03:04:06Z'"
PUBLIC, SESSION, FAMILY = (f"'{number * 8}-0000-7000-8000-000000000000'" for number in ("1", "2", "3"))
SAME = {
    "monolith": (
        "INSERT INTO users_user (id, public_id, email, nickname, phone, phone_type, address_line1, city, date_joined, modified)"
        f" VALUES (7, {PUBLIC}, '{EMAIL}', 'r1-000001', '200-555-0001', 1, 'r1-000005', 'Aarhus', {TIMES})",
        "INSERT INTO users_address (id, user_id, kind, label, address_line1, address_line2, city, created_at)"
        " VALUES (70, 7, 2, 'r1-000002', '1 Banyan Row', '', 'Gent', '2026-01-02T03:04:05Z')",
        "INSERT INTO users_preference (user_id, name, value) VALUES (7, 'last_seen', 'r1-000003')",
        "INSERT INTO users_refreshtoken (id, user_id, family, token_hash, issued_at, expires_at)"
        f" VALUES ({SESSION}, 7, {FAMILY}, 'feed', {TIMES})",
    ),
    "users": (
        "INSERT INTO accounts"
        " (id, public_id, email, name_display, phone_original, phone_kind, preferences, created_at, updated_at)"
        f" VALUES (7, {PUBLIC}, '{EMAIL}', 'r1-000001', '200-555-0001', 'cell', '{{\"last_seen\": \"r1-000003\"}}', {TIMES})",
        "INSERT INTO addresses (account_id, number, kind, label, lines, city, created_at)"
        " VALUES (7, 70, 'home', 'r1-000002', ARRAY['1 Banyan Row'], 'Gent', '2026-01-02T03:04:05Z'),"
        " (7, 0, 'profile', '', ARRAY['r1-000005'], 'Aarhus', NULL)",
        "INSERT INTO sessions (account_id, id, family, token_hash, issued_at, expires_at)"
        f" VALUES (7, {SESSION}, {FAMILY}, 'feed', {TIMES})",
    ),
}
WRITES = (
    ("register", {"email": EMAIL, "nickname": "r1-000001"}),
    ("add address", {"label:r1-000002": 1, "address:70": "r1-000002"}),
    ("set preferences", {"preferences": {"last_seen": "r1-000003"}}),
    ("order", {"key:r1-000004": "SO1", "order:SO1": 1}),
    ("set profile address", {"profile": "r1-000005"}),
    ("login", {"token:feed": "live"}),
)


def order(number: str, user: int = 7, key: str = "NULL") -> str:
    """The statement that places an order, a second after the run began."""
    columns = "number, user_id, idempotency_key, placed_at, subtotal, tax, freight, total"
    return f"INSERT INTO orders_order ({columns}) VALUES ('{number}', {user}, {key}, to_timestamp({BEGAN + 1}), 0, 0, 0, 0)"


@dataclass
class Sides:
    """Two databases and a journal that says what was acknowledged."""

    urls: dict[str, str]
    path: Path
    entries: list[Entry] = field(default_factory=list)

    def execute(self, side: str, *statements: str) -> None:
        with psycopg.connect(self.urls[side]) as connection:
            for statement in statements:
                connection.execute(statement)

    def reset(self) -> None:
        """The customer on both sides, six acknowledged writes, and authority with the service."""
        for side, statements in EMPTY.items():
            self.execute(side, *statements, *SAME[side], "DELETE FROM banyan_outbox")
        self.execute("monolith", order("SO1", key="'r1-000004'"))
        self.entries = [Opened(BEGAN, "r1", 120.0, 1)]
        for number, (operation, sets) in enumerate(WRITES, 1):
            self.write(number, operation, sets)

    def write(self, number: int, operation: str, sets: dict[str, object], outcome: Outcome = Outcome.ACKNOWLEDGED) -> None:
        known = sets if outcome is Outcome.ACKNOWLEDGED else {}
        self.entries += [
            Begun(number, BEGAN, operation, EMAIL, sets),
            Ended(number, BEGAN, operation, EMAIL, outcome, 200, 0.01, write=True, sets=known),
        ]

    @property
    def proof(self) -> Proof:
        self.path.unlink(missing_ok=True)
        with Journal(self.path) as journal:
            for entry in self.entries:
                journal.append(entry)
        return Proof([self.path], self.urls["monolith"], self.urls["users"])

    def verdict(self) -> Verdict:
        return self.proof.verdict()


@pytest.fixture(scope="session")
def migrated(cluster: Cluster) -> Iterator[dict[str, str]]:
    """The URLs of two databases with the schemas of monolith and service."""
    names = {side: f"{side}_{uuid4().hex[:12]}" for side in EMPTY}
    urls = {side: cluster.create_database(name, owner=side) for side, name in names.items()}
    environment = {**os.environ, **{f"{side.upper()}_DATABASE_URL": url for side, url in urls.items()}}
    for settings in ("monolith.settings", "extracted.users.settings"):
        command = [sys.executable, "-m", "migrations_tools.platform.migrate", settings, "default"]
        subprocess.run(command, env=environment, check=True)
    yield urls
    for name in names.values():
        cluster.drop_database(name)


@pytest.fixture
def sides(migrated: dict[str, str], tmp_path: Path) -> Sides:
    made = Sides(migrated, tmp_path / "load.ndjson")
    made.reset()
    return made
