# SPDX-License-Identifier: Apache-2.0
"""Results as a bar chart: one group of bars for each operation."""

from __future__ import annotations

from xml.etree import ElementTree

from results import Results, value_of
from rows import COMPARED, PEERS, SOURCE

OURS, COLOURS = "#0b6e4f", ("#8aa4c8", "#e0a458", "#b9a0c9", "#b8b8b8")
GOAL = "#c1121f"
WIDTH, LEFT, RIGHT, TOP = 960, 270, 90, 92
BAR, GAP, GROUP = 13, 2, 14
LIMIT = 1600        # longer bars are cut, with their number beside them
STEP = 200


class Canvas:
    """An SVG document."""

    def __init__(self) -> None:
        self.root = ElementTree.Element("svg", xmlns="http://www.w3.org/2000/svg")
        self.root.set("font-family", "DejaVu Sans, Arial, sans-serif")

    def add(self, tag: str, text: str = "", **attributes: object) -> None:
        named = {name.replace("_", "-"): str(value) for name, value in attributes.items()}
        ElementTree.SubElement(self.root, tag, named).text = text or None

    def text(self, x: float, y: float, text: str, **attributes: object) -> None:
        self.add("text", text, x=x, y=y, **{"font_size": 12, **attributes})


def _x(count: int) -> float:
    return LEFT + min(count, LIMIT) / LIMIT * (WIDTH - LEFT - RIGHT)


def _bar(canvas: Canvas, y: float, count: int, colour: str, goal: int | None) -> None:
    end = _x(count)
    canvas.add("rect", x=LEFT, y=y, width=round(end - LEFT, 1), height=BAR, fill=colour)
    if goal is not None:
        canvas.add("line", x1=_x(goal), x2=_x(goal), y1=y - 3, y2=y + BAR + 3, stroke=GOAL,
                   stroke_width=2)
        if 0 <= _x(goal) - end < 40:
            end = _x(goal)      # the number stands behind it
    label = f"{count}" if count <= LIMIT else f"{count} \u2192"
    canvas.text(end + 4, y + BAR - 2, label, font_size=11,
                font_weight="normal" if goal is None else "bold")


def _axis(canvas: Canvas, height: float) -> None:
    for count in range(0, LIMIT + 1, STEP):
        canvas.add("line", x1=_x(count), x2=_x(count), y1=TOP - 6, y2=height, stroke="#dddddd")
        canvas.text(_x(count), TOP - 10, str(count), text_anchor="middle", fill="#555555",
                    font_size=11)


def _legend(canvas: Canvas) -> None:
    x = 20.0
    for name, colour in [("Capsule", OURS), *zip(PEERS, COLOURS, strict=True)]:
        canvas.add("rect", x=x, y=46, width=14, height=12, fill=colour)
        canvas.text(x + 19, 56, name)
        x += 45 + 8 * len(name)
    canvas.add("line", x1=x + 6, x2=x + 6, y1=43, y2=61, stroke=GOAL, stroke_width=2)
    canvas.text(x + 14, 56, "our goal")


def draw(results: Results) -> str:
    """The picture, as SVG."""
    canvas, y = Canvas(), float(TOP)
    height = TOP + sum((BAR + GAP) * (1 + len(row.peers)) + GROUP for row in COMPARED)
    _axis(canvas, height)
    for row in COMPARED:
        ours = value_of(results, row.operation)
        bars = [(ours, OURS)] + [(row.peers[name], colour) for name, colour in
                                 zip(PEERS, COLOURS, strict=True) if name in row.peers]
        canvas.text(LEFT - 8, y + BAR - 2, row.label, text_anchor="end")
        for count, colour in bars:
            _bar(canvas, y, count, colour, row.goal if colour == OURS else None)
            y += BAR + GAP
        y += GROUP
    canvas.text(20, 26, "Instructions that the hypervisor executes (shorter is better)",
                font_size=17, font_weight="bold")
    _legend(canvas)
    middle = SOURCE.index(" counted by")
    canvas.text(20, y + 12, f"Others: {SOURCE[:middle]}", font_size=11, fill="#444444")
    canvas.text(20, y + 28, f"{SOURCE[middle + 1:]}. Ours: {results['compiler']} -O2,"
                f" {results['commit']}.", font_size=11, fill="#444444")
    canvas.root.set("viewBox", f"0 0 {WIDTH} {y + 42:.0f}")
    canvas.root.set("width", str(WIDTH))
    background = ElementTree.Element("rect", width="100%", height="100%", fill="white")
    canvas.root.insert(0, background)
    ElementTree.indent(canvas.root)
    return ElementTree.tostring(canvas.root, encoding="unicode") + "\n"
