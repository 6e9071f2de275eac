"""What the gateway asks of the service, and what it makes of refusals; `tests/contract/users_port` holds it to the port."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from acl.users.gateway import MAX_KEYS, UsersGateway
from chassis.client import Client, Refused
from chassis.replica.authority import Misdirected
from monolith.users.api import InvalidAddress, NewAddress, UnknownCustomer

ADDRESS = NewAddress("home", "", ("1 High Street",), "Bath", "", "", "GB")


class Told(Client):
    """A client that answers by a function, and remembers the pages it was asked for."""

    def __init__(self, answer: Callable[[], Any]) -> None:
        super().__init__("users")
        self.answer = answer
        self.pages: list[int] = []

    def call(self, method: str, path: str, *, params: Mapping[str, str] | None = None, **_: Any) -> Any:
        self.pages.append(len((params or {}).get("keys", "").split(",")))
        return self.answer()


def failing(error: Exception) -> Callable[[], Any]:
    def answer() -> Any:
        raise error

    return answer


def test_many_keys_are_asked_for_in_pages() -> None:
    """No call asks for more than the service answers at once, and none asks for nothing."""
    client = Told(lambda: {"customers": []})
    UsersGateway(client).customers([*range(1, 2 * MAX_KEYS + 2), 1, 2, 3])
    assert client.pages == [MAX_KEYS, MAX_KEYS, 1]
    UsersGateway(client).customers([0, -5, 10**18])
    assert len(client.pages) == 3


def test_a_side_without_authority_is_told_as_such() -> None:
    """Whoever chose the side must see it, on reads and on writes: the call is then made at the other."""
    gateway = UsersGateway(Told(failing(Misdirected("users", "monolith", 4))))
    with pytest.raises(Misdirected):
        gateway.customer(1)
    with pytest.raises(Misdirected):
        gateway.save_address(1, ADDRESS)


def test_messages_of_lines_are_told_without_their_positions() -> None:
    """The port knows messages by field; a list's are by position on the wire."""
    problem = {"type": "urn:banyan:problem:invalid", "errors": {"lines": {"0": ["Too long."], "1": ["No."]}}}
    with pytest.raises(InvalidAddress) as caught:
        UsersGateway(Told(failing(Refused("users", 400, problem)))).save_address(1, ADDRESS)
    assert caught.value.errors == {"lines": ["Too long.", "No."]}


def test_a_404_that_is_not_about_the_customer_is_no_unknown_customer() -> None:
    """A wrong path, say, must not look as if the customer were gone."""
    with pytest.raises(Refused):
        UsersGateway(Told(failing(Refused("users", 404, {"type": "about:blank"})))).save_address(1, ADDRESS)
    unknown = Refused("users", 404, {"type": "urn:banyan:problem:unknown-customer"})
    with pytest.raises(UnknownCustomer):
        UsersGateway(Told(failing(unknown))).save_address(1, ADDRESS)
