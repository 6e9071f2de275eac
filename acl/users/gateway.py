"""The monolith's users port, answered by the service over its internal API.

The service's refusals become the port's own errors; `Misdirected` passes through to whoever chooses the side. What is no answer
at all is the client's `CallFailed`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import cache
from typing import Any, Final
from uuid import UUID

from chassis.client import Client, Refused
from monolith.users.api import Customer, InvalidAddress, NewAddress, PostalAddress, UnknownCustomer

MAX_KEYS: Final = 500
"""The service answers this many at once."""
HIGHEST_KEY: Final = 10**18 - 1
"""The service's paths take 18 digits; no sequence will come near."""


@cache
def users_client() -> Client:
    """This process' client; it finds the service by `USERS_URL`, or by what `manage.py up` recorded."""
    return Client("users")


class UsersGateway:
    """`UsersPort`, one call a page of keys."""

    def __init__(self, client: Client | None = None) -> None:
        self._client = client or users_client()

    def customers(self, keys: Sequence[int]) -> dict[int, Customer]:
        found: dict[int, Customer] = {}
        for page in _pages(keys):
            answer = self._client.get("/internal/users/customers", {"keys": ",".join(map(str, page))})
            found |= {one["key"]: _customer(one) for one in answer["customers"]}
        return found

    def customer(self, key: int) -> Customer:
        found = self.customers([key])
        if key not in found:
            raise UnknownCustomer(key)
        return found[key]

    def save_address(self, key: int, address: NewAddress) -> PostalAddress:
        if not _possible(key):
            raise UnknownCustomer(key)
        try:
            return _address(self._client.put(f"/internal/users/customers/{key}/addresses", asdict(address)))
        except Refused as refused:
            raise _meaning(refused, key) from refused


def _pages(keys: Sequence[int]) -> Iterator[list[int]]:
    wanted = [key for key in dict.fromkeys(keys) if _possible(key)]
    for start in range(0, len(wanted), MAX_KEYS):
        yield wanted[start : start + MAX_KEYS]


def _possible(key: int) -> bool:
    return 0 < key <= HIGHEST_KEY


def _meaning(refused: Refused, key: int) -> Exception:
    if refused.answer == 404 and refused.kind == "urn:banyan:problem:unknown-customer":
        return UnknownCustomer(key)
    if refused.answer == 400 and refused.messages:
        return InvalidAddress({field: list(_texts(told)) for field, told in refused.messages.items()})
    return refused


def _texts(told: Any) -> Iterator[str]:
    """The messages of a field; those of a list's items are told by position."""
    if isinstance(told, str):
        yield told
        return
    for one in told.values() if isinstance(told, Mapping) else told:
        yield from _texts(one)


def _customer(one: Mapping[str, Any]) -> Customer:
    return Customer(
        key=one["key"],
        public_id=UUID(one["public_id"]),
        email=one["email"],
        display_name=one["display_name"],
        addresses=tuple(_address(address) for address in one["addresses"]),
    )


def _address(one: Mapping[str, Any]) -> PostalAddress:
    return PostalAddress(**{**one, "lines": tuple(one["lines"])})
