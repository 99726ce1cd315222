"""Chapter 11, generalising: what a network learns, and what by heart."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from figures import figure
from figures.diagram import Node, board, join, node
from figures.palette import Palette
from figures.plot import (
    DASHED,
    axes,
    bare,
    class_points,
    halftone,
    label,
    number,
    panel,
    sheet,
    single,
    tint,
)
from nnlit.datasets import Dataset, circles, digits, shift_images
from nnlit.initializers import initialize
from nnlit.losses import accuracy, one_hot
from nnlit.network import Parameters, predict
from nnlit.optimizers import Adam, exponential
from nnlit.regularization import EarlyStopping, dropout_mask
from nnlit.training import History, Trainer
from nnlit.types import Array

Data = dict[str, Any]
NAMES = ("tanh", "sigmoid")
UNITS = (1, 2, 4, 8, 16, 32, 64)
SEEDS = range(5)
EPOCHS = 600


def rings(n: int, rng: int) -> Dataset:
    """The data of the chapter: a ring in a ring, blurred so that they mix."""
    return circles(n, noise=0.2, rng=rng)


def column(data: Dataset) -> tuple[Array, Array]:
    """Examples and answers (n, 1) as a Trainer wants them."""
    return data.X, data.y[:, None].astype(float)


def error(parameters: Parameters, data: Dataset) -> float:
    """The share of wrong answers."""
    y_hat = predict(data.X, parameters, *NAMES)[:, 0]
    return 1 - float(accuracy(y_hat > 0.5, data.y))


def train(
    hidden: int,
    seed: int,
    epochs: int = EPOCHS,
    validation: tuple[Array, Array] | None = None,
    **settings: Any,
) -> tuple[Parameters, History]:
    """A network on 100 points, all of them a batch unless told otherwise."""
    trainer = Trainer(
        initialize([2, hidden, 1], rng=seed),
        *NAMES,
        optimizer=Adam(),
        **{
            "learning_rate": 0.05,
            "batch_size": 100,
            "rng": seed,
        }
        | settings,
    )
    trainer.run(*column(rings(100, seed)), epochs, validation)
    return trainer.parameters, trainer.history


# --- dogs and not dogs -------------------------------------------------------

# name, is it a dog, has it fur, does it bark, its colour
THINGS = (
    ("brown dog", True, True, True, "brown"),
    ("grey dog", True, True, True, "grey"),
    ("black dog", True, True, True, "black"),
    ("black cat", False, True, False, "black"),
    ("green frog", False, False, False, "green"),
    ("brown chair", False, False, False, "brown"),
    ("purple dog", True, True, True, "purple"),
)
SEEN = 6  # the purple dog comes later


def dogs_data() -> Data:
    """What three rules call a dog, of six things seen and one that is new."""
    colours = {thing[4] for thing in THINGS[:SEEN] if thing[1]}
    rules = {
        "fur": [fur for _, _, fur, _, _ in THINGS],
        "barks": [barks for _, _, _, barks, _ in THINGS],
        "barks, known colour": [
            barks and colour in colours for _, _, _, barks, colour in THINGS
        ],
    }
    return {
        "names": [thing[0] for thing in THINGS],
        "dog": [thing[1] for thing in THINGS],
        "rules": rules,
        "colours": colours,
        "seen": SEEN,
    }


@figure("dogs-and-not-dogs", data=dogs_data)
def dogs(data: Data, theme: Palette) -> Figure:
    canvas, ax = board(398)
    places = (240, 390, 548)
    heads = ("has fur", "barks", "barks, and is brown,\ngrey or black")
    for x, head in zip(places, heads, strict=True):
        label(ax, x, 30, head, theme.ink, ha="center", halo=False)
    for row, (name, dog) in enumerate(
        zip(data["names"], data["dog"], strict=True)
    ):
        new = row >= data["seen"]
        y = 84 + 42 * row + 24 * new
        label(ax, 16, y, name, theme.ink, halo=False)
        for x, said in zip(places, data["rules"].values(), strict=True):
            mark = (
                {"marker": "^", "ms": 16, "mew": 0, "mfc": theme.class1}
                if said[row]
                else {
                    "marker": "o",
                    "ms": 14,
                    "mew": 2.2,
                    "mfc": "none",
                    "mec": theme.class0,
                }
            )
            ax.add_line(Line2D([x], [y], ls="", **mark))
            if said[row] != dog:
                label(ax, x + 24, y, "wrong", theme.ink, halo=False)
    y = 84 + 42 * data["seen"] - 9
    ax.plot([16, 624], [y, y], color=theme.muted, lw=1.2)
    return canvas


# --- under, right, over ------------------------------------------------------


def under_right_over_data() -> Data:
    """Networks with 1, 4 and 64 hidden units on the same 100 points."""
    known, fresh = rings(100, 0), rings(2000, 999)
    ticks = np.linspace(-1.8, 1.8, 91)
    x1, x2 = np.meshgrid(ticks, ticks)
    plane = np.column_stack([x1.ravel(), x2.ravel()])
    maps, training, unseen, said = [], [], [], []
    for hidden in (1, 4, 64):
        parameters, _ = train(hidden, seed=0)
        y_hat = predict(plane, parameters, *NAMES)
        maps.append(y_hat.reshape(x1.shape))
        training.append(error(parameters, known))
        unseen.append(error(parameters, fresh))
        said.append(predict(fresh.X, parameters, *NAMES)[:, 0] > 0.5)
    apart = said[1] != said[2]
    return {
        "X": known.X,
        "y": known.y,
        "x1": x1,
        "x2": x2,
        "maps": maps,
        "training": training,
        "fresh": unseen,
        "apart": float((said[2] != fresh.y)[apart].mean()),
    }


@figure("under-right-over", data=under_right_over_data)
def under_right_over(data: Data, theme: Palette) -> Figure:
    canvas = sheet(592)
    places = ((2, 44, 180), (2, 336, 180), (214, 44, 424))
    panels = [panel(canvas, x, y, side, side) for x, y, side in places]
    words = ("1 hidden unit", "4 hidden units", "64 hidden units")
    for ax, name, y_hat, seen, fresh in zip(
        panels,
        words,
        data["maps"],
        data["training"],
        data["fresh"],
        strict=True,
    ):
        large = name == words[-1]
        ax.set(xlim=(-1.47, 1.37), ylim=(-1.52, 1.32))
        bare(ax)
        label(ax, -0.05, 1.32, name, theme.ink, dy=16, ha="center")
        tint(ax, data | {"y_hat": y_hat}, theme)
        ax.contour(
            data["x1"],
            data["x2"],
            y_hat,
            levels=[0.5],
            colors=[theme.ink],
            linewidths=[2.2],
        )
        size = 8 if large else 4.5
        class_points(ax, data["X"], data["y"], theme, size=size, alpha=0.85)
        for down, kind, share in ((20, "known", seen), (46, "new", fresh)):
            said = f"{kind}: {100 * share:.0f}% wrong"
            color = theme.training if kind == "known" else theme.validation
            label(ax, -0.05, -1.52, said, color, dy=-down, ha="center")
    return canvas


# --- the model-complexity graph ----------------------------------------------


def complexity_data() -> Data:
    """Error on known and on fresh points by hidden units, over five seeds."""
    fresh = rings(2000, 999)
    training = np.empty((len(SEEDS), len(UNITS)))
    validation = np.empty_like(training)
    for seed in SEEDS:
        for place, hidden in enumerate(UNITS):
            parameters, _ = train(hidden, seed, epochs=500)
            training[seed, place] = error(parameters, rings(100, seed))
            validation[seed, place] = error(parameters, fresh)
    return {
        "units": np.array(UNITS),
        "training": training,
        "validation": validation,
    }


def band(ax: Axes, x: Array, runs: Array, color: str, dashed: bool) -> Array:
    """The mean of several runs as a line, their spread as a band."""
    mean, spread = runs.mean(axis=0), runs.std(axis=0, ddof=1)
    ax.fill_between(
        x, mean - spread, mean + spread, color=color, alpha=0.13, lw=0
    )
    style = DASHED if dashed else "-"
    ax.plot(x, mean, color=color, lw=2.6, ls=style, clip_on=False)
    return mean


@figure("model-complexity", data=complexity_data)
def complexity(data: Data, theme: Palette) -> Figure:
    canvas, ax = single(400)
    x = np.log2(data["units"])
    ax.set(xlim=(-0.15, 6.15), ylim=(0, 45))
    axes(ax, "hidden units", "% wrong", tuple(x), (0, 10, 20, 30, 40))
    ax.set_xticklabels([number(units) for units in data["units"]])
    lines = (
        ("training", theme.training, False),
        ("validation", theme.validation, True),
    )
    for kind, color, dashed in lines:
        mean = band(ax, x, 100 * data[kind], color, dashed)
        name = f"{kind} error"
        up = 22 if dashed else 20
        label(ax, x[5], mean[5], name, color, dy=up, ha="center")
    best = int(np.argmin(data["validation"].mean(axis=0)))
    lowest = 100 * data["validation"].mean(axis=0)[best]
    ax.plot(x[best], lowest, "o", ms=13, mfc="none", mec=theme.ink, mew=1.8)
    label(ax, 0.75, 41, "underfitting", theme.muted, halo=False)
    label(ax, 3.5, 10.5, "overfitting", theme.muted, ha="center", halo=False)
    return canvas


# --- cross-validation ---------------------------------------------------------


def crossed_data() -> Data:
    """Which of five parts is asked in each of five trainings."""
    return {"asked": np.eye(5, dtype=bool)}


@figure("cross-validation", data=crossed_data)
def crossed(data: Data, theme: Palette) -> Figure:
    canvas, ax = board(262)
    for row, asked in enumerate(data["asked"]):
        for column, here in enumerate(asked):
            place = (96 + 82 * column, 12 + 50 * row), 76, 38
            color, hatch = (theme.validation, "///") if here else (theme.training, None)
            ax.add_patch(Rectangle(*place, fill=False, edgecolor=color, hatch=hatch, lw=1.6))
            if not here:
                ax.add_patch(Rectangle(*place, facecolor=color, edgecolor="none", alpha=0.12))
            x, y = 134 + 82 * column, 31 + 50 * row
            if here:
                label(ax, x, y, "asked", theme.validation, ha="center")
        words = f"training {row + 1}"
        label(ax, 84, 31 + 50 * row, words, theme.muted, ha="right")
    ax.add_patch(
        Rectangle(
            (538, 12), 86, 238, fill=False, edgecolor=theme.muted, lw=1.6
        )
    )
    label(ax, 581, 131, "test data", theme.ink, ha="center", halo=False)
    return canvas


# --- double descent ----------------------------------------------------------

RANDOM = (10, 15, 20, 30, 40, 50, 60, 70, 80, 90, 100, 105, 110, 120, 135,
          150, 200, 300, 500, 1000, 2000)  # fmt: skip


def random_units(units: int, seed: int) -> tuple[float, float]:
    """Error on a hundred known digits and on 797 new ones.

    The weights of the units stay as they were drawn; least squares finds
    those of the last layer.
    """
    written = digits()
    images, answers = written.X / 16, one_hot(written.y, 10)
    rng = np.random.default_rng(seed)
    known = rng.permutation(1000)[:100]
    H = np.maximum(images @ rng.normal(0, 1 / 8, size=(64, units)), 0)
    V = np.linalg.lstsq(H[known], answers[known], rcond=None)[0]
    wrong = (H @ V).argmax(axis=1) != written.y
    return float(wrong[known].mean()), float(wrong[1000:].mean())


def double_descent_data() -> Data:
    """Both errors by the number of random units, over twenty draws."""
    runs = np.array(
        [
            [random_units(units, seed) for units in RANDOM]
            for seed in range(20)
        ]
    )
    return {
        "units": np.array(RANDOM),
        "training": runs[:, :, 0],
        "validation": runs[:, :, 1],
        "digits": 100,
    }


@figure("double-descent", data=double_descent_data)
def double_descent(data: Data, theme: Palette) -> Figure:
    canvas, ax = single(400)
    x = np.log10(data["units"])
    ax.set(xlim=(0.97, 3.33), ylim=(0, 85))
    marks = (10, 50, 100, 500, 2000)
    axes(
        ax,
        "random units",
        "% wrong",
        tuple(np.log10(marks)),
        (0, 20, 40, 60, 80),
    )
    ax.set_xticklabels([number(units) for units in marks])
    at = np.log10(data["digits"])
    ax.plot([at, at], [0, 85], color=theme.muted, lw=1.2)
    band(ax, x, 100 * data["training"], theme.training, dashed=False)
    band(ax, x, 100 * data["validation"], theme.validation, dashed=True)
    label(ax, 2.95, 24, "new digits", theme.validation, ha="center")
    label(ax, 1.3, 9, "known", theme.training, ha="right")
    label(ax, 2.2, 78, "as many units as digits", theme.muted, halo=False)
    return canvas


# --- early stopping ----------------------------------------------------------

PATIENCE = 30


def early_stopping_data() -> Data:
    """Losses by epoch of one long run, and where early stopping ends it."""
    _, history = train(
        32,
        seed=2,
        epochs=300,
        validation=column(rings(100, 102)),
        batch_size=50,
    )
    stops = {}
    for patience in (1, PATIENCE):
        watch = EarlyStopping(patience)
        stops[patience] = next(
            epoch
            for epoch, loss in enumerate(history.validation_loss, 1)
            if watch.update(loss, [])
        )
    return {
        "training": np.array(history.loss),
        "validation": np.array(history.validation_loss),
        "best": watch.best_epoch,
        "stop": stops[PATIENCE],
        "hasty": stops[1],
    }


@figure("early-stopping", data=early_stopping_data)
def early_stopping(data: Data, theme: Palette) -> Figure:
    canvas, ax = single(400)
    epochs = np.arange(1, len(data["training"]) + 1)
    ax.set(xlim=(0, 300), ylim=(0, 0.75))
    axes(ax, "epoch", "loss", range(0, 301, 100), (0, 0.2, 0.4, 0.6))
    ax.plot(epochs, data["training"], color=theme.training, lw=2)
    ax.plot(
        epochs, data["validation"], color=theme.validation, lw=2, ls=DASHED
    )
    best, stop = data["best"], data["stop"]
    lowest = data["validation"][best - 1]
    for at, top, words in (
        (best, 0.56, f"best: {best}"),
        (stop, 0.66, f"stopped: {stop}"),
    ):
        ax.plot(
            [at, at],
            [data["validation"][at - 1] + 0.03, top - 0.03],
            color=theme.muted,
            lw=1.4,
        )
        label(ax, at, top, words, theme.ink, ha="center", dx=12)
    ax.plot(best, lowest, "o", ms=13, mfc="none", mec=theme.ink, mew=2)
    ax.plot(
        stop,
        data["validation"][stop - 1],
        "|",
        ms=16,
        mfc="none",
        mec=theme.ink,
        mew=2,
    )
    label(
        ax,
        298,
        data["validation"][-40:].max(),
        "validation",
        theme.validation,
        dy=16,
        ha="right",
    )
    label(
        ax,
        298,
        data["training"][-40:].min(),
        "training",
        theme.training,
        dy=-18,
        ha="right",
    )
    return canvas


# --- weights under L1 and L2 -------------------------------------------------

STRENGTH = 0.001


def falling(t: int) -> float:
    """A learning rate that dies away, so that small weights come to rest."""
    return exponential(t, learning_rate=0.05, rate=0.005)


@cache
def penalised() -> dict[str, Parameters]:
    """The same network without a penalty, with L2 and with L1."""
    return {
        name: train(32, 0, 1000, learning_rate=falling, **penalty)[0]
        for name, penalty in (
            ("no penalty", {}),
            ("L2", {"l2": STRENGTH}),
            ("L1", {"l1": STRENGTH}),
        )
    }


def penalties_data() -> Data:
    """Sizes of all 96 weights, the largest first, under each penalty."""
    fresh = rings(2000, 999)
    sizes = {
        name: np.sort(
            np.concatenate([np.abs(W).ravel() for W, _ in parameters])
        )[::-1]
        for name, parameters in penalised().items()
    }
    wrong = {name: error(net, fresh) for name, net in penalised().items()}
    return {"sizes": sizes, "fresh": wrong}


@figure("weights-under-penalties", data=penalties_data)
def penalties(data: Data, theme: Palette) -> Figure:
    canvas, ax = single(380)
    ax.set(xlim=(0, 97), ylim=(0, 9))
    axes(
        ax,
        "weights, the largest first",
        "size $|w|$",
        (1, 24, 48, 72, 96),
        (0, 3, 6, 9),
    )
    colors = {
        "no penalty": theme.muted,
        "L2": theme.weight,
        "L1": theme.prediction,
    }
    marks = {"no penalty": "s", "L2": "o", "L1": "D"}
    places = {"no penalty": (40, 16), "L2": (44, 15), "L1": (26, 15)}
    for name, sizes in data["sizes"].items():
        x = np.arange(1, len(sizes) + 1)
        ax.plot(
            x,
            sizes,
            marks[name],
            ms=4.5,
            color=colors[name],
            clip_on=False,
        )
        at, up = places[name]
        label(ax, at, sizes[at - 1], name, colors[name], dx=4, dy=up)
    return canvas


# --- dropout -----------------------------------------------------------------


def dropped_data() -> Data:
    """The masks of two passes through a hidden layer of six, p = ½."""
    rng = np.random.default_rng(37)
    passes = [dropout_mask((1, 6), 0.5, rng)[0] for _ in range(2)]
    return {"passes": passes, "rate": 0.5, "inputs": 3}


@figure("dropped-out-network", data=dropped_data)
def dropped(data: Data, theme: Palette) -> Figure:
    canvas, ax = board(420)
    words = ("one pass", "the next pass")
    for left, name, mask in zip((0, 338), words, data["passes"], strict=True):
        inputs = [
            node(ax, theme, Node(left + 28, 119 + 68 * unit, 25))
            for unit in range(data["inputs"])
        ]
        out = node(
            ax, theme, Node(left + 274, 187, 25), color=theme.prediction
        )
        for unit, factor in enumerate(mask):
            place = node(
                ax,
                theme,
                Node(left + 151, 30 + 63 * unit, 25),
                number(factor),
                color=None if factor else theme.muted,
                dashed=not factor,
            )
            if factor:
                for start in inputs:
                    join(ax, start, place, theme.weight)
                join(ax, place, out, theme.weight)
        label(ax, left + 151, 402, name, theme.muted, ha="center", halo=False)
    return canvas


RATE = 0.2


def with_and_without_data() -> Data:
    """Validation loss by epoch with dropout and without, over four seeds."""
    validation = column(rings(300, 999))
    runs = {
        name: np.array(
            [
                train(
                    64,
                    seed,
                    400,
                    validation,
                    learning_rate=0.03,
                    dropout=rate,
                )[1].validation_loss
                for seed in range(4)
            ]
        )
        for name, rate in (("without", 0.0), ("with", RATE))
    }
    return runs | {"rate": RATE, "epochs": np.arange(1, 401)}


@figure("with-and-without-dropout", data=with_and_without_data)
def with_and_without(data: Data, theme: Palette) -> Figure:
    canvas, ax = single(380)
    ax.set(xlim=(0, 400), ylim=(0.2, 0.75))
    axes(
        ax,
        "epoch",
        "validation loss",
        range(0, 401, 100),
        (0.2, 0.4, 0.6),
    )
    for name, color, up in (
        ("without", theme.muted, 34),
        ("with", theme.validation, -30),
    ):
        mean = band(ax, data["epochs"], data[name], color, dashed=True)
        words = f"{name} dropout"
        label(ax, 330, mean[329], words, color, dy=up, ha="center")
    return canvas


# --- data augmentation -------------------------------------------------------

WAYS = {
    "as it is": (0, 0),
    "right": (0, 1),
    "left": (0, -1),
    "down": (1, 0),
    "up": (-1, 0),
}


def shifted_data() -> Data:
    """A digit and its four neighbours, each moved by one pixel."""
    written = digits()
    one = int(np.flatnonzero(written.y == 5)[1])
    images = {
        name: shift_images(written.X[one : one + 1] / 16, *way)[0].reshape(
            8, 8
        )
        for name, way in WAYS.items()
    }
    return {"images": images, "digit": int(written.y[one])}


@figure("shifted-digits", data=shifted_data)
def shifted(data: Data, theme: Palette) -> Figure:
    canvas = sheet(158)
    for place, (name, image) in enumerate(data["images"].items()):
        ax = panel(canvas, 16 + 124 * place, 8, 112, 112)
        ax.set(xlim=(0, 8), ylim=(8, 0), xticks=[], yticks=[])
        for side in ax.spines.values():
            side.set(visible=True, color=theme.muted)
        halftone(ax, image, theme.ink)
        label(ax, 4, 8, name, theme.muted, dy=-18, ha="center", halo=False)
    return canvas
