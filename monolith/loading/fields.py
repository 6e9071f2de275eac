"""Rules for single values of a CSV file. Each refuses with `FieldError`, which names the field and shows the value."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from monolith.loading.errors import FieldError

LARGEST = 2**63 - 1


def text(value: str, limit: int, field: str) -> str:
    """`value` without blanks around it; longer than `limit` characters, or with a NUL, is refused rather than cut."""
    stripped = value.strip()
    if len(stripped) > limit:
        raise FieldError(f"{field} has {len(stripped)} characters, the column holds {limit}")
    if "\0" in stripped:
        raise FieldError(f"{field} holds a NUL character")
    return stripped


def whole(value: str, field: str) -> int:
    """A whole number, also when it is written as ``17850.0``."""
    digits, _, fraction = value.strip().partition(".")
    unsigned = digits[1:] if digits[:1] in ("-", "+") else digits
    if not (unsigned.isascii() and unsigned.isdigit()) or fraction.strip("0"):
        raise FieldError(f"{field} {value!r} is not a whole number")
    number = int(digits)
    if abs(number) > LARGEST:
        raise FieldError(f"{field} {value!r} is too large")
    return number


def optional_whole(value: str, field: str) -> int | None:
    """A whole number, or None for an empty field."""
    return whole(value, field) if value.strip() else None


def money(value: str, field: str) -> Decimal:
    """An amount with at most four decimals and ten digits before them."""
    try:
        amount = Decimal(value)
    except InvalidOperation:
        raise FieldError(f"{field} {value!r} is not an amount") from None
    if not amount.is_finite() or abs(amount) >= 10**10 or amount != round(amount, 4):
        raise FieldError(f"{field} {value!r} does not fit ten digits and four decimals")
    return amount


def moment(value: str, field: str) -> datetime:
    """``2014-09-12 11:15:07[.967000000]`` as UTC; digits beyond the microsecond are cut."""
    try:
        return datetime.fromisoformat(value.strip()[:26]).replace(tzinfo=UTC)
    except ValueError:
        raise FieldError(f"{field} {value!r} is not a date and time") from None
