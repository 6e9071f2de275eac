"""The stage that admits a request if all limits of its route allow it, and tells the client what is left.

The fields are those of draft-ietf-httpapi-ratelimit-headers-09: `RateLimit-Policy` names the limits that apply to the caller,
`RateLimit` what is left (`r`) of each for how many seconds (`t`). A limit per subject applies to signed-in users and one per key
to callers with an API key; to others it does not apply. A refused request counts under none of the stage's limits. It refuses
to wait where a lease is at hand.
"""

import asyncio
import ipaddress
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache
from math import ceil
from typing import Final, Protocol

from facade.limits.account import Account
from facade.limits.declared import By, Limit
from facade.limits.rule import Refused, Rule, Terms
from facade.problems import Problem


class Caller(Protocol):
    """A principal."""

    @property
    def kind(self) -> str:
        """`user`, `key`, or anything else."""

    @property
    def id(self) -> str:
        """Among those of its kind."""


class Asked(Protocol):
    """What this stage reads of a request, and writes: `told` are header lines for the client."""

    told: list[bytes]

    @property
    def address(self) -> bytes:
        """Where the request comes from: an IP address as text, or a word where there is none."""

    @property
    def principal(self) -> Caller:
        """Whose request it is."""


@lru_cache(maxsize=16_384)
def network(address: bytes) -> bytes:
    """The unit that is limited: an IPv4 address itself, of an IPv6 address its /64, which one customer has whole."""
    try:
        parsed = ipaddress.IPv6Address(address.decode("latin-1"))
    except ValueError:
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped).encode()
    return str(ipaddress.IPv6Address(int(parsed) >> 64 << 64)).encode()


def _by_address(request: Asked) -> bytes:
    address = request.address
    return network(address) if b":" in address else address


def _by_id(request: Asked) -> bytes:
    return request.principal.id.encode()


_WHO: Final[dict[By, Callable[[Asked], bytes]]] = {By.IP: _by_address, By.SUBJECT: _by_id, By.KEY: _by_id}
_KINDS: Final = {"user": (By.IP, By.SUBJECT), "key": (By.IP, By.KEY)}


class _Plan:
    """The rules for callers of one kind. `lines` are the header lines, with two numbers for each rule to be put in."""

    __slots__ = ("lines", "only", "rules")

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = [(rule, _WHO[rule.limit.by]) for rule in rules]
        self.only = self.rules[0] if len(rules) == 1 else None
        policy = ", ".join(f'"{rule.name}";q={rule.limit.count};w={rule.limit.window}' for rule in rules)
        left = ", ".join(f'"{rule.name}";r=%d;t=%d' for rule in rules)
        self.lines = f"ratelimit-policy: {policy}\r\nratelimit: {left}\r\n".encode()


class RateLimit:
    """The limits of the route `scope`; built once for it. `rules` are there to be counted for metrics. `label` comes before the
    names of the limits in the fields, where a request meets several such stages; `name` is the stage's own.
    """

    def __init__(self, limits: Sequence[Limit], scope: str, terms: Terms, *, label: str = "", name: str = "rate-limit") -> None:
        self.name = name
        self.rules = [Rule(limit, scope, terms, label=label) for limit in limits]
        self._clock = terms.clock
        self._plans = {kind: self._plan(kinds) for kind, kinds in _KINDS.items()}
        self._others = self._plan((By.IP,))

    def _plan(self, kinds: tuple[By, ...]) -> _Plan | None:
        rules = [rule for rule in self.rules if rule.limit.by in kinds]
        return _Plan(rules) if rules else None

    def before(self, request: Asked) -> Awaitable[None] | None:
        """Take one unit of each limit, or raise the `Problem`: 429, or 503 where a limit fails closed."""
        plan = self._plans.get(request.principal.kind, self._others)
        if plan is None:
            return None
        if plan.only is None:
            return self._several(request, plan)
        rule, who = plan.only
        account = rule.accounts.get(who(request))
        if account is None:
            return self._each(request, plan)
        lease, now = account.lease, self._clock()
        if lease.left <= 0 or now >= lease.expires:
            return self._each(request, plan)
        left = lease.left = lease.left - 1
        request.told.append(plan.lines % (account.free + left, account.ends - now + 1))
        if left == lease.low:
            rule.fetch_ahead(account)
        return None

    def explain(self, request: Asked) -> str:
        """The limits that apply to this caller, and what this worker knows of them."""
        plan = self._plans.get(request.principal.kind, self._others)
        if plan is None:
            return f"no limit applies to {request.principal.kind} callers"
        now = self._clock()
        return "; ".join(_known(rule, rule.accounts.get(who(request)), now) for rule, who in plan.rules)

    def rehearse(self, request: Asked) -> str | None:
        """Raises as `before` would, as far as this worker knows, and counts nothing."""
        plan = self._plans.get(request.principal.kind, self._others)
        if plan is None:
            return None
        now = self._clock()
        pairs = [(rule, rule.accounts.get(key := who(request)) or Account(key)) for rule, who in plan.rules]
        for rule, account in pairs:
            if (refused := rule.refusal(account, now)) is not None:
                raise _problem(refused, plan, pairs, now)
        return None

    def _several(self, request: Asked, plan: _Plan) -> Awaitable[None] | None:
        """As `before`, all or nothing, for more than one rule."""
        now = self._clock()
        held = []
        for rule, who in plan.rules:
            account = rule.accounts.get(who(request))
            if account is None or (lease := account.lease).left <= 0 or now >= lease.expires:
                return self._each(request, plan)
            held.append((rule, account, lease))
        numbers: list[float] = []
        for rule, account, lease in held:
            lease.left -= 1
            numbers += (account.free + lease.left, account.ends - now + 1)
            if lease.left == lease.low:
                rule.fetch_ahead(account)
        request.told.append(plan.lines % tuple(numbers))
        return None

    def _each(self, request: Asked, plan: _Plan) -> Awaitable[None] | None:
        pairs = [(rule, rule.account(who(request))) for rule, who in plan.rules]
        if questions := self._questions(plan, pairs):
            return self._wait(request, plan, pairs, questions)
        self._take(request, plan, pairs)
        return None

    async def _wait(
        self, request: Asked, plan: _Plan, pairs: list[tuple[Rule, Account]], questions: list[asyncio.Future[None]]
    ) -> None:
        while questions:
            for question in questions:
                await question
            questions = self._questions(plan, pairs)
        self._take(request, plan, pairs)

    def _questions(self, plan: _Plan, pairs: list[tuple[Rule, Account]]) -> list[asyncio.Future[None]]:
        """What must be waited for before a unit of every limit is at hand."""
        try:
            return [question for rule, account in pairs if (question := rule.obtain(account)) is not None]
        except Refused as refused:
            raise _problem(refused, plan, pairs, self._clock()) from None

    def _take(self, request: Asked, plan: _Plan, pairs: list[tuple[Rule, Account]]) -> None:
        now = self._clock()
        for rule, account in pairs:
            rule.spend(account, now)
        request.told.append(_told(plan, pairs, now))


def _told(plan: _Plan, pairs: list[tuple[Rule, Account]], now: float) -> bytes:
    numbers: list[int] = []
    for _, account in pairs:
        numbers += (account.known_left(now), _seconds(account.ends - now))
    return plan.lines % tuple(numbers)


def _problem(refused: Refused, plan: _Plan, pairs: list[tuple[Rule, Account]], now: float) -> Problem:
    limit = refused.rule.limit
    if refused.wait is None:
        return Problem(503, "limit-uncounted", "Limit uncounted", f"the limit of {limit} cannot be counted just now", 1)
    numbers: list[int] = []
    for _, account in pairs:
        spent = account is refused.account
        numbers += (0, _seconds(refused.wait)) if spent else (account.known_left(now), _seconds(account.ends - now))
    lines = plan.lines % tuple(numbers)
    return Problem(429, "too-many-requests", "Too many requests", f"the limit is {limit}", _seconds(refused.wait), lines)


def _seconds(duration: float) -> int:
    return max(1, ceil(duration)) if duration > 0 else 1


def _known(rule: Rule, account: Account | None, now: float) -> str:
    if account is None or now >= account.ends:
        return f"{rule.limit}: not used lately"
    if now < account.blocked:
        return f"{rule.limit}: used up, more in {_seconds(account.more - now)} s"
    return f"{rule.limit}: {account.known_left(now)} left for {_seconds(account.ends - now)} s"
