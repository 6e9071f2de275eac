"""The API's shapes of an order. Money is a decimal as text, with the order's currency."""

from typing import Any

from rest_framework import serializers

from monolith.orders.commands import LineWanted
from monolith.orders.models import OrderKind, OrderStatus
from monolith.users.api import NewAddress

MAX_LINES = 100
MAX_QUANTITY = 10_000


class Money(serializers.DecimalField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=14, decimal_places=4, **kwargs)


class LineWantedSerializer(serializers.Serializer[Any]):
    sku = serializers.CharField(max_length=40)
    quantity = serializers.IntegerField(min_value=1, max_value=MAX_QUANTITY)


class NewAddressSerializer(serializers.Serializer[Any]):
    """An address given with the order. The users context has the last word on one that is to be saved."""

    kind = serializers.CharField(max_length=20, default="shipping")
    label = serializers.CharField(max_length=40, allow_blank=True, default="")  # type: ignore[assignment]  # a field's name
    lines = serializers.ListField(child=serializers.CharField(max_length=60, allow_blank=True), min_length=1, max_length=2)
    city = serializers.CharField(max_length=60, allow_blank=True, default="")
    region = serializers.CharField(max_length=50, allow_blank=True, default="")
    postal_code = serializers.CharField(max_length=15, allow_blank=True, default="")
    country = serializers.CharField(max_length=2, allow_blank=True, default="")

    def to_internal_value(self, data: Any) -> Any:
        values = super().to_internal_value(data)
        return NewAddress(**{**values, "lines": tuple(values["lines"])})


class PlaceOrderSerializer(serializers.Serializer[Any]):
    """What is ordered and where it goes: `ship_to` is the number of an address, or there is a
    `new_address`.
    """

    lines = serializers.ListField(child=LineWantedSerializer(), allow_empty=False, max_length=MAX_LINES)
    ship_to = serializers.IntegerField(allow_null=True, default=None, min_value=0)
    new_address = NewAddressSerializer(allow_null=True, default=None)
    save_address = serializers.BooleanField(default=False)

    def validate_lines(self, value: list[dict[str, Any]]) -> tuple[LineWanted, ...]:
        return tuple(LineWanted(**line) for line in value)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["ship_to"] is not None and attrs["new_address"] is not None:
            raise serializers.ValidationError({"ship_to": ["Give either this or a new address."]})
        return attrs


class OrderLineSerializer(serializers.Serializer[Any]):
    line_number = serializers.IntegerField()
    sku = serializers.CharField()
    name = serializers.CharField()
    quantity = serializers.IntegerField()
    unit_price = Money()
    discount = serializers.DecimalField(max_digits=6, decimal_places=4)
    line_total = Money()


class CustomerSerializer(serializers.Serializer[Any]):
    """The customer as they are called now."""

    display_name = serializers.CharField()
    email = serializers.EmailField()


class OrderSerializer(serializers.Serializer[Any]):
    """An order; `representation.order_json` is what makes it."""

    id = serializers.UUIDField()
    number = serializers.CharField()
    kind = serializers.ChoiceField(choices=[kind.name.lower() for kind in OrderKind])
    status = serializers.ChoiceField(choices=[status.name.lower() for status in OrderStatus])
    customer = CustomerSerializer(allow_null=True)
    ship_name = serializers.CharField(allow_blank=True)
    ship_address = serializers.CharField(allow_blank=True)
    ship_country = serializers.CharField(allow_blank=True)
    currency = serializers.CharField()
    subtotal = Money()
    tax = Money()
    freight = Money()
    total = Money()
    placed_at = serializers.DateTimeField()
    lines = OrderLineSerializer(many=True)
