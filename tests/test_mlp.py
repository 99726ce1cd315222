"""The estimators: scikit-learn's protocol, what they learn, what they refuse."""

from __future__ import annotations

import inspect
import math
import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.neural_network import MLPClassifier as TheirClassifier
from sklearn.neural_network import MLPRegressor as TheirRegressor

from nnlit.datasets import diabetes, digits, iris, moons
from nnlit.estimator import NotFittedError
from nnlit.initializers import initialize
from nnlit.losses import one_hot
from nnlit.mlp import MLPClassifier, MLPRegressor
from nnlit.network import loss_value
from nnlit.optimizers import Nesterov, cosine
from nnlit.training import DivergedError, Trainer

MOONS = moons(n=120, noise=0.15, rng=0)
IRIS = iris()
FLOWERS = (IRIS.X - IRIS.X.mean(axis=0)) / IRIS.X.std(axis=0)
BOTH = pytest.mark.parametrize("Model", [MLPClassifier, MLPRegressor])


def answers(Model):
    return MOONS.y if Model is MLPClassifier else MOONS.X[:, 0] * MOONS.X[:, 1]


def state(model):
    weights = [a.tolist() for a in [*model.coefs_, *model.intercepts_]]
    return weights, list(model.loss_curve_), model.n_iter_, model.t_


def classifier(**settings):
    return MLPClassifier(
        **{"hidden_layer_sizes": (8,), "max_iter": 5, "learning_rate_init": 0.01, **settings}
    )


# --- the protocol ----------------------------------------------------------


@BOTH
def test_every_parameter_of_scikit_learn_but_two_is_there_with_its_default(Model):
    theirs = TheirClassifier if Model is MLPClassifier else TheirRegressor
    ours = Model().get_params()
    # loss: the output has one loss that fits. max_fun: for L-BFGS, which
    # the book leaves out.
    missing = set(theirs().get_params()) - set(ours)
    assert missing <= {"max_fun", "loss"}
    for name in set(ours) & set(theirs().get_params()):
        assert ours[name] == theirs().get_params()[name], name
    assert {name: ours[name] for name in set(ours) - set(theirs().get_params())} == {
        "rng": 0,
        "dropout": 0.0,
        "l1": 0.0,
        "max_norm": None,
        "initializer": "auto",
        "dtype": None,
    }
    first = list(inspect.signature(Model).parameters)[:2]
    assert first == ["hidden_layer_sizes", "activation"]


@BOTH
def test_parameters_repr_and_clone(Model):
    model = Model((7, 3), "tanh", alpha=0.1)
    assert eval(repr(model), {Model.__name__: Model}).get_params() == model.get_params()
    assert clone(model.set_params(max_iter=2)).get_params() == model.get_params()
    with pytest.raises(ValueError, match="no parameter 'layers'"):
        model.set_params(layers=3)


@BOTH
def test_predicting_before_fit_is_a_not_fitted_error(Model):
    for name in ("predict", "predict_proba", "predict_log_proba"):
        if hasattr(Model, name):
            with pytest.raises(NotFittedError, match="not fitted"):
                getattr(Model(), name)(MOONS.X)
    with pytest.raises(NotFittedError):
        Model().score(MOONS.X, answers(Model))


@BOTH
def test_the_same_seed_gives_the_same_bits_and_another_others(Model):
    def fitted(**seed):
        model = Model((5,), max_iter=3, **seed)
        return state(model.fit(MOONS.X, answers(Model)))

    assert fitted(rng=1) == fitted(rng=1) == fitted(random_state=1)
    assert fitted(rng=1) == fitted(rng=np.random.default_rng(1))
    assert fitted(rng=1) != fitted(rng=2)


@BOTH
def test_fitting_again_forgets_and_warm_start_goes_on(Model):
    X, y = MOONS.X, answers(Model)
    once = Model((5,), max_iter=4, rng=0).fit(X, y)
    again = Model((5,), max_iter=4, rng=0).fit(X, y[::-1]).fit(X, y)
    assert state(again) == state(once)
    warm = clone(once).set_params(warm_start=True).fit(X, y)
    first = warm.loss_
    assert warm.fit(X, y).loss_curve_[0] < first
    with pytest.raises(ValueError, match="X must have 2 features as in fit, got 1"):
        warm.fit(X[:, :1], y)


@BOTH
def test_what_is_fitted(Model):
    model = Model((5, 4), max_iter=3).fit(MOONS.X, answers(Model))
    assert [W.shape for W in model.coefs_] == [(2, 5), (5, 4), (4, 1)]
    assert [b.shape for b in model.intercepts_] == [(5,), (4,), (1,)]
    assert (model.n_layers_, model.n_outputs_, model.n_features_in_) == (4, 1, 2)
    assert (model.n_iter_, len(model.loss_curve_), model.t_) == (3, 3, 3)
    assert model.loss_ == model.loss_curve_[-1] == model.history_.loss[-1]
    assert model.best_loss_ == min(model.loss_curve_)
    assert model.validation_scores_ is model.best_validation_score_ is None
    output = "logistic" if Model is MLPClassifier else "identity"
    assert model.out_activation_ == output


@BOTH
def test_the_callers_data_are_not_changed_and_lists_and_bytes_are_taken(Model):
    X = (MOONS.X * 50 + 100).astype(np.uint8)
    y = (answers(Model) > 0).astype(np.uint8)
    X.flags.writeable = y.flags.writeable = False
    from_bytes = Model((4,), max_iter=2).fit(X, y)
    from_lists = Model((4,), max_iter=2).fit(X.tolist(), y.tolist())
    assert state(from_bytes) == state(from_lists)
    from_bytes.score(X, y)


@BOTH
@pytest.mark.parametrize("given", [np.float32, np.float64])
@pytest.mark.parametrize("dtype", [None, "float32", "float64"])
def test_weights_have_the_dtype_asked_for_or_the_datas(Model, given, dtype):
    model = Model((4,), max_iter=2, dtype=dtype).fit(MOONS.X.astype(given), answers(Model))
    expected = np.dtype(dtype or given)
    assert {a.dtype for a in [*model.coefs_, *model.intercepts_]} == {expected}
    assert model._raw(MOONS.X).dtype == expected


# --- the same formulas -----------------------------------------------------


def test_the_estimator_runs_a_trainer_and_nothing_else():
    model = MLPClassifier((6,), "tanh", solver="sgd", max_iter=4, tol=0.0, alpha=0.01,
                          batch_size=16, learning_rate_init=0.1, dropout=0.2, rng=3)  # fmt: skip
    model.fit(FLOWERS, IRIS.y)
    rng = np.random.default_rng(3)
    trainer = Trainer(
        initialize([4, 6, 3], "glorot_uniform", rng), "tanh", optimizer=Nesterov(0.9),
        learning_rate=0.1, batch_size=16, l2=0.01, dropout=0.2, rng=rng,
    )  # fmt: skip
    history = trainer.run(FLOWERS, one_hot(IRIS.y, 3), 4)
    assert model.loss_curve_ == history.loss
    assert [W.tolist() for W in model.coefs_] == [W.tolist() for W, _ in trainer.parameters]


@pytest.mark.parametrize(
    ("settings", "kind"),
    [
        ({"solver": "sgd", "momentum": 0.0}, "SGD"),
        ({"solver": "sgd"}, "Nesterov"),
        ({"solver": "sgd", "nesterovs_momentum": False}, "Momentum"),
        ({"solver": "rmsprop"}, "RMSProp"),
        ({"solver": "adam"}, "Adam"),
        ({"solver": "adamw"}, "AdamW"),
    ],
)
def test_solvers_are_the_optimisers_of_that_name(settings, kind):
    model = classifier(**settings, alpha=0.25).fit(MOONS.X, MOONS.y)
    optimizer = model._trainer_.optimizer
    assert type(optimizer).__name__ == kind
    if kind == "AdamW":
        assert (optimizer.weight_decay, model._trainer_.l2) == (0.25, 0)
    else:
        assert model._trainer_.l2 == 0.25


@pytest.mark.parametrize(
    ("solver", "settings"),
    [
        ("sgd", {"momentum": 0.5}),
        ("sgd", {"momentum": 0.5, "nesterovs_momentum": False}),
        ("rmsprop", {"epsilon": 1e-3}),
        ("adam", {"beta_1": 0.5, "beta_2": 0.6, "epsilon": 1e-3}),
        ("adamw", {"beta_1": 0.5, "beta_2": 0.6, "epsilon": 1e-3}),
    ],
)
def test_a_solver_gets_its_settings(solver, settings):
    optimizer = classifier(solver=solver, **settings).fit(MOONS.X, MOONS.y)._trainer_.optimizer
    for name in set(settings) - {"nesterovs_momentum"}:
        assert getattr(optimizer, name) == settings[name]


def test_the_trainer_gets_its_settings():
    settings = {"l1": 0.25, "max_norm": 3.0, "shuffle": False, "batch_size": 7, "dropout": (0.5,)}
    trainer = classifier(**settings).fit(MOONS.X, MOONS.y)._trainer_
    for name, value in settings.items():
        given = getattr(trainer, name)
        assert (tuple(given) if name == "dropout" else given) == value


@pytest.mark.parametrize(("n", "batch"), [(120, 120), (250, 200)])
def test_a_batch_has_200_examples_at_most_unless_told_otherwise(n, batch):
    data = moons(n=n)
    assert MLPClassifier((2,), max_iter=1).fit(data.X, data.y)._trainer_.batch_size == batch


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "gelu", "tanh", "logistic"])
def test_rectified_units_start_as_he_says_and_the_others_as_glorot_does(activation):
    model = MLPClassifier((5,), activation, learning_rate=lambda t: 1e-300, max_iter=1)
    model.fit(MOONS.X, MOONS.y)
    kind = "he_uniform" if activation in ("relu", "leaky_relu", "gelu") else "glorot_uniform"
    for W, (start, _) in zip(model.coefs_, initialize([2, 5, 1], kind, 0), strict=True):
        np.testing.assert_allclose(W, start, rtol=1e-12)


def test_learning_rates():
    def rates(**settings):
        model = classifier(solver="sgd", max_iter=9, tol=0.0, **settings)
        return np.array(model.fit(MOONS.X, MOONS.y).history_.learning_rate)

    t = np.arange(9)
    assert (rates() == 0.01).all()
    np.testing.assert_allclose(rates(learning_rate="invscaling"), 0.01 / np.sqrt(t + 1))
    own = rates(learning_rate=lambda t: cosine(t, 0.2, steps=9))
    np.testing.assert_allclose(own, [cosine(int(i), 0.2, steps=9) for i in t])
    model = classifier(solver="sgd", learning_rate="adaptive", tol=10.0, max_iter=6)
    model.fit(MOONS.X, MOONS.y)
    np.testing.assert_allclose(
        model.history_.learning_rate, [0.01, 0.01, 0.01, 0.002, 0.002, 0.0004]
    )


def test_early_stopping_holds_data_out_and_restores_the_best():
    data = digits()
    model = MLPClassifier((32,), learning_rate_init=0.01, early_stopping=True, max_iter=300,
                          validation_fraction=0.2, n_iter_no_change=5, tol=0.0)  # fmt: skip
    model.fit(data.X[:600] / 16, data.y[:600])
    history = model.history_
    assert history.stopped == "no improvement"
    best = int(np.argmin(history.validation_loss))
    assert model.n_iter_ == best + 1 + 5
    assert len(model.validation_scores_) == model.n_iter_
    assert model.best_validation_score_ == max(model.validation_scores_)
    # The data held out can be found again by the seed.
    rng = np.random.default_rng(0)
    initialize([64, 32, 10], "he_uniform", rng)
    held = rng.permutation(600)[:120]
    parameters = list(zip(model.coefs_, model.intercepts_, strict=True))
    loss = loss_value(data.X[held] / 16, one_hot(data.y[held], 10), parameters)
    assert loss == pytest.approx(history.validation_loss[best], rel=1e-12)


def test_training_ends_when_the_loss_no_longer_falls_by_tol():
    model = classifier(max_iter=500, tol=10.0, n_iter_no_change=4).fit(MOONS.X, MOONS.y)
    assert model.n_iter_ == 5  # the first is better than none before


# --- what it learns --------------------------------------------------------


@pytest.mark.parametrize(
    "activation", ["sigmoid", "logistic", "tanh", "relu", "leaky_relu", "gelu"]
)
def test_moons_are_learnt_with_every_activation(activation):
    model = MLPClassifier(
        (16,), activation, learning_rate_init=0.05, max_iter=400, n_iter_no_change=400
    )
    assert model.fit(MOONS.X, MOONS.y).score(MOONS.X, MOONS.y) >= 0.97


@pytest.mark.parametrize("solver", ["sgd", "rmsprop", "adam", "adamw"])
def test_flowers_are_learnt_with_every_solver(solver):
    rate = 0.1 if solver == "sgd" else 0.01
    model = MLPClassifier((16,), solver=solver, learning_rate_init=rate, max_iter=200)
    names = np.array(IRIS.target_names)[IRIS.y]
    assert model.fit(FLOWERS, names).score(FLOWERS, names) >= 0.97
    P = model.predict_proba(FLOWERS)
    assert P.shape == (150, 3)
    np.testing.assert_allclose(P.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(np.exp(model.predict_log_proba(FLOWERS)), P)
    assert (model.classes_[P.argmax(axis=1)] == model.predict(FLOWERS)).all()


def test_two_classes_have_one_output_and_two_probabilities():
    words = np.where(MOONS.y == 1, "upper", "lower")
    model = MLPClassifier((8,), max_iter=5).fit(MOONS.X, words)
    assert model.classes_.tolist() == ["lower", "upper"]
    P = model.predict_proba(MOONS.X)
    assert P.shape == (120, 2)
    np.testing.assert_allclose(P.sum(axis=1), 1, rtol=1e-15)
    assert (model.classes_[P.argmax(axis=1)] == model.predict(MOONS.X)).all()


def test_one_hidden_layer_may_be_a_number_and_none_is_logistic_regression():
    assert classifier(hidden_layer_sizes=7).fit(MOONS.X, MOONS.y).coefs_[0].shape == (2, 7)
    flat = classifier(hidden_layer_sizes=(), max_iter=300, learning_rate_init=0.05)
    assert [W.shape for W in flat.fit(MOONS.X, MOONS.y).coefs_] == [(2, 1)]
    assert 0.8 < flat.score(MOONS.X, MOONS.y) < 0.95


def test_digits_reach_97_percent_on_held_out_images_from_every_seed():
    scores = []
    for seed in range(5):
        train, test = digits().split(test_fraction=0.25, rng=seed)
        model = MLPClassifier(
            (128,), learning_rate_init=0.005, batch_size=32, max_iter=40, dropout=0.3, rng=seed
        )
        model.fit(train.X / 16, train.y)
        scores.append(model.score(test.X / 16, test.y))
    mean, spread = np.mean(scores), np.std(scores, ddof=1)
    print(f"digits, five seeds: {100 * mean:.2f} % ± {100 * spread:.2f}", np.round(scores, 4))
    assert min(scores) >= 0.97


def test_regression_of_one_and_of_several_targets():
    X = np.linspace(-2, 2, 80)[:, None]
    Y = np.column_stack([np.sin(2 * X[:, 0]), X[:, 0] ** 2])
    model = MLPRegressor((32,), "tanh", learning_rate_init=0.02, max_iter=600, tol=0.0)
    assert model.fit(X, Y).score(X, Y) > 0.98
    assert model.predict(X).shape == (80, 2)
    assert model.fit(X, Y[:, 0]).predict(X).shape == (80,)
    assert model.score(X, Y[:, 0]) > 0.98
    assert model.fit(X, Y[:, :1]).predict(X).shape == (80, 1)


def test_diabetes_is_predicted_better_than_by_the_mean():
    data = diabetes()
    X = (data.X - data.X.mean(axis=0)) / data.X.std(axis=0)
    y = (data.y - data.y.mean()) / data.y.std()
    model = MLPRegressor((16,), alpha=0.1, early_stopping=True, learning_rate_init=0.005)
    assert model.fit(X[:330], y[:330]).score(X[330:], y[330:]) > 0.35


def test_r_squared_is_scikit_learns():
    from sklearn.metrics import r2_score

    rng = np.random.default_rng(0)
    Y = rng.normal(size=(30, 3))
    Y[:, 2] = 4.0
    model = MLPRegressor((4,), max_iter=5).fit(FLOWERS[:30], Y)
    y_hat = model.predict(FLOWERS[:30])
    assert model.score(FLOWERS[:30], Y) == pytest.approx(r2_score(Y, y_hat), rel=1e-12)


def zeroed(model, bias=0.0):
    """The model with weights of 0 and this bias at the output."""
    for array in [*model.coefs_, *model.intercepts_]:
        array[...] = 0
    model.intercepts_[-1][...] = bias
    return model


def test_one_half_is_the_first_class_and_so_it_is_in_the_score():
    model = zeroed(classifier(max_iter=1).fit(MOONS.X, MOONS.y))
    assert set(model.predict(MOONS.X)) == {0}
    answers = np.array([[0.0], [1.0]])
    assert model._score_of(np.array([[0.5], [0.6]]), answers) == 1
    assert model._score_of(np.array([[0.6], [0.5]]), answers) == 0


def test_a_probability_of_0_has_the_logarithm_of_minus_infinity():
    model = zeroed(classifier(max_iter=1).fit(MOONS.X, MOONS.y), 800.0)
    assert model.predict_log_proba(MOONS.X[:1]).tolist() == [[-np.inf, 0.0]]


def test_a_target_that_never_changes_counts_1_if_met_exactly():
    model = zeroed(MLPRegressor((2,), max_iter=1).fit(MOONS.X, MOONS.X), 3.0)
    Y = np.full((120, 2), 3.0)
    assert model.score(MOONS.X, Y) == 1
    Y[:, 1] = 4.0
    assert model.score(MOONS.X, Y) == 0.5


# --- partial_fit -----------------------------------------------------------


def test_partial_fit_learns_piece_by_piece():
    model = MLPClassifier((16,), learning_rate_init=0.02, batch_size=30)
    for _ in range(60):
        for start in range(0, 120, 30):
            rows = slice(start, start + 30)
            model.partial_fit(MOONS.X[rows], MOONS.y[rows], classes=[0, 1])
    assert model.score(MOONS.X, MOONS.y) >= 0.95
    assert model.n_iter_ == 240


def test_partial_fit_takes_pieces_without_some_of_the_classes():
    model = MLPClassifier((16,), learning_rate_init=0.01)
    for _ in range(50):
        for k in range(3):
            model.partial_fit(FLOWERS[IRIS.y == k], IRIS.y[IRIS.y == k], classes=[0, 1, 2])
    assert model.n_outputs_ == 3
    assert model.score(FLOWERS, IRIS.y) > 0.6
    with pytest.raises(ValueError, match=r"y must hold only \[0, 1, 2\], got 7"):
        model.partial_fit(FLOWERS[:2], [0, 7])
    with pytest.raises(ValueError, match="classes_ must be as before"):
        model.partial_fit(FLOWERS[:3], [0, 1, 5], classes=[0, 1, 5])


def test_one_partial_fit_is_a_fit_of_one_epoch():
    for Model in (MLPClassifier, MLPRegressor):
        one = Model((5,), max_iter=1).fit(MOONS.X, answers(Model))
        part = Model((5,)).partial_fit(MOONS.X, answers(Model))
        assert state(one) == state(part)


def test_partial_fit_after_fit_goes_on_with_the_same_optimiser():
    ours = MLPRegressor((5,), max_iter=2).fit(MOONS.X, MOONS.X)
    ours.partial_fit(MOONS.X, MOONS.X)
    whole = MLPRegressor((5,), max_iter=3).fit(MOONS.X, MOONS.X)
    assert state(ours) == state(whole)
    with pytest.raises(ValueError, match="y must have 2 outputs as before, got 3"):
        ours.partial_fit(MOONS.X, np.zeros((120, 3)))


@BOTH
def test_partial_fit_goes_on_from_the_weights_where_no_trainer_is_left(Model):
    model = Model((5,), max_iter=3, learning_rate_init=0.1).fit(MOONS.X, answers(Model))
    before = [W.copy() for W in model.coefs_]
    del model._trainer_
    model.learning_rate_init = 1e-9
    model.partial_fit(MOONS.X, answers(Model))
    for W, old in zip(model.coefs_, before, strict=True):
        np.testing.assert_allclose(W, old, atol=1e-7)


def test_partial_fit_reckons_in_the_dtype_of_the_weights():
    X, y = MOONS.X.astype("f4"), MOONS.X[:, 0].astype("f4")
    low, high = (MLPRegressor((5,), max_iter=1).fit(X, y) for _ in range(2))
    low.partial_fit(X, y)
    high.partial_fit(X.astype(float), y.astype(float))
    assert state(low) == state(high) == state(MLPRegressor((5,), max_iter=2).fit(X, y))


def test_a_warm_start_keeps_the_dtype_and_half_floats_become_double():
    model = classifier(warm_start=True, dtype="float32")
    for _ in range(2):
        model.fit(MOONS.X, MOONS.y)
        assert {a.dtype for a in [*model.coefs_, *model.intercepts_]} == {np.dtype("f4")}
    assert classifier().fit(MOONS.X.astype("f2"), MOONS.y).coefs_[0].dtype == np.float64


def test_a_warm_start_wants_as_many_outputs_through_every_depth():
    model = MLPRegressor((5, 4), max_iter=1, warm_start=True).fit(MOONS.X, MOONS.X)
    model.fit(MOONS.X, MOONS.X)
    with pytest.raises(ValueError, match=r"^y must have 2 outputs as before, got 3$"):
        model.fit(MOONS.X, np.zeros((120, 3)))


def test_the_power_of_the_scaled_rate_is_power_t():
    settings = {"solver": "sgd", "learning_rate": "invscaling", "power_t": 0.25, "tol": 0.0}
    rates = classifier(**settings, max_iter=4).fit(MOONS.X, MOONS.y).history_.learning_rate
    np.testing.assert_allclose(rates, 0.01 / np.arange(1, 5) ** 0.25)


@BOTH
def test_answers_are_cast_to_the_dtype_of_X(Model):
    _, Y, _ = Model()._door(MOONS.X.astype("f4"), answers(Model))
    assert Y.dtype == np.float32


def test_one_example_may_be_held_out_but_not_all():
    X, y = MOONS.X[:10], MOONS.y[:10]
    model = classifier(early_stopping=True, validation_fraction=0.1).fit(X, y)
    assert len(model.validation_scores_) == model.n_iter_
    with pytest.raises(ValueError, match="leaves one of the two sets empty"):
        classifier(early_stopping=True, validation_fraction=0.99).fit(X, y)


# --- runs that end badly ---------------------------------------------------


def test_a_diverged_fit_raises_and_leaves_the_last_finite_weights():
    model = MLPRegressor((8,), solver="sgd", learning_rate_init=1e3, momentum=0.0)
    with pytest.raises(DivergedError, match=r"epoch \d+ at learning rate 1000"):
        model.fit(MOONS.X, MOONS.X)
    assert all(np.isfinite(a).all() for a in [*model.coefs_, *model.intercepts_])
    assert np.isfinite(model.predict(MOONS.X)).all()
    assert model.history_.stopped == "diverged"


@pytest.mark.parametrize("epoch", [0, 3])
def test_ctrl_c_leaves_a_usable_model(monkeypatch, epoch):
    finished = Trainer.epoch

    def interrupted(self, X, Y):
        if self.history.epochs == epoch:
            raise KeyboardInterrupt
        return finished(self, X, Y)

    monkeypatch.setattr(Trainer, "epoch", interrupted)
    model = classifier(max_iter=50)
    with pytest.warns(UserWarning, match="interrupted"):
        model.fit(MOONS.X, MOONS.y)
    assert model.n_iter_ == epoch
    assert math.isnan(model.loss_) == math.isnan(model.best_loss_) == (epoch == 0)
    assert model.predict(MOONS.X).shape == (120,)


# --- the door --------------------------------------------------------------


@BOTH
@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"X": MOONS.X[0]}, ValueError, "X must have 2 dimensions"),
        ({"X": MOONS.X[None]}, ValueError, "X must have 2 dimensions"),
        ({"X": MOONS.X[:0]}, ValueError, "at least one row"),
        ({"X": MOONS.X[:, :0]}, ValueError, "at least one row"),
        ({"X": MOONS.X * np.nan}, ValueError, "X must be finite"),
        ({"X": MOONS.X * 1j}, TypeError, "X must hold real numbers"),
        ({"X": MOONS.X.astype(str)}, TypeError, "X must hold real numbers"),
        ({"X": [[1.0, 2.0], [1.0]]}, ValueError, "X is ragged"),
        ({"X": MOONS.X[:9]}, ValueError, "same length, got 9 and 120"),
        ({"y": MOONS.y * 1j}, TypeError, "y must hold"),
        ({"y": MOONS.y * np.nan}, ValueError, "y must be finite"),
    ],
)
def test_bad_data_are_refused_and_change_nothing(Model, change, error, message):
    fresh, fitted = Model((4,)), Model((4,), max_iter=2).fit(MOONS.X, answers(Model))
    before = state(fitted)
    for model in (fresh, fitted):
        for method in (model.fit, model.partial_fit):
            with pytest.raises(error, match=message):
                method(**{"X": MOONS.X, "y": answers(Model)} | change)
    assert not hasattr(fresh, "coefs_")
    assert state(fitted) == before


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (MOONS.y[:, None], "y must have 1 dimension"),
        (MOONS.y * 0, "at least 2 classes, got 1"),
        (MOONS.y + 0.5, "got fractions"),
    ],
)
def test_bad_labels_are_refused(y, message):
    with pytest.raises(ValueError, match=message):
        classifier().fit(MOONS.X, y)


def test_bad_targets_are_refused():
    with pytest.raises(ValueError, match=r"y must have shape \(n,\) or \(n, K\)"):
        MLPRegressor().fit(MOONS.X, np.zeros((120, 2, 2)))
    with pytest.raises(ValueError, match=r"^classes are for a classifier$"):
        MLPRegressor().partial_fit(MOONS.X, MOONS.X, classes=[0, 1])
    model = MLPRegressor((2,), max_iter=1).fit(MOONS.X, MOONS.y)
    with pytest.raises(ValueError, match=r"y must have shape \(120,\), got \(120, 1\)"):
        model.score(MOONS.X, MOONS.y[:, None])


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"hidden_layer_sizes": (5, 0)}, ValueError, "hidden_layer_sizes must be >= 1"),
        ({"hidden_layer_sizes": (5.5,)}, TypeError, "hidden_layer_sizes must be an integer"),
        ({"activation": "rleu"}, ValueError, r"activation must be one of.*nearest: relu"),
        ({"solver": "lbfgs"}, ValueError, "solver must be one of sgd, rmsprop, adam, adamw"),
        ({"alpha": -1.0}, ValueError, "alpha must be >= 0"),
        ({"l1": -1.0}, ValueError, "l1 must be >= 0"),
        ({"batch_size": 0}, ValueError, "batch_size must be >= 1"),
        ({"batch_size": "all"}, ValueError, "batch_size must be one of auto"),
        ({"learning_rate": "fast"}, ValueError, "learning_rate must be one of constant"),
        ({"learning_rate_init": 0.0}, ValueError, "learning_rate_init must be > 0"),
        ({"learning_rate_init": math.nan}, ValueError, "learning_rate_init must be finite"),
        ({"max_iter": 0}, ValueError, "max_iter must be >= 1"),
        ({"max_iter": 1.5}, TypeError, "must be an integer"),
        ({"rng": "seed"}, TypeError, "rng must be an integer"),
        ({"tol": -1.0}, ValueError, "tol must be >= 0"),
        ({"momentum": 1.0, "solver": "sgd"}, ValueError, r"momentum must be in \[0, 1\)"),
        ({"beta_1": 1.0}, ValueError, r"beta_1 must be in \[0, 1\)"),
        ({"epsilon": 0.0}, ValueError, "epsilon must be > 0"),
        (
            {"early_stopping": True, "validation_fraction": 0.0},
            ValueError,
            r"^validation_fraction 0.0 of 120 examples leaves one of the two sets empty$",
        ),
        ({"early_stopping": True, "validation_fraction": 1.0}, ValueError, "validation_fraction"),
        ({"n_iter_no_change": 0}, ValueError, "n_iter_no_change must be >= 1"),
        ({"dropout": 1.0}, ValueError, r"^dropout must be in \[0, 1\)"),
        ({"dropout": [0.1, 0.1]}, ValueError, "dropout must be one rate or 1, got 2"),
        ({"max_norm": 0.0}, ValueError, "max_norm must be > 0"),
        ({"initializer": "he"}, ValueError, "initializer must be one of zeros"),
        ({"dtype": "float16"}, ValueError, "dtype must be one of float32, float64"),
    ],
)
def test_bad_parameters_are_refused_in_fit_and_change_nothing(change, error, message):
    fitted = classifier().fit(MOONS.X, MOONS.y)
    before = state(fitted)
    for model in (classifier(**change), fitted.set_params(**change)):
        with pytest.raises(error, match=message):
            model.fit(MOONS.X, MOONS.y)
    assert state(fitted) == before


def test_a_batch_larger_than_the_data_is_the_whole_set_with_a_warning():
    said = "^batch_size 500 is more than the 120 examples: every batch is the whole set$"
    with pytest.warns(UserWarning, match=said):
        model = classifier(batch_size=500).fit(MOONS.X, MOONS.y)
    assert model.t_ == model.n_iter_
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        classifier(batch_size=120).fit(MOONS.X, MOONS.y)


def test_a_warning_points_to_who_called_fit():
    with pytest.warns(UserWarning, match="batch_size 500") as caught:
        classifier(batch_size=500).fit(MOONS.X, MOONS.y)
    assert [warning.filename for warning in caught] == [__file__]


def test_another_number_of_features_when_predicting_is_refused():
    model = classifier().fit(MOONS.X, MOONS.y)
    with pytest.raises(ValueError, match="X must have 2 features as in fit, got 1"):
        model.predict(MOONS.X[:, :1])


def test_progress_is_shown_when_asked(capsys):
    classifier(verbose=True).fit(MOONS.X, MOONS.y)
    assert "5/5" in capsys.readouterr().err
