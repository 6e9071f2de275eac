"""A service that answers what a test tells it, and remembers what it was asked."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson
import pytest

from chassis.client import Backoff, Client

BREAK_OFF = 0


@dataclass
class Answer:
    """`status` BREAK_OFF closes the connection; `until` holds the answer back, `trickle` its second half."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    until: threading.Event | None = None
    trickle: threading.Event | None = None


@dataclass
class Service:
    """Give it `answers`, the last of which is repeated; `requests` are (method, path, headers, JSON)."""

    url: str = ""
    answers: list[Answer] = field(default_factory=lambda: [Answer()])
    requests: list[tuple[str, str, dict[str, str], Any]] = field(default_factory=list)

    def next(self) -> Answer:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def service() -> Iterator[Service]:
    """A listening service on a free port."""
    told = Service()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            told.requests.append((self.command, self.path, dict(self.headers), orjson.loads(body) if body else None))
            answer = told.next()
            if answer.until:
                answer.until.wait(30)
            if answer.status == BREAK_OFF:
                self.close_connection = True
                return
            content = answer.body if isinstance(answer.body, bytes) else orjson.dumps(answer.body)
            self.send_response(answer.status)
            kind = "application/problem+json" if answer.status >= 400 else "application/json"
            for name, value in {"Content-Type": kind, "Content-Length": str(len(content)), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            half = len(content) // 2 if answer.trickle else len(content)
            self.wfile.write(content[:half])
            if answer.trickle:
                answer.trickle.wait(30)
                self.wfile.write(content[half:])

        do_GET = do_POST = do_PUT = answer

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """A client that gave up waiting is what some tests are about."""

    server = Quiet(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield told
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def client(service: Service) -> Callable[..., Client]:
    """`client(timeouts=…)`: a client of the service, with pauses too short to be noticed."""

    def make(**options: Any) -> Client:
        defaults = {"locate": lambda _: service.url, "token": lambda: "secret", "backoff": Backoff(first=0.001, longest=0.002)}
        return Client("users", **{**defaults, **options})

    return make
