"""The customer's own addresses."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from chassis.rest.pages import Pages
from extracted.users.fields import AddressSerializer, place_of
from extracted.users.problems import UsersView, key_of
from extracted.users.services import addresses
from extracted.users.v1 import shapes


class AddressesView(UsersView):
    shape = staticmethod(shapes.address)

    @extend_schema(responses=AddressSerializer(many=True))
    def get(self, request: Request) -> Response:
        """All addresses by number; the profile address comes first, if there is one."""
        pages = Pages()
        page = pages.paginate_queryset(addresses.addresses(key_of(request)), request)
        return pages.get_paginated_response([self.shape(row) for row in page or ()])

    @extend_schema(request=AddressSerializer, responses={201: AddressSerializer})
    def post(self, request: Request) -> Response:
        """Add an address."""
        added = addresses.add_address(key_of(request), place_of(request.data))
        return Response(self.shape(added), status=201)


class AddressView(UsersView):
    shape = staticmethod(shapes.address)

    @extend_schema(responses=AddressSerializer)
    def get(self, request: Request, number: str) -> Response:
        """One address."""
        return Response(self.shape(addresses.address(key_of(request), int(number))))

    @extend_schema(request=AddressSerializer, responses=AddressSerializer)
    def put(self, request: Request, number: str) -> Response:
        """Replace an address; the profile address is set whether or not there was one."""
        place = place_of(request.data, int(number))
        return Response(self.shape(addresses.put_address(key_of(request), int(number), place)))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, number: str) -> Response:
        """Remove an address."""
        addresses.delete_address(key_of(request), int(number))
        return Response(status=204)
