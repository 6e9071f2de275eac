"""The operator at the shell, with commands that refuse."""

import json
import subprocess
from typing import Any

import pytest

from migrations_tools.demo import operator as shell
from migrations_tools.demo.operator import CommandFailed, Operator

UNMET = {"ok": False, "gates": [{"name": "lag", "ok": False}]}


class Commands:
    """Stands for subprocess.run: gives the prepared answers in turn, the last one for ever."""

    def __init__(self, *answers: tuple[int, Any]) -> None:
        self.answers, self.ran = list(answers), list[list[str]]()

    def __call__(self, command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        self.ran.append(command[2:])
        code, report = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return subprocess.CompletedProcess(command, code, json.dumps(report) if report else "", "refused" if code else "")


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Any:
    def prepare(*answers: tuple[int, Any]) -> Commands:
        commands = Commands(*answers)
        monkeypatch.setattr(subprocess, "run", commands)
        monkeypatch.setattr(shell, "PAUSE", 0.0)
        return commands

    return prepare


def test_a_command_answers_its_json(run: Any) -> None:
    """The report of a command that did its work."""
    commands = run((0, {"ok": True, "rows": 7}))
    assert Operator("users", {}).context_command("backfill", "--page-rows", "10")["rows"] == 7
    assert commands.ran == [["context", "backfill", "users", "--json", "--page-rows", "10"]]


def test_unmet_gates_are_waited_for(run: Any) -> None:
    """Lag and shadow matches take a while; an operator tries again."""
    commands = run((1, UNMET), (1, UNMET), (0, {"ok": True}))
    assert Operator("users", {}).context_command("cutover")["ok"]
    assert len(commands.ran) == 3


def test_patience_ends(run: Any) -> None:
    """Gates that stay unmet bar the road, and are named."""
    run((1, UNMET))
    with pytest.raises(CommandFailed) as refusal:
        Operator("users", {}, patience=0.0).context_command("cutover")
    assert refusal.value.unmet == ["lag"]


@pytest.mark.parametrize("answer", [(1, {"ok": False, "gates": [], "error": "no"}), (1, None), (0, None)])
def test_any_other_failure_bars_the_road_at_once(run: Any, answer: tuple[int, Any]) -> None:
    """A command that fails, or that exits with 0 and says nothing, is not tried again."""
    commands = run(answer)
    with pytest.raises(CommandFailed):
        Operator("users", {}).context_command("cutover")
    assert len(commands.ran) == 1
