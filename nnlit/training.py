"""Training: batches, steps, epochs, and what is kept of them."""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, TypeAlias, TypeVar

import numpy as np

from nnlit.checks import (
    as_array,
    as_generator,
    check_features,
    check_finite,
    check_integer,
    check_length,
    check_nonnegative,
    check_positive,
    check_shape,
    check_unit,
    least,
    trusting,
)
from nnlit.network import (
    ACTIVATIONS,
    LOSSES,
    MATCHING,
    OUTPUTS,
    Parameters,
    backward,
    forward,
    output_loss,
)
from nnlit.network_checks import check_chain, check_network, check_rates
from nnlit.optimizers import SGD, Optimizer, clip_by_norm
from nnlit.regularization import EarlyStopping, add_penalty, dropout_masks
from nnlit.types import Array, Rng

__all__ = [
    "DivergedError",
    "History",
    "Trainer",
    "minibatches",
    "random_restart",
    "train_epoch",
]

Schedule: TypeAlias = float | Callable[[int], float]
T = TypeVar("T")


class DivergedError(ArithmeticError):
    """The loss or a weight has become infinite or NaN."""


def _check_rows(X: Array, Y: Array) -> tuple[Array, Array]:
    """Return X (n, ...) and Y (n, ...) as arrays with n ≥ 1 rows each.

    >>> _check_rows([[1.0], [2.0]], [0])
    Traceback (most recent call last):
    ValueError: X and Y must have the same length, got 2 and 1
    """
    X, Y = as_array(X, "X"), as_array(Y, "Y")
    for rows, name in ((X, "X"), (Y, "Y")):
        if rows.ndim == 0 or len(rows) == 0:
            raise ValueError(
                f"{name} must have at least one row, got shape {rows.shape}"
            )
    check_length(X, Y, "X", "Y")
    return X, Y


def minibatches(
    X: Array,
    Y: Array,
    batch_size: int,
    rng: Rng = 0,
    shuffle: bool = True,
) -> Iterator[tuple[Array, Array]]:
    """Deal the examples into batches, in a new random order.

    Formula: a permutation of 0 … n − 1, cut into pieces of batch_size; X and
    Y take the same rows. The last batch may be smaller; with batch_size ≥ n
    there is one, the whole set.
    Shapes: X (n, d) and Y (n, ...); each batch ((m, d), (m, ...)).
    Errors: ValueError for batch_size < 1 or other lengths.
    Source: Bottou (2012), doi:10.1007/978-3-642-35289-8_25.

    >>> X, Y = np.array([[1], [2], [3]]), np.array([10, 20, 30])
    >>> for X_batch, Y_batch in minibatches(X, Y, batch_size=2, rng=0):
    ...     print(X_batch.tolist(), Y_batch.tolist())
    [[3], [1]] [30, 10]
    [[2]] [20]
    """
    X, Y = _check_rows(X, Y)
    n = len(X)
    check_integer(batch_size, "batch_size", 1)
    order = as_generator(rng).permutation(n) if shuffle else np.arange(n)
    for start in range(0, n, batch_size):
        rows = order[start : start + batch_size]
        yield X.take(rows, axis=0), Y.take(rows, axis=0)


def _check_data(
    X: Array, Y: Array, parameters: Parameters, loss: str
) -> tuple[Array, Array]:
    """Return finite X (n, d) and Y (n, K) for a network to be trained on.

    >>> net = [(np.eye(2), np.zeros(2))]
    >>> _check_data(np.eye(2), -np.eye(2), net, "cross_entropy")
    Traceback (most recent call last):
    ValueError: Y must lie in [0, 1], got -1.0
    """
    X = check_network(check_features(X), parameters)
    return X, _check_answers(Y, (len(X), parameters[-1][0].shape[1]), loss)


def _check_answers(Y: Array, shape: tuple[int, int], loss: str) -> Array:
    """Return finite answers Y of that shape, in [0, 1] for cross-entropies.

    >>> _check_answers([[2.0]], (1, 1), "binary_cross_entropy")
    Traceback (most recent call last):
    ValueError: Y must lie in [0, 1], got 2.0
    """
    Y = check_shape(check_finite(Y, "Y"), shape, "Y")
    return check_unit(Y, "Y") if "cross_entropy" in str(loss) else Y


def train_epoch(
    X: Array,
    Y: Array,
    parameters: Parameters,
    learning_rate: float,
    batch_size: int,
    rng: Rng = 0,
    activation: str = "relu",
    output: str = "softmax",
    loss: str = "cross_entropy",
) -> float:
    """Go once through all examples: forward, backward, a step, and again.

    Formula: for each batch w ← w − η ∂𝓛/∂w, 𝓛 the batch's mean loss. The
    parameters are changed in place. A Trainer does the same and more.
    Shapes: X (n, d), Y (n, K); the result is the mean of the batches'
    losses, each taken before its step, weighted by the batches' sizes.
    Errors: as minibatches, forward and backward, and ValueError for η ≤ 0 or
    NaN in the data; the parameters are then as they were.
    Source: Bottou (2012), doi:10.1007/978-3-642-35289-8_25.

    >>> X, Y = np.array([[-1.0], [1.0]]), np.eye(2)
    >>> parameters = [(np.zeros((1, 2)), np.zeros(2))]
    >>> [round(train_epoch(X, Y, parameters, 0.5, 2), 3) for _ in range(3)]
    [0.693, 0.474, 0.348]
    """
    X, Y = _check_data(X, Y, parameters, loss)
    check_positive(learning_rate, "learning_rate")
    total = 0.0
    for X_batch, Y_batch in minibatches(X, Y, batch_size, rng):
        _, cache = forward(X_batch, parameters, activation, output)
        slopes = backward(
            cache, parameters, Y_batch, activation, output, loss
        )
        for (W, b), (dW, db) in zip(parameters, slopes, strict=True):
            W -= learning_rate * dW
            b -= learning_rate * db
        batch_loss = output_loss(cache[-1].Z, Y_batch, output, loss)
        total += len(X_batch) * float(batch_loss)
    return total / len(X)


@dataclass
class History:
    """What happened in each epoch, a list each, and how training ended.

    loss: mean loss of the batches before their steps, without the penalty.
    validation_loss and score: on the validation data, after the epoch,
    where there are such data. learning_rate: at the epoch's last step.
    seconds: how long the epoch took. stopped: why training ended.

    >>> history = History(loss=[0.5, 0.25])
    >>> history.epochs, history.stopped
    (2, '')
    """

    loss: list[float] = field(default_factory=list)
    validation_loss: list[float] = field(default_factory=list)
    score: list[float] = field(default_factory=list)
    learning_rate: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    stopped: str = ""

    @property
    def epochs(self) -> int:
        """How many epochs were finished."""
        return len(self.loss)


@dataclass
class Trainer:
    """Training a network, with all that a run has to remember.

    parameters: changed in place. loss: None is the one that matches the
    output. learning_rate: a number, or a function of the step t = 0, 1 …;
    plateau: a function of the losses of the epochs so far whose result
    multiplies it (see optimizers.on_plateau). l1, l2: strengths of the
    penalties. dropout: the rate, or one for each hidden layer. max_norm:
    gradients longer than this are clipped.

    Errors: ValueError for a parameter out of its range.

    >>> from nnlit.datasets import gate
    >>> from nnlit.initializers import initialize
    >>> data = gate("xor")
    >>> parameters = initialize([2, 8, 1], rng=0)
    >>> trainer = Trainer(parameters, "tanh", "sigmoid", learning_rate=0.5)
    >>> history = trainer.run(data.X, data.y[:, None], epochs=300)
    >>> history.loss[-1] < 0.05 < history.loss[0], history.stopped
    (True, 'max_iter')
    """

    parameters: list[tuple[Array, Array]]
    activation: str = "relu"
    output: str = "softmax"
    loss: str | None = None
    optimizer: Optimizer = field(default_factory=SGD)
    learning_rate: Schedule = 0.1
    plateau: Callable[[Sequence[float]], float] | None = None
    batch_size: int = 32
    shuffle: bool = True
    l1: float = 0.0
    l2: float = 0.0
    dropout: float | Sequence[float] = 0.0
    max_norm: float | None = None
    rng: Rng = 0
    history: History = field(default_factory=History)
    t: int = 0

    def __post_init__(self) -> None:
        """Check what was given, before anything is trained."""
        self.rng = as_generator(self.rng)
        _, _ = ACTIVATIONS[self.activation], OUTPUTS[self.output]
        self.loss = self.loss or MATCHING[self.output]
        _ = LOSSES[self.loss]
        check_chain(self.parameters)
        check_integer(self.t, "t")
        if not isinstance(self.optimizer, Optimizer):
            raise TypeError(
                f"optimizer must be an Optimizer, got {self.optimizer!r}"
            )
        if not callable(self.learning_rate):
            check_positive(self.learning_rate, "learning_rate")
        check_integer(self.batch_size, "batch_size", 1)
        check_nonnegative(self.l1, "l1")
        check_nonnegative(self.l2, "l2")
        if self.max_norm is not None:
            check_positive(self.max_norm, "max_norm")
        check_rates(self.dropout, len(self.parameters) - 1, "dropout")

    def step(self, X: Array, Y: Array, learning_rate: float) -> Array:
        """Make one step on a batch and return its scores before it."""
        parameters, masks = self.parameters, None
        activation, output, loss = self.activation, self.output, self.loss
        if self.dropout:
            masks = dropout_masks(len(X), parameters, self.dropout, self.rng)
        _, cache = forward(X, parameters, activation, output, masks)
        slopes = backward(
            cache, parameters, Y, activation, output, loss or "", masks
        )
        if self.l1 or self.l2:
            slopes = add_penalty(slopes, parameters, self.l1, self.l2)
        if self.max_norm is not None:
            slopes = clip_by_norm(slopes, self.max_norm)
        self.optimizer.step(parameters, slopes, learning_rate)
        self.t += 1
        return cache[-1].Z

    def rate(self) -> float:
        """Return the learning rate of the next step, plateaus left out."""
        rate = self.learning_rate
        if not callable(rate):
            return rate  # checked when the trainer was made
        return check_nonnegative(rate(self.t), "learning_rate")

    def epoch(self, X: Array, Y: Array) -> float:
        """Go once through all examples and return their mean loss.

        Errors: DivergedError when the loss or a weight is not finite; the
        parameters are then those of before the epoch.
        """
        X = check_network(X, self.parameters)
        K = self.parameters[-1][0].shape[1]
        Y = _check_answers(Y, (len(X), K), self.loss or "")
        kept = [(W.copy(), b.copy()) for W, b in self.parameters]
        factor = self.plateau(self.history.loss) if self.plateau else 1.0
        scores, answers, learning_rate, loss = [], [], 0.0, np.nan
        try:
            # what overflows is seen below, what comes in has been checked
            with np.errstate(all="ignore"), trusting():
                for X_batch, Y_batch in minibatches(
                    X, Y, self.batch_size, self.rng, self.shuffle
                ):
                    learning_rate = factor * self.rate()
                    scores.append(self.step(X_batch, Y_batch, learning_rate))
                    answers.append(Y_batch)
                Z = np.concatenate(scores)
                if np.isfinite(Z).all():
                    loss = self._loss(Z, np.concatenate(answers))
        finally:
            if not self._finite():
                self._put_back(kept)
                loss = np.nan
        if not np.isfinite(loss):
            self._put_back(kept)
            raise DivergedError(
                f"training diverged in epoch {self.history.epochs + 1} at "
                f"learning rate {learning_rate:g}: the loss or a weight is "
                "not finite; the weights are those of before the epoch. "
                "Try a smaller learning rate, or clip the gradient"
            )
        self.history.learning_rate.append(learning_rate)
        return loss

    def run(
        self,
        X: Array,
        Y: Array,
        epochs: int,
        validation: tuple[Array, Array] | None = None,
        stopping: EarlyStopping | None = None,
        score: Callable[[Array, Array], float] | None = None,
        on_epoch: Callable[[Trainer], object] | None = None,
        verbose: bool = False,
    ) -> History:
        """Train for at most so many epochs and return the history.

        validation: data (X, Y) not trained on. stopping: watches their loss
        (without such data the training loss) and ends the run; with
        validation data the best weights are put back then. score: of
        predictions and answers, taken on the validation data. on_epoch:
        called with this trainer after every epoch; True ends the run.
        verbose: shows progress, with tqdm where that is installed.

        Ctrl-C ends the run with a warning and leaves usable weights.
        Errors: DivergedError, see epoch; ValueError for epochs < 1 or data
        that don't fit, before anything is trained.
        """
        X, Y = _check_data(X, Y, self.parameters, self.loss or "")
        if validation is not None:
            _check_data(*validation, self.parameters, self.loss or "")
        history = self.history
        bar = _Progress(check_integer(epochs, "epochs", 1), verbose)
        history.stopped = "max_iter"
        try:
            for _ in bar:
                start = time.perf_counter()
                history.loss.append(self.epoch(X, Y))
                history.seconds.append(time.perf_counter() - start)
                self._validate(validation, score)
                bar.show(history)
                watched = history.validation_loss or history.loss
                if stopping and stopping.update(watched[-1], self.parameters):
                    history.stopped = "no improvement"
                    break
                if on_epoch and on_epoch(self) is True:
                    history.stopped = "on_epoch"
                    break
        except KeyboardInterrupt:
            history.stopped = "interrupted"
            warnings.warn(
                "training interrupted; the weights learnt so far are kept",
                stacklevel=2,
            )
        except DivergedError:
            history.stopped = "diverged"
            raise
        finally:
            bar.close()
        if stopping and validation is not None:
            stopping.restore(self.parameters)
        return history

    def _loss(self, Z: Array, Y: Array) -> float:
        return float(output_loss(Z, Y, self.output, self.loss or ""))

    def _validate(
        self,
        validation: tuple[Array, Array] | None,
        score: Callable[[Array, Array], float] | None,
    ) -> None:
        if validation is None:
            return
        X, Y = validation
        Y_hat, cache = forward(
            X, self.parameters, self.activation, self.output
        )
        self.history.validation_loss.append(self._loss(cache[-1].Z, Y))
        if score is not None:
            self.history.score.append(score(Y_hat, Y))

    def _finite(self) -> bool:
        return all(
            bool(np.isfinite(array).all())
            for layer in self.parameters
            for array in layer
        )

    def _put_back(self, kept: Parameters) -> None:
        for layer, old in zip(self.parameters, kept, strict=True):
            for array, values in zip(layer, old, strict=True):
                array[...] = values


def random_restart(
    run: Callable[[np.random.Generator], tuple[T, float]],
    restarts: int,
    rng: Rng = 0,
) -> tuple[T, float, list[float]]:
    """Train from several random starts and keep the run of least loss.

    Formula: the best of `restarts` runs; all draw from one generator in
    turn, so that one restart is a plain run.
    Shapes: run takes a generator and gives (what it learnt, its loss); the
    result is what the best learnt, its loss, and all losses.
    Errors: ValueError for restarts < 1, or if every loss is NaN.
    Source: Russell & Norvig (2020), Artificial Intelligence, 4.1.1.

    >>> random_restart(lambda rng: ("weights", rng.random()), 3, rng=0)[1:]
    ... # doctest: +ELLIPSIS
    (0.0409..., [0.636..., 0.269..., 0.0409...])
    """
    rng = as_generator(rng)
    runs = [run(rng) for _ in range(check_integer(restarts, "restarts", 1))]
    losses = [float(loss) for _, loss in runs]
    best = least(losses)
    return runs[best][0], losses[best], losses


class _Progress:
    """Count epochs, shown or not: by tqdm, or a line an epoch without it."""

    def __init__(self, epochs: int, verbose: bool) -> None:
        self.epochs, self.verbose = epochs, verbose
        self.bar: Any = None
        if verbose:
            try:
                tqdm = import_module("tqdm.auto").tqdm
            except ImportError:
                return
            self.bar = tqdm(total=epochs, unit="epoch", file=sys.stderr)

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.epochs))

    def show(self, history: History) -> None:
        numbers: dict[str, Any] = {"loss": f"{history.loss[-1]:.4f}"}
        if history.validation_loss:
            numbers["validation_loss"] = f"{history.validation_loss[-1]:.4f}"
        if history.score:
            numbers["score"] = f"{history.score[-1]:.4f}"
        if self.bar is not None:
            self.bar.set_postfix(numbers, refresh=False)
            self.bar.update()
        elif self.verbose:
            said = ", ".join(f"{key} {n}" for key, n in numbers.items())
            print(f"epoch {history.epochs} of {self.epochs}: {said}")

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()
