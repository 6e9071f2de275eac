"""An issuer with keys of its own, a key set that is fed by it, and clocks that are turned by hand."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import jwt

from chassis import keys as key_files
from chassis.identity.keys import SigningKey
from facade.identity.jwks import KeySet, Patience

OLD, NEW, STRANGER = (SigningKey.from_pem(key_files.rsa_private_key()) for _ in range(3))
USER = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
NOW = 1_800_000_000.0


@dataclass
class Clock:
    """Seconds that pass when the test says so."""

    now: float = NOW

    def __call__(self) -> float:
        return self.now


@dataclass
class Issuer:
    """Publishes `signers`; `down` makes its document unobtainable, `says` replaces it. `asked` counts."""

    signers: list[SigningKey] = field(default_factory=lambda: [OLD])
    down: bool = False
    says: bytes | None = None
    asked: int = 0

    async def fetch(self) -> bytes:
        self.asked += 1
        if self.down:
            raise ConnectionRefusedError
        return self.document() if self.says is None else self.says

    def document(self) -> bytes:
        return json.dumps({"keys": [signer.verifying.jwk() for signer in self.signers]}).encode()


def key_set(issuer: Issuer, folder: Path, clock: Clock | None = None, **patience: Any) -> KeySet:
    """A key set that has not asked yet."""
    return KeySet(issuer.fetch, folder / "keys.json", Patience(**patience), clock or Clock())


def claims(**changed: Any) -> dict[str, Any]:
    """The claims of a good token of fifteen minutes; None takes one away."""
    good = {
        "iss": "banyan", "aud": "banyan", "sub": str(USER), "key": 7, "scope": "customer", "iat": int(NOW),
        "exp": int(NOW) + 900, "jti": "x",
    }  # fmt: skip
    return {name: value for name, value in {**good, **changed}.items() if value is not None}


def token(signer: SigningKey = OLD, **changed: Any) -> bytes:
    """A token of this signer, without a scheme."""
    return jwt.encode(claims(**changed), signer.private, algorithm="RS256", headers={"kid": signer.kid}).encode()
