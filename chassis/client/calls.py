"""The client itself: one keep-alive session a thread, three timeouts, JSON in and out."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

import orjson
import requests
from django.conf import settings
from urllib3.exceptions import MaxRetryError, NewConnectionError, ReadTimeoutError

from chassis import deadline, env
from chassis.callers import sessions
from chassis.callers.tokens import HEADER, Signer
from chassis.client.asked import Asked
from chassis.client.errors import CallFailed, Interrupted, Refused, TimedOut, Unreachable
from chassis.client.retries import Backoff, RetryBudget, may_repeat, pause_after
from chassis.problems import CONTENT_TYPE as PROBLEM
from chassis.replica import positions
from chassis.replica.authority import Misdirected
from chassis.telemetry.trace import outgoing_headers

CHUNK = 65_536


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds: to connect, between two pieces of the answer, and for the call with all its repetitions."""

    connect: float = 1.0
    read: float = 5.0
    total: float = 10.0


class Client:
    """Calls one service. Safe between threads; make one a process and keep it.

    `locate` finds the service's base URL by its name, and is asked again when nobody answers there. `caller` is who we are;
    None: the name under which this process is called itself.
    """

    def __init__(
        self,
        service: str,
        *,
        locate: Callable[[str], str] = env.service_url,
        token: Callable[[], str] = env.internal_token,
        timeouts: Timeouts | None = None,
        backoff: Backoff | None = None,
        budget: RetryBudget | None = None,
        caller: str | None = None,
    ) -> None:
        self.service = service
        self._locate = locate
        self._token = token
        self._timeouts = timeouts or Timeouts()
        self._backoff = backoff or Backoff()
        self._budget = budget or RetryBudget()
        self._caller = caller
        self._signer: Signer | None = None
        self._base: str | None = None
        self._local = threading.local()

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        """The JSON at `path`. Raises `CallFailed`, `Misdirected`."""
        return self.call("GET", path, params=params)

    def post(self, path: str, body: object, *, idempotency_key: str | None = None) -> Any:
        """Send JSON; with a key that the service honours, the call may be repeated. Raises `CallFailed`, `Misdirected`."""
        return self.call("POST", path, body=body, idempotency_key=idempotency_key)

    def put(self, path: str, body: object) -> Any:
        """Send JSON; the call may be repeated. Raises `CallFailed`, `Misdirected`."""
        return self.call("PUT", path, body=body)

    def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: object = None,
        idempotency_key: str | None = None,
    ) -> Any:
        """One call, repeated where that is safe; its JSON, None for an empty answer. Raises `CallFailed`, `Misdirected`."""
        asked = Asked(method, path, params, None if body is None else orjson.dumps(body), idempotency_key)
        self._budget.earn()
        with deadline.within(self._timeouts.total):
            for retry in count():
                try:
                    return self._once(asked)
                except CallFailed as failure:
                    self._pause_or_raise(failure, retry, idempotent=asked.idempotent)
        raise AssertionError("unreachable: count() does not end")

    def _pause_or_raise(self, failure: CallFailed, retry: int, *, idempotent: bool) -> None:
        pause = pause_after(failure, self._backoff, retry)
        last = retry + 1 >= self._backoff.attempts or pause >= deadline.remaining(self._timeouts.total)
        if last or not may_repeat(failure, idempotent=idempotent) or not self._budget.spend():
            raise failure
        time.sleep(pause)

    def _once(self, asked: Asked) -> Any:
        left = deadline.remaining(self._timeouts.read)
        if left <= 0:
            raise TimedOut(self.service)
        timeout = (min(self._timeouts.connect, left), left)
        request = self._request(asked)
        try:
            with self._session().send(request, timeout=timeout, stream=True, allow_redirects=False) as answer:
                return self._read(answer, self._body(answer))
        except requests.RequestException as error:
            self._base = None
            raise _meaning(error)(self.service) from error

    def _request(self, asked: Asked) -> requests.PreparedRequest:
        headers = {
            "Accept": "application/json",
            "Authorization": f"Bearer {self._token()}",
            HEADER: self._signed(),
            **deadline.outgoing(deadline.remaining(self._timeouts.total)),
            **outgoing_headers(),
            **asked.headers(),
        }
        url = self._where() + asked.path
        return requests.Request(asked.method, url, headers, params=asked.params, data=asked.body).prepare()

    def _signed(self) -> str:
        """Anew for each attempt: a token is accepted once."""
        if self._signer is None:
            self._signer = Signer(self._token(), self._caller or settings.BANYAN_CALLER_AUDIENCE, self.service)
        return self._signer.sign().decode()

    def _where(self) -> str:
        if self._base is None:
            try:
                self._base = self._locate(self.service).rstrip("/")
            except LookupError as error:
                raise Unreachable(self.service) from error
        return self._base

    def _body(self, answer: requests.Response) -> bytes:
        """The whole answer; each piece has the read timeout, and all of them what is left of the call's time."""
        pieces = []
        for piece in answer.iter_content(CHUNK):
            if deadline.remaining(self._timeouts.total) <= 0:
                raise TimedOut(self.service)
            pieces.append(piece)
        return b"".join(pieces)

    def _read(self, answer: requests.Response, body: bytes) -> Any:
        try:
            if 200 <= answer.status_code < 300:
                positions.note(answer.headers.get(positions.HEADER))
                return orjson.loads(body) if body else None
            problem = orjson.loads(body) if answer.headers.get("Content-Type", "").startswith(PROBLEM) else {}
        except ValueError as error:
            raise Interrupted(self.service) from error
        if answer.status_code == 421 and "owner" in problem:
            raise Misdirected(problem["context"], problem["owner"], problem["epoch"])
        raise Refused(self.service, answer.status_code, problem, answer.headers.get("Retry-After"))

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = sessions.session()
        return session


def _meaning(error: requests.RequestException) -> type[Unreachable | TimedOut | Interrupted]:
    """What became of the call; requests wraps in one class what urllib3 tells apart."""
    cause = error.args[0] if error.args else None
    refused = isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)
    if refused or isinstance(error, requests.ConnectTimeout):
        return Unreachable
    if isinstance(error, requests.Timeout) or isinstance(cause, ReadTimeoutError):
        return TimedOut
    return Interrupted
