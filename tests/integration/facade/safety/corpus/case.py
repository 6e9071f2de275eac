"""What a case of the corpus says, and the few words that make its bytes short to write."""

from dataclasses import dataclass

POISON = b"GET /poison HTTP/1.1\r\nHost: a\r\n\r\n"
"""The request that a smuggler wants to be seen behind the facade; it must never arrive unless the client asked for it."""

FORGED = b"forged"
"""The value of every header that a case forges; no upstream may ever see it."""


@dataclass(frozen=True)
class Case:
    """`sent` is written to a fresh connection in one go. `answers` are the statuses that come back, in order, those of 1xx
    included; none at all: the facade closes without a word. `reaches` is what upstreams receive because of it: method and target.
    `open`: the connection serves another request afterwards; else the facade closes it.
    """

    name: str
    sent: bytes
    answers: tuple[int, ...]
    reaches: tuple[str, ...] = ()
    open: bool = False


def refused(name: str, sent: bytes, status: int = 400) -> Case:
    """Answered by the facade itself, unseen by any upstream, and the connection ends."""
    return Case(name, sent, (status,))


def passed(name: str, sent: bytes, *reaches: str) -> Case:
    """Understood, and passed on as exactly these requests; the connection goes on."""
    return Case(name, sent, (200,) * len(reaches), reaches, open=True)


def head(first: bytes, *lines: bytes) -> bytes:
    """A head with a host."""
    return b"\r\n".join([first, b"Host: a", *lines, b"", b""])


def get(*lines: bytes) -> bytes:
    """A GET with these header lines."""
    return head(b"GET /x HTTP/1.1", *lines)


def post(*lines: bytes, body: bytes = b"") -> bytes:
    """A POST with these header lines, and this body as it is."""
    return head(b"POST /x HTTP/1.1", *lines) + body


def path(target: bytes) -> bytes:
    """A GET of this target."""
    return head(b"GET %b HTTP/1.1" % target)
