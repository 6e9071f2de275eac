"""The verdict on a run: from its journals and both databases, from outside, knowing nothing of how the system works inside."""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from migrations_tools.demo.ledger import Ledger, ledger
from migrations_tools.demo.proof.compare import divergences
from migrations_tools.demo.proof.evidence import repeated, seen, unasked_orders
from migrations_tools.demo.proof.finding import NOT_MEASURED, Finding
from migrations_tools.demo.proof.sides import LEGACY, SERVICE
from migrations_tools.demo.record import Ended, entries

Connection = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`lost` counts promises not kept by the authoritative database, `doubled` values written twice, `failed` requests without
    a proper answer, `stale` reads that missed what was acknowledged, `divergent` customers that differ between the sides."""

    authority: str
    requests: int
    acknowledged_writes: int
    unclear_writes: int
    lost: Finding
    doubled: Finding
    failed: Finding
    stale: Finding
    divergent: Finding

    @property
    def findings(self) -> dict[str, Finding]:
        names = ("lost", "doubled", "failed", "stale", "divergent")
        return {name: getattr(self, name) for name in names}

    @property
    def good(self) -> bool:
        """Nothing was found, everything was measured, and there was something to measure."""
        return self.acknowledged_writes > 0 and all(finding.good for finding in self.findings.values())


@dataclass(frozen=True, slots=True)
class Proof:
    """`journals` of one or more loads on these databases, in their order, all ended or dead."""

    journals: Sequence[Path]
    monolith_url: str
    users_url: str
    context: str = "users"

    def authority(self) -> str:
        """ "monolith" or "service": what the database row with the highest epoch says."""
        known = [(0, "monolith")]
        for url in (self.monolith_url, self.users_url):
            with psycopg.connect(url) as connection:
                query = "SELECT epoch, owner FROM banyan_authority WHERE context = %s"
                known += connection.execute(query, (self.context,)).fetchall()
        return max(known)[1]

    def settle(self, timeout: float = 60.0) -> bool:
        """Wait until nothing waits to be replicated from either side. False: something still does."""
        deadline = time.monotonic() + timeout
        while any(_waiting(url, self.context) for url in (self.monolith_url, self.users_url)):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return True

    def verdict(self, *, compare: bool = True) -> Verdict:
        """`compare=False` where nothing is replicated, so that the sides need not be equal: not measured then."""
        book, owner = ledger(*map(entries, self.journals)), self.authority()
        side = LEGACY if owner == "monolith" else SERVICE
        with ExitStack() as stack:
            monolith, service = (stack.enter_context(psycopg.connect(url)) for url in (self.monolith_url, self.users_url))
            users = monolith if owner == "monolith" else service
            return Verdict(
                owner,
                book.requests,
                book.acknowledged_writes,
                book.unclear_writes,
                lost=lost(book, seen(users, monolith, side, book.customers)),
                doubled=Finding.of(
                    [
                        *(line for run in book.runs for line in repeated(users, monolith, side, run)),
                        *unasked_orders(users, monolith, side, _keys(book), book.began),
                    ]
                ),
                failed=Finding.of(map(_failure, book.failed)),
                stale=Finding.of(map(_staleness, book.stale)),
                divergent=divergences(monolith, service) if compare else NOT_MEASURED,
            )


def lost(book: Ledger, found: dict[str, dict[str, Any]]) -> Finding:
    """Promised slots that the database does not keep."""
    return Finding.of(
        f"{email}: {words}"
        for email, expectation in book.customers.items()
        for words in expectation.missing(found.get(email, {}), expectation.slots)
    )


def _keys(book: Ledger) -> dict[str, set[str]]:
    return {
        email: {name.removeprefix("key:") for name in expectation.slots if name.startswith("key:")}
        for email, expectation in book.customers.items()
    }


def _waiting(url: str, context: str) -> bool:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT EXISTS (SELECT FROM banyan_outbox WHERE context = %s)", (context,)).fetchone()
        return bool(row and row[0])


def _failure(ended: Ended) -> str:
    return f"{ended.op} of {ended.who or 'nobody'}: {ended.status or 'no answer'}, {ended.reason}"


def _staleness(ended: Ended) -> str:
    return f"{ended.op} of {ended.who}: {'; '.join(ended.missing)}"
