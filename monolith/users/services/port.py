"""The users context's port, answered from the monolith's own tables."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict

from monolith.users import shapes
from monolith.users.api import Customer, NewAddress, PostalAddress, UnknownCustomer, UsersPort
from monolith.users.models import Address, User
from monolith.users.serializers import new_address
from monolith.users.services.accounts import UnknownAccount
from monolith.users.services.addresses import save_address


class LocalUsers:
    """`UsersPort` in two queries, however many customers are asked for. Closed accounts are still known by
    name.
    """

    def customers(self, keys: Sequence[int]) -> dict[int, Customer]:
        places: defaultdict[int, list[PostalAddress]] = defaultdict(list)
        for row in Address.objects.filter(user_id__in=keys).order_by("id"):
            places[row.user_id].append(shapes.further_address(row))
        users = User.objects.filter(pk__in=keys).defer("password", "phone", "account_number", "last_login")
        return {user.id: _customer(user, places[user.id]) for user in users}

    def customer(self, key: int) -> Customer:
        found = self.customers([key])
        if key not in found:
            raise UnknownCustomer(key)
        return found[key]

    def save_address(self, key: int, address: NewAddress) -> PostalAddress:
        checked = new_address(asdict(address))
        try:
            return save_address(key, checked)
        except UnknownAccount as error:
            raise UnknownCustomer(key) from error


def _customer(user: User, further: list[PostalAddress]) -> Customer:
    profile = shapes.profile_address(user)
    return Customer(
        key=user.id,
        public_id=user.public_id,
        email=user.email,
        display_name=shapes.display_name(user),
        addresses=(profile, *further) if profile else tuple(further),
    )


def local_users() -> UsersPort:
    """The port's factory, for `settings.PORTS`."""
    return LocalUsers()
