"""Chapter 3, downhill: the slope, the step, and where it can lead."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from figures import figure
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
from nnlit.datasets import diabetes
from nnlit.descent import (
    gradient_descent,
    one_weight_gradient,
    one_weight_loss,
    two_minima,
    two_minima_gradient,
)
from nnlit.losses import half_squared_error

Data = dict[str, Any]
X, Y, START = 2.0, 8.0, 5.0  # one example, and the weight to begin with


def path_from(start: float, rate: float, steps: int) -> Data:
    """The weights that gradient descent visits, and their losses."""
    walk = gradient_descent(lambda w: one_weight_gradient(w, X, Y), np.array(start), rate, steps)
    return {"w": walk, "loss": one_weight_loss(walk, X, Y)}


def loss_against_weight_data() -> Data:
    """The loss ½(2w − 8)², its tangent at w = 5, and ten steps from there."""
    w = np.linspace(2.9, 5.13, 224)
    return {
        "w": w,
        "loss": one_weight_loss(w, X, Y),
        "start": START,
        "loss_at_start": float(one_weight_loss(START, X, Y)),
        "slope_at_start": float(one_weight_gradient(START, X, Y)),
        "minimum": Y / X,
        "learning_rate": 0.1,
        "path": path_from(START, 0.1, 10),
    }


@figure("loss-against-weight", data=loss_against_weight_data)
def loss_against_weight(data: Data, theme: Palette) -> Figure:
    canvas, ax = single(430)
    ax.set(xlim=(2.9, 5.45), ylim=(0, 2.55))
    axes(ax, "weight $w$", "loss", (3, 3.5, 4, 4.5, 5), (0, 0.5, 1, 1.5, 2, 2.5))
    ax.plot(data["w"], data["loss"], color=theme.ink)
    at, high, steep = (
        data["start"],
        data["loss_at_start"],
        data["slope_at_start"],
    )
    reach = np.array([-0.5, 0.12])
    ax.plot(at + reach, high + steep * reach, color=theme.gradient, lw=2.4)
    label(
        ax,
        at + 0.04,
        high - 0.18,
        f"tangent,\nslope {number(steep)}",
        theme.gradient,
        dx=14,
        dy=-14,
    )
    walk = data["path"]
    ax.plot(walk["w"], walk["loss"], "o", ms=9, color=theme.weight, zorder=7)
    for k in range(3):
        arrow(
            ax,
            (walk["w"][k], walk["loss"][k]),
            (walk["w"][k + 1], walk["loss"][k + 1]),
            theme.weight,
            width=1.8,
            head=13,
            bend=0.32,
            shrink=(6, 6),
        )
    label(ax, at, high, "start", theme.weight, dx=-14, dy=8, ha="right")
    low = data["minimum"]
    ax.plot([low, low], [0, 0.7], color=theme.muted, lw=1.2, ls=DASHED)
    label(ax, low, 0.82, f"lowest at $w = {low:g}$", theme.ink, ha="center")
    return canvas


def rise_over_run_data() -> Data:
    """Rise over run at w = 5 for shorter and shorter runs, and the slope."""
    w = np.linspace(3.9, 6.05, 216)
    runs = np.array([1.0, 0.5, 0.1])
    at = float(one_weight_loss(START, X, Y))
    rises = one_weight_loss(START + runs, X, Y) - at
    return {
        "w": w,
        "loss": one_weight_loss(w, X, Y),
        "runs": runs,
        "rises": rises,
        "steepness": rises / runs,
        "slope": float(one_weight_gradient(START, X, Y)),
        "loss_at_start": at,
    }


@figure("rise-over-run", data=rise_over_run_data)
def rise_over_run(data: Data, theme: Palette) -> Figure:
    canvas, ax = single(430)
    ax.set(xlim=(3.9, 6.75), ylim=(0, 8.6))
    axes(ax, "weight $w$", "loss", (4, 4.5, 5, 5.5, 6), (0, 2, 4, 6, 8))
    ax.plot(data["w"], data["loss"], color=theme.ink)
    high = data["loss_at_start"]
    facts = zip(data["runs"], data["rises"], data["steepness"], strict=True)
    for run, rise, steep in facts:
        ends = np.array([0.0, 1.06])
        ax.plot(
            START + ends,
            high + steep * ends,
            color=theme.muted,
            lw=1.6,
            ls=DASHED,
        )
        ax.plot(START + run, high + rise, "o", ms=8, color=theme.ink, zorder=7)
        label(
            ax,
            START + 1.06,
            high + 1.06 * steep,
            f"$h = {run:g}$, slope {number(round(float(steep), 10))}",
            theme.muted,
            dx=6,
            dy=-7 if run == 0.1 else 0,
        )
    ends = np.array([-0.5, 1.06])
    ax.plot(
        START + ends,
        high + data["slope"] * ends,
        color=theme.gradient,
        lw=2.4,
    )
    label(
        ax,
        START - 0.36,
        high - 0.36 * data["slope"],
        f"tangent, slope {number(data['slope'])}",
        theme.gradient,
        dx=12,
        dy=-2,
    )
    run, rise = data["runs"][0], data["rises"][0]
    ax.plot(
        [START, START + run, START + run],
        [high, high, high + rise],
        color=theme.muted,
        lw=1.2,
    )
    name = f"run {number(run)}"
    label(ax, START + run / 2, high, name, theme.muted, dy=-13, ha="center")
    label(ax, START + run, high + 0.8, f"rise {number(rise)}", theme.muted, dx=8)
    ax.plot(START, high, "o", ms=10, color=theme.weight, zorder=8)
    return canvas


def three_rates_data() -> Data:
    """Five steps at each of three rates; the curvature is x² = 4."""
    w = np.linspace(2.3, 5.7, 205)
    rates = {"too small": 0.02, "good": 0.2, "too large": 0.52}
    return {
        "w": w,
        "loss": one_weight_loss(w, X, Y),
        "curvature": X * X,
        "limit": 2 / (X * X),
        "rates": rates,
        "paths": {name: path_from(START, rate, 5) for name, rate in rates.items()},
    }


@figure("three-learning-rates", data=three_rates_data)
def three_learning_rates(data: Data, theme: Palette) -> Figure:
    canvas = sheet(318)
    for place, (name, rate) in enumerate(data["rates"].items()):
        ax = panel(canvas, 34 + 208 * place, 64, 176, 190)
        ax.set(xlim=(2.27, 5.73), ylim=(0, 5.1))
        axes(ax, "$w$", "", (3, 4, 5), (0, 2, 4) if place == 0 else ())
        if place:
            ax.spines["left"].set_visible(False)
        ax.plot(data["w"], data["loss"], color=theme.muted, lw=2)
        walk = data["paths"][name]
        ax.plot(walk["w"], walk["loss"], color=theme.weight, lw=1.6, zorder=5)
        ax.plot(walk["w"], walk["loss"], "o", ms=8, color=theme.weight, zorder=6)
        ax.plot(
            walk["w"][:1],
            walk["loss"][:1],
            "o",
            ms=8,
            mfc=theme.surface,
            mec=theme.weight,
            mew=2.2,
            zorder=7,
        )
        for text, dy in ((name, 38), (rf"$\eta = {rate:g}$", 14)):
            ax.annotate(
                text,
                (0.5, 1),
                (0, dy),
                xycoords="axes fraction",
                textcoords="offset points",
                ha="center",
                color=theme.ink if dy == 38 else theme.muted,
            )
    return canvas


def restarts_data() -> Data:
    """Runs from several starts on a landscape with two valleys."""
    w = np.linspace(-1.62, 1.62, 325)
    starts = np.array([-1.5, -0.5, 0.35, 1.5])
    paths = np.array(
        [gradient_descent(two_minima_gradient, np.array(s), 0.05, 200) for s in starts]
    )
    ends = paths[:, -1]
    heights = two_minima(ends)
    return {
        "w": w,
        "loss": two_minima(w),
        "starts": starts,
        "paths": paths,
        "ends": ends,
        "losses": heights,
        "best": float(ends[np.argmin(heights)]),
        "global": np.isclose(heights, heights.min(), atol=1e-6),
    }


@figure("two-minima-restarts", data=restarts_data)
def two_minima_restarts(data: Data, theme: Palette) -> Figure:
    canvas, ax = single(400)
    ax.set(xlim=(-1.7, 1.7), ylim=(-0.85, 2.35))
    axes(ax, "weight $w$", "loss", (-1, 0, 1), (0, 1, 2))
    shown = data["loss"] < 2.35
    ax.plot(data["w"][shown], data["loss"][shown], color=theme.ink)
    for path, deepest in zip(data["paths"], data["global"], strict=True):
        color = theme.prediction if deepest else theme.gradient
        walk = path[:8]
        ax.plot(walk, two_minima(walk), "o", ms=6, color=color, zorder=5)
        ax.plot(
            path[:1],
            two_minima(path[:1]),
            "o",
            ms=12,
            mfc=theme.surface,
            mec=color,
            mew=2.4,
            zorder=6,
        )
        ax.plot(
            path[-1:],
            two_minima(path[-1:]),
            "o",
            ms=13,
            color=color,
            zorder=6,
        )
    ends, heights, deepest = data["ends"], data["losses"], data["global"]
    for kind, text, color in (
        (True, "global minimum", theme.prediction),
        (False, "local minimum", theme.gradient),
    ):
        place = int(np.flatnonzero(deepest == kind)[0])
        label(
            ax,
            ends[place],
            heights[place],
            f"{text}, {number(round(float(heights[place]), 2))}",
            color,
            dy=-22,
            ha="center",
        )
    return canvas


def gradient_field_data() -> Data:
    """The loss of chapter 1's patients over two weights, and one descent."""
    patients = diabetes()
    columns = [patients.feature_names.index(name) for name in ("bmi", "bp")]
    measured, y = patients.X[:60, columns], patients.y[:60]
    table = (measured - measured.mean(axis=0)) / measured.std(axis=0)
    # Scaled features have the mean 0, so the best bias is the mean answer.
    bias = float(y.mean())

    def uphill(w: Any) -> Any:
        return (table @ w + bias - y) @ table / len(table)

    def height(w: Any) -> float:
        return half_squared_error(table @ w + bias, y) / len(table)

    w1, w2 = np.linspace(-16, 76, 93), np.linspace(-18, 46, 65)
    a, c = np.meshgrid(np.linspace(-10, 70, 7), np.linspace(-12, 40, 5))
    grid = np.column_stack([a.ravel(), c.ravel()])
    path = gradient_descent(uphill, np.array([-10.0, 8.0]), 0.2, 60)
    minimum = np.linalg.lstsq(table, y - bias, rcond=None)[0]
    return {
        "w1": w1,
        "w2": w2,
        "loss": np.array([[height(np.array([p, q])) for p in w1] for q in w2]),
        "levels": np.arange(1800, 4800, 200),
        "minimum": minimum,
        "lowest": height(minimum),
        "grid": grid,
        "downhill": np.array([-uphill(w) for w in grid]),
        "arrow_per_slope": 0.16,
        "path": path,
        "path_loss": np.array([height(w) for w in path]),
        "learning_rate": 0.2,
    }


@figure("gradient-field", data=gradient_field_data)
def gradient_field(data: Data, theme: Palette) -> Figure:
    canvas = sheet(500)
    ax = panel(canvas, 64, 40, 548, 548 * 64 / 92)  # both weights to one scale
    ax.set(xlim=(-16, 76), ylim=(-18, 46))
    axes(
        ax,
        "weight $w_1$ of the body mass index",
        "weight $w_2$ of the pressure",
        (0, 20, 40, 60),
        (0, 20, 40),
    )
    ground = (data["w1"], data["w2"], data["loss"])
    for level in data["levels"]:
        ax.contourf(
            *ground,
            levels=[0, level],
            colors=[theme.weight],
            alpha=0.04,
            zorder=0,
        )
    ax.contour(*ground, levels=data["levels"], colors=[theme.muted], linewidths=1.2)
    ax.quiver(
        *data["grid"].T,
        *(data["arrow_per_slope"] * data["downhill"]).T,
        angles="xy",
        scale_units="xy",
        scale=1,
        units="dots",
        width=2.2,
        headwidth=5,
        headlength=6,
        headaxislength=6,
        color=theme.gradient,
        zorder=5,
    )
    path = data["path"]
    ax.plot(*path.T, color=theme.weight, lw=2, zorder=6)
    ax.plot(*path.T, "o", ms=7, color=theme.weight, zorder=7)
    ax.plot(*path[0], "o", ms=9, mfc=theme.surface, mec=theme.weight, mew=2.2, zorder=8)
    label(ax, *path[0], "start", theme.weight, dx=-6, dy=18)
    return canvas
