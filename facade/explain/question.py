"""A request that nobody has sent, as a person or a program describes it, made to one that stages can look at."""

from dataclasses import dataclass
from typing import Any, Self

from facade import headers
from facade.entrance.client import Client
from facade.http1 import request_line
from facade.request import Request
from facade.settings import Settings


@dataclass(frozen=True, slots=True)
class Question:
    """A request that nobody has sent. `headers` are lines, `data` its body; without one it has none."""

    method: str
    url: str
    headers: tuple[str, ...] = ()
    data: str | None = None

    @classmethod
    def of(cls, raw: Any) -> Self:
        """From what JSON says. Raises ValueError."""
        if not isinstance(raw, dict):
            raise ValueError("it is no table")
        method, url, lines, data = (raw.get(name) for name in ("method", "url", "headers", "data"))
        if not isinstance(method, str) or not isinstance(url, str) or not isinstance(data, str | None):
            raise ValueError("method, url and data are texts")
        if not isinstance(lines, list | tuple) or not all(isinstance(line, str) for line in lines):
            raise ValueError("headers are a list of texts")
        return cls(method, url, tuple(lines), data)


def request_of(settings: Settings, question: Question) -> Request:
    """As it would arrive from this machine. Raises `BadHead`."""
    scheme, mark, rest = question.url.partition("://")
    host, slash, path = rest.partition("/") if mark else ("localhost", "", question.url)
    target = slash + path or "/"
    lines = [*question.headers]
    named = {line.partition(":")[0].strip().lower() for line in lines}
    if "host" not in named:
        lines.append(f"host: {host}")
    body = (question.data or "").encode()
    if body and not named & {"content-length", "transfer-encoding"}:
        lines.append(f"content-length: {len(body)}")
    if body and "content-type" not in named:
        lines.append("content-type: application/json")
    line = request_line.parse(f"{question.method} {target} HTTP/1.1".encode("latin-1", "replace"))
    inbound = headers.inbound("\r\n".join(lines).encode("latin-1", "replace"))
    client = Client(_never, settings, lambda _status: None, on_lost=lambda _client: None, secure=scheme == "https")
    client.address = b"127.0.0.1"
    request = Request(client, line, inbound, trust=settings.trust_forwarded)
    request._ahead = body or None  # as if it had been read, for the client has nothing to read from
    return request


async def _never(client: Client, line: object, inbound: object) -> None:  # noqa: ARG001 no request comes this way
    raise AssertionError("a client that is only described sends nothing")
