"""Chapter 9, backward: slopes along a chain, errors carried back, the check."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter

from figures import figure
from figures.diagram import Node, board, edge, node
from figures.palette import Palette
from figures.plot import DASHED, axes, label, number, single
from nnlit.activations import sigmoid_prime
from nnlit.datasets import digits
from nnlit.descent import numerical_gradient
from nnlit.gradcheck import relative_error
from nnlit.initializers import initialize
from nnlit.losses import one_hot
from nnlit.network import backward, forward, gradients, loss_value
from nnlit.types import Array

Data = dict[str, Any]
X, Y = np.array([[1.0, 2.0]]), np.array([[1.0]])
NET = [
    (np.array([[3.0, 1.0], [-1.0, 1.0]]), np.array([-2.0, -1.0])),
    (np.array([[2.0], [1.0]]), np.array([-3.0])),
]
NAMES = ("sigmoid", "sigmoid", "binary_cross_entropy")


def short(value: float, digits: int = 3) -> str:
    """A number as the figures print it, with at most so many decimals."""
    return number(round(float(value), digits))


def both_passes_data() -> Data:
    """The small network of the chapter, forward and backward."""
    Y_hat, (hidden, top) = forward(X, NET, *NAMES[:2])
    (dW_1, delta_1), (dW_2, delta_2) = backward([hidden, top], NET, Y, *NAMES)
    return {
        "x": X[0],
        "z_1": hidden.Z[0],
        "a_1": hidden.A[0],
        "z_2": float(top.Z[0, 0]),
        "y_hat": float(Y_hat[0, 0]),
        "loss": float(loss_value(X, Y, NET, *NAMES)),
        "W_1": NET[0][0],
        "w_2": NET[1][0][:, 0],
        "delta_1": delta_1,
        "delta_2": float(delta_2[0]),
        "dW_1": dW_1,
        "dw_2": dW_2[:, 0],
    }


def chain_data() -> Data:
    """The five slopes between the weight from x₁ to unit 1 and the loss."""
    passes = both_passes_data()
    slopes = np.array(
        [
            passes["x"][0],
            sigmoid_prime(passes["z_1"][0]),
            passes["w_2"][0],
            sigmoid_prime(passes["z_2"]),
            -1 / passes["y_hat"],  # the loss is −ln ŷ, since y = 1
        ]
    )
    values = np.array(
        [
            passes["W_1"][0, 0],
            passes["z_1"][0],
            passes["a_1"][0],
            passes["z_2"],
            passes["y_hat"],
            passes["loss"],
        ]
    )
    return {
        "names": (
            "$W^{(1)}_{11}$",
            "$z^{(1)}_1$",
            "$a^{(1)}_1$",
            "$z^{(2)}$",
            r"$\hat{y}$",
            "loss",
        ),
        "values": values,
        "slopes": slopes,
        "product": float(slopes.prod()),
        "slope": float(passes["dW_1"][0, 0]),
    }


@figure("chain-of-slopes", data=chain_data)
def chain_of_slopes(data: Data, theme: Palette) -> Figure:
    canvas, ax = board(206)
    places = [Node(48 + 108.8 * i, 78, 34) for i in range(6)]
    colors = [theme.weight, *[theme.ink] * 3, theme.prediction, theme.ink]
    for place, value, name, color in zip(
        places, data["values"], data["names"], colors, strict=True
    ):
        node(ax, theme, place, short(value), color=color)
        y = place.y + place.r + 20
        label(ax, place.x, y, name, color, ha="center", halo=False)
    for i, slope in enumerate(data["slopes"]):
        edge(ax, places[i], places[i + 1], theme.gradient)
        middle = (places[i].x + places[i + 1].x) / 2
        label(ax, middle, 24, short(slope, 4), theme.gradient, ha="center")
    factors = " · ".join(
        f"({short(s, 4)})" if s < 0 else short(s, 4) for s in data["slopes"]
    )
    words = f"{factors} = {short(data['product'], 4)}"
    label(ax, 320, 182, words, theme.gradient, ha="center", halo=False)
    return canvas


def layout(top: float) -> tuple[list[Node], list[Node], Node, Node]:
    """Where the marks, hidden units, output and loss stand, from `top`."""
    rows = (top + 70, top + 220)
    marks = [Node(46, y, 34) for y in rows]
    hidden = [Node(276, y, 34) for y in rows]
    middle = top + 145
    return marks, hidden, Node(462, middle, 34), Node(594, middle, 34)


def edges(
    ax: Axes,
    columns: tuple[Sequence[Node], Sequence[Node]],
    words: Array,
    color: str,
    back: bool = False,
) -> None:
    """The edges between two columns of nodes, each with its number."""
    left, right = columns
    for j, start in enumerate(left):
        for k, end in enumerate(right):
            crossing = len(right) > 1 and j != k
            # The words of the upper mark's edges stand above, those of the
            # lower mark's below, so that no two meet.
            side = -1 if j and len(right) > 1 else 1
            at = 0.24 if crossing else 0.5
            away = 18 if start.y == end.y else 25
            edge(
                ax,
                *((end, start) if back else (start, end)),
                color,
                short(words[j, k]),
                at=1 - at if back else at,
                offset=(-1 if back else 1) * side * away,
            )


@figure("forward-and-backward", data=both_passes_data)
def forward_and_backward(data: Data, theme: Palette) -> Figure:
    canvas, ax = board(606)
    for top, back in ((8, False), (312, True)):
        marks, hidden, out, end = layout(top)
        title = "backward" if back else "forward"
        label(ax, 638, top + 14, title, theme.muted, ha="right", halo=False)
        color = theme.gradient if back else theme.weight
        weights = data["dW_1"] if back else data["W_1"]
        upper = data["dw_2"] if back else data["w_2"]
        edges(ax, (marks, hidden), weights, color, back)
        edges(ax, (hidden, [out]), upper[:, None], color, back)
        edge(ax, *((end, out) if back else (out, end)), theme.ink)
        for i, (mark, unit) in enumerate(zip(marks, hidden, strict=True)):
            inside = f"$x_{i + 1}$" if back else short(data["x"][i])
            node(ax, theme, mark, inside)
            if back:
                words = short(data["delta_1"][i])
                node(ax, theme, unit, words, color=theme.gradient)
                continue
            node(ax, theme, unit, short(data["a_1"][i]))
            over = f"score {short(data['z_1'][i])}"
            label(ax, unit.x, unit.y - 50, over, theme.muted, ha="center")
        if back:
            words = short(data["delta_2"])
            node(ax, theme, out, words, color=theme.gradient)
            node(ax, theme, end, "loss")
            continue
        node(ax, theme, out, short(data["y_hat"]), color=theme.prediction)
        over = f"score {short(data['z_2'])}"
        label(ax, out.x + 12, out.y - 50, over, theme.muted, ha="center")
        node(ax, theme, end, short(data["loss"]), name="loss")
    return canvas


def powers(ax: Axes, y: Sequence[int], x: Sequence[int] = ()) -> None:
    """Numbers of axes that hold logarithms: 10⁻³ where −3 is."""
    for axis, ticks in ((ax.xaxis, x), (ax.yaxis, y)):
        if ticks:
            axis.set_major_locator(FixedLocator(list(ticks)))
            axis.set_major_formatter(
                FuncFormatter(lambda v, _: f"$10^{{{v:.0f}}}$")
            )


def gradient_flow_data() -> Data:
    """The error terms of a deep sigmoid network at its start, by layer."""
    data = digits()
    rows, answers = data.X[:200] / 16, one_hot(data.y[:200], 10)
    parameters = initialize([64] + 8 * [30] + [10], rng=0)
    Y_hat, cache = forward(rows, parameters, "sigmoid", "softmax")
    Delta = (Y_hat - answers) / len(rows)
    sizes = [float(np.abs(Delta).mean())]
    for l in range(8, 0, -1):
        (W, _), A = parameters[l], cache[l].A_below
        Delta = (Delta @ W.T) * A * (1 - A)
        sizes.append(float(np.abs(Delta).mean()))
    return {
        "layer": np.arange(1, 10),
        "size": np.array(sizes[::-1]),
        "slopes": gradients(rows, answers, parameters, "sigmoid"),
        "Delta": Delta,  # of the first layer
        "rows": rows,
    }


@figure("gradient-flow", data=gradient_flow_data)
def gradient_flow(data: Data, theme: Palette) -> Figure:
    canvas, ax = single(380)
    layer, size = data["layer"], np.log10(data["size"])
    ax.set(xlim=(0.6, 9.4), ylim=(-8.8, -2.5))
    axes(ax, "layer", "mean size of an error term", tuple(layer))
    powers(ax, (-8, -7, -6, -5, -4, -3))
    quarter = size[-1] - (9 - layer) * np.log10(4)
    ax.plot(layer, quarter, color=theme.muted, lw=1.8, ls=DASHED)
    ax.plot(layer, size, "o", ms=10, color=theme.gradient, zorder=5)
    words = "a quarter per layer"
    label(ax, 5.0, quarter[4] + 0.15, words, theme.muted, dx=-12, ha="right")
    label(ax, 9, size[-1], "output", theme.gradient, dx=-14, ha="right")
    label(ax, 1, size[0], "first layer", theme.gradient, dx=16, dy=-4)
    return canvas


def difference_step_data() -> Data:
    """Errors of measured slopes against the step, two sides and one."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(6, 4))
    answers = one_hot(rng.integers(3, size=6), 3)
    parameters = initialize([4, 3, 3], rng=0)
    analytic = gradients(rows, answers, parameters, "sigmoid")
    flat = [w for pair in parameters for w in pair]
    a = np.concatenate([g.ravel() for pair in analytic for g in pair])
    cuts = np.cumsum([w.size for w in flat])[:-1]

    def loss(w: Array) -> Any:
        parts = [
            part.reshape(like.shape)
            for part, like in zip(np.split(w, cuts), flat, strict=True)
        ]
        pairs = list(zip(parts[::2], parts[1::2], strict=True))
        return loss_value(rows, answers, pairs, "sigmoid")

    w = np.concatenate([part.ravel() for part in flat])
    steps = 10.0 ** np.arange(-12, -0.5, 0.5)
    here, unit = loss(w), np.eye(len(w))
    two = [relative_error(a, numerical_gradient(loss, w, h)) for h in steps]
    one = [
        relative_error(a, np.array([loss(w + h * e) - here for e in unit]) / h)
        for h in steps
    ]
    return {
        "h": steps,
        "two sides": np.array(two),
        "one side": np.array(one),
        "taken": (steps[14], two[14]),  # the step of check_all
    }


@figure("difference-step", data=difference_step_data)
def difference_step(data: Data, theme: Palette) -> Figure:
    canvas, ax = single(400)
    h = np.log10(data["h"])
    ax.set(xlim=(-12.3, -0.7), ylim=(-11, -0.8))
    axes(ax, "step $h$", "relative error")
    powers(ax, (-10, -8, -6, -4, -2), (-11, -9, -7, -5, -3, -1))
    for name, color, mark in (
        ("one side", theme.muted, "s"),
        ("two sides", theme.gradient, "o"),
    ):
        error = np.log10(data[name])
        ax.plot(h, error, color=color, lw=2)
        ax.plot(h, error, mark, ms=6, color=color, zorder=5)
    at, lowest = np.log10(data["taken"])
    ax.plot(at, lowest, "o", ms=17, mfc="none", mec=theme.ink, mew=1.8)
    label(ax, -4.6, -2.2, "to one side", theme.muted, ha="right")
    label(ax, -2.7, -6.3, "to both sides", theme.gradient, ha="right")
    label(ax, -11.9, -6.4, "rounding", theme.ink, ha="left")
    label(ax, -2.2, -9.4, "bending", theme.ink, ha="left")
    return canvas
