"""Chapter 6, logistic regression: the line learnt, and how sure it is."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from figures import figure
from figures.palette import Palette
from figures.plot import (
    DASHED,
    axes,
    boundary,
    class_points,
    label,
    number,
    panel,
    sheet,
    tint,
)
from nnlit.datasets import Dataset, admissions, breast_cancer
from nnlit.logistic import (
    LogisticRegression,
    lipschitz,
    loss,
    predict_proba,
    train,
)
from nnlit.losses import accuracy

Data = dict[str, Any]
PLANE = (0.0, 10.0)
TICKS = (0, 5, 10)
RATE, EPOCHS = 0.05, 10_000
SHOWN = (1, 10, 100, 1000, 10_000)


def students() -> tuple[Dataset, Dataset]:
    """100 students to learn from and 50 to test on, 8 % turned round."""
    return admissions(n=150, rng=3, flip=0.08).split(1 / 3, rng=3)


def trained() -> Data:
    """The admissions model, trained from zero by gradient descent."""
    known, held_out = students()
    w, b, losses, path = train(known.X, known.y, RATE, EPOCHS)
    return {
        "X": known.X,
        "y": known.y,
        "test_X": held_out.X,
        "test_y": held_out.y,
        "learning_rate": RATE,
        "largest_rate": 1 / lipschitz(known.X),
        "epochs": EPOCHS,
        "w": w,
        "b": float(b),
        "losses": np.array(losses),
        "path": path,
        "accuracy": accuracy(predict_proba(known.X, w, b) >= 0.5, known.y),
        "test_accuracy": accuracy(
            predict_proba(held_out.X, w, b) >= 0.5, held_out.y
        ),
    }


def boundary_data() -> Data:
    """The boundary ŷ = ½ after 10, 100, 1000 and 10 000 epochs.

    After the first epoch it is still outside the plane of possible marks.
    """
    run = trained()
    lines = {
        epoch: boundary(row[:2], row[2], PLANE, PLANE)
        for epoch, row in ((e, run["path"][e]) for e in SHOWN[1:])
    }
    return run | {"lines": lines}


@figure("boundary-over-epochs", data=boundary_data)
def boundary_over_epochs(data: Data, theme: Palette) -> Figure:
    canvas = sheet(546)
    ax = panel(canvas, 56, 40, 440, 440)
    ax.set(xlim=PLANE, ylim=PLANE)
    axes(ax, "test score", "grade", TICKS, TICKS)
    class_points(ax, data["X"], data["y"], theme, size=7, alpha=0.75)
    for place, (epoch, line) in enumerate(data["lines"].items()):
        final = epoch == data["epochs"]
        ax.plot(
            *line.T,
            color=theme.ink if final else theme.weight,
            lw=3 if final else 1.6 + 0.4 * place,
            alpha=1 if final else 0.7 + 0.15 * place,
        )
        x, y = line[np.argmax(line[:, 1])]
        words = f"{number(epoch)} epochs" if place == 0 else number(epoch)
        aside = x > PLANE[1] - 1e-9
        label(
            ax,
            x,
            y,
            words,
            theme.ink,
            dx=8 if aside else 4 - 8 * final,
            dy=0 if aside else 14,
            ha="right" if final else "left",
        )
    return canvas


def error_curve_data() -> Data:
    """Mean log loss by epoch, of the known and of held-out students."""
    run = trained()
    epochs = np.unique(np.geomspace(1, EPOCHS, 120).astype(int))
    test = [
        float(loss(run["test_X"], run["test_y"], row[:2], row[2]))
        for row in run["path"][epochs]
    ]
    return run | {
        "epoch": epochs,
        "training": run["losses"][epochs],
        "test": np.array(test),
    }


@figure("error-curve", data=error_curve_data)
def error_curve(data: Data, theme: Palette) -> Figure:
    canvas = sheet(360)
    ax = panel(canvas, 56, 40, 552, 258)
    ax.set_xscale("log")
    ax.set(xlim=(1, EPOCHS), ylim=(0, 0.75))
    axes(ax, "epochs", "mean log loss", SHOWN, (0, 0.2, 0.4, 0.6))
    ax.minorticks_off()
    ax.plot(data["epoch"], data["training"], color=theme.training)
    ax.plot(data["epoch"], data["test"], color=theme.validation, ls=DASHED)
    label(
        ax,
        EPOCHS,
        data["training"][-1],
        "training",
        theme.training,
        dx=0,
        dy=-20,
        ha="right",
    )
    label(
        ax,
        EPOCHS,
        data["test"][-1],
        "test",
        theme.validation,
        dy=22,
        ha="right",
    )
    return canvas


def probability_data() -> Data:
    """The model's probability all over the plane."""
    run = trained()
    ticks = np.linspace(0, 10, 61)
    x1, x2 = np.meshgrid(ticks, ticks)
    plane = np.column_stack([x1.ravel(), x2.ravel()])
    y_hat = predict_proba(plane, run["w"], run["b"]).reshape(x1.shape)
    return run | {
        "x1": x1,
        "x2": x2,
        "y_hat": y_hat,
        "levels": (0.1, 0.5, 0.9),
    }


@figure("probability-map", data=probability_data)
def probability_map(data: Data, theme: Palette) -> Figure:
    canvas = sheet(546)
    ax = panel(canvas, 56, 40, 440, 440)
    ax.set(xlim=PLANE, ylim=PLANE)
    axes(ax, "test score", "grade", TICKS, TICKS)
    tint(ax, data, theme)
    lines = ax.contour(
        data["x1"],
        data["x2"],
        data["y_hat"],
        levels=data["levels"],
        colors=[theme.ink],
        linewidths=[1.4, 2.6, 1.4],
    )
    class_points(ax, data["X"], data["y"], theme)
    w, b = data["w"], data["b"]
    for level in lines.levels:
        logit = np.log(level / (1 - level))
        ends = boundary(w, b - logit, PLANE, PLANE)
        label(ax, *ends[0], f"{level:g}", theme.ink, dy=14, ha="center")
    return canvas


def real_data() -> Data:
    """Tumours: the probability of 'benign' from two features, held-out cases.

    The model learns from three quarters of the cases and is asked about the
    rest; features are scaled by the mean and spread of the learning part.
    """
    tumours = breast_cancer()
    names = list(tumours.feature_names)
    features = ("mean radius", "mean texture")
    columns = [names.index(name) for name in features]
    known, held_out = tumours.split(0.25, rng=0)
    X, test_X = known.X[:, columns], held_out.X[:, columns]
    mean, spread = X.mean(axis=0), X.std(axis=0)
    model = LogisticRegression().fit((X - mean) / spread, known.y)
    scaled = (test_X - mean) / spread
    y_hat = model.predict_proba(scaled)[:, 1]
    edges = np.linspace(0, 1, 21)
    return {
        "features": features,
        "classes": tumours.target_names,
        "y_hat": y_hat,
        "y": held_out.y,
        "edges": edges,
        "counts": [
            np.histogram(y_hat[held_out.y == k], edges)[0] for k in (0, 1)
        ],
        "accuracy": model.score(scaled, held_out.y),
        "baseline": float(
            np.mean(held_out.y == np.argmax(np.bincount(known.y)))
        ),
        "wrong": int((model.predict(scaled) != held_out.y).sum()),
    }


@figure("real-data", data=real_data)
def real(data: Data, theme: Palette) -> Figure:
    canvas = sheet(400)
    colors, tops = (theme.class0, theme.class1), (40, 196)
    tallest = max(counts.max() for counts in data["counts"])
    width = np.diff(data["edges"])
    for kind in (1, 0):
        ax = panel(canvas, 56, tops[1 - kind], 568, 136)
        ax.set(xlim=(0, 1), ylim=(0, 1.08 * tallest))
        last = kind == 0
        axes(
            ax,
            r"predicted probability $\hat{y}$ of " + data["classes"][1]
            if last
            else "",
            "" if last else "tumours",
            (0, 0.5, 1),
            (0, 20, 40),
        )
        if not last:
            ax.set_xticklabels([])
        ax.bar(
            data["edges"][:-1],
            data["counts"][kind],
            0.86 * width,
            align="edge",
            color=colors[kind],
            alpha=0.9,
        )
        ax.axvline(0.5, color=theme.muted, lw=1.2, ls=DASHED, zorder=0)
        label(
            ax,
            0.5,
            0.72 * tallest,
            data["classes"][kind],
            colors[kind],
            ha="center",
        )
    return canvas
