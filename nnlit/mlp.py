"""Multilayer perceptrons with scikit-learn's protocol and names.

`MLPClassifier` and `MLPRegressor` put the formulas of `network`,
`initializers`, `optimizers`, `regularization` and `training` together; they
compute nothing in another way.
"""

from __future__ import annotations

import math
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Self

import numpy as np

from nnlit.checks import (
    as_generator,
    check_choice,
    check_features,
    check_finite,
    check_integer,
    check_interval,
    check_length,
    check_nonnegative,
    check_positive,
    check_sizes,
    class_codes,
)
from nnlit.estimator import Estimator
from nnlit.initializers import INITIALIZERS, initialize
from nnlit.losses import accuracy, one_hot
from nnlit.network import ACTIVATIONS, predict
from nnlit.network_checks import check_rates
from nnlit.optimizers import (
    Optimizer,
    inverse_scaling,
    make_optimizer,
    on_plateau,
)
from nnlit.regularization import EarlyStopping
from nnlit.training import History, Trainer
from nnlit.types import Array, Rng

__all__ = ["MLPClassifier", "MLPRegressor"]

SOLVERS = ("sgd", "rmsprop", "adam", "adamw")
RATES = ("constant", "invscaling", "adaptive")


class _MLP(Estimator, ABC):
    """What the classifier and the regressor share."""

    coefs_: list[Array]
    intercepts_: list[Array]
    n_features_in_: int
    n_layers_: int
    n_outputs_: int
    n_iter_: int
    t_: int
    out_activation_: str
    history_: History
    loss_: float
    loss_curve_: list[float]
    best_loss_: float | None
    validation_scores_: list[float] | None
    best_validation_score_: float | None
    _trainer_: Trainer

    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] = (100,),
        activation: str = "relu",
        *,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str | Callable[[int], float] = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: Rng | None = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: int = 10,
        rng: Rng = 0,
        dropout: float | Sequence[float] = 0.0,
        l1: float = 0.0,
        max_norm: float | None = None,
        initializer: str = "auto",
        dtype: str | None = None,
    ) -> None:
        """Store the parameters; `fit` checks them."""
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.rng = rng
        self.dropout = dropout
        self.l1 = l1
        self.max_norm = max_norm
        self.initializer = initializer
        self.dtype = dtype

    def fit(self, X: Array, y: Array) -> Self:
        """Learn from X (n, d) and answers y, and return the model.

        Errors: ValueError or TypeError for bad input or parameters, the
        model being left as it was; DivergedError for a run that diverged,
        the model then holding the last finite weights.
        """
        X, Y, meaning = self._door(X, y)
        going_on = self.warm_start and hasattr(self, "coefs_")
        if going_on:
            self._check_same_shape(X, Y, meaning)
        stopping = EarlyStopping(
            check_integer(self.n_iter_no_change, "n_iter_no_change", 1),
            check_nonnegative(self.tol, "tol"),
        )
        epochs = check_integer(self.max_iter, "max_iter", 1)
        held = self._held_out(len(X))
        trainer = self._trainer(X, Y, self.coefs_ if going_on else None)
        train, held_out = self._hold_out(X, Y, trainer, held)
        for name, value in meaning.items():
            setattr(self, name, value)
        try:
            trainer.run(
                *train,
                epochs,
                held_out,
                stopping,
                self._score_of if held_out is not None else None,
                verbose=bool(self.verbose),
            )
        finally:
            self._learnt(trainer)
        return self

    def partial_fit(
        self, X: Array, y: Array, classes: Array | None = None
    ) -> Self:
        """Go once through X (n, d) and y, on from what is learnt already.

        classes: all labels that will ever come; needed in the first call of
        a classifier unless y has them all. early_stopping plays no part.
        Errors: as fit, and ValueError for data that don't fit the model.
        """
        fitted = hasattr(self, "coefs_")
        if classes is None and fitted:
            classes = getattr(self, "classes_", None)
        X, Y, meaning = self._door(X, y, classes)
        if fitted:
            self._check_same_shape(X, Y, meaning)
        trainer = getattr(self, "_trainer_", None) if fitted else None
        if trainer is None:
            trainer = self._trainer(X, Y, self.coefs_ if fitted else None)
        trainer.batch_size = self._batch_size(len(X))
        for name, value in meaning.items():
            setattr(self, name, value)
        try:
            dtype = trainer.parameters[0][0].dtype
            trainer.run(
                X.astype(dtype, copy=False), Y.astype(dtype, copy=False), 1
            )
        finally:
            self._learnt(trainer)
        return self

    def _raw(self, X: Array) -> Array:
        """Return the output layer (n, K) for X (n, d)."""
        self._check_fitted()
        X = check_features(X, self.coefs_[0].shape[0])
        X = X.astype(self.coefs_[0].dtype, copy=False)
        parameters = list(zip(self.coefs_, self.intercepts_, strict=True))
        activation = self._hidden_activation()
        return predict(X, parameters, activation, self._output())

    # What the two kinds do differently.

    @abstractmethod
    def _door(
        self, X: Array, y: Array, classes: Array | None = None
    ) -> tuple[Array, Array, dict[str, Any]]:
        """Return X, Y (n, K), and what is fitted but not trained."""

    @abstractmethod
    def _output(self) -> str:
        """Return the output of the fitted network by name."""

    @abstractmethod
    def _score_of(self, Y_hat: Array, Y: Array) -> float:
        """Return the score of the output layer, for the history."""

    # The parts of fit.

    def _trainer(
        self, X: Array, Y: Array, coefs: list[Array] | None
    ) -> Trainer:
        """Check the parameters and make the trainer, from coefs if given.

        A generator is drawn from only once everything is checked.
        """
        hidden, activation = self._hidden(), self._hidden_activation()
        rng = as_generator(self.rng)
        if self.random_state is not None:
            rng = as_generator(self.random_state, "random_state")
        rate = check_positive(self.learning_rate_init, "learning_rate_init")
        schedule, plateau = self._schedule(rate)
        optimizer, batch_size = self._optimizer(), self._batch_size(len(X))
        l1, l2 = check_nonnegative(self.l1, "l1"), self._l2()
        dropout = check_rates(self.dropout, len(hidden), "dropout")
        if self.max_norm is not None:
            check_positive(self.max_norm, "max_norm")
        initializer = self._initializer()
        if coefs is None:
            sizes = [X.shape[1], *hidden, Y.shape[1]]
            parameters = initialize(sizes, initializer, rng, str(X.dtype))
        else:
            parameters = [
                (W.astype(X.dtype), b.astype(X.dtype))
                for W, b in zip(coefs, self.intercepts_, strict=True)
            ]
        return Trainer(
            parameters,
            activation,
            self._output_for(Y),
            optimizer=optimizer,
            learning_rate=schedule,
            plateau=plateau,
            batch_size=batch_size,
            shuffle=bool(self.shuffle),
            l1=l1,
            l2=l2,
            dropout=dropout if any(dropout) else 0.0,
            max_norm=self.max_norm,
            rng=rng,
        )

    @abstractmethod
    def _output_for(self, Y: Array) -> str:
        """Return the output that goes with the answers Y (n, K)."""

    def _optimizer(self) -> Optimizer:
        solver = check_choice(self.solver, "solver", SOLVERS)
        if solver == "sgd":
            share = check_interval(self.momentum, "momentum", 0, 1)
            if share == 0:
                return make_optimizer("sgd")
            nesterov = self.nesterovs_momentum
            kind = "nesterov" if nesterov else "momentum"
            return make_optimizer(kind, momentum=share)
        if solver == "rmsprop":
            return make_optimizer("rmsprop", epsilon=self.epsilon)
        settings = {
            "beta_1": self.beta_1,
            "beta_2": self.beta_2,
            "epsilon": self.epsilon,
        }
        if solver == "adamw":
            settings["weight_decay"] = self.alpha
        return make_optimizer(solver, **settings)

    def _l2(self) -> float:
        """AdamW takes alpha as its decay, the others as a penalty."""
        alpha = check_nonnegative(self.alpha, "alpha")
        return 0.0 if self.solver == "adamw" else alpha

    def _schedule(
        self, rate: float
    ) -> tuple[
        float | Callable[[int], float],
        Callable[[Sequence[float]], float] | None,
    ]:
        if callable(self.learning_rate):
            return self.learning_rate, None
        check_choice(self.learning_rate, "learning_rate", RATES)
        if self.learning_rate == "invscaling":
            power = check_nonnegative(self.power_t, "power_t")
            return partial(
                inverse_scaling, learning_rate=rate, power=power
            ), None
        if self.learning_rate == "adaptive":
            return rate, partial(
                on_plateau,
                learning_rate=1.0,
                factor=0.2,
                patience=2,
                min_delta=check_nonnegative(self.tol, "tol"),
            )
        return rate, None

    def _hidden_activation(self) -> str:
        """Return the activation's name; scikit-learn's logistic is ours."""
        if self.activation == "logistic":
            return "sigmoid"
        return check_choice(self.activation, "activation", ACTIVATIONS)

    def _hidden(self) -> list[int]:
        return check_sizes(self.hidden_layer_sizes, "hidden_layer_sizes")

    def _initializer(self) -> str:
        if self.initializer == "auto":
            rectified = ("relu", "leaky_relu", "gelu")
            he = self._hidden_activation() in rectified
            return "he_uniform" if he else "glorot_uniform"
        return check_choice(self.initializer, "initializer", INITIALIZERS)

    def _batch_size(self, n: int) -> int:
        if isinstance(self.batch_size, str):
            check_choice(self.batch_size, "batch_size", ["auto"])
            return min(200, n)
        size = check_integer(self.batch_size, "batch_size", 1)
        if size > n:
            warnings.warn(
                f"batch_size {size} is more than the {n} examples: every "
                "batch is the whole set",
                stacklevel=4,
            )
        return min(size, n)

    def _cast(self, X: Array) -> Array:
        """Return X in the dtype to train in, the data's own if None."""
        if self.dtype is not None:
            check_choice(self.dtype, "dtype", ("float32", "float64"))
            return X.astype(self.dtype, copy=False)
        return X if X.dtype == np.float32 else X.astype(float, copy=False)

    def _held_out(self, n: int) -> int:
        """Return how many of n examples early stopping wants for itself."""
        if not self.early_stopping:
            return 0
        share = check_interval(
            self.validation_fraction, "validation_fraction", 0, 1
        )
        held = math.ceil(share * n)
        if not 0 < held < n:
            raise ValueError(
                f"validation_fraction {share} of {n} examples leaves one of "
                "the two sets empty"
            )
        return held

    def _hold_out(
        self, X: Array, Y: Array, trainer: Trainer, held: int
    ) -> tuple[tuple[Array, Array], tuple[Array, Array] | None]:
        """Split off so many examples, drawn at random, as validation data."""
        if held == 0:
            return (X, Y), None
        order = as_generator(trainer.rng).permutation(len(X))
        train, rest = order[held:], order[:held]
        trainer.batch_size = min(trainer.batch_size, len(train))
        return (X[train], Y[train]), (X[rest], Y[rest])

    def _check_same_shape(
        self, X: Array, Y: Array, meaning: dict[str, Any]
    ) -> None:
        check_features(X, self.coefs_[0].shape[0])
        if Y.shape[1] != self.coefs_[-1].shape[1]:
            raise ValueError(
                f"y must have {self.coefs_[-1].shape[1]} outputs as before, "
                f"got {Y.shape[1]}"
            )
        for name, value in meaning.items():
            if not np.array_equal(getattr(self, name), value):
                raise ValueError(
                    f"{name} must be as before, {getattr(self, name)}, "
                    f"got {value}"
                )

    def _learnt(self, trainer: Trainer) -> None:
        """Set what is fitted, also where training was cut short."""
        history, self._trainer_ = trainer.history, trainer
        self.coefs_ = [W for W, _ in trainer.parameters]
        self.intercepts_ = [b for _, b in trainer.parameters]
        self.n_features_in_ = self.coefs_[0].shape[0]
        self.n_layers_ = len(self.coefs_) + 1
        self.n_outputs_ = self.coefs_[-1].shape[1]
        output = trainer.output
        self.out_activation_ = "logistic" if output == "sigmoid" else output
        self.n_iter_, self.t_ = history.epochs, trainer.t
        self.history_ = history
        self.loss_curve_ = history.loss
        self.loss_ = history.loss[-1] if history.loss else math.nan
        held_out = bool(history.validation_loss)
        self.best_loss_ = min(history.loss, default=math.nan)
        self.validation_scores_ = history.score if held_out else None
        best = max(history.score, default=None)
        self.best_validation_score_ = best if held_out else None


class MLPClassifier(_MLP):
    """A network that tells two or more classes apart.

    Parameters as in scikit-learn, and a few more. hidden_layer_sizes: units
    of each hidden layer. activation: "identity", "sigmoid" ("logistic"),
    "tanh", "relu", "leaky_relu" or "gelu". solver: "sgd" (with momentum and
    nesterovs_momentum), "rmsprop", "adam" or "adamw". alpha: strength of the
    L2 penalty α/2 Σ w², not divided by the batch size as scikit-learn does;
    l1: that of L1. learning_rate: "constant", "invscaling", "adaptive"
    (a fifth after two epochs without improvement) or a function of the step.
    early_stopping: hold out validation_fraction, stop when its loss has not
    fallen by tol for n_iter_no_change epochs, and restore the best weights;
    without it the training loss is watched. dropout: rate, or one for each
    hidden layer. max_norm: clip longer gradients. dtype: "float32",
    "float64" or None for the data's. rng: seed or Generator; random_state is
    scikit-learn's name for it and goes before it.

    Fitted: coefs_, intercepts_, classes_, n_iter_, loss_, loss_curve_,
    best_loss_, validation_scores_, best_validation_score_, history_.
    Two classes have one sigmoid output, more have softmax. Scale features
    first.

    >>> from nnlit.datasets import moons
    >>> data = moons()
    >>> model = MLPClassifier((20,), learning_rate_init=0.01, max_iter=300)
    >>> model.fit(data.X, data.y).score(data.X, data.y) > 0.95
    True
    """

    classes_: Array

    def predict_proba(self, X: Array) -> Array:
        """Return the probabilities of the classes (n, K) for X (n, d)."""
        P = self._raw(X)
        return np.column_stack([1 - P, P]) if P.shape[1] == 1 else P

    def predict_log_proba(self, X: Array) -> Array:
        """Return the logarithms of the probabilities (n, K) for X (n, d)."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def predict(self, X: Array) -> Array:
        """Return the likeliest label of every row of X (n, d)."""
        P = self._raw(X)
        if P.shape[1] == 1:
            return self.classes_[(P[:, 0] > 0.5).astype(int)]
        return self.classes_[P.argmax(axis=1)]

    def score(self, X: Array, y: Array) -> float:
        """Return the share of rows of X (n, d) given their label y (n,)."""
        return accuracy(self.predict(X), y)

    def _door(
        self, X: Array, y: Array, classes: Array | None = None
    ) -> tuple[Array, Array, dict[str, Any]]:
        X = self._cast(check_features(X))
        found, codes = class_codes(y, 1 if classes is not None else 2)
        check_length(X, codes)
        if classes is not None:
            classes, _ = class_codes(classes, name="classes")
            strange = np.setdiff1d(found, classes)
            if len(strange):
                raise ValueError(
                    f"y must hold only {classes.tolist()}, "
                    f"got {strange.tolist()[0]!r}"
                )
            codes = np.searchsorted(classes, found)[codes]
            found = classes
        Y = codes[:, None]
        if len(found) > 2:
            Y = one_hot(codes, len(found))
        return X, Y.astype(X.dtype), {"classes_": found}

    def _output_for(self, Y: Array) -> str:
        return "sigmoid" if Y.shape[1] == 1 else "softmax"

    def _output(self) -> str:
        return "sigmoid" if len(self.classes_) == 2 else "softmax"

    def _score_of(self, Y_hat: Array, Y: Array) -> float:
        if Y.shape[1] == 1:
            return accuracy(Y_hat[:, 0] > 0.5, Y[:, 0] > 0.5)
        return accuracy(Y_hat.argmax(axis=1), Y.argmax(axis=1))


class MLPRegressor(_MLP):
    """A network that predicts one or several real numbers.

    Parameters as MLPClassifier's. The output is the identity, the loss half
    the square of the error, summed over the targets, averaged over the
    examples. Scale features and targets first.

    >>> x = np.linspace(-1, 1, 50)[:, None]
    >>> model = MLPRegressor((20,), "tanh", solver="adam", tol=1e-5)
    >>> model = model.set_params(learning_rate_init=0.02)
    >>> model.fit(x, x[:, 0] ** 2).score(x, x[:, 0] ** 2) > 0.9
    True
    """

    def predict(self, X: Array) -> Array:
        """Return the targets for X (n, d): (n,), or (n, K) as in fit."""
        Y_hat = self._raw(X)
        return Y_hat[:, 0] if self._flat_ else Y_hat

    def score(self, X: Array, y: Array) -> float:
        """Return R², averaged over the targets.

        Formula: R² = 1 − Σ (y − ŷ)² / Σ (y − ȳ)²: 1 is perfect, 0 as good as
        always saying the mean. A target that never changes counts 1 if met
        exactly, else 0.
        """
        y_hat = self.predict(X)
        y = check_finite(y, "y")
        if y.shape != y_hat.shape:
            raise ValueError(
                f"y must have shape {y_hat.shape}, got {y.shape}"
            )
        return _r_squared(y_hat, y)

    _flat_: bool

    def _door(
        self, X: Array, y: Array, classes: Array | None = None
    ) -> tuple[Array, Array, dict[str, Any]]:
        if classes is not None:
            raise ValueError("classes are for a classifier")
        X, Y = self._cast(check_features(X)), check_finite(y, "y")
        if Y.ndim not in (1, 2) or 0 in Y.shape[1:]:
            raise ValueError(
                f"y must have shape (n,) or (n, K), got {Y.shape}"
            )
        check_length(X, Y)
        flat = Y.ndim == 1
        return X, Y.reshape(len(Y), -1).astype(X.dtype), {"_flat_": flat}

    def _output_for(self, Y: Array) -> str:
        return "identity"

    def _output(self) -> str:
        return "identity"

    def _score_of(self, Y_hat: Array, Y: Array) -> float:
        return _r_squared(Y_hat, Y)


def _r_squared(y_hat: Array, y: Array) -> float:
    left = np.sum((y - y_hat) ** 2, axis=0)
    whole = np.sum((y - y.mean(axis=0)) ** 2, axis=0)
    constant = np.where(left == 0, 1.0, 0.0)
    share = left / np.where(whole == 0, 1, whole)
    return float(np.mean(np.where(whole == 0, constant, 1 - share)))
