"""Where two documents differ, field by field. Pure. Secrets are named as different and never shown."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import orjson

from chassis.replica.digest import canonical

SECRETS: Final = frozenset({"password", "token_hash"})
MAX_FIELDS: Final = 20
_IDENTITIES: Final = ("id", "number", "key")
_ABSENT: Final = "(absent)"
_HIDDEN: Final = "(hidden)"


def differences(source: Mapping[str, Any], target: Mapping[str, Any]) -> dict[str, list[Any]]:
    """{path: [value at the source, value at the target]}, at most `MAX_FIELDS`; elements of lists
    are matched by their identity.
    """
    found: dict[str, list[Any]] = {}
    for path, left, right in _walk("", orjson.loads(canonical(source)), orjson.loads(canonical(target))):
        if len(found) == MAX_FIELDS:
            break
        secret = not SECRETS.isdisjoint(path.split("."))
        found[path] = [_HIDDEN, _HIDDEN] if secret else [left, right]
    return found


def _walk(path: str, left: Any, right: Any) -> Iterator[tuple[str, Any, Any]]:
    if left == right:
        return
    if isinstance(left, dict) and isinstance(right, dict):
        for name in sorted(left.keys() | right.keys()):
            yield from _walk(f"{path}.{name}".lstrip("."), left.get(name, _ABSENT), right.get(name, _ABSENT))
    elif isinstance(left, list) and isinstance(right, list):
        yield from _walk_lists(path, left, right)
    else:
        yield path, _shown(left), _shown(right)


def _walk_lists(path: str, left: list[Any], right: list[Any]) -> Iterator[tuple[str, Any, Any]]:
    lefts, rights = _identified(left), _identified(right)
    for name in dict.fromkeys((*lefts, *rights)):
        yield from _walk(f"{path}[{name}]", lefts.get(name, _ABSENT), rights.get(name, _ABSENT))
    if lefts.keys() == rights.keys() and list(lefts) != list(rights):
        yield f"{path}[]", list(lefts), list(rights)


def _identified(elements: Sequence[Any]) -> dict[str, Any]:
    """The elements by what identifies them: the first of `_IDENTITIES` that all of them have and
    no two share; else their place.
    """
    for field in _IDENTITIES:
        if all(isinstance(element, dict) and field in element for element in elements):
            named = {f"{field}={element[field]}": element for element in elements}
            if len(named) == len(elements):
                return named
    return {str(place): element for place, element in enumerate(elements)}


def _shown(value: Any) -> Any:
    """An element that one side lacks is shown without its secrets."""
    if isinstance(value, dict):
        return {name: _HIDDEN if name in SECRETS else _shown(inner) for name, inner in value.items()}
    return [_shown(inner) for inner in value] if isinstance(value, list) else value
