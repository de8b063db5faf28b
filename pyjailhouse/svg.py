# SPDX-License-Identifier: Apache-2.0
"""Shapes and words of a picture, in SVG 1.1."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

FONT = "DejaVu Sans, Helvetica, Arial, sans-serif"


class Picture:
    """Elements in the order that they are painted. Lengths are pixels."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.height = 0.0
        self._elements: list[str] = []

    def grow(self, bottom: float) -> None:
        """The picture reaches at least that far down."""
        self.height = max(self.height, bottom)

    def rect(self, x: float, y: float, width: float, height: float, fill: str,
             title: str = "", stroke: str = "none", radius: float = 0) -> None:
        """A box; title is shown where the pointer rests on it."""
        tip = f"<title>{escape(title)}</title>" if title else ""
        self._elements.append(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" '
            f'fill={quoteattr(fill)} stroke={quoteattr(stroke)} rx="{radius:g}">{tip}</rect>')
        self.grow(y + height)

    def text(self, x: float, y: float, words: str, size: int = 12, anchor: str = "start",
             bold: bool = False, fill: str = "#222222") -> None:
        """Words; y is their baseline."""
        weight = ' font-weight="bold"' if bold else ""
        self._elements.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
            f'fill={quoteattr(fill)}{weight}>{escape(words)}</text>')
        self.grow(y + size / 2)

    def line(self, x1: float, y1: float, x2: float, y2: float, stroke: str = "#888888") -> None:
        """A straight line."""
        self._elements.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
                              f'stroke={quoteattr(stroke)} stroke-width="1.5"/>')

    def svg(self) -> str:
        """The document."""
        height = self.height + 16
        return (f'<?xml version="1.0" encoding="UTF-8"?>\n'
                f'<svg xmlns="http://www.w3.org/2000/svg" width="{self.width}" '
                f'height="{height:.0f}" viewBox="0 0 {self.width} {height:.0f}" '
                f'font-family={quoteattr(FONT)}>\n'
                f'<rect width="100%" height="100%" fill="#ffffff"/>\n'
                + "\n".join(self._elements) + "\n</svg>\n")


def fit(words: str, width: float, size: int = 12) -> str:
    """Words cut so that they are about that wide at most."""
    room = max(int(width / (size * 0.6)), 1)
    return words if len(words) <= room else words[:max(room - 1, 0)] + "…"
