"""`python -m benchmarks [NAME ...]`: run benchmarks one after the other, print their figures, write them under `var/bench/`."""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.report import CannotMeasure, Result, show, write
from chassis import env


def main() -> int:
    """Exit code 1 when a target was missed, or nothing could be measured."""
    arguments = _arguments()
    names = arguments.names or list(BENCHMARKS)
    return _one(names[0], arguments.scale) if len(names) == 1 else max(_apart(name, arguments.scale) for name in names)


def _one(name: str, scale: float) -> int:
    report = env.var_dir() / "bench" / f"{name}.json"
    with tempfile.TemporaryDirectory(prefix="banyan-bench-") as scratch:
        os.environ["BANYAN_VAR"] = scratch
        try:
            result = BENCHMARKS[name](scale)
        except CannotMeasure as error:
            print(f"benchmarks {name}: {error}", file=sys.stderr)
            return 1
    write(report, result)
    show(result)
    return 0 if result.met else 1


def _apart(name: str, scale: float) -> int:
    """In a process of its own: Django is configured once in a process, and each benchmark has other databases."""
    return subprocess.run([sys.executable, "-m", "benchmarks", name, "--scale", str(scale)], check=False).returncode


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(BENCHMARKS)} (default: all)")
    parser.add_argument(
        "--scale", type=float, default=1.0, help="size of the data and the times, 1 being what the figures are told for"
    )
    parser.add_argument("--quick", dest="scale", action="store_const", const=0.1, help="for a look: the same as --scale 0.1")
    found = parser.parse_args()
    if unknown := set(found.names) - set(BENCHMARKS):
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    return found


def _backfill(scale: float) -> Result:
    from benchmarks import backfill

    return backfill.run(scale)


def _flip(scale: float) -> Result:
    from benchmarks import flip

    return flip.run(scale)


def _growth(scale: float) -> Result:
    from benchmarks import growth

    return growth.run(scale)


def _capture(scale: float) -> Result:
    from benchmarks import capture

    return capture.run(scale)


def _pause(scale: float) -> Result:
    from benchmarks import pause

    return pause.run(scale)


def _gateway(scale: float) -> Result:
    from benchmarks.gateway import bench

    return bench.run(scale)


# Imported when run: each configures Django for a platform of its own, and their folder is known only then.
BENCHMARKS: dict[str, Callable[[float], Result]] = {
    "backfill": _backfill,
    "growth": _growth,
    "capture": _capture,
    "pause": _pause,
    "flip": _flip,
    "gateway": _gateway,
}

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    sys.exit(main())
