"""k-means: steps by hand, what must never happen, scikit-learn beside it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import cluster, datasets, metrics

from nnlit import clustering
from nnlit.clustering import (
    KMeans,
    assign,
    inertia,
    k_means,
    k_means_plus_plus,
    means,
    purity,
    squared_distances,
)


@pytest.fixture(scope="module")
def iris():
    return datasets.load_iris(return_X_y=True)


def groups(k, n=30, d=2, rng=0):
    """k well separated groups of n points each."""
    rng = np.random.default_rng(rng)
    centers = 10 * rng.permutation(np.eye(k, max(k, d)))[:, : max(k, d)]
    X = np.repeat(centers, n, axis=0) + rng.normal(0, 0.3, (k * n, centers.shape[1]))
    return X, np.repeat(np.arange(k), n)


@pytest.mark.parametrize(
    "away", [0.0, 1e6, np.array([0, 1e6, -1e6, 0, 5e6])], ids=["near", "far", "far along some"]
)
def test_distances_are_those_of_the_definition(away):
    rng = np.random.default_rng(0)
    X, centers = away + rng.normal(size=(20, 5)), away + rng.normal(size=(4, 5))
    literal = np.array([[np.sum((x - c) ** 2) for c in centers] for x in X])
    np.testing.assert_allclose(squared_distances(X, centers), literal, rtol=1e-9)


def test_a_distance_never_rounds_below_0():
    X = 1e8 + np.random.default_rng(0).normal(size=(50, 3))
    assert squared_distances(X, X[:10]).min() >= 0
    assert not np.isnan(np.sqrt(squared_distances(X, X))).any()


def test_every_example_goes_to_its_nearest_centre_and_ties_to_the_first():
    centers = np.array([[0.0], [2.0], [10.0]])
    assert assign(np.array([[-5.0], [1.0], [1.1], [7.0]]), centers).tolist() == [0, 0, 1, 2]


def test_a_centre_goes_to_the_mean_of_its_own():
    X = np.array([[0.0, 0.0], [2.0, 4.0], [9.0, 9.0]])
    moved = means(X, np.array([1, 1, 0]), np.zeros((2, 2)))
    assert moved.tolist() == [[9.0, 9.0], [1.0, 2.0]]


def test_centres_without_examples_go_to_the_farthest_ones_each_to_another():
    X = np.array([[0.0], [1.0], [50.0], [90.0]])
    before = np.array([[0.0], [100.0], [200.0]])
    moved = means(X, np.array([0, 0, 0, 0]), before)
    assert moved.ravel().tolist() == [35.25, 90.0, 50.0]


def test_the_farthest_is_so_from_its_own_centre_whatever_the_side():
    X = np.array([[10.0], [12.0], [0.0], [11.0]])
    moved = means(X, np.zeros(4, int), np.array([[10.0], [99.0]]))
    assert moved.ravel().tolist() == [8.25, 0.0]


def test_two_centres_without_examples_part_also_over_small_distances():
    X = np.array([[0.0], [0.1], [0.2]])
    moved = means(X, np.zeros(3, int), np.array([[0.0], [9.0], [9.0]]))
    assert moved[1:].ravel().tolist() == [0.2, 0.1]


@given(st.integers(0, 10_000), st.integers(1, 6))
def test_no_round_raises_the_inertia(seed, k):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(40, 3))
    centers = X[rng.permutation(40)[:k]]
    labels = assign(X, centers)
    for _ in range(5):
        before = inertia(X, labels, centers)
        centers = means(X, labels, centers)
        between = inertia(X, labels, centers)
        labels = assign(X, centers)
        after = inertia(X, labels, centers)
        assert before >= between - 1e-12 >= after - 2e-12


def test_from_the_same_start_it_ends_where_scikit_learn_ends(iris):
    X, _ = iris
    for seed in range(5):
        start = X[np.random.default_rng(seed).permutation(150)[:3]]
        theirs = cluster.KMeans(3, init=start, n_init=1, tol=0, algorithm="lloyd").fit(X)
        centers, labels, _ = k_means(X, start)
        np.testing.assert_allclose(centers, theirs.cluster_centers_, rtol=1e-12)
        np.testing.assert_array_equal(labels, theirs.labels_)
        np.testing.assert_allclose(inertia(X, labels, centers), theirs.inertia_, rtol=1e-12)


def test_it_stops_when_nothing_moves_or_at_max_iter(iris):
    X, _ = iris
    start = X[:3]
    centers, labels, rounds = k_means(X, start)
    np.testing.assert_array_equal(means(X, labels, centers), centers)
    assert 1 < rounds < 300
    assert k_means(X, start, max_iter=1)[2] == 1
    assert k_means(X, start, tol=1e9)[2] == 1
    assert k_means(X, start, tol=0.05)[2] < rounds


def test_k_means_goes_300_rounds_if_nobody_says_otherwise(monkeypatch):
    monkeypatch.setattr(clustering, "means", lambda X, labels, centers: centers + 1)
    assert k_means(np.zeros((2, 1)), np.zeros((1, 1)))[2] == 300


def test_plus_plus_draws_with_the_squared_distance():
    """From 0 the other three are drawn as 1 : 4 : 9."""
    X = np.array([[0.0], [1.0], [2.0], [3.0]])
    rng = np.random.default_rng(0)
    second = [b for a, b in (k_means_plus_plus(X, 2, rng).ravel() for _ in range(8000)) if a == 0]
    shares = np.bincount(np.array(second, int), minlength=4) / len(second)
    np.testing.assert_allclose(shares, [0, 1 / 14, 4 / 14, 9 / 14], atol=0.03)


def test_plus_plus_finds_every_group_and_takes_rows_of_X():
    X, y = groups(5)
    for seed in range(10):
        centers = k_means_plus_plus(X, 5, seed)
        rows = [np.flatnonzero((c == X).all(axis=1))[0] for c in centers]
        assert sorted(y[rows]) == [0, 1, 2, 3, 4]


def test_plus_plus_finds_two_groups_however_close():
    X = np.array([[0.0], [0.0], [0.0], [1e-3]])
    for seed in range(10):
        assert sorted(k_means_plus_plus(X, 2, seed).ravel()) == [0.0, 1e-3]


def test_plus_plus_copes_with_examples_that_are_all_the_same():
    assert k_means_plus_plus(np.ones((3, 2)), 3).tolist() == [[1, 1]] * 3


@pytest.mark.parametrize("init", ["k-means++", "random"])
def test_the_estimator_keeps_the_tightest_of_its_starts(iris, init):
    X, _ = iris
    one = [KMeans(4, init, n_init=1, rng=np.random.default_rng(s)).fit(X) for s in range(3)]
    assert len({round(model.inertia_, 6) for model in one}) > 1
    best = KMeans(4, init, n_init=20).fit(X)
    assert best.inertia_ <= min(model.inertia_ for model in one) + 1e-9
    theirs = cluster.KMeans(4, n_init=20, random_state=0).fit(X)
    np.testing.assert_allclose(best.inertia_, theirs.inertia_, rtol=1e-3)


def test_the_estimator_starts_where_init_says(iris):
    X, _ = iris
    starts = {
        "k-means++": k_means_plus_plus(X, 4, 0),
        "random": X[np.random.default_rng(0).permutation(150)[:4]],
    }
    for init, start in starts.items():
        model = KMeans(4, init, n_init=1, max_iter=1, rng=0).fit(X)
        np.testing.assert_array_equal(model.cluster_centers_, k_means(X, start, 1)[0])
    assert KMeans(150, "random").fit(X).inertia_ == 0


def test_the_estimator_stops_where_tol_says(iris):
    assert KMeans(3, tol=1e9).fit(iris[0]).n_iter_ == 1


def test_the_estimator_answers_for_what_it_has_learnt(iris):
    X, y = iris
    model = KMeans(3)
    assert model.fit(X) is model
    np.testing.assert_array_equal(model.predict(X), model.labels_)
    np.testing.assert_array_equal(KMeans(3).fit_predict(X), model.labels_)
    np.testing.assert_allclose(model.transform(X).min(axis=1).__pow__(2).sum(), model.inertia_)
    assert model.inertia_ == inertia(X, model.labels_, model.cluster_centers_)
    assert purity(model.labels_, y) > 0.88
    assert KMeans(1).fit(X).cluster_centers_ == pytest.approx(X.mean(axis=0)[None])
    assert KMeans(150).fit(X).inertia_ == 0


def test_the_estimator_has_the_defaults_of_its_page():
    assert KMeans().get_params() == {
        "n_clusters": 8,
        "init": "k-means++",
        "n_init": 10,
        "max_iter": 300,
        "tol": 0.0,
        "rng": 0,
    }


def test_purity_is_the_share_of_the_commonest_classes():
    labels, y = np.array([0, 0, 0, 1, 1, 2]), np.array(list("aababb"))
    table = metrics.cluster.contingency_matrix(y, labels)
    assert purity(labels, y) == pytest.approx(table.max(axis=0).sum() / 6)
    assert purity(labels, labels[::-1].astype(str)) <= 1
    assert purity(y, y) == 1
    assert purity(np.zeros(4, int), np.array([0, 0, 0, 1])) == 0.75


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda X: KMeans(0).fit(X), "n_clusters"),
        (lambda X: KMeans(0, "random").fit(X), "n_clusters"),
        (lambda X: KMeans(9).fit(X[:8]), "n_clusters must be at most the 8 examples, got 9"),
        (lambda X: KMeans(9, "random").fit(X[:8]), "n_clusters must be at most the 8"),
        (lambda X: KMeans(2, "k-mean++").fit(X), r"init must be one of.*nearest: k-means\+\+"),
        (lambda X: KMeans(2, n_init=0).fit(X), "n_init"),
        (lambda X: KMeans(2, max_iter=0).fit(X), "max_iter"),
        (lambda X: KMeans(2, tol=-1).fit(X), "tol"),
        (lambda X: KMeans(2).fit(X[0]), "2 dimensions"),
        (lambda X: KMeans(2).fit(X * np.nan), "finite"),
        (lambda X: KMeans(2).predict(X), "not fitted"),
        (lambda X: KMeans(2).transform(X), "not fitted"),
        (lambda X: KMeans(2).fit(X).predict(X[:, :2]), "4 features as in fit, got 2"),
        (lambda X: KMeans(2).fit(X).transform(X[:, :2]), "4 features as in fit, got 2"),
        (lambda X: purity([0, 1], [0]), "length"),
        (lambda X: purity([[0]], [[0]]), "1 dimension"),
    ],
)
def test_bad_input_is_refused_by_name(iris, call, said):
    with pytest.raises(ValueError, match=said):
        call(iris[0])


def test_a_seed_decides_and_a_failed_fit_changes_nothing(iris):
    X, _ = iris
    before = X.copy()
    a, b = KMeans(5, rng=3).fit(X), KMeans(5, rng=np.random.default_rng(3)).fit(X)
    np.testing.assert_array_equal(a.cluster_centers_, b.cluster_centers_)
    np.testing.assert_array_equal(X, before)
    state = dict(vars(a))
    with pytest.raises(ValueError, match="finite"):
        a.fit(X * np.inf)
    assert vars(a) == state
