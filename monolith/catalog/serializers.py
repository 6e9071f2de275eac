"""The API's shapes of the catalog. Money is a decimal as text, with its currency beside it."""

from typing import Any

from rest_framework import serializers


class CategorySerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    parent = serializers.IntegerField(source="parent_id", allow_null=True)  # type: ignore[assignment]  # a field's name


class ProductSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="public_id")
    sku = serializers.CharField()
    name = serializers.CharField()
    category = CategorySerializer(allow_null=True)
    color = serializers.CharField()
    size = serializers.CharField()
    price = serializers.DecimalField(source="list_price", max_digits=12, decimal_places=4)
    currency = serializers.CharField()
    is_active = serializers.BooleanField()


class SearchSerializer(serializers.Serializer[Any]):
    """What products are asked for."""

    category = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    q = serializers.CharField(required=False, allow_blank=True, max_length=100)
