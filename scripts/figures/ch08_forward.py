"""Chapter 8, forward: what stands in a network while numbers run through."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from figures import figure
from figures.diagram import Node, board, join, node
from figures.palette import Palette
from figures.plot import (
    arrow,
    axes,
    boundary,
    class_points,
    label,
    number,
    three,
)
from nnlit.datasets import moons
from nnlit.descent import descent_step
from nnlit.initializers import initialize
from nnlit.losses import accuracy
from nnlit.network import Parameters, forward, gradients
from nnlit.types import Array

Data = dict[str, Any]
ADMISSION: Parameters = [
    (
        np.array([[1.0, -1.0, 0.5], [1.0, 0.0, -1.0]]),
        np.array([-1.0, 1.0, 0.5]),
    ),
    (
        np.array([[1.0, 0.5, -1.0], [-1.0, 0.25, 1.0], [0.5, 1.0, -1.0]]),
        np.array([0.0, 0.5, 0.0]),
    ),
]
STUDENTS = np.array([[2.0, 1.0], [-1.0, 2.0], [-3.0, -2.0], [0.0, 0.0]])
CLASSES = ("accepted", "waiting list", "rejected")


def one_student_data() -> Data:
    """The chapter's first student, from two marks to three probabilities."""
    y_hat, (hidden, out) = forward(STUDENTS[:1], ADMISSION)
    return {
        "columns": [
            STUDENTS[0],
            hidden.Z[0],
            hidden.A[0],
            out.Z[0],
            y_hat[0],
        ],
    }


@figure("one-student-forward", data=one_student_data)
def one_student(data: Data, theme: Palette) -> Figure:
    canvas, ax = board(396)
    places = (52, 186, 312, 446, 574)
    names = (
        "$x$",
        "$z^{(1)}$",
        "$a^{(1)}$",
        "$z^{(2)}$",
        r"$\hat{y}$",
    )
    columns: list[list[Node]] = []
    for x, name, values in zip(places, names, data["columns"], strict=True):
        last = x == places[-1]
        color = theme.prediction if last else None
        top = 196 - 55 * (len(values) - 1)
        nodes = []
        for row, value in enumerate(values):
            words = f"{value:.3f}" if last else number(value)
            place = Node(x, top + 110 * row, 33)
            nodes.append(node(ax, theme, place, words, color=color))
            if last:
                label(
                    ax,
                    x,
                    place.y + 50,
                    CLASSES[row],
                    theme.muted,
                    ha="center",
                )
        label(ax, x, 26, name, theme.ink, ha="center", halo=False)
        columns.append(nodes)
    inputs, scores, hidden, last_scores, outputs = columns
    for sources, targets in ((inputs, scores), (hidden, last_scores)):
        for start in sources:
            for end in targets:
                join(ax, start, end, theme.weight)
    for start, end in zip(scores, hidden, strict=True):
        join(ax, start, end, theme.ink)
    for start in last_scores:
        for end in outputs:
            join(ax, start, end, theme.ink)
    for x, words in ((249, "ReLU"), (510, "softmax")):
        label(ax, x, 380, words, theme.ink, ha="center", halo=False)
    for x, words in ((119, "weights"), (379, "weights")):
        label(ax, x, 380, words, theme.weight, ha="center", halo=False)
    return canvas


def activations_data() -> Data:
    """Four students at once: a table for each layer."""
    _, (hidden, out) = forward(STUDENTS, ADMISSION)
    return {"tables": [STUDENTS, hidden.A, out.A]}


@figure("activations-per-layer", data=activations_data)
def activations(data: Data, theme: Palette) -> Figure:
    canvas, ax = board(330)
    side, gap, left, top = 62, 46, 26, 54
    x = left
    for place, (table, name) in enumerate(
        zip(
            data["tables"],
            ("$X$", "$A^{(1)}$", r"$\hat{Y} = A^{(2)}$"),
            strict=True,
        )
    ):
        rows, columns = table.shape
        strongest = np.abs(table).max()
        for i in range(rows):
            for k in range(columns):
                value = table[i, k]
                corner = (x + side * k, top + side * i)
                share = abs(value) / strongest
                color = theme.class0 if value < 0 else theme.class1
                for level in (0, 0.25, 0.5, 0.75):
                    if share > level:  # translucent sheets, one on another
                        ax.add_patch(
                            Rectangle(corner, side, side, lw=0, color=color,
                                      alpha=0.1)
                        )  # fmt: skip
                ax.add_patch(
                    Rectangle(corner, side, side, lw=1, fill=False,
                              edgecolor=theme.muted)
                )  # fmt: skip
                label(
                    ax,
                    corner[0] + side / 2,
                    corner[1] + side / 2,
                    f"{value:.2f}" if place == 2 else number(value),
                    theme.ink,
                    ha="center",
                    halo=False,
                )
        middle = x + side * columns / 2
        label(ax, middle, 30, name, theme.ink, ha="center", halo=False)
        x += side * columns
        if place < 2:
            y = top + side * rows / 2
            arrow(ax, (x + 8, y), (x + gap - 8, y), theme.ink, head=12)
        x += gap
    return canvas


def shapes_data() -> Data:
    """The shapes that the four students meet on their way."""
    _, cache = forward(STUDENTS, ADMISSION)
    return {
        "inputs": STUDENTS.shape,
        "weights": [W.shape for W, _ in ADMISSION],
        "biases": [b.shape for _, b in ADMISSION],
        "outputs": [layer.A.shape for layer in cache],
    }


@figure("shapes-through-the-layers", data=shapes_data)
def shapes(data: Data, theme: Palette) -> Figure:
    canvas, ax = board(196)
    side, x, middle = 20, 14, 96
    block(ax, x, middle, data["inputs"], side, theme.ink, "$X$")
    x += side * data["inputs"][1]
    for place, (weights, biases, shape) in enumerate(
        zip(data["weights"], data["biases"], data["outputs"], strict=True)
    ):
        level = f"({place + 1})"
        x += 14
        block(ax, x, middle, weights, side, theme.weight, f"$W^{{{level}}}$")
        x += side * weights[1]
        label(ax, x + 15, middle, "+", theme.ink, ha="center", halo=False)
        x += 30
        row = (1, biases[0])
        block(ax, x, middle, row, side, theme.weight, f"$b^{{{level}}}$")
        x += side * biases[0]
        arrow(ax, (x + 8, middle), (x + 40, middle), theme.ink, head=12)
        x += 46
        last = place == len(data["weights"]) - 1
        name = r"$\hat{Y}$" if last else f"$A^{{{level}}}$"
        color = theme.prediction if last else theme.ink
        block(ax, x, middle, shape, side, color, name)
        x += side * shape[1]
    return canvas


def block(
    ax: Axes,
    x: float,
    middle: float,
    shape: tuple[int, int],
    side: float,
    color: str,
    name: str,
) -> None:
    """A matrix as squares, its name above and its size below."""
    rows, columns = shape
    top = middle - rows * side / 2
    for i in range(rows):
        for k in range(columns):
            ax.add_patch(
                Rectangle(
                    (x + k * side, top + i * side),
                    side,
                    side,
                    fill=False,
                    edgecolor=color,
                    lw=1.4,
                )
            )
    center = x + columns * side / 2
    label(ax, center, 26, name, color, ha="center", halo=False)
    words = f"{rows}\u2009×\u2009{columns}" if rows > 1 else f"{columns}"
    label(ax, center, 170, words, color, ha="center", halo=False)


def moons_data() -> Data:
    """Two moons, as they come in and as two hidden layers move them."""
    data = moons(n=120)
    Y = data.y[:, None].astype(float)
    names = ("tanh", "sigmoid", "binary_cross_entropy")
    network: Parameters = initialize([2, 2, 2, 1], rng=0)
    for _ in range(4000):
        slopes = gradients(data.X, Y, network, *names)
        network = [
            (descent_step(W, dW, 0.3), descent_step(b, db, 0.3))
            for (W, b), (dW, db) in zip(network, slopes, strict=True)
        ]
    y_hat, cache = forward(data.X, network, *names[:2])
    W, b = network[-1]
    return {
        "y": data.y,
        "places": [data.X, cache[0].A, cache[1].A],
        "w": W[:, 0],
        "b": float(b[0]),
        "accuracy": float(accuracy(y_hat[:, 0] >= 0.5, data.y)),
    }


@figure("moons-through-the-layers", data=moons_data)
def moons_moved(data: Data, theme: Palette) -> Figure:
    canvas, panels = three(236)
    names = ("as they come in", "after layer 1", "after layer 2")
    for ax, name, X in zip(panels, names, data["places"], strict=True):
        first = ax is panels[0]
        box = frame(X) if first else (np.array([-1.2, 1.2]),) * 2
        ax.set(xlim=box[0], ylim=box[1])
        axes(ax)
        label(ax, box[0].mean(), box[1][1], name, theme.ink, dy=18,
              ha="center")  # fmt: skip
        class_points(ax, X, data["y"], theme, size=5, alpha=0.8)
    line = boundary(data["w"], data["b"], (-1.2, 1.2), (-1.2, 1.2))
    panels[2].plot(*line.T, color=theme.ink)
    return canvas


def frame(X: Array) -> tuple[Array, Array]:
    """A square around all points, with some air."""
    center = (X.min(axis=0) + X.max(axis=0)) / 2
    reach = 0.56 * (X.max(axis=0) - X.min(axis=0)).max()
    ends = np.array([-reach, reach])
    return center[0] + ends, center[1] + ends
