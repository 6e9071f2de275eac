"""The users context's door: what other contexts may ask of it, in plain values.

Nothing here knows Django or a database. Whoever holds a `UsersPort` cannot tell whether the answers come from the monolith's own
tables or from the extracted service.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PostalAddress:
    """A customer's address. `number` is 0 for the profile address, else the key of one of the further addresses."""

    number: int
    kind: str
    label: str
    lines: tuple[str, ...]
    city: str
    region: str
    postal_code: str
    country: str


@dataclass(frozen=True, slots=True)
class NewAddress:
    """An address as it is asked for; `kind` is one of billing, home, main_office, primary, shipping, archive."""

    kind: str
    label: str
    lines: tuple[str, ...]
    city: str
    region: str
    postal_code: str
    country: str


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer as other contexts see it; `key` is the integer that they keep as a reference."""

    key: int
    public_id: UUID
    email: str
    display_name: str
    addresses: tuple[PostalAddress, ...]


class UnknownCustomer(Exception):
    """No customer has this key."""

    def __init__(self, key: int) -> None:
        super().__init__(f"No customer has the key {key}.")
        self.key = key


class InvalidAddress(Exception):
    """The users context refused the address; `errors` maps field names to messages."""

    def __init__(self, errors: Mapping[str, Sequence[str]]) -> None:
        super().__init__("; ".join(f"{field}: {' '.join(messages)}" for field, messages in errors.items()))
        self.errors = errors


class UsersPort(Protocol):
    """Reads come from the side that has authority; a write is executed there, or raises."""

    def customers(self, keys: Sequence[int]) -> dict[int, Customer]:
        """The customers with these keys; keys that nobody has are absent from the answer."""
        ...

    def customer(self, key: int) -> Customer:
        """One customer. Raises `UnknownCustomer`."""
        ...

    def save_address(self, key: int, address: NewAddress) -> PostalAddress:
        """Have the address among the customer's, and answer it with its number.

        One that is there already is not added again, so a caller that does not know whether it was heard may repeat the call, at
        whichever side. Raises `UnknownCustomer`, `InvalidAddress`.
        """
        ...
