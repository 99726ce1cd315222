"""Logistic regression: gradient, descent, agreement with scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression as Reference

from nnlit import logistic
from nnlit.activations import sigmoid
from nnlit.datasets import admissions, breast_cancer, gate, moons
from nnlit.descent import numerical_gradient
from nnlit.losses import binary_cross_entropy
from nnlit.perceptron import predict


def standardised(X):
    return (X - X.mean(axis=0)) / X.std(axis=0)


@pytest.fixture
def students():
    """Students whom no line separates, in units of like size."""
    data = admissions(n=80, rng=1, flip=0.1)
    return standardised(data.X), data.y


def model(seed=0, d=2):
    rng = np.random.default_rng(seed)
    return rng.normal(size=d), rng.normal()


def test_predict_proba_is_the_sigmoid_of_the_score():
    w = np.array([2.0, 1.0])
    assert logistic.predict_proba(np.array([6.0, 6.0]), w, -18.0) == 0.5
    X = np.array([[6, 6], [7, 6]])
    assert logistic.predict_proba(X, w, -18.0).tolist() == [0.5, sigmoid(2)]


def test_probabilities_of_several_units_stand_side_by_side():
    X, W = np.array([[1.0, 2.0], [0.0, 1.0]]), np.array([[1.0, -1.0], [0.5, 2.0]])
    b = np.array([0.0, 1.0])
    both = logistic.predict_proba(X, W, b)
    for k in (0, 1):
        one = logistic.predict_proba(X, W[:, k], b[k])
        np.testing.assert_allclose(both[:, k], one, rtol=1e-15)


def test_weights_that_overflow_are_an_error_though_the_bias_is_finite():
    X, y = [[1e9], [-1e9]], [1, 0]
    said = r"must be smaller for finite weights, got 1e\+300$"
    with np.errstate(all="ignore"):
        with pytest.raises(ValueError, match="^learning_rate " + said):
            logistic.train(X, y, 1e300, 1)
        with pytest.raises(ValueError, match="^learning_rate_init " + said):
            logistic.LogisticRegression(1e300, max_iter=1).fit(X, y)


def test_a_slope_of_0_is_the_end():
    X, y = np.zeros((2, 1)), [0, 1]
    assert logistic.LogisticRegression(tol=0.0).fit(X, y).n_iter_ == 0


def test_loss_is_the_cross_entropy_of_the_probabilities(students):
    X, y = students
    w, b = model()
    y_hat = logistic.predict_proba(X, w, b)
    assert logistic.loss(X, y, w, b) == pytest.approx(
        binary_cross_entropy(y_hat, y), rel=1e-13
    )


def test_loss_stays_finite_where_probabilities_round_to_0_and_1():
    X, y = np.array([[1e4], [-1e4]]), np.array([0, 1])
    assert logistic.loss(X, y, np.array([1.0]), 0.0) == 1e4


def test_gradient_agrees_with_central_differences(students):
    X, y = students
    w, b = model()
    dw, db = logistic.gradient(X, y, w, b)
    numeric = numerical_gradient(
        lambda v: logistic.loss(X, y, v[:-1], v[-1]), np.append(w, b)
    )
    np.testing.assert_allclose(np.append(dw, db), numeric, rtol=1e-7)


def test_gradient_is_the_mean_of_the_examples_gradients(students):
    X, y = students
    w, b = model()
    single = [
        logistic.example_gradient(x_i, y_i, w, b)
        for x_i, y_i in zip(X, y, strict=True)
    ]
    dw, db = logistic.gradient(X, y, w, b)
    np.testing.assert_allclose(np.mean([g[0] for g in single], axis=0), dw)
    assert np.mean([g[1] for g in single]) == pytest.approx(db)


def test_example_gradient_points_uphill_not_down():
    # Erratum B29: what the sources call the gradient is its opposite.
    x, y = np.array([9.0, 8.0]), 1
    dw, db = logistic.example_gradient(x, y, np.zeros(2), 0.0)
    assert dw.tolist() == [-4.5, -4.0]
    assert db == -0.5


def test_example_step_is_a_descent_step_on_one_example():
    x, y = np.array([9.0, 8.0]), 0
    w, b = model()
    dw, db = logistic.example_gradient(x, y, w, b)
    w2, b2 = logistic.example_step(x, y, w, b, 0.1)
    np.testing.assert_allclose(w2, w - 0.1 * dw)
    assert b2 == pytest.approx(b - 0.1 * db)


def test_example_step_grows_with_the_error_and_with_the_point():
    # Erratum B27: not with ŷ alone.
    def moved(x, w):
        w2, _ = logistic.example_step(np.array(x), 1, w, 0.0, 1.0)
        return np.linalg.norm(w2 - w)

    assert moved([1.0, 0.0], np.array([2.0, 0.0])) < moved(
        [1.0, 0.0], np.array([-2.0, 0.0])
    )
    assert moved([2.0, 0.0], np.zeros(2)) == 2 * moved(
        [1.0, 0.0], np.zeros(2)
    )


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, float])
def test_labels_and_weights_of_any_number_type_are_cast(dtype):
    # Erratum B29: `weights +=` raised for whole numbers.
    x, w = np.array([9, 8], dtype), np.array([0, 0], dtype)
    w2, b2 = logistic.example_step(x, dtype(0), w, 0, 1.0)
    assert w2.tolist() == [-4.5, -4]
    assert b2 == -0.5
    assert w.tolist() == [0, 0]


def test_lipschitz_bounds_the_turn_of_the_gradient(students):
    X, y = students
    L = logistic.lipschitz(X)
    rng = np.random.default_rng(0)
    for _ in range(200):
        u, v = rng.normal(size=(2, 3))
        gu = np.append(*logistic.gradient(X, y, u[:2], u[2]))
        gv = np.append(*logistic.gradient(X, y, v[:2], v[2]))
        turn = np.linalg.norm(gu - gv)
        assert turn <= L * np.linalg.norm(u - v) * (1 + 1e-12)


def test_lipschitz_counts_the_bias_and_is_the_greatest_curvature():
    # At w = 0, b = 0 the curvature is [X 1]ᵀ[X 1] / 4n.
    X = np.array([[1.0, 2.0], [0.0, -1.0], [3.0, 1.0]])
    X1 = np.column_stack([X, np.ones(3)])
    greatest = np.linalg.eigvalsh(X1.T @ X1 / 12)[-1]
    assert logistic.lipschitz(X) == pytest.approx(greatest, rel=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_loss_never_rises_at_1_over_L(seed):
    data = admissions(n=60, rng=seed, flip=0.1)
    for X in (data.X, standardised(data.X)):
        rate = 1 / logistic.lipschitz(X)
        _, _, losses, _ = logistic.train(X, data.y, rate, 300)
        assert np.max(np.diff(losses)) <= 1e-15
        assert losses[-1] < losses[0]


def test_train_walks_the_path_that_the_gradient_gives(students):
    X, y = students
    w, b, losses, path = logistic.train(X, y, 0.5, 25)
    assert path.shape == (26, 3)
    assert path[0].tolist() == [0, 0, 0]
    assert path[-1].tolist() == [*w, b]
    assert losses == [logistic.loss(X, y, p[:2], p[2]) for p in path]
    dw, db = logistic.gradient(X, y, path[3, :2], path[3, 2])
    np.testing.assert_allclose(path[4], path[3] - 0.5 * np.append(dw, db))


def test_sum_instead_of_mean_moves_into_the_learning_rate(students):
    # Erratum B28: with the sum over n examples, η/n makes the same step.
    X, y = students
    w, b = model()
    dw, _ = logistic.gradient(X, y, w, b)
    total = sum(
        logistic.example_gradient(x_i, y_i, w, b)[0]
        for x_i, y_i in zip(X, y, strict=True)
    )
    np.testing.assert_allclose(w - 0.3 * dw, w - 0.3 / len(X) * total)


def test_on_separable_data_the_loss_falls_for_ever_but_never_to_0():
    # Erratum B25: the weights grow instead.
    data = gate("and")
    w1, _, losses1, _ = logistic.train(data.X, data.y, 1.0, 500)
    w2, _, losses2, _ = logistic.train(data.X, data.y, 1.0, 5000)
    assert 0 < losses2[-1] < losses1[-1]
    assert np.linalg.norm(w2) > np.linalg.norm(w1)


def test_train_in_float32_stays_in_float32():
    data = gate("or")
    w, b, _, path = logistic.train(data.X.astype(np.float32), data.y, 1.0, 5)
    assert w.dtype == b.dtype == path.dtype == np.float32


def test_the_callers_arrays_are_not_changed(students):
    X, y = students
    w = np.zeros(2)
    X.flags.writeable = y.flags.writeable = w.flags.writeable = False
    logistic.gradient(X, y, w, 0.0)
    logistic.example_step(X[0], y[0], w, 0.0, 1.0)
    logistic.train(X, y, 1.0, 2)
    logistic.LogisticRegression(max_iter=2).fit(X, y)
    assert w.tolist() == [0, 0]


@pytest.mark.parametrize("f", [logistic.gradient, logistic.loss])
def test_a_column_as_y_is_an_error_not_an_n_by_n_gradient(f, students):
    X, y = students
    with pytest.raises(ValueError, match="y must have 1 dimension"):
        f(X, y[:, None], np.zeros(2), 0.0)


@pytest.mark.parametrize("f", [logistic.gradient, logistic.loss])
def test_labels_of_minus_1_and_1_are_an_error(f, students):
    X, y = students
    with pytest.raises(ValueError, match=r"y must lie in \[0, 1\]"):
        f(X, 2 * y - 1, np.zeros(2), 0.0)


@pytest.mark.parametrize("y", [-1, 2, np.nan, np.ones(1)])
def test_a_step_refuses_a_label_that_is_not_0_or_1(y):
    for f, rate in (
        (logistic.example_gradient, ()),
        (logistic.example_step, (0.1,)),
    ):
        with pytest.raises(ValueError, match="y must be 0 or 1, got"):
            f(np.ones(2), y, np.zeros(2), 0.0, *rate)


def test_gradient_of_lists_is_that_of_arrays():
    dw, db = logistic.gradient([[1, 2], [3, 4]], [1, 0], [0.5, -0.5], 0.0)
    ours = logistic.gradient(
        np.array([[1, 2], [3, 4]]),
        np.array([1, 0]),
        np.array([0.5, -0.5]),
        0.0,
    )
    assert dw.tolist() == ours[0].tolist()
    assert db == ours[1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": [[0], [0], [0], [1]]}, "y must have 1 dimension"),
        ({"y": [0, 0, 0, 2]}, "y must hold only 0 and 1, got 2"),
        ({"X": [[0.0, np.inf]] * 4}, "X must be finite, got inf"),
        ({"learning_rate": -1.0}, "learning_rate must be > 0"),
        ({"epochs": -1}, "epochs must be >= 0"),
    ],
)
def test_train_refuses_bad_input(change, message):
    data = gate("and")
    good = {"X": data.X, "y": data.y, "learning_rate": 1.0, "epochs": 1}
    with pytest.raises(ValueError, match=message):
        logistic.train(**good | change)


# --- the estimator ---------------------------------------------------------


@pytest.mark.parametrize("name", ["students", "moons", "cells"])
def test_coefficients_equal_scikit_learns_without_a_penalty(name, students):
    if name == "students":
        X, y = students
    elif name == "moons":
        data = moons(n=150, noise=0.3, rng=2)
        X, y = standardised(data.X), data.y
    else:
        data = breast_cancer()
        X, y = standardised(data.X[:, :2]), data.y
    ours = logistic.LogisticRegression(max_iter=50_000, tol=1e-9).fit(X, y)
    theirs = Reference(C=np.inf, solver="newton-cholesky", tol=1e-12).fit(
        X, y
    )
    assert ours.n_iter_ < 50_000
    np.testing.assert_allclose(ours.coef_, theirs.coef_[0], rtol=0, atol=1e-6)
    assert ours.intercept_ == pytest.approx(theirs.intercept_[0], abs=1e-6)
    np.testing.assert_allclose(
        ours.predict_proba(X), theirs.predict_proba(X), atol=1e-6
    )
    assert ours.predict(X).tolist() == theirs.predict(X).tolist()
    assert ours.score(X, y) == theirs.score(X, y)


def test_estimator_runs_the_same_formulas_as_train(students):
    X, y = students
    w, b, losses, _ = logistic.train(X, y, 0.7, 40)
    fitted = logistic.LogisticRegression(0.7, max_iter=40, tol=0.0).fit(X, y)
    assert fitted.coef_.tolist() == w.tolist()
    assert fitted.intercept_ == b
    assert fitted.loss_curve_ == losses
    assert fitted.n_iter_ == 40


def test_estimator_takes_1_over_L_unless_told_otherwise(students):
    X, y = students
    rate = 1 / logistic.lipschitz(X)
    default = logistic.LogisticRegression(max_iter=5).fit(X, y)
    told = logistic.LogisticRegression(rate, max_iter=5).fit(X, y)
    assert default.loss_curve_ == told.loss_curve_
    assert default.learning_rate_init is None


def test_estimator_has_the_defaults_of_its_page():
    assert logistic.LogisticRegression().get_params() == {
        "learning_rate_init": None,
        "max_iter": 10_000,
        "tol": 1e-6,
    }


def test_estimator_in_float32_stays_in_float32(students):
    X, y = students
    fitted = logistic.LogisticRegression(max_iter=3).fit(
        X.astype(np.float32), y
    )
    assert fitted.coef_.dtype == fitted.intercept_.dtype == np.float32


def test_estimator_stops_when_no_slope_is_steeper_than_tol(students):
    X, y = students
    fitted = logistic.LogisticRegression(tol=1e-3).fit(X, y)
    dw, db = logistic.gradient(X, y, fitted.coef_, fitted.intercept_)
    assert max(*np.abs(dw), abs(db)) <= 1e-3
    one_less = logistic.LogisticRegression(
        max_iter=fitted.n_iter_ - 1, tol=0.0
    ).fit(X, y)
    dw, db = logistic.gradient(X, y, one_less.coef_, one_less.intercept_)
    assert max(*np.abs(dw), abs(db)) > 1e-3


def test_estimator_looks_at_the_bias_before_it_stops():
    # Features that say nothing: only the bias has a slope at first.
    X, y = np.zeros((4, 1)), np.array([1, 1, 1, 0])
    fitted = logistic.LogisticRegression(tol=1e-9).fit(X, y)
    assert fitted.intercept_ == pytest.approx(np.log(3), rel=1e-7)


def test_probabilities_have_a_column_per_class_and_sum_to_1(students):
    X, y = students
    words = np.array(["rejected", "accepted"])[y]
    fitted = logistic.LogisticRegression().fit(X, words)
    assert fitted.classes_.tolist() == ["accepted", "rejected"]
    P = fitted.predict_proba(X)
    np.testing.assert_allclose(P.sum(axis=1), 1, rtol=1e-15)
    assert fitted.predict(X).tolist() == (
        fitted.classes_[P.argmax(axis=1)].tolist()
    )


def test_predict_takes_one_half_as_positive_like_the_step():
    X = np.array([[-1.0], [1.0]])
    fitted = logistic.LogisticRegression(max_iter=1).fit(X, [0, 1])
    assert fitted.predict([[0.0]]).tolist() == [1]
    assert predict([[0.0]], fitted.coef_, fitted.intercept_).tolist() == [1]


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"learning_rate_init": 0.0}, ValueError, "learning_rate_init"),
        ({"learning_rate_init": np.nan}, ValueError, "learning_rate_init"),
        ({"learning_rate_init": "fast"}, TypeError, "learning_rate_init"),
        ({"max_iter": 0}, ValueError, "max_iter must be >= 1"),
        ({"max_iter": 1.5}, TypeError, "max_iter must be an integer"),
        ({"tol": -1e-9}, ValueError, "tol must be >= 0"),
    ],
)
def test_estimator_refuses_bad_parameters_in_fit(params, error, message):
    fresh = logistic.LogisticRegression(**params)
    with pytest.raises(error, match=message):
        fresh.fit([[0.0], [1.0]], [0, 1])
    assert not hasattr(fresh, "coef_")


@pytest.mark.parametrize("call", [logistic.loss, logistic.gradient])
@pytest.mark.parametrize(
    ("y", "error", "message"),
    [
        ([[1.0], [0.0]], ValueError, "y must have 1 dimension"),
        ([1.0, np.inf], ValueError, "y must be finite, got inf"),
        ([1.0, 0.0, 1.0], ValueError, "same length"),
        (["a", "b"], TypeError, "y must hold real numbers"),
        ([0.0, 1.5], ValueError, r"y must lie in \[0, 1\], got 1.5"),
    ],
)
def test_answers_that_are_no_probabilities_are_refused(call, y, error, message):
    with pytest.raises(error, match=message):
        call([[1.0], [2.0]], y, [1.0], 0.0)


def test_whole_answers_get_the_dtype_of_X():
    X = np.ones((2, 1), np.float32)
    dw, db = logistic.gradient(X, [0, 1], np.zeros(1, np.float32), np.float32(0))
    assert dw.dtype == db.dtype == np.float32
