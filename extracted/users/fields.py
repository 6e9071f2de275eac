"""Fields that both versions of the API have. Limits are those of the columns, which are the legacy columns' on purpose."""

from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError as PasswordRefused
from rest_framework import serializers

from extracted.users.models import AddressKind, Marketing, PhoneKind
from extracted.users.services.addresses import Place

FURTHER_KINDS = tuple(kind.value for kind in AddressKind if kind is not AddressKind.PROFILE)
PROFILE_KIND = AddressKind.PROFILE.value
ADDRESS_KINDS = (*FURTHER_KINDS, PROFILE_KIND)
PHONE_KINDS = tuple(PhoneKind.values)
MARKETING = tuple(Marketing.values)


class Text(serializers.CharField):
    """A column that may be blank and need not be given."""

    def __init__(self, length: int, **kwargs: Any) -> None:
        super().__init__(max_length=length, allow_blank=True, required=False, **kwargs)


class Email(serializers.EmailField):
    """An e-mail address, lower-cased before its length is looked at: some letters grow."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=254, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        return super().to_internal_value(data).lower()


class Password(serializers.CharField):
    """A new password, taken as it is typed, blanks and all."""

    def __init__(self) -> None:
        super().__init__(max_length=128, trim_whitespace=False, write_only=True)

    def to_internal_value(self, data: Any) -> str:
        value: str = super().to_internal_value(data)
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


class AddressSerializer(serializers.Serializer[Any]):
    """An address, in and out."""

    number = serializers.IntegerField(read_only=True)
    kind = serializers.ChoiceField(choices=ADDRESS_KINDS)
    label = Text(40, default="")  # type: ignore[assignment]  # a field, where the base class has a text
    lines = serializers.ListField(child=serializers.CharField(max_length=60, allow_blank=True), max_length=2, default=list)
    city = Text(60, default="")
    region = Text(50, default="")
    postal_code = Text(15, default="")
    country = Text(2, default="")

    def validate_kind(self, value: str) -> str:
        if value == PROFILE_KIND:
            raise serializers.ValidationError("The profile address has the number 0; put it there.")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        places = (*attrs["lines"], attrs["city"], attrs["region"], attrs["postal_code"], attrs["country"])
        if not any(places):
            raise serializers.ValidationError({"lines": ["An address cannot be empty."]})
        return attrs

    def place(self) -> Place:
        """What was asked for, once it is valid."""
        return Place(**self.validated_data)


class ProfileAddressSerializer(AddressSerializer):
    """The address 0: its kind can only be "profile", and it has no label."""

    kind = serializers.ChoiceField(choices=(PROFILE_KIND,), default=PROFILE_KIND)
    label = serializers.CharField(max_length=0, allow_blank=True, default="")  # type: ignore[assignment]  # as above

    def validate_kind(self, value: str) -> str:
        return value


def place_of(data: Any, number: int | None = None) -> Place:
    """The address in a request's body, for the address `number` (None: a new one). Raises ValidationError."""
    asked = ProfileAddressSerializer(data=data) if number == 0 else AddressSerializer(data=data)
    asked.is_valid(raise_exception=True)
    return asked.place()
