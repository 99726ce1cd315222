"""Against learning by heart: penalties, dropout and stopping early."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from nnlit.checks import (
    as_float,
    as_generator,
    check_integer,
    check_interval,
    check_nonnegative,
    check_sizes,
)
from nnlit.network import Parameters
from nnlit.network_checks import check_alike, check_layers, check_rates
from nnlit.types import Array, Rng, Scalar

__all__ = [
    "EarlyStopping",
    "add_penalty",
    "dropout_mask",
    "dropout_masks",
    "elastic_penalty",
    "elastic_penalty_gradient",
    "l1_penalty",
    "l1_penalty_gradient",
    "l2_penalty",
    "l2_penalty_gradient",
    "penalty",
]


def l1_penalty(W: Array, strength: float) -> Scalar:
    """Charge every weight its size: small ones are pulled to 0.

    Formula: λ Σ |w|, λ the strength.
    Shapes: W any; the result is a number.
    Errors: ValueError for a negative strength.
    Source: Tibshirani (1996), doi:10.1111/j.2517-6161.1996.tb02080.x.

    >>> float(l1_penalty(np.array([3.0, -1.0]), 0.5))
    2.0
    """
    check_nonnegative(strength, "strength")
    return strength * np.sum(np.abs(as_float(W, "W")))


def l1_penalty_gradient(W: Array, strength: float) -> Array:
    """Give the slope of l1_penalty: the same pull whatever the size.

    Formula: λ sign(w), with sign(0) = 0: a weight at 0 is left there.
    Shapes: W any; the result has its shape.
    Errors: ValueError for a negative strength.
    Source: Tibshirani (1996), doi:10.1111/j.2517-6161.1996.tb02080.x.

    >>> l1_penalty_gradient(np.array([3.0, -1.0, 0.0]), 0.5)
    array([ 0.5, -0.5,  0. ])
    """
    check_nonnegative(strength, "strength")
    return strength * np.sign(as_float(W, "W"))


def l2_penalty(W: Array, strength: float) -> Scalar:
    """Charge every weight its square: large ones are pulled most.

    Formula: λ/2 Σ w², λ the strength.
    Shapes: W any; the result is a number.
    Errors: ValueError for a negative strength.
    Source: Hoerl & Kennard (1970), doi:10.1080/00401706.1970.10488634.

    >>> float(l2_penalty(np.array([3.0, -1.0]), 0.5))
    2.5
    """
    check_nonnegative(strength, "strength")
    return strength / 2 * np.sum(as_float(W, "W") ** 2)


def l2_penalty_gradient(W: Array, strength: float) -> Array:
    """Give the slope of l2_penalty: a pull in proportion to the weight.

    Formula: λ w.
    Shapes: W any; the result has its shape.
    Errors: ValueError for a negative strength.
    Source: Hoerl & Kennard (1970), doi:10.1080/00401706.1970.10488634.

    >>> l2_penalty_gradient(np.array([3.0, -1.0, 0.0]), 0.5)
    array([ 1.5, -0.5,  0. ])
    """
    check_nonnegative(strength, "strength")
    return strength * as_float(W, "W")


def elastic_penalty(W: Array, l1: float, l2: float) -> Scalar:
    """Charge every weight its size and its square.

    Formula: λ₁ Σ |w| + λ₂/2 Σ w².
    Shapes: W any; the result is a number.
    Errors: ValueError for a negative strength.
    Source: Zou & Hastie (2005), doi:10.1111/j.1467-9868.2005.00503.x.

    >>> float(elastic_penalty(np.array([3.0, -1.0]), l1=0.5, l2=0.5))
    4.5
    """
    check_nonnegative(l1, "l1")
    check_nonnegative(l2, "l2")
    return l1_penalty(W, l1) + l2_penalty(W, l2)


def elastic_penalty_gradient(W: Array, l1: float, l2: float) -> Array:
    """Give the slope of elastic_penalty.

    Formula: λ₁ sign(w) + λ₂ w.
    Shapes: W any; the result has its shape.
    Errors: ValueError for a negative strength.
    Source: Zou & Hastie (2005), doi:10.1111/j.1467-9868.2005.00503.x.

    >>> elastic_penalty_gradient(np.array([3.0, -1.0]), l1=0.5, l2=0.5)
    array([ 2., -1.])
    """
    check_nonnegative(l1, "l1")
    check_nonnegative(l2, "l2")
    return l1_penalty_gradient(W, l1) + l2_penalty_gradient(W, l2)


def penalty(
    parameters: Parameters, l1: float = 0.0, l2: float = 0.0
) -> float:
    """Add up the penalties of all weights of a network; biases go free.

    Formula: Σₗ (λ₁ Σ |w| + λ₂/2 Σ w²), w over the entries of W⁽ˡ⁾.
    Shapes: parameters (W, b) for each layer; the result is a number.
    Errors: ValueError for a negative strength.
    Source: Goodfellow, Bengio & Courville (2016), Deep Learning, 7.1.

    >>> penalty([(np.array([[2.0]]), np.array([9.0]))], l1=1.0, l2=1.0)
    4.0
    """
    check_layers(parameters)
    return float(sum(elastic_penalty(W, l1, l2) for W, _ in parameters))


def add_penalty(
    gradients: Parameters,
    parameters: Parameters,
    l1: float = 0.0,
    l2: float = 0.0,
) -> list[tuple[Array, Array]]:
    """Add the slope of the penalty to that of the loss; biases go free.

    Formula: ∂/∂W = ∂𝓛/∂W + λ₁ sign(W) + λ₂ W, ∂/∂b = ∂𝓛/∂b. Where both
    strengths are 0 the gradients come back bit for bit.
    Shapes: gradients and parameters (W, b) for each layer; the result too.
    Errors: ValueError for a negative strength.
    Source: Goodfellow, Bengio & Courville (2016), Deep Learning, 7.1.

    >>> slopes = [(np.ones((1, 1)), np.array([1.0]))]
    >>> add_penalty(slopes, [(np.eye(1), np.array([9.0]))], l2=0.5)
    [(array([[1.5]]), array([1.]))]
    """
    check_alike(gradients, parameters)
    if l1 == 0 and l2 == 0:
        return list(gradients)
    return [
        (dW + elastic_penalty_gradient(W, l1, l2), db)
        for (dW, db), (W, _) in zip(gradients, parameters, strict=True)
    ]


def dropout_mask(shape: tuple[int, ...], rate: float, rng: Rng = 0) -> Array:
    """Draw which units take part: 0 for those that drop out.

    Formula: mask = 0 with probability p (the rate), else 1 / (1 − p), so
    that A ⊙ mask has the mean of A and nothing need change when predicting.
    The same mask multiplies the error on its way back.
    Shapes: shape of the unit's outputs, (n, units); the result has it.
    Errors: ValueError unless 0 ≤ rate < 1.
    Source: Srivastava et al. (2014), JMLR 15, 1929–1958, in the inverted
    form of section 10.

    >>> dropout_mask((1, 6), 0.5, rng=0)
    array([[2., 0., 0., 0., 2., 2.]])
    """
    check_interval(rate, "rate", 0, 1)
    stays = as_generator(rng).random(check_sizes(shape, "shape")) >= rate
    return stays / (1 - rate)


def dropout_masks(
    n: int,
    parameters: Parameters,
    rates: float | Sequence[float],
    rng: Rng = 0,
) -> list[Array]:
    """Draw a mask for every hidden layer, new for every batch.

    Formula: dropout_mask((n, units), rate) for each hidden layer.
    Shapes: n examples; the rates one for all layers or one for each; the
    result (n, units) for each, in the dtype of the weights.
    Errors: ValueError unless 0 ≤ rate < 1, or for another number of rates.
    Source: Srivastava et al. (2014), JMLR 15, 1929–1958.

    >>> net = [(np.eye(2), np.zeros(2)), (np.eye(2), np.zeros(2))]
    >>> dropout_masks(1, net, 0.5, rng=0)
    [array([[2., 0.]])]
    """
    check_integer(n, "n", 1)
    check_layers(parameters)
    hidden, rng = [W for W, _ in parameters[:-1]], as_generator(rng)
    rates = check_rates(rates, len(hidden))
    return [
        dropout_mask((n, W.shape[1]), rate, rng).astype(W.dtype, copy=False)
        for W, rate in zip(hidden, rates, strict=True)
    ]


class EarlyStopping:
    """Watch a loss on data not trained on, and keep the best weights.

    Formula: stop when `patience` losses in a row have not been below the
    best by more than min_delta.
    Source: Prechelt (1998), doi:10.1007/3-540-49430-8_3.

    >>> watch = EarlyStopping(patience=2)
    >>> w = [(np.array([[1.0]]), np.array([0.0]))]
    >>> [watch.update(loss, w) for loss in (0.5, 0.4, 0.6, 0.4)]
    [False, False, False, True]
    >>> watch.best_loss, watch.best_epoch
    (0.4, 2)
    """

    def __init__(self, patience: int = 10, min_delta: float = 0.0) -> None:
        """Take how many losses without improvement are waited for."""
        self.patience = check_integer(patience, "patience", 1)
        self.min_delta = check_nonnegative(min_delta, "min_delta")
        self.best_loss = math.inf
        self.best_epoch = self.epoch = self.waited = 0
        self.best: list[tuple[Array, Array]] | None = None

    def update(self, loss: float, parameters: Parameters) -> bool:
        """Take the loss of one more epoch; True says that it is time."""
        self.epoch += 1
        self.waited += 1
        if loss < self.best_loss - self.min_delta:
            self.best_loss, self.best_epoch = loss, self.epoch
            self.best = [(W.copy(), b.copy()) for W, b in parameters]
            self.waited = 0
        return self.waited >= self.patience

    def restore(self, parameters: Parameters) -> None:
        """Put the best weights back in place, bit for bit.

        Before the first finite loss there are none, and nothing changes.
        """
        if not self.best:
            return
        check_alike(self.best, parameters, "parameters")
        for layer, best in zip(parameters, self.best, strict=True):
            for array, kept in zip(layer, best, strict=True):
                array[...] = kept
