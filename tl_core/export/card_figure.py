"""Curves as a small SVG, which needs no program to be drawn."""

import html
import math
from collections.abc import Sequence

from tl_core.export.card_parts import Curves

WIDTH, HEIGHT = 640, 230
LEFT, RIGHT, TOP, BOTTOM = 52, 150, 26, 30  # around the field of the curves; the names stand on its right
COLOURS = ("#0B76B8", "#C9520A")
DASHES = ("", "6 4")
N_MARKS = 4


def svg(curves: Curves) -> str:
    """Returns an inline SVG; a gap where a value is missing."""
    lines = [(name, list(values)) for name, values in curves.lines.items()]
    low, high = _range([value for _, values in lines for value in values if value is not None], curves.is_share)
    n_epochs = max((len(values) for _, values in lines), default=1)
    title = html.escape(curves.title)
    parts = [f'<text x="{LEFT}" y="16" font-weight="600">{title}</text>', *_axes(low, high, n_epochs, curves.is_share)]
    for at, (name, values) in enumerate(lines):
        parts += _line(name, values, at, low, high, n_epochs)
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" role="img" aria-label="{title}" '
        f'font-family="system-ui,sans-serif" font-size="13" fill="currentColor">{"".join(parts)}</svg>'
    )


def _range(values: Sequence[float], is_share: bool) -> tuple[float, float]:
    if is_share:
        return 0.0, 1.0
    top = max((value for value in values if math.isfinite(value)), default=1.0)
    return 0.0, top or 1.0


def _x(epoch: int, n_epochs: int) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * (epoch / max(1, n_epochs - 1))


def _y(value: float, low: float, high: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (value - low) / (high - low)


def _axes(low: float, high: float, n_epochs: int, is_share: bool) -> list[str]:
    parts = []
    for mark in range(N_MARKS + 1):
        value = low + (high - low) * mark / N_MARKS
        y = _y(value, low, high)
        shown = f"{value:.0%}" if is_share else f"{value:.2g}"
        parts.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="#8886" stroke-width="1" fill="none"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{shown}</text>')
    for epoch in sorted({0, (n_epochs - 1) // 2, n_epochs - 1}):
        x = _x(epoch, n_epochs)
        parts.append(f'<text x="{x:.1f}" y="{HEIGHT - 10}" text-anchor="middle">{epoch + 1}</text>')
    return parts


def _line(name: str, values: Sequence[float | None], at: int, low: float, high: float, n_epochs: int) -> list[str]:
    colour, drawn, is_begun = COLOURS[at % len(COLOURS)], [], False
    for epoch, value in enumerate(values):
        if value is None:
            is_begun = False
            continue
        drawn.append(f"{'L' if is_begun else 'M'}{_x(epoch, n_epochs):.1f} {_y(value, low, high):.1f}")
        is_begun = True
    path = "".join(drawn)
    style = f'stroke="{colour}" stroke-width="2.5" stroke-linecap="round" fill="none"'
    dash = f' stroke-dasharray="{DASHES[at % len(DASHES)]}"' if DASHES[at % len(DASHES)] else ""
    x, y = WIDTH - RIGHT + 14, TOP + 14 + 22 * at
    return [
        f'<path d="{path}" {style}{dash}/>',
        f'<path d="M{x} {y - 4}h26" {style}{dash}/><text x="{x + 34}" y="{y}">{html.escape(name)}</text>',
    ]
