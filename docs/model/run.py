"""Checks `authority.pml` with spin: clean within the chosen bounds, and with each mistake planted, which must be caught.

    python docs/model/run.py [--bounds tiny|small|large] [--jobs 2] [--json]

Needs spin and a C compiler. Works in a temporary folder. Exit code 1 when the clean model fails or a mistake slips
through, 2 when it cannot tell: a tool is missing, or memory or depth did not suffice.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from catalogue import CLEAN, MISTAKES

MODEL = Path(__file__).with_name("authority.pml")
MEMORY_MB = {"tiny": 2_000, "small": 3_000, "large": 12_000}
DEPTH = 100_000


class CannotTell(Exception):
    """The check did not run to its end, so there is no verdict."""


@dataclass(frozen=True)
class Verdict:
    """One run. `violation` is the first property that was found broken, None when all hold. `states` were stored."""

    name: str
    planted: bool
    violation: str | None
    states: int
    seconds: float

    @property
    def ok(self) -> bool:
        return (self.violation is not None) == self.planted


def check(name: str, macros: tuple[str, ...], *, planted: bool, memory_mb: int) -> Verdict:
    """Generate, compile and run one verifier. Raises `CannotTell`."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="banyan-model-") as folder:
        # A mistake is found so soon that compiling without optimisation is the quicker way.
        defines = [f"-D{macro}" for macro in macros]
        _run(["spin", *defines, "-a", str(MODEL)], folder)
        _run(
            ["cc", "-O0" if planted else "-O2", "-w", "-DSAFETY", "-DCOLLAPSE", f"-DMEMLIM={memory_mb}", "-o", "pan", "pan.c"],
            folder,
        )
        output = _run([f"{folder}/pan", f"-m{DEPTH}", "-w22"], folder)
    return _verdict(name, output, planted, time.monotonic() - started)


def _run(command: list[str], folder: str) -> str:
    if shutil.which(command[0]) is None:
        raise CannotTell(f"{command[0]} is not installed")
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotTell(f"{' '.join(command[:2])}: exit code {done.returncode}: {done.stdout}{done.stderr}"[:2_000])
    return done.stdout


def _verdict(name: str, output: str, planted: bool, seconds: float) -> Verdict:
    errors = re.search(r"errors: (\d+)", output)
    states = re.search(r"(\d+) states, stored", output)
    found = re.search(r"pan:\d+: (.*?) \(at depth", output)
    incomplete = "max search depth too small" in output or "out of memory" in output or "memory limit" in output
    if errors is None or states is None or (incomplete and errors[1] == "0"):
        raise CannotTell(f"{name}: the search was not exhaustive: {output[:2_000]}")
    violation = (found[1] if found else "an error") if errors[1] != "0" else None
    return Verdict(name, planted, violation, int(states[1]), round(seconds, 1))


def check_all(bounds: str, jobs: int) -> list[Verdict]:
    """All runs, the long ones first. Raises `CannotTell`."""
    memory = MEMORY_MB[bounds]
    with ThreadPoolExecutor(jobs) as pool:
        runs = [pool.submit(check, name, macros, planted=False, memory_mb=memory) for name, macros in CLEAN[bounds].items()]
        runs += [
            pool.submit(check, name, (name, *macros), planted=True, memory_mb=memory) for name, (_, macros) in MISTAKES.items()
        ]
        return [run.result() for run in runs]


def describe(verdict: Verdict) -> str:
    """One line of the table."""
    if verdict.planted:
        outcome = f"caught: {verdict.violation}" if verdict.violation else f"NOT CAUGHT: {MISTAKES[verdict.name][0]}"
    else:
        outcome = f"BROKEN: {verdict.violation}" if verdict.violation else "holds"
    return f"{verdict.name:32} {verdict.states:>12,} states {verdict.seconds:>7.1f} s  {outcome}"


def main() -> int:
    """Print the table, or JSON; see the module's docstring for the exit codes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bounds", choices=sorted(CLEAN), default="small")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the table")
    options = parser.parse_args()
    try:
        verdicts = check_all(options.bounds, options.jobs)
    except CannotTell as trouble:
        print(trouble, file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps([{**asdict(verdict), "ok": verdict.ok} for verdict in verdicts], indent=1))
    else:
        print("\n".join(map(describe, verdicts)))
    return 0 if all(verdict.ok for verdict in verdicts) else 1


if __name__ == "__main__":
    sys.exit(main())
