"""`manage.py up`: one command, the whole platform, and nothing left of it afterwards."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from chassis import processes, records
from chassis.supervisor import leash
from migrations_tools.platform import NAMES, Surroundings
from migrations_tools.platform.stopping import stop_platform

pytestmark = pytest.mark.e2e
_ROOT = Path(__file__).parents[2]


def variables(around: Surroundings) -> dict[str, str]:
    """The environment of an operator who configured these surroundings."""
    return {**os.environ, **around.environment(*around.databases)}


@contextmanager
def up(around: Surroundings) -> Iterator[subprocess.Popen[str]]:
    """`manage.py up --json`, killed at the end if it still runs."""
    command = [sys.executable, "manage.py", "up", "--json"]
    with subprocess.Popen(command, cwd=_ROOT, env=variables(around), stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            stop_platform(around.var / "run" / "platform.json")
            process.kill()


def events_until(process: subprocess.Popen[str], kind: str) -> list[dict[str, Any]]:
    """The events up to the first of this kind."""
    assert process.stdout is not None
    events: list[dict[str, Any]] = []
    for line in process.stdout:
        events.append(json.loads(line))
        if events[-1]["event"] == kind:
            return events
    raise AssertionError(f"no {kind!r} among {events[-20:]}")


def status(url: str) -> int:
    """What GET answers."""
    with urllib.request.urlopen(url, timeout=10) as answer:
        return int(answer.status)


def test_up_serves_restarts_and_goes_without_a_trace(surroundings: Surroundings) -> None:
    """Ready means that all of it answers; a second `up` is refused; a killed process returns; Ctrl-C leaves
    nothing."""
    record = surroundings.var / "run" / "platform.json"
    with up(surroundings) as process:
        urls = events_until(process, "platform-ready")[-1]["urls"]
        assert {status(f"{urls[name]}/readyz") for name in ("monolith", "users", "facade", "facade_admin")} == {200}
        assert status(f"{urls['facade']}/api/v1/catalog/products") == 200

        recorded = records.read(record)
        assert recorded is not None
        assert {name: recorded[name] for name in urls} == urls
        assert set(recorded["pids"]) == set(NAMES)

        again, around = [sys.executable, "manage.py", "up"], variables(surroundings)
        second = subprocess.run(again, cwd=_ROOT, env=around, capture_output=True, text=True, check=False)
        assert second.returncode != 0
        assert f"process {process.pid}" in second.stderr

        os.kill(recorded["pids"]["users"], signal.SIGKILL)
        crashed = events_until(process, "crashed")[-1]
        assert (crashed["name"], crashed["code"]) == ("users", -signal.SIGKILL)
        assert events_until(process, "ready")[-1]["name"] == "users"
        assert status(f"{urls['users']}/readyz") == 200

        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
        assert process.returncode == 0
        assert leash.marked(recorded["mark"]) == []
    left = records.read(record)
    assert left is not None
    assert "pid" not in left, "its addresses stay for the next start, but nobody takes them for a running platform"


def test_kill_9_of_up_leaves_nothing_running(surroundings: Surroundings) -> None:
    """The platform's processes end with their supervisor, however that ends."""
    with up(surroundings) as process:
        events_until(process, "platform-ready")
        recorded = records.read(surroundings.var / "run" / "platform.json")
        assert recorded is not None
        assert len(recorded["pids"]) == len(NAMES)
        running = [found for pid in leash.marked(recorded["mark"]) if (found := processes.find(pid))]
        assert len(running) >= len(NAMES)
        process.kill()
        assert all(each.gone_within(20) for each in running)
        assert leash.marked(recorded["mark"]) == []
