"""The export as the command prints it, and a real Envoy that runs on it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chassis.embedded.wheels import package
from chassis.ports import free_port
from tests.integration.facade.entrance import Entrance, until
from tests.integration.facade.scripted import ScriptedUpstream

ENVOY = package("envoy") / "_bin" / "envoy"


@dataclass
class Exported:
    """What the command printed, and said beside it."""

    file: Path
    said: str
    port: int


def export(
    folder: Path,
    monolith: str,
    policies: str,
    *,
    phase: str = "monolith",
    services: Sequence[str] = (),
    keys: Sequence[dict[str, Any]] = (),
    settings: dict[str, str] | None = None,
) -> Exported:
    """What the command says of routes and keys as a facade has kept them. `monolith` and `services` are addresses."""
    state = {"phase": phase, "epoch": 3, "read_percent": 30, "shadow_percent": 0, "services": list(services)}
    kept = folder / "facade"
    kept.mkdir()
    (kept / "routes.json").write_text(json.dumps({"version": 1, "contexts": {"users": state}}))
    if keys:
        (kept / "jwks.json").write_text(json.dumps({"keys": list(keys)}))
    (folder / "policies.toml").write_text(policies)
    port = free_port()
    environment = {
        **os.environ,
        "MONOLITH_URL": monolith,
        "BANYAN_VAR": str(folder),
        "FACADE_POLICIES": f"{folder}/policies.toml",
        **(settings or {}),
    }
    command = [sys.executable, "-m", "facade", "export", "envoy", "--port", str(port)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=30)
    file = folder / "envoy.yaml"
    file.write_text(done.stdout)
    return Exported(file, done.stderr, port)


def faults(exported: Exported) -> str:
    """What Envoy's own check of a configuration finds wrong with an export."""
    command = [str(ENVOY), "--mode", "validate", "-c", str(exported.file)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    return "" if done.returncode == 0 else done.stderr


@contextmanager
def running_envoy(exported: Exported) -> Iterator[Entrance]:
    """An Envoy with this export, until the end of the block."""
    command = [str(ENVOY), "-c", str(exported.file), "--concurrency", "1", "--disable-hot-restart", "-l", "warning"]
    with exported.file.with_suffix(".log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    client = Entrance(ScriptedUpstream(), exported.file.parent, port=exported.port)
    try:
        until(lambda: process.poll() is not None or _answers(client), 30)
        assert process.poll() is None, exported.file.with_suffix(".log").read_text()
        yield client
    finally:
        process.terminate()
        process.wait(20)


def _answers(client: Entrance) -> bool:
    try:
        return client.ask("GET", "/readyz").status == 200
    except OSError:
        return False
