"""What a process is told by its environment, and what stands in where it is told nothing.

The one module that knows both: a database or Valkey URL that is not set means the embedded servers under
`var/`, started on demand; a key that is not set is made on first use under `var/keys/`. Refuses to guess
addresses of other processes: `service_url` fails with the command to run.
"""

import os
from pathlib import Path

import environ

from chassis import keys, processes, records
from chassis.embedded import installed

env = environ.Env()


class ServiceUnknownError(LookupError):
    """No address for a service: neither `<NAME>_URL` is set nor does a platform started by `manage.py up` run
    it."""


def var_dir() -> Path:
    """Where this checkout keeps what it makes: BANYAN_VAR, else `var/` beside `manage.py` (or in the working
    directory)."""
    if configured := os.environ.get("BANYAN_VAR"):
        return Path(configured).absolute()
    checkout = Path(__file__).resolve().parents[1]
    return (checkout if (checkout / "manage.py").exists() else Path.cwd()) / "var"


def database_url(name: str) -> str:
    """The URL of the database "monolith", "control" or "users": `<NAME>_DATABASE_URL`, else the embedded one,
    which then runs."""
    if name not in installed.DATABASES:
        raise LookupError(f"no database is called {name!r}; there are {', '.join(installed.DATABASES)}")
    if configured := os.environ.get(f"{name.upper()}_DATABASE_URL"):
        return configured
    cluster = installed.cluster(var_dir())
    cluster.start()
    return cluster.url(name)


def valkey_url() -> str:
    """VALKEY_URL, else the embedded Valkey's, which then runs."""
    if configured := os.environ.get("VALKEY_URL"):
        return configured
    server = installed.valkey(var_dir())
    server.start()
    return server.url()


def secret_key() -> str:
    """SECRET_KEY, else one of this checkout's own."""
    return _given_or_kept("SECRET_KEY", "secret", keys.password)


def internal_token() -> str:
    """The bearer token of /internal/*: BANYAN_INTERNAL_TOKEN, else one of this checkout's own."""
    return _given_or_kept("BANYAN_INTERNAL_TOKEN", "internal-token", keys.password)


def identity_private_key() -> str:
    """IDENTITY_PRIVATE_KEY: the RSA key (PEM, `\\n` may stand for a line end) that signs access tokens; empty: our own does."""
    return os.environ.get("IDENTITY_PRIVATE_KEY", "").replace("\\n", "\n")


def identity_public_keys() -> str:
    """IDENTITY_PUBLIC_KEYS: beside IDENTITY_PRIVATE_KEY, the public keys (PEM, one after another) that are accepted too: the
    one that signed before, the one that will."""
    return os.environ.get("IDENTITY_PUBLIC_KEYS", "").replace("\\n", "\n")


def identity_key() -> str:
    """The first key of this checkout (PEM), made on first use."""
    return keys.kept(var_dir() / "keys" / "identity.pem", keys.rsa_private_key)


def identity_ring() -> Path:
    """Where this checkout keeps its keys since they were first rotated."""
    return var_dir() / "keys" / "identity-ring.json"


class HalfConfiguredError(ValueError):
    """Some of the files of mutual TLS are named, and some are not."""


def tls_files() -> tuple[Path, Path, Path] | None:
    """With mutual TLS: the platform's authority, this process's certificate, and its key (PEM files). Errors:
    HalfConfiguredError."""
    given = {
        "BANYAN_TLS_CA": os.environ.get("BANYAN_TLS_CA", ""),
        "BANYAN_TLS_CERTIFICATE": os.environ.get("BANYAN_TLS_CERTIFICATE", ""),
        "BANYAN_TLS_KEY": os.environ.get("BANYAN_TLS_KEY", ""),
    }
    missing = [name for name, path in given.items() if not path]
    if len(missing) == len(given):
        return None
    if missing:
        raise HalfConfiguredError(f"{', '.join(missing)} not set: mutual TLS needs all three")
    authority, certificate, key = (Path(path) for path in given.values())
    return authority, certificate, key


def service_url(name: str) -> str:
    """The base URL of "monolith", "users" or "facade": `<NAME>_URL`, else what a running `manage.py up`
    recorded.

    Errors: ServiceUnknownError.
    """
    if configured := os.environ.get(f"{name.upper()}_URL"):
        return configured
    record = records.read(platform_record()) or {}
    if name not in record or processes.find(record.get("pid", 0)) is None:
        raise ServiceUnknownError(
            f"Nobody knows where {name!r} listens: set {name.upper()}_URL, or start the platform with `python manage.py up`."
        )
    url: str = record[name]
    return url


def replica_url(name: str) -> str:
    """The base URL of a service's replica protocol: `<NAME>_REPLICA_URL`, else the recorded one, else the service's own.

    Errors: ServiceUnknownError.
    """
    try:
        return service_url(f"{name}_replica")
    except ServiceUnknownError:
        return service_url(name)


def platform_record() -> Path:
    """The file in which `manage.py up` records the URLs and pids of what it runs."""
    return var_dir() / "run" / "platform.json"


def _given_or_kept(variable: str, file: str, make: keys.Make) -> str:
    return os.environ.get(variable) or keys.kept(var_dir() / "keys" / file, make)
