"""The two implementations of the port, and how a test makes customers on each side."""

from typing import Any, Protocol
from uuid import uuid4

from acl.users.gateway import UsersGateway
from chassis.client import Client
from monolith.users.api import NewAddress, UsersPort
from tests.contract.users_v1.client import PASSWORD, Api, Customer


def new_address(**changes: Any) -> NewAddress:
    """An address, with changes."""
    plain = {"kind": "home", "label": "", "lines": ("1 High Street",), "city": "Bath", "region": "SOM"}
    return NewAddress(**{**plain, "postal_code": "BA1 1AA", "country": "GB", **changes})


class Side(Protocol):
    """A side: its port, and what a test does behind the port's back."""

    port: UsersPort

    def register(self, **profile: str) -> tuple[int, str]:
        """A new customer's key and e-mail address."""
        ...

    def set_profile_address(self, key: int, address: NewAddress) -> None: ...


class Monolith:
    """The monolith's own tables, in this process."""

    def __init__(self) -> None:
        from monolith.users.services import local_users

        self.port = local_users()

    def register(self, **profile: str) -> tuple[int, str]:
        from monolith.users.services.accounts import register

        user = register(f"{uuid4().hex}@example.org", PASSWORD, profile)
        return user.id, user.email

    def set_profile_address(self, key: int, address: NewAddress) -> None:
        from monolith.users.services.addresses import put_address

        put_address(key, 0, address)


class Service:
    """The users service, in a process of its own, through the gateway."""

    def __init__(self, base: str, token: str) -> None:
        self.port: UsersPort = UsersGateway(Client("users", locate=lambda _: base, token=lambda: token))
        self.api = Api(base)
        self.customers: dict[int, Customer] = {}

    def register(self, **profile: str) -> tuple[int, str]:
        customer = self.api.new_customer(**profile)
        self.customers[customer.user["key"]] = customer
        return customer.user["key"], customer.user["email"]

    def set_profile_address(self, key: int, address: NewAddress) -> None:
        body = {name: getattr(address, name) for name in ("lines", "city", "region", "postal_code", "country")}
        assert self.customers[key].call("PUT", "/addresses/0", body).status_code == 200
