"""The platform as `manage.py up` runs it, on databases of its own, with the users service in charge of users."""

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests

from chassis.callers.mutual import Files
from chassis.callers.tokens import HEADER, Signer
from chassis.embedded import Cluster, ValkeyServer
from chassis.embedded.installed import DATABASES
from migrations_tools import capture
from migrations_tools.plans.users import PLAN
from migrations_tools.platform import Platform, Surroundings
from tests.integration.facade.entrance import until
from tests.plugin import worker_name

ROOT = Path(__file__).parents[3]
PASSWORD = "correct horse battery"
_OWNS = (
    "INSERT INTO banyan_authority (context, owner, epoch) VALUES ('users', 'service', 9)"
    " ON CONFLICT (context) DO UPDATE SET owner = excluded.owner, epoch = excluded.epoch"
)


@dataclass
class Running:
    """The platform; `facade`, `monolith` and `users` are base URLs."""

    platform: Platform
    around: Surroundings
    session: requests.Session = field(default_factory=requests.Session)

    @property
    def facade(self) -> str:
        return self.platform.urls["facade"]

    @property
    def monolith(self) -> str:
        return self.platform.urls["monolith"]

    @property
    def users(self) -> str:
        return self.platform.urls["users"]

    @property
    def environment(self) -> dict[str, str]:
        """Of whoever operates it."""
        addresses = {f"{name.upper()}_URL": url for name, url in self.platform.urls.items()}
        return {**os.environ, **self.around.environment(*DATABASES), **addresses}

    def manage(self, *words: str, code: int = 0) -> str:
        """What `manage.py` says, on either stream, when it ends with this code."""
        done = subprocess.run(
            [sys.executable, "manage.py", *words], cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    def ask(
        self, method: str, target: str, token: str | None = None, base: str | None = None, **options: Any
    ) -> requests.Response:
        """Through the facade unless `base` says otherwise, with the token of a user if one is given."""
        headers = {**options.pop("headers", {}), **({} if token is None else {"Authorization": f"Bearer {token}"})}
        return self.session.request(method, (base or self.facade) + target, headers=headers, timeout=20, **options)

    def signed(self, audience: str) -> dict[str, str]:
        """The header by which a process of the platform shows that it is one."""
        return {HEADER: Signer(self.around.token, "a-test", audience).sign().decode()}

    def signed_in(self, email: str) -> str:
        """The access token of a customer, who is registered if need be."""
        credentials = {"email": email, "password": PASSWORD}
        self.ask("POST", "/api/v1/users/register", json=credentials)
        answer = self.ask("POST", "/api/v1/users/login", json=credentials)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access"])


@contextmanager
def started(cluster: Cluster, valkey: ValkeyServer, folder: Path, tls: Files | None = None) -> Iterator[Running]:
    """A platform whose databases are gone afterwards; the users service owns users, and records its changes."""
    made = {name: f"{name}_{folder.name}_{worker_name()}".replace("-", "_") for name in DATABASES}
    urls = {name: cluster.create_database(database, owner=name) for name, database in made.items()}
    unset = dict.fromkeys(("IDENTITY_PRIVATE_KEY", "IDENTITY_PUBLIC_KEYS"), "")
    around = Surroundings(folder / "var", urls, valkey.url(), "a-token-of-these-tests", tls=tls, extra=unset)
    with Platform(around, facade_workers=2) as platform:
        platform.wait_ready(60)
        ready = Running(platform, around)
        ready.manage("context", "begin", "users")
        for name in ("monolith", "users"):
            with psycopg.connect(urls[name]) as connection:
                connection.execute(_OWNS)
        with psycopg.connect(urls["users"], autocommit=True) as connection:
            capture.switch(connection, PLAN, enabled=True)
        ready.manage("contexts")
        until(lambda: ready.ask("GET", "/api/v1/users/me", ready.signed_in("first@example.org")).status_code == 200, 30)
        yield ready
    for database in made.values():
        cluster.drop_database(database)


@pytest.fixture(scope="module")
def running(cluster: Cluster, valkey: ValkeyServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with started(cluster, valkey, tmp_path_factory.mktemp("platform")) as ready:
        yield ready


def at_once(*work: Any) -> list[Any]:
    """What each of these returns, all of them run side by side."""
    with ThreadPoolExecutor(len(work)) as pool:
        return [one.result() for one in [pool.submit(each) for each in work]]
