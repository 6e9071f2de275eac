"""The facade's own refusals, as problem+json (RFC 9457). Answers of upstreams are passed on, never dressed up."""

from dataclasses import dataclass
from http import HTTPStatus

import orjson

from facade.http1 import date
from facade.http1.grammar import BadHead, Pair
from facade.reply import Reply


@dataclass(eq=False)
class Problem(Exception):
    """An answer of the facade itself. `slug` names it in `urn:banyan:problem:<slug>`; `retry_after` is seconds; `more` are header
    lines.
    """

    status: int
    slug: str
    title: str
    detail: str
    retry_after: int | None = None
    more: bytes = b""

    def body(self) -> bytes:
        return orjson.dumps(
            {
                "type": f"urn:banyan:problem:{self.slug}",
                "title": self.title,
                "status": self.status,
                "detail": self.detail,
            }
        )

    def reply(self) -> Reply:
        """As an answer that stages may look at."""
        fields: list[Pair] = [(b"content-type", b"application/problem+json"), (b"date", date.now())]
        if self.retry_after is not None:
            fields.append((b"retry-after", b"%d" % self.retry_after))
        for line in self.more.splitlines():
            name, _, value = line.partition(b": ")
            fields.append((name.lower(), value))
        return Reply(self.status, fields, self.body(), own=True)

    def lines(self) -> bytes:
        """The header lines of the answer, without its length."""
        after = b"retry-after: %d\r\n" % self.retry_after if self.retry_after is not None else b""
        return b"content-type: application/problem+json\r\n" + date.line() + after + self.more


_SLUGS = {400: "malformed", 414: "target-too-long", 417: "expectation-failed", 431: "head-too-large", 501: "not-implemented",
          505: "version-not-supported"}  # fmt: skip


def malformed(error: BadHead) -> Problem:
    return Problem(error.status, _SLUGS[error.status], HTTPStatus(error.status).phrase, str(error))


def mistake() -> Problem:
    return Problem(500, "mistake", "A mistake of the entrance", "the request may have been executed")


def too_slow() -> Problem:
    return Problem(408, "too-slow", "Too slow", "the request did not arrive in time")


def not_found(path: str) -> Problem:
    return Problem(404, "not-found", "Not found", f"there is nothing at {path}")


def body_beyond(limit: int) -> Problem:
    return Problem(413, "body-too-large", "Body too large", f"on this path a body may have {limit} bytes")


def body_beyond_declared() -> Problem:
    return Problem(413, "body-too-large", "Body too large", "the body is longer than this path takes")


def method_refused(method: str, allowed: bytes = b"GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE") -> Problem:
    """`allowed`: the methods that are not refused, as `Allow` tells them; without it, those that upstreams commonly take."""
    return Problem(405, "method-not-allowed", "Method not allowed", f"{method} is not passed on", more=b"allow: %b\r\n" % allowed)


def too_large(limit: int) -> Problem:
    return Problem(
        413, "body-too-large", "Body too large",
        f"towards this path a body may have {limit} bytes: it must be kept in case the context changes hands",
    )  # fmt: skip


def no_room() -> Problem:
    return Problem(
        503, "no-room", "No room", "nothing was executed: there is no room just now to keep the body until it is sent", 1
    )


def unreachable(detail: str) -> Problem:
    return Problem(503, "upstream-unreachable", "Upstream unreachable", f"nothing was executed: {detail}", 1)


def guarded(detail: str, retry_after: int) -> Problem:
    return Problem(503, "upstream-guarded", "Upstream guarded", f"nothing was executed: {detail}", max(1, retry_after))


def overloaded(detail: str) -> Problem:
    return Problem(503, "overloaded", "Overloaded", f"there is more to do than can be done, nothing was executed: {detail}", 1)


def between_owners(context: str) -> Problem:
    return Problem(
        503, "changing-hands", "Changing hands",
        f"neither side of {context!r} accepts the request just now; it was not executed", 1,
    )  # fmt: skip


def no_answer(detail: str) -> Problem:
    return Problem(502, "no-answer", "No answer", f"the request may have been executed: {detail}")


def timed_out(detail: str) -> Problem:
    return Problem(504, "timed-out", "Timed out", f"the request may have been executed: {detail}")


def busy() -> Problem:
    return Problem(503, "starting", "Starting", "the entrance is not ready yet", 1)
