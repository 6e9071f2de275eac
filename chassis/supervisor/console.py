"""Events for people (aligned, coloured prefixes) and for programs (one JSON object a line)."""

import json
from collections.abc import Sequence
from typing import TextIO

from chassis.supervisor.events import Event, Report

_COLOURS = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)


def people(out: TextIO, names: Sequence[str]) -> Report:
    """Writes each event as a line after its program's name; coloured when `out` is a terminal."""
    width = max(map(len, names), default=0)
    colours = {name: _COLOURS[index % len(_COLOURS)] for index, name in enumerate(names)}
    coloured = out.isatty()

    def report(event: Event) -> None:
        prefix = f"{event.name:<{width}} |"
        if coloured:
            prefix = f"\x1b[{colours.get(event.name, 37)}m{prefix}\x1b[0m"
        print(prefix, sentence(event), file=out, flush=True)

    return report


def programs(out: TextIO) -> Report:
    """Writes each event as a JSON object on a line of its own."""

    def report(event: Event) -> None:
        print(json.dumps(event.record()), file=out, flush=True)

    return report


def sentence(event: Event) -> str:
    """What a person reads about an event."""
    match event.event:
        case "output" | "note" | "platform-ready":
            return event.text or ""
        case "crashed":
            ending = f"killed by signal {-event.code}" if (event.code or 0) < 0 and event.code else f"exit {event.code}"
            return f"* crashed ({ending}); starts again in {event.restart_in:g} s"
        case _:
            return f"* {event.event} (process {event.pid})"
