"""Puts the page together."""

from collections.abc import Iterable
from importlib.resources import files

from migrations_tools.demo.facts import Run
from migrations_tools.demo.record import Entry
from migrations_tools.demo.report import parts
from migrations_tools.demo.report.svg import element, text_of
from migrations_tools.demo.report.switch_chart import switch_chart
from migrations_tools.demo.report.timeline_chart import timeline_chart
from migrations_tools.demo.timeline import Latencies, bins, mix, scheduled

LATENCY_LEGEND = (
    ("p50", "half of the requests were faster"),
    ("p99", "99 % were faster, within two seconds"),
    ("max", "the slowest"),
    ("fail", "failed requests"),
)
SWITCH_LEGEND = (("round", "a write"), ("round held", "a write under way while writers were held"), ("block", "writers held"))


def page(run: Run, entries: Iterable[Entry]) -> str:
    """The whole report as HTML. `entries`: the journal of the load; a run without requests has no charts."""
    ended = scheduled(entries)
    title = f"{run.context}: out, back and out again, under load"
    body = [
        element("h1", text_of(title)),
        _soft(_subtitle(run)),
        parts.verdict(run),
        parts.tiles(run, Latencies.of(ended)),
        parts.samples(run),
    ]
    if ended:
        body += _timeline(timeline_chart(run, bins(ended)))
    body += [element("h2", "The hand-overs"), _soft(_HAND_OVERS), _legend(SWITCH_LEGEND)]
    cutovers = (
        element("section", parts.cutover_words(one, number), switch_chart(one, ended, number))
        for number, one in enumerate(run.cutovers, 1)
    )
    body.append(element("div", *cutovers, class_="trio", id="cutovers") if run.cutovers else element("p", "There were none."))
    body += [element("h2", "What the customers did"), parts.mix_table(mix(ended))]
    body += [element("h2", "The road"), parts.phase_table(run), element("h2", "The run"), parts.facts_table(run)]
    return _document(title, "".join(body))


_HAND_OVERS = (
    "Each dot is one write, at the time when it was due; its height is how long it took from then"
    " to its answer, with all its waiting."
)
_WHOLE_RUN = (
    "Latency counts from when a request was due, not from when it was sent, so that a pause shows in full. One point is 250 ms."
)


def _timeline(chart: str) -> list[str]:
    return [element("h2", "The whole run"), _soft(_WHOLE_RUN), _legend(LATENCY_LEGEND), element("div", chart, class_="scroll")]


def _subtitle(run: Run) -> str:
    return (
        f"{run.rate:g} requests/s through the facade on {run.source} data while the context went from the monolith to"
        " its service, back, and out again. A checker outside the system recorded what was acknowledged,"
        " and looked for it in both databases."
    )


def _soft(words: str) -> str:
    return element("p", text_of(words), class_="soft")


def _legend(items: Iterable[tuple[str, str]]) -> str:
    made = (element("li", element("i", " "), text_of(words), class_=class_) for class_, words in items)
    return element("ul", *made, class_="legend")


def _document(title: str, body: str) -> str:
    style = files(__package__).joinpath("style.css").read_text(encoding="utf-8")
    head = (
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{text_of(title)}</title><style>{style}</style>"
    )
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body><main>{body}</main></body></html>\n'
