"""What happens to customers, told to other contexts as facts."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class UserRegistered:
    """Somebody became a customer."""

    key: int
    public_id: UUID


@dataclass(frozen=True, slots=True)
class SessionsRevoked:
    """A refresh token was used twice, so that all sessions of its family were ended."""

    key: int
    family: UUID
