"""A process is known by more than its number."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from chassis import processes

_SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def test_a_recycled_pid_is_not_alive() -> None:
    """The same number with another birth is somebody else."""
    me = processes.find(os.getpid())
    assert me is not None
    assert me.alive
    assert not replace(me, birth="another").alive


def test_a_zombie_is_not_alive() -> None:
    """A dead child that nobody has waited for does not count as running."""
    with subprocess.Popen(_SLEEP) as child:
        process = processes.find(child.pid)
        assert process is not None
        child.kill()
        assert process.gone_within(5)
        assert Path(f"/proc/{child.pid}").exists(), "not waited for yet, so it is a zombie here"


def test_processes_are_found_by_folder_and_command(tmp_path: Path) -> None:
    """Only what runs the command counts: a shell that happens to stand in the folder does not."""
    with subprocess.Popen(_SLEEP, cwd=tmp_path) as child:
        command = Path(f"/proc/{child.pid}/comm").read_text().strip()
        assert [process.pid for process in processes.working_in(tmp_path, command)] == [child.pid]
        assert processes.working_in(tmp_path, "postgres") == []
        child.kill()
