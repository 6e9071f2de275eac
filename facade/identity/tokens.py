"""Access tokens: JWTs signed with RS256 by one of the issuer's keys in force (`chassis.identity.tokens` makes them).

A token is verified once and then known by its bytes until it expires, or until its key is rotated out. Refused: every other
algorithm, whatever the token says of itself; a header that names extensions (`crit`, RFC 7515, section 4.1.11); and base64 that
is spelled in another way than the one that encoding would give, so that one token has one spelling.
"""

import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import jwt
import orjson

from chassis.identity.claims import AUDIENCE, ISSUER, REQUIRED
from facade.identity import refusals
from facade.identity.jwks import LONGEST_KID, Key, KeySet
from facade.identity.principal import Principal
from facade.problems import Problem

SCHEME = b"bearer "

LONGEST_TOKEN = 8_192
"""In bytes; a longer one is refused unread."""

SKEW_SECONDS = 30.0
"""By how much the issuer's clock may differ from this one."""

_END_OF_TIME = 1e12
_OPTIONS: jwt.types.Options = {
    "require": list(REQUIRED), "verify_exp": False, "verify_iat": False, "verify_nbf": False,
}  # fmt: skip


class UnknownKey(Exception):
    """The token names a key that is not in force here; it may be a new one."""

    def __init__(self, kid: str) -> None:
        super().__init__(kid)
        self.kid = kid


@dataclass(frozen=True, slots=True)
class _Known:
    principal: Principal
    key: Key
    until: float


class Tokens:
    """Tells whose a token is. `clock` is Unix seconds; `limit` is how many verified tokens are remembered, the least recently
    used ones being forgotten first.

    A token is handed in as it came, as an `Authorization` header's value with the scheme Bearer: these bytes are the same object
    for equal header blocks (`facade.headers`), so that looking them up does not hash them again.
    """

    def __init__(self, keys: KeySet, clock: Callable[[], float] = time.time, limit: int = 8_192) -> None:
        self._keys = keys
        self._clock = clock
        self._limit = limit
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        keys.on_change.append(self._forget)

    def of(self, authorization: bytes) -> Principal | Awaitable[Principal]:
        """Whose token this is; something to wait for only when it was signed by a key never seen. Raises `Problem`: 401, or 503
        where no key was ever had.
        """
        known = self._known.get(authorization)
        if known is not None and known.until > self._clock():
            self._known.move_to_end(authorization)
            return known.principal
        try:
            return self._remember(authorization, *self._verified(authorization))
        except UnknownKey as unknown:
            return self._after_asking(authorization, unknown.kid)

    def judge(self, authorization: bytes) -> Principal:
        """The same, but nothing is remembered and nobody is asked. Raises `UnknownKey` also."""
        return self._verified(authorization)[0]

    def __len__(self) -> int:
        return len(self._known)

    async def _after_asking(self, authorization: bytes, kid: str) -> Principal:
        if await self._keys.seek(kid) is None:
            raise refusals.bad_token("it was signed by an unknown key") if self._keys.keys else refusals.no_keys()
        return self._remember(authorization, *self._verified(authorization))

    def _verified(self, authorization: bytes) -> tuple[Principal, Key, float]:
        """Whose token it is, the key that verified it, and when it expires."""
        token = authorization[len(SCHEME) :].strip(b" ")
        if len(token) > LONGEST_TOKEN:
            raise refusals.bad_token("it is too long")
        kid = _kid(token)
        key = self._keys.keys.get(kid)
        if key is None:
            raise UnknownKey(kid)
        try:
            claims = jwt.decode(
                token, key.public, algorithms=["RS256"], audience=AUDIENCE, issuer=ISSUER, options=_OPTIONS,
            )  # fmt: skip
            principal = Principal("user", str(UUID(claims["sub"])), frozenset(claims["scope"].split()))
        except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError) as error:
            raise _not_valid() from error
        return principal, key, self._expiry(claims)

    def _expiry(self, claims: dict[str, Any]) -> float:
        """Until when the token holds, the skew included. Raises `Problem` outside its time."""
        now = self._clock()
        expires, begins = claims["exp"], max(_number(claims["iat"]), _number(claims.get("nbf", 0)))
        until = _number(expires) + SKEW_SECONDS
        if until <= now:
            raise refusals.bad_token("it has expired")
        if begins > now + SKEW_SECONDS:
            raise refusals.bad_token("its time has not come")
        return until

    def _remember(self, authorization: bytes, principal: Principal, key: Key, until: float) -> Principal:
        self._known[authorization] = _Known(principal, key, until)
        if len(self._known) > self._limit:
            self._known.popitem(last=False)
        return principal

    def _forget(self) -> None:
        """Whatever was verified by a key that is no longer in force is verified anew, and refused."""
        keys = self._keys.keys
        gone = [given for given, known in self._known.items() if keys.get(known.key.kid) != known.key]
        for given in gone:
            del self._known[given]


def claimed(authorization: bytes) -> Principal:
    """Whose token it says that it is, which nobody has checked: to tell what would become of it, and for nothing else."""
    payload = authorization[len(SCHEME) :].strip(b" ").split(b".")[1]
    try:
        claims = orjson.loads(_decoded(payload))
        return Principal("user", str(UUID(claims["sub"])), frozenset(claims["scope"].split()))
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise _not_valid() from error


def _kid(token: bytes) -> str:
    """The key that a well-formed token names. Raises `Problem`."""
    parts = token.split(b".")
    if len(parts) != 3:
        raise _not_valid()
    try:
        header = orjson.loads(_decoded(parts[0]))
        _decoded(parts[1])
        _decoded(parts[2])
    except ValueError as error:
        raise _not_valid() from error
    if not isinstance(header, dict) or header.get("alg") != "RS256" or "crit" in header or "b64" in header:
        raise _not_valid()
    kid = header.get("kid")
    if not isinstance(kid, str) or not 0 < len(kid) <= LONGEST_KID:
        raise _not_valid()
    return kid


def _decoded(part: bytes) -> bytes:
    """The bytes of an unpadded base64url text. Raises ValueError for a spelling that encoding them would not give: the decoder
    skips foreign characters, and the last character has bits that mean nothing.
    """
    try:
        plain = urlsafe_b64decode(part + b"=" * (-len(part) % 4))
    except Base64Error as error:
        raise ValueError(str(error)) from error
    if urlsafe_b64encode(plain).rstrip(b"=") != part:
        raise ValueError("not canonical base64url")
    return plain


def _number(value: Any) -> float:
    """A NumericDate (RFC 7519, section 2). Raises `Problem` for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < _END_OF_TIME:
        raise _not_valid()
    return value


def _not_valid() -> Problem:
    return refusals.bad_token("it is malformed or was not made by the issuer")
