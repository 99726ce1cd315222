"""Activations: exact values, tails, derivatives, shapes and types."""

from __future__ import annotations

import itertools

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nnlit import activations as act

mpmath.mp.dps = 40
EPS = np.finfo(float).eps

# A grid with both tails, the places where other forms break, and numbers
# that are not round.
GRID = np.concatenate(
    [
        np.linspace(-745, 745, 1201),
        np.linspace(-40, 40, 801) + 1 / 3,
        np.array([-745.1, -710, -709, -708, -37.5, -1e-8, 0, 1e-8, 37.5]),
        np.random.default_rng(0).uniform(-30, 30, 500),
    ]
).clip(-745, 745)

ELEMENTWISE = [
    act.step,
    act.sigmoid,
    act.sigmoid_prime,
    act.tanh,
    act.tanh_prime,
    act.relu,
    act.relu_prime,
    act.leaky_relu,
    act.leaky_relu_prime,
    act.gelu,
    act.gelu_prime,
    act.normal_cdf,
    act.normal_pdf,
    act.identity,
    act.identity_prime,
]
ROWWISE = [act.softmax, act.log_softmax]
PAIRS = [
    (act.sigmoid, act.sigmoid_prime),
    (act.tanh, act.tanh_prime),
    (act.relu, act.relu_prime),
    (act.leaky_relu, act.leaky_relu_prime),
    (act.gelu, act.gelu_prime),
    (act.identity, act.identity_prime),
    (act.normal_cdf, act.normal_pdf),
]


def name(function):
    return getattr(function, "__name__", None)


def ulps(got, exact):
    """Return the greatest distance of got from exact, in units of the last
    place of the exact value."""
    errors = []
    for number, true in zip(np.ravel(got), exact, strict=True):
        spacing = np.spacing(abs(float(true)))
        errors.append(abs(mpmath.mpf(float(number)) - true) / spacing)
    return float(max(errors))


def true_sigmoid(x):
    return 1 / (1 + mpmath.exp(-mpmath.mpf(float(x))))


def rows(low=-50.0, high=50.0, classes=5):
    return arrays(float, classes, elements=st.floats(low, high))


# --- sigmoid ---------------------------------------------------------------


def test_sigmoid_is_within_4_ulp_of_the_true_value():
    assert ulps(act.sigmoid(GRID), [true_sigmoid(x) for x in GRID]) <= 4


def test_sigmoid_keeps_the_left_tail_that_other_forms_flush_to_zero():
    assert act.sigmoid(-745.0) > 0
    assert ulps(act.sigmoid(-710.0), [true_sigmoid(-710)]) <= 4


def test_sigmoid_never_warns_and_is_finite_for_every_finite_score():
    biggest = np.finfo(float).max
    with np.errstate(all="raise", under="ignore"):
        y = act.sigmoid(np.array([-biggest, -1e4, 0.0, 1e4, biggest]))
    assert y.tolist() == [0.0, 0.0, 0.5, 1.0, 1.0]


def test_sigmoid_of_infinities_is_its_limit_and_of_nan_is_nan():
    y = act.sigmoid(np.array([-np.inf, np.inf, np.nan]))
    assert y[:2].tolist() == [0.0, 1.0]
    assert np.isnan(y[2])


@given(st.floats(-745, 745))
def test_sigmoid_of_x_and_of_minus_x_add_up_to_1(x):
    assert abs(act.sigmoid(x) + act.sigmoid(-x) - 1) <= 2 * EPS


def test_sigmoid_is_monotone():
    assert np.all(np.diff(act.sigmoid(np.sort(GRID))) >= 0)


@given(st.floats(-745, 745))
def test_sigmoid_is_monotone_from_one_float_to_the_next(x):
    assert act.sigmoid(x) <= act.sigmoid(np.nextafter(x, np.inf))


def test_sigmoid_prime_is_within_8_ulp_of_the_true_value():
    exact = [true_sigmoid(x) * true_sigmoid(-x) for x in GRID]
    assert ulps(act.sigmoid_prime(GRID), exact) <= 8


def test_s_times_1_minus_s_would_lose_the_right_tail_of_sigmoid_prime():
    s = act.sigmoid(40.0)
    assert s * (1 - s) == 0
    assert act.sigmoid_prime(40.0) == pytest.approx(np.exp(-40), rel=1e-14)


def test_sigmoid_prime_is_taken_at_the_score_not_at_the_output():
    # Erratum A26: with o in place of h the slope at h = 4 comes out 11 times
    # too big.
    assert act.sigmoid_prime(4.0) == pytest.approx(0.0177, abs=5e-5)
    assert act.sigmoid_prime(act.sigmoid(4.0)) == pytest.approx(
        0.198, abs=5e-4
    )


# --- the other element-wise ones -------------------------------------------


def test_tanh_is_within_2_ulp_of_the_true_value():
    exact = [mpmath.tanh(mpmath.mpf(float(x))) for x in GRID]
    assert ulps(act.tanh(GRID), exact) <= 2


@given(st.floats(-300, 300))
def test_tanh_is_a_sigmoid_stretched(x):
    assert act.tanh(x) == pytest.approx(
        2 * act.sigmoid(2 * x) - 1, abs=4 * EPS
    )


def test_tanh_prime_is_exact_to_4_eps():
    exact = np.array([float(mpmath.sech(float(x)) ** 2) for x in GRID])
    assert np.max(np.abs(act.tanh_prime(GRID) - exact)) <= 4 * EPS


def test_step_is_1_at_zero_and_above_and_0_below():
    tiny = np.nextafter(0, 1)
    x = np.array([-np.inf, -1, -tiny, -0.0, 0.0, tiny, 1, np.inf])
    assert act.step(x).tolist() == [0, 0, 0, 1, 1, 1, 1, 1]


def test_relu_is_exact():
    tiny = np.nextafter(0, 1)
    x = np.array([-np.inf, -2, -tiny, 0, tiny, 2, np.inf])
    assert act.relu(x).tolist() == [0, 0, 0, 0, tiny, 2, np.inf]


def test_relu_prime_is_0_at_the_kink_and_1_above():
    tiny = np.nextafter(0, 1)
    x = np.array([-2, -tiny, -0.0, 0.0, tiny, 2])
    assert act.relu_prime(x).tolist() == [0, 0, 0, 0, 1, 1]


def test_leaky_relu_is_exact_and_its_slope_can_be_chosen():
    x = np.array([-2.0, 0.0, 3.0])
    assert act.leaky_relu(x).tolist() == [-0.02, 0, 3]
    assert act.leaky_relu(x, slope=0.5).tolist() == [-1, 0, 3]
    assert act.leaky_relu(x, slope=2.0).tolist() == [-4, 0, 3]
    assert act.leaky_relu_prime(x).tolist() == [0.01, 0.01, 1]
    assert act.leaky_relu_prime(x, slope=0.5).tolist() == [0.5, 0.5, 1]


def test_normal_cdf_and_pdf_keep_both_tails():
    x = np.linspace(-37, 8, 200)
    cdf = [float(mpmath.ncdf(float(v))) for v in x]
    pdf = [float(mpmath.npdf(float(v))) for v in x]
    np.testing.assert_allclose(act.normal_cdf(x), cdf, rtol=1e-12)
    np.testing.assert_allclose(act.normal_pdf(x), pdf, rtol=1e-12)


def test_normal_pdf_does_not_overflow():
    assert act.normal_pdf(np.array([-1e300, 1e300])).tolist() == [0, 0]
    assert act.gelu_prime(np.array([-1e300, 1e300])).tolist() == [0, 1]


def test_gelu_is_the_exact_form_not_the_one_with_tanh():
    x = np.linspace(-37, 8, 200)
    exact = [float(float(v) * mpmath.ncdf(float(v))) for v in x]
    np.testing.assert_allclose(act.gelu(x), exact, rtol=1e-12)
    by_tanh = 0.5 * (1 + np.tanh(np.sqrt(2 / np.pi) * (1 + 0.044715)))
    assert abs(act.gelu(1.0) - by_tanh) > 1e-4


@pytest.mark.parametrize(("f", "f_prime"), PAIRS, ids=name)
def test_every_derivative_agrees_with_a_central_difference(f, f_prime):
    h = 1e-5
    x = np.random.default_rng(1).uniform(-4, 4, 500)
    x = x[np.abs(x) > 10 * h]  # ReLU and leaky ReLU have a kink at 0
    numeric = (f(x + h) - f(x - h)) / (2 * h)
    np.testing.assert_allclose(f_prime(x), numeric, rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("f", ELEMENTWISE, ids=name)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_elementwise_functions_keep_dtype_and_shape(f, dtype):
    x = np.linspace(-2, 2, 6, dtype=dtype).reshape(1, 2, 3)
    y = f(x)
    assert y.dtype == dtype
    assert y.shape == x.shape


@pytest.mark.parametrize("f", ELEMENTWISE, ids=name)
def test_elementwise_functions_of_a_number_give_a_number(f):
    y = f(0.5)
    assert np.ndim(y) == 0
    assert float(y) == f(np.array([0.5]))[0]


@pytest.mark.parametrize("f", ELEMENTWISE, ids=name)
def test_elementwise_functions_allow_no_elements(f):
    assert f(np.zeros((0, 3))).shape == (0, 3)


@pytest.mark.parametrize("f", ELEMENTWISE + ROWWISE, ids=name)
def test_unsigned_bytes_do_not_wrap(f):
    pixels = np.array([[0, 1, 2, 200, 255]], dtype=np.uint8)
    np.testing.assert_array_equal(f(pixels), f(pixels.astype(float)))


@pytest.mark.parametrize("f", ELEMENTWISE + ROWWISE, ids=name)
@pytest.mark.parametrize("bad", [[1j, 2j], ["a", "b"], [None, 1.0]])
def test_what_is_not_a_real_number_is_a_type_error(f, bad):
    with pytest.raises(TypeError, match="must hold real numbers"):
        f(bad)


@pytest.mark.parametrize("f", ELEMENTWISE + ROWWISE, ids=name)
def test_the_argument_is_not_changed(f):
    x = np.array([-1.0, 0.0, 2.0])
    x.flags.writeable = False
    f(x)
    assert x.tolist() == [-1, 0, 2]


# --- softmax ---------------------------------------------------------------


def true_softmax(z):
    e = [mpmath.exp(mpmath.mpf(float(v))) for v in z]
    return [v / sum(e) for v in e]


@given(rows(-1000, 1000))
def test_softmax_and_its_logarithm_agree_with_mpmath_to_1e_13(z):
    exact = true_softmax(z)
    p = np.array([float(v) for v in exact])
    assert np.max(np.abs(act.softmax(z) - p)) <= 1e-13
    log_p = np.array([float(mpmath.log(v)) for v in exact])
    np.testing.assert_allclose(
        act.log_softmax(z), log_p, rtol=1e-13, atol=1e-13
    )


@given(rows())
def test_softmax_rows_sum_to_1(z):
    assert abs(np.sum(act.softmax(z)) - 1) <= 4 * EPS


@given(rows(), st.floats(-1000, 1000))
def test_softmax_does_not_change_when_all_scores_shift(z, c):
    np.testing.assert_allclose(
        act.softmax(z + c), act.softmax(z), rtol=1e-12, atol=1e-13
    )


@pytest.mark.parametrize("f", ROWWISE, ids=name)
def test_softmax_follows_a_permutation_of_the_classes(f):
    z = np.array([0.3, -2.0, 5.0, 1.25])
    for order in itertools.permutations(range(4)):
        np.testing.assert_allclose(
            f(z[list(order)]), f(z)[list(order)], rtol=0, atol=4 * EPS
        )


@pytest.mark.parametrize("f", [*ROWWISE, act.naive_softmax], ids=name)
def test_a_row_of_a_batch_equals_the_row_alone(f):
    # Erratum B18: the sources' function normalises a batch down its columns.
    Z = np.random.default_rng(2).normal(0, 5, (7, 10))
    np.testing.assert_array_equal(f(Z), np.array([f(z) for z in Z]))
    np.testing.assert_array_equal(f(Z[None])[0], f(Z))


def test_softmax_of_a_class_that_is_ruled_out_is_0():
    z = np.array([0.0, -np.inf, 0.0])
    assert act.softmax(z).tolist() == [0.5, 0, 0.5]
    assert act.log_softmax(z)[1] == -np.inf


def test_softmax_denominator_holds_every_score_its_own_included():
    # Erratum B17: "all of the other scores" would give odds, not chances.
    assert act.softmax(np.array([0.0, 0.0])).tolist() == [0.5, 0.5]
    assert act.softmax(np.array([3.0])).tolist() == [1.0]


@pytest.mark.parametrize("f", ROWWISE, ids=name)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_softmax_keeps_dtype(f, dtype):
    assert f(np.array([1, 2, 3], dtype=dtype)).dtype == dtype


@pytest.mark.parametrize("f", ROWWISE, ids=name)
def test_softmax_without_classes_is_an_error(f):
    with pytest.raises(ValueError, match=r"^z must have at least one class"):
        f(np.zeros((2, 0)))


def test_softmax_jacobian_agrees_with_central_differences():
    z, h = np.array([0.3, -1.0, 2.0, 0.5]), 1e-5
    numeric = np.array(
        [
            (act.softmax(z + h * e) - act.softmax(z - h * e)) / (2 * h)
            for e in np.eye(4)
        ]
    ).T
    np.testing.assert_allclose(act.softmax_jacobian(z), numeric, atol=1e-10)


def test_softmax_jacobian_rows_sum_to_0():
    J = act.softmax_jacobian(np.array([0.3, -1.0, 2.0]))
    np.testing.assert_allclose(J.sum(axis=1), 0, atol=4 * EPS)


def test_softmax_jacobian_takes_one_row_only():
    with pytest.raises(
        ValueError, match=r"one row \(K,\), got shape \(2, 2\)"
    ):
        act.softmax_jacobian(np.zeros((2, 2)))


def test_temperature_1_is_softmax_and_low_is_bold_and_high_is_even():
    z = np.array([1.0, 2.0, 3.0])
    np.testing.assert_array_equal(
        act.temperature_softmax(z, 1), act.softmax(z)
    )
    assert act.temperature_softmax(z, 0.01)[2] == pytest.approx(1, abs=1e-15)
    assert act.temperature_softmax(z, 1e9) == pytest.approx(1 / 3, rel=1e-8)
    np.testing.assert_array_equal(
        act.temperature_softmax(z, 2.0), act.softmax(z / 2)
    )


@pytest.mark.parametrize("temperature", [0, -1.0, np.nan, np.inf])
def test_a_temperature_that_is_not_above_0_is_an_error(temperature):
    with pytest.raises(ValueError, match="temperature must be"):
        act.temperature_softmax(np.zeros(2), temperature)


# --- the naive forms -------------------------------------------------------


def test_naive_sigmoid_overflows_as_its_docstring_says():
    with pytest.warns(RuntimeWarning, match="overflow"):
        assert act.naive_sigmoid(np.array([-710.0]))[0] == 0
    assert act.naive_sigmoid(np.array([-709.0]))[0] > 0


def test_naive_softmax_overflows_as_its_docstring_says():
    with pytest.warns(RuntimeWarning):
        p = act.naive_softmax(np.array([1000.0, 1001.0]))
    assert np.all(np.isnan(p))
    assert np.isfinite(act.softmax(np.array([1000.0, 1001.0]))).all()


def test_naive_forms_agree_with_the_stable_ones_where_they_can():
    x = np.linspace(-30, 30, 61)
    np.testing.assert_allclose(
        act.naive_sigmoid(x), act.sigmoid(x), rtol=1e-15
    )
    np.testing.assert_allclose(
        act.naive_softmax(x), act.softmax(x), rtol=1e-13
    )
