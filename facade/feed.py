"""Keeps the route table current: pushed over Valkey, polled from the control API, and kept on disk.

With control, Valkey and the database all gone, the last known good table stays in force, also after a restart. It
refuses what is no feed, and says once, not every second, that control cannot be reached.
"""

import asyncio
import logging
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import orjson

from facade import fetch
from facade.book import RouteBook
from facade.failures import UpstreamError
from facade.pool import Pool
from facade.presence import Presence
from facade.routes import Feed, InvalidFeed
from facade.settings import Settings

log = logging.getLogger(__name__)

CHANNEL = "banyan:routes"
_TARGET = b"/internal/control/routes"
_FAREWELL_SECONDS = 1.0
_LARGEST = 4 * 1024 * 1024


class FeedReader:
    """Applies every feed that it hears of to the book, and tells by `presence` which version is in force."""

    def __init__(self, settings: Settings, book: RouteBook, monolith: Callable[[], Pool], presence: Presence) -> None:
        self._settings = settings
        self._book = book
        self._monolith = monolith
        self._presence = presence
        self._file = settings.var_dir / "facade" / "routes.json"
        self._reachable = True
        self.asked = asyncio.Event()

    def load(self) -> None:
        """Put the table on disk in force, if there is one that can be read."""
        try:
            feed = Feed.parse(orjson.loads(self._file.read_bytes()))
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            log.warning("the routes kept in %s cannot be used: %s", self._file, error)
            return
        self._book.apply(feed, "disk")

    def pushed(self, payload: bytes) -> None:
        """Take a feed that was pushed."""
        try:
            self._take(payload)
        except InvalidFeed as error:
            log.warning("a pushed feed was refused: %s", error)

    async def poll(self) -> None:
        """Ask for the feed again and again until cancelled or leaving."""
        while not self._presence.leaving:
            changed = False
            try:
                changed = self._take(await self._ask(2.0))
                self._reachable = True
            except (UpstreamError, InvalidFeed, LookupError) as error:
                if self._reachable:
                    log.warning("the route feed cannot be had, the known routes stay in force: %s", error)
                self._reachable = False
            self.asked.set()
            # A version that came this way is acknowledged this way at once: there may be no Valkey to tell.
            await asyncio.sleep(0 if changed else self._settings.poll_interval)

    async def leave(self) -> None:
        """Say farewell to control and to Valkey, for a second at most."""
        self._presence.leaving = True
        with suppress(TimeoutError):
            async with asyncio.timeout(_FAREWELL_SECONDS):
                await asyncio.gather(self._presence.leave(), self._ask(_FAREWELL_SECONDS), return_exceptions=True)

    async def _ask(self, timeout: float) -> bytes:
        pool = self._monolith()
        lines = b"host: %b\r\nauthorization: Bearer %b\r\n%b" % (
            pool.netloc,
            self._settings.internal_token.encode(),
            self._presence.line(),
        )
        answer = await fetch.get(pool, _TARGET, lines, timeout=timeout, limit=_LARGEST)
        if answer.status != 200:
            raise InvalidFeed(f"the control API answered {answer.status}")
        return answer.body

    def _take(self, payload: bytes) -> bool:
        """Whether another version is in force now. Raises `InvalidFeed`."""
        try:
            feed = Feed.parse(orjson.loads(payload))
        except orjson.JSONDecodeError as error:
            raise InvalidFeed(str(error)) from error
        if not self._book.apply(feed, "feed"):
            return False
        self._presence.applied()
        keep(self._file, payload)
        return True


def keep(file: Path, payload: bytes) -> None:
    """Replace the kept feed in one step, so that a crash leaves the old one or the new one. A full disk only warns."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as stream:
            stream.write(payload)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(file)
    except OSError as error:
        log.warning("%s could not be kept: %s", file, error)
