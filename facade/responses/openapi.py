"""An OpenAPI 3.0 or 3.1 document, compiled to what a gateway needs to check requests: paths, parameters, JSON bodies.

`format` is an annotation, as JSON Schema 2020-12 has it by default: what a date or a mail address may look like is for the
upstream to say, unless formats are to be checked. References lead nowhere but into the document. What cannot be compiled is
refused when it is loaded, all of it at once.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import yaml
from jsonschema_rs import Draft202012Validator

from facade.responses import pointer
from facade.responses.parameters import Parameter, Unread, is_json, written

METHODS = ("get", "head", "post", "put", "patch", "delete")
_HIDDEN = "the value"
"""What messages call the value that they are about: it may be a password."""
_MOST_ERRORS = 20
_PLACE = re.compile(r"\{[^{}/]+\}")
_DESCRIBED_ELSEWHERE = frozenset({"accept", "content-type", "authorization"})
_VALUES = frozenset({"enum", "const", "default", "example", "examples", "required"})
_BY_NAME = frozenset({"properties", "patternProperties", "dependentSchemas", "$defs", "definitions"})
"""Keywords whose members are named by the author: one may be called like a keyword."""


class InvalidDocument(ValueError):
    """What should be an OpenAPI document is none that requests can be checked by. `errors` names every place."""

    def __init__(self, errors: list[str]) -> None:
        super().__init__("; ".join(errors))
        self.errors = tuple(errors)


@dataclass(frozen=True, slots=True)
class Operation:
    """`bodies`: by media type (or range) the check of a JSON body; None: a body that is not looked at."""

    name: str
    parameters: tuple[Parameter, ...]
    bodies: dict[str, Draft202012Validator | None]
    body_required: bool


@dataclass(slots=True)
class _Node:
    """A segment of the path templates; `names`: of the places on the way here, by method."""

    children: dict[str, "_Node"] = field(default_factory=dict)
    template: "_Node | None" = None
    operations: dict[str, tuple[Operation, tuple[str, ...]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Found:
    """The operation for a request, and the values of its path's places."""

    operation: Operation
    values: dict[str, str]


class Document:
    """Immutable once it is made."""

    def __init__(self, raw: Any, name: str = "the document", *, formats: bool = False) -> None:
        """`raw` is the document decoded; `formats`: whether those of JSON Schema are checked. Raises `InvalidDocument`."""
        if not str(_get(raw, "openapi")).startswith("3.") or not isinstance(_get(raw, "paths"), dict):
            raise InvalidDocument([f"{name} is no OpenAPI 3 document"])
        self._root = _Node()
        compiler = _Compiler(raw, formats=formats)
        for base in _bases(raw):
            for template, item in raw["paths"].items():
                for method, operation in compiler.operations(template, item):
                    self._put(base + template, method, operation)
        if compiler.errors:
            raise InvalidDocument([f"{name}: {error}" for error in dict.fromkeys(compiler.errors)])

    def find(self, method: str, path: str) -> Found | frozenset[str] | None:
        """The operation for a decoded path; the methods that there are, where this one is not; None for an unknown path.

        A literal segment wins over a place; a slash at the end makes no difference.
        """
        node, values = self._walk(self._root, path.strip("/").split("/"), [])
        if node is None:
            return None
        found = node.operations.get(method) or (node.operations.get("GET") if method == "HEAD" else None)
        if found is None:
            return frozenset(node.operations)
        operation, names = found
        return Found(operation, dict(zip(names, values, strict=True)))

    def _walk(self, node: _Node, segments: list[str], values: list[str]) -> tuple[_Node | None, list[str]]:
        if not segments:
            return (node, values) if node.operations else (None, values)
        first, rest = segments[0], segments[1:]
        child = node.children.get(first)
        if child is not None:
            found, taken = self._walk(child, rest, values)
            if found is not None:
                return found, taken
        if node.template is not None and first:
            return self._walk(node.template, rest, [*values, first])
        return None, values

    def _put(self, template: str, method: str, operation: Operation) -> None:
        node = self._root
        names = []
        for segment in template.strip("/").split("/"):
            if _PLACE.fullmatch(segment):
                names.append(segment[1:-1])
                node.template = node.template or _Node()
                node = node.template
            else:
                node = node.children.setdefault(segment, _Node())
        node.operations[method.upper()] = (operation, tuple(names))


def parse(text: str, name: str, *, formats: bool = False) -> Document:
    """The document in a text, YAML or JSON; `formats` as for `Document`. Raises `InvalidDocument`."""
    try:
        raw = yaml.safe_load(text)
        return Document(raw, name, formats=formats)
    except yaml.YAMLError as error:
        raise InvalidDocument([f"{name} cannot be read: {' '.join(str(error).split())}"]) from error
    except RecursionError as error:
        raise InvalidDocument([f"{name} is nested too deeply"]) from error
    except (AttributeError, LookupError, TypeError) as error:  # a list where the specification has a table, say
        raise InvalidDocument([f"{name} has not the shape of an OpenAPI document: {error!r}"]) from error


def errors_of(check: Draft202012Validator, value: Any) -> list[tuple[str, str]]:
    """Pointer and message of each thing that is wrong with a value, at most twenty; no message repeats the value."""
    if check.is_valid(value):
        return []
    found = []
    for error in check.iter_errors(value):
        found.append((pointer.written(error.instance_path), error.message))
        if len(found) == _MOST_ERRORS:
            break
    return found


class _Compiler:
    """Goes through a document and notes in `errors` whatever cannot be compiled."""

    def __init__(self, raw: dict[str, Any], *, formats: bool) -> None:
        self._raw = raw
        self._formats = formats
        schemas = _get(raw, "components", "schemas")
        self._schemas = {name: _schema(schema) for name, schema in schemas.items()} if isinstance(schemas, dict) else {}
        self.errors: list[str] = []

    def operations(self, template: str, item: Any) -> Iterator[tuple[str, Operation]]:
        """Method and operation, for all of a path's."""
        item = self._resolved(item, template)
        if any("{" in segment and not _PLACE.fullmatch(segment) for segment in template.split("/")):
            self.errors.append(f"{template}: a place is a whole segment here")
        for method in METHODS:
            if isinstance(item.get(method), dict):
                where = f"{method.upper()} {template}"
                yield method, self._operation(where, item[method], item.get("parameters", []))

    def _operation(self, where: str, raw: dict[str, Any], common: list[Any]) -> Operation:
        parameters: dict[tuple[str, str], Parameter] = {}
        for one in (*common, *raw.get("parameters", [])):
            declared = self._resolved(one, where)
            if {"name", "in"} <= declared.keys() and not _is_ignored(declared):
                self._add(parameters, where, declared)
        body = self._resolved(raw.get("requestBody", {}), where)
        bodies: dict[str, Draft202012Validator | None] = {}
        for kind, one in body.get("content", {}).items():
            media = kind.partition(";")[0].strip().lower()
            bodies[media] = self._check(where, one.get("schema", True)) if is_json(media) else None
        return Operation(raw.get("operationId", where), tuple(parameters.values()), bodies, bool(body.get("required")))

    def _add(self, parameters: dict[tuple[str, str], Parameter], where: str, raw: dict[str, Any]) -> None:
        """An operation's parameter takes the place of its path's."""
        where = f"{where}, {raw['name']}"
        schema = raw.get("schema", True)
        for media, one in raw.get("content", {}).items():
            schema = one.get("schema", True) if is_json(media) else True
        try:
            made = written(raw, self._check(where, schema), lambda one: self._resolved(one, where))
        except Unread as error:
            self.errors.append(f"{where}: {error}")
        else:
            parameters[made.place, made.name] = made

    def _check(self, where: str, raw: Any) -> Draft202012Validator:
        schema = {"allOf": [_schema(raw)], "components": {"schemas": self._schemas}}
        try:
            return Draft202012Validator(schema, mask=_HIDDEN, offline=True, validate_formats=self._formats)
        except ValueError as error:
            self.errors.append(f"{where}: {str(error).splitlines()[0]}")
            return Draft202012Validator(True)

    def _resolved(self, raw: Any, where: str) -> dict[str, Any]:
        """What a reference refers to, or what is there itself."""
        for _ in range(10):
            if not isinstance(raw, dict):
                break
            if "$ref" not in raw:
                return raw
            reference = str(raw["$ref"])
            raw = _get(self._raw, *pointer.parse(reference[1:])) if reference.startswith("#/") else None
        self.errors.append(f"{where}: a reference that leads to nothing")
        return {}


def _schema(raw: Any) -> Any:
    """A schema of OpenAPI as JSON Schema 2020-12, for what comes in: `readOnly` members need not be sent.

    3.0 says `nullable` and boolean `exclusiveMinimum`; 3.1 is JSON Schema already.
    """
    if isinstance(raw, list):
        return [_schema(one) for one in raw]
    if not isinstance(raw, dict):
        return raw
    made = {key: _keyword(key, value) for key, value in raw.items()}
    properties = raw.get("properties")
    if isinstance(properties, dict) and isinstance(raw.get("required"), list):
        made["required"] = [name for name in raw["required"] if not _read_only(properties.get(name))]
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(raw.get(exclusive), bool):
            del made[exclusive]
            if raw[exclusive] and bound in raw:
                made[exclusive] = made.pop(bound)
    if made.pop("nullable", False) is True:
        return {"anyOf": [{"type": "null"}, made]}
    return made


def _keyword(key: str, value: Any) -> Any:
    if key in _VALUES:
        return value
    if key in _BY_NAME and isinstance(value, dict):
        return {name: _schema(schema) for name, schema in value.items()}
    return _schema(value)


def _is_ignored(parameter: dict[str, Any]) -> bool:
    """Those fields are described elsewhere, as OpenAPI has it, and are none of its parameters."""
    return parameter["in"] == "header" and parameter["name"].lower() in _DESCRIBED_ELSEWHERE


def _read_only(schema: Any) -> bool:
    return isinstance(schema, dict) and schema.get("readOnly") is True


def _bases(raw: dict[str, Any]) -> list[str]:
    """The paths under which servers offer the document's."""
    servers = raw.get("servers") or [{"url": "/"}]
    return list(dict.fromkeys(urlsplit(str(server.get("url", "/"))).path.rstrip("/") for server in servers))


def _get(raw: Any, *steps: str) -> Any:
    for step in steps:
        raw = raw.get(step) if isinstance(raw, dict) else None
    return raw
