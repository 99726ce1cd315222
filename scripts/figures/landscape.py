"""The landscape of chapter 5: the log loss over two weights."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from figures.palette import Palette
from figures.plot import axes
from figures.svg import HALO
from nnlit.datasets import Dataset, admissions
from nnlit.descent import gradient_descent
from nnlit.logistic import gradient, lipschitz, loss
from nnlit.types import Array

W1, W2 = (-0.5, 3.5), (-0.6, 2.3)
BOX = (64, 40, 548, 548 * 2.9 / 4)  # both weights to one scale
LEVELS = tuple(k / 5 for k in range(1, 13))  # one difference throughout


def centred() -> Dataset:
    """A hundred students, ten of whom the line gets wrong.

    Marks are counted from their mean, so that no bias is needed to begin
    with and the landscape over the two weights is a bowl, not a gorge.
    """
    students = admissions(n=100, rng=2, flip=0.1)
    return Dataset(
        students.X - students.X.mean(axis=0),
        students.y,
        students.feature_names,
        students.target_names,
        students.description,
    )


def slope(students: Dataset, weights: Array) -> Array:
    """The gradient of the mean log loss over w₁, w₂ and b, as one vector."""
    dw, db = gradient(students.X, students.y, weights[:2], weights[2])
    return np.append(dw, db)


def landscape() -> dict[str, Any]:
    """The mean log loss over two weights, the bias held at its best value."""
    students = centred()
    rate = 1 / lipschitz(students.X)
    path = gradient_descent(partial(slope, students), np.zeros(3), rate, 3000)
    minimum, bias = path[-1][:2], float(path[-1][2])
    w1, w2 = np.linspace(*W1, 65), np.linspace(*W2, 59)
    height = np.array(
        [
            [loss(students.X, students.y, np.array([a, c]), bias) for a in w1]
            for c in w2
        ]
    )
    return {
        "w1": w1,
        "w2": w2,
        "loss": height,
        "minimum": minimum,
        "bias": bias,
        "lowest": float(loss(students.X, students.y, minimum, bias)),
        "slope_at_minimum": slope(students, path[-1]),
    }


def contours(
    ax: Axes,
    data: dict[str, Any],
    theme: Palette,
    named: Sequence[float] = (),
) -> None:
    """Lines of equal loss, denser ink the lower; some with their value."""
    ax.set(xlim=W1, ylim=W2)
    axes(
        ax,
        "weight $w_1$ of the test score",
        "weight $w_2$ of the grade",
        (0, 1, 2, 3),
        (0, 1, 2),
    )
    for level in LEVELS:
        ax.contourf(
            data["w1"],
            data["w2"],
            data["loss"],
            levels=[0, level],
            colors=[theme.weight],
            alpha=0.04,
            zorder=0,
        )
    lines = ax.contour(
        data["w1"],
        data["w2"],
        data["loss"],
        levels=LEVELS,
        colors=[theme.muted],
        linewidths=1.2,
    )
    if not named:
        return
    for text in ax.clabel(lines, levels=named, fmt="%g", inline_spacing=6):
        text.set(color=theme.ink, fontsize=18, gid=HALO)
