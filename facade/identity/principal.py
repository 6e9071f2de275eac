"""The one for whom a request is made, once its credentials were checked. It refuses to hold anything that was only claimed."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["anonymous", "user", "key"]


@dataclass(frozen=True, slots=True)
class Principal:
    """`id` is a user's public id or an API key's id, "" for nobody; `scopes` is what was granted."""

    kind: Kind
    id: str
    scopes: frozenset[str]


ANONYMOUS = Principal("anonymous", "", frozenset())
"""A request without credentials."""
