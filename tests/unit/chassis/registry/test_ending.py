"""SIGTERM that is held back: announced first, effective a moment later, and never lost."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]

SERVER = """
import os, signal, threading, time
from chassis.registry import ending

over = threading.Event()

def say(word):
    os.write(1, f"{{word}}\\n".encode())  # print refuses to be interrupted by itself

def announce():
    say("announced")
    {announce}

{hold}
if ending.is_held():
    ending.hand_on(announce, {seconds})
threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, lambda number, frame: (say(signal.Signals(number).name), over.set()))
say("ready")
{wait}
over.wait()
"""


@contextmanager
def served(
    *, hold: str = "ending.hold()", announce: str = "", seconds: float = 0.3, wait: str = ""
) -> Iterator[subprocess.Popen[str]]:
    """A server that waits in its main thread, has another one, and sets its handlers after it was loaded; gone afterwards."""
    code = SERVER.format(hold=hold, announce=announce, seconds=seconds, wait=wait)
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            assert _said(process) == "ready"
            yield process
        finally:
            process.kill()


def _said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.mark.parametrize("announce", ["", "raise OSError"])
def test_it_is_announced_and_takes_effect_later(announce: str) -> None:
    """The server's own handler hears of it in its main thread, also when it could not be announced."""
    with served(announce=announce) as process:
        process.send_signal(signal.SIGTERM)
        assert _said(process) == "announced"
        assert process.poll() is None
        assert _said(process) == "SIGTERM"
        assert process.wait(10) == 0


def test_it_is_handed_on_until_it_is_noticed() -> None:
    """A main thread that begins to wait in the very moment does not notice a signal; this one loses all for a while."""
    hold = "ending.hold(); noticed = signal.signal(signal.SIGUSR2, signal.SIG_IGN)"
    with served(hold=hold, seconds=0, wait="over.wait(0.3); signal.signal(signal.SIGUSR2, noticed)") as process:
        process.send_signal(signal.SIGTERM)
        assert _said(process) == "announced"
        assert _said(process) == "SIGTERM"
        assert process.communicate(timeout=10) == ("", "")
        assert process.returncode == 0


def test_meanwhile_it_has_no_effect() -> None:
    """However often it is sent; and it does end a process that is told once more in another way."""
    with served(seconds=60) as process:
        process.send_signal(signal.SIGTERM)
        assert _said(process) == "announced"
        process.send_signal(signal.SIGTERM)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.3)
        process.send_signal(signal.SIGINT)
        assert _said(process) == "SIGINT"
        assert process.wait(10) == 0


def test_an_interrupt_is_not_held() -> None:
    """Who sends it is in a hurry."""
    with served(seconds=60) as process:
        process.send_signal(signal.SIGINT)
        assert _said(process) == "SIGINT"
        assert process.wait(10) == 0


@pytest.mark.parametrize("hold", ["", "thread = threading.Thread(target=ending.hold); thread.start(); thread.join()"])
def test_what_cannot_be_handed_on_is_not_held(hold: str) -> None:
    """Where nobody has prepared it, or another thread than the main one did, it has its effect at once."""
    with served(hold=hold, seconds=60) as process:
        process.send_signal(signal.SIGTERM)
        assert _said(process) == "SIGTERM"
        assert process.communicate(timeout=10) == ("", "")
        assert process.returncode == 0
