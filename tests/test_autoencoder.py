"""PCA against its definition and scikit-learn, the autoencoder against PCA."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from sklearn import datasets, decomposition

from nnlit.autoencoder import (
    PCA,
    Autoencoder,
    principal_components,
    project,
    reconstruct,
    reconstruction_error,
)
from nnlit.datasets import digits
from nnlit.mlp import MLPRegressor
from nnlit.optimizers import cosine


@pytest.fixture(scope="module")
def iris():
    return datasets.load_iris().data


@pytest.mark.parametrize("k", [1, 2, 4])
def test_components_are_scikit_learns(iris, k):
    ours, theirs = PCA(k).fit(iris), decomposition.PCA(k, svd_solver="full").fit(iris)
    signs = np.sign(np.sum(ours.components_ * theirs.components_, axis=1))[:, None]
    np.testing.assert_allclose(ours.components_, signs * theirs.components_, atol=1e-12)
    for name in ("mean_", "singular_values_", "explained_variance_", "explained_variance_ratio_"):
        np.testing.assert_allclose(getattr(ours, name), getattr(theirs, name), rtol=1e-10)
    codes = ours.transform(iris)
    np.testing.assert_allclose(codes, signs.T * theirs.transform(iris), atol=1e-11)
    np.testing.assert_allclose(
        ours.inverse_transform(codes),
        theirs.inverse_transform(theirs.transform(iris)),
        atol=1e-11,
    )
    np.testing.assert_array_equal(PCA(k).fit_transform(iris), codes)


def test_components_stand_at_right_angles_and_their_largest_entry_is_positive(iris):
    _, V, s = principal_components(iris, 4)
    np.testing.assert_allclose(V.T @ V, np.eye(4), atol=1e-12)
    assert (V[np.abs(V).argmax(axis=0), range(4)] > 0).all()
    assert (np.diff(s) <= 0).all()


def test_what_is_lost_is_the_sum_of_the_squares_left_out(iris):
    _, _, s = principal_components(iris, 4)
    for k in (1, 2, 3, 4):
        mean, V, _ = principal_components(iris, k)
        copy = reconstruct(project(iris, mean, V), mean, V)
        lost = reconstruction_error(copy, iris) * len(iris)
        np.testing.assert_allclose(lost, np.sum(s[k:] ** 2), rtol=1e-9, atol=1e-9)


def test_no_other_directions_of_as_many_lose_less(iris):
    mean, V, _ = principal_components(iris, 2)
    best = reconstruction_error(reconstruct(project(iris, mean, V), mean, V), iris)
    rng = np.random.default_rng(0)
    for _ in range(50):
        other, _ = np.linalg.qr(V + rng.normal(0, 0.3, V.shape))
        copy = reconstruct(project(iris, mean, other), mean, other)
        assert reconstruction_error(copy, iris) > best


def test_data_that_do_not_vary_have_no_share_to_explain():
    pca = PCA(1).fit(np.ones((3, 2)))
    assert pca.explained_variance_ratio_.tolist() == [0.0]
    np.testing.assert_array_equal(pca.inverse_transform(pca.transform(np.ones((3, 2)))), 1)


def test_shares_of_the_variance_have_no_unit(iris):
    small = PCA(2).fit(iris / 1000)
    np.testing.assert_allclose(
        small.explained_variance_ratio_, PCA(2).fit(iris).explained_variance_ratio_
    )


def test_two_examples_vary_along_one_component():
    pca = PCA(1).fit(np.array([[0.0, 0.0], [3.0, 4.0]]))
    np.testing.assert_allclose(pca.components_, [[0.6, 0.8]])
    np.testing.assert_allclose(pca.explained_variance_ratio_, [1.0])


def test_the_error_is_a_mean_over_examples_of_sums_over_features():
    X, copy = np.zeros((2, 3)), np.array([[1.0, 2.0, 0.0], [0.0, 0.0, 3.0]])
    assert reconstruction_error(copy, X) == (5 + 9) / 2


def test_a_linear_autoencoder_reaches_pca_within_a_hundredth_and_never_beats_it():
    X = digits().X[:400] / 16
    for k in (2, 5):
        pca = PCA(k).fit(X)
        least = reconstruction_error(pca.inverse_transform(pca.transform(X)), X)
        model = Autoencoder(
            k, "identity", learning_rate=partial(cosine, learning_rate=0.05, steps=1000),
            batch_size=400, alpha=0.0, max_iter=1000, tol=0.0, n_iter_no_change=1000,
        ).fit(X)  # fmt: skip
        reached = reconstruction_error(model.predict(X), X)
        assert least <= reached <= 1.01 * least
        np.testing.assert_allclose(model.score(X), 1 - reached / X.var(axis=0).sum(), rtol=1e-9)


def test_encoder_and_decoder_are_the_two_halves_of_the_network(iris):
    X = iris - iris.mean(axis=0)
    model = Autoencoder((7, 2, 5), "tanh", max_iter=5).fit(X)
    assert model.code_layer_ == 1
    codes = model.transform(X)
    assert codes.shape == (150, 2)
    assert np.abs(codes).max() <= 1
    np.testing.assert_allclose(model.inverse_transform(codes), model.predict(X), atol=1e-13)
    A = np.tanh(np.tanh(X @ model.coefs_[0] + model.intercepts_[0]) @ model.coefs_[1])
    assert A.shape == codes.shape
    by_hand = np.tanh(
        np.tanh(X @ model.coefs_[0] + model.intercepts_[0]) @ model.coefs_[1] + model.intercepts_[1]
    )
    np.testing.assert_allclose(codes, by_hand, atol=1e-14)


@pytest.mark.parametrize(("sizes", "place"), [(3, 0), ((3,), 0), ((4, 2, 2), 1), ((9, 5, 3), 2)])
def test_the_code_is_the_first_of_the_smallest_layers(iris, sizes, place):
    assert Autoencoder(sizes, max_iter=1).fit(iris).code_layer_ == place


def test_the_score_has_no_unit_and_is_1_less_the_error_where_nothing_varies(iris):
    X = iris / 1000
    model = Autoencoder(2, max_iter=1).fit(X)
    left = len(X) * reconstruction_error(model.predict(X), X)
    assert model.score(X) == pytest.approx(1 - left / np.sum((X - X.mean(axis=0)) ** 2))
    same = np.ones((3, 4))
    left = 3 * reconstruction_error(model.predict(same), same)
    assert model.score(same) == pytest.approx(1 - left)


def test_it_is_a_regressor_from_X_to_X(iris):
    X = (iris - iris.mean(axis=0)) / iris.std(axis=0)
    settings = {"hidden_layer_sizes": (6, 2, 6), "activation": "logistic", "max_iter": 20}
    ours, plain = Autoencoder(**settings).fit(X), MLPRegressor(**settings).fit(X, X)
    for A, B in zip(ours.coefs_, plain.coefs_, strict=True):
        np.testing.assert_array_equal(A, B)
    np.testing.assert_array_equal(ours.predict(X), plain.predict(X))
    assert ours.transform(X).min() > 0  # the logistic function's own range


def test_it_learns_on_batch_by_batch(iris):
    X = iris - iris.mean(axis=0)
    model = Autoencoder((8, 2, 8), "tanh", learning_rate_init=0.01)
    scores = [model.partial_fit(X).score(X) for _ in range(60)]
    assert scores[-1] > 0.9 > scores[0]


def test_float32_stays_float32(iris):
    X = (iris - iris.mean(axis=0)).astype(np.float32)
    model = Autoencoder(2, max_iter=2).fit(X)
    assert model.transform(X).dtype == np.float32
    assert model.inverse_transform(model.transform(X)).dtype == np.float32
    assert PCA(2).fit(X).transform(X).dtype == np.float32


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda X: PCA(0).fit(X), "n_components"),
        (lambda X: PCA(5).fit(X), r"at most 4 for X of shape \(150, 4\), got 5"),
        (lambda X: PCA(1).fit(X[:1]), "at least 2 rows"),
        (lambda X: PCA().transform(X), "not fitted"),
        (lambda X: PCA().inverse_transform(X), "not fitted"),
        (lambda X: PCA().fit(X).transform(X[:, :3]), "X must have 4 features as in fit, got 3"),
        (lambda X: PCA().fit(X).inverse_transform(X), "C must have 2 features as in fit, got 4"),
        (lambda X: PCA().fit(X * np.inf), "finite"),
        (lambda X: Autoencoder(()).fit(X), "^hidden_layer_sizes must name at least one layer$"),
        (lambda X: Autoencoder(()).partial_fit(X), "at least one layer"),
        (lambda X: Autoencoder(2).transform(X), "not fitted"),
        (lambda X: Autoencoder(2).inverse_transform(X), "not fitted"),
        (lambda X: Autoencoder(2, max_iter=1).fit(X).transform(X[:, :3]), "4 features"),
        (lambda X: Autoencoder(2, max_iter=1).fit(X).inverse_transform(X), "C must have 2"),
        (lambda X: Autoencoder(2).fit(X * np.nan), "finite"),
        (lambda X: reconstruction_error(X, X[:3]), r"X_hat must have shape \(3, 4\), got \(150"),
    ],
)
def test_bad_input_is_refused_by_name(iris, call, said):
    with pytest.raises(ValueError, match=said):
        call(iris)
