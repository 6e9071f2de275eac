"""What a platform stands on: its databases, its Valkey, its keys, and where it keeps its records."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from chassis import env
from chassis.callers.mutual import Files
from chassis.embedded import installed
from chassis.embedded.server import Server


@dataclass(frozen=True)
class Surroundings:
    """`databases` has the URL of each by name ("monolith", "control", "users").

    `servers` are the embedded ones among what the URLs lead to: they are started again should they die.
    `tls`: the servers behind the facade speak mutual TLS with these files. `extra` is added to every process's environment.
    """

    var: Path
    databases: Mapping[str, str]
    valkey: str
    token: str
    servers: tuple[Server, ...] = ()
    tls: Files | None = None
    extra: Mapping[str, str] = field(default_factory=dict)

    def environment(self, *databases: str) -> dict[str, str]:
        """The variables of a process that may use these databases; the URLs of the others are blank, whatever
        the shell has set."""
        urls = {f"{name.upper()}_DATABASE_URL": url if name in databases else "" for name, url in self.databases.items()}
        shared = {"VALKEY_URL": self.valkey, "BANYAN_VAR": str(self.var), "BANYAN_INTERNAL_TOKEN": self.token}
        secure = self.tls.of_a_process() if self.tls else {}
        return {**urls, **shared, **secure, **self.extra}


def local_surroundings() -> Surroundings:
    """What this process's environment names, with embedded servers (started if need be) where it names
    none."""
    var = env.var_dir()
    databases = {name: env.database_url(name) for name in installed.DATABASES}
    servers: list[Server] = []
    if not all(os.environ.get(f"{name.upper()}_DATABASE_URL") for name in databases):
        servers.append(installed.cluster(var))
    if not os.environ.get("VALKEY_URL"):
        servers.append(installed.valkey(var))
    files = env.tls_files()
    tls = Files(*files) if files else None
    return Surroundings(var, databases, env.valkey_url(), env.internal_token(), tuple(servers), tls)
