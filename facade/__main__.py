"""`python -m facade`: the gateway's command line."""

import argparse
import logging
import sys

from facade.serve import serve
from facade.settings import InvalidSettings, from_environment


def main() -> int:
    """Run a command; 1 when it could not do what it was asked to, with the reason in one line."""
    parser = argparse.ArgumentParser(prog="facade", description="The entrance in front of the monolith and its services.")
    commands = parser.add_subparsers(dest="command", required=True)
    serving = commands.add_parser("serve", help="answer requests until SIGTERM")
    serving.add_argument("--host", default="127.0.0.1")
    serving.add_argument("--port", type=int, required=True)
    serving.add_argument("--workers", type=int, default=1, help="processes that share the port")
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        serve(from_environment(), options.host, options.port, options.workers)
    except (InvalidSettings, OSError) as error:
        print(f"facade: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
