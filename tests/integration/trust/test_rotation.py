"""The issuer's key is rotated under signed-in load: monolith, users service and facade go on, and nobody is signed out."""

import json
import threading
from collections import Counter
from dataclasses import dataclass, field

import jwt
import requests

from tests.integration.facade.entrance import until
from tests.integration.trust.conftest import Running

LEAD = 8.0
_PATHS = ("/api/v1/users/me", "/api/v1/orders")
"""The first is the users service's, the second the monolith's."""


def kid(token: str) -> str:
    return str(jwt.get_unverified_header(token)["kid"])


@dataclass
class Load:
    """Customers who ask with the token that they have, and log in again and again; every answer is counted."""

    running: Running
    statuses: Counter[tuple[str, int]] = field(default_factory=Counter)
    signed_by: Counter[str] = field(default_factory=Counter)
    over: threading.Event = field(default_factory=threading.Event)

    def stay(self, token: str) -> None:
        """Keep one token throughout."""
        session = requests.Session()
        while not self.over.is_set():
            self._ask(session, token)

    def come_and_go(self, number: int) -> None:
        """A new token each time."""
        session = requests.Session()
        while not self.over.is_set():
            token = self.running.signed_in(f"guest-{number}@example.org")
            self.signed_by[kid(token)] += 1
            self._ask(session, token)

    def _ask(self, session: requests.Session, token: str) -> None:
        for path in _PATHS:
            behind = "users" if path == _PATHS[0] else "monolith"
            for base, signed in ((self.running.facade, {}), (self.running.platform.urls[behind], self.running.signed(behind))):
                answer = session.get(base + path, headers={"Authorization": f"Bearer {token}", **signed}, timeout=20)
                self.statuses[base + path, answer.status_code] += 1


def published(running: Running) -> list[str]:
    """The key ids at each server that has the document, which must be the same."""
    documents = [requests.get(f"{base}/.well-known/jwks.json", timeout=5).json() for base in (running.monolith, running.users)]
    first, second = ([key["kid"] for key in document["keys"]] for document in documents)
    return first if first == second else []


def test_a_rotation_under_load_signs_nobody_out(running: Running) -> None:
    """Tokens of the old key and of the new one are accepted by the facade, the monolith and the service, from before the rotation
    until after it; the new key signs once its lead is over. Not one 401.
    """
    kept = running.signed_in("stays@example.org")
    old = kid(kept)
    load = Load(running)
    threads = [threading.Thread(target=load.stay, args=(kept,))]
    threads += [threading.Thread(target=load.come_and_go, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    try:
        until(lambda: load.signed_by[old] > 4, 30)
        told = json.loads(running.manage("rotate_key", "--lead", str(LEAD), "--json"))["keys"]
        new = told[1]["kid"]
        assert (told[0]["kid"], told[1]["until"]) == (old, None)
        until(lambda: published(running) == [old, new])
        assert load.signed_by[new] == 0, "it is published before it signs"
        until(lambda: load.signed_by[new] > 10, 30)
    finally:
        load.over.set()
        for thread in threads:
            thread.join()
    assert {status for _, status in load.statuses} == {200}, load.statuses
    assert len(load.statuses) == 4
    assert kid(running.signed_in("stays@example.org")) == new
    assert running.ask("GET", "/api/v1/users/me", kept).status_code == 200
