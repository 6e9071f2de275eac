"""What v2 takes, and for the OpenAPI document what it gives."""

from typing import Any

from rest_framework import serializers

from extracted.users.fields import MARKETING, PHONE_KINDS, AddressSerializer, Text


class NameSerializer(serializers.Serializer[Any]):
    """The parts of a name; `shown` is the display name, or what stands in for it."""

    title = Text(8, source="name_title")
    given = Text(50, source="name_given")
    middle = Text(50, source="name_middle")
    family = Text(50, source="name_family")
    suffix = Text(10, source="name_suffix")
    display = Text(100, source="name_display", allow_null=True)
    shown = serializers.CharField(read_only=True)


class PhoneSerializer(serializers.Serializer[Any]):
    """A telephone number as it was typed, and in E.164 where that can be told."""

    original = Text(25, source="phone_original")
    e164 = serializers.CharField(read_only=True, allow_null=True)
    kind = serializers.ChoiceField(choices=PHONE_KINDS, source="phone_kind", required=False)


class ChangesSerializer(serializers.Serializer[Any]):
    """What a customer may change of themselves."""

    name = NameSerializer(required=False)
    phone = PhoneSerializer(required=False)
    marketing = serializers.ChoiceField(choices=MARKETING, required=False)

    def columns(self) -> dict[str, Any]:
        """The columns to set, once the request is valid."""
        asked = self.validated_data
        scalars = {name: value for name, value in asked.items() if name not in ("name", "phone")}
        return {**scalars, **asked.get("name", {}), **asked.get("phone", {})}


class AccountSerializer(ChangesSerializer):
    """A customer as they see themselves; written by `shapes.user`."""

    name = NameSerializer()
    phone = PhoneSerializer()
    id = serializers.UUIDField()
    key = serializers.IntegerField()
    version = serializers.IntegerField()
    email = serializers.EmailField()
    account_number = serializers.CharField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class DatedAddressSerializer(AddressSerializer):
    """An address as v2 shows it."""

    created_at = serializers.DateTimeField(read_only=True, allow_null=True)
