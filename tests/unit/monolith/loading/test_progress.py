"""Progress without a terminal."""

import pytest

from monolith.loading import progress
from monolith.loading.progress import Lines, shown


def test_a_log_gets_plain_lines_with_the_time_left(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Start of a resumed stage, a place with an estimate, an end; all on stderr."""
    clock = iter([0.0, 10.0, 20.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    lines = Lines()
    lines.start("customers", 1_000, 200)
    lines.reach(600)
    lines.finish()
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.splitlines() == [
        "load_data customers: goes on after 200 of 1,000",
        "load_data customers: 600 of 1,000, 10 s left",
        "load_data customers: 600 of 1,000, done in 20.0 s",
    ]


def test_bars_are_for_terminals_only() -> None:
    """Under pytest stderr is no terminal."""
    assert isinstance(shown(), Lines)
