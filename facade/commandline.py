"""The gateway's command line."""

import argparse
import json
import logging
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from chassis.callers.mutual import BadCertificate
from facade import access, console, effective, recorded
from facade.admin import remote, tables
from facade.explain.known import Step
from facade.explain.question import Question
from facade.export import command
from facade.pipeline import source
from facade.pipeline.declared import InvalidPolicies
from facade.serve import certificate, serve
from facade.settings import InvalidSettings, from_environment
from facade.upstreams import tls


def _serve(options: argparse.Namespace) -> None:
    settings = from_environment()
    if options.admin_port is not None:
        settings = replace(settings, admin_port=options.admin_port)
    if options.admin_host is not None:
        settings = replace(settings, admin_host=options.admin_host)
    # Told here, in one line, rather than by each worker; so is a certificate that is none.
    source.start(settings.policies, settings.policies_kept, {})
    tls(settings)
    certificate(settings)
    access.check(settings.access_log)
    serve(settings, options.host, options.port, options.workers)


def _status(options: argparse.Namespace) -> None:
    url = options.source or remote.address(os.environ)
    found = remote.get(url, "/status", tables.MEMBERS)
    if options.json:
        print(json.dumps(found, indent=1))
        return
    print(f"The facade at {url} is {tables.summary(found)}.")
    for section in tables.sections(found):
        print(f"\n{section.title}")
        _print(section.heads, section.rows)


def _routes(options: argparse.Namespace) -> None:
    settings = from_environment(recorded.beside(os.environ))
    lines, declared = console.table(settings)
    resilience = declared.resilience
    if options.json:
        print(json.dumps(console.as_json(lines, declared, settings), indent=1))
        return
    rows = [
        (line.path, " ".join(line.methods) or "all", line.context, line.side, effective.in_words(line.rules, declared.entrance))
        for line in lines
    ]
    _print(("path", "methods", "context", "answered by", "in force"), rows)
    for context in sorted({line.context for line in lines}):
        print(f"\nUpstreams of {'all other paths' if context == '-' else context}, times in seconds")
        _print(("", "in force"), list(effective.context_in_words(effective.of_context(resilience.of(context), settings))))


def _explain(options: argparse.Namespace) -> None:
    question = Question(options.method.upper(), options.url, tuple(options.header), _data(options.data))
    if options.source:
        answered = remote.post(options.source, "/explain", asdict(question), ("worker", "steps"))
        found = [Step(**step) for step in answered["steps"]]
    else:
        found = console.explain(from_environment(recorded.beside(os.environ)), question)
    if options.json:
        print(json.dumps([asdict(step) for step in found], indent=1))
        return
    if options.source:
        print(f"As worker {answered['worker']} would decide now:")
    _print(("stage", "what it decides, and why"), [(step.stage, step.said) for step in found])


def _data(given: str | None) -> str | None:
    """A body as it was given, or from the file that was named. Raises `Unanswerable` for one that is no text."""
    if given is None:
        return None
    try:
        return (Path(given[1:]).read_bytes() if given.startswith("@") else os.fsencode(given)).decode()
    except UnicodeDecodeError as error:
        raise console.Unanswerable(f"a body is given as text in UTF-8: {error}") from error


def _export(options: argparse.Namespace) -> None:
    settings = from_environment(recorded.beside(os.environ))
    text, not_carried = command.exported(settings, options.target, options.host, options.port, options.gateway_class)
    print(text, end="")
    for line in not_carried:
        print(f"facade: not carried over: {line}", file=sys.stderr)


def _print(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = Table(box=None, pad_edge=False)
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*row)
    terminal = Console()
    Console(width=None if terminal.is_terminal else 160).print(table)


def _between(least: int, most: int) -> Callable[[str], int]:
    """What reads such a whole number, and says what it must be."""

    def read(text: str) -> int:
        if not text.isdecimal() or not least <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {least} to {most}")
        return int(text)

    return read


_port, _admin_port, _workers = _between(1, 65_535), _between(0, 65_535), _between(1, 1_024)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="facade", description="The entrance in front of the monolith and its services.")
    commands = parser.add_subparsers(dest="command", required=True)
    serving = commands.add_parser("serve", help="answer requests until SIGTERM")
    serving.add_argument("--host", default="127.0.0.1")
    serving.add_argument("--port", type=_port, required=True)
    serving.add_argument("--workers", type=_workers, default=1, help="processes that share the port")
    serving.add_argument("--admin-port", type=_admin_port, help="where metrics and status are told; FACADE_ADMIN_PORT by default")
    serving.add_argument("--admin-host", help="the address of that port; FACADE_ADMIN_HOST by default")
    serving.set_defaults(run=_serve)
    status = commands.add_parser("status", help="tell what a running facade is doing")
    status.add_argument("--from", dest="source", metavar="URL", help="its admin port; by default as the environment says")
    status.add_argument("--json", action="store_true")
    status.set_defaults(run=_status)
    routes = commands.add_parser("routes", help="print the table in force")
    routes.add_argument("--json", action="store_true")
    routes.set_defaults(run=_routes)
    explaining = commands.add_parser("explain", help="tell for one request each decision, and why")
    explaining.add_argument("method")
    explaining.add_argument("url", help="a path, or a whole URL")
    explaining.add_argument("-H", "--header", action="append", default=[], metavar="'NAME: VALUE'")
    explaining.add_argument("-d", "--data", metavar="TEXT|@FILE", help="its body; JSON, unless a header says otherwise")
    explaining.add_argument("--from", dest="source", metavar="URL", help="ask a running worker, by the admin port of its facade")
    explaining.add_argument("--json", action="store_true")
    explaining.set_defaults(run=_explain)
    exporting = commands.add_parser("export", help="print the table in force for another gateway, as YAML")
    exporting.add_argument("target", choices=command.TARGETS)
    exporting.add_argument("--host", default="127.0.0.1", help="where Envoy is to listen")
    exporting.add_argument("--port", type=_port, default=8080, help="where it is to listen")
    exporting.add_argument("--gateway-class", default="envoy", help="the class of the Gateway")
    exporting.set_defaults(run=_export)
    return parser


def main() -> int:
    """Run a command; 1 when it could not do what it was asked to, with the reason in one line."""
    options = _parser().parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        options.run(options)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read has seen enough, as `head` has; flushing at the end would complain once more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (InvalidSettings, InvalidPolicies, BadCertificate, console.Unanswerable, remote.NoFacade, OSError) as error:
        print(f"facade: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    return 0
