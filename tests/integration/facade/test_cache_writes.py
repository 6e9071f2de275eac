"""What is kept, as running facades forget it, vary it, or never have it: what needs the whole way of a request."""

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.integration.facade.entrance import Entrance, Reply, until
from tests.integration.facade.scripted import Received, Script, ScriptedUpstream, answer

if TYPE_CHECKING:
    from tests.integration.facade.conftest import TestValkey

ME = "/api/v1/users/me"
POLICIES = f"""
[defaults]
authenticate = "none"
secure = false

[[routes]]
path = "/kept"
cache = true

[[routes]]
path = "/reads"
methods = ["GET", "HEAD"]
cache = true

[[routes]]
path = "/old"
cache = true
transform.request.rewrite = {{ from = "/old", to = "/new" }}

[[routes]]
path = "/new"
cache = true

[[routes]]
path = "/de"
cache = true
transform.request = {{ rewrite = {{ from = "/de", to = "/spoken" }}, headers = {{ set = {{ accept-language = "de" }} }} }}

[[routes]]
path = "/en"
cache = true
transform.request = {{ rewrite = {{ from = "/en", to = "/spoken" }}, headers = {{ set = {{ accept-language = "en" }} }} }}

[[routes]]
path = "/coded"
cache = true
code = "tests.integration.facade.answers:numbered"

[[routes]]
path = "{ME}"
cache = true
"""
KEPT = {"Cache_Control": "max-age=600"}


@pytest.fixture(scope="module")
def running(
    upstreams: tuple[ScriptedUpstream, ScriptedUpstream], own_valkey: "TestValkey", tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Entrance]:
    folder: Path = tmp_path_factory.mktemp("writes")
    (folder / "policies.toml").write_text(POLICIES)
    own = {"FACADE_POLICIES": str(folder / "policies.toml"), "VALKEY_URL": own_valkey.url}
    entrance = Entrance(upstreams[0], folder / "var", own).start()
    yield entrance
    entrance.stop()


def versions(**written: str) -> Script:
    """Answers reads by how many writes there were, and says so of writes with these fields."""
    state: Counter[str] = Counter()

    def script(request: Received) -> bytes:
        if request.method == "GET":
            return answer(b"%d" % state["writes"], **KEPT)
        state["writes"] += 1
        return answer(b"", "201 Created", **written)

    return script


def hit(reply: Reply) -> bool:
    return "; hit" in (reply.header("cache-status") or "")


@pytest.mark.parametrize(
    ("read", "write", "location"),
    [
        ("/reads/1", "/reads/1", ""),
        ("/kept/2", "/plain", "/kept/2"),
        ("/kept/3", "/plain/x", "../kept/3"),
        ("/old/4", "/new/4", ""),
        ("/new/5", "/old/5", ""),
        ("/old/6", "/plain", "/new/6"),
        ("/kept/7", "/coded", "/kept/7"),
    ],
)
def test_a_write_is_seen_wherever_it_goes(
    entrance: Entrance, monolith: ScriptedUpstream, read: str, write: str, location: str
) -> None:
    """By a route that keeps nothing, by another path to the same place, or by code."""
    monolith.script = versions(**({"Location": location} if location else {}))
    assert [entrance.ask("GET", read).body for _ in range(2)] == [b"0", b"0"]
    assert hit(entrance.ask("GET", read))
    assert entrance.ask("PUT", write, b"{}", X_Location=location).status == 201
    assert not hit(entrance.ask("GET", read))


def test_a_write_that_fails_changes_nothing(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """Neither one that the upstream refuses."""
    monolith.script = lambda request: answer(b"", "200 OK" if request.method == "GET" else "409 Conflict", **KEPT)
    entrance.ask("GET", "/kept/refused")
    assert entrance.ask("PUT", "/kept/refused", b"{}").status == 409
    assert hit(entrance.ask("GET", "/kept/refused"))


def test_routes_with_one_target_have_their_own_answers(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """Where they set what the answer varies by, whatever the client has sent."""

    def speak(request: Received) -> bytes:
        return answer((request.header("accept-language") or "").encode(), Vary="Accept-Language", **KEPT)

    monolith.script = speak
    for _ in range(2):
        assert [entrance.ask("GET", f"/{code}/x", Accept_Language="fr").body for code in ("de", "en")] == [b"de", b"en"]
    assert len(monolith.received) == 2


def test_an_answer_that_streams_is_no_304(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """The next answer on the connection is that of the next request."""
    body = b"x" * ((1 << 20) + 1)
    monolith.script = lambda request: answer(body, ETag='"1"', **KEPT)
    connection = entrance.connection()
    try:
        for _ in range(2):
            connection.request("GET", "/kept/long", headers={"If-None-Match": '"1"'})
            response = connection.getresponse()
            assert (response.status, response.read() == body) == (200, True)
    finally:
        connection.close()


def test_a_replica_answers_its_reader_alone(entrance: Entrance, monolith: ScriptedUpstream, service: ScriptedUpstream) -> None:
    """Who has written something that is not there yet reads it all the same."""
    until(lambda: 'positions_trusted{worker="0"} 1' in entrance.metrics())
    monolith.script = lambda request: answer(b"monolith", Banyan_Position="users=9:10", **KEPT)
    service.script = lambda request: answer(b"replica", Banyan_Applied="9:1", **KEPT)
    entrance.route("canary", epoch=9, read=100, services=[service])
    wrote = {"Cookie": "banyan_anon=00000000000040008000000000000001"}
    other = {"Cookie": "banyan_anon=00000000000040008000000000000002"}
    assert entrance.ask("GET", ME, **other).body == b"replica"
    assert entrance.ask("PUT", ME, b"{}", **wrote).status == 200
    assert entrance.ask("GET", ME, **other).body == b"replica"
    assert entrance.ask("GET", ME, **wrote).body == b"monolith"


def test_a_mirror_renews_nothing(entrance: Entrance, monolith: ScriptedUpstream, service: ScriptedUpstream) -> None:
    """Neither where it stands in for an authority that fails, nor behind the back of a reader."""
    until(lambda: 'positions_trusted{worker="0"} 1' in entrance.metrics())
    monolith.script = lambda request: answer(b"mirror", **KEPT)
    entrance.route("service", epoch=10, services=[service])
    down = answer(b"", "503 Service Unavailable")
    service.script = lambda request: down
    path, browser = f"{ME}/mirrored", {"Cookie": "banyan_anon=00000000000040008000000000000003"}
    assert entrance.ask("GET", path, **browser).body == b"mirror"
    service.script = lambda request: answer(b"service", Cache_Control="max-age=0, stale-while-revalidate=600")
    assert entrance.ask("GET", path, **browser).body == b"service"
    service.reset()
    monolith.received.clear()
    service.script = lambda request: down
    until(lambda: entrance.ask("GET", path, **browser).body == b"service" and len(service.received) > 1)
    assert not monolith.received


def test_who_waits_for_another_is_told_in_time(entrance: Entrance, monolith: ScriptedUpstream) -> None:
    """By its own deadline, and the upstream hears of it no more than of any other who waits."""

    def slow(request: Received) -> bytes:
        until(lambda: told, 8)
        return answer(b"late", **KEPT)

    told: list[Reply] = []
    monolith.script = slow
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(entrance.ask, "GET", "/kept/slow")
        until(lambda: monolith.received)
        began = time.monotonic()
        told.append(entrance.ask("GET", "/kept/slow", Banyan_Timeout="200"))
        assert time.monotonic() - began < 3, "less than its patience"
        assert (told[0].status, told[0].json()["type"]) == (504, "urn:banyan:problem:deadline-over")
        assert first.result().body == b"late"
    assert len(monolith.received) == 1


def test_code_is_kept_as_an_upstream_is(entrance: Entrance) -> None:
    """Once asked, with what the cache did in its answer, and without its tags."""
    first, again = entrance.ask("GET", "/coded/x"), entrance.ask("GET", "/coded/x")
    assert first.body == again.body
    assert ("stored" in (first.header("cache-status") or ""), hit(again)) == (True, True)
    assert first.header("surrogate-key") is None
