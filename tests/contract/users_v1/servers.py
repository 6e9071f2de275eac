"""Starts the two servers of the users API v1, each alone, with empty databases."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg

from chassis.embedded import Cluster
from chassis.ports import free_port
from chassis.supervisor import Program, Supervisor, http_ok

CHECKOUT = Path(__file__).parents[3]
GRANIAN = str(Path(sys.executable).with_name("granian"))
TOKEN = "the-internal-token-of-the-contract-tests"


@dataclass(frozen=True)
class Server:
    """How one side is set up; `databases` maps the variable of each of its databases to the role that owns it."""

    manage: str
    settings: str
    application: str
    databases: Mapping[str, str]
    settle: Callable[[Mapping[str, str]], None] = lambda _environment: None


def _give_authority_to_the_service(environment: Mapping[str, str]) -> None:
    with psycopg.connect(environment["USERS_DATABASE_URL"]) as connection:
        connection.execute(
            "INSERT INTO banyan_authority (context, owner, epoch) VALUES ('users', 'service', 1)"
            " ON CONFLICT (context) DO UPDATE SET owner = excluded.owner, epoch = excluded.epoch"
        )


SERVERS = {
    "monolith": Server(
        manage="manage.py",
        settings="monolith.settings",
        application="monolith.wsgi:application",
        databases={"MONOLITH_DATABASE_URL": "monolith", "CONTROL_DATABASE_URL": "control"},
    ),
    "service": Server(
        manage="extracted/users/manage.py",
        settings="extracted.users.settings",
        application="extracted.users.wsgi:application",
        databases={"USERS_DATABASE_URL": "users"},
        settle=_give_authority_to_the_service,
    ),
}


@contextmanager
def running(server: Server, cluster: Cluster, **more: str) -> Iterator[str]:
    """The base URL of the server, migrated and ready; it is stopped and its databases are dropped at the end. `more`: further
    variables of its environment.
    """
    made = {variable: f"{role}_{uuid4().hex[:12]}" for variable, role in server.databases.items()}
    urls = {variable: cluster.create_database(name, owner=server.databases[variable]) for variable, name in made.items()}
    environment = {
        **urls,
        "DJANGO_SETTINGS_MODULE": server.settings,
        "BANYAN_INTERNAL_TOKEN": TOKEN,
        "LOG_LEVEL": "ERROR",
        "PYTHONPATH": str(CHECKOUT),
        **more,
    }
    try:
        _manage(server, environment, "migrate", "--verbosity", "0", "--skip-checks")
        server.settle(environment)
        with Supervisor([_program(server, environment, port := free_port())]) as supervisor:
            supervisor.wait_ready(60)
            yield f"http://127.0.0.1:{port}"
    finally:
        for name in made.values():
            cluster.drop_database(name)


def _manage(server: Server, environment: Mapping[str, str], *arguments: str) -> None:
    command = [sys.executable, str(CHECKOUT / server.manage), *arguments]
    subprocess.run(command, check=True, env={**os.environ, **environment}, cwd=CHECKOUT)


def _program(server: Server, environment: Mapping[str, str], port: int) -> Program:
    command = [GRANIAN, "--interface", "wsgi", "--blocking-threads", "4", "--port", str(port), "--log-level", "error"]
    ready = http_ok(f"http://127.0.0.1:{port}/healthz")
    return Program("server", [*command, server.application], environment, ready)
