"""Data to learn from: generated sets, each drawn from a seed, and real ones.

The generated sets are made up for the book, and their descriptions say so.
The small real ones ship with the package (`nnlit/data`, with their sources
and licences in `LICENSES.md`) and need no network, and so do the messages,
which were written for the book. MNIST, Fashion-MNIST and
the SMS spam collection are downloaded when they are first asked for.
"""

from __future__ import annotations

import gzip
import math
import zipfile
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np

from nnlit.checks import (
    as_array,
    as_generator,
    check_choice,
    check_integer,
    check_interval,
    check_length,
    check_nonnegative,
    check_sizes,
)
from nnlit.download import RemoteFile, fetch
from nnlit.idx import read_idx
from nnlit.types import Array, Rng

__all__ = [
    "ADMISSIONS_BIAS",
    "ADMISSIONS_WEIGHTS",
    "Dataset",
    "admissions",
    "breast_cancer",
    "circles",
    "diabetes",
    "digits",
    "fashion_mnist",
    "gate",
    "iris",
    "messages",
    "mnist",
    "moons",
    "shift_images",
    "sms_spam",
    "spirals",
    "xor",
]

ADMISSIONS_WEIGHTS = (2.0, 1.0)
ADMISSIONS_BIAS = -18.0


@dataclass(frozen=True, eq=False)
class Dataset:
    """Examples with their answers.

    X: (n, d) floats, a row per example. y: (n,) class numbers 0 … K−1, or
    real targets for regression. feature_names: d names. target_names: K
    class names, or the one name of a real target.

    >>> data = gate("and")
    >>> len(data), data.X.shape, data.y.tolist()
    (4, (4, 2), [0, 0, 0, 1])
    """

    X: Array
    y: Array
    feature_names: tuple[str, ...]
    target_names: tuple[str, ...]
    description: str

    def __post_init__(self) -> None:
        """Raise unless there is an answer for each example."""
        check_length(self.X, self.y)

    def __len__(self) -> int:
        """Return the number of examples n."""
        return len(self.X)

    def split(
        self, test_fraction: float = 0.25, rng: Rng = 0
    ) -> tuple[Dataset, Dataset]:
        """Deal the examples at random into a training and a test set.

        The test set gets test_fraction · n examples, rounded, each set at
        least one.
        Errors: ValueError unless 0 ≤ test_fraction < 1 leaves both sets
        something.

        >>> train, test = xor(n=100).split(test_fraction=0.25, rng=0)
        >>> len(train), len(test)
        (75, 25)
        """
        check_interval(test_fraction, "test_fraction", 0, 1)
        n_test = round(test_fraction * len(self))
        if not 0 < n_test < len(self):
            raise ValueError(
                f"test_fraction {test_fraction} of {len(self)} examples "
                "leaves one of the two sets empty"
            )
        order = as_generator(rng).permutation(len(self))
        return self._rows(order[n_test:]), self._rows(order[:n_test])

    def _rows(self, rows: Array) -> Dataset:
        return Dataset(
            self.X[rows],
            self.y[rows],
            self.feature_names,
            self.target_names,
            self.description,
        )


def admissions(
    n: int = 100, rng: Rng = 0, flip: float = 0.0, margin: float = 0.0
) -> Dataset:
    """Draw students with a test score and a grade, accepted or not.

    Formula: accepted (y = 1) if 2x₁ + x₂ − 18 ≥ 0, else rejected (y = 0);
    x₁ is the test score, x₂ the grade, both uniform in [0, 10] in steps of
    0.01. The line is ADMISSIONS_WEIGHTS and ADMISSIONS_BIAS.
    n: number of students. margin: no student is nearer to the line than
    this (at most 1). flip: this fraction of the n answers is turned round,
    drawn from the students nearest to the line (at most half of all).
    Shapes: X (n, 2), y (n,).
    Errors: ValueError for n < 1, flip outside [0, ½], margin outside [0, 1].

    >>> data = admissions(n=3, rng=1)
    >>> data.X
    array([[5.12, 9.5 ],
           [1.44, 9.49],
           [3.12, 4.23]])
    >>> data.y
    array([1, 0, 0])
    """
    check_integer(n, "n", 1)
    check_interval(flip, "flip", 0, 0.5, closed=True)
    check_interval(margin, "margin", 0, 1, closed=True)
    rng = as_generator(rng)
    w, b = np.array(ADMISSIONS_WEIGHTS), ADMISSIONS_BIAS
    X = np.empty((0, 2))
    while len(X) < n:
        drawn = rng.uniform(0, 10, (n, 2)).round(2)
        away = np.abs(drawn @ w + b) / math.hypot(*w) >= margin
        X = np.concatenate([X, drawn[away]])[:n]
    scores = X @ w + b
    y = (scores >= 0).astype(int)
    wrong = _nearest_some(np.abs(scores), round(flip * n), rng)
    y[wrong] = 1 - y[wrong]
    about = (
        f"{n} students, generated: accepted if 2 · test score + grade is "
        f"at least 18, {len(wrong)} answers near that line turned round."
    )
    names = ("test score", "grade")
    return Dataset(X, y, names, ("rejected", "accepted"), about)


def _nearest_some(distance: Array, k: int, rng: np.random.Generator) -> Array:
    """Draw k of the 2k examples with the least distance."""
    nearest = np.argsort(distance, kind="stable")[: 2 * k]
    return rng.permutation(nearest)[:k]


def circles(n: int = 200, noise: float = 0.1, rng: Rng = 0) -> Dataset:
    """Draw a ring of radius 1 (class 0) around a ring of radius ½ (class 1).

    Formula: x = r (cos t, sin t) + noise · ε, t uniform in [0, 2π), ε
    standard normal, class 1 for every other point.
    Shapes: X (n, 2), y (n,).
    Errors: ValueError for n < 2 or noise < 0.

    >>> data = circles(n=4, noise=0.0)
    >>> np.hypot(*data.X.T).round(6).tolist(), data.y.tolist()
    ([1.0, 0.5, 1.0, 0.5], [0, 1, 0, 1])
    """
    rng, y = as_generator(rng), _alternating(n)
    t = rng.uniform(0, 2 * np.pi, n)
    r = np.where(y == 1, 0.5, 1.0)
    X = np.column_stack([r * np.cos(t), r * np.sin(t)])
    return _plane(X, y, noise, rng, "A ring inside a ring, one a class")


def moons(n: int = 200, noise: float = 0.1, rng: Rng = 0) -> Dataset:
    """Draw two half circles that reach into each other.

    Formula: class 0 x = (cos t, sin t), class 1 x = (1 − cos t, ½ − sin t),
    both + noise · ε, t uniform in [0, π), ε standard normal, class 1 for
    every other point.
    Shapes: X (n, 2), y (n,).
    Errors: ValueError for n < 2 or noise < 0.

    >>> data = moons(n=4, noise=0.0)
    >>> bool((data.X[data.y == 0, 1] >= 0).all())  # the upper half circle
    True
    """
    rng, y = as_generator(rng), _alternating(n)
    t = rng.uniform(0, np.pi, n)
    X = np.column_stack([np.cos(t), np.sin(t)])
    X[y == 1] = (1.0, 0.5) - X[y == 1]
    return _plane(X, y, noise, rng, "Two half circles, one a class")


def spirals(n: int = 200, noise: float = 0.1, rng: Rng = 0) -> Dataset:
    """Draw two spiral arms, wound one and a half times around each other.

    Formula: x = ±t/π (cos t, sin t) + noise · ε, plus for class 0, minus for
    class 1; t = 3π √u with u uniform in [0, 1), ε standard normal, class 1
    for every other point. The arms reach out to radius 3.
    Shapes: X (n, 2), y (n,).
    Errors: ValueError for n < 2 or noise < 0.

    >>> spirals(n=4, noise=0.0, rng=1).X.shape
    (4, 2)
    """
    rng, y = as_generator(rng), _alternating(n)
    t = 3 * np.pi * np.sqrt(rng.uniform(0, 1, n))
    r = np.where(y == 1, -t, t) / np.pi
    X = np.column_stack([r * np.cos(t), r * np.sin(t)])
    return _plane(X, y, noise, rng, "Two spiral arms, one a class")


def xor(n: int = 200, noise: float = 0.15, rng: Rng = 0) -> Dataset:
    """Draw four clouds around the corners of the truth table of XOR.

    Formula: x = (a, b) + noise · ε, y = a XOR b, with (a, b) the corners
    (0, 0), (0, 1), (1, 0), (1, 1) in turn, ε standard normal.
    Shapes: X (n, 2), y (n,).
    Errors: ValueError for n < 2 or noise < 0.

    >>> xor(n=4, noise=0.0).y
    array([0, 1, 1, 0])
    """
    rng = as_generator(rng)
    corner = np.arange(check_integer(n, "n", 2)) % 4
    X = np.column_stack([corner // 2, corner % 2]).astype(float)
    y = corner // 2 ^ corner % 2
    return _plane(X, y, noise, rng, "Four clouds, opposite ones of a class")


def gate(name: str) -> Dataset:
    """Give the truth table of a logic gate as four examples.

    name: "and", "or" or "xor".
    Shapes: X (4, 2) of 0 and 1, y (4,).
    Errors: ValueError for another name.

    >>> gate("xor").y
    array([0, 1, 1, 0])
    """
    tables = {"and": (0, 0, 0, 1), "or": (0, 1, 1, 1), "xor": (0, 1, 1, 0)}
    check_choice(name, "name", tables)
    return Dataset(
        np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]),
        np.array(tables[name]),
        ("a", "b"),
        ("false", "true"),
        f"The truth table of a {name.upper()} b.",
    )


def _alternating(n: int) -> Array:
    return np.arange(check_integer(n, "n", 2)) % 2


def _plane(
    X: Array, y: Array, noise: float, rng: np.random.Generator, shape: str
) -> Dataset:
    check_nonnegative(noise, "noise")
    return Dataset(
        X + noise * rng.standard_normal(X.shape),
        y,
        ("x₁", "x₂"),
        ("class 0", "class 1"),
        f"{shape}: {len(y)} points, generated, noise {noise}.",
    )


def iris() -> Dataset:
    """Load 150 iris flowers of three species, measured in centimetres.

    Shapes: X (150, 4) in cm, y (150,) of 0, 1 and 2.
    Source: Fisher (1936), doi:10.24432/C56C76; CC BY 4.0.

    >>> data = iris()
    >>> data.X[0], data.target_names[data.y[0]]
    (array([5.1, 3.5, 1.4, 0.2]), 'setosa')
    """
    X, y, feature_names = _shipped("iris")
    return Dataset(
        X,
        y.astype(int),
        feature_names,
        ("setosa", "versicolor", "virginica"),
        "150 iris flowers of three species; Fisher (1936), by way of UCI, "
        "with two values put right after the paper.",
    )


def breast_cancer() -> Dataset:
    """Load 569 lumps in the breast, malignant or benign.

    Thirty features of the cell nuclei in an image: mean, standard error and
    the mean of the three largest values ("worst") of ten measurements.
    Shapes: X (569, 30), y (569,): 0 malignant, 1 benign.
    Source: Wolberg, Mangasarian & Street (1995), doi:10.24432/C5DW2B;
    CC BY 4.0.

    >>> data = breast_cancer()
    >>> data.X.shape, np.bincount(data.y).tolist()
    ((569, 30), [212, 357])
    """
    X, y, feature_names = _shipped("breast_cancer")
    return Dataset(
        X,
        y.astype(int),
        feature_names,
        ("malignant", "benign"),
        "569 breast masses, thirty features of cell nuclei in an image; "
        "Wolberg, Mangasarian and Street (1995), by way of UCI.",
    )


def diabetes() -> Dataset:
    """Load 442 patients with diabetes and how it went on after a year.

    Features in their own units: age in years, sex (1 or 2), body mass index,
    mean blood pressure and six blood values. The target is a measure of how
    far the disease has gone one year later, 25 to 346.
    Shapes: X (442, 10), y (442,) real.
    Source: Efron, Hastie, Johnstone & Tibshirani (2004),
    doi:10.1214/009053604000000067.

    >>> data = diabetes()
    >>> data.X.shape, float(data.y.min()), float(data.y.max())
    ((442, 10), 25.0, 346.0)
    """
    X, y, feature_names = _shipped("diabetes")
    return Dataset(
        X,
        y,
        feature_names,
        ("progression after one year",),
        "442 patients with diabetes, ten values each in raw units; Efron, "
        "Hastie, Johnstone and Tibshirani (2004).",
    )


def digits() -> Dataset:
    """Load 1797 handwritten digits, 8 × 8 pixels from 0 (white) to 16.

    Shapes: X (1797, 64), the rows of an image one after another; y (1797,)
    of 0 … 9.
    Source: Alpaydin & Kaynak (1998), doi:10.24432/C50P49; CC BY 4.0.

    >>> data = digits()
    >>> data.X.shape, int(data.X.max()), data.y[:5].tolist()
    ((1797, 64), 16, [0, 1, 2, 3, 4])
    """
    X, y, feature_names = _shipped("digits")
    return Dataset(
        X,
        y.astype(int),
        feature_names,
        tuple("0123456789"),
        "1797 handwritten digits of 8 × 8 pixels, the test part of the "
        "optical digits; Alpaydin and Kaynak (1998), by way of UCI.",
    )


def messages() -> Dataset:
    """Load 120 short messages, spam or not, written for this book.

    Nobody ever sent them. They are few and come from one hand, so a filter
    that knows them knows little of real ones; see sms_spam for those.
    Shapes: X (120,) of texts, to be counted as words; y (120,)
    0 for a message that was wanted ("ham"), 1 for spam.

    >>> data = messages()
    >>> len(data), int(data.y.sum()), data.X[0]
    (120, 54, 'Are you free for lunch tomorrow?')
    """
    text = resources.files("nnlit").joinpath("data", "messages.txt")
    return _labelled(
        text.read_text(encoding="utf-8"),
        "120 short messages, 54 of them spam, made up for this book.",
    )


def shift_images(
    X: Array, down: int = 0, right: int = 0, shape: tuple[int, int] = (8, 8)
) -> Array:
    """Move every image by whole pixels, as if it had been taken askew.

    Formula: the pixel in row r and column c comes from row r − down and
    column c − right; where the image has no such pixel, 0 comes in.
    Shapes: X (n, height · width), the rows of an image one after another;
    the result the same, in the dtype of X. shape: (height, width).
    Errors: ValueError where X is not such a table, TypeError for a shift
    that is not whole.
    Source: Simard, Steinkraus & Platt (2003), doi:10.1109/ICDAR.2003.1227801.

    >>> shift_images(np.array([[1, 2, 3, 4]]), right=1, shape=(2, 2))
    array([[0, 1, 0, 3]])
    """
    X, sizes = as_array(X, "X"), check_sizes(shape, "shape")
    if len(sizes) != 2:
        raise ValueError(f"shape must be (height, width), got {shape}")
    if X.dtype.kind not in "biuf":
        raise TypeError(f"X must hold real numbers, got {X.dtype}")
    height, width = sizes
    if X.ndim != 2 or X.shape[1] != height * width:
        raise ValueError(
            f"X must have shape (n, {height * width}), got {X.shape}"
        )
    rows = np.arange(height) - check_integer(down, "down", -math.inf)
    columns = np.arange(width) - check_integer(right, "right", -math.inf)
    inside = np.outer(
        (rows >= 0) & (rows < height), (columns >= 0) & (columns < width)
    )
    images = X.reshape(-1, height, width)
    moved = images[:, rows % height][:, :, columns % width]
    return np.where(inside, moved, 0).reshape(X.shape)


def mnist(part: str = "train") -> Dataset:
    """Load handwritten digits of 28 × 28 pixels, downloading them once.

    part: "train", 60,000 images, or "test", 10,000 of other writers.
    Shapes: X (n, 784) float32 from 0 (background) to 1, the rows of an image
    one after another; y (n,) of 0 … 9.
    Errors: ValueError for another part, DownloadError (an OSError) where the
    files are not here and can't be had.
    Source: LeCun, Bottou, Bengio & Haffner (1998), doi:10.1109/5.726791.
    Their licence is unclear, so they are never shipped.

    >>> mnist("tests")
    Traceback (most recent call last):
    ...
    ValueError: part must be one of train, test; got 'tests' (nearest: test)
    """
    X, y = _images("mnist", part)
    return Dataset(
        X,
        y,
        _pixel_names(28),
        tuple("0123456789"),
        f"MNIST, {part}: handwritten digits of 28 × 28 pixels; LeCun, "
        "Bottou, Bengio and Haffner (1998).",
    )


def fashion_mnist(part: str = "train") -> Dataset:
    """Load pictures of clothes in MNIST's form, downloading them once.

    part: "train", 60,000 images, or "test", 10,000.
    Shapes: X (n, 784) float32 from 0 (background) to 1; y (n,) of 0 … 9.
    Errors: as mnist.
    Source: Xiao, Rasul & Vollgraf (2017), arXiv:1708.07747; MIT licence.

    >>> fashion_mnist("tests")
    Traceback (most recent call last):
    ...
    ValueError: part must be one of train, test; got 'tests' (nearest: test)
    """
    X, y = _images("fashion-mnist", part)
    return Dataset(
        X,
        y,
        _pixel_names(28),
        FASHION_NAMES,
        f"Fashion-MNIST, {part}: articles of clothing, 28 × 28 pixels; Xiao, "
        "Rasul and Vollgraf (2017).",
    )


def sms_spam() -> Dataset:
    """Load 5,574 text messages, spam or not, downloading them once.

    Shapes: X (5574,) of texts, to be counted as words; y (5574,)
    0 for a message that was wanted ("ham"), 1 for spam.
    Errors: DownloadError (an OSError) where the file is not here and can't
    be had.
    Source: Almeida & Gómez Hidalgo (2011), doi:10.24432/C5CC84; CC BY 4.0.

    >>> import os
    >>> from unittest import mock
    >>> with mock.patch.dict(os.environ, NNLIT_DATA="/no", NNLIT_OFFLINE="1"):
    ...     sms_spam()  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    nnlit.download.DownloadError: /no/sms-spam/... is missing or not the ...
    """
    with zipfile.ZipFile(
        _download("sms-spam/sms-spam-collection.zip")
    ) as packed:
        text = packed.read("SMSSpamCollection").decode()
    return _labelled(
        text,
        "5,574 text messages in English, 747 of them spam; Almeida and Gómez "
        "Hidalgo (2011), by way of UCI.",
    )


FASHION_NAMES = (
    "T-shirt",
    "trousers",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)


def _labelled(text: str, description: str) -> Dataset:
    """Read messages, one a line after "ham" or "spam" and a tab."""
    rows = [line.split("\t", 1) for line in text.splitlines()]
    return Dataset(
        np.array([message for _, message in rows], dtype=object),
        np.array([label == "spam" for label, _ in rows]).astype(int),
        ("message",),
        ("ham", "spam"),
        description,
    )


def _download(name: str) -> Path:
    """Fetch a file that data/downloads.txt knows by that name."""
    known = resources.files("nnlit").joinpath("data", "downloads.txt")
    rows = map(str.split, known.read_text(encoding="utf-8").splitlines())
    size, sha256, *mirrors = next(r[1:] for r in rows if r[0] == name)
    return fetch(RemoteFile(name, int(size), sha256, tuple(mirrors)))


def _images(name: str, part: str) -> tuple[Array, Array]:
    """Fetch and read the images and the labels of one part."""
    parts = {"train": "train", "test": "t10k"}
    prefix = parts[check_choice(part, "part", parts)]
    images = read_idx(_download(f"{name}/{prefix}-images-idx3-ubyte.gz"))
    labels = read_idx(_download(f"{name}/{prefix}-labels-idx1-ubyte.gz"))
    X = images.reshape(len(images), -1) / np.float32(255)
    return X, labels.astype(int)


def _pixel_names(size: int) -> tuple[str, ...]:
    return tuple(f"pixel_{r}_{c}" for r in range(size) for c in range(size))


def _shipped(name: str) -> tuple[Array, Array, tuple[str, ...]]:
    """Read a table of nnlit/data: X, the last column, and X's names."""
    packed = resources.files("nnlit").joinpath("data", f"{name}.csv.gz")
    names, *rows = gzip.decompress(packed.read_bytes()).decode().splitlines()
    table = np.loadtxt(rows, delimiter=",")
    return table[:, :-1].copy(), table[:, -1], tuple(names.split(",")[:-1])
