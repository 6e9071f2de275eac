"""What v2 shows of an account."""

from typing import Any

from extracted.users.models import Account, Address
from extracted.users.v1 import shapes as v1


def user(account: Account) -> dict[str, Any]:
    """An account as its owner sees it."""
    return {
        "id": account.public_id,
        "key": account.id,
        "version": account.version,
        "email": account.email,
        "name": {
            "title": account.name_title,
            "given": account.name_given,
            "middle": account.name_middle,
            "family": account.name_family,
            "suffix": account.name_suffix,
            "display": account.name_display,
            "shown": v1.display_name(account),
        },
        "phone": {
            "original": account.phone_original,
            "e164": account.phone_e164,
            "kind": account.phone_kind,
        },
        "marketing": account.marketing,
        "account_number": account.account_number,
        "created_at": account.created_at,
        "updated_at": account.updated_at,
    }


def address(row: Address) -> dict[str, Any]:
    """An address with the time at which it was added; null for the profile address."""
    return {**v1.address(row), "created_at": row.created_at}
