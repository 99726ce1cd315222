"""What the texts this book grew from get wrong, each with the right form.

The names are those of the false statements; each test shows the false form to
be false, and holds the package to the right one.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from literate import katex
from nnlit.activations import naive_sigmoid, sigmoid, sigmoid_prime, softmax, step
from nnlit.datasets import admissions
from nnlit.descent import descent_step, one_weight_gradient, one_weight_loss
from nnlit.logistic import loss
from nnlit.losses import binary_cross_entropy, cross_entropy, negative_log_likelihood
from nnlit.network import forward
from nnlit.regularization import EarlyStopping, dropout_mask, dropout_masks

ROOT = Path(__file__).parent.parent


def test_a_dot_product_of_two_vectors_is_a_number_and_inner_sizes_must_agree() -> None:
    assert np.ndim(np.ones(3) @ np.arange(3.0)) == 0
    assert (np.ones((2, 3)) @ np.ones((3, 4))).shape == (2, 4)
    with pytest.raises(ValueError, match="mismatch"):
        np.ones((2, 3)) @ np.ones((2, 3))


@pytest.mark.parametrize(("y", "before", "after"), [(8.0, 2.0, 18.0), (0.0, 50.0, 450.0)])
def test_decreasing_a_weight_by_its_gradient_may_raise_the_loss(y, before, after) -> None:
    w = 5.0
    assert one_weight_loss(w, 2.0, y) == before
    whole = descent_step(w, one_weight_gradient(w, 2.0, y), 1.0)
    assert one_weight_loss(whole, 2.0, y) == after
    small = descent_step(w, one_weight_gradient(w, 2.0, y), 0.1)
    assert one_weight_loss(small, 2.0, y) < before


def test_the_slope_of_the_sigmoid_is_taken_at_the_score_not_at_the_output() -> None:
    right, wrong = sigmoid_prime(4.0), sigmoid_prime(sigmoid(4.0))
    assert round(float(right), 4) == 0.0177
    assert round(float(wrong), 3) == 0.198
    h = 1e-6
    assert abs((sigmoid(4.0 + h) - sigmoid(4.0 - h)) / (2 * h) - right) < 1e-9


def test_a_score_of_zero_has_one_answer() -> None:
    assert step(0.0) == 1.0
    assert step(-1e-300) == 0.0


def test_softmax_divides_by_the_sum_over_all_scores_its_own_included() -> None:
    e = np.exp([2.0, 1.0, 0.1])
    others = e / (e.sum() - e)
    assert others.sum() > 1.5
    assert others[0] > 1
    assert abs(softmax([2.0, 1.0, 0.1]).sum() - 1) < 1e-15


def test_softmax_survives_large_scores_and_sums_each_row_to_one() -> None:
    np.testing.assert_allclose(softmax([1000.0, 1001.0]), softmax([0.0, 1.0]), rtol=1e-13)
    rows = softmax([[1.0, 2.0, 3.0], [3.0, 1.0, 0.0]])
    np.testing.assert_allclose(rows.sum(axis=1), 1.0, rtol=1e-15)


def test_cross_entropy_of_sure_and_right_answers_is_zero_and_not_nan() -> None:
    assert binary_cross_entropy(np.array([1.0, 0.0]), np.array([1.0, 0.0])) == 0.0
    assert cross_entropy(np.array([[1.0, 0.0]]), np.array([[1.0, 0.0]])) == 0.0


def test_log_loss_is_never_zero_and_on_separable_data_falls_as_weights_grow() -> None:
    data = admissions(margin=1.0)
    w, b = np.array([2.0, 1.0]), -18.0
    losses = [float(loss(data.X, data.y, size * w, size * b)) for size in (0.1, 1.0, 3.0)]
    assert losses[0] > losses[1] > losses[2] > 0.0


def test_the_sum_of_two_probabilities_needs_a_bias_to_fall_below_one_half() -> None:
    p1, p2 = np.meshgrid(np.linspace(0, 1, 21), np.linspace(0, 1, 21))
    assert sigmoid(p1 + p2).min() >= 0.5
    assert sigmoid(7 * p1 + 5 * p2 - 6).min() < 0.01
    assert abs(sigmoid(0.7 + 0.8) - 0.818) < 5e-4


def test_the_gradient_formula_marked_to_do_is_rejected_and_its_repair_accepted() -> None:
    broken = r"\frac{\partial L}{\partial W^{[l]}} = \delta^{[l]} \cdot a^{[l-1]}^T"
    with pytest.raises(katex.KatexError, match="Double superscript"):
        katex.render(broken, ROOT, display=True)
    mended = r"\frac{\partial L}{\partial W^{[l]}} = \delta^{[l]} \left(a^{[l-1]}\right)^{\top}"
    assert "katex" in katex.render(mended, ROOT, display=True)


def test_binary_cross_entropy_counts_the_negative_cases_too() -> None:
    p, y = np.array([0.8, 0.7, 0.1]), np.array([1.0, 1.0, 0.0])
    half = -np.sum(y * np.log(p))
    assert abs(negative_log_likelihood(p, y) - (half - np.log(0.9))) < 1e-15
    assert round(float(negative_log_likelihood(p, y)), 3) == 0.685


def test_the_formula_of_the_sigmoid_as_it_stands_overflows() -> None:
    with np.errstate(over="raise"), pytest.raises(FloatingPointError):
        naive_sigmoid(np.array([-1000.0]))
    with np.errstate(all="raise", under="ignore"):
        assert sigmoid(-1000.0) == 0.0
        assert sigmoid(-700.0) > 0.0


def test_choosing_by_the_test_data_flatters_and_by_validation_data_does_not() -> None:
    # Twenty models, each right with probability 0.8, asked 50 questions each.
    rng = np.random.default_rng(0)
    test = (rng.random((2000, 20, 50)) < 0.8).mean(axis=-1)
    validation = (rng.random((2000, 20, 50)) < 0.8).mean(axis=-1)
    rounds = np.arange(2000)
    assert test[rounds, test.argmax(axis=1)].mean() > 0.89
    assert abs(test[rounds, validation.argmax(axis=1)].mean() - 0.8) < 0.005


def test_the_first_rise_of_the_validation_error_is_no_moment_to_stop() -> None:
    falling = np.linspace(0.9, 0.3, 60)
    losses = [*(falling + 0.02 * (-1.0) ** np.arange(60)), *np.linspace(0.3, 0.6, 40)]
    stops, best = {}, {}
    for patience in (1, 10):
        watch = EarlyStopping(patience)
        weight = [(np.array([[0.0]]), np.array([0.0]))]
        for epoch, value in enumerate(losses, 1):
            weight[0][0][:] = epoch
            if watch.update(value, weight):
                break
        watch.restore(weight)
        stops[patience], best[patience] = epoch, weight[0][0].item()
    assert stops[1] == 3
    assert (stops[10], best[10]) == (70, 60)  # the best weights, not the last


def test_dropout_drops_units_by_chance_anew_in_each_pass_and_none_when_predicting() -> None:
    rng = np.random.default_rng(0)
    network = [(np.diag([100.0, 1.0]), np.zeros(2)), (np.ones((2, 1)), np.zeros(1))]
    passes = np.array([dropout_masks(1, network, 0.25, rng)[0][0] for _ in range(4000)])
    share = (passes == 0).mean(axis=0)  # of the strong unit and of the weak one
    assert np.abs(share - 0.25).max() < 0.03
    assert 0.3 < (passes[1:] != passes[:-1]).any(axis=1).mean() < 0.9
    assert set(np.unique(passes)) == {0, 1 / (1 - 0.25)}
    rows = dropout_mask((4, 50), 0.25, rng)
    assert len(np.unique(rows, axis=0)) == 4
    X = np.ones((1, 2))
    answers = {forward(X, network, "relu", "identity")[0].item() for _ in range(5)}
    assert answers == {101.0}
