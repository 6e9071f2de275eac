"""An instance's own voice: heartbeats from a thread, "draining" as soon as the process is told to end, a farewell when it does.

After SIGTERM the process serves on for a moment (`ending.py`), so that nobody sends anything new to it by the time at which it
stops listening. The thread also notices an order to drain, which takes the process out of the balance without ending it. It
survives a Valkey that is away, and says so once. It refuses to hold anything up: no request waits for it, and a process that ends
waits for its farewell for a second at most.
"""

import logging
import os
import secrets
import select
import signal
import socket
import threading
import time
from contextlib import suppress
from dataclasses import replace
from multiprocessing import util as processes

import valkey

from chassis.registry import ending
from chassis.registry.record import CHANNEL, HEARTBEAT_SECONDS, INDEX, ORDER_PREFIX, TTL_SECONDS, Instance, State

log = logging.getLogger(__name__)

_ANSWER_SECONDS = 0.5
_FAREWELL_SECONDS = 1.0
_LAME_DUCK_SECONDS = 1.0
_FAREWELL_PRIORITY = 10
_WAKE = b"\0"
_ENDING = frozenset({signal.SIGTERM, signal.SIGINT})
_BEAT = f"""
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('SADD', '{INDEX}', ARGV[3])
return redis.call('EXISTS', '{ORDER_PREFIX}' .. ARGV[3])
"""


def prepare() -> None:
    """To be called in the main thread before the application is loaded, and `announce` after it: SIGTERM leaves time to announce
    it from here on.
    """
    if _told():
        ending.hold()


def _told() -> tuple[str, str] | None:
    """This process' address, and where to announce it."""
    url, where = os.environ.get("BANYAN_INSTANCE_URL", ""), os.environ.get("VALKEY_URL", "")
    return (url, where) if url and where else None


def announce(context: str) -> "Announcer | None":
    """Start to announce this process, to be called in its main thread once it can serve. None, and nothing happens, unless
    `BANYAN_INSTANCE_URL` says by which address it is reached and `VALKEY_URL` where to tell. `BANYAN_VERSION` may say what it
    runs, `BANYAN_LAME_DUCK` for how many seconds it serves on after SIGTERM.
    """
    if (told := _told()) is None:
        return None
    url, where = told
    announcer = Announcer(instance(context, url, os.environ.get("BANYAN_VERSION", "")), where)
    announcer.watch_signals()
    announcer.start()
    if ending.is_held():
        ending.hand_on(announcer.drain, float(os.environ.get("BANYAN_LAME_DUCK", "") or _LAME_DUCK_SECONDS))
    # Servers' workers are children of multiprocessing, which leave without atexit; its own finalizers run in any process.
    processes.Finalize(None, announcer.withdraw, exitpriority=_FAREWELL_PRIORITY)
    return announcer


def instance(context: str, url: str, version: str = "") -> Instance:
    """This process as an instance, under a new name."""
    name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
    return Instance(name, context, url.rstrip("/"), time.time(), version)


class Announcer:
    """Tells `valkey_url` about one instance, every `heartbeat` seconds, for `ttl` seconds each time."""

    def __init__(
        self, instance: Instance, valkey_url: str, *, heartbeat: float = HEARTBEAT_SECONDS, ttl: float = TTL_SECONDS
    ) -> None:
        self.instance = instance
        self._heartbeat = heartbeat
        self._ttl = ttl
        self._valkey = valkey.Valkey.from_url(valkey_url, socket_timeout=_ANSWER_SECONDS, socket_connect_timeout=_ANSWER_SECONDS)
        self._reading, self._writing = socket.socketpair()
        self._reading.setblocking(False)
        self._writing.setblocking(False)
        self._ending = False
        self._reachable = True
        self._thread = threading.Thread(target=self._run, name="announcer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def watch_signals(self) -> None:
        """Drain on SIGTERM and SIGINT, whoever handles them: Python writes each signal that has a handler to one file descriptor
        as well. Only in the main thread; an event loop that already has that descriptor keeps it, and `drain` is its to call.
        """
        if threading.current_thread() is not threading.main_thread():
            log.warning("only the main thread may watch signals; the end of this process will not be announced ahead")
            return
        taken = signal.set_wakeup_fd(self._writing.fileno(), warn_on_full_buffer=False)
        if taken != -1:
            signal.set_wakeup_fd(taken)
            log.warning("the signals of this process are watched by someone else; its end will not be announced ahead")

    def drain(self) -> None:
        """Say from now on that this instance wants no new requests."""
        self.instance = replace(self.instance, state=State.DRAINING)
        self._wake()

    def withdraw(self) -> None:
        """Say farewell and end the thread; waits a second at most."""
        self._ending = True
        self._wake()
        self._thread.join(_FAREWELL_SECONDS)

    def _run(self) -> None:
        told: State | None = None
        while not self._ending:
            state = self.instance.state
            try:
                self._beat(changed=state is not told)
                told = state
            except valkey.ValkeyError as error:
                if self._reachable:
                    log.warning("Valkey cannot be told that this instance is there: %s", error)
                self._reachable = False
                told = None
            if self.instance.state is state:
                self._sleep()
        self._leave()

    def _beat(self, *, changed: bool) -> None:
        now = self.instance
        ordered = self._valkey.eval(_BEAT, 1, now.key, now.encode(), str(int(self._ttl * 1000)), now.id)
        self._reachable = True
        if ordered and now.state is not State.DRAINING:
            self.drain()
        elif changed:
            self._valkey.publish(CHANNEL, now.encode())

    def _leave(self) -> None:
        now = self.instance
        with suppress(valkey.ValkeyError):
            self._valkey.delete(now.key, ORDER_PREFIX + now.id)
            self._valkey.srem(INDEX, now.id)
            self._valkey.publish(CHANNEL, now.encode())
        self._valkey.connection_pool.disconnect()

    def _sleep(self) -> None:
        """Until the next heartbeat is due, or something is to be told at once."""
        if not select.select([self._reading], [], [], self._heartbeat)[0]:
            return
        with suppress(BlockingIOError):
            if _ENDING.intersection(self._reading.recv(4096)):
                self.drain()

    def _wake(self) -> None:
        with suppress(BlockingIOError):
            self._writing.send(_WAKE)
