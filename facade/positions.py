"""Read your writes: the position of each user's last write, against the horizon that replication has reached.

Positions are kept here, bounded, and in Valkey, where the other facades see them. It refuses to call a user caught
up when Valkey cannot be asked, or has not been reachable (or running) long enough to be complete: then the
authority answers.
"""

import logging
from collections import OrderedDict
from time import monotonic
from typing import NamedTuple, Self

from facade.decide import Freshness
from facade.settings import Settings
from facade.strand import within
from facade.valkey import Valkey, ValkeyError

log = logging.getLogger(__name__)

_TTL = 3_600
_KEEP_LATER = (
    "local function split(v) local e, x = string.match(v, '^(%d+):(%d+)$') return tonumber(e), tonumber(x) end\n"
    "local old = redis.call('GET', KEYS[1])\n"
    "if old then\n"
    " local oe, ox = split(old)\n"
    " local ne, nx = split(ARGV[1])\n"
    " if oe and (oe > ne or (oe == ne and ox > nx)) then return redis.call('EXPIRE', KEYS[1], ARGV[2]) end\n"
    "end\n"
    "return redis.call('SET', KEYS[1], ARGV[1], 'EX', ARGV[2])"
)
"""Two facades may write down two writes of one user in either order; the later position must stay."""


class Position(NamedTuple):
    """Where a writer's database stood after a commit; within an epoch, greater is later."""

    epoch: int
    xid: int

    @classmethod
    def parse(cls, text: bytes | None) -> Self | None:
        """From "<epoch>:<xid>"; None when it is not that."""
        epoch, _, xid = (text or b"").partition(b":")
        return cls(int(epoch), int(xid)) if epoch.isdigit() and xid.isdigit() else None

    def __bytes__(self) -> bytes:
        return b"%d:%d" % self


def parse_header(value: bytes) -> list[tuple[str, Position]]:
    """The contexts and positions in a `Banyan-Position` header; parts that cannot be read are left out."""
    found = []
    for part in value.split(b","):
        context, _, text = part.strip().partition(b"=")
        if (position := Position.parse(text)) is not None:
            found.append((context.decode("latin-1"), position))
    return found


def compare(position: Position | None, horizon: Position | None) -> Freshness:
    """Whether a write at `position` has been applied on the other side; who wrote nothing misses nothing.

    A write of an earlier epoch has been: authority is only given up once everything written under it has been applied.
    """
    if position is None or (horizon is not None and horizon >= position):
        return Freshness.CAUGHT_UP
    return Freshness.BEHIND


class Positions:
    """The last write of each (context, subject) that this facade saw, and what Valkey knows of the others'."""

    def __init__(self, settings: Settings, valkey: Valkey | None) -> None:
        self._settings = settings
        self._valkey = valkey
        self._local: OrderedDict[tuple[str, str], tuple[Position, float]] = OrderedDict()
        self._unsaved: OrderedDict[tuple[str, str], Position] = OrderedDict()
        self._trusted_from = float("inf")
        if valkey is not None:
            valkey.on_connect.append(self._connected)

    @property
    def trusted(self) -> bool:
        """Whether Valkey's positions can be taken for complete."""
        return self._valkey is not None and self._valkey.connected and monotonic() >= self._trusted_from

    async def record(self, context: str, subject: str, position: Position) -> None:
        """Remember a write before its answer is sent on; waits for Valkey no longer than it may."""
        key = (context, subject)
        self._remember(key, position)
        if self._valkey is None:
            return
        self._unsaved[key] = max(position, self._unsaved.get(key, position))
        try:
            await within(self._settings.valkey_timeout, self._save(key))
        except (ValkeyError, TimeoutError) as error:
            log.warning("a position of %s is known to this facade only: %s", context, error or "Valkey is slow")
            while len(self._unsaved) > self._settings.position_limit:
                self._unsaved.popitem(last=False)

    async def freshness(self, context: str, subject: str) -> Freshness:
        """Whether this subject's last write can be read at the other side. One round trip to Valkey."""
        if self._valkey is None or not self.trusted:
            return Freshness.UNKNOWN
        try:
            asked = self._valkey.ask("MGET", f"banyan:ryw:{context}:{subject}", f"banyan:horizon:{context}")
            reply = await within(self._settings.valkey_timeout, asked)
        except (ValkeyError, TimeoutError):
            return Freshness.UNKNOWN
        local = self._local.get((context, subject))
        known = [p for p in (Position.parse(reply[0]), local[0] if local else None) if p is not None]
        return compare(max(known, default=None), Position.parse(reply[1]))

    def _remember(self, key: tuple[str, str], position: Position) -> None:
        now = monotonic()
        held = self._local.pop(key, None)
        self._local[key] = (max(position, held[0]) if held else position, now)
        while self._local:
            oldest = next(iter(self._local.values()))
            if len(self._local) <= self._settings.position_limit and now - oldest[1] < _TTL:
                break
            self._local.popitem(last=False)

    async def _save(self, key: tuple[str, str]) -> None:
        assert self._valkey is not None
        position = self._unsaved.get(key)
        if position is None:
            return
        context, subject = key
        await self._valkey.ask("EVAL", _KEEP_LATER, "1", f"banyan:ryw:{context}:{subject}", bytes(position), str(_TTL))
        if self._unsaved.get(key) == position:
            del self._unsaved[key]

    async def _connected(self) -> None:
        """Write down what could not be, then trust the rest after a while; see the settings `settle` and
        `restart_settle`.
        """
        assert self._valkey is not None
        self._trusted_from = float("inf")
        for key in list(self._unsaved):
            await self._save(key)
        uptime = _uptime(await self._valkey.ask("INFO", "server"))
        wait = max(self._settings.settle, self._settings.restart_settle - uptime)
        self._trusted_from = monotonic() + wait


def _uptime(info: bytes) -> float:
    for line in info.splitlines():
        name, _, value = line.partition(b":")
        if name == b"uptime_in_seconds" and value.isdigit():
            return float(value)
    return 0.0
