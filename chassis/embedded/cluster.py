"""An embedded PostgreSQL 18: real, on 127.0.0.1 only, with passwords, one database and one role per
context."""

import signal
from collections.abc import Sequence
from pathlib import Path

from chassis import keys
from chassis.embedded import account, configuration, databases, home, recovery
from chassis.embedded.server import Server, ServerError
from chassis.processes import Process

SUPERUSER = "postgres"
_STOP_SECONDS = 60


class Cluster(Server):
    """A PostgreSQL cluster in the folder `path`, made at its first start.

    `databases` exist, each with a role of its name, once `start()` has returned; more can be made later. With
    `namespaces=False` a root user's server runs as `nobody` even where user namespaces would do.
    """

    title = "PostgreSQL"

    def __init__(
        self,
        path: Path,
        *,
        durable: bool = True,
        record: Path | None = None,
        databases: Sequence[str] = (),
        namespaces: bool = True,
    ) -> None:
        super().__init__(path, durable=durable, record=record)
        self.databases = tuple(databases)
        self._namespaces = namespaces

    def start(self) -> None:
        """Have it running, with its databases. Errors: ServerError, NoAccountError, LaunchError."""
        super().start()
        if missing := set(self.databases) - set(self._made()):
            for name in sorted(missing):
                self.create_database(name)

    def create_database(self, name: str, owner: str | None = None) -> str:
        """Have a database that belongs to the role `owner` (default: one of its own name), closed to others;
        its URL."""
        owner = owner or name
        with self._locked(), databases.connect(self.superuser_url()) as connection:
            databases.close_to_strangers(connection)
            databases.ensure_role(connection, owner, self._password(owner))
            databases.ensure_database(connection, name, owner)
            self._write({**(self._read() or {}), "databases": sorted({*self._made(), name})})
        return self.url(name, owner)

    def drop_database(self, name: str) -> None:
        """Remove a database and throw out whoever uses it."""
        with self._locked(), databases.connect(self.superuser_url()) as connection:
            databases.drop_database(connection, name)
            self._write({**(self._read() or {}), "databases": sorted({*self._made()} - {name})})

    def allow_making_databases(self, role: str) -> None:
        """Let a role create databases: for test clusters only, as it may then also fill the disk."""
        with self._locked(), databases.connect(self.superuser_url()) as connection:
            databases.allow_making_databases(connection, role)

    def url(self, database: str, role: str | None = None) -> str:
        """How the role (default: the database's namesake) connects to a database."""
        role = role or database
        return f"postgres://{role}:{self._password(role)}@127.0.0.1:{self.port}/{database}"

    def superuser_url(self, database: str = SUPERUSER) -> str:
        """How the superuser connects: for set-up and for tests, never for an application."""
        return self.url(database, SUPERUSER)

    def destroy(self) -> None:
        """Stop it and delete all of its files."""
        self.stop()
        home.remove(self.path)
        self._record.unlink(missing_ok=True)

    def _spawn(self, port: int) -> Process | None:
        who = account.for_server(home.locate(self.path).data, namespaces=self._namespaces)
        place = home.furnish(self.path, who, self._password(SUPERUSER))
        arguments = configuration.arguments(port, durable=self.durable)
        return who.daemon([place.program("postgres"), "-D", str(place.data), *arguments], self.log)

    def _answers(self, process: Process, port: int) -> bool:
        del port
        pid_file = home.locate(self.path).data / "postmaster.pid"
        lines = pid_file.read_text().splitlines() if pid_file.exists() else []
        return len(lines) > 7 and lines[0] == str(process.pid) and lines[7].strip() == "ready"

    def _halt(self, process: Process) -> None:
        process.send(signal.SIGINT)  # fast shutdown: rolls back what is open, then checkpoints
        if not process.gone_within(_STOP_SECONDS):
            raise ServerError(f"PostgreSQL (process {process.pid}) did not stop within {_STOP_SECONDS} s")

    def _recover(self) -> None:
        data = home.locate(self.path).data
        recovery.end_orphans(data, "postgres")
        # PostgreSQL takes a zombie, or a stranger who was given the old number, for a living postmaster.
        (data / "postmaster.pid").unlink(missing_ok=True)

    def _made(self) -> Sequence[str]:
        made: list[str] = (self._read() or {}).get("databases", [])
        return made

    def _password(self, role: str) -> str:
        return keys.kept(self.path / "passwords" / role, keys.password)
