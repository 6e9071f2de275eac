"""Everyone who is measured, and how each is started: with so many workers, connections kept on both sides, no access log.

Each is set up as its own manual advises for that, and does no more: the facade's full pipeline is the only one that verifies
tokens and traces; Express limits rates too, since that is how it is put in front of something.
"""

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.gateway import full, tools
from benchmarks.gateway.programs import Start
from benchmarks.gateway.wheels import config, envoy, nginx, node, rendered
from chassis.ports import LOOPBACK

NEVER_REACHED = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a peer is started: in `folder`, to listen on `port` and ask the upstream at port `upstream`."""

    folder: Path
    port: int
    upstream: int
    valkey_url: str
    workers: int = 1

    @property
    def upstream_url(self) -> str:
        return f"http://{LOOPBACK}:{self.upstream}"


@dataclass(frozen=True, slots=True)
class Peer:
    """`place` is the folder of the upstream's files that it is asked for."""

    name: str
    start: Callable[[Setting], Start]
    place: str = "plain"


def _nginx(setting: Setting, gzip: str = "off") -> Start:
    text = rendered("nginx.conf", port=setting.port, upstream=setting.upstream, workers=setting.workers, gzip=gzip)
    (setting.folder / "nginx.conf").write_text(text)
    return Start([nginx(), "-p", str(setting.folder), "-c", "nginx.conf"])


def _nginx_compressing(setting: Setting) -> Start:
    return _nginx(setting, gzip="on")


def _system_nginx(setting: Setting) -> Start:
    return Start(["nginx", *_nginx(setting).command[1:]])


def _envoy(setting: Setting) -> Start:
    (setting.folder / "envoy.yaml").write_text(rendered("envoy.yaml", port=setting.port, upstream=setting.upstream))
    options = ["--concurrency", str(setting.workers), "--disable-hot-restart", "--log-level", "error"]
    return Start([envoy(), "-c", "envoy.yaml", *options])


def _express(setting: Setting) -> Start:
    environment = {
        "NODE_ENV": "production",
        "PORT": str(setting.port),
        "UPSTREAM": setting.upstream_url,
        "LIMIT": str(NEVER_REACHED),
    }
    return Start([node(), str(tools.express())], environment)


def _plain(setting: Setting) -> Start:
    return _facade(setting, {"FACADE_POLICIES": str(config("plain.toml"))})


def _full(setting: Setting) -> Start:
    return _facade(setting, full.environment(setting.folder, setting.upstream_url, setting.valkey_url, "service"))


def _full_canary(setting: Setting) -> Start:
    return _facade(setting, full.environment(setting.folder, setting.upstream_url, setting.valkey_url, "canary"))


def _full_compressing(setting: Setting) -> Start:
    full_pipeline = _full(setting)
    return Start(full_pipeline.command, {**full_pipeline.environment, "FACADE_POLICIES": str(config("compressing.toml"))})


def _facade(setting: Setting, more: dict[str, str]) -> Start:
    command = [sys.executable, "-m", "facade", "serve", "--host", LOOPBACK, "--port", str(setting.port)]
    environment = {"PYTHONPATH": str(tools.ROOT), "BANYAN_VAR": str(setting.folder), "MONOLITH_URL": setting.upstream_url}
    environment["FACADE_LAME_DUCK"] = "0"  # no balancer has to notice that it ends
    return Start([*command, "--workers", str(setting.workers)], environment | more)


NGINX = Peer("nginx", _nginx)
ENVOY = Peer("Envoy", _envoy)
EXPRESS = Peer("Express", _express)
PLAIN = Peer("facade plain", _plain)
FULL = Peer("facade full", _full, "api/v1/users")
FULL_CANARY = Peer("facade full, canary", _full_canary, "api/v1/users")

NGINX_COMPRESSING = Peer("nginx compressing", _nginx_compressing)
FULL_COMPRESSING = Peer("facade full, compressing", _full_compressing, "api/v1/users")
"""Both compress answers for whoever accepts gzip."""

SYSTEM_NGINX = Peer("system's nginx", _system_nginx)
"""The distribution's, where it is installed: the wheel's is built for size and against musl, and slower. No bound names it."""

PEERS = (NGINX, *([SYSTEM_NGINX] if shutil.which("nginx") else []), ENVOY, EXPRESS, PLAIN, FULL, FULL_CANARY)
