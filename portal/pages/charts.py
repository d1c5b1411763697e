"""Pictures of findings: inline SVG with real text, a title, a description and intervals."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from html import escape

from markupsafe import Markup

WIDTH = 720
LABEL = 210
ROW = 34
TOP = 12
BOTTOM = 30


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
        unit: what the axis counts, for its last label.
    """
    scale = _Scale(0.0, maximum)
    marks = [_axis(scale, len(rows), unit)]
    for index, row in enumerate(rows):
        top = TOP + index * ROW
        kind = "bar reference" if row.reference else "bar"
        width = scale.at(row.value) - scale.at(0)
        marks.append(
            f'<text x="{LABEL - 10}" y="{top + 20}" text-anchor="end">{escape(row.label)}</text>'
            f'<rect class="{kind}" x="{LABEL}" y="{top + 4}" width="{width:.1f}" height="20" rx="2"/>'
            + _whisker(row, scale, top + 14)
            + _value(row, scale, top + 20)
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
        unit: what the axis counts.
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
            f'<text x="{LABEL - 10}" y="{top + 20}" text-anchor="end">{escape(row.label)}</text>'
            + _whisker(row, scale, top + 14)
            + f'<circle class="dot" cx="{scale.at(row.value):.1f}" cy="{top + 14}" r="6"/>'
            + _value(row, scale, top + 20)
        )
    return _picture(marks, len(rows), title, description)


@dataclass(frozen=True, slots=True)
class _Scale:
    low: float
    high: float

    def at(self, value: float) -> float:
        span = (self.high - self.low) or 1.0
        inside = min(max(value, self.low), self.high)
        return LABEL + (WIDTH - LABEL - 70) * (inside - self.low) / span


def _axis(scale: _Scale, rows: int, unit: str) -> str:
    bottom = TOP + rows * ROW
    parts = []
    for step in range(5):
        value = scale.low + (scale.high - scale.low) * step / 4
        x = scale.at(value)
        text = f"{value:g}" if abs(value) >= 10 else f"{value:.3g}"
        label = f"{text} {unit}" if step == 4 else text
        parts.append(
            f'<line class="rule" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{bottom}"/>'
            f'<text class="axis" x="{x:.1f}" y="{bottom + 20}" text-anchor="middle">{escape(label)}</text>'
        )
    return "".join(parts)


def _whisker(row: Bar, scale: _Scale, y: float) -> str:
    if row.low is None or row.high is None:
        return ""
    left, right = scale.at(row.low), scale.at(row.high)
    return (
        f'<path class="whisker" d="M{left:.1f} {y}H{right:.1f}'
        f'M{left:.1f} {y - 6}v12M{right:.1f} {y - 6}v12"/>'
    )


def _value(row: Bar, scale: _Scale, y: float) -> str:
    end = scale.at(max(row.value, row.high if row.high is not None else row.value))
    return f'<text x="{end + 9:.1f}" y="{y}">{escape(row.shown)}</text>'


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
