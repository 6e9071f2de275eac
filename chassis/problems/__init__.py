"""Errors as RFC 9457 problem details (`application/problem+json`): the one shape in which every process
refuses.

This module is plain values and needs no web framework; `chassis.problems.answers` makes Django answers of them.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson

CONTENT_TYPE = "application/problem+json"
NAMESPACE = "urn:banyan:problem:"


class Problem(Exception):
    """A refusal that the client is told about.

    `type` is "about:blank" or `urn:banyan:problem:<slug>`; the title is by default the status' own phrase.
    `errors` maps field names to lists of messages, `extensions` are further members, `headers` go on the
    answer.
    """

    def __init__(
        self,
        status: int,
        detail: str = "",
        *,
        type: str = "about:blank",
        title: str = "",
        errors: Mapping[str, Any] | None = None,
        extensions: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.status = status
        self.type = type
        self.title = title or HTTPStatus(status).phrase
        self.detail = detail
        self.errors = errors
        self.extensions = dict(extensions or {})
        self.headers = dict(headers or {})
        super().__init__(f"{status} {self.title}: {detail}" if detail else f"{status} {self.title}")

    def document(self, instance: str = "") -> dict[str, Any]:
        """The problem's JSON object; `instance` is the path of the request that met it."""
        document = {**self.extensions, "type": self.type, "title": self.title, "status": self.status}
        if self.detail:
            document["detail"] = self.detail
        if instance:
            document["instance"] = instance
        if self.errors is not None:
            document["errors"] = self.errors
        return document

    def render(self, instance: str = "") -> bytes:
        """The body of the answer. The errors of a list are by position, so names may be numbers."""
        return orjson.dumps(self.document(instance), option=orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS)


def invalid(errors: Mapping[str, Any], status: int = HTTPStatus.BAD_REQUEST) -> Problem:
    """The problem of a request whose fields were refused; `errors` maps their names to messages."""
    return Problem(
        status,
        f"Refused: {', '.join(errors)}.",
        type=NAMESPACE + "invalid",
        title="Invalid request",
        errors=errors,
    )
