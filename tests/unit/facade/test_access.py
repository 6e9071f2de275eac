"""The access log's own limits: of memory, of a pipe, and of a disk."""

import os
import sys
from pathlib import Path

import pytest

from facade import access
from facade.access import AccessLog


def dropped(log: AccessLog) -> float:
    ((_, _, look),) = log.gauges()
    found = look()
    assert isinstance(found, int)
    return found


def test_more_than_it_may_hold_is_dropped_and_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that takes nothing costs lines, not memory."""
    monkeypatch.setattr(access, "_MOST_LINES", 3)
    log = AccessLog(str(tmp_path / "log"))
    for _ in range(5):
        log.refusal(400)
    assert dropped(log) == 2
    log.start()
    log.close()
    assert (tmp_path / "log").read_text().count("\n") == 3


def test_a_disk_that_refuses_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """And each line counted; when it takes them again, they are written again."""
    place = tmp_path / "folder" / "log"
    log = AccessLog(str(place))
    for _ in range(2):
        log._write([b"x\n", b"y\n"])
    assert dropped(log) == 4
    assert caplog.text.count("not written down") == 1
    place.parent.mkdir()
    log._write([b"z\n"])
    assert place.read_text() == "z\n"
    with pytest.raises(OSError, match="No such file"):
        access.check(str(tmp_path / "none" / "log"))


def test_a_pipe_gets_whole_lines_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several workers write to one: what is longer than a pipe takes at once might be mixed."""
    reader, writer = os.pipe()
    monkeypatch.setattr(sys, "stderr", os.fdopen(writer, "w"))
    log = AccessLog("stderr")
    lines = [b"%d" % n * 1000 + b"\n" for n in range(10)]
    log._write(lines)
    assert os.read(reader, 1 << 16) == b"".join(lines)
    assert all(len(part) <= 4096 and part.endswith(b"\n") for part in access._parts(lines))
    os.close(reader)
