"""Customers at work through the facade while something is killed: each writes, and at once reads what was just written.

The requests, their rules and their journal are the demonstration's; here every customer goes on as soon as the last request was
answered, so that it can be told whether all of them get on again. Access tokens are made here, since signing in is not what is
tested.
"""

import asyncio
import itertools
import random
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import psycopg

from chassis.identity.tokens import issue
from migrations_tools.demo.calls import Ticket, accounts
from migrations_tools.demo.client import Client
from migrations_tools.demo.customers import Customer
from migrations_tools.demo.mix import OPERATIONS, Operation
from migrations_tools.demo.perform import Performer
from migrations_tools.demo.record import Journal, Opened, Outcome

PAUSE = 0.12
"""Seconds that a customer rests after a write and its read."""
REGISTRAR_PAUSE = 0.5
PATIENCE = 30.0

_BY_NAME = {operation.name: operation for operation in OPERATIONS}
REGISTER = _BY_NAME["register"]
ROUNDS = [
    (_BY_NAME[write], _BY_NAME[read])
    for write, read in (
        ("change profile", "read me"),
        ("set profile address", "read me"),
        ("set preferences", "read preferences"),
        ("add address", "read addresses"),
        ("change address", "read addresses"),
        ("remove address", "read addresses"),
        ("order to new address", "read addresses"),
    )
]


@dataclass
class Members:
    """The customers of the monolith's database, some more of them each time."""

    _all: Iterator[tuple[int, UUID, str]]
    skus: Sequence[str]

    @classmethod
    def of(cls, monolith_url: str) -> "Members":
        with psycopg.connect(monolith_url) as connection:
            rows = connection.execute("SELECT id, public_id, email FROM users_user WHERE is_active ORDER BY id").fetchall()
            skus = [sku for (sku,) in connection.execute("SELECT sku FROM catalog_product WHERE is_active ORDER BY sku LIMIT 20")]
        return cls(itertools.cycle(rows), skus)

    def next(self, count: int) -> list[Customer]:
        """Signed-in customers of whom nothing is expected yet."""
        return [Customer(email, "", access=issue(public_id, key)) for key, public_id, email in itertools.islice(self._all, count)]


@dataclass
class Traffic:
    """One stretch of traffic with a journal of its own; `run` is the tag of its values."""

    facade: str
    customers: Sequence[Customer]
    skus: Sequence[str]
    journal: Path
    run: str
    _over: threading.Event = field(default_factory=threading.Event)
    _seen: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def flowing(self) -> Iterator["Traffic"]:
        """Traffic while the block runs; afterwards every request has been answered, or given up."""
        trouble: list[BaseException] = []

        def run() -> None:
            try:
                asyncio.run(self._run())
            except BaseException as error:  # noqa: BLE001 - told below, in the thread that asked for traffic
                trouble.append(error)

        thread = threading.Thread(target=run, name="traffic")
        thread.start()
        try:
            yield self
        finally:
            self._over.set()
            thread.join()
        if trouble:
            raise trouble[0]

    def await_all(self) -> None:
        """Wait until every customer has begun a write from now on that was acknowledged, and a read of it that was answered."""
        now = time.monotonic()
        deadline = now + PATIENCE
        while late := [one.email for one in self.customers if self._seen.get(one.email, 0.0) < now]:
            assert time.monotonic() < deadline, f"{len(late)} customers do not get on"
            time.sleep(0.01)

    async def _run(self) -> None:
        with Journal(self.journal) as journal:
            journal.append(Opened(time.time(), self.run, 0.0, 0))
            async with Client(self.facade, timeout=20.0) as client:
                performer, numbers = Performer(client, journal), itertools.count(1)
                await asyncio.gather(
                    self._register(performer, numbers),
                    *(self._live(performer, numbers, customer) for customer in self.customers),
                )

    async def _live(self, performer: Performer, numbers: Iterator[int], customer: Customer) -> None:
        dice = random.Random(f"{self.run} {customer.email}")
        await asyncio.sleep(dice.random() * PAUSE)
        while not self._over.is_set():
            began = time.monotonic()
            write, read = dice.choice([pair for pair in ROUNDS if pair[0].fits(customer)])
            outcomes = [await self._do(performer, numbers, operation, customer, dice) for operation in (write, read)]
            if outcomes == [Outcome.ACKNOWLEDGED] * 2:
                self._seen[customer.email] = began
            await asyncio.sleep(PAUSE)

    async def _register(self, performer: Performer, numbers: Iterator[int]) -> None:
        dice = random.Random(self.run)
        while not self._over.is_set():
            ticket = self._ticket(numbers, dice)
            await performer.perform(REGISTER, accounts.newcomer(ticket), ticket, time.time())
            await asyncio.sleep(REGISTRAR_PAUSE)

    async def _do(
        self, performer: Performer, numbers: Iterator[int], operation: Operation, customer: Customer, dice: random.Random
    ) -> Outcome:
        return (await performer.perform(operation, customer, self._ticket(numbers, dice), time.time())).outcome

    def _ticket(self, numbers: Iterator[int], dice: random.Random) -> Ticket:
        number = next(numbers)
        return Ticket(number, f"{self.run}-{number:06}", dice, self.skus)
