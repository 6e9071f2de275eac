"""Which code runs: machine code of exactly the sources that are there, or else those sources."""

import os
import sys
from pathlib import Path

import pytest

from facade.native import loader
from facade.native.modules import MODULES, SOURCES, source
from tests.compiling import needs_compiler
from tests.unit.facade.native.tree import Tree

MACHINE_CODE, PYTHON = "True True {} machine code", "False False {} Python"


@needs_compiler
def test_what_was_built_is_run(built: Tree) -> None:
    """Machine code of these sources is what a process imports, and it knows so."""
    assert built.ask() == MACHINE_CODE.format("old")


@needs_compiler
def test_a_setting_has_the_sources_run(built: Tree) -> None:
    """FACADE_NATIVE=no: as if nothing had been built."""
    assert built.ask(FACADE_NATIVE="no") == PYTHON.format("old")
    assert built.ask(FACADE_NATIVE="yes") == MACHINE_CODE.format("old")


@needs_compiler
def test_changed_sources_are_never_run_with_old_code(built: Tree) -> None:
    """What the file says now is what happens; and once it says again what it said, the code that was made of that is used."""
    built.change()
    assert built.ask() == PYTHON.format("new")
    built.change(answer="old")
    assert built.ask() == MACHINE_CODE.format("old")


@needs_compiler
@pytest.mark.parametrize("place", ["facade/settings.py", "facade/added.py", "chassis/records.py", "facade/native/mypyc.ini"])
def test_whatever_the_code_was_made_of_counts(built: Tree, place: str) -> None:
    """Constants of other modules are compiled in, and so are the compiler's options: each of them makes old code of it."""
    with (built.root / place).open("a") as file:
        file.write("\n")
    assert built.ask() == PYTHON.format("old")


@needs_compiler
def test_a_file_that_was_only_touched_is_unchanged(built: Tree) -> None:
    """A checkout that gives files other times costs no build."""
    os.utime(built.tiny, (0, 0))
    assert built.ask() == MACHINE_CODE.format("old")


@needs_compiler
def test_code_of_which_a_part_is_missing_is_not_used(built: Tree) -> None:
    """Half of it would run beside the other half's sources."""
    (module,) = built.root.glob("build/facade/*/facade/tiny.*.so")
    module.unlink()
    assert built.ask() == PYTHON.format("old")


def test_it_is_to_be_called_before_the_modules_are_imported() -> None:
    """Too late is an error: part of the process would run the one, part the other."""
    assert "facade.strand" in sys.modules or __import__("facade.strand")
    with pytest.raises(RuntimeError, match=r"facade\.strand"):
        loader.use({})
    assert not loader.use({"FACADE_NATIVE": "no"})


def test_every_module_that_is_named_is_there() -> None:
    """A module that was moved is missed here, not in the middle of a build."""
    assert [module for module in MODULES if not source(module).is_file()] == []


def test_the_modules_import_of_ours_only_what_counts() -> None:
    """A constant from elsewhere would be compiled in, and its change would go unnoticed."""
    ours = ("acl", "chassis", "extracted", "facade", "migrations_tools", "monolith")
    for module in MODULES:
        for line in source(module).read_text().splitlines():
            words = line.split()
            if words[:1] not in (["from"], ["import"]) or words[1].partition(".")[0] not in ours:
                continue
            file = Path(*words[1].split("."))
            counted = [Path(place) for place in SOURCES]
            assert any(place in (*file.parents, file, file.with_suffix(".py")) for place in counted), f"{module}: {line}"
