"""A whole platform on a cluster and a Valkey of its own, with the users context in its canary, and whose processes may be killed.

The cluster is not shared: transactions of other tests would hold the horizon back, and it is killed as well. What dies is started
again by what starts it in production: the supervisor, granian's main process, and the watch over the embedded servers.
"""

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil
import psycopg
import requests

from chassis import env, processes
from chassis.embedded import Cluster, ValkeyServer
from chassis.embedded.installed import DATABASES
from chassis.supervisor import Supervisor, always_ready, http_ok
from chassis.supervisor.console import programs as log_of
from migrations_tools.platform import Surroundings, preparation, table
from migrations_tools.platform.watch import Watch
from tests.chaos.operator import Operator
from tests.chaos.traffic import Members

CUSTOMERS = 400
IDLE = "worker"
"""Takes no part in a hand-over, so it is not started."""
PROCESSES = {"monolith": ("monolith",), "service": ("users", "users_replica"), "facade": ("facade",), "relay": ("relay",)}
"""What dies with whom."""
READY = 60.0
_TRUSTING = re.compile(r'^banyan_facade_breaker{context="-",side="monolith",state="closed"} (\S+)$', re.MULTILINE)
"""In the facade's metrics: workers whose breaker for what no context claims, orders among it, is closed."""


@dataclass
class Stage:
    """`around` names the databases; `operator` is the one at work; `folder` keeps logs and journals."""

    folder: Path
    around: Surroundings
    urls: dict[str, str]
    cluster: Cluster
    supervisor: Supervisor
    operator: Operator
    environment: dict[str, str]
    members: Members
    watch: Watch

    def another_operator(self) -> Operator:
        """To be closed by the caller."""
        return Operator(self.environment, self.folder / "control.log")

    def kill(self, victim: str, *, worker: bool = False) -> None:
        """kill -9 a process of the platform, or "postgresql"; of a server with workers, `worker` kills only these."""
        if victim == "postgresql":
            process = self.cluster.process
            assert process is not None
            process.send(signal.SIGKILL)
            assert process.gone_within(10)
            return
        pids = self.supervisor.pids()
        mains = [pids[name] for name in PROCESSES[victim]]
        worker = worker and victim != "relay"  # it does its work itself
        dying = [processes.find(pid) for main in mains for pid in (_workers(main) if worker else [main])]
        assert len(dying) >= len(mains), f"{victim} does not run"
        for process in dying:
            assert process is not None
            process.send(signal.SIGKILL)
        assert all(process is None or process.gone_within(10) for process in dying)

    def stop_watching(self) -> None:
        """Nobody starts again what dies, beside the supervisor."""
        self.watch.stop()

    @contextmanager
    def without_database(self) -> Iterator[None]:
        """PostgreSQL is stopped while the block runs, and nobody starts it again."""
        self.stop_watching()
        self.cluster.stop()
        try:
            yield
        finally:
            self.cluster.start()
            self.watch = _watching(self.around)

    def await_return(self, victim: str) -> None:
        """Wait until the servers that were killed answer again. (Whoever does not listen is back when its work goes on.)"""
        deadline = time.monotonic() + READY
        for name in PROCESSES.get(victim, ()):
            serves = http_ok(f"{self.urls[name]}/readyz") if name in self.urls else always_ready
            while not serves():
                assert time.monotonic() < deadline, f"{name} does not come back"
                time.sleep(0.02)

    def await_trust(self) -> None:
        """Wait, while traffic flows, until the facade trusts the monolith again: its breaker for what never moves, orders
        here, closes when some went well, and then those of other contexts are tried at once.
        """
        deadline = time.monotonic() + READY
        while not self._trusted():
            assert time.monotonic() < deadline, "the breaker for orders does not close"
            time.sleep(0.05)

    def _trusted(self) -> bool:
        told = requests.get(f"{self.urls['facade_admin']}/metrics", timeout=5)
        told.raise_for_status()
        return [float(workers) for workers in _TRUSTING.findall(told.text)] == [1.0]

    @contextmanager
    def connected(self, name: str) -> Iterator[psycopg.Connection[Any]]:
        """A session of this test in the database "monolith", "control" or "users", autocommit."""
        with psycopg.connect(self.around.databases[name], autocommit=True, application_name="a test") as connection:
            yield connection


def _workers(main: int) -> list[int]:
    """Not the resource tracker of Python's multiprocessing, which is a child too."""
    return [child.pid for child in psutil.Process(main).children() if "resource_tracker" not in " ".join(child.cmdline())]


@contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    """The platform, ready, with some hundred customers on both sides; all of it is gone afterwards."""
    with ExitStack() as stack:
        cluster = Cluster(folder / "postgres", durable=False, databases=DATABASES)
        valkey = ValkeyServer(folder / "valkey", durable=False)
        for server in (cluster, valkey):
            stack.callback(server.destroy)
            server.start()
        around = _surroundings(folder, cluster, valkey)
        preparation.migrate(around)
        urls = preparation.choose_urls(folder / "platform.json")
        watch = _watching(around)
        stack.callback(watch.stop)
        log = stack.enter_context((folder / "platform.log").open("w"))
        supervisor = stack.enter_context(Supervisor(_programs(urls, around), log_of(log)))
        addresses = {f"{name.upper()}_URL": url for name, url in urls.items()}
        environment = {**os.environ, **around.environment(*DATABASES), **addresses, "DJANGO_SETTINGS_MODULE": "monolith.settings"}
        operator = stack.enter_context(Operator(environment, folder / "control.log"))
        _set(operator, lambda: supervisor.wait_ready(READY))
        members = Members.of(around.databases["monolith"])
        stage = Stage(folder, around, urls, cluster, supervisor, operator, environment, members, watch)
        stack.callback(stage.stop_watching)
        yield stage


def _watching(around: Surroundings) -> Watch:
    watch = Watch(around.servers, lambda _event: None)
    watch.start()
    return watch


def _surroundings(folder: Path, cluster: Cluster, valkey: ValkeyServer) -> Surroundings:
    urls = {name: cluster.url(name) for name in DATABASES}
    extra = {"IDENTITY_PRIVATE_KEY": env.identity_private_key() or env.identity_key()}  # the tests make access tokens with theirs
    return Surroundings(folder / "var", urls, valkey.url(), "a-token-of-these-tests", (cluster, valkey), extra=extra)


def _programs(urls: dict[str, str], around: Surroundings) -> list[Any]:
    """They are killed again and again, so a pause that grows with each crash would only be waited for."""
    return [replace(program, longest_pause=0.1) for program in table.programs(urls, around) if program.name != IDLE]


def _set(operator: Operator, ready: Callable[[], None]) -> None:
    size = ("--customers", str(CUSTOMERS), "--orders-per-customer", "0", "--products", "20")
    _done(operator, "load_data", "--source", "generated", *size, "--json")
    ready()
    _done(operator, "context", "begin", "users")
    _done(operator, "context", "backfill", "users", "--json")
    operator.canary(50)


def _done(operator: Operator, *arguments: str) -> None:
    operator.manage(*arguments)
    ending = operator.ending()
    assert ending.succeeded, ending.failed
