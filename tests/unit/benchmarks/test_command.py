"""The exit code tells a missed bound from what could not be measured."""

import json
import sys
from pathlib import Path

import pytest

from benchmarks import __main__ as command

MODULE = """
from benchmarks.report import CannotMeasure, Result, Target

def run(scale, progress):
    progress.step("measure", 1.0)
    {body}
    return Result("planted", (Target("figure", {value}, at_least=1.0),), {{}})
"""


@pytest.fixture
def planted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a benchmark that does what is written into it; its figures go there, too."""
    monkeypatch.setenv("BANYAN_VAR", str(tmp_path))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "planted_benchmark", raising=False)
    monkeypatch.setattr(command, "BENCHMARKS", {"planted": ("planted_benchmark", "what a test says")})
    return tmp_path


def _run(folder: Path, monkeypatch: pytest.MonkeyPatch, *options: str, body: str = "pass", value: float = 2.0) -> int:
    (folder / "planted_benchmark.py").write_text(MODULE.format(body=body, value=value))
    monkeypatch.setattr(sys, "argv", ["benchmarks", "planted", *options])
    return command.main()


@pytest.mark.parametrize(("value", "code"), [(2.0, 0), (0.5, 1)], ids=["met", "missed"])
def test_a_bound_decides(
    planted: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], value: float, code: int
) -> None:
    """0 when all are met, 1 when one is missed; the figures are kept either way, and the size that they are of."""
    assert _run(planted, monkeypatch, "--quick", value=value) == code
    kept = json.loads((planted / "bench" / "planted.json").read_text())
    assert (kept["met"], kept["scale"], kept["quick"]) == (not code, 0.1, True)
    told = capsys.readouterr()
    assert "QUICK" in told.out
    assert told.err == "planted:   0%, about 0 s left  measure\n"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise CannotMeasure('a peer is missing')", "benchmarks planted: a peer is missing\n"),
        ("raise ConnectionError('gone')", "ConnectionError: gone\n"),
    ],
    ids=["foreseen", "unforeseen"],
)
def test_what_cannot_be_measured_misses_no_bound(
    planted: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], body: str, said: str
) -> None:
    """2, with the reason, and no figures."""
    assert _run(planted, monkeypatch, body=body) == 2
    assert capsys.readouterr().err.endswith(said)
    assert not (planted / "bench").exists()


def test_a_size_must_be_one(planted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing cannot be measured."""
    with pytest.raises(SystemExit) as refusal:
        _run(planted, monkeypatch, "--scale", "0")
    assert refusal.value.code == 2
