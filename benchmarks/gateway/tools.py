"""What the peers need beside the wheels: wrk, node and npm from Debian, and Express from npm, at the versions of its lock file.

wrk generates the load because it is lean: one thread of C on epoll sends more than any peer here answers, on less than half a
processor, and a script may choose each request. What it cannot do, an open loop, is `paced`'s.
"""

import os
import shutil
import subprocess
from pathlib import Path

from benchmarks.report import CannotMeasure

ROOT = Path(__file__).resolve().parents[2]
EXPRESS = ROOT / "var" / "bench" / "express"
_SOURCES = Path(__file__).parent / "express"
_PACKAGES = {"wrk": "wrk", "node": "nodejs", "npm": "npm"}


class ToolMissing(CannotMeasure):
    """A program is not there and cannot be installed; the message is one line that says what to do."""


def have_all() -> None:
    """Have every program; installs what is missing when this is root on Debian. Raises `ToolMissing`."""
    packages = [package for program, package in _PACKAGES.items() if shutil.which(program) is None]
    if packages and not _installed(packages):
        names = " ".join(packages)
        raise ToolMissing(f"the gateway's benchmark needs {names}: on Debian or Ubuntu, sudo apt-get install {names}")
    _have_express()


def _installed(packages: list[str]) -> bool:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    commands = (["apt-get", "update", "-qq"], ["apt-get", "install", "-qq", "--yes", "--no-install-recommends", *packages])
    done = (subprocess.run(command, check=False, capture_output=True, env=environment).returncode == 0 for command in commands)
    return all(done)


def _have_express() -> None:
    EXPRESS.mkdir(parents=True, exist_ok=True)
    shutil.copy(_SOURCES / "proxy.mjs", EXPRESS)
    lock = EXPRESS / "package-lock.json"
    wanted = (_SOURCES / lock.name).read_bytes()
    if (EXPRESS / "node_modules").exists() and lock.exists() and lock.read_bytes() == wanted:
        return
    shutil.copy(_SOURCES / "package.json", EXPRESS)
    shutil.copy(_SOURCES / lock.name, EXPRESS)
    command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    done = subprocess.run(command, check=False, cwd=EXPRESS, capture_output=True, text=True)
    if done.returncode != 0:
        lock.unlink()
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise ToolMissing(f"npm cannot install Express for the gateway's benchmark: {reason}")
