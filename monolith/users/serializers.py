"""The API's shapes of a customer. Limits are those of the legacy columns, on this side and in the service
alike.
"""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from monolith.users import shapes
from monolith.users.api import InvalidAddress, NewAddress
from monolith.users.fields import Email, NameOf, Password, Text
from monolith.users.models import EmailPromotion, PhoneType, User


class AddressSerializer(serializers.Serializer[Any]):
    """An address."""

    number = serializers.IntegerField(read_only=True)
    kind = serializers.ChoiceField(choices=(*shapes.KINDS, shapes.PROFILE_KIND))
    label = Text(40, default="")  # type: ignore[assignment]  # a field's name
    lines = serializers.ListField(child=serializers.CharField(max_length=60, allow_blank=True), max_length=2, default=list)
    city = Text(60, default="")
    region = Text(50, default="")
    postal_code = Text(15, default="")
    country = Text(2, default="")

    def validate_kind(self, value: str) -> str:
        if value == shapes.PROFILE_KIND:
            raise serializers.ValidationError("The profile address has the number 0; put it there.")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        places = (*attrs["lines"], attrs["city"], attrs["region"], attrs["postal_code"], attrs["country"])
        if not any(places):
            raise serializers.ValidationError({"lines": ["An address cannot be empty."]})
        return attrs


class ProfileAddressSerializer(AddressSerializer):
    """The address 0: its kind can only be "profile", and it has no label."""

    kind = serializers.ChoiceField(choices=(shapes.PROFILE_KIND,), default=shapes.PROFILE_KIND)
    label = Text(0, default="")

    def validate_kind(self, value: str) -> str:
        return value


def new_address(data: Any, shape: type[AddressSerializer] = AddressSerializer) -> NewAddress:
    """The address that somebody gave, checked. Raises `InvalidAddress`."""
    asked = shape(data=data)
    if not asked.is_valid():
        raise InvalidAddress({field: _flat(messages) for field, messages in asked.errors.items()})
    return NewAddress(**{**asked.validated_data, "lines": tuple(asked.validated_data["lines"])})


def _flat(messages: Any) -> list[str]:
    """The messages of a field, those of a list's members among them."""
    if isinstance(messages, Mapping):
        return [str(message) for each in messages.values() for message in each]
    return [str(message) for message in messages]


class ProfileSerializer(serializers.Serializer[User]):
    """What a customer may change of themselves."""

    title = Text(8)
    first_name = Text(50)
    middle_name = Text(50)
    last_name = Text(50)
    suffix = Text(10)
    nickname = Text(100, allow_null=True)
    phone = Text(25)
    phone_type = NameOf(PhoneType, required=False)
    email_promotion = NameOf(EmailPromotion, required=False)


class UserSerializer(ProfileSerializer):
    """A customer as they see themselves; `representation.user_json` is what makes it."""

    id = serializers.UUIDField()
    key = serializers.IntegerField()
    email = serializers.EmailField()
    display_name = serializers.CharField()
    account_number = serializers.CharField()
    is_active = serializers.BooleanField()
    profile_address = ProfileAddressSerializer(allow_null=True)
    date_joined = serializers.DateTimeField()
    modified = serializers.DateTimeField()


class RegistrationSerializer(ProfileSerializer):
    """A new customer."""

    email = Email()
    password = Password()


class LoginSerializer(serializers.Serializer[Any]):
    email = serializers.CharField(max_length=254)
    password = serializers.CharField(max_length=128, trim_whitespace=False)

    def validate_email(self, value: str) -> str:
        return value.lower()


class RefreshSerializer(serializers.Serializer[Any]):
    refresh = serializers.CharField(max_length=200)


class WhoSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    key = serializers.IntegerField()


class SessionSerializer(serializers.Serializer[Any]):
    """What a login or a refresh answers: two tokens, and whose they are."""

    access = serializers.CharField()
    refresh = serializers.CharField()
    token_type = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="seconds until the access token expires")
    user = WhoSerializer()
