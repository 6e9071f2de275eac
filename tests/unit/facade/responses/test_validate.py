"""Validation against OpenAPI documents, the users service's own among them; limits."""

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest

from facade.problems import Problem
from facade.responses import openapi
from facade.responses.openapi import Document, InvalidDocument
from facade.responses.validate import HeaderLimit, Invalid, Validated, ValidateStage
from tests.unit.facade.responses.asked import Asked, asked

USERS = Path(__file__).parents[4] / "extracted" / "users" / "openapi.yaml"


@pytest.fixture(scope="module")
def users() -> ValidateStage:
    return ValidateStage(Validated(document=USERS), openapi.parse(USERS.read_text(), "users"))


def passed(stage: ValidateStage, request: Asked) -> None:
    async def run() -> None:
        waits = stage.before(request)
        if waits is not None:
            await waits

    asyncio.run(run())


def refused(stage: ValidateStage, request: Asked) -> Problem:
    with pytest.raises(Problem) as problem:
        passed(stage, request)
    return problem.value


def sent(method: str, target: bytes, document: object, content_type: str = "application/json", **fields: str) -> Asked:
    body = document if isinstance(document, bytes) else orjson.dumps(document)
    return asked(method, target, body, content_type=content_type, content_length=str(len(body)), **fields)


def of(paths: dict[str, Any], **more: Any) -> ValidateStage:
    return ValidateStage(Validated(document=Path("x"), largest=1000), Document({"openapi": "3.1.0", "paths": paths, **more}))


def body_of(schema: Any, **more: Any) -> ValidateStage:
    return of({"/a": {"post": {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}}}, **more)


def test_described_requests_pass(users: ValidateStage) -> None:
    """Of the users service: literal and templated paths, bodies with members that only answers must have."""
    passed(users, asked("GET", b"/api/v1/users/me"))
    passed(users, asked("HEAD", b"/api/v1/users/me/addresses/12"))
    passed(users, asked("OPTIONS", b"/api/v1/users/me"))
    passed(users, sent("PUT", b"/api/v1/users/me/addresses/12", {"kind": "home", "city": "Bonn"}))
    passed(users, sent("POST", b"/api/v1/users/login", {"email": "a", "password": "b"}, "application/json; charset=utf-8"))
    passed(users, sent("PUT", b"/api/v2/users/me/preferences", {"anything": [1]}))


def test_invalid_body_is_refused_with_every_place(users: ValidateStage) -> None:
    """422; the values are not repeated, for one of them is a password."""
    problem = refused(users, sent("POST", b"/api/v1/users/login", {"email": 7, "password": "geheim" * 40}))
    assert isinstance(problem, Invalid)
    told = orjson.loads(problem.body())
    assert (told["status"], told["type"]) == (422, "urn:banyan:problem:invalid-body")
    assert sorted(error["pointer"] for error in told["errors"]) == ["/email", "/password"]
    assert b"geheim" not in problem.body()


def test_nested_places_are_pointers(users: ValidateStage) -> None:
    """RFC 6901."""
    document = {"kind": "castle", "lines": ["a", 7]}
    problem = refused(users, sent("POST", b"/api/v1/users/me/addresses", document))
    assert isinstance(problem, Invalid)
    assert sorted(error["pointer"] for error in problem.errors) == ["/kind", "/lines/1"]


def test_path_parameters(users: ValidateStage) -> None:
    """400, named."""
    problem = refused(users, asked("GET", b"/api/v1/users/me/addresses/twelve"))
    assert isinstance(problem, Invalid)
    assert (problem.status, problem.errors[0]["parameter"], problem.errors[0]["in"]) == (400, "number", "path")
    assert "twelve" not in str(problem.errors)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (asked("GET", b"/api/v1/users/you"), 404),
        (asked("DELETE", b"/api/v1/users/me"), 405),
        (asked("POST", b"/api/v1/users/login"), 400),
        (sent("POST", b"/api/v1/users/login", b"{"), 400),
        (sent("POST", b"/api/v1/users/login", b'{"email": NaN}'), 400),
        (sent("POST", b"/api/v1/users/login", b"email=a", "application/x-www-form-urlencoded"), 415),
        (sent("POST", b"/api/v1/users/login", {"email": "a", "password": "b"}, content_encoding="gzip"), 415),
        (sent("POST", b"/api/v1/users/login", {"email": "a" * 300_000, "password": "b"}), 413),
        (sent("POST", b"/api/v1/users/login/", {}), 422),
    ],
)
def test_refusals(users: ValidateStage, request_: Asked, status: int) -> None:
    """Each with the status of its kind; a slash at the end is no way around."""
    assert refused(users, request_).status == status


def test_405_names_the_methods(users: ValidateStage) -> None:
    """As RFC 9110 asks."""
    assert refused(users, asked("DELETE", b"/api/v1/users/me")).more == b"allow: GET, PATCH\r\n"


def test_what_is_not_described_may_pass_where_declared() -> None:
    """What is described is checked all the same."""
    document = openapi.parse(USERS.read_text(), "users")
    open_ = ValidateStage(Validated(document=USERS, undescribed="pass"), document)
    passed(open_, asked("GET", b"/other"))
    passed(open_, asked("DELETE", b"/api/v1/users/me"))
    assert refused(open_, sent("POST", b"/api/v1/users/login", {})).status == 422


def _query(**schema: Any) -> ValidateStage:
    parameter = {"in": "query", "name": "q", "schema": schema.pop("schema"), **schema}
    return of({"/a": {"parameters": [parameter], "get": {}}})


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"type": "integer", "minimum": 1}, ["7", "%37"], ["0", "x", "1.5", "", "١"]),
        ({"type": "number"}, ["7", "1.5", "-1e3"], ["x", "NaN", "inf"]),
        ({"type": "boolean"}, ["true"], ["True", "1", ""]),
        ({"type": "string", "enum": ["a", "b c"]}, ["a", "b+c", "b%20c"], ["c", "a&q=b"]),
        ({"type": "array", "items": {"type": "integer"}, "maxItems": 2}, ["1", "1&q=2"], ["1&q=2&q=3", "1,2", "x"]),
    ],
)
def test_query_parameters(schema: dict[str, Any], good: list[str], bad: list[str]) -> None:
    """Decoded to their types; a value that is given twice is none, except in a list."""
    stage = _query(schema=schema)
    passed(stage, asked("GET", b"/a"))
    for value in good:
        passed(stage, Asked("GET", "/a", f"/a?q={value}".encode(), asked().inbound))
    for value in bad:
        problem = refused(stage, Asked("GET", "/a", f"/a?q={value}".encode(), asked().inbound))
        assert problem.status == 400, value


def test_lists_headers_and_cookies() -> None:
    """`explode: false`, the header's name in any case, cookies by name; what is required must be there."""
    stage = _query(schema={"type": "array", "items": {"type": "integer"}}, explode=False)
    passed(stage, asked("GET", b"/a?q=1,2"))
    assert refused(stage, asked("GET", b"/a?q=1,x")).status == 400
    declared = [
        {"in": "header", "name": "X-Shop", "required": True, "schema": {"type": "integer"}},
        {"in": "cookie", "name": "c", "required": True, "schema": {"type": "integer"}},
    ]
    both = of({"/a": {"get": {"parameters": declared}}})
    passed(both, asked("GET", b"/a", x_shop="1", cookie="b=x; c=7"))
    problem = refused(both, asked("GET", b"/a"))
    assert isinstance(problem, Invalid)
    assert [error["parameter"] for error in problem.errors] == ["x-shop", "c"]


def test_literal_segments_win_and_templates_backtrack() -> None:
    """/a/me is not the customer called me, yet /a/me/b may be theirs."""
    empty: dict[str, Any] = {}
    document = Document(
        {"openapi": "3.0.0", "servers": [{"url": "https://x.org/v1/"}],
         "paths": {"/a/me": {"get": {"operationId": "me"}}, "/a/{id}": {"get": empty},
                   "/a/{id}/b": {"get": {"operationId": "b"}}}},
    )  # fmt: skip
    me, b = document.find("GET", "/v1/a/me"), document.find("GET", "/v1/a/me/b")
    assert isinstance(me, openapi.Found)
    assert isinstance(b, openapi.Found)
    assert (me.operation.name, b.operation.name, b.values) == ("me", "b", {"id": "me"})
    assert document.find("GET", "/a/me") is None
    assert document.find("PUT", "/v1/a/7") == frozenset({"GET"})


def test_what_3_0_says_in_its_own_way() -> None:
    """`nullable`, boolean bounds, and members that are only read."""
    schema = {
        "type": "object", "required": ["id", "n", "o"],
        "properties": {
            "id": {"type": "integer", "readOnly": True},
            "n": {"type": "integer", "minimum": 1, "exclusiveMinimum": True},
            "o": {"nullable": True, "allOf": [{"$ref": "#/components/schemas/O"}]},
        },
    }  # fmt: skip
    stage = body_of(schema, components={"schemas": {"O": {"type": "string", "nullable": False}}})
    passed(stage, sent("POST", b"/a", {"n": 2, "o": None}))
    passed(stage, sent("POST", b"/a", {"n": 2, "o": "x", "id": 1}))
    for wrong in ({"n": 1, "o": None}, {"n": 2, "o": 7}, {"n": 2}):
        assert refused(stage, sent("POST", b"/a", wrong)).status == 422


def test_members_may_be_called_like_keywords() -> None:
    """They are checked like others."""
    names = {name: {"type": "integer"} for name in ("nullable", "required", "enum", "$ref", "exclusiveMinimum")}
    stage = body_of({"type": "object", "properties": names})
    for name in names:
        passed(stage, sent("POST", b"/a", {name: 1}))
        problem = refused(stage, sent("POST", b"/a", {name: "x"}))
        assert isinstance(problem, Invalid)
        assert [error["pointer"] for error in problem.errors] == [f"/{name}"]


def test_errors_are_bounded() -> None:
    """Twenty tell enough."""
    problem = refused(body_of({"items": {"type": "string"}}), sent("POST", b"/a", [1] * 100))
    assert isinstance(problem, Invalid)
    assert len(problem.errors) == 20


@pytest.mark.parametrize("raw", [None, [], {}, {"openapi": "2.0", "paths": {}}, {"openapi": "3.0.0", "paths": []}])
def test_what_is_no_document(raw: object) -> None:
    """Refused as a whole."""
    with pytest.raises(InvalidDocument):
        Document(raw)


def test_all_errors_of_a_document_at_once() -> None:
    """References that lead nowhere, schemas that are none; nothing is fetched."""
    bad = {"content": {"application/json": {"schema": {"$ref": "https://evil.example/x.json"}}}}
    paths = {
        "/a": {"post": {"requestBody": bad}},
        "/b": {"get": {"parameters": [{"$ref": "#/components/parameters/no"}]}},
        "/c": {"get": {"parameters": [{"in": "query", "name": "q", "schema": {"type": "strin"}}]}},
        "/d": {"get": {"parameters": [{"in": "query", "name": "q", "schema": {"type": "string", "pattern": "("}}]}},
    }
    with pytest.raises(InvalidDocument) as error:
        Document({"openapi": "3.0.3", "paths": paths})
    assert [text.split(" ")[3].rstrip(":,") for text in error.value.errors] == ["/a", "/b", "/c", "/d"]
    with pytest.raises(InvalidDocument, match="cannot be read"):
        openapi.parse("a: [", "none")
    with pytest.raises(InvalidDocument, match="shape"):
        openapi.parse("openapi: 3.1.0\npaths: {/a: {get: {parameters: 5}}}", "odd")


def test_the_monoliths_own_document_compiles() -> None:
    """What it says of itself can be checked by."""
    from drf_spectacular.generators import SchemaGenerator

    raw = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    document = Document(orjson.loads(orjson.dumps(raw)))
    assert isinstance(document.find("POST", "/api/v1/orders"), openapi.Found)


def test_header_limit() -> None:
    """431, for the lines that would go on."""
    stage = HeaderLimit(256)
    assert stage.before(asked(x_a="x" * 200)) is None
    with pytest.raises(Problem) as problem:
        stage.before(asked(x_a="x" * 300))
    assert problem.value.status == 431
    assert stage.explain(asked(x_a="x")) == "8 of at most 256 bytes"


def test_explain(users: ValidateStage) -> None:
    """The operation and what the path says."""
    told = users.explain(asked("PUT", b"/api/v1/users/me/addresses/7"))
    assert told == "checked as v1_users_me_addresses_update, with {'number': '7'}"
    assert users.explain(asked("GET", b"/x")).startswith("refused with 404")
