"""Derivatives of what a page says, found in two ways that share no step.

An automatic differentiator, HIPS autograd, follows the formula from step to
step and applies the chain rule; it gives the value, exact but for rounding.
Differences only ask for the formula's values at five points; they confirm it.
What both agree on is the derivative of the formula, and neither can be wrong
alone.

Where the formula calls code that the differentiator can't look into (a function
of the package that no formula of the book stands for), or does a step for which
autograd has no rule, a NotImplementedError says so, and differences stand alone
(`measured`, `measured_entries`).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from autograd import jacobian
from autograd.differential_operators import make_vjp
from autograd.tracer import isbox

from literate.dialect import FormulaError

RELATIVE, ABSOLUTE = 1e-6, 1e-8


class Untraceable(NotImplementedError):
    """The differentiator can't look into a function that the formula calls."""


class Unsteady(Exception):
    """This draw can't judge: a derivative is taken at a kink or an edge."""


def all_entries(f: Callable[..., Any], x: Any, rng: np.random.Generator) -> Any:
    """The derivatives of f's entries by those of x, shape f(x) + shape of x.

    Differences confirm all of them at once, along one random direction.
    """
    with _zero_is_an_answer():
        found = jacobian(f)(x)
    direction = rng.normal(size=np.shape(x))
    direction = direction / np.linalg.norm(direction)
    along = _along(found, direction)
    confirm(along, lambda shift: f(x + shift * direction))
    return found


@contextmanager
def _zero_is_an_answer() -> Iterator[None]:
    """autograd warns where a formula doesn't depend on what it is derived by."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Output seems independent of input")
        yield


def _along(found: Any, direction: np.ndarray) -> Any:
    if isbox(found):
        return found
    return np.tensordot(found, direction, axes=direction.ndim)


def entry_by_entry(f: Callable[..., Any], x: Any) -> Any:
    """f'(x) of a function that works on each entry alone."""
    with _zero_is_an_answer():
        backward, value = make_vjp(f)(x)
    if np.shape(value) != np.shape(x):
        raise FormulaError("a prime stands on functions that work entry by entry")
    found = backward(np.ones(np.shape(x)))
    confirm(found, lambda shift: f(x + shift))
    return found


def second(f: Callable[..., Any]) -> Any:
    """The second derivative at 0 of a function of one number."""
    with _zero_is_an_answer():
        found = jacobian(jacobian(f))(np.float64(0.0))
    confirm(found, f, order=2)
    return found


def confirm(found: Any, f: Callable[..., Any], order: int = 1) -> None:
    """Differences of f at 0 must give what the differentiator found.

    Inside another derivative there are no numbers to compare yet; the outer
    derivative is confirmed as a whole.
    """
    if isbox(found):
        return
    by_steps = measured(f, order)
    scale = ABSOLUTE * max(1.0, float(np.max(np.abs(by_steps), initial=0.0)))
    good = np.isclose(found, by_steps, rtol=RELATIVE, atol=scale, equal_nan=True)
    if not good.all():
        at = tuple(np.argwhere(~good)[0])
        raise FormulaError(
            f"two derivatives of one formula: the automatic differentiator finds "
            f"{np.asarray(found)[at]:.10g}, differences {np.asarray(by_steps)[at]:.10g}"
        )


def measured(f: Callable[..., Any], order: int = 1) -> Any:
    """The first or second derivative of f at 0, by five points.

    Taken with two steps; where the two disagree, or a step leaves the
    function's domain, this draw of the symbols can't judge.
    """
    h = 1e-2 if order == 2 else 1e-3
    middle = f(0.0)
    half, once, twice = ((f(s), f(-s)) for s in (h / 2, h, 2 * h))
    rough = _five_points(middle, once, twice, h, order)
    fine = _five_points(middle, half, once, h / 2, order)
    if np.isfinite(middle).all() and not np.allclose(
        rough, fine, rtol=2e-8, atol=2e-9 * 100 ** (order - 1)
    ):
        raise Unsteady("a numerical derivative is not steady here")
    return fine


def _five_points(
    middle: Any, near: tuple[Any, Any], far: tuple[Any, Any], h: float, order: int
) -> Any:
    """From the values at 0, at h and -h, and at 2h and -2h."""
    if order == 2:
        return (16 * sum(near) - sum(far) - 30 * middle) / (12 * h * h)
    return (8 * (near[0] - near[1]) - (far[0] - far[1])) / (12 * h)


def measured_entries(f: Callable[..., Any], x: np.ndarray) -> np.ndarray:
    """What `all_entries` finds, by differences alone."""
    places = np.ndindex(np.shape(x))
    parts = [measured(lambda s, at=at: f(x + s * unit(np.shape(x), at))) for at in places]
    return np.reshape(np.stack(parts, axis=-1), np.shape(parts[0]) + np.shape(x))


def unit(shape: tuple[int, ...], at: tuple[int, ...]) -> np.ndarray:
    """Zeros, but a one at one entry."""
    found = np.zeros(shape)
    found[at] = 1.0
    return found
