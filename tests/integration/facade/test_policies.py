"""Policies on a running facade: declared in a file, exchanged while requests pass, refused as a whole."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from chassis.identity.keeping import signing_key
from chassis.identity.tokens import issue
from tests.integration.facade.entrance import Entrance, until
from tests.integration.facade.load import workers
from tests.integration.facade.scripted import ScriptedUpstream

OPEN = '[defaults]\nauthenticate = "none"\nsecure = false\n'
SHUT = f'{OPEN}[[routes]]\npath = "/x"\nauthenticate = "required"\n'

CONTRACT = """
openapi: 3.1.0
paths:
  /y: {post: {requestBody: {required: true, content: {application/json: {schema: {required: [name]}}}}}}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "gateway.toml"
    path.write_text(OPEN)
    return path


@pytest.fixture
def own(monolith: ScriptedUpstream, tmp_path: Path, file: Path) -> Iterator[Entrance]:
    """A facade with policies of its own."""
    entrance = Entrance(monolith, tmp_path / "var", {"FACADE_POLICIES": str(file)}).start()
    yield entrance
    entrance.stop()


def refused(entrance: Entrance) -> bool:
    return "banyan_facade_policies_refused 1" in entrance.metrics()


def test_a_changed_file_is_in_force_without_a_request_lost(own: Entrance, file: Path) -> None:
    """The table is exchanged as a whole between two requests; connections stay."""
    statuses: list[int] = []
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            statuses.append(own.ask("GET", "/y").status)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        for text, expected in ((SHUT, 401), (OPEN, 200), (SHUT, 401)):
            file.write_text(text + f"# {len(statuses)}\n")
            until(lambda expected=expected: own.ask("GET", "/x").status == expected)
    finally:
        over.set()
        asking.join()
    assert set(statuses) == {200}


def test_a_bad_file_leaves_the_last_good_one_in_force(own: Entrance, file: Path) -> None:
    """What was demanded is still demanded, and the metrics say that the file is not what is in force."""
    file.write_text(SHUT)
    until(lambda: own.ask("GET", "/x").status == 401)
    file.write_text('[[routes]]\npath = "/x"\nauthenticate = "perhaps"\n')
    until(lambda: refused(own))
    assert own.ask("GET", "/x").status == 401
    file.write_text(OPEN)
    until(lambda: own.ask("GET", "/x").status == 200)
    assert not refused(own)


def test_a_worker_that_dies_beside_a_bad_file_is_replaced(own: Entrance, monolith: ScriptedUpstream, file: Path) -> None:
    """The new one starts from what was in force last, demands it, and says that the file is not what is in force."""
    file.write_text(SHUT)
    until(lambda: own.ask("GET", "/x").status == 401)
    file.write_text("[[routes")
    until(lambda: refused(own))
    (killed,) = workers(own)
    os.kill(killed, signal.SIGKILL)
    until(lambda: workers(own) not in ([], [killed]))
    assert own.ask("GET", "/y").status == 200
    assert own.ask("GET", "/x").status == 401
    assert refused(own)


def test_a_whole_facade_starts_beside_a_bad_file(own: Entrance, file: Path) -> None:
    """One that has run here before need not wait for the file to be mended; the document of a contract is a part of it."""
    document = file.with_name("api.yaml")
    document.write_text("openapi: 3.1.0\npaths: {/x: {get: {}}}\n")
    file.write_text(f'{OPEN}[[routes]]\npath = "/x"\ncontract = {{ document = "{document}" }}\n')
    until(lambda: own.ask("POST", "/x").status == 405)
    own.stop()
    document.write_text("openapi: 2.0\n")
    own.start()
    assert own.ask("POST", "/x").status == 405
    assert refused(own)
    document.write_text("openapi: 3.1.0\npaths: {/x: {post: {}}}\n")
    until(lambda: own.ask("POST", "/x").status == 200)


def test_a_bad_file_is_told_before_anything_starts(monolith: ScriptedUpstream, tmp_path: Path) -> None:
    """One line that names every mistake, and a non-zero exit."""
    bad = tmp_path / "bad.toml"
    bad.write_text('[defaults]\nauthenticate = "perhaps"\nlimits = ["x"]\n')
    done = command("serve", "--port", "1", policies=bad, monolith=monolith)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "defaults.authenticate" in done.stderr
    assert "defaults.limits" in done.stderr


def command(*words: str, policies: Path, monolith: ScriptedUpstream, var: Path | None = None) -> subprocess.CompletedProcess[str]:
    own = {"FACADE_POLICIES": str(policies), "MONOLITH_URL": monolith.url, "BANYAN_VAR": str(var or policies.parent / "var")}
    environment = {**os.environ, **own}
    return subprocess.run([sys.executable, "-m", "facade", *words], env=environment, capture_output=True, text=True, check=False)


def test_routes_prints_the_effective_table(monolith: ScriptedUpstream, file: Path) -> None:
    """Every path that a policy or a context names, with what is asked there and who answers."""
    file.write_text(SHUT)
    lines = json.loads(command("routes", "--json", policies=file, monolith=monolith).stdout)
    found = {line["path"]: line for line in lines}
    assert found["/x"]["stages"] == ["max-body", "authenticate", "key-quota"]
    assert found["/x"]["rules"]["authenticate"] == "required"
    assert found["/x"]["rules"]["priority"] == "normal"
    assert found["/x"]["resilience"]["breaker"]["failure_rate"] == 0.5
    assert found["/x"]["resilience"]["timeouts"]["read"] == 30
    assert found["/api/v1/users"]["context"] == "users"
    assert found["/api/v1/users"]["side"] == "monolith"
    shown = command("routes", policies=file, monolith=monolith).stdout
    for word in ("/api/v1/users", "authenticate required", "priority normal", "failure_rate 0.5"):
        assert word in shown


def test_explain_tells_each_decision(own: Entrance, monolith: ScriptedUpstream, file: Path, tmp_path: Path) -> None:
    """In order, up to the one that ends the request; with the routes that the running facade has kept."""
    file.write_text(SHUT)
    own.route("service", epoch=3)

    def steps(*words: str) -> list[tuple[str, str]]:
        done = command("explain", "--json", *words, policies=file, monolith=monolith, var=tmp_path / "var")
        return [(step["stage"], step["said"]) for step in json.loads(done.stdout)]

    assert steps("GET", "/x")[-1][0] == "answer"
    assert steps("GET", "/x")[-1][1].startswith("401")
    assert steps("GET", "/internal/x")[-1] == ("never passes", "refused with 404: there is nothing at /internal/x")
    assert steps("GET", "/a/../b")[-1][1].startswith("refused with 400")
    found = dict(steps("POST", "/api/v1/users/me"))
    assert found["route"] == "the service: context users, phase service, epoch 3, authority service"
    assert found["admission"].startswith("normal: waits when four fifths")
    assert found["answer"] == "by the service"
    body = file.with_name("body.json")
    body.write_text('{"nam": "x"}')
    document = file.with_name("api.yaml")
    document.write_text(CONTRACT)
    file.write_text(f'{OPEN}[[routes]]\npath = "/y"\ncontract = {{ document = "{document}" }}\n')
    assert steps("POST", "/y", "-d", f"@{body}")[-1][1].startswith("422")
    assert steps("POST", "/y", "--data", '{"name": "x"}')[-1] == ("answer", "by the monolith")


def test_explain_tells_how_long_is_waited_and_which_instances_are_asked(monolith: ScriptedUpstream, file: Path) -> None:
    """By what is declared for the context, and for whoever owns the instances."""
    declared = "[resilience.users]\ntimeouts = { read = 7 }\nhealth = { interval = 9 }\n"
    others = "[resilience.monolith]\ntimeouts = { whole = 0 }\nejection = { failures = 3 }\nhealth = { path = '/up' }\n"
    file.write_text(OPEN + declared + others)

    def told(path: str) -> dict[str, str]:
        done = command("explain", "--json", "GET", path, policies=file, monolith=monolith)
        return {step["stage"]: step["said"] for step in json.loads(done.stdout)}

    users, elsewhere = told("/api/v1/users/me"), told("/x")
    assert users["timeouts"] == "1 s for a connection, 7 s for silence, 60 s until an answer begins, 600 s until it ends"
    assert elsewhere["timeouts"] == "1 s for a connection, 30 s for silence, 60 s until an answer begins, no limit until it ends"
    assert users["instances"] == elsewhere["instances"]  # the monolith's
    assert "after 3 failed requests in a row" in users["instances"]
    assert "GET /up every 2 s" in users["instances"]


def test_code_answers_in_place_of_an_upstream(own: Entrance, monolith: ScriptedUpstream, file: Path) -> None:
    """Behind all that the route demands; a mistake in it costs its own request alone."""
    file.write_text(f'{OPEN}[[routes]]\npath = "/who"\nsecure = {{}}\ncode = "tests.integration.facade.answers:who"\n')
    reply = until(lambda: b"kind" in (got := own.ask("GET", "/who?x=1")).body and got)
    assert reply.json() == {"path": "/who", "kind": "anonymous"}
    assert reply.header("x-content-type-options") == "nosniff"
    heard = len(monolith.received)
    assert own.ask("GET", "/who/breaks").status == 500
    assert own.ask("GET", "/who/refuses").status == 418
    assert len(monolith.received) == heard


def test_code_that_cannot_be_imported_is_refused(own: Entrance, file: Path) -> None:
    """As every mistake in the file is."""
    file.write_text(f'{OPEN}[[routes]]\npath = "/who"\ncode = "no.such:thing"\n')
    until(lambda: refused(own))


def test_a_signed_in_user_passes_where_that_is_required(own: Entrance, monolith: ScriptedUpstream, file: Path) -> None:
    """The token is checked with the keys that the monolith publishes; a forged one is refused, and no upstream hears of it."""
    file.write_text(SHUT)
    until(lambda: own.ask("GET", "/x").status == 401)
    token = issue(uuid4(), 7, signer=signing_key())
    until(lambda: own.ask("GET", "/x", Authorization=f"Bearer {token}").status == 200)
    head, body, signature = token.split(".")
    forged = f"{head}.{body}.{signature[:-6]}AAAAAA"
    heard = len(monolith.received)
    assert own.ask("GET", "/x", Authorization=f"Bearer {forged}").status == 401
    assert len(monolith.received) == heard


def test_keys_outlive_their_issuer_and_a_restart(own: Entrance, monolith: ScriptedUpstream, file: Path) -> None:
    """A facade that starts while the issuer is away checks tokens by the keys that were kept: the good one passes, the forged one
    does not. Nothing but the issuer is away, since code answers.
    """
    file.write_text(f'{SHUT}code = "tests.integration.facade.answers:who"\n')
    token = issue(uuid4(), 7, signer=signing_key())
    until(lambda: own.ask("GET", "/x", Authorization=f"Bearer {token}").status == 200)
    own.stop()
    monolith.stop()
    try:
        own.start()
        assert own.ask("GET", "/x", Authorization=f"Bearer {token}").json()["kind"] == "user"
        assert own.ask("GET", "/x", Authorization=f"Bearer {token[:-6]}AAAAAA").status == 401
    finally:
        monolith.start()


def test_code_has_the_time_that_a_request_has(own: Entrance, file: Path) -> None:
    """Then its client is told, as by an upstream that is too slow; here by what the client gave itself."""
    file.write_text(f'{OPEN}[[routes]]\npath = "/who"\ncode = "tests.integration.facade.answers:who"\n')
    until(lambda: own.ask("GET", "/who").body.startswith(b"{"))
    late = own.ask("GET", "/who/hangs", Banyan_Timeout="300")
    assert (late.status, late.json()["type"]) == (504, "urn:banyan:problem:timed-out")
    assert own.ask("GET", "/who/refuses", Banyan_Timeout="5000").status == 418
