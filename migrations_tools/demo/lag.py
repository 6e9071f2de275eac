"""Samples what waits to be replicated, from both databases' queues, while the run goes on."""

import threading
import time
from collections.abc import Sequence

import psycopg

from migrations_tools.demo.facts import Lag

EVERY = 0.5
_QUERY = """
SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(captured_at) FILTER (WHERE priority = 0)), 0)::float8
FROM banyan_outbox WHERE context = %s
"""


class LagSampler:
    """`samples` grows between `start` and `stop`. Only the side with authority has a queue, so the larger one is it."""

    def __init__(self, urls: Sequence[str], context: str) -> None:
        self.samples: list[Lag] = []
        self._urls, self._context = urls, context
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample, name="lag", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._over.is_set():
            try:
                self._follow()
            except psycopg.Error:  # a database that is away leaves a gap, and is asked again
                self._over.wait(EVERY)

    def _follow(self) -> None:
        first, second = (psycopg.connect(url, autocommit=True) for url in self._urls)
        with first, second:
            while not self._over.wait(EVERY):
                found = [connection.execute(_QUERY, (self._context,)).fetchone() or (0, 0.0) for connection in (first, second)]
                pending, seconds = max(found)
                self.samples.append(Lag(time.time(), pending, seconds))
