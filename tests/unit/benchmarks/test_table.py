"""What a reader sees at the end: each bound, what was measured, and whether that is enough."""

import io
from pathlib import Path

from rich.console import Console

from benchmarks import report, table
from benchmarks.report import Result, Target

TARGETS = (Target("seconds / seconds", 0.25, at_least=0.3), Target("requests failed", 0.0, at_most=0))
FULL = Result("backfill", TARGETS, {"customers": 200_000, "seconds of each run": [1.5, 2.25]})
QUICK = Result("flip", TARGETS[1:], {}, scale=0.1)


def _lines(out: io.StringIO) -> list[list[str]]:
    """Cells of each line."""
    return [[cell.strip() for cell in line.replace("┃", "│").strip("│").split("│")] for line in out.getvalue().splitlines()]


def _console() -> tuple[Console, io.StringIO]:
    out = io.StringIO()
    return Console(file=out, width=160), out


def test_a_result_shows_bound_figure_and_verdict() -> None:
    """And what has no bound, below."""
    console, out = _console()
    table.show(FULL, console)
    lines = _lines(out)
    assert lines[0] == ["backfill: 1 of 2 bounds missed"]
    assert ["seconds / seconds", "≥ 0.3", "0.25", "MISSED"] in lines
    assert ["requests failed", "≤ 0", "0", "met"] in lines
    assert [line for (line, *_) in lines[-2:]] == ["customers            200,000", "seconds of each run  1.5, 2.25"]


def test_a_quick_look_says_so(tmp_path: Path) -> None:
    """On the screen and in the file: nobody takes its figures for those that the bounds are meant for."""
    console, out = _console()
    table.show(QUICK, console)
    assert out.getvalue().startswith("flip, a QUICK look at scale 0.1, while bounds are meant for scale 1: 1 of 1 bounds met\n")
    report.write(tmp_path / "flip.json", QUICK)
    assert '"quick": true' in (tmp_path / "flip.json").read_text()


def test_several_are_summed_up(tmp_path: Path) -> None:
    """From their files, with those that could not be measured: silence about them would look like success."""
    for result in (FULL, QUICK):
        report.write(tmp_path / result.name, result)
    console, out = _console()
    table.summary([report.read(tmp_path / name) for name in ("backfill", "flip")], ["gateway"], console)
    lines = _lines(out)
    assert lines[0] == ["together: 1 of 3 bounds missed; not measured: gateway"]
    assert ["backfill", "seconds / seconds", "≥ 0.3", "0.25", "MISSED"] in lines
    assert ["flip", "requests failed", "≤ 0", "0", "met"] in lines
    assert ["gateway", "", "", "", "not measured"] in lines


def test_a_file_keeps_the_whole_result(tmp_path: Path) -> None:
    """What is read is what was written."""
    report.write(tmp_path / "found.json", FULL)
    assert report.read(tmp_path / "found.json") == FULL
