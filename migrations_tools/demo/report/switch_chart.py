"""One hand-over enlarged: each write around it as a dot, at the time when it was due and at the height of its latency."""

from collections.abc import Sequence

from migrations_tools.demo.facts import Cutover
from migrations_tools.demo.record import Ended
from migrations_tools.demo.report.svg import Linear, element, label

WIDTH, HEIGHT = 380, 250
LEFT, RIGHT, TOP, BOTTOM = 40.0, 354.0, 26.0, 206.0
AROUND = 0.75  # seconds before and after


def switch_chart(cutover: Cutover, writes: Sequence[Ended], number: int) -> str:
    """`writes`: all of the run; those that were due within `AROUND` seconds are drawn."""
    near = [one for one in writes if one.write and abs(one.at - cutover.switched_at) <= AROUND]
    highest = max((one.took * 1000 for one in near), default=1.0)
    x = Linear(-AROUND, AROUND, LEFT, RIGHT)
    y = Linear(0, max(highest, cutover.pause_ms, 50.0) * 1.15, BOTTOM, TOP)
    parts = [
        _pause(cutover, x),
        *(_ruled(y(tick), f"{tick:g}") for tick in y.ticks(4)),
        *(label(x(tick), BOTTOM + 17, _signed(tick)) for tick in (-0.75, -0.5, -0.25, 0.0, 0.25, 0.5, 0.75)),
        *(_dot(one, cutover, x, y) for one in near),
        label(LEFT, 14, "latency, ms", "heading", "start"),
        label(RIGHT, HEIGHT - 8, "seconds from the switch", anchor="end"),
    ]
    title = element("title", f"Writes around hand-over {number}")
    return element("svg", title, *parts, viewBox=f"0 0 {WIDTH} {HEIGHT}", class_="chart switch-chart", role="img")


def _pause(cutover: Cutover, x: Linear) -> str:
    begin, end = x(-cutover.pause_ms / 1000), x(0)
    held = element("rect", x=begin, y=TOP, width=max(1.0, end - begin), height=BOTTOM - TOP, class_="pause")
    return held + element("line", x1=end, x2=end, y1=TOP, y2=BOTTOM, class_="switch")


def _dot(ended: Ended, cutover: Cutover, x: Linear, y: Linear) -> str:
    ms = ended.took * 1000
    title = element("title", f"{ended.op}: {ms:.0f} ms, {ended.outcome}")
    class_ = "dot failed" if ended.failed else "dot held" if _held(ended, cutover) else "dot"
    return element("circle", title, cx=x(ended.at - cutover.switched_at), cy=y(ms), r=3.2, class_=class_)


def _held(ended: Ended, cutover: Cutover) -> bool:
    """Whether it was under way while writers were held."""
    return ended.at <= cutover.switched_at and ended.answered >= cutover.held_from


def _ruled(y: float, words: str) -> str:
    return element("line", x1=LEFT, x2=RIGHT, y1=y, y2=y, class_="grid") + label(LEFT - 6, y + 4, words, anchor="end")


def _signed(value: float) -> str:
    return f"{value:+g}".replace("-", "−") if value else "0"
