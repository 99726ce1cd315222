"""Chapter 10, the training loop: batches, starts, optimisers, schedules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FixedLocator, FuncFormatter

from figures import figure
from figures.diagram import Node, board, edge, node
from figures.palette import Palette
from figures.plot import (
    DASHED,
    arrow,
    axes,
    label,
    number,
    panel,
    sheet,
    single,
)
from nnlit.datasets import digits
from nnlit.initializers import initialize
from nnlit.losses import accuracy, one_hot
from nnlit.network import forward, loss_value, predict
from nnlit.optimizers import (
    SGD,
    Adam,
    Momentum,
    Nesterov,
    Optimizer,
    RMSProp,
    cosine,
    descend,
    exponential,
    inverse_scaling,
    on_plateau,
    step_decay,
    warm_up,
)
from nnlit.training import Trainer, train_epoch
from nnlit.types import Array

Data = dict[str, Any]
SIZES = [64, 50, 10]  # of the network that learns the digits


def images() -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """The digits to learn from: four fifths to train on, one to watch.

    A quarter of all digits is kept aside before, and not used here at all.
    """
    known, _ = digits().split(test_fraction=0.25, rng=0)
    train, watched = known.split(test_fraction=0.2, rng=0)
    return (
        (train.X / 16, one_hot(train.y, 10)),
        (watched.X / 16, one_hot(watched.y, 10)),
    )


def tens(ax: Axes, values: Sequence[float]) -> None:
    """Numbers of a y axis that holds logarithms to base 10."""
    ax.yaxis.set_major_locator(FixedLocator(list(np.log10(values))))
    ax.yaxis.set_major_formatter(
        FuncFormatter(lambda v, _: number(round(10**v, 6)))
    )


# --- the loop ----------------------------------------------------------------


def loop_data() -> Data:
    """Four images of the training set and what the loop does with them."""
    known, _ = digits().split(test_fraction=0.25, rng=0)
    rows = np.array([np.flatnonzero(known.y == k)[0] for k in (3, 8, 5, 0)])
    return {
        "images": known.X[rows].reshape(-1, 8, 8),
        "labels": known.y[rows],
        "steps": ("batch", "forward", "loss", "backward", "step"),
    }


def halftone(
    ax: Axes, image: Array, left: float, top: float, side: float, color: str
) -> None:
    """An image of 8 × 8 pixels as squares, the darker the larger."""
    cell, squares = side / 8, []
    for row in range(8):
        for column in range(8):
            half = 0.46 * cell * np.sqrt(image[row, column] / 16)
            if half == 0:
                continue
            x, y = left + (column + 0.5) * cell, top + (row + 0.5) * cell
            squares.append(
                [
                    (x - half, y - half),
                    (x + half, y - half),
                    (x + half, y + half),
                    (x - half, y + half),
                ]
            )
    ax.add_collection(PolyCollection(squares, facecolors=color, lw=0))


@figure("training-loop", data=loop_data)
def training_loop(data: Data, theme: Palette) -> Figure:
    canvas, ax = board(352)
    side, gap = 58, 10
    for place, image in enumerate(data["images"]):
        left = 34 + (side + gap) * (place % 2)
        top = 40 + (side + gap) * (place // 2)
        halftone(ax, image, left, top, side, theme.ink)
        ax.add_patch(
            Rectangle(
                (left - 3, top - 3),
                side + 6,
                side + 6,
                fill=False,
                edgecolor=theme.muted,
                lw=1,
            )
        )
    label(ax, 97, 16, "a batch", theme.ink, ha="center", halo=False)
    pass_on, loss = Node(330, 103, 52), Node(552, 103, 52)
    back, step = Node(552, 284, 52), Node(330, 284, 52)
    node(ax, theme, pass_on, "forward", color=theme.weight)
    node(ax, theme, loss, "loss")
    node(ax, theme, back, "backward", color=theme.gradient)
    node(ax, theme, step, "step", color=theme.weight)
    arrow(ax, (172, 103), (276, 103), theme.ink, width=2, head=14)
    label(ax, 222, 84, "$X$", theme.ink, ha="center")
    edge(ax, pass_on, loss, theme.prediction, r"$\hat{Y}$", offset=20)
    edge(ax, loss, back, theme.ink)
    edge(ax, back, step, theme.gradient, "slopes", offset=-18)
    edge(ax, step, pass_on, theme.weight, "weights", offset=-44)
    arrow(ax, (276, 284), (97, 186), theme.ink, width=2, head=14, bend=-0.32)
    label(ax, 112, 292, "next batch", theme.ink, ha="center")
    return canvas


# --- batches -----------------------------------------------------------------


def batches_data() -> Data:
    """The loss of all known images against epochs, by size of a batch."""
    known, _ = digits().split(test_fraction=0.25, rng=0)
    X, Y = known.X / 16, one_hot(known.y, 10)
    sizes, epochs, curves = (1, 32, len(X)), 6, {}
    for size in sizes:
        parameters = initialize(SIZES, "he_uniform", rng=0)
        rng = np.random.default_rng(0)
        losses = [float(loss_value(X, Y, parameters))]
        for _ in range(epochs):
            train_epoch(X, Y, parameters, 0.1, size, rng)
            losses.append(float(loss_value(X, Y, parameters)))
        curves[size] = np.array(losses)
    return {
        "epochs": np.arange(epochs + 1),
        "losses": curves,
        "steps": {size: -(-len(X) // size) for size in sizes},
    }


@figure("batch-sizes", data=batches_data)
def batch_sizes(data: Data, theme: Palette) -> Figure:
    canvas, ax = single(390)
    ax.set(xlim=(0, 8.6), ylim=(np.log10(0.03), np.log10(3)))
    epochs = data["epochs"]
    axes(ax, "", "loss of all images", tuple(epochs))
    tens(ax, (0.05, 0.1, 0.2, 0.5, 1, 2))
    low = ax.get_ylim()[0]
    label(ax, 3, low, "epochs", theme.ink, dy=-42, ha="center", halo=False)
    for (size, losses), mark in zip(
        data["losses"].items(), "so^", strict=True
    ):
        height = np.log10(losses)
        ax.plot(epochs, height, color=theme.training, lw=2.2)
        ax.plot(epochs, height, mark, ms=8, color=theme.training, zorder=5)
        steps = data["steps"][size]
        many = "1 step" if steps == 1 else f"{number(steps)} steps"
        words = f"batches of {number(size)},\n{many} an epoch"
        label(ax, 6, height[-1], words, theme.training, dx=12)
    return canvas


# --- where to start ----------------------------------------------------------

STARTS = {
    "zeros": "zeros",
    "too small": "normal",
    "Glorot": "glorot_normal",
    "He": "he_normal",
}


def starts_data() -> Data:
    """The scores of five hidden layers with ReLU, by how weights began."""
    (X, _), _ = images()
    scores = {}
    for name, initializer in STARTS.items():
        parameters = initialize([64, *[100] * 5, 10], initializer, rng=0)
        _, cache = forward(X[:300], parameters, "relu")
        scores[name] = [layer.Z.ravel() for layer in cache[:5]]
    bins = np.linspace(-2.4, 2.4, 41)
    return {
        "bins": bins,
        "spread": {
            name: np.array([Z.std() for Z in layers])
            for name, layers in scores.items()
        },
        "shares": {
            name: [np.histogram(Z, bins)[0] / Z.size for Z in layers]
            for name, layers in scores.items()
        },
    }


def short(value: float) -> str:
    """Two digits of a number, or one and a power of ten if it is tiny.

    >>> short(0.6812), short(0.0), short(0.00019)
    ('0.68', '0', '$2 \\\\cdot 10^{-4}$')
    """
    if value == 0 or value >= 1e-3:
        return f"{value:.2g}"
    digit, power = f"{value:.0e}".split("e")
    return rf"${digit} \cdot 10^{{{int(power)}}}$"


@figure("scores-by-initialisation", data=starts_data)
def scores_by_initialisation(data: Data, theme: Palette) -> Figure:
    canvas = sheet(476)
    left, width, height = 78, 126, 62
    bins = data["bins"]
    for column, name in enumerate(STARTS):
        for row in range(5):
            ax = panel(
                canvas, left + 141 * column, 44 + 76 * row, width, height
            )
            ax.set(xlim=(bins[0], bins[-1]), ylim=(0, 1.08))
            ax.spines["left"].set_visible(False)
            last = row == 4
            axes(ax, "score" if last else "", "", (-2, 0, 2) if last else ())
            share = data["shares"][name][row]
            ax.stairs(
                share / share.max(), bins, fill=True, color=theme.weight, lw=0
            )
            if row == 0:
                label(ax, 0, 1.08, name, theme.ink, dy=16, ha="center")
            if column == 0:
                words = f"layer {row + 1}"
                label(ax, bins[0], 0.4, words, theme.muted, dx=-8, ha="right")
            spread = data["spread"][name][row]
            words = short(float(spread))
            label(ax, bins[-1], 0.8, words, theme.muted, ha="right")
    return canvas


# --- optimisers --------------------------------------------------------------

BENDS = np.array([1.0, 40.0])  # the valley's curvature along its two weights
START = np.array([-9.0, 2.0])
STEPS = 40
RATES = np.geomspace(0.001, 10, 161)  # 40 to each factor of ten
RACERS: dict[str, Callable[[], Optimizer]] = {
    "SGD": SGD,
    "momentum 0.9": Momentum,
    "momentum 0.5": partial(Momentum, 0.5),
    "Nesterov 0.9": Nesterov,
    "RMSProp": partial(RMSProp, rho=0.9),
    "Adam": Adam,
}


def valley(w: Array) -> Array:
    """Half the sum of κⱼ wⱼ², for one place or a row each."""
    return np.sum(BENDS * np.square(w), axis=-1) / 2


def valley_gradient(w: Array) -> Array:
    """κⱼ wⱼ for each weight."""
    return BENDS * w


def walk(name: str, rate: float) -> Array:
    """The places of forty steps through the valley."""
    with np.errstate(over="ignore", invalid="ignore"):
        return descend(valley_gradient, START, RACERS[name](), rate, STEPS)


def end(path: Array) -> float:
    """The highest of the last ten places, infinite where they overflowed."""
    with np.errstate(over="ignore", invalid="ignore"):
        highest = valley(path[-10:]).max()
    return float(np.nan_to_num(highest, nan=np.inf))


def rates_data() -> Data:
    """Where each optimiser has come to after forty steps, by its rate."""
    return {
        "rates": RATES,
        "ends": {
            name: np.array([end(walk(name, rate)) for rate in RATES])
            for name in RACERS
        },
    }


def tuned() -> dict[str, float]:
    """The best of all rates for each optimiser by itself."""
    facts = rates_data()
    return {
        name: float(RATES[np.argmin(ends)])
        for name, ends in facts["ends"].items()
    }


@figure("loss-by-rate", data=rates_data)
def loss_by_rate(data: Data, theme: Palette) -> Figure:
    canvas, ax = single(420)
    ax.set(xlim=(-3, 1.05), ylim=(-4.6, 2.3))
    powers = (-3, -2, -1, 0, 1)
    axes(ax, "learning rate", "loss", powers, ())
    ax.set_xticklabels([number(float(10.0**power)) for power in powers])
    tens(ax, (0.001, 0.1, 10))
    looks = {
        "SGD": (theme.ink, "-", (-1.55, 2.02), "right"),
        "momentum 0.9": (theme.gradient, DASHED, (-2.9, -0.1), "left"),
        "momentum 0.5": (theme.gradient, "-", (-1.34, -2.9), "right"),
        "RMSProp": (theme.prediction, "-", (-0.5, -3.6), "right"),
        "Adam": (theme.weight, "-", (0.5, -0.55), "center"),
    }
    for name, (color, style, (x, y), side) in looks.items():
        height = np.log10(np.minimum(data["ends"][name], 1e9))
        ax.plot(np.log10(data["rates"]), height, color=color, lw=2, ls=style)
        label(ax, x, y, name, color, ha=side)
    return canvas


def race_data() -> Data:
    """The walk of each optimiser with the best rate of its own."""
    best = tuned()
    paths = {name: walk(name, rate) for name, rate in best.items()}
    w_1, w_2 = np.linspace(-10, 4.5, 146), np.linspace(-2.6, 2.6, 105)
    grid = np.stack(np.meshgrid(w_1, w_2), axis=-1)
    return {
        "w_1": w_1,
        "w_2": w_2,
        "height": valley(grid),
        "rates": best,
        "paths": paths,
        "losses": {name: valley(path) for name, path in paths.items()},
        "ends": {name: end(path) for name, path in paths.items()},
    }


@figure("optimisers-racing", data=race_data)
def optimisers_racing(data: Data, theme: Palette) -> Figure:
    canvas = sheet(664)
    for place, name in enumerate(RACERS):
        column, row = place % 2, place // 2
        ax = panel(canvas, 30 + 308 * column, 40 + 212 * row, 286, 146)
        ax.set(xlim=(-10, 4.5), ylim=(-2.6, 2.6))
        axes(ax, "", "", (-8, -4, 0, 4), (-2, 0, 2) if column == 0 else ())
        if column:
            ax.spines["left"].set_visible(False)
        ax.contour(
            data["w_1"],
            data["w_2"],
            data["height"],
            levels=(1, 5, 15, 35, 70, 120),
            colors=[theme.muted],
            linewidths=0.9,
        )
        path = data["paths"][name]
        ax.plot(*path.T, color=theme.weight, lw=1.6, zorder=5)
        ax.plot(*path.T, "o", ms=4.5, color=theme.weight, zorder=6)
        ax.plot(
            *path[0],
            "o",
            ms=10,
            mfc=theme.surface,
            mec=theme.weight,
            mew=2,
            zorder=7,
        )
        label(ax, -10, 2.6, name, theme.ink, dx=2, dy=18, halo=False)
        ended = data["ends"][name]
        words = f"loss {ended:.1g}" if ended >= 1e-3 else "loss below 0.001"
        label(ax, 4.5, 2.6, words, theme.muted, dy=18, ha="right", halo=False)
    return canvas


# --- schedules ---------------------------------------------------------------


def schedules_data() -> Data:
    """Six ways for a learning rate to go down, the last by the loss."""
    t = np.arange(100)
    closed: dict[str, Callable[[int], float]] = {
        "step": partial(step_decay, learning_rate=1.0, factor=0.5, every=25),
        "exponential": partial(exponential, learning_rate=1.0, rate=0.03),
        "root of the steps": partial(inverse_scaling, learning_rate=1.0),
        "cosine": partial(cosine, learning_rate=1.0, steps=100),
        "warm-up, cosine": lambda t: warm_up(
            t, cosine(t, 1.0, steps=100), steps=10
        ),
    }
    (X, Y), _ = images()
    trainer = Trainer(
        initialize(SIZES, "he_uniform", rng=0),
        learning_rate=1.0,
        plateau=partial(
            on_plateau,
            learning_rate=1.0,
            factor=0.5,
            patience=2,
            min_delta=0.005,
        ),
        rng=0,
    )
    history = trainer.run(X, Y, epochs=40)
    return {
        "t": t,
        "rates": {
            name: np.array([schedule(k) for k in t])
            for name, schedule in closed.items()
        },
        "epochs": np.arange(1, 41),
        "plateau": np.array(history.learning_rate),
        "losses": np.array(history.loss),
    }


@figure("decay-schedules", data=schedules_data)
def decay_schedules(data: Data, theme: Palette) -> Figure:
    canvas = sheet(430)
    for place, name in enumerate([*data["rates"], "on plateau"]):
        column, row = place % 3, place // 3
        ax = panel(canvas, 34 + 206 * column, 42 + 196 * row, 178, 116)
        plateau = name == "on plateau"
        t = data["epochs"] if plateau else data["t"]
        rate = data["plateau"] if plateau else data["rates"][name]
        end = 40 if plateau else 100
        ax.set(xlim=(0, end), ylim=(0, 1.06))
        axes(
            ax,
            "epochs" if plateau else "steps" if row else "",
            "",
            (0, 20, 40) if plateau else (0, 50, 100),
            (0, 1) if column == 0 else (),
        )
        if column:
            ax.spines["left"].set_visible(False)
        if plateau:
            scaled = data["losses"] / data["losses"].max()
            ax.plot(t, scaled, color=theme.training, lw=1.6, ls=DASHED)
            label(ax, 11, 0.24, "loss", theme.training, ha="left")
        jumps = name in ("step", "on plateau")
        ax.plot(
            t,
            rate,
            color=theme.weight,
            lw=2.4,
            drawstyle="steps-mid" if jumps else "default",
        )
        label(
            ax, end / 2, 1.06, name, theme.ink, dy=16, ha="center", halo=False
        )
    return canvas


# --- learning curves ---------------------------------------------------------


def curves_data() -> Data:
    """Five trainings, alike but for the seed, watched on other images."""
    train, watched = images()
    epochs, seeds = 40, 5
    training, validation, scores = [], [], []
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        trainer = Trainer(
            initialize(SIZES, "he_uniform", rng), learning_rate=0.1, rng=rng
        )
        history = trainer.run(*train, epochs, validation=watched)
        training.append(history.loss)
        validation.append(history.validation_loss)
        answers = predict(watched[0], trainer.parameters).argmax(axis=1)
        scores.append(accuracy(answers, watched[1].argmax(axis=1)))
    return {
        "epochs": np.arange(1, epochs + 1),
        "training": np.array(training),
        "validation": np.array(validation),
        "scores": np.array(scores),
    }


@figure("learning-curves", data=curves_data)
def learning_curves(data: Data, theme: Palette) -> Figure:
    canvas, ax = single(400)
    ax.set(xlim=(0, 50), ylim=(np.log10(0.045), np.log10(2.2)))
    epochs = data["epochs"]
    axes(ax, "", "loss", (1, 10, 20, 30, 40))
    label(ax, 20, np.log10(0.045), "epochs", theme.ink, dy=-42, ha="center",
          halo=False)  # fmt: skip
    tens(ax, (0.05, 0.1, 0.2, 0.5, 1, 2))
    for name, color, style, dy in (
        ("training", theme.training, "-", 0),
        ("validation", theme.validation, DASHED, 0),
    ):
        curves = np.log10(data[name])
        mean, spread = curves.mean(axis=0), curves.std(axis=0, ddof=1)
        ax.fill_between(
            epochs, mean - spread, mean + spread, color=color, alpha=0.13, lw=0
        )
        for curve in curves:
            ax.plot(epochs, curve, color=color, lw=0.6, ls=style)
        ax.plot(epochs, mean, color=color, lw=2.6, ls=style)
        label(ax, 40, mean[-1], name, color, dx=8, dy=dy)
    return canvas
