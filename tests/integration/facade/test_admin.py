"""The admin port of a facade with two workers: all of them together, whatever becomes of one."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chassis.ports import free_port
from tests.integration.facade.entrance import Entrance, until
from tests.integration.facade.load import alive, children, gauge, workers
from tests.integration.facade.scripted import ScriptedUpstream, answer

LIMIT = 4
"""Of each worker: there is no Valkey."""
PLAIN = Path(__file__).with_name("plain.toml")
PROMPT = 3.0
"""Seconds within which the port answers, whatever the workers do: twice what it waits for them, and some more."""
TWOS = 'requests_total{context="-",side="monolith",class="2xx"}'


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Entrance]:
    monolith = ScriptedUpstream().start()
    monolith.script = lambda request: answer()
    var = tmp_path_factory.mktemp("var")
    policies = var / "policies.toml"
    policies.write_text(f'{PLAIN.read_text()}\n[[routes]]\npath = "/limited"\nlimits = ["{LIMIT}/1h per ip"]\n')
    own = {"FACADE_LAME_DUCK": "2", "FACADE_POLICIES": str(policies)}
    entrance = Entrance(monolith, var, own, workers=2).start()
    until(lambda: gauge(entrance, "workers_answered") == 2)
    yield entrance
    entrance.stop()
    monolith.stop()


def command(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("FACADE_")} | environment
    return subprocess.run([sys.executable, "-m", "facade", *words], env=own, capture_output=True, text=True, check=False)


def asked(entrance: Entrance, times: int) -> None:
    for _ in range(times):
        assert entrance.ask("GET", "/x").status == 200


def counted(entrance: Entrance) -> list[str]:
    return [line for line in entrance.metrics().splitlines() if re.match(r"banyan_facade_\w+_(total|count)", line)]


def test_each_scrape_tells_of_all_workers(pair: Entrance) -> None:
    """Whichever of them answered the requests, and whichever would have answered the scrape."""
    asked(pair, 1)
    before = gauge(pair, TWOS)
    asked(pair, 40)
    assert [gauge(pair, TWOS) - before for _ in range(5)] == [40] * 5
    assert gauge(pair, 'request_seconds_count{context="-",side="monolith"}') == gauge(pair, TWOS)
    assert gauge(pair, 'routes_version{worker="1"}') == 0
    assert pair.tell("/metrics").header("content-type") == "text/plain; version=0.0.4"


def test_a_worker_that_is_busy_is_not_waited_for(pair: Entrance) -> None:
    """The answer comes in time, says how many answered, and no count falls; the port tells also when none of them answers."""
    asked(pair, 10)
    before = gauge(pair, TWOS)
    stopped = workers(pair)
    try:
        for count, worker in enumerate(stopped, 1):
            os.kill(worker, signal.SIGSTOP)
            began = time.monotonic()
            assert gauge(pair, "workers_answered") == 2 - count
            assert time.monotonic() - began < PROMPT
            assert gauge(pair, TWOS) == before
            assert pair.tell("/healthz").status == (200 if count == 1 else 503)
        assert pair.tell("/readyz").json() == {"ready": False, "workers": 2, "answered": 0, "version": None}
        assert [one["answered"] for one in pair.tell("/status").json()["each"]] == [False, False]
    finally:
        for worker in stopped:
            os.kill(worker, signal.SIGCONT)
    until(lambda: gauge(pair, "workers_answered") == 2)
    assert pair.tell("/healthz").status == pair.tell("/readyz").status == 200


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_what_a_worker_counted_is_not_lost_with_it(pair: Entrance, number: signal.Signals) -> None:
    """However it ends; its successor takes its place, and can be asked as it could."""
    asked(pair, 10)
    before, (first, second) = gauge(pair, TWOS), workers(pair)
    os.kill(first, number)
    until(lambda: len(found := workers(pair)) == 2 and first not in found)
    assert gauge(pair, TWOS) == before
    assert workers(pair)[1] == second
    asked(pair, 10)
    assert gauge(pair, TWOS) == before + 10


def test_the_process_of_the_port_is_replaced_too(pair: Entrance) -> None:
    """It serves nobody but operators; no worker is touched by its end."""
    (own,) = set(children(pair)) - set(before := workers(pair))
    os.kill(own, signal.SIGKILL)
    until(lambda: not alive(own))
    assert workers(pair) == before


def test_the_port_tells_nothing_else(pair: Entrance) -> None:
    """What is not its own is refused, and so is every method that would change something."""
    assert pair.tell("/api/v1/users/me").status == 404
    assert pair.tell("/explain").status == 404
    assert pair._ask(pair.admin, "POST", "/metrics", b"", {}).status == 405
    assert pair._ask(pair.admin, "POST", "/explain", b"{}", {}).status == 400


def test_status_is_told_as_tables_and_for_machines(pair: Entrance) -> None:
    """All that the port tells; found by the environment as `serve` has it, or by its address."""
    asked(pair, 1)
    shown = command("status", FACADE_ADMIN_PORT=str(pair.admin))
    assert shown.returncode == 0, shown.stderr
    for word in ("ready: 2 of 2 workers answered", "Workers", "Requests", "Upstreams", "Instances", pair.monolith.url, "closed"):
        assert word in shown.stdout
    told = json.loads(command("status", "--json", "--from", f"127.0.0.1:{pair.admin}").stdout)
    assert (told["workers"], told["answered"], told["ready"]) == (2, 2, True)
    assert {one["url"] for one in told["instances"]} == {pair.monolith.url}
    assert {one["worker"] for one in told["each"]} == {0, 1}
    assert "banyan_facade_breaker" in {one["name"] for one in told["metrics"]}


def test_status_says_in_one_line_that_nobody_answers() -> None:
    """With 1 for whoever asked from a script; also where nobody knows whom to ask."""
    for more in ({"FACADE_ADMIN_PORT": str(free_port())}, {"BANYAN_VAR": "/nowhere"}):
        done = command("status", **more)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.count("\n") == 1
        assert "admin port" in done.stderr or "no facade answers" in done.stderr


def test_explain_tells_what_a_running_worker_knows(pair: Entrance) -> None:
    """Its breakers and its limits as they are now, and nothing of it is changed; in one line where nobody answers."""

    def told() -> dict[str, str]:
        url = f"http://127.0.0.1:{pair.admin}"
        done = command("explain", "GET", "/limited", "--from", url, "--json")
        assert done.returncode == 0, done.stderr
        return {step["stage"]: step["said"] for step in json.loads(done.stdout)}

    def spent() -> dict[str, str] | None:
        """What is told once the worker that is asked has refused somebody."""
        for _ in range(2 * LIMIT):
            pair.ask("GET", "/limited")
        return found if (found := told())["answer"].startswith("429") else None

    assert re.search(r"used up|: 0 left", until(spent, 30)["rate-limit"])
    before = counted(pair)
    other = command("explain", "POST", "/x", "-d", "{}", "--from", f"127.0.0.1:{pair.admin}").stdout
    for word in ("As worker", "breaker closed: of the last", "asked at once", pair.monolith.url):
        assert word in other
    assert counted(pair) == before
    done = command("explain", "GET", "/x", "--from", f"127.0.0.1:{free_port()}")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)


def test_a_facade_that_drains_says_so(pair: Entrance) -> None:
    """Until its last worker is gone; nothing of it is left then. (Stands last: nothing else can be asked afterwards.)"""
    assert pair.process is not None
    left = children(pair)
    pair.process.send_signal(signal.SIGTERM)
    until(lambda: pair.tell("/readyz").status == 503)
    assert gauge(pair, "workers_answered") == 2
    pair.process.wait(10)
    assert not any(map(alive, left))


def test_without_a_port_nothing_runs_for_it(pair: Entrance, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The default: a worker, and nobody beside it."""
    off = Entrance(pair.monolith, tmp_path_factory.mktemp("off"), {"FACADE_ADMIN_PORT": "0"}, admin=0).start()
    try:
        assert len(children(off)) == 1
    finally:
        off.stop()
