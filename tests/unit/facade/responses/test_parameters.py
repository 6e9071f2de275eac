"""How parameters are written: each style, and what a text may stand for; requests go through the whole stage."""

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from facade.pipeline.declared import declare
from facade.responses.openapi import Document, InvalidDocument
from facade.responses.validate import Invalid, Validated, ValidateStage
from tests.unit.facade.responses.asked import asked
from tests.unit.facade.responses.test_validate import body_of, of, passed, refused, sent

INTEGER, TEXT, NOTHING = {"type": "integer"}, {"type": "string"}, {"type": "null"}
FIGS = {"type": "object", "properties": {"ripe": {"type": "boolean"}, "sizes": {"type": "array", "items": INTEGER}}}


def stage(schema: Any, **more: Any) -> ValidateStage:
    declared = {"in": "query", "name": "q", **({} if schema is None else {"schema": schema}), **more}
    schemas = {"Number": {"type": "integer", "minimum": 1}}
    return of({"/a": {"get": {"parameters": [declared]}}}, components={"schemas": schemas})


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": ["integer", "null"]}, ["7"], ["x", "7&q=8"]),
        ({"anyOf": [INTEGER, NOTHING]}, ["7"], ["x"]),
        ({"anyOf": [{"type": "array", "items": TEXT}, NOTHING]}, ["a", "a&q=b"], []),
        ({"anyOf": [{"type": "array", "items": INTEGER, "maxItems": 2}, NOTHING]}, ["1&q=2"], ["1&q=2&q=3", "x"]),
        ({"type": "array", "items": {"anyOf": [INTEGER, NOTHING]}}, ["1&q=2"], ["1&q=x"]),
        ({"oneOf": [INTEGER, {"type": "string", "enum": ["all"]}]}, ["7", "all"], ["some"]),
        ({"type": ["integer", "string"], "minLength": 2}, ["7", "77"], ["x"]),
        ({"type": "array", "items": {"type": ["integer", "string"]}}, ["1&q=x"], []),
        ({"allOf": [{"$ref": "#/components/schemas/Number"}]}, ["7"], ["0", "x"]),
        ({"$ref": "#/components/schemas/Number"}, ["7"], ["0", "x"]),
        ({"enum": [1, 2]}, ["1"], ["3", "x"]),
        ({"const": True}, ["true"], ["false"]),
        ({}, ["7", "x"], []),
    ],
)
def test_a_text_may_stand_for_any_type_that_its_schema_admits(schema: Any, good: list[str], bad: list[str]) -> None:
    """Documents of 3.1 say "an integer or nothing" in several ways; none of them makes a number a text."""
    checked = stage(schema)
    for text in good:
        passed(checked, asked("GET", f"/a?q={text}".encode()))
    for text in bad:
        assert refused(checked, asked("GET", f"/a?q={text}".encode())).status == 400, text


@pytest.mark.parametrize(
    ("style", "good", "bad"),
    [("pipeDelimited", "1|2", "1,2"), ("spaceDelimited", "1 2", "1|2"), ("form", "1,2", "1|2")],
)
def test_a_list_in_one_text_is_separated_by_its_style(style: str, good: str, bad: str) -> None:
    """And by nothing else."""
    checked = stage({"type": "array", "items": INTEGER}, style=style, explode=False)
    passed(checked, asked("GET", f"/a?q={quote(good)}".encode()))
    assert refused(checked, asked("GET", f"/a?q={quote(bad)}".encode())).status == 400
    assert refused(checked, asked("GET", b"/a?q=1&q=2")).status == 400


def test_an_object_has_a_text_for_each_member() -> None:
    """In the style deepObject; members are of their types, and what is no member is told by what is wrong with it."""
    checked = stage({**FIGS, "required": ["ripe"], "additionalProperties": False}, style="deepObject", required=True)
    passed(checked, asked("GET", b"/a?q[ripe]=true&q[sizes]=1&q%5Bsizes%5D=2&other[x]=y"))
    for query in (b"", b"?q[sizes]=1", b"?q[ripe]=yes", b"?q[ripe]=true&q[ripe]=true", b"?q[ripe]=true&q[colour]=green"):
        assert refused(checked, asked("GET", b"/a" + query)).status == 400, query


def test_a_text_may_be_json() -> None:
    """Where the parameter is described by `content`; other content is not looked at."""
    checked = stage(None, content={"application/json": {"schema": FIGS}})
    good = quote('{"ripe": true}')
    passed(checked, asked("GET", f"/a?q={good}".encode()))
    for text in ('{"ripe": 1}', "{", ""):
        assert refused(checked, asked("GET", f"/a?q={quote(text)}".encode())).status == 400, text
    passed(stage(None, content={"text/csv": {"schema": INTEGER}}), asked("GET", b"/a?q=x"))


def test_a_parameter_may_have_no_value_where_that_is_allowed() -> None:
    """`allowEmptyValue`; elsewhere nothing is no number."""
    passed(stage(INTEGER, allowEmptyValue=True), asked("GET", b"/a?q="))
    assert refused(stage(INTEGER), asked("GET", b"/a?q=")).status == 400


def test_fields_that_openapi_describes_elsewhere_are_no_parameters() -> None:
    """A document may name them; the specification says that it is to be ignored."""
    named = [{"in": "header", "name": name, "required": True, "schema": INTEGER} for name in ("Accept", "Authorization")]
    passed(of({"/a": {"get": {"parameters": named}}}), asked("GET", b"/a"))


@pytest.mark.parametrize(
    "parameter",
    [
        {"in": "query", "name": "q", "schema": FIGS},
        {"in": "query", "name": "q", "style": "matrix", "schema": INTEGER},
        {"in": "path", "name": "q", "style": "label", "schema": INTEGER},
        {"in": "body", "name": "q", "schema": INTEGER},
    ],
)
def test_what_would_be_read_in_another_way_than_by_the_upstream_is_refused(parameter: dict[str, Any]) -> None:
    """When the document is loaded: a guess would refuse good requests."""
    with pytest.raises(InvalidDocument, match=r"GET /a/\{q\}, q: "):
        Document({"openapi": "3.1.0", "paths": {"/a/{q}": {"get": {"parameters": [parameter]}}}})


def test_a_place_is_a_whole_segment() -> None:
    """One that is a part of a segment would never be found, and its requests be refused with 404."""
    with pytest.raises(InvalidDocument, match="a place is a whole segment"):
        Document({"openapi": "3.1.0", "paths": {"/a/{q}.json": {"get": {}}}})


def test_media_types_are_found_without_their_parameters() -> None:
    """As a document may name them, and as clients do."""
    content = {"application/json; charset=utf-8": {"schema": {"type": "object", "required": ["a"]}}}
    checked = of({"/a": {"post": {"requestBody": {"content": content}}}})
    passed(checked, sent("POST", b"/a", {"a": 1}, "application/json"))
    assert refused(checked, sent("POST", b"/a", {}, "application/json")).status == 422


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("uuid", "019a6f3e-0000-7000-8000-000000000000", "fig"),
        ("date-time", "2026-02-28T12:00:00Z", "2026-02-30T12:00:00Z"),
        ("date", "2026-02-28", "28.2.2026"),
        ("email", "fig@banyan.example", "fig"),
        ("ipv4", "192.0.2.1", "192.0.2"),
    ],
)
def test_formats_are_checked_where_that_is_declared(name: str, good: str, bad: str) -> None:
    """In bodies and in parameters, and no refusal repeats the value; by default they are the upstream's to judge."""
    schema = {"type": "string", "format": name}
    paths = {
        "/a": {"get": {"parameters": [{"in": "query", "name": "q", "schema": schema}]},
               "post": {"requestBody": {"content": {"application/json": {"schema": {"properties": {"a": schema}}}}}}}
    }  # fmt: skip
    document = Document({"openapi": "3.1.0", "paths": paths}, formats=True)
    strict = ValidateStage(Validated(document=Path("x"), formats=True), document)
    passed(strict, asked("GET", f"/a?q={quote(good)}".encode()))
    passed(strict, sent("POST", b"/a", {"a": good}))
    for request, status in ((asked("GET", f"/a?q={quote(bad)}".encode()), 400), (sent("POST", b"/a", {"a": bad}), 422)):
        problem = refused(strict, request)
        assert isinstance(problem, Invalid)
        assert problem.status == status
        assert bad not in str(problem.errors)
    passed(body_of({"properties": {"a": schema}}), sent("POST", b"/a", {"a": bad}))


def test_formats_are_declared_for_a_route() -> None:
    """Two routes may hold the same document in different ways."""
    routes = [{"path": "/a", "contract": {"document": "x"}}, {"path": "/b", "contract": {"document": "x", "formats": True}}]
    contracts = [rules.contract for rules in declare({"routes": routes}).routes if rules.contract is not None]
    assert [contract.compiled_as for contract in contracts] == [(Path("x"), False), (Path("x"), True)]
