"""The door: what comes in is checked here once, so that formulas stay bare.

Every function returns what it was given in the form that the formulas want
(a new array where a cast was needed, never a changed one) or raises a
`ValueError` or `TypeError` that names the argument, what came and what is
allowed.
"""

from __future__ import annotations

import difflib
import math
import numbers
from collections.abc import Iterable

import numpy as np

from nnlit.types import Array, Rng, Scalar

__all__ = [
    "as_float",
    "as_generator",
    "check_choice",
    "check_features",
    "check_finite",
    "check_integer",
    "check_interval",
    "check_label",
    "check_labels",
    "check_length",
    "check_nonnegative",
    "check_number",
    "check_positive",
    "check_probabilities",
    "check_scores",
    "check_targets",
    "check_vector",
    "class_codes",
    "pair",
    "two_classes",
]


def as_float(x: Array, name: str = "x") -> Array:
    """Return x as an array of floats; floats keep their dtype.

    Integers and booleans become float64, since unsigned bytes wrap around:
    `-np.uint8(1)` is 255.

    Raises:
        TypeError: x holds complex numbers, text or other objects.
        ValueError: x is ragged.

    >>> as_float([1, 2])
    array([1., 2.])
    >>> as_float(np.zeros(2, dtype=np.float32)).dtype
    dtype('float32')
    """
    try:
        x = np.asarray(x)
    except ValueError as error:
        raise ValueError(
            f"{name} is ragged: every row must have the same length"
        ) from error
    if x.dtype.kind == "f":
        return x
    if x.dtype.kind not in "biu":
        raise TypeError(f"{name} must hold real numbers, got {x.dtype}")
    return x.astype(float)


def pair(
    y_hat: Array, y: Array, name: str = "y_hat", other: str = "y"
) -> tuple[Array, Array]:
    """Return two arrays of one shape as floats of one dtype.

    NumPy would broadcast (n,) against (n, 1) to (n, n) without a word.

    Raises:
        TypeError: one of them does not hold real numbers.
        ValueError: the shapes differ or nothing is in them.

    >>> pair([0.5, 0.25], [1, 0])
    (array([0.5 , 0.25]), array([1., 0.]))
    """
    y_hat = as_float(y_hat, name)
    if np.shape(y) != y_hat.shape:
        raise ValueError(
            f"{name} and {other} must have the same shape, "
            f"got {y_hat.shape} and {np.shape(y)}"
        )
    if y_hat.size == 0:
        raise ValueError(f"{name} is empty")
    labels = np.asarray(y).dtype.kind != "f"
    y = as_float(y, other)
    return y_hat, y.astype(y_hat.dtype) if labels else y


def check_scores(
    z: Array, y: Array, name: str = "z", other: str = "y"
) -> tuple[Array, Array]:
    """Return two arrays as `pair` does, the answers y in [0, 1].

    Labels −1 and 1 would give a wrong number without a word.

    Raises:
        TypeError: one of them does not hold real numbers.
        ValueError: the shapes differ, or y leaves [0, 1] or is NaN.

    >>> check_scores([2.5], [-1])
    Traceback (most recent call last):
    ValueError: y must lie in [0, 1], got -1.0
    """
    z, y = pair(z, y, name, other)
    _check_unit(y, other)
    return z, y


def check_probabilities(
    y_hat: Array, y: Array, name: str = "y_hat", other: str = "y"
) -> tuple[Array, Array]:
    """Return two arrays as `pair` does, all numbers in them in [0, 1].

    Raises:
        TypeError: one of them does not hold real numbers.
        ValueError: the shapes differ, or a number is outside [0, 1] or NaN.

    >>> check_probabilities([1.5], [1])
    Traceback (most recent call last):
    ValueError: y_hat must lie in [0, 1], got 1.5
    """
    y_hat, y = check_scores(y_hat, y, name, other)
    _check_unit(y_hat, name)
    return y_hat, y


def _check_unit(p: Array, name: str) -> None:
    outside = ~((p >= 0) & (p <= 1))
    if np.any(outside):
        raise ValueError(
            f"{name} must lie in [0, 1], got {p[outside].flat[0]}"
        )


def check_finite(x: Array, name: str = "x") -> Array:
    """Return x as floats, none of them NaN or infinite.

    >>> check_finite([1.0, float("nan")])
    Traceback (most recent call last):
    ValueError: x must be finite, got nan
    """
    x = as_float(x, name)
    finite = np.isfinite(x)
    if not np.all(finite):
        raise ValueError(f"{name} must be finite, got {x[~finite].flat[0]}")
    return x


def check_features(
    X: Array, features: int | None = None, name: str = "X"
) -> Array:
    """Return X as a finite (n, d) array of floats, n and d at least 1.

    features: the d that is expected, where a model was fitted before.

    >>> check_features([1, 2, 3])
    Traceback (most recent call last):
    ValueError: X must have 2 dimensions (n, d), got shape (3,)
    """
    X = as_float(X, name)
    if X.ndim != 2:
        raise ValueError(
            f"{name} must have 2 dimensions (n, d), got shape {X.shape}"
        )
    if 0 in X.shape:
        raise ValueError(
            f"{name} must have at least one row and one column, "
            f"got shape {X.shape}"
        )
    if features is not None and X.shape[1] != features:
        raise ValueError(
            f"{name} must have {features} features as in fit, "
            f"got {X.shape[1]}"
        )
    return check_finite(X, name)


def check_vector(y: Array, name: str = "y") -> Array:
    """Return y as an array of one dimension; a column (n, 1) is an error.

    >>> check_vector([[0], [1]])
    Traceback (most recent call last):
    ValueError: y must have 1 dimension (n,), got shape (2, 1)
    """
    try:
        y = np.asarray(y)
    except ValueError as error:
        raise ValueError(f"{name} is ragged") from error
    if y.ndim != 1:
        raise ValueError(
            f"{name} must have 1 dimension (n,), got shape {y.shape}"
        )
    return y


def check_length(X: Array, y: Array) -> None:
    """Raise unless X and y have one row and one label per example.

    >>> check_length(np.zeros((3, 2)), np.zeros(2))
    Traceback (most recent call last):
    ValueError: X and y must have the same length, got 3 and 2
    """
    if len(X) != len(y):
        raise ValueError(
            "X and y must have the same length, "
            f"got {len(X)} and {len(y)}"
        )


def check_label(y: Scalar) -> None:
    """Raise unless y is one label, 0 or 1; −1 would double a step.

    >>> check_label(-1)
    Traceback (most recent call last):
    ValueError: y must be 0 or 1, got -1
    """
    if np.ndim(y) or y not in (0, 1):
        raise ValueError(f"y must be 0 or 1, got {y}")


def check_labels(X: Array, y: Array) -> tuple[Array, Array]:
    """Return X (n, d) and labels y (n,), each 0 or 1, as floats of one dtype.

    >>> check_labels([[1.0], [2.0]], [-1, 1])
    Traceback (most recent call last):
    ValueError: y must hold only 0 and 1, got -1
    """
    X, y = check_features(X), check_vector(y)
    check_length(X, y)
    strange = [label for label in y.tolist() if label not in (0, 1)]
    if strange:
        raise ValueError(f"y must hold only 0 and 1, got {strange[0]!r}")
    return X, y.astype(X.dtype)


def check_targets(X: Array, y: Array) -> tuple[Array, Array]:
    """Return X (n, d) and finite real targets y (n,), as floats of one dtype.

    >>> X, y = check_targets([[1.0], [2.0]], [3, 4])
    >>> y
    array([3., 4.])
    """
    X, y = check_features(X), check_finite(check_vector(y), "y")
    check_length(X, y)
    return X, y.astype(X.dtype)


def class_codes(y: Array, at_least: int = 2) -> tuple[Array, Array]:
    """Return the sorted classes of y (n,) and the number of each label's.

    Labels may be text, booleans or whole numbers (as floats, too).

    Raises:
        TypeError: labels are complex numbers or mixed objects.
        ValueError: y is not (n,), has a fraction or NaN, or fewer classes.

    >>> classes, codes = class_codes(["no", "yes", "no"])
    >>> classes.tolist(), codes.tolist()
    (['no', 'yes'], [0, 1, 0])
    """
    y = check_vector(y)
    if y.dtype.kind == "O" and all(isinstance(label, str) for label in y):
        y = y.astype(str)
    if y.dtype.kind not in "biufU":
        raise TypeError(
            f"y must hold whole numbers, booleans or text, got {y.dtype}"
        )
    if y.dtype.kind == "f" and np.any(check_finite(y, "y") % 1):
        raise ValueError("y must hold classes, got fractions")
    classes, codes = np.unique(y, return_inverse=True)
    if len(classes) < at_least:
        raise ValueError(
            f"y must hold at least {at_least} classes, got {len(classes)}"
        )
    return classes, codes


def two_classes(X: Array, y: Array) -> tuple[Array, Array, Array]:
    """Return X (n, d), the two classes of y (n,) in order, and y as 0 and 1.

    >>> X, classes, codes = two_classes([[1.0], [2.0]], ["yes", "no"])
    >>> classes.tolist(), codes.tolist()
    (['no', 'yes'], [1.0, 0.0])
    """
    X = check_features(X)
    classes, codes = class_codes(y)
    if len(classes) > 2:
        raise ValueError(
            f"y must hold exactly 2 classes, got {len(classes)}"
        )
    check_length(X, codes)
    return X, classes, codes.astype(X.dtype)


def check_number(value: float, name: str) -> float:
    """Return value if it is a finite real number, not a boolean.

    >>> check_number("1", "alpha")
    Traceback (most recent call last):
    TypeError: alpha must be a number, got str
    """
    real = isinstance(value, numbers.Real | np.floating | np.integer)
    if isinstance(value, bool) or not real:
        raise TypeError(
            f"{name} must be a number, got {type(value).__name__}"
        )
    if not math.isfinite(value):
        raise ValueError(f"{name} must be finite, got {value}")
    return value


def check_positive(value: float, name: str) -> float:
    """Return value if it is a finite number above 0.

    >>> check_positive(0.0, "learning_rate")
    Traceback (most recent call last):
    ValueError: learning_rate must be > 0, got 0.0
    """
    if not check_number(value, name) > 0:
        raise ValueError(f"{name} must be > 0, got {value}")
    return value


def check_nonnegative(value: float, name: str) -> float:
    """Return value if it is a finite number, 0 or above.

    >>> check_nonnegative(-1, "alpha")
    Traceback (most recent call last):
    ValueError: alpha must be >= 0, got -1
    """
    if not check_number(value, name) >= 0:
        raise ValueError(f"{name} must be >= 0, got {value}")
    return value


def check_interval(
    value: float, name: str, low: float, high: float, closed: bool = False
) -> float:
    """Return value if low ≤ value < high (closed: or value = high).

    >>> check_interval(1.0, "dropout", 0, 1)
    Traceback (most recent call last):
    ValueError: dropout must be in [0, 1), got 1.0
    """
    inside = low <= check_number(value, name) < high
    if not (inside or (closed and value == high)):
        end = "]" if closed else ")"
        raise ValueError(
            f"{name} must be in [{low}, {high}{end}, got {value}"
        )
    return value


def check_integer(value: int, name: str, low: int = 0) -> int:
    """Return value if it is a whole number of at least low.

    >>> check_integer(0, "epochs", low=1)
    Traceback (most recent call last):
    ValueError: epochs must be >= 1, got 0
    """
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise TypeError(
            f"{name} must be an integer, got {type(value).__name__}"
        )
    if value < low:
        raise ValueError(f"{name} must be >= {low}, got {value}")
    return int(value)


def check_choice(value: str, name: str, known: Iterable[str]) -> str:
    """Return value if it is a known name; the error suggests the nearest.

    >>> check_choice("adm", "solver", ["sgd", "adam"])
    Traceback (most recent call last):
    ValueError: solver must be one of sgd, adam; got 'adm' (nearest: adam)
    """
    known = list(known)
    if isinstance(value, str) and value in known:
        return value
    near = difflib.get_close_matches(str(value), known, n=1)
    raise ValueError(
        f"{name} must be one of {', '.join(known)}; got {value!r}"
        + (f" (nearest: {near[0]})" if near else "")
    )


def as_generator(rng: Rng) -> np.random.Generator:
    """Return rng itself, or a new generator seeded with it; no global state.

    >>> int(as_generator(0).integers(100)), int(as_generator(0).integers(100))
    (85, 85)
    """
    if isinstance(rng, np.random.Generator):
        return rng
    if isinstance(rng, bool) or not isinstance(rng, int | np.integer):
        raise TypeError(
            "rng must be an integer or a numpy.random.Generator, "
            f"got {type(rng).__name__}"
        )
    return np.random.default_rng(check_integer(rng, "rng"))
