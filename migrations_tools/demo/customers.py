"""The simulated customers: who is signed in, who is busy, and what each one's acknowledged writes require.

A customer does one thing at a time, like a person with one page open; read-your-writes is promised to such a customer.
"""

import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from migrations_tools.demo.expect import Expectation

TRIES = 30
LASTS = 600.0  # seconds that an access token is used; it is valid for longer


@dataclass(frozen=True, slots=True)
class Account:
    """A customer who can sign in from the start."""

    email: str
    password: str


@dataclass(slots=True, eq=False)
class Customer:
    """`access` is empty while signed out; `order` is the last order's body, kept to be sent once more."""

    email: str
    password: str
    expectation: Expectation = field(default_factory=Expectation)
    access: str = ""
    refresh: str = ""
    signed_in_at: float = 0.0
    order: tuple[str, bytes] | None = None
    busy: bool = False

    @property
    def signed_in(self) -> bool:
        return bool(self.access)

    def sign_out(self) -> None:
        self.access = self.refresh = ""

    def must_renew(self, now: float) -> bool:
        return self.signed_in and now - self.signed_in_at > LASTS

    def held(self, prefix: str) -> list[str]:
        """What follows the prefix in the names of the slots that are promised and cannot be gone."""
        slots = self.expectation.slots
        return [name.removeprefix(prefix) for name in self.expectation.named(prefix) if not slots[name].may_be_gone]


class Crowd:
    """Picks an idle customer for each request; `take` and `give_back` go in pairs."""

    def __init__(self, accounts: Sequence[Account], dice: random.Random) -> None:
        self._dice = dice
        self._out = [Customer(account.email, account.password) for account in accounts]
        self._in: list[Customer] = []
        self._wrote: deque[Customer] = deque(maxlen=64)

    @property
    def signed_in(self) -> Sequence[Customer]:
        return [customer for customer in self._in if customer.signed_in]

    def take(self, fits: Callable[[Customer], bool], *, just_wrote: bool = False) -> Customer | None:
        """An idle signed-in customer that fits, or None; `just_wrote`: rather one whose write was just acknowledged."""
        while just_wrote and self._wrote:
            customer = self._wrote.pop()
            if customer.signed_in and not customer.busy and fits(customer):
                customer.busy = True
                return customer
        for _ in range(TRIES if self._in else 0):
            at = self._dice.randrange(len(self._in))
            customer = self._in[at]
            if not customer.busy and customer.signed_in and fits(customer):
                customer.busy = True
                return customer
        return None

    def take_signed_out(self) -> Customer | None:
        """A customer who can sign in: one who came last, or anyone, by turns of chance."""
        if not self._out:
            return None
        if self._dice.random() < 0.5:
            at = self._dice.randrange(len(self._out))
            self._out[at], self._out[-1] = self._out[-1], self._out[at]
        customer = self._out.pop()
        customer.busy = True
        return customer

    def join(self, customer: Customer) -> None:
        """A customer who has just registered, or whose registration got no answer (and who may then fail to sign in)."""
        customer.busy = False
        self._out.append(customer)

    def give_back(self, customer: Customer, *, signed_in_before: bool, wrote: bool) -> None:
        customer.busy = False
        if customer.signed_in and not signed_in_before:
            self._in.append(customer)
        elif not customer.signed_in:
            if signed_in_before:
                self._in.remove(customer)
            self._out.append(customer)
        if wrote:
            self._wrote.append(customer)
