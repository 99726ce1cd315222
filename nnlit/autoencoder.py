"""Fewer numbers for the same thing: principal components and autoencoders."""

from __future__ import annotations

from typing import Self

import numpy as np

from nnlit.checks import (
    check_features,
    check_finite,
    check_integer,
    check_shape,
)
from nnlit.estimator import Estimator
from nnlit.mlp import MLPRegressor
from nnlit.network import forward
from nnlit.training import Trainer
from nnlit.types import Array, Scalar

__all__ = [
    "PCA",
    "Autoencoder",
    "principal_components",
    "project",
    "reconstruct",
    "reconstruction_error",
]


def principal_components(
    X: Array, n_components: int
) -> tuple[Array, Array, Array]:
    """Find the directions in which the data vary most.

    Formula: X − x̄ = U S Vᵀ, the singular value decomposition; the columns
    of V with the largest singular values are the components. Each is turned
    so that its largest entry is positive.
    Shapes: X (n, d); the result is the mean x̄ (d,), V (d, n_components) and
    the singular values (n_components,), largest first.
    Errors: ValueError unless 1 ≤ n_components ≤ min(n, d).
    Source: Jolliffe & Cadima (2016), doi:10.1098/rsta.2015.0202.

    >>> X = np.array([[0.0, 0.0], [3.0, 4.0], [6.0, 8.0]])
    >>> mean, V, s = principal_components(X, 1)
    >>> mean, V.round(2).tolist(), s.round(4)
    (array([3., 4.]), [[0.6], [0.8]], array([7.0711]))
    """
    X = check_features(X)
    check_integer(n_components, "n_components", 1)
    if n_components > min(X.shape):
        raise ValueError(
            f"n_components must be at most {min(X.shape)} for X of shape "
            f"{X.shape}, got {n_components}"
        )
    mean = X.mean(axis=0)
    _, s, V_T = np.linalg.svd(X - mean, full_matrices=False)
    V = V_T[:n_components].T
    largest = V[np.abs(V).argmax(axis=0), np.arange(n_components)]
    return mean, V * np.sign(largest), s[:n_components]


def _check_components(
    X: Array, mean: Array, V: Array, axis: int, name: str
) -> tuple[Array, Array, Array]:
    """Return X (n, d) or its coordinates (n, k), mean (d,) and V (d, k).

    axis: which side of V the columns of the first belong to.

    >>> _check_components(np.eye(2), np.zeros(2), np.ones((3, 1)), 0, "X")
    Traceback (most recent call last):
    ValueError: V must have shape (2, k), got (3, 1)
    """
    X = check_features(X, name=name)
    mean, V = check_finite(mean, "mean"), check_finite(V, "V")
    check_shape(mean, ("d",), "mean")
    check_shape(V, (len(mean), "k"), "V")
    if X.shape[1] != V.shape[axis]:
        raise ValueError(
            f"{name} must have {V.shape[axis]} columns, got {X.shape[1]}"
        )
    return X, mean, V


def project(X: Array, mean: Array, V: Array) -> Array:
    """Give each example's coordinates along the components.

    Formula: C = (X − x̄) V.
    Shapes: X (n, d), x̄ (d,), V (d, k); the result (n, k).
    Source: Jolliffe & Cadima (2016), doi:10.1098/rsta.2015.0202.

    >>> mean, V = np.array([3.0, 4.0]), np.array([[0.6], [0.8]])
    >>> project(np.array([[6.0, 8.0]]), mean, V)
    array([[5.]])
    """
    X, mean, V = _check_components(X, mean, V, 0, "X")
    return (X - mean) @ V


def reconstruct(C: Array, mean: Array, V: Array) -> Array:
    """Put examples together again from their coordinates.

    Formula: X̂ = C Vᵀ + x̄.
    Shapes: C (n, k), x̄ (d,), V (d, k); the result (n, d).
    Source: Jolliffe & Cadima (2016), doi:10.1098/rsta.2015.0202.

    >>> mean, V = np.array([3.0, 4.0]), np.array([[0.6], [0.8]])
    >>> reconstruct(np.array([[5.0]]), mean, V)
    array([[6., 8.]])
    """
    C, mean, V = _check_components(C, mean, V, 1, "C")
    return C @ V.T + mean


def reconstruction_error(X_hat: Array, X: Array) -> Scalar:
    """Say how far copies are from their originals.

    Formula: 1/n Σᵢ ‖xᵢ − x̂ᵢ‖², summed over the d features of an example.
    Shapes: X̂ and X (n, d); the result is a number.
    Errors: ValueError where the shapes differ.
    Source: Hinton & Salakhutdinov (2006), doi:10.1126/science.1127647.

    >>> float(reconstruction_error(np.zeros((2, 2)), np.eye(2)))
    1.0
    """
    X, X_hat = check_features(X), check_features(X_hat, name="X_hat")
    check_shape(X_hat, X.shape, "X_hat")
    n = len(X)
    return 1 / n * np.sum((X - X_hat) ** 2)


class PCA(Estimator):
    """Principal components with scikit-learn's protocol.

    n_components: how many directions to keep.

    Fitted: mean_ (d,), components_ (n_components, d), singular_values_,
    explained_variance_ (n_components,), the variance along each, and
    explained_variance_ratio_, its share of the whole.

    >>> X = np.array([[0.0, 0.0], [3.0, 4.0], [6.0, 8.0]])
    >>> pca = PCA(1).fit(X)
    >>> pca.transform(X).round(2).tolist()
    [[-5.0], [0.0], [5.0]]
    >>> pca.explained_variance_ratio_.round(6)
    array([1.])
    """

    mean_: Array
    components_: Array
    singular_values_: Array
    explained_variance_: Array
    explained_variance_ratio_: Array

    def __init__(self, n_components: int = 2) -> None:
        """Store the parameter; `fit` checks it."""
        self.n_components = n_components

    def fit(self, X: Array, y: None = None) -> Self:
        """Find the components of X (n, d), n ≥ 2, and return the model.

        Errors: ValueError or TypeError for bad input, the model being left
        as it was. y is there for scikit-learn and not looked at.
        """
        X = check_features(X)
        if len(X) < 2:
            raise ValueError("X must have at least 2 rows to vary, got 1")
        mean, V, s = principal_components(X, self.n_components)
        whole = np.var(X, axis=0, ddof=1).sum()
        self.mean_, self.components_, self.singular_values_ = mean, V.T, s
        self.explained_variance_ = s**2 / (len(X) - 1)
        share = self.explained_variance_ / (whole if whole > 0 else 1)
        self.explained_variance_ratio_ = share
        return self

    def transform(self, X: Array) -> Array:
        """Return the coordinates (n, n_components) of X (n, d)."""
        self._check_fitted()
        X = check_features(X, len(self.mean_))
        return project(X, self.mean_, self.components_.T)

    def fit_transform(self, X: Array, y: None = None) -> Array:
        """Fit, and return the coordinates of X (n, d)."""
        return self.fit(X).transform(X)

    def inverse_transform(self, C: Array) -> Array:
        """Return the examples (n, d) that have the coordinates C."""
        self._check_fitted()
        C = check_features(C, len(self.components_), "C")
        return reconstruct(C, self.mean_, self.components_.T)


class Autoencoder(MLPRegressor):
    """A network that learns to say what it hears through a narrow middle.

    Parameters as MLPRegressor's. The smallest hidden layer is the code (the
    first one of them); the layers up to it are the encoder, the others the
    decoder. With activation="identity" it can do no better than PCA with as
    many components.

    Fitted: as MLPRegressor; code_layer_, the code's place among the layers.

    >>> from nnlit.datasets import iris
    >>> X = iris().X - iris().X.mean(axis=0)
    >>> model = Autoencoder((8, 2, 8), "tanh", learning_rate_init=0.01)
    >>> codes = model.fit(X).transform(X)
    >>> codes.shape, model.score(X) > 0.95
    ((150, 2), True)
    """

    code_layer_: int

    def fit(self, X: Array, y: Array | None = None) -> Self:
        """Learn to reconstruct X (n, d), and return the model.

        Errors: as MLPRegressor, and ValueError without a hidden layer. y is
        there for scikit-learn and not looked at.
        """
        self._check_hidden()
        return super().fit(X, X)

    def partial_fit(
        self, X: Array, y: Array | None = None, classes: Array | None = None
    ) -> Self:
        """Go once through X (n, d), on from what is learnt already."""
        self._check_hidden()
        return super().partial_fit(X, X)

    def transform(self, X: Array) -> Array:
        """Return the codes (n, units) of X (n, d)."""
        self._check_fitted()
        X, code = check_features(X, len(self.coefs_[0])), self.code_layer_ + 1
        return self._through(X, slice(0, code), self._hidden_activation())

    def inverse_transform(self, C: Array) -> Array:
        """Return the examples (n, d) that the codes C (n, units) mean."""
        self._check_fitted()
        code = self.code_layer_ + 1
        C = check_features(C, len(self.coefs_[code]), "C")
        return self._through(C, slice(code, None), self._output())

    def score(self, X: Array, y: Array | None = None) -> float:
        """Return how much of the variance of X survives, R² over all entries.

        Formula: 1 − Σᵢ ‖xᵢ − x̂ᵢ‖² / Σᵢ ‖xᵢ − x̄‖².
        """
        X = check_features(X)
        whole = np.sum((X - X.mean(axis=0)) ** 2)
        left = len(X) * reconstruction_error(self.predict(X), X)
        return float(1 - left / (whole if whole > 0 else 1))

    def _through(self, A: Array, layers: slice, output: str) -> Array:
        parameters = list(zip(self.coefs_, self.intercepts_, strict=True))
        A = A.astype(self.coefs_[0].dtype, copy=False)
        hidden = self._hidden_activation()
        return forward(A, parameters[layers], hidden, output)[0]

    def _learnt(self, trainer: Trainer) -> None:
        super()._learnt(trainer)
        widths = [len(b) for b in self.intercepts_[:-1]]
        self.code_layer_ = widths.index(min(widths))

    def _check_hidden(self) -> None:
        if not self._hidden():
            raise ValueError(
                "hidden_layer_sizes must name at least one layer"
            )
