"""The tree is as it says it is: small modules, complete package lists."""

import ast
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST = 300
PROJECTS = {"chassis": "chassis", "extracted/users": "extracted.users"}


def modules() -> list[Path]:
    """Every Python file that belongs to the project, whether it is committed already or not."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for name in listed.stdout.splitlines() if (path := ROOT / name).exists()]


def test_no_module_is_too_long() -> None:
    """A module that outgrows a reader's patience is split."""
    long = {str(path.relative_to(ROOT)): count for path in modules() if (count := len(path.read_text().splitlines())) > LONGEST}
    assert not long


def test_no_module_has_a_name_that_says_nothing() -> None:
    """Nothing can be put into a drawer without a label."""
    empty = {"utils", "helpers", "manager", "common", "misc"}
    assert not [path for path in modules() if empty & {path.stem, *path.relative_to(ROOT).parts}]


def test_every_module_says_what_it_is_for() -> None:
    """A module of the product begins with a docstring; Django's declarations of an app, and migrations, need none."""
    exempt = {"apps.py", "migrations", "tests"}
    silent = [
        path
        for path in modules()
        if not exempt & set(path.relative_to(ROOT).parts)
        and (text := path.read_text().strip())
        and ast.get_docstring(ast.parse(text)) is None
    ]
    assert not silent


@pytest.mark.parametrize("folder", PROJECTS)
def test_the_package_list_is_complete(folder: str) -> None:
    """What is imported from a checkout is also in the wheel."""
    declared = tomllib.loads((ROOT / folder / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    here = {
        ".".join((PROJECTS[folder], *path.parent.relative_to(ROOT / folder).parts))
        for path in modules()
        if path.name == "__init__.py" and path.is_relative_to(ROOT / folder)
    }
    assert set(declared) == here
