"""The report's words and tables."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from migrations_tools.demo.facts import Cutover, Effort, Run
from migrations_tools.demo.report.svg import element, text_of
from migrations_tools.demo.timeline import Latencies, Share

MEANINGS = {
    "lost": "lost writes",
    "doubled": "doubled writes",
    "failed": "failed requests",
    "stale": "stale reads",
    "divergent": "divergent customers",
}


def verdict(run: Run) -> str:
    """One sentence that says what the run showed."""
    wrong = [f"{MEANINGS[name]}: {'not measured' if count is None else count}" for name, count in run.proof.items() if count != 0]
    barred = [f"the road was barred, {run.barred}"] if run.barred else []
    if run.good:
        words = f"Every one of {run.acknowledged_writes:,} acknowledged writes is there once, and no request failed."
    else:
        words = f"The proof failed: {'; '.join([*barred, *wrong]) or 'nothing was written'}."
    return element("p", text_of(words), class_=f"verdict {'good' if run.good else 'bad'}", id="verdict")


def tiles(run: Run, overall: Latencies) -> str:
    """The counts that matter, big."""
    proof = [
        ("–" if count is None else f"{count:,}", MEANINGS[name], "good" if count == 0 else "bad")
        for name, count in run.proof.items()
    ]
    pauses = max((one.pause_ms for one in run.cutovers), default=None)
    plain = [
        (f"{run.requests:,}", "requests", ""),
        (f"{run.acknowledged_writes:,}", "acknowledged writes", ""),
        (f"{overall.p50:.1f} ms", "latency, median", ""),
        (f"{overall.p99:.0f} ms", "latency, 99 % below", ""),
        ("–" if pauses is None else f"{pauses:.0f} ms", "longest pause for writers", ""),
    ]
    return _tiles(proof, "proof") + _tiles(plain, "counts")


def _tiles(shown: Iterable[tuple[str, str, str]], name: str) -> str:
    made = (
        element("li", element("b", text_of(big)), element("span", text_of(small)), class_=c or None) for big, small, c in shown
    )
    return element("ul", *made, class_="tiles", id=name)


def samples(run: Run) -> str:
    """What was found, at most ten of each kind; nothing when nothing was."""
    lists = (
        element("h3", text_of(MEANINGS[name])) + element("ul", *(element("li", text_of(one)) for one in found), class_="samples")
        for name, found in run.samples.items()
        if found
    )
    return "".join(lists)


def cutover_words(cutover: Cutover, number: int) -> str:
    way = "to the service" if cutover.direction == "to_service" else "back to the monolith"
    text = (
        f"Writers were held for {cutover.pause_ms:.0f} ms; the slowest write of that time took {cutover.slowest_write_ms:.0f} ms."
    )
    return element("h3", f"{number}. {way}") + element("p", text, class_="soft")


def mix_table(shares: Sequence[Share]) -> str:
    total = sum(share.latencies.count for share in shares) or 1
    most = max((share.latencies.count for share in shares), default=1)
    heads = ("operation", "", "requests", "share", "p50 ms", "p99 ms", "max ms", "refused by rule", "failed", "stale")
    rows = [_mix_row(share, total, most) for share in shares]
    return _table(element("tr", *(element("th", text_of(head) or " ") for head in heads)), rows, "mix")


def _mix_row(share: Share, total: int, most: int) -> str:
    took = share.latencies
    bar = element("td", element("i", " ", style=f"width:{100 * took.count / most:.1f}%"), class_="bar")
    numbers = (
        f"{took.count:,}",
        f"{100 * took.count / total:.1f} %",
        f"{took.p50:.1f}",
        f"{took.p99:.1f}",
        f"{took.max:.0f}",
        share.refused or "–",
    )
    wrong = (element("td", text_of(count or "–"), class_="bad" if count else None) for count in (share.failed, share.stale))
    return element("tr", element("td", text_of(share.op)), bar, *(element("td", text_of(number)) for number in numbers), *wrong)


def phase_table(run: Run) -> str:
    heads = element("tr", *(element("th", head) for head in ("phase", "began after", "lasted")))
    rows = [
        _phase_row(stage.name, stage.started_at - run.began, end - stage.started_at)
        for stage, end in zip(run.stages, [*(stage.started_at for stage in run.stages[1:]), run.ended], strict=False)
    ]
    return _table(heads, rows, "phases")


def _phase_row(name: str, after: float, lasted: float) -> str:
    return element("tr", element("td", text_of(name)), element("td", f"{after:.1f} s"), element("td", f"{lasted:.1f} s"))


def facts_table(run: Run) -> str:
    facts = {
        "context": run.context,
        "data": ", ".join([run.source, *(f"{count:,} {name}" for name, count in run.loaded.items())]),
        "began": f"{datetime.fromtimestamp(run.began, UTC):%Y-%m-%d %H:%M:%S} UTC",
        "whole run": f"{run.ended - run.began:.0f} s",
        "load": f"{run.rate:g} requests/s, seed {run.seed}",
        "backfill": _effort(run.backfill),
        "verify": _effort(run.verify),
        "authority at the end": run.authority,
        "writes without a clear answer": f"{run.unclear_writes:,}",
        **run.machine,
    }
    rows = [element("tr", element("td", text_of(name)), element("td", text_of(value))) for name, value in facts.items()]
    return element("table", *rows, class_="facts", id="facts")


def _effort(effort: Effort | None) -> str:
    if effort is None:
        return "not measured"
    return f"{effort.rows:,} customers in {effort.seconds:.1f} s ({effort.rows / (effort.seconds or 1):,.0f}/s)"


def _table(head: str, rows: Sequence[str], name: str) -> str:
    return element("div", element("table", element("thead", head), element("tbody", *rows), id=name), class_="scroll")
