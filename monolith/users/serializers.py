"""The API's shapes of a customer. Limits are those of the legacy columns, on this side and in the service
alike.
"""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError as PasswordRefused
from django.db.models import IntegerChoices
from rest_framework import serializers

from monolith.users import shapes
from monolith.users.api import InvalidAddress, NewAddress
from monolith.users.models import EmailPromotion, PhoneType, User


class NameOf(serializers.ChoiceField):
    """A choice that is stored as an integer and told by its name in lower case."""

    def __init__(self, choices: type[IntegerChoices], **kwargs: Any) -> None:
        self.numbers = {choice.name.lower(): choice.value for choice in choices}
        super().__init__(choices=tuple(self.numbers), **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        return self.numbers[super().to_internal_value(data)]


class Email(serializers.EmailField):
    """An e-mail address, lower-cased before its length is looked at: some letters grow."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=254, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        return super().to_internal_value(data).lower()


class Text(serializers.CharField):
    """A column that may be blank and need not be given."""

    def __init__(self, length: int, **kwargs: Any) -> None:
        super().__init__(max_length=length, allow_blank=True, required=False, **kwargs)


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
    """A new customer. The password is taken as it is typed, blanks and all."""

    email = Email()
    password = serializers.CharField(max_length=128, trim_whitespace=False, write_only=True)

    def validate_password(self, value: str) -> str:
        try:
            validate_password(value)
        except PasswordRefused as refusal:
            raise serializers.ValidationError(refusal.messages) from refusal
        return value


class Preferences(serializers.DictField):
    """Names of 1 to 40 characters, each with a text of at most 200."""

    def __init__(self) -> None:
        super().__init__(child=serializers.CharField(max_length=200, allow_blank=True, trim_whitespace=False))
        self.name = serializers.CharField(max_length=40, trim_whitespace=False)

    def to_internal_value(self, data: Any) -> dict[str, str]:
        values: dict[str, str] = super().to_internal_value(data)
        for name in values:
            try:
                self.name.run_validation(name)
            except serializers.ValidationError as refusal:
                raise serializers.ValidationError({name: refusal.detail}) from refusal
        return values


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
