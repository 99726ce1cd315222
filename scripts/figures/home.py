"""The landing page: students on the curve that tells their chances."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from figures import figure
from figures.palette import Palette
from figures.plot import axes, class_points, label, single
from nnlit.activations import sigmoid
from nnlit.datasets import admissions
from nnlit.logistic import lipschitz, predict_proba, train

Data = dict[str, Any]


def home_data() -> Data:
    """Students, each with the score and the probability a model gives him."""
    students = admissions(n=80, rng=3, flip=0.1)
    w, b, losses, _ = train(
        students.X, students.y, 1 / lipschitz(students.X), 8000
    )
    scores = students.X @ w + b
    z = np.linspace(-7, 7, 281)
    return {
        "z": z,
        "sigmoid": sigmoid(z),
        "scores": scores,
        "y_hat": predict_proba(students.X, w, b),
        "y": students.y,
        "w": w,
        "b": float(b),
        "loss": losses[-1],
    }


@figure("home", data=home_data)
def home(data: Data, theme: Palette) -> Figure:
    canvas, ax = single(380)
    ax.set(xlim=(-7, 7), ylim=(-0.04, 1.06))
    axes(
        ax,
        r"score $w\cdot x + b$",
        r"probability $\hat{y}$",
        (-6, -3, 0, 3, 6),
        (0, 0.5, 1),
    )
    ax.plot(data["z"], data["sigmoid"], color=theme.prediction, lw=3)
    shown = np.abs(data["scores"]) <= 7
    points = np.column_stack([data["scores"], data["y_hat"]])[shown]
    class_points(ax, points, data["y"][shown], theme, size=11)
    label(ax, 3.2, 0.8, "accepted", theme.class1)
    label(ax, -3.2, 0.2, "rejected", theme.class0, ha="right")
    return canvas
