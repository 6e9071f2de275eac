"""What is needed beside the wheels: the load generator, made of `load.c`, and Express from npm, as its lock file says."""

import fcntl
import shutil
import subprocess
import tempfile
from hashlib import sha256
from pathlib import Path

from benchmarks.gateway.wheels import npm
from benchmarks.report import CannotMeasure
from chassis import env
from facade.native.build import compiler

ROOT = Path(__file__).resolve().parents[2]
EXPRESS = ROOT / "var" / "bench" / "express"
_LOAD = Path(__file__).parent / "load.c"
_SOURCES = Path(__file__).parent / "express"
_FILES = ("package.json", "package-lock.json", "proxy.mjs")


class ToolMissing(CannotMeasure):
    """A program is not there and cannot be installed; the message is one line that says what to do."""


def load_generator() -> Path:
    """The program, made when it is first asked for. Raises `ToolMissing`."""
    folder = env.var_dir() / "bench"
    program = folder / f"load-{sha256(_LOAD.read_bytes()).hexdigest()[:16]}"
    if not program.exists():
        if (cc := compiler()) is None:
            raise ToolMissing("the gateway's benchmark needs a C compiler: on Debian or Ubuntu, sudo apt-get install gcc")
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix="making-") as making:
            made = Path(making) / program.name
            done = subprocess.run([cc, "-O2", "-o", str(made), str(_LOAD)], check=False, capture_output=True, text=True)
            if done.returncode != 0:
                raise ToolMissing(f"{cc} cannot make the load generator of the gateway's benchmark: {_first_line(done.stderr)}")
            made.rename(program)  # as a whole: another run may be making the same
    return program


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


def _first_line(said: str) -> str:
    return next(iter(said.splitlines()), "no reason given")


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
