"""The door of networks: layers, and what goes through them, fit together.

As in nnlit.checks, what doesn't is a `ValueError` or `TypeError` that names
the argument, what came and what is allowed.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from nnlit.checks import as_float, check_interval, is_trusted
from nnlit.types import Array

__all__ = [
    "check_alike",
    "check_cache",
    "check_chain",
    "check_layers",
    "check_network",
    "check_pairs",
    "check_rates",
]

Layers = Sequence[tuple[Array, Array]]


def check_pairs(parameters: Layers, name: str) -> None:
    """Raise unless parameters are pairs of arrays of real numbers.

    >>> check_pairs([], "gradients")
    Traceback (most recent call last):
    TypeError: gradients must be a list of pairs (W, b), got []
    """
    if is_trusted():
        return
    if not isinstance(parameters, (list, tuple)) or len(parameters) == 0:
        raise TypeError(
            f"{name} must be a list of pairs (W, b), got {parameters!r}"
        )
    for l, layer in enumerate(parameters, 1):
        two = isinstance(layer, (list, tuple)) and len(layer) == 2
        if not (two and _are_real(*layer)):
            raise TypeError(
                f"{name} must hold a pair (W, b) of arrays of real numbers "
                f"for each layer, got {layer!r} for layer {l}"
            )


def _are_real(W: Array, b: Array) -> bool:
    """Say whether these are arrays of real numbers."""
    arrays = isinstance(W, np.ndarray) and isinstance(b, np.ndarray)
    return arrays and W.dtype.kind in "biuf" and b.dtype.kind in "biuf"


def check_layers(parameters: Layers, name: str = "parameters") -> None:
    """Raise unless parameters are pairs (W (d, m), b (m,)) of real arrays.

    >>> net = [(np.zeros((2, 3)), np.zeros(4))]
    >>> check_layers(net)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: parameters must hold W (d, m) and b (m,) for each layer, ...
    """
    if is_trusted():
        return
    check_pairs(parameters, name)
    for W, b in parameters:
        if W.ndim != 2 or b.shape != W.shape[1:]:
            raise ValueError(
                f"{name} must hold W (d, m) and b (m,) for each layer, "
                f"got {_shapes(parameters)}"
            )


def _shapes(parameters: Layers) -> list[tuple[tuple[int, ...], ...]]:
    """Return the shapes of W and b of each layer."""
    return [(W.shape, b.shape) for W, b in parameters]


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
    if is_trusted():
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
    if is_trusted():
        return cache
    check_layers(parameters)
    if not isinstance(cache, list | tuple) or len(cache) != len(parameters):
        raise ValueError(
            f"cache must hold {len(parameters)} layers as forward gave them, "
            f"got {cache!r}"
        )
    _check_masks(masks, len(cache[-1].Z), parameters)
    return cache


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
    wanted, shapes = _shapes(parameters), _shapes(gradients)
    if shapes != wanted:
        raise ValueError(
            f"{name} must have the shapes of the parameters, {wanted}, "
            f"got {shapes}"
        )


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
