"""The users context's port over HTTP, for the platform's own processes. The service answers the same."""

import re

from rest_framework.request import Request
from rest_framework.response import Response

from chassis.identity.drf import InternalTokenAuthentication, IsPeer
from chassis.problems import invalid
from monolith.users.serializers import new_address
from monolith.users.services.port import local_users
from monolith.users.views.refusals import UsersView

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
        return Response({"customers": list(local_users().customers(keys).values())})


class CustomerAddressesView(InternalView):
    def put(self, request: Request, key: str) -> Response:
        """Have an address among a customer's."""
        return Response(local_users().save_address(int(key), new_address(request.data)))
