"""The keys of access tokens: one that signs, those that are accepted, and their public halves as RFC 7517 writes them."""

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """A public RSA key; `kid` is its RFC 7638 thumbprint, so that the same key has the same name everywhere."""

    public: RSAPublicKey
    kid: str

    @classmethod
    def from_pem(cls, pem: str) -> "VerifyingKey":
        """Raises ValueError when this is no RSA public key."""
        return cls.of(load_pem_public_key(pem.encode()))

    @classmethod
    def of(cls, public: object) -> "VerifyingKey":
        """Raises ValueError when this is no RSA public key."""
        if not isinstance(public, RSAPublicKey):
            raise ValueError("IDENTITY_PUBLIC_KEYS must be RSA public keys (RS256).")
        return cls(public, thumbprint(_required_members(public)))

    def jwk(self) -> dict[str, str]:
        """As it is published."""
        return {**_required_members(self.public), "kid": self.kid, "alg": "RS256", "use": "sig"}


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An RSA key with its secret half."""

    private: RSAPrivateKey
    verifying: VerifyingKey

    @classmethod
    def from_pem(cls, pem: str) -> "SigningKey":
        """Raises ValueError when this is no RSA private key."""
        private = load_pem_private_key(pem.encode(), password=None)
        if not isinstance(private, RSAPrivateKey):
            raise ValueError("IDENTITY_PRIVATE_KEY must be an RSA private key (RS256).")
        return cls(private, VerifyingKey.of(private.public_key()))

    @property
    def kid(self) -> str:
        return self.verifying.kid


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
