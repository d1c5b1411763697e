"""Pictures of findings: inline SVG with real text, a title, a description and intervals."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from html import escape

from markupsafe import Markup

WIDTH = 480  # narrow, so that the words stay legible when a phone shrinks the picture
LEFT, RIGHT = 14, 22
ROW = 50
TOP = 8
BOTTOM = 30
TICKS = 5
LINE_ROWS = 3  # the height of a line, in rows of bars
SHARES = "share of one"
"""The unit of an axis whose values are shares; it shows them as percentages. A column's own "%" is not."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar with its interval; values in the units of the axis.

    Args:
        label: what stands at the left.
        value: the length of the bar, or the place of the dot.
        low: lower end of the interval; None where there is none.
        high: upper end of the interval; None where there is none.
        shown: the value as text.
        reference: whether this is the group the others are compared with.
    """

    label: str
    value: float
    low: float | None
    high: float | None
    shown: str
    reference: bool = False


def bars(
    rows: Sequence[Bar], *, title: str, description: str, maximum: float, unit: str
) -> Markup:
    """Horizontal bars from zero with their intervals.

    Args:
        rows: top to bottom.
        title: what a screen reader calls the picture.
        description: what it shows, in a sentence.
        maximum: the right end of the axis.
        unit: what the axis counts, for its last label; `SHARES` shows percentages.
    """
    scale = _Scale(0.0, maximum)
    marks = [_axis(scale, len(rows), unit)]
    for index, row in enumerate(rows):
        top = TOP + index * ROW
        kind = "bar reference" if row.reference else "bar"
        width = scale.at(row.value) - scale.at(0)
        marks.append(
            _words(row, top)
            + f'<rect class="{kind}" x="{LEFT}" y="{top + 24}" width="{width:.1f}" height="18" rx="2"/>'
            + _whisker(row, scale, top + 33)
        )
    return _picture(marks, len(rows), title, description)


def intervals(
    rows: Sequence[Bar],
    *,
    title: str,
    description: str,
    axis: tuple[float, float],
    unit: str,
    lines: Sequence[float] = (),
    band: tuple[float, float] | None = None,
) -> Markup:
    """Dots with their intervals, beside the lines they are held against.

    Args:
        rows: top to bottom.
        title: what a screen reader calls the picture.
        description: what it shows, in a sentence.
        axis: left and right end.
        unit: what the axis counts, for its last label; `SHARES` shows percentages.
        lines: thresholds, drawn dashed.
        band: the range that counts as small, drawn as a wash.
    """
    scale = _Scale(*axis)
    height = TOP + len(rows) * ROW
    marks = []
    if band:
        left, right = scale.at(max(band[0], axis[0])), scale.at(min(band[1], axis[1]))
        marks.append(
            f'<rect class="band" x="{left:.1f}" y="{TOP}" width="{right - left:.1f}" height="{height - TOP}"/>'
        )
    marks.append(_axis(scale, len(rows), unit))
    marks += [
        f'<line class="line" x1="{scale.at(x):.1f}" x2="{scale.at(x):.1f}" y1="{TOP}" y2="{height}"/>'
        for x in lines
        if axis[0] <= x <= axis[1]
    ]
    for index, row in enumerate(rows):
        top = TOP + index * ROW
        marks.append(
            _words(row, top)
            + _whisker(row, scale, top + 33)
            + f'<circle class="dot" cx="{scale.at(row.value):.1f}" cy="{top + 33}" r="6"/>'
        )
    return _picture(marks, len(rows), title, description)


def line(
    points: Sequence[tuple[float, float]],
    *,
    marks: Sequence[float],
    title: str,
    description: str,
    unit: str,
) -> Markup:
    """A line with the values at which it has a step or turns, drawn dashed.

    Args:
        points: values, the lowest first, each with its height.
        marks: the values that are marked.
        title: what a screen reader calls the picture.
        description: what it shows, in a sentence.
        unit: of the values.
    """
    scale = _Scale(points[0][0], points[-1][0])
    heights = [height for _, height in points]
    low, span = min(heights), (max(heights) - min(heights)) or 1.0
    bottom = TOP + LINE_ROWS * ROW
    drawn = " ".join(
        f"{scale.at(value):.1f},{bottom - (bottom - TOP) * (height - low) / span:.1f}"
        for value, height in points
    )
    parts = [_axis(scale, LINE_ROWS, unit)]
    parts += [
        f'<line class="line" x1="{scale.at(x):.1f}" x2="{scale.at(x):.1f}" y1="{TOP}" y2="{bottom}"/>'
        for x in marks
    ]
    parts.append(f'<polyline class="whisker" points="{drawn}"/>')
    parts += [
        f'<text class="axis" x="{WIDTH - RIGHT}" y="{y}" text-anchor="end">{height:+.3g}</text>'
        for y, height in ((TOP + 16, low + span), (bottom - 6, low))
    ]
    return _picture(parts, LINE_ROWS, title, description)


@dataclass(frozen=True, slots=True)
class _Scale:
    low: float
    high: float

    def at(self, value: float) -> float:
        span = (self.high - self.low) or 1.0
        inside = min(max(value, self.low), self.high)
        return LEFT + (WIDTH - LEFT - RIGHT) * (inside - self.low) / span


def _axis(scale: _Scale, rows: int, unit: str) -> str:
    bottom = TOP + rows * ROW
    marks = ticks(scale.low, scale.high)
    shares = unit == SHARES
    parts = []
    for value in marks:
        x = scale.at(value)
        label = f"{100 * value:.6g}%" if shares else f"{value:.6g}"
        if unit and not shares and value == marks[-1]:
            label = f"{label} {unit}"
        parts.append(
            f'<line class="rule" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{bottom}"/>'
            f'<text class="axis" x="{x:.1f}" y="{bottom + 20}" text-anchor="middle">{escape(label)}</text>'
        )
    return "".join(parts)


def ticks(low: float, high: float) -> list[float]:
    """Round numbers between two ends, about five of them.

    Args:
        low: the left end.
        high: the right end.
    """
    rough = ((high - low) or 1.0) / TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = power * next(each for each in (1, 2, 5, 10) if each * power >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [round(step * each, 12) + 0.0 for each in range(first, last + 1)]


def _whisker(row: Bar, scale: _Scale, y: float) -> str:
    if row.low is None or row.high is None:
        return ""
    left, right = scale.at(row.low), scale.at(row.high)
    return (
        f'<path class="whisker" d="M{left:.1f} {y}H{right:.1f}'
        f'M{left:.1f} {y - 6}v12M{right:.1f} {y - 6}v12"/>'
    )


def _words(row: Bar, top: float) -> str:
    """What the row is about at the left, its value at the right, above the bar."""
    return (
        f'<text x="{LEFT}" y="{top + 17}">{escape(row.label)}</text>'
        f'<text x="{WIDTH - RIGHT}" y="{top + 17}" text-anchor="end">{escape(row.shown)}</text>'
    )


def _picture(marks: Sequence[str], rows: int, title: str, description: str) -> Markup:
    height = TOP + rows * ROW + BOTTOM
    body = "".join(marks)
    # The identifiers come from the content: the same picture is the same bytes.
    number = sha256(f"{title}{body}".encode()).hexdigest()[:8]
    # Every value is escaped above or a number, so the whole is safe to mark as such.
    return Markup(  # noqa: S704
        f'<svg class="chart" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-labelledby="c{number}t c{number}d"><title id="c{number}t">{escape(title)}</title>'
        f'<desc id="c{number}d">{escape(description)}</desc>{body}</svg>'
    )
