"""A platform of the benchmark's own, durable as in production, on the folder that BANYAN_VAR names."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django
import psycopg

from chassis import env
from chassis.embedded.installed import stop
from migrations_tools.plan import ContextPlan
from migrations_tools.platform import Platform, Surroundings, local_surroundings

ROOT = Path(__file__).resolve().parents[1]
PASSWORD = "a passphrase for everybody"
"""Of customers who exist in the benchmark only."""
START_SECONDS, LOADED = 10.0, 14_000
"""How long until everything runs, and customers loaded a second, about: for what progress foretells."""


@dataclass(frozen=True)
class Bench:
    """What runs, and how to reach it."""

    platform: Platform
    around: Surroundings

    @property
    def monolith(self) -> str:
        return self.around.databases["monolith"]

    @property
    def service(self) -> str:
        return self.around.databases["users"]

    def manage(self, *arguments: str) -> None:
        """A management command in a process of its own, as an operator runs it."""
        subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *arguments],
            check=True,
            env={**os.environ, **self.around.environment(*self.around.databases)},
            stdout=subprocess.DEVNULL,
        )

    def load(self, customers: int) -> None:
        """Generated customers without orders."""
        self.manage(
            "load_data",
            "--source",
            "generated",
            "--customers",
            str(customers),
            "--orders-per-customer",
            "0",
            "--password",
            PASSWORD,
        )


@contextmanager
def platform(*, halted: Sequence[str] = ("worker",)) -> Iterator[Bench]:
    """Start it, with the programs `halted` stopped again, and set Django up in this process to work on it."""
    around = local_surroundings()
    try:
        with Platform(around) as running:
            running.wait_ready(60)
            for name in halted:
                running.halt(name)
            os.environ.update(around.environment(*around.databases))
            os.environ["DJANGO_SETTINGS_MODULE"] = "monolith.settings"
            django.setup()
            yield Bench(running, around)
    finally:
        stop(env.var_dir())


def users_plan() -> ContextPlan:
    from migrations_tools.plans import PLANS

    return PLANS["users"]


def begin() -> Any:
    """Capture on, both authority rows at epoch 1, phase dual_write; returns the sides."""
    from chassis.replica import authority
    from migrations_tools import capture
    from migrations_tools.control.flags import Reason, change
    from migrations_tools.phases import Phase
    from migrations_tools.relay.sides import sides

    plan = users_plan()
    both = sides(plan)
    for side in (both.service, both.monolith):
        with side.connect("bench") as connection:
            authority.raise_to(connection, authority.Authority("users", "monolith", 1))
    with both.monolith.connect("bench") as connection:
        capture.install(connection, plan)
    change("users", Reason("bench", "bench"), phase=Phase.DUAL_WRITE, epoch=1)
    return both


def empty_service(url: str) -> None:
    """Remove every row of the service's, as its owner, and leave the tables as a fresh migration does."""
    with psycopg.connect(url, autocommit=True) as connection:
        tables = ("sessions", "addresses", "accounts")
        for table in tables:
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER banyan_truncate")
        connection.execute(f"TRUNCATE {', '.join(tables)}")
        for table in tables:
            connection.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER banyan_truncate")
        connection.execute("DELETE FROM banyan_position")
