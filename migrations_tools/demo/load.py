"""The load generator as a process of its own, so that its work does not disturb what it measures.

    python -m migrations_tools.demo.load --facade http://127.0.0.1:8080 --accounts accounts.json --journal load.ndjson

It stops on SIGTERM, at the end of its standard input (so it never outlives its parent), or after --seconds; then it awaits what
is in flight, looks at every customer once more through the facade unless --no-last-look is given, and exits with 0. Whether the
run was good is for `check` to say.
"""

import argparse
import asyncio
import gc
import os
import random
import secrets
import signal
import sys
import time
from pathlib import Path

import orjson
import uvloop

from migrations_tools.demo.client import Client
from migrations_tools.demo.customers import Account, Crowd
from migrations_tools.demo.generator import Generator
from migrations_tools.demo.record import Closed, Journal


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m migrations_tools.demo.load", description=__doc__)
    parser.add_argument("--facade", required=True, help="origin that takes all requests")
    parser.add_argument("--accounts", type=Path, required=True, help='JSON list of {"email", "password"}')
    parser.add_argument("--journal", type=Path, required=True, help="file that the journal is appended to")
    parser.add_argument("--rate", type=float, default=120.0, help="requests/s (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="fixes the mix and the schedule (%(default)s)")
    parser.add_argument("--run", default=secrets.token_hex(3), help="tag of this run's values (by chance)")
    parser.add_argument("--signed-in", type=int, default=60, help="customers signed in at first (%(default)s)")
    parser.add_argument("--seconds", type=float, default=None, help="stop by itself after so long")
    parser.add_argument("--no-last-look", action="store_true", help="end without reading everything once more")
    return parser


async def run(asked: argparse.Namespace) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_reader(sys.stdin.fileno(), _heed_parent, loop, stop)
    members = [Account(**account) for account in orjson.loads(asked.accounts.read_bytes())]
    crowd = Crowd(members, random.Random(f"crowd {asked.seed}"))  # noqa: S311 - repeatable, not secret
    with Journal(asked.journal) as journal:
        async with Client(asked.facade) as client:
            generator = Generator(client, journal, crowd, run=asked.run, rate=asked.rate, seed=asked.seed)
            await generator.prepare(asked.signed_in)
            gc.freeze()
            if asked.seconds is not None:
                loop.call_later(asked.seconds, stop.set)
            await generator.keep_up(stop)
            if not asked.no_last_look:
                await generator.look_again()
        journal.append(Closed(time.time(), time.process_time()))


def _heed_parent(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Standard input ends when the parent closes it or dies."""
    if not os.read(sys.stdin.fileno(), 64):
        loop.remove_reader(sys.stdin.fileno())
        stop.set()


if __name__ == "__main__":
    uvloop.run(run(options().parse_args()))
