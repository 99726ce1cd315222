"""Losses: worked values, edges, gradients, sums against means, bad input."""

from __future__ import annotations

import itertools
import math

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics
from sklearn.metrics import log_loss

from nnlit import losses
from nnlit.activations import sigmoid, softmax
from nnlit.descent import numerical_gradient

mpmath.mp.dps = 40
EPS = np.finfo(float).eps
RNG = np.random.default_rng(0)

FROM_PREDICTIONS = [
    (losses.half_squared_error, losses.half_squared_error_gradient),
    (losses.mean_squared_error, losses.mean_squared_error_gradient),
    (losses.binary_cross_entropy, losses.binary_cross_entropy_gradient),
    (
        losses.binary_cross_entropy_from_scores,
        losses.binary_cross_entropy_from_scores_gradient,
    ),
]
FROM_ROWS = [
    (losses.cross_entropy, losses.cross_entropy_gradient),
    (
        losses.cross_entropy_from_scores,
        losses.cross_entropy_from_scores_gradient,
    ),
]
SAME_SHAPE = [
    *itertools.chain(*FROM_PREDICTIONS),
    losses.likelihood,
    losses.negative_log_likelihood,
]
OF_TWO_CLASSES = [
    losses.likelihood,
    losses.negative_log_likelihood,
    *itertools.chain(*FROM_PREDICTIONS[2:]),
]


def name(value):
    return getattr(value, "__name__", None)


def agrees(a, n):
    """The book's gradient check: both the norm and every element."""
    distance = np.linalg.norm(a - n)
    assert distance <= 1e-7 * (np.linalg.norm(a) + np.linalg.norm(n))
    np.testing.assert_allclose(a, n, rtol=1e-5, atol=1e-5)


# --- squares ---------------------------------------------------------------


def test_half_squared_error_is_half_the_sum():
    assert losses.half_squared_error([10.0], [8.0]) == 2
    assert losses.half_squared_error([10.0, 1.0], [8.0, 4.0]) == 6.5


def test_mean_squared_error_is_a_mean_without_the_half():
    assert losses.mean_squared_error([10.0, 1.0], [8.0, 4.0]) == 6.5
    assert losses.mean_squared_error([10.0], [8.0]) == 4
    assert losses.mean_squared_error([[1.0, 2.0]], [[0.0, 0.0]]) == 2.5


@pytest.mark.parametrize("n", [1, 7])
def test_repeating_the_data_doubles_a_sum_and_leaves_a_mean(n):
    y_hat, y = RNG.uniform(0.1, 0.9, n), RNG.integers(0, 2, n)
    twice = np.tile(y_hat, 2), np.tile(y, 2)
    for total in (losses.half_squared_error, losses.negative_log_likelihood):
        assert total(*twice) == pytest.approx(2 * total(y_hat, y))
    for mean in (
        losses.mean_squared_error,
        losses.binary_cross_entropy,
        losses.binary_cross_entropy_from_scores,
    ):
        assert mean(*twice) == pytest.approx(mean(y_hat, y))
    P, k = RNG.dirichlet(np.ones(3), n), RNG.integers(0, 3, n)
    for mean in (losses.cross_entropy, losses.cross_entropy_from_scores):
        again = mean(np.tile(P, (2, 1)), np.tile(k, 2))
        assert again == pytest.approx(mean(P, k))


# --- likelihood: the three doors -------------------------------------------

DOORS = np.array([0.8, 0.7, 0.1])
CASES = [np.array(case) for case in itertools.product([0, 1], repeat=3)]


def test_the_eight_cases_of_three_doors_sum_to_1():
    chances = [losses.likelihood(DOORS, case) for case in CASES]
    assert sum(chances) == pytest.approx(1, abs=1e-15)
    assert max(chances) == pytest.approx(0.8 * 0.7 * 0.9)


def test_minus_log_of_a_case_is_a_sum_over_the_doors():
    # Erratum B19: 0.685 is the value of the likeliest case.
    for case in CASES:
        total = losses.negative_log_likelihood(DOORS, case)
        assert total == pytest.approx(
            -math.log(losses.likelihood(DOORS, case)), rel=1e-14
        )
    best = losses.negative_log_likelihood(DOORS, [1, 1, 0])
    assert best == pytest.approx(0.685, abs=5e-4)


def test_the_mean_cross_entropy_is_the_log_likelihood_over_n():
    p, y = RNG.uniform(0, 1, 9), RNG.integers(0, 2, 9)
    assert losses.binary_cross_entropy(p, y) == pytest.approx(
        losses.negative_log_likelihood(p, y) / 9, rel=1e-14
    )


# --- two classes -----------------------------------------------------------


def test_binary_cross_entropy_of_a_certain_and_right_prediction_is_0():
    # Erratum B21: 0 · ln 0 made this NaN.
    assert losses.binary_cross_entropy([1.0, 0.0], [1, 0]) == 0
    assert losses.negative_log_likelihood([1.0, 0.0], [1, 0]) == 0
    assert losses.likelihood([1.0, 0.0], [1, 0]) == 1


def test_binary_cross_entropy_of_a_certain_and_wrong_prediction_is_infinite():
    assert losses.binary_cross_entropy([1.0, 0.5], [0, 1]) == np.inf
    assert losses.binary_cross_entropy([0.0, 0.5], [1, 1]) == np.inf
    assert losses.negative_log_likelihood([0.0], [1]) == np.inf
    assert losses.likelihood([0.0], [1]) == 0


def test_binary_cross_entropy_gradient_is_defined_at_0_and_1():
    gradient = losses.binary_cross_entropy_gradient
    assert gradient([0.0, 1.0], [0, 1]).tolist() == [0.5, -0.5]
    assert gradient([0.0, 1.0], [1, 0]).tolist() == [-np.inf, np.inf]


@given(st.integers(2, 40), st.integers(0, 10**6))
def test_binary_cross_entropy_equals_scikit_learns_log_loss(n, seed):
    rng = np.random.default_rng(seed)
    z, y = rng.normal(0, 3, n), rng.integers(0, 2, n)
    reference = log_loss(y, sigmoid(z), labels=[0, 1])
    for ours in (
        losses.binary_cross_entropy(sigmoid(z), y),
        losses.binary_cross_entropy_from_scores(z, y),
    ):
        assert ours == pytest.approx(reference, rel=1e-12, abs=1e-12)


@given(st.floats(-50, 50) | st.floats(-1e4, 1e4), st.sampled_from([0, 1]))
def test_cross_entropy_from_a_score_is_within_4_eps(z, y):
    exact = mpmath.log1p(mpmath.exp(mpmath.mpf(z) * (1 - 2 * y)))
    ours = losses.binary_cross_entropy_from_scores([z], [y])
    assert np.isfinite(ours)
    assert abs(ours - exact) <= 4 * EPS * max(1, exact)


def test_cross_entropy_from_scores_of_a_half_label_is_right():
    z = np.array([-3.0, 0.5, 40.0])
    y = np.array([0.25, 0.5, 0.75])
    s = sigmoid(z[:2])
    exact = -(y[:2] * np.log(s) + (1 - y[:2]) * np.log(1 - s))
    assert losses.binary_cross_entropy_from_scores(
        z[:2], y[:2]
    ) == pytest.approx(exact.mean(), rel=1e-14)
    assert losses.binary_cross_entropy_from_scores(
        z[2:], y[2:]
    ) == pytest.approx(10, rel=1e-14)


@given(st.floats(-50, 50) | st.floats(-1e4, 1e4))
def test_softplus_is_within_4_eps_and_never_negative(z):
    exact = mpmath.log1p(mpmath.exp(mpmath.mpf(z)))
    assert abs(losses.softplus(z) - exact) <= 4 * EPS * max(1, exact)
    assert losses.softplus(z) >= 0


def test_softplus_rises_as_the_sigmoid():
    z, h = np.linspace(-5, 5, 41), 1e-5
    up, down = losses.softplus(z + h), losses.softplus(z - h)
    np.testing.assert_allclose((up - down) / (2 * h), sigmoid(z), rtol=1e-8)


def test_an_even_guess_costs_log_2():
    y = np.array([0, 1, 1])
    half = np.full(3, 0.5)
    assert losses.binary_cross_entropy(half, y) == pytest.approx(math.log(2))
    assert losses.binary_cross_entropy_from_scores(
        np.zeros(3), y
    ) == pytest.approx(math.log(2))


# --- K classes -------------------------------------------------------------


@pytest.mark.parametrize("K", [1, 2, 10, 1000])
def test_a_uniform_prediction_costs_log_K(K):
    y = RNG.integers(0, K, 5)
    even = np.full((5, K), 1 / K)
    assert losses.cross_entropy(even, y) == pytest.approx(math.log(K))
    scores = np.full((5, K), 3.0)
    assert losses.cross_entropy_from_scores(scores, y) == pytest.approx(
        math.log(K), abs=1e-15
    )


def test_cross_entropy_is_defined_at_0_and_1():
    P = np.array([[1.0, 0.0], [0.0, 1.0]])
    assert losses.cross_entropy(P, [0, 1]) == 0
    assert losses.cross_entropy(P, [1, 1]) == np.inf
    gradient = losses.cross_entropy_gradient(P, [0, 0])
    assert gradient.tolist() == [[-0.5, 0], [-np.inf, 0]]


@given(st.integers(1, 20), st.integers(2, 8), st.integers(0, 10**6))
def test_cross_entropy_equals_scikit_learns_log_loss(n, K, seed):
    rng = np.random.default_rng(seed)
    Z, y = rng.normal(0, 3, (n, K)), rng.integers(0, K, n)
    reference = log_loss(y, softmax(Z), labels=range(K))
    for ours in (
        losses.cross_entropy(softmax(Z), y),
        losses.cross_entropy_from_scores(Z, y),
    ):
        assert ours == pytest.approx(reference, rel=1e-12, abs=1e-12)


@given(
    st.lists(st.floats(-1e4, 1e4), min_size=2, max_size=6),
    st.integers(0, 5),
)
def test_cross_entropy_from_scores_is_within_4_eps(z, k):
    k %= len(z)
    exact = mpmath.log(
        sum(mpmath.exp(mpmath.mpf(v) - mpmath.mpf(z[k])) for v in z)
    )
    ours = losses.cross_entropy_from_scores(np.array([z]), [k])
    assert np.isfinite(ours)
    assert abs(ours - exact) <= 4 * EPS * max(1, exact)


@pytest.mark.parametrize(("f", "f_gradient"), FROM_ROWS, ids=name)
def test_class_numbers_and_one_hot_rows_give_the_same(f, f_gradient):
    P, y = RNG.dirichlet(np.ones(4), 6), np.array([0, 1, 2, 3, 3, 0])
    Y = losses.one_hot(y, 4)
    assert f(P, y) == f(P, Y) == f(P, Y.astype(int))
    np.testing.assert_array_equal(f_gradient(P, y), f_gradient(P, Y))


def test_two_classes_are_the_case_K_2():
    z, y = RNG.normal(0, 2, 8), RNG.integers(0, 2, 8)
    Z = np.column_stack([np.zeros(8), z])
    assert losses.cross_entropy_from_scores(Z, y) == pytest.approx(
        losses.binary_cross_entropy_from_scores(z, y), rel=1e-14
    )


# --- gradients -------------------------------------------------------------


@pytest.mark.parametrize(("f", "f_gradient"), FROM_PREDICTIONS, ids=name)
@pytest.mark.parametrize("shape", [(1,), (9,), (4, 3)])
def test_gradients_agree_with_central_differences(f, f_gradient, shape):
    y_hat = RNG.uniform(0.1, 0.9, shape)
    y = RNG.integers(0, 2, shape).astype(float)
    agrees(f_gradient(y_hat, y), numerical_gradient(lambda p: f(p, y), y_hat))


@pytest.mark.parametrize(("f", "f_gradient"), FROM_ROWS, ids=name)
@pytest.mark.parametrize(("n", "K"), [(1, 2), (5, 3)])
def test_row_gradients_agree_with_central_differences(f, f_gradient, n, K):
    P, y = RNG.uniform(0.1, 0.9, (n, K)), RNG.integers(0, K, n)
    agrees(f_gradient(P, y), numerical_gradient(lambda p: f(p, y), P))


def test_the_gradient_at_the_scores_is_prediction_minus_answer_over_n():
    # The sources call y − ŷ the gradient; it points the other way.
    z, y = np.array([0.0, 2.0]), np.array([1, 0])
    np.testing.assert_allclose(
        losses.binary_cross_entropy_from_scores_gradient(z, y),
        [-0.25, sigmoid(2.0) / 2],
    )
    Z = RNG.normal(0, 1, (3, 4))
    np.testing.assert_allclose(
        losses.cross_entropy_from_scores_gradient(Z, [0, 1, 2]),
        (softmax(Z) - np.eye(4)[:3]) / 3,
        rtol=1e-14,
    )


# --- shapes, types, bad input ----------------------------------------------


@pytest.mark.parametrize("f", SAME_SHAPE, ids=name)
@pytest.mark.parametrize(
    ("shape", "other"),
    [((3,), (3, 1)), ((3, 1), (3,)), ((3,), (4,)), ((), (1,))],
)
def test_shapes_that_differ_are_an_error_not_an_n_by_n_result(
    f, shape, other
):
    with pytest.raises(ValueError, match="must have the same shape"):
        f(np.full(shape, 0.5), np.ones(other))


@pytest.mark.parametrize("f", SAME_SHAPE, ids=name)
def test_nothing_to_average_is_an_error(f):
    with pytest.raises(ValueError, match="is empty"):
        f(np.zeros(0), np.zeros(0))


@pytest.mark.parametrize("f", OF_TWO_CLASSES, ids=name)
@pytest.mark.parametrize("y", [[-1, 1], [0, 2], [0.5, np.nan]])
def test_answers_outside_0_and_1_are_an_error(f, y):
    with pytest.raises(ValueError, match=r"^y must (lie in \[0, 1\]|be finite)"):
        f([0.5, 0.5], y)


@pytest.mark.parametrize("f", [*OF_TWO_CLASSES[:4]], ids=name)
@pytest.mark.parametrize("p", [[-0.1, 0.5], [0.5, 1.1], [np.nan, 0.5]])
def test_probabilities_outside_0_and_1_are_an_error(f, p):
    with pytest.raises(ValueError, match=r"must lie in \[0, 1\]"):
        f(p, [0, 1])


@pytest.mark.parametrize("f", [*itertools.chain(*FROM_ROWS)], ids=name)
@pytest.mark.parametrize(
    ("Y", "error", "message"),
    [
        ([0, 3], ValueError, "^Y must hold 0 to 2, got 3"),
        ([-1, 0], ValueError, "^Y must hold 0 to 2, got -1"),
        ([0.0, 1.0], TypeError, "^Y must hold class numbers, got float64"),
        (["a", "b"], TypeError, "^Y must hold class numbers"),
        ([0, 1, 2], ValueError, "must have the same shape"),
        ([[0], [1]], ValueError, "must have the same shape"),
        ([[2, 0, 0], [0, 0, 1]], ValueError, r"Y must lie in \[0, 1\]"),
    ],
)
def test_bad_classes_are_an_error(f, Y, error, message):
    with pytest.raises(error, match=message):
        f(np.full((2, 3), 1 / 3), np.array(Y))


@pytest.mark.parametrize("f", [*itertools.chain(*FROM_ROWS)], ids=name)
def test_one_row_without_its_axis_is_an_error(f):
    with pytest.raises(
        ValueError, match=r"must have shape \(n, K\), got \(3,\)"
    ):
        f(np.full(3, 1 / 3), np.array([1, 0, 0]))


def test_probabilities_of_classes_outside_0_and_1_are_an_error():
    with pytest.raises(ValueError, match=r"P must lie in \[0, 1\], got 1.5"):
        losses.cross_entropy(np.array([[1.5, -0.5]]), [0])


@pytest.mark.parametrize("f", SAME_SHAPE, ids=name)
@pytest.mark.parametrize("labels", [np.int64, np.uint8, bool, np.float32])
def test_float32_predictions_give_float32(f, labels):
    y_hat, y = np.array([0.25, 0.5], np.float32), np.array([0, 1], labels)
    assert f(y_hat, y).dtype == np.float32


@pytest.mark.parametrize("f", [*itertools.chain(*FROM_ROWS)], ids=name)
def test_float32_rows_give_float32(f):
    P = np.full((2, 3), 1 / 3, np.float32)
    assert f(P, np.array([0, 2])).dtype == np.float32
    assert f(P, np.eye(3, dtype=int)[:2]).dtype == np.float32


@pytest.mark.parametrize("f", SAME_SHAPE, ids=name)
def test_unsigned_bytes_do_not_wrap(f):
    y_hat, y = np.array([0, 1, 0], np.uint8), np.array([1, 1, 0], np.uint8)
    np.testing.assert_array_equal(f(y_hat, y), f(y_hat * 1.0, y * 1.0))


@pytest.mark.parametrize("f", SAME_SHAPE, ids=name)
def test_the_arguments_are_not_changed(f):
    y_hat, y = np.array([0.25, 0.5]), np.array([0.0, 1.0])
    y_hat.flags.writeable = y.flags.writeable = False
    f(y_hat, y)


def test_one_hot_marks_the_class():
    assert losses.one_hot([2, 0], 3).tolist() == [[0, 0, 1], [1, 0, 0]]
    assert losses.one_hot(np.array([True, False]), 2).tolist() == [
        [0, 1],
        [1, 0],
    ]
    assert losses.one_hot(np.array([255], np.uint8), 300)[0].argmax() == 255


@pytest.mark.parametrize("K", [0, -1])
def test_one_hot_needs_a_class(K):
    with pytest.raises(ValueError, match="K must be >= 1"):
        losses.one_hot([0], K)


def test_accuracy_is_the_share_of_right_answers():
    assert losses.accuracy([1, 0, 1, 1], [1, 1, 1, 0]) == 0.5
    assert losses.accuracy(["a", "b"], np.array(["a", "b"])) == 1
    assert type(losses.accuracy([1], [0])) is float


@pytest.mark.parametrize(
    ("y_hat", "y"), [([1], [1, 1]), ([], []), ([[1], [0]], [1, 0]), ([1], 1)]
)
def test_accuracy_of_labels_that_do_not_match_is_an_error(y_hat, y):
    with pytest.raises(ValueError, match="must have"):
        losses.accuracy(y_hat, y)


def some_labels(K, n=60):
    rng = np.random.default_rng(K)
    return rng.integers(K, size=n), rng.integers(K, size=n)


@pytest.mark.parametrize("K", [2, 3, 10])
def test_the_confusion_matrix_equals_scikit_learns(K):
    y_hat, y = some_labels(K)
    C = losses.confusion_matrix(y_hat, y, K)
    np.testing.assert_array_equal(C, metrics.confusion_matrix(y, y_hat))
    assert C.dtype.kind == "i"
    assert C.trace() / C.sum() == losses.accuracy(y_hat, y)


def test_a_row_of_the_confusion_matrix_is_a_true_class():
    C = losses.confusion_matrix([2, 2, 0], [0, 0, 0], 4)
    assert C.tolist() == [[1, 0, 2, 0], [0] * 4, [0] * 4, [0] * 4]


@pytest.mark.parametrize(
    ("y_hat", "y", "wrong"),
    [
        ([0, 1], [1], "length"),
        ([0, 2], [0, 1], "0 to 1"),
        ([0, 1], [0, -1], "got -1"),
    ],
)
def test_the_confusion_matrix_of_labels_that_do_not_match_is_an_error(
    y_hat, y, wrong
):
    with pytest.raises(ValueError, match=wrong):
        losses.confusion_matrix(y_hat, y, 2)


@pytest.mark.parametrize("seed", range(5))
def test_precision_and_recall_equal_scikit_learns(seed):
    y_hat, y = np.random.default_rng(seed).integers(2, size=(2, 30))
    assert losses.precision(y_hat, y) == pytest.approx(
        metrics.precision_score(y, y_hat)
    )
    assert losses.recall(y_hat, y) == pytest.approx(
        metrics.recall_score(y, y_hat)
    )
    C = losses.confusion_matrix(y_hat, y, 2)
    assert losses.precision(y_hat, y) == pytest.approx(
        C[1, 1] / C[:, 1].sum()
    )
    assert losses.recall(y_hat, y) == pytest.approx(C[1, 1] / C[1].sum())


def test_precision_and_recall_tell_the_two_mistakes_apart():
    everything, nothing, y = [1, 1, 1, 1], [0, 0, 0, 0], [1, 0, 0, 0]
    assert (
        losses.precision(everything, y),
        losses.recall(everything, y),
    ) == (0.25, 1)
    assert (losses.precision(nothing, y), losses.recall(nothing, y)) == (0, 0)
    assert losses.recall(y, nothing) == 0
    assert type(losses.precision(y, y)) is type(losses.recall(y, y)) is float
    wide = np.ones(200, np.uint8)
    assert losses.precision(wide, wide) == losses.recall(wide, wide) == 1


def test_precision_and_recall_of_a_single_one():
    assert losses.precision([1, 0], [1, 0]) == 1
    assert losses.recall([1, 0], [1, 0]) == 1


@pytest.mark.parametrize(
    "measure", [losses.precision, losses.recall], ids=name
)
@pytest.mark.parametrize(
    ("y_hat", "y", "wrong"),
    [
        ([0.5, 1], [0, 1], "y_hat must hold only 0 and 1, got 0.5"),
        ([0, 1], [0, 2], "y must hold only 0 and 1, got 2"),
        (["spam"], [1], "y_hat must hold only 0 and 1, got 'spam'"),
        ([0, 1], [1], "same shape"),
        ([[0], [1]], [0, 1], "y_hat must have 1 dimension"),
        ([], [], "empty"),
    ],
)
def test_precision_and_recall_of_other_labels_are_errors(
    measure, y_hat, y, wrong
):
    with pytest.raises(ValueError, match=wrong):
        measure(y_hat, y)
