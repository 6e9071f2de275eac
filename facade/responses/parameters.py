"""How an OpenAPI parameter is written, and which values a text that comes as one may stand for.

A text may stand for several values where its schema admits several types (`integer` or nothing, as 3.1 documents say it): it is
good when one of them is. Styles that this does not read are refused, since a parameter that is read in another way than the
upstream reads it would be refused, or let pass, by mistake.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from jsonschema_rs import Draft202012Validator

_INTEGER: Final = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]{0,17})(\.[0-9]{1,20})?([eE][+-]?[0-9]{1,3})?")
_ANY_JSON: Final = re.compile(r"(application/(.+\+)?json|\*/\*|application/\*)")
_SEPARATORS: Final = {"form": ",", "simple": ",", "spaceDelimited": " ", "pipeDelimited": "|"}
_READ: Final[Mapping[str, tuple[str, ...]]] = {
    "path": ("simple",),
    "query": ("form", "spaceDelimited", "pipeDelimited", "deepObject"),
    "header": ("simple",),
    "cookie": ("form",),
}
"""The styles that are read in each place; the first is OpenAPI's default there."""
_DEEPEST: Final = 10
_TYPES: Final = {bool: "boolean", int: "integer", float: "number", str: "string"}

Resolve = Callable[[Any], Mapping[str, Any]]
"""What a schema that may be a reference refers to."""


class Unread(ValueError):
    """A parameter is written in a way that is not read here; the message says which."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How texts stand for a value. `kinds`: the types of a plain one; `items`: those of a list's elements, None where it is no
    list. `separator`: between the elements of one text; "" where each has a text of its own.
    """

    kinds: frozenset[str]
    items: frozenset[str] | None
    separator: str

    def candidates(self, texts: list[str]) -> list[Any]:
        """The values that these texts may stand for; none where there are more texts than may be."""
        found: list[Any] = []
        if len(texts) == 1 and (self.kinds or self.items is None):
            found += dict.fromkeys((_typed(texts[0], self.kinds), texts[0]))
        if self.items is not None and (len(texts) == 1 or not self.separator):
            parts = texts[0].split(self.separator) if self.separator else texts
            found.append([_typed(part, self.items) for part in parts])
            if "string" in self.items:
                found.append(parts)
        return found


@dataclass(frozen=True, slots=True)
class Parameter:
    """`place`: path, query, header or cookie. `members`: of an object, each of which has a text `name[member]` (the style
    deepObject), None where it is none; `encoded`: its text is JSON; `empty`: it may be given without a value.
    """

    name: str
    place: str
    required: bool
    check: Draft202012Validator
    reading: Reading
    members: Mapping[str, Reading] | None = None
    encoded: bool = False
    empty: bool = False

    def candidates(self, texts: list[str]) -> list[Any]:
        """The values that these texts may stand for; none where it is given too often, or is no JSON."""
        if not self.encoded:
            return self.reading.candidates(texts)
        try:
            return [orjson.loads(texts[0])] if len(texts) == 1 else []
        except orjson.JSONDecodeError:
            return []

    def objects(self, texts: Mapping[str, list[str]]) -> list[dict[str, Any]]:
        """The same of an object, of the texts of its members. A member that is given too often is a list, for the check to
        refuse.
        """
        assert self.members is not None
        found: list[dict[str, Any]] = [{}, {}]
        for member, given in texts.items():
            reading = self.members.get(member, _PLAIN)
            values = reading.candidates(given) or [given]
            for one, value in zip(found, (values[0], values[-1]), strict=True):
                one[member] = value
        return found


def written(raw: Mapping[str, Any], check: Draft202012Validator, resolve: Resolve) -> Parameter:
    """The parameter that a declaration is about: by `schema`, or as JSON by `content`. `check` is that of its value. Raises
    `Unread`.
    """
    place, name = raw["in"], raw["name"]
    if place not in _READ:
        raise Unread(f"there are no parameters in the {place}")
    style = raw.get("style", _READ[place][0])
    if style not in _READ[place]:
        raise Unread(f"the style {style} is not read in the {place}")
    found = _Types(resolve)
    found.take(raw.get("schema", {}))
    deep = style == "deepObject"
    if found.is_object and not deep:
        raise Unread("objects are read in the style deepObject alone")
    exploded = place in ("query", "cookie") and raw.get("explode", style == "form")
    return Parameter(
        name=name.lower() if place == "header" else name,
        place=place,
        required=bool(raw.get("required")),
        check=check,
        reading=found.reading("" if exploded or deep else _SEPARATORS[style]),
        members={member: _of(schema, resolve) for member, schema in found.members.items()} if deep else None,
        encoded=any(map(is_json, raw.get("content", ()))),
        empty=bool(raw.get("allowEmptyValue")),
    )


def is_json(media: str) -> bool:
    """Whether what has this media type, or one of this range, is read as JSON."""
    return _ANY_JSON.fullmatch(media) is not None


@dataclass(slots=True)
class _Types:
    """The types that a schema admits, in whichever way it says so, and those of its elements and members."""

    resolve: Resolve
    kinds: set[str] = field(default_factory=set)
    items: set[str] | None = None
    members: dict[str, Any] = field(default_factory=dict)

    @property
    def plain(self) -> frozenset[str]:
        """Those of plain values."""
        return frozenset(self.kinds - {"array", "object", "null"})

    @property
    def is_object(self) -> bool:
        """Whether a value can be nothing but an object."""
        return bool(self.members or "object" in self.kinds) and not self.plain and self.items is None

    def reading(self, separator: str) -> Reading:
        """How texts stand for a value of these types."""
        return Reading(self.plain, None if self.items is None else frozenset(self.items), separator)

    def take(self, raw: Any, depth: int = 0) -> None:
        """Add those of this schema."""
        schema = self.resolve(raw) if isinstance(raw, dict) else {}
        self.kinds |= _named(schema)
        if "array" in _named(schema) or "items" in schema:
            elements = _Types(self.resolve)
            elements.take(schema.get("items", {}), depth + 1)
            self.items = (self.items or set()) | elements.plain
        self.members |= schema.get("properties", {})
        for key in ("anyOf", "oneOf", "allOf"):
            for one in schema.get(key, ()) if depth < _DEEPEST else ():
                self.take(one, depth + 1)


def _named(schema: Mapping[str, Any]) -> set[str]:
    """The types that a schema itself names, be it by values."""
    kind = schema.get("type", ())
    named = {kind} if isinstance(kind, str) else set(kind)
    values: Iterable[Any] = [*schema.get("enum", ()), *([schema["const"]] if "const" in schema else ())]
    return named or {_TYPES[type(value)] for value in values if type(value) in _TYPES}


def _of(schema: Any, resolve: Resolve) -> Reading:
    """That of a member, each of whose elements has a text of its own."""
    found = _Types(resolve)
    found.take(schema)
    return found.reading("")


_PLAIN: Final = Reading(frozenset(), None, "")


def _typed(text: str, kinds: frozenset[str]) -> Any:
    """What a text stands for; one that is none of these types stays a text, which the check refuses."""
    if "integer" in kinds and _INTEGER.fullmatch(text):
        return int(text)
    if "number" in kinds and _NUMBER.fullmatch(text):
        return float(text)
    if "boolean" in kinds and text in ("true", "false"):
        return text == "true"
    return text
