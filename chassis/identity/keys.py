"""The signing key, and its public half as a JWKS document (RFC 7517)."""

import base64
import hashlib
import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from chassis import env


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An RSA key; `kid` is its RFC 7638 thumbprint, so that the same key has the same name everywhere."""

    private: RSAPrivateKey
    public: RSAPublicKey
    kid: str

    @classmethod
    def from_pem(cls, pem: str) -> "SigningKey":
        """Raises ValueError when this is no RSA private key."""
        private = load_pem_private_key(pem.encode(), password=None)
        if not isinstance(private, RSAPrivateKey):
            raise ValueError("IDENTITY_PRIVATE_KEY must be an RSA private key (RS256).")
        public = private.public_key()
        return cls(private, public, thumbprint(_required_members(public)))

    def jwks(self) -> dict[str, list[dict[str, str]]]:
        """The public half, for whoever verifies tokens."""
        return {"keys": [{**_required_members(self.public), "kid": self.kid, "alg": "RS256", "use": "sig"}]}


@cache
def signing_key() -> SigningKey:
    """This process' key, read once from the environment."""
    return SigningKey.from_pem(env.identity_key())


def thumbprint(members: dict[str, Any]) -> str:
    """RFC 7638: SHA-256 of the required members, sorted, without blanks, as base64url without padding."""
    canonical = json.dumps(members, sort_keys=True, separators=(",", ":")).encode()
    return _base64url(hashlib.sha256(canonical).digest())


def _required_members(public: RSAPublicKey) -> dict[str, str]:
    numbers = public.public_numbers()
    return {"e": _base64url_integer(numbers.e), "kty": "RSA", "n": _base64url_integer(numbers.n)}


def _base64url_integer(value: int) -> str:
    return _base64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
