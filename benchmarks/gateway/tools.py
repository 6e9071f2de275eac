"""What the peers need beside the wheels: wrk from Debian, and Express from npm at the versions of its lock file.

wrk generates the load because it is lean: one thread of C on epoll sends more than any peer here answers, on less than half a
processor, and a script may choose each request. What it cannot do, an open loop, is `paced`'s. No wheel has it.
"""

import fcntl
import os
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

from benchmarks.gateway.wheels import npm
from benchmarks.report import CannotMeasure

ROOT = Path(__file__).resolve().parents[2]
EXPRESS = ROOT / "var" / "bench" / "express"
_SOURCES = Path(__file__).parent / "express"
_FILES = ("package.json", "package-lock.json", "proxy.mjs")


class ToolMissing(CannotMeasure):
    """A program is not there and cannot be installed; the message is one line that says what to do."""


def have_wrk() -> None:
    """Have wrk; installs it when this is root on Debian. Raises `ToolMissing`."""
    if shutil.which("wrk") is None and not _installed("wrk"):
        raise ToolMissing("the gateway's benchmark needs wrk: on Debian or Ubuntu, sudo apt-get install wrk")


def express(folder: Path = EXPRESS) -> Path:
    """The script that is the Express peer, with what it imports beside it. Raises `ToolMissing`.

    The lock is for two who come at once: each would delete what the other has installed so far. The mark is written last, so
    that an installation that was interrupted is none.
    """
    folder.mkdir(parents=True, exist_ok=True)
    wanted, mark = _fingerprint(), folder / "installed"
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not mark.exists() or mark.read_text() != wanted:
            mark.unlink(missing_ok=True)
            _install(folder)
            mark.write_text(wanted)
    return folder / "proxy.mjs"


def _installed(package: str) -> bool:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    commands = (["apt-get", "update", "-qq"], ["apt-get", "install", "-qq", "--yes", "--no-install-recommends", package])
    done = (subprocess.run(command, check=False, capture_output=True, env=environment).returncode == 0 for command in commands)
    return all(done)


def _fingerprint() -> str:
    return sha256(b"".join((_SOURCES / name).read_bytes() for name in _FILES)).hexdigest()


def _install(folder: Path) -> None:
    for name in _FILES:
        shutil.copy(_SOURCES / name, folder)
    command = [*npm(), "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    done = subprocess.run(command, check=False, cwd=folder, capture_output=True, text=True)
    if done.returncode != 0:
        raise ToolMissing(f"npm cannot install Express for the gateway's benchmark: {_reason(done.stderr)}")


def _reason(said: str) -> str:
    """The first line of npm's that is a sentence; `code`, `errno` and `syscall` come before it."""
    lines = (line.removeprefix("npm error ") for line in said.splitlines())
    return next((line for line in lines if line and line.split()[0] not in ("code", "errno", "syscall")), "no reason given")
