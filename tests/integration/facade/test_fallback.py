"""What clients get when an upstream has no answer, as it is declared: fired by real failures, gone when the upstream is back."""

import gzip
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.facade.conftest import TestValkey
from tests.integration.facade.entrance import Entrance, Reply, until
from tests.integration.facade.load import gauge
from tests.integration.facade.scripted import Drop, Hang, Received, Script, ScriptedUpstream, answer, json_answer

ME = "/api/v1/users/me"
SORRY = "Sorry, come again. " * 100
POLICIES = """
[defaults]
authenticate = "none"

[[routes]]
path = "/static"
fallback = [{ headers = { content-type = "application/json", x-shown = "yes" }, body = '{"items": [], "secret": 1}' }]
compress = {}
transform = { reply = { members = { remove = ["/secret"] } } }

[[routes]]
path = "/narrow"
fallback = false
transform = { reply = { members = { remove = ["/title"], largest = 10 } } }

[[routes]]
path = "/page"
fallback = [{ status = 503, headers = { retry-after = "30" }, file = "FILE" }]
compress = {}

[[routes]]
path = "/kept"
cache = { stale_if_error = 600 }
fallback = ["cache", { body = "static" }]

[[routes]]
path = "/unkept"
cache = { stale_if_error = 600 }
fallback = [{ body = "static" }]

[[routes]]
path = "/code"
code = "tests.integration.facade.answers:who"
fallback = [{ body = "static" }]

[[routes]]
path = "/api/v1/users"
fallback = ["monolith", { body = "static" }]

[[routes]]
path = "/api/v1/users/alone"
fallback = [{ body = "static" }]

[resilience.default]
breaker = { minimum = 1000000 }
ejection = { failures = 1000000 }
timeouts = { connect = 0.5, read = 0.4 }
"""


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder: Path = tmp_path_factory.mktemp("fallback")
    (folder / "sorry.html").write_text(SORRY)
    made = folder / "policies.toml"
    made.write_text(POLICIES.replace("FILE", str(folder / "sorry.html")))
    return made


@pytest.fixture(scope="module")
def running(upstreams: tuple[ScriptedUpstream, ScriptedUpstream], own_valkey: TestValkey, file: Path) -> Iterator[Entrance]:
    own = {"VALKEY_URL": own_valkey.url, "FACADE_POLICIES": str(file), "FACADE_RETRY_DEADLINE": "0.3"}
    entrance = Entrance(upstreams[0], file.parent / "var", own).start()
    yield entrance
    entrance.stop()


def drop(request: Received) -> bytes:
    raise Drop


def hang(request: Received) -> bytes:
    raise Hang


def says(status: str) -> Script:
    return lambda request: json_answer({"error": "x"}, status)


def endless_failure(request: Received) -> bytes:
    """A failure of which more comes than any stage waits for."""
    part = b"x" * 65_536
    request.wire.sendall(b"HTTP/1.1 502 Bad\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n")
    for _ in range(64):
        request.wire.sendall(b"%x\r\n%b\r\n" % (len(part), part))
    return b"0\r\n\r\n"


FAILURES = (drop, hang, says("500 X"), says("502 X"), says("503 X"), says("504 X"), endless_failure)


@pytest.mark.parametrize("failure", FAILURES)
def test_a_static_answer_stands_in_until_the_upstream_is_back(
    entrance: Entrance, monolith: ScriptedUpstream, failure: Script
) -> None:
    """As it was declared, untouched by what the route does with its upstream's answers; it says so, and is counted."""
    before = entrance.event("fallback_static", "-")
    monolith.script = failure
    reply = entrance.ask("GET", "/static/a")
    assert (reply.status, reply.json()) == (200, {"items": [], "secret": 1})
    assert (reply.header("x-shown"), reply.header("cache-control")) == ("yes", "no-cache")
    assert reply.header("cache-status") == "banyan; fwd=bypass; detail=static-fallback"
    assert reply.header("x-content-type-options") == "nosniff", "stages further out see it"
    assert entrance.event("fallback_static", "-") == before + 1
    monolith.script = lambda request: json_answer({"items": [1], "secret": 2})
    back = entrance.ask("GET", "/static/a")
    assert (back.json(), back.header("cache-status")) == ({"items": [1]}, None)
    assert entrance.event("fallback_static", "-") == before + 1


def test_it_stands_in_where_nobody_listens(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """From a file too, compressed like any other answer, with the status that was declared."""
    monolith.stop()
    try:
        reply = entrance.ask("GET", "/page", Accept_Encoding="gzip")
        assert (reply.status, reply.header("content-type"), reply.header("retry-after")) == (503, "text/html", "30")
        assert gzip.decompress(reply.body).decode() == SORRY
        assert (entrance.ask("HEAD", "/page").status, entrance.ask("HEAD", "/page").body) == (503, b"")
    finally:
        monolith.start()
    until(lambda: entrance.ask("GET", "/page").status == 200)


def test_a_write_is_told_what_happened(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """No answer that was written beforehand knows that; nor is one given where the request was the mistake."""
    monolith.script = drop
    reply = entrance.ask("POST", "/static/a", b"{}")
    assert (reply.status, reply.json()["type"]) == (502, "urn:banyan:problem:no-answer")
    monolith.script = lambda request: answer(b"no", "404 Not Found")
    assert entrance.ask("GET", "/static/a").status == 404


def test_a_refusal_is_not_transformed(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """It arrives as it is where only a few bytes may be changed; an answer of more is withheld, and that is a refusal, too."""
    monolith.script = drop
    reply = entrance.ask("POST", "/narrow", b"{}")
    assert (reply.status, reply.json()["title"]) == (502, "No answer")
    monolith.script = lambda request: json_answer({"title": "longer than that"})
    reply = entrance.ask("GET", "/narrow")
    assert (reply.status, reply.json()["title"]) == (502, "Answer withheld")


def mirrored(entrance: Entrance, service: ScriptedUpstream) -> None:
    """`users` at the service, which the monolith mirrors."""
    entrance.route("service", epoch=5, services=[service])
    until(lambda: gauge(entrance, "positions_trusted") == 1)


def test_the_mirror_comes_first_and_the_static_answer_last(
    entrance: Entrance, monolith: ScriptedUpstream, service: ScriptedUpstream
) -> None:
    """Each only when those before it have no answer."""
    mirrored(entrance, service)
    monolith.script, service.script = lambda request: answer(b"monolith"), lambda request: answer(b"service")
    assert entrance.ask("GET", ME).body == b"service"
    service.script = says("503 X")
    assert entrance.ask("GET", ME).body == b"monolith"
    monolith.script = drop
    assert entrance.ask("GET", ME).body == b"static"
    service.script = lambda request: answer(b"service")
    assert entrance.ask("GET", ME).body == b"service"


def test_a_mirror_that_is_not_named_is_not_asked(
    entrance: Entrance, monolith: ScriptedUpstream, service: ScriptedUpstream
) -> None:
    """A route may prefer an empty answer to an older one."""
    mirrored(entrance, service)
    service.script = says("503 X")
    assert entrance.ask("GET", "/api/v1/users/alone").body == b"static"
    assert monolith.received == []


def kept(entrance: Entrance, monolith: ScriptedUpstream, path: str) -> None:
    """Have the cache keep an answer that is stale at once."""
    monolith.script = lambda request: answer(b"kept", Cache_Control="max-age=0", ETag='"1"')
    assert "stored" in (entrance.ask("GET", path).header("cache-status") or "")


@pytest.mark.parametrize("failure", [drop, hang, says("503 X"), endless_failure])
def test_what_is_kept_comes_before_the_static_answer(entrance: Entrance, monolith: ScriptedUpstream, failure: Script) -> None:
    """Where something is kept, and where the route names the cache."""
    path, before = f"/kept/{failure.__name__}", entrance.event("fallback_cache", "-")
    kept(entrance, monolith, path)
    monolith.script = failure
    reply = entrance.ask("GET", path)
    assert (reply.status, reply.body) == (200, b"kept")
    assert (reply.header("cache-status") or "").endswith("detail=stale-if-error")
    assert entrance.event("fallback_cache", "-") == before + 1
    assert entrance.ask("GET", f"{path}/other").body == b"static"
    monolith.script = lambda request: answer(b"fresh")
    assert entrance.ask("GET", path).body == b"fresh"


def test_a_cache_that_is_not_named_gives_nothing_stale(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """Whatever its own terms say."""
    kept(entrance, monolith, "/unkept/a")
    monolith.script = says("503 X")
    assert entrance.ask("GET", "/unkept/a").body == b"static"


def test_explain_tells_who_would_answer_instead(entrance: Entrance, service: ScriptedUpstream, file: Path) -> None:
    """In their order, and whether the mirror may be asked just now."""
    mirrored(entrance, service)

    def told(method: str, path: str) -> dict[str, str]:
        own = {"FACADE_POLICIES": str(file), "MONOLITH_URL": entrance.monolith.url, "BANYAN_VAR": str(entrance.var)}
        command = [sys.executable, "-m", "facade", "explain", "--json", method, path]
        done = subprocess.run(command, env={**os.environ, **own}, capture_output=True, text=True, check=True)
        return {step["stage"]: step["said"] for step in json.loads(done.stdout)}

    users, alone, write, kept = told("GET", ME), told("GET", "/api/v1/users/alone"), told("PATCH", ME), told("GET", "/kept/a")
    assert users["fallback"].endswith("the monolith while it mirrors the context, then the static answer 200 of 6 bytes")
    assert users["mirror"].startswith("to the monolith as a replica, when the service fails")
    assert alone["mirror"] == "none: the route's fallback does not name the monolith"
    assert write["fallback"].startswith("nothing: PATCH may have been carried out")
    assert write["mirror"].startswith("none")
    assert kept["fallback"].endswith("what the cache has kept, by its terms, then the static answer 200 of 6 bytes")


def test_without_a_declaration_all_is_as_it_was(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """A failure is a failure."""
    monolith.script = drop
    reply: Reply = entrance.ask("GET", "/elsewhere")
    assert (reply.status, reply.header("cache-status")) == (502, None)


@pytest.mark.parametrize("path", ["/code/fails", "/code/gives-up"])
def test_it_stands_in_for_code_that_fails(entrance: Entrance, path: str) -> None:
    """Code answers instead of an upstream, and fails like one: by an answer, or by a problem. Other refusals are its own."""
    assert (entrance.ask("GET", path).status, entrance.ask("GET", path).body) == (200, b"static")
    assert entrance.ask("POST", path, b"{}").status == 503
    assert entrance.ask("GET", "/code/refuses").status == 418
    assert entrance.ask("GET", "/code/x").json()["path"] == "/code/x"
