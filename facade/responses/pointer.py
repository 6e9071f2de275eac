"""JSON pointers (RFC 6901) into decoded JSON, with one addition: `*` stands for every element of an array.

A pointer that leads nowhere changes nothing. The root cannot be taken away.
"""

import re
from typing import Any

Steps = tuple[str, ...]
_POINTER = re.compile(r"(/([^~/]|~[01])*)+")
EVERY = "*"


def parse(pointer: str) -> Steps:
    """The steps of a pointer. Raises ValueError for what is none, and for the root."""
    if not _POINTER.fullmatch(pointer):
        raise ValueError(f"{pointer!r} is no JSON pointer below the root, like /customer/0/name")
    return tuple(step.replace("~1", "/").replace("~0", "~") for step in pointer[1:].split("/"))


def written(steps: list[Any]) -> str:
    """The pointer to a place."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def holders(document: Any, steps: Steps) -> list[Any]:
    """The objects and arrays that hold what the last step names."""
    found = [document]
    for step in steps[:-1]:
        found = [child for holder in found for child in _children(holder, step)]
    return found


def remove(document: Any, steps: Steps) -> None:
    """Take away what the pointer names."""
    last = steps[-1]
    for holder in holders(document, steps):
        if isinstance(holder, dict):
            holder.pop(last, None)
        elif isinstance(holder, list):
            if last == EVERY:
                holder.clear()
            elif (index := _index(last, holder)) is not None:
                del holder[index]


def rename(document: Any, steps: Steps, name: str) -> None:
    """Give a member of an object another name; one that has this name already is replaced. Elements of arrays have none."""
    last = steps[-1]
    for holder in holders(document, steps):
        if isinstance(holder, dict) and last in holder:
            holder[name] = holder.pop(last)


def _children(holder: Any, step: str) -> list[Any]:
    if isinstance(holder, dict):
        return [holder[step]] if step in holder else []
    if isinstance(holder, list):
        if step == EVERY:
            return holder
        index = _index(step, holder)
        return [holder[index]] if index is not None else []
    return []


def _index(step: str, holder: list[Any]) -> int | None:
    """The element that a step names: digits without a leading nought."""
    if not (step.isascii() and step.isdigit()) or (len(step) > 1 and step[0] == "0") or len(step) > 9:
        return None
    return int(step) if int(step) < len(holder) else None
