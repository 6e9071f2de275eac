"""The docs name what there is, and nothing that is not there."""

import ast
import re
from argparse import ArgumentParser
from dataclasses import fields
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class

from benchmarks.__main__ import BENCHMARKS
from facade.settings import Settings, variable
from migrations_tools.control.operations import OPERATIONS
from migrations_tools.cutover import STEPS
from migrations_tools.phases import POLICIES, SAFETY_GATES, GateName, transitions
from migrations_tools.platform.table import LISTENING, NAMES

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
OURS = ("monolith", "migrations_tools", "extracted")
PAGES = [*DOCS.rglob("*.md"), *ROOT.glob("*.md")]
SERVICE_COMMANDS = {path.stem for path in ROOT.glob("extracted/*/management/commands/*.py")} - {"__init__"}


def rows(page: str, heading: str) -> dict[str, list[str]]:
    """The tables of a section: first cell, without back-quotes, to the other cells."""
    section = re.split(rf"^#+ {re.escape(heading)}.*$", (DOCS / page).read_text(), flags=re.MULTILINE)[1]
    section = re.split(r"^#", section, flags=re.MULTILINE)[0]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line.startswith("|")]
    return {row[0].strip("`"): row[1:] for row in cells}


def django_commands() -> set[str]:
    """Every command of ours that a `manage.py` knows."""
    return {name for name, app in get_commands().items() if str(app).startswith(OURS)} | SERVICE_COMMANDS


def test_every_setting_is_documented() -> None:
    """Each environment variable that a process reads is a row of docs/settings.md."""
    text = (DOCS / "settings.md").read_text()
    documented = set(re.findall(r"^\| `(\w+)` \|", text, flags=re.MULTILINE))
    read = {variable(field.name) for field in fields(Settings)}
    for path in [
        *ROOT.glob("*/**/settings.py"),
        ROOT / "chassis/env.py",
        ROOT / "chassis/registry/announcer.py",
        *ROOT.glob("monolith/**/*.py"),
    ]:
        read |= _variables(path)
    for name in ("monolith", "control", "users"):
        read.add(f"{name.upper()}_DATABASE_URL")
    for name in LISTENING:
        read.add(f"{name.upper()}_URL")
    assert documented == read - {"DJANGO_SETTINGS_MODULE"}


def test_the_defaults_of_the_facade_are_the_documented_ones() -> None:
    """A default that was changed is changed in the docs."""
    documented = {name: cells[0].strip("`").split(" ")[0] for name, cells in rows("settings.md", "Facade").items()}
    for field in fields(Settings):
        if (name := variable(field.name)).startswith("FACADE_"):
            assert documented[name].lower() == str(field.default).removeprefix(f"{ROOT}/").lower()


def test_every_phase_is_documented() -> None:
    """Each row of the policy table is a row of docs/phases.md, with its authority and the ways on."""
    documented = rows("phases.md", "Phases")
    assert set(POLICIES) <= set(documented)
    for phase, policy in POLICIES.items():
        authority, *_, onward, back = documented[phase]
        assert authority == policy.authority
        assert {change.command for change in transitions(phase)} == set(re.findall(r"`(\w+)", onward + back))


def test_every_gate_is_documented() -> None:
    """Each gate is a row of docs/phases.md with the commands that ask for it, and one of the runbook."""
    documented = rows("phases.md", "Gates")
    asked = {
        gate: {change.command for policy in POLICIES.values() for change in transitions(policy.phase) if gate in change.gates}
        for gate in GateName
    }
    for gate in GateName:
        _question, safety, commands = documented[gate]
        assert safety == ("yes" if gate in SAFETY_GATES else "no")
        assert set(re.findall(r"`(\w+)`", commands)) == asked[gate]
    assert set(GateName) <= set(rows("operations.md", "When a gate is unmet"))


def test_every_command_is_documented() -> None:
    """Each command of ours, and each operation on a context, is in the runbook; and no other is."""
    documented = set(rows("operations.md", "Commands")) - {"command", "---"}
    named = {name.split()[1] for name in documented}
    assert named == django_commands()
    assert {name.split()[2] for name in documented if name.startswith("manage.py context ")} == set(OPERATIONS)


def test_every_process_is_documented() -> None:
    """Each process that `manage.py up` runs is a row of docs/architecture.md, in its order."""
    assert [name for name in rows("architecture.md", "Processes") if name not in ("process", "---")] == list(NAMES)


def test_every_benchmark_is_documented() -> None:
    """Each benchmark is a row of docs/performance.md."""
    assert set(BENCHMARKS) == set(rows("performance.md", "Performance")) - {"benchmark", "---"}


def test_every_step_of_a_hand_over_is_documented() -> None:
    """The numbered steps of docs/protocol.md are those that run, in their order."""
    documented = rows("protocol.md", "The hand-over")
    numbered = [(number, cells[0].strip("`")) for number, cells in documented.items() if number.isdigit()]
    assert numbered == [(str(number), step.name) for number, step in enumerate(STEPS, 1)]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Each relative link of a page names a file that exists, and a heading that it has."""
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.exists(), target
        if anchor:
            assert anchor in {_anchor(line) for line in file.read_text().splitlines() if line.startswith("#")}, target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_in_the_docs_exist(page: Path) -> None:
    """Each `make` target, command, operation and option that a page shows is there."""
    text = page.read_text()
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z]+)", text, flags=re.MULTILINE)) <= targets
    for line in re.findall(r"manage\.py ([^`\n]+)", text):
        _parses(re.sub(r"\s[#|].*$", "", line).split())


def test_every_trap_has_tests_that_exist() -> None:
    """docs/traps.md names at least one test for each of the 22 traps, and none that is not there."""
    documented = {number: cells for number, cells in rows("traps.md", "Traps").items() if number.isdigit()}
    assert list(documented) == [str(number) for number in range(1, 23)]
    for number, cells in documented.items():
        named = re.findall(r"`([\w/]+\.py)::(\w+)`", cells[-1])
        assert named, number
        for file, test in named:
            assert test in _tests(ROOT / "tests" / file), f"{number}: {file}::{test}"


def _variables(path: Path) -> set[str]:
    """Names given to `env.str("…")`, `env.bool`, `env.list`, `os.environ` and `_given_or_kept` in a module."""
    if path.is_relative_to(ROOT / "var") or "site-packages" in path.parts:
        return set()
    reads = re.compile(r"""(?:env\.(?:str|bool|list|int)|environ\.get|_given_or_kept)\(\s*"([A-Z_]+)\"""")
    return set(reads.findall(path.read_text()))


def _tests(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def _anchor(heading: str) -> str:
    """As GitHub makes it."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading.lstrip("#").strip()).lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def _parses(words: list[str]) -> None:
    """Words that are written as a command are one: the command, its operation, and its options."""
    name, *rest = words
    if name not in django_commands():
        assert name in get_commands(), name
        return
    if name in SERVICE_COMMANDS:
        return
    parser: ArgumentParser = load_command_class(str(get_commands()[name]), name).create_parser("manage.py", name)
    parsers = [parser]
    if name == "context":  # an operation, or a placeholder for any of them
        operations = parser._subparsers._group_actions[0].choices
        if rest and re.fullmatch(r"[a-z]+", rest[0]):
            assert rest[0] in OPERATIONS, rest[0]
            operations = {rest[0]: operations[rest[0]]}
        parsers += operations.values()
    known = {option for each in parsers for action in each._actions for option in action.option_strings}
    assert {word.split("=")[0] for word in rest if word.startswith("--")} <= known, words
