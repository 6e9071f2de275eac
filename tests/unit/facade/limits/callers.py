"""Requests as the stage of limits sees them."""

from dataclasses import dataclass, field


@dataclass
class Caller:
    """A principal."""

    kind: str = "anonymous"
    id: str = ""


@dataclass
class Asked:
    """One request."""

    address: bytes = b"192.0.2.1"
    principal: Caller = field(default_factory=Caller)
    told: list[bytes] = field(default_factory=list)


def anonymous(address: bytes = b"192.0.2.1") -> Asked:
    return Asked(address)


def user(name: str, address: bytes = b"192.0.2.1") -> Asked:
    return Asked(address, Caller("user", name))


def key(name: str) -> Asked:
    return Asked(principal=Caller("key", name))
