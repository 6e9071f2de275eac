"""A client of the API, and customers who use it."""

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import requests

PASSWORD = "correct horse battery"


@dataclass
class Api:
    """Whoever serves the users API v1 at `base`; `internal_token` is None where /internal is out of reach."""

    base: str
    internal_token: str | None = None
    session: requests.Session = field(default_factory=requests.Session)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        token: str | None = None,
        raw: bytes | None = None,
        **headers: str,
    ) -> requests.Response:
        """One request. `body` is sent as JSON, `raw` as it is; underscores in header names stand for hyphens."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        if raw is None and body is not None:
            raw = json.dumps(body).encode()
        if raw is not None:
            sent.setdefault("Content-Type", "application/json")
        return self.session.request(method, self.base + path, data=raw, headers=sent, timeout=30)

    def users(self, method: str, path: str, body: Any = None, token: str | None = None) -> requests.Response:
        """One request below /api/v1/users/."""
        return self.call(method, f"/api/v1/users/{path}", body, token)

    def register(self, **fields: Any) -> requests.Response:
        """Register somebody new, or with the given fields."""
        return self.users("POST", "register", {"email": new_email(), "password": PASSWORD, **fields})

    def login(self, email: str, password: str = PASSWORD) -> requests.Response:
        return self.users("POST", "login", {"email": email, "password": password})

    def refresh(self, token: str) -> requests.Response:
        return self.users("POST", "token/refresh", {"refresh": token})

    def new_customer(self, **fields: Any) -> "Customer":
        """Somebody who has just registered and logged in."""
        registered = self.register(**fields)
        assert registered.status_code == 201, registered.text
        user = registered.json()
        answer = self.login(user["email"], fields.get("password", PASSWORD))
        assert answer.status_code == 200, answer.text
        return Customer(self, user, answer.json())


@dataclass
class Customer:
    """A customer with a session; `user` is what the registration answered, `tokens` what the login did."""

    api: Api
    user: dict[str, Any]
    tokens: dict[str, Any]

    def call(self, method: str, path: str = "", body: Any = None) -> requests.Response:
        """One request below /api/v1/users/me."""
        return self.api.users(method, f"me{path}", body, self.tokens["access"])

    def me(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.call("GET").json()
        return answer

    def add_address(self, **fields: Any) -> dict[str, Any]:
        answer = self.call("POST", "/addresses", {"kind": "home", "lines": ["1 High Street"], **fields})
        assert answer.status_code == 201, answer.text
        address: dict[str, Any] = answer.json()
        return address


def new_email() -> str:
    return f"{uuid4().hex}@example.org"


def assert_problem(answer: requests.Response, status: int, slug: str = "") -> dict[str, Any]:
    """The answer is a problem document of this status and, if given, kind; its JSON object."""
    assert answer.status_code == status, f"{answer.status_code} {answer.text}"
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status
    assert problem["title"]
    assert problem["type"] == (f"urn:banyan:problem:{slug}" if slug else problem["type"])
    return problem


def assert_refuses(answer: requests.Response, *fields: str) -> None:
    """The answer is a 400 that names exactly these fields."""
    problem = assert_problem(answer, 400, "invalid")
    assert set(problem["errors"]) == set(fields)
