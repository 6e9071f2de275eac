"""The header `Banyan-Caller`: which process sends a request, signed for the one that is to receive it.

Written `v1.<issuer>.<audience>.<issued at>.<id>.<mac>`: Unix seconds, 96 random bits and HMAC-SHA-256 (RFC 2104) over all before
the last dot, both in hexadecimal. The key is derived from the internal secret for each audience (HKDF, RFC 5869), so that a token
for one process opens no other. It refuses to keep apart those who hold the secret itself: each of them can sign as anybody.
"""

import hashlib
import hmac
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from chassis.callers.replay import Replays

HEADER = "Banyan-Caller"
LIFETIME_SECONDS = 30
SKEW_SECONDS = 5
"""By how much the clock of who signed may differ; a token is accepted that much longer, and that much too early."""

_NAME = re.compile(r"[a-z0-9-]{1,40}")
_SHAPE = re.compile(r"(v1\.([a-z0-9-]{1,40})\.([a-z0-9-]{1,40})\.([0-9]{1,12})\.([0-9a-f]{24}))\.([0-9a-f]{64})")


class InvalidCaller(Exception):
    """The token was not made for this process, or not now, or was seen before. The message may be told to who sent it."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request: `issuer` is the sender's name, `issued_at` Unix seconds, `id` names the token."""

    issuer: str
    issued_at: int
    id: str


def derived(secret: str, audience: str) -> bytes:
    """The key (32 bytes) for tokens to `audience`. Raises ValueError for an empty secret."""
    if not secret:
        raise ValueError("there is no internal secret to derive a key from")
    return HKDF(SHA256(), 32, salt=b"banyan-caller", info=audience.encode()).derive(secret.encode())


class Signer:
    """Signs as `issuer` for `audience`; safe in processes that fork. `clock` is Unix seconds. Raises ValueError for a name of
    other characters than a-z, 0-9 and "-".
    """

    def __init__(self, secret: str, issuer: str, audience: str, clock: Callable[[], float] = time.time) -> None:
        self._mac = hmac.new(derived(secret, _named(audience)), digestmod=hashlib.sha256)
        self._start = f"v1.{_named(issuer)}.{audience}.".encode()
        self._clock = clock

    def sign(self) -> bytes:
        """A token for one request: whoever repeats the request signs again, for its token is good for once."""
        text = b"%b%d.%b" % (self._start, self._clock(), os.urandom(12).hex().encode())
        mac = self._mac.copy()
        mac.update(text)
        return b"%b.%b" % (text, mac.hexdigest().encode())


class Verifier:
    """Verifies tokens for `audience`, each once. `clock` is Unix seconds; `replays` is what it remembers of them."""

    def __init__(
        self, secret: str, audience: str, clock: Callable[[], float] = time.time, replays: Replays | None = None
    ) -> None:
        self._key = derived(secret, _named(audience))
        self._audience = audience
        self._clock = clock
        self._replays = replays or Replays(LIFETIME_SECONDS + 2 * SKEW_SECONDS)

    def verify(self, token: str) -> Caller:
        """Who sent it. Raises `InvalidCaller`."""
        found = _SHAPE.fullmatch(token)
        if found is None:
            raise InvalidCaller("the token is malformed")
        signed, issuer, audience, issued, token_id, mac = found.groups()
        if audience != self._audience:
            raise InvalidCaller(f"the token is not for {self._audience}")
        right = hmac.digest(self._key, signed.encode(), "sha256").hex()
        if not hmac.compare_digest(right, mac):
            raise InvalidCaller("the token was not signed with the internal secret")
        issued_at, now = int(issued), self._clock()
        if issued_at > now + SKEW_SECONDS:
            raise InvalidCaller("the token is from the future")
        if issued_at + LIFETIME_SECONDS + SKEW_SECONDS <= now:
            raise InvalidCaller("the token is too old")
        if not self._replays.admit(token_id, issued_at, now):
            raise InvalidCaller("the token was used before")
        return Caller(issuer, issued_at, token_id)


def _named(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a process: a-z, 0-9 and -")
    return name
