"""What a customer can ask of the shop: each function here makes one request and says what its answer means.

Everything goes through the public API; nothing here knows which side answers.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from migrations_tools.demo.customers import Customer

USERS = "/api/v1/users"
ORDERS = "/api/v1/orders"
CATALOG = "/api/v1/catalog"

Json = Any
Slots = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ticket:
    """One arrival: its number, a value that no other write of any run carries, dice, and what is for sale."""

    n: int
    unique: str
    dice: random.Random
    skus: Sequence[str]


def _nothing(_: Json) -> Slots:
    return {}


@dataclass(frozen=True, slots=True)
class Call:
    """A request and its rules. `acks`, `refusals`: the statuses that are an acknowledgement, or a refusal that is right;
    any other is a failure. `sets`: what it writes, as far as known before; `learn`: what the acknowledgement adds to that;
    `sees` and `covers`: what a read shows, and the slots that it must show."""

    method: str
    target: str
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    acks: frozenset[int] = frozenset({200})
    refusals: frozenset[int] = frozenset()
    sets: Slots = field(default_factory=dict)
    learn: Callable[[Json], Slots] = _nothing
    sees: Callable[[Json], Slots] = _nothing
    covers: Sequence[str] = ()

    @property
    def writes(self) -> bool:
        return self.method != "GET"


Maker = Callable[[Customer, Ticket], Call]


def body(value: Json) -> bytes:
    return orjson.dumps(value)


def as_customer(customer: Customer) -> dict[str, str]:
    return {"Authorization": f"Bearer {customer.access}"}
