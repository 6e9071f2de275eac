"""Whose request it is, as far as routing must know: the subject of the bearer token, or an anonymous cookie.

The token is read here, not verified: the stage `authenticate` does that and refuses a forged one, and so do the upstreams. On a
route that looks at no credentials (`none`), a forged one can do no more than be routed like the user it names, and delay that
user's reads at the other side; it opens nothing.
"""

import re
import secrets
from base64 import urlsafe_b64decode
from binascii import Error as Base64Error
from functools import lru_cache

import orjson

COOKIE = b"banyan_anon"
_COOKIE_VALUE = re.compile(rb"(?:^|;)\s*banyan_anon=([0-9a-f]{32})\s*(?:;|$)")
_LONGEST_TOKEN = 8_192


def of_token(authorization: bytes) -> str | None:
    """The `sub` of a bearer token; None when there is none to be read."""
    if authorization[:7].lower() != b"bearer " or len(authorization) > _LONGEST_TOKEN:
        return None
    return _subject(authorization[7:])


@lru_cache(maxsize=8_192)
def _subject(token: bytes) -> str | None:
    parts = token.strip().split(b".")
    if len(parts) != 3:
        return None
    try:
        claims = orjson.loads(urlsafe_b64decode(parts[1] + b"=" * (-len(parts[1]) % 4)))
    except (Base64Error, ValueError):
        return None
    subject = claims.get("sub") if isinstance(claims, dict) else None
    return subject if isinstance(subject, str) and 0 < len(subject) <= 255 else None


def of_cookie(cookie: bytes) -> str | None:
    """The anonymous id in a Cookie header, if it is one that the facade could have given."""
    found = _COOKIE_VALUE.search(cookie) if COOKIE in cookie else None
    return found.group(1).decode() if found else None


def new_anonymous() -> str:
    """A fresh anonymous id."""
    return secrets.token_hex(16)


def set_cookie(anonymous: str, *, secure: bool) -> bytes:
    """The header lines that give a client its anonymous id for a year. A cache between it and the facade must not give it to
    others: `private` counts beside whatever else the answer says (RFC 9111, 4.2.1: the most restrictive directive does).
    """
    flags = "; Secure" if secure else ""
    cookie = f"banyan_anon={anonymous}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax{flags}"
    return f"set-cookie: {cookie}\r\ncache-control: private\r\n".encode()
