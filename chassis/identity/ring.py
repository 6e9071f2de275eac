"""The key ring: which key signs at a given time, and which are accepted and published. Pure: times are passed in, Unix seconds.

A rotation is a schedule, written once: the next key is published at once, signs from a time on at which every verifier knows it,
and the one before stays accepted until its last token has expired. Every process reads its part off the clock, so nothing has to
be alive half-way. It refuses a second rotation while one is on its way.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from chassis.identity.claims import LIFETIME_SECONDS
from chassis.identity.keys import SigningKey, VerifyingKey

KNOWN_SECONDS = 300
"""How long a verifier may go on with the document of public keys that it has."""

LEAD_SECONDS = KNOWN_SECONDS + 60
"""How long the next key is published before it signs."""

MARGIN_SECONDS = 60
"""For clocks that differ."""


class RotationPending(Exception):
    """The next key does not sign yet; one more would leave verifiers no time to learn it."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"a rotation is on its way: its key signs in {seconds:.0f} s; rotate again after that")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Held:
    """A key, the time from which on it signs, and the time until which it is accepted; None is for good."""

    key: SigningKey
    signs_from: float = 0.0
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Ring:
    """`held`, the later to sign last. `others` are accepted and published besides; their secret halves are elsewhere."""

    held: tuple[Held, ...]
    others: tuple[VerifyingKey, ...] = ()

    @classmethod
    def of(cls, key: SigningKey, others: Iterable[VerifyingKey] = ()) -> "Ring":
        """A ring that nobody rotates."""
        return cls((Held(key),), tuple(others))

    def signer(self, now: float) -> SigningKey:
        """The key that signs now."""
        signing = [one for one in self.held if one.signs_from <= now]
        return (signing or self.held)[-1 if signing else 0].key

    def accepted(self, now: float) -> dict[str, VerifyingKey]:
        """The keys by which tokens are accepted now, by their ids."""
        own = (one.key.verifying for one in self.held if one.until is None or now < one.until)
        return {key.kid: key for key in (*own, *self.others)}

    def jwks(self, now: float) -> dict[str, list[dict[str, str]]]:
        """The document of public keys (RFC 7517), for whoever verifies tokens."""
        return {"keys": [key.jwk() for key in self.accepted(now).values()]}

    def rotated(self, fresh: SigningKey, now: float, lead: float) -> "Ring":
        """The ring with a fresh key that signs `lead` seconds from now. Raises `RotationPending`."""
        if (pending := self.held[-1].signs_from - now) > 0:
            raise RotationPending(pending)
        switch = now + lead
        last = switch + LIFETIME_SECONDS + MARGIN_SECONDS
        lasting = [one for one in self.held if one.until is None or now < one.until]
        leaving = tuple(one if one.until is not None else replace(one, until=last) for one in lasting)
        return replace(self, held=(*leaving, Held(fresh, switch)))

    def replaced(self, fresh: SigningKey, now: float) -> "Ring":
        """The ring with this key alone: whatever any other has signed is refused from now on."""
        return Ring((Held(fresh, now),))
