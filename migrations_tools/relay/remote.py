"""The service's end of the replica protocol, over HTTP with one keep-alive session a thread."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import requests

from chassis.callers import sessions
from chassis.callers.tokens import HEADER, Signer
from chassis.replica.authority import Misdirected
from chassis.replica.wire import Answer, Header, decode_documents

TIMEOUT = (2.0, 60.0)


class ReplicaUnavailable(Exception):
    """The service did not answer, or answered with a failure of its own; what was sent may or may not have been applied."""


class ReplicaRefused(Exception):
    """The service refused the request as wrong: the two sides do not agree about the protocol."""


class RemoteReplica:
    """The replica endpoint of one context at `url`. Raises `ReplicaUnavailable`, `ReplicaRefused`, `Misdirected`."""

    def __init__(self, context: str, url: str, token: str) -> None:
        self._context = context
        self._base = f"{url}/internal/replica/{context}"
        self._token = token
        self._signer = Signer(token, "relay", context)
        self._local = threading.local()

    def keys(self, aggregate: str, after: int, limit: int) -> list[int]:
        answer = self._send("GET", f"{aggregate}/keys", params={"after": after, "limit": limit})
        found: list[int] = orjson.loads(answer.content)["keys"]
        return found

    def digest(self, aggregate: str, low: int, high: int) -> tuple[int, str]:
        answer = orjson.loads(self._send("GET", f"{aggregate}/digest", params={"low": low, "high": high}).content)
        return answer["count"], answer["digest"]

    def documents(self, aggregate: str, keys: Sequence[int]) -> dict[int, dict[str, Any]]:
        body = orjson.dumps({"keys": list(keys)})
        return decode_documents(self._send("POST", f"{aggregate}/documents", data=body).content)

    def apply(self, header: Header, body: bytes) -> Answer:
        answer = self._send("POST", f"{header.aggregate}/batches", data=body, headers=header.as_headers())
        return Answer.from_json(orjson.loads(answer.content))

    def rehearse(self, aggregate: str, body: bytes) -> Answer:
        return Answer.from_json(orjson.loads(self._send("POST", f"{aggregate}/rehearsals", data=body).content))

    def _send(self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **options: Any) -> requests.Response:
        signed = {**(headers or {}), HEADER: self._signer.sign().decode()}
        try:
            answer = self._session().request(method, f"{self._base}/{path}", timeout=TIMEOUT, headers=signed, **options)
        except requests.RequestException as error:
            raise ReplicaUnavailable(f"The service of {self._context} cannot be reached: {error}") from error
        if answer.status_code == 421:
            owner: Any = answer.headers["Banyan-Owner"]
            raise Misdirected(self._context, owner, int(answer.headers["Banyan-Epoch"]))
        if answer.status_code >= 500:
            raise ReplicaUnavailable(f"The service of {self._context} answered {answer.status_code} to {method} {path}.")
        if answer.status_code >= 400:
            raise ReplicaRefused(f"{method} {path}: {answer.status_code} {answer.text[:500]}")
        return answer

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = sessions.session()
            session.headers["Authorization"] = f"Bearer {self._token}"
        return session
