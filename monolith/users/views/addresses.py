"""The customer's own addresses."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from chassis.rest.pages import Pages
from monolith.users import shapes
from monolith.users.api import NewAddress
from monolith.users.serializers import AddressSerializer, ProfileAddressSerializer, new_address
from monolith.users.services import addresses
from monolith.users.views.refusals import UsersView, key_of


class AddressesView(UsersView):
    @extend_schema(responses=AddressSerializer(many=True))
    def get(self, request: Request) -> Response:
        """All addresses by number; the profile address comes first, if there is one."""
        pages = Pages()
        page = pages.paginate_queryset(addresses.addresses(key_of(request)), request)
        return pages.get_paginated_response(page)

    @extend_schema(request=AddressSerializer, responses={201: AddressSerializer})
    def post(self, request: Request) -> Response:
        """Add an address."""
        added = addresses.add_address(key_of(request), new_address(request.data))
        return Response(added, status=201)


class AddressView(UsersView):
    @extend_schema(responses=AddressSerializer)
    def get(self, request: Request, number: str) -> Response:
        """One address."""
        return Response(addresses.address(key_of(request), int(number)))

    @extend_schema(request=AddressSerializer, responses=AddressSerializer)
    def put(self, request: Request, number: str) -> Response:
        """Replace an address; the profile address is set whether or not there was one."""
        put = addresses.put_address(key_of(request), int(number), _asked(request, int(number)))
        return Response(put)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, number: str) -> Response:
        """Remove an address."""
        addresses.delete_address(key_of(request), int(number))
        return Response(status=204)


def _asked(request: Request, number: int) -> NewAddress:
    return new_address(request.data, ProfileAddressSerializer if number == shapes.PROFILE else AddressSerializer)
