"""The issuer's keys: they rotate, survive the issuer, and are not fetched more often than they may be."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from jwt.algorithms import RSAAlgorithm

from chassis.identity.keys import SigningKey
from facade.identity import jwks
from facade.identity.jwks import BadDocument, parse
from tests.unit.facade.identity.issuer import NEW, OLD, Clock, Issuer, key_set

KEY = OLD.verifying.jwk()
SHORT = RSAAlgorithm.to_jwk(generate_private_key(65537, 1024).public_key(), as_dict=True)["n"]
PRIVATE = RSAAlgorithm.to_jwk(OLD.private, as_dict=True)


def _kids(signers: list[SigningKey]) -> set[str]:
    return {signer.kid for signer in signers}


async def test_a_rotation_is_followed(tmp_path: Path) -> None:
    """New keys come in and old ones go, each change told once; a look that finds the same tells nothing."""
    issuer, told = Issuer(), []
    keys = key_set(issuer, tmp_path)
    keys.on_change.append(lambda: told.append(set(keys.keys)))
    for signers in ([OLD], [OLD], [OLD, NEW], [NEW]):
        issuer.signers = signers
        assert await keys.refresh()
        assert set(keys.keys) == _kids(signers)
    assert told == [_kids([OLD]), _kids([OLD, NEW]), _kids([NEW])]


@pytest.mark.parametrize(
    "says", [b"", b"<html>", b"[]", b"{}", b'{"keys": 1}', b'{"keys": []}', b'{"keys": [1, {}]}', b'{"keys": {}}']
)
async def test_rubbish_changes_nothing(says: bytes, tmp_path: Path) -> None:
    """An issuer that answers nonsense signs nobody out, and what is on disk stays."""
    issuer = Issuer()
    keys = key_set(issuer, tmp_path)
    await keys.refresh()
    issuer.says = says
    assert not await keys.refresh()
    assert set(keys.keys) == {OLD.kid}
    assert (tmp_path / "keys.json").read_bytes() == issuer.document()


async def test_the_last_good_keys_survive_a_restart_without_the_issuer(tmp_path: Path) -> None:
    """What was kept is in force before the issuer is asked, and stays in force while it is gone."""
    issuer = Issuer()
    await key_set(issuer, tmp_path).refresh()
    issuer.down = True
    later = key_set(issuer, tmp_path)
    later.load()
    assert not await later.refresh()
    assert set(later.keys) == {OLD.kid}


@pytest.mark.parametrize("kept", [b"", b"{}", b"\x00\xff"])
def test_a_broken_file_is_no_keys(kept: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It warns, and the issuer will be asked."""
    (tmp_path / "keys.json").write_bytes(kept)
    keys = key_set(Issuer(), tmp_path)
    keys.load()
    assert not keys.keys
    assert "cannot be used" in caplog.text


async def test_an_unknown_key_is_asked_for_once_by_all(tmp_path: Path) -> None:
    """A hundred requests with a new key wait for one fetch, and all of them get the key."""
    issuer = Issuer([NEW])
    keys = key_set(issuer, tmp_path)
    found = await asyncio.gather(*(keys.seek(NEW.kid) for _ in range(100)))
    assert issuer.asked == 1
    assert {key and key.kid for key in found} == {NEW.kid}


async def test_callers_do_not_choose_how_often_the_issuer_is_asked(tmp_path: Path) -> None:
    """However many unknown ids come, there is one fetch in a cooldown; afterwards a new key is found."""
    issuer, clock = Issuer(), Clock()
    keys = key_set(issuer, tmp_path, clock, cooldown=5.0)
    await keys.refresh()
    issuer.signers = [OLD, NEW]
    for number in range(50):
        clock.now += 0.09
        assert await keys.seek(f"made-up-{number}") is None
    assert await keys.seek(NEW.kid) is None
    assert issuer.asked == 1
    clock.now += 1
    assert (await keys.seek(NEW.kid)) is not None
    assert issuer.asked == 2


async def test_an_id_that_the_issuer_does_not_have_is_not_asked_for_again(tmp_path: Path) -> None:
    """For a time; then it is. In between others still are."""
    issuer, clock = Issuer(), Clock()
    keys = key_set(issuer, tmp_path, clock, cooldown=5.0, doubt=60.0)
    await keys.seek("no-such")
    clock.now += 6
    await keys.seek("no-such")
    assert issuer.asked == 1
    await keys.seek("another")
    assert issuer.asked == 2
    clock.now += 55
    await keys.seek("no-such")
    assert issuer.asked == 3


async def test_what_is_remembered_of_unknown_ids_is_bounded(tmp_path: Path) -> None:
    """The oldest doubt is forgotten first: asking for it asks the issuer again, for the newest one does not."""
    issuer, clock = Issuer(), Clock()
    keys = key_set(issuer, tmp_path, clock, cooldown=0.0, doubts=3, doubt=1e9)
    for name in "abcd":
        await keys.seek(name)
    for name, asked in [("d", 4), ("b", 4), ("a", 5)]:
        await keys.seek(name)
        assert issuer.asked == asked


async def test_a_failed_fetch_is_no_knowledge(tmp_path: Path) -> None:
    """An id is not held to be unknown because the issuer was away."""
    issuer, clock = Issuer([NEW], down=True), Clock()
    keys = key_set(issuer, tmp_path, clock, cooldown=5.0)
    assert await keys.seek(NEW.kid) is None
    issuer.down = False
    clock.now += 5
    assert (await keys.seek(NEW.kid)) is not None


async def test_as_long_as_there_is_no_key_requests_wait_for_the_next_look(tmp_path: Path) -> None:
    """A facade that is up before its issuer must not refuse those who come first, and asks no more than once for all of them."""
    issuer, clock = Issuer(down=True), Clock()
    keys = key_set(issuer, tmp_path, clock, first=0.01, cooldown=1e9)
    assert not await keys.refresh()
    issuer.down = False
    found = await asyncio.gather(*(keys.seek(OLD.kid) for _ in range(50)))
    assert {key and key.kid for key in found} == {OLD.kid}
    assert issuer.asked == 2


async def test_a_fetch_that_hangs_is_given_up(tmp_path: Path) -> None:
    """Nobody waits longer than an answer may take."""

    async def never() -> bytes:
        await asyncio.Event().wait()
        return b""

    keys = jwks.KeySet(never, tmp_path / "keys.json", jwks.Patience(answer=0.01))
    assert not await keys.refresh()


async def test_a_waiter_that_leaves_takes_nobody_with_it(tmp_path: Path) -> None:
    """A client that hangs up in the middle of the fetch does not cancel it for the others."""
    go, issuer = asyncio.Event(), Issuer()

    async def slow() -> bytes:
        await go.wait()
        return issuer.document()

    keys = jwks.KeySet(slow, tmp_path / "keys.json")
    leaving, staying = (asyncio.create_task(keys.seek(OLD.kid)) for _ in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.wait([leaving])
    go.set()
    assert (await staying) is not None


async def test_it_looks_again_and_again(tmp_path: Path) -> None:
    """In the background the document is read until cancelled, also after failures."""
    enough, issuer = asyncio.Event(), Issuer(down=True)

    async def counting() -> bytes:
        if issuer.asked == 3:
            enough.set()
        issuer.down = issuer.asked < 2
        return await issuer.fetch()

    keys = jwks.KeySet(counting, tmp_path / "keys.json", jwks.Patience(refresh=0.001, retry=0.001))
    task = asyncio.create_task(keys.run())
    await asyncio.wait_for(enough.wait(), 30)
    task.cancel()
    assert set(keys.keys) == {OLD.kid}


@pytest.mark.parametrize(
    "changed",
    [
        {"use": "enc"}, {"alg": "RS512"}, {"kty": "oct", "k": "AAAA"}, {"n": SHORT}, {"e": None}, {"kid": ""}, {"kid": None},
        {"kid": "x" * 129}, PRIVATE, {"n": "!"}, {"kty": "EC"},
    ],
)  # fmt: skip
def test_a_key_for_anything_else_is_skipped(changed: dict[str, Any]) -> None:
    """Another use, algorithm or kind, a short modulus, a private member: such a key verifies nothing here, its neighbours do."""
    bad = {name: value for name, value in {**KEY, **changed, "kid": changed.get("kid", "bad")}.items() if value is not None}
    assert set(parse(json.dumps({"keys": [bad, NEW.verifying.jwk()]}).encode())) == {NEW.kid}
    with pytest.raises(BadDocument):
        parse(json.dumps({"keys": [bad]}).encode())
