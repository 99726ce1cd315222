"""Numbers that take minutes: rows of the book's table of results on MNIST.

    python scripts/results.py              every row that isn't done yet
    python scripts/results.py --list       what there is, and how far it is
    python scripts/results.py nielsen-30   this row (its missing seeds)
    python scripts/results.py --again nielsen-30

A row is written to results/<row>.json after each seed, so that a run that is
cut short goes on where it stopped. The file holds the command, the settings,
the versions, and for each seed the accuracy in % on the 10,000 test images
after every epoch and the seconds it took. MNIST comes from NNLIT_DATA or by
download.
"""

# ruff: noqa: E402
from __future__ import annotations

import argparse
import os

for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")  # before NumPy is loaded

import json
import platform
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

import nnlit
from nnlit.checks import as_generator
from nnlit.datasets import mnist, shift_images
from nnlit.initializers import initialize
from nnlit.losses import one_hot
from nnlit.network import predict
from nnlit.optimizers import SGD, Adam, Optimizer, RMSProp, cosine
from nnlit.training import Trainer
from nnlit.types import Array

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "results"
SEEDS = (0, 1, 2, 3, 4)
Run = dict[str, Any]


@dataclass(frozen=True)
class Row:
    """A row of the table: what was printed, by whom, and how it is run."""

    name: str
    source: str
    model: str
    printed: str
    run: Callable[[int], Run]
    seeds: tuple[int, ...] = SEEDS


# --- data ------------------------------------------------------------------


@cache
def mnist_once(part: str) -> tuple[Array, Array]:
    """Images (n, 784) and labels (n,)."""
    loaded = mnist(part)
    return loaded.X, loaded.y


def fifty_thousand() -> tuple[Array, Array, Array, Array]:
    """Nielsen's training images (the other 10,000 validate), and the test's."""
    X, y = mnist_once("train")
    return X[:50_000], y[:50_000], *mnist_once("test")


def percent(right: Array) -> float:
    return round(100 * float(np.mean(right)), 2)


# --- networks ----------------------------------------------------------------


def bell_curve(sizes: tuple[int, ...], rng: np.random.Generator) -> list[tuple[Array, Array]]:
    """Weights and biases from N(0, 1), as in Nielsen's first network."""
    return [
        (rng.normal(size=(d_in, d_out)).astype("f4"), rng.normal(size=d_out).astype("f4"))
        for d_in, d_out in pairwise(sizes)
    ]


def even(sizes: tuple[int, ...], rng: np.random.Generator) -> list[tuple[Array, Array]]:
    """Weights and biases even in ±1/√d_in, PyTorch's default for nn.Linear."""
    return [
        (
            rng.uniform(-1, 1, (d_in, d_out)).astype("f4") / np.float32(np.sqrt(d_in)),
            rng.uniform(-1, 1, d_out).astype("f4") / np.float32(np.sqrt(d_in)),
        )
        for d_in, d_out in pairwise(sizes)
    ]


def glorot(sizes: tuple[int, ...], rng: np.random.Generator) -> list[tuple[Array, Array]]:
    return initialize(sizes, "glorot_uniform", rng, "float32")


def he(sizes: tuple[int, ...], rng: np.random.Generator) -> list[tuple[Array, Array]]:
    return initialize(sizes, "he_uniform", rng, "float32")


def network(
    seed: int,
    sizes: tuple[int, ...],
    start: Callable[..., list[tuple[Array, Array]]],
    epochs: int,
    n_train: int = 60_000,
    batches: Callable[[Array, np.random.Generator], Array] | None = None,
    optimizer: Callable[[], Optimizer] = SGD,
    **settings: Any,
) -> Run:
    """Train, and look at the test images after every epoch (and never act on
    what is seen there). batches: changes the training images of an epoch."""
    (X, y), rng = (part[:n_train] for part in mnist_once("train")), as_generator(seed)
    Y, watched = one_hot(y, 10).astype("f4"), {"epochs": mnist_once("test")}
    if n_train < 60_000:
        X_all, y_all = mnist_once("train")
        watched["validation"] = X_all[n_train:], y_all[n_train:]
    trainer = Trainer(start(sizes, rng), rng=rng, optimizer=optimizer(), **settings)
    run: Run = {name: [] for name in watched} | {"losses": []}
    for _ in range(epochs):
        loss = trainer.epoch(X if batches is None else batches(X, rng), Y)
        run["losses"].append(float(f"{loss:.4g}"))
        for name, (A, labels) in watched.items():
            P = predict(A, trainer.parameters, trainer.activation, trainer.output)
            run[name].append(percent(P.argmax(axis=1) == labels))
    return run | {"accuracy": run["epochs"][-1], "parameters": trainer.parameters}


nielsen = partial(
    network, n_train=50_000, activation="sigmoid", output="sigmoid", batch_size=10, epochs=30
)
quadratic = partial(nielsen, start=bell_curve, loss="squared_error")
entropy = partial(nielsen, loss="binary_cross_entropy")


# --- other ways ----------------------------------------------------------------


def darkness(seed: int) -> Run:
    """The digit whose mean darkness in training is nearest to the image's."""
    X, y, X_test, y_test = fifty_thousand()
    mean = np.array([X[y == digit].mean(dtype=float) for digit in range(10)])
    dark = X_test.mean(axis=1, dtype=float)
    return {"accuracy": percent(np.abs(dark[:, None] - mean).argmin(axis=1) == y_test)}


def svm(seed: int) -> Run:
    """scikit-learn's SVC as its defaults were then (gamma = 1/d)."""
    from sklearn.svm import SVC

    X, y, X_test, y_test = fifty_thousand()
    model = SVC(gamma="auto", cache_size=2000).fit(X, y)
    return {"accuracy": percent(model.predict(X_test) == y_test)}


def moved(X: Array, rng: np.random.Generator) -> Array:
    """Every image moved by up to a pixel each way, anew for every epoch."""
    out = np.empty_like(X)
    which = rng.integers(9, size=len(X))
    for k in range(9):
        rows = np.flatnonzero(which == k)
        out[rows] = shift_images(X[rows], k // 3 - 1, k % 3 - 1, (28, 28))
    return out


BEST_SIZES, BEST_EPOCHS = (784, 512, 512, 10), 40


def best(seed: int) -> Run:
    steps = BEST_EPOCHS * -(-60_000 // 128)
    return network(
        seed, BEST_SIZES, he, BEST_EPOCHS, batches=moved, optimizer=Adam, batch_size=128,
        learning_rate=partial(cosine, learning_rate=1e-3, steps=steps), dropout=0.2,
    )  # fmt: skip


def ensemble(seed: int) -> Run:
    """The mean of the probabilities of the five networks of book-best."""
    X_test, y_test = mnist_once("test")
    P = np.zeros((len(X_test), 10))
    for one in SEEDS:
        with np.load(kept_network("book-best", one)) as kept:
            arrays = [kept[key] for key in kept]
        P += predict(X_test, list(zip(arrays[::2], arrays[1::2], strict=True)))
    return {"accuracy": percent(P.argmax(axis=1) == y_test)}


def hundred(seed: int) -> Run:
    """784-100-10 with what chapters 10 and 11 teach and nothing else."""
    steps = 40 * -(-60_000 // 64)
    return network(
        seed, (784, 100, 10), he, 40, optimizer=Adam, batch_size=64, dropout=0.1,
        learning_rate=partial(cosine, learning_rate=2e-3, steps=steps),
    )  # fmt: skip


NIELSEN, CHOLLET = "Nielsen (2015), ch. {}", "Chollet (2018), 2.1"
ROWS = [
    Row("nielsen-darkness", NIELSEN.format(1), "mean darkness", "22.25", darkness, (0,)),
    Row("nielsen-svm", NIELSEN.format(1), "support vector machine, defaults", "94.35", svm, (0,)),
    Row("nielsen-30", NIELSEN.format(1), "784-30-10, sigmoid, squared error, η = 3",
        "95.42 (best of three)", partial(quadratic, sizes=(784, 30, 10), learning_rate=3.0)),
    Row("nielsen-100", NIELSEN.format(1), "784-100-10, η = 3", "96.59",
        partial(quadratic, sizes=(784, 100, 10), learning_rate=3.0)),
    Row("nielsen-100-slow", NIELSEN.format(1), "784-100-10, η = 0.001", "21.42",
        partial(quadratic, sizes=(784, 100, 10), learning_rate=0.001)),
    Row("nielsen-30-wild", NIELSEN.format(1), "784-30-10, η = 100", "9.82",
        partial(quadratic, sizes=(784, 30, 10), learning_rate=100.0)),
    Row("nielsen-entropy", NIELSEN.format(3), "784-30-10, cross-entropy, η = 0.5", "95.49",
        partial(entropy, sizes=(784, 30, 10), start=bell_curve, learning_rate=0.5)),
    Row("nielsen-entropy-l2", NIELSEN.format(3), "the same with L2, λ = 5", "96.49",
        partial(entropy, sizes=(784, 30, 10), start=bell_curve, learning_rate=0.5, l2=1e-4)),
    Row("nielsen-100-l2", NIELSEN.format(3), "784-100-10, λ = 5, 30 epochs, η = 0.5",
        "97.92 (validation)",
        partial(entropy, sizes=(784, 100, 10), start=bell_curve, learning_rate=0.5, l2=1e-4)),
    Row("nielsen-100-l2-long", NIELSEN.format(3), "784-100-10, λ = 5, 60 epochs, η = 0.1",
        "98.04 (validation)",
        partial(entropy, sizes=(784, 100, 10), start=bell_curve, learning_rate=0.1,
                l2=1e-4, epochs=60)),
    Row("chollet", CHOLLET, "784-512-10, RMSProp, 5 epochs, batch 128", "97.77",
        partial(network, sizes=(784, 512, 10), start=glorot, epochs=5, batch_size=128,
                optimizer=partial(RMSProp, rho=0.9, epsilon=1e-7), learning_rate=0.001)),
    Row("udacity", "Udacity (2018), MNIST MLP", "784-512-512-10, dropout 0.2, 50 epochs, batch 20",
        "98.41",
        partial(network, sizes=(784, 512, 512, 10), start=even, epochs=50, batch_size=20,
                learning_rate=0.01, dropout=0.2)),
    Row("book-100", "this book", "784-100-10, Adam, cosine, dropout 0.1, 40 epochs", "", hundred),
    Row("book-best", "this book",
        "784-512-512-10, Adam, cosine, dropout 0.2, images moved by a pixel, 40 epochs", "", best),
    Row("book-ensemble", "this book", "the five networks of the row above, averaged", "",
        ensemble, (0,)),
]  # fmt: skip


# --- running and keeping ---------------------------------------------------------


def kept_network(name: str, seed: int) -> Path:
    return ROOT / ".cache" / "results" / f"{name}-{seed}.npz"


def read(row: Row) -> dict[str, Any]:
    path = RESULTS / f"{row.name}.json"
    if path.exists():
        return json.loads(path.read_text(encoding="utf-8"))
    return {"runs": {}}


def missing(row: Row) -> Iterator[int]:
    runs = read(row)["runs"]
    return (seed for seed in row.seeds if str(seed) not in runs)


def run(row: Row, seed: int) -> Run:
    """One seed of a row, timed; its network is kept beside for the ensemble."""
    start = time.perf_counter()
    result = row.run(seed)
    seconds = round(time.perf_counter() - start, 1)
    if parameters := result.pop("parameters", None):
        path = kept_network(row.name, seed)
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, *(array for layer in parameters for array in layer))
    return {"accuracy": result.pop("accuracy"), "seconds": seconds} | result


def write(row: Row, seed: int, result: Run) -> None:
    kept = read(row)["runs"] | {str(seed): result}
    text = json.dumps(
        {
            "source": row.source,
            "model": row.model,
            "printed": row.printed,
            "command": f"python scripts/results.py {row.name}",
            "versions": {
                "nnlit": nnlit.__version__,
                "numpy": np.__version__,
                "python": platform.python_version(),
            },
            "runs": dict(sorted(kept.items())),
        },
        indent=1,
        ensure_ascii=False,
    )
    # a list of numbers on one line each: a run is a paragraph, not a page
    text = re.sub(r"\[\s+([^\[\]{}]*?)\s+\]", lambda m: f"[{' '.join(m[1].split())}]", text)
    RESULTS.mkdir(exist_ok=True)
    part = RESULTS / f"{row.name}.json.part"
    part.write_text(text + "\n", encoding="utf-8")
    part.replace(RESULTS / f"{row.name}.json")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rows", nargs="*", metavar="row", help="all rows if none is named")
    parser.add_argument("--list", action="store_true", help="say how far each row is")
    parser.add_argument("--again", action="store_true", help="run seeds that are done already")
    options = parser.parse_args()
    known = {row.name: row for row in ROWS}
    if unknown := set(options.rows) - set(known):
        parser.error(f"unknown {', '.join(unknown)}; known are {', '.join(known)}")
    for row in [known[name] for name in options.rows] or ROWS:
        runs = read(row)["runs"]
        if options.list:
            accuracy = " ".join(f"{one['accuracy']:.2f}" for one in runs.values())
            print(f"{row.name:20} {len(runs)} of {len(row.seeds)}: {accuracy}")
            continue
        for seed in row.seeds if options.again else missing(row):
            result = run(row, seed)
            write(row, seed, result)
            print(f"{row.name} seed {seed}: {result['accuracy']:.2f} %", flush=True)


if __name__ == "__main__":
    main()
