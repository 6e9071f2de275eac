"""SVG as text: elements, and scales that turn values into pixels. Colours are the style sheet's business."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape


def element(name: str, *children: str, **attributes: object) -> str:
    """One element. An attribute's trailing underscore goes, and underscores within it become hyphens: `class_`,
    `stroke_width`. Children are markup; escape texts with `text_of`."""
    pairs = ((key.rstrip("_").replace("_", "-"), _number(value)) for key, value in attributes.items() if value is not None)
    shown = "".join(f' {key}="{escape(value)}"' for key, value in pairs)
    return f"<{name}{shown}>{''.join(children)}</{name}>" if children else f"<{name}{shown}/>"


def text_of(words: object) -> str:
    return escape(str(words))


def label(x: float, y: float, words: object, class_: str = "label", anchor: str = "middle") -> str:
    return element("text", text_of(words), x=x, y=y, class_=class_, text_anchor=anchor)


def line(points: Iterable[tuple[float, float]], class_: str) -> str:
    return element("path", d="M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points), class_=class_)


def area(points: Sequence[tuple[float, float]], floor: float, class_: str) -> str:
    """The ground below a line."""
    closed = [(points[0][0], floor), *points, (points[-1][0], floor)]
    return element("path", d="M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in closed) + "Z", class_=class_)


def _number(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


@dataclass(frozen=True, slots=True)
class Linear:
    """Values from `low` to `high` on pixels from `start` to `end`; what lies outside is put at the edge."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        share = (value - self.low) / ((self.high - self.low) or 1)
        return self.start + (self.end - self.start) * min(1.0, max(0.0, share))

    def ticks(self, about: int) -> list[float]:
        """Round values, about so many of them."""
        span = (self.high - self.low) / about or 1
        power = 10 ** math.floor(math.log10(span))
        step = next(power * times for times in (1, 2, 5, 10) if power * times >= span)
        first = math.ceil(self.low / step)
        return [round(number * step, 9) for number in range(first, int(self.high / step + 1e-9) + 1)]


@dataclass(frozen=True, slots=True)
class Logarithmic:
    """As `Linear`, by powers of ten; `low` is above 0."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        inner = Linear(math.log10(self.low), math.log10(self.high), self.start, self.end)
        return inner(math.log10(max(value, self.low)))

    def decades(self) -> list[float]:
        """The powers of ten from just below the range to its end."""
        first, last = math.floor(math.log10(self.low)), math.floor(math.log10(self.high))
        return [10.0**power for power in range(first, last + 1)]
