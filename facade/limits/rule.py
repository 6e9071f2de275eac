"""One limit of one route: the accounts of all who use it, and where they get their leases from.

It refuses to grow without bound: of more than `most_keys` keys, the one known longest is forgotten. What was leased for it is
lost (counts as used), and while Valkey is gone its count by this worker begins anew.
"""

import asyncio
import hashlib
from collections.abc import Callable
from functools import partial
from typing import Final, NamedTuple

from facade.limits.account import Account
from facade.limits.declared import Fail, Limit
from facade.limits.shared import SharedWindows
from facade.limits.window import Grant, Window

_LONGEST_KEY: Final = 64


def alone() -> int:
    """There is no other worker."""
    return 1


class Terms(NamedTuple):
    """What all limits of a worker have in common.

    `shared` is None when there is no Valkey. `share` tells how many workers, of all facades, divide a limit among them while
    Valkey is gone. `clock` is the loop's, in seconds. `most_keys` of each limit of each route are remembered.
    """

    shared: SharedWindows | None
    clock: Callable[[], float]
    share: Callable[[], int] = alone
    most_keys: int = 10_000


class Refused(Exception):
    """By `rule`; `wait` in seconds, None when nothing could be counted."""

    def __init__(self, rule: "Rule", account: Account, wait: float | None) -> None:
        super().__init__(str(rule.limit))
        self.rule = rule
        self.account = account
        self.wait = wait


class Rule:
    """`scope` names the route; `name` is what the client is told. Counted for metrics: `asked`, leases asked of Valkey; `alone`,
    leases counted by this worker alone; `refused`, requests.
    """

    def __init__(self, limit: Limit, scope: str, terms: Terms, *, label: str = "") -> None:
        self.limit = limit
        self.name = label + limit.name
        self.accounts: dict[bytes, Account] = {}
        self.asked = self.alone = self.refused = 0
        self._terms = terms
        self._length = limit.window * 1_000
        self._prefix = f"banyan:limit:{scope}:{limit.name}:".encode()

    def account(self, who: bytes) -> Account:
        """The account of `who`: found, or opened."""
        account = self.accounts.get(who)
        if account is None:
            if len(self.accounts) >= self._terms.most_keys:
                del self.accounts[next(iter(self.accounts))]
            key = who if len(who) <= _LONGEST_KEY else hashlib.blake2b(who, digest_size=24).hexdigest().encode()
            account = self.accounts[who] = Account(self._prefix + key)
        return account

    def obtain(self, account: Account) -> asyncio.Future[None] | None:
        """None when a unit is at hand, else what to wait for before coming here again. Raises `Refused`."""
        now = self._terms.clock()
        if account.ready(now):
            return None
        if now < account.blocked:
            raise self._refusal(account, account.more - now)
        shared = self._terms.shared
        if shared is not None and shared.reachable:
            return self._join(account, shared)
        if self.limit.fail is Fail.CLOSED:
            raise self._refusal(account, None)
        self._count_alone(account, now)
        if not account.ready(now):
            raise self._refusal(account, account.more - now)
        return None

    def refusal(self, account: Account, now: float) -> Refused | None:
        """What `obtain` would come to for all that is known, without asking or counting: also where it would ask first whether
        some were given back meanwhile.
        """
        if account.ready(now):
            return None
        if now < account.more:
            return Refused(self, account, account.more - now)
        shared = self._terms.shared
        uncounted = shared is not None and not shared.reachable and self.limit.fail is Fail.CLOSED
        return Refused(self, account, None) if uncounted else None

    def spend(self, account: Account, now: float) -> None:
        """Take the unit that is at hand."""
        account.spend(now)
        if account.lease.left == account.lease.low:
            self.fetch_ahead(account)

    def fetch_ahead(self, account: Account) -> None:
        """Ask for the next lease while the present one lasts."""
        shared = self._terms.shared
        if account.wants_spare and shared is not None and shared.reachable:
            self._ask_soon(account, shared)

    def _join(self, account: Account, shared: SharedWindows) -> asyncio.Future[None]:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        account.waiters.append(waiter)
        self._ask_soon(account, shared)
        return waiter

    def _ask_soon(self, account: Account, shared: SharedWindows) -> None:
        """One question at a time for all who wait; in a moment, so that who comes in the same moment is asked for with it."""
        if not account.asking:
            account.asking = True
            asyncio.get_running_loop().call_soon(self._ask, account, shared)

    def _ask(self, account: Account, shared: SharedWindows) -> None:
        now = self._terms.clock()
        need = sum(not waiter.done() for waiter in account.waiters)
        ask = account.ask(now, need, self.limit.chunk, shared=True)
        self.asked += 1
        shared.take(account.key, self.limit.count, self._length, ask, partial(self._answered, account, now))

    def _answered(self, account: Account, asked: float, grant: Grant | None) -> None:
        account.asking = False
        if grant is not None:
            account.receive(grant, self._length, asked, shared=True, ahead=self.limit.chunk > 1)
        waiters, account.waiters = account.waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    def _count_alone(self, account: Account, now: float) -> None:
        if account.alone is None:
            account.alone = Window()
        self.alone += 1
        ask = account.ask(now, 1, 1, shared=False)
        count = max(1, self.limit.count // self._terms.share())
        grant = account.alone.take(count, self._length, int(now * 1_000), ask)
        account.receive(grant, self._length, now, shared=False)

    def _refusal(self, account: Account, wait: float | None) -> Refused:
        self.refused += 1
        return Refused(self, account, wait)
