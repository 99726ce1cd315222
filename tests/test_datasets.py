"""Data: the generated sets' geometry and seeds, the shipped sets' values."""

from __future__ import annotations

import dataclasses
import gzip
import io
import re
import struct
import zipfile
from importlib import resources

import numpy as np
import pytest
from sklearn import datasets as reference

from nnlit import datasets
from nnlit.datasets import (
    ADMISSIONS_BIAS,
    ADMISSIONS_WEIGHTS,
    admissions,
    circles,
    gate,
    moons,
    shift_images,
    spirals,
    xor,
)
from nnlit.download import DownloadError
from nnlit.perceptron import train

GENERATED = [admissions, circles, moons, spirals, xor]
NOISY = [circles, moons, spirals, xor]
SHIPPED = {
    "iris": reference.load_iris,
    "breast_cancer": reference.load_breast_cancer,
    "diabetes": lambda: reference.load_diabetes(scaled=False),
    "digits": reference.load_digits,
}


def name(value):
    return getattr(value, "__name__", None)


def scores(X):
    return X @ np.array(ADMISSIONS_WEIGHTS) + ADMISSIONS_BIAS


# --- what all generated sets promise ---------------------------------------


@pytest.mark.parametrize("make", GENERATED, ids=name)
@pytest.mark.parametrize("n", [2, 7, 200])
def test_generated_sets_have_n_points_of_two_features_and_classes(make, n):
    data = make(n=n)
    assert len(data) == n
    assert data.X.shape == (n, 2)
    assert data.X.dtype == np.float64
    assert data.y.shape == (n,)
    assert data.y.dtype.kind == "i"
    assert set(data.y.tolist()) <= {0, 1}
    assert len(data.feature_names) == len(data.target_names) == 2


@pytest.mark.parametrize("make", GENERATED, ids=name)
def test_generated_sets_say_that_they_are_generated(make):
    assert "generated" in make().description


def test_every_set_says_what_it_is_how_large_and_whose():
    about = {
        admissions(40, flip=0.1): "40 students, generated: accepted if 2 · test score + grade "
        "is at least 18, 4 answers near that line turned round.",
        circles(8): "A ring inside a ring, one a class: 8 points, generated, noise 0.1.",
        moons(8): "Two half circles, one a class: 8 points, generated, noise 0.1.",
        spirals(8): "Two spiral arms, one a class: 8 points, generated, noise 0.1.",
        xor(8): "Four clouds, opposite ones of a class: 8 points, generated, noise 0.15.",
        gate("or"): "The truth table of a OR b.",
        datasets.iris(): "150 iris flowers of three species; Fisher (1936), by way of UCI, "
        "with two values put right after the paper.",
        datasets.breast_cancer(): "569 breast masses, thirty features of cell nuclei in an "
        "image; Wolberg, Mangasarian and Street (1995), by way of UCI.",
        datasets.diabetes(): "442 patients with diabetes, ten values each in raw units; Efron, "
        "Hastie, Johnstone and Tibshirani (2004).",
        datasets.digits(): "1797 handwritten digits of 8 × 8 pixels, the test part of the "
        "optical digits; Alpaydin and Kaynak (1998), by way of UCI.",
        datasets.messages(): "120 short messages, 54 of them spam, made up for this book.",
    }
    for data, description in about.items():
        assert data.description == description


def test_features_and_classes_have_their_names():
    for make in NOISY:
        assert make().feature_names == ("x₁", "x₂")
        assert make().target_names == ("class 0", "class 1")
    assert gate("or").feature_names == ("a", "b")
    assert gate("or").target_names == ("false", "true")
    assert datasets.diabetes().target_names == ("progression after one year",)


def test_sizes_and_noise_are_those_of_the_page_unless_told_otherwise():
    same = np.testing.assert_array_equal
    for make, noise in {circles: 0.1, moons: 0.1, spirals: 0.1, xor: 0.15}.items():
        same(make().X, make(200, noise, rng=0).X)
    plain, told = admissions(), admissions(100, 0, flip=0.0, margin=0.0)
    same(plain.X, told.X)
    same(plain.y, told.y)
    assert [len(part) for part in told.split()] == [75, 25]
    X = np.arange(128.0).reshape(2, 64)
    same(shift_images(X), X)
    same(shift_images(X, 1), shift_images(X, 1, 0, (8, 8)))


@pytest.mark.parametrize("make", GENERATED, ids=name)
def test_a_seed_decides_the_set_and_no_global_state_is_touched(make):
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    one, two, other = make(rng=5), make(rng=5), make(rng=6)
    from_generator = make(rng=np.random.default_rng(5))
    assert one.X.tolist() == two.X.tolist() == from_generator.X.tolist()
    assert one.X.tolist() != other.X.tolist()
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002


@pytest.mark.parametrize("make", NOISY, ids=name)
def test_curved_classes_are_of_one_size(make):
    assert np.bincount(make(n=100).y).tolist() == [50, 50]


@pytest.mark.parametrize("make", NOISY, ids=name)
def test_noise_is_its_standard_deviation(make):
    still, noisy = make(n=4000, noise=0.0), make(n=4000, noise=0.2)
    offset = noisy.X - still.X
    assert offset.std() == pytest.approx(0.2, rel=0.05)
    assert offset.mean() == pytest.approx(0, abs=0.01)


def test_noise_is_added_as_it_is_drawn():
    rng = np.random.default_rng(0)
    rng.uniform(0, np.pi, 4)
    offset = moons(n=4, noise=0.2).X - moons(n=4, noise=0.0).X
    np.testing.assert_allclose(offset, 0.2 * rng.standard_normal((4, 2)), atol=1e-15)


@pytest.mark.parametrize("make", NOISY, ids=name)
def test_no_line_separates_the_curved_sets(make):
    data = make(n=60, noise=0.0)
    assert min(train(data.X, data.y, epochs=50)[2]) > 0


@pytest.mark.parametrize("make", NOISY, ids=name)
@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"n": 1}, ValueError, "n must be >= 2"),
        ({"n": 10.0}, TypeError, "n must be an integer"),
        ({"noise": -0.1}, ValueError, "noise must be >= 0"),
        ({"noise": np.nan}, ValueError, "noise must be finite"),
        ({"rng": None}, TypeError, "rng must be an integer"),
    ],
)
def test_curved_sets_refuse_bad_input(make, change, error, message):
    with pytest.raises(error, match=message):
        make(**change)


# --- each one's geometry ---------------------------------------------------


def test_circles_have_radius_1_and_one_half():
    data = circles(n=100, noise=0.0)
    r = np.hypot(*data.X.T)
    np.testing.assert_allclose(r[data.y == 0], 1)
    np.testing.assert_allclose(r[data.y == 1], 0.5)


def test_circles_are_whole_and_even():
    data = circles(n=8000, noise=0.0)
    for k in (0, 1):
        assert np.abs(data.X[data.y == k].mean(axis=0)).max() < 0.05


def test_moons_are_an_upper_and_a_lower_half_circle():
    data = moons(n=100, noise=0.0)
    upper, lower = data.X[data.y == 0], data.X[data.y == 1] - (1, 0.5)
    np.testing.assert_allclose(np.hypot(*upper.T), 1)
    np.testing.assert_allclose(np.hypot(*lower.T), 1)
    assert np.all(upper[:, 1] >= 0)
    assert np.all(lower[:, 1] <= 0)


def test_spiral_arms_are_each_others_image_turned_half_round():
    data = spirals(n=400, noise=0.0)
    r, angle = np.hypot(*data.X.T), np.arctan2(data.X[:, 1], data.X[:, 0])
    turned = angle + np.pi * data.y
    apart = np.angle(np.exp(1j * (turned - r * np.pi)))
    np.testing.assert_allclose(apart, 0, atol=1e-9)
    assert 2.9 < r.max() < 3


def test_xor_clouds_stand_on_the_corners_of_the_truth_table():
    data = xor(n=8, noise=0.0)
    table = gate("xor")
    np.testing.assert_array_equal(data.X, np.tile(table.X, (2, 1)))
    np.testing.assert_array_equal(data.y, np.tile(table.y, 2))


@pytest.mark.parametrize(
    ("gate_name", "outputs"),
    [("and", [0, 0, 0, 1]), ("or", [0, 1, 1, 1]), ("xor", [0, 1, 1, 0])],
)
def test_gates_are_their_truth_tables(gate_name, outputs):
    data = gate(gate_name)
    assert data.X.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert data.y.tolist() == outputs
    assert gate_name.upper() in data.description


def test_an_unknown_gate_is_an_error_with_the_nearest_name():
    with pytest.raises(ValueError, match=r"one of and, or, xor.*nearest: xor"):
        gate("xnor")


# --- admissions ------------------------------------------------------------


def test_admissions_accept_on_the_line_and_above():
    data = admissions(n=20_000)
    hundredths = np.rint(100 * data.X).astype(int) @ [2, 1] - 1800
    assert np.sum(hundredths == 0) > 5  # students exactly on the line
    np.testing.assert_array_equal(data.y, hundredths >= 0)
    assert 0.3 < data.y.mean() < 0.4  # 35 % of the square
    assert data.X.min() >= 0
    assert data.X.max() <= 10
    np.testing.assert_array_equal(data.X, data.X.round(2))
    assert data.feature_names == ("test score", "grade")
    assert data.target_names == ("rejected", "accepted")


@pytest.mark.parametrize("margin", [0.3, 1.0])
def test_admissions_keep_the_margin_clear(margin):
    data = admissions(n=500, rng=2, margin=margin)
    distance = np.abs(scores(data.X)) / np.sqrt(5)
    assert margin <= distance.min() < margin + 0.1
    assert len(data) == 500


@pytest.mark.parametrize("flip", [0.05, 0.1, 0.5])
def test_admissions_flip_the_given_share_near_the_line(flip):
    data = admissions(n=200, rng=1, flip=flip)
    turned = data.y != (scores(data.X) >= 0)
    assert turned.sum() == 200 * flip
    by_distance = np.argsort(np.abs(scores(data.X)))
    assert set(np.flatnonzero(turned)) <= set(by_distance[: int(400 * flip)])
    assert f"{int(200 * flip)} answers" in data.description


def test_of_students_as_near_the_first_are_nearest():
    distance = np.tile([1.0, 0.0, 2.0], 400)
    drawn = datasets._nearest_some(distance, 10, np.random.default_rng(0))
    assert set(drawn) <= set(range(1, 60, 3))


def test_admissions_with_and_without_flips_are_the_same_students():
    plain, flipped = admissions(rng=3), admissions(rng=3, flip=0.1)
    np.testing.assert_array_equal(plain.X, flipped.X)


def test_flipped_admissions_have_no_separating_line():
    data = admissions(n=80, rng=1, flip=0.1)
    assert min(train(data.X, data.y, epochs=200)[2]) > 0


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"n": 0}, ValueError, "n must be >= 1"),
        ({"flip": 0.51}, ValueError, r"flip must be in \[0, 0.5\]"),
        ({"flip": -0.1}, ValueError, r"flip must be in \[0, 0.5\]"),
        ({"flip": "few"}, TypeError, "flip must be a number"),
        ({"margin": 1.1}, ValueError, r"margin must be in \[0, 1\]"),
        ({"margin": np.nan}, ValueError, "margin must be finite"),
        ({"rng": -1}, ValueError, "rng must be >= 0"),
    ],
)
def test_admissions_refuse_bad_input(change, error, message):
    with pytest.raises(error, match=message):
        admissions(**change)


# --- Dataset ---------------------------------------------------------------


def test_split_deals_every_example_once_with_its_answer():
    data = datasets.iris()
    training, test = data.split(test_fraction=0.2, rng=3)
    assert (len(training), len(test)) == (120, 30)
    rows = np.column_stack(
        [
            np.concatenate([training.X, test.X]),
            np.concatenate([training.y, test.y]),
        ]
    )
    whole = np.column_stack([data.X, data.y])
    assert sorted(rows.tolist()) == sorted(whole.tolist())
    assert training.feature_names == test.feature_names == data.feature_names
    assert training.target_names == data.target_names
    assert training.description == data.description


def test_split_comes_from_its_seed():
    data = circles()
    one, two = data.split(rng=1)[1], data.split(rng=1)[1]
    assert one.X.tolist() == two.X.tolist()
    assert one.X.tolist() != data.split(rng=2)[1].X.tolist()
    assert len(one) == 50
    other = data.split(rng=np.random.default_rng(1))[1]
    assert other.X.tolist() == one.X.tolist()


@pytest.mark.parametrize(
    ("fraction", "message"),
    [
        (1.0, r"must be in \[0, 1\)"),
        (-0.5, r"must be in \[0, 1\)"),
        (0.0, "leaves one of the two sets empty"),
        (0.1, "leaves one of the two sets empty"),
        (0.9, "^test_fraction 0.9 of 4 examples leaves one of the two sets empty$"),
    ],
)
def test_split_leaves_neither_set_empty(fraction, message):
    with pytest.raises(ValueError, match=message):
        gate("or").split(fraction)


def test_a_dataset_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        gate("or").X = np.zeros((1, 2))


# --- shipped ---------------------------------------------------------------


@pytest.mark.parametrize("set_name", SHIPPED)
def test_shipped_sets_equal_scikit_learns_copy(set_name):
    ours, theirs = getattr(datasets, set_name)(), SHIPPED[set_name]()
    np.testing.assert_array_equal(ours.X, theirs.data)
    np.testing.assert_array_equal(ours.y, theirs.target)
    assert ours.X.dtype == np.float64
    assert ours.feature_names == tuple(theirs.feature_names)
    assert len(ours.feature_names) == ours.X.shape[1]
    if set_name != "diabetes":
        assert ours.y.dtype.kind == "i"
        names = tuple(map(str, theirs.target_names))
        assert ours.target_names == names


@pytest.mark.parametrize("set_name", SHIPPED)
def test_loading_twice_gives_arrays_of_their_own(set_name):
    load = getattr(datasets, set_name)
    first = load()
    first.X[:] = -1
    first.y[:] = -1
    assert load().X.max() > 0
    assert load().y.max() > 0
    assert load().X.flags.owndata


def test_digits_reshape_to_images():
    data = datasets.digits()
    images = data.X.reshape(-1, 8, 8)
    np.testing.assert_array_equal(images, reference.load_digits().images)
    assert set(np.unique(data.X)) == set(range(17))


def test_diabetes_is_in_raw_units():
    data = datasets.diabetes()
    age = data.X[:, data.feature_names.index("age")]
    assert (age.min(), age.max()) == (19, 79)
    assert (data.y.min(), data.y.max()) == (25, 346)


def test_the_messages_are_the_books_own_and_name_nobody():
    data = datasets.messages()
    assert len(data) == len(set(data.X)) == 120
    assert np.bincount(data.y).tolist() == [66, 54]
    assert data.X.dtype == object
    assert data.y.dtype.kind == "i"
    assert (data.feature_names, data.target_names) == (("message",), ("ham", "spam"))
    assert "made up" in data.description
    for message in data.X:
        assert 15 < len(message) < 90
        assert message == message.strip()
        assert message.isascii()
        # No address, and no number long enough to ring anybody.
        assert not re.search(r"@|://|www|\.\w|\d{6}", message)
    train, test = data.split(0.25)
    assert (len(train), len(test)) == (90, 30)
    assert not set(train.X) & set(test.X)


# --- images moved ----------------------------------------------------------


@pytest.mark.parametrize(
    ("down", "right", "expected"),
    [
        (0, 0, [[1, 2, 3], [4, 5, 6]]),
        (1, 0, [[0, 0, 0], [1, 2, 3]]),
        (-1, 0, [[4, 5, 6], [0, 0, 0]]),
        (0, 1, [[0, 1, 2], [0, 4, 5]]),
        (0, -2, [[3, 0, 0], [6, 0, 0]]),
        (1, -1, [[0, 0, 0], [2, 3, 0]]),
        (2, 0, [[0, 0, 0], [0, 0, 0]]),
        (0, -9, [[0, 0, 0], [0, 0, 0]]),
    ],
)
def test_images_move_by_whole_pixels_and_nothing_wraps_around(down, right, expected):
    X = np.array([[1, 2, 3, 4, 5, 6], [0, 0, 0, 0, 0, 7]])
    kept = X.copy()
    moved = shift_images(X, down, right, shape=(2, 3))
    np.testing.assert_array_equal(moved[0].reshape(2, 3), expected)
    np.testing.assert_array_equal(X, kept)


def test_moving_digits_there_and_back_keeps_what_stayed_inside():
    X = datasets.digits().X
    back = shift_images(shift_images(X, down=1), down=-1)
    np.testing.assert_array_equal(back[:, :56], X[:, :56])
    assert not back[:, 56:].any()


@pytest.mark.parametrize("dtype", ["u1", "f4", "f8"])
def test_moved_images_keep_their_dtype(dtype):
    assert shift_images(np.ones((2, 64), dtype), 1, 1).dtype == dtype


@pytest.mark.parametrize("shape", [(64,), (2, 63), (2, 8, 8)])
def test_what_is_no_table_of_images_is_refused(shape):
    with pytest.raises(ValueError, match=r"X must have shape \(n, 64\), got"):
        shift_images(np.zeros(shape), 1, 0)


def test_half_a_pixel_is_refused():
    with pytest.raises(TypeError, match="float"):
        shift_images(np.zeros((1, 64)), 0.5)


# --- what is downloaded ------------------------------------------------------


@pytest.fixture
def offline(tmp_path, monkeypatch):
    """A data folder of the test's own, and files put there counted as right."""
    monkeypatch.setenv("NNLIT_DATA", str(tmp_path))
    monkeypatch.setenv("NNLIT_OFFLINE", "1")
    monkeypatch.setattr("nnlit.download._is_right", lambda path, file: path.exists())
    return tmp_path


def idx(array):
    head = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    return gzip.compress(head + array.astype(np.uint8).tobytes(), mtime=0)


def put(path, content):
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("loader", "folder"),
    [(datasets.mnist, "mnist"), (datasets.fashion_mnist, "fashion-mnist")],
)
@pytest.mark.parametrize(("part", "prefix"), [("train", "train"), ("test", "t10k")])
def test_images_come_as_rows_from_0_to_1_with_their_labels(offline, loader, folder, part, prefix):
    images = np.arange(3 * 784).reshape(3, 28, 28) % 256
    put(offline / folder / f"{prefix}-images-idx3-ubyte.gz", idx(images))
    put(offline / folder / f"{prefix}-labels-idx1-ubyte.gz", idx(np.array([7, 0, 9])))
    data = loader(part)
    assert data.X.dtype == np.float32
    assert data.y.tolist() == [7, 0, 9]
    assert data.y.dtype.kind == "i"
    np.testing.assert_allclose(data.X, images.reshape(3, 784) / 255, rtol=1e-7)
    assert len(data.feature_names) == 784
    assert data.feature_names[28] == "pixel_1_0"
    assert len(data.target_names) == 10
    assert data.feature_names[-1] == "pixel_27_27"
    named = {"mnist": ("0", "9"), "fashion-mnist": ("T-shirt", "ankle boot")}
    assert data.target_names[:: len(data.target_names) - 1] == named[folder]
    said = {
        "mnist": f"MNIST, {part}: handwritten digits of 28 × 28 pixels; LeCun, Bottou, Bengio "
        "and Haffner (1998).",
        "fashion-mnist": f"Fashion-MNIST, {part}: articles of clothing, 28 × 28 pixels; Xiao, "
        "Rasul and Vollgraf (2017).",
    }
    assert data.description == said[folder]
    if part == "train":
        assert loader().description == data.description


def test_text_messages_come_as_they_are_with_their_labels(offline):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("SMSSpamCollection", "ham\tSee you é\tat 5\nspam\t WIN £100\n")
    put(offline / "sms-spam" / "sms-spam-collection.zip", packed.getvalue())
    data = datasets.sms_spam()
    assert data.X.tolist() == ["See you é\tat 5", " WIN £100"]
    assert data.y.tolist() == [0, 1]
    assert data.target_names == ("ham", "spam")
    assert [len(part) for part in data.split(0.5)] == [1, 1]
    assert data.description == (
        "5,574 text messages in English, 747 of them spam; Almeida and Gómez Hidalgo (2011), "
        "by way of UCI."
    )


@pytest.mark.parametrize("loader", [datasets.mnist, datasets.fashion_mnist, datasets.sms_spam])
def test_offline_without_the_files_is_an_error_that_says_where_to_get_them(offline, loader):
    with pytest.raises(DownloadError, match=r"offline mode forbids.*https://.* or https://"):
        loader()
    assert not list(offline.iterdir())


def test_a_download_is_asked_for_with_its_size_and_its_sum(monkeypatch):
    asked = []
    monkeypatch.setattr(datasets, "fetch", asked.append)
    name = "sms-spam/sms-spam-collection.zip"
    datasets._download(name)
    text = resources.files("nnlit").joinpath("data/downloads.txt").read_text("utf-8")
    [(_, size, sha256, *mirrors)] = [r for r in map(str.split, text.splitlines()) if r[0] == name]
    [file] = asked
    assert (file.name, file.size, file.sha256) == (name, int(size), sha256)
    assert file.mirrors == tuple(mirrors)


def test_what_is_known_of_every_download_is_whole():
    """Sizes and sums are the data sets' own; see also tests/test_mnist.py."""
    text = resources.files("nnlit").joinpath("data/downloads.txt").read_text("utf-8")
    rows = [line.split() for line in text.splitlines()[1:]]
    assert len({row[0] for row in rows}) == len({row[2] for row in rows}) == 9
    for name, size, sha256, *mirrors in rows:
        assert int(size) > 4000
        assert re.fullmatch("[0-9a-f]{64}", sha256)
        assert len(set(mirrors)) == 2
        assert all(mirror.startswith("https://") for mirror in mirrors)
        assert all(mirror.endswith(name.split(".", 1)[1]) for mirror in mirrors)
