"""The windows in Valkey, which all workers and instances share.

One script (the twin of `facade/limits/window.py`), one key a window, one clock: Valkey's. It refuses to be waited for: an answer
that takes longer than `timeout` is as good as none, and then Valkey is left alone for a moment.
"""

import asyncio
import hashlib
import logging
from collections.abc import Callable
from typing import Final, cast

from facade.limits.window import Ask, Grant
from facade.valkey import Valkey, ValkeyError

log = logging.getLogger(__name__)

_PAUSE: Final = 1.0
"""Seconds in which Valkey is not asked after it failed to answer."""

_SCRIPT: Final = b"""
local limit, length = tonumber(ARGV[1]), tonumber(ARGV[2])
local need, want, back, from = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local held = redis.call('HMGET', KEYS[1], 'at', 'used', 'before')
local at, used, before = tonumber(held[1]) or 0, tonumber(held[2]) or 0, tonumber(held[3]) or 0
local current = math.floor(now / length)
if current > at then
 if current == at + 1 then before = used else before = 0 end
 used, at = 0, current
end
if from == at then used = math.max(0, used - back) elseif from == at - 1 then before = math.max(0, before - back) end
local into = math.max(0, now - at * length)
local free = math.max(0, limit - used - math.ceil(before * (length - into) / length))
local given = math.min(free, math.max(need, math.min(want, math.floor(free / 4))))
used = used + given
local wait = 0
if free == 0 then
 local room = limit - 1 - used
 if room >= 0 then wait = math.max(1, math.ceil(length * (before - room) / before) - into)
 else wait = length - into + math.ceil(length * -room / used) end
end
if given > 0 or back > 0 then
 local function whole(number) return string.format('%d', number) end
 redis.call('HSET', KEYS[1], 'at', whole(at), 'used', whole(used), 'before', whole(before))
 redis.call('PEXPIRE', KEYS[1], 2 * length)
end
return {now, given, free - given, wait}
"""
_DIGEST: Final = hashlib.sha1(_SCRIPT, usedforsecurity=False).hexdigest().encode()


Answer = Callable[[Grant | None], None]


class SharedWindows:
    """`timeout` and `clock` in seconds; `clock` is the loop's. `silent_until`: Valkey is not asked before."""

    def __init__(self, valkey: Valkey, timeout: float, clock: Callable[[], float]) -> None:
        self.valkey = valkey
        self.timeout = timeout
        self.silent_until = 0.0
        self._clock = clock

    @property
    def reachable(self) -> bool:
        """Whether it is worth asking."""
        return self.valkey.connected and self._clock() >= self.silent_until

    def take(self, key: bytes, limit: int, length: int, ask: Ask, answer: Answer) -> None:
        """As `Window.take`, by Valkey's clock. `answer` is called once, perhaps at once: with None if Valkey could not be asked
        or did not answer in time.
        """
        _Question(self, (key, *(b"%d" % number for number in (limit, length, *ask))), answer)

    def failed(self, error: Exception | None) -> None:
        """Leave Valkey alone for a moment; `error` is None when it was slow."""
        self.silent_until = self._clock() + _PAUSE
        log.warning("rate limits are counted by this worker alone: %s", error or "Valkey is slow")


class _Question:
    """One question under way: callbacks, for a task and a time-out of its own would cost more than the question."""

    __slots__ = ("_answer", "_arguments", "_shared", "_timer")

    def __init__(self, shared: SharedWindows, arguments: tuple[bytes, ...], answer: Answer) -> None:
        self._shared = shared
        self._arguments = arguments
        self._answer: Answer | None = answer
        self._timer = asyncio.get_running_loop().call_later(shared.timeout, self._end, None, None)
        self._put(b"EVALSHA", _DIGEST)

    def _put(self, command: bytes, script: bytes) -> None:
        try:
            self._shared.valkey.ask(command, script, b"1", *self._arguments).add_done_callback(self._replied)
        except ValkeyError as error:
            self._end(None, error)

    def _replied(self, reply: asyncio.Future[list[int]]) -> None:
        error = reply.exception()
        if error is None:
            self._end(Grant(*reply.result()), None)
        elif str(error).startswith("NOSCRIPT") and self._answer is not None:
            self._put(b"EVAL", _SCRIPT)
        else:
            self._end(None, cast("Exception", error))

    def _end(self, grant: Grant | None, error: Exception | None) -> None:
        """The first end counts; a reply that comes too late is not heard."""
        answer, self._answer = self._answer, None
        if answer is not None:
            self._timer.cancel()
            if grant is None:
                self._shared.failed(error)
            answer(grant)
