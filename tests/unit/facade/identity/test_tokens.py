"""Access tokens at the entrance: what is accepted, what is not, and for how long one is known."""

import asyncio
import base64
import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.identity import tokens as issuing
from chassis.identity.keys import SigningKey
from facade.identity.principal import Principal
from facade.identity.tokens import SKEW_SECONDS, Tokens
from facade.problems import Problem
from tests.unit.facade.identity.issuer import NEW, NOW, OLD, STRANGER, USER, Clock, Issuer, claims, key_set, token

GOOD = token()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tokens(tmp_path: Path, clock: Clock) -> Tokens:
    keys = key_set(Issuer([OLD, NEW]), tmp_path, Clock())
    asyncio.run(keys.refresh())
    return Tokens(keys, clock, limit=4)


def bearer(written: bytes) -> bytes:
    return b"Bearer " + written


def refusal(tokens: Tokens, written: bytes) -> Problem:
    with pytest.raises(Problem) as caught:
        tokens.of(bearer(written))
    return caught.value


def test_a_token_tells_its_user_and_scopes(tokens: Tokens) -> None:
    """What the issuer wrote is what is believed, by each of its keys."""
    for signer in (OLD, NEW):
        found = tokens.of(bearer(token(signer, scope="customer orders:write")))
        assert found == Principal("user", str(USER), frozenset({"customer", "orders:write"}))


async def test_a_token_of_the_issuer_itself_is_accepted(tmp_path: Path) -> None:
    """Issuer and entrance agree on all claims, by the real clock."""
    keys = key_set(Issuer(), tmp_path)
    await keys.refresh()
    who = uuid4()
    assert Tokens(keys).of(bearer(issuing.issue(who, 7, signer=OLD).encode())) == Principal(
        "user", str(who), frozenset({"customer"})
    )


async def test_no_changed_byte_is_accepted(tmp_path: Path) -> None:
    """A token differing in one byte from a good one is refused: also in the bits that base64 does not use."""
    keys = key_set(Issuer(), tmp_path)
    await keys.refresh()
    tokens = Tokens(keys, Clock())
    assert isinstance(tokens.of(bearer(GOOD)), Principal)

    @given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
    def changed(place: int, byte: int) -> None:
        other = GOOD[:place] + bytes([byte]) + GOOD[place + 1 :]
        if other != GOOD and not other.endswith(b" "):
            _is_refused(tokens, other)

    changed()
    for last in range(256):
        if last not in (GOOD[-1], ord(" ")):
            _is_refused(tokens, GOOD[:-1] + bytes([last]))


async def test_no_other_spelling_is_accepted(tokens: Tokens) -> None:
    """Padding, foreign characters and line ends within the base64 are not skipped."""
    for other in (
        GOOD + b"=",
        GOOD + b"==",
        GOOD.replace(b".", b"=.", 1),
        GOOD[:9] + b"\n" + GOOD[9:],
        GOOD[:-5] + b"!" + GOOD[-5:],
    ):
        _is_refused(tokens, other)


def _is_refused(tokens: Tokens, other: bytes) -> None:
    """With 401, at once or after the key that it names was looked for: in the cooldown, so nothing is waited for."""
    with pytest.raises(Problem) as caught:
        _whose(tokens, other)
    assert caught.value.status == 401


def _whose(tokens: Tokens, other: bytes) -> Principal:
    found = tokens.of(bearer(other))
    return found if isinstance(found, Principal) else next(iter(found.__await__()))


def _headed(header: dict[str, Any], signer: SigningKey = OLD) -> bytes:
    """A token whose header says this, rightly signed whatever it says."""
    text = b".".join(
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=") for part in (header, claims())
    )  # fmt: skip
    signature = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256).sign(text, signer.private)
    return text + b"." + base64.urlsafe_b64encode(signature).rstrip(b"=")


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"}, {"alg": "HS256"}, {"alg": "RS384"}, {"alg": "rs256"}, {"alg": ["RS256"]}, {}, {"crit": ["exp"]},
        {"b64": False}, {"kid": None}, {"kid": 7}, {"kid": ""}, {"kid": "x" * 129},
    ],
)  # fmt: skip
def test_a_header_that_says_otherwise_is_refused(header: dict[str, Any], tokens: Tokens) -> None:
    """The algorithm is pinned and extensions are unknown, also under a good signature."""
    base = {"kid": OLD.kid} if not header else {"alg": "RS256", "kid": OLD.kid}
    assert refusal(tokens, _headed({**base, **header})).status == 401


def test_the_plain_header_is_accepted(tokens: Tokens) -> None:
    """So that the test above fails for its headers alone."""
    assert isinstance(tokens.of(bearer(_headed({"alg": "RS256", "kid": OLD.kid}))), Principal)


def test_forgeries_are_refused(tokens: Tokens) -> None:
    """Another key under a known id, the public key as a shared secret, no signature, no token."""
    forged = [
        jwt.encode(claims(), STRANGER.private, algorithm="RS256", headers={"kid": OLD.kid}).encode(),
        jwt.encode(claims(), str(OLD.verifying.public.public_numbers().n), algorithm="HS256", headers={"kid": OLD.kid}).encode(),
        GOOD[: GOOD.rindex(b".") + 1],
        b"", b".", b"..", b"a.b.c", b"\xff.\xff.\xff", GOOD + b".x", b"A" * 9_000,
    ]  # fmt: skip
    for written in forged:
        assert refusal(tokens, written).status == 401


@pytest.mark.parametrize("lacking", issuing.REQUIRED)
def test_every_claim_is_needed(lacking: str, tokens: Tokens) -> None:
    """A token without one of them is refused."""
    assert refusal(tokens, token(OLD, **{lacking: None})).status == 401


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "others"}, {"iss": "others"}, {"sub": "no-uuid"}, {"scope": ["customer"]}, {"exp": "soon"}, {"exp": True},
        {"exp": 1e300}, {"iat": "now"}, {"nbf": "now"},
    ],
)  # fmt: skip
def test_a_claim_of_another_kind_is_refused(changed: dict[str, Any], tokens: Tokens) -> None:
    """For somebody else, or no value of its type."""
    assert refusal(tokens, token(**changed)).status == 401


@pytest.mark.parametrize(
    ("changed", "at", "accepted"),
    [
        ({}, 900 + SKEW_SECONDS - 1, True),
        ({}, 900 + SKEW_SECONDS, False),
        ({}, -SKEW_SECONDS, True),
        ({}, -SKEW_SECONDS - 1, False),
        ({"nbf": int(NOW) + 60}, 60 - SKEW_SECONDS, True),
        ({"nbf": int(NOW) + 60}, 59 - SKEW_SECONDS, False),
    ],
)
def test_clocks_may_differ_by_the_skew(changed: dict[str, Any], at: float, accepted: bool, tokens: Tokens, clock: Clock) -> None:
    """Both ends of a token's time are wider by the skew, and no further; a known token expires like an unknown one."""
    written = token(**changed)
    clock.now = NOW + 100
    tokens.of(bearer(written))
    clock.now = NOW + at
    fresh = token(**changed, jti="another")
    for one in (fresh, written) if at > 100 else (fresh,):
        if accepted:
            assert isinstance(tokens.of(bearer(one)), Principal)
        else:
            assert refusal(tokens, one).status == 401


def test_a_repeated_token_is_not_verified_again(tokens: Tokens) -> None:
    """The same principal comes back, not an equal one."""
    assert tokens.of(bearer(GOOD)) is tokens.of(bearer(GOOD))


def test_what_is_remembered_is_bounded(tokens: Tokens) -> None:
    """The token that was not used for longest goes first."""
    first = tokens.of(bearer(GOOD))
    for number in range(10):
        tokens.of(bearer(token(jti=str(number))))
        assert tokens.of(bearer(GOOD)) is first
    assert len(tokens) == 4


async def test_a_key_that_was_rotated_out_takes_its_tokens_along(tmp_path: Path) -> None:
    """Also those that were verified before; the other key's stay known."""
    issuer = Issuer([OLD, NEW])
    keys = key_set(issuer, tmp_path, cooldown=60.0)
    await keys.refresh()
    tokens = Tokens(keys, Clock())
    old, new = bearer(token(OLD)), bearer(token(NEW))
    tokens.of(old)
    kept = tokens.of(new)
    issuer.signers = [NEW]
    await keys.refresh()
    assert tokens.of(new) is kept
    found = tokens.of(old)
    assert not isinstance(found, Principal)
    with pytest.raises(Problem) as caught:
        await found
    assert caught.value.status == 401


async def test_a_key_of_the_same_name_is_another_key(tmp_path: Path) -> None:
    """An issuer that reuses an id does not keep the tokens of the old key alive."""
    issuer = Issuer([OLD])
    keys = key_set(issuer, tmp_path)
    await keys.refresh()
    tokens = Tokens(keys, Clock())
    tokens.of(bearer(GOOD))
    issuer.says = json.dumps({"keys": [{**NEW.verifying.jwk(), "kid": OLD.kid}]}).encode()
    await keys.refresh()
    assert refusal(tokens, GOOD).status == 401


async def test_the_first_token_of_a_new_key_is_waited_for(tmp_path: Path) -> None:
    """It is accepted as soon as the issuer's document was read."""
    issuer, now = Issuer([OLD]), Clock()
    keys = key_set(issuer, tmp_path, now)
    await keys.refresh()
    tokens = Tokens(keys, Clock())
    issuer.signers = [OLD, NEW]
    now.now += 60
    found = tokens.of(bearer(token(NEW)))
    assert not isinstance(found, Principal)
    assert (await found).id == str(USER)


async def test_without_any_key_it_is_not_the_callers_fault(tmp_path: Path) -> None:
    """503 with a time to come back, not 401: a client would throw its good token away."""
    found = Tokens(key_set(Issuer(down=True), tmp_path), Clock()).of(bearer(GOOD))
    assert not isinstance(found, Principal)
    with pytest.raises(Problem) as caught:
        await found
    assert (caught.value.status, caught.value.retry_after) == (503, 1)


def test_a_refusal_challenges(tokens: Tokens) -> None:
    """RFC 6750: the scheme, the error and what is wrong, in words; nothing of the token."""
    problem = refusal(tokens, token(exp=1, iat=0))
    assert (
        problem.more == b'www-authenticate: Bearer realm="banyan", error="invalid_token", error_description="it has expired"\r\n'
    )
