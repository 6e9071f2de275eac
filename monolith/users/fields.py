"""The kinds of fields that the users API takes. Limits are those of the legacy columns."""

from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError as PasswordRefused
from django.db.models import IntegerChoices
from rest_framework import serializers


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


class Password(serializers.CharField):
    """A new password of 8 to 128 characters, taken as it is typed, blanks and all."""

    def __init__(self) -> None:
        super().__init__(max_length=128, trim_whitespace=False, write_only=True)

    def to_internal_value(self, data: Any) -> str:
        password = super().to_internal_value(data)
        try:
            validate_password(password)
        except PasswordRefused as refusal:
            raise serializers.ValidationError(refusal.messages) from refusal
        return password


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
