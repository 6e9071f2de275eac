"""The header Banyan-Caller: good for one process, for half a minute, once."""

import hashlib
import hmac
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from chassis.callers.tokens import LIFETIME_SECONDS, SKEW_SECONDS, InvalidCaller, Signer, Verifier, derived

SECRET = "an internal secret of this test"
NOW = 1_800_000_000.0


def at(now: float) -> Callable[[], float]:
    return lambda: now


def signed(issued: float = NOW, secret: str = SECRET, issuer: str = "facade", audience: str = "users") -> str:
    return Signer(secret, issuer, audience, at(issued)).sign().decode()


def verifier(now: float = NOW) -> Verifier:
    return Verifier(SECRET, "users", at(now))


def refusal(token: str, now: float = NOW) -> str:
    with pytest.raises(InvalidCaller) as caught:
        verifier(now).verify(token)
    return str(caught.value)


def test_a_token_tells_its_sender() -> None:
    """Who, when, and a name of its own."""
    caller = verifier().verify(signed())
    assert (caller.issuer, caller.issued_at, len(caller.id)) == ("facade", int(NOW), 24)


def test_the_signature_is_hmac_under_a_key_for_the_audience() -> None:
    """By other means: RFC 2104 over all before the last dot, RFC 5869 for the key."""
    text, _, mac = signed().rpartition(".")
    key = HKDF(SHA256(), 32, salt=b"banyan-caller", info=b"users").derive(SECRET.encode())
    assert mac == hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


TOKEN = signed()


@given(st.integers(0, len(TOKEN) - 1), st.characters(max_codepoint=0x2FF))
def test_no_changed_character_is_accepted(place: int, character: str) -> None:
    """Each byte counts."""
    other = TOKEN[:place] + character + TOKEN[place + 1 :]
    if other != TOKEN:
        refusal(other)


@pytest.mark.parametrize("token", ["", ".....", "v1", "x" * 10_000, "v1.facade.users.１８.0.0"])
def test_what_is_no_token_is_refused(token: str) -> None:
    """As malformed."""
    assert refusal(token) == "the token is malformed"


def test_another_process_token_opens_nothing() -> None:
    """Neither one for another audience, nor one whose audience was only renamed, nor one of another platform."""
    assert refusal(signed(audience="monolith")) == "the token is not for users"
    assert "internal secret" in refusal(signed(audience="monolith").replace(".monolith.", ".users."))
    assert "internal secret" in refusal(signed(secret="another"))
    assert derived(SECRET, "users") != derived(SECRET, "monolith")


@pytest.mark.parametrize(
    ("passed", "wrong"),
    [
        (0, None),
        (LIFETIME_SECONDS + SKEW_SECONDS - 1, None),
        (LIFETIME_SECONDS + SKEW_SECONDS, "the token is too old"),
        (-SKEW_SECONDS, None),
        (-SKEW_SECONDS - 1, "the token is from the future"),
    ],
)
def test_a_token_has_its_time(passed: int, wrong: str | None) -> None:
    """Its lifetime, wider by the skew at both ends."""
    if wrong is None:
        verifier(NOW + passed).verify(signed())
    else:
        assert refusal(signed(), NOW + passed) == wrong


def test_a_token_is_good_for_once() -> None:
    """The second time it is refused; each request has one of its own; another process has not seen it."""
    token, verify = signed(), verifier()
    verify.verify(token)
    with pytest.raises(InvalidCaller, match="used before"):
        verify.verify(token)
    verify.verify(signed())
    verifier().verify(token)


def test_a_refused_token_is_not_remembered() -> None:
    """Whoever has no key cannot fill the memory, nor use up somebody else's token."""
    token, verify = signed(), verifier()
    with pytest.raises(InvalidCaller):
        verify.verify(token[:-1] + ("0" if token[-1] != "0" else "1"))
    verify.verify(token)


@pytest.mark.parametrize("name", ["", "a.b", "Users", "users\n", "x" * 41])
def test_names_are_plain(name: str) -> None:
    """A dot in a name would make two tokens of one text."""
    for make in (lambda: Signer(SECRET, name, "users"), lambda: Signer(SECRET, "facade", name), lambda: Verifier(SECRET, name)):
        with pytest.raises(ValueError, match="no name of a process"):
            make()


def test_without_a_secret_nothing_is_signed() -> None:
    """An empty secret would be everybody's."""
    with pytest.raises(ValueError, match="secret"):
        Signer("", "facade", "users")
