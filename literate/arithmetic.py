"""Arithmetic with strict shapes: nothing is broadcast by accident.

A vector is never added to a matrix unless it fits its rows, two vectors side
by side are an error (`\\cdot`? `\\odot`?), an index must name an entry.  So a
dropped index or transpose is noticed where it stands.  Values are NumPy's or
what autograd wraps them in while it differentiates; its functions take both.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import autograd.numpy as traced
import numpy as np
from autograd.extend import defvjp, primitive
from autograd.tracer import isbox

from literate.dialect import WrongFormula

erf = primitive(np.vectorize(math.erf, otypes=[float]))
defvjp(erf, lambda ans, x: lambda g: g * 2 / math.sqrt(math.pi) * np.exp(-x * x))

BUILT_IN: dict[str, Callable[..., Any]] = {
    "ln": np.log, "log": np.log, "exp": np.exp, "tanh": np.tanh,
    "sin": np.sin, "cos": np.cos, "sign": np.sign, "erf": erf,
}  # fmt: skip

COMPARE: dict[str, Callable[..., Any]] = {
    "=": np.equal, "<": np.less, ">": np.greater,
    r"\le": np.less_equal, r"\leq": np.less_equal,
    r"\ge": np.greater_equal, r"\geq": np.greater_equal,
    r"\ne": np.not_equal, r"\neq": np.not_equal,
}  # fmt: skip


def add(a: Any, b: Any) -> Any:
    """a + b: same shapes, a number with anything, a row with each row."""
    if np.ndim(a) == 2 and np.ndim(b) == 1 and np.shape(a)[1] == np.shape(b)[0]:
        return a + b
    if np.ndim(a) and np.ndim(b) and np.shape(a) != np.shape(b):
        raise WrongFormula(f"shape {np.shape(a)} and shape {np.shape(b)} can't be added")
    return a + b


def multiply(a: Any, b: Any, operator: str) -> Any:
    """A product, by the operator that is written, and nothing guessed."""
    if operator == "/":
        if np.ndim(b):
            raise WrongFormula("division by a vector")
        return a / b
    if operator == r"\odot":
        if np.shape(a) != np.shape(b):
            raise WrongFormula(rf"shape {np.shape(a)} \odot shape {np.shape(b)}")
        return a * b
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return a * b
    if operator == r"\cdot":
        if np.ndim(a) != 1 or np.shape(a) != np.shape(b):
            raise WrongFormula(rf"the dot product of shape {np.shape(a)} and shape {np.shape(b)}")
        return a @ b
    if np.ndim(a) == np.ndim(b) == 1:
        raise WrongFormula(r"two vectors side by side: \cdot or \odot?")
    if np.ndim(a) == 1 and np.shape(b)[0] == 1:
        return traced.outer(a, b)
    if np.shape(a)[-1] != np.shape(b)[0]:
        raise WrongFormula(f"the product of shape {np.shape(a)} and shape {np.shape(b)}")
    result = a @ b
    return result[0] if result.shape == (1,) else result


def power(a: Any, exponent: Any) -> Any:
    """a to a power; e to an array goes entry by entry."""
    if np.ndim(a):
        raise WrongFormula("a power of a vector: write its entries")
    if a is math.e:
        return np.exp(exponent)
    if isbox(exponent) or np.ndim(exponent):
        return a**exponent
    exponent = float(exponent)
    return a ** (int(exponent) if exponent.is_integer() else exponent)


def entry(value: Any, index: Any, first: int) -> Any:
    """One entry of a vector, or one row of a matrix."""
    if not np.ndim(value):
        raise WrongFormula("an index on a number")
    at = whole(index, "an index") - first
    if not 0 <= at < len(value):
        raise WrongFormula(f"index {at + first} of {len(value)} entries")
    return value[at]


def whole(value: Any, what: str) -> int:
    """A number that counts or points; nothing is rounded."""
    if np.ndim(value) or isbox(value) or float(value) != int(value):
        raise WrongFormula(f"{what} must be a whole number, not {np.asarray(value)!s:.40}")
    return int(value)
