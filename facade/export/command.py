"""`python -m facade export`: the text of an export, and what it does not carry. It asks nobody, as `console` does."""

import orjson
import yaml

from facade.console import Unanswerable, routes_in_force
from facade.export import envoy, gateway_api, missing
from facade.export.model import NotExportable, rules
from facade.identity.jwks import BadDocument, parse
from facade.pipeline.declared import Declared, RouteRules, read
from facade.settings import Settings

TARGETS = ("envoy", "gateway-api")
_NO_KEYS = "access tokens: not checked, since no key set is kept in {}; upstreams check them"


def exported(settings: Settings, target: str, host: str, port: int, gateway_class: str) -> tuple[str, list[str]]:
    """YAML, and a line for each thing that it does not carry. Raises `Unanswerable` or `InvalidPolicies`."""
    declared = read(settings.policies)
    try:
        if target == "envoy":
            return _envoy(settings, declared, host, port)
        return _gateway_api(settings, declared, port, gateway_class)
    except NotExportable as error:
        raise Unanswerable(str(error)) from error


def _envoy(settings: Settings, declared: Declared, host: str, port: int) -> tuple[str, list[str]]:
    jwks = _keys(settings)
    found = rules(routes_in_force(settings).table, declared, settings)
    notes = [*missing.ALWAYS, *missing.by_stage(declared), *missing.limits(declared, by_ip=True)]
    if not jwks:
        notes.append(_NO_KEYS.format(settings.var_dir / "facade"))
    text = yaml.safe_dump(envoy.bootstrap(found, settings, jwks, host, port), sort_keys=False, width=1000)
    return _commented(notes) + text, notes


def _gateway_api(settings: Settings, declared: Declared, port: int, gateway_class: str) -> tuple[str, list[str]]:
    """Policies are not said there, so paths that differ only by them need no rules of their own."""
    alone = Declared(routes=(RouteRules(path="/"),), resilience=declared.resilience)
    found = rules(routes_in_force(settings).table, alone, settings)
    notes = [
        *missing.ALWAYS,
        *missing.by_stage(declared),
        *missing.limits(declared, by_ip=False),
        *missing.ONLY_GATEWAY_API,
    ]
    text = yaml.safe_dump_all(gateway_api.manifests(found, gateway_class, port, notes), sort_keys=False, width=1000)
    return _commented(notes) + text, notes


def _keys(settings: Settings) -> str:
    file = settings.var_dir / "facade" / "jwks.json"
    try:
        document = file.read_bytes()
        usable = parse(document)
    except FileNotFoundError:
        return ""
    except (OSError, BadDocument) as error:
        raise Unanswerable(f"{file} cannot be read: {error}") from error
    listed = orjson.loads(document)["keys"]
    return orjson.dumps({"keys": [key for key in listed if isinstance(key, dict) and key.get("kid") in usable]}).decode()


def _commented(notes: list[str]) -> str:
    return "# Not carried over:\n" + "".join(f"#   {note}\n" for note in notes)
