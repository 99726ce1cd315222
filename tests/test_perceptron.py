"""The perceptron: the trick, the theorem, the gates, the estimator."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnlit import perceptron
from nnlit.datasets import (
    ADMISSIONS_BIAS,
    ADMISSIONS_WEIGHTS,
    admissions,
    circles,
    gate,
)
from nnlit.perceptron import _check_reach

W, B = np.array(ADMISSIONS_WEIGHTS), ADMISSIONS_BIAS


def test_score_is_the_weighted_sum_and_the_bias():
    assert perceptron.score(np.array([7.0, 6.0]), W, B) == 2
    X = np.array([[7, 6], [6, 6], [0, 0]])
    assert perceptron.score(X, W, B).tolist() == [2, 0, -18]


def test_scores_of_several_units_stand_side_by_side():
    X = np.array([[7.0, 6.0], [0.0, 0.0]])
    both = np.column_stack([W, -W])
    scores = perceptron.score(X, both, np.array([B, 1.0]))
    assert scores.tolist() == [[2, -19], [-18, 1]]


def test_predict_is_1_on_the_line_and_on_the_side_w_points_to():
    # Erratum B8: the score 0 counts as positive, and as nothing else.
    on_the_line = np.array([6.0, 6.0])
    assert perceptron.predict(on_the_line, W, B) == 1
    assert perceptron.predict(on_the_line + 1e-9 * W, W, B) == 1
    assert perceptron.predict(on_the_line - 1e-9 * W, W, B) == 0


def test_the_positive_side_is_where_w_points_not_the_right_hand_side():
    # Erratum B7: with a negative weight the positive side is on the left.
    w = np.array([-2.0, 1.0])
    x = np.array([[-5.0, 0.0], [5.0, 0.0]])
    assert perceptron.predict(x, w, 0.0).tolist() == [1, 0]


def test_step_adds_the_point_for_a_positive_one_taken_as_negative():
    w, b = perceptron.perceptron_step(np.array([4.0, 5.0]), 1, W, B, 0.1)
    np.testing.assert_allclose(w, [2.4, 1.5])
    assert b == pytest.approx(-17.9)


def test_step_subtracts_the_point_for_a_negative_one_taken_as_positive():
    w, b = perceptron.perceptron_step(np.array([9.0, 5.0]), 0, W, B, 0.1)
    np.testing.assert_allclose(w, [1.1, 0.5])
    assert b == pytest.approx(-18.1)


def test_step_without_a_learning_rate_moves_by_the_whole_point():
    w, b = perceptron.perceptron_step(np.array([4.0, 5.0]), 1, W, B)
    assert w.tolist() == [6, 6]
    assert b == -17


@pytest.mark.parametrize(("x", "y"), [([9.0, 5.0], 1), ([4.0, 5.0], 0)])
def test_step_leaves_the_line_for_a_right_answer(x, y):
    w, b = perceptron.perceptron_step(np.array(x), y, W, B, 0.1)
    assert w.tolist() == W.tolist()
    assert b == B


@given(st.integers(0, 10**6))
def test_a_step_on_a_mistake_moves_the_score_of_the_point_the_right_way(seed):
    rng = np.random.default_rng(seed)
    x, w, b = rng.normal(size=3), rng.normal(size=3), rng.normal()
    y = 1 - perceptron.predict(x, w, b)
    w2, b2 = perceptron.perceptron_step(x, y, w, b, 0.5)
    moved = perceptron.score(x, w2, b2) - perceptron.score(x, w, b)
    assert moved == pytest.approx((2 * y - 1) * 0.5 * (x @ x + 1))


@pytest.mark.parametrize("y", [-1, 2, 0.5, np.nan, np.ones(1), "1"])
def test_step_refuses_a_label_that_is_not_0_or_1(y):
    with pytest.raises(ValueError, match="y must be 0 or 1, got"):
        perceptron.perceptron_step(np.ones(2), y, W, B)


def test_labels_as_unsigned_bytes_do_not_wrap():
    # Erratum B12: y − 1 is 255 there, and half of the mistakes go unseen.
    data = gate("and")
    as_bytes = perceptron.train(data.X, data.y.astype(np.uint8))
    as_ints = perceptron.train(data.X, data.y)
    assert as_bytes[0].tolist() == as_ints[0].tolist()
    w, _ = perceptron.perceptron_step(
        np.array([9, 5], np.uint8), np.uint8(0), W, B, 1.0
    )
    assert w.tolist() == [-7, -4]


def test_nothing_of_the_callers_is_changed():
    data = gate("or")
    w = np.zeros(2)
    w.flags.writeable = data.X.flags.writeable = False
    perceptron.perceptron_epoch(data.X, data.y, w, 0.0)
    perceptron.train(data.X, data.y)
    perceptron.Perceptron().fit(data.X, data.y)
    assert w.tolist() == [0, 0]


def test_epoch_by_hand():
    # (0, 0) is on the line of w = 0 and taken as positive; and so on.
    data = gate("and")
    w, b, mistakes = perceptron.perceptron_epoch(
        data.X, data.y, np.zeros(2), 0.0
    )
    assert (w.tolist(), b, mistakes) == ([1, 1], 0, 2)


@pytest.mark.parametrize("name", ["and", "or"])
@pytest.mark.parametrize("learning_rate", [0.1, 1.0, 7.0])
def test_and_and_or_are_learnt(name, learning_rate):
    data = gate(name)
    w, b, mistakes = perceptron.train(data.X, data.y, learning_rate)
    assert mistakes[-1] == 0
    assert perceptron.predict(data.X, w, b).tolist() == data.y.tolist()


def test_xor_is_never_learnt():
    data = gate("xor")
    _, _, mistakes = perceptron.train(data.X, data.y, epochs=500)
    assert len(mistakes) == 500
    assert min(mistakes) > 0


def test_circles_are_never_learnt():
    # Erratum B9: the algorithm finds a line only where there is one.
    data = circles(n=40, noise=0.0)
    _, _, mistakes = perceptron.train(data.X, data.y, epochs=100)
    assert min(mistakes) > 0


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("learning_rate", [0.1, 1.0])
def test_mistakes_stay_below_the_bound_of_the_theorem(seed, learning_rate):
    data = admissions(n=50, rng=seed, margin=1.0)
    bound = perceptron.mistake_bound(data.X, data.y, W, B)
    w, b, mistakes = perceptron.train(
        data.X, data.y, learning_rate, epochs=5000
    )
    assert mistakes[-1] == 0
    assert sum(mistakes) <= bound
    # Any line that separates gives a bound, the one found, too.
    if np.min((2 * data.y - 1) * perceptron.score(data.X, w, b)) > 0:
        found = perceptron.mistake_bound(data.X, data.y, w, b)
        assert sum(mistakes) <= found


def test_mistake_bound_by_hand():
    # R² = 3² + 1, γ = 1 / ‖(1, 0)‖ = 1.
    X, y = np.array([[1.0], [-3.0]]), np.array([1, 0])
    assert perceptron.mistake_bound(X, y, np.array([1.0]), 0.0) == (
        pytest.approx(10)
    )
    assert perceptron.mistake_bound(X, y, np.array([5.0]), 0.0) == (
        pytest.approx(10)
    )


@pytest.mark.parametrize(
    ("w", "b"), [([-1.0], 0.0), ([0.0], 0.0), ([1.0], -1)]
)
def test_mistake_bound_needs_a_line_that_separates(w, b):
    X, y = np.array([[1.0], [-3.0]]), np.array([1, 0])
    with pytest.raises(ValueError, match="must separate"):
        perceptron.mistake_bound(X, y, np.array(w), b)


def test_train_in_float32_stays_in_float32():
    data = gate("and")
    w, b, _ = perceptron.train(data.X.astype(np.float32), data.y)
    assert w.dtype == b.dtype == np.float32


def test_train_stops_at_the_last_epoch_or_when_nothing_is_wrong():
    data = gate("and")
    assert len(perceptron.train(data.X, data.y, epochs=3)[2]) == 3
    assert perceptron.train(data.X, data.y)[2] == [2, 3, 3, 2, 1, 0]


def test_train_without_a_rate_takes_whole_steps_for_at_most_100_epochs():
    data = gate("and")
    w, b, _ = perceptron.train(data.X, data.y)
    assert (w.tolist(), b) == ([2, 1], -3)
    data = gate("xor")
    assert len(perceptron.train(data.X, data.y)[2]) == 100


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": [[0], [0], [0], [1]]}, r"y must have 1 dimension"),
        ({"y": [-1, -1, -1, 1]}, "y must hold only 0 and 1, got -1"),
        ({"y": [0, 0, 1]}, "same length, got 4 and 3"),
        ({"X": [0, 0, 0, 1]}, r"X must have 2 dimensions \(n, d\)"),
        ({"X": [[0.0, np.nan]] * 4}, "X must be finite, got nan"),
        ({"learning_rate": 0.0}, "learning_rate must be > 0"),
        ({"learning_rate": np.nan}, "learning_rate must be finite"),
        ({"epochs": 0}, "epochs must be >= 1"),
    ],
)
def test_train_refuses_bad_input(change, message):
    data = gate("and")
    with pytest.raises(ValueError, match=message):
        perceptron.train(**{"X": data.X, "y": data.y} | change)


# --- the estimator ---------------------------------------------------------


def test_estimator_runs_the_same_formulas_as_train():
    data = admissions(n=60, rng=3, margin=0.5)
    w, b, mistakes = perceptron.train(data.X, data.y, 0.5, epochs=5000)
    model = perceptron.Perceptron(
        max_iter=5000, learning_rate_init=0.5, shuffle=False
    ).fit(data.X, data.y)
    assert model.coef_.tolist() == w.tolist()
    assert model.intercept_ == b
    assert model.mistakes_ == mistakes
    assert model.n_iter_ == len(mistakes)
    assert model.score(data.X, data.y) == 1
    np.testing.assert_array_equal(
        model.decision_function(data.X), perceptron.score(data.X, w, b)
    )


def test_estimator_has_the_defaults_of_its_page():
    assert perceptron.Perceptron().get_params() == {
        "max_iter": 1000,
        "learning_rate_init": 1.0,
        "shuffle": True,
        "rng": 0,
    }


def test_estimator_in_float32_stays_in_float32():
    data = gate("and")
    model = perceptron.Perceptron().fit(data.X.astype(np.float32), data.y)
    assert model.coef_.dtype == model.intercept_.dtype == np.float32


def test_estimator_stops_at_max_iter():
    data = gate("xor")
    model = perceptron.Perceptron(max_iter=7).fit(data.X, data.y)
    assert model.n_iter_ == len(model.mistakes_) == 7


@pytest.mark.parametrize(
    "labels", [["no", "yes"], [-1, 1], [False, True], [3.0, 8.0]]
)
def test_estimator_takes_any_two_labels(labels):
    data = gate("or")
    y = np.array(labels)[data.y]
    model = perceptron.Perceptron().fit(data.X, y)
    assert model.classes_.tolist() == labels
    assert model.predict(data.X).tolist() == y.tolist()
    assert model.predict(data.X).dtype == y.dtype


def test_estimator_shuffles_from_its_seed():
    data = admissions(n=60, rng=3, margin=0.2)

    def fitted(**params):
        return perceptron.Perceptron(**params).fit(data.X, data.y)

    assert fitted(rng=1).mistakes_ == fitted(rng=1).mistakes_
    assert fitted(rng=1).mistakes_ != fitted(rng=2).mistakes_
    rng = np.random.default_rng(1)
    assert fitted(rng=rng).mistakes_ == fitted(rng=1).mistakes_


def test_estimator_shuffles_rows_and_labels_together():
    data = admissions(n=60, rng=3, margin=0.5)
    model = perceptron.Perceptron(max_iter=5000).fit(data.X, data.y)
    assert model.mistakes_[-1] == 0


def test_so_far_perceptron_steps_reach_and_no_further():
    # η · 2 epochs · (1 + |1| + |−2|)² = 32 η overflows above 5.618 · 10³⁰⁶.
    X = np.array([[1.0, -2.0]])
    _check_reach(X, 5.6e306, 2)
    with pytest.raises(ValueError, match=r"^learning_rate must be smaller"):
        _check_reach(X, 5.7e306, 2)
