"""`python -m benchmarks [NAME ...]`: run benchmarks, one after the other; a missed bound is not the same as no measurement."""

import argparse
import importlib
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from benchmarks import report, table
from benchmarks.progress import Progress
from benchmarks.report import CannotMeasure, Result
from chassis import env

BENCHMARKS: Mapping[str, tuple[str, str]] = {
    "backfill": ("benchmarks.backfill", "copying customers, beside a raw COPY pipe and a naive loop"),
    "growth": ("benchmarks.growth", "its time and memory at ten times the customers"),
    "capture": ("benchmarks.capture", "what the triggers cost whoever writes"),
    "pause": ("benchmarks.pause", "how long a hand-over holds the writers"),
    "flip": ("benchmarks.flip", "how long after a flip requests still take the old road"),
    "gateway": ("benchmarks.gateway.bench", "the facade beside nginx, Envoy and Express; its memory; its second worker"),
}
"""The module of each, and what it measures. Imported when run: each configures Django for a platform of its own, and their folder
is known only then.
"""

MET, MISSED, NOT_MEASURED = 0, 1, 2
QUICK = 0.1


def main() -> int:
    """The exit code: that of the worst of them."""
    arguments = _arguments()
    if len(arguments.names) == 1:
        return _one(arguments.names[0], arguments.scale)
    codes = {name: _apart(name, arguments.scale) for name in arguments.names}
    missing = [name for name, code in codes.items() if code == NOT_MEASURED]
    table.summary([report.read(_kept(name)) for name in codes if name not in missing], missing)
    return max(codes.values())


def _one(name: str, scale: float) -> int:
    kept = _kept(name)
    try:
        result = replace(_measured(name, scale), scale=scale)
    except CannotMeasure as error:
        print(f"benchmarks {name}: {error}", file=sys.stderr)
        return NOT_MEASURED
    except Exception:  # noqa: BLE001 - whatever it was, no bound was missed, which is what Python's own exit code 1 would say
        traceback.print_exc()
        return NOT_MEASURED
    report.write(kept, result)
    table.show(result)
    print(f"written to {kept}")
    return MET if result.met else MISSED


def _measured(name: str, scale: float) -> Result:
    progress = Progress(name)
    with tempfile.TemporaryDirectory(prefix="banyan-bench-") as scratch:
        os.environ["BANYAN_VAR"] = scratch
        try:
            found: Result = importlib.import_module(BENCHMARKS[name][0]).run(scale, progress)
        finally:
            progress.end()
    return found


def _apart(name: str, scale: float) -> int:
    """In a process of its own: Django is configured once in a process, and each benchmark has other databases."""
    command = [sys.executable, "-m", "benchmarks", name, "--scale", str(scale)]
    code = subprocess.run(command, check=False).returncode
    return code if code in (MET, MISSED) else NOT_MEASURED


def _kept(name: str) -> Path:
    return env.var_dir() / "bench" / f"{name}.json"


def _arguments() -> argparse.Namespace:
    about = "\n".join(f"  {name:9} {what}" for name, (_, what) in BENCHMARKS.items())
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Run benchmarks one after the other, and show what was found beside the bounds that hold for it.\n\n"
        "Progress goes to standard error, figures to standard output and, as JSON, to var/bench/NAME.json.",
        epilog=f"benchmarks:\n{about}\n\nexit code: 0 every bound met, 1 a bound missed, 2 something could not be measured",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="which, of those below (default: all)")
    parser.add_argument("--scale", type=_scale, default=1.0, help="size of the data and the times; the bounds are meant for 1")
    parser.add_argument(
        "--quick", dest="scale", action="store_const", const=QUICK, help=f"for a look: the same as --scale {QUICK:g}"
    )
    found = parser.parse_args()
    if unknown := set(found.names) - set(BENCHMARKS):
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    found.names = found.names or list(BENCHMARKS)
    return found


def _scale(text: str) -> float:
    scale = float(text)
    if not scale > 0:
        raise argparse.ArgumentTypeError("it must be more than 0")
    return scale


if __name__ == "__main__":
    sys.exit(main())
