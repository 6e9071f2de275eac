"""How credentials are refused: the problems, with the challenges of RFC 6750, section 3.

A request without credentials gets a bare challenge; one with bad credentials is told what is wrong with them. No refusal repeats
a part of a secret.
"""

from collections.abc import Iterable

from facade.problems import Problem

_REALM = b'realm="banyan"'


def needed(detail: str = "this path is not for the anonymous") -> Problem:
    """There are no credentials, and some are needed. No error code, as RFC 6750 asks for."""
    return Problem(401, "unauthenticated", "Who is asking?", detail, more=b"www-authenticate: Bearer %b\r\n" % _REALM)


def bad_token(detail: str) -> Problem:
    """The access token cannot be accepted. `detail` is ASCII without quotes."""
    challenge = b'www-authenticate: Bearer %b, error="invalid_token", error_description="%b"\r\n' % (
        _REALM,
        detail.encode("ascii"),
    )
    return Problem(401, "invalid-token", "Invalid access token", detail, more=challenge)


def bad_key(detail: str) -> Problem:
    """The API key cannot be accepted. `detail` is ASCII without quotes."""
    challenge = b'www-authenticate: ApiKey %b, error="invalid_key", error_description="%b"\r\n' % (_REALM, detail.encode("ascii"))
    return Problem(401, "invalid-api-key", "Invalid API key", detail, more=challenge)


def ambiguous() -> Problem:
    """Two credentials in one request: upstream and facade might each believe another one."""
    return Problem(
        400, "two-credentials", "Two credentials", "a request carries an Authorization header or X-Api-Key, not both",
        more=b'www-authenticate: Bearer %b, error="invalid_request"\r\n' % _REALM,
    )  # fmt: skip


def lacks(missing: Iterable[str], wanted: Iterable[str]) -> Problem:
    """The credentials are good, but do not reach: `missing` of the `wanted` scopes were not granted."""
    named = ", ".join(sorted(missing))
    challenge = b'www-authenticate: Bearer %b, error="insufficient_scope", scope="%b"\r\n' % (
        _REALM,
        " ".join(sorted(wanted)).encode("ascii"),
    )
    return Problem(403, "insufficient-scope", "Not allowed", f"this needs the scope {named}", more=challenge)


def no_keys() -> Problem:
    """No access token can be judged: the issuer's keys have never been seen here."""
    return Problem(503, "keys-unknown", "Keys unknown", "the issuer's keys cannot be had, so no access token can be checked", 1)
