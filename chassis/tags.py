"""The tags of answers that facades keep, and the channel on which they are told that such answers are history. Pure.

Answers carry tags in `Surrogate-Key`, the same three everywhere: the context, which is everything; `<context>:<kind>`, whatever
shows several of a kind; `<context>:<kind>:<key>`, what shows that one.
"""

from collections.abc import Iterable

CHANNEL = "banyan:purge"
HEADER = "Surrogate-Key"


def everything(context: str) -> str:
    """The tag of all answers of a context."""
    return context


def several(context: str, kind: str) -> str:
    """The tag of answers that show several of a kind."""
    return f"{context}:{kind}"


def one(context: str, kind: str, key: int) -> str:
    """The tag of answers that show this one."""
    return f"{context}:{kind}:{key}"


def changed(context: str, kind: str, keys: Iterable[int]) -> list[str]:
    """The tags of all answers that show any of these."""
    return [several(context, kind), *(one(context, kind, key) for key in keys)]


def tagged(*tags: str) -> dict[str, str]:
    """The header of an answer with these tags."""
    return {HEADER: " ".join(tags)}
