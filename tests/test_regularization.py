"""Penalties, dropout and early stopping: what each must and must not do."""

from __future__ import annotations

import math

import numpy as np
import pytest
from test_network import PAIRS, away_from_kinks, network

from nnlit.descent import numerical_gradient
from nnlit.gradcheck import check_all
from nnlit.network import ACTIVATIONS, gradients, loss_value
from nnlit.regularization import (
    EarlyStopping,
    add_penalty,
    dropout_mask,
    dropout_masks,
    elastic_penalty,
    elastic_penalty_gradient,
    l1_penalty,
    l1_penalty_gradient,
    l2_penalty,
    l2_penalty_gradient,
    penalty,
)

PENALTIES = {"none": (0.0, 0.0), "L1": (0.3, 0.0), "L2": (0.0, 0.2)}
W = np.array([[3.0, -1.5], [0.5, 2.0]])


# --- penalties -------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "slope", "strengths"),
    [
        (l1_penalty, l1_penalty_gradient, (0.7,)),
        (l2_penalty, l2_penalty_gradient, (0.7,)),
        (elastic_penalty, elastic_penalty_gradient, (0.7, 0.4)),
    ],
)
def test_a_penaltys_gradient_is_its_slope(value, slope, strengths):
    numeric = numerical_gradient(lambda w: value(w, *strengths), W)
    np.testing.assert_allclose(slope(W, *strengths), numeric, rtol=1e-8)


def test_l1_leaves_a_weight_at_0_there():
    assert l1_penalty_gradient(np.zeros(3), 0.5).tolist() == [0, 0, 0]


def test_l1_pulls_all_weights_alike_and_l2_each_by_its_size():
    # Erratum B41: so L1 brings small weights to 0 and L2 only shrinks them.
    w1 = w2 = np.array([1.0, 0.1])
    for _ in range(40):
        w1 = w1 - 0.01 * l1_penalty_gradient(w1, 1.0)
        w2 = w2 - 0.01 * l2_penalty_gradient(w2, 1.0)
    assert w1[0] == pytest.approx(0.6)
    assert abs(w1[1]) <= 0.01  # to and fro around 0, a step wide
    np.testing.assert_allclose(w2, np.array([1.0, 0.1]) * 0.99**40)


def test_the_penalty_counts_every_weight_and_no_bias():
    parameters = network([3, 4, 2])
    weights = np.concatenate([W.ravel() for W, _ in parameters])
    expected = 0.3 * np.abs(weights).sum() + 0.2 / 2 * (weights**2).sum()
    assert penalty(parameters, 0.3, 0.2) == pytest.approx(expected, rel=1e-13)
    moved = [(W, b + 100) for W, b in parameters]
    assert penalty(moved, 0.3, 0.2) == penalty(parameters, 0.3, 0.2)


def test_the_slope_of_the_penalty_leaves_biases_alone_bit_for_bit():
    parameters, slopes = network([3, 4, 2]), network([3, 4, 2], seed=1)
    for (dW, db), (W, _), (new_dW, new_db) in zip(
        slopes, parameters, add_penalty(slopes, parameters, 0.3, 0.2), strict=True
    ):
        assert new_db.tolist() == db.tolist()
        np.testing.assert_allclose(new_dW, dW + 0.3 * np.sign(W) + 0.2 * W)


def test_strength_0_changes_no_bit():
    slopes = network([3, 4, 2], seed=1)
    for (dW, db), (same_dW, same_db) in zip(
        slopes, add_penalty(slopes, network([3, 4, 2])), strict=True
    ):
        assert same_dW is dW
        assert same_db is db
    assert penalty(network([3, 4, 2])) == 0


@pytest.mark.parametrize(
    "call",
    [
        lambda: l1_penalty(W, -1.0),
        lambda: l2_penalty_gradient(W, -1.0),
        lambda: penalty([(W, W[0])], l1=-1.0),
        lambda: add_penalty([(W, W[0])], [(W, W[0])], l2=-1.0),
    ],
)
def test_a_negative_strength_is_refused(call):
    with pytest.raises(ValueError, match=r"^(strength|l1|l2) must be >= 0, got -1.0$"):
        call()


@pytest.mark.parametrize("layers", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("dropped", [False, True], ids=["whole", "dropout"])
def test_gradient_check_of_every_loss_penalty_and_mask(layers, activation, dropped):
    # Without a penalty and without dropout: in test_network.
    sizes = [2, *[3] * (layers - 1), 2]
    for output, loss in PAIRS:
        if output in ("relu", "leaky_relu", "gelu"):
            continue  # outputs that differ from tanh in g′ alone: there, too
        X, Y, parameters = away_from_kinks(5, sizes, activation, output)
        masks = dropout_masks(5, parameters, 0.3, rng=layers) if dropped else None
        names = (activation, output, loss, masks)
        slopes = gradients(X, Y, parameters, *names)
        for l1, l2 in list(PENALTIES.values())[0 if dropped else 1 :]:

            def total(moved, X=X, Y=Y, names=names, l1=l1, l2=l2):
                return loss_value(X, Y, moved, *names) + penalty(moved, l1, l2)

            report = check_all(total, parameters, add_penalty(slopes, parameters, l1, l2))
            assert report.passed, f"{names[:3]}, l1={l1}, l2={l2}: {report}"


# --- dropout ---------------------------------------------------------------


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
def test_dropout_keeps_the_mean_and_drops_its_share(rate):
    mask = dropout_mask((400, 500), rate, rng=0)
    assert set(np.unique(mask)) == {0, 1 / (1 - rate)}
    sigma = math.sqrt(rate / (1 - rate) / mask.size)
    assert abs(mask.mean() - 1) <= 5 * sigma
    share = math.sqrt(rate * (1 - rate) / mask.size)
    assert abs((mask == 0).mean() - rate) <= 5 * share


def test_dropout_draws_units_at_random_anew_for_every_example():
    # Erratum B42: not the strong ones, not once per epoch.
    mask = dropout_mask((200, 50), 0.5, rng=0)
    assert len(np.unique(mask, axis=0)) == 200
    rng = np.random.default_rng(0)
    assert dropout_mask((9, 9), 0.5, rng).tolist() != dropout_mask((9, 9), 0.5, rng).tolist()


def test_rate_0_drops_nothing():
    assert dropout_mask((3, 3), 0.0).tolist() == np.ones((3, 3)).tolist()


def test_masks_are_for_hidden_layers_in_the_dtype_of_the_weights():
    parameters = [(W.astype("f4"), b.astype("f4")) for W, b in network([3, 5, 4, 2])]
    masks = dropout_masks(6, parameters, [0.0, 0.5], rng=0)
    assert [mask.shape for mask in masks] == [(6, 5), (6, 4)]
    assert (masks[0] == 1).all()
    assert {mask.dtype for mask in masks} == {np.dtype("f4")}
    assert dropout_masks(6, parameters[:1], 0.5) == []


def test_the_same_mask_goes_back():
    # A unit that dropped out gets no slope, one that stayed a larger one.
    X, Y, parameters = away_from_kinks(1, [2, 4, 2], "tanh", "softmax")
    masks = [np.array([[0.0, 2.0, 0.0, 2.0]])]
    (dW, db), (dV, _) = gradients(X, Y, parameters, "tanh", masks=masks)
    assert not dW[:, [0, 2]].any()
    assert not db[[0, 2]].any()
    assert not dV[[0, 2]].any()
    assert dW[:, [1, 3]].all()


@pytest.mark.parametrize("rate", [-0.1, 1.0, math.nan])
def test_a_rate_outside_0_to_1_is_refused(rate):
    with pytest.raises(ValueError, match="rate must be"):
        dropout_mask((2, 2), rate)


def test_another_number_of_rates_than_hidden_layers_is_refused():
    with pytest.raises(ValueError, match=r"^rates must be one rate or 2, got 1$"):
        dropout_masks(3, network([2, 3, 3, 2]), [0.5])


# --- early stopping --------------------------------------------------------


def scripted(losses, **settings):
    """The epoch it stops at (None: never), and the watch itself. The
    weight of epoch e is e + 0.1."""
    watch = EarlyStopping(**settings)
    for epoch, loss in enumerate(losses, 1):
        if watch.update(loss, [(np.array([[epoch + 0.1]]), np.array([epoch / 3]))]):
            return epoch, watch
    return None, watch


@pytest.mark.parametrize(
    ("losses", "patience", "stops", "best"),
    [
        ([5, 4, 3, 2, 1], 1, None, 5),
        ([5, 4, 4, 3], 1, 3, 2),
        ([5, 4, 4, 3, 3, 3], 2, 6, 4),
        ([5, 6, 7, 8], 3, 4, 1),
        ([5, 6, 7], 3, None, 1),
        ([5, 6, 4, 6, 6, 3, 9, 9, 9], 3, 9, 6),
        ([5, math.nan, math.nan], 2, 3, 1),
        ([math.inf, math.inf], 2, 2, 0),
    ],
)
def test_a_scripted_series_stops_at_the_exact_epoch(losses, patience, stops, best):
    epoch, watch = scripted(losses, patience=patience)
    assert epoch == stops
    assert watch.best_epoch == best
    assert watch.best_loss == ([math.inf, *losses][best])


def test_an_improvement_below_min_delta_is_none():
    losses = [1.0, 0.95, 0.91, 0.89]
    assert scripted(losses, patience=2, min_delta=0.1)[0] == 3
    assert scripted(losses, patience=3, min_delta=0.1)[1].best_epoch == 4
    assert scripted(losses, patience=2)[0] is None


def test_the_best_weights_come_back_bit_for_bit_in_place():
    _, watch = scripted([5, 3, 4, 4], patience=2)
    W, b = np.array([[9.0]]), np.array([9.0])
    watch.restore([(W, b)])
    assert W.item() == 2.1
    assert b.item() == 2 / 3


def test_the_kept_weights_are_a_copy():
    watch, W, b = EarlyStopping(), np.array([[1.0]]), np.array([2.0])
    watch.update(0.5, [(W, b)])
    W += 1
    b += 1
    watch.restore([(W, b)])
    assert (W.item(), b.item()) == (1, 2)


def test_before_the_first_finite_loss_restoring_changes_nothing():
    watch, W, b = EarlyStopping(), np.array([[1.0]]), np.array([2.0])
    watch.restore([(W, b)])
    watch.update(math.nan, [(W + 1, b)])
    watch.restore([(W, b)])
    assert (W.item(), b.item()) == (1, 2)


def test_bad_settings_are_refused():
    with pytest.raises(ValueError, match="patience must be >= 1"):
        EarlyStopping(patience=0)
    with pytest.raises(ValueError, match="min_delta must be >= 0"):
        EarlyStopping(min_delta=-1e-4)


def test_early_stopping_waits_for_ten_losses_and_takes_any_improvement():
    layers, watch = [(np.array([[1.0]]), np.array([2.0]))], EarlyStopping()
    assert (watch.best_loss, watch.best_epoch) == (np.inf, 0)
    losses = [1.0, 1.0 - 1e-9, *[1.0] * 10]
    assert [watch.update(loss, layers) for loss in losses] == [False] * 11 + [True]
    assert (watch.best_loss, watch.best_epoch) == (1.0 - 1e-9, 2)
