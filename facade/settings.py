"""Every setting of the facade: one documented field each, read from the environment once at start.

Refuses to start without `MONOLITH_URL`, on a number that is none or less than nothing, and on an address that is none; all errors
are reported at once.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

KIB = 1024
MIB = 1024 * KIB


_POLICIES = Path(__file__).with_name("gateway.toml")


class InvalidSettings(ValueError):
    """The environment does not describe a facade. `errors` names every variable that is wrong or missing."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__("; ".join(errors))
        self.errors = tuple(errors)


@dataclass(frozen=True, slots=True)
class Settings:
    """Times are seconds, sizes bytes. The variable of a field is `FACADE_<FIELD>`, save for those in `_SHARED`."""

    monolith_url: str
    """Where the monolith listens; it answers everything that no context claims, and the route feed."""

    users_url: str = ""
    """Where the users service listens as long as the feed has not named its addresses."""

    valkey_url: str = ""
    """Shared positions, pushed routes, shadow results. Empty: the facade works alone, reads go to the authority."""

    access_log: str = ""
    """Where each request is written down, as a line of JSON: `stderr`, or a file. Empty: nowhere."""

    admin_port: int = 0
    """Where /metrics, /status, /healthz and /readyz of all workers together are told. 0: nowhere, and nothing runs for it."""

    admin_host: str = "127.0.0.1"
    """The address of that port. It shows what the facade knows to whoever can reach it."""

    internal_token: str = ""
    """The bearer token that the monolith asks for under /internal."""

    var_dir: Path = Path("var")
    """Below it, `facade/` holds the last known good routes and the bodies that are spooled."""

    policies: Path = _POLICIES
    """The file that declares what is demanded of requests, route by route; read again when it changes."""

    native: bool = True
    """Whether machine code is run, where it was made of these sources; else the Python files are. Read ahead of all others."""

    instances: int = 0
    """How many workers, of all facades, divide a rate limit among them while Valkey cannot be asked. 0: as many as Valkey knew
    last, and before it was ever asked the workers of this facade."""

    cache_room: int = 64 * MIB
    """What the answers that are kept may take in each worker."""

    cohort_key: str = "banyan"
    """Keys the hash that puts users into cohorts; a change of it reshuffles everybody."""

    trust_forwarded: bool = False
    """Whether X-Forwarded-For and X-Forwarded-Proto of the caller are believed (a load balancer stands in front) or replaced."""

    collector: str = ""
    """Where spans are sent by OTLP over HTTP: the address to which `/v1/traces` is added. Empty: nothing is traced."""

    trace_ratio: float = 0.01
    """The share of requests, from 0 to 1, of which spans are recorded."""

    trace_asked: float = 10.0
    """How many more requests a second each worker records because their callers record them."""

    upstream_ca: str = ""
    """The certificate (PEM file) of the platform's own authority: upstreams by https must be of it. With it go the next two."""

    upstream_certificate: str = ""
    """The facade's own certificate (PEM file, with its chain), shown to upstreams that ask for one."""

    upstream_key: str = ""
    """The key (PEM file, unencrypted) that belongs to it."""

    tls_certificate: str = ""
    """The certificate (PEM file, with its chain) that clients are shown: with it and the next one the entrance speaks TLS, and
    nothing else, on its port. Read again when it changes.
    """

    tls_key: str = ""
    """The key (PEM file, unencrypted) that belongs to it."""

    cookie_secure: bool = False
    """Whether the cookie `banyan_anon` is marked Secure on answers over http too; over https it always is."""

    head_timeout: float = 10.0
    """From the first byte of a client's request to the end of its head; then 408."""

    body_timeout: float = 30.0
    """For silence of a client in the middle of its request's body, or that takes less than a twentieth of what waits for it."""

    keep_alive: float = 75.0
    """How long a client's connection may wait for its next request."""

    lame_duck: float = 5.0
    """After SIGTERM, how long clients are still accepted while /readyz says 503: a load balancer's time to notice. SIGINT
    (Ctrl-C) ends without it."""

    drain_timeout: float = 25.0
    """After that, how long requests under way may take to end."""

    retry_deadline: float = 5.0
    """How long a request may be repeated: an upstream restarts, or a hand-over is under way."""

    tunnel_timeout: float = 3_600.0
    """For silence of both sides of a websocket."""

    idle_timeout: float = 15.0
    """How long an unused connection to an upstream is kept; less than the upstream keeps its end."""

    keep_body: int = 64 * KIB
    """Bodies up to this size are held in memory, so that they can be sent again."""

    spool_limit: int = 64 * MIB
    """Larger ones towards a context that may be cut over are held on disk, up to this size; beyond it 413."""

    poll_interval: float = 1.0
    """Between two questions for the routes, beside what is pushed."""

    valkey_timeout: float = 0.1
    """For an answer of Valkey on which a request waits; after it the authority is asked."""

    settle: float = 2.0
    """After a connection to Valkey is made, its positions are not trusted for so long: another facade may
    still be writing down what it could not while Valkey was away."""

    restart_settle: float = 10.0
    """After Valkey itself was started, its positions are not trusted for so long: it may have lost some,
    and what was written before its start is replicated by then."""

    position_limit: int = 100_000
    """How many users' last writes are remembered in this process."""

    shadow_queue: int = 256
    """How many reads may wait for their comparison; further ones are not compared, but counted."""

    shadow_workers: int = 4
    """How many comparisons run at once."""

    shadow_noise_share: float = 0.1
    """The share of comparisons in which the old side is asked twice, to learn which fields differ by themselves."""

    @property
    def policies_kept(self) -> Path:
        """Where the last good policies are kept, as routes and keys are."""
        return self.var_dir / "facade" / "policies.json"


_SHARED = {
    "monolith_url": "MONOLITH_URL",
    "users_url": "USERS_URL",
    "valkey_url": "VALKEY_URL",
    "internal_token": "BANYAN_INTERNAL_TOKEN",
    "var_dir": "BANYAN_VAR",
    "collector": "OTEL_EXPORTER_OTLP_ENDPOINT",
}
_TOGETHER = (
    (("upstream_ca", "upstream_certificate", "upstream_key"), "mutual TLS needs all three"),
    (("tls_certificate", "tls_key"), "TLS needs both"),
)
_SCHEMES = {
    "monolith_url": ("http", "https", "dns"),
    "users_url": ("http", "https", "dns"),
    "valkey_url": ("valkey", "valkeys", "redis", "rediss", "unix"),
}
"""Of what is an address, or several between commas."""
_WORDS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


def variable(field: str) -> str:
    """The environment variable that sets a field."""
    return _SHARED.get(field, f"FACADE_{field.upper()}")


def from_environment(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings of this process. Raises `InvalidSettings` with everything that is wrong."""
    values: dict[str, Any] = {}
    errors: list[str] = []
    for field in fields(Settings):
        text = environment.get(variable(field.name), "")
        if not text:
            continue
        try:
            values[field.name] = _parsers[field.type](text)
        except (ValueError, KeyError):
            errors.append(f"{variable(field.name)} is {text!r}, which is no {_words_for[field.type]}")
    errors += _no_addresses(values)
    if not values.get("monolith_url"):
        errors.append(f"{variable('monolith_url')} is not set: the facade must know where the monolith listens")
    for together, why in _TOGETHER:
        missing = [name for name in together if not values.get(name)]
        if 0 < len(missing) < len(together):
            errors.append(f"{', '.join(map(variable, missing))} not set: {why}")
    if errors:
        raise InvalidSettings(errors)
    return Settings(**values)


def addresses(text: str) -> tuple[str, ...]:
    """The addresses of a setting, which are separated by commas."""
    return tuple(url for part in text.split(",") if (url := part.strip().rstrip("/")))


def _no_addresses(values: Mapping[str, Any]) -> list[str]:
    return [
        f"{variable(field)} has {url!r}, which is no address of the form {' or '.join(scheme + '://' for scheme in schemes)}"
        for field, schemes in _SCHEMES.items()
        for url in addresses(values.get(field, ""))
        if not _is_address(url, schemes)
    ]


def _is_address(url: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(url)
        found = parts.port != 0 and bool(parts.path if parts.scheme == "unix" else parts.hostname)
    except ValueError:  # a port beyond 65535, or brackets that do not close
        return False
    return found and parts.scheme in schemes


def _number(kind: type[int] | type[float]) -> Callable[[str], float]:
    def read(text: str) -> float:
        if not (number := kind(text)) >= 0:  # so is what is no number by its own account
            raise ValueError(text)
        return number

    return read


def native(environment: Mapping[str, str]) -> bool:
    """The setting of this name, before there are others: it decides what is imported. A word that is none is told with them."""
    return _WORDS.get(environment.get(variable("native"), "").lower(), True)


_parsers: dict[Any, Any] = {
    str: str,
    int: _number(int),
    float: _number(float),
    Path: Path,
    bool: lambda text: _WORDS[text.lower()],
}
_words_for: dict[Any, str] = {
    str: "text",
    int: "whole number from 0 on",
    float: "number from 0 on",
    Path: "path",
    bool: "yes or no",
}
