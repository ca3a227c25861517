"""Draw the course of a run as a small SVG picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from .checkpoint import EpochRecord

_WIDTH: Final = 720
_HEIGHT: Final = 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 48, 28, 40
_LOSS_COLOUR: Final = "#3b6fb6"
_VALIDATION_COLOUR: Final = "#c2571a"  # told apart from the blue by the colour-blind too


def draw_curves(history: Sequence[EpochRecord]) -> str:
    """Draw loss (left axis) and validation accuracy (right axis, 0 to 100 %) over progress.

    Grey bands mark the sizes of the training images. An epoch without a validation leaves no dot.
    """
    top_loss = max((record.loss for record in history), default=1.0) or 1.0
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        'font-family="sans-serif" font-size="11">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        *_draw_sizes(history),
    ]
    for tenth in range(0, 11, 2):
        y = _place_y(tenth / 10)
        parts += [
            f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#d8d8d8"/>',
            _write(_LEFT - 6, y + 4, f"{top_loss * tenth / 10:.1f}", "end", _LOSS_COLOUR),
            _write(_WIDTH - _RIGHT + 6, y + 4, f"{tenth * 10} %", "start", _VALIDATION_COLOUR),
        ]
    losses = [(record.progress, record.loss / top_loss) for record in history]
    shares = [(r.progress, r.validation) for r in history if r.validation is not None]
    parts += [
        _draw_line(losses, _LOSS_COLOUR),
        _draw_line(shares, _VALIDATION_COLOUR),
        _write(_LEFT, 16, "training loss (smoothed, mixed labels)", "start", _LOSS_COLOUR),
        _write(
            _WIDTH - _RIGHT, 16, "validation top-1, averaged weights", "end", _VALIDATION_COLOUR
        ),
        _write(_WIDTH / 2, _HEIGHT - 8, f"progress ({len(history)} epochs)", "middle", "#404040"),
        "</svg>",
    ]
    return "\n".join(part for part in parts if part) + "\n"


def _draw_sizes(history: Sequence[EpochRecord]) -> list[str]:
    parts: list[str] = []
    start = 0.0
    for place, record in enumerate(history):
        last = place + 1 == len(history)
        if not last and history[place + 1].side == record.side:
            continue
        left, right = _place_x(start), _place_x(record.progress)
        shade = "#f4f4f4" if len(parts) % 4 == 0 else "#ffffff"
        parts += [
            f'<rect x="{left:.1f}" y="{_TOP}" width="{right - left:.1f}" '
            f'height="{_HEIGHT - _TOP - _BOTTOM}" fill="{shade}"/>',
            _write(
                (left + right) / 2, _HEIGHT - _BOTTOM + 14, f"{record.side} px", "middle", "#404040"
            ),
        ]
        start = record.progress
    return parts


def _draw_line(points: Sequence[tuple[float, float]], colour: str) -> str:
    if not points:
        return ""
    path = " ".join(f"{_place_x(x):.1f},{_place_y(y):.1f}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.6"/>'


def _write(x: float, y: float, text: str, anchor: str, colour: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{text}</text>'


def _place_x(progress: float) -> float:
    return _LEFT + progress * (_WIDTH - _LEFT - _RIGHT)


def _place_y(share: float) -> float:
    return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)
