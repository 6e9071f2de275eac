"""Bodies of requests that stages read, or change, on their way to the upstream; and how large they may be."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.facade.entrance import Entrance, Reply
from tests.integration.facade.scripted import ScriptedUpstream

POLICIES = """
[defaults]
authenticate = "none"

[[routes]]
path = "/changed"
transform = { request = { members = { remove = ["/secret"], rename = { "/nr" = "number" }, largest = 1000000 } } }

[[routes]]
path = "/small"
max_body = 1000
transform = { request = { members = { remove = ["/secret"] } } }

[[routes]]
path = "/twice/login"
contract = { document = "DOCUMENT", largest = 50000, undescribed = "pass" }
transform = { request = { members = { remove = ["/secret"], largest = 1000 } } }

[[routes]]
path = "/code"
code = "tests.integration.facade.answers:body"
transform = { request = { members = { remove = ["/secret"] } } }
"""
DOCUMENT = """
openapi: 3.1.0
info: { title: t, version: "1" }
paths:
  /twice/login:
    post:
      requestBody: { content: { application/json: { schema: { type: object } } } }
      responses: { "200": { description: ok } }
"""


@pytest.fixture(scope="module")
def running(upstreams: tuple[ScriptedUpstream, ScriptedUpstream], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Entrance]:
    folder: Path = tmp_path_factory.mktemp("changed")
    (folder / "openapi.yaml").write_text(DOCUMENT)
    (folder / "policies.toml").write_text(POLICIES.replace("DOCUMENT", str(folder / "openapi.yaml")))
    own = {"FACADE_POLICIES": str(folder / "policies.toml"), "VALKEY_URL": ""}
    entrance = Entrance(upstreams[0], folder / "var", own).start()
    yield entrance
    entrance.stop()


def sent(entrance: Entrance, path: str, document: object, *, chunked: bool) -> Reply:
    """By POST, of known length or in chunks."""
    body = json.dumps(document).encode()
    if not chunked:
        return entrance.ask("POST", path, body, Content_Type="application/json")
    head = b"POST %b HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\n" % path.encode()
    got = entrance.raw(head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))
    return Reply(int(got.split()[1]), [], got.partition(b"\r\n\r\n")[2])


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("size", [1, 70_000, 300_000])
def test_the_upstream_gets_what_was_made_of_it(entrance: Entrance, monolith: ScriptedUpstream, size: int, chunked: bool) -> None:
    """And nothing of what was taken out, however large it is and however it came."""
    assert sent(entrance, "/changed", {"secret": "s", "nr": 1, "text": "x" * size}, chunked=chunked).status == 200
    assert json.loads(monolith.received[-1].body) == {"number": 1, "text": "x" * size}


def test_so_does_code(entrance: Entrance) -> None:
    """Which stands where the upstream would."""
    assert sent(entrance, "/code", {"secret": "s", "a": 1}, chunked=False).json() == {"a": 1}


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("path", ["/small", "/twice/login"])
def test_the_least_limit_holds(entrance: Entrance, monolith: ScriptedUpstream, path: str, chunked: bool) -> None:
    """Also for a body that a stage reads as a whole, and for one that another stage has read before."""
    assert sent(entrance, path, {"a": "x" * 5_000}, chunked=chunked).status == 413
    assert not monolith.received
    assert sent(entrance, path, {"a": "x" * 500}, chunked=chunked).status == 200
