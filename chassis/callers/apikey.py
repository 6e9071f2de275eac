"""What an API key looks like, and what of it is kept: `<id>.<secret>`; the id names it, the secret proves it.

Only the SHA-256 of a secret is kept. A slow or salted hash protects what people choose, since that can be guessed; nobody guesses
one of 2^256 secrets at any speed, and a slow hash would let everybody who sends nonsense occupy the gateway.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass

HASH_BYTES = 32
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # none that is read as another one
_ID_LENGTH = 12
_SHAPE = re.compile(rb"([a-z0-9]{12})\.([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True)
class Fresh:
    """A key that was made just now. `written` is told once, to its owner; `hash` is what is kept of its secret."""

    id: str
    written: str
    hash: bytes


def fresh() -> Fresh:
    """A new key: an id of 60 random bits, a secret of 256."""
    key_id = "".join(secrets.choice(_ALPHABET) for _ in range(_ID_LENGTH))
    secret = secrets.token_urlsafe(32)
    return Fresh(key_id, f"{key_id}.{secret}", hashed(secret.encode()))


def split(written: bytes) -> tuple[str, bytes] | None:
    """The id and the secret; None for what is no API key."""
    found = _SHAPE.fullmatch(written)
    return None if found is None else (found[1].decode(), found[2])


def hashed(secret: bytes) -> bytes:
    """What is kept of a secret: 32 bytes, of its text, so that no second spelling of it counts."""
    return hashlib.sha256(secret).digest()
