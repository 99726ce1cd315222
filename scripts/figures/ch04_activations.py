"""Chapter 4, activations: each curve above its slope, and softmax."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from figures import figure
from figures.palette import Palette
from figures.plot import axes, label, number, panel, sheet, single
from nnlit.activations import (
    gelu,
    gelu_prime,
    leaky_relu,
    leaky_relu_prime,
    relu,
    relu_prime,
    sigmoid,
    sigmoid_prime,
    softmax,
    step,
    tanh,
    tanh_prime,
    temperature_softmax,
)
from nnlit.types import Array

Data = dict[str, Any]
SCORES = np.array([2.0, 1.0, 0.1])
LEAK = 0.1  # ten times the usual one, so that the eye can see it


def step_against_sigmoid_data() -> Data:
    """Both curves, and their values at 0."""
    z = np.linspace(-6, 6, 241)
    return {
        "z": z,
        "step": step(z),
        "sigmoid": sigmoid(z),
        "step_at_0": float(step(0.0)),
        "sigmoid_at_0": float(sigmoid(0.0)),
    }


@figure("step-against-sigmoid", data=step_against_sigmoid_data)
def step_against_sigmoid(data: Data, theme: Palette) -> Figure:
    canvas, ax = single(340)
    ax.set(xlim=(-6, 6), ylim=(-0.04, 1.08))
    axes(ax, "score $z$", "output", (-6, -3, 0, 3, 6), (0, 0.5, 1))
    z, jump = data["z"], data["step"]
    low, high = z < 0, z >= 0
    ax.plot(z[low], jump[low], color=theme.ink, clip_on=False)
    ax.plot(z[high], jump[high], color=theme.ink, clip_on=False)
    ax.plot(
        [0],
        [0],
        "o",
        ms=9,
        mfc=theme.surface,
        mec=theme.ink,
        mew=2,
        zorder=4,
        clip_on=False,
    )
    ax.plot([0], [data["step_at_0"]], "o", ms=9, color=theme.ink, zorder=4)
    ax.plot(z, data["sigmoid"], color=theme.prediction, lw=3)
    ax.plot(
        [0],
        [data["sigmoid_at_0"]],
        "o",
        ms=9,
        color=theme.prediction,
        zorder=4,
    )
    label(ax, -0.25, 1.0, "step", theme.ink, ha="right")
    label(ax, 1.35, 0.72, r"sigmoid $\sigma(z)$", theme.prediction)
    return canvas


def kinked(z: Array, values: Array) -> Array:
    """The values with a gap at the jump, so that no line is drawn there."""
    apart = np.array(values, dtype=float)
    jumps = np.abs(np.diff(apart)) > 0.5
    apart[:-1][jumps] = np.nan
    return apart


def activations_data() -> Data:
    """Six activations and their derivatives on the same scores."""
    z = np.linspace(-4, 4, 401)
    return {
        "z": z,
        "curves": {
            # At the jump the step has no slope.
            "step": (step(z), np.where(z == 0, np.nan, 0.0)),
            "sigmoid": (sigmoid(z), sigmoid_prime(z)),
            "tanh": (tanh(z), tanh_prime(z)),
            "ReLU": (relu(z), relu_prime(z)),
            "leaky ReLU, 0.1": (
                leaky_relu(z, LEAK),
                leaky_relu_prime(z, LEAK),
            ),
            "GELU": (gelu(z), gelu_prime(z)),
        },
        "leak": LEAK,
        "steepest": {
            "sigmoid": float(sigmoid_prime(z).max()),
            "tanh": float(tanh_prime(z).max()),
            "GELU": float(gelu_prime(z).max()),
        },
    }


@figure("activations-and-derivatives", data=activations_data)
def activations_and_derivatives(data: Data, theme: Palette) -> Figure:
    tall, low, gap, between = 124, 84, 26, 62
    block = tall + gap + low + between
    canvas = sheet(3 * block + 8)
    z = data["z"]
    for place, (name, (curve, slope)) in enumerate(data["curves"].items()):
        left = 48 + 316 * (place % 2)
        top = 34 + block * (place // 2)
        above = panel(canvas, left, top, 264, tall)
        below = panel(canvas, left, top + tall + gap, 264, low)
        large = curve.max() > 1.5
        above.set(xlim=(-4, 4), ylim=(-1.15, 4) if large else (-1.15, 1.15))
        below.set(xlim=(-4, 4), ylim=(-0.18, 1.2))
        axes(above, yticks=(0, 2, 4) if large else (-1, 0, 1))
        axes(below, xticks=(-4, 0, 4), yticks=(0, 1))
        above.set_xticks([])
        for ax in (above, below):
            ax.spines["bottom"].set_position(("data", 0))
            ax.spines["bottom"].set_zorder(1)
            ax.tick_params(axis="x", length=0, pad=12)
        above.plot(
            z, kinked(z, curve), color=theme.prediction, lw=3, clip_on=False
        )
        below.plot(
            z, kinked(z, slope), color=theme.gradient, lw=3, clip_on=False
        )
        for gap_at in z[np.isnan(slope)]:
            below.plot(
                [gap_at],
                [0],
                "o",
                ms=9,
                mfc=theme.surface,
                mec=theme.gradient,
                mew=2,
                zorder=6,
            )
        label(above, -3.8, 3.2 if large else 0.97, name, theme.prediction)
        label(below, -3.8, 0.72, "slope", theme.gradient)
    return canvas


def saturation_data() -> Data:
    """The sigmoid's value and slope where the book quotes them."""
    z = np.linspace(-11, 11, 441)
    at = np.array([0.0, 2.0, 5.0, 10.0])
    return {
        "z": z,
        "sigmoid": sigmoid(z),
        "slope": sigmoid_prime(z),
        "at": at,
        "values_at": sigmoid(at),
        "slopes_at": sigmoid_prime(at),
    }


@figure("saturation", data=saturation_data)
def saturation(data: Data, theme: Palette) -> Figure:
    canvas = sheet(470)
    above = panel(canvas, 56, 40, 568, 180)
    below = panel(canvas, 56, 262, 568, 146)
    for ax in (above, below):
        ax.set(xlim=(-11, 11))
    above.set(ylim=(-0.05, 1.15))
    below.set(ylim=(0, 0.3))
    axes(above, "", r"$\sigma(z)$", (-10, -5, 0, 5, 10), (0, 0.5, 1))
    above.set_xticklabels([])
    axes(
        below,
        "score $z$",
        r"slope $\sigma^\prime(z)$",
        (-10, -5, 0, 5, 10),
        (0, 0.1, 0.2),
    )
    z = data["z"]
    above.plot(z, data["sigmoid"], color=theme.prediction, lw=3)
    below.plot(z, data["slope"], color=theme.gradient, lw=3, clip_on=False)
    for at, value, slope in zip(
        data["at"], data["values_at"], data["slopes_at"], strict=True
    ):
        reach = np.array([-1.3, 1.3])
        above.plot(
            at + reach,
            value + slope * reach,
            color=theme.gradient,
            lw=3,
            zorder=4,
        )
        above.plot([at], [value], "o", ms=9, color=theme.prediction, zorder=5)
        below.plot(
            [at],
            [slope],
            "o",
            ms=9,
            color=theme.gradient,
            zorder=5,
            clip_on=False,
        )
        words = number(
            float(f"{slope:.3g}" if slope > 1e-3 else f"{slope:.1g}")
        )
        if slope < 1e-3:
            words = f"{slope:.6f}"
        label(
            below,
            at,
            slope,
            words,
            theme.ink,
            dx=10 if at < 4 else 0,
            dy=8 if at < 4 else 22,
            ha="left" if at < 4 else "center",
        )
    return canvas


def softmax_temperature_data() -> Data:
    """The same three scores at four temperatures."""
    temperatures = (0.5, 1.0, 2.0, 5.0)
    return {
        "scores": SCORES,
        "temperatures": temperatures,
        "probabilities": np.array(
            [temperature_softmax(SCORES, t) for t in temperatures]
        ),
    }


@figure("softmax-temperature", data=softmax_temperature_data)
def softmax_temperature(data: Data, theme: Palette) -> Figure:
    canvas = sheet(330)
    ax = panel(canvas, 16, 40, 608, 216)
    ax.set(xlim=(-0.62, 15.62), ylim=(0, 1))
    ax.spines["left"].set_visible(False)
    axes(ax, "", "probability of the scores 2, 1 and 0.1")
    table = zip(data["temperatures"], data["probabilities"], strict=True)
    for group, (temperature, row) in enumerate(table):
        for bar, value in enumerate(row):
            x = 4.33 * group + bar
            ax.bar(x, value, 0.8, color=theme.prediction)
            label(
                ax,
                x,
                value,
                f"{value:.2f}",
                theme.ink,
                dy=12,
                ha="center",
                halo=False,
            )
            label(
                ax,
                x,
                0,
                number(float(data["scores"][bar])),
                theme.muted,
                dy=-14,
                ha="center",
                halo=False,
            )
        label(
            ax,
            4.33 * group + 1,
            0,
            f"$T = {temperature:g}$",
            theme.ink,
            dy=-48,
            ha="center",
            halo=False,
        )
    return canvas


def softmax_scores_data() -> Data:
    """Three scores on their way to probabilities."""
    powers = np.exp(SCORES)
    return {
        "scores": SCORES,
        "powers": powers,
        "sum": float(powers.sum()),
        "probabilities": softmax(SCORES),
    }


@figure("softmax-scores", data=softmax_scores_data)
def softmax_scores(data: Data, theme: Palette) -> Figure:
    canvas = sheet(244)
    columns = (
        ("score $z_k$", data["scores"], theme.ink, 2),
        (r"$\exp z_k$", data["powers"], theme.muted, 2),
        (r"$\exp z_k$ / sum", data["probabilities"], theme.prediction, 3),
    )
    for place, (name, values, color, digits) in enumerate(columns):
        ax = panel(canvas, 16 + 212 * place, 40, 184, 150)
        ax.set(xlim=(0, 1.5 * values.max()), ylim=(2.6, -0.6))
        ax.spines["bottom"].set_visible(False)
        axes(ax, "", name)
        ax.barh(range(3), values, 0.62, color=color, alpha=0.85)
        for row, value in enumerate(values):
            label(
                ax,
                value,
                row,
                f"{value:.{digits}f}",
                theme.ink,
                dx=7,
                halo=False,
            )
        total = f"sum {values.sum():.{digits}f}" if place else ""
        label(ax, 0, 2.6, total, theme.muted, dy=-18, halo=False)
    return canvas
