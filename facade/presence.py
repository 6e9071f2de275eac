"""A worker's own voice: which version of the routes is in force here, told to Valkey at once, and to control with each question.

It says farewell when it stops, so that nobody waits for it. It refuses to acknowledge routes that control has not told: those
that were kept on disk may be of any age.
"""

import asyncio
import os
import secrets
import socket
import time
from collections import deque
from contextlib import suppress
from math import ceil

from chassis.registry.facades import HEADER, LEAVE, PREFIX, TELL, TTL_SECONDS, Word
from facade.book import RouteBook
from facade.valkey import Valkey, ValkeyError

_TELL_SECONDS = 3.0
_RETRY_SECONDS = 0.1
_ANSWER_SECONDS = 1.0


class Presence:
    """`poll_interval`: seconds between two questions to control. `living` is how many workers, of all facades, Valkey knew when
    it was last asked; 0 before that.
    """

    def __init__(self, book: RouteBook, valkey: Valkey | None, poll_interval: float) -> None:
        self._book = book
        self._valkey = valkey
        self._promise = max(TTL_SECONDS, ceil(3 * poll_interval) + 2)
        self._applied = asyncio.Event()
        self.name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
        self._counts: deque[tuple[float, int]] = deque()
        self.leaving = False

    def applied(self) -> None:
        """Another version is in force: tell it at once."""
        self._applied.set()

    def line(self) -> bytes:
        """The header line of a question to control."""
        word = Word(self.name, self._version, 0 if self.leaving else self._promise)
        return f"{HEADER}: {word.encode()}\r\n".encode()

    async def run(self) -> None:
        """Tell Valkey, at once and every few seconds, until cancelled or leaving."""
        while self._valkey is not None and not self.leaving:
            self._applied.clear()  # first: a version that is applied while the last one is being told is told next
            try:
                async with asyncio.timeout(_ANSWER_SECONDS):
                    self._heard(await self._valkey.ask(*self._command(TELL, str(self._version), str(TTL_SECONDS), self.name)))
            except (ValkeyError, TimeoutError):
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(_TELL_SECONDS):
                    await self._applied.wait()

    async def leave(self) -> None:
        """Take back what Valkey was told; from here on nothing is told but the farewell."""
        self.leaving = True
        self._applied.set()
        if self._valkey is not None:
            with suppress(ValkeyError, TimeoutError):
                async with asyncio.timeout(_ANSWER_SECONDS):
                    await self._valkey.ask(*self._command(LEAVE, self.name))

    @property
    def living(self) -> int:
        """The most of what was told in the last `TTL_SECONDS` before it was last told: a Valkey that was just started has yet to
        hear of the others.
        """
        return max((count for _, count in self._counts), default=0)

    def _heard(self, living: int) -> None:
        now = time.monotonic()
        self._counts.append((now, living))
        while self._counts[0][0] < now - TTL_SECONDS:
            self._counts.popleft()

    @property
    def _version(self) -> int:
        return self._book.feed.version if self._book.source == "feed" else 0

    def _command(self, script: str, *arguments: str) -> tuple[str, ...]:
        return ("EVAL", script, "1", PREFIX + self.name, *arguments)
