"""Who the facade is, told to its upstreams: a short-lived signed token with every attempt, since a token is accepted once."""

from typing import Final

from chassis.callers.tokens import Signer
from facade.routes import Route
from migrations_tools.phases import Owner

_ISSUER: Final = "facade"


class Callers:
    """`secret` is what all processes of the platform share; without one nothing is told."""

    def __init__(self, secret: str) -> None:
        self._secret = secret
        self._signers: dict[str, Signer] = {}

    def to(self, side: Owner, route: Route | None) -> bytes:
        """The header line for a side of a route's context."""
        return self.line(route.context if route is not None and side is Owner.SERVICE else Owner.MONOLITH.value)

    def line(self, audience: str) -> bytes:
        """The header line for an upstream of this name: "monolith", or the context of a service."""
        if not self._secret:
            return b""
        signer = self._signers.get(audience)
        if signer is None:
            signer = self._signers[audience] = Signer(self._secret, _ISSUER, audience)
        return b"banyan-caller: %b\r\n" % signer.sign()
