"""The schedule of a rotation, and where the keys come from."""

import json
import os
import stat
import time
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from chassis import env, keys
from chassis.identity import keeping, tokens
from chassis.identity.claims import LIFETIME_SECONDS
from chassis.identity.keys import SigningKey
from chassis.identity.ring import Ring, RotationPending

PEMS = [keys.rsa_private_key() for _ in range(3)]
OLD, NEW, NEWER = (SigningKey.from_pem(pem) for pem in PEMS)
NOW = 1_000_000.0


@pytest.fixture
def own_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of this test's own, without a key; the file in which its ring is kept."""
    monkeypatch.setenv("BANYAN_VAR", str(tmp_path))
    for name in ("IDENTITY_PRIVATE_KEY", "IDENTITY_PUBLIC_KEYS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(keeping, "LOOK_SECONDS", 0.0)
    return env.identity_ring()


def test_a_rotation_publishes_first_then_signs_then_forgets() -> None:
    """At each time exactly one key signs, and it has been published for the whole lead; the old one is accepted for as long as a
    token that it signed in its last second lives.
    """
    ring = Ring.of(OLD).rotated(NEW, NOW, lead=360)
    assert (ring.signer(NOW), set(ring.accepted(NOW))) == (OLD, {OLD.kid, NEW.kid})
    assert (ring.signer(NOW + 359.9), ring.signer(NOW + 360)) == (OLD, NEW)
    assert set(ring.accepted(NOW + 360 + LIFETIME_SECONDS)) == {OLD.kid, NEW.kid}
    assert set(ring.accepted(NOW + 360 + LIFETIME_SECONDS + 61)) == {NEW.kid}
    assert [key["kid"] for key in ring.jwks(NOW)["keys"]] == [OLD.kid, NEW.kid]


def test_two_rotations_at_once_are_refused() -> None:
    """The second one would take the lead from the first; after the switch it is welcome, and both older keys run out in turn."""
    ring = Ring.of(OLD).rotated(NEW, NOW, lead=360)
    with pytest.raises(RotationPending, match="signs in 260 s"):
        ring.rotated(NEWER, NOW + 100, lead=360)
    again = ring.rotated(NEWER, NOW + 400, lead=360)
    assert set(again.accepted(NOW + 400)) == {OLD.kid, NEW.kid, NEWER.kid}
    assert set(again.accepted(NOW + 360 + LIFETIME_SECONDS + 61)) == {NEW.kid, NEWER.kid}
    assert again.signer(NOW + 760) is NEWER


def test_keys_that_have_run_out_are_not_kept() -> None:
    """A ring does not grow with each rotation."""
    ring = Ring.of(OLD).rotated(NEW, NOW, lead=1).rotated(NEWER, NOW + 10_000, lead=1)
    assert [one.key.kid for one in ring.held] == [NEW.kid, NEWER.kid]


def test_a_compromised_key_opens_nothing_any_more() -> None:
    """Also what it signed before."""
    ring = Ring.of(OLD).rotated(NEW, NOW, lead=360).replaced(NEWER, NOW + 1)
    assert (ring.signer(NOW + 1), set(ring.accepted(NOW + 1))) == (NEWER, {NEWER.kid})


def test_running_processes_take_part_in_a_rotation(own_keys: Path) -> None:
    """The ring is read again without a restart, and a token from before it stays good."""
    before = tokens.issue(uuid4(), 7)
    made = keeping.rotate(lead=0.0)
    first, second = (one.key.kid for one in made.held)
    after = tokens.issue(uuid4(), 8)
    assert keeping.signing_key().kid == second != first
    assert (tokens.verify(before).key, tokens.verify(after).key) == (7, 8)
    keeping.rotate(lead=None)
    for refused in (before, after):
        with pytest.raises(tokens.InvalidToken, match="unknown key"):
            tokens.verify(refused)


def test_the_ring_is_readable_by_its_owner_alone(own_keys: Path) -> None:
    """It holds secrets."""
    keeping.rotate(lead=0.0)
    assert stat.S_IMODE(own_keys.stat().st_mode) == 0o600
    assert [path.name for path in own_keys.parent.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize("content", ["", "{", '{"keys": 1}', '{"keys": [{"private": "x", "signs_from": 0, "until": null}]}'])
def test_a_ring_that_cannot_be_read_leaves_the_last_good_one(own_keys: Path, content: str) -> None:
    """A half-restored file signs nobody out; a process that has never had a key refuses to make up one beside it."""
    keeping.rotate(lead=0.0)
    good = keeping.ring()
    own_keys.write_text(content)
    assert keeping.ring() == good
    keeping._looks.clear()
    with pytest.raises((ValueError, LookupError, TypeError)):
        keeping.ring()


def test_a_file_is_not_read_for_every_token(own_keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is looked at once in `LOOK_SECONDS`, and read when it has changed."""
    monkeypatch.setattr(keeping, "LOOK_SECONDS", 3600.0)
    keeping.rotate(lead=0.0)
    known = keeping.ring()
    own_keys.write_text(own_keys.read_text().replace("\n ", "\n   "))
    assert keeping.ring() is known
    monkeypatch.setattr(keeping, "LOOK_SECONDS", 0.0)
    assert keeping.ring() is not known
    assert [one.key.kid for one in keeping.ring().held] == [one.key.kid for one in known.held]


def test_the_environment_may_hold_the_keys(own_keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One signs; those before and after it are accepted and published, in one variable, and nobody rotates them here."""
    public = [key.verifying.public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode() for key in (NEW, NEWER)]
    monkeypatch.setenv("IDENTITY_PRIVATE_KEY", PEMS[0].replace("\n", "\\n"))
    monkeypatch.setenv("IDENTITY_PUBLIC_KEYS", "".join(public).replace("\n", "\\n"))
    assert keeping.signing_key().kid == OLD.kid
    assert [key["kid"] for key in keeping.ring().jwks(NOW)["keys"]] == [OLD.kid, NEW.kid, NEWER.kid]
    assert tokens.verify(tokens.issue(uuid4(), 7, signer=NEW)).key == 7
    with pytest.raises(keeping.KeysFromEnvironment):
        keeping.rotate(lead=0.0)
    assert not os.path.lexists(own_keys)


def test_what_is_published_is_no_secret(own_keys: Path) -> None:
    """Of each key the public members only."""
    keeping.rotate(lead=60.0)
    document = keeping.ring().jwks(time.time())
    assert {frozenset(key) for key in document["keys"]} == {frozenset({"kty", "n", "e", "kid", "alg", "use"})}
    assert "private" not in json.dumps(document).lower()
