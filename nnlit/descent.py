"""Gradient descent: read the slope, take a step downhill, repeat."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from nnlit.checks import (
    as_generator,
    as_real,
    check_finite,
    check_integer,
    check_number,
    check_positive,
    least,
)
from nnlit.types import Array, Rng, Scalar

__all__ = [
    "descent_step",
    "gradient_descent",
    "numerical_gradient",
    "one_weight_gradient",
    "one_weight_loss",
    "random_restart",
    "slope",
    "two_minima",
    "two_minima_gradient",
]


def slope(f: Callable[[float], Scalar], w: float, h: float = 1e-5) -> Scalar:
    """Measure the slope of f at w from two values close by.

    Formula: f′(w) ≈ (f(w + h) − f(w − h)) / 2h, the central difference; its
    error is of the order h².
    Shapes: w a number, f(w) a number.
    Errors: ValueError unless h > 0.
    Source: LeVeque (2007), Finite Difference Methods, 1.1,
    doi:10.1137/1.9780898717839.

    >>> round(float(slope(lambda w: w**2, 3.0)), 6)
    6.0
    """
    check_number(w, "w")
    check_positive(h, "h")
    return (f(w + h) - f(w - h)) / (2 * h)


def numerical_gradient(
    f: Callable[[Array], Scalar], w: Array, h: float = 1e-5
) -> Array:
    """Measure the slope of f along each weight in turn, the rest at rest.

    Formula: ∂f/∂wⱼ ≈ (f(w + h eⱼ) − f(w − h eⱼ)) / 2h, eⱼ the unit vector
    along weight j.
    Shapes: w any; f(w) a number; the result has the shape of w, in float64.
    Errors: ValueError unless h > 0.
    Source: LeVeque (2007), Finite Difference Methods, 1.1,
    doi:10.1137/1.9780898717839.

    >>> g = numerical_gradient(lambda w: w[0] * w[1], np.array([2.0, 5.0]))
    >>> g.round(6)
    array([5., 2.])
    """
    check_positive(h, "h")
    w = check_finite(w, "w").astype(float)
    gradient = np.zeros_like(w)
    for j in np.ndindex(w.shape):
        e_j = np.zeros_like(w)
        e_j[j] = h
        gradient[j] = (f(w + e_j) - f(w - e_j)) / (2 * h)
    return gradient


def _check_step(
    w: Array, gradient: Array, learning_rate: float
) -> tuple[Array, Array]:
    """Return w and its gradient, of one shape, as floats or plain numbers.

    >>> _check_step(np.zeros(2), np.zeros((2, 1)), 0.1)
    Traceback (most recent call last):
    ValueError: gradient must have the shape of w, (2,), got (2, 1)
    """
    check_positive(learning_rate, "learning_rate")
    w, gradient = as_real(w, "w"), as_real(gradient, "gradient")
    if np.shape(w) != np.shape(gradient):
        raise ValueError(
            f"gradient must have the shape of w, {np.shape(w)}, "
            f"got {np.shape(gradient)}"
        )
    return w, gradient


def descent_step(w: Array, gradient: Array, learning_rate: float) -> Array:
    """Move the weights a little against the gradient.

    Formula: w ← w − η g.
    Shapes: w and g of one shape, any; the result is a new array of it.
    Errors: ValueError where the shapes differ or η ≤ 0.
    Source: Cauchy (1847), Comptes rendus 25, 536–538.

    >>> descent_step(np.array([5.0]), np.array([4.0]), 0.25)
    array([4.])
    """
    w, gradient = _check_step(w, gradient, learning_rate)
    return w - learning_rate * gradient


def gradient_descent(
    gradient: Callable[[Array], Array],
    w: Array,
    learning_rate: float,
    steps: int,
) -> Array:
    """Walk downhill from w and return every point of the path.

    Formula: wₜ₊₁ = wₜ − η g(wₜ).
    Shapes: w any (a number, too), g(w) the same; the result (steps + 1, ...)
    holds the start first and the end last.
    Errors: ValueError unless η > 0 and steps ≥ 0.
    Source: Cauchy (1847), Comptes rendus 25, 536–538.

    >>> gradient_descent(lambda w: 2 * w, 8.0, 0.25, steps=3)
    array([8., 4., 2., 1.])
    """
    check_positive(learning_rate, "learning_rate")
    path = [check_finite(w, "w")]
    for _ in range(check_integer(steps, "steps")):
        w = descent_step(path[-1], gradient(path[-1]), learning_rate)
        path.append(w)
    return np.array(path)


def random_restart(
    loss: Callable[[Array], Scalar],
    gradient: Callable[[Array], Array],
    low: Array,
    high: Array,
    learning_rate: float,
    steps: int,
    restarts: int,
    rng: Rng,
) -> tuple[Array, float, Array]:
    """Walk downhill from several random starts and keep the lowest end.

    Formula: w* = the end of least loss among `restarts` runs of
    gradient_descent, each from a start uniform in [low, high).
    Shapes: low and high numbers, or arrays of one shape (...); the result is
    w* (...), its loss and all ends (restarts, ...).
    Errors: ValueError unless low < high, η > 0, steps ≥ 0, restarts ≥ 1, or
    if the loss is NaN at every end.
    Source: Russell & Norvig (2020), Artificial Intelligence, 4.1.1.

    >>> w, loss, ends = random_restart(
    ...     two_minima, two_minima_gradient, -2.0, 2.0, 0.05, 100, 10, rng=0
    ... )
    >>> round(float(w), 3), round(loss, 3), ends.shape
    (-1.036, -0.305, (10,))
    """
    low, high = check_finite(low, "low"), check_finite(high, "high")
    if low.shape != high.shape or not np.all(low < high):
        raise ValueError(
            "low and high must have one shape and low < high, "
            f"got {low} and {high}"
        )
    check_integer(restarts, "restarts", 1)
    starts = as_generator(rng).uniform(low, high, (restarts, *low.shape))
    paths = [
        gradient_descent(gradient, w, learning_rate, steps) for w in starts
    ]
    ends = np.array([path[-1] for path in paths])
    losses = np.array([loss(w) for w in ends])
    best = least(losses)
    return ends[best], float(losses[best]), ends


def one_weight_loss(w: Array, x: Array, y: Array) -> Array:
    """Give the loss of the smallest network, f = xw, for one example.

    Formula: l = ½ (xw − y)².
    Shapes: w a number or an array of weights to try; x and y numbers.
    Source: Rumelhart, Hinton & Williams (1986), doi:10.1038/323533a0.

    >>> float(one_weight_loss(5.0, x=2.0, y=8.0))
    2.0
    """
    w, x, y = as_real(w, "w"), as_real(x, "x"), as_real(y, "y")
    return 0.5 * (x * w - y) ** 2


def one_weight_gradient(w: Array, x: Array, y: Array) -> Array:
    """Give the slope of one_weight_loss along the weight.

    Formula: ∂l/∂w = x (xw − y).
    Shapes: w a number or an array of weights to try; x and y numbers.
    Source: Rumelhart, Hinton & Williams (1986), doi:10.1038/323533a0.

    >>> float(one_weight_gradient(5.0, x=2.0, y=8.0))
    4.0
    """
    w, x, y = as_real(w, "w"), as_real(x, "x"), as_real(y, "y")
    return x * (x * w - y)


def two_minima(w: Array) -> Array:
    """Give the height of a landscape with two valleys, one deeper.

    Formula: f(w) = (w² − 1)² + 0.3 w. The deeper valley is at w ≈ −1.036,
    the other at w ≈ 0.960, the hilltop between them at w ≈ 0.075.
    Shapes: any.

    >>> [round(float(two_minima(w)), 3) for w in (-1.036, 0.075, 0.96)]
    [-0.305, 1.011, 0.294]
    """
    w = as_real(w, "w")
    return (w**2 - 1) ** 2 + 0.3 * w


def two_minima_gradient(w: Array) -> Array:
    """Give the slope of two_minima.

    Formula: f′(w) = 4w (w² − 1) + 0.3.
    Shapes: any.

    >>> round(float(two_minima_gradient(1.0)), 2)
    0.3
    """
    w = as_real(w, "w")
    return 4 * w * (w**2 - 1) + 0.3
