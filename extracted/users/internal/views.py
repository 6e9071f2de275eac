"""What other contexts may ask: customers by key, and that an address be among a customer's."""

import re
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from chassis.identity.drf import InternalTokenAuthentication, IsPeer
from chassis.problems import Problem, invalid
from extracted.users.fields import place_of
from extracted.users.models import Account, Address
from extracted.users.problems import UsersView
from extracted.users.services.accounts import UnknownAccount
from extracted.users.services.addresses import save_address
from extracted.users.services.customers import customers
from extracted.users.v1 import shapes

MAX_KEYS = 500
KEYS = re.compile(r"[0-9]{1,18}(,[0-9]{1,18})*")


class InternalView(UsersView):
    authentication_classes = (InternalTokenAuthentication,)
    permission_classes = (IsPeer,)


class CustomersView(InternalView):
    def get(self, request: Request) -> Response:
        """`?keys=1,2,3`: those of the customers that there are."""
        asked = request.query_params.get("keys", "")
        keys = [int(key) for key in asked.split(",")] if KEYS.fullmatch(asked) else []
        if not 1 <= len(keys) <= MAX_KEYS:
            raise invalid({"keys": [f"Give 1 to {MAX_KEYS} keys, separated by commas."]})
        return Response({"customers": [_customer(*one) for one in customers(keys)]})


class CustomerAddressesView(InternalView):
    def put(self, request: Request, key: str) -> Response:
        """Have an address among a customer's."""
        place = place_of(request.data)
        try:
            return Response(shapes.address(save_address(int(key), place)))
        except UnknownAccount as error:
            problem = "urn:banyan:problem:unknown-customer"
            raise Problem(404, "No customer has this key.", type=problem) from error


def _customer(account: Account, addresses: list[Address]) -> dict[str, Any]:
    return {
        "key": account.id,
        "public_id": account.public_id,
        "email": account.email,
        "display_name": shapes.display_name(account),
        "addresses": [shapes.address(row) for row in addresses],
    }
