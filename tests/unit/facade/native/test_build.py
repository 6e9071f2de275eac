"""Making machine code: all of it or nothing, whatever happens meanwhile."""

import os
import signal
import sys
import time
from pathlib import Path

import pytest

from facade.native.build import NoCompiler, compiler
from tests.compiling import needs_compiler
from tests.unit.facade.native.test_loader import MACHINE_CODE, PYTHON
from tests.unit.facade.native.tree import Tree, compilers


@needs_compiler
def test_building_again_does_nothing(built: Tree) -> None:
    """Code of these sources is left as it is."""
    before = built.built()
    failing = compilers(built.root / "bin", "exit 1")
    assert built.build(PATH=failing) == (0, "")
    assert built.built() == before


@needs_compiler
def test_a_build_that_is_killed_leaves_nothing_that_would_be_run(bare: Tree, tmp_path: Path) -> None:
    """Killed while it compiles, it has put nothing in place, the sources run, and the next build clears up after it. Of two that
    come then one waits for the other.
    """
    (old,) = bare.built()
    hanging = compilers(tmp_path / "bin", f"touch {tmp_path}/compiling; sleep 60")
    with bare.begin(PATH=hanging) as building:
        deadline = time.monotonic() + 60
        while not (tmp_path / "compiling").exists():
            assert time.monotonic() < deadline
            assert building.poll() is None
            time.sleep(0.01)
        os.killpg(building.pid, signal.SIGKILL)
    assert old in bare.built()
    assert len(bare.built()) == 2, "what it was making is there"
    assert bare.ask() == PYTHON.format("bare")
    with bare.begin() as one, bare.begin() as other:
        assert [process.communicate(timeout=120)[0] for process in (one, other)] == ["", ""]
    assert (one.returncode, other.returncode) == (0, 0)
    assert bare.ask() == MACHINE_CODE.format("bare")
    (new,) = bare.built()
    assert new != old


@needs_compiler
def test_a_compiler_that_fails_fails_the_build(bare: Tree, tmp_path: Path) -> None:
    """Its exit code tells, nothing is put in place, and what was there stays."""
    before = bare.built()
    code, said = bare.build(PATH=compilers(tmp_path / "bin", "echo no room left >&2; exit 1"))
    assert code != 0
    assert "no room left" in said
    assert bare.built() == before
    assert bare.ask() == PYTHON.format("bare")


@needs_compiler
def test_sources_that_change_meanwhile_are_not_taken_for_those_that_were_compiled(bare: Tree, tmp_path: Path) -> None:
    """Nobody knows which of them the code is of, so there is none."""
    before = bare.built()
    editing = compilers(tmp_path / "bin", f'echo "# edited" >> {bare.tiny}; exec "$REAL" "$@"')
    code, said = bare.build(PATH=editing)
    assert (code, said.count("\n")) == (1, 1)
    assert said.startswith("facade: The sources changed")
    assert bare.built() == before


def test_a_missing_compiler_is_one_line(tmp_path: Path) -> None:
    """It says what is lost and what to do, and is no failure; nothing is made."""
    tree = Tree.make(tmp_path / "tree")
    (tmp_path / "empty").mkdir()
    assert tree.build(PATH=str(tmp_path / "empty")) == (0, f"facade: {NoCompiler()}\n")
    assert "apt-get install" in str(NoCompiler())
    assert tree.built() == []
    assert tree.ask() == PYTHON.format("old")


def test_any_of_the_usual_compilers_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is found by the names that compilers have."""
    for name in ("clang", "gcc", "cc"):
        (tmp_path / name).symlink_to(sys.executable)
        monkeypatch.setenv("PATH", str(tmp_path))
        assert compiler() == str(tmp_path / name)
