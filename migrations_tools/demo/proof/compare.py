"""Both sides side by side, row by row and field by field, once replication has settled."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

import psycopg

from migrations_tools.demo.proof.finding import Finding
from migrations_tools.demo.proof.sides import LEGACY, SERVICE

Connection = psycopg.Connection[tuple[Any, ...]]
Row = tuple[Any, ...]
Group = tuple[int, dict[Any, Row]]
FIELDS_SHOWN = 3


def divergences(monolith: Connection, service: Connection) -> Finding:
    """Customers whose two sides differ, in their own row or in any part of theirs."""
    different: defaultdict[int, list[str]] = defaultdict(list)
    theirs = SERVICE.relations()
    for name, query in LEGACY.relations().items():
        for key, words in differences(_rows(monolith, query), _rows(service, theirs[name])):
            different[key].append(f"{name} {words}")
    return Finding.of(f"customer {key}: " + "; ".join(words[:FIELDS_SHOWN]) for key, words in sorted(different.items()))


def differences(legacy: Iterable[Row], service: Iterable[Row]) -> Iterator[tuple[int, str]]:
    """(customer's key, words) for each row that is not on both sides alike. Both come in the order of their first column,
    the customer's key; the second tells a customer's rows apart."""
    left, right = _by_customer(legacy), _by_customer(service)
    ours, theirs = next(left, None), next(right, None)
    while ours or theirs:
        key = min(group[0] for group in (ours, theirs) if group)
        before = ours[1] if ours and ours[0] == key else {}
        after = theirs[1] if theirs and theirs[0] == key else {}
        if before != after:
            yield from ((key, words) for words in _of_customer(before, after))
        ours = next(left, None) if before else ours
        theirs = next(right, None) if after else theirs


def _by_customer(rows: Iterable[Row]) -> Iterator[Group]:
    for key, group in groupby(rows, key=lambda row: row[0]):
        yield key, {row[1]: row for row in group}


def _of_customer(before: dict[Any, Row], after: dict[Any, Row]) -> Iterator[str]:
    for name in before.keys() | after.keys():
        if name not in after:
            yield f"{name} is missing in the service"
        elif name not in before:
            yield f"{name} is in the service alone"
        elif before[name] != after[name]:
            yield f"{name}: {_fields(before[name], after[name])}"


def _fields(left: Row, right: Row) -> str:
    """Which columns differ, by their place (`sides` lists them), and how."""
    pairs = enumerate(zip(left, right, strict=True))
    return ", ".join(f"column {at}: {ours!r} / {theirs!r}" for at, (ours, theirs) in pairs if ours != theirs)


def _rows(connection: Connection, query: str) -> Iterator[Row]:
    """A relation in the order of its customers, streamed, so that the tables may be of any size."""
    with connection.transaction(), connection.cursor("side", binary=True) as cursor:
        cursor.itersize = 5000
        yield from cursor.execute(f"SELECT * FROM ({query}) AS side ORDER BY key")
