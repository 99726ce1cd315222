"""Chapter 5, losses: what a wrong probability costs."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from figures import figure
from figures.landscape import BOX, contours, landscape
from figures.palette import Palette
from figures.plot import DASHED, axes, bare, label, panel, sheet, single
from nnlit.losses import (
    binary_cross_entropy,
    likelihood,
    mean_squared_error,
    negative_log_likelihood,
)

Data = dict[str, Any]


def loss_curves_data() -> Data:
    """Both losses of one example against its prediction, for y = 0 and 1."""
    y_hat = np.linspace(0.005, 0.995, 199)
    losses = {
        name: {
            y: np.array([loss(np.array([p]), np.array([y])) for p in y_hat])
            for y in (0, 1)
        }
        for name, loss in (
            ("log", binary_cross_entropy),
            ("squared", mean_squared_error),
        )
    }
    return {
        "y_hat": y_hat,
        **losses,
        "log_at_half": float(
            binary_cross_entropy(np.array([0.5]), np.array([1]))
        ),
        "log_at_0.01": float(
            binary_cross_entropy(np.array([0.01]), np.array([1]))
        ),
    }


@figure("loss-curves", data=loss_curves_data)
def loss_curves(data: Data, theme: Palette) -> Figure:
    canvas, ax = single(400)
    ax.set(xlim=(0, 1), ylim=(0, 4.6))
    axes(ax, r"prediction $\hat{y}$", "loss", (0, 0.5, 1), (0, 1, 2, 3, 4))
    y_hat = data["y_hat"]
    for y, color in ((0, theme.class0), (1, theme.class1)):
        shown = data["log"][y] <= 4.6
        ax.plot(y_hat[shown], data["log"][y][shown], color=color, lw=3)
        ax.plot(y_hat, data["squared"][y], color=color, lw=2.2, ls=DASHED)
    label(ax, 0.065, 3.6, r"$-\ln\hat{y}$, if $y = 1$", theme.class1)
    label(
        ax,
        0.935,
        3.6,
        r"$-\ln(1-\hat{y})$, if $y = 0$",
        theme.class0,
        ha="right",
    )
    label(ax, 0.5, 1.62, "squared error", theme.muted, ha="center")
    ax.plot([0.43, 0.29], [1.42, 0.62], color=theme.muted, lw=1.2)
    ax.plot([0.57, 0.71], [1.42, 0.62], color=theme.muted, lw=1.2)
    return canvas


def eight_cases_data() -> Data:
    """Three doors: every way the gifts can lie, with its probability."""
    p = np.array([0.8, 0.7, 0.1])
    cases = np.array(list(product((1, 0), repeat=3)))
    probabilities = np.array([float(likelihood(p, case)) for case in cases])
    highlighted = np.array([1, 1, 0])
    row = int(np.flatnonzero((cases == highlighted).all(axis=1))[0])
    return {
        "p": p,
        "cases": cases,
        "probabilities": probabilities,
        "sum": float(probabilities.sum()),
        "row": row,
        "probability": float(probabilities[row]),
        "cost": float(negative_log_likelihood(p, highlighted)),
    }


@figure("eight-cases", data=eight_cases_data)
def eight_cases(data: Data, theme: Palette) -> Figure:
    rows, top, high = len(data["cases"]), 62, 40
    canvas = sheet(top + rows * high + 14)
    ax = panel(canvas, 0, 0, 640, top + rows * high + 14)
    ax.set(xlim=(0, 640), ylim=(top + rows * high + 14, 0))
    bare(ax)
    doors = (40, 98, 156)
    for x, p in zip(doors, data["p"], strict=True):
        label(ax, x, 42, f"{p:g}", theme.ink, ha="center", halo=False)
    label(
        ax,
        doors[1],
        18,
        "gift behind the door?",
        theme.muted,
        ha="center",
        halo=False,
    )
    label(ax, 220, 42, "probability of the case", theme.ink, halo=False)
    table = zip(data["cases"], data["probabilities"], strict=True)
    for row, (case, probability) in enumerate(table):
        y = top + high * row + high / 2
        chosen = row == data["row"]
        for x, gift in zip(doors, case, strict=True):
            ax.add_patch(
                Rectangle(
                    (x - 11, y - 14),
                    22,
                    28,
                    fc=theme.class1 if gift else "none",
                    ec=theme.class1 if gift else theme.class0,
                    lw=1.8,
                )
            )
        length = 600 * probability
        ax.add_patch(
            Rectangle(
                (220, y - 12),
                length,
                24,
                lw=0,
                fc=theme.prediction if chosen else theme.muted,
                alpha=1 if chosen else 0.75,
            )
        )
        label(
            ax,
            220 + length,
            y,
            f"{probability:.3f}",
            theme.prediction if chosen else theme.ink,
            dx=8,
            halo=False,
        )
    return canvas


@figure("loss-landscape", data=landscape)
def loss_landscape(data: Data, theme: Palette) -> Figure:
    canvas = sheet(506)
    ax = panel(canvas, *BOX)
    contours(ax, data, theme, named=(0.4, 0.8, 1.2))
    w1, w2 = data["minimum"]
    ax.plot([w1], [w2], "o", ms=10, color=theme.weight, zorder=6)
    label(
        ax, w1, w2, f"lowest: {data['lowest']:.3f}", theme.weight, dx=12, dy=2
    )
    return canvas
