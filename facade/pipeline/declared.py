"""The file that declares policies: defaults, and routes that say what differs. All of it is checked before any of it is used.

    [entrance]
    limits = ["60000/1m per ip"]       # over all routes together

    [defaults]
    authenticate = "optional"
    limits = ["6000/1m per ip"]        # on each route for itself

    [[routes]]
    path = "/api/v1/orders"
    authenticate = "required"

The longest path wins; of two routes with the same path, the one that names the method. It refuses keys that it does not know.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from stat import S_ISREG
from typing import Annotated, Any, Self, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from facade.admission.priority import Priority
from facade.identity.stage import Mode
from facade.limits.declared import BadLimit, Limit, parse_all
from facade.pipeline.code import Answer, find
from facade.pipeline.fallback import Fallback, Source
from facade.pipeline.once import Honoured
from facade.resilience.declared import Declaration, InvalidResilience
from facade.responses.compress import Compressed
from facade.responses.cors import Cors
from facade.responses.declared import Cached
from facade.responses.secure import Secure
from facade.responses.transform import Transformed
from facade.responses.validate import Validated
from migrations_tools.plans import PLANS

LARGEST = 1 << 20
"""Characters of the file: tens of thousands of routes, and what a worker has checked within a second."""

_PATH = re.compile(r"/|(/[A-Za-z0-9._~!$&'()*+,;=:@-]+)+")
_SCOPE = re.compile(r"[!#-\[\]-~]+")
_PROTECTED = frozenset({"default", "monolith", *PLANS})
_TABLES: Mapping[str, type] = {"entrance": dict, "defaults": dict, "routes": list, "resilience": dict}
_Table = TypeVar("_Table", bound=BaseModel)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class InvalidPolicies(ValueError):
    """The file cannot be used. `errors` names everything that is wrong with it."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__("; ".join(errors))
        self.errors = tuple(errors)


def _limits(value: Any) -> tuple[Limit, ...]:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise ValueError("is no list of texts like '600/1m per ip'")
    try:
        return parse_all(value)
    except BadLimit as error:
        raise ValueError(str(error)) from error


def _priority(value: Any) -> Priority:
    return Priority.of(value) if isinstance(value, str) else value


def _code(value: Any) -> Any:
    return (value, find(value)) if isinstance(value, str) else None if value is False else value


def _path(text: str) -> str:
    if not _PATH.fullmatch(text) or "." in text.split("/") or ".." in text.split("/"):
        raise ValueError(f"{text!r} is no decoded path without a slash at its end")
    return text


def _methods(methods: frozenset[str]) -> frozenset[str]:
    if unknown := sorted(methods - _METHODS):
        raise ValueError(f"{', '.join(unknown)}: not among {', '.join(sorted(_METHODS))}")
    return methods


def _scopes(scopes: frozenset[str]) -> frozenset[str]:
    if bad := sorted(scope for scope in scopes if not _SCOPE.fullmatch(scope)):
        raise ValueError(f"no scopes: {', '.join(map(repr, bad))}")
    return scopes


Scopes = Annotated[frozenset[str], AfterValidator(_scopes)]
_OFF = BeforeValidator(lambda value: None if value is False else value)
"""TOML has no null: `false` takes back what the defaults say."""
_STRICT = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class Needed(BaseModel):
    """The scopes that a caller must hold for GET, HEAD and OPTIONS, and for everything else."""

    model_config = _STRICT
    read: Scopes = frozenset()
    write: Scopes = frozenset()


class Rules(BaseModel):
    """What may be said in `[defaults]` and in a route."""

    model_config = _STRICT
    authenticate: Mode = Mode.OPTIONAL
    scopes: Needed = Needed()
    limits: Annotated[tuple[Limit, ...], BeforeValidator(_limits)] = ()
    """Counted on each route for itself, also where they come from the defaults."""
    entrance: bool = True
    """Whether requests of this route count under the limits of `[entrance]`, and are refused by them."""
    priority: Annotated[Priority, BeforeValidator(_priority)] = Priority.NORMAL
    max_body: Annotated[int, Field(ge=0)] = 64 * 1024 * 1024
    """Bytes."""
    secure: Annotated[Secure | None, _OFF] = Secure()
    cors: Annotated[Cors | None, _OFF] = None
    compress: Annotated[Compressed | None, _OFF] = None
    cache: Annotated[Cached | None, _OFF] = None
    transform: Annotated[Transformed | None, _OFF] = None
    fallback: Fallback = None
    """Who answers a read that the upstream does not answer."""
    contract: Annotated[Validated | None, _OFF] = None
    """The upstream's OpenAPI document, to which requests are held."""
    code: Annotated[tuple[str, Answer] | None, BeforeValidator(_code)] = None
    """`package.module:function`, which answers instead of an upstream."""
    idempotency_key: Honoured = False
    """Where the upstream answers a repeated `Idempotency-Key` with its first answer."""
    max_header: Annotated[int | None, _OFF, Field(ge=0)] = None
    """Bytes of all fields together; the entrance takes 32 KiB in any case."""

    @model_validator(mode="after")
    def _somebody_holds_scopes(self) -> Self:
        if self.authenticate is Mode.NONE and (self.scopes.read or self.scopes.write):
            raise ValueError("scopes are asked for, but authenticate is none: nobody could pass")
        return self


class RouteRules(Rules):
    """One `[[routes]]`. No `methods`: all."""

    path: Annotated[str, AfterValidator(_path)]
    methods: Annotated[frozenset[str], AfterValidator(_methods)] = frozenset()

    @property
    def cache_rescues(self) -> bool:
        """Whether what is kept may stand in for a failure."""
        return self.fallback is None or Source.CACHE in self.fallback


class Entrance(BaseModel):
    """What holds for all routes together."""

    model_config = _STRICT
    limits: Annotated[tuple[Limit, ...], BeforeValidator(_limits)] = ()


class Declared(BaseModel):
    """The whole file, defaults filled in. `resilience`: how each context's upstreams are protected, on either side."""

    model_config = _STRICT
    routes: tuple[RouteRules, ...]
    resilience: Declaration
    entrance: Entrance = Entrance()


def read(file: Path) -> Declared:
    """The declarations in a file. Raises `InvalidPolicies`."""
    return parse(text_of(file, LARGEST), file)


def text_of(file: Path, most: int) -> str:
    """What is written in a file, so many characters at most. Raises `InvalidPolicies`, also for a pipe, to which nobody may ever
    write.
    """
    try:
        if not S_ISREG(file.stat().st_mode):
            raise InvalidPolicies([f"{file}: is no regular file"])
        with file.open(encoding="utf-8") as stream:
            text = stream.read(most + 1)
    except OSError as error:
        raise InvalidPolicies([f"{file}: {error.strerror or error}"]) from error
    except UnicodeDecodeError as error:
        raise InvalidPolicies([f"{file}: {error}"]) from error
    if len(text) > most:
        raise InvalidPolicies([f"{file}: has more than {most} characters"])
    return text


def parse(text: str, file: Path) -> Declared:
    """The declarations in a file's text. Raises `InvalidPolicies`."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidPolicies([f"{file}: {error}"]) from error
    except RecursionError as error:
        raise InvalidPolicies([f"{file}: is nested too deeply"]) from error
    return declare(raw)


def declare(raw: Mapping[str, Any]) -> Declared:
    """The declarations of a decoded file. Raises `InvalidPolicies`."""
    errors = [f"{key}: there is no such table" for key in sorted(raw.keys() - _TABLES.keys())]
    wrong = [name for name, kind in _TABLES.items() if not isinstance(raw.get(name, kind()), kind)]
    errors += [f"{name}: is no {'table' if _TABLES[name] is dict else 'array of tables'}" for name in wrong]
    raw = {name: value for name, value in raw.items() if name not in wrong}
    defaults, routes, resilience = raw.get("defaults", {}), raw.get("routes", []), raw.get("resilience", {})
    entrance = _checked(Entrance, "entrance", raw.get("entrance", {}), errors)
    checked = _checked(Rules, "defaults", defaults, errors)
    found: dict[int, RouteRules] = {}
    given = [{"path": "/"}, *routes] if not any(_is_root(route) for route in routes) else routes
    for number, route in enumerate(given, 1 - (len(given) - len(routes))):
        if not isinstance(route, dict):
            errors.append(f"routes[{number}]: is no table")
            continue
        where = f"routes[{number}] ({route.get('path', 'no path')})"
        own = [error for error in _wrong(RouteRules, where, {**defaults, **route}) if not _is_of_defaults(error, where, route)]
        errors += own
        if not own and checked is not None:
            rules = RouteRules.model_validate({**defaults, **route})
            if "cache" in (route.get("fallback") or ()) and rules.cache is None:
                errors.append(f"{where}.fallback: names the cache, but the route has none")
            found[number] = rules
    protection = _protection(resilience, errors)
    errors += _clashes(found)
    if errors:
        raise InvalidPolicies(errors)
    return Declared(routes=tuple(found.values()), resilience=protection, entrance=entrance or Entrance())


def _is_root(route: Any) -> bool:
    return isinstance(route, dict) and route.get("path") == "/" and not route.get("methods")


def _checked(kind: type[_Table], where: str, raw: Any, errors: list[str]) -> _Table | None:
    wrong = list(_wrong(kind, where, raw))
    errors += wrong
    return None if wrong else kind.model_validate(raw)


def _wrong(kind: type[BaseModel], where: str, raw: Any) -> Iterator[str]:
    try:
        kind.model_validate(raw)
    except ValidationError as error:
        for one in error.errors():
            place = ".".join(map(str, one["loc"]))
            yield f"{where}{'.' if place else ''}{place}: {one['msg'].removeprefix('Value error, ')}"


def _is_of_defaults(error: str, where: str, route: Mapping[str, Any]) -> bool:
    """Whether an error was inherited, and is told where it was made."""
    key = error.removeprefix(f"{where}.").partition(":")[0].partition(".")[0]
    return key not in route and key != "path"


def _protection(raw: Mapping[str, Any], errors: list[str]) -> Declaration:
    errors += [f"resilience.{name}: there is no such context" for name in raw if name not in _PROTECTED]
    try:
        return Declaration.parse(raw)
    except InvalidResilience as error:
        errors += [f"resilience.{one}" for one in error.errors]
        return Declaration()


def _clashes(routes: Mapping[int, RouteRules]) -> Iterator[str]:
    """Two routes, by their numbers in the file, that claim the same requests."""
    seen: dict[tuple[str, str], int] = {}
    for number, route in routes.items():
        for method in route.methods or {"*"}:
            if (other := seen.setdefault((route.path, method), number)) != number:
                claimed = "all methods" if method == "*" else method
                yield f"{route.path}: two routes claim {claimed} (routes[{other}] and routes[{number}])"
