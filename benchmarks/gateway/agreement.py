"""That a peer does the work that is compared: the very bytes of the upstream, on connections that both sides keep."""

import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse

from benchmarks.gateway.clients import headers
from benchmarks.gateway.lineup import Contender
from benchmarks.gateway.origin import BODIES, Origin
from benchmarks.report import CannotMeasure
from chassis.ports import LOOPBACK

REQUESTS = 20
_SPARE = 4
"""Connections that may come beside the one that is enough: the one that counts them, and what a peer asks by itself."""


class Disagreement(CannotMeasure):
    """A peer does less, more or other work than the others; `found` says in which ways."""

    def __init__(self, name: str, found: Sequence[str]) -> None:
        super().__init__(f"{name} cannot be compared: {'; '.join(found)}")
        self.found = tuple(found)


@dataclass(frozen=True, slots=True)
class Answer:
    """What of an answer must be the same whoever passes it on."""

    status: int
    kind: str | None
    length: str | None
    body: bytes
    coding: str | None


def check(peer: Contender, origin: Origin) -> None:
    """Ask it a few times on one connection, and look how it asks the upstream. Raises `Disagreement`."""
    found = [fault for body in BODIES for fault in _faults(peer.port, peer.path(body), origin)]
    if found:
        raise Disagreement(peer.name, found)


def check_compressing(peer: Contender, origin: Origin) -> None:
    """Ask it for the body that is worth it as a client that accepts gzip. Raises `Disagreement`."""
    path = peer.path("64 KiB")
    answer = _ask(HTTPConnection(LOOPBACK, peer.port, timeout=5), path, {"Accept-Encoding": "gzip"})
    if answer.coding != "gzip":
        raise Disagreement(peer.name, [f"its answer to {path} is not compressed"])
    if gzip.decompress(answer.body) != _ask(HTTPConnection(LOOPBACK, origin.port, timeout=5), path).body:
        raise Disagreement(peer.name, [f"its answer to {path} is not the upstream's"])


def _faults(port: int, path: str, origin: Origin) -> list[str]:
    expected = _ask(HTTPConnection(LOOPBACK, origin.port, timeout=5), path)
    client = HTTPConnection(LOOPBACK, port, timeout=5)
    client.connect()
    client.auto_open = 0  # a connection that the peer closes stays closed, and the next request fails
    before = origin.connections()
    found = []
    try:
        answers = [_ask(client, path) for _ in range(REQUESTS)]
        if any(answer != expected for answer in answers):
            found.append(f"its answer to {path} is not the upstream's")
    except (OSError, HTTPException) as error:
        found.append(f"it does not keep its client's connection ({error!r})")
    finally:
        client.close()
    if (opened := origin.connections() - before) > _SPARE:
        found.append(f"it opened {opened} connections to the upstream for {REQUESTS} requests in turn")
    return found


def _ask(connection: HTTPConnection, path: str, more: Mapping[str, str] | None = None) -> Answer:
    connection.request("GET", path, headers=headers(0) | dict(more or {}))
    answer: HTTPResponse = connection.getresponse()
    told = answer.headers
    return Answer(answer.status, told["content-type"], told["content-length"], answer.read(), told["content-encoding"])
