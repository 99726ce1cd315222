"""The network: layers of weights, forward with a cache, backward by it.

A network is a list of its layers' parameters, (W, b) each, with W of shape
(inputs, outputs) and b (outputs,). Rows are examples. Every hidden layer has
the same activation g, the last one the output function.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np

from nnlit.activations import (
    gelu,
    gelu_prime,
    identity,
    identity_prime,
    leaky_relu,
    leaky_relu_prime,
    relu,
    relu_prime,
    sigmoid,
    softmax,
    tanh,
)
from nnlit.checks import (
    Known,
    check_finite,
    check_shape,
    check_unit,
    is_trusted,
)
from nnlit.losses import (
    binary_cross_entropy,
    binary_cross_entropy_from_scores,
    binary_cross_entropy_gradient,
    cross_entropy,
    cross_entropy_from_scores,
    cross_entropy_gradient,
    half_squared_error,
    half_squared_error_gradient,
    mean_squared_error,
    mean_squared_error_gradient,
)
from nnlit.network_checks import check_cache, check_network, check_pairs
from nnlit.types import Array, Scalar

__all__ = [
    "ACTIVATIONS",
    "LOSSES",
    "MATCHING",
    "OUTPUTS",
    "Layer",
    "Loss",
    "Parameters",
    "backward",
    "column_pass",
    "forward",
    "gradients",
    "loss_value",
    "output_delta",
    "output_loss",
    "predict",
]

Parameters: TypeAlias = Sequence[tuple[Array, Array]]


class Layer(NamedTuple):
    """What forward keeps of a layer for backward.

    A_below: what came in (n, inputs). Z: the scores A_below W + b (n,
    outputs). A: g(Z), before dropout.
    """

    A_below: Array
    Z: Array
    A: Array


class Activation(NamedTuple):
    """An activation g and its slope g′(Z), written with Z and A = g(Z).

    To reuse A spares an exponential: σ′(Z) = A (1 − A), tanh′(Z) = 1 − A².
    A (1 − A) rounds to 0 from Z = 37 on, where σ′(Z) < 10⁻¹⁶: less than
    rounding costs anywhere else in the gradient.
    """

    g: Callable[[Array], Array]
    g_prime: Callable[[Array, Array], Array]


_LEAKY = Activation(leaky_relu, lambda Z, A: leaky_relu_prime(Z))
ACTIVATIONS = Known(
    "activation",
    {
        "identity": Activation(identity, lambda Z, A: identity_prime(Z)),
        "sigmoid": Activation(sigmoid, lambda Z, A: A * (1 - A)),
        "tanh": Activation(tanh, lambda Z, A: 1 - A**2),
        "relu": Activation(relu, lambda Z, A: relu_prime(Z)),
        "leaky_relu": _LEAKY,
        "gelu": Activation(gelu, lambda Z, A: gelu_prime(Z)),
    },
)
OUTPUTS = Known("output", {name: f.g for name, f in ACTIVATIONS.items()})
OUTPUTS["softmax"] = softmax


class Loss(NamedTuple):
    """A loss of predictions Ŷ and answers Y (n, K), and ∂𝓛/∂Ŷ (n, K)."""

    value: Callable[[Array, Array], Scalar]
    gradient: Callable[[Array, Array], Array]


def _squared_error(Y_hat: Array, Y: Array) -> Scalar:
    return half_squared_error(Y_hat, Y) / len(Y)


def _squared_error_gradient(Y_hat: Array, Y: Array) -> Array:
    return half_squared_error_gradient(Y_hat, Y) / len(Y)


def _binary(Y_hat: Array, Y: Array) -> Scalar:
    return Y.shape[1] * binary_cross_entropy(Y_hat, Y)


def _binary_gradient(Y_hat: Array, Y: Array) -> Array:
    return Y.shape[1] * binary_cross_entropy_gradient(Y_hat, Y)


def _binary_from_scores(Z: Array, Y: Array) -> Scalar:
    return Y.shape[1] * binary_cross_entropy_from_scores(Z, Y)


# Means over the examples, sums over the outputs: squared_error is
# 1/2n Σᵢ Σₖ (Ŷᵢₖ − Yᵢₖ)². Only mean_squared_error divides by all entries.
_MEAN = Loss(mean_squared_error, mean_squared_error_gradient)
LOSSES = Known(
    "loss",
    {
        "squared_error": Loss(_squared_error, _squared_error_gradient),
        "mean_squared_error": _MEAN,
        "binary_cross_entropy": Loss(_binary, _binary_gradient),
        "cross_entropy": Loss(cross_entropy, cross_entropy_gradient),
    },
)
# The loss that goes with an output: together they have the slope (Ŷ − Y)/n.
MATCHING = Known(
    "output",
    {
        "identity": "squared_error",
        "sigmoid": "binary_cross_entropy",
        "softmax": "cross_entropy",
    },
)
_FROM_SCORES: dict[str, Callable[[Array, Array], Scalar]] = {
    "sigmoid": _binary_from_scores,
    "softmax": cross_entropy_from_scores,
}


def forward(
    X: Array,
    parameters: Parameters,
    activation: str = "relu",
    output: str = "softmax",
    masks: Sequence[Array] | None = None,
) -> tuple[Array, list[Layer]]:
    """Send examples through the network, layer by layer.

    Formula: Z⁽ˡ⁾ = A⁽ˡ⁻¹⁾ W⁽ˡ⁾ + b⁽ˡ⁾, A⁽ˡ⁾ = g(Z⁽ˡ⁾) with A⁽⁰⁾ = X; the
    last layer has the output function in place of g. masks: for dropout,
    A⁽ˡ⁾ ⊙ mask⁽ˡ⁾ goes up from hidden layer l.
    Shapes: X (n, d); the result is Ŷ (n, K) and the cache, a Layer each.
    Errors: ValueError where shapes do not fit or for another name.
    Source: Bishop (2006), Pattern Recognition and Machine Learning, 5.1.

    >>> W, b = np.array([[1.0, -1.0]]), np.array([0.0, 0.5])
    >>> V, c = np.array([[2.0], [1.0]]), np.array([-1.0])
    >>> Y_hat, cache = forward([[3.0]], [(W, b), (V, c)], "relu", "identity")
    >>> cache[0].Z, cache[0].A, Y_hat
    (array([[ 3. , -2.5]]), array([[3., 0.]]), array([[5.]]))
    """
    A, cache = check_network(X, parameters, masks), []
    hidden, last = ACTIVATIONS[activation].g, len(parameters) - 1
    for l, (W, b) in enumerate(parameters):
        g = hidden if l < last else OUTPUTS[output]
        Z = A @ W + b
        layer = Layer(A, Z, g(Z))
        cache.append(layer)
        A = layer.A
        if masks is not None and l < last:
            A = A * masks[l]
    return A, cache


def output_delta(
    Z: Array, Y_hat: Array, Y: Array, output: str, loss: str
) -> Array:
    """Give the error term of the last layer, ∂𝓛/∂Z.

    Formula: Δ = (Ŷ − Y) / n where loss and output match; else, by the chain
    rule, Δ = ∂𝓛/∂Ŷ ⊙ g′(Z), and for softmax, where every score moves every
    probability, Δᵢ = J(Zᵢ) ∂𝓛/∂Ŷᵢ with the Jacobian J = diag(Ŷᵢ) − Ŷᵢ Ŷᵢᵀ.
    Shapes: Z, Ŷ and Y (n, K); the result too.
    Errors: ValueError where shapes differ or for another name.
    Source: Bishop (2006), Pattern Recognition and Machine Learning, 5.3.1.

    >>> Z, Y = np.array([[0.0, 0.0]]), np.array([[1.0, 0.0]])
    >>> output_delta(Z, softmax(Z), Y, "softmax", "cross_entropy")
    array([[-0.5,  0.5]])
    >>> output_delta(Z, softmax(Z), Y, "softmax", "squared_error")
    array([[-0.25,  0.25]])
    """
    Z, Y_hat, Y = _check_answers(Z, Y_hat, Y, output, loss)
    if MATCHING.get(output) == loss:
        n = len(Y)
        return (Y_hat - Y) / n
    G = LOSSES[loss].gradient(Y_hat, Y)
    if output == "softmax":
        return Y_hat * (G - np.sum(Y_hat * G, axis=1, keepdims=True))
    return G * ACTIVATIONS[output].g_prime(Z, Y_hat)


def _check_answers(
    Z: Array, Y_hat: Array, Y: Array, output: str, loss: str
) -> tuple[Array, Array, Array]:
    """Return scores, predictions and answers, all of one shape (n, K)."""
    if is_trusted():
        return Z, Y_hat, Y
    _, _ = OUTPUTS[output], LOSSES[loss]
    Z = check_shape(Z, ("n", "K"), "Z")
    Y_hat = check_shape(Y_hat, Z.shape, "Y_hat")
    Y = check_shape(Y, Z.shape, "Y")
    if Z.size == 0:
        raise ValueError("Z is empty")
    check = check_unit if "cross_entropy" in loss else check_finite
    return Z, Y_hat, check(Y, "Y")


def backward(
    cache: Sequence[Layer],
    parameters: Parameters,
    Y: Array,
    activation: str = "relu",
    output: str = "softmax",
    loss: str = "cross_entropy",
    masks: Sequence[Array] | None = None,
) -> list[tuple[Array, Array]]:
    """Carry the error back and give the slope along every weight and bias.

    Formula: Δ⁽ᴸ⁾ = ∂𝓛/∂Z⁽ᴸ⁾ (output_delta),
    Δ⁽ˡ⁾ = (Δ⁽ˡ⁺¹⁾ W⁽ˡ⁺¹⁾ᵀ) ⊙ g′(Z⁽ˡ⁾), the mask's factor too if there is one,
    ∂𝓛/∂W⁽ˡ⁾ = A⁽ˡ⁻¹⁾ᵀ Δ⁽ˡ⁾ and ∂𝓛/∂b⁽ˡ⁾ = Σᵢ Δᵢ⁽ˡ⁾.
    Shapes: Y (n, K); the result is (∂𝓛/∂W, ∂𝓛/∂b) for each layer, in the
    shapes of (W, b). cache, masks: as forward had them.
    Errors: ValueError where shapes do not fit or for another name.
    Source: Rumelhart, Hinton & Williams (1986), doi:10.1038/323533a0.

    >>> W, b = np.array([[1.0, -1.0]]), np.array([0.0, 0.5])
    >>> V, c = np.array([[2.0], [1.0]]), np.array([-1.0])
    >>> net, names = [(W, b), (V, c)], ("relu", "identity", "squared_error")
    >>> _, cache = forward([[3.0]], net, *names[:2])
    >>> (dW, db), _ = backward(cache, net, np.array([[4.0]]), *names)
    >>> dW, db
    (array([[6., 0.]]), array([2., 0.]))
    """
    top = check_cache(cache, parameters, masks)[-1]
    g_prime = ACTIVATIONS[activation].g_prime
    Delta = output_delta(top.Z, top.A, Y, output, loss)
    slopes = []
    for l in reversed(range(len(parameters))):
        A = cache[l].A_below
        dW = A.T @ Delta
        db = Delta.sum(axis=0)
        slopes.append((dW, db))
        if l > 0:
            W, _ = parameters[l]
            below = cache[l - 1]
            Delta = (Delta @ W.T) * g_prime(below.Z, below.A)
            if masks is not None:
                Delta = Delta * masks[l - 1]
    return slopes[::-1]


def output_loss(Z: Array, Y: Array, output: str, loss: str) -> Scalar:
    """Give the loss of the last layer's scores, averaged over the examples.

    Formula: 𝓛(Ŷ, Y) with Ŷ = output(Z); cross-entropies that match their
    output come straight from the scores and stay finite.
    Shapes: Z and Y (n, K); the result is a number.
    Errors: ValueError where the shapes differ or for another name.
    Source: Bishop (2006), Pattern Recognition and Machine Learning, 5.2.

    >>> Z, Y = np.array([[0.0, 2.0]]), np.array([[1.0, 0.0]])
    >>> float(output_loss(Z, Y, "identity", "squared_error"))
    2.5
    """
    Z, _, Y = _check_answers(Z, Z, Y, output, loss)
    if MATCHING.get(output) == loss and output in _FROM_SCORES:
        return _FROM_SCORES[output](Z, Y)
    return LOSSES[loss].value(OUTPUTS[output](Z), Y)


def loss_value(
    X: Array,
    Y: Array,
    parameters: Parameters,
    activation: str = "relu",
    output: str = "softmax",
    loss: str = "cross_entropy",
    masks: Sequence[Array] | None = None,
) -> Scalar:
    """Give the loss of a network on examples, averaged over them.

    Formula: 𝓛(Ŷ, Y) with Ŷ from forward.
    Shapes: X (n, d), Y (n, K); the result is a number.
    Errors: as forward and output_loss.
    Source: Bishop (2006), Pattern Recognition and Machine Learning, 5.2.

    >>> flat = [(np.zeros((2, 10)), np.zeros(10))]
    >>> value = loss_value(np.ones((1, 2)), np.eye(10)[:1], flat)
    >>> round(float(value), 4), round(float(np.log(10)), 4)
    (2.3026, 2.3026)
    """
    _, cache = forward(X, parameters, activation, output, masks)
    return output_loss(cache[-1].Z, Y, output, loss)


def gradients(
    X: Array,
    Y: Array,
    parameters: Parameters,
    activation: str = "relu",
    output: str = "softmax",
    loss: str = "cross_entropy",
    masks: Sequence[Array] | None = None,
) -> list[tuple[Array, Array]]:
    """Give the slope of loss_value along every weight and bias.

    Formula: forward, then backward with what forward kept.
    Shapes: X (n, d), Y (n, K); the result as backward's.
    Errors: as forward and backward.
    Source: Rumelhart, Hinton & Williams (1986), doi:10.1038/323533a0.

    >>> flat = [(np.zeros((1, 2)), np.zeros(2))]
    >>> gradients(np.ones((1, 1)), np.eye(2)[:1], flat)
    [(array([[-0.5,  0.5]]), array([-0.5,  0.5]))]
    """
    _, cache = forward(X, parameters, activation, output, masks)
    return backward(cache, parameters, Y, activation, output, loss, masks)


def predict(
    X: Array,
    parameters: Parameters,
    activation: str = "relu",
    output: str = "softmax",
) -> Array:
    """Give the network's answers alone, for a million rows as for one.

    Formula: Ŷ = forward(X); rows go through in blocks, so that the cache
    never holds more than 4096 of them.
    Shapes: X (n, d); the result is Ŷ (n, K).
    Errors: as forward.

    >>> predict(np.ones((2, 1)), [(np.zeros((1, 2)), np.zeros(2))])
    array([[0.5, 0.5],
           [0.5, 0.5]])
    """
    X = check_network(X, parameters)
    blocks = [
        forward(X[i : i + 4096], parameters, activation, output)[0]
        for i in range(0, len(X), 4096)
    ]
    return np.concatenate(blocks)


def _check_columns(
    x: Array, y: Array, parameters: Parameters
) -> tuple[Array, Array]:
    """Return columns x (d, 1) and y (K, 1) that fit W (m, d) and b (m, 1).

    >>> _check_columns([[1.0]], [1.0], [(np.eye(1), np.ones((1, 1)))])
    Traceback (most recent call last):
    ValueError: y must have shape (1, 1), got (1,)
    """
    check_pairs(parameters, "parameters")
    x, y = check_shape(x, ("d", 1), "x"), check_finite(y, "y")
    rows = len(x)
    for l, (W, b) in enumerate(parameters, 1):
        if W.shape != (len(b), rows) or b.shape != (len(b), 1):
            raise ValueError(
                f"parameters must hold W (m, {rows}) and b (m, 1) in layer "
                f"{l}, got {W.shape} and {b.shape}"
            )
        rows = len(b)
    return x, check_shape(y, (rows, 1), "y")


def column_pass(
    x: Array,
    y: Array,
    parameters: Parameters,
    activation: str = "relu",
    output: str = "softmax",
) -> tuple[Array, list[tuple[Array, Array]]]:
    """Do forward and backward for one example in a column, as many books do.

    Formula: z⁽ˡ⁾ = W⁽ˡ⁾ a⁽ˡ⁻¹⁾ + b⁽ˡ⁾, δ⁽ᴸ⁾ = ŷ − y for the loss that matches
    the output, δ⁽ˡ⁾ = (W⁽ˡ⁺¹⁾ᵀ δ⁽ˡ⁺¹⁾) ⊙ g′(z⁽ˡ⁾), ∂𝓛/∂W⁽ˡ⁾ = δ⁽ˡ⁾ (a⁽ˡ⁻¹⁾)ᵀ,
    ∂𝓛/∂b⁽ˡ⁾ = δ⁽ˡ⁾.
    Shapes: x (d, 1), y (K, 1), here W (outputs, inputs) and b (outputs, 1);
    the result is ŷ (K, 1) and (∂𝓛/∂W, ∂𝓛/∂b) for each layer.
    Source: Nielsen (2015), Neural Networks and Deep Learning, ch. 2.

    >>> x, y = np.array([[1.0], [2.0]]), np.array([[1.0], [0.0]])
    >>> y_hat, [(dW, db)] = column_pass(x, y, [(np.zeros((2, 2)), 0 * y)])
    >>> dW
    array([[-0.5, -1. ],
           [ 0.5,  1. ]])
    """
    g, g_prime = ACTIVATIONS[activation]
    x, y = _check_columns(x, y, parameters)
    a, z = [x], []
    for W, b in parameters:
        z.append(W @ a[-1] + b)
        a.append(g(z[-1]))
    # softmax works on rows, so the one column is laid down and put up again
    y_hat = OUTPUTS[output](z[-1].T).T
    delta = y_hat - y
    slopes = [(delta @ a[-2].T, delta)]
    for l in range(len(parameters) - 1, 0, -1):
        W, _ = parameters[l]
        delta = (W.T @ delta) * g_prime(z[l - 1], a[l])
        slopes.append((delta @ a[l - 1].T, delta))
    return y_hat, slopes[::-1]
