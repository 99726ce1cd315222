"""Groups without labels: k-means."""

from __future__ import annotations

from typing import Self

import numpy as np

from nnlit.checks import (
    as_generator,
    check_choice,
    check_features,
    check_integer,
    check_length,
    check_nonnegative,
    check_vector,
    class_numbers,
)
from nnlit.estimator import Estimator
from nnlit.types import Array, Rng

__all__ = [
    "KMeans",
    "assign",
    "inertia",
    "k_means",
    "k_means_plus_plus",
    "means",
    "purity",
    "squared_distances",
]


def _check_centers(X: Array, centers: Array) -> tuple[Array, Array]:
    """Return examples X (n, d) and centers (K, d) as finite floats.

    >>> _check_centers(np.eye(2), np.zeros((1, 3)))
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


def squared_distances(X: Array, centers: Array) -> Array:
    """Give the squared distance of every example from every centre.

    Formula: ‖xᵢ − cₖ‖² = ‖xᵢ‖² − 2 xᵢ · cₖ + ‖cₖ‖², after the mean of the
    centres is taken from both, so that little is lost where all are far from
    0. Rounding below 0 is cut off.
    Shapes: X (n, d), centers (K, d); the result (n, K).
    Source: Lloyd (1982), doi:10.1109/TIT.1982.1056489.

    >>> centers = np.array([[3.0, 4.0], [0.0, 1.0]])
    >>> squared_distances(np.zeros((1, 2)), centers)
    array([[25.,  1.]])
    """
    X, centers = _check_centers(X, centers)
    middle = centers.mean(axis=0)
    X, centers = X - middle, centers - middle
    lengths = np.sum(X**2, axis=1)[:, None] + np.sum(centers**2, axis=1)
    return np.maximum(lengths - 2 * X @ centers.T, 0)


def assign(X: Array, centers: Array) -> Array:
    """Give every example the number of its nearest centre.

    Formula: zᵢ = argminₖ ‖xᵢ − cₖ‖², the first one where several tie.
    Shapes: X (n, d), centers (K, d); the result (n,) of 0 … K − 1.
    Source: Lloyd (1982), doi:10.1109/TIT.1982.1056489.

    >>> assign(np.array([[0.0], [9.0]]), np.array([[1.0], [8.0]]))
    array([0, 1])
    """
    return squared_distances(X, centers).argmin(axis=1)


def _check_groups(
    X: Array, labels: Array, centers: Array
) -> tuple[Array, Array, Array]:
    """Return X (n, d), the number of each row's centre, and centers (K, d).

    >>> _check_groups(np.eye(2), [0, -1], np.eye(2))
    Traceback (most recent call last):
    ValueError: labels must hold 0 to 1, got -1
    """
    X, centers = _check_centers(X, centers)
    labels = class_numbers(labels, len(centers), "labels")
    check_length(X, labels, "X", "labels")
    return X, labels, centers


def means(X: Array, labels: Array, centers: Array) -> Array:
    """Move every centre to the mean of its examples.

    Formula: cₖ = 1/nₖ Σᵢ xᵢ, i over the nₖ examples with zᵢ = k. A centre
    without examples goes to the example that is farthest from its own.
    Shapes: X (n, d), labels (n,), centers (K, d) as they were; the result
    (K, d), new.
    Source: Lloyd (1982), doi:10.1109/TIT.1982.1056489.

    >>> X = np.array([[0.0], [2.0], [9.0]])
    >>> means(X, np.array([0, 0, 1]), np.zeros((2, 1)))
    array([[1.],
           [9.]])
    """
    X, labels, centers = _check_groups(X, labels, centers)
    moved = np.empty_like(centers)
    away = np.sum((X - centers[labels]) ** 2, axis=1)
    for k in range(len(centers)):
        mine = labels == k
        if mine.any():
            moved[k] = X[mine].mean(axis=0)
        else:
            farthest = away.argmax()
            moved[k], away[farthest] = X[farthest], -1
    return moved


def inertia(X: Array, labels: Array, centers: Array) -> float:
    """Say how tight the groups are: what k-means makes smaller step by step.

    Formula: Σᵢ ‖xᵢ − c_zᵢ‖².
    Shapes: X (n, d), labels (n,), centers (K, d); the result is a number.
    Source: Lloyd (1982), doi:10.1109/TIT.1982.1056489.

    >>> inertia(np.array([[0.0], [2.0]]), np.array([0, 0]), np.array([[1.0]]))
    2.0
    """
    X, labels, centers = _check_groups(X, labels, centers)
    return float(np.sum((X - centers[labels]) ** 2))


def k_means_plus_plus(X: Array, n_clusters: int, rng: Rng = 0) -> Array:
    """Draw centres to start from, far from one another.

    Formula: the first is an example drawn evenly; each further one is x with
    probability D(x)² / Σ D², D(x) the distance from the nearest centre so far
    (drawn evenly where every D is 0).
    Shapes: X (n, d); the result (n_clusters, d), rows of X.
    Errors: ValueError unless 1 ≤ n_clusters ≤ n.
    Source: Arthur & Vassilvitskii (2007), SODA, 1027–1035.

    >>> k_means_plus_plus(np.array([[0.0], [0.0], [9.0]]), 2, rng=0)
    array([[9.],
           [0.]])
    """
    X, rng, n = check_features(X), as_generator(rng), len(X)
    check_integer(n_clusters, "n_clusters", 1)
    if n_clusters > n:
        raise ValueError(
            f"n_clusters must be at most the {n} examples, got {n_clusters}"
        )
    centers = X[[rng.integers(n)]]
    for _ in range(1, n_clusters):
        D = squared_distances(X, centers).min(axis=1)
        drawn = rng.choice(n, p=D / D.sum() if D.sum() > 0 else None)
        centers = np.vstack([centers, X[drawn]])
    return centers


def k_means(
    X: Array, centers: Array, max_iter: int = 300, tol: float = 0.0
) -> tuple[Array, Array, int]:
    """Assign and average in turn until nothing moves.

    Formula: z ← assign(X, c), c ← means(X, z, c), until no centre moves by
    more than tol. Neither step can raise the inertia.
    Shapes: X (n, d), centers (K, d) to start from; the result is the centres
    (K, d), the labels (n,) that go with them, and the number of rounds.
    Errors: ValueError for max_iter < 1 or tol < 0.
    Source: Lloyd (1982), doi:10.1109/TIT.1982.1056489.

    >>> X = np.array([[0.0], [2.0], [8.0], [10.0]])
    >>> centers, labels, rounds = k_means(X, np.array([[0.0], [2.0]]))
    >>> centers.ravel(), labels, rounds
    (array([1., 9.]), array([0, 0, 1, 1]), 3)
    """
    X, centers = _check_centers(X, centers)
    check_integer(max_iter, "max_iter", 1)
    check_nonnegative(tol, "tol")
    rounds, moved = 0, np.inf
    while rounds < max_iter and moved > tol:
        before, rounds = centers, rounds + 1
        centers = means(X, assign(X, centers), centers)
        moved = np.abs(centers - before).max()
    return centers, assign(X, centers), rounds


def purity(labels: Array, y: Array) -> float:
    """Say how well groups go with classes that they have never seen.

    Formula: 1/n Σₖ maxⱼ nₖⱼ, nₖⱼ how many of group k are of class j: the
    share that is right if every group is named after its commonest class.
    More groups than classes make it larger by themselves.
    Shapes: labels and y (n,); the result in (0, 1].
    Errors: ValueError where they are not (n,) each, or empty.
    Source: Manning, Raghavan & Schütze (2008), Introduction to Information
    Retrieval, 16.3.

    >>> purity(np.array([0, 0, 1, 1]), np.array(["a", "a", "a", "b"]))
    0.75
    """
    labels, y = check_vector(labels, "labels"), check_vector(y)
    check_length(labels, y, "labels")
    if len(y) == 0:
        raise ValueError("labels must hold at least one group, got none")
    _, groups = np.unique(labels, return_inverse=True)
    _, classes = np.unique(y, return_inverse=True)
    counts = np.zeros((groups.max() + 1, classes.max() + 1))
    np.add.at(counts, (groups, classes), 1)
    return float(counts.max(axis=1).sum() / len(y))


class KMeans(Estimator):
    """k-means from several starts, the tightest kept, as in scikit-learn.

    n_clusters: K. init: "k-means++" or "random" (K of the examples). n_init:
    number of starts. max_iter, tol: see k_means. rng: seed or Generator.

    Fitted: cluster_centers_ (K, d), labels_ (n,), inertia_, n_iter_.

    >>> X = np.array([[0.0], [2.0], [8.0], [10.0]])
    >>> model = KMeans(2).fit(X)
    >>> sorted(model.cluster_centers_.ravel().tolist()), model.inertia_
    ([1.0, 9.0], 4.0)
    """

    cluster_centers_: Array
    labels_: Array
    inertia_: float
    n_iter_: int

    def __init__(
        self,
        n_clusters: int = 8,
        init: str = "k-means++",
        n_init: int = 10,
        max_iter: int = 300,
        tol: float = 0.0,
        rng: Rng = 0,
    ) -> None:
        """Store the parameters; `fit` checks them."""
        self.n_clusters = n_clusters
        self.init = init
        self.n_init = n_init
        self.max_iter = max_iter
        self.tol = tol
        self.rng = rng

    def fit(self, X: Array, y: None = None) -> Self:
        """Group the rows of X (n, d) and return the model.

        Errors: ValueError or TypeError for bad input, the model being left
        as it was. y is there for scikit-learn and not looked at.
        """
        X, rng = check_features(X), as_generator(self.rng)
        check_choice(self.init, "init", ("k-means++", "random"))
        starts = check_integer(self.n_init, "n_init", 1)
        check_integer(self.max_iter, "max_iter", 1)
        check_nonnegative(self.tol, "tol")
        runs = [
            k_means(X, self._start(X, rng), self.max_iter, self.tol)
            for _ in range(starts)
        ]
        losses = [inertia(X, labels, centers) for centers, labels, _ in runs]
        best = int(np.argmin(losses))
        self.cluster_centers_, self.labels_, self.n_iter_ = runs[best]
        self.inertia_ = losses[best]
        return self

    def _start(self, X: Array, rng: np.random.Generator) -> Array:
        if self.init == "k-means++":
            return k_means_plus_plus(X, self.n_clusters, rng)
        check_integer(self.n_clusters, "n_clusters", 1)
        if self.n_clusters > len(X):
            raise ValueError(
                f"n_clusters must be at most the {len(X)} examples, "
                f"got {self.n_clusters}"
            )
        return X[rng.permutation(len(X))[: self.n_clusters]]

    def predict(self, X: Array) -> Array:
        """Return the number of the nearest centre for each row of X."""
        self._check_fitted()
        X = check_features(X, self.cluster_centers_.shape[1])
        return assign(X, self.cluster_centers_)

    def fit_predict(self, X: Array, y: None = None) -> Array:
        """Fit, and return the group of each row of X (n, d)."""
        return self.fit(X).labels_

    def transform(self, X: Array) -> Array:
        """Return the distances (n, K) of X (n, d) from the centres."""
        self._check_fitted()
        X = check_features(X, self.cluster_centers_.shape[1])
        return np.sqrt(squared_distances(X, self.cluster_centers_))
