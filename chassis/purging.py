"""Telling the facades that kept answers are history: a message on a channel of Valkey, after the commit.

A message that is lost costs freshness, never truth for longer than the answer's own lifetime; a facade that was cut off empties
its cache. It refuses to hold a write up: Valkey has half a second.
"""

import json
import logging
import threading
from collections.abc import Collection

import valkey

from chassis import env
from chassis.tags import CHANNEL

_ANSWER_SECONDS = 0.5

log = logging.getLogger(__name__)

_clients: dict[str, valkey.Valkey] = {}
_lock = threading.Lock()


def purge(*, tags: Collection[str] = (), prefixes: Collection[str] = (), paths: Collection[str] = ()) -> int:
    """Tell all facades; how many workers were told. `prefixes` and `paths` are of decoded request paths. Raises
    `valkey.ValkeyError`.
    """
    message = json.dumps({"tags": list(tags), "prefixes": list(prefixes), "paths": list(paths)})
    told: int = _client().publish(CHANNEL, message)  # type: ignore[assignment]
    return told


def tell(*tags: str) -> None:
    """The same for who has more to do than to wait for Valkey: that it could not be told is logged."""
    try:
        purge(tags=tags)
    except valkey.ValkeyError as error:
        log.warning("kept answers of %s may be given until their time is over: %s", " ".join(tags[:10]), error)


def _client() -> valkey.Valkey:
    url = env.valkey_url()
    with _lock:
        if url not in _clients:
            _clients[url] = valkey.Valkey.from_url(url, socket_timeout=_ANSWER_SECONDS, socket_connect_timeout=_ANSWER_SECONDS)
        return _clients[url]
