"""Gradient descent: slopes, closed forms, divergence, restarts."""

from __future__ import annotations

import numpy as np
import pytest

from nnlit import descent
from nnlit.descent import (
    gradient_descent,
    one_weight_gradient,
    one_weight_loss,
    random_restart,
    two_minima,
    two_minima_gradient,
)


def test_slope_of_the_worked_loss_is_its_gradient():
    # x = 2, w = 5, y = 8: loss 2, slope 4.
    def loss(w):
        return one_weight_loss(w, x=2.0, y=8.0)

    assert loss(5.0) == 2
    assert one_weight_gradient(5.0, x=2.0, y=8.0) == 4
    assert descent.slope(loss, 5.0) == pytest.approx(4, rel=1e-9)


def test_slope_of_f_along_w_is_x():
    # Erratum A22: one step of w changes f = xw by x, since f is linear.
    assert descent.slope(lambda w: 2 * w, 5.0) == pytest.approx(2)
    assert descent.slope(lambda w: 2 * w, 5.0, h=1.0) == 2


def test_slope_is_a_central_difference():
    # Its error on a cube is h² exactly; a one-sided one would be 3h + h².
    assert descent.slope(lambda w: w**3, 1.0, h=0.5) == 3.25


def test_numerical_gradient_has_the_shape_of_the_weights():
    W = np.arange(6.0).reshape(2, 3)
    A = np.array([[1.0, -2.0, 3.0], [0.5, 0.0, -1.0]])
    g = descent.numerical_gradient(lambda w: np.sum(A * w), W)
    np.testing.assert_allclose(g, A, atol=1e-9)
    assert descent.numerical_gradient(lambda w: w**2, 3) == pytest.approx(6)


def test_numerical_gradient_measures_close_by():
    # The error on a cube is h², far below what rounding leaves.
    g = descent.numerical_gradient(lambda w: np.sum(w**3), np.array([1.0, 2]))
    np.testing.assert_allclose(g, [3, 12], rtol=1e-9)


def test_numerical_gradient_works_in_float64_and_changes_nothing():
    w = np.array([1.0, 2.0], np.float32)
    w.flags.writeable = False
    g = descent.numerical_gradient(lambda v: v[0] * v[1], w)
    assert g.dtype == np.float64
    np.testing.assert_allclose(g, [2, 1], atol=1e-9)


@pytest.mark.parametrize("h", [0, -1e-5, np.nan])
def test_a_step_width_that_is_not_above_0_is_an_error(h):
    with pytest.raises(ValueError, match="h must be"):
        descent.slope(abs, 1.0, h=h)
    with pytest.raises(ValueError, match="h must be"):
        descent.numerical_gradient(np.sum, np.ones(2), h=h)


def test_the_sources_numbers_without_a_learning_rate_climb():
    # Erratum A24: subtracting the whole gradient takes the loss from 2 to 18,
    # and from 50 to 450.
    for y, before, after in ((8.0, 2, 18), (0.0, 50, 450)):
        w = descent.descent_step(5.0, one_weight_gradient(5.0, 2.0, y), 1.0)
        assert one_weight_loss(5.0, 2.0, y) == before
        assert one_weight_loss(w, 2.0, y) == after


@pytest.mark.parametrize("learning_rate", [0.01, 0.1, 0.25, 0.4])
def test_on_a_quadratic_the_error_shrinks_by_1_minus_eta_lambda(
    learning_rate,
):
    # λ = x² = 4; the best weight is y/x = 4.
    k = np.arange(31)
    path = gradient_descent(
        lambda w: one_weight_gradient(w, 2.0, 8.0), 5.0, learning_rate, 30
    )
    closed = 4 + (1 - learning_rate * 4) ** k * (5 - 4)
    np.testing.assert_allclose(path, closed, rtol=1e-12)


def test_on_a_quadratic_of_two_weights_each_direction_shrinks_by_itself():
    curvature = np.array([1.0, 5.0])
    path = gradient_descent(lambda w: curvature * w, np.ones(2), 0.3, 40)
    closed = (1 - 0.3 * curvature) ** np.arange(41)[:, None]
    np.testing.assert_allclose(path, closed, rtol=1e-12)


def test_descent_diverges_beyond_2_over_lambda_and_only_there():
    def far(learning_rate):
        path = gradient_descent(
            lambda w: one_weight_gradient(w, 2.0, 8.0),
            5.0,
            learning_rate,
            500,
        )
        return abs(path[-1] - 4)

    assert far(0.49) < 1e-4
    assert far(0.50) == 1
    assert far(0.51) > 1e8


def test_path_holds_the_start_and_every_step():
    start = np.array([1.0, 2.0])
    path = gradient_descent(lambda w: w, start, 0.5, 3)
    assert path.shape == (4, 2)
    assert path[0].tolist() == [1, 2]
    assert gradient_descent(lambda w: w, start, 0.5, 0).shape == (1, 2)
    assert start.tolist() == [1, 2]


def test_path_keeps_float32_and_casts_whole_numbers():
    path = gradient_descent(lambda w: w, np.ones(2, np.float32), 0.5, 3)
    assert path.dtype == np.float32
    assert gradient_descent(lambda w: w, np.array([1]), 0.5, 1)[1] == 0.5


@pytest.mark.parametrize(
    ("learning_rate", "steps", "message"),
    [
        (0.0, 1, "learning_rate must be > 0"),
        (-0.1, 1, "learning_rate must be > 0"),
        (np.nan, 1, "learning_rate must be finite"),
        (0.1, -1, "steps must be >= 0"),
    ],
)
def test_gradient_descent_refuses_bad_input(learning_rate, steps, message):
    with pytest.raises(ValueError, match=message):
        gradient_descent(lambda w: w, 1.0, learning_rate, steps)


# --- two minima and restarts -----------------------------------------------


def test_two_minima_are_where_the_docstring_says():
    w = np.linspace(-2, 2, 400_001)
    f = two_minima(w)
    inner = f[1:-1]
    low = w[1:-1][(inner < f[:-2]) & (inner < f[2:])]
    high = w[1:-1][(inner > f[:-2]) & (inner > f[2:])]
    np.testing.assert_allclose(low, [-1.036, 0.960], atol=5e-4)
    np.testing.assert_allclose(high, [0.075], atol=5e-4)
    assert two_minima(low[0]) < two_minima(low[1])


def test_two_minima_gradient_is_its_slope():
    for w in np.linspace(-2, 2, 21):
        numeric = descent.slope(two_minima, w)
        assert two_minima_gradient(w) == pytest.approx(numeric, abs=1e-8)


def test_descent_ends_in_the_valley_where_it_starts():
    # Erratum A21: downhill is not always towards the lowest point.
    ends = [
        gradient_descent(two_minima_gradient, w, 0.05, 200)[-1]
        for w in (-1.5, 0.0, 0.2, 1.5)
    ]
    np.testing.assert_allclose(ends, [-1.036, -1.036, 0.96, 0.96], atol=5e-4)


def restart(restarts, rng, low=-2.0, high=2.0):
    return random_restart(
        two_minima, two_minima_gradient, low, high, 0.05, 100, restarts, rng
    )


@pytest.mark.parametrize("seed", range(5))
def test_the_best_restart_is_no_worse_than_any_run(seed):
    w, loss, ends = restart(8, seed)
    assert ends.shape == (8,)
    assert loss == two_minima(w) == min(two_minima(ends))


def test_one_restart_is_a_plain_run():
    start = np.random.default_rng(4).uniform(-2, 2)
    path = gradient_descent(two_minima_gradient, start, 0.05, 100)
    w, loss, ends = restart(1, 4)
    assert w == ends[0] == path[-1]
    assert loss == two_minima(path[-1])


def test_the_end_of_a_restart_is_the_last_point_of_its_path():
    start = np.random.default_rng(4).uniform(-2.0, 2.0, 1)[0]
    path = gradient_descent(two_minima_gradient, start, 0.05, 3)
    _, _, ends = random_restart(
        two_minima, two_minima_gradient, -2.0, 2.0, 0.05, 3, 1, rng=4
    )
    assert ends.tolist() == [path[-1]]
    assert path[-1] != path[-2]


def test_restarts_come_from_a_seed_or_a_generator_and_touch_no_global_state():
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    w, _, ends = restart(5, 7)
    again, _, other = restart(5, np.random.default_rng(7))
    assert w == again
    assert ends.tolist() == other.tolist()
    assert ends.tolist() != restart(5, 8)[2].tolist()
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002


def test_restarts_of_several_weights():
    low, high = np.array([-1.0, 4.0]), np.array([0.0, 5.0])
    _, _, ends = random_restart(
        np.sum, lambda w: 0 * w, low, high, 0.1, 1, 20, rng=0
    )
    assert ends.shape == (20, 2)
    assert np.all((low <= ends) & (ends < high))


def test_restarts_that_diverge_do_not_win():
    def loss(w):
        return np.nan if w > 0 else w**2

    w, value, _ = random_restart(
        loss, lambda w: 2 * w, -1.0, 1.0, 0.1, 5, 20, rng=0
    )
    assert w < 0
    assert value == w**2


@pytest.mark.parametrize(
    ("low", "high", "restarts", "message"),
    [
        (1.0, 1.0, 3, "low < high"),
        (2.0, 1.0, 3, "low < high"),
        (np.zeros(2), np.ones(3), 3, "one shape"),
        (-np.inf, 1.0, 3, "low must be finite"),
        (0.0, np.nan, 3, "high must be finite"),
        (0.0, 1.0, 0, "restarts must be >= 1"),
    ],
)
def test_random_restart_refuses_bad_input(low, high, restarts, message):
    with pytest.raises(ValueError, match=message):
        restart(restarts, 0, low, high)
