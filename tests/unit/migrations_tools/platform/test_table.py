"""The table of processes: complete, explicit, and no wider open than each process needs."""

import signal
import socket
from pathlib import Path

import pytest

from chassis import ports, records
from migrations_tools.platform import NAMES, Surroundings, preparation, table

_URLS = {name: f"http://127.0.0.1:{1001 + number}" for number, name in enumerate(table.LISTENING)}


@pytest.fixture
def around(tmp_path: Path) -> Surroundings:
    """Surroundings that need not exist."""
    databases = {name: f"postgres://{name}@db/{name}" for name in ("monolith", "control", "users")}
    return Surroundings(tmp_path, databases, "redis://valkey", "token", extra={"DEBUG": "1"})


def test_every_process_is_there(around: Surroundings) -> None:
    """The table holds the names that the platform promises, each once."""
    assert tuple(program.name for program in table.programs(_URLS, around)) == NAMES


@pytest.mark.parametrize(
    ("name", "databases"),
    [
        ("monolith", {"monolith", "control"}),
        ("relay", {"monolith", "control", "users"}),
        ("worker", {"monolith", "control"}),
        ("users", {"users"}),
        ("facade", set()),
    ],
)
def test_a_process_gets_its_own_databases_only(
    around: Surroundings, name: str, databases: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The service cannot reach the monolith's database, nor the monolith the service's, whatever the shell
    has set; the relay moves data between them."""
    monkeypatch.setenv("USERS_DATABASE_URL", "postgres://of-the-shell")
    (program,) = (program for program in table.programs(_URLS, around) if program.name == name)
    given = {key for key, value in program.environment.items() if key.endswith("_DATABASE_URL") and value}
    assert given == {f"{database.upper()}_DATABASE_URL" for database in databases}
    assert set(program.environment) >= {"MONOLITH_DATABASE_URL", "CONTROL_DATABASE_URL", "USERS_DATABASE_URL"}


def test_every_process_knows_every_address(around: Surroundings) -> None:
    """URLs, Valkey, the token and the extras reach all of them."""
    addresses = {f"{name.upper()}_URL": url for name, url in _URLS.items()}
    for program in table.programs(_URLS, around):
        assert {key: program.environment[key] for key in addresses} == addresses
        assert program.environment["VALKEY_URL"] == "redis://valkey"
        assert program.environment["BANYAN_INTERNAL_TOKEN"] == "token"
        assert program.environment["DEBUG"] == "1"


def test_ctrl_c_is_quick_and_cuts_nothing_that_could_have_ended(around: Surroundings) -> None:
    """The facade is told that no balancer has to notice, and ends by itself before it would be killed."""
    (facade,) = (program for program in table.programs(_URLS, around) if program.name == "facade")
    assert facade.stop_signal is signal.SIGINT
    assert float(facade.environment["FACADE_DRAIN_TIMEOUT"]) + 1 < facade.stop_seconds


def test_the_facade_takes_as_many_workers_as_asked(around: Surroundings) -> None:
    """`--facade-workers` reaches the facade's main process."""
    (facade,) = (program for program in table.programs(_URLS, around, facade_workers=3) if program.name == "facade")
    words = list(facade.command)
    assert words[words.index("--workers") + 1] == "3"


def test_ports_are_kept_while_they_are_free(tmp_path: Path) -> None:
    """The second start listens where the first did; a port that was taken meanwhile is exchanged, alone."""
    record = tmp_path / "platform.json"
    first = preparation.choose_urls(record)
    assert len(set(first.values())) == len(table.LISTENING)
    records.write(record, first)
    assert preparation.choose_urls(record) == first
    with socket.create_server((ports.LOOPBACK, int(first["users"].rsplit(":", 1)[1]))):
        second = preparation.choose_urls(record)
    assert {name for name in first if first[name] != second[name]} == {"users"}
