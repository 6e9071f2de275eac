"""`manage.py demo` in a process of its own, which may choose its folder before any settings are read.

Exit codes: 0 everything proven, 1 a proof failed or the road was barred, 2 wrong usage.
"""

import argparse
import json
import signal
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from chassis import env
from chassis.supervisor import NotReadyError
from migrations_tools.demo import summary
from migrations_tools.demo.conduct import conduct
from migrations_tools.demo.facts import Run, as_json
from migrations_tools.demo.operator import CommandFailed
from migrations_tools.demo.options import add_options, source_of
from migrations_tools.demo.prepare import NotFresh, Wanted, fresh_platform
from migrations_tools.demo.record import entries
from migrations_tools.demo.report import page
from migrations_tools.demo.writers import LoadFailed
from migrations_tools.plans import UnknownContext, plan_of
from migrations_tools.platform.preparation import MigrationError

BARRED = (CommandFailed, LoadFailed, MigrationError, NotFresh, NotReadyError)


def main() -> int:
    parser = argparse.ArgumentParser(prog="manage.py demo", description=__doc__)
    add_options(parser)
    asked = parser.parse_args()
    try:
        plan_of(asked.context)
    except UnknownContext as unknown:
        parser.error(str(unknown))
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    console = Console(stderr=asked.json == "-")
    folder = env.var_dir() / "demo"
    wanted = Wanted(asked.context, source_of(asked), asked.customers, asked.rate, asked.seed, folder, asked.pace)
    try:
        with fresh_platform(wanted, console) as (platform, around):
            run = conduct(wanted, platform, around, console)
            report = _write(run, wanted, asked.json)
            summary.show(run, str(report), console)
            if asked.keep:
                _stay(console, platform.urls["facade"], around.var)
    except BARRED as bar:
        console.print(f"{type(bar).__name__}: {bar}", style="bold red", markup=False)
        return 1
    except KeyboardInterrupt:
        console.print("interrupted", style="bold red")
        return 130
    return 0 if run.good else 1


def _write(run: Run, wanted: Wanted, target: str | None) -> Path:
    report = wanted.folder / "report.html"
    _save(wanted.folder / "run.json", asdict(run))
    report.write_text(page(run, entries(wanted.journal)), encoding="utf-8")
    if target == "-":
        print(json.dumps(as_json(run), indent=2))
    elif target:
        _save(Path(target), as_json(run))
    return report


def _save(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _stay(console: Console, url: str, var: Path) -> None:
    console.print(f"The platform stays up until Ctrl-C: {url} (BANYAN_VAR={var} for its commands)", markup=False)
    try:
        signal.pause()
    except KeyboardInterrupt:
        console.print("stopping")


if __name__ == "__main__":
    sys.exit(main())
