"""Optimisers: what is done with a gradient, and how the step size changes.

An optimiser keeps what it must remember (velocities, mean squares) for each
array of the parameters and changes the arrays in place. A schedule is a
function of the step t = 0, 1, 2 … and gives the learning rate of that step.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nnlit.checks import (
    as_float,
    check_choice,
    check_finite,
    check_integer,
    check_interval,
    check_nonnegative,
    check_positive,
    check_vector,
    is_trusted,
)
from nnlit.network import Parameters
from nnlit.network_checks import check_alike, check_pairs
from nnlit.types import Array

__all__ = [
    "OPTIMIZERS",
    "SGD",
    "Adam",
    "AdamW",
    "Momentum",
    "Nesterov",
    "Optimizer",
    "RMSProp",
    "clip_by_norm",
    "constant",
    "cosine",
    "descend",
    "exponential",
    "gradient_norm",
    "inverse_scaling",
    "make_optimizer",
    "on_plateau",
    "step_decay",
    "updated",
    "warm_up",
]


class Optimizer(ABC):
    """What all optimisers share: a state for each array, and the step t.

    `memories` says how many arrays `update` wants to remember for each array
    of the parameters; they start at 0.
    """

    memories = 0

    def __init__(self) -> None:
        """Start without a memory."""
        self.reset()

    def reset(self) -> None:
        """Forget every step made."""
        self.t = 0
        self.shapes: list[Any] | None = None
        self.state: list[tuple[list[Array], ...]] = []

    def step(
        self,
        parameters: Parameters,
        gradients: Parameters,
        learning_rate: float,
    ) -> None:
        """Move all parameters in place, one step downhill.

        gradients are used up: their arrays may hold something else after.
        Errors: ValueError where the shapes are not those of the step before.
        """
        if not (is_trusted() and self.state):
            self._check(parameters, gradients, learning_rate)
        if not self.state:
            self.state = [
                tuple(
                    [np.zeros_like(w) for _ in range(self.memories)]
                    for w in layer
                )
                for layer in parameters
            ]
        self.t += 1
        layers = zip(parameters, gradients, self.state, strict=True)
        for (W, b), (dW, db), (memory_W, memory_b) in layers:
            self.update(W, dW, learning_rate, *memory_W)
            self.update(b, db, learning_rate, *memory_b)

    def _check(
        self,
        parameters: Parameters,
        gradients: Parameters,
        learning_rate: float,
    ) -> None:
        """Raise unless shapes and types are those of the step before."""
        check_nonnegative(learning_rate, "learning_rate")
        check_alike(gradients, parameters)
        shapes = [(W.shape, b.shape) for W, b in parameters]
        if self.shapes not in (None, shapes):
            raise ValueError(
                "parameters must have the shapes of the step before, "
                f"{self.shapes}, got {shapes}; reset forgets them"
            )
        self.shapes = shapes

    @abstractmethod
    def update(
        self, w: Array, g: Array, learning_rate: float, *memory: Array
    ) -> None:
        """Move one array w in place, g being its gradient."""


class SGD(Optimizer):
    """Gradient descent on a batch, a step against the slope.

    Formula: w ← w − η g.
    Source: Robbins & Monro (1951), doi:10.1214/aoms/1177729586.

    >>> w = np.array([1.0])
    >>> SGD().update(w, np.array([2.0]), learning_rate=0.25)
    >>> w
    array([0.5])
    """

    def update(
        self, w: Array, g: Array, learning_rate: float, *memory: Array
    ) -> None:
        """Move w in place: w ← w − η g."""
        g *= learning_rate
        w -= g


class Momentum(Optimizer):
    """Steps that remember: a ball that keeps a share μ of its velocity.

    Formula: v ← μ v + g, w ← w − η v. This is PyTorch's form, without
    dampening; with a constant η it equals v ← μ v − η g, w ← w + v.
    Source: Polyak (1964), doi:10.1016/0041-5553(64)90137-5.

    >>> w, v = np.array([1.0]), np.array([1.0])
    >>> Momentum(0.5).update(w, np.array([1.0]), 0.1, v)
    >>> w, v
    (array([0.85]), array([1.5]))
    """

    memories = 1

    def __init__(self, momentum: float = 0.9) -> None:
        """Take the share μ of the velocity that is kept, in [0, 1)."""
        super().__init__()
        self.momentum = check_interval(momentum, "momentum", 0, 1)

    def update(
        self, w: Array, g: Array, learning_rate: float, *memory: Array
    ) -> None:
        """Move w in place: v ← μ v + g, w ← w − η v."""
        (v,) = memory
        v *= self.momentum
        v += g
        w -= learning_rate * v


class Nesterov(Momentum):
    """Momentum that looks ahead to where the velocity will carry it.

    Formula: v ← μ v + g, w ← w − η (g + μ v). This is PyTorch's form, in
    which w is the point looked ahead to, so that g is the slope at w.
    Source: Sutskever et al. (2013), ICML 28(3), 1139–1147.

    >>> w, v = np.array([1.0]), np.array([1.0])
    >>> Nesterov(0.5).update(w, np.array([1.0]), 0.1, v)
    >>> w, v
    (array([0.825]), array([1.5]))
    """

    def update(
        self, w: Array, g: Array, learning_rate: float, *memory: Array
    ) -> None:
        """Move w in place: v ← μ v + g, w ← w − η (g + μ v)."""
        (v,) = memory
        v *= self.momentum
        v += g
        w -= learning_rate * (g + self.momentum * v)


class RMSProp(Optimizer):
    """Steps divided by how large the slope has usually been.

    Formula: s ← ρ s + (1 − ρ) g², w ← w − η g / (√s + ε). ε stands outside
    the root, as in PyTorch; Keras of old and some texts write √(s + ε).
    Source: Tieleman & Hinton (2012), COURSERA lecture 6.5.

    >>> w, s = np.array([1.0]), np.array([0.0])
    >>> RMSProp(0.75, epsilon=0.5).update(w, np.array([4.0]), 0.1, s)
    >>> w.round(4), s
    (array([0.84]), array([4.]))
    """

    memories = 1

    def __init__(self, rho: float = 0.99, epsilon: float = 1e-8) -> None:
        """Take the share ρ of the mean square that is kept, and ε > 0."""
        super().__init__()
        self.rho = check_interval(rho, "rho", 0, 1)
        self.epsilon = check_positive(epsilon, "epsilon")

    def update(
        self, w: Array, g: Array, learning_rate: float, *memory: Array
    ) -> None:
        """Move w in place: s ← ρ s + (1 − ρ) g², w ← w − η g / (√s + ε)."""
        (s,) = memory
        s *= self.rho
        s += (1 - self.rho) * g**2
        w -= learning_rate * g / (np.sqrt(s) + self.epsilon)


class Adam(Optimizer):
    """Momentum and RMSProp together, their start from 0 made good.

    Formula: m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g²,
    m̂ = m / (1 − β₁ᵗ), v̂ = v / (1 − β₂ᵗ), w ← w − η m̂ / (√v̂ + ε), t = 1 in
    the first step. ε stands outside the root, as in the paper and PyTorch.
    Source: Kingma & Ba (2015), arXiv:1412.6980.

    >>> w, adam = np.array([[1.0]]), Adam()
    >>> adam.step([(w, w[0])], [(np.array([[5.0]]), np.zeros(1))], 0.25)
    >>> w.round(6)
    array([[0.75]])
    """

    memories = 2

    def __init__(
        self,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
    ) -> None:
        """Take the shares β₁ and β₂ that are kept, and ε > 0."""
        super().__init__()
        self.beta_1 = check_interval(beta_1, "beta_1", 0, 1)
        self.beta_2 = check_interval(beta_2, "beta_2", 0, 1)
        self.epsilon = check_positive(epsilon, "epsilon")

    def update(
        self, w: Array, g: Array, learning_rate: float, *memory: Array
    ) -> None:
        """Move w in place: w ← w − η m̂ / (√v̂ + ε)."""
        m, v = memory
        m *= self.beta_1
        m += (1 - self.beta_1) * g
        v *= self.beta_2
        v += (1 - self.beta_2) * g**2
        m_hat = m / (1 - self.beta_1**self.t)
        v_hat = v / (1 - self.beta_2**self.t)
        w -= learning_rate * m_hat / (np.sqrt(v_hat) + self.epsilon)


class AdamW(Adam):
    """Adam with weights that decay by themselves, beside the gradient.

    Formula: w ← (1 − η λ) w for weights, not for biases, then Adam's update.
    The decay is decoupled: it doesn't pass through m and v, where Adam would
    divide it by √v̂ as it does an L2 penalty.
    Source: Loshchilov & Hutter (2019), arXiv:1711.05101.

    >>> w = np.array([[1.0]])
    >>> adam = AdamW(weight_decay=0.5)
    >>> adam.step([(w, w[0])], [(np.zeros((1, 1)), np.zeros(1))], 0.5)
    >>> w
    array([[0.75]])
    """

    def __init__(
        self,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
        """Take Adam's parameters and the decay λ ≥ 0."""
        super().__init__(beta_1, beta_2, epsilon)
        self.weight_decay = check_nonnegative(weight_decay, "weight_decay")

    def update(
        self, w: Array, g: Array, learning_rate: float, *memory: Array
    ) -> None:
        """Move w in place: w ← (1 − η λ) w if it is a matrix, then Adam."""
        if w.ndim == 2:
            w *= 1 - learning_rate * self.weight_decay
        super().update(w, g, learning_rate, *memory)


OPTIMIZERS: dict[str, type[Optimizer]] = {
    "sgd": SGD,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "rmsprop": RMSProp,
    "adam": Adam,
    "adamw": AdamW,
}


def make_optimizer(name: str, **settings: float) -> Optimizer:
    """Make the optimiser of that name, with settings for its constructor.

    Shapes: none; names are the keys of OPTIMIZERS.
    Errors: ValueError for another name (the nearest is suggested) or bad
    settings, TypeError for settings that it doesn't have.

    >>> make_optimizer("momentum", momentum=0.8).momentum
    0.8
    """
    return OPTIMIZERS[check_choice(name, "name", OPTIMIZERS)](**settings)


def updated(
    optimizer: Optimizer,
    w: Array,
    g: Array,
    learning_rate: float,
    *memory: Array,
    t: int = 1,
) -> tuple[Array, ...]:
    """Give what one update would make of w and of the memory.

    Formula: that of the optimiser; t is the number of the step.
    Shapes: w, its slope g and each array of the memory alike; the result is
    the new w, then the new memory. What came in stays as it is.
    Errors: ValueError for another number of memories than the optimiser has.

    >>> w, v = updated(Momentum(0.5), 1.0, 1.0, 0.1, 1.0)
    >>> w, v
    (array(0.85), array(1.5))
    """
    if len(memory) != optimizer.memories:
        raise ValueError(
            f"memory must be {optimizer.memories} arrays, got {len(memory)}"
        )
    check_nonnegative(learning_rate, "learning_rate")
    w, g = np.array(check_finite(w, "w"), float), check_finite(g, "g")
    kept = [np.array(as_float(m, "memory"), float) for m in memory]
    for array, called in ((g, "g"), *((m, "memory") for m in kept)):
        if array.shape != w.shape:
            raise ValueError(
                f"{called} must have the shape of w, {w.shape}, "
                f"got {array.shape}"
            )
    g = np.array(g, float)
    before, optimizer.t = optimizer.t, check_integer(t, "t", 1)
    try:
        optimizer.update(w, g, learning_rate, *kept)
    finally:
        optimizer.t = before
    return w, *kept


def descend(
    gradient: Callable[[Array], Array],
    w: Array,
    optimizer: Optimizer,
    learning_rate: float,
    steps: int,
) -> Array:
    """Walk downhill with an optimiser, and keep every place on the way.

    Formula: steps times the optimiser's update, from a fresh memory.
    Shapes: w (d,), gradient a function of w that gives (d,); the result is
    the path (steps + 1, d), the start first.
    Errors: ValueError for steps < 0.

    >>> descend(lambda w: w, [8.0], SGD(), learning_rate=0.5, steps=3)
    array([[8.],
           [4.],
           [2.],
           [1.]])
    """
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"optimizer must be an Optimizer, got {optimizer!r}")
    check_positive(learning_rate, "learning_rate")
    w = np.array(check_finite(w, "w"))
    path, no_bias = [w.copy()], np.zeros(0)
    optimizer.reset()
    for _ in range(check_integer(steps, "steps", 0)):
        g = np.array(gradient(w))
        optimizer.step([(w, no_bias)], [(g, no_bias)], learning_rate)
        path.append(w.copy())
    return np.array(path)


def gradient_norm(gradients: Parameters) -> float:
    """Give the length of the whole gradient, all layers in one vector.

    Formula: ‖g‖ = √(Σ gⱼ²), j over every weight and bias.
    Shapes: gradients (∂𝓛/∂W, ∂𝓛/∂b) for each layer; the result is a number.
    Source: Pascanu, Mikolov & Bengio (2013), arXiv:1211.5063.

    >>> gradient_norm([(np.array([[3.0]]), np.array([4.0]))])
    5.0
    """
    check_pairs(gradients, "gradients")
    slopes = [slope for layer in gradients for slope in layer]
    return math.sqrt(sum(float(np.vdot(g, g)) for g in slopes))


def clip_by_norm(
    gradients: Parameters, max_norm: float
) -> list[tuple[Array, Array]]:
    """Shorten a gradient that is too long, leaving its direction.

    Formula: g ← g · min(1, max_norm / ‖g‖), the length that of all layers
    together. PyTorch divides by ‖g‖ + 10⁻⁶ instead.
    Shapes: gradients (∂𝓛/∂W, ∂𝓛/∂b) for each layer; the result too, new.
    Errors: ValueError unless max_norm > 0.
    Source: Pascanu, Mikolov & Bengio (2013), arXiv:1211.5063.

    >>> clip_by_norm([(np.array([[3.0]]), np.array([4.0]))], max_norm=1.0)
    [(array([[0.6]]), array([0.8]))]
    """
    norm = gradient_norm(gradients)
    scale = min(1.0, check_positive(max_norm, "max_norm") / (norm or 1.0))
    return [(dW * scale, db * scale) for dW, db in gradients]


def _check_time(t: float, learning_rate: float) -> None:
    """Raise unless the time t is at least 0 and the learning rate above 0.

    >>> _check_time(-1, 0.1)
    Traceback (most recent call last):
    ValueError: t must be >= 0, got -1
    """
    check_nonnegative(t, "t")
    check_positive(learning_rate, "learning_rate")


def constant(t: int, learning_rate: float) -> float:
    """Keep the learning rate as it is.

    Formula: η(t) = η₀.
    Shapes: t the number of steps made, a whole number ≥ 0.

    >>> constant(1000, 0.1)
    0.1
    """
    _check_time(t, learning_rate)
    return learning_rate


def step_decay(
    t: int, learning_rate: float, factor: float = 0.5, every: int = 1000
) -> float:
    """Lower the learning rate by a factor every so many steps.

    Formula: η(t) = η₀ factor^⌊t / every⌋.
    Shapes: t the number of steps made, a whole number ≥ 0.

    >>> [step_decay(t, 0.8, factor=0.5, every=10) for t in (0, 9, 10, 20)]
    [0.8, 0.8, 0.4, 0.2]
    """
    _check_time(t, learning_rate)
    check_positive(factor, "factor")
    check_positive(every, "every")
    return float(learning_rate * factor ** (t // every))


def exponential(t: int, learning_rate: float, rate: float = 1e-3) -> float:
    """Lower the learning rate by the same share with every step.

    Formula: η(t) = η₀ e^(−rate · t).
    Shapes: t the number of steps made, a whole number ≥ 0.

    >>> round(exponential(1000, 0.1, rate=0.001), 6)
    0.036788
    """
    _check_time(t, learning_rate)
    check_nonnegative(rate, "rate")
    return learning_rate * math.exp(-rate * t)


def inverse_scaling(
    t: int, learning_rate: float, power: float = 0.5
) -> float:
    """Lower the learning rate as a power of the steps made.

    Formula: η(t) = η₀ / (t + 1)^power.
    Shapes: t the number of steps made, a whole number ≥ 0.
    Source: Robbins & Monro (1951), doi:10.1214/aoms/1177729586.

    >>> inverse_scaling(3, 0.1)
    0.05
    """
    _check_time(t, learning_rate)
    check_nonnegative(power, "power")
    return float(learning_rate / (t + 1) ** power)


def cosine(
    t: int, learning_rate: float, steps: int, lowest: float = 0.0
) -> float:
    """Lower the learning rate along half a wave, gently at both ends.

    Formula: η(t) = η_low + ½ (η₀ − η_low)(1 + cos(π t / steps)), and η_low
    after that many steps.
    Shapes: t the number of steps made, a whole number ≥ 0.
    Errors: ValueError for steps < 1.
    Source: Loshchilov & Hutter (2017), arXiv:1608.03983.

    >>> [round(cosine(t, 0.1, steps=10), 3) for t in (0, 5, 10, 11)]
    [0.1, 0.05, 0.0, 0.0]
    """
    _check_time(t, learning_rate)
    check_integer(steps, "steps", 1)
    check_nonnegative(lowest, "lowest")
    wave = 1 + math.cos(math.pi * min(t, steps) / steps)
    return lowest + 0.5 * (learning_rate - lowest) * wave


def warm_up(t: int, learning_rate: float, steps: int) -> float:
    """Raise the learning rate in a straight line over the first steps.

    Formula: η(t) = η₀ min(1, (t + 1) / steps). To go on with another
    schedule, give its learning rate: warm_up(t, cosine(t, …), steps).
    Shapes: t the number of steps made, a whole number ≥ 0.
    Errors: ValueError for steps < 1.
    Source: Goyal et al. (2017), arXiv:1706.02677.

    >>> [warm_up(t, 0.4, steps=4) for t in (0, 1, 3, 4)]
    [0.1, 0.2, 0.4, 0.4]
    """
    check_nonnegative(t, "t")
    check_nonnegative(learning_rate, "learning_rate")
    check_integer(steps, "steps", 1)
    return learning_rate * min(1.0, (t + 1) / steps)


def on_plateau(
    losses: Sequence[float],
    learning_rate: float,
    factor: float = 0.5,
    patience: int = 5,
    min_delta: float = 0.0,
) -> float:
    """Lower the learning rate each time the loss has stopped falling.

    Formula: η = η₀ factorᵏ, k how often `patience` losses in a row have not
    been below the best by more than min_delta; the count starts afresh after
    each time.
    Shapes: losses, one for each epoch so far; the result is a number.
    Errors: ValueError for patience < 1.
    Source: PyTorch 2.13, torch.optim.lr_scheduler.ReduceLROnPlateau (whose
    patience counts one less).

    >>> on_plateau([3.0, 2.0, 2.0, 2.0], 0.1, factor=0.5, patience=2)
    0.05
    >>> on_plateau([3.0, 2.0, 2.0, 1.0], 0.1, factor=0.5, patience=2)
    0.1
    """
    as_float(check_vector(losses, "losses"), "losses")
    check_positive(learning_rate, "learning_rate")
    check_positive(factor, "factor")
    check_integer(patience, "patience", 1)
    check_nonnegative(min_delta, "min_delta")
    best, waited = math.inf, 0
    for loss in losses:
        waited = 0 if loss < best - min_delta else waited + 1
        best = loss if waited == 0 else best
        if waited == patience:
            learning_rate, waited = learning_rate * factor, 0
    return learning_rate
