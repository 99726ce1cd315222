"""The real MNIST, where it is: what the loaders give of it."""

from __future__ import annotations

import numpy as np

from nnlit import datasets


def test_the_real_mnist_where_it_is(mnist_folder):
    train, test = datasets.mnist("train"), datasets.mnist("test")
    assert train.X.shape == (60_000, 784)
    assert test.X.shape == (10_000, 784)
    assert test.y[:5].tolist() == [7, 2, 1, 0, 4]
    assert np.bincount(train.y).tolist() == [
        5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949,
    ]  # fmt: skip
    assert train.X.min() == 0
    assert train.X.max() == 1
    np.testing.assert_allclose(train.X.mean(), 0.1306604, rtol=1e-5)
