"""An account's preferences: names with values, replaced as a whole."""

from collections.abc import Mapping

from extracted.users.services.accounts import active, touch


def preferences(key: int) -> dict[str, str]:
    """All of the account's preferences. Raises `UnknownAccount`."""
    return dict(sorted(active(key).preferences.items()))


def replace_preferences(key: int, wanted: Mapping[str, str]) -> dict[str, str]:
    """Exactly these from now on. Raises `UnknownAccount`."""
    ordered = dict(sorted(wanted.items()))
    touch(key, preferences=ordered)
    return ordered
