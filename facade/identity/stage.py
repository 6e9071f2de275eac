"""Two stages of the pipeline: `authenticate` finds out for whom a request is, `authorise` whether that one may do it.

Both refuse; neither asks an upstream, and neither touches what is passed on. Bad credentials are refused also where none are
needed: a client that believes itself signed in must not be answered as a stranger.
"""

import re
from collections.abc import Awaitable, Iterable
from enum import StrEnum
from typing import Protocol

from facade.headers import Inbound
from facade.identity import apikeys, refusals
from facade.identity.apikeys import ApiKeys
from facade.identity.principal import Principal
from facade.identity.tokens import SCHEME, Tokens, UnknownKey, claimed
from facade.problems import Problem

_SCOPE = re.compile(r"[!#-\[\]-~]+")
_READS = frozenset({"GET", "HEAD", "OPTIONS"})


class Mode(StrEnum):
    """Whether a route looks at credentials: not at all, where there are some, or always."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


class Asked(Protocol):
    """What the stages use of a request."""

    method: str
    principal: Principal

    @property
    def inbound(self) -> Inbound: ...


class Authenticate:
    """Sets `request.principal`. An `Authorization` of a scheme that is neither Bearer nor ApiKey is an upstream's business, and
    counts as none.
    """

    name = "authenticate"

    def __init__(self, mode: Mode, tokens: Tokens, keys: ApiKeys) -> None:
        self._mode = mode
        self._tokens = tokens
        self._keys = keys

    def before(self, request: Asked) -> Awaitable[None] | None:
        """Raises a `Problem`: 401, 400 for two credentials, 503 where no token can be checked."""
        if self._mode is Mode.NONE:
            return None
        inbound = request.inbound
        if (written := apikeys.written_in(inbound)) is not None:
            request.principal = self._keys.of(written)
            return None
        authorization = inbound.authorization
        if authorization[:7].lower() != SCHEME:
            if self._mode is Mode.REQUIRED:
                raise refusals.needed()
            return None
        found = self._tokens.of(authorization)
        if isinstance(found, Principal):
            request.principal = found
            return None
        return _later(request, found)

    def explain(self, request: Asked) -> str:
        """For whom the request would be made."""
        if self._mode is Mode.NONE:
            return "anonymous: this route looks at no credentials"
        try:
            return self._judged(request.inbound)
        except Problem as problem:
            return f"refused with {problem.status}: {problem.detail}"
        except UnknownKey as unknown:
            return f"undecided: the issuer would be asked for the key {unknown.kid!r}; told on as if it had signed"

    def rehearse(self, request: Asked) -> str | None:
        """Sets the principal and raises as `before` would, but asks and remembers nothing: a token by a key that is not known
        here is taken for what it says of itself, since only the issuer could tell.
        """
        try:
            found = self._found(request.inbound)
        except UnknownKey:
            request.principal = claimed(request.inbound.authorization)
            return None
        if found is not None:
            request.principal = found[0]
        return None

    def _judged(self, inbound: Inbound) -> str:
        found = self._found(inbound)
        return "anonymous: no credentials" if found is None else _words(*found)

    def _found(self, inbound: Inbound) -> tuple[Principal, str] | None:
        """Who asks, and by what; None for nobody in particular. Raises `Problem` or `UnknownKey`."""
        if (written := apikeys.written_in(inbound)) is not None:
            return self._keys.of(written), "API key"
        if inbound.authorization[:7].lower() == SCHEME:
            return self._tokens.judge(inbound.authorization), "access token"
        if self._mode is Mode.REQUIRED:
            raise refusals.needed()
        return None


class Authorise:
    """Lets pass whoever holds all the scopes that a route needs: `read` for GET, HEAD and OPTIONS, `write` for all else. It
    stands after `Authenticate`.
    """

    name = "authorise"

    def __init__(self, read: Iterable[str] = (), write: Iterable[str] = ()) -> None:
        """Raises ValueError for what cannot be a scope (RFC 6749, section 3.3)."""
        self._read = frozenset(read)
        self._write = frozenset(write)
        if bad := sorted(scope for scope in self._read | self._write if not _SCOPE.fullmatch(scope)):
            raise ValueError(f"no scopes: {', '.join(map(repr, bad))}")

    def before(self, request: Asked) -> None:
        """Raises a `Problem`: 401 for the anonymous, 403 that names the scopes that are missing."""
        wanted = self._read if request.method in _READS else self._write
        if wanted <= request.principal.scopes:
            return
        if request.principal.kind == "anonymous":
            raise refusals.needed()
        raise refusals.lacks(wanted - request.principal.scopes, wanted)

    def explain(self, request: Asked) -> str:
        """Which scopes are needed and which are missing."""
        wanted = self._read if request.method in _READS else self._write
        if not wanted:
            return "allowed: no scope is needed"
        missing = wanted - request.principal.scopes
        named = ", ".join(sorted(wanted))
        status = 401 if request.principal.kind == "anonymous" else 403
        if not missing:
            return f"allowed: the scopes needed ({named}) were granted"
        return f"refused with {status}: of {named}, missing {', '.join(sorted(missing))}"


async def _later(request: Asked, found: Awaitable[Principal]) -> None:
    request.principal = await found


def _words(principal: Principal, by: str) -> str:
    return f"{principal.kind} {principal.id} by {by}, scopes: {', '.join(sorted(principal.scopes)) or 'none'}"
