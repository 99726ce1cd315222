"""Residual networks: layers that are normalised, and that pass round.

The same parameters as a network's, (W, b) for each layer, and two switches.
`normalize`: what comes into a layer, from the second on, is brought to one
scale, each example for itself. `skip`: a hidden layer, from the second on,
adds its output to what came in. Without both it is `network` again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from nnlit.checks import as_float, check_choice, check_positive, check_shape
from nnlit.network import (
    ACTIVATIONS,
    OUTPUTS,
    Parameters,
    output_delta,
    output_loss,
)
from nnlit.network_checks import check_cache, check_network
from nnlit.types import Array, Scalar

__all__ = [
    "ResidualLayer",
    "deep_backward",
    "deep_forward",
    "deep_gradients",
    "deep_loss",
    "layer_norm",
    "layer_norm_backward",
    "residual_layer",
    "residual_layer_backward",
    "scores_backward",
]


class ResidualLayer(NamedTuple):
    """What a layer's forward pass keeps for its backward pass.

    N: what the weights met (n, inputs). s: what A was divided by to give N
    (n, 1), None if it was not normalised. Z: the scores N W + b (n,
    outputs). H: g(Z). skip: whether what came in was added to H.
    """

    N: Array
    s: Array | None
    Z: Array
    H: Array
    skip: bool


def layer_norm(A: Array, epsilon: float = 1e-5) -> tuple[Array, Array]:
    """Bring each example's numbers to the mean 0 and the variance 1.

    Formula: m = 1/d Σⱼ Aⱼ, s = √(1/d Σⱼ (Aⱼ − m)² + ε), N = (A − m) / s.
    The paper multiplies by a learnt gain and adds a learnt shift; where a
    layer's weights follow, as here, they can do both.
    Shapes: A (n, d); the result is N (n, d) and s (n, 1).
    Errors: ValueError unless A has two dimensions and ε > 0.
    Source: Ba, Kiros & Hinton (2016), arXiv:1607.06450, (4).

    >>> N, s = layer_norm(np.array([[1.0, 3.0], [10.0, 30.0]]))
    >>> N.round(3).tolist(), s.round(3).tolist()
    ([[-1.0, 1.0], [-1.0, 1.0]], [[1.0], [10.0]])
    """
    A = as_float(A, "A")
    if A.ndim != 2 or A.size == 0:
        raise ValueError(f"A must have the shape (n, d), got {A.shape}")
    check_positive(epsilon, "epsilon")
    m = A.mean(axis=1, keepdims=True)
    s = np.sqrt(A.var(axis=1, keepdims=True) + epsilon)
    N = (A - m) / s
    return N, s


def layer_norm_backward(G: Array, N: Array, s: Array) -> Array:
    """Carry a slope back through layer_norm.

    Formula: with Gⱼ = ∂𝓛/∂Nⱼ for one example,
    ∂𝓛/∂Aⱼ = (Gⱼ − 1/d Σₖ Gₖ − Nⱼ · 1/d Σₖ Gₖ Nₖ) / s.
    Shapes: G and N (n, d), s (n, 1), N and s as layer_norm gave them; the
    result (n, d).
    Errors: ValueError where the shapes of G and N differ.
    Source: Ba, Kiros & Hinton (2016), arXiv:1607.06450, (4).

    >>> N, s = layer_norm(np.array([[1.0, 3.0, 8.0]]))
    >>> layer_norm_backward(np.ones((1, 3)), N, s).round(9) + 0.0
    array([[0., 0., 0.]])
    """
    N, s = as_float(N, "N"), as_float(s, "s")
    if N.ndim != 2 or s.shape != (len(N), 1):
        raise ValueError(
            f"s must have shape (n, 1) for N (n, d), got {s.shape} for "
            f"{N.shape}"
        )
    G = check_shape(G, N.shape, "G")
    mean = G.mean(axis=1, keepdims=True)
    along = (G * N).mean(axis=1, keepdims=True)
    return (G - mean - N * along) / s


def _check_layer(
    A_below: Array, W: Array, b: Array
) -> tuple[Array, Array, Array]:
    """Return A_below (n, d), W (d, m) and b (m,) as floats.

    >>> _check_layer(np.zeros((1, 3)), np.zeros((2, 4)), np.zeros(4))
    Traceback (most recent call last):
    ValueError: W must have shape (3, m), got (2, 4)
    """
    A_below = check_shape(A_below, ("n", "d"), "A_below")
    W = check_shape(W, (A_below.shape[1], "m"), "W")
    return A_below, W, check_shape(b, W.shape[1:], "b")


def residual_layer(
    A_below: Array,
    W: Array,
    b: Array,
    activation: str = "relu",
    normalize: bool = True,
    skip: bool = True,
) -> tuple[Array, ResidualLayer]:
    """Send examples through one layer, and round it.

    Formula: Z = N W + b with N = layer_norm(A_below), A = A_below + g(Z).
    Without normalize N = A_below, without skip A = g(Z).
    Shapes: A_below (n, d), W (d, m), b (m,); the result is A (n, m) and
    what residual_layer_backward needs. A skip wants m = d.
    Errors: ValueError where shapes do not fit or for another name.
    Source: He, Zhang, Ren & Sun (2016), doi:10.1109/CVPR.2016.90.

    >>> A, W, b = np.array([[1.0, 3.0]]), np.zeros((2, 2)), np.ones(2)
    >>> residual_layer(A, W, b)[0]
    array([[2., 4.]])
    """
    A_below, W, b = _check_layer(A_below, W, b)
    check_choice(activation, "activation", OUTPUTS)
    if skip and W.shape[0] != W.shape[1]:
        raise ValueError(f"W must be square for a skip, got {W.shape}")
    N, s = A_below, None
    if normalize:
        N, s = layer_norm(A_below)
    Z = N @ W + b
    H = OUTPUTS[activation](Z)
    A = A_below + H if skip else H
    return A, ResidualLayer(N, s, Z, H, skip)


def _check_slopes(
    G: Array, W: Array, layer: ResidualLayer, name: str
) -> tuple[Array, Array]:
    """Return a slope G (n, m) and W (d, m) that fit what a layer kept."""
    if not isinstance(layer, ResidualLayer):
        raise TypeError(
            f"layer must be what residual_layer kept, got {layer!r}"
        )
    (_, d), (_, m) = layer.N.shape, layer.Z.shape
    G = check_shape(G, layer.Z.shape, name)
    return G, check_shape(W, (d, m), "W")


def scores_backward(
    Delta: Array, W: Array, layer: ResidualLayer
) -> tuple[Array, tuple[Array, Array]]:
    """Carry an error term back to what came into the layer.

    Formula: ∂𝓛/∂W = Nᵀ Δ, ∂𝓛/∂b = Σᵢ Δᵢ, ∂𝓛/∂N = Δ Wᵀ, and from there
    through layer_norm if there was one.
    Shapes: Δ (n, m), W (d, m); the result is (n, d) and (∂𝓛/∂W, ∂𝓛/∂b).
    Errors: ValueError where shapes do not fit.
    Source: Rumelhart, Hinton & Williams (1986), doi:10.1038/323533a0.

    >>> A, W = np.array([[1.0, 3.0]]), np.eye(2)
    >>> _, layer = residual_layer(A, W, np.zeros(2), normalize=False)
    >>> scores_backward(np.array([[5.0, 7.0]]), W, layer)[0]
    array([[5., 7.]])
    """
    Delta, W = _check_slopes(Delta, W, layer, "Delta")
    dW = layer.N.T @ Delta
    db = Delta.sum(axis=0)
    G = Delta @ W.T
    if layer.s is not None:
        G = layer_norm_backward(G, layer.N, layer.s)
    return G, (dW, db)


def residual_layer_backward(
    G: Array,
    W: Array,
    layer: ResidualLayer,
    activation: str = "relu",
) -> tuple[Array, tuple[Array, Array]]:
    """Carry a slope back through one layer, and round it.

    Formula: with G = ∂𝓛/∂A, Δ = G ⊙ g′(Z); ∂𝓛/∂A_below is what comes back
    through the scores (scores_backward), plus G itself if there is a skip.
    Shapes: G (n, m), W (d, m); the result is (n, d) and (∂𝓛/∂W, ∂𝓛/∂b).
    Errors: ValueError where shapes do not fit or for another name.
    Source: He, Zhang, Ren & Sun (2016), doi:10.1007/978-3-319-46493-0_38.

    >>> A, W, b = np.array([[1.0, 3.0]]), np.zeros((2, 2)), np.ones(2)
    >>> _, layer = residual_layer(A, W, b)
    >>> residual_layer_backward(np.array([[5.0, 7.0]]), W, layer)[0]
    array([[5., 7.]])
    """
    g_prime = ACTIVATIONS[activation].g_prime
    G, W = _check_slopes(G, W, layer, "G")
    Delta = G * g_prime(layer.Z, layer.H)
    G_below, slopes = scores_backward(Delta, W, layer)
    if layer.skip:
        G_below = G + G_below
    return G_below, slopes


def deep_forward(
    X: Array,
    parameters: Parameters,
    activation: str = "relu",
    output: str = "softmax",
    normalize: bool = True,
    skip: bool = True,
) -> tuple[Array, list[ResidualLayer]]:
    """Send examples through a deep network of residual layers.

    Formula: residual_layer, layer by layer. The first layer takes X as it
    is, the last has the output function; neither of them is passed round.
    Shapes: X (n, d); the result is Ŷ (n, K) and what each layer kept.
    Errors: as residual_layer.
    Source: He, Zhang, Ren & Sun (2016), doi:10.1109/CVPR.2016.90.

    >>> square = (np.zeros((2, 2)), np.ones(2))
    >>> net = [(np.eye(2), np.zeros(2)), square, square]
    >>> Y_hat, cache = deep_forward([[1.0, 3.0]], net, "relu", "identity")
    >>> [layer.skip for layer in cache], Y_hat
    ([False, True, False], array([[1., 1.]]))
    """
    check_choice(activation, "activation", ACTIVATIONS)
    check_choice(output, "output", OUTPUTS)
    A, cache = check_network(X, parameters), []
    last = len(parameters) - 1
    for l, (W, b) in enumerate(parameters):
        g = output if l == last else activation
        norm, pass_round = normalize and l > 0, skip and 0 < l < last
        A, layer = residual_layer(A, W, b, g, norm, pass_round)
        cache.append(layer)
    return A, cache


def deep_backward(
    cache: Sequence[ResidualLayer],
    parameters: Parameters,
    Y: Array,
    activation: str = "relu",
    output: str = "softmax",
    loss: str = "cross_entropy",
) -> list[tuple[Array, Array]]:
    """Carry the error back through the network of deep_forward.

    Formula: output_delta at the top, then residual_layer_backward, layer by
    layer.
    Shapes: Y (n, K); the result is (∂𝓛/∂W, ∂𝓛/∂b) for each layer, in the
    shapes of (W, b). cache: as deep_forward gave it.
    Errors: ValueError where shapes do not fit or for another name.
    Source: He, Zhang, Ren & Sun (2016), doi:10.1007/978-3-319-46493-0_38.

    >>> net = [(np.zeros((1, 2)), np.zeros(2))]
    >>> _, cache = deep_forward([[1.0]], net)
    >>> deep_backward(cache, net, np.eye(2)[:1])
    [(array([[-0.5,  0.5]]), array([-0.5,  0.5]))]
    """
    top = check_cache(cache, parameters)[-1]
    Delta = output_delta(top.Z, top.H, Y, output, loss)
    G, slopes = scores_backward(Delta, parameters[-1][0], top)
    each = [slopes]
    for l in reversed(range(len(parameters) - 1)):
        W, _ = parameters[l]
        G, slopes = residual_layer_backward(G, W, cache[l], activation)
        each.append(slopes)
    return each[::-1]


def deep_loss(
    X: Array,
    Y: Array,
    parameters: Parameters,
    activation: str = "relu",
    output: str = "softmax",
    loss: str = "cross_entropy",
    normalize: bool = True,
    skip: bool = True,
) -> Scalar:
    """Give the loss of a deep network on examples, averaged over them.

    Formula: 𝓛(Ŷ, Y) with Ŷ from deep_forward.
    Shapes: X (n, d), Y (n, K); the result is a number.
    Errors: as deep_forward and network.output_loss.

    >>> flat = [(np.zeros((2, 10)), np.zeros(10))]
    >>> round(float(deep_loss(np.ones((1, 2)), np.eye(10)[:1], flat)), 4)
    2.3026
    """
    _, cache = deep_forward(
        X, parameters, activation, output, normalize, skip
    )
    return output_loss(cache[-1].Z, Y, output, loss)


def deep_gradients(
    X: Array,
    Y: Array,
    parameters: Parameters,
    activation: str = "relu",
    output: str = "softmax",
    loss: str = "cross_entropy",
    normalize: bool = True,
    skip: bool = True,
) -> list[tuple[Array, Array]]:
    """Give the slope of deep_loss along every weight and bias.

    Formula: deep_forward, then deep_backward with what it kept.
    Shapes: X (n, d), Y (n, K); the result as deep_backward's.
    Errors: as deep_forward and deep_backward.

    >>> flat = [(np.zeros((1, 2)), np.zeros(2))]
    >>> deep_gradients(np.ones((1, 1)), np.eye(2)[:1], flat)
    [(array([[-0.5,  0.5]]), array([-0.5,  0.5]))]
    """
    _, cache = deep_forward(
        X, parameters, activation, output, normalize, skip
    )
    return deep_backward(cache, parameters, Y, activation, output, loss)
