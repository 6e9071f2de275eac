"""Secrets that are made on first use and then kept: one file each, readable by its owner alone.

Refuses to overwrite what it makes: of two processes that make the same secret at once, one wins and both return the
winner's.
"""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

Make = Callable[[], str]


def kept(path: Path, make: Make) -> str:
    """The secret in `path`; made by `make()`, written with mode 0600 and kept there when it is absent."""
    try:
        return path.read_text()
    except FileNotFoundError:
        pass
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        _write(draft, make())
        # A hard link appears whole or not at all, and fails when another process was first; a rename would
        # replace its secret.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink(missing_ok=True)
    return path.read_text()


def replace(path: Path, text: str) -> None:
    """Put another secret in place of the one in `path`, in one step: who reads gets the old one or the new one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        _write(draft, text)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def password() -> str:
    """A fresh password of 192 random bits, in characters that need no quoting in a URL."""
    return secrets.token_urlsafe(24)


def rsa_private_key() -> str:
    """A fresh RSA key of 2048 bits in PEM (PKCS 8, unencrypted), for signing RS256."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
