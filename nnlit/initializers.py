"""Where training starts: zeros, which fail, and draws of the right width.

Each scheme draws one weight matrix (inputs, outputs); biases start at 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from nnlit.checks import (
    as_generator,
    check_choice,
    check_integer,
    check_positive,
    check_sizes,
)
from nnlit.types import Array, Rng

__all__ = [
    "INITIALIZERS",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "initialize",
    "normal",
    "zeros",
]


def zeros(d_in: int, d_out: int, rng: Rng = 0) -> Array:
    """Start at 0, the example that fails: hidden units stay all alike.

    Formula: Wⱼₖ = 0.
    Shapes: the result (d_in, d_out).
    Errors: ValueError unless both are at least 1.
    Source: Goodfellow, Bengio & Courville (2016), Deep Learning, 8.4.

    >>> zeros(2, 3)
    array([[0., 0., 0.],
           [0., 0., 0.]])
    """
    return np.zeros(_shape(d_in, d_out))


def normal(
    d_in: int, d_out: int, rng: Rng = 0, scale: float = 0.01
) -> Array:
    """Draw from a bell curve of one width, whatever the layer's size.

    Formula: Wⱼₖ ~ N(0, scale²).
    Shapes: the result (d_in, d_out).
    Errors: ValueError unless both are at least 1 and scale > 0.
    Source: Goodfellow, Bengio & Courville (2016), Deep Learning, 8.4.

    >>> normal(1, 2).round(5)
    array([[ 0.00126, -0.00132]])
    """
    check_positive(scale, "scale")
    return as_generator(rng).normal(0, scale, _shape(d_in, d_out))


def glorot_normal(d_in: int, d_out: int, rng: Rng = 0) -> Array:
    """Draw so that scores and errors keep their width through linear layers.

    Formula: Wⱼₖ ~ N(0, 2 / (d_in + d_out)).
    Shapes: the result (d_in, d_out).
    Errors: ValueError unless both are at least 1.
    Source: Glorot & Bengio (2010), AISTATS, (12).

    >>> float(glorot_normal(300, 100).std().round(3)), (2 / 400) ** 0.5
    (0.071, 0.07071067811865475)
    """
    d_in, d_out = _shape(d_in, d_out)
    scale = math.sqrt(2 / (d_in + d_out))
    return as_generator(rng).normal(0, scale, (d_in, d_out))


def glorot_uniform(d_in: int, d_out: int, rng: Rng = 0) -> Array:
    """Draw as glorot_normal does, but evenly from an interval.

    Formula: Wⱼₖ ~ U(−r, r), r = √(6 / (d_in + d_out)); the variance of
    U(−r, r) is r²/3.
    Shapes: the result (d_in, d_out).
    Errors: ValueError unless both are at least 1.
    Source: Glorot & Bengio (2010), AISTATS, (16).

    >>> float(np.abs(glorot_uniform(300, 100)).max().round(3))
    0.122
    """
    d_in, d_out = _shape(d_in, d_out)
    r = math.sqrt(6 / (d_in + d_out))
    return as_generator(rng).uniform(-r, r, (d_in, d_out))


def he_normal(d_in: int, d_out: int, rng: Rng = 0) -> Array:
    """Draw so that scores keep their width although ReLU stops half of them.

    Formula: Wⱼₖ ~ N(0, 2 / d_in).
    Shapes: the result (d_in, d_out).
    Errors: ValueError unless both are at least 1.
    Source: He, Zhang, Ren & Sun (2015), arXiv:1502.01852, (10).

    >>> float(he_normal(200, 100).std().round(3))
    0.1
    """
    d_in, d_out = _shape(d_in, d_out)
    scale = math.sqrt(2 / d_in)
    return as_generator(rng).normal(0, scale, (d_in, d_out))


def he_uniform(d_in: int, d_out: int, rng: Rng = 0) -> Array:
    """Draw as he_normal does, but evenly from an interval.

    Formula: Wⱼₖ ~ U(−r, r), r = √(6 / d_in).
    Shapes: the result (d_in, d_out).
    Errors: ValueError unless both are at least 1.
    Source: He, Zhang, Ren & Sun (2015), arXiv:1502.01852, (10).

    >>> float(np.abs(he_uniform(600, 100)).max().round(3))
    0.1
    """
    d_in, d_out = _shape(d_in, d_out)
    r = math.sqrt(6 / d_in)
    return as_generator(rng).uniform(-r, r, (d_in, d_out))


INITIALIZERS = {
    "zeros": zeros,
    "normal": normal,
    "glorot_normal": glorot_normal,
    "glorot_uniform": glorot_uniform,
    "he_normal": he_normal,
    "he_uniform": he_uniform,
}


def initialize(
    sizes: Sequence[int],
    initializer: str = "glorot_uniform",
    rng: Rng = 0,
    dtype: str = "float64",
) -> list[tuple[Array, Array]]:
    """Make the parameters of a network with layers of these sizes.

    Formula: W⁽ˡ⁾ from the initializer, b⁽ˡ⁾ = 0.
    Shapes: sizes (d, hidden …, K); the result is a (W, b) for each layer,
    W (sizes[l], sizes[l + 1]), b (sizes[l + 1],).
    Errors: ValueError for fewer than two sizes, a size below 1, or another
    name.

    >>> parameters = initialize([64, 30, 10], "he_normal", rng=0)
    >>> [(W.shape, b.shape) for W, b in parameters]
    [((64, 30), (30,)), ((30, 10), (10,))]
    """
    check_choice(initializer, "initializer", INITIALIZERS)
    check_choice(dtype, "dtype", ("float32", "float64"))
    sizes = check_sizes(sizes)
    if len(sizes) < 2:
        raise ValueError(f"sizes must be at least two, got {sizes}")
    shapes = list(pairwise(sizes))
    draw, rng = INITIALIZERS[initializer], as_generator(rng)
    return [
        (draw(*shape, rng).astype(dtype), np.zeros(shape[1], dtype))
        for shape in shapes
    ]


def _shape(d_in: int, d_out: int) -> tuple[int, int]:
    return check_integer(d_in, "d_in", 1), check_integer(d_out, "d_out", 1)
