"""The whole run along one time axis: latency, throughput and replication lag, with the phases behind."""

from collections.abc import Sequence

from migrations_tools.demo.facts import Run
from migrations_tools.demo.report.bands import bands, names
from migrations_tools.demo.report.svg import Linear, Logarithmic, area, element, label, line
from migrations_tools.demo.timeline import BIN, Bin

WIDTH, LEFT, RIGHT = 1080, 56, 1070
LATENCY, THROUGHPUT, LAG = (70.0, 300.0), (336.0, 420.0), (456.0, 524.0)
HEIGHT = 566


def timeline_chart(run: Run, bins: Sequence[Bin]) -> str:
    """Three charts over each other, in one drawing."""
    began, seconds = bins[0].at, bins[-1].at + BIN - bins[0].at
    x = Linear(0, seconds, LEFT, RIGHT)
    parts = [
        bands(run.stages, began, x, LATENCY[0] - 22, LAG[1]),
        names(run.stages, began, x, LATENCY[0] - 24),
        _switches(run, began, x),
        _latency(bins, began, x),
        _throughput(bins, began, x),
        _lag(run, began, x),
        _seconds(x),
    ]
    title = element("title", "Latency, throughput and replication lag over the run, with the phases of the migration")
    return element("svg", title, *parts, viewBox=f"0 0 {WIDTH} {HEIGHT}", class_="chart", id="timeline", role="img")


def _latency(bins: Sequence[Bin], began: float, x: Linear) -> str:
    full = [one for one in bins if one.latencies.count]
    highest = max(one.latencies.max for one in full)
    lowest = min(one.latencies.p50 for one in full)
    y = Logarithmic(max(0.5, lowest * 0.8), max(100.0, highest * 1.2), LATENCY[1], LATENCY[0])
    rounds = [times * power for power in y.decades() for times in (1, 2, 5)]
    drawn = [_grid(y(tick), f"{tick:g}", faint=tick not in y.decades()) for tick in rounds if y.low <= tick <= y.high]
    at = [x(one.at + BIN / 2 - began) for one in full]
    drawn.append(line(zip(at, (y(one.latencies.max) for one in full), strict=True), "line max"))
    drawn.append(line(zip(at, (y(one.p99_around) for one in full), strict=True), "line p99"))
    drawn.append(line(zip(at, (y(one.latencies.p50) for one in full), strict=True), "line p50"))
    drawn += [_failure(x(one.at + BIN / 2 - began), one.failed) for one in full if one.failed]
    return "".join([*drawn, _heading("latency, ms", LATENCY[0])])


def _throughput(bins: Sequence[Bin], began: float, x: Linear) -> str:
    rates = [one.latencies.count / BIN for one in bins[:-1]] or [0.0]
    y = Linear(0, max(rates) * 1.15, THROUGHPUT[1], THROUGHPUT[0])
    points = [(x(one.at + BIN / 2 - began), y(rate)) for one, rate in zip(bins, rates, strict=False)]
    drawn = [_grid(y(tick), f"{tick:g}") for tick in y.ticks(3)]
    drawn += [area(points, THROUGHPUT[1], "ground throughput"), line(points, "line throughput")]
    return "".join([*drawn, _heading("requests/s", THROUGHPUT[0])])


def _lag(run: Run, began: float, x: Linear) -> str:
    samples = [one for one in run.lag if one.at >= began]
    highest = max((one.seconds for one in samples), default=0.0)
    y = Linear(0, max(0.1, highest * 1.15), LAG[1], LAG[0])
    points = [(x(one.at - began), y(one.seconds)) for one in samples]
    drawn = [_grid(y(tick), f"{tick:g}") for tick in y.ticks(3)]
    if points:
        drawn += [area(points, LAG[1], "ground lag"), line(points, "line lag")]
    return "".join([*drawn, _heading("replication lag, s", LAG[0])])


def _switches(run: Run, began: float, x: Linear) -> str:
    """A line where authority moved."""
    at = [x(one.switched_at - began) for one in run.cutovers]
    return "".join(element("line", x1=each, x2=each, y1=LATENCY[0] - 22, y2=LAG[1], class_="switch") for each in at)


def _failure(x: float, count: int) -> str:
    title = element("title", f"{count} failed")
    return element("rect", title, x=x - 1.5, y=LATENCY[0], width=3.0, height=8.0, class_="failure")


def _seconds(x: Linear) -> str:
    drawn = [label(x(tick), LAG[1] + 18, f"{tick:g}") for tick in x.ticks(10)]
    return "".join([*drawn, label(RIGHT, LAG[1] + 36, "seconds since the load began", anchor="end")])


def _grid(y: float, words: str, *, faint: bool = False) -> str:
    ruled = element("line", x1=LEFT, x2=RIGHT, y1=y, y2=y, class_="grid faint" if faint else "grid")
    return ruled + label(LEFT - 6, y + 4, words, anchor="end")


def _heading(words: str, top: float) -> str:
    return label(LEFT, top - 8, words, "heading", "start")
