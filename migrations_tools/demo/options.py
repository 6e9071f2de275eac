"""What `manage.py demo` can be asked."""

import argparse
import os
from pathlib import Path


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--context", default="users", help="the context that moves (%(default)s)")
    parser.add_argument(
        "--source",
        choices=("adventureworks", "online-retail", "generated"),
        help="what to load (adventureworks where BANYAN_DATA names a folder that has it, else generated)",
    )
    parser.add_argument("--customers", type=int, default=20_000, metavar="N", help="of generated data (%(default)s)")
    parser.add_argument("--rate", type=float, default=120.0, metavar="N", help="requests/s (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="fixes the order of the traffic (%(default)s)")
    parser.add_argument(
        "--pace", type=float, default=1.0, metavar="N", help="how long traffic flows in each phase, as a multiple (%(default)s)"
    )
    parser.add_argument("--json", metavar="PATH", help="write the result there too; - is standard output")
    parser.add_argument("--keep", action="store_true", help="leave the platform running at the end, until Ctrl-C")


def source_of(asked: argparse.Namespace) -> str:
    """The data set to load: the one asked for, or what there is."""
    if asked.source:
        return str(asked.source)
    data = os.environ.get("BANYAN_DATA")
    return "adventureworks" if data and (Path(data) / "adventureworks").is_dir() else "generated"
