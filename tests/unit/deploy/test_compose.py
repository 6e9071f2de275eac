"""docker-compose.yml runs what `manage.py up` runs."""

import itertools
from pathlib import Path

import pytest
import yaml

from migrations_tools.platform import NAMES, Surroundings, table

_COMPOSE = yaml.safe_load((Path(__file__).parents[3] / "docker-compose.yml").read_text())["services"]
_PLACES = {"--host", "--port", "--admin-host", "--admin-port", "--schedule"}


def words(command: list[str]) -> list[str]:
    """A command without its interpreter and without what depends on the machine."""
    return [word for before, word in itertools.pairwise(command) if before not in _PLACES]


def databases(environment: dict[str, str]) -> set[str]:
    """Which databases a process is given."""
    return {name for name, value in environment.items() if name.endswith("_DATABASE_URL") and value}


@pytest.mark.parametrize("name", NAMES)
def test_a_container_runs_the_platform_s_own_command(name: str, tmp_path: Path) -> None:
    """Same command, same settings, same databases: the table and the file cannot drift apart."""
    urls = dict.fromkeys(table.LISTENING, "http://0.0.0.0:8000")
    around = Surroundings(tmp_path, dict.fromkeys(("monolith", "control", "users"), "url"), "valkey", "token")
    (program,) = (program for program in table.programs(urls, around) if program.name == name)
    service = _COMPOSE[name]
    assert words(service["command"]) == words(list(program.command))
    assert databases(service["environment"]) == databases(dict(program.environment))
    assert set(service["environment"]) >= set(program.environment) - {
        "BANYAN_VAR",
        "MONOLITH_DATABASE_URL",
        "CONTROL_DATABASE_URL",
        "USERS_DATABASE_URL",
    }


def test_schemas_are_migrated_before_anything_starts(tmp_path: Path) -> None:
    """The migrations are the platform's own, and every process waits for both."""
    around = Surroundings(tmp_path, {}, "valkey", "token")
    for name, program in table.migrations(around).items():
        assert words(_COMPOSE[f"migrate-{name}"]["command"]) == words(list(program.command))
    for name in NAMES:
        assert set(_COMPOSE[name]["depends_on"]) == {"migrate-monolith", "migrate-users"}
