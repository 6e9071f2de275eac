"""What v1 takes, and for the OpenAPI document what it gives."""

from typing import Any

from rest_framework import serializers

from extracted.users.fields import MARKETING, PHONE_KINDS, Email, Password, ProfileAddressSerializer, Text
from extracted.users.models import Account


class ProfileSerializer(serializers.Serializer[Account]):
    """What a customer may change of themselves."""

    title = Text(8, source="name_title")
    first_name = Text(50, source="name_given")
    middle_name = Text(50, source="name_middle")
    last_name = Text(50, source="name_family")
    suffix = Text(10, source="name_suffix")
    nickname = Text(100, source="name_display", allow_null=True)
    phone = Text(25, source="phone_original")
    phone_type = serializers.ChoiceField(choices=PHONE_KINDS, source="phone_kind", required=False)
    email_promotion = serializers.ChoiceField(choices=MARKETING, source="marketing", required=False)


class UserSerializer(ProfileSerializer):
    """A customer as they see themselves; written by `shapes.user`."""

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


class TokensSerializer(serializers.Serializer[Any]):
    """What a login or a refresh answers: two tokens, and whose they are."""

    access = serializers.CharField()
    refresh = serializers.CharField()
    token_type = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="seconds until the access token expires")
    user = WhoSerializer()
