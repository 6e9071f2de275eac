"""The phases as bands behind a chart, with their names above it."""

from collections.abc import Sequence
from itertools import groupby, pairwise

from migrations_tools.demo.facts import Stage
from migrations_tools.demo.report.svg import Linear, element, label

CHARACTER = 6.4  # pixels, at the labels' size


def bands(stages: Sequence[Stage], began: float, x: Linear, top: float, bottom: float) -> str:
    """Alternating grounds from each stage to the next, and a line where it begins."""
    drawn = []
    for number, (begin, end) in enumerate(pairwise(_edges(stages, began, x))):
        drawn.append(
            element("rect", x=begin, y=top, width=max(0.0, end - begin), height=bottom - top, class_=f"band band-{number % 2}")
        )
        drawn.append(element("line", x1=begin, x2=begin, y1=top, y2=bottom, class_="band-edge"))
    return "".join(drawn)


def names(stages: Sequence[Stage], began: float, x: Linear, y: float) -> str:
    """Stages of one first word share it ("canary" over "10 %", "50 %"); names that would touch are set on two lines."""
    edges = _edges(stages, began, x)
    placed = list(zip(stages, edges[:-1], edges[1:], strict=True))
    drawn, taken, up = [], -1e9, False
    for word, run in groupby(placed, key=lambda item: item[0].name.partition(" ")[0]):
        group = list(run)
        middle = (group[0][1] + group[-1][2]) / 2
        half = len(word) * CHARACTER / 2
        up = not up if middle - half < taken else False
        taken = middle + half
        drawn.append(label(middle, y - (28 if up else 15), word, "phase"))
        drawn += [
            label((begin + end) / 2, y - 3, rest, "phase-part")
            for stage, begin, end in group
            if (rest := stage.name.partition(" ")[2])
        ]
    return "".join(drawn)


def _edges(stages: Sequence[Stage], began: float, x: Linear) -> list[float]:
    return [*(x(stage.started_at - began) for stage in stages), x.end]
