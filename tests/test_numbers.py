"""The numbers under stress: what each must hold, and the tests that hold it.

| what | must hold | held by |
| --- | --- | --- |
| gradient check | 0.1 % off is seen, float32 refused | test_gradcheck |
| sigmoid, σ′, tanh, step, ReLU | ulp against mpmath, extremes, monotone | test_activations |
| softmax, log-softmax | 1e-13, sums, shifts, extremes | test_activations, here |
| cross-entropies | finite from scores, 4 eps, log K, scikit-learn's | test_losses |
| squared errors | worked values, (n,) against (n, 1) | test_losses |
| perceptron | Novikoff's bound, AND, OR, never XOR | test_perceptron |
| logistic regression | never rises at 1/L, scikit-learn's coefficients | test_logistic |
| gradient descent | (1 − ηλ)ᵏ, diverges for η > 2/λ | test_descent |
| network | gradient checks, PyTorch's numbers, XOR, ten points | HELD below |
| early stopping, penalties, dropout | exact epoch, bit for bit, 5σ | test_regularization |
| schedules, restarts | closed forms, best ≤ every run | test_optimizers, test_training, here |
| autoencoder | PCA's error, never below it | test_autoencoder |
| seeds | same bits, int or Generator, no global state | here |
"""

from __future__ import annotations

import inspect
import random
import re
from pathlib import Path

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from nnlit import (
    autoencoder,
    clustering,
    datasets,
    gradcheck,
    initializers,
    logistic,
    mlp,
    optimizers,
    perceptron,
    regularization,
    training,
)
from nnlit.activations import log_softmax, softmax

HELD = {
    "gradcheck": [
        "test_a_scale_wrong_by_a_thousandth_fails",
        "test_one_slope_among_many_that_is_off_is_seen_though_it_is_small",
        "test_float32_is_refused",
    ],
    "activations": [
        "test_sigmoid_is_within_4_ulp_of_the_true_value",
        "test_sigmoid_never_warns_and_is_finite_for_every_finite_score",
        "test_sigmoid_of_x_and_of_minus_x_add_up_to_1",
        "test_sigmoid_is_monotone_from_one_float_to_the_next",
        "test_sigmoid_prime_is_within_8_ulp_of_the_true_value",
        "test_s_times_1_minus_s_would_lose_the_right_tail_of_sigmoid_prime",
        "test_tanh_is_within_2_ulp_of_the_true_value",
        "test_relu_is_exact",
        "test_relu_prime_is_0_at_the_kink_and_1_above",
        "test_step_is_1_at_zero_and_above_and_0_below",
        "test_softmax_and_its_logarithm_agree_with_mpmath_to_1e_13",
        "test_softmax_rows_sum_to_1",
        "test_softmax_does_not_change_when_all_scores_shift",
        "test_softmax_follows_a_permutation_of_the_classes",
        "test_softmax_of_a_class_that_is_ruled_out_is_0",
        "test_a_row_of_a_batch_equals_the_row_alone",
    ],
    "losses": [
        "test_cross_entropy_from_a_score_is_within_4_eps",
        "test_cross_entropy_from_scores_is_within_4_eps",
        "test_cross_entropy_is_defined_at_0_and_1",
        "test_a_uniform_prediction_costs_log_K",
        "test_binary_cross_entropy_equals_scikit_learns_log_loss",
        "test_cross_entropy_equals_scikit_learns_log_loss",
        "test_mean_squared_error_is_a_mean_without_the_half",
        "test_half_squared_error_is_half_the_sum",
        "test_shapes_that_differ_are_an_error_not_an_n_by_n_result",
    ],
    "perceptron": [
        "test_mistakes_stay_below_the_bound_of_the_theorem",
        "test_and_and_or_are_learnt",
        "test_xor_is_never_learnt",
    ],
    "logistic": [
        "test_loss_never_rises_at_1_over_L",
        "test_coefficients_equal_scikit_learns_without_a_penalty",
    ],
    "descent": [
        "test_on_a_quadratic_the_error_shrinks_by_1_minus_eta_lambda",
        "test_descent_diverges_beyond_2_over_lambda_and_only_there",
        "test_the_best_restart_is_no_worse_than_any_run",
        "test_one_restart_is_a_plain_run",
    ],
    "network": [
        "test_gradient_check_of_every_output_and_loss",
        "test_a_batch_has_the_mean_loss_and_gradient_of_its_examples",
    ],
    "against_torch": [
        "test_loss_and_every_gradient",
        "test_a_hundred_steps_of_every_optimiser",
    ],
    "training": [
        "test_xor_is_solved_from_at_least_9_of_10_seeds",
        "test_ten_points_are_overfitted_to_nothing",
        "test_early_stopping_ends_at_the_exact_epoch_and_restores_bit_for_bit",
        "test_the_best_restart_is_no_worse_than_any",
        "test_one_restart_is_a_plain_run",
        "test_dropout_is_off_when_validating",
    ],
    "regularization": [
        "test_gradient_check_of_every_loss_penalty_and_mask",
        "test_strength_0_changes_no_bit",
        "test_the_penalty_counts_every_weight_and_no_bias",
        "test_l1_leaves_a_weight_at_0_there",
        "test_dropout_keeps_the_mean_and_drops_its_share",
        "test_the_same_mask_goes_back",
        "test_a_scripted_series_stops_at_the_exact_epoch",
        "test_the_best_weights_come_back_bit_for_bit_in_place",
    ],
    "optimizers": ["test_schedules_are_their_closed_forms"],
    "autoencoder": ["test_a_linear_autoencoder_reaches_pca_within_a_hundredth_and_never_beats_it"],
}


@pytest.mark.parametrize("module", HELD)
def test_the_tests_of_the_table_exist(module):
    text = Path(__file__).with_name(f"test_{module}.py").read_text(encoding="utf-8")
    there = re.findall(r"^def (test_\w+)", text, re.MULTILINE)
    assert set(HELD[module]) <= set(there)


@given(hnp.arrays(float, st.integers(1, 6), elements=st.floats(-1e300, 1e300)))
def test_softmax_of_any_finite_scores_is_a_distribution_in_their_order(z):
    p, log_p = softmax(z), log_softmax(z)
    assert np.all((p >= 0) & (p <= 1))
    assert abs(p.sum() - 1) <= 4 * np.finfo(float).eps
    assert np.all(np.diff(p[np.argsort(z)]) >= 0)
    assert np.all(np.isfinite(log_p))
    np.testing.assert_allclose(np.exp(log_p), p, rtol=1e-13, atol=1e-300)


@given(st.integers(0, 10**5), st.floats(1e-6, 1e3))
def test_schedules_are_their_closed_forms_to_the_last_digits(t, rate):
    with mpmath.workdps(40):
        closed = {
            optimizers.exponential(t, rate, 1e-3): rate * mpmath.exp(-mpmath.mpf(1e-3) * t),
            optimizers.inverse_scaling(t, rate, 0.5): rate / mpmath.sqrt(t + 1),
            optimizers.step_decay(t, rate, 0.5, 10**5): rate * mpmath.mpf(0.5) ** (t // 10**5),
            optimizers.warm_up(t, rate, 10**6): rate * min(1, mpmath.mpf(t + 1) / 10**6),
        }
        cosine = rate * (1 + mpmath.cos(mpmath.pi * t / 10**6)) / 2
        assert abs(optimizers.cosine(t, rate, 10**6) - cosine) <= 1e-15 * rate
        for ours, exact in closed.items():
            # e⁻ʳᵗ of a large rt is as uncertain as rt, which is rounded.
            assert abs(ours - exact) <= 1e-15 * max(1, 1e-3 * t) * exact


DATA = datasets.moons(n=40, rng=0)
DRAWN = {
    "moons": lambda rng: datasets.moons(8, rng=rng).X,
    "admissions": lambda rng: datasets.admissions(8, rng=rng).X,
    "split": lambda rng: DATA.split(rng=rng)[0].X,
    "he_normal": lambda rng: initializers.he_normal(3, 2, rng),
    "initialize": lambda rng: initializers.initialize([2, 3, 1], rng=rng)[1][0],
    "dropout_mask": lambda rng: regularization.dropout_mask((5, 4), 0.5, rng),
    "minibatches": lambda rng: next(training.minibatches(DATA.X, DATA.y, 8, rng))[0],
    "k_means_plus_plus": lambda rng: clustering.k_means_plus_plus(DATA.X, 3, rng),
    "KMeans": lambda rng: clustering.KMeans(3, n_init=2, rng=rng).fit(DATA.X).cluster_centers_,
    "Perceptron": lambda rng: perceptron.Perceptron(5, rng=rng).fit(DATA.X, DATA.y).coef_,
    "LogisticRegression": lambda rng: (
        logistic.LogisticRegression(max_iter=5).fit(DATA.X, DATA.y).coef_
    ),
    "MLPClassifier": lambda rng: (
        mlp.MLPClassifier((4,), max_iter=2, dropout=0.5, early_stopping=True, rng=rng)
        .fit(DATA.X, DATA.y)
        .coefs_[0]
    ),
    "Autoencoder": lambda rng: (
        autoencoder.Autoencoder((1,), max_iter=2, rng=rng).fit(DATA.X).coefs_[0]
    ),
}


@pytest.mark.parametrize("name", DRAWN)
def test_a_seed_is_a_generator_gives_the_same_bits_and_touches_no_global_state(name):
    before = np.random.get_state()[1].tobytes(), random.getstate()  # noqa: NPY002
    one, two = DRAWN[name](7), DRAWN[name](7)
    of_a_generator = DRAWN[name](np.random.default_rng(7))
    assert one.tobytes() == two.tobytes() == of_a_generator.tobytes()
    if name != "LogisticRegression":
        assert DRAWN[name](8).tobytes() != one.tobytes()
    after = np.random.get_state()[1].tobytes(), random.getstate()  # noqa: NPY002
    assert after == before


def two_gradients(**seed):
    """A gradient check of a wrong slope: its figures depend on the directions."""
    parameters = [(np.ones((3, 2)), np.ones(2))]
    wrong = [(np.arange(6.0).reshape(3, 2), np.arange(2.0))]
    report = gradcheck.check_directions(
        lambda p: (p[0][0] ** 3).sum() + p[0][1].sum(), parameters, wrong, **seed
    )
    return np.array([report.analytic, report.numeric, report.error])


def one_epoch(**seed):
    parameters = [(np.zeros((2, 2)), np.zeros(2))]
    training.train_epoch(DATA.X, np.eye(2)[DATA.y], parameters, 0.5, 8, **seed)
    return parameters[0][0]


NET = [(np.ones((2, 5)), np.zeros(5)), (np.ones((5, 1)), np.zeros(1))]
SEEDED = {
    "admissions": lambda **seed: datasets.admissions(8, **seed).X,
    "circles": lambda **seed: datasets.circles(8, **seed).X,
    "moons": lambda **seed: datasets.moons(8, **seed).X,
    "spirals": lambda **seed: datasets.spirals(8, **seed).X,
    "xor": lambda **seed: datasets.xor(8, **seed).X,
    "split": lambda **seed: DATA.split(**seed)[0].X,
    "normal": lambda **seed: initializers.normal(3, 2, **seed),
    "glorot_normal": lambda **seed: initializers.glorot_normal(3, 2, **seed),
    "glorot_uniform": lambda **seed: initializers.glorot_uniform(3, 2, **seed),
    "he_normal": lambda **seed: initializers.he_normal(3, 2, **seed),
    "he_uniform": lambda **seed: initializers.he_uniform(3, 2, **seed),
    "initialize": lambda **seed: initializers.initialize([2, 3], **seed)[0][0],
    "dropout_mask": lambda **seed: regularization.dropout_mask((5, 4), 0.5, **seed),
    "dropout_masks": lambda **seed: regularization.dropout_masks(4, NET, 0.5, **seed)[0],
    "minibatches": lambda **seed: next(training.minibatches(DATA.X, DATA.y, 8, **seed))[0],
    "train_epoch": one_epoch,
    "random_restart": lambda **seed: np.array(
        training.random_restart(lambda rng: (0, rng.random()), 3, **seed)[2]
    ),
    "k_means_plus_plus": lambda **seed: clustering.k_means_plus_plus(DATA.X, 3, **seed),
    "check_directions": two_gradients,
}


@pytest.mark.parametrize("draw", SEEDED.values(), ids=SEEDED)
def test_who_gives_no_seed_gets_seed_0(draw):
    assert draw().tobytes() == draw(rng=0).tobytes()
    assert draw().tobytes() != draw(rng=1).tobytes()


def test_every_function_that_takes_a_seed_or_none_is_in_the_table():
    named = set()
    for module in (clustering, datasets, gradcheck, initializers, regularization, training):
        for function in filter(inspect.isfunction, map(vars(module).get, module.__all__)):
            seed = inspect.signature(function).parameters.get("rng")
            if seed is not None and seed.default == 0:
                named.add(function.__name__)
    assert named - set(SEEDED) == {"zeros"}  # the same from every seed
