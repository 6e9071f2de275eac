"""Customers at work on an open-loop schedule: starts each request when it is due, whatever became of the ones before.

It judges nothing: it lets `perform` send and record, and keeps who is signed in.
"""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence

import orjson

from migrations_tools.demo.calls import CATALOG, Ticket, accounts
from migrations_tools.demo.client import Client
from migrations_tools.demo.customers import Crowd, Customer
from migrations_tools.demo.mix import BROWSE, LAST_LOOK, LOGIN, RENEW, Mix, Operation, Who
from migrations_tools.demo.perform import Performer
from migrations_tools.demo.record import Drained, Journal, Opened, Outcome
from migrations_tools.demo.schedule import arrivals

WAITERS = 8  # requests at a time while customers sign in, and in the last look


class Generator:
    """One run. `run` is a tag that makes its values unlike those of any other run against the same databases."""

    def __init__(self, client: Client, journal: Journal, crowd: Crowd, *, run: str, rate: float, seed: int) -> None:
        self._client, self._journal, self._crowd = client, journal, crowd
        self._run, self._rate, self._seed = run, rate, seed
        self._performer = Performer(client, journal)
        self._dice = random.Random(f"tickets {seed}")  # noqa: S311 - it must be repeatable, not secret
        self._n = 0
        self._skus: Sequence[str] = ()
        self._flying: set[asyncio.Task[None]] = set()

    async def prepare(self, signed_in: int) -> None:
        """See what is for sale, and let so many customers sign in. Raises NoAnswer, or ValueError for an empty catalog."""
        answer = await self._client.request("GET", f"{CATALOG}/products")
        self._skus = [product["sku"] for product in orjson.loads(answer.body)["results"]]
        if not self._skus:
            raise ValueError("the catalog is empty: there is nothing to order")
        await _side_by_side(lambda: self._act(LOGIN, time.time()) for _ in range(signed_in))

    async def keep_up(self, stop: asyncio.Event) -> None:
        """Follow the schedule until told to stop; then await what is in flight."""
        mix, begin = Mix(self._seed), time.time()
        self._journal.append(Opened(begin, self._run, self._rate, self._seed))
        for offset in arrivals(self._rate, self._seed):
            if await _told(stop, begin + offset - time.time()):
                break
            self._start(mix.draw(), begin + offset)
        await asyncio.gather(*self._flying)
        self._journal.append(Drained(time.time()))

    async def look_again(self) -> None:
        """Every signed-in customer, once more: what was acknowledged must be there."""

        def look(operation: Operation, customer: Customer) -> Callable[[], Awaitable[object]]:
            return lambda: self._performer.perform(operation, customer, self._ticket(), time.time())

        await _side_by_side(
            look(operation, customer) for customer in self._crowd.signed_in for operation in LAST_LOOK if operation.fits(customer)
        )

    def _start(self, operation: Operation, due: float) -> None:
        task = asyncio.create_task(self._act(operation, due))
        self._flying.add(task)
        task.add_done_callback(self._flying.discard)

    async def _act(self, operation: Operation, due: float) -> None:
        ticket = self._ticket()
        customer = self._choose(operation, ticket)
        if customer is None:
            operation, customer = BROWSE, Customer("", "")
        elif customer.must_renew(time.monotonic()):
            operation = RENEW
        signed_in_before = customer.signed_in
        verdict = await self._performer.perform(operation, customer, ticket, due)
        acknowledged = verdict.outcome is Outcome.ACKNOWLEDGED
        if verdict.status == 401 and not acknowledged and verdict.outcome is not Outcome.REFUSED:
            customer.sign_out()
        if operation.who is Who.NEWCOMER:
            if acknowledged:  # without a clear answer nobody knows whether there is such a customer
                self._crowd.join(customer)
        elif operation.who is not Who.ANYONE:
            wrote = acknowledged and bool(verdict.sets)
            self._crowd.give_back(customer, signed_in_before=signed_in_before, wrote=wrote)

    def _choose(self, operation: Operation, ticket: Ticket) -> Customer | None:
        """None: nobody fits right now (a browse takes the request's place, so that the rate holds)."""
        match operation.who:
            case Who.NEWCOMER:
                return accounts.newcomer(ticket)
            case Who.SIGNED_OUT:
                return self._crowd.take_signed_out()
            case Who.ANYONE:
                return None
            case Who.SIGNED_IN | Who.WROTE:
                return self._crowd.take(operation.fits, just_wrote=operation.who is Who.WROTE)

    def _ticket(self) -> Ticket:
        self._n += 1
        return Ticket(self._n, f"{self._run}-{self._n:06}", self._dice, self._skus)


async def _told(stop: asyncio.Event, seconds: float) -> bool:
    """Wait so long, or until told to stop; whether it was told."""
    if seconds <= 0:
        return stop.is_set()
    try:
        async with asyncio.timeout(seconds):
            return await stop.wait()
    except TimeoutError:
        return False


async def _side_by_side(jobs: Iterable[Callable[[], Awaitable[object]]]) -> None:
    """Do the jobs, `WAITERS` at a time."""
    waiting = iter(jobs)

    async def work() -> None:
        for job in waiting:
            await job()

    await asyncio.gather(*(work() for _ in range(WAITERS)))
