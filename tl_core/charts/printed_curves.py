"""Curves for paper, as an SVG that runs and fetches nothing: a line each, told apart by colour, dash and name."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from tl_core.charts import theme
from tl_core.charts.names import shortened

WIDTH, HEIGHT = 640, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 40, 10, 34
_LINE_PX = 18  # of the names below the chart
_LETTER_PX = 7.5
_DASHES = {"solid": "", "dash": "8 4", "dot": "2 4", "dashdot": "8 4 2 4", "longdash": "14 5"}
_GREY = theme.NEUTRAL


@dataclass(frozen=True)
class PrintedCurve:
    """One run: its name, whether it is a baseline, and (epoch, accuracy in [0, 1]) for each epoch."""

    name: str
    points: tuple[tuple[float, float], ...]
    role: str = "run"


def curves_svg(curves: Sequence[PrintedCurve], x: str, y: str, label: str, ticks: Sequence[str] = ()) -> str:
    """Returns the picture.

    Args:
        curves: Those without a point are left out.
        x: Word for the horizontal axis.
        y: Word for the vertical axis, which runs from 0 to 100 %.
        label: What it shows, for those who cannot see it.
        ticks: What the places 1, 2, 3 … are called, where they are no epochs.
    """
    drawn = [curve for curve in curves if curve.points]
    epochs = [epoch for curve in drawn for epoch, _ in curve.points]
    first, last = (min(epochs), max(epochs)) if epochs else (1.0, 1.0)
    parts = [_grid(y), *_ticks(first, last, x, ticks)]
    height = HEIGHT + _LINE_PX * len(drawn)
    for at, (curve, style) in enumerate(zip(drawn, theme.styles([one.role for one in drawn]), strict=True)):
        places = [(_across(epoch, first, last), _up(value)) for epoch, value in curve.points]
        line = f'stroke="{style.colour}" stroke-width="2" stroke-dasharray="{_DASHES.get(style.dash, style.dash)}"'
        path = " ".join(f"{left:.1f},{top:.1f}" for left, top in places)
        parts.append(f'<polyline fill="none" {line} points="{path}"/>')
        parts += [f'<circle cx="{left:.1f}" cy="{top:.1f}" r="3" fill="{style.colour}"/>' for left, top in places]
        below = HEIGHT + _LINE_PX * at + 8
        parts.append(f'<line x1="{_LEFT}" x2="{_LEFT + 34}" y1="{below}" y2="{below}" {line}/>')
        parts.append(f'<text x="{_LEFT + 42}" y="{below + 4}" font-size="12">{escape(curve.name)}</text>')
    about = f'role="img" aria-label="{escape(label)}" font-family="sans-serif"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" {about}>{"".join(parts)}</svg>'


def _up(value: float) -> float:
    return _TOP + (1 - min(max(value, 0.0), 1.0)) * (HEIGHT - _TOP - _BOTTOM)


def _across(epoch: float, first: float, last: float) -> float:
    share = (epoch - first) / (last - first) if last > first else 0.5
    return _LEFT + share * (WIDTH - _LEFT - _RIGHT)


def _grid(y: str) -> str:
    """Returns lines at each quarter, with their percent, and what they measure."""
    lines = []
    for quarter in range(5):
        top = _up(quarter / 4)
        lines.append(f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{top:.1f}" y2="{top:.1f}" stroke="{_GREY}" ')
        lines.append(f'stroke-width="0.5"/><text x="{_LEFT - 5}" y="{top + 4:.1f}" font-size="11" ')
        lines.append(f'text-anchor="end">{25 * quarter}%</text>')
    middle = (HEIGHT - _BOTTOM) / 2
    word = f'<text transform="rotate(-90 10 {middle})" x="10" y="{middle}" font-size="11" text-anchor="middle">'
    return "".join(lines) + f"{word}{escape(y)}</text>"


def _ticks(first: float, last: float, x: str, names: Sequence[str]) -> list[str]:
    """Returns a few epochs below the chart, or as many names as fit, and the word for them."""
    step = max(1, round((last - first) / 8))
    most = int((WIDTH - _LEFT - _RIGHT) / (_LETTER_PX * ((last - first) // step + 1)))
    shown = [epoch for epoch in range(round(first), round(last) + 1) if (epoch - round(first)) % step == 0]
    below = HEIGHT - _BOTTOM + 15
    marks = [
        f'<text x="{_across(epoch, first, last):.1f}" y="{below}" font-size="11" text-anchor="middle">'
        f"{escape(shortened(names[epoch - 1], max(most, 3)) if names else str(epoch))}</text>"
        for epoch in shown
    ]
    word = f'<text x="{(_LEFT + WIDTH) / 2}" y="{below + 15}" font-size="11" text-anchor="middle">{escape(x)}</text>'
    return [*marks, word]
