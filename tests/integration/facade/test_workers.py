"""Processes that die: who replaces them, and how eagerly."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

_SCRIPT = """
import logging, os, signal
from facade.entrance.workers import Job, Workers, listen

logging.basicConfig(format="%(message)s")


def dies(watched):
    raise RuntimeError("it cannot live")


def lives(watched):
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    print("alive", os.getpid(), flush=True)
    signal.sigwait({signal.SIGTERM})
    print("told", flush=True)


one, two = listen("127.0.0.1", 0, 1) + listen("127.0.0.1", 0, 1)
Workers([Job(dies, one), Job(lives, two)]).run()
"""


@pytest.fixture
def main() -> Iterator[subprocess.Popen[str]]:
    """A main process with one worker that lives and one that cannot."""
    command = [sys.executable, "-c", _SCRIPT]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def test_a_worker_that_cannot_live_is_tried_ever_more_seldom(main: subprocess.Popen[str]) -> None:
    """Each attempt is told with the pause before the next; the other worker stays, and the end does not wait for the pause."""
    assert main.stdout is not None
    assert main.stderr is not None
    pauses = []
    while len(pauses) < 6:
        line = main.stderr.readline()
        assert line, "the main process is gone"
        if "the next in" in line:
            assert "has ended (1)" in line
            pauses.append(line.split()[-2])
    assert pauses == ["0.1", "0.2", "0.4", "0.8", "1.6", "2"]
    main.send_signal(signal.SIGTERM)
    assert main.wait(30) == 0
    told = main.stdout.read().split()
    assert (told.count("alive"), told.count("told")) == (1, 1)


def test_one_that_is_killed_is_replaced_at_once(main: subprocess.Popen[str]) -> None:
    """By one that hears the end too, whatever becomes of its neighbour."""
    assert main.stdout is not None
    first = int(main.stdout.readline().split()[1])
    os.kill(first, signal.SIGKILL)
    second = int(main.stdout.readline().split()[1])
    assert second != first
    main.send_signal(signal.SIGTERM)
    assert main.wait(30) == 0
    assert main.stdout.read().split() == ["told"]
