"""Bad input: one table of every public function and estimator of the package.

A row says for each argument of what kind it is; a kind knows a good value, the
bad ones, and for each of these the exception and what its message says. Every
message must begin with the name of the argument. A function, a method or an
argument that is not in the table fails the first tests.
"""

from __future__ import annotations

import importlib
import inspect
import math
import pkgutil
import re
from collections.abc import Callable
from dataclasses import dataclass, field, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nnlit
from nnlit import (
    autoencoder,
    clustering,
    datasets,
    download,
    initializers,
    logistic,
    mlp,
    network,
    optimizers,
    perceptron,
    regularization,
    residual,
    training,
)
from nnlit.estimator import Estimator, NotFittedError
from nnlit.training import DivergedError, Trainer

# fmt: off
# --- the kinds of arguments ------------------------------------------------


@dataclass
class Kind:
    """A good value, bad ones (what, value, error, message without the name)."""

    good: Any
    bad: list[tuple[str, Any, type[Exception], str]] = field(default_factory=list)
    whole: Any = None  # the same as unsigned bytes, where it is an array
    free: str = ""  # why nothing is checked

    def but(self, *bad):
        return Kind(self.good, [*self.bad, *bad], self.whole, self.free)


def with_first(array, value):
    changed = np.array(array, float)
    changed[(0,) * changed.ndim] = value
    return changed


def shape(array):
    return re.escape(str(np.shape(array)))


def floats(good):
    """Real numbers of any shape; NaN goes through and shows in the result."""
    good = np.array(good, float)
    ragged = [[1.0, 2.0], [3.0]]
    real = "must hold real numbers, got"
    return Kind(
        good,
        [
            ("complex", good * 1j, TypeError, f"{real} complex128$"),
            ("text", good.astype(str), TypeError, f"{real} <U"),
            ("objects", np.full(good.shape, None), TypeError, f"{real} object$"),
            ("ragged", ragged, ValueError, "is ragged: every row must have the same length$"),
        ],
        np.abs(100 * good).clip(0, 255).astype(np.uint8),
    )


def finite(good):
    kind = floats(good)
    return kind.but(
        ("NaN", with_first(good, np.nan), ValueError, "must be finite, got nan$"),
        ("infinity", with_first(good, np.inf), ValueError, "must be finite, got inf$"),
        ("-infinity", with_first(good, -np.inf), ValueError, "must be finite, got -inf$"),
    )


def shaped(good, said):
    """Other shapes than (n, d), to be put behind floats or finite."""
    good = np.array(good, float)
    others = {
        "one dimension": good[0],
        "three dimensions": good[None],
        "empty": good[:0],
        "no features": good[:, :0],
    }
    return [(what, bad, ValueError, said(what, bad)) for what, bad in others.items()]


def features(good, more=True):
    """X of an estimator: (n, d), finite; more: also another d than before."""
    good = np.array(good, float)

    def said(what, bad):
        if "dimension" in what:
            return rf"must have 2 dimensions \(n, d\), got shape {shape(bad)}$"
        return f"must have at least one row and one column, got shape {shape(bad)}$"

    return finite(good).but(*shaped(good, said))


def as_fitted(good):
    """X of a fitted estimator: another number of features is an error."""
    good = np.array(good, float)
    d = good.shape[1]
    bad = np.hstack([good, good])
    return features(good).but(
        ("other features", bad, ValueError, f"must have {d} features as in fit, got {2 * d}$")
    )


def rows(good, d=None):
    """X of a network's formula: (n, d), NaN goes through."""
    good = np.array(good, float)
    d = good.shape[1] if d is None else d
    wide = np.hstack([good, good])

    def said(what, bad):
        return rf"must have shape \(n, {d}\), n at least 1, got {shape(bad)}$"

    return floats(good).but(
        *shaped(good, said),
        ("other features", wide, ValueError, said("", wide)),
    )


def data(good):
    """X of a training loop: as an estimator's, for the network's first layer."""
    good = np.array(good, float)
    wide = np.hstack([good, good])
    said = rf"must have shape \(n, {good.shape[1]}\), n at least 1, got {shape(wide)}$"
    return features(good).but(("other features", wide, ValueError, said))


def shaped_like(good, partner, kind=finite):
    """Answers of the shape of the partner; a column is an error."""
    good = np.array(good, float)
    others = {"column": good[..., None], "one less": good[:-1], "empty": good[:0]}
    bad = []
    for what, value in others.items():
        said = f"and {partner} must have the same shape, got .* and "
        bad.append((what, value, ValueError, said))
    return kind(good), bad


def unit(good, kind=finite):
    """Numbers in [0, 1]."""
    good = np.array(good, float)
    return Kind(
        good,
        [
            *(
                (what, bad, error, message.replace("be finite", r"(be finite|lie in \[0, 1\])"))
                for what, bad, error, message in kind(good).bad
            ),
            ("-1", with_first(good, -1), ValueError, r"must lie in \[0, 1\], got -1.0$"),
            ("2", with_first(good, 2), ValueError, r"must lie in \[0, 1\], got 2.0$"),
        ],
        np.round(good).astype(np.uint8),
    )


VECTOR = r"must have 1 dimension \(n,\), got shape "
RAGGED_VECTOR = (
    "ragged", [[0, 1], [1]], ValueError, "is ragged: every row must have the same length$"
)


def column(good):
    return ("column", np.array(good)[:, None], ValueError, VECTOR + r"\(\d+, 1\)$")


def binary(good):
    """Labels 0 and 1, as perceptron and logistic regression have them."""
    good = np.array(good)
    only = "must hold only 0 and 1, got"
    return Kind(
        good,
        [
            column(good),
            RAGGED_VECTOR,
            ("number", 1, ValueError, VECTOR + r"\(\)$"),
            ("-1", 2 * good - 1, ValueError, f"{only} -1$"),
            ("2", good + 1, ValueError, f"{only} 2$"),
            ("fraction", good / 2, ValueError, f"{only} 0.5$"),
            ("NaN", with_first(good, np.nan), ValueError, f"{only} nan$"),
            ("complex", good * 1j, ValueError, f"{only} "),
            ("text", good.astype(str), ValueError, f"{only} '"),
        ],
        good.astype(np.uint8),
    )


def soft(good):
    """Labels in [0, 1] (n,), as the mean log loss takes them."""
    good = np.array(good, float)
    kind = unit(good)
    kind.bad = [b for b in kind.bad if b[0] != "ragged"]
    return kind.but(column(good), RAGGED_VECTOR)


def label():
    """One label, 0 or 1."""
    said = "must be 0 or 1, got"
    bads = {"-1": -1, "2": 2, "fraction": 0.5, "NaN": np.nan, "text": "1", "list": [1]}
    bads |= {"array": np.ones(1), "none": None, "ragged": [[1], [1, 2]]}
    return Kind(1, [(what, bad, ValueError, f"{said} ") for what, bad in bads.items()])


def classes(good, at_least=2):
    """Labels of any kind, of at least two classes."""
    good = np.array(good)
    kinds = "must hold whole numbers, booleans or text, got"
    bad = [
        column(good),
        RAGGED_VECTOR,
        ("fractions", good + 0.5, ValueError, "must hold classes, got fractions$"),
        ("NaN", with_first(good, np.nan), ValueError, "must be finite, got nan$"),
        ("complex", good * 1j, TypeError, f"{kinds} complex128$"),
        ("objects", np.full(len(good), None), TypeError, f"{kinds} object$"),
    ]
    if at_least == 2:
        said = "must hold at least 2 classes, got"
        bad.append(("one class", 0 * good, ValueError, f"{said} 1$"))
        bad.append(("empty", good[:0], ValueError, f"{said} 0$"))
    return Kind(good, bad, good.astype(np.uint8))


def two_classes(good):
    third = np.array(good)
    third[0] = 7
    return classes(good).but(("three classes", third, ValueError, "must hold exactly 2 cl.*got 3$"))


def codes(good, K):
    """Class numbers 0 … K − 1 (n,)."""
    good = np.array(good)
    least, most = good.copy(), good.copy()
    least[0], most[0] = -1, K
    said = "must hold class numbers, got"
    return Kind(
        good,
        [
            column(good),
            RAGGED_VECTOR,
            ("number", 1, ValueError, VECTOR + r"\(\)$"),
            ("-1", least, ValueError, f"must hold 0 to {K - 1}, got -1$"),
            ("K", most, ValueError, f"must hold 0 to {K - 1}, got {K}$"),
            ("floats", good.astype(float), TypeError, f"{said} float64$"),
            ("text", good.astype(str), TypeError, f"{said} <U"),
            ("complex", good * 1j, TypeError, f"{said} complex128$"),
        ],
        good.astype(np.uint8),
    )


def number(good):
    return Kind(
        good,
        [
            ("text", "1", TypeError, "must be a number, got str$"),
            ("none", None, TypeError, "must be a number, got NoneType$"),
            ("boolean", True, TypeError, "must be a number, got bool$"),
            ("complex", 1j, TypeError, "must be a number, got complex$"),
            ("array", np.ones(1), TypeError, "must be a number, got ndarray$"),
            ("NaN", np.nan, ValueError, "must be finite, got nan$"),
            ("infinity", np.inf, ValueError, "must be finite, got inf$"),
        ],
    )


def positive(good):
    return number(good).but(
        ("0", 0.0, ValueError, "must be > 0, got 0.0$"),
        ("-1", -1.0, ValueError, "must be > 0, got -1.0$"),
    )


def nonnegative(good):
    return number(good).but(("-1", -1, ValueError, "must be >= 0, got -1$"))


def between(good, low, high, closed=False):
    span = rf"must be in \[{low}, {high}{']' if closed else '[)]'}, got"
    above = 2 * high if closed else high
    return number(good).but(
        ("below", low - 0.5, ValueError, f"{span} {low - 0.5}$"),
        ("above", above, ValueError, f"{span} {above}$"),
    )


def integer(good, low=0):
    said = "must be an integer, got"
    return Kind(
        good,
        [
            ("fraction", 1.5, TypeError, f"{said} float$"),
            ("text", "1", TypeError, f"{said} str$"),
            ("none", None, TypeError, f"{said} NoneType$"),
            ("boolean", True, TypeError, f"{said} bool$"),
            ("low", low - 1, ValueError, f"must be >= {low}, got {low - 1}$"),
        ],
    )


def sizes(good):
    said = "must be an integer, got"
    return Kind(
        good,
        [
            ("text", "12", TypeError, f"{said} str$"),
            ("none", None, TypeError, f"{said} NoneType$"),
            ("fractions", (1.5,), TypeError, f"{said} float$"),
            ("0", (0, *good[1:]), ValueError, "must be >= 1, got 0$"),
        ],
    )


def choice(good, known, say=None):
    say = list(known) if say is None else say
    listed = re.escape(", ".join(say))
    wrong = good[:-1] + "~"
    return Kind(
        good,
        [
            ("unknown", wrong, ValueError,
             rf"must be one of {listed}; got '{wrong}' \(nearest: \w+\)$"),
            ("none", None, ValueError, f"must be one of {listed}; got None"),
            ("list", [good], ValueError, rf"must be one of {listed}; got \['{good}'\]"),
        ],
    )


def generator(good=0):
    said = "must be an integer or a numpy.random.Generator, got"
    return Kind(
        good,
        [
            ("none", None, TypeError, f"{said} NoneType$"),
            ("fraction", 0.5, TypeError, f"{said} float$"),
            ("text", "seed", TypeError, f"{said} str$"),
            ("boolean", True, TypeError, f"{said} bool$"),
            ("-1", -1, ValueError, "must be >= 0, got -1$"),
        ],
    )


def layers(good):
    """Parameters of a network, or gradients of their shapes."""
    (W, b), *rest = good
    listed = "must be a list of pairs [(]W, b[)], got"
    paired = "must hold a pair [(]W, b[)] of arrays of real numbers"
    return Kind(
        good,
        [
            ("none", None, TypeError, f"{listed} None$"),
            ("empty", [], TypeError, rf"{listed} \[\]$"),
            ("no pair", [(W,), *rest], TypeError, f"{paired} for each layer, got "),
            ("no array", [(W, 1.0), *rest], TypeError, f"{paired} for each layer, got "),
            ("complex", [(W * 1j, b), *rest], TypeError, f"{paired} for each layer, got "),
            ("text", [(W, b.astype(str)), *rest], TypeError, f"{paired} for each layer, got "),
        ],
    )


def network_layers(good):
    """Parameters whose layers must fit one another, too."""
    (W, b), *rest = good
    return layers(good).but(
        ("bias", [(W, b[:-1]), *rest], ValueError, r"must hold W \(d, m\) and b \(m,\)"),
        ("vector", [(W[0], b), *rest], ValueError, r"must hold W \(d, m\) and b \(m,\)"),
        ("misfit", [(W, b), *good], ValueError, r"must have W of shape \(\d, m\) in layer 2, got"),
    )


def rates(good, layers):
    return Kind(
        good,
        [
            *between(good, 0, 1).bad[:4],
            *between(good, 0, 1).bad[5:],
            ("too many", [0.5] * 9, ValueError, f"must be one rate or {layers}, got 9$"),
            ("one of them", [0.5] * (layers - 1) + [1.0], ValueError,
             r"must be in \[0, 1\), got 1.0$"),
        ],
    )


def texts(good):
    return Kind(
        good,
        [
            ("number", 7, TypeError, "must hold str, got int$"),
            ("numbers", [1, 2], TypeError, "must hold str, got int$"),
            ("bytes", [b"a"], TypeError, "must hold str, got bytes$"),
        ],
    )


def path(good):
    return Kind(good, [("number", 7, TypeError, "must be a text or a path, got int$")])


def free(good, why):
    return Kind(good, free=why)


FUNCTION = "a function, which is simply called"
SWITCH = "anything is true or false"
IGNORED = "there for scikit-learn's protocol and not looked at"


# --- the table -------------------------------------------------------------


@dataclass
class Row:
    """A function, its arguments, and what else it refuses."""

    call: Callable[..., Any]
    arguments: dict[str, Kind]
    more: list[tuple[str, dict[str, Any], type[Exception], str]] = field(default_factory=list)
    changes: tuple[str, ...] = ()  # what it changes in place, as documented
    whole: bool = True  # whether to compare unsigned bytes with floats


TABLE: dict[str, Row] = {}


def row(name, call=None, /, more=(), changes=(), whole=True, **arguments):
    if call is None:
        module, *parts = name.split(".")
        call = importlib.import_module(f"nnlit.{module}")
        for part in parts:
            call = getattr(call, part)
    TABLE[name] = Row(call, arguments, list(more), changes, whole)


X = np.array([[0.5, 1.0], [2.0, -1.0], [1.5, 0.25], [-1.0, 3.0]])
y = np.array([0, 1, 1, 0])
w, b = np.array([0.5, -1.0]), 0.25
Y2 = np.eye(2)[y]
NET = [(np.array([[1.0, -0.5, 0.25], [0.5, 1.0, -1.0]]), np.array([0.1, 0.2, 0.3])),
       (np.array([[1.0, -1.0], [0.5, 0.5], [-0.5, 1.0]]), np.array([0.0, 0.1]))]
HIDDEN, OUTPUTS, LOSSES = (list(t) for t in (network.ACTIVATIONS, network.OUTPUTS, network.LOSSES))
CACHE = network.forward(X, NET)[1]
SLOPES = network.backward(CACHE, NET, Y2)
MASKS = [np.full((4, 3), 2.0)]


def masks():
    said = r"must have shapes \[\(4, 3\)\], got"
    return Kind(
        MASKS,
        [
            ("none left", [], ValueError, rf"{said} \[\]$"),
            ("column", [np.ones((4, 1))], ValueError, rf"{said} \[\(4, 1\)\]$"),
            ("text", [np.full((4, 3), "1")], TypeError, "must hold real numbers"),
        ],
    )


def other_shape(name, value, said):
    return (f"{name} of another shape", {name: value}, ValueError, said)


def with_name(f):
    return f.__name__


# activations

for f in ("sigmoid", "sigmoid_prime", "tanh", "tanh_prime", "relu", "relu_prime", "gelu",
          "gelu_prime", "identity", "identity_prime", "normal_cdf", "normal_pdf",
          "naive_sigmoid"):
    row(f"activations.{f}", x=floats([-1.0, 0.0, 2.0]))
row(
    "activations.step",
    x=floats([-1.0, 0.0, 2.0]).but(("NaN", np.nan, ValueError, "must not be NaN, got nan$")),
)
for f in ("leaky_relu", "leaky_relu_prime"):
    row(f"activations.{f}", x=floats([-1.0, 0.0, 2.0]), slope=number(0.1))


def scores(good):
    said = r"must have at least one class in its last axis, got"
    return floats(good).but(
        ("no classes", np.zeros((2, 0)), ValueError, rf"{said} \(2, 0\)$"),
        ("number", 1.0, ValueError, rf"{said} \(\)$"),
    )


for f in ("softmax", "log_softmax", "naive_softmax"):
    row(f"activations.{f}", z=scores([[1.0, 2.0], [0.0, -1.0]]), whole=f != "naive_softmax")
row(
    "activations.softmax_jacobian",
    z=scores([1.0, 2.0]).but(
        ("rows", np.ones((2, 2)), ValueError, r"must be one row \(K,\), got shape \(2, 2\)$")
    ),
)
row("activations.temperature_softmax", z=scores([1.0, 2.0]), temperature=positive(2.0))

# losses


def same_shape(names, good):
    first, second = names
    bads = {"column": np.array(good)[..., None], "one less": np.array(good)[:-1]}
    return [
        (what, {second: bad}, ValueError,
         f"^{first} and {second} must have the same shape, got {shape(good)} and {shape(bad)}$")
        for what, bad in bads.items()
    ] + [("empty", {first: [], second: []}, ValueError, f"^{first} is empty$")]


for f in ("half_squared_error", "mean_squared_error"):
    for g in (f, f"{f}_gradient"):
        row(f"losses.{g}", y_hat=floats([1.0, 2.0]), y=finite([0.5, 3.0]),
            more=same_shape(("y_hat", "y"), [0.5, 3.0]))
for f in ("likelihood", "negative_log_likelihood"):
    row(f"losses.{f}", p=unit([0.25, 0.75], floats), y=unit([0, 1]),
        more=[*same_shape(("p", "y"), [0, 1]),
              ("NaN", {"p": [np.nan, 1]}, ValueError, r"^p must lie in \[0, 1\], got nan$")])
for f in ("binary_cross_entropy", "binary_cross_entropy_gradient"):
    row(f"losses.{f}", y_hat=unit([0.25, 0.75], floats), y=unit([0, 1]),
        more=[*same_shape(("y_hat", "y"), [0, 1]),
              ("NaN", {"y_hat": [np.nan, 1]}, ValueError,
               r"^y_hat must lie in \[0, 1\], got nan$")])
for f in ("binary_cross_entropy_from_scores", "binary_cross_entropy_from_scores_gradient"):
    row(f"losses.{f}", z=floats([-1.0, 2.0]), y=unit([0, 1]),
        more=same_shape(("z", "y"), [0, 1]))
row("losses.softplus", z=floats([-1.0, 2.0]))
row("losses.one_hot", y=codes([0, 2, 1], 3), K=integer(3, 1))


def of_classes(name, good):
    """P or Z (n, K) and Y, one-hot or class numbers."""
    numbers = [
        (f"class {what}", {"Y": bad}, error, f"^Y {said}")
        for what, bad, error, said in codes([1, 0], 2).bad
        if what not in ("column", "number", "ragged")
    ]
    said = rf"^{name} must have shape \(n, K\), got"
    return [
        *numbers,
        ("one row", {name: good[0]}, ValueError, rf"{said} \(2,\)$"),
        ("cube", {name: good[None]}, ValueError, rf"{said} \(1, 2, 2\)$"),
        ("fewer answers", {"Y": np.eye(2)[:1]}, ValueError, f"^{name} and Y must have the same"),
        ("fewer classes", {"Y": [1]}, ValueError, f"^{name} and Y must have the same shape"),
        (
            "empty",
            {name: np.zeros((0, 2)), "Y": np.zeros((0, 2))},
            ValueError,
            f"^{name} is empty$",
        ),
    ]


P = np.array([[0.25, 0.75], [0.5, 0.5]])
for f in ("cross_entropy", "cross_entropy_gradient"):
    row(f"losses.{f}", P=unit(P, floats), Y=unit(np.eye(2)), more=of_classes("P", P))
for f in ("cross_entropy_from_scores", "cross_entropy_from_scores_gradient"):
    row(f"losses.{f}", Z=floats(P), Y=unit(np.eye(2)), more=of_classes("Z", P))
row(
    "losses.accuracy",
    y_hat=Kind(y, [column(y), RAGGED_VECTOR], y.astype(np.uint8)),
    y=Kind(1 - y, [column(y), RAGGED_VECTOR], y.astype(np.uint8)),
    more=[
        ("lengths", {"y": y[:2]}, ValueError, "^y_hat and y must have the same.*got 4 and 2$"),
        ("empty", {"y_hat": [], "y": []}, ValueError, "^y_hat and y must have .*got 0 and 0$"),
    ],
)

TWO = ("lengths", {"y": y[:2]}, ValueError, "^y_hat and y must have the same (length|shape), got")
row("losses.confusion_matrix", y_hat=codes(y, 2), y=codes(1 - y, 2), K=integer(2, 1), more=[TWO])
for f in ("precision", "recall"):
    row(f"losses.{f}", y_hat=binary(y), y=binary(1 - y),
        more=[TWO, ("empty", {"y_hat": [], "y": []}, ValueError, "^y_hat is empty$")])

# one line: perceptron and logistic regression


def weights():
    said = r"must have shape \(d,\), got"
    return floats(w).but(
        ("cube", w[:, None, None], ValueError, rf"{said} \(2, 1, 1\)$"),
        ("empty", [], ValueError, rf"{said} \(0,\)$"),
    )


def bias():
    kind = floats(b)
    return Kind(b, kind.bad).but(
        ("array", np.ones(2), ValueError, r"must be a number, got shape \(2,\)$")
    )


def one(name):
    """An example (d,), or rows of them."""
    said = r"must have as many features as w, 2, got shape"
    return floats(X[0]).but(
        ("number", 1.0, ValueError, rf"{said} \(\)$"),
        ("other features", np.ones(3), ValueError, rf"{said} \(3,\)$"),
        ("three dimensions", X[None], ValueError, rf"{said} \(1, 4, 2\)$"),
    )


def only_one():
    return one("x").but(
        ("rows", X, ValueError, r"must have 1 dimension \(d,\), got shape \(4, 2\)$")
    )


def wide():
    """X that need not go with a fitted model but with w."""
    bad = np.ones((4, 3))
    said = r"must have as many features as w, 2, got shape \(4, 3\)$"
    return features(X).but(("other features", bad, ValueError, said))


LENGTHS = ("lengths", {"y": y[:2]}, ValueError, "^X and y must have the same length, got 4 and 2$")
FEW = ("lengths", {"y": [0]}, ValueError, "^X and y must have the same length, got 4 and 1$")

for f in ("score", "predict"):
    row(f"perceptron.{f}", x=one("x"), w=weights(), b=bias())
TABLE["perceptron.predict"].more = [
    ("NaN", {"x": [np.nan, 1.0]}, ValueError, "^x must not be NaN, got nan$")
]
row("perceptron.perceptron_step", x=only_one(), y=label(), w=weights(), b=bias(),
    learning_rate=positive(0.5))
row("perceptron.perceptron_epoch", X=wide(), y=binary(y), w=weights(), b=bias(),
    learning_rate=positive(0.5), more=[LENGTHS])
row("perceptron.train", X=features(X), y=binary(y), learning_rate=positive(0.5),
    epochs=integer(3, 1), more=[LENGTHS])
row(
    "perceptron.mistake_bound",
    X=wide(),
    y=binary(y),
    w=Kind(np.array([1.0, -1.0]), weights().bad),
    b=Kind(-0.75, bias().bad),
    more=[
        LENGTHS,
        ("no separation", {"w": [0.0, 1.0]}, ValueError, r"^\(w, b\) must separate the classes of"),
    ],
    whole=False,
)
row("logistic.predict_proba", X=one("X"), w=weights(), b=bias())
for f in ("loss", "gradient"):
    row(f"logistic.{f}", X=wide(), y=soft(y), w=weights(), b=bias(), more=[LENGTHS])
row("logistic.example_gradient", x=only_one(), y=label(), w=weights(), b=bias())
row("logistic.example_step", x=only_one(), y=label(), w=weights(), b=bias(),
    learning_rate=positive(0.5))
row("logistic.lipschitz", X=features(X))
HUGE = ("overflow", {"learning_rate": 1e308, "X": 1e3 * X}, ValueError,
        "^learning_rate must be smaller for finite weights, got 1e[+]308$")
row("logistic.train", X=features(X), y=binary(y), learning_rate=positive(0.5),
    epochs=integer(2, 0), more=[LENGTHS, HUGE])
TABLE["perceptron.train"].more.append(HUGE)

COLUMN = ("column", {"w": w[:, None], "b": [0.0]}, ValueError,
          r"^w must have shape \(d,\), got \(2, 1\)$")
for f in ("perceptron_step", "perceptron_epoch", "mistake_bound"):
    TABLE[f"perceptron.{f}"].more.append(COLUMN)
for f in ("loss", "gradient", "example_gradient", "example_step"):
    TABLE[f"logistic.{f}"].more.append(COLUMN)

# descent


def square(w):
    return float(np.sum(np.square(w)))


def slope_of_square(w):
    return 2 * w


row("descent.slope", f=free(math.exp, FUNCTION), w=number(0.5), h=positive(1e-5))
row("descent.numerical_gradient", f=free(square, FUNCTION), w=finite(w), h=positive(1e-5))
OTHER = r"^gradient must have the shape of w, \(2,\), got \(2, 1\)$"
row("descent.descent_step", w=floats(w), gradient=floats(w), learning_rate=positive(0.5),
    more=[other_shape("gradient", w[:, None], OTHER)])
row("descent.gradient_descent", gradient=free(slope_of_square, FUNCTION), w=finite(w),
    learning_rate=positive(0.5), steps=integer(2, 0),
    more=[other_shape("gradient", lambda w: w[:, None], OTHER)])
ENDS = "^low and high must have one shape and low < high, got"
NAN_LOSS = ("all NaN", ValueError, "^the loss must be a number at one end: all are NaN$")
row(
    "descent.random_restart",
    loss=free(square, FUNCTION),
    gradient=free(slope_of_square, FUNCTION),
    low=finite([-1.0, -1.0]),
    high=finite([1.0, 1.0]),
    learning_rate=positive(0.1),
    steps=integer(2, 0),
    restarts=integer(2, 1),
    rng=generator(),
    more=[
        ("shapes", {"low": -1.0}, ValueError, ENDS),
        ("order", {"low": [1.0, 1.0]}, ValueError, ENDS),
        (NAN_LOSS[0], {"loss": lambda w: np.nan}, *NAN_LOSS[1:]),
    ],
    whole=False,
)
for f in ("one_weight_loss", "one_weight_gradient"):
    row(f"descent.{f}", w=floats([0.5, 2.0]), x=floats(2.0), y=floats(8.0))
for f in ("two_minima", "two_minima_gradient"):
    row(f"descent.{f}", w=floats([0.5, 2.0]))

# networks


def answers(good=Y2):
    """Y (n, K) of a cross-entropy."""
    return unit(good)


def compared(first):
    said = f"^Y must have shape {shape(Y2)}, got"
    return [
        ("class numbers", {"Y": y}, ValueError, rf"{said} \(4,\)$"),
        ("one less", {"Y": Y2[:3]}, ValueError, rf"{said} \(3, 2\)$"),
        ("other classes", {"Y": np.eye(3)[y]}, ValueError, rf"{said} \(4, 3\)$"),
    ]


NAMES = {"activation": choice("relu", HIDDEN), "output": choice("softmax", OUTPUTS)}
LOSS = choice("cross_entropy", LOSSES)
row("network.forward", X=rows(X), parameters=network_layers(NET), masks=masks(), **NAMES)
row("network.predict", X=rows(X), parameters=network_layers(NET), **NAMES)
for f in ("loss_value", "gradients"):
    row(f"network.{f}", X=rows(X), Y=answers(), parameters=network_layers(NET), masks=masks(),
        loss=LOSS, more=compared("Z"), **NAMES)


def cache(good):
    return Kind(
        good,
        [
            ("none", None, ValueError, "must hold 2 layers as forward gave them, got None$"),
            ("fewer", good[:1], ValueError, "must hold 2 layers as forward gave them, got"),
        ],
    )


row("network.backward", cache=cache(CACHE), parameters=layers(NET), Y=answers(), masks=masks(),
    loss=LOSS, more=compared("Z"), **NAMES)
Z, Y_hat = CACHE[-1].Z, CACHE[-1].A
row("network.output_loss", Z=floats(Z), Y=answers(), output=NAMES["output"], loss=LOSS,
    more=[*compared("Z"), other_shape("Z", Z[0], r"^Z must have shape \(n, K\), got \(2,\)$")])
row("network.output_delta", Z=floats(Z), Y_hat=floats(Y_hat), Y=answers(),
    output=NAMES["output"], loss=LOSS,
    more=[*compared("Z"),
          other_shape("Z", Z[0], r"^Z must have shape \(n, K\), got \(2,\)$"),
          other_shape("Y_hat", Z[:1], r"^Y_hat must have shape \(4, 2\), got \(1, 2\)$")])
COLUMNS = [(W.T.copy(), b[:, None]) for W, b in NET]
row(
    "network.column_pass",
    x=floats(X[:1].T),
    y=finite(Y2[:1].T),
    parameters=layers(COLUMNS),
    **NAMES,
    more=[
        other_shape("x", X[0], r"^x must have shape \(d, 1\), got \(2,\)$"),
        other_shape("x", X.T, r"^x must have shape \(d, 1\), got \(2, 4\)$"),
        other_shape("y", Y2[0], r"^y must have shape \(2, 1\), got \(2,\)$"),
        other_shape("parameters", NET, r"^parameters must hold W \(m, 2\) and b \(m, 1\) in lay"),
    ],
)
A, KEPT = residual.residual_layer(X, np.eye(2), np.ones(2))
N, s = residual.layer_norm(X)


def table(good):
    def said(what, bad):
        return rf"must have the shape \(n, d\), got {shape(bad)}$"

    return floats(good).but(*shaped(good, said))


row("residual.layer_norm", A=table(X), epsilon=positive(1e-5))
row("residual.layer_norm_backward", G=floats(A), N=floats(N), s=floats(s),
    more=[other_shape("G", A[:, :1], r"^G must have shape \(4, 2\), got \(4, 1\)$"),
          other_shape("s", s[:, 0], r"^s must have shape \(n, 1\) for N \(n, d\), got \(4,\) for"),
          other_shape("N", N[0], r"^s must have shape \(n, 1\) for N \(n, d\), got")])
SWITCHES = {"normalize": free(True, SWITCH), "skip": free(True, SWITCH)}
row(
    "residual.residual_layer",
    A_below=floats(X),
    W=floats(np.eye(2)),
    b=floats(np.ones(2)),
    activation=choice("relu", OUTPUTS, OUTPUTS),
    **SWITCHES,
    more=[
        other_shape("A_below", X[0], r"^A_below must have shape \(n, d\), got \(2,\)$"),
        other_shape("W", np.eye(3), r"^W must have shape \(2, m\), got \(3, 3\)$"),
        other_shape("b", np.ones(3), r"^b must have shape \(2,\), got \(3,\)$"),
        ("no square", {"W": np.ones((2, 3)), "b": np.ones(3)}, ValueError,
         r"^W must be square for a skip, got \(2, 3\)$"),
    ],
)
LAYER = Kind(KEPT, [("none", None, TypeError, "must be what residual_layer kept, got None$")])
for f, name in (("scores_backward", "Delta"), ("residual_layer_backward", "G")):
    shapes = [
        other_shape(name, X[:1], rf"^{name} must have shape \(4, 2\), got \(1, 2\)$"),
        other_shape("W", np.eye(3), r"^W must have shape \(2, 2\), got \(3, 3\)$"),
    ]
    known = {"activation": NAMES["activation"]} if name == "G" else {}
    row(f"residual.{f}", **{name: floats(A)}, W=floats(np.eye(2)), layer=LAYER, **known,
        more=shapes)
DEEP = [*NET[:1], (np.eye(3), np.ones(3)), *NET[1:]]
DEEP_CACHE = residual.deep_forward(X, DEEP)[1]
row("residual.deep_forward", X=rows(X), parameters=network_layers(DEEP), **NAMES, **SWITCHES)
for f in ("deep_loss", "deep_gradients"):
    row(f"residual.{f}", X=rows(X), Y=answers(), parameters=network_layers(DEEP), loss=LOSS,
        **NAMES, **SWITCHES, more=compared("Z"))
row("residual.deep_backward", cache=Kind(DEEP_CACHE, [
    ("none", None, ValueError, "must hold 3 layers as forward gave them, got None$")]),
    parameters=layers(DEEP), Y=answers(), loss=LOSS, **NAMES, more=compared("Z"))

# initializers, penalties, optimisers

SIZE = {"d_in": integer(2, 1), "d_out": integer(3, 1)}
for f in ("glorot_normal", "glorot_uniform", "he_normal", "he_uniform"):
    row(f"initializers.{f}", **SIZE, rng=generator())
row("initializers.normal", **SIZE, rng=generator(), scale=positive(0.1))
row("initializers.zeros", **SIZE, rng=free(0, "there for the other schemes' sake"))
row("initializers.initialize", sizes=sizes((2, 3, 1)),
    initializer=choice("he_normal", initializers.INITIALIZERS), rng=generator(),
    dtype=choice("float32", ["float32", "float64"]),
    more=[("one size", {"sizes": [2]}, ValueError, r"^sizes must be at least two, got \[2\]$")])
for f in ("l1_penalty", "l1_penalty_gradient", "l2_penalty", "l2_penalty_gradient"):
    row(f"regularization.{f}", W=floats(X), strength=nonnegative(0.5))
for f in ("elastic_penalty", "elastic_penalty_gradient"):
    row(f"regularization.{f}", W=floats(X), l1=nonnegative(0.5), l2=nonnegative(0.5))
row("regularization.penalty", parameters=network_layers(NET[:1]), l1=nonnegative(0.5),
    l2=nonnegative(0.5))
TABLE["regularization.penalty"].arguments["parameters"].bad.pop()  # each layer by itself
ALIKE = [
    ("fewer", {"gradients": SLOPES[:1]}, ValueError, "^gradients must have the shapes of the par"),
    ("shapes", {"gradients": SLOPES[::-1]}, ValueError, "^gradients must have the shapes of the"),
    ("integers", {"parameters": [(W.astype(int), b) for W, b in NET]}, TypeError,
     "^parameters must hold floats, got int64 and float64$"),
]
row("regularization.add_penalty", gradients=layers(SLOPES), parameters=layers(NET),
    l1=nonnegative(0.5), l2=nonnegative(0.5), more=ALIKE)
row("regularization.dropout_mask", shape=sizes((2, 3)), rate=between(0.5, 0, 1), rng=generator())
row("regularization.dropout_masks", n=integer(4, 1), parameters=layers(NET), rates=rates(0.5, 1),
    rng=generator())
row("regularization.EarlyStopping", patience=integer(3, 1), min_delta=nonnegative(0.1))
row("regularization.EarlyStopping.update",
    lambda **k: regularization.EarlyStopping().update(**k),
    loss=free(0.5, "NaN is a loss that is no improvement"),
    parameters=free(NET, "copied as they are"))


def restore(parameters):
    watch = regularization.EarlyStopping()
    watch.update(0.5, NET)
    watch.restore(parameters)


row("regularization.EarlyStopping.restore", restore, parameters=layers(NET),
    more=[("shapes", {"parameters": NET[::-1]}, ValueError, "^parameters must have the shapes")])
MAKE = {
    "momentum": {"momentum": between(0.5, 0, 1)},
    "nesterov": {"momentum": between(0.5, 0, 1)},
    "rmsprop": {"rho": between(0.5, 0, 1), "epsilon": positive(1e-8)},
    "adam": {"beta_1": between(0.5, 0, 1), "beta_2": between(0.9, 0, 1), "epsilon": positive(1e-8)},
    "sgd": {},
}
MAKE["adamw"] = MAKE["adam"] | {"weight_decay": nonnegative(0.1)}
for name, kinds in MAKE.items():
    maker = optimizers.OPTIMIZERS[name]
    row(f"optimizers.{maker.__name__}", **kinds)

    def take_step(maker=maker, **given):
        maker().step(**given)

    row(f"optimizers.{maker.__name__}.step", take_step, parameters=layers(NET),
        gradients=layers(SLOPES), learning_rate=nonnegative(0.1), more=ALIKE,
        changes=("parameters", "gradients"))
row("optimizers.make_optimizer", name=choice("adam", optimizers.OPTIMIZERS),
    settings=free({}, "go to the constructor, which checks them"))
TABLE["optimizers.make_optimizer"].call = lambda name, settings: optimizers.make_optimizer(
    name, **settings
)
row(
    "optimizers.updated",
    lambda memory, **given: optimizers.updated(optimizers.Momentum(), *given.values(), memory),
    optimizer=free(None, "made in the call below"),
    w=floats(w), g=floats(w), learning_rate=nonnegative(0.1), memory=floats(w), t=integer(1, 1),
)
TABLE["optimizers.updated"].call = lambda optimizer, w, g, learning_rate, memory, t: (
    optimizers.updated(optimizers.Momentum(), w, g, learning_rate, memory, t=t)
)
TABLE["optimizers.updated"].more = [
    other_shape("g", np.ones(3), r"^g must have the shape of w, \(2,\), got \(3,\)$"),
    other_shape("memory", np.ones(3), r"^memory must have the shape of w, \(2,\), got \(3,\)$"),
]
row("optimizers.descend", gradient=free(slope_of_square, FUNCTION), w=finite(w),
    optimizer=Kind(optimizers.SGD(), [("name", "sgd", TypeError,
                                       "must be an Optimizer, got 'sgd'$")]),
    learning_rate=positive(0.1), steps=integer(2, 0),
    more=[other_shape("gradient", lambda w: w[:, None],
                      "^gradients must have the shapes of the parameters")])
row("optimizers.gradient_norm", gradients=layers(SLOPES))
row("optimizers.clip_by_norm", gradients=layers(SLOPES), max_norm=positive(1.0))
TIME = {"t": nonnegative(3), "learning_rate": positive(0.1)}
row("optimizers.constant", **TIME)
row("optimizers.step_decay", **TIME, factor=positive(0.5), every=positive(2))
row("optimizers.exponential", **TIME, rate=nonnegative(0.1))
row("optimizers.inverse_scaling", **TIME, power=nonnegative(0.5))
row("optimizers.cosine", **TIME, steps=integer(9, 1), lowest=nonnegative(0.01))
row("optimizers.warm_up", t=nonnegative(3), learning_rate=nonnegative(0.1), steps=integer(9, 1))
row("optimizers.on_plateau",
    losses=Kind([3.0, 2.0, 2.0], [RAGGED_VECTOR, column([1.0]),
                                  ("text", ["a"], TypeError, "must hold real numbers, got <U1$")]),
    learning_rate=positive(0.1), factor=positive(0.5), patience=integer(2, 1),
    min_delta=nonnegative(0.1))

# training


def batches(X, Y, batch_size, rng, shuffle):
    return list(training.minibatches(X, Y, batch_size, rng, shuffle))


def any_rows(good):
    said = r"must have at least one row, got shape"
    return Kind(
        good,
        [
            ("ragged", [[1.0, 2.0], [3.0]], ValueError, "is ragged: every row must have the same"),
            ("number", 1.0, ValueError, rf"{said} \(\)$"),
            ("empty", good[:0], ValueError, rf"{said} \(0, "),
        ],
    )


row("training.minibatches", batches, X=any_rows(X), Y=any_rows(Y2), batch_size=integer(2, 1),
    rng=generator(), shuffle=free(True, SWITCH),
    more=[("lengths", {"Y": Y2[:2]}, ValueError, "^X and Y must have the same length, got 4 and")])


def trained_shape(first="Y"):
    return [
        ("class numbers", {"Y": y}, ValueError, r"^Y must have shape \(4, 2\), got \(4,\)$"),
        ("one less", {"Y": Y2[:3]}, ValueError, r"^Y must have shape \(4, 2\), got \(3, 2\)$"),
    ]


row("training.train_epoch", X=data(X), Y=answers(), parameters=network_layers(NET),
    learning_rate=positive(0.1), batch_size=integer(2, 1), rng=generator(), loss=LOSS, **NAMES,
    more=trained_shape(), changes=("parameters",))
VALIDATION = [
    ("validation", {"validation": (X, Y2[:1])}, ValueError, r"^Y must have shape \(4, 2\), got"),
]


def trained(X, Y, epochs, validation, stopping, score, on_epoch, verbose):
    net = [(W.copy(), b.copy()) for W, b in NET]
    return Trainer(net).run(X, Y, epochs, validation, stopping, score, on_epoch, verbose).loss


row("training.Trainer.run", trained, X=data(X), Y=answers(), epochs=integer(1, 1),
    validation=free(None, "X and Y again, see more"),
    stopping=free(None, "an EarlyStopping, which has checked itself"),
    score=free(None, FUNCTION), on_epoch=free(None, FUNCTION), verbose=free(False, SWITCH),
    more=[*trained_shape(), *VALIDATION])
PARAMETERS = network_layers(NET)
row(
    "training.Trainer",
    parameters=network_layers(NET),
    activation=NAMES["activation"],
    output=NAMES["output"],
    loss=Kind("cross_entropy", [LOSS.bad[0], LOSS.bad[2]]),
    optimizer=Kind(optimizers.SGD(), [("name", "sgd", TypeError, "must be an Optimizer, got 'sg")]),
    learning_rate=positive(0.1),
    plateau=free(None, FUNCTION),
    batch_size=integer(2, 1),
    shuffle=free(True, SWITCH),
    l1=nonnegative(0.1),
    l2=nonnegative(0.1),
    dropout=rates(0.5, 1),
    max_norm=Kind(1.0, [bad for bad in positive(1.0).bad if bad[0] != "none"]),
    rng=generator(),
    history=free(training.History(), "a record"),
    t=integer(0, 0),
)
row("training.random_restart", run=free(lambda rng: (1, rng.random()), FUNCTION),
    restarts=integer(2, 1), rng=generator(),
    more=[("all NaN", {"run": lambda rng: (1, np.nan)}, *NAN_LOSS[1:])])

# groups, components, gradient checks

CENTERS = X[:2] + 0.25


def centers():
    bad = np.ones((2, 3))
    return features(CENTERS).but(
        ("other columns", bad, ValueError, "must have 2 columns as X, got 3$")
    )


for f in ("squared_distances", "assign"):
    row(f"clustering.{f}", X=features(X), centers=centers(), whole=False)
GROUPS = [
    ("lengths", {"labels": [0, 1]}, ValueError, "^X and labels must have the same length, got 4"),
]
row("clustering.means", X=features(X), labels=codes(y, 2), centers=centers(), more=GROUPS)
row("clustering.inertia", X=features(X), labels=codes(y, 2), centers=centers(), more=GROUPS)
MANY = "must be at most the 4 examples, got 5$"
row("clustering.k_means_plus_plus", X=features(X), rng=generator(),
    n_clusters=integer(2, 1).but(("too many", 5, ValueError, MANY)))
row("clustering.k_means", X=features(X), centers=centers(), max_iter=integer(3, 1),
    tol=nonnegative(0.1))
GROUPED = [column(y), RAGGED_VECTOR]
row("clustering.purity", labels=Kind(y, GROUPED), y=Kind(y, GROUPED),
    more=[("lengths", {"y": y[:2]}, ValueError, "^labels and y must have the same length, got 4"),
          ("empty", {"labels": [], "y": []}, ValueError, "^labels must hold at least one gr")])
MEAN, V, _ = autoencoder.principal_components(X, 1)
row("autoencoder.principal_components", X=features(X),
    n_components=integer(1, 1).but(("too many", 3, ValueError,
                                    r"must be at most 2 for X of shape \(4, 2\), got 3$")))
for f, name, good in (("project", "X", X), ("reconstruct", "C", X[:, :1])):
    cols = good.shape[1]
    row(f"autoencoder.{f}", **{name: features(good)}, mean=finite(MEAN), V=finite(V), whole=False,
        more=[other_shape("mean", V, r"^mean must have shape \(d,\), got \(2, 1\)$"),
              other_shape("V", V.T, r"^V must have shape \(2, k\), got \(1, 2\)$"),
              other_shape(name, np.ones((4, 3)), f"^{name} must have {cols} columns, got 3$")])
row("autoencoder.reconstruction_error", X_hat=features(X + 0.5), X=features(X),
    more=[other_shape("X_hat", X[:2], r"^X_hat must have shape \(4, 2\), got \(2, 2\)$")])


def loss_of(parameters):
    return sum(float(np.sum(W**2)) for W, _ in parameters)


for f in ("check_all", "check_directions"):
    more = {"directions": integer(2, 1), "rng": generator()} if f == "check_directions" else {}
    single = [(W.astype("f4"), b) for W, b in NET]
    row(f"gradcheck.{f}", loss=free(loss_of, FUNCTION), parameters=layers(NET),
        gradients=layers(SLOPES), h=positive(1e-5), **more,
        more=[*ALIKE,
              ("float32", {"parameters": single}, ValueError, "^a gradient check needs float64"),
              ("NaN", {"gradients": [(W * np.nan, b) for W, b in SLOPES]}, ValueError,
               "^dW1 must be finite, got nan$")])
row("gradcheck.relative_error", a=floats(w), n=floats(w),
    more=[other_shape("n", X, r"^a and n must have one shape: \(2,\), \(4, 2\)$")])

# data

MADE = {"n": integer(8, 2), "noise": nonnegative(0.1), "rng": generator()}
for f in ("circles", "moons", "spirals", "xor"):
    row(f"datasets.{f}", **MADE)
row("datasets.admissions", n=integer(8, 1), rng=generator(), flip=between(0.25, 0, 0.5, True),
    margin=between(0.5, 0, 1, True))
for f in ("messages", "iris", "breast_cancer", "diabetes", "digits"):
    row(f"datasets.{f}")
row("datasets.gate", name=choice("xor", ["and", "or", "xor"]))
for f in ("mnist", "fashion_mnist"):
    row(f"datasets.{f}", getattr(datasets, f), part=choice("train", ["train", "test"]))
row("datasets.sms_spam", lambda: None)
IMAGES = np.arange(8.0).reshape(2, 4)
row(
    "datasets.shift_images",
    X=floats(IMAGES).but(
        ("one image", IMAGES[0], ValueError, r"must have shape \(n, 4\), got \(4,\)$"),
        ("other pixels", IMAGES[:, :3], ValueError, r"must have shape \(n, 4\), got \(2, 3\)$"),
    ),
    down=Kind(1, integer(1).bad[:4]),
    right=Kind(1, integer(1).bad[:4]),
    shape=sizes((2, 2)).but(
        ("three", (2, 2, 1), ValueError, r"must be \(height, width\), got \(2, 2, 1\)$")
    ),
)
row("datasets.Dataset",
    X=free(X, "texts or numbers, as they are"), y=free(y, "labels or targets, as they are"),
    feature_names=free(("a", "b"), "names"), target_names=free(("c", "d"), "names"),
    description=free("", "a text"), more=[LENGTHS])
row("datasets.Dataset.split", datasets.gate("xor").split, test_fraction=between(0.25, 0, 1),
    rng=generator(),
    more=[("none left", {"test_fraction": 0.01}, ValueError,
           "^test_fraction 0.01 of 4 examples leaves one of the two sets empty$")])
row("words.tokenize", text=Kind("a b", [("number", 7, TypeError, "must hold str, got int$")]))
row("words.vocabulary", texts=texts(["a b", "a"]), min_count=integer(1, 1))
row("words.bag_of_words", texts=texts(["a b", "a"]),
    known=texts(["a", "b"]).but(
        ("text", "ab", TypeError, "must list words, got str$"),
        ("twice", ["a", "a"], ValueError, "must list every word once$")))
row("download.data_folder")
FILE = download.RemoteFile("digits.gz", 12, "00" * 32, ("https://example.org/digits.gz",))
row("download.fetch", lambda file, folder, offline: download.fetch(file, folder, offline),
    file=Kind(FILE, [("name", "digits.gz", TypeError, "must be a RemoteFile, got 'digits.gz'$")]),
    folder=path(Path("nowhere")), offline=free(True, SWITCH))
row("idx.read_idx", path=path("nowhere"))
MODEL = mlp.MLPClassifier((2,), max_iter=1).fit(X, y)
row("storage.load", path=path("nowhere"))
row("storage.save", model=Kind(MODEL, [
    ("other", perceptron.Perceptron(), TypeError,
     "must be an MLPClassifier or MLPRegressor, got Perceptron$")]), path=path("nowhere/model.npz"))
# These need a file or the network; what is not a path or a name is refused before.
ELSEWHERE = {"datasets.mnist", "datasets.fashion_mnist", "datasets.sms_spam", "download.fetch",
             "idx.read_idx", "storage.load", "storage.save"}

# --- estimators ------------------------------------------------------------

XS = np.vstack([X, X[:, ::-1] + 0.125, X * [1, -1] - 0.25])  # 12 examples
YS = np.array([0, 1, 1, 0] * 3)
TARGETS = XS[:, 0] - XS[:, 1]
LINE = {"max_iter": integer(2, 1)}
NETWORK = {
    "hidden_layer_sizes": sizes((3,)),
    "activation": choice("tanh", HIDDEN),
    "solver": choice("adam", mlp.SOLVERS),
    "alpha": nonnegative(0.1),
    "batch_size": Kind(4, [bad for bad in integer(4, 1).bad if bad[0] != "text"]).but(
        ("name", "autos", ValueError, r"must be one of auto; got 'autos' \(nearest: auto\)$")
    ),
    "learning_rate": choice("adaptive", mlp.RATES),
    "learning_rate_init": positive(0.01),
    "power_t": nonnegative(0.5),
    "max_iter": integer(2, 1),
    "shuffle": free(True, SWITCH),
    "random_state": Kind(0, [bad for bad in generator().bad if bad[0] != "none"]),
    "tol": nonnegative(0.1),
    "verbose": free(False, SWITCH),
    "warm_start": free(False, SWITCH),
    "momentum": between(0.5, 0, 1),
    "nesterovs_momentum": free(True, SWITCH),
    "early_stopping": free(True, SWITCH),
    "validation_fraction": between(0.25, 0, 1),
    "beta_1": between(0.5, 0, 1),
    "beta_2": between(0.9, 0, 1),
    "epsilon": positive(1e-8),
    "n_iter_no_change": integer(2, 1),
    "rng": generator(),
    "dropout": rates(0.5, 1),
    "l1": nonnegative(0.1),
    "max_norm": Kind(1.0, [bad for bad in positive(1.0).bad if bad[0] != "none"]),
    "initializer": choice("he_normal", initializers.INITIALIZERS),
    "dtype": Kind("float64", [
        ("unknown", "float46", ValueError,
         r"must be one of float32, float64; got 'float46' \(nearest: float64\)$")]),
}
NEEDS = {"power_t": {"learning_rate": "invscaling"}, "momentum": {"solver": "sgd"}}


def targets(good):
    """y of a regressor: (n,), or (n, K)."""
    good = np.array(good, float)
    said = r"must have shape \(n,\) or \(n, K\), got"
    return finite(good).but(
        ("number", 1.0, ValueError, rf"{said} \(\)$"),
        ("cube", good[:, None, None], ValueError, rf"{said} \(12, 1, 1\)$"),
        ("no target", np.zeros((12, 0)), ValueError, rf"{said} \(12, 0\)$"),
    )


@dataclass
class Model:
    """An estimator, kinds for its parameters, its data and its methods."""

    make: type[Estimator]
    parameters: dict[str, Kind]
    data: dict[str, Kind]
    methods: dict[str, dict[str, Kind]]


ASK = {"X": as_fitted(XS)}
JUDGED = ASK | {"y": Kind(YS, [column(YS), RAGGED_VECTOR])}
MODELS = [
    Model(
        perceptron.Perceptron,
        LINE | {"learning_rate_init": positive(0.5), "shuffle": free(True, SWITCH),
                "rng": generator()},
        {"X": features(XS), "y": two_classes(YS)},
        {"predict": ASK, "decision_function": ASK, "score": JUDGED},
    ),
    Model(
        logistic.LogisticRegression,
        LINE | {"tol": nonnegative(0.0),
                "learning_rate_init": Kind(0.5, [b for b in positive(0.5).bad if b[0] != "none"])},
        {"X": features(XS), "y": two_classes(YS)},
        {"predict": ASK, "predict_proba": ASK, "score": JUDGED},
    ),
    Model(
        mlp.MLPClassifier,
        NETWORK,
        {"X": features(XS), "y": classes(YS)},
        {"predict": ASK, "predict_proba": ASK, "predict_log_proba": ASK, "score": JUDGED,
         "partial_fit": {**ASK, "y": Kind(YS, classes(YS, 1).bad), "classes": free(None, "below")}},
    ),
    Model(
        mlp.MLPRegressor,
        NETWORK,
        {"X": features(XS), "y": targets(TARGETS)},
        {"predict": ASK, "score": ASK | {"y": finite(TARGETS)},
         "partial_fit": {**ASK, "y": targets(TARGETS), "classes": free(None, "below")}},
    ),
    Model(
        autoencoder.Autoencoder,
        NETWORK,
        {"X": features(XS), "y": free(None, IGNORED)},
        {"predict": ASK, "transform": ASK, "inverse_transform": {"C": as_fitted(np.ones((4, 3)))},
         "score": ASK | {"y": free(None, IGNORED)},
         "partial_fit": {**ASK, "y": free(None, IGNORED), "classes": free(None, IGNORED)}},
    ),
    Model(
        autoencoder.PCA,
        {"n_components": integer(1, 1).but(
            ("too many", 3, ValueError, r"must be at most 2 for X of shape \(12, 2\), got 3$"))},
        {"X": features(XS).but(
            ("one row", XS[:1], ValueError, "must have at least 2 rows to vary, got 1$")),
         "y": free(None, IGNORED)},
        {"transform": ASK, "inverse_transform": {"C": as_fitted(np.ones((4, 1)))},
         "fit_transform": {"X": features(XS), "y": free(None, IGNORED)}},
    ),
    Model(
        clustering.KMeans,
        {"n_clusters": integer(2, 1).but(
            ("too many", 13, ValueError, "must be at most the 12 examples, got 13$")),
         "init": choice("random", ["k-means++", "random"]), "n_init": integer(2, 1),
         "max_iter": integer(2, 1), "tol": nonnegative(0.0), "rng": generator()},
        {"X": features(XS), "y": free(None, IGNORED)},
        {"predict": ASK, "transform": ASK,
         "fit_predict": {"X": features(XS), "y": free(None, IGNORED)}},
    ),
]
UNIVERSAL = {"fit", "get_params", "set_params"}  # every estimator has them: tested below


def made(model, **change):
    good = {name: kind.good for name, kind in model.parameters.items()}
    needed = [NEEDS[name] for name in change if name in NEEDS and model.parameters is NETWORK]
    for more in needed:
        good |= more
    return model.make(**good | change)


def goods(kinds, **change):
    return {name: kind.good for name, kind in kinds.items()} | change


def fitted(model):
    return made(model).fit(**goods(model.data))


def model_name(model):
    return model.make.__name__


# fmt: on
# --- everything is in the table --------------------------------------------

CHECKS = {"checks", "network_checks", "types"}  # the door itself: test_checks.py, …
MODULES = [
    importlib.import_module(f"nnlit.{module.name}")
    for module in pkgutil.iter_modules(nnlit.__path__)
    if module.name not in CHECKS
]
# Records of what a function gave, and what only holds or says something.
RECORDS = {"Activation", "Layer", "Loss", "History", "Report", "RemoteFile", "ResidualLayer"}
BASES = {"Estimator", "Optimizer"}  # never made themselves
FORMULAS = {"update", "reset"}  # the bare update rules; Optimizer.step is their door
HELPERS = {"rate", "step", "epoch"}  # of a Trainer: what `run`, their door, calls


def public():
    """Every public function, class and method that takes input, by name."""
    for module in MODULES:
        short = module.__name__.removeprefix("nnlit.")
        for name in module.__all__:
            thing = getattr(module, name)
            if not callable(thing) or not hasattr(thing, "__module__"):
                continue  # a constant
            if (inspect.isclass(thing) and issubclass(thing, Exception)) or name in RECORDS | BASES:
                continue
            if not (inspect.isclass(thing) or inspect.isfunction(thing)):
                continue  # the name of a type
            yield f"{short}.{name}", thing
            if inspect.isclass(thing):
                for method, f in inspect.getmembers(thing, inspect.isfunction):
                    if not method.startswith("_"):
                        yield f"{short}.{name}.{method}", f


def in_a_model(name):
    parts = name.split(".")
    for model in MODELS:
        if parts[1] == model_name(model):
            return len(parts) == 2 or parts[2] in {*model.methods, *UNIVERSAL}
    return False


def test_every_public_function_and_method_is_in_the_table():
    skipped = {"training.Trainer": HELPERS, "optimizers": FORMULAS}
    missing = []
    for name, _ in public():
        *where, last = name.split(".")
        skip = skipped.get(where[0], set()) | skipped.get(".".join(where), set())
        if not (last in skip or name in TABLE or in_a_model(name)):
            missing.append(name)
    assert missing == []
    known = {name for name, _ in public()}
    assert set(TABLE) <= known


def test_every_argument_is_in_the_table():
    for name, thing in public():
        given = [
            p for p in inspect.signature(thing).parameters if p not in ("self", "args", "kwargs")
        ]
        if name in TABLE:
            found = TABLE[name].arguments
        elif in_a_model(name):
            _, owner, *method = name.split(".")
            model = next(m for m in MODELS if model_name(m) == owner)
            if method and method[0] in ("get_params", "set_params"):
                continue
            found = model.parameters
            if method:
                found = model.data if method[0] == "fit" else model.methods[method[0]]
        else:
            continue
        if name == "datasets.sms_spam":
            continue
        assert set(found) == set(given), name


def test_what_is_not_checked_says_why():
    kinds = [kind for row in TABLE.values() for kind in row.arguments.values()]
    kinds += [kind for model in MODELS for kind in model.parameters.values()]
    kinds += [k for m in MODELS for given in m.methods.values() for k in given.values()]
    assert all(bool(kind.bad) != bool(kind.free) for kind in kinds)


@pytest.mark.parametrize("name", sorted(CHECKS - {"types"}))
def test_the_door_is_tested_where_it_stands(name):
    door = importlib.import_module(f"nnlit.{name}")
    assert Path(__file__).with_name(f"test_{name}.py").exists()
    assert [check for check in door.__all__ if not inspect.getdoc(getattr(door, check))] == []


# --- functions -------------------------------------------------------------


def arrays(value):
    """Every array in a nest of lists, tuples, dictionaries and records."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from arrays(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from arrays(inner)
    elif is_dataclass(value):
        yield from arrays(vars(value))


def bits(value):
    return [(a.dtype.str, a.shape, a.tobytes()) for a in arrays(value)]


def copied(value):
    """The same nest with fresh arrays, so that no test disturbs another."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*map(copied, value))
    if isinstance(value, list | tuple):
        return type(value)(map(copied, value))
    return value


def numbers(value):
    """A result as plain numbers, to be compared."""
    if isinstance(value, np.ndarray | np.generic | int | float):
        return [np.asarray(value).ravel()]
    if isinstance(value, list | tuple):
        return [n for inner in value for n in numbers(inner)]
    if isinstance(value, datasets.Dataset):
        return numbers([value.X, value.y])
    return []


def ordinary(row):
    return {name: copied(kind.good) for name, kind in row.arguments.items()}


def refuses(call, given, what, error, message):
    """Require that exception, with a message like that, and that nothing given is changed."""
    before = bits(given)
    try:
        call(**given)
    except (TypeError, ValueError) as caught:
        said = f"{what}: {type(caught).__name__}: {caught}"
        kind, text = type(caught), str(caught)
    else:
        pytest.fail(f"{what}: nothing was raised")
    assert kind is error, said
    assert re.search(message, text), f"{said}, not {message}"
    assert bits(given) == before, what


ARGUMENTS = [(name, arg) for name, row in TABLE.items() for arg in row.arguments]


@pytest.mark.parametrize(("name", "argument"), ARGUMENTS)
@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
def test_bad_input_is_an_error_that_names_the_argument(name, argument):
    for what, bad, error, message in TABLE[name].arguments[argument].bad:
        given = ordinary(TABLE[name]) | {argument: copied(bad)}
        refuses(TABLE[name].call, given, what, error, f"^{argument} {message}")


@pytest.mark.parametrize("name", [name for name, row in TABLE.items() if row.more])
@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning", "ignore:invalid:RuntimeWarning")
def test_input_that_does_not_fit_together_is_an_error(name):
    for what, change, error, message in TABLE[name].more:
        given = ordinary(TABLE[name]) | {key: copied(value) for key, value in change.items()}
        refuses(TABLE[name].call, given, what, error, message)


HERE = [name for name in TABLE if name not in ELSEWHERE]
STORED = ("datasets.Dataset",)  # keeps what it gets as it is


@pytest.mark.parametrize("name", HERE)
def test_good_input_is_taken_and_left_as_it_was(name):
    row = TABLE[name]
    given = ordinary(row)
    before = {key: bits(value) for key, value in given.items()}
    row.call(**given)
    changed = {key for key, value in given.items() if bits(value) != before[key]}
    assert changed <= set(row.changes)
    assert ("parameters" in changed) == ("parameters" in row.changes)


WHOLE = [
    (name, argument)
    for name in HERE
    for argument, kind in TABLE[name].arguments.items()
    if kind.whole is not None and TABLE[name].whole
]


@pytest.mark.parametrize(("name", "argument"), WHOLE)
@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning", "ignore:divide:RuntimeWarning")
def test_unsigned_bytes_do_not_wrap(name, argument):
    row = TABLE[name]
    whole = row.arguments[argument].whole
    kept = whole.tobytes()
    results = [
        numbers(row.call(**ordinary(row) | {argument: value}))
        for value in (whole, whole.astype(np.int64))
    ]
    assert kept == whole.tobytes()
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("name", [name for name in HERE if name not in STORED])
def test_lists_are_as_good_as_arrays(name):
    row = TABLE[name]
    listed = {
        key: value.tolist() if isinstance(value, np.ndarray) else value
        for key, value in ordinary(row).items()
    }
    results = numbers(row.call(**listed)), numbers(row.call(**ordinary(row)))
    for ours, theirs in zip(*results, strict=True):
        np.testing.assert_array_equal(ours, theirs)


PASSING = [
    (name, argument)
    for name in HERE
    for argument, kind in TABLE[name].arguments.items()
    if kind.whole is not None
    and kind.good.dtype.kind == "f"
    and not any("NaN" in bad[0] for bad in kind.bad)
]
# Where NaN is not in the result: what is compared, counted or not looked at.
NAN_IS_LOST = {
    "activations.relu_prime-x": "the score itself is NaN, and so is the loss",
    "activations.leaky_relu_prime-x": "the score itself is NaN, and so is the loss",
    "activations.identity_prime-x": "1 whatever the score is",
    "network.output_delta-Z": "the error term needs only Ŷ where loss and output match",
}


@pytest.mark.parametrize(("name", "argument"), PASSING)
@pytest.mark.filterwarnings("ignore:invalid:RuntimeWarning")
def test_nan_that_is_let_in_comes_out(name, argument):
    row = TABLE[name]
    given = ordinary(row)
    given[argument] = np.full_like(given[argument], np.nan)
    try:
        results = numbers(row.call(**given))
    except ValueError as caught:
        said = str(caught)
    else:
        assert any(np.isnan(n).any() for n in results) != (f"{name}-{argument}" in NAN_IS_LOST)
        return
    assert re.match(rf"{argument} .*nan", said)


# --- estimators ------------------------------------------------------------


def state(model):
    """All that an estimator holds, bit for bit."""
    known = vars(model)
    return {
        key: value if isinstance(value, str | float | int) else [bits(value), repr(value)]
        for key, value in known.items()
    }


FITTED = {model_name(model): fitted(model) for model in MODELS}
PARAMETERS_GIVEN = [(model, name) for model in MODELS for name in model.parameters]
DATA_GIVEN = [(model, name) for model in MODELS for name in model.data]
ASKED = [
    (model, method, name)
    for model in MODELS
    for method, kinds in model.methods.items()
    for name in kinds
]


def ids(cases):
    return ["-".join([model_name(model), *names]) for model, *names in cases]


def ask(model, fit):
    method = "predict" if "predict" in model.methods else "transform"
    return getattr(fit, method)(XS)


@pytest.mark.parametrize(("model", "name"), PARAMETERS_GIVEN, ids=ids(PARAMETERS_GIVEN))
def test_fit_refuses_bad_parameters_and_changes_nothing(model, name):
    for what, bad, error, message in model.parameters[name].bad:
        rng = np.random.default_rng(0)
        fresh = made(model, **{name: bad})
        if "rng" in model.parameters and name not in ("rng", "random_state"):
            fresh.set_params(rng=rng)
            if "random_state" in model.parameters:
                fresh.set_params(random_state=None)
        before, drawn = state(fresh), rng.bit_generator.state
        given = {key: copied(kind.good) for key, kind in model.data.items()}
        refuses(fresh.fit, given, what, error, f"^{name} {message}")
        assert state(fresh) == before, what
        assert rng.bit_generator.state == drawn, what
        with pytest.raises(NotFittedError, match=f"^this {model_name(model)} is not fitted"):
            ask(model, fresh)


@pytest.mark.parametrize(("model", "name"), DATA_GIVEN, ids=ids(DATA_GIVEN))
def test_fit_refuses_bad_data_and_leaves_a_fitted_model(model, name):
    fit = FITTED[model_name(model)]
    before, answer = state(fit), ask(model, fit).tobytes()
    for what, bad, error, message in model.data[name].bad:
        given = {key: copied(kind.good) for key, kind in model.data.items()} | {name: copied(bad)}
        refuses(fit.fit, given, what, error, f"^{name} {message}")
        assert state(fit) == before, what
        assert ask(model, fit).tobytes() == answer, what


@pytest.mark.parametrize(("model", "method", "name"), ASKED, ids=ids(ASKED))
def test_a_fitted_model_refuses_bad_questions(model, method, name):
    fit = FITTED[model_name(model)]
    before = state(fit)
    for what, bad, error, message in model.methods[method][name].bad:
        given = {key: copied(kind.good) for key, kind in model.methods[method].items()}
        given[name] = copied(bad)
        refuses(getattr(fit, method), given, what, error, f"^{name} {message}")
        assert state(fit) == before, what


@pytest.mark.parametrize("model", MODELS, ids=model_name)
def test_every_question_before_fit_is_a_not_fitted_error(model):
    for method, kinds in model.methods.items():
        if "fit" not in method:
            given = {key: kind.good for key, kind in kinds.items()}
            with pytest.raises(NotFittedError, match=r"is not fitted: call fit first$"):
                getattr(made(model), method)(**given)


@pytest.mark.parametrize("model", MODELS, ids=model_name)
def test_lengths_that_differ_are_an_error(model):
    if model.data["y"].good is not None:
        with pytest.raises(ValueError, match=r"^X and y must have the same length, got 12 and 11$"):
            made(model).fit(XS, model.data["y"].good[:11])
        fit = FITTED[model_name(model)]
        with pytest.raises(ValueError, match=r"^(y_hat and y|y) must have .*\b11\b"):
            fit.score(XS, model.data["y"].good[:11])


@pytest.mark.parametrize("model", MODELS, ids=model_name)
def test_an_unknown_parameter_lists_the_known_and_the_nearest(model):
    fresh = made(model)
    name = next(iter(model.parameters))
    known = ", ".join(inspect.signature(model.make).parameters)
    said = f"{model_name(model)} has no parameter '{name}s'; known are {known} (nearest: {name}"
    with pytest.raises(ValueError, match=f"^{re.escape(said)}"):
        fresh.set_params(**{f"{name}s": 1})
    assert fresh.get_params() == made(model).get_params()


@pytest.mark.parametrize("model", MODELS, ids=model_name)
def test_a_model_casts_bytes_and_lists_and_leaves_them(model):
    whole = np.abs(60 * XS).clip(0, 255).astype(np.uint8)
    given = {key: copied(kind.good) for key, kind in model.data.items()}
    kept = whole.tobytes()
    ours = made(model).fit(**given | {"X": whole})
    theirs = made(model).fit(**given | {"X": whole.astype(float)})
    listed = made(model).fit(
        **{key: v.tolist() if v is not None else v for key, v in given.items()}
        | {"X": whole.tolist()}
    )
    assert whole.tobytes() == kept
    assert ask(model, ours).tobytes() == ask(model, theirs).tobytes()
    assert ask(model, listed).tobytes() == ask(model, theirs).tobytes()


# --- half-finished fits, and what only one estimator has -------------------

NETWORKS = [m for m in MODELS if issubclass(m.make, (mlp.MLPClassifier, mlp.MLPRegressor))]


@pytest.mark.parametrize("model", NETWORKS, ids=model_name)
def test_a_fit_that_diverges_keeps_the_last_finite_weights(model):
    rate = [1e-9, 1e-9, 1e-9, 1e308]
    steps = made(
        model,
        solver="sgd",
        learning_rate=lambda t: rate[min(t, 3)],
        batch_size=12,
        max_iter=9,
        dropout=0.0,
        early_stopping=False,
        activation="identity",
        max_norm=None,
        tol=0.0,
        n_iter_no_change=99,
    )
    given = goods(model.data, X=1000 * XS)
    with pytest.raises(
        DivergedError, match=r"training diverged in epoch 4 at learning rate 1e[+]30"
    ):
        steps.fit(**given)
    assert steps.history_.stopped == "diverged"
    assert steps.n_iter_ == 3
    stopped = made(model, **steps.get_params() | {"max_iter": 3}).fit(**given)
    assert bits(steps.coefs_) == bits(stopped.coefs_)
    assert ask(model, steps).tobytes() == ask(model, stopped).tobytes()
    assert all(np.isfinite(a).all() for a in arrays(steps.coefs_))
    again = steps.set_params(learning_rate="constant", max_iter=2).fit(**given)
    assert np.isfinite(ask(model, again)).all()


@pytest.mark.parametrize("model", NETWORKS, ids=model_name)
def test_a_fit_that_is_interrupted_leaves_a_usable_model(model):
    def impatient(t):
        if t == 3:
            raise KeyboardInterrupt
        return 0.01

    settings = {"batch_size": 12, "early_stopping": False, "tol": 0.0, "n_iter_no_change": 99}
    cut = made(model, learning_rate=impatient, max_iter=9, **settings)
    given = goods(model.data)
    with pytest.warns(UserWarning, match="training interrupted; the weights learnt so far"):
        cut.fit(**given)
    assert cut.n_iter_ == 3
    assert cut.history_.stopped == "interrupted"
    stopped = made(model, learning_rate=lambda t: 0.01, max_iter=3, **settings).fit(**given)
    assert ask(model, cut).tobytes() == ask(model, stopped).tobytes()


@pytest.mark.parametrize("model", NETWORKS, ids=model_name)
def test_a_batch_larger_than_the_data_is_the_whole_set_with_a_warning(model):
    given = goods(model.data)
    with pytest.warns(UserWarning, match="batch_size 99 is more than the 12 examples"):
        large = made(model, batch_size=99).fit(**given)
    whole = made(model, batch_size=12).fit(**given)
    assert ask(model, large).tobytes() == ask(model, whole).tobytes()


def test_a_formula_takes_the_whole_set_for_a_larger_batch():
    [(X_batch, Y_batch)] = training.minibatches(X, Y2, 99, shuffle=False)
    assert X_batch.tolist() == X.tolist()
    assert Y_batch.tolist() == Y2.tolist()


@pytest.mark.parametrize("bad", [-1.0, np.nan, "fast", None])
def test_a_schedule_that_gives_no_learning_rate_is_an_error(bad):
    model = mlp.MLPClassifier((2,), learning_rate=lambda t: bad)
    with pytest.raises((TypeError, ValueError), match=r"^learning_rate must be "):
        model.fit(XS, YS)


def test_classes_are_checked_like_labels():
    for what, bad, error, message in classes([0, 1]).bad:
        with pytest.raises(error, match=f"^classes {message}"):
            mlp.MLPClassifier().partial_fit(XS, YS, classes=bad)
        assert what
    with pytest.raises(ValueError, match=r"^y must hold only \[0, 2\], got 1$"):
        mlp.MLPClassifier().partial_fit(XS, YS, classes=[0, 2])
    with pytest.raises(ValueError, match=r"^classes are for a classifier$"):
        mlp.MLPRegressor().partial_fit(XS, TARGETS, classes=[0, 1])


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning", "ignore:invalid:RuntimeWarning")
@pytest.mark.parametrize("model", MODELS[:2], ids=model_name)
def test_a_walk_that_overflows_is_an_error_that_names_the_learning_rate(model):
    with pytest.raises(ValueError, match=r"^learning_rate_init must be smaller for finite weights"):
        made(model, learning_rate_init=1e308).fit(1e3 * XS, YS)


def test_an_optimizer_refuses_another_network_until_it_is_reset():
    adam = optimizers.Adam()
    adam.step(copied(NET), copied(SLOPES), 0.1)
    other = [(np.ones((3, 2)), np.ones(2))]
    with pytest.raises(ValueError, match=r"^parameters must have the shapes of the step before, "):
        adam.step(other, copied(other), 0.1)
    adam.reset()
    adam.step(other, copied(other), 0.1)
    assert adam.t == 1
