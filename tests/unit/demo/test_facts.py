"""What is told of a run, and when it is called good."""

import io
import json
from dataclasses import asdict, replace

import pytest
from rich.console import Console

from migrations_tools.demo import summary
from migrations_tools.demo.facts import Run, as_json
from tests.e2e import recorded

PROMISED = {
    "requests", "acknowledged_writes", "lost_writes", "doubled_writes", "failed_requests", "stale_reads", "divergent", "cutovers",
    "backfill", "verify", "phases",
}  # fmt: skip


def test_the_json_has_what_is_promised() -> None:
    """Every field that a script may rely on, in the shapes of the documentation."""
    told = json.loads(json.dumps(as_json(recorded.run())))
    assert set(told) >= PROMISED
    assert set(told["cutovers"][0]) >= {"direction", "pause_ms", "slowest_write_ms"}
    assert set(told["backfill"]) == set(told["verify"]) == {"rows", "seconds"}
    assert told["phases"][0] == {"name": "monolith", "started_at": "2026-09-21T14:13:20.000Z"}


def test_a_run_survives_its_file() -> None:
    """What is written to run.json is read back as it was."""
    run = recorded.run()
    assert Run.of(json.loads(json.dumps(asdict(run)))) == run


@pytest.mark.parametrize("name", ["lost", "doubled", "failed", "stale", "divergent"])
@pytest.mark.parametrize("count", [1, None])
def test_one_bad_or_missing_count_is_enough(name: str, count: int | None) -> None:
    """A run is good only if every proof was made and found nothing."""
    run = recorded.run()
    assert run.good
    assert not replace(run, proof={**run.proof, name: count}).good


def test_a_barred_road_is_not_good() -> None:
    """Proving half of the road is no success, and the reason is told on screen and in the JSON."""
    run = recorded.run(barred="manage.py context cutover: refused")
    assert not run.good
    assert as_json(run)["barred"] == run.barred
    assert "cutover: refused" in _shown(run)


def test_the_summary_fits_a_screen() -> None:
    """A good run takes fewer than 40 lines of 80 columns, and names the report."""
    shown = _shown(recorded.run())
    assert len(shown.splitlines()) < 40
    assert "var/demo/report.html" in shown
    assert "38 ms" in shown


def test_the_summary_shows_what_was_found() -> None:
    """A failed proof is told with its samples, not only counted."""
    run = recorded.run(proof={"lost": 1}, samples={"lost": ["a@x: nickname: expected 'r1-1', saw None"]})
    assert "expected 'r1-1', saw None" in " ".join(_shown(run).split())


def _shown(run: Run) -> str:
    out = io.StringIO()
    summary.show(run, "var/demo/report.html", Console(file=out, width=80))
    return out.getvalue()
