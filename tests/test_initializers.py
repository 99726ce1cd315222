"""Where training starts: widths, seeds, and zeros that never learn."""

from __future__ import annotations

import numpy as np
import pytest

from nnlit.initializers import INITIALIZERS, initialize, normal
from nnlit.losses import one_hot
from nnlit.network import forward, gradients

VARIANCE = {
    "zeros": lambda d_in, d_out: 0,
    "normal": lambda d_in, d_out: 1e-4,
    "glorot_normal": lambda d_in, d_out: 2 / (d_in + d_out),
    "glorot_uniform": lambda d_in, d_out: 2 / (d_in + d_out),
    "he_normal": lambda d_in, d_out: 2 / d_in,
    "he_uniform": lambda d_in, d_out: 2 / d_in,
}


@pytest.mark.parametrize("name", INITIALIZERS)
def test_mean_0_and_the_variance_of_the_formula(name):
    W = INITIALIZERS[name](500, 300, 0)
    variance = VARIANCE[name](500, 300)
    assert W.shape == (500, 300)
    # Five standard errors of a mean and of a variance.
    assert abs(W.mean()) <= 5 * np.sqrt(variance / W.size)
    assert abs(W.var() - variance) <= 5 * variance * np.sqrt(2 / W.size)


@pytest.mark.parametrize("name", ["glorot_uniform", "he_uniform"])
def test_an_interval_is_never_left_and_nearly_filled(name):
    W = INITIALIZERS[name](500, 300, 0)
    r = np.sqrt(3 * VARIANCE[name](500, 300))
    assert 0.999 * r < np.abs(W).max() <= r


@pytest.mark.parametrize("name", INITIALIZERS)
def test_the_same_seed_gives_the_same_bits_and_a_generator_goes_on(name):
    draw = INITIALIZERS[name]
    assert draw(4, 3, 7).tolist() == draw(4, 3, np.random.default_rng(7)).tolist()
    rng = np.random.default_rng(7)
    first, second = draw(4, 3, rng), draw(4, 3, rng)
    assert (first.tolist() == second.tolist()) == (name == "zeros")


def test_the_width_of_normal_is_chosen():
    assert normal(300, 300, 0, scale=2.0).std() == pytest.approx(2, rel=0.02)
    with pytest.raises(ValueError, match="scale must be > 0"):
        normal(2, 2, 0, scale=0.0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_initialize_gives_layers_with_zero_biases(dtype):
    parameters = initialize([5, 4, 3], "he_normal", 1, dtype)
    assert [(W.shape, b.shape) for W, b in parameters] == [((5, 4), (4,)), ((4, 3), (3,))]
    assert not any(b.any() for _, b in parameters)
    assert {a.dtype for layer in parameters for a in layer} == {np.dtype(dtype)}


def test_layers_are_drawn_one_after_the_other():
    (W, _), (V, _) = initialize([3, 3, 3], rng=0)
    assert W.tolist() != V.tolist()


def scale_after(name, activation, layers=20):
    X = np.random.default_rng(0).normal(size=(200, 100))
    parameters = initialize([100] * (layers + 1), name, 1)
    Y_hat, _ = forward(X, parameters, activation, "identity")
    return float(np.sqrt((Y_hat**2).mean()))


def test_he_keeps_the_width_through_relu_where_others_lose_or_explode():
    assert 0.3 < scale_after("he_normal", "relu") < 3
    assert scale_after("glorot_normal", "relu") < 0.01
    assert scale_after("normal", "relu") < 1e-10


def test_glorot_keeps_the_width_through_linear_layers():
    assert 0.5 < scale_after("glorot_normal", "identity") < 2


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
def test_from_zeros_hidden_units_never_differ(activation):
    # The weights below get no slope at all at first, and all units of a
    # layer the same one for ever.
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(20, 3)), one_hot(rng.integers(2, size=20), 2)
    parameters = initialize([3, 4, 2], "zeros")
    for _ in range(50):
        slopes = gradients(X, Y, parameters, activation)
        parameters = [
            (W - dW, b - db)
            for (W, b), (dW, db) in zip(parameters, slopes, strict=True)
        ]
        W, _ = parameters[0]
        np.testing.assert_allclose(W, np.repeat(W[:, :1], 4, axis=1), rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: initialize([3]), "sizes must be at least two"),
        (lambda: initialize([3, 0]), "sizes must be >= 1"),
        (lambda: initialize([0, 3]), "sizes must be >= 1"),
        (lambda: initialize([2, 2], "he"), "initializer must be one of zeros"),
        (lambda: initialize([2, 2], dtype="int8"), "dtype must be one of float32"),
    ],
)
def test_bad_input_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
