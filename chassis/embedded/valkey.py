"""An embedded Valkey 9: real, on 127.0.0.1 only, with a password."""

import os
import shutil
import signal
import socket

from chassis import keys
from chassis.embedded import recovery
from chassis.embedded.account import myself
from chassis.embedded.server import Server
from chassis.embedded.wheels import valkey_server
from chassis.ports import LOOPBACK
from chassis.processes import Process

_STOP_SECONDS = 10


class ValkeyServer(Server):
    """A Valkey in the folder `path`; what it holds is kept across restarts, up to the last second, when it is
    durable."""

    title = "Valkey"

    def url(self, database: int = 0) -> str:
        """How to connect to one of its 16 databases; the scheme is `redis`, which every client library
        knows."""
        return f"redis://:{self._password()}@{LOOPBACK}:{self.port}/{database}"

    def destroy(self) -> None:
        """Stop it and delete all of its files."""
        self.stop()
        shutil.rmtree(self.path, ignore_errors=True)
        self._record.unlink(missing_ok=True)

    def _spawn(self, port: int) -> Process | None:
        settings = {
            "bind": LOOPBACK,
            "port": str(port),
            "dir": f'"{self.path}"',
            "requirepass": self._password(),
            "appendonly": "yes" if self.durable else "no",
            "appendfsync": "everysec",
            "save": '""',
            "maxmemory-policy": "noeviction",
        }
        file = self.path / "valkey.conf"
        # The password goes into a private file: a command line can be read by everybody.
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            out.writelines(f"{name} {value}\n" for name, value in settings.items())
        return myself().daemon([str(valkey_server()), str(file)], self.log)

    def _answers(self, process: Process, port: int) -> bool:
        del process
        try:
            with socket.create_connection((LOOPBACK, port), timeout=1) as connection:
                connection.sendall(f"AUTH {self._password()}\r\nPING\r\n".encode())
                answer = connection.makefile("rb")
                return answer.readline() == b"+OK\r\n" and answer.readline() == b"+PONG\r\n"
        except OSError:
            return False

    def _halt(self, process: Process) -> None:
        process.send(signal.SIGTERM)
        if not process.gone_within(_STOP_SECONDS):
            process.send(signal.SIGKILL)
            process.gone_within(_STOP_SECONDS)

    def _recover(self) -> None:
        recovery.end_orphans(self.path, "valkey-server")

    def _password(self) -> str:
        return keys.kept(self.path / "passwords" / "default", keys.password)
