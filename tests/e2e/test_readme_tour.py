"""The README's tour, as it is written there: a newcomer who types it sees what it promises."""

import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from migrations_tools.platform import Surroundings
from tests.e2e.test_up import events_until, up, variables

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(600),
    pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed"),
]
ROOT = Path(__file__).parents[2]


def tour() -> list[str]:
    """The commands of the README's tour, a block each, without the one that starts the platform."""
    section = (ROOT / "README.md").read_text().split("## A tour of ten minutes")[1].split("\n## ")[0]
    start, *blocks = re.findall(r"^```\n(.*?)^```$", section, flags=re.MULTILINE | re.DOTALL)
    assert start == "make up\n"
    return blocks


def test_the_tour_of_the_readme_leads_there_and_back(surroundings: Surroundings) -> None:
    """Every command succeeds, and the write made at the service comes back with the roll-back."""
    script = "set -euo pipefail\n" + "".join(tour())
    script = script.replace(". .venv/bin/activate\n", f"PATH={Path(sys.executable).parent}:$PATH\n")
    script = script.replace("var/run/platform.json", str(surroundings.var / "run" / "platform.json"))
    with up(surroundings) as process:
        events_until(process, "platform-ready")
        threading.Thread(target=process.communicate, daemon=True).start()  # its logs would fill the pipe, and stop it
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=ROOT,
            env={**variables(surroundings), "COLUMNS": "120"},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    service, monolith = done.stdout.rsplit("hand the authority over to the monolith", 1)
    assert re.search(r"users +│ service +│ service", service)
    assert '"nickname":"Countess"' in monolith
    assert re.search(r"users +│ canary +│ monolith", monolith)
