"""Access tokens: RS256 JWTs of fifteen minutes.

Claims: iss and aud "banyan", sub (public id), key (the integer key), scope (blank separated), iat, exp,
jti. A token that lacks one of them, was signed by a key that is not accepted or with another algorithm, or is
out of time, is refused.
"""

import time
from collections.abc import Iterable
from uuid import UUID, uuid4

import jwt

from chassis.identity.claims import AUDIENCE, ISSUER, LIFETIME_SECONDS, REQUIRED
from chassis.identity.keeping import ring, signing_key
from chassis.identity.keys import SigningKey
from chassis.identity.ring import Ring
from chassis.identity.subject import Subject

DECODE_OPTIONS: jwt.types.Options = {"require": list(REQUIRED)}


class InvalidToken(Exception):
    """The access token was not made here, or its time is over."""


def issue(public_id: UUID, key: int, scopes: Iterable[str] = ("customer",), signer: SigningKey | None = None) -> str:
    """An access token for this customer, valid for `LIFETIME_SECONDS`."""
    signer = signer or signing_key()
    now = int(time.time())
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(public_id),
        "key": key,
        "scope": " ".join(scopes),
        "iat": now,
        "exp": now + LIFETIME_SECONDS,
        "jti": uuid4().hex,
    }
    return jwt.encode(claims, signer.private, algorithm="RS256", headers={"kid": signer.kid})


def verify(token: str, keys: Ring | None = None) -> Subject:
    """The subject of an access token. Raises `InvalidToken`."""
    try:
        key = (keys or ring()).accepted(time.time()).get(jwt.get_unverified_header(token).get("kid", ""))
        if key is None:
            raise InvalidToken("The token was signed by an unknown key.")
        claims = jwt.decode(
            token,
            key.public,
            algorithms=["RS256"],
            audience=AUDIENCE,
            issuer=ISSUER,
            options=DECODE_OPTIONS,
        )
        return Subject(UUID(claims["sub"]), int(claims["key"]), frozenset(claims["scope"].split()))
    except jwt.ExpiredSignatureError as error:
        raise InvalidToken("The token has expired.") from error
    except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError) as error:
        raise InvalidToken("The token is not valid.") from error
