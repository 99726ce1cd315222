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
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np

from nnlit.types import Array, Rng, Scalar

__all__ = [
    "Known",
    "as_array",
    "as_float",
    "as_generator",
    "as_real",
    "check_alike",
    "check_answers",
    "check_arrived",
    "check_cache",
    "check_centers",
    "check_chain",
    "check_choice",
    "check_class_scores",
    "check_columns",
    "check_components",
    "check_data",
    "check_example",
    "check_features",
    "check_finite",
    "check_groups",
    "check_integer",
    "check_interval",
    "check_label",
    "check_labels",
    "check_layer",
    "check_layers",
    "check_length",
    "check_line",
    "check_model",
    "check_network",
    "check_nonnegative",
    "check_not_nan",
    "check_number",
    "check_pairs",
    "check_path",
    "check_positive",
    "check_probabilities",
    "check_rates",
    "check_reach",
    "check_rows",
    "check_scores",
    "check_sizes",
    "check_step",
    "check_targets",
    "check_texts",
    "check_time",
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


def is_trusted() -> bool:
    """Say whether the caller has checked already; see trusting."""
    return _trusting.get()


Layers = Sequence[tuple[Array, Array]]


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
    if not (p.min() >= 0 and p.max() <= 1):
        outside = p[~((p >= 0) & (p <= 1))].flat[0]
        if is_trusted() and np.isnan(outside):
            return  # a run has diverged, which Trainer.epoch tells better
        raise ValueError(f"{name} must lie in [0, 1], got {outside}")


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
    y = as_array(y, name)
    if y.ndim != 1:
        raise ValueError(
            f"{name} must have 1 dimension (n,), got shape {y.shape}"
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


def check_label(y: Scalar) -> None:
    """Raise unless y is one label, 0 or 1; −1 would double a step.

    >>> check_label(-1)
    Traceback (most recent call last):
    ValueError: y must be 0 or 1, got -1
    """
    if isinstance(y, Sequence) or np.ndim(y) or y not in (0, 1):
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


def check_time(t: float, learning_rate: float) -> None:
    """Raise unless the time t is at least 0 and the learning rate above 0.

    >>> check_time(-1, 0.1)
    Traceback (most recent call last):
    ValueError: t must be >= 0, got -1
    """
    check_nonnegative(t, "t")
    check_positive(learning_rate, "learning_rate")


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


def check_texts(texts: Iterable[str], name: str = "texts") -> list[str]:
    """Return a list of texts; a single text counts as one of them.

    >>> check_texts(["a", 7])
    Traceback (most recent call last):
    TypeError: texts must hold str, got int
    """
    if isinstance(texts, str):
        return [texts]
    if not isinstance(texts, Iterable):
        raise TypeError(f"{name} must hold str, got {type(texts).__name__}")
    each = list(texts)
    for text in each:
        if not isinstance(text, str):
            kind = type(text).__name__
            raise TypeError(f"{name} must hold str, got {kind}")
    return each


def as_real(x: Array, name: str = "x") -> Array:
    """Return x as `as_float` does, but a plain number as it is.

    >>> as_real(2.5), as_real(np.array([200], np.uint8))
    (2.5, array([200.]))
    """
    plain = isinstance(x, int | float) and not isinstance(x, bool)
    return x if plain else as_float(x, name)


def check_step(
    w: Array, gradient: Array, learning_rate: float
) -> tuple[Array, Array]:
    """Return w and its gradient, of one shape, as floats or plain numbers.

    >>> check_step(np.zeros(2), np.zeros((2, 1)), 0.1)
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


def least(losses: Sequence[float] | Array) -> int:
    """Return the place of the least loss, those that are NaN left out.

    >>> least([np.nan, 2.0, 1.0])
    2
    """
    if np.isnan(losses).all():
        raise ValueError("the loss must be a number at one end: all are NaN")
    return int(np.nanargmin(losses))


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


def check_reach(
    X: Array, learning_rate: float, epochs: int, name: str = "learning_rate"
) -> None:
    """Raise if so many perceptron steps on X could overflow.

    >>> check_reach(np.ones((1, 1)), 1e308, 9)
    Traceback (most recent call last):
    ValueError: learning_rate must be smaller for finite weights, got 1e+308
    """
    with np.errstate(over="ignore"):
        reach = learning_rate * epochs * (1 + np.sum(np.abs(X))) ** 2
    check_arrived(reach, learning_rate=learning_rate, name=name)


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


def check_class_scores(z: Array, name: str = "z") -> Array:
    """Return z as floats whose last axis, the classes, has an entry.

    >>> check_class_scores(np.zeros((3, 0)))
    Traceback (most recent call last):
    ValueError: z must have at least one class in its last axis, got (3, 0)
    """
    if _trusting.get():
        return z
    z = as_float(z, name)
    if z.ndim == 0 or z.shape[-1] == 0:
        raise ValueError(
            f"{name} must have at least one class in its last axis, "
            f"got {z.shape}"
        )
    return z


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
    check_label(y)
    x, w, b = check_line(x, w, b)
    if x.ndim != 1:
        raise ValueError(f"x must have 1 dimension (d,), got shape {x.shape}")
    return x, w, b


def check_model(
    X: Array, y: Array, w: Array, b: Scalar
) -> tuple[Array, Array, Array, Scalar]:
    """Return X (n, d), y (n,) in [0, 1], w (d,) and b, which fit together.

    >>> check_model([[1.0], [2.0]], [0, -1], [1.0], 0.0)
    Traceback (most recent call last):
    ValueError: y must lie in [0, 1], got -1.0
    """
    X, y = check_targets(X, y)
    _check_unit(y, "y")
    X, w, b = check_line(X, w, b, "X")
    return X, y, w, b


def check_rows(
    X: Array, Y: Array, name: str = "X", other: str = "Y"
) -> tuple[Array, Array]:
    """Return X (n, ...) and Y (n, ...) as arrays with n ≥ 1 rows each.

    >>> check_rows([[1.0], [2.0]], [0])
    Traceback (most recent call last):
    ValueError: X and Y must have the same length, got 2 and 1
    """
    X, Y = as_array(X, name), as_array(Y, other)
    for array, called in ((X, name), (Y, other)):
        if array.ndim == 0 or len(array) == 0:
            raise ValueError(
                f"{called} must have at least one row, got shape "
                f"{array.shape}"
            )
    check_length(X, Y, name, other)
    return X, Y


def check_layer(
    A: Array, W: Array, b: Array, name: str = "A"
) -> tuple[Array, Array, Array]:
    """Return A (n, d), W (d, m) and b (m,) as floats that fit together.

    >>> check_layer(np.zeros((1, 3)), np.zeros((2, 4)), np.zeros(4))
    Traceback (most recent call last):
    ValueError: W must have shape (3, m), got (2, 4)
    """
    A, W, b = as_float(A, name), as_float(W, "W"), as_float(b, "b")
    if A.ndim != 2:
        raise ValueError(f"{name} must have shape (n, d), got {A.shape}")
    if W.ndim != 2 or W.shape[0] != A.shape[1]:
        raise ValueError(
            f"W must have shape ({A.shape[1]}, m), got {W.shape}"
        )
    if b.shape != W.shape[1:]:
        raise ValueError(f"b must have shape {W.shape[1:]}, got {b.shape}")
    return A, W, b


def check_layers(parameters: Layers, name: str = "parameters") -> None:
    """Raise unless parameters are pairs (W (d, m), b (m,)) of real arrays.

    >>> net = [(np.zeros((2, 3)), np.zeros(4))]
    >>> check_layers(net)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: parameters must hold W (d, m) and b (m,) for each layer, ...
    """
    if _are_layers(parameters):
        return
    check_pairs(parameters, name)
    shapes = [(W.shape, b.shape) for W, b in parameters]
    raise ValueError(
        f"{name} must hold W (d, m) and b (m,) for each layer, got {shapes}"
    )


def _are_layers(parameters: Layers) -> bool:
    """Whether all is as it should be, in the time that every step can pay."""
    try:
        for W, b in parameters:
            real = W.dtype.kind in "biuf" and b.dtype.kind in "biuf"
            if not real or W.ndim != 2 or b.shape != W.shape[1:]:
                return False
        return isinstance(parameters, (list, tuple)) and len(parameters) > 0
    except (AttributeError, TypeError, ValueError):
        return False


def check_pairs(parameters: Layers, name: str) -> None:
    """Raise unless parameters are pairs of arrays of real numbers.

    >>> check_pairs([], "gradients")
    Traceback (most recent call last):
    TypeError: gradients must be a list of pairs (W, b), got []
    """
    if not isinstance(parameters, (list, tuple)) or len(parameters) == 0:
        raise TypeError(
            f"{name} must be a list of pairs (W, b), got {parameters!r}"
        )
    for l, layer in enumerate(parameters, 1):
        pairs = isinstance(layer, (list, tuple)) and len(layer) == 2
        if not pairs or not all(
            isinstance(array, np.ndarray) and array.dtype.kind in "biuf"
            for array in layer
        ):
            raise TypeError(
                f"{name} must hold a pair (W, b) of arrays of real numbers "
                f"for each layer, got {layer!r} for layer {l}"
            )


def check_chain(parameters: Layers) -> None:
    """Raise unless every layer takes what the one below it gives.

    >>> check_chain([(np.eye(3), np.zeros(3)), (np.eye(4), np.zeros(4))])
    Traceback (most recent call last):
    ValueError: parameters must have W of shape (3, m) in layer 2, got (4, 4)
    """
    check_layers(parameters)
    for l, ((W, _), (above, _)) in enumerate(pairwise(parameters), 2):
        if above.shape[0] != W.shape[1]:
            raise ValueError(
                f"parameters must have W of shape ({W.shape[1]}, m) in layer "
                f"{l}, got {above.shape}"
            )


def check_network(
    X: Array, parameters: Layers, masks: Sequence[Array] | None = None
) -> Array:
    """Return X (n, d) as floats, if it and the masks fit the layers.

    >>> check_network(np.zeros((1, 2)), [(np.eye(3), np.zeros(3))])
    Traceback (most recent call last):
    ValueError: X must have shape (n, 3), n at least 1, got (1, 2)
    """
    if _trusting.get():
        return X
    check_chain(parameters)
    X, d = as_float(X, "X"), parameters[0][0].shape[0]
    if X.ndim != 2 or X.shape[1] != d or len(X) == 0:
        raise ValueError(
            f"X must have shape (n, {d}), n at least 1, got {X.shape}"
        )
    _check_masks(masks, len(X), parameters)
    return X


def _check_masks(
    masks: Sequence[Array] | None, n: int, parameters: Layers
) -> None:
    """Raise unless there is a mask (n, m) for every hidden layer, or none."""
    if masks is not None:
        shapes = [as_float(mask, "masks").shape for mask in masks]
        wanted = [(n, W.shape[1]) for W, _ in parameters[:-1]]
        if shapes != wanted:
            raise ValueError(f"masks must have shapes {wanted}, got {shapes}")


def check_cache(
    cache: Sequence[Any],
    parameters: Layers,
    masks: Sequence[Array] | None = None,
) -> Sequence[Any]:
    """Return the cache of a forward pass, if it is one of these layers.

    >>> check_cache([], [(np.eye(2), np.zeros(2))])
    Traceback (most recent call last):
    ValueError: cache must hold 1 layers as forward gave them, got []
    """
    if _trusting.get():
        return cache
    check_layers(parameters)
    if not isinstance(cache, list | tuple) or len(cache) != len(parameters):
        raise ValueError(
            f"cache must hold {len(parameters)} layers as forward gave them, "
            f"got {cache!r}"
        )
    _check_masks(masks, len(cache[-1].Z), parameters)
    return cache


def check_columns(
    x: Array, y: Array, parameters: Layers
) -> tuple[Array, Array]:
    """Return columns x (d, 1) and y (K, 1) that fit W (m, d) and b (m, 1).

    >>> check_columns([[1.0]], [1.0], [(np.eye(1), np.ones((1, 1)))])
    Traceback (most recent call last):
    ValueError: y must have shape (1, 1), got (1,)
    """
    check_pairs(parameters, "parameters")
    x, y = as_float(x, "x"), check_finite(y, "y")
    if x.ndim != 2 or x.shape[1] != 1:
        raise ValueError(f"x must have shape (d, 1), got {x.shape}")
    rows = len(x)
    for l, (W, b) in enumerate(parameters, 1):
        if W.shape != (len(b), rows) or b.shape != (len(b), 1):
            raise ValueError(
                f"parameters must hold W (m, {rows}) and b (m, 1) in layer "
                f"{l}, got {W.shape} and {b.shape}"
            )
        rows = len(b)
    if y.shape != (rows, 1):
        raise ValueError(f"y must have shape ({rows}, 1), got {y.shape}")
    return x, y


def check_alike(
    gradients: Layers, parameters: Layers, name: str = "gradients"
) -> None:
    """Raise unless gradients are of the shapes of the float parameters.

    >>> slopes, net = [(np.eye(1), np.ones(1))], [(np.eye(2), np.ones(2))]
    >>> check_alike(slopes, net)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: gradients must have the shapes of the parameters, ...
    """
    check_pairs(parameters, "parameters")
    check_pairs(gradients, name)
    for W, b in parameters:
        if W.dtype.kind != "f" or b.dtype.kind != "f":
            raise TypeError(
                f"parameters must hold floats, got {W.dtype} and {b.dtype}"
            )
    wanted = [(W.shape, b.shape) for W, b in parameters]
    shapes = [(dW.shape, db.shape) for dW, db in gradients]
    if shapes != wanted:
        raise ValueError(
            f"{name} must have the shapes of the parameters, {wanted}, "
            f"got {shapes}"
        )


def check_data(
    X: Array, Y: Array, parameters: Layers, loss: str
) -> tuple[Array, Array]:
    """Return finite X (n, d) and Y (n, K) for a network to be trained on.

    >>> net = [(np.eye(2), np.zeros(2))]
    >>> check_data(np.eye(2), -np.eye(2), net, "cross_entropy")
    Traceback (most recent call last):
    ValueError: Y must lie in [0, 1], got -1.0
    """
    X = check_network(check_features(X), parameters)
    return X, check_answers(Y, (len(X), parameters[-1][0].shape[1]), loss)


def check_answers(Y: Array, shape: tuple[int, int], loss: str) -> Array:
    """Return finite answers Y of that shape, in [0, 1] for cross-entropies.

    >>> check_answers([[2.0]], (1, 1), "binary_cross_entropy")
    Traceback (most recent call last):
    ValueError: Y must lie in [0, 1], got 2.0
    """
    Y = check_finite(Y, "Y")
    if Y.shape != shape:
        raise ValueError(f"Y must have shape {shape}, got {Y.shape}")
    if "cross_entropy" in str(loss):
        _check_unit(Y, "Y")
    return Y


def check_rates(
    rates: float | Sequence[float], layers: int, name: str = "rates"
) -> list[float]:
    """Return a dropout rate in [0, 1) for each layer, from one or from all.

    >>> check_rates(0.5, 2), check_rates((0.1, 0.2), 2)
    ([0.5, 0.5], [0.1, 0.2])
    """
    one = isinstance(rates, str) or np.ndim(rates) == 0
    each = [rates] * layers if one else list(rates)  # type: ignore[arg-type]
    if len(each) != layers:
        raise ValueError(
            f"{name} must be one rate or {layers}, got {len(each)}"
        )
    for rate in [rates] if one else each:
        check_interval(rate, name, 0, 1)  # type: ignore[arg-type]
    return each  # type: ignore[return-value]


def check_components(
    X: Array, mean: Array, V: Array, axis: int, name: str
) -> tuple[Array, Array, Array]:
    """Return X (n, d) or its coordinates (n, k), mean (d,) and V (d, k).

    axis: which side of V the columns of the first belong to.

    >>> check_components(np.eye(2), np.zeros(2), np.ones((3, 1)), 0, "X")
    Traceback (most recent call last):
    ValueError: V must have shape (2, k), got (3, 1)
    """
    X = check_features(X, name=name)
    mean, V = check_finite(mean, "mean"), check_finite(V, "V")
    if mean.ndim != 1:
        raise ValueError(f"mean must have shape (d,), got {mean.shape}")
    if V.ndim != 2 or len(V) != len(mean):
        raise ValueError(f"V must have shape ({len(mean)}, k), got {V.shape}")
    if X.shape[1] != V.shape[axis]:
        raise ValueError(
            f"{name} must have {V.shape[axis]} columns, got {X.shape[1]}"
        )
    return X, mean, V


def check_centers(X: Array, centers: Array) -> tuple[Array, Array]:
    """Return examples X (n, d) and centers (K, d) as finite floats.

    >>> check_centers(np.eye(2), np.zeros((1, 3)))
    Traceback (most recent call last):
    ValueError: centers must have 2 columns as X, got 3
    """
    X, centers = check_features(X), check_features(centers, name="centers")
    if X.shape[1] != centers.shape[1]:
        raise ValueError(
            f"centers must have {X.shape[1]} columns as X, "
            f"got {centers.shape[1]}"
        )
    return X, centers


def check_groups(
    X: Array, labels: Array, centers: Array
) -> tuple[Array, Array, Array]:
    """Return X (n, d), the number of each row's centre, and centers (K, d).

    >>> check_groups(np.eye(2), [0, -1], np.eye(2))
    Traceback (most recent call last):
    ValueError: labels must hold 0 to 1, got -1
    """
    X, centers = check_centers(X, centers)
    labels = class_numbers(labels, len(centers), "labels")
    check_length(X, labels, "X", "labels")
    return X, labels, centers
