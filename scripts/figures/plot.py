"""What all plots of the book have in common: a sheet, panels, labels, marks.

Everything is placed in the units of the SVG's viewBox: 640 across, y down
from the top, so that every figure has the same margins and sizes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, PathPatch
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.ticker import FixedLocator, FuncFormatter

from figures.palette import Palette
from figures.svg import HALO, WIDTH
from nnlit.types import Array

LEFT, RIGHT, TOP, BOTTOM = 56, 16, 40, 66  # margins of a single plot
DASHED = (0, (5, 3))


def sheet(height: float) -> Figure:
    """An empty figure, 640 wide."""
    return Figure(figsize=(WIDTH / 72, height / 72))


def panel(
    sheet: Figure, left: float, top: float, width: float, height: float
) -> Axes:
    """Axes whose inner box is given in the sheet's units, y down."""
    full = sheet.get_figheight() * 72
    return sheet.add_axes(
        (
            left / WIDTH,
            1 - (top + height) / full,
            width / WIDTH,
            height / full,
        )
    )


def single(height: float = 400) -> tuple[Figure, Axes]:
    """A sheet with one plot on it, with the book's margins."""
    figure = sheet(height)
    box = (LEFT, TOP, WIDTH - LEFT - RIGHT, height - TOP - BOTTOM)
    return figure, panel(figure, *box)


def pair(
    height: float = 330, gap: float = 60
) -> tuple[Figure, tuple[Axes, Axes]]:
    """A sheet with two plots side by side."""
    figure = sheet(height)
    width = (WIDTH - LEFT - RIGHT - gap) / 2
    tall = height - TOP - BOTTOM
    return figure, (
        panel(figure, LEFT, TOP, width, tall),
        panel(figure, LEFT + width + gap, TOP, width, tall),
    )


def three(height: float = 282) -> tuple[Figure, list[Axes]]:
    """A sheet with three square plots side by side."""
    canvas = sheet(height)
    return canvas, [
        panel(canvas, 38 + place * 204, 44, 176, 176) for place in range(3)
    ]


def axes(
    ax: Axes,
    x: str = "",
    y: str = "",
    xticks: Sequence[float] = (),
    yticks: Sequence[float] = (),
) -> None:
    """Name the axes and choose their numbers.

    The name of y stands level above its axis: no reader turns his head.
    """
    for axis, ticks in ((ax.xaxis, xticks), (ax.yaxis, yticks)):
        axis.set_major_locator(FixedLocator(list(ticks)))
        axis.set_major_formatter(FuncFormatter(lambda v, _: number(v)))
    if x:
        ax.set_xlabel(x, labelpad=4)
    if y:
        ax.annotate(
            y,
            (0, 1),
            (0, 14),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="left",
            va="baseline",
        )


def bare(ax: Axes) -> None:
    """No axes at all: only the picture."""
    ax.set_axis_off()


def number(value: float) -> str:
    """A number as the page prints it, with a true minus and thin gaps.

    >>> number(-0.50), number(10.0), number(1e4)
    ('−0.5', '10', '10\\u2009000')
    """
    if abs(value) >= 10_000 and value == int(value):
        text = f"{int(value):,}".replace(",", "\u2009")
    else:
        text = f"{value:.10g}"
    return text.replace("-", "−")


def label(
    ax: Axes,
    x: float,
    y: float,
    text: str,
    color: str,
    *,
    dx: float = 0,
    dy: float = 0,
    ha: str = "left",
    va: str = "center",
    rotation: float = 0,
    halo: bool = True,
) -> Text:
    """A word at a place of the data, moved by (dx, dy), dy upwards.

    With a halo the page's own colour surrounds it, so that a line under it
    doesn't cross the letters.
    """
    note = ax.annotate(
        text,
        (x, y),
        (dx, dy),
        textcoords="offset points",
        color=color,
        ha=ha,
        va=va,
        rotation=rotation,
        rotation_mode="anchor",
        annotation_clip=False,
        zorder=9,
    )
    if halo:
        note.set_gid(HALO)
    return note


def class_points(
    ax: Axes,
    X: Array,
    y: Array,
    theme: Palette,
    *,
    size: float = 8,
    alpha: float = 1.0,
) -> None:
    """Examples of two classes: open circles (0) and filled triangles (1)."""
    X, y = np.asarray(X), np.asarray(y)
    zero, one = X[y == 0], X[y == 1]
    circles(ax, zero, theme.class0, size=size, alpha=alpha)
    triangles(ax, one, theme.class1, size=size, alpha=alpha)


def circles(
    ax: Axes, X: Array, color: str, *, size: float = 8, alpha: float = 1.0
) -> None:
    """Open circles, the mark of class 0."""
    ax.plot(
        X[:, 0],
        X[:, 1],
        "o",
        ms=size,
        mew=1.8,
        mfc="none",
        mec=color,
        alpha=alpha,
        zorder=3,
        clip_on=False,
    )


def triangles(
    ax: Axes, X: Array, color: str, *, size: float = 8, alpha: float = 1.0
) -> None:
    """Filled triangles, the mark of class 1."""
    ax.plot(
        X[:, 0],
        X[:, 1],
        "^",
        ms=size + 1,
        mew=0,
        mfc=color,
        alpha=alpha,
        zorder=3,
        clip_on=False,
    )


def arrow(
    ax: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    color: str,
    *,
    width: float = 2.4,
    head: float = 16,
    bend: float = 0,
    shrink: tuple[float, float] = (0, 0),
    dashed: bool = False,
) -> None:
    """An arrow between two places of the data."""
    ax.add_patch(
        FancyArrowPatch(
            start,
            end,
            arrowstyle="-|>,head_length=0.55,head_width=0.3",
            mutation_scale=head,
            connectionstyle=f"arc3,rad={bend}",
            shrinkA=shrink[0],
            shrinkB=shrink[1],
            color=color,
            lw=width,
            ls=DASHED if dashed else "-",
            zorder=6,
            clip_on=False,
            joinstyle="miter",
            capstyle="butt",
        )
    )


def boundary(
    w: Sequence[float] | Array,
    b: float,
    xlim: tuple[float, float],
    ylim: tuple[float, float],
) -> Array:
    """The part of the line w·x + b = 0 inside a box, as (2, 2) end points.

    Rows are the two ends. An empty (0, 2) array if the line misses the box.

    >>> boundary((2.0, 1.0), -18.0, (0.0, 10.0), (0.0, 10.0))
    array([[ 4., 10.],
           [ 9.,  0.]])
    """
    w1, w2 = float(w[0]), float(w[1])
    ends = []
    if w2 != 0:
        ends += [(x, -(w1 * x + b) / w2) for x in xlim]
    if w1 != 0:
        ends += [(-(w2 * y + b) / w1, y) for y in ylim]
    inside = sorted(
        {
            (round(x, 12), round(y, 12))
            for x, y in ends
            if xlim[0] - 1e-9 <= x <= xlim[1] + 1e-9
            and ylim[0] - 1e-9 <= y <= ylim[1] + 1e-9
        }
    )
    if len(inside) < 2:
        return np.empty((0, 2))
    return np.array([inside[0], inside[-1]])


def shade_positive(
    ax: Axes,
    w: Sequence[float] | Array,
    b: float,
    color: str,
    alpha: float = 0.10,
) -> None:
    """Tint the side of the line where w·x + b > 0, within the axes."""
    xs = np.array(ax.get_xlim())
    ys = np.array(ax.get_ylim())
    grid_x, grid_y = np.meshgrid(xs, ys)
    scores = w[0] * grid_x + w[1] * grid_y + b
    ax.contourf(
        grid_x,
        grid_y,
        scores,
        levels=[0, max(scores.max(), 1e-9) + 1],
        colors=[color],
        alpha=alpha,
        zorder=0,
    )


def tint(ax: Axes, data: Mapping[str, Array], theme: Palette) -> None:
    """Shade a plane: the surer the model, the stronger the class's colour.

    Translucent sheets lie on each other; bands side by side would leave
    hairlines between them.
    """
    for step in (0.5, 0.6, 0.7, 0.8, 0.9):
        for y_hat, color in (
            (data["y_hat"], theme.class1),
            (1 - data["y_hat"], theme.class0),
        ):
            ax.contourf(
                data["x1"],
                data["x2"],
                y_hat,
                levels=[step, 1.01],
                colors=[color],
                alpha=0.065,
                zorder=0,
            )


def halftone(ax: Axes, image: Array, color: str) -> None:
    """An image as squares of one colour: the darker a pixel, the larger.

    Pixels lie in [0, 1]; the one in row r and column c fills at most the
    unit square of the data with the corner (c, r). Greys would be too faint
    to see; squares keep the colour and give the pixel's share of the area.
    """
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])
    squares = [
        np.array([column + 0.5, row + 0.5]) + 0.46 * np.sqrt(dark) * corners
        for (row, column), dark in np.ndenumerate(image)
        if dark > 0
    ]
    boxes(ax, squares, facecolor=color, lw=0)


def boxes(ax: Axes, corners: Sequence[Array], **look: Any) -> None:
    """Closed shapes by their corners (m, 2), as one path: a short SVG."""
    shapes = [Path([*shape, shape[0]], closed=True) for shape in corners]
    if shapes:
        ax.add_patch(PathPatch(Path.make_compound_path(*shapes), **look))
