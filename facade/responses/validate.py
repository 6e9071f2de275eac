"""Refuses requests that their upstream's OpenAPI document does not describe, with all that is wrong, before it is asked.

And those with more header than a route takes. A refusal names the place, never the value: it may be a password.
"""

from collections.abc import Awaitable
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qsl, unquote

import orjson
from jsonschema_rs import Draft202012Validator
from pydantic import BaseModel, ConfigDict, Field

from facade.problems import Problem
from facade.responses.contract import Request
from facade.responses.openapi import Document, Found, Operation, errors_of
from facade.responses.parameters import Parameter

_ALWAYS = frozenset({"OPTIONS"})
Errors = list[dict[str, str]]
Texts = dict[str, list[str]]


class Invalid(Problem):
    """A problem with a list of `errors`: what each is about (`pointer` into the body, or `parameter` and `in`), and a detail."""

    def __init__(self, status: int, slug: str, title: str, errors: Errors) -> None:
        super().__init__(status, slug, title, f"{len(errors)} things are wrong" if len(errors) != 1 else "one thing is wrong")
        self.errors = errors

    def body(self) -> bytes:
        return orjson.dumps({**orjson.loads(super().body()), "errors": self.errors})


class Validated(BaseModel):
    """A route's `contract`: the `document` (a file, YAML or JSON); `largest` body that is checked, in bytes, beyond it 413.

    `undescribed`: what happens to a path or method that the document does not have. `formats`: whether a `format` of JSON Schema
    (`uuid`, `date-time`, `email` …) is checked; by default it is the upstream's to say what is one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    document: Path
    largest: int = Field(default=256 * 1024, gt=0, le=16 << 20)
    undescribed: Literal["refuse", "pass"] = "refuse"
    formats: bool = False

    @property
    def compiled_as(self) -> tuple[Path, bool]:
        """What a document is compiled by; routes may share it."""
        return self.document, self.formats


class HeaderLimit:
    """Refuses a request whose header lines, those that go on to the upstream, have more than `most` bytes."""

    name = "max-header"

    def __init__(self, most: int) -> None:
        self._most = most

    def before(self, request: Request) -> Awaitable[None] | None:
        """Raises `Problem` 431."""
        if len(request.inbound.lines) > self._most:
            raise Problem(
                431, "header-too-large", "Header too large", f"towards this path the header may have {self._most} bytes"
            )
        return None

    def explain(self, request: Request) -> str:
        """What this request has, of what it may have."""
        return f"{len(request.inbound.lines)} of at most {self._most} bytes"


class ValidateStage:
    """Checks requests by a document, which routes may share."""

    name = "validate"

    def __init__(self, declared: Validated, document: Document) -> None:
        self._document = document
        self._largest = declared.largest
        self._refuses = declared.undescribed == "refuse"

    def before(self, request: Request) -> Awaitable[None] | None:
        """Raises `Invalid` 400 for parameters and 422 for a body, `Problem` 404, 405, 413 or 415; reads the body if need be."""
        found = self._find(request)
        if found is None:
            return None
        operation = found.operation
        if operation.parameters:
            errors = _parameters(request, found)
            if errors:
                raise Invalid(400, "invalid-parameters", "Invalid parameters", errors)
        if not (operation.bodies or operation.body_required):
            return None
        if not (request.inbound.length or request.inbound.chunked):
            if operation.body_required:
                raise Invalid(400, "body-missing", "Body missing", [{"pointer": "", "detail": "a body is required"}])
            return None
        check = _check_for(request, operation)
        return None if check is None else self._check_body(request, check)

    def explain(self, request: Request) -> str:
        """The operation that the request is checked as."""
        try:
            found = self._find(request)
        except Problem as problem:
            return f"refused with {problem.status}: {problem.detail}"
        if found is None:
            return "not checked: the document does not have it"
        return f"checked as {found.operation.name}, with {found.values}"

    def _find(self, request: Request) -> Found | None:
        if request.method in _ALWAYS:
            return None
        found = self._document.find(request.method, request.path)
        if isinstance(found, Found):
            return found
        if not self._refuses:
            return None
        if found is None:
            raise Problem(404, "not-found", "Not found", f"there is nothing at {request.path}")
        allow = ", ".join(sorted(found)).encode()
        raise Problem(
            405, "method-not-allowed", "Method not allowed", f"{request.method} is not described", more=b"allow: %b\r\n" % allow
        )

    async def _check_body(self, request: Request, check: Draft202012Validator) -> None:
        body = await request.read(self._largest)
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise Invalid(400, "malformed-json", "Malformed JSON", [{"pointer": "", "detail": str(error)}]) from error
        errors = [{"pointer": where, "detail": detail} for where, detail in errors_of(check, document)]
        if errors:
            raise Invalid(422, "invalid-body", "Invalid body", errors)


def _check_for(request: Request, operation: Operation) -> Draft202012Validator | None:
    """The check for the body's media type; None: it is not looked at. Raises `Problem` 415 for a type that is not described."""
    told = request.inbound.get(b"content-type").decode("latin-1")
    media = told.partition(";")[0].strip().lower()
    if request.inbound.get(b"content-encoding") not in (b"", b"identity"):
        raise Problem(415, "encoded-body", "Unsupported media type", "a body is checked here, and cannot be if it is encoded")
    for name in (media, media.partition("/")[0] + "/*", "*/*"):
        if name in operation.bodies:
            return operation.bodies[name]
    raise Problem(415, "unsupported-type", "Unsupported media type", f"this takes {', '.join(operation.bodies) or 'no body'}")


def _parameters(request: Request, found: Found) -> Errors:
    query = _query(request.target) if any(parameter.place == "query" for parameter in found.operation.parameters) else {}
    errors: Errors = []
    for parameter in found.operation.parameters:
        about = {"parameter": parameter.name, "in": parameter.place}
        errors += [{**about, "detail": detail} for detail in _wrong(parameter, _texts(parameter, request, found, query))]
    return errors


def _texts(parameter: Parameter, request: Request, found: Found, query: Texts) -> Texts:
    """What was given: of an object by its members, of everything else by the parameter's own name."""
    name = parameter.name
    if parameter.members is not None:
        start = f"{name}["
        return {key[len(start) : -1]: texts for key, texts in query.items() if key.startswith(start) and key.endswith("]")}
    if parameter.place == "query":
        given = query.get(name, [])
    elif parameter.place == "path":
        given = [found.values[name]] if name in found.values else []
    elif parameter.place == "header":
        value = request.inbound.get(name.encode())
        given = [value.decode("latin-1")] if value else []
    else:
        given = _cookie(request.inbound.cookie, name)
    return {name: given} if given else {}


def _wrong(parameter: Parameter, given: Texts) -> list[str]:
    """What is wrong with a parameter, in words that do not repeat its value."""
    if not given:
        return ["it is required"] if parameter.required else []
    texts = given.get(parameter.name, [])
    if parameter.empty and texts == [""]:
        return []
    values = parameter.candidates(texts) if parameter.members is None else parameter.objects(given)
    if not values:
        return ["it is given more than once" if len(texts) > 1 else "it is no JSON"]
    wrong = [errors_of(parameter.check, value) for value in values]
    return [] if not all(wrong) else [detail for _, detail in wrong[0]]


def _query(target: bytes) -> Texts:
    found: Texts = {}
    text = target.partition(b"?")[2].decode("latin-1")
    for name, value in parse_qsl(text, keep_blank_values=True, errors="replace"):
        found.setdefault(name, []).append(value)
    return found


def _cookie(cookie: bytes, name: str) -> list[str]:
    pairs: list[Any] = [pair.strip().partition("=") for pair in cookie.decode("latin-1").split(";")]
    return [unquote(value) for key, _, value in pairs if key == name]
