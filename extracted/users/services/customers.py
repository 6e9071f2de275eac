"""Accounts as other contexts ask for them: by key, many at once, with their addresses. Closed ones are still known by name."""

from collections import defaultdict
from collections.abc import Sequence

from extracted.users.models import Account, Address


def customers(keys: Sequence[int]) -> list[tuple[Account, list[Address]]]:
    """Those of the accounts that there are, each with its addresses by number; two queries."""
    places: defaultdict[int, list[Address]] = defaultdict(list)
    for row in Address.objects.filter(account_id__in=keys).order_by("number"):
        places[row.account_id].append(row)
    accounts = Account.objects.filter(pk__in=keys).defer("password", "preferences", "phone_e164")
    return [(account, places[account.id]) for account in accounts]
