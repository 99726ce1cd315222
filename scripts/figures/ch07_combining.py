"""Chapter 7, combining models: two lines, a bend, and what depth adds."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from figures import figure
from figures.diagram import Node, board, edge, join, node
from figures.palette import Palette
from figures.plot import (
    axes,
    boundary,
    class_points,
    label,
    number,
    panel,
    shade_positive,
    sheet,
    three,
    tint,
)
from nnlit.activations import step
from nnlit.datasets import gate, spirals
from nnlit.descent import descent_step
from nnlit.initializers import initialize
from nnlit.losses import accuracy
from nnlit.network import Parameters, forward, gradients, predict
from nnlit.perceptron import score
from nnlit.types import Array

Data = dict[str, Any]
PLANE = (0.0, 10.0)
TICKS = (0, 5, 10)
HIDDEN_W = np.array([[1.0, -0.4], [0.5, 2.0]])
HIDDEN_B = np.array([-9.0, -9.4])
OUTPUT_W = np.array([[7.0], [5.0]])
OUTPUT_B = np.array([-6.0])
COMMITTEE: Parameters = [(HIDDEN_W, HIDDEN_B), (OUTPUT_W, OUTPUT_B)]


def grid(low: float, high: float, steps: int) -> tuple[Array, Array, Array]:
    """Two tables of coordinates and the same places as rows."""
    ticks = np.linspace(low, high, steps)
    x1, x2 = np.meshgrid(ticks, ticks)
    return x1, x2, np.column_stack([x1.ravel(), x2.ravel()])


def half_planes_data() -> Data:
    """Two members' probabilities, and their combination with 7, 5 and −6."""
    x1, x2, plane = grid(*PLANE, 61)
    y_hat, cache = forward(plane, COMMITTEE, "sigmoid", "sigmoid")
    student = np.array([[6.5, 6.7]])
    answer, kept = forward(student, COMMITTEE, "sigmoid", "sigmoid")
    members = [cache[0].A[:, unit].reshape(x1.shape) for unit in (0, 1)]
    return {
        "x1": x1,
        "x2": x2,
        "maps": [*members, y_hat.reshape(x1.shape)],
        "student": student[0],
        "values": [*kept[0].A[0], answer[0, 0]],
    }


@figure("half-planes-combined", data=half_planes_data)
def half_planes(data: Data, theme: Palette) -> Figure:
    canvas, panels = three()
    names = ("first member", "second member", "combined")
    for ax, words, y_hat, value in zip(
        panels, names, data["maps"], data["values"], strict=True
    ):
        ax.set(xlim=PLANE, ylim=PLANE)
        axes(ax, "test score", "", TICKS, TICKS)
        if ax is not panels[0]:
            ax.set_yticklabels([])
        label(ax, 5, 10, words, theme.ink, dy=18, ha="center")
        tint(ax, data | {"y_hat": y_hat}, theme)
        ax.contour(
            data["x1"],
            data["x2"],
            y_hat,
            levels=[0.5],
            colors=[theme.ink],
            linewidths=[2.6],
        )
        ax.plot(
            *data["student"], "o", ms=9, mfc=theme.ink, mec=theme.ink
        )
        label(
            ax,
            *data["student"],
            f"{value:.2f}",
            theme.ink,
            dy=17,
            ha="center",
        )
    return canvas


def committee_data() -> Data:
    """The weights of the combined network, as numbers."""
    return {
        "hidden_W": HIDDEN_W,
        "hidden_b": HIDDEN_B,
        "output_W": OUTPUT_W,
        "output_b": OUTPUT_B,
    }


@figure("combined-network", data=committee_data)
def combined_network(data: Data, theme: Palette) -> Figure:
    canvas, ax = board(400)
    inputs = [
        node(ax, theme, Node(60, y, 28), words, dashed=words == "$1$")
        for y, words in ((60, "$x_1$"), (200, "$x_2$"), (340, "$1$"))
    ]
    hidden = [
        node(ax, theme, Node(330, y, 32), words)
        for y, words in ((90, r"$a_1$"), (240, r"$a_2$"))
    ]
    one = node(ax, theme, Node(330, 350, 28), "$1$", dashed=True)
    out = node(
        ax,
        theme,
        Node(570, 165, 32),
        r"$\hat{y}$",
        color=theme.prediction,
    )
    rows = np.vstack([data["hidden_W"], data["hidden_b"]])
    for source, row in zip(inputs, rows, strict=True):
        for target, value, side in zip(hidden, row, (1, -1), strict=True):
            edge(
                ax,
                source,
                target,
                theme.weight,
                number(value),
                at=0.24,
                offset=side * 15,
            )
    column = [*data["output_W"][:, 0], data["output_b"][0]]
    for source, value in zip([*hidden, one], column, strict=True):
        edge(ax, source, out, theme.weight, number(value), at=0.42)
    return canvas


def deep_data() -> Data:
    """The sizes of a network with two hidden layers and three classes."""
    sizes = (3, 4, 4, 3)
    weights = sum(a * b for a, b in pairwise(sizes))
    return {"sizes": sizes, "weights": weights, "biases": sum(sizes[1:])}


@figure("deep-network", data=deep_data)
def deep_network(data: Data, theme: Palette) -> Figure:
    canvas, ax = board(366)
    places = (70, 236, 402, 568)
    words = ("input", "hidden layer 1", "hidden layer 2", "output")
    letters = ("x", "", "", r"\hat{y}")
    layers: list[list[Node]] = []
    for x, size, name, letter in zip(
        places, data["sizes"], words, letters, strict=True
    ):
        top = 170 - 40 * (size - 1)
        layers.append(
            [
                node(
                    ax,
                    theme,
                    Node(x, top + 80 * unit, 26),
                    f"${letter}_{unit + 1}$" if letter else "",
                    color=theme.prediction if name == "output" else None,
                )
                for unit in range(size)
            ]
        )
        label(ax, x, 346, name, theme.muted, ha="center", halo=False)
    for below, above in pairwise(layers):
        for start in below:
            for end in above:
                join(ax, start, end, theme.weight)
    return canvas


def xor_data() -> Data:
    """The four points of XOR, in the plane of inputs and of hidden units."""
    four = gate("xor")
    W, b = np.array([[1.0, 1.0], [1.0, 1.0]]), np.array([-0.5, -1.5])
    v, c = np.array([1.0, -1.0]), -0.5
    hidden = step(four.X @ W + b)
    return {
        "X": four.X,
        "y": four.y,
        "W": W,
        "b": b,
        "v": v,
        "c": c,
        "hidden": hidden,
        "scores": score(hidden, v, c),
    }


@figure("xor-bent", data=xor_data)
def xor_bent(data: Data, theme: Palette) -> Figure:
    canvas = sheet(340)
    left = panel(canvas, 56, 44, 230, 230)
    right = panel(canvas, 380, 44, 230, 230)
    box = (-0.35, 1.35)
    for ax, names in (
        (left, ("$x_1$", "$x_2$")),
        (right, ("$a_1$ (OR)", "$a_2$ (AND)")),
    ):
        ax.set(xlim=box, ylim=box)
        axes(ax, *names, (0, 1), (0, 1))
    for unit, words in ((0, "OR"), (1, "AND")):
        w, b = data["W"][:, unit], data["b"][unit]
        line = boundary(w, b, box, box)
        left.plot(*line.T, color=theme.ink)
        label(
            left,
            *line[-1],
            words,
            theme.ink,
            dx=0,
            dy=12 if unit == 0 else 0,
            ha="center",
        )
    shade_positive(right, data["v"], data["c"], theme.class1, 0.09)
    line = boundary(data["v"], data["c"], box, box)
    right.plot(*line.T, color=theme.ink)
    class_points(left, data["X"], data["y"], theme, size=12)
    class_points(right, data["hidden"], data["y"], theme, size=12)
    for X, place, ax in (
        (data["X"], (12, -14), left),
        (data["hidden"], (12, -14), right),
    ):
        told: dict[tuple[float, ...], list[str]] = {}
        for point, corner in zip(X, data["X"], strict=True):
            told.setdefault(tuple(point), []).append(
                f"{corner[0]:.0f}{corner[1]:.0f}"
            )
        for point, corners in told.items():
            label(
                ax,
                *point,
                ", ".join(corners),
                theme.muted,
                dx=place[0],
                dy=place[1],
            )
    return canvas


HIDDEN_LAYERS: tuple[Sequence[int], ...] = ((), (27,), (6, 6, 6))
RATE, STEPS = 0.2, 6000


def train(X: Array, Y: Array, parameters: Parameters) -> Parameters:
    """The chapter's loop: a step downhill for every weight, many times."""
    names = ("tanh", "sigmoid", "binary_cross_entropy")
    for _ in range(STEPS):
        slopes = gradients(X, Y, parameters, *names)
        parameters = [
            (descent_step(W, dW, RATE), descent_step(b, db, RATE))
            for (W, b), (dW, db) in zip(parameters, slopes, strict=True)
        ]
    return parameters


def regions_data() -> Data:
    """Spirals, and what networks of three depths make of the plane."""
    arms = spirals(n=200, noise=0.05)
    x1, x2, plane = grid(-3.4, 3.4, 91)
    Y = arms.y[:, None].astype(float)
    maps, right, counts = [], [], []
    for hidden in HIDDEN_LAYERS:
        network = train(arms.X, Y, initialize([2, *hidden, 1], rng=0))
        y_hat = predict(plane, network, "tanh", "sigmoid")
        known = predict(arms.X, network, "tanh", "sigmoid")[:, 0]
        maps.append(y_hat.reshape(x1.shape))
        right.append(float(accuracy(known >= 0.5, arms.y)))
        counts.append(sum(W.size + b.size for W, b in network))
    return {
        "X": arms.X,
        "y": arms.y,
        "x1": x1,
        "x2": x2,
        "maps": maps,
        "accuracy": right,
        "parameters": counts,
    }


@figure("regions-by-depth", data=regions_data)
def regions(data: Data, theme: Palette) -> Figure:
    canvas, panels = three(236)
    words = ("no hidden layer", "27 units", "6, 6 and 6 units")
    for ax, name, y_hat in zip(panels, words, data["maps"], strict=True):
        ax.set(xlim=(-3.4, 3.4), ylim=(-3.4, 3.4))
        axes(ax, "", "", (), ())
        for side in ("left", "bottom"):
            ax.spines[side].set_visible(False)
        label(ax, 0, 3.4, name, theme.ink, dy=16, ha="center")
        tint(ax, data | {"y_hat": y_hat}, theme)
        ax.contour(
            data["x1"],
            data["x2"],
            y_hat,
            levels=[0.5],
            colors=[theme.ink],
            linewidths=[2],
        )
        class_points(ax, data["X"], data["y"], theme, size=4, alpha=0.8)
    return canvas


FOLD: Parameters = [
    (np.array([[1.0, 1.0]]), np.array([0.0, -0.5])),
    (np.array([[2.0], [-4.0]]), np.array([0.0])),
]


def folds_data() -> Data:
    """One fold after another: each layer doubles the number of pieces."""
    x = np.linspace(0, 1, 1025)
    heights, y = [], x[:, None]
    for _ in range(3):
        y, _ = forward(y, FOLD, "relu", "identity")
        heights.append(y[:, 0])
    pieces = [
        1 + int((np.abs(np.diff(np.sign(np.diff(line)))) > 0).sum())
        for line in heights
    ]
    return {"x": x, "heights": heights, "pieces": pieces}


@figure("folds", data=folds_data)
def folds(data: Data, theme: Palette) -> Figure:
    canvas, panels = three()
    for ax, line, pieces in zip(
        panels, data["heights"], data["pieces"], strict=True
    ):
        ax.set(xlim=(0, 1), ylim=(0, 1.02))
        axes(ax, "$x$", "", (0, 0.5, 1), (0, 1))
        if ax is not panels[0]:
            ax.set_yticklabels([])
        ax.plot(data["x"], line, color=theme.prediction, clip_on=False)
        label(ax, 0.5, 1, f"{pieces} pieces", theme.ink, dy=20, ha="center")
    return canvas
