"""Chapter 2, the perceptron: its line, its unit, its mistakes, its limits."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from figures import figure
from figures.diagram import Node, board, edge, node
from figures.palette import Palette
from figures.plot import (
    DASHED,
    arrow,
    axes,
    boundary,
    class_points,
    label,
    pair,
    panel,
    shade_positive,
    sheet,
)
from nnlit.datasets import (
    ADMISSIONS_BIAS,
    ADMISSIONS_WEIGHTS,
    admissions,
    circles,
    gate,
)
from nnlit.perceptron import (
    perceptron_epoch,
    perceptron_step,
    predict,
    score,
)
from nnlit.types import Array

Data = dict[str, Any]
PLANE = (0.0, 10.0)
TICKS = (0, 5, 10)


def admissions_line_data() -> Data:
    """The students, the line 2x₁ + x₂ − 18 = 0 and two scores worked out."""
    students = admissions()
    w, b = np.array(ADMISSIONS_WEIGHTS), ADMISSIONS_BIAS
    marked = np.array([[7.0, 6.0], [5.0, 5.0]])
    return {
        "X": students.X,
        "y": students.y,
        "w": w,
        "b": b,
        "line": boundary(w, b, PLANE, PLANE),
        "marked": marked,
        "marked_scores": score(marked, w, b),
        "mistakes": int((predict(students.X, w, b) != students.y).sum()),
    }


@figure("admissions-line", data=admissions_line_data)
def admissions_line(data: Data, theme: Palette) -> Figure:
    canvas = sheet(546)
    ax = panel(canvas, 56, 40, 440, 440)
    ax.set(xlim=PLANE, ylim=PLANE)
    axes(ax, "test score $x_1$", "grade $x_2$", TICKS, TICKS)
    shade_positive(ax, data["w"], data["b"], theme.class1, 0.09)
    ax.plot(*data["line"].T, color=theme.ink)
    class_points(ax, data["X"], data["y"], theme, alpha=0.75)
    foot = np.array([8.0, 2.0])
    tip = foot + 0.7 * data["w"]
    arrow(ax, tuple(foot), tuple(tip), theme.weight, width=3)
    label(ax, *tip, "$w$", theme.weight, dx=-2, dy=16, halo=False)
    ax.plot(*data["marked"].T, "o", ms=19, mfc="none", mec=theme.ink, mew=1.8)
    class_points(ax, data["marked"], np.array([1, 0]), theme, size=9)
    for place, value in zip(
        data["marked"], data["marked_scores"], strict=True
    ):
        sign = "−" if value < 0 else ""
        x1, x2 = place
        right = value >= 0
        label(
            ax,
            *place,
            f"({x1:.0f}, {x2:.0f}): score {sign}{abs(value):.0f}",
            theme.ink,
            dx=16 if right else -16,
            ha="left" if right else "right",
        )
    label(ax, 4.0, 10, "$2x_1 + x_2 - 18 = 0$", theme.ink, dy=16, ha="center")
    for y, words, color in (
        (8.6, "accepted\nscore $\\geq$ 0", theme.class1),
        (1.2, "rejected\nscore $<$ 0", theme.class0),
    ):
        label(ax, 10.3, y, words, color)
    return canvas


def no_data() -> Data:
    """What a unit consists of: two inputs, two weights and a bias."""
    return {
        "inputs": ("$x_1$", "$x_2$", "$1$"),
        "weights": ("$w_1$", "$w_2$", "$b$"),
    }


@figure("perceptron-unit", data=no_data)
def perceptron_unit(data: Data, theme: Palette) -> Figure:
    canvas, ax = board(282)
    total = node(
        ax, theme, Node(310, 140, 36), r"$\Sigma$", name=r"$w\cdot x + b$"
    )
    step = node(ax, theme, Node(450, 140, 36), name="step")
    out = node(
        ax, theme, Node(586, 140, 32), r"$\hat{y}$", color=theme.prediction
    )
    for x, w, y in zip(
        data["inputs"], data["weights"], (45, 140, 235), strict=True
    ):
        bias = x == "$1$"
        source = node(ax, theme, Node(80, y, 30), x, dashed=bias)
        edge(ax, source, total, theme.weight, w, at=0.46, offset=18)
    edge(ax, total, step, theme.ink)
    edge(ax, step, out, theme.ink)
    ax.plot(
        [430, 450, 450, 470],
        [152, 152, 128, 128],
        color=theme.ink,
        lw=2.4,
        zorder=6,
    )
    return canvas


def perceptron_trick_data() -> Data:
    """One accepted student on the wrong side, and the step he causes."""
    students = admissions(n=24, rng=53, margin=0.5)
    w, b, rate = np.array([1.0, 2.0]), -18.0, 0.1
    x, y = np.array([7.0, 5.0]), 1
    new_w, new_b = perceptron_step(x, y, w, b, rate)
    return {
        "X": students.X,
        "y": students.y,
        "x": x,
        "label": y,
        "learning_rate": rate,
        "before": (w, b),
        "after": (np.asarray(new_w), float(new_b)),
        "score_before": float(score(x, w, b)),
        "score_after": float(score(x, new_w, new_b)),
    }


@figure("perceptron-trick", data=perceptron_trick_data)
def perceptron_trick(data: Data, theme: Palette) -> Figure:
    canvas, panels = pair(360)
    x = data["x"]
    for ax, when in zip(panels, ("before", "after"), strict=True):
        w, b = data[when]
        ax.set(xlim=PLANE, ylim=PLANE)
        axes(
            ax,
            "test score $x_1$",
            "grade $x_2$" if when == "before" else "",
            TICKS,
            TICKS,
        )
        ax.annotate(
            when,
            (1, 1),
            (0, 14),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="right",
        )
        shade_positive(ax, w, b, theme.class1, 0.09)
        class_points(ax, data["X"], data["y"], theme, alpha=0.75)
        if when == "after":
            ax.plot(
                *boundary(*data["before"], PLANE, PLANE).T,
                color=theme.muted,
                ls=DASHED,
                lw=2,
            )
        ax.plot(*boundary(w, b, PLANE, PLANE).T, color=theme.ink)
        ax.plot(*x, "o", ms=21, mfc="none", mec=theme.ink, mew=1.8)
        class_points(ax, x[None], np.array([1]), theme, size=10)
        value = data[f"score_{when}"]
        sign = "−" if value < 0 else ""
        label(
            ax,
            *x,
            f"score {sign}{abs(value):g}",
            theme.ink,
            dy=-26,
            ha="center",
        )
    return canvas


def both_mistakes_data() -> Data:
    """The step for each kind of mistake, from the same weights."""
    w, b, rate = np.array([1.0, 2.0]), 0.0, 0.5
    cases = {}
    for name, x, y in (
        ("wrongly negative", np.array([3.0, -2.0]), 1),
        ("wrongly positive", np.array([-1.6, 2.4]), 0),
    ):
        new_w, new_b = perceptron_step(x, y, w, b, rate)
        cases[name] = {
            "x": x,
            "y": y,
            "w": np.asarray(new_w),
            "b": float(new_b),
            "score_before": float(score(x, w, b)),
            "score_after": float(score(x, new_w, new_b)),
        }
    return {"w": w, "b": b, "learning_rate": rate, "cases": cases}


@figure("perceptron-both-mistakes", data=both_mistakes_data)
def perceptron_both_mistakes(data: Data, theme: Palette) -> Figure:
    canvas = sheet(352)
    square = (-3.9, 3.9)
    for left, (name, case) in zip(
        (16, 336), data["cases"].items(), strict=True
    ):
        ax = panel(canvas, left, 14, 288, 288)
        ax.set(xlim=square, ylim=square)
        ax.set_axis_off()
        shade_positive(ax, case["w"], case["b"], theme.class1, 0.09)
        old = boundary(data["w"], data["b"], square, square)
        new = boundary(case["w"], case["b"], square, square)
        ax.plot(*old.T, color=theme.muted, lw=2, ls=DASHED)
        ax.plot(*new.T, color=theme.ink)
        w, x, y = data["w"], case["x"], case["y"]
        class_points(ax, x[None], np.array([y]), theme, size=12)
        arrow(ax, (0, 0), tuple(w), theme.muted, dashed=True, width=2)
        arrow(ax, tuple(w), tuple(case["w"]), theme.gradient, width=2)
        arrow(ax, (0, 0), tuple(case["w"]), theme.weight, width=3)
        up = y == 1
        label(ax, *w, "$w$", theme.muted, dx=-6, dy=12, ha="right")
        change = r"$+\,\eta x$" if up else r"$-\,\eta x$"
        middle = (w + case["w"]) / 2
        label(ax, *middle, change, theme.gradient, dx=10, dy=8 if up else 0)
        label(
            ax,
            *case["w"],
            "new $w$",
            theme.weight,
            dx=4,
            dy=-20,
            ha="center",
            halo=False,
        )
        label(
            ax,
            *x,
            "$x$",
            theme.class1 if up else theme.class0,
            dx=0,
            dy=-22 if up else 22,
            ha="center",
        )
        label(ax, 0, square[0], name, theme.ink, dy=-20, ha="center")
    return canvas


def epochs_data() -> Data:
    """The line after each epoch, until an epoch has no mistake."""
    students = admissions()
    w, b, rate = np.zeros(2), 0.0, 1.0
    lines, mistakes = [], []
    for _ in range(1000):
        w, b, wrong = perceptron_epoch(students.X, students.y, w, b, rate)
        lines.append((np.array(w), float(b)))
        mistakes.append(int(wrong))
        if wrong == 0:
            break
    return {
        "X": students.X,
        "y": students.y,
        "learning_rate": rate,
        "lines": lines,
        "mistakes": mistakes,
        "epochs": len(mistakes),
    }


@figure("perceptron-epochs", data=epochs_data)
def perceptron_epochs(data: Data, theme: Palette) -> Figure:
    canvas = sheet(546)
    ax = panel(canvas, 56, 40, 440, 440)
    ax.set(xlim=PLANE, ylim=PLANE)
    axes(ax, "test score $x_1$", "grade $x_2$", TICKS, TICKS)
    class_points(ax, data["X"], data["y"], theme, size=7, alpha=0.75)
    last = data["epochs"]
    shown = (1, 2, 4, 8, last)
    for place, epoch in enumerate(shown):
        w, b = data["lines"][epoch - 1]
        line = boundary(w, b, PLANE, PLANE)
        if len(line):
            final = epoch == last
            ax.plot(
                *line.T,
                color=theme.ink if final else theme.weight,
                lw=3 if final else 1.6 + 0.8 * place / len(shown),
                alpha=1 if final else 0.7 + 0.3 * place / len(shown),
            )
            high = line[np.argmax(line[:, 1])]
            label(ax, *high, f"{epoch}", theme.ink, dy=14, ha="center")
    return canvas


def gates_data() -> Data:
    """What the perceptron learns of each gate, in at most 100 epochs."""
    learnt = {}
    for name in ("and", "or", "xor"):
        table = gate(name)
        # A bias between whole numbers keeps every score off 0, so that no
        # point ends on the line.
        w, b, wrong = np.zeros(2), -0.5, len(table)
        for _ in range(100):
            w, b, wrong = perceptron_epoch(table.X, table.y, w, b)
            if wrong == 0:
                break
        learnt[name] = {
            "X": table.X,
            "y": table.y,
            "w": np.asarray(w),
            "b": float(b),
            "mistakes": int((predict(table.X, w, b) != table.y).sum()),
        }
    return learnt


@figure("gates", data=gates_data)
def gates(data: Data, theme: Palette) -> Figure:
    canvas = sheet(270)
    square = (-0.45, 1.45)
    for left, (name, learnt) in zip(
        (36, 244, 452), data.items(), strict=True
    ):
        ax = panel(canvas, left, 34, 172, 172)
        ax.set(xlim=square, ylim=square)
        axes(ax, "", "", (0, 1), (0, 1))
        ax.annotate(
            name.upper(),
            (0.5, 1),
            (0, 12),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="center",
        )
        ax.set_xlabel("$x_1$", labelpad=0)
        if name == "and":
            ax.annotate(
                "$x_2$",
                (0, 1),
                (-6, 12),
                xycoords="axes fraction",
                textcoords="offset points",
                ha="center",
            )
        if learnt["mistakes"] == 0:
            shade_positive(ax, learnt["w"], learnt["b"], theme.class1, 0.12)
            line = boundary(learnt["w"], learnt["b"], square, square)
            ax.plot(*line.T, color=theme.ink)
        else:
            label(ax, 0.5, 0.5, "no line", theme.muted, ha="center")
        class_points(ax, learnt["X"], learnt["y"], theme, size=13)
    return canvas


def best_line(X: Array, y: Array) -> tuple[Array, float, int]:
    """The line with the fewest mistakes of all lines, and its mistakes.

    Every way in which a line can part n points is met by turning a line
    through two of them a little; so it is enough to try the directions of
    all pairs, turned by a hair each way, at every height between two points.
    """
    first, second = np.triu_indices(len(X), k=1)
    angle = np.arctan2(*(X[second] - X[first])[:, ::-1].T) + np.pi / 2
    hair = 1e-7
    angles = np.concatenate(
        [turn + angle for turn in (-hair, hair, np.pi - hair, np.pi + hair)]
    )
    normals = np.column_stack([np.cos(angles), np.sin(angles)])
    heights = normals @ X.T  # (directions, n)
    order = np.argsort(heights, axis=1)
    ones = y[order]
    # Points above a cut are called 1: a mistake is a 1 below or a 0 above.
    below = np.cumsum(ones, axis=1) + (len(y) - y.sum())
    mistakes = below - np.cumsum(1 - ones, axis=1)
    mistakes[:, -1] = len(y)  # a cut above all points is no line among them
    row, cut = np.unravel_index(np.argmin(mistakes), mistakes.shape)
    sorted_heights = heights[row, order[row]]
    middle = (sorted_heights[cut] + sorted_heights[cut + 1]) / 2
    return normals[row], -float(middle), int(mistakes[row, cut])


def curved_data() -> Data:
    """A ring in a ring, and the best that any straight line can do."""
    rings = circles(n=120, noise=0.08, rng=3)
    w, b, mistakes = best_line(rings.X, rings.y)
    return {
        "X": rings.X,
        "y": rings.y,
        "w": w,
        "b": b,
        "mistakes": mistakes,
        "accuracy": 1 - mistakes / len(rings),
    }


@figure("curved-data", data=curved_data)
def curved(data: Data, theme: Palette) -> Figure:
    canvas = sheet(420)
    ax = panel(canvas, 20, 10, 400, 400)
    square = (-1.3, 1.3)
    ax.set(xlim=square, ylim=square)
    ax.set_axis_off()
    shade_positive(ax, data["w"], data["b"], theme.class1, 0.09)
    ax.plot(
        *boundary(data["w"], data["b"], square, square).T, color=theme.ink
    )
    class_points(ax, data["X"], data["y"], theme)
    label(ax, 1.4, 0.35, "the best of all lines:", theme.ink)
    label(
        ax,
        1.4,
        0.35,
        f"{data['mistakes']} mistakes in {len(data['y'])}",
        theme.ink,
        dy=-24,
    )
    return canvas
