"""The manners of the API, whatever is asked of it."""

import time
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from tests.contract.users_v1.client import PASSWORD, Api, Customer, assert_problem, new_email

LOGIN = "/api/v1/users/login"


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"\xff\xfe", b'{"email": NaN}', b"[" * 100_000, b'"\\ud800"', b"nul"],
    ids=["empty", "cut", "not utf-8", "nan", "deep", "surrogate", "word"],
)
def test_what_is_no_json_is_a_400(api: Api, raw: bytes) -> None:
    """A body that is not JSON is the client's mistake, however it is broken."""
    assert_problem(api.call("POST", LOGIN, raw=raw), 400)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/xml"])
def test_only_json_is_understood(api: Api, kind: str) -> None:
    """Any other media type is a 415."""
    assert_problem(api.call("POST", LOGIN, raw=b"email=x&password=y", Content_Type=kind), 415)


def test_a_charset_does_no_harm(api: Api) -> None:
    """Some clients say what JSON is encoded in."""
    body = {"email": new_email(), "password": PASSWORD}
    answer = api.call("POST", "/api/v1/users/register", body, Content_Type="application/json; charset=utf-8")
    assert answer.status_code == 201


def test_a_body_of_a_megabyte_is_too_large(api: Api) -> None:
    """A body above the limit is a 413 and is not read to its end."""
    assert_problem(api.call("POST", LOGIN, raw=b'{"email": "' + b"x" * 1_100_000 + b'"}'), 413)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "login"),
        ("DELETE", "register"),
        ("PUT", "token/refresh"),
        ("POST", "me"),
        ("DELETE", "me"),
        ("PATCH", "me/addresses"),
        ("POST", "me/addresses/0"),
        ("DELETE", "me/preferences"),
    ],
)
def test_methods_that_a_path_does_not_have(api: Api, anybody: Customer, method: str, path: str) -> None:
    """A wrong method is a 405 that names the right ones."""
    answer = api.users(method, path, {}, anybody.tokens["access"])
    assert_problem(answer, 405)
    assert method not in answer.headers["Allow"].split(", ")


@pytest.mark.parametrize("path", ["", "nobody", "me/", "me/addresses/", "me/nothing", "login/", "%00", "..%2f"])
def test_paths_that_are_not_there(api: Api, anybody: Customer, path: str) -> None:
    """An unknown path is a 404, also for a customer who is known."""
    assert_problem(api.users("GET", path, token=anybody.tokens["access"]), 404)


@pytest.mark.parametrize("path", ["me", "me/addresses", "me/addresses/0", "me/preferences"])
def test_what_is_a_customers_own_needs_a_token(api: Api, path: str) -> None:
    """Without a token everything below /me is a 401."""
    assert_problem(api.users("GET", path), 401)


def test_head_answers_as_get_without_a_body(anybody: Customer) -> None:
    """HEAD has GET's status and headers."""
    answer = anybody.call("HEAD")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["Content-Type"] == "application/json"


def test_an_answer_carries_the_request_id(api: Api) -> None:
    """The client's request id comes back; one that is malformed is replaced."""
    assert api.call("GET", "/.well-known/jwks.json", X_Request_ID="trace-me.42").headers["X-Request-ID"] == "trace-me.42"
    replaced = api.call("GET", "/.well-known/jwks.json", X_Request_ID="no blanks!").headers["X-Request-ID"]
    assert replaced not in {"", "no blanks!"}


def test_problems_name_the_request(api: Api) -> None:
    """A problem's instance is the path that it was met at."""
    assert assert_problem(api.users("GET", "me"), 401)["instance"] == "/api/v1/users/me"


def test_a_body_may_come_after_its_refusal(api: Api) -> None:
    """The connection serves the next request all the same: its client cannot know that the server would not wait."""
    connection = HTTPConnection(urlsplit(api.base).netloc, timeout=10)
    connection.putrequest("DELETE", "/api/v1/users/me/preferences")
    connection.putheader("Content-Length", "2")
    connection.endheaders()
    time.sleep(0.05)  # longer than the refusal takes
    connection.send(b"{}")
    refusal = connection.getresponse()
    assert (refusal.status, bool(refusal.read())) == (401, True)
    connection.auto_open = 0  # no other connection
    connection.request("GET", "/healthz")
    assert connection.getresponse().status == 200
    connection.close()
