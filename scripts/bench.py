"""How fast is the readable estimator? Side by side with a plain NumPy loop.

    python scripts/bench.py [--rounds 5] [--only W1]

An epoch over MNIST's 60,000 training images (downloaded if they are not in
NNLIT_DATA), float32, plain SGD, softmax cross-entropy, a fresh shuffle, one
BLAS thread. Four ways in turn:

matrices   only the matrix products of the epoch, into buffers: the limit
plain      the loop one writes by hand for exactly this network, no checks,
           no loss kept
careful    that loop with what no training should be without: a sigmoid that
           can't overflow, the epoch's loss, a look whether all is finite
nnlit      MLPClassifier.partial_fit: an epoch as its history has timed it, the
           loss, the check for divergence and the schedule included. What
           comes in is checked once a fit, not once an epoch, and not counted

What is printed is the median time of matrices, and the medians of the others'
times divided by that of matrices in the same round; below, the accuracy of
both on the test images after all rounds.
"""

# ruff: noqa: E402
from __future__ import annotations

import argparse
import os

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")  # before NumPy is loaded

import time
from collections.abc import Callable
from itertools import pairwise

import numpy as np

from nnlit.datasets import mnist
from nnlit.initializers import initialize
from nnlit.mlp import MLPClassifier
from nnlit.types import Array

WORKLOADS = {
    "W1": ((30,), "sigmoid", 10, 0.5),
    "W2": ((128,), "relu", 64, 0.1),
    "W3": ((512, 256), "relu", 128, 0.1),
}


def matrices_epoch(sizes: list[int], n: int, batch_size: int) -> Callable[[], None]:
    """Only the matrix products of an epoch, into buffers."""
    rng, float32 = np.random.default_rng(0), np.float32
    weights = [rng.random(shape, float32) for shape in pairwise(sizes)]
    outputs = [rng.random((batch_size, size), float32) for size in sizes]
    scores = [np.empty_like(A) for A in outputs]
    slopes = [np.empty_like(W) for W in weights]

    def epoch() -> None:
        for _ in range(n // batch_size):
            for l, W in enumerate(weights):
                np.matmul(outputs[l], W, out=scores[l + 1])
            for l in reversed(range(len(weights))):
                np.matmul(outputs[l].T, outputs[l + 1], out=slopes[l])
                if l > 0:
                    np.matmul(outputs[l + 1], weights[l].T, out=scores[l])

    return epoch


def plain_epoch(
    X: Array, Y: Array, parameters: list[tuple[Array, Array]], activation: str,
    batch_size: int, learning_rate: float, careful: bool = False,
) -> Callable[[], None]:  # fmt: skip
    """The loop by hand: rows taken by a shuffled order, softmax and loss in
    one slope, weights changed in place; nothing that the step doesn't need."""
    rng = np.random.default_rng(0)
    last = len(parameters) - 1
    losses: list[float] = []

    def epoch() -> None:
        order = rng.permutation(len(X))
        scores = []
        for start in range(0, len(X), batch_size):
            rows = order[start : start + batch_size]
            A = [X.take(rows, axis=0)]
            for l, (W, b) in enumerate(parameters):
                Z = A[-1] @ W + b
                if l == last:
                    e = np.exp(Z - Z.max(axis=1, keepdims=True))
                    A.append(e / e.sum(axis=1, keepdims=True))
                    if careful:
                        scores.append(Z)
                elif activation == "sigmoid" and careful:
                    A.append(np.exp(np.minimum(Z, 0)) / (1 + np.exp(-np.abs(Z))))
                elif activation == "sigmoid":
                    A.append(1 / (1 + np.exp(-Z)))
                else:
                    A.append(np.maximum(0, Z))
            delta = (A[-1] - Y.take(rows, axis=0)) / len(rows)
            for l in reversed(range(len(parameters))):
                W, b = parameters[l]
                dW, db = A[l].T @ delta, delta.sum(axis=0)
                if l > 0:
                    slope = A[l] * (1 - A[l]) if activation == "sigmoid" else A[l] > 0
                    delta = (delta @ W.T) * slope
                W -= learning_rate * dW
                b -= learning_rate * db
        if careful:
            Z = np.concatenate(scores)
            Z -= Z.max(axis=1, keepdims=True)
            Z -= np.log(np.exp(Z).sum(axis=1, keepdims=True))
            losses.append(-float(np.sum(Y.take(order, axis=0) * Z)) / len(X))
            assert np.isfinite(losses[-1])
            assert all(np.isfinite(array).all() for layer in parameters for array in layer)

    return epoch


def plain_accuracy(
    X: Array, y: Array, parameters: list[tuple[Array, Array]], activation: str
) -> float:
    A = X
    for W, b in parameters[:-1]:
        Z = A @ W + b
        A = 1 / (1 + np.exp(-Z)) if activation == "sigmoid" else np.maximum(0, Z)
    W, b = parameters[-1]
    return float(((A @ W + b).argmax(axis=1) == y).mean())


def timed(epoch: Callable[[], object]) -> float:
    start = time.perf_counter()
    epoch()
    return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", choices=WORKLOADS, action="append")
    options = parser.parse_args()
    train, test = mnist("train"), mnist("test")
    (X, y), (X_test, y_test) = (train.X, train.y), (test.X, test.y)
    Y = np.eye(10, dtype=np.float32)[y]
    print(
        f"{'':4}{'matrices':>10}{'plain':>8}{'careful':>9}{'nnlit':>8}"
        f"{'nnlit/plain':>13}{'nnlit/careful':>15}   accuracy"
    )
    for name in options.only or WORKLOADS:
        hidden, activation, batch_size, learning_rate = WORKLOADS[name]
        sizes = [784, *hidden, 10]
        parameters = initialize(sizes, "glorot_uniform", 0, "float32")
        others = initialize(sizes, "glorot_uniform", 0, "float32")
        model = MLPClassifier(
            hidden, activation, solver="sgd", momentum=0.0, alpha=0.0, batch_size=batch_size,
            learning_rate_init=learning_rate, initializer="glorot_uniform", rng=0,
        )  # fmt: skip

        def nnlit_epoch(model: MLPClassifier = model) -> float:
            return model.partial_fit(X, y).history_.seconds[-1]

        loop = (activation, batch_size, learning_rate)
        ways = {
            "matrices": matrices_epoch(sizes, len(X), batch_size),
            "plain": plain_epoch(X, Y, parameters, *loop),
            "careful": plain_epoch(X, Y, others, *loop, careful=True),
            "nnlit": nnlit_epoch,
        }
        times = {way: [] for way in ways}
        for _ in range(options.rounds):
            for way, epoch in ways.items():
                times[way].append(epoch() if way == "nnlit" else timed(epoch))
        seconds = {way: np.array(values) for way, values in times.items()}
        plain, careful, ours = (
            np.median(seconds[way] / seconds["matrices"]) for way in ("plain", "careful", "nnlit")
        )
        against, fairly = (
            np.median(seconds["nnlit"] / seconds[way]) for way in ("plain", "careful")
        )
        right = plain_accuracy(X_test, y_test, parameters, activation)
        print(
            f"{name:4}{np.median(seconds['matrices']):9.3f}s{plain:8.2f}{careful:9.2f}"
            f"{ours:8.2f}{against:13.3f}{fairly:15.3f}"
            f"   {right:.4f} {model.score(X_test, y_test):.4f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
