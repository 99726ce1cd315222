"""Chapter 13: digits read, patients predicted, messages sorted, codes drawn."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from figures import figure
from figures.palette import Palette
from figures.plot import (
    axes,
    bare,
    boxes,
    circles,
    halftone,
    label,
    number,
    pair,
    panel,
    sheet,
    triangles,
)
from nnlit.autoencoder import (
    Autoencoder,
    principal_components,
    project,
    reconstruct,
    reconstruction_error,
)
from nnlit.clustering import KMeans, purity
from nnlit.datasets import Dataset, diabetes, digits, messages
from nnlit.logistic import LogisticRegression
from nnlit.losses import confusion_matrix
from nnlit.mlp import MLPClassifier, MLPRegressor
from nnlit.types import Array
from nnlit.words import bag_of_words, vocabulary

Data = dict[str, Any]


# --- digits ------------------------------------------------------------------


@cache
def reader() -> tuple[MLPClassifier, Dataset]:
    """The network of the chapter that reads digits, and its test images."""
    train, test = digits().split(rng=0)
    model = MLPClassifier(
        (32,),
        alpha=0.001,
        learning_rate_init=0.005,
        batch_size=50,
        max_iter=40,
    )
    return model.fit(train.X / 16, train.y), test


def confusion_data() -> Data:
    """Who was taken for whom among the test images."""
    model, test = reader()
    C = confusion_matrix(model.predict(test.X / 16), test.y, 10)
    return {"C": C, "right": int(C.trace()), "n": len(test)}


@figure("confusion-matrix", data=confusion_data)
def confusion(data: Data, theme: Palette) -> Figure:
    canvas = sheet(560)
    ax = panel(canvas, 92, 62, 490, 490)
    ax.set(xlim=(-0.5, 9.5), ylim=(9.5, -0.5))
    bare(ax)
    for (k, l), count in np.ndenumerate(data["C"]):
        color = theme.prediction if k == l else theme.class1
        corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])
        if k == l or count:
            square = np.array([l, k]) + 0.46 * corners
            boxes(ax, [square], facecolor=color, alpha=0.12, lw=0)
            words = number(int(count))
            label(ax, l, k, words, color, ha="center", halo=False)
        else:
            ax.plot(l, k, ".", ms=3, color=theme.muted)
    for digit in range(10):
        name = str(digit)
        label(ax, digit, -0.8, name, theme.ink, ha="center", halo=False)
        label(ax, -0.8, digit, name, theme.ink, ha="center", halo=False)
    label(ax, 4.5, -1.32, "read as", theme.muted, ha="center", halo=False)
    label(ax, -1.15, -0.8, "written", theme.muted, ha="center", halo=False)
    return canvas


def mistakes_data() -> Data:
    """The ten wrong answers that the network was surest of."""
    model, test = reader()
    P = model.predict_proba(test.X / 16)
    y_hat, sure = P.argmax(axis=1), P.max(axis=1)
    wrong = np.flatnonzero(y_hat != test.y)
    shown = wrong[np.argsort(-sure[wrong])][:10]
    return {
        "images": test.X[shown].reshape(-1, 8, 8) / 16,
        "written": test.y[shown],
        "read": y_hat[shown],
        "sure": sure[shown],
        "wrong": len(wrong),
    }


def framed(
    canvas: Figure, left: float, top: float, side: float, theme: Palette
) -> Axes:
    """A square with a thin frame for an image of 8 × 8 pixels."""
    ax = panel(canvas, left, top, side, side)
    ax.set(xlim=(0, 8), ylim=(8, 0), xticks=[], yticks=[])
    for edge in ax.spines.values():
        edge.set(visible=True, color=theme.muted)
    return ax


@figure("digit-mistakes", data=mistakes_data)
def mistakes(data: Data, theme: Palette) -> Figure:
    canvas = sheet(342)
    found = zip(data["images"], data["written"], data["read"], strict=True)
    for place, (image, written, read) in enumerate(found):
        row, column = divmod(place, 5)
        left, top = 16 + 124 * column, 10 + 168 * row
        ax = framed(canvas, left, top, 112, theme)
        halftone(ax, image, theme.ink)
        words = f"{written}, read as {read}"
        label(ax, 4, 8, words, theme.ink, dy=-20, ha="center", halo=False)
    return canvas


SHOWN = 12


def features_data() -> Data:
    """Weights into the hidden units that the output listens to most."""
    model, _ = reader()
    train, _ = digits().split(rng=0)
    into, out = model.coefs_
    into = into * (train.X.max(axis=0) > 0)[:, None]  # where ink ever is
    heard = np.linalg.norm(into, axis=0) * np.linalg.norm(out, axis=1)
    units = np.argsort(-heard)[:SHOWN]
    return {
        "weights": into[:, units].T.reshape(-1, 8, 8),
        "out": out[units],
        "hidden": into.shape[1],
    }


def signed(ax: Axes, image: Array, theme: Palette) -> None:
    """Weights as squares: filled above 0, hollow below, larger if heavier."""
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])
    for sign in (1, -1):
        squares = [
            np.array([column + 0.5, row + 0.5])
            + 0.44 * np.sqrt(sign * weight) * corners
            for (row, column), weight in np.ndenumerate(image)
            if sign * weight > 0.02
        ]
        look = (
            {"facecolor": theme.weight, "lw": 0}
            if sign > 0
            else {"facecolor": "none", "edgecolor": theme.ink, "lw": 1.1}
        )
        boxes(ax, squares, **look)


@figure("learnt-features", data=features_data)
def features(data: Data, theme: Palette) -> Figure:
    canvas = sheet(256)
    for place, weights in enumerate(data["weights"]):
        row, column = divmod(place, 6)
        ax = framed(canvas, 12 + 104 * column, 12 + 104 * row, 96, theme)
        signed(ax, weights / np.abs(weights).max(), theme)
        if place in (6, 11):
            words, color, x, side = (
                ("filled: above 0", theme.weight, 0, "left")
                if place == 6
                else ("hollow: below 0", theme.ink, 8, "right")
            )
            label(ax, x, 8, words, color, dy=-22, ha=side, halo=False)
    return canvas


# --- patients ----------------------------------------------------------------


def scaled(train: Dataset, test: Dataset) -> tuple[Array, Array]:
    """Both sets with the training part's mean 0 and deviation 1."""
    mean, spread = train.X.mean(axis=0), train.X.std(axis=0)
    return (train.X - mean) / spread, (test.X - mean) / spread


def error(y_hat: Array, y: Array) -> float:
    """The root of the mean squared error."""
    return float(np.sqrt(np.mean((y_hat - y) ** 2)))


def patients_data() -> Data:
    """What least squares and a network say of patients held out."""
    train, test = diabetes().split(rng=0)
    A, B = scaled(train, test)
    ones = np.ones((len(A), 1)), np.ones((len(B), 1))
    w, *_ = np.linalg.lstsq(np.hstack([A, ones[0]]), train.y)
    mean, spread = train.y.mean(), train.y.std()
    model = MLPRegressor(
        (20,),
        "tanh",
        alpha=0.1,
        learning_rate_init=0.005,
        batch_size=50,
        early_stopping=True,
        validation_fraction=0.2,
        n_iter_no_change=20,
    ).fit(A, (train.y - mean) / spread)
    answers = {
        "least squares": np.hstack([B, ones[1]]) @ w,
        "network": mean + spread * model.predict(B),
    }
    errors = {name: error(y_hat, test.y) for name, y_hat in answers.items()}
    return {
        "y": test.y,
        "answers": answers,
        "errors": errors,
        "mean": error(np.full(len(B), mean), test.y),
    }


@figure("predicted-against-true", data=patients_data)
def patients(data: Data, theme: Palette) -> Figure:
    canvas, panels = pair(352)
    for ax, (name, y_hat) in zip(panels, data["answers"].items(), strict=True):
        ax.set(xlim=(0, 360), ylim=(0, 360))
        ticks = (0, 100, 200, 300)
        axes(ax, "true", "predicted", ticks, ticks)
        ax.plot([0, 360], [0, 360], color=theme.muted, lw=1.6)
        points = np.column_stack([data["y"], y_hat])
        circles(ax, points, theme.prediction, size=6, alpha=0.9)
        label(ax, 350, 22, name, theme.ink, ha="right")
    return canvas


# --- messages ----------------------------------------------------------------


def words_data() -> Data:
    """The words of the training messages that weigh most on either side."""
    train, _ = messages().split(rng=0)
    known = vocabulary(train.X, min_count=2)
    X = bag_of_words(train.X, known)
    model = LogisticRegression(learning_rate_init=0.1, max_iter=500, tol=0)
    w = model.fit(X, train.y).coef_.ravel()
    order = np.argsort(w)
    return {
        "spam": [(known[j], float(w[j])) for j in order[::-1][:10]],
        "ham": [(known[j], float(w[j])) for j in order[:10]],
        "words": len(known),
        "weights": dict(zip(known, w.tolist(), strict=True)),
    }


@figure("word-weights", data=words_data)
def words(data: Data, theme: Palette) -> Figure:
    canvas = sheet(392)
    most = max(abs(w) for side in ("spam", "ham") for _, w in data[side])
    for left, side, mark, color in (
        (84, "ham", circles, theme.class0),
        (404, "spam", triangles, theme.class1),
    ):
        ax = panel(canvas, left, 52, 206, 334)
        ax.set(xlim=(0, 1.05 * most), ylim=(9.6, -0.4))
        bare(ax)
        label(ax, 0, -0.4, f"speaks for {side}", color, dy=26, halo=False)
        ax.plot([0, 0], [-0.4, 9.4], color=theme.muted, lw=1.2)
        for row, (word, weight) in enumerate(data[side]):
            size = abs(weight)
            ax.plot([0, size], [row, row], color=color, lw=2)
            mark(ax, np.array([[size, row]]), color)
            label(ax, 0, row, word, theme.ink, dx=-9, ha="right", halo=False)
    return canvas


# --- codes -------------------------------------------------------------------


@cache
def coders() -> dict[int, Data]:
    """PCA and an autoencoder with 2 numbers for an image, and with 8."""
    train, test = digits().split(rng=0)
    A, B = train.X / 16, test.X / 16
    settings = {
        2: {"hidden_layer_sizes": (64, 32, 2, 32, 64)},
        8: {"hidden_layer_sizes": (64, 8, 64), "activation": "tanh"},
    }
    made = {}
    for k, setting in settings.items():
        mean, V, _ = principal_components(A, k)
        model = Autoencoder(
            **{"activation": "leaky_relu"} | setting,
            alpha=0,
            learning_rate_init=0.005,
            batch_size=50,
            max_iter=60,
            n_iter_no_change=60,
            dtype="float32",
        ).fit(A)
        codes = project(B, mean, V)
        made[k] = {
            "PCA": codes,
            "autoencoder": model.transform(B).astype(float),
            "PCA copies": reconstruct(codes, mean, V),
            "autoencoder copies": model.predict(B).astype(float),
            "model": model,
        }
    return made


# Ten classes, told apart by the digit itself; neighbours differ in colour.
DIGIT_COLORS = (
    "class0",
    "class1",
    "prediction",
    "weight",
    "prediction",
    "ink",
    "weight",
    "class0",
    "gradient",
    "class1",
)


def plane_data() -> Data:
    """Codes of two numbers of the test images, by PCA and autoencoder."""
    _, test = digits().split(rng=0)
    made = coders()[2]
    facts: Data = {"y": test.y}
    for name in ("PCA", "autoencoder"):
        groups = KMeans(10).fit(made[name]).labels_
        facts[name] = made[name]
        facts[f"{name} purity"] = purity(groups, test.y)
        copies = made[f"{name} copies"]
        facts[f"{name} error"] = float(
            reconstruction_error(copies, test.X / 16)
        )
    return facts


@figure("codes-in-the-plane", data=plane_data)
def plane(data: Data, theme: Palette) -> Figure:
    canvas = sheet(760)
    for row, name in enumerate(("PCA", "autoencoder")):
        ax = panel(canvas, 20, 34 + 372 * row, 600, 344)
        codes = data[name]
        low, high = codes.min(axis=0), codes.max(axis=0)
        room = 0.03 * (high - low)
        ax.set(
            xlim=(low[0] - room[0], high[0] + room[0]),
            ylim=(low[1] - room[1], high[1] + room[1]),
        )
        bare(ax)
        for digit, color in enumerate(DIGIT_COLORS):
            mine = codes[data["y"] == digit]
            ax.plot(
                mine[:, 0],
                mine[:, 1],
                ls="",
                marker=f"${digit}$",
                ms=10,
                mew=0,
                color=getattr(theme, color),
                clip_on=False,
            )
        label(ax, low[0], high[1], name, theme.ink, dy=14, halo=False)
    return canvas


def reconstructions_data() -> Data:
    """The first test image of each digit, and its copies."""
    _, test = digits().split(rng=0)
    first = [int(np.flatnonzero(test.y == digit)[0]) for digit in range(10)]
    rows = {"digit": test.X[first] / 16}
    errors = {}
    for k, made in coders().items():
        for name, words in (("PCA", "PCA"), ("autoencoder", "code")):
            copies = made[f"{name} copies"]
            rows[f"{words}, {k}"] = np.clip(copies[first], 0, 1)
            error = reconstruction_error(copies, test.X / 16)
            errors[f"{words}, {k}"] = float(error)
    return {"rows": rows, "errors": errors}


@figure("reconstructions", data=reconstructions_data)
def reconstructions(data: Data, theme: Palette) -> Figure:
    canvas = sheet(300)
    for row, (name, images) in enumerate(data["rows"].items()):
        top = 8 + 58 * row + 4 * (row > 0)
        for digit, image in enumerate(images):
            ax = panel(canvas, 84 + 55.4 * digit, top, 50, 50)
            ax.set(xlim=(0, 8), ylim=(8, 0))
            bare(ax)
            dark = np.where(image < 0.03, 0, image).reshape(8, 8)
            halftone(ax, dark, theme.ink if row == 0 else theme.prediction)
            if digit == 0:
                label(ax, 0, 4, name, theme.muted, dx=-72, halo=False)
    return canvas


def centres_data() -> Data:
    """Ten groups of codes, each shown as the digit that its centre means."""
    train, _ = digits().split(rng=0)
    model = coders()[8]["model"]
    codes = model.transform(train.X / 16).astype(float)
    groups = KMeans(10).fit(codes)
    found = []
    for k, center in enumerate(groups.cluster_centers_):
        inside = train.y[groups.labels_ == k]
        counts = np.bincount(inside, minlength=10)
        image = model.inverse_transform(center[None])[0]
        found.append(
            {
                "image": np.clip(image, 0, 1).reshape(8, 8),
                "digit": int(counts.argmax()),
                "share": float(counts.max() / len(inside)),
                "size": len(inside),
            }
        )
    found.sort(key=lambda one: (one["digit"], -one["share"]))
    return {"groups": found, "purity": purity(groups.labels_, train.y)}


@figure("cluster-centres", data=centres_data)
def centres(data: Data, theme: Palette) -> Figure:
    canvas = sheet(342)
    for place, group in enumerate(data["groups"]):
        row, column = divmod(place, 5)
        left, top = 16 + 124 * column, 10 + 168 * row
        ax = framed(canvas, left, top, 112, theme)
        image = np.where(group["image"] < 0.03, 0, group["image"])
        halftone(ax, image, theme.prediction)
        words = f"{100 * group['share']:.0f} % are {group['digit']}"
        label(ax, 4, 8, words, theme.ink, dy=-20, ha="center", halo=False)
    return canvas
