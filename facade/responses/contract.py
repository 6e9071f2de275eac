"""What a stage of this package sees of a request: less than there is, so that one can be made in a test without a connection."""

from collections.abc import Awaitable
from typing import Protocol

from facade.headers import Inbound
from facade.reply import Coder, Reply

__all__ = ["Coder", "Principal", "Reply", "Request"]


class Principal(Protocol):
    """Who asks; `kind` is "anonymous" for nobody in particular."""

    @property
    def kind(self) -> str: ...


class Request(Protocol):
    """A request on its way.

    `passed`: the header lines of the client that go to the upstream; `extra`: further ones. `target` goes to the upstream, `path`
    (decoded) found the route. `told`: header lines of the answer, added last. `reply`: set, it is the answer and no upstream is
    asked. `content`: set, it is sent instead of the request's body. `scheme`: b"http" or b"https". `deadline`: the loop's time by
    which it must be answered. `replica`: its answer is that of a side without authority, which may miss what others wrote.
    """

    method: str
    path: str
    target: bytes
    host: bytes
    passed: bytes
    extra: list[bytes]
    told: list[bytes]
    reply: Reply | None
    content: bytes | None
    deadline: float
    replica: bool

    @property
    def abandoned(self) -> bool:
        """Whether the client that waits for its answer has gone."""

    @property
    def inbound(self) -> Inbound: ...

    @property
    def principal(self) -> Principal: ...

    @property
    def scheme(self) -> bytes: ...

    def read(self, limit: int) -> Awaitable[bytes]:
        """The whole body, kept for the upstream; also when it was read before. Raises `Problem` 413 when it has more than `limit`
        bytes.
        """
