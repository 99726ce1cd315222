"""Losses, each directly above its gradient, and counts of right answers.

A name says whether a loss is a sum or a mean. Losses take predictions first,
true answers second, and give one number; gradients are with respect to the
predictions (or scores) and have their shape.
"""

from __future__ import annotations

import numpy as np

from nnlit.activations import log_softmax, sigmoid, softmax
from nnlit.checks import (
    as_array,
    as_float,
    check_binary,
    check_integer,
    check_length,
    check_probabilities,
    check_scores,
    check_shape,
    check_vector,
    class_numbers,
    pair,
)
from nnlit.types import Array, Scalar

__all__ = [
    "accuracy",
    "binary_cross_entropy",
    "binary_cross_entropy_from_scores",
    "binary_cross_entropy_from_scores_gradient",
    "binary_cross_entropy_gradient",
    "confusion_matrix",
    "cross_entropy",
    "cross_entropy_from_scores",
    "cross_entropy_from_scores_gradient",
    "cross_entropy_gradient",
    "half_squared_error",
    "half_squared_error_gradient",
    "likelihood",
    "mean_squared_error",
    "mean_squared_error_gradient",
    "negative_log_likelihood",
    "one_hot",
    "precision",
    "recall",
    "softplus",
]


def half_squared_error(y_hat: Array, y: Array) -> Scalar:
    """Add up half the squares of the errors: a sum, not a mean.

    Formula: E = ½ Σᵢ (ŷᵢ − yᵢ)².
    Shapes: ŷ and y of one shape, any; the result is a number.
    Errors: ValueError where the shapes differ.
    Source: Rumelhart, Hinton & Williams (1986), doi:10.1038/323533a0.

    >>> float(half_squared_error(np.array([10.0]), np.array([8.0])))
    2.0
    """
    y_hat, y = pair(y_hat, y)
    return 0.5 * np.sum((y_hat - y) ** 2)


def half_squared_error_gradient(y_hat: Array, y: Array) -> Array:
    """Give the slope of half_squared_error along each prediction.

    Formula: ∂E/∂ŷᵢ = ŷᵢ − yᵢ.
    Shapes: ŷ and y of one shape, any; the result has it, too.
    Errors: ValueError where the shapes differ.
    Source: Rumelhart, Hinton & Williams (1986), doi:10.1038/323533a0.

    >>> half_squared_error_gradient(np.array([10.0]), np.array([8.0]))
    array([2.])
    """
    y_hat, y = pair(y_hat, y)
    return y_hat - y


def mean_squared_error(y_hat: Array, y: Array) -> Scalar:
    """Average the squares of the errors.

    Formula: E = 1/n Σᵢ (ŷᵢ − yᵢ)², n the number of all entries.
    Shapes: ŷ and y of one shape, any; the result is a number, in the unit
    of y squared.
    Errors: ValueError where the shapes differ.
    Source: Bishop (2006), Pattern Recognition and Machine Learning, 1.1.

    >>> float(mean_squared_error(np.array([1.0, 4.0]), np.array([2.0, 2.0])))
    2.5
    """
    y_hat, y = pair(y_hat, y)
    return np.mean((y_hat - y) ** 2)


def mean_squared_error_gradient(y_hat: Array, y: Array) -> Array:
    """Give the slope of mean_squared_error along each prediction.

    Formula: ∂E/∂ŷᵢ = 2/n (ŷᵢ − yᵢ).
    Shapes: ŷ and y of one shape, any; the result has it, too.
    Errors: ValueError where the shapes differ.
    Source: Bishop (2006), Pattern Recognition and Machine Learning, 1.1.

    >>> y_hat, y = np.array([1.0, 4.0]), np.array([2.0, 2.0])
    >>> mean_squared_error_gradient(y_hat, y)
    array([-1.,  2.])
    """
    y_hat, y = pair(y_hat, y)
    n = y.size
    return 2 / n * (y_hat - y)


def likelihood(p: Array, y: Array) -> Scalar:
    """Give the chance of exactly these answers, cases being independent.

    Formula: L = Πᵢ pᵢ^yᵢ (1 − pᵢ)^(1 − yᵢ), p the chance of y = 1.
    Shapes: p and y of one shape, any; the result is a number in [0, 1].
    Errors: ValueError where the shapes differ or p or y leaves [0, 1].
    Source: Bishop (2006), Pattern Recognition and Machine Learning, (4.89).

    >>> round(float(likelihood([0.8, 0.7, 0.1], [1, 1, 0])), 3)
    0.504
    """
    p, y = check_probabilities(p, y, "p")
    return np.prod(p**y * (1 - p) ** (1 - y))


def negative_log_likelihood(p: Array, y: Array) -> Scalar:
    """Give −ln of the likelihood, as a sum over the cases.

    Formula: −ln L = −Σᵢ [yᵢ ln pᵢ + (1 − yᵢ) ln(1 − pᵢ)], with 0 ln 0 = 0;
    infinite if something impossible has happened.
    Shapes: p and y of one shape, any; the result is a number.
    Errors: ValueError where the shapes differ or p or y leaves [0, 1].
    Source: Bishop (2006), Pattern Recognition and Machine Learning, (4.90).

    >>> round(float(negative_log_likelihood([0.8, 0.7, 0.1], [1, 1, 0])), 3)
    0.685
    """
    p, y = check_probabilities(p, y, "p")
    return -np.sum(_times_log(y, p) + _times_log(1 - y, 1 - p))


def _times_log(y: Array, p: Array) -> Array:
    """Return y ln p, where y = 0 gives 0 whatever p is.

    >>> _times_log(np.array([0.0, 1.0, 1.0]), np.array([0.0, 1.0, 0.0]))
    array([  0.,   0., -inf])
    """
    with np.errstate(divide="ignore"):
        return y * np.log(np.where(y == 0, 1, p))


def _over(y: Array, p: Array) -> Array:
    """Return y / p, where y = 0 gives 0 whatever p is.

    >>> _over(np.array([0.0, 1.0, 1.0]), np.array([0.0, 0.5, 0.0]))
    array([ 0.,  2., inf])
    """
    with np.errstate(divide="ignore"):
        return y / np.where(y == 0, 1, p)


def binary_cross_entropy(y_hat: Array, y: Array) -> Scalar:
    """Average the cross-entropy of probabilities and answers of two classes.

    Formula: E = −1/n Σᵢ [yᵢ ln ŷᵢ + (1 − yᵢ) ln(1 − ŷᵢ)], with 0 ln 0 = 0:
    a certain and right prediction costs 0. A certain and wrong one costs
    infinity, since no later evidence could mend it; no clipping hides that.
    To train, use binary_cross_entropy_from_scores, which stays finite.
    Shapes: ŷ and y of one shape, any; the result is a number.
    Errors: ValueError where the shapes differ or ŷ or y leaves [0, 1].
    Source: Bishop (2006), Pattern Recognition and Machine Learning, (4.90).

    >>> round(float(binary_cross_entropy([0.9, 0.2], [1, 0])), 4)
    0.1643
    """
    y_hat, y = check_probabilities(y_hat, y)
    return -np.mean(_times_log(y, y_hat) + _times_log(1 - y, 1 - y_hat))


def binary_cross_entropy_gradient(y_hat: Array, y: Array) -> Array:
    """Give the slope of binary_cross_entropy along each probability.

    Formula: ∂E/∂ŷᵢ = −1/n [yᵢ / ŷᵢ − (1 − yᵢ) / (1 − ŷᵢ)], a term with
    numerator 0 being 0.
    Shapes: ŷ and y of one shape, any; the result has it, too.
    Errors: ValueError where the shapes differ or ŷ or y leaves [0, 1].
    Source: Bishop (2006), Pattern Recognition and Machine Learning, 4.3.2.

    >>> binary_cross_entropy_gradient(np.array([0.5, 0.8]), [1, 0])
    array([-1. ,  2.5])
    """
    y_hat, y = check_probabilities(y_hat, y)
    n = y.size
    return -1 / n * (_over(y, y_hat) - _over(1 - y, 1 - y_hat))


def softplus(z: Array) -> Array:
    """Give −ln(1 − σ(z)), the cost of the score z when the answer is 0.

    Formula: softplus(z) = ln(1 + eᶻ) = ln(e⁰ + eᶻ), computed without
    overflow. Its slope is σ(z).
    Shapes: any; the result has the shape and the float dtype of z.
    Errors: TypeError for what is not a real number.
    Source: Dugas et al. (2000), NIPS 13.

    >>> softplus(np.array([-1000.0, 0.0, 10.0])).round(4)
    array([ 0.    ,  0.6931, 10.    ])
    """
    return np.logaddexp(0, as_float(z, "z"))


def binary_cross_entropy_from_scores(z: Array, y: Array) -> Scalar:
    """Average the cross-entropy of scores and answers of two classes.

    Formula: E = −1/n Σᵢ [yᵢ ln σ(zᵢ) + (1 − yᵢ) ln(1 − σ(zᵢ))]
               = 1/n Σᵢ [yᵢ softplus(−zᵢ) + (1 − yᵢ) softplus(zᵢ)].
    Finite for every finite score.
    Shapes: z and y of one shape, any; the result is a number.
    Errors: ValueError where the shapes differ or y leaves [0, 1].
    Source: Bishop (2006), Pattern Recognition and Machine Learning, (4.90).

    >>> z, y = np.array([1000.0, -1000.0]), np.array([0, 0])
    >>> float(binary_cross_entropy_from_scores(z, y))
    500.0
    """
    z, y = check_scores(z, y)
    return np.mean(y * softplus(-z) + (1 - y) * softplus(z))


def binary_cross_entropy_from_scores_gradient(z: Array, y: Array) -> Array:
    """Give the slope of binary_cross_entropy_from_scores along each score.

    Formula: ∂E/∂zᵢ = 1/n (σ(zᵢ) − yᵢ).
    Shapes: z and y of one shape, any; the result has it, too.
    Errors: ValueError where the shapes differ or y leaves [0, 1].
    Source: Bishop (2006), Pattern Recognition and Machine Learning, (4.91).

    >>> z, y = np.array([0.0, 0.0]), np.array([0, 1])
    >>> binary_cross_entropy_from_scores_gradient(z, y)
    array([ 0.25, -0.25])
    """
    z, y = check_scores(z, y)
    n = y.size
    return 1 / n * (sigmoid(z) - y)


def one_hot(y: Array, K: int) -> Array:
    """Write class numbers as rows of K zeros with a 1 at the class.

    Formula: Yᵢₖ = [yᵢ = k].
    Shapes: y (n,) of whole numbers 0 … K−1; the result (n, K).
    Errors: TypeError for labels that are not integers, ValueError for
    labels below 0 (NumPy would count from the end) or from K on.

    >>> one_hot(np.array([2, 0]), 3)
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    y = class_numbers(y, check_integer(K, "K", 1))
    return np.eye(K)[y]


def _one_hot_like(P: Array, Y: Array, name: str) -> tuple[Array, Array]:
    """Return P (n, K) as floats, Y one-hot if it was class numbers."""
    P = check_shape(P, ("n", "K"), name)
    Y, K = as_array(Y, "Y"), P.shape[1]
    if Y.ndim == 1:
        Y = np.eye(K, dtype=P.dtype)[class_numbers(Y, K, "Y")]
    return P, Y


def cross_entropy(P: Array, Y: Array) -> Scalar:
    """Average the cross-entropy of probabilities and answers of K classes.

    Formula: E = −1/n Σᵢ Σₖ Yᵢₖ ln Pᵢₖ, with 0 ln 0 = 0. As with two
    classes, a certain and wrong prediction costs infinity.
    Shapes: P (n, K); Y one-hot (n, K) or class numbers (n,); the result is
    a number.
    Errors: ValueError where the shapes differ, P or Y leaves [0, 1] or a
    class number is outside 0 … K−1.
    Source: Bishop (2006), Pattern Recognition and Machine Learning, (4.108).

    >>> P = np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]])
    >>> round(float(cross_entropy(P, np.array([0, 2]))), 4)
    0.2899
    """
    P, Y = check_probabilities(*_one_hot_like(P, Y, "P"), "P", "Y")
    n = len(P)
    return -1 / n * np.sum(_times_log(Y, P))


def cross_entropy_gradient(P: Array, Y: Array) -> Array:
    """Give the slope of cross_entropy along each probability.

    Formula: ∂E/∂Pᵢₖ = −1/n Yᵢₖ / Pᵢₖ, a term with numerator 0 being 0.
    Shapes: P (n, K); Y one-hot (n, K) or class numbers (n,); the result
    (n, K).
    Errors: as cross_entropy.
    Source: Bishop (2006), Pattern Recognition and Machine Learning, 4.3.4.

    >>> cross_entropy_gradient(np.array([[0.5, 0.5]]), np.array([1]))
    array([[-0., -2.]])
    """
    P, Y = check_probabilities(*_one_hot_like(P, Y, "P"), "P", "Y")
    n = len(P)
    return -1 / n * _over(Y, P)


def cross_entropy_from_scores(Z: Array, Y: Array) -> Scalar:
    """Average the cross-entropy of scores and answers of K classes.

    Formula: E = −1/n Σᵢ Σₖ Yᵢₖ ln softmax(Zᵢ)ₖ. Finite for every finite
    score.
    Shapes: Z (n, K); Y one-hot (n, K) or class numbers (n,); the result is
    a number.
    Errors: ValueError where the shapes differ, Y leaves [0, 1] or a class
    number is outside 0 … K−1.
    Source: Bishop (2006), Pattern Recognition and Machine Learning, (4.108).

    >>> Z = np.array([[0.0, 0.0], [1e4, -1e4]])
    >>> round(float(cross_entropy_from_scores(Z, np.array([0, 0]))), 4)
    0.3466
    """
    Z, Y = check_scores(*_one_hot_like(Z, Y, "Z"), "Z", "Y")
    n = len(Z)
    return -1 / n * np.sum(Y * log_softmax(Z))


def cross_entropy_from_scores_gradient(Z: Array, Y: Array) -> Array:
    """Give the slope of cross_entropy_from_scores along each score.

    Formula: ∂E/∂Zᵢₖ = 1/n (softmax(Zᵢ)ₖ − Yᵢₖ), rows of Y adding up to 1.
    Shapes: Z (n, K); Y one-hot (n, K) or class numbers (n,); the result
    (n, K).
    Errors: as cross_entropy_from_scores.
    Source: Bishop (2006), Pattern Recognition and Machine Learning, (4.109).

    >>> cross_entropy_from_scores_gradient(np.zeros((1, 2)), np.array([1]))
    array([[ 0.5, -0.5]])
    """
    Z, Y = check_scores(*_one_hot_like(Z, Y, "Z"), "Z", "Y")
    n = len(Z)
    return 1 / n * (softmax(Z) - Y)


def accuracy(y_hat: Array, y: Array) -> float:
    """Give the share of right answers.

    Formula: 1/n Σᵢ [ŷᵢ = yᵢ].
    Shapes: ŷ and y labels (n,), numbers or text; the result in [0, 1].
    Errors: ValueError where they are not (n,) each, or empty.

    >>> accuracy(np.array(["yes", "no"]), np.array(["yes", "yes"]))
    0.5
    """
    y_hat, y = check_vector(y_hat, "y_hat"), check_vector(y)
    if len(y_hat) != len(y) or len(y) == 0:
        raise ValueError(
            "y_hat and y must have the same length, at least 1, "
            f"got {len(y_hat)} and {len(y)}"
        )
    return float(np.mean(y_hat == y))


def confusion_matrix(y_hat: Array, y: Array, K: int) -> Array:
    """Count which class was taken for which.

    Formula: C = Yᵀ Ŷ with one-hot rows, Cₖₗ = Σᵢ [yᵢ = k] [ŷᵢ = l]: rows are
    the true classes, columns the answers, right ones on the diagonal.
    Shapes: ŷ and y class numbers (n,) of 0 … K−1; the result (K, K) of
    whole numbers.
    Errors: as one_hot, and ValueError where the lengths differ.
    Source: Manning, Raghavan & Schütze (2008), Introduction to Information
    Retrieval, 14.5.

    >>> confusion_matrix(np.array([0, 1, 1]), np.array([0, 1, 0]), 2)
    array([[1, 1],
           [0, 1]])
    """
    y_hat = class_numbers(y_hat, check_integer(K, "K", 1), "y_hat")
    Y_hat, Y = one_hot(y_hat, K), one_hot(y, K)
    check_length(Y_hat, Y, "y_hat")
    return (Y.T @ Y_hat).astype(int)


def _two_classes(y_hat: Array, y: Array) -> tuple[Array, Array]:
    """Return answers and true labels (n,), each 0 or 1, as floats."""
    return pair(check_binary(y_hat, "y_hat"), check_binary(y))


def precision(y_hat: Array, y: Array) -> float:
    """Give the share of the ones answered that are right.

    Formula: Σᵢ ŷᵢ yᵢ / Σᵢ ŷᵢ, and 0 where no 1 was answered, as
    scikit-learn has it.
    Shapes: ŷ and y labels 0 or 1 (n,); the result in [0, 1].
    Errors: ValueError for other labels or lengths that differ.
    Source: Manning, Raghavan & Schütze (2008), Introduction to Information
    Retrieval, 8.3.

    >>> precision(np.array([1, 1, 0, 0]), np.array([1, 0, 1, 1]))
    0.5
    """
    y_hat, y = _two_classes(y_hat, y)
    return float(np.sum(y_hat * y) / max(np.sum(y_hat), 1))


def recall(y_hat: Array, y: Array) -> float:
    """Give the share of the true ones that were found.

    Formula: Σᵢ ŷᵢ yᵢ / Σᵢ yᵢ, and 0 where there is no 1 to be found, as
    scikit-learn has it.
    Shapes: ŷ and y labels 0 or 1 (n,); the result in [0, 1].
    Errors: ValueError for other labels or lengths that differ.
    Source: Manning, Raghavan & Schütze (2008), Introduction to Information
    Retrieval, 8.3.

    >>> round(recall(np.array([1, 1, 0, 0]), np.array([1, 0, 1, 1])), 4)
    0.3333
    """
    y_hat, y = _two_classes(y_hat, y)
    return float(np.sum(y_hat * y) / max(np.sum(y), 1))
