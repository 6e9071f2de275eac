"""The users service needs nobody: no other process, no configuration, no server that is already there."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from chassis.embedded import installed
from chassis.ports import free_port
from chassis.supervisor import http_ok

CHECKOUT = Path(__file__).parents[2]
MANAGE = [sys.executable, str(CHECKOUT / "extracted/users/manage.py")]


@pytest.fixture
def nothing_set(tmp_path: Path) -> dict[str, str]:
    """An environment without any of the platform's variables, but for a `var/` of its own."""
    platform = ("BANYAN_", "DJANGO_", "MONOLITH_", "CONTROL_", "USERS_", "FACADE_", "VALKEY_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(platform)}
    return {**kept, "BANYAN_VAR": str(tmp_path)}


@contextmanager
def served(environment: dict[str, str]) -> Iterator[str]:
    """The base URL of `runserver`, once it is ready. Not by the supervisor, which adds this process' environment."""
    base = f"http://127.0.0.1:{(port := free_port())}"
    ready, deadline = http_ok(f"{base}/readyz"), time.monotonic() + 60
    with subprocess.Popen([*MANAGE, "runserver", "--noreload", str(port)], env=environment) as process:
        try:
            while not ready():
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.05)
            yield base
        finally:
            process.terminate()


def test_the_service_starts_alone(nothing_set: dict[str, str], tmp_path: Path) -> None:
    """`migrate` and `runserver` bring up a database; without authority the service refuses, and says who has it."""
    try:
        migrated = subprocess.run([*MANAGE, "migrate", "--verbosity", "0"], env=nothing_set, check=False)
        assert migrated.returncode == 0
        with served(nothing_set) as base:
            assert requests.get(f"{base}/api/v2/users/me", timeout=10).json()["owner"] == "monolith"
            assert requests.get(f"{base}/openapi.yaml", timeout=10).status_code == 200
            assert requests.get(f"{base}/.well-known/jwks.json", timeout=10).json()["keys"][0]["alg"] == "RS256"
    finally:
        installed.stop(tmp_path, destroy=True)
