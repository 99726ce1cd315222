"""Logistic regression: the score, the sigmoid, the log loss, downhill."""

from __future__ import annotations

from typing import Self

import numpy as np

from nnlit.activations import sigmoid
from nnlit.checks import (
    check_arrived,
    check_example,
    check_features,
    check_finite,
    check_integer,
    check_labels,
    check_length,
    check_line,
    check_nonnegative,
    check_positive,
    check_unit,
    check_vector,
    two_classes,
)
from nnlit.descent import descent_step
from nnlit.estimator import Estimator
from nnlit.losses import accuracy, binary_cross_entropy_from_scores
from nnlit.types import Array, Scalar

__all__ = [
    "LogisticRegression",
    "example_gradient",
    "example_step",
    "gradient",
    "lipschitz",
    "loss",
    "predict_proba",
    "train",
]


def predict_proba(X: Array, w: Array, b: Scalar) -> Array:
    """Give the probability that the answer is 1.

    Formula: ŷ = σ(Xw + b).
    Shapes: X (n, d) gives (n,), one row (d,) a number; w (d,), b a number.
    Errors: ValueError where the numbers of features differ.
    Source: Cox (1958), doi:10.1111/j.2517-6161.1958.tb00292.x.

    >>> X = np.array([[7.0, 4.0], [9.0, 9.0]])
    >>> predict_proba(X, np.array([2.0, 1.0]), -18.0).round(4)
    array([0.5   , 0.9999])
    """
    X, w, b = check_line(X, w, b, "X", layer=True)
    return sigmoid(X @ w + b)


def _check_model(
    X: Array, y: Array, w: Array, b: Scalar
) -> tuple[Array, Array, Array, Scalar]:
    """Return X (n, d), y (n,) in [0, 1], w (d,) and b, which fit together.

    >>> _check_model([[1.0], [2.0]], [0, -1], [1.0], 0.0)
    Traceback (most recent call last):
    ValueError: y must lie in [0, 1], got -1.0
    """
    X, y = check_features(X), check_finite(check_vector(y), "y")
    check_length(X, y)
    y = check_unit(y.astype(X.dtype), "y")
    X, w, b = check_line(X, w, b, "X")
    return X, y, w, b


def loss(X: Array, y: Array, w: Array, b: Scalar) -> Scalar:
    """Average the log loss of the model over the examples.

    Formula: E = −1/n Σᵢ [yᵢ ln ŷᵢ + (1 − yᵢ) ln(1 − ŷᵢ)], computed from the
    scores Xw + b, so that it stays finite.
    Shapes: X (n, d), y (n,) of 0 and 1, w (d,), b a number.
    Errors: ValueError where shapes do not fit.
    Source: Bishop (2006), Pattern Recognition and Machine Learning, (4.90).

    >>> X, y = np.array([[7.0, 4.0], [9.0, 9.0]]), np.array([0, 1])
    >>> round(float(loss(X, y, np.array([2.0, 1.0]), -18.0)), 4)
    0.3466
    """
    X, y, w, b = _check_model(X, y, w, b)
    return binary_cross_entropy_from_scores(X @ w + b, y)


def gradient(
    X: Array, y: Array, w: Array, b: Scalar
) -> tuple[Array, Scalar]:
    """Give the slope of the mean log loss along every weight and the bias.

    Formula: ∂E/∂w = Xᵀ(ŷ − y) / n, ∂E/∂b = Σᵢ (ŷᵢ − yᵢ) / n.
    Shapes: X (n, d), y (n,) of 0 and 1, w (d,), b a number; the result is
    (∂E/∂w (d,), ∂E/∂b a number).
    Errors: ValueError where shapes do not fit.
    Source: Bishop (2006), Pattern Recognition and Machine Learning, (4.91).

    >>> X, y = np.array([[7.0, 4.0], [9.0, 9.0]]), np.array([0, 1])
    >>> dw, db = gradient(X, y, np.zeros(2), 0.0)
    >>> dw, float(db)
    (array([-0.5 , -1.25]), 0.0)
    """
    X, y, w, b = _check_model(X, y, w, b)
    y_hat = predict_proba(X, w, b)
    n = len(y)
    dw = X.T @ (y_hat - y) / n
    db = np.sum(y_hat - y) / n
    return dw, db


def example_gradient(
    x: Array, y: Scalar, w: Array, b: Scalar
) -> tuple[Array, Scalar]:
    """Give the slope of the log loss of one example.

    Formula: ∂E/∂w = −(y − ŷ) x, ∂E/∂b = −(y − ŷ).
    Shapes: x (d,), y 0 or 1, w (d,), b a number; the result is
    (∂E/∂w (d,), ∂E/∂b a number).
    Errors: ValueError where the numbers of features differ or y is
    another label.
    Source: Bishop (2006), Pattern Recognition and Machine Learning, (4.91).

    >>> dw, db = example_gradient(np.array([9.0, 9.0]), 1, np.zeros(2), 0.0)
    >>> dw, float(db)
    (array([-4.5, -4.5]), -0.5)
    """
    x, w, b = check_example(x, y, w, b)
    y_hat = predict_proba(x, w, b)
    dw = -(y - y_hat) * x
    db = -(y - y_hat)
    return dw, db


def example_step(
    x: Array, y: Scalar, w: Array, b: Scalar, learning_rate: float
) -> tuple[Array, Scalar]:
    """Move weights and bias towards one example, less if it is nearly right.

    Formula: w ← w + η (y − ŷ) x, b ← b + η (y − ŷ): the perceptron's step
    with a probability for ŷ.
    Shapes: x (d,), y 0 or 1, w (d,), b a number; the result is a new (w, b).
    Errors: ValueError where the numbers of features differ, y is another
    label or η ≤ 0.
    Source: Bishop (2006), Pattern Recognition and Machine Learning, 4.3.2.

    >>> w, b = example_step(np.array([9.0, 9.0]), 1, np.zeros(2), 0.0, 0.1)
    >>> w, float(b)
    (array([0.45, 0.45]), 0.05)
    """
    x, w, b = check_example(x, y, w, b)
    check_positive(learning_rate, "learning_rate")
    y_hat = predict_proba(x, w, b)
    w = w + learning_rate * (y - y_hat) * x
    b = b + learning_rate * (y - y_hat)
    return w, b


def lipschitz(X: Array) -> float:
    """Bound how fast the gradient can turn; η = 1/L never overshoots.

    Formula: L = ‖[X 1]‖₂² / 4n, the norm being the largest singular value
    and [X 1] the rows with the bias's input 1 put behind.
    Shapes: X (n, d).
    Errors: ValueError for another shape, or NaN.
    Source: Nesterov (2018), Lectures on Convex Optimization, 2.1.5,
    doi:10.1007/978-3-319-91578-4.

    >>> round(lipschitz(np.array([[1.0], [-1.0]])), 4)
    0.25
    """
    X = check_features(X)
    n = len(X)
    X1 = np.column_stack([X, np.ones(n)])
    return float(np.linalg.norm(X1, 2) ** 2 / (4 * n))


def train(
    X: Array, y: Array, learning_rate: float, epochs: int
) -> tuple[Array, Scalar, list[float], Array]:
    """Walk the mean log loss downhill from w = 0, b = 0.

    Formula: w ← w − η ∂E/∂w, b ← b − η ∂E/∂b, all examples in every step.
    Shapes: X (n, d), y (n,) of 0 and 1; the result is w (d,), b, the epochs +
    1 losses from the start to the end, and the path (epochs + 1, d + 1) with
    (w, b) in each row.
    Errors: ValueError for other shapes or labels, η ≤ 0 or epochs < 0.
    Source: Bishop (2006), Pattern Recognition and Machine Learning, 4.3.2.

    >>> X, y = np.array([[-1.0], [1.0]]), np.array([0, 1])
    >>> w, b, losses, path = train(X, y, learning_rate=1.0, epochs=100)
    >>> w.round(3).tolist(), len(losses), path.shape, losses[-1] < losses[0]
    ([4.589], 101, (101, 2), True)
    """
    X, y = check_labels(X, y)
    check_positive(learning_rate, "learning_rate")
    w, b = np.zeros(X.shape[1], X.dtype), X.dtype.type(0)
    losses, path = [float(loss(X, y, w, b))], [np.append(w, b)]
    for _ in range(check_integer(epochs, "epochs")):
        dw, db = gradient(X, y, w, b)
        w = descent_step(w, dw, learning_rate)
        b = descent_step(b, db, learning_rate)
        losses.append(float(loss(X, y, w, b)))
        path.append(np.append(w, b))
    check_arrived(w, b, learning_rate=learning_rate, name="learning_rate")
    return w, b, losses, np.array(path)


class LogisticRegression(Estimator):
    """Logistic regression for any two labels, with scikit-learn's protocol.

    No penalty. learning_rate_init: η, or None for 1/L, with which the loss
    never rises. max_iter: the most steps. tol: stop when no slope is
    steeper than this.
    Fitted: coef_ (d,), intercept_, classes_ (2,), n_iter_ (steps made) and
    loss_curve_ (n_iter_ + 1 losses). Features of like size are learnt in
    far fewer steps: scale them first.

    >>> from nnlit.datasets import moons
    >>> data = moons()
    >>> model = LogisticRegression().fit(data.X, data.y)
    >>> model.predict_proba(data.X).shape
    (200, 2)
    """

    coef_: Array
    intercept_: Scalar
    classes_: Array
    n_iter_: int
    loss_curve_: list[float]

    def __init__(
        self,
        learning_rate_init: float | None = None,
        max_iter: int = 10_000,
        tol: float = 1e-6,
    ) -> None:
        """Store the parameters; `fit` checks them."""
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.tol = tol

    def fit(self, X: Array, y: Array) -> Self:
        """Learn from X (n, d) and labels y (n,) of two classes.

        Errors: ValueError or TypeError for bad input, ValueError unless
        there are exactly two classes; the model is then left as it was.
        """
        check_integer(self.max_iter, "max_iter", 1)
        check_nonnegative(self.tol, "tol")
        X, classes, y = two_classes(X, y)
        learning_rate = self.learning_rate_init
        if learning_rate is None:
            learning_rate = 1 / lipschitz(X)
        check_positive(learning_rate, "learning_rate_init")
        w, b = np.zeros(X.shape[1], X.dtype), X.dtype.type(0)
        losses = [float(loss(X, y, w, b))]
        for _ in range(self.max_iter):
            dw, db = gradient(X, y, w, b)
            if max(np.max(np.abs(dw)), abs(db)) <= self.tol:
                break
            w = descent_step(w, dw, learning_rate)
            b = descent_step(b, db, learning_rate)
            losses.append(float(loss(X, y, w, b)))
        check_arrived(
            w, b, learning_rate=learning_rate, name="learning_rate_init"
        )
        self.coef_, self.intercept_, self.classes_ = w, b, classes
        self.n_iter_, self.loss_curve_ = len(losses) - 1, losses
        return self

    def predict_proba(self, X: Array) -> Array:
        """Return the probabilities of the two classes (n, 2) for X (n, d)."""
        self._check_fitted()
        X = check_features(X, features=len(self.coef_))
        y_hat = predict_proba(X, self.coef_, self.intercept_)
        return np.column_stack([1 - y_hat, y_hat])

    def predict(self, X: Array) -> Array:
        """Return the likelier label of every row of X (n, d)."""
        likelier = self.predict_proba(X)[:, 1] >= 0.5
        return self.classes_[likelier.astype(int)]

    def score(self, X: Array, y: Array) -> float:
        """Return the share of rows of X (n, d) given their label y (n,)."""
        return accuracy(self.predict(X), y)
