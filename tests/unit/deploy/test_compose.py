"""docker-compose.yml runs what `manage.py up` runs."""

import itertools
from pathlib import Path

import pytest
import trustme
import yaml

from chassis.callers.mutual import Files
from facade.settings import Settings
from migrations_tools.platform import NAMES, Surroundings, table

_ROOT = Path(__file__).parents[3]
_COMPOSE = yaml.safe_load((_ROOT / "docker-compose.yml").read_text())["services"]
_MUTUAL = yaml.safe_load((_ROOT / "deploy" / "compose" / "tls.yml").read_text())["services"]
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


@pytest.mark.parametrize("name", NAMES)
def test_with_mutual_tls_a_container_has_what_the_platform_gives(name: str, tmp_path: Path) -> None:
    """The same files by the same variables, and upstreams are addressed by https."""
    authority = trustme.CA()
    issued = authority.issue_cert("localhost")
    files = Files(*(tmp_path / file for file in ("ca.pem", "certificate.pem", "key.pem")))
    authority.cert_pem.write_to_path(files.authority)
    issued.cert_chain_pems[0].write_to_path(files.certificate)
    issued.private_key_pem.write_to_path(files.key)
    around = Surroundings(tmp_path, {}, "valkey", "token", tls=files)
    urls = dict.fromkeys(table.LISTENING, "https://0.0.0.0:8000")
    (program,) = (program for program in table.programs(urls, around) if program.name == name)
    given = _MUTUAL[name]["environment"]
    assert {key for key in program.environment if "TLS" in key or "SSL" in key or "UPSTREAM" in key} <= set(given)
    assert set(given) <= set(program.environment)
    assert {value.partition(":")[0] for key, value in given.items() if key.endswith("_URL")} == {"https"}


@pytest.mark.parametrize("name", NAMES)
def test_a_container_has_the_time_that_its_end_needs(name: str) -> None:
    """What kills it sooner would cut requests under way: the facade's lame duck and drain, with a margin, end before."""
    grace = _COMPOSE[name]["stop_grace_period"]
    assert grace.endswith("s")
    facade = {key: float(_COMPOSE["facade"]["environment"][key]) for key in ("FACADE_LAME_DUCK", "FACADE_DRAIN_TIMEOUT")}
    assert list(facade.values()) == [Settings("x").lame_duck, Settings("x").drain_timeout]
    assert float(grace[:-1]) > sum(facade.values()) + 2
