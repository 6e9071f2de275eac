"""Keeps the route table current: pushed over Valkey, polled from the control API, and kept on disk.

With control, Valkey and the database all gone, the last known good table stays in force, also after a restart. It
refuses what is no feed, and says once, not every second, that control cannot be reached.
"""

import asyncio
import logging
import os
import secrets
import socket
from collections.abc import Callable
from pathlib import Path

import orjson

from facade import fetch
from facade.book import RouteBook
from facade.failures import UpstreamError
from facade.pool import Pool
from facade.routes import Feed, InvalidFeed
from facade.settings import Settings
from facade.valkey import Valkey, ValkeyError

log = logging.getLogger(__name__)

CHANNEL = "banyan:routes"
_TARGET = b"/internal/control/routes"
_ACKNOWLEDGE_SECONDS = 3.0
_ACKNOWLEDGED_FOR = "10"
_LARGEST = 4 * 1024 * 1024


class FeedReader:
    """Applies every feed that it hears of to the book. `instance` is the name under which versions are acknowledged."""

    def __init__(self, settings: Settings, book: RouteBook, monolith: Callable[[], Pool], valkey: Valkey | None) -> None:
        self._settings = settings
        self._book = book
        self._monolith = monolith
        self._valkey = valkey
        self._file = settings.var_dir / "facade" / "routes.json"
        self._reachable = True
        self._applied = asyncio.Event()
        self.asked = asyncio.Event()
        self.instance = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"

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
        """Ask for the feed again and again until cancelled."""
        while True:
            try:
                self._take(await self._ask())
                self._reachable = True
            except (UpstreamError, InvalidFeed, LookupError) as error:
                if self._reachable:
                    log.warning("the route feed cannot be had, the known routes stay in force: %s", error)
                self._reachable = False
            self.asked.set()
            await asyncio.sleep(self._settings.poll_interval)

    async def acknowledge(self) -> None:
        """Tell, at once and every few seconds, which version is in force here."""
        if self._valkey is None:
            return
        key = f"banyan:facade:{self.instance}"
        while True:
            self._applied.clear()  # first: a version that is applied while the last one is being told is told next
            try:
                await self._valkey.ask("SET", key, str(self._book.feed.version), "EX", _ACKNOWLEDGED_FOR)
            except ValkeyError:
                await asyncio.sleep(0.1)
                continue
            try:
                async with asyncio.timeout(_ACKNOWLEDGE_SECONDS):
                    await self._applied.wait()
            except TimeoutError:
                continue

    async def _ask(self) -> bytes:
        pool = self._monolith()
        lines = b"host: %b\r\nauthorization: Bearer %b\r\n" % (
            pool.netloc,
            self._settings.internal_token.encode(),
        )
        answer = await fetch.get(pool, _TARGET, lines, timeout=2.0, limit=_LARGEST)
        if answer.status != 200:
            raise InvalidFeed(f"the control API answered {answer.status}")
        return answer.body

    def _take(self, payload: bytes) -> None:
        try:
            feed = Feed.parse(orjson.loads(payload))
        except orjson.JSONDecodeError as error:
            raise InvalidFeed(str(error)) from error
        if self._book.apply(feed, "feed"):
            self._applied.set()
            keep(self._file, payload)


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
