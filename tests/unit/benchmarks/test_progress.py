"""Progress tells what is measured, how much is done, and how long it still takes, also where nothing can be written over."""

import io

import pytest

from benchmarks.progress import Progress


class Terminal(io.StringIO):
    """A terminal, as far as progress asks."""

    def isatty(self) -> bool:
        return True


class Clock:
    """Time as it is told."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def _told(out: io.StringIO) -> Progress:
    """Two rounds with two contenders each; everything takes twice as long as was expected."""
    clock = Clock()
    progress = Progress("gateway", out, clock)
    progress.expect(240.0)
    for number in (1, 2):
        for name in ("nginx", "Envoy"):
            progress.step(f"small, round {number} of 2", 60.0, name)
            clock.now += 120
    return progress


def test_a_log_gets_a_line_for_each_round() -> None:
    """With the share that is done, and the time that is left: as expected, then by how long the rest took."""
    out = io.StringIO()
    _told(out).end()
    assert out.getvalue().splitlines() == [
        "gateway:   0%, about 4 min left  small, round 1 of 2",
        "gateway:  50%, about 4 min left  small, round 2 of 2",
    ]


def test_a_terminal_gets_one_line_that_says_whose_turn_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is written over, gone at the end, and never longer than a line."""
    monkeypatch.setenv("COLUMNS", "58")
    out = Terminal()
    _told(out).end()
    assert "\n" not in out.getvalue()
    lines = out.getvalue().split("\r\x1b[K")
    assert lines[2] == "gateway:  25%, about 5 min left  small, round 1 of 2: Env"
    assert lines[-1] == ""


def test_more_than_was_expected_is_not_all() -> None:
    """A load that has to reach a count may take more: it is never done while it is not."""
    out, clock = io.StringIO(), Clock()
    progress = Progress("gateway", out, clock)
    progress.expect(10.0)
    for step in ("first", "second", "third"):
        progress.step(step, 10.0)
    assert [line[:13] for line in out.getvalue().splitlines()] == ["gateway:   0%", "gateway:  99%", "gateway:  99%"]


def test_a_slow_start_does_not_foretell_hours() -> None:
    """One second that took twenty says little about a minute."""
    out, clock = io.StringIO(), Clock()
    progress = Progress("capture", out, clock)
    progress.expect(61.0)
    progress.step("start", 1.0)
    clock.now += 20
    progress.step("pair 1", 10.0)
    assert out.getvalue().splitlines()[1] == "capture:   2%, about 2 min left  pair 1"
