"""Units and networks as nodes and edges, in the lines and colours of plots.

A board is 640 wide, y grows downwards, one unit is one unit of the SVG.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from figures.palette import Palette
from figures.plot import arrow, label, panel, sheet
from figures.svg import WIDTH


@dataclass(frozen=True)
class Node:
    """A circle on the board: its centre and its radius."""

    x: float
    y: float
    r: float = 30


def board(height: float) -> tuple[Figure, Axes]:
    """An empty sheet to draw nodes and edges on."""
    figure = sheet(height)
    ax = panel(figure, 0, 0, WIDTH, height)
    ax.set_xlim(0, WIDTH)
    ax.set_ylim(height, 0)
    ax.set_axis_off()
    return figure, ax


def node(
    ax: Axes,
    theme: Palette,
    place: Node,
    text: str = "",
    *,
    color: str | None = None,
    name: str = "",
    dashed: bool = False,
) -> Node:
    """A unit: a circle with a symbol inside and a word below."""
    stroke = color or theme.ink
    ax.add_patch(
        Circle(
            (place.x, place.y),
            place.r,
            facecolor="none",
            edgecolor=stroke,
            lw=2,
            ls=(0, (4, 3)) if dashed else "-",
            zorder=5,
        )
    )
    if text:
        label(ax, place.x, place.y, text, stroke, ha="center", halo=False)
    if name:
        label(
            ax,
            place.x,
            place.y + place.r,
            name,
            theme.muted,
            dy=-18,
            ha="center",
            halo=False,
        )
    return place


def edge(
    ax: Axes,
    start: Node,
    end: Node,
    color: str,
    text: str = "",
    *,
    at: float = 0.5,
    offset: float = 16,
    width: float = 2,
) -> None:
    """An arrow from one node's rim to another's, with a weight beside it.

    `at` says how far along the word stands, `offset` how far to the left of
    the way (negative: to the right).
    """
    dx, dy = end.x - start.x, end.y - start.y
    length = math.hypot(dx, dy)
    ux, uy = dx / length, dy / length
    first = (start.x + ux * start.r, start.y + uy * start.r)
    last = (end.x - ux * (end.r + 2), end.y - uy * (end.r + 2))
    arrow(ax, first, last, color, width=width, head=14)
    if text:
        label(
            ax,
            first[0] + (last[0] - first[0]) * at + uy * offset,
            first[1] + (last[1] - first[1]) * at - ux * offset,
            text,
            color,
            ha="center",
        )


def join(ax: Axes, start: Node, end: Node, color: str) -> None:
    """A thin edge, for networks with many."""
    dx, dy = end.x - start.x, end.y - start.y
    length = math.hypot(dx, dy)
    ux, uy = dx / length, dy / length
    first = (start.x + ux * start.r, start.y + uy * start.r)
    last = (end.x - ux * (end.r + 2), end.y - uy * (end.r + 2))
    arrow(ax, first, last, color, width=1.1, head=9)
