"""The customer's own addresses, with the time at which each was added."""

from drf_spectacular.utils import extend_schema, extend_schema_view

from extracted.users.v1 import addresses as v1
from extracted.users.v2 import shapes
from extracted.users.v2.serializers import DatedAddressSerializer


@extend_schema_view(
    get=extend_schema(responses=DatedAddressSerializer(many=True)),
    post=extend_schema(request=DatedAddressSerializer, responses={201: DatedAddressSerializer}),
)
class AddressesView(v1.AddressesView):
    shape = staticmethod(shapes.address)


@extend_schema_view(
    get=extend_schema(responses=DatedAddressSerializer),
    put=extend_schema(request=DatedAddressSerializer, responses=DatedAddressSerializer),
)
class AddressView(v1.AddressView):
    shape = staticmethod(shapes.address)
