"""Saving and loading: everything comes back, nothing foreign gets in."""

from __future__ import annotations

import json
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from nnlit.datasets import iris, moons
from nnlit.estimator import NotFittedError
from nnlit.mlp import MLPClassifier, MLPRegressor
from nnlit.storage import VERSION, load, save

MOONS, IRIS = moons(n=60, rng=0), iris()


def fitted(kind):
    if kind == "two classes":
        return MLPClassifier((4, 3), "tanh", max_iter=3, rng=1).fit(MOONS.X, MOONS.y)
    if kind == "words":
        names = np.array(IRIS.target_names)[IRIS.y]
        model = MLPClassifier((4,), max_iter=3, early_stopping=True, dropout=(0.1,))
        return model.fit(IRIS.X.astype("f4"), names)
    y = MOONS.X if kind == "two targets" else MOONS.X[:, 0]
    return MLPRegressor((4,), max_iter=3, alpha=np.float64(0.5)).fit(MOONS.X, y)


KINDS = ["two classes", "words", "one target", "two targets"]


@pytest.mark.parametrize("kind", KINDS)
def test_everything_comes_back(kind, tmp_path):
    model = fitted(kind)
    save(model, tmp_path / "model.npz")
    again = load(tmp_path / "model.npz")
    assert type(again) is type(model)
    assert again.get_params() == model.get_params()
    for ours, theirs in zip(
        [*again.coefs_, *again.intercepts_], [*model.coefs_, *model.intercepts_], strict=True
    ):
        assert ours.dtype == theirs.dtype
        assert ours.tolist() == theirs.tolist()
    for name in ("n_iter_", "t_", "loss_", "loss_curve_", "best_loss_", "validation_scores_",
                 "out_activation_", "n_layers_", "n_outputs_", "history_"):  # fmt: skip
        assert getattr(again, name) == getattr(model, name), name
    X = IRIS.X if kind == "words" else MOONS.X
    assert again.predict(X).tolist() == model.predict(X).tolist()
    if kind == "words":
        assert again.classes_.tolist() == list(IRIS.target_names)
    again.partial_fit(X, model.predict(X))


def test_a_generator_comes_back_in_its_state(tmp_path):
    model = MLPClassifier((3,), max_iter=1, rng=np.random.default_rng(5)).fit(MOONS.X, MOONS.y)
    save(model, tmp_path / "m.npz")
    assert load(tmp_path / "m.npz").rng.random() == model.rng.random()


def test_what_a_file_cannot_hold_is_refused_and_no_file_is_left(tmp_path):
    old = np.random.Generator(np.random.MT19937(0))
    for change, message in (
        (
            {"learning_rate": lambda t: 0.1},
            r"^learning_rate is a function, .* set it to one of the names before saving$",
        ),
        (
            {"rng": old},
            r"^rng must be a seed or a generator of numpy\.random\.default_rng, got MT19937$",
        ),
    ):
        model = MLPClassifier((3,), max_iter=1, **change).fit(MOONS.X, MOONS.y)
        with pytest.raises(ValueError, match=message):
            save(model, tmp_path / "m.npz")
    with pytest.raises(NotFittedError):
        save(MLPClassifier(), tmp_path / "m.npz")
    assert list(tmp_path.iterdir()) == []


def test_the_file_is_written_beside_and_moved_into_place(tmp_path, monkeypatch):
    moved = []

    def replace(beside, path):
        moved.append((Path(beside), path))
        rename(beside, path)

    rename = os.replace
    monkeypatch.setattr(os, "replace", replace)
    save(fitted("two classes"), tmp_path / "m.npz")
    [(beside, path)] = moved
    assert (beside.parent, beside.suffix, path) == (tmp_path, ".part", tmp_path / "m.npz")


def test_an_interruption_when_all_is_done_is_still_one(tmp_path, monkeypatch):
    def replace(beside, path):
        rename(beside, path)
        raise KeyboardInterrupt

    rename = os.replace
    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(KeyboardInterrupt):
        save(fitted("two classes"), tmp_path / "m.npz")
    assert load(tmp_path / "m.npz").n_iter_ == 3


def test_objects_are_not_pickled(tmp_path):
    model = fitted("two classes")
    model.classes_ = np.array([{"a": 1}, None])
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        save(model, tmp_path / "m.npz")
    assert list(tmp_path.iterdir()) == []


def test_a_write_that_fails_leaves_the_old_file_whole(tmp_path, monkeypatch):
    path = tmp_path / "m.npz"
    save(fitted("two classes"), path)
    before = path.read_bytes()

    def full(file, **arrays):
        file.write(b"half of it")
        raise OSError("no space left")

    monkeypatch.setattr(np, "savez_compressed", full)
    with pytest.raises(OSError, match="no space"):
        save(fitted("words"), path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_the_file_is_arrays_and_text_and_holds_no_pickle(tmp_path):
    path = tmp_path / "m.npz"
    save(fitted("words"), path)
    with np.load(path, allow_pickle=False) as file:
        kinds = {name: file[name].dtype.kind for name in file.files}
    assert set(kinds.values()) <= set("Uifb")
    assert int(np.load(path)["version"]) == VERSION == 1


def rewritten(path, **changes):
    """The file with some arrays changed, or left out where None."""
    with np.load(path) as file:
        arrays = dict(file) | changes
    np.savez(path, **{k: v for k, v in arrays.items() if v is not None})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": np.array(2)}, "version 2 of the format.*reads up to 1.*later nnlit"),
        ({"format": np.array("other")}, "format is other"),
        ({"format": None}, "format"),
        ({"W2": None}, "holds no network of nnlit, or only part of one"),
        ({"b1": None}, "b1"),
        ({"kind": np.array("Estimator")}, "Estimator"),
        ({"params": np.array("{")}, "or only part of one"),
        ({"params": np.array('{"depth": 3}')}, "no parameter 'depth'"),
        ({"W1": np.full((2, 4), np.nan)}, "W1 must be finite"),
        ({"W1": np.zeros((4, 2))}, "the layers' shapes do not fit$"),
        ({"W1": np.zeros((2, 4), int)}, "or only part of one"),
        ({"b1": np.zeros((4, 1))}, "b1 is float64 of shape"),
        ({"classes": np.arange(3)}, ": classes and outputs do not fit$"),
        ({"classes": None}, "classes"),
        ({"history": np.array(json.dumps({"pace": []}))}, "pace"),
    ],
)
def test_a_file_that_was_changed_is_refused(changes, message, tmp_path):
    path = tmp_path / "m.npz"
    save(fitted("two classes"), path)
    if "W1" in changes and changes["W1"].dtype.kind == "i":
        changes = {"W1": changes["W1"].astype(complex)}
    rewritten(path, **changes)
    with pytest.raises(ValueError, match=message) as caught:
        load(path)
    assert "m.npz" in str(caught.value)


def test_foreign_files_are_refused(tmp_path):
    files = {
        "empty": b"",
        "text": b"weights: 1 2 3",
        "zip": None,
        "npy": None,
        "pickle": pickle.dumps({"W1": [1]}),
    }
    for name, content in files.items():
        path = tmp_path / name
        if name == "zip":
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("readme", "hello")
        elif name == "npy":
            with path.open("wb") as file:
                np.save(file, np.zeros(3))
        else:
            path.write_bytes(content)
        with pytest.raises(ValueError, match="holds no network of nnlit"):
            load(path)
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "nowhere.npz")


def test_a_pickle_inside_is_never_run(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (pytest.fail, ("a pickle was run",))

    path = tmp_path / "m.npz"
    save(fitted("two classes"), path)
    bomb = np.empty(1, object)
    bomb[0] = Bomb()
    rewritten(path, W1=bomb)
    with pytest.raises(ValueError, match="Object arrays cannot be loaded"):
        load(path)


def test_a_truncated_file_is_refused_wherever_it_was_cut(tmp_path):
    path = tmp_path / "m.npz"
    save(fitted("two classes"), path)
    whole = path.read_bytes()
    for end in range(0, len(whole), max(1, len(whole) // 150)):
        path.write_bytes(whole[:end])
        with pytest.raises(ValueError, match="holds no network of nnlit, or only part"):
            load(path)


def test_a_flipped_byte_gives_the_model_or_a_value_error(tmp_path):
    path = tmp_path / "m.npz"
    model = fitted("two classes")
    save(model, path)
    whole, rng, refused = path.read_bytes(), np.random.default_rng(0), 0
    expected = model.predict_proba(MOONS.X).tolist()
    for place in rng.integers(len(whole), size=300):
        broken = bytearray(whole)
        broken[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(broken)
        try:
            again = load(path)
        except ValueError:
            refused += 1
        else:
            assert again.predict_proba(MOONS.X).tolist() == expected
    assert refused > 150
