"""What has to stand before the load begins: a platform of the demonstration's own, with data in it.

It refuses databases that hold customers already, since a run writes to them at will.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from rich.console import Console

from chassis import env
from chassis.embedded.installed import stop
from chassis.supervisor.console import programs
from migrations_tools.demo.operator import Operator
from migrations_tools.platform import Platform, Surroundings, local_surroundings
from migrations_tools.platform.stopping import stop_platform

PASSWORD = "a passphrase for everybody"  # noqa: S105 - of customers who exist in the demonstration only
COUNTED = {"customers": "users_user", "addresses": "users_address", "orders": "orders_order"}


class NotFresh(RuntimeError):
    """The databases that the environment names hold customers already; the demonstration wants some of its own."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for. `folder`: where the run's files go; its `platform` folder is made anew. `pace` stretches the time
    that traffic flows in each phase."""

    context: str
    source: str
    customers: int
    rate: float
    seed: int
    folder: Path
    pace: float = 1.0

    @property
    def journal(self) -> Path:
        return self.folder / "load.ndjson"


@contextmanager
def fresh_platform(wanted: Wanted, console: Console) -> Iterator[tuple[Platform, Surroundings]]:
    """A platform on new embedded servers, which go with it; or on the databases of the environment, if those are empty.

    It is started, and need not be ready. Its output goes to `platform.log` in the run's folder.
    """
    var = wanted.folder / "platform"
    os.environ["BANYAN_VAR"] = str(var)
    stop_platform(env.platform_record())
    stop(var)
    shutil.rmtree(var, ignore_errors=True)
    console.print("  starting PostgreSQL, Valkey and the platform")
    around = local_surroundings()
    log_path = wanted.folder / "platform.log"
    log_path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with log_path.open("w", encoding="utf-8") as log, Platform(around, report=programs(log)) as platform:
            yield platform, around
    finally:
        stop(var)


def load_data(wanted: Wanted, operator: Operator, monolith: str, console: Console) -> dict[str, int]:
    """Fill the monolith; how many rows of what there are. Raises NotFresh, CommandFailed."""
    with psycopg.connect(monolith) as connection:
        if connection.execute("SELECT EXISTS (SELECT FROM users_user)").fetchone() == (True,):
            raise NotFresh(NotFresh.__doc__)
    console.print(f"  loading {wanted.source} data")
    size = ("--customers", str(wanted.customers)) if wanted.source == "generated" else ()
    operator.manage("load_data", "--source", wanted.source, "--password", PASSWORD, "--json", *size)
    with psycopg.connect(monolith) as connection:
        rows = {name: connection.execute(f"SELECT count(*) FROM {table}").fetchone() for name, table in COUNTED.items()}
    return {name: row[0] if row else 0 for name, row in rows.items()}
