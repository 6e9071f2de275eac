"""The model of the hand-over protocol (docs/model) holds, and each of its planted mistakes is caught."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

MODEL = Path(__file__).parents[3] / "docs" / "model"
BOUNDS = {"WRITES", "READS", "MOVES", "CRASHES", "CONTROLS"}


def _catalogue() -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec((MODEL / "catalogue.py").read_text(), names)
    return names


@pytest.mark.skipif(shutil.which("spin") is None, reason="spin is not installed")
@pytest.mark.timeout(600)
def test_model_holds_and_every_planted_mistake_is_caught() -> None:
    """No interleaving within the tiny bounds loses or doubles a write, and the checker can tell: every mistake is found."""
    done = subprocess.run(
        [sys.executable, MODEL / "run.py", "--bounds", "tiny", "--json"], capture_output=True, text=True, check=False, timeout=580
    )
    assert done.returncode == 0, done.stdout + done.stderr
    verdicts = json.loads(done.stdout)
    assert {verdict["name"] for verdict in verdicts if verdict["planted"]} == set(_catalogue()["MISTAKES"])
    assert all(verdict["violation"] is None for verdict in verdicts if not verdict["planted"])


def test_every_mistake_of_the_model_is_planted_by_a_run() -> None:
    """A mistake that is written into the model but never checked, or the other way round, is noticed."""
    source = (MODEL / "authority.pml").read_text()
    macros = set(re.findall(r"#ifn?def (\w+)", source)) | set(re.findall(r"defined\((\w+)\)", source))
    assert macros - BOUNDS == set(_catalogue()["MISTAKES"])


@pytest.mark.skipif(shutil.which("spin") is None, reason="spin is not installed")
def test_run_tells_a_mistake_that_slips_through(tmp_path: Path) -> None:
    """A catalogue with a mistake that the model does not know, so that nothing is broken, is not reported as fine."""
    for name in ("run.py", "authority.pml"):
        shutil.copy(MODEL / name, tmp_path)
    tiny = ("MOVES=0", "CRASHES=0", "READS=0")
    (tmp_path / "catalogue.py").write_text(
        f"CLEAN = {{'small': {{'tiny': {tiny!r}}}}}\nMISTAKES = {{'NOT_IN_THE_MODEL': ('nothing at all', {tiny!r})}}\n"
    )
    done = subprocess.run([sys.executable, tmp_path / "run.py"], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "NOT CAUGHT" in done.stdout
