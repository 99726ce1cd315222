"""Every figure shows what the book says, and every reader can read it."""

from __future__ import annotations

import base64
import importlib.util
import io
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from itertools import combinations
from pathlib import Path
from types import ModuleType
from typing import Any

import build_figures
import numpy as np
import pytest
from figures import REGISTRY, fonts, palette, plot, svg
from figures.ch02_perceptron import best_line
from figures.palette import DARK, LIGHT, SCHEMES
from figures.svg import SVG
from fontTools.ttLib import TTFont
from scipy import ndimage
from threadpoolctl import threadpool_limits

from nnlit.datasets import circles
from nnlit.descent import slope

ROOT = Path(__file__).resolve().parent.parent
NAMES = list(build_figures.registry())
for module in {e.module.stem for e in build_figures.registry().values()}:
    import_module(f"figures.{module}")

CHAPTERS = {
    "ch01": "classification regression supervised-against-unsupervised "
    "first-network",
    "ch02": "admissions-line perceptron-unit perceptron-trick "
    "perceptron-both-mistakes perceptron-epochs gates curved-data",
    "ch03": "loss-against-weight rise-over-run three-learning-rates "
    "two-minima-restarts gradient-field",
    "ch04": "step-against-sigmoid activations-and-derivatives saturation "
    "softmax-temperature softmax-scores",
    "ch05": "loss-curves eight-cases loss-landscape",
    "ch06": "boundary-over-epochs error-curve probability-map real-data",
    "ch07": "half-planes-combined combined-network deep-network xor-bent "
    "regions-by-depth folds",
    "ch08": "one-student-forward activations-per-layer "
    "shapes-through-the-layers moons-through-the-layers",
    "ch09": "chain-of-slopes forward-and-backward gradient-flow "
    "difference-step",
    "ch10": "training-loop batch-sizes scores-by-initialisation loss-by-rate "
    "optimisers-racing decay-schedules learning-curves",
    "ch11": "dogs-and-not-dogs under-right-over model-complexity cross-validation double-descent "
    "early-stopping weights-under-penalties dropped-out-network "
    "with-and-without-dropout shifted-digits",
    "ch12": "deep-and-shallow errors-by-depth residual-layer remedies "
    "labels-and-transfer",
    "ch13": "confusion-matrix digit-mistakes learnt-features "
    "predicted-against-true word-weights codes-in-the-plane reconstructions "
    "cluster-centres",
    "home": "home",
}


@cache
def data(name: str) -> Any:
    return REGISTRY[name].data()


@pytest.fixture(scope="module", autouse=True)
def on_one_core() -> Iterator[None]:
    """As the build does: where sums are split up, their last digits may differ."""
    with threadpool_limits(1):
        yield


def drawn(name: str, scheme: str) -> bytes:
    """What the build has drawn; tests that ask for it need `built_figures`."""
    return (build_figures.OUTPUT / f"{name}-{scheme}.svg").read_bytes()


# --- what stands in the figures ---------------------------------------------


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_pictures_of_the_syllabus_are_there(chapter):
    entries = build_figures.registry()
    found = {n for n, e in entries.items() if e.module.stem[:4] == chapter}
    assert set(CHAPTERS[chapter].split()) <= found


def test_syntax_and_import_find_the_same_figures():
    assert set(NAMES) == set(REGISTRY)


def on_line(points, w, b):
    return np.abs(points @ np.asarray(w) + b).max()


def test_classification_line_separates():
    facts = data("classification")
    assert facts["right"] == len(facts["y"]) == 60
    assert on_line(facts["line"], (2, 1), -18) < 1e-9


def test_regression_has_the_least_squared_error():
    facts = data("regression")
    x, y = facts["x"], facts["y"]
    residual = y - facts["fitted"]
    assert len(x) == 60
    assert facts["slope"] > 0
    # The normal equations: residuals sum to 0 and don't lean on x.
    assert abs(residual.sum()) < 1e-8 * np.abs(y).sum()
    assert abs(residual @ x) < 1e-8 * np.abs(y * x).sum()


def test_clusters_are_the_species_though_labels_were_not_used():
    facts = data("supervised-against-unsupervised")
    assert facts["agreement"] == len(facts["y"]) == 100
    low, high = facts["gap"]
    inside = (facts["X"][:, 0] > low) & (facts["X"][:, 0] < high)
    assert high - low > 1
    assert not inside.any()


def test_admissions_line_scores():
    facts = data("admissions-line")
    assert facts["mistakes"] == 0
    assert facts["marked_scores"].tolist() == [2.0, -3.0]
    ends = facts["line"]
    assert on_line(ends, (2, 1), -18) < 1e-9
    assert np.dot(ends[1] - ends[0], facts["w"]) == pytest.approx(0)


def test_perceptron_trick_brings_the_student_over():
    facts = data("perceptron-trick")
    assert facts["label"] == 1
    assert facts["score_before"] == pytest.approx(-1)
    assert facts["score_after"] == pytest.approx(6.5)
    (w, b), (new_w, new_b) = facts["before"], facts["after"]
    assert new_w == pytest.approx(w + 0.1 * facts["x"])
    assert new_b == pytest.approx(b + 0.1)


def test_both_mistakes_move_the_score_the_right_way():
    facts = data("perceptron-both-mistakes")
    up = facts["cases"]["wrongly negative"]
    down = facts["cases"]["wrongly positive"]
    assert up["score_before"] < 0 < up["score_after"]
    assert down["score_before"] >= 0 > down["score_after"]
    rate = facts["learning_rate"]
    assert up["w"] == pytest.approx(facts["w"] + rate * up["x"])
    assert down["w"] == pytest.approx(facts["w"] - rate * down["x"])


def test_perceptron_epochs_end_without_a_mistake():
    facts = data("perceptron-epochs")
    assert facts["mistakes"][-1] == 0
    assert min(facts["mistakes"][:-1]) > 0
    w, b = facts["lines"][-1]
    positive = facts["X"] @ w + b >= 0
    assert (positive == facts["y"]).all()


def test_gates_and_or_are_learnt_and_xor_is_not():
    facts = data("gates")
    for name in ("and", "or"):
        learnt = facts[name]
        scores = learnt["X"] @ learnt["w"] + learnt["b"]
        assert ((scores > 0) == learnt["y"]).all()
        assert np.abs(scores).min() >= 0.5  # no point on the line
    assert facts["xor"]["mistakes"] >= 1


def test_curved_data_defeat_every_line():
    facts = data("curved-data")
    X, y = facts["X"], facts["y"]
    positive = X @ facts["w"] + facts["b"] >= 0
    assert (positive != y).sum() == facts["mistakes"]
    assert facts["mistakes"] > 0.2 * len(y)
    rng = np.random.default_rng(0)
    for w in rng.normal(size=(200, 2)):
        heights = X @ w
        cuts = rng.uniform(heights.min(), heights.max(), 50)
        wrong = ((heights[:, None] >= cuts) != y[:, None]).sum(axis=0)
        assert wrong.min() >= facts["mistakes"]


def test_best_line_finds_a_perfect_one():
    X = circles(n=40, noise=0.1, rng=1).X
    y = (X @ [1.0, -2.0] >= 0.3).astype(int)
    w, b, mistakes = best_line(X, y)
    assert mistakes == 0
    assert ((X @ w + b >= 0) == y).all()


def test_step_and_sigmoid_at_zero():
    facts = data("step-against-sigmoid")
    assert facts["step_at_0"] == 1.0
    assert facts["sigmoid_at_0"] == 0.5
    assert set(facts["step"]) == {0.0, 1.0}
    assert (np.diff(facts["sigmoid"]) > 0).all()


@pytest.mark.parametrize(
    "name", ["step", "sigmoid", "tanh", "ReLU", "leaky ReLU, 0.1", "GELU"]
)
def test_slopes_are_the_slopes_of_the_curves_above(name):
    facts = data("activations-and-derivatives")
    z = facts["z"]
    curve, steep = facts["curves"][name]
    measured = np.gradient(curve, z)
    smooth = np.abs(z) > 0.03  # but for the kink or the jump at 0
    assert measured[1:-1][smooth[1:-1]] == pytest.approx(
        steep[1:-1][smooth[1:-1]], abs=2e-4
    )


def test_saturation_slopes():
    facts = data("saturation")
    assert facts["at"].tolist() == [0, 2, 5, 10]
    assert facts["slopes_at"] == pytest.approx(
        [0.25, 0.1049936, 0.006648057, 4.539581e-5], rel=1e-6
    )
    values = facts["values_at"]
    assert facts["slopes_at"] == pytest.approx(values * (1 - values))


def test_temperature_flattens():
    facts = data("softmax-temperature")
    rows = facts["probabilities"]
    assert rows.sum(axis=1) == pytest.approx(1)
    assert (np.diff(rows[:, 0]) < 0).all()
    assert (np.diff(rows[:, 2]) > 0).all()
    assert (np.diff(rows, axis=1) < 0).all()  # the order stays


def test_scores_become_probabilities():
    facts = data("softmax-scores")
    assert facts["probabilities"] == pytest.approx(
        facts["powers"] / facts["sum"]
    )
    assert facts["probabilities"].round(3).tolist() == [0.659, 0.242, 0.099]


def test_loss_curves():
    facts = data("loss-curves")
    y_hat = facts["y_hat"]
    assert facts["log"][1] == pytest.approx(-np.log(y_hat))
    assert facts["log"][0] == pytest.approx(-np.log(1 - y_hat))
    assert facts["squared"][1] == pytest.approx((1 - y_hat) ** 2)
    assert facts["squared"][0] == pytest.approx(y_hat**2)
    assert facts["log_at_half"] == pytest.approx(np.log(2))
    assert facts["log_at_0.01"] == pytest.approx(np.log(100))


def test_eight_cases():
    facts = data("eight-cases")
    assert len({tuple(case) for case in facts["cases"]}) == 8
    assert facts["sum"] == pytest.approx(1, abs=1e-15)
    assert facts["probability"] == pytest.approx(0.504)
    assert facts["probability"] == facts["probabilities"].max()
    assert facts["cases"][facts["row"]].tolist() == [1, 1, 0]
    assert facts["cost"] == pytest.approx(-np.log(0.504))


def test_landscape_is_lowest_where_it_says():
    facts = data("loss-landscape")
    assert np.abs(facts["slope_at_minimum"]).max() < 1e-6
    assert facts["lowest"] <= facts["loss"].min()
    row, column = np.unravel_index(facts["loss"].argmin(), (51, 65))
    assert abs(facts["w1"][column] - facts["minimum"][0]) < 0.1
    assert abs(facts["w2"][row] - facts["minimum"][1]) < 0.1
    # A bowl: along each row and column it falls, then rises.
    for lines in (facts["loss"], facts["loss"].T):
        rises = np.diff(np.sign(np.diff(lines, axis=1)), axis=1)
        assert (rises >= 0).all()


def test_loss_against_weight_has_its_tangent():
    facts = data("loss-against-weight")
    assert facts["minimum"] == 4
    assert facts["w"][facts["loss"].argmin()] == pytest.approx(4, abs=0.01)
    assert (facts["loss_at_start"], facts["slope_at_start"]) == (2, 4)
    assert slope(lambda w: 0.5 * (2 * w - 8) ** 2, 5.0) == pytest.approx(4)
    walk = facts["path"]
    assert walk["w"][:3] == pytest.approx([5, 4.6, 4.36])
    assert (np.diff(walk["loss"]) < 0).all()


def test_rise_over_run_comes_to_the_slope():
    facts = data("rise-over-run")
    assert facts["steepness"] == pytest.approx([6, 5, 4.2])
    # For a parabola the quotient is off by half the curvature times h.
    off = facts["steepness"] - facts["slope"]
    assert off == pytest.approx(2 * facts["runs"])


def test_three_rates():
    facts = data("three-learning-rates")
    rates, paths = facts["rates"], facts["paths"]
    assert rates["too large"] > facts["limit"] == 0.5
    assert (np.diff(paths["too large"]["loss"]) > 0).all()
    assert (np.diff(paths["too small"]["loss"]) < 0).all()
    assert paths["too small"]["loss"][-1] > 0.5
    assert paths["good"]["loss"][-1] < 1e-5
    for name, rate in rates.items():
        expected = 4 + (1 - rate * facts["curvature"]) ** np.arange(6)
        assert paths[name]["w"] == pytest.approx(expected)


def test_restarts_end_in_two_valleys():
    facts = data("two-minima-restarts")
    assert set(facts["ends"].round(3)) == {-1.036, 0.960}
    assert facts["best"] == pytest.approx(-1.036, abs=5e-4)
    assert facts["global"].tolist() == [True, True, False, False]
    assert facts["losses"].min() == pytest.approx(
        facts["loss"].min(), abs=1e-3
    )


def test_gradient_field_points_downhill():
    facts = data("gradient-field")
    assert (np.diff(facts["path_loss"]) <= 0).all()
    assert facts["path"][-1] == pytest.approx(facts["minimum"], abs=0.05)
    towards = facts["minimum"] - facts["grid"]
    # In a bowl, downhill always leads nearer to the lowest point.
    assert ((towards * facts["downhill"]).sum(axis=1) > 0).all()
    # The path bends: its first step doesn't point at the lowest point.
    first, aim = facts["path"][1] - facts["path"][0], facts["minimum"] - facts["path"][0]
    cosine = first @ aim / np.linalg.norm(first) / np.linalg.norm(aim)
    assert 0.8 < cosine < 0.97
    # Lines at equal differences of height: where they are dense it is steep.
    assert set(np.diff(facts["levels"])) == {200}


def test_boundary_and_error_over_epochs():
    facts = data("boundary-over-epochs")
    assert list(facts["lines"]) == [10, 100, 1000, 10_000]
    assert all(line.shape == (2, 2) for line in facts["lines"].values())
    for epoch, line in facts["lines"].items():
        w1, w2, b = facts["path"][epoch]
        assert on_line(line, (w1, w2), b) < 1e-9
    assert facts["learning_rate"] <= facts["largest_rate"]
    assert (np.diff(facts["losses"]) < 0).all()
    assert facts["accuracy"] >= 0.9


def test_error_curve_falls():
    facts = data("error-curve")
    assert (np.diff(facts["training"]) < 0).all()
    assert facts["test"][-1] < facts["test"][0]
    assert facts["training"][-1] < facts["test"][-1]
    assert facts["losses"][0] == pytest.approx(np.log(2))


def test_probability_map():
    facts = data("probability-map")
    score = np.column_stack([facts["x1"].ravel(), facts["x2"].ravel()])
    score = score @ facts["w"] + facts["b"]
    assert facts["y_hat"].ravel() == pytest.approx(1 / (1 + np.exp(-score)))
    assert facts["y_hat"].min() < 0.1 < 0.9 < facts["y_hat"].max()


def test_real_data_is_better_than_always_the_same_answer():
    facts = data("real-data")
    assert sum(c.sum() for c in facts["counts"]) == len(facts["y"]) == 142
    wrong = ((facts["y_hat"] >= 0.5) != facts["y"]).sum()
    assert wrong == facts["wrong"]
    assert facts["accuracy"] == pytest.approx(1 - wrong / 142)
    assert facts["accuracy"] > facts["baseline"] + 0.2


def test_half_planes_are_straight_and_their_combination_is_bent():
    facts = data("half-planes-combined")
    x1, x2 = facts["x1"], facts["x2"]
    scores = [np.log(p / (1 - p)) for p in facts["maps"]]
    for w, b, z in zip(
        ((1, 0.5), (-0.4, 2)), (-9, -9.4), scores[:2], strict=True
    ):
        assert z == pytest.approx(w[0] * x1 + w[1] * x2 + b, abs=1e-6)
    # A score that is linear in the marks has no second differences.
    assert np.abs(np.diff(scores[0], 2, axis=0)).max() < 1e-6
    assert np.abs(np.diff(scores[2], 2, axis=0)).max() > 0.01
    first, second, combined = facts["maps"]
    again = 7 * first + 5 * second - 6
    assert scores[2] == pytest.approx(again, abs=1e-6)
    assert np.round(facts["values"], 2).tolist() == [0.70, 0.80, 0.95]
    assert combined.min() < 0.01


def test_combined_network_shows_nine_different_numbers():
    facts = data("combined-network")
    numbers = np.concatenate([np.ravel(v) for v in facts.values()])
    assert len(set(np.abs(numbers))) == len(numbers) == 9


def test_deep_network_has_an_edge_for_each_weight():
    facts = data("deep-network")
    assert facts["weights"] == 3 * 4 + 4 * 4 + 4 * 3
    canvas = REGISTRY["deep-network"].draw(facts, LIGHT)
    arrows = [p for p in canvas.axes[0].patches if "Arrow" in type(p).__name__]
    assert len(arrows) == facts["weights"]


def test_xor_is_separable_where_the_hidden_units_put_it():
    facts = data("xor-bent")
    assert facts["hidden"].tolist() == [[0, 0], [1, 0], [1, 0], [1, 1]]
    assert ((facts["scores"] >= 0) == facts["y"]).all()
    assert np.abs(facts["scores"]).min() == 0.5


def test_regions_bend_with_hidden_layers():
    facts = data("regions-by-depth")
    none, wide, deep = facts["accuracy"]
    assert none < 0.75 < 0.97 < min(wide, deep)
    assert facts["parameters"] == [3, 109, 109]
    z = np.log(facts["maps"][0] / (1 - facts["maps"][0]))
    assert np.abs(np.diff(z, 2, axis=1)).max() < 1e-6


def test_each_fold_doubles_the_pieces():
    facts = data("folds")
    assert facts["pieces"] == [2, 4, 8]
    for line, count in zip(facts["heights"], (1, 2, 4), strict=True):
        assert (line == 1).sum() == count
        assert line[0] == line[-1] == 0


def test_one_student_forward_is_worked_out_right():
    x, z1, a1, z2, y_hat = data("one-student-forward")["columns"]
    assert x.tolist() == [2, 1]
    assert z1.tolist() == [2 + 1 - 1, -2 + 1, 1 - 1 + 0.5]
    assert a1.tolist() == [2, 0, 0.5]
    assert z2.tolist() == [2 + 0.25, 1 + 0.5 + 0.5, -2 - 0.5]
    assert y_hat == pytest.approx(np.exp(z2) / np.exp(z2).sum())
    assert y_hat.round(3).tolist() == [0.559, 0.436, 0.005]


def test_activations_and_shapes_are_those_of_the_four_students():
    X, A, Y_hat = data("activations-per-layer")["tables"]
    columns = data("one-student-forward")["columns"]
    assert X[0].tolist() == columns[0].tolist()
    assert A[0] == pytest.approx(columns[2])
    assert Y_hat[0] == pytest.approx(columns[4])
    assert (A >= 0).all()
    assert (A == 0).any()
    assert Y_hat.sum(axis=1) == pytest.approx(np.ones(4))
    shapes = data("shapes-through-the-layers")
    assert shapes["inputs"] == X.shape == (4, 2)
    assert shapes["weights"] == [(2, 3), (3, 3)]
    assert shapes["outputs"] == [A.shape, Y_hat.shape]


def test_moons_can_be_split_by_a_line_after_two_layers():
    facts = data("moons-through-the-layers")
    known, first, second = facts["places"]
    assert known.shape == first.shape == second.shape == (120, 2)
    side = second @ facts["w"] + facts["b"] >= 0
    assert (side == facts["y"]).all()
    assert facts["accuracy"] == 1
    _, _, mistakes = best_line(known, facts["y"])
    assert mistakes > 5


def test_chain_of_slopes_multiplies_to_what_backward_gives():
    facts = data("chain-of-slopes")
    assert facts["product"] == pytest.approx(facts["slope"], rel=1e-12)
    assert facts["values"].round(4).tolist() == [
        3, -1, 0.2689, -1.5813, 0.1706, 1.7684
    ]  # fmt: skip
    # The product of the slopes as they are printed is the printed product.
    printed = facts["slopes"].round(4).prod()
    assert abs(printed - round(facts["product"], 4)) < 1e-4


def test_both_passes_agree_with_differences_of_the_loss():
    facts = data("forward-and-backward")
    x, W, w = facts["x"], facts["W_1"], facts["w_2"]

    def loss(W, w):
        a = 1 / (1 + np.exp(-(x @ W + [-2, -1])))
        return np.log1p(np.exp(-(a @ w - 3)))

    assert loss(W, w) == pytest.approx(facts["loss"])
    for j in range(2):
        e = np.eye(2)[j]
        measured = slope(lambda t, e=e: loss(W, w + t * e), 0.0)
        assert measured == pytest.approx(facts["dw_2"][j], abs=1e-9)
        for k in range(2):
            E = np.outer(e, np.eye(2)[k])
            measured = slope(lambda t, E=E: loss(W + t * E, w), 0.0)
            assert measured == pytest.approx(facts["dW_1"][j, k], abs=1e-9)
    # Every slope is the value below times the error term above.
    assert facts["dW_1"] == pytest.approx(np.outer(x, facts["delta_1"]))
    assert facts["dw_2"] == pytest.approx(facts["a_1"] * facts["delta_2"])
    # A point of class 1 that gets too little: both weights have to go up.
    assert facts["dw_2"][1] < facts["dw_2"][0] < 0
    assert (facts["delta_1"] < 0).all()


def test_error_terms_lose_about_three_quarters_at_every_sigmoid_layer():
    facts = data("gradient-flow")
    kept = facts["size"][:-1] / facts["size"][1:]
    assert len(kept) == 8
    assert ((kept > 0.2) & (kept < 0.28)).all()
    assert facts["size"][0] / facts["size"][-1] < 1e-5
    dW, db = facts["slopes"][0]
    assert facts["rows"].T @ facts["Delta"] == pytest.approx(dW, abs=1e-20)
    assert facts["Delta"].sum(axis=0) == pytest.approx(db, abs=1e-20)


def test_difference_step_has_its_minimum_near_the_step_of_the_check():
    facts = data("difference-step")
    h, two, one = facts["h"], facts["two sides"], facts["one side"]
    assert facts["taken"] == (pytest.approx(1e-5), two[14])
    assert facts["taken"][1] < 3 * two.min() < 1e-9
    assert 3e-6 < h[np.argmin(two)] < 1e-4
    assert 3e-9 < h[np.argmin(one)] < 3e-7
    assert two.min() < one.min() / 30
    # Bending: like h² and like h; rounding: like 1/h.
    bend, rounded = h > 3e-4, h < 3e-9
    for error, power in ((two, 2), (one, 1)):
        steep = np.polyfit(np.log(h[bend]), np.log(error[bend]), 1)[0]
        assert steep == pytest.approx(power, abs=0.1)
        flat = np.polyfit(np.log(h[rounded]), np.log(error[rounded]), 1)[0]
        assert flat == pytest.approx(-1, abs=0.2)


def test_the_loop_shows_the_digits_it_names():
    facts = data("training-loop")
    assert facts["labels"].tolist() == [3, 8, 5, 0]
    assert facts["images"].shape == (4, 8, 8)
    assert (facts["images"].min(), facts["images"].max()) == (0, 16)


def test_more_steps_an_epoch_get_further():
    facts = data("batch-sizes")
    assert facts["steps"] == {1: 1348, 32: 43, 1348: 1}
    one, some, every = facts["losses"].values()
    assert one[0] == some[0] == every[0]
    assert one[-1] < 0.1 < some[-1] < 0.5 < 2 < every[-1]


def test_scores_die_out_or_stay_by_their_start():
    facts = data("scores-by-initialisation")
    spread = facts["spread"]
    assert not spread["zeros"].any()
    assert spread["too small"][0] < 0.05
    assert spread["too small"][-1] < 2e-6
    # Half of the mean square is lost with every ReLU.
    lost = (spread["Glorot"][-1] / spread["Glorot"][0]) ** (1 / 4)
    assert lost == pytest.approx(0.5**0.5, rel=0.05)
    assert np.abs(spread["He"] - 0.65).max() < 0.06
    for shares in facts["shares"].values():
        assert all(share.sum() > 0.99 for share in shares)


def test_the_race_is_run_by_the_rules_and_ends_as_the_text_says():
    facts = data("optimisers-racing")
    for path in facts["paths"].values():
        assert path.shape == (41, 2)
        assert path[0].tolist() == [-9.0, 2.0]
    losses = facts["losses"]
    for path, loss in zip(facts["paths"].values(), losses.values(), strict=True):
        assert loss == pytest.approx((path[:, 0] ** 2 + 40 * path[:, 1] ** 2) / 2)
    # Each has the best rate of its own, and it isn't the same.
    rates, ends = facts["rates"], facts["ends"]
    grid = data("loss-by-rate")
    for name, rate in rates.items():
        assert ends[name] == losses[name][-10:].max() == grid["ends"][name].min()
        assert grid["rates"][0] < rate < grid["rates"][-1]
    assert rates["momentum 0.9"] < 0.01 < 0.04 < rates["SGD"] < 0.05
    assert rates["momentum 0.5"] < 0.1 < 0.3 < rates["Adam"] < rates["RMSProp"]
    assert ends["RMSProp"] < ends["momentum 0.5"] < 1e-3 < 1 / 10
    assert 1.9 < ends["momentum 0.9"] < ends["SGD"] < 2.2
    assert 0.1 < ends["Nesterov 0.9"] < 0.2 < 0.9 < ends["Adam"] < 1.1
    # As the text has it: Adam's curve is the widest below 10.
    bear = {name: (some < 10).sum() for name, some in grid["ends"].items()}
    assert max(bear, key=bear.get) == "Adam"
    paths = facts["paths"]
    assert (np.diff(np.sign(paths["SGD"][:20, 1])) != 0).all()  # zigzags
    assert paths["SGD"][-1, 0] < -1  # and is still on the way
    assert paths["momentum 0.9"][:, 0].max() > 0.5  # past the lowest point
    assert paths["Adam"][:, 0].max() > 0.5


def test_schedules_fall_as_they_are_drawn():
    facts = data("decay-schedules")
    for name, rates in facts["rates"].items():
        falling = rates[10:] if name == "warm-up, cosine" else rates
        assert np.all(np.diff(falling) <= 0), name
        assert rates.max() <= 1, name
    assert np.all(np.diff(facts["rates"]["warm-up, cosine"][:10]) > 0)
    assert set(facts["rates"]["step"]) == {1.0, 0.5, 0.25, 0.125}
    plateau, losses = facts["plateau"], facts["losses"]
    assert plateau[0] == 1
    assert set(plateau[1:] / plateau[:-1]) == {0.5, 1.0}
    for at in np.flatnonzero(np.diff(plateau)):
        assert losses[: at + 1][-2:].min() >= losses[: at - 1].min() - 0.005


def test_learning_curves_are_five_runs_and_part():
    facts = data("learning-curves")
    training, validation = facts["training"], facts["validation"]
    assert training.shape == validation.shape == (5, 40)
    assert training[:, 0].min() > 1
    assert training[:, -1].mean() == pytest.approx(0.07, abs=0.01)
    assert validation[:, -1].mean() == pytest.approx(0.12, abs=0.01)
    assert len(set(training[:, -1])) == 5
    assert facts["scores"].min() > 0.95


def test_home_students_lie_on_the_curve():
    facts = data("home")
    curve = np.interp(facts["scores"], facts["z"], facts["sigmoid"])
    inside = np.abs(facts["scores"]) < 7
    assert facts["y_hat"][inside] == pytest.approx(curve[inside], abs=1e-4)
    assert inside.mean() > 0.8


def test_only_the_purple_dog_tells_the_two_good_rules_apart():
    facts = data("dogs-and-not-dogs")
    wrong = {
        name: [
            thing
            for thing, said, dog in zip(
                facts["names"], answers, facts["dog"], strict=True
            )
            if said != dog
        ]
        for name, answers in facts["rules"].items()
    }
    assert wrong == {
        "fur": ["black cat"],
        "barks": [],
        "barks, known colour": ["purple dog"],
    }
    assert facts["names"].index("purple dog") == facts["seen"]
    assert facts["colours"] == {"brown", "grey", "black"}


def test_one_unit_underfits_four_are_right_and_sixty_four_overfit():
    facts = data("under-right-over")
    (under, right, over), new = facts["training"], facts["fresh"]
    assert [round(100 * share) for share in (under, right, over)] == [30, 6, 2]
    assert [round(100 * share) for share in new] == [38, 14, 16]
    assert round(100 * facts["apart"]) == 61  # wrong where it leaves the four
    # A single hidden unit draws a straight line, whatever it has learnt.
    inside = facts["maps"][0] > 0.5
    edge = np.diff(inside.astype(int), axis=1) != 0
    rows, columns = np.nonzero(edge)
    line = np.polyfit(rows, columns, 1)
    assert np.abs(np.polyval(line, rows) - columns).max() <= 1
    # Sixty-four leave an island for single points, four don't.
    pieces = [ndimage.label(chance < 0.5)[1] for chance in facts["maps"]]
    assert pieces == [1, 1, 2]


@pytest.mark.slow
def test_the_model_complexity_graph_falls_and_turns():
    facts = data("model-complexity")
    known = facts["training"].mean(axis=0)
    unseen = facts["validation"].mean(axis=0)
    assert facts["training"].shape == (5, len(facts["units"]))
    assert (np.diff(known) < 0).all()
    assert facts["units"][np.argmin(unseen)] == 4
    assert unseen[0] > 0.35
    assert unseen[2] < 0.155 < 0.16 < unseen[-1] < 0.18
    assert known[0] > 0.3
    assert known[-1] < 0.03
    assert unseen[-1] - known[-1] > 1.5 * (unseen[2] - known[2])


def test_each_fold_is_asked_once():
    asked = data("cross-validation")["asked"]
    assert (asked.sum(axis=0) == 1).all()
    assert (asked.sum(axis=1) == 1).all()


def test_the_error_descends_twice():
    facts = data("double-descent")
    new = dict(zip(facts["units"], facts["validation"].mean(axis=0), strict=True))
    known = dict(zip(facts["units"], facts["training"].mean(axis=0), strict=True))
    assert facts["validation"].shape == (20, len(facts["units"]))
    before = min(new[units] for units in facts["units"] if units < 100)
    assert new[10] > 1.5 * before
    assert max(new, key=new.get) in (105, 110)
    assert max(new.values()) > 2 * before
    assert new[2000] == min(new.values()) < before / 2
    assert known[10] > 0.3
    assert all(share < 0.001 for units, share in known.items() if units >= 80)


def test_early_stopping_ends_thirty_epochs_after_the_best():
    facts = data("early-stopping")
    known, unseen = facts["training"], facts["validation"]
    assert (facts["best"], facts["stop"]) == (59, 89)
    assert np.argmin(unseen[: facts["stop"]]) == facts["best"] - 1
    assert unseen.argmin() == facts["best"] - 1  # nothing better came later
    # It rises after the best epoch, the training loss goes on falling.
    assert unseen[-30:].mean() > 1.2 * unseen[facts["best"] - 1]
    assert known[-30:].mean() < 0.8 * known[facts["best"] - 1]
    # Neither curve is smooth, and one rise is no reason to stop.
    assert (np.diff(known) > 0).sum() > 50
    assert facts["hasty"] < 10
    assert unseen[: facts["hasty"]].min() > 0.6


def test_l2_holds_weights_down_and_l1_puts_two_thirds_at_0():
    facts = data("weights-under-penalties")
    sizes = facts["sizes"]
    assert {len(some) for some in sizes.values()} == {96}
    largest = {name: some[0] for name, some in sizes.items()}
    assert largest["no penalty"] > 8 > 5 > largest["L1"] > 4
    assert largest["L2"] < 3
    near = {name: (some < 0.005).mean() for name, some in sizes.items()}
    assert near["L1"] > 0.6
    assert near["L2"] == near["no penalty"] == 0
    assert facts["fresh"]["L2"] < facts["fresh"]["no penalty"]
    assert facts["fresh"]["L1"] < facts["fresh"]["no penalty"]


def test_dropout_leaves_out_other_units_in_the_next_pass():
    one, two = data("dropped-out-network")["passes"]
    assert set(one) == set(two) == {0.0, 2.0}
    assert (one == 0).sum() == (two == 0).sum() == 3
    assert (one != two).any()


def test_dropout_keeps_the_validation_loss_from_rising_again():
    facts = data("with-and-without-dropout")
    without = facts["without"].mean(axis=0)
    dropped = facts["with"].mean(axis=0)
    assert 60 < np.argmin(without) < 100
    assert without[-1] > 1.6 * without.min()
    assert dropped[-100:].mean() < 1.1 * dropped.min() + 0.01
    assert np.argmin(dropped) > np.argmin(without)
    assert (facts["with"][:, -1] < facts["without"][:, -1]).all()


def test_the_shifted_fives_are_one_five_moved():
    facts = data("shifted-digits")
    images = facts["images"]
    assert facts["digit"] == 5
    five = images["as it is"]
    np.testing.assert_array_equal(images["right"][:, 1:], five[:, :-1])
    np.testing.assert_array_equal(images["left"][:, :-1], five[:, 1:])
    np.testing.assert_array_equal(images["down"][1:], five[:-1])
    np.testing.assert_array_equal(images["up"][:-1], five[1:])


def test_nineteen_hidden_layers_learn_nothing_and_one_does():
    facts = data("deep-and-shallow")
    chance = np.log(10)
    assert np.abs(facts["deep"][1:] - chance).max() < 0.01
    assert facts["shallow"][-1] < 0.7
    assert np.all(np.diff(facts["shallow"]) < 0)


def test_errors_shrink_or_grow_by_a_factor_a_layer():
    facts = data("errors-by-depth")
    starts = ("he, halved", "glorot", "he", "he, doubled")
    for activation in ("sigmoid", "tanh", "relu"):
        sizes = [facts[activation, start] for start in starts]
        factors = [(size[0] / size[18]) ** (1 / 18) for size in sizes]
        assert factors == sorted(factors)
        if activation == "sigmoid":  # every start loses
            assert factors[-1] < 0.6
            assert factors[1] == pytest.approx(0.25, abs=0.03)
        # A power of the depth: nearly a straight line.
        for size, factor in zip(sizes[:3], factors[:3], strict=True):
            steps = np.diff(np.log(size[:19]))
            assert steps.mean() == pytest.approx(-np.log(factor))
            assert steps.std() < 0.35
    relu = {start: facts["relu", start] for start in starts}
    assert 1 / 3 < relu["he"][0] / relu["he"][18] < 3
    assert relu["he, halved"][18] / relu["he, halved"][0] == pytest.approx(
        2.0**18 * relu["he"][18] / relu["he"][0], rel=0.5
    )


def test_every_remedy_keeps_the_gradient_near_one():
    facts = data("remedies")
    assert np.abs(np.log10(facts["plain"][:, 0]) + 12).max() < 1
    for name in ("He and ReLU", "normalised", "residual", "both"):
        mean = np.log10(facts[name]).mean(axis=0)
        assert np.abs(mean[:19]).max() < 1, name
    assert facts["residual"][:, -1].min() > facts["normalised"][:, -1].max()


@pytest.mark.slow
def test_transfer_loses_on_the_easy_task_and_wins_on_the_hard_one():
    facts = data("labels-and-transfer")
    ways = ("pixels", "from nothing", "frozen", "tuned")

    def mean(task):
        return dict(zip(ways, (facts[task, way].mean(axis=0) for way in ways), strict=True))

    easy, hard = mean("in the middle"), mean("anywhere")
    assert all(facts["anywhere", way].shape == (5, 6) for way in ways)
    assert all(np.all(easy["frozen"] < easy[way]) for way in ways if way != "frozen")
    assert np.abs(easy["tuned"] - easy["from nothing"]).max() < 0.05
    for way in ("pixels", "from nothing", "tuned"):
        assert np.all(hard["frozen"][:5] > hard[way][:5])
    assert hard["tuned"][5] > hard["from nothing"][5] > hard["frozen"][5]
    spread = facts["anywhere", "frozen"].std(axis=0)[2]
    assert hard["frozen"][2] - spread > hard["from nothing"][2]


def test_the_digits_are_read_and_half_of_the_mistakes_are_eights():
    facts = data("confusion-matrix")
    C = facts["C"]
    assert (C.shape, C.sum(), facts["n"]) == ((10, 10), 449, 449)
    assert facts["right"] == np.trace(C) > 0.95 * 449
    assert 38 <= np.diag(C).min() <= np.diag(C).max() <= 51
    wrong = C - np.diag(np.diag(C))
    share = wrong[8].sum() / wrong.sum()
    assert wrong.sum(axis=1).argmax() == 8
    assert 0.4 < share < 0.65
    assert wrong[8].argmax() == 1


def test_the_mistakes_shown_are_mistakes_the_surest_first():
    facts = data("digit-mistakes")
    assert len(facts["images"]) == 10 <= facts["wrong"]
    assert np.all(facts["written"] != facts["read"])
    assert np.all(np.diff(facts["sure"]) <= 0)
    pairs = list(zip(facts["written"].tolist(), facts["read"].tolist(), strict=True))
    assert pairs.count((8, 1)) >= 2
    assert {(6, 1), (3, 5), (4, 9)} <= set(pairs)
    off = data("confusion-matrix")["C"]
    assert all(off[pair] for pair in pairs)


def test_learnt_features_have_both_signs_and_no_ink_where_none_ever_is():
    weights = data("learnt-features")["weights"]
    assert weights.shape == (12, 8, 8)
    assert np.all(weights.max(axis=(1, 2)) > 0.1)
    assert np.all(weights.min(axis=(1, 2)) < -0.1)
    assert not weights[:, 0, 0].any()


def test_the_network_predicts_patients_no_better_than_least_squares():
    facts = data("predicted-against-true")
    errors = facts["errors"]
    assert len(facts["y"]) == 110
    assert abs(errors["network"] - errors["least squares"]) < 3
    assert max(errors.values()) < 0.75 * facts["mean"]
    for y_hat in facts["answers"].values():
        assert 0.5 < np.corrcoef(y_hat, facts["y"])[0, 1] < 0.85
        # Too high for small true values, too low for large ones.
        low, high = facts["y"] < 100, facts["y"] > 200
        assert np.mean(y_hat[low] - facts["y"][low]) > 0 > np.mean(y_hat[high] - facts["y"][high])
    clouds = np.corrcoef(*facts["answers"].values())[0, 1]
    assert clouds > 0.95


def test_the_words_that_weigh_most_are_those_of_the_text():
    facts = data("word-weights")
    ham, spam = ([word for word, _ in facts[side]] for side in ("ham", "spam"))
    assert ham[:5] == ["the", "i", "me", "you", "my"]
    assert sorted(spam) == [
        *("a", "call", "claim", "final", "link"),
        *("money", "now", "of", "text", "your"),
    ]
    weights = facts["weights"]
    assert max(weights, key=lambda word: abs(weights[word])) == "the"
    assert facts["words"] == len(weights) == 125


def test_two_numbers_go_further_by_autoencoder_than_by_pca():
    facts, copies = data("codes-in-the-plane"), data("reconstructions")
    assert facts["PCA"].shape == facts["autoencoder"].shape == (449, 2)
    assert facts["autoencoder error"] < 0.8 * facts["PCA error"]
    assert abs(facts["autoencoder purity"] - facts["PCA purity"]) < 0.15
    errors = copies["errors"]
    assert errors["code, 2"] == facts["autoencoder error"]
    assert errors["code, 8"] < errors["PCA, 8"] < errors["code, 2"] < errors["PCA, 2"]
    assert {rows.shape for rows in copies["rows"].values()} == {(10, 64)}


def apart(codes, y, digits):
    """How many of these digits have their like for nearest neighbour."""
    far = np.linalg.norm(codes[:, None] - codes, axis=2) + 1e9 * np.eye(len(y))
    mine = np.isin(y, digits)
    return np.mean(y[far.argmin(axis=1)][mine] == y[mine])


def test_the_digits_that_the_text_calls_apart_are():
    facts = data("codes-in-the-plane")
    y = facts["y"]
    assert apart(facts["PCA"], y, (0, 4, 6)) > 0.8 > 0.5 > apart(facts["PCA"], y, (1, 5, 8))
    own, mixed = (apart(facts["autoencoder"], y, which) for which in ((0, 2, 4, 6, 7), (1, 5, 8)))
    assert own > 0.8 > mixed


def test_the_groups_are_mostly_digits_and_none_of_them_nines():
    facts = data("cluster-centres")
    found = [group["digit"] for group in facts["groups"]]
    assert len(found) == 10
    assert sum(group["size"] for group in facts["groups"]) == 1348
    assert 9 not in found
    assert found.count(1) == 2
    best = {group["digit"]: group["share"] for group in facts["groups"]}
    assert min(best[digit] for digit in (0, 4, 6)) > 0.9
    assert 0.35 < best[8] < 0.5 < best[3] < 0.6
    assert 0.6 < facts["purity"] < 0.85


# --- what every figure must be ----------------------------------------------

every_figure = pytest.mark.parametrize("name", NAMES)
every_scheme = pytest.mark.parametrize("scheme", SCHEMES)
of_the_build = pytest.mark.usefixtures("built_figures")


@of_the_build
@pytest.mark.parametrize("scheme", ["light", pytest.param("dark", marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=pytest.mark.slow) if n == "labels-and-transfer" else n for n in NAMES],
)
def test_drawing_again_gives_the_bytes_that_the_build_has_drawn(name, scheme):
    again = svg.render(REGISTRY[name], data(name), SCHEMES[scheme])
    for other in SCHEMES:
        assert (again == drawn(name, other)) == (scheme == other)


@of_the_build
@every_figure
@every_scheme
def test_svg_stands_by_itself(name, scheme):
    root = ET.fromstring(drawn(name, scheme))
    assert root.tag == f"{{{SVG}}}svg"
    width, height = float(root.get("width")), float(root.get("height"))
    assert root.get("viewBox").split() == ["0", "0", "640", f"{height:g}"]
    assert width == 640
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert not tags & {"image", "script", "metadata", "foreignObject"}
    text = drawn(name, scheme).decode()
    links = set(re.findall(r"https?://[^\"' ]+", text))
    assert links <= {SVG, svg.XLINK}
    assert set(re.findall(r"url\((\w+)", text)) <= {"data"}


def embedded(root: ET.Element) -> dict[tuple[str, str], TTFont]:
    """The fonts in an SVG, by family and style."""
    css = root.find(f"{{{SVG}}}defs/{{{SVG}}}style").text
    found = re.findall(
        r"@font-face\{font-family:'([^']+)';font-style:(\w+);"
        r"src:url\(data:font/woff2;base64,([^)]+)\)",
        css,
    )
    return {
        (family, style): TTFont(io.BytesIO(base64.b64decode(content)))
        for family, style, content in found
    }


@of_the_build
@every_figure
def test_every_glyph_is_embedded_and_no_other_font_named(name):
    root = ET.fromstring(drawn(name, "light"))
    faces = embedded(root)
    seen: dict[tuple[str, str], set[str]] = {}
    for family, style, _, text in svg.words(root):
        seen.setdefault((family, style), set()).update(text)
    assert set(seen) == set(faces)
    for face, used in seen.items():
        cmap = faces[face].getBestCmap()
        missing = {letter for letter in used if ord(letter) not in cmap}
        assert not missing
        # No more than these, but for the mirror images of signs like <.
        assert {chr(code) for code in cmap} - used <= set(" \u00a0()<>≤≥")


@of_the_build
@every_figure
def test_every_word_can_be_read_on_a_phone(name):
    root = ET.fromstring(drawn(name, "light"))
    for family, style, size, text in svg.words(root):
        # A script is seven tenths of the symbol that it stands at.
        script = len(text) <= 3 and family != fonts.PROSE
        smallest = svg.SMALLEST_TEXT * (0.7 if script else 1)
        assert size >= smallest, (family, style, size, text)


def extents(root: ET.Element) -> Iterator[tuple[str, float, float, float]]:
    """Each level piece of text: the text, left, right and base line."""

    def walk(element: ET.Element, dx: float, dy: float):
        move = re.search(
            r"translate\(([-\d.]+)[ ,]([-\d.]+)\)",
            element.get("transform", ""),
        )
        turn = re.search(r"rotate\(([-\d.]+)", element.get("transform", ""))
        if turn and abs(float(turn[1])) > 0.01:
            return
        if move:
            dx, dy = dx + float(move[1]), dy + float(move[2])
        if element.tag == f"{{{SVG}}}text":
            spans = element.findall(f"{{{SVG}}}tspan")
            for piece in spans or [element]:
                look = svg._declarations(piece)
                size = float(look["font-size"].removesuffix("px"))
                face = (
                    look["font-family"].strip("'"),
                    look.get("font-style", "normal"),
                )
                text = piece.text or ""
                known = fonts.characters(face)
                width = size * sum(known[letter] for letter in text)
                left = dx + float(piece.get("x", 0))
                anchor = look.get("text-anchor", "start")
                left -= width * {"start": 0, "middle": 0.5, "end": 1}[anchor]
                yield text, left, left + width, dy + float(piece.get("y", 0))
        for child in element:
            yield from walk(child, dx, dy)

    yield from walk(root, 0, 0)


@of_the_build
@every_figure
def test_no_word_is_clipped(name):
    root = ET.fromstring(drawn(name, "light"))
    height = float(root.get("height"))
    pieces = list(extents(root))
    assert pieces
    for text, left, right, base in pieces:
        assert left >= 0, text
        assert right <= 640.5, text
        assert 12 <= base <= height - 4, text


@of_the_build
@every_figure
def test_no_two_words_overlap(name):
    root = ET.fromstring(drawn(name, "light"))
    for one, other in combinations(extents(root), 2):
        if not one[0].strip() or not other[0].strip():
            continue
        between_lines = abs(one[3] - other[3])
        shared_width = min(one[2], other[2]) - max(one[1], other[1])
        if "ˆ" not in (one[0], other[0]):  # the hat of a letter
            assert between_lines > 9 or shared_width < 3, (one, other)


def blended(colour: str, alpha: float, below: str) -> str:
    mixed = (
        alpha * over + (1 - alpha) * under
        for over, under in zip(
            palette.rgb(colour), palette.rgb(below), strict=True
        )
    )
    return "#" + "".join(f"{round(255 * channel):02x}" for channel in mixed)


@of_the_build
@every_figure
@every_scheme
def test_every_mark_stands_out_from_the_page(name, scheme):
    theme = SCHEMES[scheme]
    root = ET.fromstring(drawn(name, scheme))
    seen = 0
    for element in root.iter():
        look = svg._declarations(element)
        opacity = float(look.get("opacity", 1))
        for kind in ("fill", "stroke"):
            colour = look.get(kind, "none")
            if not colour.startswith("#") or colour == theme.surface:
                continue
            strength = opacity * float(look.get(f"{kind}-opacity", 1))
            if strength <= 0.13:  # the tint of an area, not a mark
                continue
            shown = blended(colour, strength, theme.surface)
            assert palette.contrast(shown, theme.surface) >= 3, look
            assert colour in palette.colours(theme).values()
            seen += 1
    assert seen


# --- the palette ------------------------------------------------------------


@every_scheme
def test_every_colour_can_be_a_word(scheme):
    theme = SCHEMES[scheme]
    for meaning, colour in palette.colours(theme).items():
        if meaning not in ("surface", "grid"):
            assert palette.contrast(colour, theme.surface) >= 4.5, meaning


# Machado, Oliveira & Fernandes (2009), doi:10.1109/TVCG.2009.113: what red,
# green and blue of linear light become without one kind of cone.
BLINDNESS = {
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def lab(colour: str, matrix: Any) -> np.ndarray:
    """CIE L*a*b* of #rrggbb as seen through a matrix of linear light."""
    light = np.array([palette.linear(c) for c in palette.rgb(colour)])
    light = np.clip(np.asarray(matrix) @ light, 0, 1)
    to_xyz = np.array(
        [
            [0.4124564, 0.3575761, 0.1804375],
            [0.2126729, 0.7151522, 0.0721750],
            [0.0193339, 0.1191920, 0.9503041],
        ]
    )
    x, y, z = np.cbrt(to_xyz @ light / (to_xyz @ np.ones(3)))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@every_scheme
@pytest.mark.parametrize("kind", BLINDNESS)
@pytest.mark.parametrize(
    "pair",
    [("class0", "class1"), ("prediction", "ink"), ("weight", "gradient")],
    ids=" and ".join,
)
def test_colour_blind_readers_tell_the_colours_apart(scheme, kind, pair):
    one, other = (
        lab(palette.colours(SCHEMES[scheme])[meaning], BLINDNESS[kind])
        for meaning in pair
    )
    assert np.linalg.norm(one - other) > 15


def test_contrast_of_known_pairs():
    assert palette.contrast("#777777", "#ffffff") == pytest.approx(
        4.48, abs=0.005
    )
    assert palette.contrast("#ffffff", "#777777") == pytest.approx(
        4.48, abs=0.005
    )


def test_css_names_every_colour_in_both_schemes():
    light, dark = palette.css().split("\n\n")
    assert light.startswith(":root")
    assert "slate" in dark
    for block, theme in ((light, LIGHT), (dark, DARK)):
        found = dict(re.findall(r"--nn-(\w+): (#[0-9a-f]{6});", block))
        assert found == palette.colours(theme)


# --- helpers ----------------------------------------------------------------


def test_boundary_ends_on_the_box():
    box = (0.0, 10.0)
    assert plot.boundary((1, 0), -4, box, box).tolist() == [[4, 0], [4, 10]]
    assert plot.boundary((0, 1), -4, box, box).tolist() == [[0, 4], [10, 4]]
    assert plot.boundary((1, 1), 5, box, box).shape == (0, 2)


def test_a_missing_glyph_is_an_error():
    with pytest.raises(fonts.MissingGlyph, match=r"U\+6F22"):
        fonts.font_face_rules({(fonts.PROSE, "normal"): {"漢"}})


# --- the build script -------------------------------------------------------

TINY = '''"""Two small figures."""
from figures import figure
from figures.plot import label, single
from nnlit.activations import relu
from nnlit.losses import softplus

HEIGHT = 200


def shared(ax, theme, text):
    label(ax, 0.5, 0.5, text, theme.ink)


def first_data():
    return {"value": float(relu(2.0))}


@figure("first", data=first_data)
def first(data, theme):
    canvas, ax = single(HEIGHT)
    shared(ax, theme, f"{data['value']:.0f}")
    return canvas


def second_data():
    return {"value": float(softplus(2.0))}


@figure("second", data=second_data)
def second(data, theme):
    canvas, ax = single(HEIGHT)
    shared(ax, theme, f"{data['value']:.2f}")
    return canvas
'''


class Book:
    """A copy of the book with two figures, to build and to break."""

    def __init__(self, root: Path) -> None:
        self.root = root
        figures = root / "scripts" / "figures"
        figures.mkdir(parents=True)
        for name in ("__init__", "fonts", "palette", "plot", "svg"):
            shutil.copy(ROOT / "scripts/figures" / f"{name}.py", figures)
        shutil.copy(ROOT / "scripts/build_figures.py", root / "scripts")
        shutil.copytree(
            ROOT / "nnlit",
            root / "nnlit",
            ignore=shutil.ignore_patterns("__pycache__"),
        )
        (root / "node_modules").symlink_to(ROOT / "node_modules")
        if (ROOT / ".cache/fonts").is_dir():
            shutil.copytree(ROOT / ".cache/fonts", root / ".cache/fonts")
        self.module = figures / "ch01_tiny.py"
        self.module.write_text(TINY, encoding="utf-8")
        self.output = root / "docs" / "assets" / "figures"

    def run(self, *arguments: str, seed: str = "0"):
        return self.python("scripts/build_figures.py", *arguments, seed=seed)

    def python(self, *arguments: str, seed: str = "0"):
        paths = f"{self.root / 'scripts'}{os.pathsep}{self.root}"
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root,
            env=os.environ | {"PYTHONPATH": paths, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            timeout=120,
        )

    def edit(self, path: Path | str, old: str, new: str) -> None:
        path = self.root / path
        before = path.read_text(encoding="utf-8")
        assert old in before
        path.write_text(before.replace(old, new, 1), encoding="utf-8")

    def build_figures(self) -> ModuleType:
        """The copy's own script, to ask for keys without a process."""
        spec = importlib.util.spec_from_file_location(
            "copied_build_figures", self.root / "scripts/build_figures.py"
        )
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        return module

    def keys(self) -> dict[str, str]:
        entries = self.build_figures().registry()
        return {name: entry.key for name, entry in entries.items()}

    def files(self) -> dict[str, tuple[bytes, int]]:
        return {
            file.name: (file.read_bytes(), file.stat().st_mtime_ns)
            for file in sorted(self.output.glob("*"))
        }


@pytest.fixture
def book(tmp_path):
    return Book(tmp_path / "book")


@pytest.mark.slow
def test_build_life_cycle(book):
    fresh = book.run("check")
    assert fresh.returncode == 1
    assert "figure 'first' is missing" in fresh.stderr
    assert "figure 'second' is missing" in fresh.stderr

    built = book.run("all", "--jobs", "2")
    assert built.returncode == 0, built.stderr
    assert built.stdout == "2 of 2 figures drawn\n"
    before = book.files()
    assert list(before) == [
        "first-dark.svg",
        "first-light.svg",
        "second-dark.svg",
        "second-light.svg",
    ]
    assert book.run("check").returncode == 0
    listed = book.run("list").stdout.splitlines()
    assert [line.split()[:2] for line in listed] == [
        ["first", "current"],
        ["second", "current"],
    ]
    line = 1 + TINY.splitlines().index("def first(data, theme):")
    assert listed[0].endswith(f"scripts/figures/ch01_tiny.py:{line}")

    # Nothing to do: no file touched, nothing heavy imported.
    idle = book.python(
        "-c",
        "import sys, build_figures\n"
        "assert build_figures.ensure() == []\n"
        "heavy = {'numpy', 'matplotlib', 'tqdm', 'multiprocessing'}\n"
        "assert not heavy & set(sys.modules)\n",
    )
    assert idle.returncode == 0, idle.stderr
    assert book.files() == before

    # Drawn anew by force, in another process with other hashes: same bytes,
    # and so the files are left alone.
    forced = book.run("all", "--force", "--jobs", "1", seed="1")
    assert forced.stdout == "2 of 2 figures drawn\n"
    assert book.files() == before

    # A damaged file is not current, nor is a lost one.
    (book.output / "first-dark.svg").write_text("<svg/>")
    assert book.run("check").stderr == "figure 'first' is stale\n"
    (book.output / "first-dark.svg").unlink()
    assert book.run("check").stderr == "figure 'first' is missing\n"
    one = book.run("one", "first")
    assert one.returncode == 0
    assert "docs/assets/figures/first-dark.svg" in one.stdout
    assert book.run("check").returncode == 0
    assert book.files()["first-dark.svg"][0] == before["first-dark.svg"][0]

    # A change in one figure draws that one only, and what is no longer declared
    # is removed.
    before = book.files()
    book.edit(book.module, "{data['value']:.2f}", "{data['value']:.3f}")
    stale = book.run("check")
    assert stale.stderr == "figure 'second' is stale\n"
    book.edit(book.module, '"second"', '"other"')
    assert book.run("all").stdout == "1 of 2 figures drawn\n"
    after = book.files()
    assert {name.rpartition("-")[0] for name in after} == {"first", "other"}
    assert after["first-light.svg"] == before["first-light.svg"]
    assert after["other-light.svg"][0] != before["second-light.svg"][0]


def test_failing_figures_are_named_and_the_others_are_drawn(book):
    text = "f\"{data['value']:.2f}\""
    faults = {
        "second": ("data['nothing']", "KeyError: 'nothing'"),
        "letter": ("'漢'", "MissingGlyph|[Gg]lyph"),  # that no font has
        "formula": (r"r'$\nosuch$'", "nosuch"),  # that can't be set
    }
    whole = book.module.read_text(encoding="utf-8")
    start = whole.index('@figure("second"')
    drawing = whole[start:]
    whole = whole[:start]
    for name, (wrong, _) in faults.items():
        whole += drawing.replace("second", name).replace(f"{name}_data", "second_data")
        whole = whole.replace(text, wrong) + "\n\n"
    book.module.write_text(whole, encoding="utf-8")
    failed = book.run("all", "--jobs", "1")
    assert failed.returncode == 1
    said = dict(zip(sorted(faults), failed.stderr.splitlines(), strict=True))
    for name, (_, message) in faults.items():
        assert said[name].startswith(f"figure {name!r}: ")
        assert re.search(message, said[name])
    line = 1 + [faults["second"][0] in row for row in whole.splitlines()].index(True)
    assert f": scripts/figures/ch01_tiny.py:{line}: KeyError" in said["second"]
    missing = "".join(f"figure {name!r} is missing\n" for name in faults)
    assert book.run("check").stderr == missing
    assert (book.output / "first-light.svg").is_file()


@pytest.mark.parametrize(
    ("path", "old", "new", "changed"),
    [
        ("scripts/figures/ch01_tiny.py", "(2.0)", "(3.0)", {"first"}),
        ("scripts/figures/ch01_tiny.py", "= 200", "= 210",
         {"first", "second"}),
        ("scripts/figures/ch01_tiny.py", "theme.ink", "theme.muted",
         {"first", "second"}),
        ("scripts/figures/ch01_tiny.py", '"""Two', '"""Only two', set()),
        ("scripts/figures/palette.py", "#1d2127", "#000000",
         {"first", "second"}),
        ("scripts/figures/svg.py", "TEXT = 18", "TEXT = 19",
         {"first", "second"}),
        ("nnlit/losses.py", "softplus", "softplus ", {"second"}),
        ("nnlit/descent.py", "slope", "slope ", set()),
        ("nnlit/types.py", "Array", "Array ", {"first", "second"}),
    ],
)  # fmt: skip
def test_a_figure_is_stale_when_what_it_uses_changes(
    book, path, old, new, changed
):
    before = book.keys()
    book.edit(path, old, new)
    after = book.keys()
    assert {name for name in before if before[name] != after[name]} == changed


def test_a_figure_depends_on_the_data_it_reads(book):
    book.edit(
        book.module, "HEIGHT", "from nnlit.datasets import iris\n\nHEIGHT"
    )
    book.edit(book.module, "float(softplus(2.0))", "iris().X.mean()")
    before = book.keys()
    path = book.root / "nnlit" / "data" / "iris.csv.gz"
    path.write_bytes(path.read_bytes() + b"\n")
    after = book.keys()
    assert before["first"] == after["first"]
    assert before["second"] != after["second"]


def test_names_are_unique_and_literal(book):
    script = book.build_figures()
    book.edit(book.module, '"second"', '"first"')
    with pytest.raises(
        script.FigureError, match=r"ch01_tiny\.py:\d+: .*'first'"
    ):
        script.registry()
    book.edit(book.module, '@figure("first"', '@figure("fir" + "st"')
    with pytest.raises(script.FigureError, match="written out"):
        script.registry()


def test_errors_of_the_caller_are_clear(book):
    unknown = book.run("one", "frist")
    assert unknown.returncode == 1
    assert unknown.stderr == (
        "there is no figure 'frist'; the nearest is 'first'\n"
    )
    assert book.run("all", "--jobs", "0").returncode == 2
    book.edit(book.module, "def first_data():", "def first_data(:")
    broken = book.run("check")
    assert broken.returncode == 1
    assert broken.stderr.startswith("scripts/figures/ch01_tiny.py:")
    assert "Traceback" not in broken.stderr
