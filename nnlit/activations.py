"""Activations, each directly above its derivative, and softmax."""

from __future__ import annotations

import math

import numpy as np

from nnlit.checks import (
    as_float,
    check_class_scores,
    check_not_nan,
    check_number,
    check_positive,
)
from nnlit.types import Array

__all__ = [
    "gelu",
    "gelu_prime",
    "identity",
    "identity_prime",
    "leaky_relu",
    "leaky_relu_prime",
    "log_softmax",
    "naive_sigmoid",
    "naive_softmax",
    "normal_cdf",
    "normal_pdf",
    "relu",
    "relu_prime",
    "sigmoid",
    "sigmoid_prime",
    "softmax",
    "softmax_jacobian",
    "step",
    "tanh",
    "tanh_prime",
    "temperature_softmax",
]


def step(x: Array) -> Array:
    """Say whether a score is on the positive side: 1 from 0 upwards, else 0.

    Formula: step(x) = 1 if x ≥ 0, 0 if x < 0. So step(0) = 1.
    Shapes: any; the result has the shape and the float dtype of x.
    Errors: TypeError for what is not a real number, ValueError for NaN,
    which is on neither side.
    Source: Rosenblatt (1958), doi:10.1037/h0042519.

    >>> step(np.array([-2.0, 0.0, 3.0]))
    array([0., 1., 1.])
    """
    x = check_not_nan(x)
    return (x >= 0).astype(x.dtype)


def sigmoid(x: Array) -> Array:
    """Squash a score into a probability, without overflow.

    Formula: σ(x) = 1 / (1 + e⁻ˣ), computed as e^min(x, 0) / (1 + e^−|x|):
    for x ≥ 0 the formula itself, for x < 0 the formula with numerator and
    denominator multiplied by eˣ, so that no exponent is ever positive.
    Shapes: any; the result has the shape and the float dtype of x.
    Errors: TypeError for what is not a real number.
    Source: Goodfellow, Bengio & Courville (2016), Deep Learning, 3.10.

    >>> sigmoid(np.array([-1000.0, 0.0, 1000.0]))
    array([0. , 0.5, 1. ])
    """
    x = as_float(x)
    return np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x)))


def sigmoid_prime(x: Array) -> Array:
    """Give the slope of the sigmoid at the score x (not at its output).

    Formula: σ′(x) = σ(x)(1 − σ(x)) = σ(x) σ(−x). The second form keeps the
    right tail, where 1 − σ(x) rounds to 0 from x = 37 on.
    Shapes: any; the result has the shape and the float dtype of x.
    Errors: TypeError for what is not a real number.
    Source: Goodfellow, Bengio & Courville (2016), Deep Learning, 3.10.

    >>> sigmoid_prime(np.array([-2.0, 0.0, 2.0])).round(4)
    array([0.105, 0.25 , 0.105])
    """
    x = as_float(x)
    return sigmoid(x) * sigmoid(-x)


def tanh(x: Array) -> Array:
    """Squash a score into (−1, 1), centred on zero.

    Formula: tanh x = (eˣ − e⁻ˣ) / (eˣ + e⁻ˣ) = 2σ(2x) − 1.
    Shapes: any; the result has the shape and the float dtype of x.
    Errors: TypeError for what is not a real number.
    Source: LeCun et al. (1998), Efficient BackProp, 4.4,
    doi:10.1007/3-540-49430-8_2.

    >>> tanh(np.array([-1.0, 0.0, 1.0])).round(4)
    array([-0.7616,  0.    ,  0.7616])
    """
    x = as_float(x)
    return np.tanh(x)


def tanh_prime(x: Array) -> Array:
    """Give the slope of tanh at the score x.

    Formula: tanh′(x) = 1 − tanh² x. Beyond |x| ≈ 19 it rounds to 0, which
    is exact to 2 · 10⁻¹⁶.
    Shapes: any; the result has the shape and the float dtype of x.
    Errors: TypeError for what is not a real number.
    Source: LeCun et al. (1998), doi:10.1007/3-540-49430-8_2.

    >>> tanh_prime(np.array([-1.0, 0.0, 1.0])).round(4)
    array([0.42, 1.  , 0.42])
    """
    x = as_float(x)
    return 1 - np.tanh(x) ** 2


def relu(x: Array) -> Array:
    """Pass positive scores, stop the others.

    Formula: relu(x) = max(0, x).
    Shapes: any; the result has the shape and the float dtype of x.
    Errors: TypeError for what is not a real number.
    Source: Nair & Hinton (2010), ICML.

    >>> relu(np.array([-2.0, 0.0, 3.0]))
    array([0., 0., 3.])
    """
    x = as_float(x)
    return np.maximum(0, x)


def relu_prime(x: Array) -> Array:
    """Give the slope of ReLU: 1 above 0, else 0.

    Formula: relu′(x) = 1 if x > 0, 0 if x ≤ 0. At the kink the slope is not
    defined; this is the usual choice, relu′(0) = 0.
    Shapes: any; the result has the shape and the float dtype of x.
    Errors: TypeError for what is not a real number.
    Source: Nair & Hinton (2010), ICML.

    >>> relu_prime(np.array([-2.0, 0.0, 3.0]))
    array([0., 0., 1.])
    """
    x = as_float(x)
    return (x > 0).astype(x.dtype)


def leaky_relu(x: Array, slope: float = 0.01) -> Array:
    """Pass positive scores, let a little of the negative ones through.

    Formula: leaky(x) = x if x > 0, slope · x if x ≤ 0.
    Shapes: any; the result has the shape and the float dtype of x.
    Errors: TypeError for what is not a real number.
    Source: Maas, Hannun & Ng (2013), ICML.

    >>> leaky_relu(np.array([-2.0, 0.0, 3.0]))
    array([-0.02,  0.  ,  3.  ])
    """
    x, slope = as_float(x), check_number(slope, "slope")
    return np.where(x > 0, x, slope * x)


def leaky_relu_prime(x: Array, slope: float = 0.01) -> Array:
    """Give the slope of leaky ReLU.

    Formula: leaky′(x) = 1 if x > 0, slope if x ≤ 0.
    Shapes: any; the result has the shape and the float dtype of x.
    Errors: TypeError for what is not a real number.
    Source: Maas, Hannun & Ng (2013), ICML.

    >>> leaky_relu_prime(np.array([-2.0, 0.0, 3.0]))
    array([0.01, 0.01, 1.  ])
    """
    x, slope = as_float(x), check_number(slope, "slope")
    return np.where(x > 0, 1, slope).astype(x.dtype)


_erfc = np.vectorize(math.erfc, otypes=[float])


def normal_cdf(x: Array) -> Array:
    """Give the chance that a standard normal number is at most x.

    Formula: Φ(x) = ½ (1 + erf(x/√2)) = ½ erfc(−x/√2); the second form keeps
    the left tail.
    Shapes: any; the result has the shape and the float dtype of x.
    Errors: TypeError for what is not a real number.
    Source: DLMF 7.2, https://dlmf.nist.gov/7.2.

    >>> normal_cdf(np.array([-1.0, 0.0, 1.0])).round(4)
    array([0.1587, 0.5   , 0.8413])
    """
    x = as_float(x)
    return (_erfc(-x / math.sqrt(2)) / 2).astype(x.dtype)


def normal_pdf(x: Array) -> Array:
    """Give the height of the standard normal curve at x, the slope of Φ.

    Formula: φ(x) = e^(−x²/2) / √(2π).
    Shapes: any; the result has the shape and the float dtype of x.
    Errors: TypeError for what is not a real number.
    Source: DLMF 7.2, https://dlmf.nist.gov/7.2.

    >>> normal_pdf(np.array([-1.0, 0.0, 1.0])).round(4)
    array([0.242 , 0.3989, 0.242 ])
    """
    x = np.clip(as_float(x), -40, 40)  # φ(40) is 0; x² can't overflow
    return np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)


def gelu(x: Array) -> Array:
    """Weight a score with the chance that a normal number lies below it.

    Formula: gelu(x) = x Φ(x), the exact form, not the one with tanh.
    Shapes: any; the result has the shape and the float dtype of x.
    Errors: TypeError for what is not a real number.
    Source: Hendrycks & Gimpel (2016), arXiv:1606.08415.

    >>> gelu(np.array([-1.0, 0.0, 1.0])).round(4)
    array([-0.1587,  0.    ,  0.8413])
    """
    x = as_float(x)
    return x * normal_cdf(x)


def gelu_prime(x: Array) -> Array:
    """Give the slope of GELU.

    Formula: gelu′(x) = Φ(x) + x φ(x).
    Shapes: any; the result has the shape and the float dtype of x.
    Errors: TypeError for what is not a real number.
    Source: Hendrycks & Gimpel (2016), arXiv:1606.08415.

    >>> gelu_prime(np.array([-1.0, 0.0, 1.0])).round(4)
    array([-0.0833,  0.5   ,  1.0833])
    """
    x = as_float(x)
    return normal_cdf(x) + x * normal_pdf(x)


def identity(x: Array) -> Array:
    """Leave a score as it is: the output of a network for regression.

    Formula: identity(x) = x.
    Shapes: any; the result is x as floats.
    Errors: TypeError for what is not a real number.

    >>> identity(np.array([-2.0, 3.0]))
    array([-2.,  3.])
    """
    return as_float(x)


def identity_prime(x: Array) -> Array:
    """Give the slope of the identity, 1 everywhere.

    Formula: identity′(x) = 1.
    Shapes: any; the result has the shape and the float dtype of x.
    Errors: TypeError for what is not a real number.

    >>> identity_prime(np.array([-2.0, 3.0]))
    array([1., 1.])
    """
    return np.ones_like(as_float(x))


def softmax(z: Array) -> Array:
    """Turn the scores of K classes into K probabilities, row by row.

    Formula: softmax(z)ₖ = e^zₖ / Σⱼ e^zⱼ, j over all classes, k included.
    The largest score is subtracted first: that changes nothing but keeps
    every exponent at 0 or below.
    Shapes: z (..., K), the last axis is the classes; the result too.
    Errors: TypeError for what is not a real number, ValueError for K = 0.
    Source: Goodfellow, Bengio & Courville (2016), Deep Learning, 4.1.

    >>> softmax(np.array([[1.0, 2.0, 3.0], [1e3, 1e3, 1e3]])).round(4)
    array([[0.09  , 0.2447, 0.6652],
           [0.3333, 0.3333, 0.3333]])
    """
    z = check_class_scores(z)
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def softmax_jacobian(z: Array) -> Array:
    """Give the slope of every probability with respect to every score.

    Formula: ∂pᵢ/∂zⱼ = pᵢ ([i = j] − pⱼ) with p = softmax(z).
    Shapes: z (K,), one row of scores; the result (K, K), symmetric.
    Errors: ValueError for more than one row.
    Source: Bishop (2006), Pattern Recognition and Machine Learning, (4.106).

    >>> softmax_jacobian(np.array([0.0, 0.0]))
    array([[ 0.25, -0.25],
           [-0.25,  0.25]])
    """
    p = softmax(z)
    if p.ndim != 1:
        raise ValueError(f"z must be one row (K,), got shape {p.shape}")
    return np.diag(p) - np.outer(p, p)


def log_softmax(z: Array) -> Array:
    """Give the logarithms of the probabilities that softmax gives.

    Formula: ln softmax(z)ₖ = zₖ − ln Σⱼ e^zⱼ, the largest score subtracted
    first. It stays finite where softmax rounds to 0.
    Shapes: z (..., K), the last axis is the classes; the result too.
    Errors: TypeError for what is not a real number, ValueError for K = 0.
    Source: Goodfellow, Bengio & Courville (2016), Deep Learning, 6.2.2.3.

    >>> log_softmax(np.array([0.0, -10000.0]))
    array([     0., -10000.])
    """
    z = check_class_scores(z)
    z = z - np.max(z, axis=-1, keepdims=True)
    return z - np.log(np.sum(np.exp(z), axis=-1, keepdims=True))


def temperature_softmax(z: Array, temperature: float) -> Array:
    """Make softmax bolder (temperature below 1) or more even (above 1).

    Formula: softmax(z / T).
    Shapes: z (..., K), the last axis is the classes; the result too.
    Errors: ValueError unless the temperature T is above 0.
    Source: Hinton, Vinyals & Dean (2015), arXiv:1503.02531.

    >>> temperature_softmax(np.array([1.0, 2.0]), 0.1).round(4)
    array([0., 1.])
    >>> temperature_softmax(np.array([1.0, 2.0]), 100.0).round(4)
    array([0.4975, 0.5025])
    """
    check_positive(temperature, "temperature")
    return softmax(check_class_scores(z) / temperature)


def naive_sigmoid(x: Array) -> Array:
    """Compute the sigmoid as its formula is written: it overflows.

    Formula: σ(x) = 1 / (1 + e⁻ˣ). Kept to show why `sigmoid` is written
    otherwise: below −709 the exponential exceeds float64, NumPy warns, and
    the result is 0 where σ(−710) is still 4 · 10⁻³⁰⁹.
    Shapes: any.
    Errors: RuntimeWarning "overflow" for large negative x.

    >>> float(naive_sigmoid(np.array(0.0)))
    0.5
    """
    x = as_float(x)
    return 1 / (1 + np.exp(-x))


def naive_softmax(z: Array) -> Array:
    """Compute softmax as its formula is written: it overflows.

    Formula: softmax(z)ₖ = e^zₖ / Σⱼ e^zⱼ. Kept to show why `softmax`
    subtracts the maximum: from scores of 710 on the result is NaN.
    Shapes: z (..., K), the last axis is the classes; the result too.
    Errors: RuntimeWarning "overflow" and NaN for large z.

    >>> naive_softmax(np.array([0.0, 0.0]))
    array([0.5, 0.5])
    """
    z = check_class_scores(z)
    return np.exp(z) / np.sum(np.exp(z), axis=-1, keepdims=True)
