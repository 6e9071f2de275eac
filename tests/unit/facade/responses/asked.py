"""A request as the stages see it, made from a few words; it has no connection."""

from dataclasses import dataclass, field
from math import inf

from facade import headers
from facade.headers import Inbound
from facade.http1 import request_line
from facade.problems import Problem
from facade.responses.contract import Reply, Request


@dataclass
class Who:
    kind: str = "anonymous"


@dataclass
class Asked:
    """`body` is what the client sends."""

    method: str
    path: str
    target: bytes
    inbound: Inbound
    body: bytes = b""
    host: bytes = b"shop.example"
    passed: bytes = b""
    extra: list[bytes] = field(default_factory=list)
    told: list[bytes] = field(default_factory=list)
    reply: Reply | None = None
    content: bytes | None = None
    principal: Who = field(default_factory=Who)
    scheme: bytes = b"https"
    abandoned: bool = False
    deadline: float = inf
    replica: bool = False

    async def read(self, limit: int) -> bytes:
        if len(self.body) > limit:
            raise Problem(413, "body-too-large", "Body too large", f"{limit} bytes")
        return self.body

    @property
    def sent(self) -> dict[bytes, bytes]:
        """The header fields that an upstream sees, those that are repeated joined."""
        found: dict[bytes, bytes] = {}
        for line in (self.passed + b"".join(self.extra)).splitlines():
            name, _, value = line.partition(b": ")
            found[name] = found[name] + b", " + value if name in found else value
        return found


def asked(method: str = "GET", target: bytes = b"/api/v1/products", body: bytes = b"", /, **fields: str) -> Asked:
    """`asked("GET", b"/a?b", if_none_match='"x"')`."""
    block = b"\r\n".join(f"{name.replace('_', '-')}: {value}".encode() for name, value in fields.items())
    inbound = headers.inbound(block)
    line = request_line.parse(b"%b %b HTTP/1.1" % (method.encode(), target))
    made = Asked(method, line.path, line.target, inbound, body, passed=inbound.lines)
    _: Request = made
    return made


def reply(status: int = 200, body: bytes | None = b"answer", /, **fields: str) -> Reply:
    """`reply(200, b"{}", cache_control="max-age=9")`."""
    return Reply(status, [(name.replace("_", "-").encode(), value.encode()) for name, value in fields.items()], body)
