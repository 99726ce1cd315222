"""Chapter 1, what learning is: two tasks, two settings, the first network."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Ellipse

from figures import figure
from figures.diagram import Node, board, edge, node
from figures.palette import Palette
from figures.plot import (
    arrow,
    axes,
    boundary,
    circles,
    class_points,
    label,
    pair,
    panel,
    sheet,
    single,
    triangles,
)
from nnlit.datasets import (
    ADMISSIONS_BIAS,
    ADMISSIONS_WEIGHTS,
    admissions,
    diabetes,
    iris,
)

Data = dict[str, Any]
PLANE = (0.0, 10.0)


def classification_data() -> Data:
    """Sixty students, the line that decides, and how many it gets right."""
    students = admissions(n=60, rng=4, margin=0.4)
    w, b = np.array(ADMISSIONS_WEIGHTS), ADMISSIONS_BIAS
    positive = students.X @ w + b >= 0
    return {
        "X": students.X,
        "y": students.y,
        "line": boundary(w, b, PLANE, PLANE),
        "right": int((positive == students.y).sum()),
    }


@figure("classification", data=classification_data)
def classification(data: Data, theme: Palette) -> Figure:
    canvas = sheet(476)
    ax = panel(canvas, 56, 40, 370, 370)
    ax.set(xlim=PLANE, ylim=PLANE)
    axes(ax, "test score", "grade", (0, 5, 10), (0, 5, 10))
    ax.plot(*data["line"].T, color=theme.ink)
    class_points(ax, data["X"], data["y"], theme)
    triangles(ax, np.array([[10.8, 8.6]]), theme.class1)
    label(ax, 11.15, 8.6, "accepted", theme.class1)
    circles(ax, np.array([[10.8, 1.6]]), theme.class0)
    label(ax, 11.15, 1.6, "rejected", theme.class0)
    arrow(
        ax,
        (11.1, 5.6),
        (7.1, 4.35),
        theme.muted,
        width=1.4,
        head=11,
        bend=0.2,
    )
    label(ax, 11.2, 5.6, "the line\nto be learnt", theme.ink)
    return canvas


def regression_data() -> Data:
    """Sixty patients, and the straight line with the least squared error."""
    patients = diabetes()
    bmi = patients.X[:60, list(patients.feature_names).index("bmi")]
    progression = patients.y[:60]
    design = np.column_stack([bmi, np.ones_like(bmi)])
    (slope, intercept), *_ = np.linalg.lstsq(design, progression)
    return {
        "x": bmi,
        "y": progression,
        "slope": float(slope),
        "intercept": float(intercept),
        "fitted": slope * bmi + intercept,
    }


@figure("regression", data=regression_data)
def regression(data: Data, theme: Palette) -> Figure:
    canvas, ax = single(400)
    x, y, fitted = data["x"], data["y"], data["fitted"]
    ax.set(xlim=(17, 40), ylim=(0, 360))
    axes(
        ax,
        "body mass index (kg/m²)",
        "disease progression after a year",
        (20, 25, 30, 35),
        (0, 100, 200, 300),
    )
    ax.vlines(x, y, fitted, color=theme.muted, lw=1.2, alpha=0.75)
    ends = np.array([17.5, 39.5])
    line = data["slope"] * ends + data["intercept"]
    ax.plot(ends, line, color=theme.prediction)
    ax.plot(x, y, "o", ms=7, mew=0, color=theme.ink)
    label(
        ax,
        ends[1],
        line[1],
        "prediction",
        theme.prediction,
        dy=-36,
        ha="right",
    )
    return canvas


def supervised_data() -> Data:
    """A hundred irises of two kinds, and the two clusters they fall into.

    The clusters are found without the labels: the petal lengths are sorted
    and parted at the widest gap.
    """
    flowers = iris()
    names = list(flowers.feature_names)
    length = next(i for i, n in enumerate(names) if "petal length" in n)
    width = next(i for i, n in enumerate(names) if "petal width" in n)
    two = flowers.y < 2
    X, y = flowers.X[two][:, [length, width]], flowers.y[two]
    ordered = np.sort(X[:, 0])
    widest = int(np.argmax(np.diff(ordered)))
    gap = (float(ordered[widest]), float(ordered[widest + 1]))
    cluster = (X[:, 0] > sum(gap) / 2).astype(int)
    return {
        "X": X,
        "y": y,
        "species": flowers.target_names[:2],
        "gap": gap,
        "cluster": cluster,
        "agreement": int((cluster == y).sum()),
    }


@figure("supervised-against-unsupervised", data=supervised_data)
def supervised_against_unsupervised(data: Data, theme: Palette) -> Figure:
    canvas, (left, right) = pair(370)
    X = data["X"]
    for ax in (left, right):
        ax.set(xlim=(0.5, 6.1), ylim=(-0.1, 2.3))
    axes(left, "petal length (cm)", "petal width (cm)", (1, 3, 5), (0, 1, 2))
    axes(right, "petal length (cm)", "", (1, 3, 5), (0, 1, 2))
    class_points(left, X, data["y"], theme)
    first, second = (str(name) for name in data["species"])
    label(left, 0.75, 1.05, first, theme.class0)
    label(left, 4.3, 0.62, second, theme.class1, ha="center")
    for kind in (0, 1):
        part = X[data["cluster"] == kind]
        value, vector = np.linalg.eigh(np.cov(part.T))
        apart = (part - part.mean(axis=0)) @ vector / np.sqrt(value)
        reach = 1.12 * np.linalg.norm(apart, axis=1).max()
        across, along = 2 * reach * np.sqrt(value)
        slope = np.degrees(np.arctan2(vector[1, 1], vector[0, 1]))
        right.add_patch(
            Ellipse(
                tuple(part.mean(axis=0)),
                along,
                across,
                angle=slope,
                fill=False,
                ec=theme.ink,
                lw=1.6,
                ls=(0, (4, 3)),
                clip_on=False,
            )
        )
    right.plot(*X.T, "o", ms=6.5, mew=0, color=theme.muted)
    label(right, 0.6, 1.05, "one group", theme.ink)
    label(right, 4.6, 0.62, "another", theme.ink, ha="center")
    return canvas


def first_network_data() -> Data:
    """Nothing to compute: the drawing has one weight and no numbers."""
    return {"inputs": 1, "weights": 1, "outputs": 1}


@figure("first-network", data=first_network_data)
def first_network(data: Data, theme: Palette) -> Figure:
    canvas, ax = board(130)
    source = node(ax, theme, Node(190, 50, 34), "$x$", name="input")
    target = node(
        ax,
        theme,
        Node(450, 50, 34),
        r"$\hat{y}$",
        color=theme.prediction,
        name="prediction",
    )
    edge(ax, source, target, theme.weight, "$w$", width=2.4, offset=18)
    label(ax, 320, 102, "weight", theme.muted, ha="center", halo=False)
    return canvas
