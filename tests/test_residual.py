"""Residual networks: normalised by hand, passed round, checked, measured."""

from __future__ import annotations

import numpy as np
import pytest
from test_network import assert_same, flat, network, problem

from nnlit.gradcheck import check_all, relative_error
from nnlit.initializers import initialize
from nnlit.network import ACTIVATIONS, MATCHING, forward, gradients, loss_value
from nnlit.residual import (
    deep_backward,
    deep_forward,
    deep_gradients,
    deep_loss,
    layer_norm,
    layer_norm_backward,
    residual_layer,
    residual_layer_backward,
    scores_backward,
)

SWITCHES = [(n, s) for n in (False, True) for s in (False, True)]


def test_who_names_nothing_gets_relu_softmax_cross_entropy_and_both_remedies():
    X, Y = problem(4, 3, 2)
    net = network([3, 5, 5, 5, 2])
    Y_hat, cache = deep_forward(X, net, "relu", "softmax", True, True)
    assert deep_forward(X, net)[0].tolist() == Y_hat.tolist()
    told = ("relu", "softmax", "cross_entropy")
    assert deep_loss(X, Y, net) == deep_loss(X, Y, net, *told, True, True)
    assert deep_loss(X, Y, net) == pytest.approx(-np.log(Y_hat[Y == 1]).mean())
    slopes = deep_backward(cache, net, Y, *told)
    assert_same(deep_backward(cache, net, Y), slopes, 0)
    assert_same(deep_gradients(X, Y, net), slopes, 0)
    A, (W, b) = np.random.default_rng(0).normal(size=(4, 5)), net[1]
    H, layer = residual_layer(A, W, b, "relu", True, True)
    assert residual_layer(A, W, b)[0].tolist() == H.tolist()
    below, _ = residual_layer_backward(H, W, layer, "relu")
    assert residual_layer_backward(H, W, layer)[0].tolist() == below.tolist()


# --- layer normalisation ----------------------------------------------------


def test_layer_norm_by_hand():
    # mean 4, deviations −3, −1, 4, their squares' mean 26/3
    N, s = layer_norm(np.array([[1.0, 3.0, 8.0]]), epsilon=1 / 3)
    assert s[0, 0] == pytest.approx(3, rel=1e-15)
    assert N[0] == pytest.approx([-1, -1 / 3, 4 / 3], rel=1e-15)


def test_every_row_has_mean_0_and_variance_1_by_itself():
    rng = np.random.default_rng(0)
    A = rng.normal(3, 5, size=(7, 40))
    N, s = layer_norm(A, epsilon=1e-12)
    np.testing.assert_allclose(N.mean(axis=1), 0, atol=1e-14)
    np.testing.assert_allclose(N.var(axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(N * s + A.mean(axis=1, keepdims=True), A, rtol=1e-13)
    np.testing.assert_array_equal(layer_norm(A[2:3], 1e-12)[0], N[2:3])


@pytest.mark.parametrize("factor", [1e-3, 2.0, 1e6])
def test_neither_a_shift_nor_a_factor_of_a_row_matters(factor):
    A = np.random.default_rng(0).normal(size=(4, 6))
    moved, _ = layer_norm(factor * A + 3 * factor, epsilon=1e-5 * factor**2)
    np.testing.assert_allclose(moved, layer_norm(A)[0], rtol=1e-12)


def test_a_row_of_equal_numbers_becomes_zeros():
    N, s = layer_norm(np.full((2, 3), 7.0))
    assert (N == 0).all()
    assert s == pytest.approx(np.sqrt(1e-5))


@pytest.mark.parametrize("d", [1, 2, 9])
def test_layer_norm_backward_is_the_slope(d):
    rng = np.random.default_rng(d)
    A, C = rng.normal(size=(3, d)), rng.normal(size=(3, d))
    N, s = layer_norm(A, 0.01)
    analytic = layer_norm_backward(C, N, s)
    h, numeric = 1e-5, np.zeros_like(A)
    for place in np.ndindex(A.shape):
        step = np.zeros_like(A)
        step[place] = h
        rise = layer_norm(A + step, 0.01)[0] - layer_norm(A - step, 0.01)[0]
        numeric[place] = (C * rise).sum() / (2 * h)
    assert relative_error(analytic, numeric) <= 1e-7 or np.abs(analytic).max() < 1e-9


def test_the_slope_of_a_shift_and_of_a_stretch_is_0():
    rng = np.random.default_rng(0)
    A, G = rng.normal(size=(3, 5)), rng.normal(size=(3, 5))
    N, s = layer_norm(A, epsilon=1e-14)
    back = layer_norm_backward(G, N, s)
    np.testing.assert_allclose(back.sum(axis=1), 0, atol=1e-13)
    np.testing.assert_allclose((back * N).sum(axis=1), 0, atol=1e-12)


def test_a_gain_and_a_shift_are_within_reach_of_the_weights_that_follow():
    rng = np.random.default_rng(0)
    N, _ = layer_norm(rng.normal(size=(5, 4)))
    gain, shift = rng.normal(size=(2, 4))
    W, b = rng.normal(size=(4, 3)), rng.normal(size=3)
    np.testing.assert_allclose(
        (N * gain + shift) @ W + b, N @ (gain[:, None] * W) + (shift @ W + b), rtol=1e-12
    )


# --- one layer --------------------------------------------------------------


def test_a_residual_layer_by_hand():
    A, W, b = np.array([[1.0, 3.0]]), np.array([[1.0, 0.0], [1.0, -1.0]]), np.array([1.0, 0.0])
    out, layer = residual_layer(A, W, b, "relu", normalize=False)
    assert layer.Z.tolist() == [[5, -3]]
    assert layer.H.tolist() == [[5, 0]]
    assert out.tolist() == [[6, 3]]
    below, (dW, db) = residual_layer_backward(np.array([[10.0, 20.0]]), W, layer, "relu")
    assert dW.tolist() == [[10, 0], [30, 0]]
    assert db.tolist() == [10, 0]
    assert below.tolist() == [[10 + 10, 20 + 10]]


def test_a_layer_without_a_skip_hands_on_what_it_makes():
    rng = np.random.default_rng(0)
    A, W, b = rng.normal(size=(4, 3)), rng.normal(size=(3, 2)), rng.normal(size=2)
    out, layer = residual_layer(A, W, b, "tanh", normalize=True, skip=False)
    np.testing.assert_array_equal(out, np.tanh(layer_norm(A)[0] @ W + b))
    assert not layer.skip


def test_only_a_square_layer_can_be_passed_round():
    # (n, 1) added to (n, m) would broadcast without a word.
    with pytest.raises(ValueError, match=r"^W must be square for a skip, got \(1, 3\)$"):
        residual_layer(np.ones((2, 1)), np.ones((1, 3)), np.zeros(3))


# --- the whole network ------------------------------------------------------


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_with_both_switches_off_it_is_the_network_of_chapters_8_and_9(activation):
    X, Y = problem(6, 4, 3)
    parameters = network([4, 5, 5, 5, 3])
    off = {"normalize": False, "skip": False}
    np.testing.assert_array_equal(
        deep_forward(X, parameters, activation, **off)[0],
        forward(X, parameters, activation)[0],
    )
    assert deep_loss(X, Y, parameters, activation, **off) == loss_value(
        X, Y, parameters, activation
    )
    assert_same(
        deep_gradients(X, Y, parameters, activation, **off),
        gradients(X, Y, parameters, activation),
        rtol=1e-14,
    )


@pytest.mark.parametrize(("normalize", "skip"), SWITCHES)
@pytest.mark.parametrize("layers", [1, 2, 4])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradient_check_of_every_switch(activation, layers, normalize, skip):
    # A row of nearly equal numbers bends the loss too much for a difference.
    sizes = [3, *[6] * (layers - 1), 2]
    for output, loss in [*MATCHING.items(), ("softmax", "squared_error")]:
        for seed in range(1000):
            X, Y = problem(5, 3, 2, output, seed)
            parameters = network(sizes, seed)
            names = (activation, output, loss, normalize, skip)
            _, cache = deep_forward(X, parameters, activation, output, normalize, skip)
            kinks = min(np.abs(layer.Z).min() for layer in cache)
            spread = min((layer.s.min() for layer in cache if layer.s is not None), default=1)
            if kinks > 1e-3 and spread > 0.15:
                break
        else:
            raise AssertionError("every seed has a score at a kink")
        report = check_all(
            lambda moved, X=X, Y=Y, names=names: deep_loss(X, Y, moved, *names),
            parameters,
            deep_gradients(X, Y, parameters, *names),
        )
        assert report.passed, f"{names}: {report}"


def test_the_first_and_the_last_layer_are_not_passed_round():
    X, _ = problem(6, 4, 4)
    parameters = network([4, 4, 4, 4])
    _, cache = deep_forward(X, parameters)
    assert [layer.skip for layer in cache] == [False, True, False]
    assert [layer.s is None for layer in cache] == [True, False, False]
    np.testing.assert_array_equal(cache[0].N, X)


def test_the_way_round_brings_the_error_down_whole():
    # Layers that pass nothing on: all that arrives comes round them.
    X, Y = problem(6, 4, 3)
    first, *_, last = network([4, 5, 5, 5, 3])
    nothing = (np.zeros((5, 5)), np.zeros(5))
    off = {"normalize": False}
    deep = deep_gradients(X, Y, [first, nothing, nothing, last], "tanh", **off)
    flatter = deep_gradients(X, Y, [first, last], "tanh", **off)
    assert_same(deep[:1], flatter[:1])
    assert_same(deep[-1:], flatter[-1:])


def test_float32_stays_float32():
    X, Y = problem(6, 4, 3)
    parameters = initialize([4, 5, 5, 3], rng=0, dtype="float32")
    X, Y = X.astype("float32"), Y.astype("float32")
    assert deep_forward(X, parameters)[0].dtype == np.float32
    assert {a.dtype for pair in deep_gradients(X, Y, parameters) for a in pair} == {
        np.dtype("float32")
    }


def test_nothing_is_changed_and_lists_and_bytes_are_taken():
    X, Y = problem(6, 4, 3)
    parameters = network([4, 5, 5, 3])
    before = [X.copy(), Y.copy(), flat(parameters).copy()]
    deep_gradients(X, Y, parameters)
    for was, now in zip(before, (X, Y, flat(parameters)), strict=True):
        np.testing.assert_array_equal(was, now)
    bytes_ = np.arange(24, dtype=np.uint8).reshape(6, 4)
    np.testing.assert_array_equal(
        deep_forward(bytes_, parameters)[0], deep_forward(bytes_.tolist(), parameters)[0]
    )
    np.testing.assert_array_equal(layer_norm(bytes_)[0], layer_norm(bytes_.astype(float))[0])


# --- what the two remedies are for ------------------------------------------


@pytest.mark.parametrize(("normalize", "skip"), SWITCHES)
def test_each_remedy_keeps_the_gradient_of_the_first_layer(normalize, skip):
    X, Y = problem(50, 30, 3)
    parameters = initialize([30] * 20 + [3], "glorot_normal", rng=0)
    slopes = deep_gradients(X, Y, parameters, "sigmoid", normalize=normalize, skip=skip)
    share = np.linalg.norm(slopes[0][0]) / np.linalg.norm(slopes[-1][0])
    assert share > 1e-3 if normalize or skip else share < 1e-9


# --- bad input --------------------------------------------------------------


@pytest.mark.parametrize("A", [np.ones(3), np.ones((2, 3, 4)), 1.0])
def test_layer_norm_takes_a_table_only(A):
    with pytest.raises(ValueError, match=r"A must have the shape \(n, d\)"):
        layer_norm(A)


@pytest.mark.parametrize("epsilon", [0.0, -1e-5, float("nan")])
def test_epsilon_must_be_positive(epsilon):
    with pytest.raises(ValueError, match="epsilon must be"):
        layer_norm(np.ones((2, 3)), epsilon)


def test_complex_numbers_and_text_are_refused():
    with pytest.raises(TypeError, match="A must hold real numbers"):
        layer_norm(np.ones((2, 3)) * 1j)
    with pytest.raises(TypeError, match="X must hold real numbers"):
        deep_forward([["a", "b"]], network([2, 3]))


def test_slopes_of_another_shape_are_an_error():
    N, s = layer_norm(np.random.default_rng(0).normal(size=(4, 3)))
    with pytest.raises(ValueError, match=r"G must have shape \(4, 3\), got \(1, 3\)"):
        layer_norm_backward(np.ones((1, 3)), N, s)
    W = np.eye(3)
    _, layer = residual_layer(N, W, np.zeros(3), normalize=False)
    with pytest.raises(ValueError, match=r"^Delta must have shape \(4, 3\), got \(5, 3\)$"):
        scores_backward(np.ones((5, 3)), W, layer)


def test_answers_of_another_shape_are_an_error():
    X, _ = problem(6, 4, 3)
    parameters = network([4, 5, 3])
    _, cache = deep_forward(X, parameters)
    with pytest.raises(ValueError, match=r"Y must have shape \(6, 3\), got \(6,\)"):
        deep_backward(cache, parameters, np.zeros(6))


def test_unknown_names_are_errors():
    X, _ = problem(6, 4, 3)
    with pytest.raises(ValueError, match=r"^activation must be one of .*; got .rellu. \(near"):
        deep_forward(X, network([4, 5, 3]), "rellu")
