"""The gradient check itself: what it passes, what it finds, what it refuses."""

from __future__ import annotations

import numpy as np
import pytest

from nnlit.gradcheck import check_all, check_directions, relative_error
from nnlit.initializers import initialize
from nnlit.losses import one_hot
from nnlit.network import gradients, loss_value

CHECKS = pytest.mark.parametrize("check", [check_all, check_directions])
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(6, 4)), one_hot(RNG.integers(3, size=6), 3)


def loss(parameters):
    return loss_value(X, Y, parameters, "tanh")


def case(seed=0):
    parameters = initialize([4, 5, 3], rng=seed)
    slopes = [[dW.copy(), db.copy()] for dW, db in gradients(X, Y, parameters, "tanh")]
    return parameters, slopes


@CHECKS
@pytest.mark.parametrize("seed", range(10))
def test_right_gradients_pass(check, seed):
    report = check(loss, *case(seed))
    assert report.passed
    assert report.error <= 1e-9
    assert set(report.errors) == {"W1", "b1", "W2", "b2"}
    assert str(report).startswith("gradient check passed")


@CHECKS
@pytest.mark.parametrize("seed", range(10))
def test_a_scale_wrong_by_a_thousandth_fails(check, seed):
    # Measured: it passes PyTorch's default tolerance in 7 of 40 seeds.
    parameters, slopes = case(seed)
    slopes[0][0] *= 1.001
    report = check(loss, parameters, slopes)
    assert not report.passed
    assert report.worst.startswith("W1[")
    assert max(report.errors, key=report.errors.get) == "W1"


def test_the_worst_parameter_is_named_with_both_slopes():
    parameters, slopes = case()
    right = slopes[1][0][3, 2]
    slopes[1][0][3, 2] += 0.25
    report = check_all(loss, parameters, slopes)
    assert report.worst == "W2[3, 2]"
    assert report.analytic == right + 0.25
    assert report.numeric == pytest.approx(right, abs=1e-9)
    assert str(report).startswith("gradient check FAILED: ")
    assert "W2[3, 2]" in str(report)


@CHECKS
def test_a_fault_in_a_bias_is_named(check):
    parameters, slopes = case()
    slopes[0][1] *= len(X)
    assert check(loss, parameters, slopes).worst.startswith("b1[")


def test_one_slope_among_many_that_is_off_is_seen_though_it_is_small():
    # ‖a − n‖ alone would be within 10⁻⁷ of a gradient of length 10⁴.
    big = [(np.full((1, 1), 1e4), np.zeros(1))]
    slopes = [(np.full((1, 1), 1e4), np.array([1e-3]))]

    def of(parameters):
        [(W, b)] = parameters
        return (W**2).sum() / 2 + 2e-3 * b.sum()

    report = check_all(of, big, slopes, h=1e-2)
    assert report.error < 1e-7
    assert not report.close
    assert not report.passed


@CHECKS
def test_the_step_of_the_differences_is_h(check):
    # On a cube a central difference is off by h² exactly.
    report = check(
        lambda p: (p[0][0] ** 3).sum() + p[0][1].sum(),
        [(np.ones((1, 1)), np.ones(1))],
        [(np.full((1, 1), 3.0), np.ones(1))],
        h=0.5,
    )
    assert abs(report.numeric - report.analytic) == pytest.approx(0.25)


@pytest.mark.parametrize(("off", "close"), [(5e-6, True), (2e-5, False)])
def test_close_is_within_a_hundred_thousandth_even_of_a_slope_of_0(off, close):
    report = check_all(
        lambda p: p[0][1].sum(),
        [(np.ones((1, 1)), np.ones(1))],
        [(np.full((1, 1), off), np.ones(1))],
    )
    assert report.worst == "W1[0, 0]"
    assert report.close == close


@CHECKS
def test_float32_is_refused(check):
    parameters, slopes = case()
    low = [(W.astype("f4"), b.astype("f4")) for W, b in parameters]
    with pytest.raises(ValueError, match="needs float64, but W1 is float32"):
        check(loss, low, slopes)
    half = [(dW.astype("f4"), db) for dW, db in slopes]
    with pytest.raises(ValueError, match="its gradient float32"):
        check(loss, parameters, half)


@CHECKS
def test_bad_input_is_refused(check):
    parameters, slopes = case()
    with pytest.raises(ValueError, match="h must be > 0"):
        check(loss, parameters, slopes, h=0.0)
    with pytest.raises(ValueError, match=r"^gradients must (have the shapes|hold W)"):
        check(loss, parameters, [(slopes[0][0].T, slopes[0][1]), slopes[1]])
    slopes[0][0][0, 0] = np.nan
    with pytest.raises(ValueError, match=r"^dW1 must be finite"):
        check(loss, parameters, slopes)
    slopes[0][0][0, 0] = 0.0
    parameters[1][1][0] = np.inf
    with pytest.raises(ValueError, match=r"^b2 must be finite"):
        check(loss, parameters, slopes)


def test_parameters_are_not_moved():
    parameters, slopes = case()
    before = [a.tolist() for layer in parameters for a in layer]
    check_all(loss, parameters, slopes)
    check_directions(loss, parameters, slopes)
    assert [a.tolist() for layer in parameters for a in layer] == before


def test_directions_are_drawn_from_the_seed_and_cheap():
    parameters, slopes = case()
    calls = []

    def counted(moved):
        calls.append(1)
        return loss(moved)

    one = check_directions(counted, parameters, slopes, directions=3, rng=1)
    assert len(calls) == 2 * 4 * 3
    check_directions(counted, parameters, slopes)
    assert len(calls) == 2 * 4 * (3 + 5)
    assert one == check_directions(loss, parameters, slopes, directions=3, rng=1)


def test_a_real_network_is_checked_along_directions():
    rng = np.random.default_rng(0)
    images, answers = rng.random((16, 784)), one_hot(rng.integers(10, size=16), 10)
    parameters = initialize([784, 64, 32, 10], "glorot_uniform", rng)
    slopes = gradients(images, answers, parameters, "tanh")
    report = check_directions(
        lambda moved: loss_value(images, answers, moved, "tanh"), parameters, slopes
    )
    assert report.passed, str(report)


def test_relative_error_of_nothing_is_0_and_needs_one_shape():
    assert relative_error(np.zeros(3), np.zeros(3)) == 0
    assert relative_error(np.zeros(1), np.ones(1)) == 1
    with pytest.raises(ValueError, match="one shape"):
        relative_error(np.zeros(3), np.zeros((3, 1)))
