"""Saving a fitted network to a file, and loading it again.

The file is NumPy's `.npz`, arrays and text only: nothing in it is ever
executed, as a pickle would be.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from nnlit.checks import check_finite, check_path, class_codes
from nnlit.mlp import MLPClassifier, MLPRegressor
from nnlit.training import History, Trainer
from nnlit.types import Array

__all__ = ["VERSION", "load", "save"]

VERSION = 1


def save(
    model: MLPClassifier | MLPRegressor, path: str | os.PathLike[str]
) -> None:
    """Write a fitted model to a file of arrays and text (.npz, no pickle).

    The file is written beside and moved into place, so that it is whole or
    not there. Kept are parameters, weights, classes and history; not kept is
    what an optimiser remembers. Lists among the parameters become tuples.
    Shapes: W1, b1 … as coefs_ and intercepts_ have them.
    Errors: NotFittedError before fit, ValueError where a parameter is a
    function or a Generator other than NumPy's default.

    >>> import tempfile, pathlib
    >>> model = MLPClassifier((3,), max_iter=1).fit([[0.0], [1.0]], [0, 1])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "model.npz"
    ...     save(model, path)
    ...     load(path).predict_proba([[0.5]]) == model.predict_proba([[0.5]])
    array([[ True,  True]])
    """
    if not isinstance(model, MLPClassifier | MLPRegressor):
        raise TypeError(
            "model must be an MLPClassifier or MLPRegressor, "
            f"got {type(model).__name__}"
        )
    model._check_fitted()
    arrays, path = _arrays(model), Path(check_path(path))
    handle, beside = tempfile.mkstemp(dir=path.parent, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez_compressed(file, allow_pickle=False, **arrays)
        os.replace(beside, path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def load(path: str | os.PathLike[str]) -> MLPClassifier | MLPRegressor:
    """Read a model that `save` wrote.

    Shapes: as save found them.
    Errors: FileNotFoundError; ValueError for a file that is truncated,
    changed, from something else, or from a later version of nnlit. Nothing
    in the file is ever executed.

    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "model.npz"
    ...     _ = path.write_text("not a model")
    ...     load(path)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ValueError: ...model.npz holds no network of nnlit, or only part of one...
    """
    check_path(path)
    try:
        with open(path, "rb") as opened, np.load(opened) as file:
            arrays = {name: file[name] for name in file.files}
        if str(arrays["format"]) != "nnlit network":
            raise ValueError(f"format is {arrays['format']}")
        version = int(arrays["version"])
        if version <= VERSION:
            return _rebuilt(arrays)
    except FileNotFoundError:
        raise
    except Exception as error:
        raise ValueError(
            f"{path} holds no network of nnlit, or only part of one: {error}"
        ) from error
    raise ValueError(
        f"{path} has version {version} of the format, and this nnlit reads "
        f"up to {VERSION}: install a later nnlit"
    )


def _arrays(model: MLPClassifier | MLPRegressor) -> dict[str, Array]:
    """Return all that a file holds of the model, by name."""
    params = {k: _plain(k, v) for k, v in model.get_params().items()}
    arrays = {
        "format": np.array("nnlit network"),
        "version": np.array(VERSION),
        "kind": np.array(type(model).__name__),
        "params": np.array(json.dumps(params)),
        "history": np.array(json.dumps(asdict(model.history_))),
        "steps": np.array(model.t_),
    }
    if isinstance(model, MLPClassifier):
        arrays["classes"] = model.classes_
    else:
        arrays["flat"] = np.array(model._flat_)
    layers = zip(model.coefs_, model.intercepts_, strict=True)
    for l, (W, b) in enumerate(layers, 1):
        arrays[f"W{l}"], arrays[f"b{l}"] = W, b
    return arrays


def _rebuilt(arrays: dict[str, Array]) -> MLPClassifier | MLPRegressor:
    """Make the model from the arrays of a file, everything checked."""
    kinds = {"MLPClassifier": MLPClassifier, "MLPRegressor": MLPRegressor}
    params = json.loads(str(arrays["params"]))
    params = {name: _unplain(value) for name, value in params.items()}
    model: Any = kinds[str(arrays["kind"])]()
    model.set_params(**params)
    layers = sum(name[0] == "W" for name in arrays)
    parameters = [
        (_weights(arrays, f"W{l}", 2), _weights(arrays, f"b{l}", 1))
        for l in range(1, layers + 1)
    ]
    ends = [parameters[0][0].shape[0]] + [b.shape[0] for _, b in parameters]
    if [W.shape for W, _ in parameters] != list(pairwise(ends)):
        raise ValueError("the layers' shapes do not fit")
    if isinstance(model, MLPClassifier):
        model.classes_, K = class_codes(arrays["classes"])[0], ends[-1]
        if len(model.classes_) != (2 if K == 1 else K):
            raise ValueError("classes and outputs do not fit")
    else:
        model._flat_ = bool(arrays["flat"])
    output = model._output()
    history = History(**json.loads(str(arrays["history"])))
    steps = int(arrays["steps"])
    trainer = Trainer(parameters, output=output, history=history, t=steps)
    model._learnt(trainer)
    del model._trainer_  # partial_fit makes one with the model's parameters
    return model  # type: ignore[no-any-return]


def _weights(arrays: dict[str, Array], name: str, dimensions: int) -> Array:
    array = check_finite(arrays[name], name)
    known = array.dtype in (np.float32, np.float64)
    if array.ndim != dimensions or not known:
        raise ValueError(f"{name} is {array.dtype} of shape {array.shape}")
    return array


def _plain(name: str, value: Any) -> Any:
    """Return a parameter as JSON has it."""
    if isinstance(value, np.random.Generator):
        state: Any = value.bit_generator.state
        if state["bit_generator"] != "PCG64":
            raise ValueError(
                f"{name} must be a seed or a generator of "
                f"numpy.random.default_rng, got {state['bit_generator']}"
            )
        return {"generator": state}
    if callable(value):
        raise ValueError(
            f"{name} is a function, which a file can't hold: set it to one "
            "of the names before saving"
        )
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    return value


def _unplain(value: Any) -> Any:
    if isinstance(value, dict):
        rng = np.random.default_rng()
        rng.bit_generator.state = value["generator"]
        return rng
    return tuple(value) if isinstance(value, list) else value
