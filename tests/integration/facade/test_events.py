"""Streams through everything that the entrance can do: each event is there when it was sent, whatever else a route declares."""

import http.client
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from queue import Queue

import brotli  # type: ignore[import-untyped]
import pytest
from backports import zstd

from extracted import users
from facade.settings import Settings
from tests.integration.facade.entrance import Entrance
from tests.integration.facade.scripted import Drop, Received, ScriptedUpstream, answer

TIMES = 5
CONTRACT = Path(users.__file__).with_name("openapi.yaml")
MORE = f"""
[[routes]]
path = "/cached"
cache = {{ ttl = 60, stale_if_error = 60, stale_while_revalidate = 60 }}

[[routes]]
path = "/changed"
transform = {{ reply = {{ headers = {{ set = {{ x-by = "banyan" }} }}, members = {{ remove = ["/secret"] }} }} }}

[[routes]]
path = "/compressed"
compress = {{ even_with_secrets = true }}

[[routes]]
path = "/described"
contract = {{ document = "{CONTRACT}", undescribed = "pass" }}

[[routes]]
path = "/all"
cache = {{ ttl = 60 }}
compress = {{ even_with_secrets = true }}
contract = {{ document = "{CONTRACT}", undescribed = "pass" }}
transform = {{ reply = {{ members = {{ remove = ["/secret"] }} }} }}
fallback = ["monolith", "cache", {{ body = "static" }}]
max_header = 8000
cors = {{ origins = ["*"] }}
"""
PATHS = ("/plain", "/cached", "/changed", "/compressed", "/described", "/all")
KINDS = ("text/event-stream", "text/event-stream; charset=utf-8", "application/x-ndjson")


@pytest.fixture(scope="module")
def running(upstreams: tuple[ScriptedUpstream, ScriptedUpstream], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Entrance]:
    """The policies as shipped, and routes with all that may be declared besides."""
    folder: Path = tmp_path_factory.mktemp("events")
    (folder / "policies.toml").write_text(Settings("http://m").policies.read_text() + MORE)
    entrance = Entrance(upstreams[0], folder / "var", {"FACADE_POLICIES": str(folder / "policies.toml")}).start()
    yield entrance
    entrance.stop()


class Events:
    """A script that sends an event only when it is told to: `send` by the client that has read the one before."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.orders: Queue[bytes | None] = Queue()

    def __call__(self, request: Received) -> bytes:
        if request.target == "/readyz":
            return answer()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {self.kind}\r\nCache-Control: max-age=60\r\nTransfer-Encoding: chunked\r\n\r\n"
        request.wire.sendall(head.encode())
        try:
            while (event := self.orders.get(timeout=10)) is not None:
                request.wire.sendall(b"%x\r\n%b\r\n" % (len(event), event))
        except OSError:
            raise Drop from None
        return b"0\r\n\r\n"

    def event(self, number: int) -> bytes:
        said = json.dumps({"number": number, "secret": "s"})
        return f"data: {said}\n\n".encode() if "event-stream" in self.kind else f"{said}\n".encode()


def decoder(coding: str | None) -> object:
    """What makes parts of a body out of parts of its coding."""
    if coding == "gzip":
        return zlib.decompressobj(31).decompress
    if coding == "br":
        return brotli.Decompressor().process
    if coding == "zstd":
        return zstd.ZstdDecompressor().decompress
    return bytes


def read(response: http.client.HTTPResponse, wanted: bytes, decode: object) -> None:
    """Read until exactly `wanted` has come; the socket's timeout bounds the wait."""
    got = b""
    while len(got) < len(wanted):
        part = response.read1(65_536)
        assert part, "the stream has ended"
        got += decode(part)  # type: ignore[operator]
    assert got == wanted


@pytest.mark.parametrize("accepts", ["identity", "gzip", "br", "zstd"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("path", PATHS)
def test_each_event_arrives_before_the_next_is_sent(
    entrance: Entrance, monolith: ScriptedUpstream, path: str, kind: str, accepts: str
) -> None:
    """None waits for another one, for the end, or for a compressor; and all of it is what was sent."""
    monolith.script = events = Events(kind)
    connection = http.client.HTTPConnection("127.0.0.1", entrance.port, timeout=5)
    try:
        connection.request("GET", path, headers={"Accept-Encoding": accepts})
        response = connection.getresponse()
        assert (response.status, response.getheader("content-type")) == (200, kind)
        coding = response.getheader("content-encoding")
        compressed = path in ("/compressed", "/all") and "ndjson" in kind and accepts != "identity"
        assert coding == (accepts if compressed else None)
        decode = decoder(coding)
        for number in range(TIMES):
            events.orders.put(events.event(number))
            read(response, events.event(number), decode)
        events.orders.put(None)
        assert not decode(response.read())  # type: ignore[operator]
    finally:
        events.orders.put(None)
        connection.close()


def asked(monolith: ScriptedUpstream, path: str) -> int:
    return sum(request.target == path for request in monolith.received)


@pytest.mark.parametrize("path", ["/cached", "/all"])
def test_a_stream_is_not_kept(entrance: Entrance, monolith: ScriptedUpstream, path: str) -> None:
    """Everybody has one of their own, whatever its terms say; an answer that ends is kept as before."""
    for _ in range(2):
        monolith.script = events = Events("text/event-stream")
        for order in (events.event(1), None):
            events.orders.put(order)
        assert entrance.ask("GET", path).body == events.event(1)
    assert asked(monolith, path) == 2
    for _ in range(2):
        monolith.script = events = Events("application/json")
        for order in (b'{"a":1}', None):
            events.orders.put(order)
        assert entrance.ask("GET", f"{path}/json").body == b'{"a":1}'
    assert asked(monolith, f"{path}/json") == 1
