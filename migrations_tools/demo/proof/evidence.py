"""What the databases hold of the run: each customer's slots as `expect` names them, and values that appear more than once."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import psycopg

from migrations_tools.demo.proof.sides import Side

Seen = dict[str, dict[str, Any]]
Connection = psycopg.Connection[tuple[Any, ...]]


def seen(users: Connection, monolith: Connection, side: Side, emails: Collection[str]) -> Seen:
    """{e-mail: {slot: value}} of the customers that there are, from the authoritative side's tables and the monolith's orders."""
    keys: dict[int, dict[str, Any]] = {}
    found: Seen = {}
    for row in users.execute(_of(side.customers, "email"), (list(emails),)):
        key, email, nickname, phone, profile = row[0], row[2], row[9], row[10], row[15]
        slots = {"email": email, "nickname": nickname, "phone": phone, "profile": profile[0] if profile else None}
        found[email] = keys[key] = {**slots, "preferences": {}}
    for row in users.execute(_of(side.addresses, "key"), (list(keys),)):
        slots, label = keys[row[0]], f"label:{row[3]}"
        slots[f"address:{row[1]}"], slots[label] = row[3], slots.get(label, 0) + 1
    for key, name, value in users.execute(_of(side.preferences, "key"), (list(keys),)):
        keys[key]["preferences"][name] = value
    for row in users.execute(_of(side.sessions, "key"), (list(keys),)):
        keys[row[0]][f"token:{row[3]}"] = "used" if row[6] else "revoked" if row[7] else "live"
    for key, number, idempotency_key in monolith.execute(
        "SELECT user_id, number, idempotency_key FROM orders_order WHERE user_id = ANY(%s)", (list(keys),)
    ):
        keys[key].update({f"order:{number}": 1, f"key:{idempotency_key}": number})
    return found


def repeated(users: Connection, monolith: Connection, side: Side, run: str) -> Iterator[str]:
    """Values of this run that stand in two rows, wherever they are: each write has a value of its own, so each is a write
    done twice. The whole tables are looked at, since a doubled row may belong to anybody."""
    mine = (f"{run}-%",)
    twice = {
        "e-mail": f"SELECT lower(email), count(*) FROM ({side.customers}) AS side WHERE lower(email) LIKE %s",
        "nickname": f"SELECT nickname, count(*) FROM ({side.customers}) AS side WHERE nickname LIKE %s",
        "address": f"SELECT label, count(*) FROM ({side.addresses}) AS side WHERE label LIKE %s",
        "preference": f"SELECT value, count(*) FROM ({side.preferences}) AS side WHERE value LIKE %s",
    }
    for what, query in twice.items():
        for value, count in users.execute(f"{query} GROUP BY 1 HAVING count(*) > 1", mine):
            yield f"{what} {value} stands in {count} rows"
    for key, count in monolith.execute(
        "SELECT idempotency_key, count(*) FROM orders_order WHERE idempotency_key LIKE %s GROUP BY 1 HAVING count(*) > 1", mine
    ):
        yield f"order {key} was placed {count} times"


def unasked_orders(
    users: Connection, monolith: Connection, side: Side, asked: Mapping[str, Collection[str]], since: float
) -> Iterator[str]:
    """Orders of the run's customers since then (Unix seconds) under no key that they sent; `asked`: {e-mail: keys}."""
    rows = users.execute(_of(side.customers, "email"), (list(asked),))
    emails = {row[0]: row[2] for row in rows}
    placed = monolith.execute(
        "SELECT user_id, number, idempotency_key FROM orders_order WHERE user_id = ANY(%s) AND placed_at >= to_timestamp(%s)",
        (list(emails), since),
    )
    for user, number, key in placed:
        if key not in asked[emails[user]]:
            yield f"{emails[user]} has order {number}, placed under the key {key}, which this customer never sent"


def _of(relation: str, column: str) -> str:
    return f"SELECT * FROM ({relation}) AS side WHERE {column} = ANY(%s)"
