"""Optimisers against their formulas, schedules against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nnlit import optimizers
from nnlit.optimizers import (
    OPTIMIZERS,
    SGD,
    Adam,
    AdamW,
    Momentum,
    Nesterov,
    RMSProp,
    clip_by_norm,
    descend,
    gradient_norm,
    make_optimizer,
    on_plateau,
    updated,
)

ALL = pytest.mark.parametrize("name", OPTIMIZERS)


def network(seed=0, dtype=float):
    rng = np.random.default_rng(seed)
    return [
        (rng.normal(size=(3, 2)).astype(dtype), rng.normal(size=2).astype(dtype)),
        (rng.normal(size=(2, 1)).astype(dtype), rng.normal(size=1).astype(dtype)),
    ]


def arrays(parameters):
    return [array for layer in parameters for array in layer]


def literal(name, w, slopes, rate):
    """Every step written out with all that came before, on one array."""
    for t in range(1, len(slopes) + 1):
        past = slopes[:t]
        g = past[-1]

        def decayed(share, values, t=t):
            return sum(share ** (t - 1 - i) * x for i, x in enumerate(values))

        v = decayed(0.9, past)
        if name == "sgd":
            w = w - rate * g
        elif name == "momentum":
            w = w - rate * v
        elif name == "nesterov":
            w = w - rate * (g + 0.9 * v)
        elif name == "rmsprop":
            s = decayed(0.99, [0.01 * x**2 for x in past])
            w = w - rate * g / (np.sqrt(s) + 1e-8)
        else:
            if name == "adamw" and w.ndim == 2:
                w = w - rate * 0.01 * w
            m = decayed(0.9, [0.1 * x for x in past]) / (1 - 0.9**t)
            s = decayed(0.999, [0.001 * x**2 for x in past]) / (1 - 0.999**t)
            w = w - rate * m / (np.sqrt(s) + 1e-8)
    return w


@ALL
def test_ten_steps_equal_the_sums_over_all_the_past(name):
    parameters, rng = network(), np.random.default_rng(1)
    optimizer = make_optimizer(name)
    start = [a.copy() for a in arrays(parameters)]
    steps = [network(int(s)) for s in rng.integers(99, size=10)]
    for slopes in steps:
        optimizer.step(parameters, [(a.copy(), b.copy()) for a, b in slopes], 0.01)
    for i, (w0, w) in enumerate(zip(start, arrays(parameters), strict=True)):
        expected = literal(name, w0, [arrays(slopes)[i] for slopes in steps], 0.01)
        np.testing.assert_allclose(w, expected, rtol=1e-10)
    assert optimizer.t == 10


@ALL
def test_arrays_are_moved_in_place_and_keep_float32(name):
    parameters = network(dtype=np.float32)
    same = arrays(parameters)
    before = [a.copy() for a in same]
    make_optimizer(name).step(parameters, network(1, np.float32), 0.1)
    for old, array, still in zip(before, same, arrays(parameters), strict=True):
        assert array is still
        assert array.dtype == np.float32
        assert array.tolist() != old.tolist()


@ALL
def test_reset_forgets(name):
    one, two = network(), network()
    optimizer = make_optimizer(name)
    optimizer.step(network(5), network(6), 0.1)
    optimizer.reset()
    optimizer.step(one, network(1), 0.1)
    make_optimizer(name).step(two, network(1), 0.1)
    for a, b in zip(arrays(one), arrays(two), strict=True):
        assert a.tolist() == b.tolist()


@ALL
def test_a_quadratic_is_brought_to_its_minimum(name):
    w = np.array([[3.0, -2.0]])
    b = np.zeros(2)
    optimizer = make_optimizer(name)
    for t in range(2000):
        rate = 0.05 * 0.995**t
        optimizer.step([(w, b)], [(w * [1.0, 10.0], b * 0)], rate)
    np.testing.assert_allclose(w, 0, atol=0.02)


@ALL
def test_another_network_than_before_is_an_error(name):
    optimizer = make_optimizer(name)
    optimizer.step(network(), network(1), 0.1)
    with pytest.raises(ValueError, match=r"^parameters must have the shapes of the step before"):
        optimizer.step(network()[:1], network(1)[:1], 0.1)


def test_sgd_on_a_quadratic_is_the_closed_form():
    # w_k = (1 − ηλ)ᵏ w_0, and it diverges for η > 2/λ.
    for rate in (0.05, 0.19, 0.21):
        w, b = np.array([[1.0]]), np.zeros(1)
        for _ in range(50):
            SGD().step([(w, b)], [(10 * w, b)], rate)
        assert w.item() == pytest.approx((1 - 10 * rate) ** 50, rel=1e-12)
    assert abs(w.item()) > 1


def test_momentum_equals_the_other_common_form_while_the_rate_is_constant():
    ours, w = network(), network()
    momentum = Momentum(0.8)
    v = [np.zeros_like(a) for a in arrays(w)]
    for seed in range(20):
        slopes = network(seed)
        for i, (a, g) in enumerate(zip(arrays(w), arrays(slopes), strict=True)):
            v[i] = 0.8 * v[i] - 0.1 * g
            a += v[i]
        momentum.step(ours, slopes, 0.1)
    for a, b in zip(arrays(ours), arrays(w), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_momentum_0_is_sgd():
    for Kind in (Momentum, Nesterov):
        ours, plain = network(), network()
        optimizer, sgd = Kind(0.0), SGD()
        for seed in range(5):
            optimizer.step(ours, network(seed), 0.1)
            sgd.step(plain, network(seed), 0.1)
        for a, b in zip(arrays(ours), arrays(plain), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-14)


@pytest.mark.parametrize("size", [1e-4, 1.0, 1e4])
def test_the_first_step_of_adam_is_as_long_as_the_learning_rate(size):
    # Whatever the slope; without the correction of bias it would be
    # 0.1 / √0.001 ≈ 3.16 times as long.
    w, b = np.array([[1.0]]), np.zeros(1)
    Adam().step([(w, b)], [(np.array([[size]]), b * 0)], 0.25)
    assert w.item() == pytest.approx(0.75, abs=1e-4)


def test_epsilon_of_rmsprop_and_adam_stands_outside_the_root():
    # Where the slope is tiny, √s + ε and √(s + ε) differ by far.
    w, b = np.array([[1.0]]), np.zeros(1)
    RMSProp(rho=0.0, epsilon=1e-2).step([(w, b)], [(np.array([[1e-2]]), b * 0)], 1.0)
    assert w.item() == pytest.approx(1 - 1e-2 / (1e-2 + 1e-2))
    w = np.array([[1.0]])
    Adam(epsilon=1e-2).step([(w, b)], [(np.array([[1e-2]]), b * 0)], 1.0)
    assert w.item() == pytest.approx(1 - 1e-2 / (1e-2 + 1e-2))


def test_adamw_decays_weights_without_a_slope_and_leaves_biases():
    W, b = np.full((2, 2), 4.0), np.full(2, 4.0)
    AdamW(weight_decay=0.1).step([(W, b)], [(0 * W, 0 * b)], 0.5)
    assert W.tolist() == [[3.8, 3.8], [3.8, 3.8]]
    assert b.tolist() == [4, 4]


def test_adamw_without_decay_is_adam_bit_for_bit():
    one, two = network(), network()
    adam, adamw = Adam(), AdamW(weight_decay=0.0)
    for seed in range(5):
        adam.step(one, network(seed), 0.1)
        adamw.step(two, network(seed), 0.1)
    for a, b in zip(arrays(one), arrays(two), strict=True):
        assert a.tolist() == b.tolist()


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: make_optimizer("adm"), ValueError, r"name must be one of.*nearest: adam"),
        (lambda: make_optimizer("sgd", momentum=0.9), TypeError, "momentum"),
        (lambda: Momentum(1.0), ValueError, r"momentum must be in \[0, 1\)"),
        (lambda: Nesterov(-0.1), ValueError, r"momentum must be in \[0, 1\)"),
        (lambda: RMSProp(rho=1.0), ValueError, r"rho must be in \[0, 1\)"),
        (lambda: RMSProp(epsilon=0.0), ValueError, "epsilon must be > 0"),
        (lambda: Adam(beta_1=1.0), ValueError, r"beta_1 must be in \[0, 1\)"),
        (lambda: Adam(beta_2=math.nan), ValueError, "beta_2 must be finite"),
        (lambda: Adam(epsilon=-1.0), ValueError, "epsilon must be > 0"),
        (lambda: AdamW(weight_decay=-1.0), ValueError, "weight_decay must be >= 0"),
    ],
)
def test_bad_settings_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()


# --- clipping --------------------------------------------------------------


def test_the_norm_is_that_of_all_layers_together():
    slopes = network()
    everything = np.concatenate([a.ravel() for a in arrays(slopes)])
    assert gradient_norm(slopes) == pytest.approx(np.linalg.norm(everything))


@pytest.mark.parametrize("max_norm", [1e-3, 1.0, 1e3])
def test_clipping_keeps_the_direction_and_never_lengthens(max_norm):
    slopes = network()
    norm = gradient_norm(slopes)
    clipped = clip_by_norm(slopes, max_norm)
    assert gradient_norm(clipped) == pytest.approx(min(norm, max_norm), rel=1e-12)
    for a, b in zip(arrays(slopes), arrays(clipped), strict=True):
        np.testing.assert_allclose(b, a * min(1, max_norm / norm), rtol=1e-12)


def test_clipping_leaves_a_gradient_of_0_and_what_it_was_given():
    zero = [(np.zeros((2, 2)), np.zeros(2))]
    assert gradient_norm(clip_by_norm(zero, 1.0)) == 0
    slopes = network()
    before = [a.tolist() for a in arrays(slopes)]
    clip_by_norm(slopes, 1e-3)
    assert [a.tolist() for a in arrays(slopes)] == before
    with pytest.raises(ValueError, match="max_norm must be > 0"):
        clip_by_norm(slopes, 0.0)


# --- schedules -------------------------------------------------------------

STEPS = np.arange(0, 40)
CLOSED = {
    "constant": ({}, np.full(40, 0.3)),
    "step_decay": ({"factor": 0.5, "every": 8}, 0.3 * 0.5 ** (STEPS // 8)),
    "exponential": ({"rate": 0.05}, 0.3 * np.exp(-0.05 * STEPS)),
    "inverse_scaling": ({"power": 0.5}, 0.3 / np.sqrt(STEPS + 1)),
    "cosine": (
        {"steps": 39, "lowest": 0.01},
        0.01 + 0.29 * np.cos(np.pi * STEPS / 39 / 2) ** 2,
    ),
    "warm_up": ({"steps": 10}, np.minimum(0.3, 0.03 * (STEPS + 1))),
}


@pytest.mark.parametrize("name", CLOSED)
def test_schedules_are_their_closed_forms(name):
    settings, expected = CLOSED[name]
    schedule = getattr(optimizers, name)
    ours = [schedule(int(t), 0.3, **settings) for t in STEPS]
    np.testing.assert_allclose(ours, expected, rtol=0, atol=1e-15)
    assert {type(rate) for rate in ours} == {float}


def test_schedules_have_the_defaults_of_their_page():
    assert optimizers.step_decay(999, 0.8) == 0.8
    assert optimizers.step_decay(1000, 0.8) == 0.4
    assert optimizers.exponential(100, 0.8) == pytest.approx(0.8 * math.exp(-0.1), rel=1e-15)
    assert optimizers.inverse_scaling(3, 0.8) == 0.4
    assert optimizers.cosine(10, 0.8, 10) == pytest.approx(0, abs=1e-17)
    assert on_plateau([1.0] * 5, 0.8) == 0.8
    assert on_plateau([1.0] * 6, 0.8) == 0.4
    assert on_plateau([1 - 1e-9 * i for i in range(9)], 0.8) == 0.8


def test_cosine_stays_at_its_lowest_after_the_last_step():
    assert optimizers.cosine(1000, 0.1, steps=10, lowest=0.02) == pytest.approx(0.02, abs=1e-17)


def test_schedules_can_be_joined():
    def rate(t):
        return optimizers.warm_up(t, optimizers.cosine(t, 1.0, steps=100), steps=10)

    rates = [rate(t) for t in range(101)]
    assert np.argmax(rates) == 9
    assert np.all(np.diff(rates[9:]) < 0)


@pytest.mark.parametrize("name", ["cosine", "warm_up"])
def test_a_schedule_over_no_steps_is_refused(name):
    with pytest.raises(ValueError, match="steps must be >= 1"):
        getattr(optimizers, name)(0, 0.1, steps=0)


@pytest.mark.parametrize(
    ("losses", "times"),
    [
        ([], 0),
        ([3, 2, 1], 0),
        ([3, 3, 3], 1),  # two in a row not below 3
        ([3, 2, 2, 2], 1),
        ([3, 2, 2, 1, 1], 0),  # the count began afresh at 1
        ([3, 3, 3, 3, 3], 2),
        ([3, 3, 3, 3], 1),  # after a cut the count begins afresh, too
        ([1, 2, math.nan], 1),
    ],
)
def test_on_plateau_by_hand(losses, times):
    assert on_plateau(losses, 0.8, factor=0.5, patience=2) == 0.8 * 0.5**times


def test_on_plateau_counts_an_improvement_below_min_delta_as_none():
    falling = [3.0, 2.95, 2.92]
    assert on_plateau(falling, 0.8, patience=2, min_delta=0.1) == 0.4
    assert on_plateau(falling, 0.8, patience=2, min_delta=0.01) == 0.8
    with pytest.raises(ValueError, match="patience must be >= 1"):
        on_plateau(falling, 0.8, patience=0)


# --- one update, and a whole walk ------------------------------------------


@ALL
def test_an_update_on_copies_is_the_step_and_changes_nothing(name):
    optimizer, rng = make_optimizer(name), np.random.default_rng(3)
    w, nothing = rng.normal(size=(2, 2)), np.zeros(0)
    memory = [np.zeros((2, 2)) for _ in range(optimizer.memories)]
    moved = w.copy()
    for t in range(1, 4):
        g = rng.normal(size=(2, 2))
        kept = [a.copy() for a in (w, g, *memory)]
        new, *remembered = updated(make_optimizer(name), w, g, 0.1, *memory, t=t)
        for a, b in zip((w, g, *memory), kept, strict=True):
            np.testing.assert_array_equal(a, b)
        optimizer.step([(moved, nothing)], [(g.copy(), nothing)], 0.1)
        np.testing.assert_array_equal(new, moved)
        w, memory = new, remembered


@ALL
def test_an_update_is_reckoned_in_float64(name):
    w, g = np.array([0.1, 0.3], "f4"), np.array([0.7, -0.2], "f4")
    memory = [np.array([0.3, 0.9], "f4")] * make_optimizer(name).memories
    low = updated(make_optimizer(name), w, g, 0.1, *memory)
    as_double = [a.astype(float) for a in (w, g, *memory)]
    high = updated(make_optimizer(name), *as_double[:2], 0.1, *as_double[2:])
    for ours, theirs in zip(low, high, strict=True):
        assert ours.dtype == np.float64
        np.testing.assert_array_equal(ours, theirs)


def test_an_update_is_the_first_unless_told_otherwise():
    first = updated(Adam(), 1.0, 2.0, 0.1, 0.0, 0.0, t=1)
    assert updated(Adam(), 1.0, 2.0, 0.1, 0.0, 0.0) == first
    assert updated(Adam(), 1.0, 2.0, 0.1, 0.0, 0.0, t=2) != first


def test_an_update_leaves_the_optimisers_count_and_wants_its_memory():
    adam = Adam()
    updated(adam, 1.0, 1.0, 0.1, 0.0, 0.0, t=5)
    assert adam.t == 0
    with pytest.raises(ValueError, match="memory must be 2 arrays, got 0"):
        updated(adam, 1.0, 1.0, 0.1)
    with pytest.raises(ValueError, match="t must be"):
        updated(adam, 1.0, 1.0, 0.1, 0.0, 0.0, t=0)


def test_descend_is_gradient_descent_and_starts_afresh():
    curvature, start = np.array([1.0, 4.0]), np.array([3.0, -2.0])
    path = descend(lambda w: curvature * w, start, SGD(), 0.2, 6)
    k = np.arange(7)[:, None]
    np.testing.assert_allclose(path, (1 - 0.2 * curvature) ** k * start, rtol=1e-12)
    assert start.tolist() == [3.0, -2.0]
    optimizer = Momentum()
    walks = [descend(lambda w: w, [1, 2], optimizer, 0.1, 5) for _ in range(2)]
    np.testing.assert_array_equal(*walks)
    assert descend(lambda w: w, [1.0], SGD(), 0.1, 0).tolist() == [[1.0]]
    with pytest.raises(ValueError, match="steps"):
        descend(lambda w: w, [1.0], SGD(), 0.1, -1)


def test_on_plateau_compares_with_the_best_loss_and_not_with_the_last():
    assert on_plateau([1.0, 3.0, 2.0], 0.8, factor=0.5, patience=2) == 0.4


def test_on_plateau_has_waited_for_nothing_before_the_first_loss():
    assert on_plateau([math.inf], 0.8, factor=0.5, patience=2) == 0.8
