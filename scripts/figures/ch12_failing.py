"""Chapter 12, when training fails: depth, what helps, and transfer."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter

from figures import figure
from figures.diagram import Node, board, edge, node
from figures.palette import Palette
from figures.plot import (
    BOTTOM,
    DASHED,
    LEFT,
    RIGHT,
    TOP,
    arrow,
    axes,
    label,
    pair,
    panel,
    sheet,
    single,
)
from figures.svg import WIDTH
from nnlit.datasets import digits, shift_images
from nnlit.initializers import initialize
from nnlit.losses import one_hot
from nnlit.network import ACTIVATIONS, Parameters, forward, loss_value, predict
from nnlit.optimizers import Adam
from nnlit.residual import deep_gradients
from nnlit.training import Trainer
from nnlit.types import Array, Rng

Data = dict[str, Any]
SHALLOW, DEEP = [64, 30, 10], [64] + 19 * [30] + [10]


def powers(ax: Axes, y: range) -> None:
    """Numbers of an axis that holds logarithms: 10⁻³ where −3 is."""
    ax.yaxis.set_major_locator(FixedLocator(list(y)))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: f"$10^{{{v:.0f}}}$"))


def deep_and_shallow_data() -> Data:
    """The training loss of one hidden layer and of nineteen, by epoch."""
    data, _ = digits().split(rng=0)
    X, Y = data.X / 16, one_hot(data.y, 10)
    losses: Data = {}
    for name, sizes in (("shallow", SHALLOW), ("deep", DEEP)):
        parameters = initialize(sizes, "glorot_normal", rng=0)
        trainer = Trainer(
            parameters, "sigmoid", optimizer=Adam(), learning_rate=0.003, batch_size=50
        )
        losses[name] = [loss_value(X, Y, parameters, "sigmoid")]
        for _ in range(10):
            trainer.epoch(X, Y)
            losses[name].append(loss_value(X, Y, parameters, "sigmoid"))
    return {name: np.array(values) for name, values in losses.items()}


@figure("deep-and-shallow", data=deep_and_shallow_data)
def deep_and_shallow(data: Data, theme: Palette) -> Figure:
    canvas, ax = single(340)
    ax.set(xlim=(0, 10), ylim=(0, 2.6))
    axes(ax, "epoch", "training loss", (0, 2, 4, 6, 8, 10), (0, 0.5, 1, 1.5, 2, 2.5))
    epochs = np.arange(11)
    for name, style, words, dy in (
        ("deep", "-", "nineteen hidden layers", -16),
        ("shallow", "-", "one hidden layer", 20),
    ):
        color = theme.training if name == "deep" else theme.prediction
        ax.plot(epochs, data[name], style, color=color, lw=2.4)
        label(ax, 5.2, data[name][5], words, color, dy=dy)
    return canvas


def error_sizes(parameters: Parameters, activation: str, X: Array, Y: Array) -> Array:
    """The size of the error terms of every layer, the first layer first."""
    Y_hat, cache = forward(X, parameters, activation)
    Delta = (Y_hat - Y) / len(X)
    sizes = [np.sqrt((Delta**2).sum())]
    for l in range(len(parameters) - 1, 0, -1):
        (W, _), below = parameters[l], cache[l - 1]
        g_prime = ACTIVATIONS[activation].g_prime
        Delta = (Delta @ W.T) * g_prime(below.Z, below.A)
        sizes.append(np.sqrt((Delta**2).sum()))
    return np.array(sizes[::-1])


def examples(n: int = 200) -> tuple[Array, Array]:
    """The first digits of the training set, and their answers."""
    data, _ = digits().split(rng=0)
    return data.X[:n] / 16, one_hot(data.y[:n], 10)


def scaled(factor: float) -> list[tuple[Array, Array]]:
    """The deep network with He's weights, all times a factor."""
    return [(factor * W, b) for W, b in initialize(DEEP, "he_normal", rng=0)]


STARTS = {"he, halved": 0.5, "glorot": 1, "he": 1, "he, doubled": 2}


def errors_by_depth_data() -> Data:
    """Sizes of error terms by layer, for activations and starts."""
    X, Y = examples()
    found: Data = {"layer": np.arange(1, 21)}
    for activation in ("sigmoid", "tanh", "relu"):
        for start, factor in STARTS.items():
            glorot = initialize(DEEP, "glorot_normal", rng=0)
            parameters = glorot if start == "glorot" else scaled(factor)
            found[activation, start] = error_sizes(parameters, activation, X, Y)
    return found


@figure("errors-by-depth", data=errors_by_depth_data)
def errors_by_depth(data: Data, theme: Palette) -> Figure:
    height, gap = 400, 22
    canvas = sheet(height)
    width = (WIDTH - LEFT - RIGHT - 2 * gap) / 3
    colors = (theme.muted, theme.class0, theme.prediction, theme.class1)
    styles = ((0, (1.5, 2)), DASHED, "-", (0, (8, 2, 2, 2)))
    words = ("half of He", "Glorot", "He", "twice He")
    for i, activation in enumerate(("sigmoid", "tanh", "relu")):
        left = LEFT + i * (width + gap)
        ax = panel(canvas, left, TOP + 26, width, height - TOP - 26 - BOTTOM)
        ax.set(xlim=(0.5, 20.5), ylim=(-18.5, 6.5))
        axes(ax, "layer", "size of the error terms" if i == 0 else "", (1, 10, 20))
        powers(ax, range(-18, 7, 3))
        if i:
            ax.set_yticklabels([])
        name = "ReLU" if activation == "relu" else activation
        label(ax, 10.5, 5.3, name, theme.ink, ha="center", halo=False)
        for start, color, style in zip(STARTS, colors, styles, strict=True):
            size = np.log10(data[activation, start])
            ax.plot(data["layer"], size, color=color, ls=style, lw=2.4)
        if i == 2:
            for start, word, color, at, dy in zip(
                STARTS, words, colors, (8, 2, 2, 11), (-20, -13, 12, 18), strict=True
            ):
                y = np.log10(data[activation, start][at - 1])
                label(ax, at, y, word, color, dy=dy, ha="left")
    return canvas


REMEDIES = {
    "plain": ("sigmoid", "glorot_normal", False, False),
    "He and ReLU": ("relu", "he_normal", False, False),
    "normalised": ("sigmoid", "glorot_normal", True, False),
    "residual": ("sigmoid", "glorot_normal", False, True),
    "both": ("sigmoid", "glorot_normal", True, True),
}


def remedies_data() -> Data:
    """The size of each layer's weight gradient, with each remedy."""
    X, Y = examples()
    found: Data = {"layer": np.arange(1, 21)}
    for name, (activation, start, normalize, skip) in REMEDIES.items():
        each = []
        for seed in range(5):
            parameters = initialize(DEEP, start, rng=seed)
            slopes = deep_gradients(X, Y, parameters, activation, normalize=normalize, skip=skip)
            each.append([np.sqrt((dW**2).sum()) for dW, _ in slopes])
        found[name] = np.array(each)  # (seeds, layers)
    return found


@figure("remedies", data=remedies_data)
def remedies(data: Data, theme: Palette) -> Figure:
    canvas, ax = single(430)
    ax.set(xlim=(0.5, 20.5), ylim=(-13, 2.6))
    axes(ax, "layer", "length of the weights’ gradient", (1, 5, 10, 15, 20))
    powers(ax, range(-12, 3, 2))
    looks = {
        "plain": (theme.gradient, "-", "o"),
        "He and ReLU": (theme.prediction, DASHED, "s"),
        "normalised": (theme.class0, "-", "^"),
        "residual": (theme.class1, "-", "v"),
        "both": (theme.ink, "-", "D"),
    }
    for name, (color, style, mark) in looks.items():
        size = np.log10(data[name])
        low, high = size.min(axis=0), size.max(axis=0)
        ax.fill_between(data["layer"], low, high, color=color, alpha=0.12, lw=0)
        ax.plot(data["layer"], size.mean(axis=0), ls=style, color=color, lw=2)
        ax.plot(data["layer"], size.mean(axis=0), mark, color=color, ms=5)
    label(ax, 10.5, np.log10(data["plain"]).mean(axis=0)[9], "plain sigmoid", theme.gradient, dx=16)
    for name, at, y in (
        ("residual", 17.2, 1.9),
        ("normalised", 4.2, 1.35),
        ("both", 13.0, -1.15),
        ("He and ReLU", 4.2, -1.15),
    ):
        label(ax, at, y, name, looks[name][0], ha="center")
    return canvas


def residual_layer_data() -> Data:
    """What stands in the nodes of the diagram."""
    return {"names": ("$A^{(l-1)}$", "norm", "$W^{(l)}, b^{(l)}$", "$g$", "+", "$A^{(l)}$")}


@figure("residual-layer", data=residual_layer_data)
def residual_layer(data: Data, theme: Palette) -> Figure:
    canvas, ax = board(232)
    xs = (56, 186, 306, 426, 520, 594)
    radii = (40, 34, 42, 30, 18, 34)
    places = [Node(x, 150, r) for x, r in zip(xs, radii, strict=True)]
    colors = [theme.ink, theme.ink, theme.weight, theme.ink, theme.ink, theme.prediction]
    for place, name, color in zip(places, data["names"], colors, strict=True):
        node(ax, theme, place, name, color=color)
    for start, end in pairwise(places):
        edge(ax, start, end, theme.ink)
    first, plus = places[0], places[4]
    ax.plot([first.x, first.x], [first.y - first.r, 48], color=theme.gradient, lw=2.6)
    ax.plot([first.x, plus.x], [48, 48], color=theme.gradient, lw=2.6)
    arrow(ax, (plus.x, 48), (plus.x, plus.y - plus.r - 2), theme.gradient, width=2.6)
    words = "the way round: slope 1, forward and backward"
    label(ax, 288, 26, words, theme.gradient, ha="center", halo=False)
    label(ax, 306, 212, "the layer", theme.muted, ha="center", halo=False)
    return canvas


LABELS = (1, 2, 5, 10, 20, 50)
WAYS = ("pixels", "from nothing", "frozen", "tuned")


def in_the_middle(X: Array) -> Array:
    """The digits as they are, in the only place they have: (1, n, 64)."""
    return X[None]


def in_all_places(X: Array) -> Array:
    """Every digit at each of 25 places of a field of 12 by 12 pixels."""
    field = np.pad(X.reshape(-1, 8, 8), ((0, 0), (2, 2), (2, 2))).reshape(-1, 144)
    moves = range(-2, 3)
    return np.array([shift_images(field, r, c, (12, 12)) for r in moves for c in moves])


def top_layer(inputs: int) -> list[tuple[Array, Array]]:
    """A last layer for five classes that knows nothing yet."""
    return [(np.zeros((inputs, 5)), np.zeros(5))]


def learn(
    parameters: list[tuple[Array, Array]],
    X: Array,
    y: Array,
    epochs: int,
    learning_rate: float,
    rng: Rng = 0,
) -> list[tuple[Array, Array]]:
    """Train on labels 0 to 4, in place."""
    trainer = Trainer(
        parameters,
        optimizer=Adam(),
        learning_rate=learning_rate,
        batch_size=250,
        rng=rng,
    )
    trainer.run(X, one_hot(y, 5), epochs)
    return parameters


def few_labels(seed: int, places: Array, y: Array, epochs: int) -> Data:
    """Accuracies on 5–9 with few labels, the hidden layers learnt on 0–4."""
    rng = np.random.default_rng(seed)
    count, _, d = places.shape
    sizes, old = [d, 64, 64, 5], y < 5
    network = learn(
        initialize(sizes, "he_normal", rng),
        places[:, old].reshape(-1, d),
        np.tile(y[old], count),
        epochs,
        0.003,
        rng,
    )
    X = places[rng.integers(count, size=len(y)), np.arange(len(y))][~old]
    new = y[~old] - 5
    order = rng.permutation(len(X))
    test, pool = order[:400], order[400:]

    def features(X: Array) -> Array:
        _, cache = forward(X, network)
        return cache[-1].A_below

    def right(parameters: Parameters, X: Array) -> float:
        return float((predict(X, parameters).argmax(axis=1) == new[test]).mean())

    found: Data = {}
    for k in LABELS:
        rows = np.concatenate([pool[new[pool] == c][:k] for c in range(5)])
        few, answers, T = X[rows], new[rows], X[test]
        fresh = initialize(sizes, "he_normal", rng=seed + 100)
        copy = [(W.copy(), b.copy()) for W, b in network[:-1]]
        found["pixels", k] = right(learn(top_layer(d), few, answers, 60, 0.03), T)
        found["from nothing", k] = right(learn(fresh, few, answers, 60, 0.005), T)
        frozen = learn(top_layer(64), features(few), answers, 60, 0.03)
        found["frozen", k] = right(frozen, features(T))
        tuned = learn(copy + top_layer(64), few, answers, 60, 0.005)
        found["tuned", k] = right(tuned, T)
    return found


def transfer_data() -> Data:
    """Mean and spread of the accuracy over five seeds, for both tasks."""
    data = digits()
    X, y = data.X / 16, data.y
    found: Data = {"labels": np.array(LABELS)}
    for task, places, epochs in (
        ("in the middle", in_the_middle(X), 40),
        ("anywhere", in_all_places(X), 2),
    ):
        runs = [few_labels(seed, places, y, epochs) for seed in range(5)]
        for way in WAYS:
            found[task, way] = np.array([[run[way, k] for k in LABELS] for run in runs])
    return found


@figure("labels-and-transfer", data=transfer_data)
def labels_and_transfer(data: Data, theme: Palette) -> Figure:
    canvas, both = pair(400, gap=44)
    looks = {
        "pixels": (theme.muted, (0, (1.5, 2)), "x"),
        "from nothing": (theme.class0, DASHED, "o"),
        "frozen": (theme.class1, "-", "^"),
        "tuned": (theme.prediction, "-", "s"),
    }
    at = np.arange(len(LABELS))
    for ax, task in ((both[0], "in the middle"), (both[1], "anywhere")):
        ax.set(xlim=(-0.3, 5.3), ylim=(0, 1))
        left = task == "in the middle"
        axes(ax, "labels per class", "accuracy" if left else "", (), (0, 0.2, 0.4, 0.6, 0.8, 1))
        ax.set_xticks(at, [str(k) for k in LABELS])
        words = "digits in the middle" if left else "digits anywhere"
        label(ax, 5.3, 1.06, words, theme.ink, ha="right", halo=False)
        ax.axhline(0.2, color=theme.muted, lw=1, zorder=0)
        for shift, (way, (color, style, mark)) in enumerate(looks.items()):
            score = data[task, way]
            mean, spread = score.mean(axis=0), score.std(axis=0, ddof=1)
            x = at + 0.06 * (shift - 1.5)
            ax.plot(x, mean, ls=style, color=color, lw=2)
            ax.errorbar(x, mean, spread, fmt=mark, color=color, ms=7, lw=1.2)
    ax = both[0]
    for way, words, y in (
        ("tuned", "transferred, tuned", 0.46),
        ("frozen", "transferred, frozen", 0.36),
        ("from nothing", "from nothing", 0.26),
        ("pixels", "pixels alone", 0.10),
    ):
        color, style, mark = looks[way]
        ax.plot([4.5, 5.2], [y, y], ls=style, color=color, lw=2)
        ax.plot(4.85, y, mark, color=color, ms=7)
        label(ax, 4.3, y, words, color, ha="right")
    return canvas
