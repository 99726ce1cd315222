"""The real MNIST in nnlit and in PyTorch, from the same weights and batches.

The lab `mnist_nn` shows the same with 100 hidden units; here it is smaller,
and stands without the lab.
"""

from __future__ import annotations

import numpy as np
import pytest
from test_against_torch import their, torch

from nnlit import datasets
from nnlit.initializers import initialize
from nnlit.losses import accuracy, one_hot
from nnlit.network import backward, forward, output_loss, predict
from nnlit.training import minibatches


@pytest.fixture(scope="module")
def train(mnist_folder) -> datasets.Dataset:
    return datasets.mnist("train")


def our_step(parameters, X, Y, learning_rate):
    _, cache = forward(X, parameters)
    loss = output_loss(cache[-1].Z, Y, "softmax", "cross_entropy")
    for (W, b), (dW, db) in zip(parameters, backward(cache, parameters, Y), strict=True):
        W -= learning_rate * dW
        b -= learning_rate * db
    return float(loss)


def their_scores(parameters, X):
    (W, b), (V, c) = parameters
    return torch.relu(torch.from_numpy(X) @ W + b) @ V + c


def their_step(parameters, X, Y, learning_rate):
    loss = torch.nn.functional.cross_entropy(their_scores(parameters, X), torch.from_numpy(Y))
    arrays = [a for layer in parameters for a in layer]
    slopes = torch.autograd.grad(loss, arrays)
    with torch.no_grad():
        for array, slope in zip(arrays, slopes, strict=True):
            array -= learning_rate * slope
    return loss.item()


def start(seed, dtype, hidden=30):
    parameters = initialize([784, hidden, 10], "he_normal", rng=seed, dtype=dtype)
    return parameters, their(parameters)


def test_losses_agree_over_200_steps_in_float64(train) -> None:
    ours, theirs = start(0, "float64")
    X, Y = train.X[:20_000].astype(float), one_hot(train.y[:20_000], 10)
    gaps = [
        abs(our_step(ours, *batch, 0.1) - their_step(theirs, *batch, 0.1))
        for batch in minibatches(X, Y, 100, rng=0)
    ]
    assert len(gaps) == 200
    assert max(gaps) < 1e-10


def test_accuracy_in_float32_differs_less_than_between_seeds(train) -> None:
    test = datasets.mnist("test")
    X, Y = train.X, one_hot(train.y, 10).astype(np.float32)
    shares = []
    for seed in range(5):
        ours, theirs = start(seed, "float32")
        for batch in minibatches(X, Y, 100, rng=seed):
            our_step(ours, *batch, 0.1)
            their_step(theirs, *batch, 0.1)
        with torch.no_grad():
            answers = their_scores(theirs, test.X).numpy()
        assert ours[0][0].dtype == np.float32
        both = (predict(test.X, ours), answers)
        shares.append([accuracy(scores.argmax(axis=1), test.y) for scores in both])
    ours, theirs = np.array(shares).T
    assert ours.min() > 0.9
    assert np.abs(ours - theirs).max() < np.ptp(ours)
    assert abs(ours.mean() - theirs.mean()) < np.std(ours)
