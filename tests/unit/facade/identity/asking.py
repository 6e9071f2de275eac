"""A request as the stages see it, from a real header block."""

from dataclasses import dataclass

from facade import headers
from facade.headers import Inbound
from facade.identity.principal import ANONYMOUS, Principal


@dataclass
class Asking:
    inbound: Inbound
    method: str = "GET"
    principal: Principal = ANONYMOUS


def asking(*lines: bytes, method: str = "GET", principal: Principal = ANONYMOUS) -> Asking:
    """A request with these header lines."""
    block = b"\r\n".join((b"host: shop.example", *lines))
    return Asking(headers.inbound(block), method, principal)
