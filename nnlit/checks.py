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
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

import numpy as np

from nnlit.types import Array, Rng, Scalar

__all__ = [
    "Known",
    "as_array",
    "as_float",
    "as_generator",
    "as_real",
    "check_arrived",
    "check_binary",
    "check_choice",
    "check_class_scores",
    "check_example",
    "check_features",
    "check_finite",
    "check_integer",
    "check_interval",
    "check_labels",
    "check_length",
    "check_line",
    "check_nonnegative",
    "check_not_nan",
    "check_number",
    "check_path",
    "check_positive",
    "check_probabilities",
    "check_scores",
    "check_shape",
    "check_sizes",
    "check_unit",
    "check_vector",
    "class_codes",
    "class_numbers",
    "is_trusted",
    "least",
    "nearest",
    "pair",
    "trusting",
    "two_classes",
]

T = TypeVar("T")

_trusting: ContextVar[bool] = ContextVar("trusting", default=False)


@contextmanager
def trusting() -> Iterator[None]:
    """Let the checks that a training step would repeat stand aside.

    For a loop that has checked its data at its own door: Trainer.epoch.

    >>> with trusting():
    ...     check_class_scores("not scores")
    'not scores'
    """
    before = _trusting.set(True)
    try:
        yield
    finally:
        _trusting.reset(before)


is_trusted = _trusting.get  # whether the caller has checked; see trusting


def as_array(x: Array, name: str = "x") -> Array:
    """Return x as an array of whatever it holds.

    >>> as_array([[1, 2], [3]])
    Traceback (most recent call last):
    ValueError: x is ragged: every row must have the same length
    """
    try:
        return np.asarray(x)
    except ValueError as error:
        raise ValueError(
            f"{name} is ragged: every row must have the same length"
        ) from error


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
    if type(x) is not np.ndarray:
        x = as_array(x, name)
    if x.dtype.kind == "f":
        return x
    if x.dtype.kind not in "biu":
        raise TypeError(f"{name} must hold real numbers, got {x.dtype}")
    return x.astype(float)


def as_real(x: Array, name: str = "x") -> Array:
    """Return x as `as_float` does, but a plain number as it is.

    >>> as_real(2.5), as_real(np.array([200], np.uint8))
    (2.5, array([200.]))
    """
    plain = isinstance(x, int | float) and not isinstance(x, bool)
    return x if plain else as_float(x, name)


def check_shape(x: Array, shape: tuple[int | str, ...], name: str) -> Array:
    """Return x as floats, if it is of that shape; letters are any numbers.

    >>> check_shape(np.zeros((2, 4)), (3, "m"), "W")
    Traceback (most recent call last):
    ValueError: W must have shape (3, m), got (2, 4)
    """
    x = as_float(x, name)
    if x.ndim != len(shape) or not all(map(_is_size, x.shape, shape)):
        wanted = str(shape).replace("'", "")
        raise ValueError(f"{name} must have shape {wanted}, got {x.shape}")
    return x


def _is_size(size: int, wanted: int | str) -> bool:
    """Say whether a size is the wanted one, a letter being any."""
    return size == wanted or isinstance(wanted, str)


def check_finite(x: Array, name: str = "x") -> Array:
    """Return x as floats, none of them NaN or infinite.

    >>> check_finite([1.0, float("nan")])
    Traceback (most recent call last):
    ValueError: x must be finite, got nan
    """
    x = as_float(x, name)
    finite = np.isfinite(x)
    if not finite.all():
        raise ValueError(f"{name} must be finite, got {x[~finite].flat[0]}")
    return x


def check_not_nan(x: Array, name: str = "x") -> Array:
    """Return x as floats, none of them NaN, since NaN >= 0 is just False.

    >>> check_not_nan(np.nan)
    Traceback (most recent call last):
    ValueError: x must not be NaN, got nan
    """
    x = as_float(x, name)
    if np.isnan(x).any():
        raise ValueError(f"{name} must not be NaN, got nan")
    return x


def check_unit(p: Array, name: str) -> Array:
    """Return the array p, if every number in it lies in [0, 1].

    >>> check_unit(np.array([0.5, np.nan]), "p")
    Traceback (most recent call last):
    ValueError: p must lie in [0, 1], got nan
    """
    if not (p.min() >= 0 and p.max() <= 1):
        outside = p[~((p >= 0) & (p <= 1))].flat[0]
        if is_trusted() and np.isnan(outside):
            return p  # a run has diverged, which Trainer.epoch tells better
        raise ValueError(f"{name} must lie in [0, 1], got {outside}")
    return p


def pair(
    y_hat: Array, y: Array, name: str = "y_hat", other: str = "y"
) -> tuple[Array, Array]:
    """Return predictions and answers of one shape as floats of one dtype.

    NumPy would broadcast (n,) against (n, 1) to (n, n) without a word. The
    answers are finite; a prediction need not be, since it shows in the loss.

    Raises:
        TypeError: one of them does not hold real numbers.
        ValueError: the shapes differ, nothing is in them, or y is not finite.

    >>> pair([0.5, 0.25], [1, 0])
    (array([0.5 , 0.25]), array([1., 0.]))
    """
    y_hat, y = _same_shape(y_hat, y, name, other)
    return y_hat, check_finite(y, other)


def _same_shape(
    y_hat: Array, y: Array, name: str, other: str
) -> tuple[Array, Array]:
    y = as_array(y, other)
    y_hat, floats = as_float(y_hat, name), as_float(y, other)
    if floats.shape != y_hat.shape:
        raise ValueError(
            f"{name} and {other} must have the same shape, "
            f"got {y_hat.shape} and {floats.shape}"
        )
    if y_hat.size == 0:
        raise ValueError(f"{name} is empty")
    labels = y.dtype.kind != "f"
    return y_hat, floats.astype(y_hat.dtype) if labels else floats


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
    z, y = _same_shape(z, y, name, other)
    return z, check_unit(y, other)


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
    return check_unit(y_hat, name), y


def check_class_scores(z: Array, name: str = "z") -> Array:
    """Return z as floats whose last axis, the classes, has an entry.

    >>> check_class_scores(np.zeros((3, 0)))
    Traceback (most recent call last):
    ValueError: z must have at least one class in its last axis, got (3, 0)
    """
    if is_trusted():
        return z
    z = as_float(z, name)
    if z.ndim == 0 or z.shape[-1] == 0:
        raise ValueError(
            f"{name} must have at least one class in its last axis, "
            f"got {z.shape}"
        )
    return z


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


def check_vector(y: Array, name: str = "y", length: str = "n") -> Array:
    """Return y as an array of one dimension; a column (n, 1) is an error.

    length: the letter for it.

    >>> check_vector([[0], [1]])
    Traceback (most recent call last):
    ValueError: y must have 1 dimension (n,), got shape (2, 1)
    """
    y = as_array(y, name)
    if y.ndim != 1:
        raise ValueError(
            f"{name} must have 1 dimension ({length},), got shape {y.shape}"
        )
    return y


def check_length(
    X: Array, y: Array, name: str = "X", other: str = "y"
) -> None:
    """Raise unless X and y have one row and one label per example.

    >>> check_length(np.zeros((3, 2)), np.zeros(2))
    Traceback (most recent call last):
    ValueError: X and y must have the same length, got 3 and 2
    """
    if len(X) != len(y):
        raise ValueError(
            f"{name} and {other} must have the same length, "
            f"got {len(X)} and {len(y)}"
        )


def check_binary(y: Array, name: str = "y") -> Array:
    """Return y (n,), if each of its labels is 0 or 1.

    >>> check_binary([-1, 1])
    Traceback (most recent call last):
    ValueError: y must hold only 0 and 1, got -1
    """
    y = check_vector(y, name)
    for label in y.tolist():
        if label not in (0, 1):
            raise ValueError(f"{name} must hold only 0 and 1, got {label!r}")
    return y


def check_labels(X: Array, y: Array) -> tuple[Array, Array]:
    """Return X (n, d) and labels y (n,), each 0 or 1, as floats of one dtype.

    >>> check_labels(np.ones((2, 1), np.float32), [0, 1])[1]
    array([0., 1.], dtype=float32)
    """
    X, y = check_features(X), check_binary(y)
    check_length(X, y)
    return X, y.astype(X.dtype)


def class_codes(
    y: Array, at_least: int = 2, name: str = "y"
) -> tuple[Array, Array]:
    """Return the sorted classes of y (n,) and the number of each label's.

    Labels may be text, booleans or whole numbers (as floats, too).

    Raises:
        TypeError: labels are complex numbers or mixed objects.
        ValueError: y is not (n,), has a fraction or NaN, or fewer classes.

    >>> classes, codes = class_codes(["no", "yes", "no"])
    >>> classes.tolist(), codes.tolist()
    (['no', 'yes'], [0, 1, 0])
    """
    y = check_vector(y, name)
    if y.dtype.kind == "O" and all(isinstance(label, str) for label in y):
        y = y.astype(str)
    if y.dtype.kind not in "biufU":
        raise TypeError(
            f"{name} must hold whole numbers, booleans or text, got {y.dtype}"
        )
    if y.dtype.kind == "f" and np.any(check_finite(y, name) % 1):
        raise ValueError(f"{name} must hold classes, got fractions")
    classes, codes = np.unique(y, return_inverse=True)
    if len(classes) < at_least:
        raise ValueError(
            f"{name} must hold at least {at_least} classes, "
            f"got {len(classes)}"
        )
    return classes, codes


def class_numbers(y: Array, K: int, name: str = "y") -> Array:
    """Return y (n,) as integers, each from 0 to K − 1.

    Raises:
        TypeError: the labels are not integers.
        ValueError: a label is below 0, where NumPy would count from the end,
            or from K on.

    >>> class_numbers([0, -1], 3)
    Traceback (most recent call last):
    ValueError: y must hold 0 to 2, got -1
    """
    y = check_vector(y, name)
    if y.dtype.kind not in "biu":
        raise TypeError(f"{name} must hold class numbers, got {y.dtype}")
    outside = (y < 0) | (y >= K)
    if np.any(outside):
        strange = y[outside][0]
        raise ValueError(f"{name} must hold 0 to {K - 1}, got {strange}")
    return y.astype(int)


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


_REAL = (float, int, np.floating, np.integer, numbers.Real)


def check_number(value: float, name: str) -> float:
    """Return value if it is a finite real number, not a boolean.

    >>> check_number("1", "alpha")
    Traceback (most recent call last):
    TypeError: alpha must be a number, got str
    """
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, bool) or not isinstance(value, _REAL):
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


def check_integer(value: int, name: str, low: float = 0) -> int:
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


def check_sizes(
    sizes: int | Sequence[int], name: str = "sizes"
) -> list[int]:
    """Return a list of whole numbers of at least 1, from one or several.

    >>> check_sizes([3, 0])
    Traceback (most recent call last):
    ValueError: sizes must be >= 1, got 0
    """
    several = isinstance(sizes, Sequence | np.ndarray)
    each: Any = sizes if several and not isinstance(sizes, str) else [sizes]
    return [check_integer(size, name, 1) for size in each]


def as_generator(rng: Rng, name: str = "rng") -> np.random.Generator:
    """Return rng itself, or a new generator seeded with it; no global state.

    >>> int(as_generator(0).integers(100)), int(as_generator(0).integers(100))
    (85, 85)
    """
    if isinstance(rng, np.random.Generator):
        return rng
    if isinstance(rng, bool) or not isinstance(rng, int | np.integer):
        raise TypeError(
            f"{name} must be an integer or a numpy.random.Generator, "
            f"got {type(rng).__name__}"
        )
    return np.random.default_rng(check_integer(rng, name))


def check_arrived(*weights: Array, learning_rate: float, name: str) -> None:
    """Raise unless the weights are finite after a walk at a learning rate.

    >>> check_arrived(np.inf, learning_rate=9.0, name="learning_rate")
    Traceback (most recent call last):
    ValueError: learning_rate must be smaller for finite weights, got 9.0
    """
    if not all(np.isfinite(w).all() for w in weights):
        raise ValueError(
            f"{name} must be smaller for finite weights, got {learning_rate}"
        )


def least(losses: Sequence[float] | Array) -> int:
    """Return the place of the least loss, those that are NaN left out.

    >>> least([np.nan, 2.0, 1.0])
    2
    """
    if np.isnan(losses).all():
        raise ValueError("the loss must be a number at one end: all are NaN")
    return int(np.nanargmin(losses))


def nearest(name: str, known: Iterable[str]) -> str:
    """Return which of the known names is most like this one, in brackets.

    >>> nearest("adm", ["sgd", "adam"]), nearest("x", ["sgd", "adam"])
    (' (nearest: adam)', '')
    """
    near = difflib.get_close_matches(str(name), list(known), n=1)
    return f" (nearest: {near[0]})" if near else ""


def check_choice(value: str, name: str, known: Iterable[str]) -> str:
    """Return value if it is a known name; the error suggests the nearest.

    >>> check_choice("adm", "solver", ["sgd", "adam"])
    Traceback (most recent call last):
    ValueError: solver must be one of sgd, adam; got 'adm' (nearest: adam)
    """
    known = list(known)
    if isinstance(value, str) and value in known:
        return value
    raise _not_known(value, name, known)


def _not_known(value: str, name: str, known: list[str]) -> ValueError:
    """The error for a name that is not there."""
    return ValueError(
        f"{name} must be one of {', '.join(known)}; got {value!r}"
        f"{nearest(value, known)}"
    )


class Known(dict[str, T]):
    """A table of things by name; another name is check_choice's error.

    >>> Known("output", {"softmax": max})["softmaks"]
    Traceback (most recent call last):
    ValueError: output must be one of softmax; got 'softmaks' (nearest: soft\
max)
    """

    def __init__(self, name: str, things: Mapping[str, T]) -> None:
        """Take the name of the argument that asks, and the things."""
        super().__init__(things)
        self.name = name

    def __getitem__(self, name: str) -> T:
        """Return the thing of that name."""
        try:
            return dict.__getitem__(self, name)
        except (KeyError, TypeError):
            raise _not_known(name, self.name, list(self)) from None


def check_path(
    path: str | os.PathLike[str], name: str = "path"
) -> str | os.PathLike[str]:
    """Return path if it is a text or a path.

    >>> check_path(7)
    Traceback (most recent call last):
    TypeError: path must be a text or a path, got int
    """
    if not isinstance(path, str | os.PathLike):
        raise TypeError(
            f"{name} must be a text or a path, got {type(path).__name__}"
        )
    return path


def check_line(
    x: Array, w: Array, b: Scalar, name: str = "x", layer: bool = False
) -> tuple[Array, Array, Scalar]:
    """Return x (d,) or (n, d) and w (d,) as floats, and the number b.

    layer: whether several such units may come as W (d, K) and b (K,).

    >>> check_line([1.0, 2.0, 3.0], [1.0, 1.0], 0.0)
    Traceback (most recent call last):
    ValueError: x must have as many features as w, 2, got shape (3,)
    """
    x, w = as_float(x, name), as_float(w, "w")
    if w.ndim not in ((1, 2) if layer else (1,)) or w.size == 0:
        raise ValueError(f"w must have shape (d,), got {w.shape}")
    if x.ndim not in (1, 2) or x.shape[-1] != len(w):
        raise ValueError(
            f"{name} must have as many features as w, {len(w)}, "
            f"got shape {x.shape}"
        )
    if as_float(b, "b").shape != w.shape[1:]:
        raise ValueError(f"b must be a number, got shape {np.shape(b)}")
    return x, w, b


def check_example(
    x: Array, y: Scalar, w: Array, b: Scalar
) -> tuple[Array, Array, Scalar]:
    """Return one example x (d,), w (d,) and b; y is its label, 0 or 1.

    >>> check_example([[1.0, 2.0]], 1, [1.0, 1.0], 0.0)
    Traceback (most recent call last):
    ValueError: x must have 1 dimension (d,), got shape (1, 2)
    """
    if isinstance(y, Sequence) or np.ndim(y) or y not in (0, 1):
        raise ValueError(f"y must be 0 or 1, got {y}")
    x, w, b = check_line(x, w, b)
    return check_vector(x, "x", "d"), w, b
