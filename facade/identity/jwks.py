"""The issuer's public keys: fetched as a JWKS document (RFC 7517), refreshed in the background, kept on disk.

With the issuer gone the last good keys stay in force, also after a restart. It refuses a document without one usable key, for
an issuer that answers nonsense must not sign everybody out; and it does not let callers choose how often the issuer is asked.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import jwt
import orjson
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import RSAAlgorithm

from facade.feed import keep

log = logging.getLogger(__name__)

LONGEST_KID = 128
_SMALLEST_KEY = 2048
_MOST_KEYS = 64

Fetch = Callable[[], Awaitable[bytes]]


class BadDocument(ValueError):
    """What came as the key set is none."""


@dataclass(frozen=True, slots=True)
class Key:
    """One public key. Two are equal when they have one name and one pair of numbers."""

    kid: str
    modulus: int
    exponent: int
    public: RSAPublicKey = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds and counts that bound what the key set does.

    `refresh`: between two looks at the document; `retry`: the same after a failure. `cooldown`: between two fetches that unknown
    key ids cause. `doubt`: how long a key id that the document did not have is taken for unknown without asking again; `doubts`:
    how many such are remembered. `answer`: how long one fetch may take. `first`: between two fetches as long as no key was ever
    had, for whatever causes them: issuer and facade start together.
    """

    refresh: float = 300.0
    retry: float = 5.0
    cooldown: float = 5.0
    doubt: float = 60.0
    doubts: int = 1024
    answer: float = 3.0
    first: float = 0.25


def parse(document: bytes) -> Mapping[str, Key]:
    """The usable keys by their ids: RSA, of 2048 bits or more, not meant for anything but RS256 signatures. Others are skipped,
    as RFC 7517, section 5 asks. Raises `BadDocument` when none is left.
    """
    try:
        listed = orjson.loads(document)["keys"]
        entries = [entry for entry in listed[:_MOST_KEYS] if isinstance(entry, dict)]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise BadDocument(f"no key set: {error!r}") from error
    found = {key.kid: key for key in map(_key, entries) if key is not None}
    if not found:
        raise BadDocument("no usable key in it")
    return MappingProxyType(found)


def _key(entry: dict[str, Any]) -> Key | None:
    kid = entry.get("kid")
    if not isinstance(kid, str) or not 0 < len(kid) <= LONGEST_KID:
        return None
    if entry.get("use", "sig") != "sig" or entry.get("alg", "RS256") != "RS256":
        return None
    try:
        public = RSAAlgorithm.from_jwk(entry)
    except (jwt.InvalidKeyError, ValueError, TypeError):
        return None
    if not isinstance(public, RSAPublicKey) or public.key_size < _SMALLEST_KEY:
        return None
    numbers = public.public_numbers()
    return Key(kid, numbers.n, numbers.e, public)


class KeySet:
    """The keys in force. `fetch` returns the document or raises; `file` keeps the last good one; `clock` is monotonic seconds.

    `on_change` is called after every change of the keys.
    """

    def __init__(
        self, fetch: Fetch, file: Path, patience: Patience | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._fetch = fetch
        self._file = file
        self._patience = patience or Patience()
        self._clock = clock
        self._keys: Mapping[str, Key] = {}
        self._unknown: dict[str, float] = {}
        self._asked = float("-inf")
        self._under_way: asyncio.Task[bool] | None = None
        self._healthy = True
        self.on_change: list[Callable[[], None]] = []

    @property
    def keys(self) -> Mapping[str, Key]:
        """The keys in force by their ids; empty before any was had."""
        return self._keys

    def load(self) -> None:
        """Put the keys on disk in force, if there are some that can be read."""
        try:
            self._apply(parse(self._file.read_bytes()))
        except FileNotFoundError:
            return
        except (OSError, BadDocument) as error:
            log.warning("the keys kept in %s cannot be used: %s", self._file, error)

    async def run(self) -> None:
        """Look at the document again and again until cancelled."""
        while True:
            good = await self.refresh()
            pause = self._patience.refresh if good else self._patience.retry
            await asyncio.sleep(pause if self._keys else self._patience.first)

    async def refresh(self) -> bool:
        """Look at the document now; whether it was good. All who ask meanwhile wait for the same answer."""
        if self._under_way is None or self._under_way.done():
            self._asked = self._clock()
            self._under_way = asyncio.create_task(self._look())
        return await asyncio.shield(self._under_way)

    async def seek(self, kid: str) -> Key | None:
        """A key that is not in force yet. The issuer is asked, but at most once in `cooldown` seconds for all unknown ids
        together, and not again within `doubt` seconds for one that it did not have.
        """
        now = self._clock()
        if (known := self._keys.get(kid)) is not None or self._unknown.get(kid, now) > now:
            return known
        if not self._keys:
            await self._first()
            if self._keys and kid not in self._keys:
                self._doubt(kid)
            return self._keys.get(kid)
        joins = self._under_way is not None and not self._under_way.done()
        if not joins and now - self._asked < self._patience.cooldown:
            return None
        if await self.refresh() and kid not in self._keys:
            self._doubt(kid)
        return self._keys.get(kid)

    async def _first(self) -> None:
        """Ask the issuer for its keys once more, but not too soon after the last time; whoever waits shares the answer."""
        wait = self._asked + self._patience.first - self._clock()
        if wait > 0 and (self._under_way is None or self._under_way.done()):
            await asyncio.sleep(wait)
        if not self._keys:
            await self.refresh()

    def _doubt(self, kid: str) -> None:
        self._unknown.pop(kid, None)
        while len(self._unknown) >= self._patience.doubts:
            del self._unknown[next(iter(self._unknown))]
        self._unknown[kid] = self._clock() + self._patience.doubt

    async def _look(self) -> bool:
        try:
            async with asyncio.timeout(self._patience.answer):
                document = await self._fetch()
            keys = parse(document)
        except Exception as error:  # noqa: BLE001 whatever goes wrong on the way, the known keys stay in force
            if self._healthy:
                log.warning("the issuer's keys cannot be had, the known ones stay in force: %r", error)
            self._healthy = False
            return False
        self._healthy = True
        if keys != self._keys:
            self._apply(keys)
            keep(self._file, document)
        return True

    def _apply(self, keys: Mapping[str, Key]) -> None:
        self._keys = keys
        log.info("access tokens are checked by the keys %s", ", ".join(keys))
        for call in self.on_change:
            call()
