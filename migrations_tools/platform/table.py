"""Which processes there are, as data: the one place to read how each is started."""

import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from chassis.supervisor import Program, always_ready, http_ok
from migrations_tools.platform.surroundings import Surroundings

NAMES = ("monolith", "users", "users_replica", "facade", "relay", "worker")
UPSTREAMS = ("monolith", "users", "users_replica")
ENTRANCE = "facade"
"""What clients talk to."""
LISTENING = (*UPSTREAMS, ENTRANCE, "facade_admin")
"""What has an address: every process that listens, and the facade's second one."""
STOP_SECONDS = 10
"""What is under way when the platform stops may take so long to end; the facade, which cuts what takes longer, a little less."""
ROOT = Path(__file__).resolve().parents[2]

_PYTHON = sys.executable
_CELERY = "celery --quiet --app monolith.celery worker --beat --pool threads --concurrency 1 --loglevel WARNING"
_ALONE = "--without-gossip --without-mingle --without-heartbeat"


def programs(urls: Mapping[str, str], around: Surroundings, *, facade_workers: int = 1) -> tuple[Program, ...]:
    """Every process of the platform; `urls` says where those that listen do."""
    addresses = {f"{name.upper()}_URL": url for name, url in urls.items()}
    # Whoever comes by another way than the facade is refused.
    addresses["BANYAN_CALLER_REQUIRED"] = "true"
    monolith = {**around.environment("monolith", "control"), **addresses, "DJANGO_SETTINGS_MODULE": "monolith.settings"}
    relay = {**monolith, **around.environment("monolith", "control", "users")}
    users = {**around.environment("users"), **addresses, "DJANGO_SETTINGS_MODULE": "extracted.users.settings"}
    facade = {**around.environment(), **addresses, "FACADE_DRAIN_TIMEOUT": str(STOP_SECONDS - 2)}
    tls = around.tls
    context = tls.client_context() if tls else None

    def program(name: str, command: Sequence[str], environment: Mapping[str, str]) -> Program:
        ready = http_ok(f"{urls[name]}/readyz", context) if name in LISTENING else always_ready
        secure: Mapping[str, str] = {}
        if tls and name in LISTENING:
            secure = tls.of_the_facade() if name == ENTRANCE else tls.of_a_server()
        # No balancer stands in front of this facade: Ctrl-C need not wait until one has noticed.
        ending = signal.SIGINT if name == ENTRANCE else signal.SIGTERM
        return Program(
            name, command, {**environment, **secure}, ready, stop_signal=ending, stop_seconds=STOP_SECONDS, folder=ROOT
        )

    beat = ("--schedule", str(around.var / "run" / "celerybeat-schedule"))
    return (
        program("monolith", _wsgi("monolith.wsgi:application", urls["monolith"], threads=24), _at(monolith, urls["monolith"])),
        program("users", _wsgi("extracted.users.wsgi:application", urls["users"], threads=16), _at(users, urls["users"])),
        # A process of its own for the replica protocol: writers that wait on the fence hold threads, and the drain that ends
        # their wait must never queue for one of those.
        program("users_replica", _wsgi("extracted.users.wsgi:application", urls["users_replica"], threads=4), users),
        program("facade", _facade(urls["facade"], urls["facade_admin"], facade_workers), facade),
        program("relay", (_PYTHON, "manage.py", "relay"), relay),
        program("worker", (_PYTHON, "-m", *_CELERY.split(), *_ALONE.split(), *beat), monolith),
    )


def migrations(around: Surroundings) -> dict[str, Program]:
    """What brings the databases' schemas up to date, by the name of the process whose databases they are."""
    monolith = (_PYTHON, "-m", "migrations_tools.platform.migrate", "monolith.settings", "default", "control")
    users = (_PYTHON, "-m", "migrations_tools.platform.migrate", "extracted.users.settings", "default")
    return {
        "monolith": Program("migrate monolith", monolith, around.environment("monolith", "control"), folder=ROOT),
        "users": Program("migrate users", users, around.environment("users"), folder=ROOT),
    }


def _at(environment: Mapping[str, str], url: str) -> dict[str, str]:
    """The environment of an instance that announces itself under its address."""
    return {**environment, "BANYAN_INSTANCE_URL": url}


def _wsgi(application: str, url: str, *, threads: int) -> tuple[str, ...]:
    return (*_granian(url), "--interface", "wsgi", "--blocking-threads", str(threads), application)


def _facade(url: str, admin: str, workers: int) -> tuple[str, ...]:
    host, port = _address(admin)
    place = (*_place(url), "--admin-host", host, "--admin-port", port)
    return (_PYTHON, "-m", "facade", "serve", *place, "--workers", str(workers))


def _granian(url: str) -> tuple[str, ...]:
    return (_PYTHON, "-m", "granian", *_place(url), "--no-ws", "--respawn-failed-workers", "--log-level", "warning")


def _place(url: str) -> tuple[str, ...]:
    host, port = _address(url)
    return ("--host", host, "--port", port)


def _address(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return str(parts.hostname), str(parts.port)
