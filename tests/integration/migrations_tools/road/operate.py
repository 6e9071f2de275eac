"""`manage.py context` and its neighbours, as a test calls them."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command


def told(*arguments: str) -> str:
    """What a command that succeeds prints."""
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def done(*arguments: str) -> dict[str, Any]:
    """The JSON of a command that succeeds."""
    report: dict[str, Any] = json.loads(told(*arguments, "--json"))
    return report


def refused(*arguments: str, code: int = 1) -> dict[str, Any]:
    """The JSON of a command that is refused with this exit code."""
    out = StringIO()
    with pytest.raises(CommandError) as refusal:
        call_command(*arguments, "--json", stdout=out)
    assert refusal.value.returncode == code
    report: dict[str, Any] = json.loads(out.getvalue() or "{}")
    return report


def on_the_way(shadowed: bool = True) -> None:
    """Bring users as far as a verified canary of 100 %, as an operator would."""
    done("context", "begin", "users")
    done("context", "backfill", "users")
    done("context", "verify", "users")
    done("context", "shadow", "users")
    if shadowed:
        compared()
    done("context", "canary", "users", "--percent", "100")


def compared(count: int = 100, matched: int = 100) -> None:
    """As the facades would have it after comparing some reads."""
    from migrations_tools.control import valkeys

    with valkeys.connected() as client:
        client.hset("banyan:shadow:users", mapping={"compared": count, "matched": matched})
