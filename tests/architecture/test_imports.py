"""The import contracts of pyproject.toml hold in this tree, and each is broken by an import that it forbids."""

import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("acl", "chassis", "extracted", "facade", "migrations_tools", "monolith")
LINT = Path(sys.executable).with_name("lint-imports")

VIOLATIONS = {
    "a layer below that imports one above": ("layers", "monolith/orders/tasks.py", "import migrations_tools.plans"),
    "the chassis that imports a context": ("layers", "chassis/ids.py", "from monolith.users import api"),
    "tools that import the facade, in a function": (
        "layers",
        "migrations_tools/gates.py",
        "def late() -> None:\n    import facade.decide",
    ),
    "tools that import a service": ("services-apart", "migrations_tools/gates.py", "import extracted.users.models"),
    "a service that imports the monolith": ("services-alone", "extracted/users/models.py", "from monolith.users import api"),
    "a service that imports another": ("services-apart-from-each-other", "extracted/users/models.py", "import extracted.ghost"),
    "a context that imports another's models": ("contexts", "monolith/orders/views.py", "from monolith.users.models import User"),
    "a context that imports another as a whole": ("contexts", "monolith/orders/tasks.py", "import monolith.catalog"),
    "a translation that imports models": ("monolith-doors", "acl/users/translate.py", "import monolith.users.models"),
    "tools that import the monolith's settings": ("monolith-doors", "migrations_tools/gates.py", "import monolith.settings"),
    "a facade that imports a tool": ("tools-doors", "facade/decide.py", "from migrations_tools.control import flags"),
    "a port that imports Django": ("pure", "monolith/users/api.py", "import django.db.models"),
    "a translation that imports Django by a detour": ("pure", "acl/users/translate.py", "import chassis.ids"),
    "a plan that does input and output": ("pure", "migrations_tools/plans/users.py", "import psycopg"),
    "a decision that asks the network": ("pure", "facade/decide.py", "from facade import valkey"),
}
"""What is planted: the contract that must catch it, the file, the line at its end."""


def lint(tree: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run import-linter on a tree, without a cache."""
    return subprocess.run(
        [LINT, "--no-cache", *options],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of everything that the contracts look at, with a second service in it."""
    tree = tmp_path_factory.mktemp("tree")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tree / package, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    (tree / "tests/architecture").mkdir(parents=True)
    for file in ("tests/__init__.py", "tests/architecture/__init__.py", "tests/architecture/doors.py"):
        shutil.copy(ROOT / file, tree / file)
    (tree / "extracted/ghost").mkdir()
    (tree / "extracted/ghost/__init__.py").write_text('"""Another service."""\n')
    configuration = (ROOT / "pyproject.toml").read_text()
    (tree / "pyproject.toml").write_text(configuration.replace('"extracted.users"', '"extracted.users", "extracted.ghost"'))
    return tree


@pytest.fixture
def planted(copy: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """Plants one violation and takes it out again; the contract that must notice."""
    contract, file, line = VIOLATIONS[request.param]
    path = copy / file
    before = path.read_text()
    path.write_text(f"{before}\n\n{line}\n")
    yield contract
    path.write_text(before)


def test_the_tree_keeps_its_contracts() -> None:
    """Every contract of pyproject.toml holds."""
    done = lint(ROOT)
    assert done.returncode == 0, done.stdout


def test_the_copy_keeps_its_contracts(copy: Path) -> None:
    """Nothing but what is planted can break a contract in the tests below."""
    done = lint(copy)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("planted", VIOLATIONS, indirect=True)
def test_a_planted_violation_is_caught(copy: Path, planted: str) -> None:
    """The contract that forbids an import reports it."""
    done = lint(copy, "--contract", planted)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "BROKEN" in done.stdout


def test_every_contract_has_a_planted_violation() -> None:
    """No contract stands that has never been seen to fire."""
    contracts = {contract["id"] for contract in _configuration()["contracts"]}
    assert {contract for contract, _, _ in VIOLATIONS.values()} == contracts


def test_every_package_is_looked_at() -> None:
    """A new service or package cannot stay outside the contracts."""
    services = {f"extracted.{path.parent.name}" for path in (ROOT / "extracted").glob("*/__init__.py")}
    top = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}
    assert set(_configuration()["root_packages"]) == top | services


def test_every_context_has_doors() -> None:
    """A new context of the monolith is private from its first day."""
    rooms = next(contract["rooms"] for contract in _configuration()["contracts"] if contract["id"] == "contexts")
    assert set(rooms) == {f"monolith.{path.parent.name}" for path in (ROOT / "monolith").glob("*/api.py")}


def test_a_door_to_a_room_that_does_not_exist_is_refused(copy: Path) -> None:
    """A misspelt contract is an error, not a contract that always holds."""
    path = copy / "pyproject.toml"
    before = path.read_text()
    path.write_text(before.replace('rooms = ["migrations_tools"]', 'rooms = ["migration_tools"]'))
    try:
        done = lint(copy, "--contract", "tools-doors")
    finally:
        path.write_text(before)
    assert done.returncode != 0
    assert "there is no module migration_tools" in " ".join(done.stdout.split())


def _configuration() -> dict[str, list[dict[str, list[str]]]]:
    configuration: dict[str, list[dict[str, list[str]]]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"][
        "importlinter"
    ]
    return configuration
