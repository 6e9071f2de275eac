"""The supervisor keeps processes running, and leaves none behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chassis import ports
from chassis.supervisor import Event, NotReadyError, Program, Supervisor, http_ok, leash, tcp_open

_SLEEP = "import time\nwhile True: time.sleep(1)"
_DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True)\n{_SLEEP}"
_ESCAPED_CHILD = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {_SLEEP!r}], start_new_session=True)
print("child", child.pid, flush=True)
{_SLEEP}
"""
_WEB = """
import http.server, sys, time
time.sleep(float(sys.argv[2]))
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


def python(name: str, code: str, *arguments: str, **options: object) -> Program:
    """A program of a few lines of Python."""
    return Program(name, [sys.executable, "-c", code, *arguments], **options)  # type: ignore[arg-type]


def eventually(condition: Callable[[], bool], seconds: float = 10) -> bool:
    """Whether it comes true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@pytest.fixture
def events() -> list[Event]:
    """What a supervisor reported."""
    return []


def test_a_crashed_process_is_started_again(events: list[Event]) -> None:
    """kill -9 of one process: it comes back with another pid, the others keep theirs."""
    with Supervisor([python("one", _SLEEP), python("two", _SLEEP)], events.append) as supervisor:
        supervisor.wait_ready(10)
        before = supervisor.pids()
        supervisor.kill("one")
        assert eventually(lambda: supervisor.pids().get("one", before["one"]) != before["one"])
        assert supervisor.pids()["two"] == before["two"]
    assert [(event.name, event.code) for event in events if event.event == "crashed"] == [("one", -signal.SIGKILL)]


def test_restarts_back_off(events: list[Event]) -> None:
    """A process that always fails is started ever more slowly, and never given up."""
    with Supervisor([python("bad", "raise SystemExit(3)")], events.append):
        crashes: Callable[[], list[Event]] = lambda: [event for event in events if event.event == "crashed"]  # noqa: E731
        assert eventually(lambda: len(crashes()) >= 3)
    assert [event.restart_in for event in crashes()[:3]] == [0.1, 0.2, 0.4]
    assert {event.code for event in crashes()} == {3}


def test_readiness_is_measured_not_assumed() -> None:
    """A web process counts as ready when it answers, and a platform whose process does not answer says which
    one."""
    port = ports.free_port()
    slow = python("slow", _WEB, str(port), "0.5", ready=http_ok(f"http://127.0.0.1:{port}/"))
    never = python("never", _SLEEP, ready=tcp_open("127.0.0.1", ports.free_port()))
    with Supervisor([slow, never]) as supervisor:
        supervisor.wait_for("slow", 10)
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            pass
        with pytest.raises(NotReadyError, match="never"):
            supervisor.wait_ready(0.2)


def test_a_process_that_ignores_sigterm_is_killed(events: list[Event]) -> None:
    """Stopping is bounded, whatever a process makes of SIGTERM."""
    supervisor = Supervisor([python("deaf", _DEAF, stop_seconds=0.3)], events.append)
    supervisor.start()
    assert eventually(lambda: any(event.text == "deaf" for event in events))
    supervisor.stop()
    assert events[-1].event == "stopped"
    assert events[-1].code == -signal.SIGKILL


def test_stop_ends_descendants_too(events: list[Event]) -> None:
    """A grandchild in a session of its own ends with the rest."""
    with Supervisor([python("parent", _ESCAPED_CHILD)], events.append) as supervisor:
        assert eventually(lambda: any((event.text or "").startswith("child") for event in events))
        assert len(leash.marked(supervisor.mark)) >= 2
    assert leash.marked(supervisor.mark) == []


def test_halt_and_resume(events: list[Event]) -> None:
    """A halted process stays down until it is resumed."""
    with Supervisor([python("one", _SLEEP)], events.append) as supervisor:
        supervisor.wait_ready(10)
        supervisor.halt("one")
        assert supervisor.pids() == {}
        supervisor.resume("one")
        supervisor.wait_for("one", 10)
        assert "one" in supervisor.pids()


def test_an_unknown_command_fails_before_anything_starts() -> None:
    """A misspelt program is an error at once, not a crash loop."""
    with pytest.raises(FileNotFoundError, match="no-such-program"):
        Supervisor([python("fine", _SLEEP), Program("bad", ["no-such-program"])]).start()


_PLATFORM = f"""
import sys, time
from chassis.supervisor import Program, Supervisor
deaf, parent = {_DEAF!r}, {_ESCAPED_CHILD!r}
programs = [Program(name, [sys.executable, "-c", code]) for name, code in (("deaf", deaf), ("parent", parent))]
with Supervisor(programs, lambda event: print(event.text, flush=True) if event.text else None) as supervisor:
    print("mark", supervisor.mark, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def platform() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A supervisor in a process of its own, with a deaf child and a grandchild in another session; and its
    mark."""
    with subprocess.Popen(
        [sys.executable, "-c", _PLATFORM], cwd=Path(__file__).parents[3], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline().split() for _ in range(3)]
        mark = next(line[1] for line in lines if line[0] == "mark")
        assert len(leash.marked(mark)) == 3
        yield process, mark
        process.kill()
        leash.end(mark, 0)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_outlives_a_killed_supervisor(platform: tuple[subprocess.Popen[str], str], number: signal.Signals) -> None:
    """kill -9 of the supervisor: its processes end too, also the deaf one and the one in another session."""
    process, mark = platform
    os.kill(process.pid, number)
    assert eventually(lambda: leash.marked(mark) == [])
