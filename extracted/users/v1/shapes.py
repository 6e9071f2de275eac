"""What v1 shows of an account. Plain dictionaries: these are the answers asked for most."""

from typing import Any

from extracted.users.models import Account, Address


def display_name(account: Account) -> str:
    """The display name, else the parts of the name joined by one blank, else the e-mail address."""
    parts = (
        account.name_title,
        account.name_given,
        account.name_middle,
        account.name_family,
        account.name_suffix,
    )
    return account.name_display or " ".join(part for part in parts if part) or account.email


def user(account: Account, profile: Address | None) -> dict[str, Any]:
    """An account as its owner sees it."""
    return {
        "id": account.public_id,
        "key": account.id,
        "email": account.email,
        "title": account.name_title,
        "first_name": account.name_given,
        "middle_name": account.name_middle,
        "last_name": account.name_family,
        "suffix": account.name_suffix,
        "nickname": account.name_display,
        "display_name": display_name(account),
        "phone": account.phone_original,
        "phone_type": account.phone_kind,
        "email_promotion": account.marketing,
        "account_number": account.account_number,
        "is_active": account.active,
        "profile_address": address(profile) if profile else None,
        "date_joined": account.created_at,
        "modified": account.updated_at,
    }


def address(row: Address) -> dict[str, Any]:
    """An address; v1 does not tell its age."""
    return {
        "number": row.number,
        "kind": row.kind,
        "label": row.label,
        "lines": row.lines,
        "city": row.city,
        "region": row.region,
        "postal_code": row.postal_code,
        "country": row.country,
    }
