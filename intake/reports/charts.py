"""Geometry of charts, for templates that draw them as SVG without JavaScript.

Horizontal values are percentages of the width: a chart fits any screen, and its text keeps its size. Vertical values
are pixels. A hidden count is drawn as a mark of its own, not as a bar.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

ROW = 46  # pixels of a horizontal bar with its name
WIDEST = 78  # percent, so that the number still fits after the bar
PLOT_TOP, PLOT_HEIGHT, BELOW_PLOT = 12, 160, 28
MOST_LABELS = 6


@dataclass(frozen=True)
class Bar:
    """A bar of a chart.

    `value` is None if the count is hidden; `text` is always shown. `height` of a horizontal bar is that of its whole
    row, including the name.
    """

    name: str
    value: int | None
    text: str
    x: str = "0%"
    width: str = "0%"
    y: int = 0
    height: int = 0
    middle: str = "0%"
    has_label: bool = True


@dataclass(frozen=True)
class Mark:
    """A horizontal line across the plot at a round value."""

    y: float
    text: str


@dataclass(frozen=True)
class Dot:
    x: str
    y: float


@dataclass(frozen=True)
class Line:
    """One series of a line chart. A stroke joins two neighboring dots; a missing value leaves a gap."""

    name: str
    shape: str
    dots: tuple[Dot, ...]
    strokes: tuple[tuple[Dot, Dot], ...]


@dataclass(frozen=True)
class Chart:
    """A chart. `kind` tells the template what shape to draw; `title` and `summary` are for screen readers."""

    kind: str
    title: str
    summary: str
    height: int
    bars: tuple[Bar, ...] = ()
    marks: tuple[Mark, ...] = ()
    lines: tuple[Line, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()  # (x, text) below the plot
    plot_end: int = PLOT_TOP + PLOT_HEIGHT


def horizontal_bars(title, summary, entries):
    """Return a `Chart` of horizontal bars. `entries`: (name, value or None, text) triples."""
    most = max((value for _name, value, _text in entries if value), default=1)
    bars = tuple(
        Bar(name, value, text, width=_percent(WIDEST * (value or 0) / most), y=ROW * number, height=ROW)
        for number, (name, value, text) in enumerate(entries)
    )
    return Chart("horizontal_bars", title, summary, ROW * len(entries), bars)


def columns(title, summary, entries, step):
    """Return a `Chart` of columns, labeled at every `step`-th one.

    `entries`: (name, value or None, text) triples.
    """
    top = _round_up(max((value for _name, value, _text in entries if value), default=1))
    bars = []
    for number, (name, value, text) in enumerate(entries):
        slot = 100 / len(entries)
        height = round(PLOT_HEIGHT * (value or 0) / top)
        bars.append(
            Bar(
                name,
                value,
                text,
                x=_percent(slot * (number + 0.12)),
                width=_percent(slot * 0.76),
                y=PLOT_TOP + PLOT_HEIGHT - height,
                height=height,
                middle=_percent(slot * (number + 0.5)),
                has_label=number % step == 0,
            )
        )
    marks = _marks(top, str)
    return Chart("columns", title, summary, PLOT_TOP + PLOT_HEIGHT + BELOW_PLOT, tuple(bars), marks)


def lines(title, summary, names, series, unit_of, label_for_minutes):
    """Return a `Chart` with one line for each of `series`, over `names`.

    `series`: (name, shape, values) triples; a missing value is None. `unit_of(value)`: returns the unit of a scale that
    reaches this value. `label_for_minutes(value)`: returns the text at a mark.
    """
    most = max((value for _n, _s, values in series for value in values if value), default=1)
    top = _round_up(math.ceil(most / unit_of(most))) * unit_of(most)
    xs = [_percent(100 * (number + 0.5) / len(names)) for number in range(len(names))]
    drawn = []
    for name, shape, values in series:
        dots = [
            None if value is None else Dot(x, round(PLOT_TOP + PLOT_HEIGHT * (1 - value / top), 1))
            for x, value in zip(xs, values, strict=True)
        ]
        strokes = tuple((one, two) for one, two in pairwise(dots) if one and two)
        drawn.append(Line(name, shape, tuple(dot for dot in dots if dot), strokes))
    step = math.ceil(len(names) / MOST_LABELS)
    return Chart(
        "lines",
        title,
        summary,
        PLOT_TOP + PLOT_HEIGHT + BELOW_PLOT,
        marks=_marks(top, label_for_minutes),
        lines=tuple(drawn),
        labels=tuple((xs[number], names[number]) for number in range(0, len(names), step)),
    )


def _marks(top, label_for_minutes):
    return tuple(
        Mark(PLOT_TOP + PLOT_HEIGHT * (1 - part / 2), label_for_minutes(round(top * part / 2))) for part in (1, 2)
    )


def _round_up(value):
    """Round up to an even number of one digit and zeros: 7 to 8, 9 to 10, 23 to 30."""
    unit = 10 ** (len(str(value)) - 1)
    return next(step * unit for step in range(1, 11) if step * unit >= value and step * unit % 2 == 0)


def _percent(number):
    return f"{number:.2f}%"
