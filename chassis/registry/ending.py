"""Lets a process serve on for a moment after it was told to end, while those who send it requests hear of that.

Servers stop listening and close idle connections as soon as SIGTERM arrives; a request that was sent to one of these in the same
moment gets no answer, and nobody knows what became of it. So SIGTERM is held back: no thread takes it but one that waits for it,
has the end announced, and hands it to the main thread a moment later. What the server does then is its own affair. SIGINT is not
held: who sends that is in a hurry. It refuses to swallow the signal: it is handed on whatever becomes of the announcement.
"""

import signal
import threading
import time
from collections.abc import Callable

_HANDED_ON = signal.SIGUSR2
_AGAIN_SECONDS = 0.05

_taken = threading.Event()
_ended = False


def hold() -> None:
    """From now on SIGTERM waits for `hand_on`. To be called before other threads are started: one that exists already would take
    the signal, and the main thread would not notice. Elsewhere than in the main thread nothing happens.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    signal.signal(_HANDED_ON, _end)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})


def is_held() -> bool:
    """Whether SIGTERM waits, and this is the thread that it is for."""
    in_main = threading.current_thread() is threading.main_thread()
    return in_main and signal.SIGTERM in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def hand_on(announce: Callable[[], None], seconds: float) -> None:
    """Once SIGTERM comes: announce it, and so many seconds later let it have its effect."""
    main = threading.main_thread().ident
    assert main is not None
    threading.Thread(target=_wait, args=(main, announce, seconds), name="lame duck", daemon=True).start()


def _wait(main: int, announce: Callable[[], None], seconds: float) -> None:
    signal.sigwait({signal.SIGTERM})
    try:
        announce()
        time.sleep(seconds)
    finally:
        # One that comes just before the main thread begins to wait for something is not noticed until another one comes.
        while not _taken.is_set():
            signal.pthread_kill(main, _HANDED_ON)
            _taken.wait(_AGAIN_SECONDS)


def _end(number: int, frame: object) -> None:  # noqa: ARG001 signal asks for them
    """In the main thread: what was held back arrives, at whatever handler the server has set meanwhile."""
    global _ended  # noqa: PLW0603 the next signal may interrupt this one anywhere but here, where no lock is held
    if _ended:
        return
    _ended = True
    _taken.set()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    signal.raise_signal(signal.SIGTERM)
