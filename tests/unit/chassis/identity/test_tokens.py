"""Access tokens and the keys that sign them."""

import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import jwt
import pytest

from chassis import keys as key_files
from chassis.identity import keys, tokens
from chassis.identity.keys import SigningKey
from chassis.identity.ring import Ring
from chassis.identity.subject import Subject

SIGNER = SigningKey.from_pem(key_files.rsa_private_key())
RING = Ring.of(SIGNER)
STRANGER = SigningKey.from_pem(key_files.rsa_private_key())


def test_a_token_tells_its_subject() -> None:
    """What was issued is what is verified."""
    public_id = uuid4()
    token = tokens.issue(public_id, 7, ("customer", "staff"), SIGNER)
    assert tokens.verify(token, RING) == Subject(public_id, 7, frozenset({"customer", "staff"}))


def test_the_thumbprint_is_that_of_the_rfc() -> None:
    """RFC 7638's own example comes out as the RFC says."""
    n = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknj"
        "hMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQ"
        "vRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzK"
        "nqDKgw"
    )
    assert keys.thumbprint({"kty": "RSA", "e": "AQAB", "n": n}) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


def test_the_jwks_document_verifies_tokens_and_keeps_the_secret() -> None:
    """Another library verifies a token by the document, which holds no private member."""
    document = RING.jwks(0)
    assert set(document["keys"][0]) == {"kty", "n", "e", "kid", "alg", "use"}
    key = jwt.PyJWKSet.from_dict(document)[SIGNER.kid]
    token = tokens.issue(uuid4(), 1, signer=SIGNER)
    assert jwt.decode(token, key, algorithms=["RS256"], audience="banyan")["key"] == 1


@pytest.mark.parametrize("lacking", tokens.REQUIRED)
def test_a_token_without_one_of_its_claims_is_refused(lacking: str) -> None:
    """Every claim is needed."""
    claims = {name: value for name, value in _claims().items() if name != lacking}
    with pytest.raises(tokens.InvalidToken):
        tokens.verify(_sign(claims), RING)


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "others"},
        {"iss": "others"},
        {"exp": 1},
        {"iat": time.time() + 3600},
        {"sub": "no-uuid"},
        {"key": "x"},
        {"scope": None},
    ],
)
def test_a_token_with_a_wrong_claim_is_refused(changed: dict[str, Any]) -> None:
    """A claim that is out of time, for somebody else or of another type opens nothing."""
    with pytest.raises(tokens.InvalidToken):
        tokens.verify(_sign({**_claims(), **changed}), RING)


def _forgeries() -> Iterator[str]:
    yield tokens.issue(uuid4(), 1, signer=STRANGER)
    yield jwt.encode(_claims(), STRANGER.private, algorithm="RS256", headers={"kid": SIGNER.kid})
    yield jwt.encode(_claims(), "x" * 32, algorithm="HS256", headers={"kid": SIGNER.kid})
    yield jwt.encode(_claims(), "", algorithm="none", headers={"kid": SIGNER.kid})
    yield jwt.encode(_claims(), SIGNER.private, algorithm="RS384", headers={"kid": SIGNER.kid})
    yield jwt.encode(_claims(), SIGNER.private, algorithm="RS256")
    yield from ("", ".", "..", "a.b.c", "é.ü.ö")


def test_a_forged_token_is_refused() -> None:
    """Another key, another algorithm, no kid, no token at all."""
    for forged in _forgeries():
        with pytest.raises(tokens.InvalidToken):
            tokens.verify(forged, RING)


def test_only_an_rsa_key_can_sign() -> None:
    """A key of another kind is refused when it is read, not when the first customer logs in."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with pytest.raises(ValueError, match="RSA"):
        SigningKey.from_pem(pem.decode())


def _claims() -> dict[str, Any]:
    now = int(time.time())
    return {
        "iss": "banyan", "aud": "banyan", "sub": str(uuid4()), "key": 1, "scope": "customer", "iat": now, "exp": now + 60,
        "jti": "x",
    }  # fmt: skip


def _sign(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, SIGNER.private, algorithm="RS256", headers={"kid": SIGNER.kid})
