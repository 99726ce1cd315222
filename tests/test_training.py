"""Training: batches, steps, how a run ends, and what is left of it."""

from __future__ import annotations

import math
import re
import sys
import time

import numpy as np
import pytest

from nnlit.datasets import digits, gate, moons
from nnlit.initializers import initialize
from nnlit.losses import accuracy, one_hot
from nnlit.network import backward, forward, loss_value, predict
from nnlit.optimizers import Adam, Momentum, cosine, on_plateau
from nnlit.regularization import EarlyStopping, dropout_masks
from nnlit.training import (
    DivergedError,
    History,
    Trainer,
    _check_answers,
    _check_data,
    minibatches,
    random_restart,
    train_epoch,
)

DATA = moons(n=90, noise=0.2, rng=0)
X, Y = DATA.X, one_hot(DATA.y, 2)
SIZES = [2, 8, 2]


def bits(parameters):
    return [array.tolist() for layer in parameters for array in layer]


def trainer(seed=0, **settings):
    return Trainer(initialize(SIZES, "he_normal", seed), **{"rng": 1, **settings})


# --- batches ---------------------------------------------------------------


@pytest.mark.parametrize("batch_size", [1, 7, 30, 90, 200])
def test_every_example_comes_once_with_its_own_answer(batch_size):
    rows = np.arange(90)
    batches = list(minibatches(rows[:, None] * 2, rows, batch_size, rng=0))
    assert [len(x) for x, _ in batches[:-1]] == [batch_size] * (len(batches) - 1)
    together = np.concatenate([y for _, y in batches])
    assert sorted(together.tolist()) == rows.tolist()
    assert together.tolist() != rows.tolist()
    for x, y in batches:
        assert x[:, 0].tolist() == (2 * y).tolist()


def test_the_order_is_new_in_every_epoch_and_drawn_from_the_seed():
    rng = np.random.default_rng(0)
    rows = np.arange(30)
    one, two = ([y.tolist() for _, y in minibatches(rows, rows, 7, rng)] for _ in range(2))
    assert one != two
    again = [y.tolist() for _, y in minibatches(rows, rows, 7, 0)]
    assert one == again


def test_without_a_shuffle_the_order_is_that_of_the_data():
    rows = np.arange(10)
    batches = [y.tolist() for _, y in minibatches(rows, rows, 4, shuffle=False)]
    assert batches == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]


def test_bad_batches_are_refused():
    with pytest.raises(ValueError, match="batch_size must be >= 1"):
        list(minibatches(X, Y, 0))
    with pytest.raises(ValueError, match="X and Y must have the same length, got 90 and 89"):
        list(minibatches(X, Y[:-1], 8))


# --- a step and an epoch ---------------------------------------------------


def test_train_epoch_and_a_trainer_make_the_same_steps():
    ours, theirs = initialize(SIZES, rng=0), initialize(SIZES, rng=0)
    loss = train_epoch(X, Y, ours, 0.3, 16, np.random.default_rng(5), "tanh")
    run = Trainer(theirs, "tanh", learning_rate=0.3, batch_size=16, rng=5)
    assert run.epoch(X, Y) == pytest.approx(loss, rel=1e-13)
    for a, b in zip(bits(ours), bits(theirs), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-15)


def test_the_epochs_loss_is_the_mean_before_each_step():
    run = trainer(batch_size=90, shuffle=False)
    before = loss_value(X, Y, run.parameters)
    assert run.epoch(X, Y) == pytest.approx(before, rel=1e-13)


def test_a_step_is_forward_backward_penalty_clipping_and_the_optimizer():
    run = trainer(l1=0.01, l2=0.1, dropout=0.5, max_norm=0.05, rng=3)
    parameters = initialize(SIZES, "he_normal", 0)
    masks = dropout_masks(90, parameters, 0.5, np.random.default_rng(3))
    _, cache = forward(X, parameters, masks=masks)
    slopes = backward(cache, parameters, Y, masks=masks)
    slopes = [
        (dW + 0.01 * np.sign(W) + 0.1 * W, db)
        for (dW, db), (W, _) in zip(slopes, parameters, strict=True)
    ]
    norm = math.sqrt(sum((g**2).sum() for layer in slopes for g in layer))
    assert norm > 0.05
    Z = run.step(X, Y, 0.3)
    assert Z.tolist() == cache[-1].Z.tolist()
    for layer, new, slope in zip(parameters, run.parameters, slopes, strict=True):
        for w, moved, g in zip(layer, new, slope, strict=True):
            np.testing.assert_allclose(moved, w - 0.3 * 0.05 / norm * g, rtol=1e-12)
    assert run.t == 1


def test_dropout_is_off_when_validating():
    run = trainer(dropout=0.9, learning_rate=1e-9)
    history = run.run(X, Y, 1, validation=(X, Y))
    assert history.validation_loss == [pytest.approx(loss_value(X, Y, run.parameters))]
    assert history.loss[0] > 1.1 * history.validation_loss[0]


@pytest.mark.parametrize("settings", [{}, {"dropout": 0.2}, {"optimizer": None}])
def test_the_same_seed_gives_the_same_bits(settings):
    def once():
        more = dict(settings)
        if "optimizer" in more:
            more["optimizer"] = Adam()
        run = trainer(**more)
        run.run(X, Y, 3)
        return bits(run.parameters)

    assert once() == once()


def test_a_schedule_is_asked_at_every_step():
    asked = []

    def schedule(t):
        asked.append(t)
        return cosine(t, 0.1, steps=9)

    run = trainer(learning_rate=schedule, batch_size=30)
    history = run.run(X, Y, 3)
    assert asked == list(range(9))
    expected = [cosine(t, 0.1, steps=9) for t in (2, 5, 8)]
    assert history.learning_rate == pytest.approx(expected, abs=1e-15)


def test_a_plateau_lowers_the_learning_rate_by_its_factor():
    # At a minimum already: nothing improves, each patience halves the rate.
    run = trainer(
        learning_rate=1e-3,
        plateau=lambda losses: on_plateau(losses, 1.0, patience=2, min_delta=1.0),
    )
    history = run.run(X, Y, 6)
    assert history.learning_rate == pytest.approx([1e-3, 1e-3, 1e-3, 5e-4, 5e-4, 2.5e-4])


def test_the_history_has_an_entry_an_epoch():
    run = trainer()
    history = run.run(
        X, Y, 4, validation=(X, Y),
        score=lambda P, Y: accuracy(P.argmax(axis=1), Y.argmax(axis=1)),
    )  # fmt: skip
    assert history is run.history
    for values in (history.loss, history.validation_loss, history.score,
                   history.learning_rate, history.seconds):  # fmt: skip
        assert len(values) == 4 == history.epochs
    assert min(history.seconds) > 0
    right = predict(X, run.parameters).argmax(axis=1) == DATA.y
    assert history.score[-1] == right.mean()
    assert history.stopped == "max_iter"
    assert History().epochs == 0


def test_a_run_goes_on_where_it_stopped():
    whole, parts = trainer(optimizer=Momentum()), trainer(optimizer=Momentum())
    whole.run(X, Y, 5)
    parts.run(X, Y, 2)
    parts.run(X, Y, 3)
    assert bits(whole.parameters) == bits(parts.parameters)
    assert whole.history.loss == parts.history.loss


# --- how a run ends --------------------------------------------------------


def test_early_stopping_ends_at_the_exact_epoch_and_restores_bit_for_bit():
    class Scripted(EarlyStopping):
        script = iter([5.0, 4.0, 4.5, 3.0, 3.5, 3.0, 3.1, 0.0])

        def update(self, loss, parameters):
            return super().update(next(self.script), parameters)

    seen = []
    run = trainer()
    watch = Scripted(patience=3)
    history = run.run(
        X, Y, 100, validation=(X, Y), stopping=watch,
        on_epoch=lambda run: seen.append(bits(run.parameters)),
    )  # fmt: skip
    assert history.epochs == 7
    assert history.stopped == "no improvement"
    assert watch.best_epoch == 4
    assert bits(run.parameters) == seen[3]
    assert seen[3] != seen[5]


def test_a_real_run_stops_early_and_has_the_weights_of_the_least_validation_loss():
    train, rest = digits().split(test_fraction=0.9, rng=0)
    run = Trainer(
        initialize([64, 64, 10], "he_normal", 0), optimizer=Adam(), learning_rate=0.01, rng=0
    )
    valid = (rest.X[:500] / 16, one_hot(rest.y[:500], 10))
    history = run.run(
        train.X / 16, one_hot(train.y, 10), 300, valid, EarlyStopping(patience=15)
    )
    assert history.stopped == "no improvement"
    best = int(np.argmin(history.validation_loss))
    assert history.epochs == best + 1 + 15
    assert loss_value(*valid, run.parameters) == history.validation_loss[best]
    assert history.loss[-1] < history.loss[best]


def test_without_validation_data_the_training_loss_is_watched():
    run = trainer(learning_rate=1e-9)
    before = bits(run.parameters)
    history = run.run(X, Y, 50, stopping=EarlyStopping(patience=3, min_delta=1e-3))
    assert history.epochs == 4
    assert bits(run.parameters) != before


def test_a_callback_can_end_the_run():
    history = trainer().run(X, Y, 50, on_epoch=lambda run: run.history.epochs == 3)
    assert history.epochs == 3
    assert history.stopped == "on_epoch"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_diverged_run_names_epoch_and_rate_and_keeps_the_last_finite_weights(dtype):
    parameters = initialize([2, 8, 1], "he_normal", 0, dtype)
    run = Trainer(parameters, "relu", "identity", learning_rate=30.0, rng=0)
    seen = [bits(parameters)]
    with pytest.raises(
        DivergedError, match=r"diverged in epoch \d+ at learning rate 30"
    ) as caught:
        run.run(
            X.astype(dtype), Y[:, :1].astype(dtype), 500,
            on_epoch=lambda run: seen.append(bits(run.parameters)),
        )  # fmt: skip
    assert f"epoch {len(seen)} " in str(caught.value)
    assert bits(parameters) == seen[-1]
    assert all(np.isfinite(a).all() for layer in parameters for a in layer)
    assert run.history.stopped == "diverged"


def test_a_diverged_run_of_a_classifier_is_seen_through_its_weights():
    # The loss of softmax can stay finite while weights run to infinity.
    run = trainer(learning_rate=1e300)
    with pytest.raises(DivergedError):
        run.run(X, Y, 5)
    assert all(np.isfinite(a).all() for layer in run.parameters for a in layer)


@pytest.mark.parametrize(
    ("output", "loss"),
    [("sigmoid", "cross_entropy"), ("softmax", "binary_cross_entropy")],
)
def test_a_diverged_run_is_one_too_where_output_and_loss_do_not_match(output, loss):
    # These losses refuse NaN among probabilities; the run must not blame the data.
    parameters = initialize([2, 8, 2], rng=0)
    run = Trainer(parameters, "relu", output, loss, learning_rate=1e300)
    with np.errstate(all="ignore"), pytest.raises(DivergedError, match="diverged in epoch"):
        run.run(1e3 * X, Y, 20)
    assert all(np.isfinite(a).all() for layer in parameters for a in layer)


def test_ctrl_c_between_epochs_keeps_what_was_learnt():
    def interrupt(run):
        if run.history.epochs == 3:
            raise KeyboardInterrupt

    run = trainer()
    said = r"^training interrupted; the weights learnt so far are kept$"
    with pytest.warns(UserWarning, match=said):
        history = run.run(X, Y, 50, on_epoch=interrupt)
    assert history.stopped == "interrupted"
    assert history.epochs == 3
    plain = trainer()
    plain.run(X, Y, 3)
    assert bits(run.parameters) == bits(plain.parameters)


def test_a_warning_points_to_who_called_run():
    def interrupt(run):
        raise KeyboardInterrupt

    with pytest.warns(UserWarning, match="interrupted") as caught:
        trainer().run(X, Y, 2, on_epoch=interrupt)
    assert [warning.filename for warning in caught] == [__file__]


def test_ctrl_c_in_the_midst_of_an_epoch_keeps_finite_weights(monkeypatch):
    run = trainer(batch_size=9)
    step, calls = run.step, []

    def interrupted(*args):
        calls.append(1)
        if len(calls) == 14:
            raise KeyboardInterrupt
        return step(*args)

    monkeypatch.setattr(run, "step", interrupted)
    with pytest.warns(UserWarning, match="interrupted"):
        history = run.run(X, Y, 50)
    assert history.epochs == 1
    assert run.t == 13
    assert np.isfinite(predict(X, run.parameters)).all()


def test_interrupted_with_validation_data_the_best_weights_so_far_are_put_back():
    def interrupt(run):
        if run.history.epochs == 5:
            raise KeyboardInterrupt

    watch = EarlyStopping(patience=99)
    run = trainer(learning_rate=2.0)
    with pytest.warns(UserWarning, match="interrupted"):
        run.run(X, Y, 50, validation=(X, Y), stopping=watch, on_epoch=interrupt)
    assert loss_value(X, Y, run.parameters) == watch.best_loss


# --- progress --------------------------------------------------------------


def test_progress_is_shown_with_tqdm_where_it_is_there(capsys):
    trainer().run(X, Y, 3, validation=(X, Y), score=lambda P, Y: 0.5, verbose=True)
    said = capsys.readouterr().err
    assert "3/3" in said
    assert "epoch/s" in said or "s/epoch" in said
    assert "loss=" in said
    assert "score=0.5" in said


def test_progress_is_a_line_an_epoch_without_tqdm(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    trainer().run(X, Y, 3, validation=(X, Y), verbose=True)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    number = r"0\.\d{4}"
    assert re.fullmatch(rf"epoch 3 of 3: loss {number}, validation_loss {number}", lines[2])


def test_nothing_is_shown_unless_asked(capsys):
    trainer().run(X, Y, 2)
    assert capsys.readouterr() == ("", "")


# --- what must be learnt ---------------------------------------------------


def xor_run(seed):
    data = gate("xor")
    rng = np.random.default_rng(seed)
    run = Trainer(
        initialize([2, 8, 1], "glorot_uniform", rng),
        "tanh", "sigmoid", optimizer=Momentum(0.9), learning_rate=0.1, batch_size=4, rng=rng,
    )  # fmt: skip
    history = run.run(data.X, data.y[:, None], 500)
    right = (predict(data.X, run.parameters, "tanh", "sigmoid")[:, 0] > 0.5) == data.y
    return bool(right.all()), history.loss[-1]


def test_xor_is_solved_from_at_least_9_of_10_seeds():
    runs = [xor_run(seed) for seed in range(10)]
    print("XOR solved from", sum(solved for solved, _ in runs), "of 10 seeds")
    assert sum(solved for solved, _ in runs) >= 9
    assert sum(loss < 0.01 for _, loss in runs) >= 9


def test_ten_points_are_overfitted_to_nothing():
    rng = np.random.default_rng(0)
    few, noise = rng.normal(size=(10, 5)), one_hot(rng.integers(3, size=10), 3)
    run = Trainer(
        initialize([5, 32, 3], "he_normal", rng), optimizer=Adam(), learning_rate=0.01,
        batch_size=10, rng=rng,
    )  # fmt: skip
    run.run(few, noise, 1000)
    assert loss_value(few, noise, run.parameters) < 1e-3
    assert (predict(few, run.parameters).argmax(1) == noise.argmax(1)).all()


def test_ten_real_targets_are_overfitted_to_nothing():
    rng = np.random.default_rng(0)
    few, noise = rng.normal(size=(10, 5)), rng.normal(size=(10, 2))
    run = Trainer(
        initialize([5, 64, 2], "glorot_uniform", rng), "tanh", "identity", optimizer=Adam(),
        learning_rate=0.01, batch_size=10, rng=rng,
    )  # fmt: skip
    run.run(few, noise, 1500)
    names = ("tanh", "identity", "squared_error")
    assert loss_value(few, noise, run.parameters, *names) < 1e-4


# --- random restart --------------------------------------------------------


def restarted(rng):
    run = Trainer(
        initialize([2, 2, 1], "glorot_uniform", rng), "tanh", "sigmoid",
        optimizer=Momentum(0.9), learning_rate=0.3, batch_size=4, rng=rng,
    )  # fmt: skip
    data = gate("xor")
    history = run.run(data.X, data.y[:, None], 150)
    return run.parameters, history.loss[-1]


def test_the_best_restart_is_no_worse_than_any():
    parameters, loss, losses = random_restart(restarted, 8, rng=4)
    assert loss == min(losses)
    assert len(losses) == 8
    assert max(losses) > 2 * loss
    data = gate("xor")
    names = ("tanh", "sigmoid", "binary_cross_entropy")
    assert loss_value(data.X, data.y[:, None], parameters, *names) <= loss + 1e-3


def test_one_restart_is_a_plain_run():
    parameters, loss, losses = random_restart(restarted, 1, rng=4)
    plain, plain_loss = restarted(np.random.default_rng(4))
    assert bits(parameters) == bits(plain)
    assert losses == [loss] == [plain_loss]


def test_restarts_that_end_in_nan_are_passed_over():
    ends = iter([math.nan, 2.0, 3.0])
    assert random_restart(lambda rng: ("w", next(ends)), 3)[1] == 2.0
    with pytest.raises(ValueError, match="restarts must be >= 1"):
        random_restart(restarted, 0)


# --- the door --------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"learning_rate": 0.0}, "learning_rate must be > 0"),
        ({"learning_rate": math.nan}, "learning_rate must be finite"),
        ({"batch_size": 0}, "batch_size must be >= 1"),
        ({"l1": -1.0}, "l1 must be >= 0"),
        ({"l2": -1.0}, "l2 must be >= 0"),
        ({"max_norm": 0.0}, "max_norm must be > 0"),
        ({"dropout": 1.0}, r"^dropout must be in \[0, 1\)"),
        ({"dropout": [0.1, 0.1]}, "dropout must be one rate or 1, got 2"),
    ],
)
def test_a_trainer_refuses_bad_settings(settings, message):
    with pytest.raises(ValueError, match=message):
        trainer(**settings)


def test_a_run_over_no_epochs_is_refused():
    with pytest.raises(ValueError, match="epochs must be >= 1"):
        trainer().run(X, Y, 0)


# --- what reaches the formulas ---------------------------------------------


def test_an_epoch_of_the_function_has_the_output_and_the_loss_it_is_told():
    net = initialize(SIZES, "he_normal", 0)
    _, cache = forward(X, net, "tanh", "identity")
    slopes = backward(cache, net, Y, "tanh", "identity", "squared_error")
    expected = [(W - 0.1 * dW, b - 0.1 * db) for (W, b), (dW, db) in zip(net, slopes, strict=True)]
    train_epoch(X, Y, net, 0.1, 90, 0, "tanh", "identity", "squared_error")
    for ours, theirs in zip(net, expected, strict=True):
        np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-12)
        np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(
    "call",
    [
        lambda run, Y: train_epoch(X, Y, run.parameters, 0.1, 8),
        lambda run, Y: run.epoch(X, Y),
        lambda run, Y: run.run(X, Y, 1),
        lambda run, Z: run.run(X, Y, 1, validation=(X, Z)),
    ],
    ids=["train_epoch", "epoch", "run", "validation"],
)
def test_one_answer_beyond_1_is_refused_before_anything_is_learnt(call):
    run, answers = trainer(batch_size=8), Y.copy()
    before = bits(run.parameters)
    answers[-1, 0] = 2.0
    with pytest.raises(ValueError, match=r"^Y must lie in \[0, 1\], got 2.0$"):
        call(run, answers)
    assert bits(run.parameters) == before


@pytest.mark.parametrize("penalty", [{"l1": 0.5}, {"l2": 0.5}])
def test_one_penalty_alone_moves_the_weights(penalty):
    plain, pulled = trainer(batch_size=90), trainer(batch_size=90, **penalty)
    for run in (plain, pulled):
        run.epoch(X, Y)
    assert bits(plain.parameters) != bits(pulled.parameters)


def test_without_shuffling_batches_come_in_order():
    run = trainer(batch_size=30, shuffle=False, optimizer=Momentum(0.0))
    net = [(W.copy(), b.copy()) for W, b in run.parameters]
    run.epoch(X, Y)
    for start in range(0, 90, 30):
        rows = slice(start, start + 30)
        _, cache = forward(X[rows], net)
        for (W, b), (dW, db) in zip(net, backward(cache, net, Y[rows]), strict=True):
            W -= run.learning_rate * dW
            b -= run.learning_rate * db
    for ours, theirs in zip(run.parameters, net, strict=True):
        np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-12)


def test_a_run_that_diverged_says_what_to_do():
    said = (
        r"^training diverged in epoch 1 at learning rate 1e\+300: the loss or a weight is not "
        r"finite; the weights are those of before the epoch\. Try a smaller learning rate, or "
        r"clip the gradient$"
    )
    with pytest.raises(DivergedError, match=said):
        trainer(learning_rate=1e300).epoch(1e9 * X, Y)


def test_validation_sees_the_network_as_it_is():
    seen = []
    run = Trainer(
        initialize([2, 5, 4, 2], rng=0), "tanh", "identity", "squared_error", learning_rate=0.01
    )
    history = run.run(X, Y, 1, (X, Y), score=lambda P, Y: seen.append(P) or 0.0)
    names = "tanh", "identity", "squared_error"
    np.testing.assert_array_equal(seen[0], predict(X, run.parameters, *names[:2]))
    assert history.validation_loss == [pytest.approx(loss_value(X, Y, run.parameters, *names))]


def test_the_seconds_of_the_epochs_are_no_more_than_passed():
    start = time.perf_counter()
    history = trainer().run(X, Y, 3)
    assert min(history.seconds) > 0
    assert sum(history.seconds) < time.perf_counter() - start


@pytest.mark.parametrize("loss", ["cross_entropy", "binary_cross_entropy"])
def test_answers_lie_in_0_to_1_where_the_loss_is_a_cross_entropy(loss):
    net, X, Y = [(np.ones((2, 1)), np.ones(1))], np.ones((1, 2)), np.array([[2.0]])
    for check in (
        lambda name: _check_answers(Y, (1, 1), name),
        lambda name: _check_data(X, Y, net, name)[1],
    ):
        assert check("squared_error") is Y
        with pytest.raises(ValueError, match=r"^Y must lie in \[0, 1\], got 2.0$"):
            check(loss)
