"""What all estimators promise: scikit-learn's protocol, and a door."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone

from nnlit.datasets import admissions
from nnlit.estimator import Estimator, NotFittedError
from nnlit.logistic import LogisticRegression
from nnlit.perceptron import Perceptron

CLASSES = [Perceptron, LogisticRegression]
DATA = admissions(n=40, rng=0, margin=0.5)
pytestmark = pytest.mark.parametrize("Model", CLASSES)


def answers(model):
    """Every method that needs a fitted model."""
    names = ("predict", "predict_proba", "decision_function")
    return [getattr(model, name) for name in names if hasattr(model, name)]


def state(model):
    return {
        name: np.array(value).tolist() for name, value in vars(model).items()
    }


def test_parameters_are_the_constructors_arguments(Model):
    params = Model().get_params()
    assert Model(**params).get_params() == params
    assert Model().get_params(deep=False) == params
    assert params["max_iter"] == Model().max_iter


def test_set_params_changes_and_returns_the_model(Model):
    model = Model()
    assert model.set_params(max_iter=3) is model
    assert model.get_params()["max_iter"] == 3
    assert model.set_params() is model


def test_set_params_with_an_unknown_name_changes_nothing(Model):
    model = Model()
    with pytest.raises(
        ValueError, match=f"{Model.__name__} has no parameter 'depth'; known"
    ):
        model.set_params(max_iter=3, depth=2)
    assert model.get_params() == Model().get_params()


def test_repr_is_the_call_that_makes_the_model(Model):
    model = Model(max_iter=3)
    again = eval(repr(model), {Model.__name__: Model})
    assert again.get_params() == model.get_params()


def test_scikit_learn_can_clone_it(Model):
    model = Model(max_iter=3).fit(DATA.X, DATA.y)
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    assert not hasattr(copy, "coef_")


def test_the_constructor_checks_nothing_and_fit_checks_all(Model):
    model = Model(max_iter="many")
    with pytest.raises(TypeError, match="max_iter must be an integer"):
        model.fit(DATA.X, DATA.y)


def test_fit_returns_the_model_and_changes_no_parameter(Model):
    model = Model(max_iter=9)
    params = model.get_params()
    assert model.fit(DATA.X, DATA.y) is model
    assert model.get_params() == params


def test_the_same_seed_gives_the_same_bits(Model):
    one, two = (Model(max_iter=99).fit(DATA.X, DATA.y) for _ in range(2))
    assert one.coef_.tolist() == two.coef_.tolist()
    assert one.intercept_ == two.intercept_


def test_fitting_again_forgets_what_was_learnt(Model):
    model = Model(max_iter=50)
    model.fit(DATA.X, 1 - DATA.y).fit(DATA.X, DATA.y)
    assert state(model) == state(Model(max_iter=50).fit(DATA.X, DATA.y))


def test_predicting_before_fit_is_a_not_fitted_error(Model):
    model = Model()
    for answer in answers(model):
        with pytest.raises(NotFittedError, match=f"{Model.__name__} is not"):
            answer(DATA.X)
    with pytest.raises(NotFittedError):
        model.score(DATA.X, DATA.y)
    assert issubclass(NotFittedError, ValueError)


def test_another_number_of_features_than_fitted_is_an_error(Model):
    model = Model(max_iter=3).fit(DATA.X, DATA.y)
    for answer in answers(model):
        with pytest.raises(ValueError, match=r"must have 2 features.*got 1"):
            answer(DATA.X[:, :1])


def test_bad_rows_are_an_error_when_predicting(Model):
    model = Model(max_iter=3).fit(DATA.X, DATA.y)
    for answer in answers(model):
        with pytest.raises(ValueError, match="X must have 2 dimensions"):
            answer(DATA.X[0])
        with pytest.raises(ValueError, match="X must be finite"):
            answer([[np.nan, 1.0]])
        with pytest.raises(TypeError, match="X must hold real numbers"):
            answer([["a", "b"]])


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"X": DATA.X[0]}, ValueError, "X must have 2 dimensions"),
        ({"X": DATA.X[None]}, ValueError, "X must have 2 dimensions"),
        ({"X": DATA.X[:0]}, ValueError, "at least one row"),
        ({"X": DATA.X[:, :0]}, ValueError, "at least one row"),
        ({"X": DATA.X * np.nan}, ValueError, "X must be finite"),
        ({"X": DATA.X * 1j}, TypeError, "X must hold real numbers"),
        ({"X": DATA.X.astype(str)}, TypeError, "X must hold real numbers"),
        ({"X": [[1.0, 2.0], [1.0]]}, ValueError, "X is ragged"),
        ({"X": DATA.X[:9]}, ValueError, "same length, got 9 and 40"),
        ({"y": DATA.y[:, None]}, ValueError, "y must have 1 dimension"),
        ({"y": DATA.y * 0}, ValueError, "at least 2 classes, got 1"),
        ({"y": np.arange(40)}, ValueError, "exactly 2 classes, got 40"),
        ({"y": DATA.y + 0.5}, ValueError, "got fractions"),
        ({"y": DATA.y * 1j}, TypeError, "whole numbers, booleans or text"),
    ],
)
def test_bad_data_is_an_error_and_leaves_the_model_as_it_was(
    Model, change, error, message
):
    fresh, fitted = Model(max_iter=3), Model(max_iter=3).fit(DATA.X, DATA.y)
    before = state(fitted)
    for model in (fresh, fitted):
        with pytest.raises(error, match=message):
            model.fit(**{"X": DATA.X, "y": DATA.y} | change)
    assert not hasattr(fresh, "coef_")
    assert state(fitted) == before


def test_lists_and_images_of_bytes_are_taken(Model):
    model = Model(max_iter=3)
    X = (DATA.X * 25).astype(np.uint8)
    from_bytes = state(model.fit(X, DATA.y.astype(np.uint8)))
    from_lists = state(model.fit(X.tolist(), DATA.y.tolist()))
    assert from_bytes == from_lists


def test_float32_data_gives_float32_weights(Model):
    model = Model(max_iter=3).fit(DATA.X.astype(np.float32), DATA.y)
    assert model.coef_.dtype == np.float32


def test_the_callers_data_is_not_changed(Model):
    X, y = DATA.X.copy(), DATA.y.copy()
    X.flags.writeable = y.flags.writeable = False
    model = Model(max_iter=3).fit(X, y)
    model.score(X, y)
    assert X.tolist() == DATA.X.tolist()
    assert y.tolist() == DATA.y.tolist()


def test_it_is_an_estimator(Model):
    assert issubclass(Model, Estimator)
