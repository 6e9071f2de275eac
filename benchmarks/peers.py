"""What a backfill is measured against: the fastest possible pipe, and the loop that people write first."""

import time
from collections.abc import Iterator

import psycopg
from psycopg import sql

from chassis.replica.keys import LANES
from chassis.replica.wire import Header
from migrations_tools.relay.sides import Sides

# The same rows in the service's shape, column for column, without a translation worth the name.
_ACCOUNTS = """
SELECT id, public_id, email, password, title::text, first_name::text, middle_name::text, last_name::text, suffix::text,
    nickname::text, phone::text, (ARRAY['unknown','cell','home','work'])[phone_type + 1],
    (ARRAY['none','own','partners'])[email_promotion + 1], account_number::text, is_active,
    coalesce((SELECT jsonb_object_agg(name, value) FROM users_preference p WHERE p.user_id = u.id), '{}'), date_joined, modified,
    1::bigint
FROM users_user u
"""
_LINES = """
CASE WHEN address_line2 <> '' THEN ARRAY[address_line1, address_line2]::text[]
    WHEN address_line1 <> '' THEN ARRAY[address_line1]::text[] ELSE ARRAY[]::text[] END"""
_ADDRESSES = f"""
SELECT id, 0::bigint, 'profile', '', {_LINES}, city::text, state::text, postal_code::text, country_code::text, NULL::timestamptz
FROM users_user WHERE concat(address_line1, address_line2, city, state, postal_code, country_code) <> ''
UNION ALL
SELECT user_id, id, (ARRAY['billing','home','main_office','primary','shipping','archive'])[kind], label, {_LINES}, city, state,
    postal_code, country_code, created_at
FROM users_address
"""
_SESSIONS = "SELECT user_id, id, family, token_hash, issued_at, expires_at, used_at, revoked_at FROM users_refreshtoken"

_PIPES = (
    (
        _ACCOUNTS,
        "accounts (id, public_id, email, password, name_title, name_given, name_middle, name_family, name_suffix, name_display,"
        " phone_original, phone_kind, marketing, account_number, active, preferences, created_at, updated_at, version)",
    ),
    (_ADDRESSES, "addresses (account_id, number, kind, label, lines, city, region, postal_code, country, created_at)"),
    (_SESSIONS, "sessions (account_id, id, family, token_hash, issued_at, expires_at, used_at, revoked_at)"),
)


def raw_copy(monolith: str, service: str) -> float:
    """Seconds of a binary COPY of all rows from one database into the other's tables, through this process."""
    started = time.monotonic()
    with psycopg.connect(monolith) as source, psycopg.connect(service) as target:
        target.execute("SELECT set_config('banyan.applying', 'users', true)")
        for query, table in _PIPES:
            copied = sql.SQL(query)
            with (
                source.cursor().copy(sql.SQL("COPY ({}) TO STDOUT (FORMAT binary)").format(copied)) as out,
                target.cursor().copy(f"COPY {table} FROM STDIN (FORMAT binary)") as into,
            ):
                for block in out:
                    into.write(block)
    return time.monotonic() - started


def naive_loop(sides: Sides, rows: int, page: int, sample: int) -> tuple[float, int]:
    """Seconds, for all `rows`, of a loop of LIMIT/OFFSET pages with one POST a row; measured on `sample` rows in pages spread
    evenly.

    Each page costs what its offset costs, so pages from the whole range stand for the whole. Returns the seconds and the rows
    posted.
    """
    offsets = list(_spread(rows, page, sample))
    posted, number = 0, 10_000_000_000
    started = time.monotonic()
    with sides.monolith.connect("naive") as connection:
        for offset in offsets:
            found = connection.execute("SELECT id FROM users_user ORDER BY id LIMIT %s OFFSET %s", (page, offset)).fetchall()
            documents = sides.monolith.documents("user", [row[0] for row in found])
            for key, document in documents.items():
                number += 1
                header = Header("users", "user", 1, (key % LANES,), number, 0)
                sides.service.apply(header, {key: document}, [key])
                posted += 1
    return (time.monotonic() - started) * rows / posted, posted


def _spread(rows: int, page: int, sample: int) -> Iterator[int]:
    pages = max(1, sample // page)
    step = rows / pages
    return (int(number * step) // page * page for number in range(pages))
