"""The whole demonstration, small: the same processes, road and proof, with fewer customers and a shorter stay in each phase."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from chassis import env
from tests.run import without_servers
from tests.unit.demo.test_facts import PROMISED

CHECKOUT = Path(env.__file__).resolve().parents[1]


@pytest.mark.e2e
@pytest.mark.timeout(400)
def test_a_context_goes_out_and_back_and_out_again_and_nothing_is_lost(tmp_path: Path) -> None:
    """One command, exit code 0, three hand-overs, five counts of zero, a report and the promised JSON."""
    command = [sys.executable, "-m", "migrations_tools.demo", "--source", "generated", "--customers", "500", "--rate", "25"]
    told = tmp_path / "out.json"
    done = subprocess.run(
        [*command, "--pace", "0.2", "--json", str(told)],
        cwd=CHECKOUT,
        env={**without_servers(), "BANYAN_VAR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    answer = json.loads(told.read_text())
    assert set(answer) >= PROMISED
    assert [answer[name] for name in ("lost_writes", "doubled_writes", "failed_requests", "stale_reads", "divergent")] == [0] * 5
    assert [one["direction"] for one in answer["cutovers"]] == ["to_service", "to_monolith", "to_service"]
    assert answer["authority"] == "service"
    assert answer["acknowledged_writes"] > 100
    assert "</html>" in (tmp_path / "demo" / "report.html").read_text(encoding="utf-8")
