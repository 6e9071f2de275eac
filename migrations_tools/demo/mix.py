"""What real traffic is made of: every operation with its share, from one table, drawn in an order that the seed fixes."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from migrations_tools.demo.calls import Maker, accounts, addresses, orders, profile
from migrations_tools.demo.customers import Customer


class Who(Enum):
    """Whose operation it is."""

    NEWCOMER = auto()
    SIGNED_OUT = auto()
    SIGNED_IN = auto()
    WROTE = auto()  # signed in, and rather one whose last write was just acknowledged
    ANYONE = auto()  # nobody in particular, hence no customer is busy with it


def _always(_: Customer) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Operation:
    name: str
    share: float
    who: Who
    make: Maker
    fits: Callable[[Customer], bool] = _always


def _has_seen_order(customer: Customer) -> bool:
    return bool(customer.held("order:"))


RENEW = Operation("refresh", 5, Who.SIGNED_IN, accounts.refresh)
LOGIN = Operation("login", 2.5, Who.SIGNED_OUT, accounts.login)
BROWSE = Operation("browse", 4, Who.ANYONE, orders.browse)

OPERATIONS: tuple[Operation, ...] = (
    Operation("register", 2, Who.NEWCOMER, accounts.register),
    Operation("register taken", 0.5, Who.SIGNED_IN, accounts.register_taken, accounts.is_newcomer),
    LOGIN,
    Operation("login wrong", 0.5, Who.SIGNED_IN, accounts.login_wrong),
    RENEW,
    Operation("logout", 0.5, Who.SIGNED_IN, accounts.logout),
    Operation("change profile", 9, Who.SIGNED_IN, profile.change_profile),
    Operation("set profile address", 3, Who.SIGNED_IN, profile.set_profile_address),
    Operation("set preferences", 7, Who.SIGNED_IN, profile.set_preferences),
    Operation("add address", 6, Who.SIGNED_IN, addresses.add, addresses.has_room),
    Operation("change address", 4, Who.SIGNED_IN, addresses.change, addresses.has_one),
    Operation("remove address", 2, Who.SIGNED_IN, addresses.remove, addresses.has_one),
    Operation("order", 6, Who.SIGNED_IN, orders.place),
    Operation("order to new address", 2, Who.SIGNED_IN, orders.place_to_new_address, addresses.has_room),
    Operation("order repeated", 1, Who.SIGNED_IN, orders.repeat, orders.has_ordered),
    Operation("read me", 14, Who.WROTE, profile.read_me),
    Operation("read preferences", 7, Who.WROTE, profile.read_preferences),
    Operation("read addresses", 10, Who.WROTE, addresses.read),
    Operation("read history", 10, Who.WROTE, orders.read_history),
    Operation("read order", 2, Who.SIGNED_IN, orders.read_order, _has_seen_order),
    BROWSE,
)

LAST_LOOK: tuple[Operation, ...] = (
    Operation("last look at me", 0, Who.SIGNED_IN, profile.read_me),
    Operation("last look at preferences", 0, Who.SIGNED_IN, profile.read_preferences),
    Operation("last look at addresses", 0, Who.SIGNED_IN, addresses.read),
    Operation("last look at history", 0, Who.SIGNED_IN, orders.read_history, _has_seen_order),
)
"""Every signed-in customer is looked at once more, through the facade, when the load is over."""


class Mix:
    """The operations in an order that depends on the seed alone."""

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(f"mix {seed}")  # noqa: S311 - it must be repeatable, not secret
        self._shares = [operation.share for operation in OPERATIONS]

    def draw(self) -> Operation:
        return self._dice.choices(OPERATIONS, self._shares)[0]
