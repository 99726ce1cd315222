"""The gradient check: are the slopes that backward gives those of the loss?

Both checks move parameters by ±h and look at the loss alone. `check_all`
moves every parameter in turn; `check_directions` moves all parameters of an
array at once, with random signs, which is cheap for real networks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from nnlit.checks import (
    as_float,
    as_generator,
    check_finite,
    check_integer,
    check_positive,
)
from nnlit.descent import numerical_gradient, slope
from nnlit.network import Parameters
from nnlit.network_checks import check_alike
from nnlit.types import Array, Rng, Scalar

__all__ = ["Report", "check_all", "check_directions", "relative_error"]

LossOf = Callable[[list[tuple[Array, Array]]], Scalar]


def relative_error(a: Array, n: Array) -> float:
    """Compare two gradients by the lengths of their difference and sum.

    Formula: ‖a − n‖ / (‖a‖ + ‖n‖), and 0 where both are 0. It is 1 for
    gradients that point in opposite directions.
    Shapes: a and n of one shape, any; the result is in [0, 1].
    Errors: ValueError where the shapes differ.

    >>> relative_error(np.array([3.0, 4.0]), np.array([3.0, 4.0]))
    0.0
    >>> relative_error(np.array([3.0, 4.0]), np.array([-3.0, -4.0]))
    1.0
    """
    a, n = as_float(a, "a"), as_float(n, "n")
    if a.shape != n.shape:
        raise ValueError(f"a and n must have one shape: {a.shape}, {n.shape}")
    length = np.linalg.norm(a) + np.linalg.norm(n)
    return float(np.linalg.norm(a - n) / length) if length else 0.0


@dataclass(frozen=True)
class Report:
    """What a gradient check found.

    error: the relative error of all slopes together. close: no single slope
    is off by more than 10⁻⁵ + 10⁻⁵ |n|. worst: the parameter (or direction)
    whose slope is off by most, such as W2[3, 0], with its slope from
    backward (analytic) and from the loss (numeric). errors: the relative
    error of each array by its name.
    """

    error: float
    close: bool
    worst: str
    analytic: float
    numeric: float
    errors: dict[str, float]

    @property
    def passed(self) -> bool:
        """Whether the error is at most 10⁻⁷ and every single slope close."""
        return self.error <= 1e-7 and self.close

    def __str__(self) -> str:
        """Return the finding in a sentence."""
        return (
            f"gradient check {'passed' if self.passed else 'FAILED'}: "
            f"relative error {self.error:.1e}; worst is {self.worst}, "
            f"analytic {self.analytic:.8g}, numeric {self.numeric:.8g}"
        )


def check_all(
    loss: LossOf,
    parameters: Parameters,
    gradients: Parameters,
    h: float = 1e-5,
) -> Report:
    """Measure the slope along every parameter and compare.

    Formula: ∂𝓛/∂w ≈ (𝓛(w + h) − 𝓛(w − h)) / 2h for each w in turn.
    Shapes: loss takes parameters and gives a number; gradients have the
    shapes of the parameters. Two passes forward for each parameter.
    Errors: ValueError unless all are float64 and finite: in float32 the
    difference of two losses has hardly a digit left.
    Source: LeVeque (2007), Finite Difference Methods, 1.1,
    doi:10.1137/1.9780898717839.

    >>> parameters = [(np.array([[2.0]]), np.array([1.0]))]
    >>> def loss(parameters):
    ...     [(W, b)] = parameters
    ...     return (W**2).sum() + 3 * b.sum()
    >>> right = [(np.array([[4.0]]), np.array([3.0]))]
    >>> wrong = [(np.array([[2.0]]), np.array([3.0]))]
    >>> check_all(loss, parameters, right).passed
    True
    >>> print(check_all(loss, parameters, wrong))  # doctest: +ELLIPSIS
    gradient check FAILED: ... worst is W1[0, 0], analytic 2, numeric 4
    """
    names, arrays, slopes = _flat(parameters, gradients)
    numeric = []
    for i, w in enumerate(arrays):

        def moved(w: Array, i: int = i) -> Scalar:
            return loss(_swap(arrays, i, w))

        numeric.append(numerical_gradient(moved, w, h))
    return _report(names, slopes, numeric)


def check_directions(
    loss: LossOf,
    parameters: Parameters,
    gradients: Parameters,
    directions: int = 5,
    h: float = 1e-5,
    rng: Rng = 0,
) -> Report:
    """Measure the slope along random directions in each array and compare.

    Formula: (𝓛(w + hu) − 𝓛(w − hu)) / 2h ≈ Σⱼ uⱼ ∂𝓛/∂wⱼ, u random signs ±1
    for every weight of one array.
    Shapes: as check_all. Two passes forward for each array and direction,
    whatever the arrays' size; a fault in any weight shows in nearly every
    direction.
    Errors: ValueError unless all are float64 and finite, directions ≥ 1.
    Source: LeVeque (2007), Finite Difference Methods, 1.1,
    doi:10.1137/1.9780898717839.

    >>> parameters = [(np.ones((500, 200)), np.ones(200))]
    >>> def loss(parameters):
    ...     [(W, b)] = parameters
    ...     return (W**2).sum() / 2 + b.sum()
    >>> slopes = [(np.ones((500, 200)), np.ones(200))]
    >>> check_directions(loss, parameters, slopes).passed
    True
    """
    check_positive(h, "h")
    check_integer(directions, "directions", 1)
    rng = as_generator(rng)
    names, arrays, slopes = _flat(parameters, gradients)
    analytic, numeric = [], []
    for i, (w, g) in enumerate(zip(arrays, slopes, strict=True)):
        U = rng.choice([-1.0, 1.0], size=(directions, *w.shape))
        measured = [_along(loss, arrays, i, u, h) for u in U]
        numeric.append(np.array(measured))
        analytic.append(np.array([np.sum(u * g) for u in U]))
    return _report(names, analytic, numeric)


def _along(
    loss: LossOf, arrays: Sequence[Array], i: int, u: Array, h: float
) -> Scalar:
    """Measure the slope of the loss with array i moved along u."""

    def moved(t: float) -> Scalar:
        return loss(_swap(arrays, i, arrays[i] + t * u))

    return slope(moved, 0.0, h)


def _flat(
    parameters: Parameters, gradients: Parameters
) -> tuple[list[str], list[Array], list[Array]]:
    """Return the arrays' names (W1, b1, W2 …), the arrays, their slopes."""
    check_alike(gradients, parameters)
    names, arrays, slopes = [], [], []
    for l, layer in enumerate(zip(parameters, gradients, strict=True), 1):
        for letter, w, g in zip("Wb", *layer, strict=True):
            name = f"{letter}{l}"
            w, g = check_finite(w, name), check_finite(g, f"d{name}")
            if w.dtype != np.float64 or g.dtype != np.float64:
                raise ValueError(
                    f"a gradient check needs float64, but {name} is "
                    f"{w.dtype} and its gradient {g.dtype}: the difference "
                    "of two losses so close has hardly a digit left"
                )
            names.append(name)
            arrays.append(w)
            slopes.append(g)
    return names, arrays, slopes


def _swap(
    arrays: Sequence[Array], i: int, w: Array
) -> list[tuple[Array, Array]]:
    """Return the arrays as (W, b) pairs with w in place i."""
    moved = [*arrays[:i], w, *arrays[i + 1 :]]
    return list(zip(moved[::2], moved[1::2], strict=True))


def _report(
    names: list[str], analytic: list[Array], numeric: list[Array]
) -> Report:
    pairs = list(zip(analytic, numeric, strict=True))
    gaps = [np.abs(a - n) for a, n in pairs]
    i = int(np.argmax([gap.max() for gap in gaps]))
    j = np.unravel_index(np.argmax(gaps[i]), gaps[i].shape)
    a, n = (np.concatenate([*map(np.ravel, x)]) for x in (analytic, numeric))
    return Report(
        error=relative_error(a, n),
        close=bool(np.allclose(a, n, rtol=1e-5, atol=1e-5)),
        worst=f"{names[i]}[{', '.join(map(str, j))}]",
        analytic=float(analytic[i][j]),
        numeric=float(numeric[i][j]),
        errors={
            name: relative_error(*pair)
            for name, pair in zip(names, pairs, strict=True)
        },
    )
