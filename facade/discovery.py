"""Keeps the lists of living instances current: read from the registry in Valkey again and again, and whenever it says that
something has changed; and addresses of names, from DNS.

It refuses to take silence for absence. While Valkey is away, and for a while after it has come back (it may have forgotten
everything, and instances need a heartbeat's time to be seen again), nobody is removed.
"""

import asyncio
import logging
import socket
import threading
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from itertools import count
from math import inf
from typing import TypeVar
from urllib.parse import urlsplit

from chassis.registry.record import HEARTBEAT_SECONDS, READ, TTL_SECONDS, Instance, InvalidRecord, State
from facade.upstreams import DNS, Address, Upstreams
from facade.valkey import Valkey, ValkeyError

log = logging.getLogger(__name__)

T = TypeVar("T")

SETTLE_SECONDS = TTL_SECONDS + HEARTBEAT_SECONDS
"""How long after a connection to Valkey is made an instance may be missing from its list without being gone."""

_ANSWER_SECONDS = 1.0
_TICK_SECONDS = 0.25

Resolve = Callable[[str], Awaitable[Sequence[str]]]
"""From a `dns://` address to those for which it stands. Raises OSError when there are none."""


class Roster:
    """What is believed about instances, by context and address. Pure: times are passed in, seconds of one clock.

    Of several processes with one address, one that serves is enough for it.
    """

    def __init__(self, settle: float = SETTLE_SECONDS, ttl: float = TTL_SECONDS) -> None:
        self._settle = settle
        self._ttl = ttl
        self._since = inf
        self._known: dict[str, dict[str, State]] = {}
        self._seen: dict[tuple[str, str], float] = {}

    def connected(self, now: float) -> None:
        """There is a new connection to Valkey; it may have forgotten what it knew."""
        self._since = now

    def take(self, listing: Iterable[Instance], now: float) -> None:
        """Believe a list that was read now."""
        listed = _by_address(listing)
        certain = now - self._since >= self._settle
        for context, addresses in listed.items():
            self._seen.update(((context, url), now) for url in addresses)
        for context in self._known.keys() | listed.keys():
            kept = {} if certain else self._known.get(context, {})
            self._known[context] = {**kept, **listed.get(context, {})}
        self._seen = {key: seen for key, seen in self._seen.items() if key[1] in self._known[key[0]]}

    def addresses(self, now: float) -> dict[str, tuple[Address, ...]]:
        """The instances per context, by their addresses' order; none for a context of which they are all gone.

        That an instance drains is no longer believed when it has not said so for a while: a new one at its address may not have
        been able to tell.
        """
        return {
            context: tuple(
                Address(url, state is State.DRAINING and now - self._seen[context, url] < self._ttl)
                for url, state in sorted(known.items())
            )
            for context, known in self._known.items()
        }


def _by_address(listing: Iterable[Instance]) -> dict[str, dict[str, State]]:
    found: dict[str, dict[str, State]] = {}
    for one in listing:
        addresses = found.setdefault(one.context, {})
        if addresses.get(one.url) is not State.SERVING:
            addresses[one.url] = one.state
    return found


class Discovery:
    """Tells `tell` the addresses per context whenever they change. `valkey` is kept connected by someone else.

    `asked` is set once the list was read, or could not be read for a heartbeat's time.
    """

    def __init__(
        self,
        valkey: Valkey,
        tell: Callable[[Mapping[str, Sequence[Address]]], None],
        *,
        interval: float = HEARTBEAT_SECONDS,
        roster: Roster | None = None,
    ) -> None:
        self._valkey = valkey
        self._tell = tell
        self._interval = interval
        self._roster = roster or Roster()
        self._told: Mapping[str, Sequence[Address]] = {}
        self._changed = asyncio.Event()
        self.asked = asyncio.Event()
        valkey.on_connect.append(self._connected)

    def heard(self, _: bytes) -> None:
        """Something has changed, says the registry's channel: look at once."""
        self._changed.set()

    async def run(self) -> None:
        """Read the list again and again until cancelled."""
        loop = asyncio.get_running_loop()
        for tried in count():
            self._changed.clear()  # first: a change while the list is being read is looked at next
            try:
                async with asyncio.timeout(_ANSWER_SECONDS):
                    records = await self._valkey.ask("EVAL", READ, "0")
                self._roster.take(_decoded(records), loop.time())
                read = True
            except (ValkeyError, TimeoutError) as error:
                log.debug("the registry cannot be read, the known instances stay: %s", error)
                read = False
            self._tell_changes(loop.time())
            if read or tried:  # at first there is no connection yet
                self.asked.set()
            try:
                async with asyncio.timeout(self._interval):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def _tell_changes(self, now: float) -> None:
        addresses = self._roster.addresses(now)
        if addresses != self._told:
            self._told = addresses
            self._tell(addresses)

    async def _connected(self) -> None:
        self._roster.connected(asyncio.get_running_loop().time())
        self._changed.set()


def _decoded(records: Iterable[bytes]) -> list[Instance]:
    """Those that can be read; one that cannot must not hide the others."""
    found = []
    for record in records:
        try:
            found.append(Instance.decode(record))
        except InvalidRecord as error:
            log.warning("%s", error)
    return found


class Names:
    """Keeps the `dns://` addresses of `upstreams` resolved, by `ask`. A name that does not resolve keeps what it stood for, and
    one that takes long holds up no other.
    """

    def __init__(self, upstreams: Upstreams, *, interval: float = 5.0, ask: Resolve | None = None) -> None:
        self._upstreams = upstreams
        self._interval = interval
        self._ask = ask or resolve
        self._due: dict[str, float] = {}

    async def run(self) -> None:
        """Resolve what is due until cancelled; a new name at once."""
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._due = {name: self._due.get(name, 0.0) for name in self._upstreams.names()}
                for name in [name for name, due in self._due.items() if due <= loop.time()]:
                    self._due[name] = inf  # while it is being asked for
                    tasks.create_task(self._resolve(name))
                await asyncio.sleep(min(_TICK_SECONDS, self._interval))

    async def _resolve(self, name: str) -> None:
        try:
            self._upstreams.resolved(name, await self._ask(name))
        except OSError as error:
            log.warning("%s cannot be resolved, what it stood for stays: %s", name, error)
        self._due[name] = asyncio.get_running_loop().time() + self._interval


async def resolve(name: str) -> list[str]:
    """The http addresses for which `dns://host:port` stands, in a fixed order. Raises OSError when there are none."""
    try:
        parts = urlsplit(name)
        if not name.startswith(DNS) or not parts.hostname or parts.port is None:
            raise OSError(f"{name!r} is not of the form dns://name:port")
        found = await _in_thread(partial(socket.getaddrinfo, parts.hostname, parts.port, type=socket.SOCK_STREAM))
    except ValueError as error:  # a port beyond all ports, a label that is empty or too long
        raise OSError(f"{name!r} is no address: {error}") from error
    hosts = sorted({str(where[0]) for _, _, _, _, where in found})
    if not hosts:
        raise OSError(f"{name!r} stands for no address")
    return [f"http://[{host}]:{parts.port}" if ":" in host else f"http://{host}:{parts.port}" for host in hosts]


async def _in_thread(work: Callable[[], T]) -> T:
    """What comes of blocking work, in a thread of its own. The event loop asks the name service in two threads for everybody, and
    others wait for those of a pool when the process ends.
    """
    done: Future[T] = Future()

    def run() -> None:
        if done.set_running_or_notify_cancel():
            try:
                done.set_result(work())
            except Exception as error:  # noqa: BLE001 it is raised where it is awaited
                done.set_exception(error)

    threading.Thread(target=run, name="name service", daemon=True).start()
    return await asyncio.wrap_future(done)
