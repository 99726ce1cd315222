"""The perceptron: a line, a step, and a trick that moves the line."""

from __future__ import annotations

from typing import Self

import numpy as np

from nnlit.activations import step
from nnlit.checks import (
    as_generator,
    check_arrived,
    check_example,
    check_features,
    check_integer,
    check_labels,
    check_line,
    check_not_nan,
    check_positive,
    two_classes,
)
from nnlit.estimator import Estimator
from nnlit.losses import accuracy
from nnlit.types import Array, Rng, Scalar

__all__ = [
    "Perceptron",
    "mistake_bound",
    "perceptron_epoch",
    "perceptron_step",
    "predict",
    "score",
    "train",
]


def score(x: Array, w: Array, b: Scalar) -> Array:
    """Weigh the features and add the bias: positive on the side w points to.

    Formula: w · x + b.
    Shapes: x (d,) gives a number, X (n, d) gives (n,); w (d,), b a number.
    Errors: ValueError where the numbers of features differ.
    Source: Rosenblatt (1958), doi:10.1037/h0042519.

    >>> float(score(np.array([7.0, 6.0]), np.array([2.0, 1.0]), -18.0))
    2.0
    """
    x, w, b = check_line(x, w, b, layer=True)
    return x @ w + b


def predict(x: Array, w: Array, b: Scalar) -> Array:
    """Answer 1 on the line and on its positive side, 0 on the other.

    Formula: ŷ = step(w · x + b).
    Shapes: x (d,) gives a number, X (n, d) gives (n,); w (d,), b a number.
    Errors: ValueError where the numbers of features differ.
    Source: Rosenblatt (1958), doi:10.1037/h0042519.

    >>> X = np.array([[7.0, 6.0], [6.0, 6.0], [5.0, 6.0]])
    >>> predict(X, np.array([2.0, 1.0]), -18.0)
    array([1., 1., 0.])
    """
    check_not_nan(w, "w")
    return step(score(x, w, b))


def perceptron_step(
    x: Array, y: Scalar, w: Array, b: Scalar, learning_rate: float = 1.0
) -> tuple[Array, Scalar]:
    """Move the line towards one example, if that is on the wrong side.

    Formula: w ← w + η (y − ŷ) x and b ← b + η (y − ŷ). The difference y − ŷ
    is 1 for a positive example taken as negative, −1 for the other mistake
    and 0, no move, for a right answer.
    Shapes: x (d,), y 0 or 1, w (d,), b a number; the result is a new (w, b).
    Errors: ValueError where the numbers of features differ, y is another
    label or η ≤ 0.
    Source: Rosenblatt (1958), doi:10.1037/h0042519.

    >>> w, b = np.array([2.0, 1.0]), -18.0
    >>> w, b = perceptron_step(np.array([4.0, 5.0]), 1, w, b, 0.1)
    >>> w.round(2).tolist(), round(float(b), 2)
    ([2.4, 1.5], -17.9)
    """
    x, w, b = check_example(x, y, w, b)
    check_positive(learning_rate, "learning_rate")
    y_hat = predict(x, w, b)
    w = w + learning_rate * (y - y_hat) * x
    b = b + learning_rate * (y - y_hat)
    return w, b


def perceptron_epoch(
    X: Array, y: Array, w: Array, b: Scalar, learning_rate: float = 1.0
) -> tuple[Array, Scalar, int]:
    """Take one perceptron step for every example in turn.

    Shapes: X (n, d), y (n,) of 0 and 1, w (d,), b a number; the result is
    the new (w, b) and the number of mistakes met on the way.
    Errors: ValueError for other shapes or labels.
    Source: Rosenblatt (1958), doi:10.1037/h0042519.

    >>> X, y = np.array([[0.0, 1.0], [1.0, 0.0]]), np.array([0, 1])
    >>> w, b, mistakes = perceptron_epoch(X, y, np.zeros(2), 0.0)
    >>> w.tolist(), float(b), mistakes
    ([1.0, -1.0], 0.0, 2)
    """
    X, y = check_labels(X, y)
    X, w, b = check_line(X, w, b, "X")
    mistakes = 0
    for x_i, y_i in zip(X, y, strict=True):
        mistakes += int(predict(x_i, w, b) != y_i)
        w, b = perceptron_step(x_i, y_i, w, b, learning_rate)
    return w, b, mistakes


def _check_reach(
    X: Array, learning_rate: float, epochs: int, name: str = "learning_rate"
) -> None:
    """Raise if so many perceptron steps on X could overflow.

    >>> _check_reach(np.ones((1, 1)), 1e308, 9)
    Traceback (most recent call last):
    ValueError: learning_rate must be smaller for finite weights, got 1e+308
    """
    with np.errstate(over="ignore"):
        reach = learning_rate * epochs * (1 + np.sum(np.abs(X))) ** 2
    check_arrived(reach, learning_rate=learning_rate, name=name)


def train(
    X: Array, y: Array, learning_rate: float = 1.0, epochs: int = 100
) -> tuple[Array, Scalar, list[int]]:
    """Learn a line from w = 0, b = 0, until an epoch makes no mistake.

    Shapes: X (n, d), y (n,) of 0 and 1; the result is w (d,), b and the
    mistakes of each epoch: at most `epochs` of them, 0 the last of them if
    the line was found. If no line separates the classes, it never is.
    Errors: ValueError for other shapes or labels, η ≤ 0 or epochs < 1.
    Source: Rosenblatt (1958), doi:10.1037/h0042519.

    >>> X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    >>> w, b, mistakes = train(X, np.array([0, 0, 0, 1]))
    >>> w.tolist(), float(b), mistakes
    ([2.0, 1.0], -3.0, [2, 3, 3, 2, 1, 0])
    """
    X, y = check_labels(X, y)
    check_positive(learning_rate, "learning_rate")
    _check_reach(X, learning_rate, check_integer(epochs, "epochs", 1))
    w, b = np.zeros(X.shape[1], X.dtype), X.dtype.type(0)
    mistakes: list[int] = []
    for _ in range(epochs):
        w, b, wrong = perceptron_epoch(X, y, w, b, learning_rate)
        mistakes.append(wrong)
        if wrong == 0:
            break
    return w, b, mistakes


def mistake_bound(X: Array, y: Array, w: Array, b: Scalar) -> float:
    """Bound the mistakes of a perceptron that starts from w = 0, b = 0.

    Formula: (R/γ)², with R = max ‖x̃ᵢ‖, γ = min tᵢ (w̃ · x̃ᵢ) / ‖w̃‖, where
    x̃ = (x, 1) and w̃ = (w, b) treat the bias as one more input and
    t = 2y − 1 is 1 or −1. (w, b) is any line that separates the classes; a
    wider margin γ gives a lower bound.
    Shapes: X (n, d), y (n,) of 0 and 1, w (d,), b a number.
    Errors: ValueError if (w, b) leaves an example on the wrong side or on
    the line.
    Source: Novikoff (1962), On convergence proofs for perceptrons.

    >>> X, y = np.array([[1.0], [-1.0]]), np.array([1, 0])
    >>> round(mistake_bound(X, y, np.array([1.0]), 0.0), 6)
    2.0
    """
    X, y = check_labels(X, y)
    X, w, b = check_line(X, w, b, "X")
    X1 = np.column_stack([X, np.ones(len(X))])
    w1 = np.append(w, b)
    margins = (2 * y - 1) * (X1 @ w1)
    if not np.min(margins) > 0:
        raise ValueError("(w, b) must separate the classes of y")
    R = np.max(np.linalg.norm(X1, axis=1))
    gamma = np.min(margins) / np.linalg.norm(w1)
    return float((R / gamma) ** 2)


class Perceptron(Estimator):
    """A perceptron for any two labels, with scikit-learn's protocol.

    max_iter: the most epochs. learning_rate_init: η. shuffle: take the
    examples in a new order every epoch. rng: seed or generator for that.
    Fitted: coef_ (d,), intercept_, classes_ (2,), n_iter_ (epochs made) and
    mistakes_ (mistakes of each epoch; the last is 0 if a line was found).

    >>> from nnlit.datasets import gate
    >>> data = gate("or")
    >>> Perceptron().fit(data.X, data.y).score(data.X, data.y)
    1.0
    """

    coef_: Array
    intercept_: Scalar
    classes_: Array
    n_iter_: int
    mistakes_: list[int]

    def __init__(
        self,
        max_iter: int = 1000,
        learning_rate_init: float = 1.0,
        shuffle: bool = True,
        rng: Rng = 0,
    ) -> None:
        """Store the parameters; `fit` checks them."""
        self.max_iter = max_iter
        self.learning_rate_init = learning_rate_init
        self.shuffle = shuffle
        self.rng = rng

    def fit(self, X: Array, y: Array) -> Self:
        """Learn from X (n, d) and labels y (n,) of two classes.

        Errors: ValueError or TypeError for bad input, ValueError unless
        there are exactly two classes; the model is then left as it was.
        """
        check_positive(self.learning_rate_init, "learning_rate_init")
        check_integer(self.max_iter, "max_iter", 1)
        rng = as_generator(self.rng)
        X, classes, y = two_classes(X, y)
        rate, epochs = self.learning_rate_init, self.max_iter
        _check_reach(X, rate, epochs, "learning_rate_init")
        w, b = np.zeros(X.shape[1], X.dtype), X.dtype.type(0)
        order = np.arange(len(X))
        mistakes: list[int] = []
        for _ in range(epochs):
            if self.shuffle:
                order = rng.permutation(len(X))
            w, b, wrong = perceptron_epoch(X[order], y[order], w, b, rate)
            mistakes.append(wrong)
            if wrong == 0:
                break
        self.coef_, self.intercept_, self.classes_ = w, b, classes
        self.n_iter_, self.mistakes_ = len(mistakes), mistakes
        return self

    def decision_function(self, X: Array) -> Array:
        """Return the score w · x + b of every row of X (n, d)."""
        self._check_fitted()
        X = check_features(X, features=len(self.coef_))
        return score(X, self.coef_, self.intercept_)

    def predict(self, X: Array) -> Array:
        """Return the label of every row of X (n, d)."""
        y_hat = step(self.decision_function(X))
        return self.classes_[y_hat.astype(int)]

    def score(self, X: Array, y: Array) -> float:
        """Return the share of rows of X (n, d) given their label y (n,)."""
        return accuracy(self.predict(X), y)
