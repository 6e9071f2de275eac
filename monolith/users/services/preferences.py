"""A customer's preferences: names with values, replaced as a whole."""

from collections.abc import Mapping

from django.db import transaction

from monolith.users.models import Preference
from monolith.users.services.accounts import active, touch


def preferences(key: int) -> dict[str, str]:
    """All of the customer's preferences. Raises `UnknownAccount`."""
    active(key)
    return _stored(key)


def replace_preferences(key: int, wanted: Mapping[str, str]) -> dict[str, str]:
    """Exactly these from now on; what stays as it is, is not written. Raises `UnknownAccount`."""
    with transaction.atomic():
        touch(key)
        stored = _stored(key)
        stale = [name for name, value in stored.items() if wanted.get(name) != value]
        fresh = [name for name, value in wanted.items() if stored.get(name) != value]
        if stale:
            Preference.objects.filter(user_id=key, name__in=stale).delete()
        if fresh:
            Preference.objects.bulk_create(Preference(user_id=key, name=name, value=wanted[name]) for name in fresh)
    return dict(sorted(wanted.items()))


def _stored(key: int) -> dict[str, str]:
    return dict(Preference.objects.filter(user_id=key).order_by("name").values_list("name", "value"))
