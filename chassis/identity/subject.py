"""The one who makes a request, as an access token tells it."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Subject:
    """A customer who has logged in. `key` is the integer by which contexts refer to the customer; no
    database was asked.
    """

    public_id: UUID
    key: int
    scopes: frozenset[str]

    is_authenticated = True
    is_anonymous = False
    is_active = True

    @property
    def pk(self) -> str:
        return str(self.public_id)


@dataclass(frozen=True, slots=True)
class Peer:
    """Another process of this platform, known by the internal token."""

    is_authenticated = True
    is_anonymous = False
    is_active = True
    pk = "peer"
