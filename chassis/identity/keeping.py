"""Where this process's key ring comes from: `var/keys/`, looked at again every second, or the environment, which does not change.

It refuses to do without keys: a ring that cannot be read any more leaves the last good one in force, and says so.
"""

import json
import logging
import threading
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from chassis import env, keys, records
from chassis.identity.keys import SigningKey, VerifyingKey
from chassis.identity.ring import Held, Ring

LOOK_SECONDS = 1.0
"""How long a process may go on with the ring that it has read."""

_END = "-----END PUBLIC KEY-----"

log = logging.getLogger(__name__)


class KeysFromEnvironment(Exception):
    """`IDENTITY_PRIVATE_KEY` is set, so that the keys are not ours to change."""


@dataclass(slots=True)
class _Look:
    ring: Ring
    stamp: tuple[int, int] | None
    at: float


_looks: dict[Path, _Look] = {}
_lock = threading.Lock()


def ring() -> Ring:
    """The ring in force."""
    if given := env.identity_private_key():
        return _given(given, env.identity_public_keys())
    path, now = env.identity_ring(), time.monotonic()
    look = _looks.get(path)
    if look is not None and now - look.at < LOOK_SECONDS:
        return look.ring
    with _lock:
        return _look_again(path, now)


def signing_key() -> SigningKey:
    """The key that signs now."""
    return ring().signer(time.time())


def rotate(lead: float | None) -> Ring:
    """Make a fresh key and schedule it; None: it signs at once, and whatever another key has signed is refused. The ring that
    is in force everywhere within `LOOK_SECONDS`. Raises `KeysFromEnvironment`, `chassis.identity.ring.RotationPending`.
    """
    if env.identity_private_key():
        raise KeysFromEnvironment
    path = env.identity_ring()
    with records.locked(path.with_suffix(".lock")):
        fresh, now, present = SigningKey.from_pem(keys.rsa_private_key()), time.time(), _read(path)
        made = present.replaced(fresh, now) if lead is None else present.rotated(fresh, now, lead)
        keys.replace(path, _written(made))
    with _lock:
        _looks.pop(path, None)
    return made


def _look_again(path: Path, now: float) -> Ring:
    look, stamp = _looks.get(path), _stamp(path)
    if look is not None and look.stamp == stamp:
        look.at = now
        return look.ring
    try:
        found = _read(path)
    except (OSError, ValueError, LookupError, TypeError) as error:
        if look is None:
            raise
        log.error("the keys in %s cannot be read, the last good ones stay in force: %s", path, error)
        found = look.ring
    _looks[path] = _Look(found, stamp, now)
    return found


def _read(path: Path) -> Ring:
    """As it is kept; before the first rotation there is but the one key. Raises ValueError and its like for what is none."""
    try:
        text = path.read_text()
    except FileNotFoundError:
        return Ring.of(SigningKey.from_pem(env.identity_key()))
    kept = json.loads(text)["keys"]
    return Ring(tuple(Held(SigningKey.from_pem(one["private"]), one["signs_from"], one["until"]) for one in kept))


def _written(made: Ring) -> str:
    kept = [{"private": _pem(one.key), "signs_from": one.signs_from, "until": one.until} for one in made.held]
    return json.dumps({"keys": kept}, indent=1)


def _pem(key: SigningKey) -> str:
    return key.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_ino


@lru_cache(maxsize=4)
def _given(private: str, public: str) -> Ring:
    """Raises ValueError for what is no RSA key."""
    others = [VerifyingKey.from_pem(part + _END + "\n") for part in public.split(_END) if part.strip()]
    return Ring.of(SigningKey.from_pem(private), others)
