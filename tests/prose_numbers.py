"""How numbers in the text are computed where the page doesn't show it.

(page, number, words around it) and a function that gives the number; see
test_prose_numbers.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import Any

import build_figures
import numpy as np
from figures import REGISTRY

from nnlit import datasets
from nnlit.activations import sigmoid_prime, softmax

for module in {entry.module.stem for entry in build_figures.registry().values()}:
    import_module(f"figures.{module}")


@cache
def figure(name: str) -> Any:
    """The data that a figure is drawn from."""
    return REGISTRY[name].data()


def cluster(digit: int, which: int = 0) -> float:
    """The share, in %, of a digit in the group that is named after it."""
    groups = [g for g in figure("cluster-centres")["groups"] if g["digit"] == digit]
    return float(100 * groups[which]["share"])


def diagonal() -> np.ndarray:
    return np.diag(figure("confusion-matrix")["C"])


def mean_error(kind: str, units: int) -> float:
    """Of the model-complexity graph, in %."""
    facts = figure("model-complexity")
    return float(100 * facts[kind].mean(axis=0)[facts["units"].tolist().index(units)])


def velocity(steps: int) -> float:
    """Of a ball on a slope of 1 that keeps half of its velocity."""
    return float(sum(0.5**k for k in range(steps)))


def without_dropout() -> np.ndarray:
    return figure("with-and-without-dropout")["without"].mean(axis=0)


P_FLAVOURS = softmax(np.array([2.0, 1.0, 0.1]))
COIN = -math.log(0.5)

HELD: dict[tuple[str, str, str], Callable[[], float]] = {
    ("01-what-learning-is", "28", "handwritten digit with 28 rows"): lambda: math.sqrt(784),
    ("01-what-learning-is", "28", "rows and 28 columns"): lambda: math.sqrt(784),
    ("01-what-learning-is", "86,400", "A day has 86,400 seconds"): lambda: 24 * 60 * 60,
    ("02-the-perceptron", "0.75", "would have risen by 0.75"): lambda: 0.01 * (7**2 + 5**2 + 1),
    ("02-the-perceptron", "0.119", "which is about 0.119"): lambda: 5 / 42,
    ("05-losses", "0.659", "had the probabilities 0.659"): lambda: P_FLAVOURS[0],
    ("05-losses", "0.242", "had the probabilities 0.659, 0.242"): lambda: P_FLAVOURS[1],
    ("05-losses", "0.099", "0.242 and 0.099"): lambda: P_FLAVOURS[2],
    ("05-losses", "1.9", "lowest point near weights 1.9"): lambda: figure("loss-landscape")[
        "minimum"
    ][0],
    ("05-losses", "0.189", "where the loss is 0.189"): lambda: figure("loss-landscape")["lowest"],
    ("05-losses", "0.189", "At the lowest point it is 0.189"): lambda: figure("loss-landscape")[
        "lowest"
    ],
    ("03-downhill", "5.5", "at weights 6, 5.5"): lambda: 5 + figure("rise-over-run")["runs"][1],
    ("03-downhill", "5.1", "5.5 and 5.1"): lambda: 5 + figure("rise-over-run")["runs"][2],
    ("06-logistic-regression", "569", "On all 569 tumours"): lambda: len(datasets.breast_cancer()),
    ("07-combining-models", "31", "32 pieces take 31 units"): lambda: 32 - 1,
    ("08-forward", "120", "Here are 120 points"): lambda: len(
        figure("moons-through-the-layers")["y"]
    ),
    ("08-forward", "120", "The same 120 points"): lambda: len(
        figure("moons-through-the-layers")["y"]
    ),
    ("10-the-training-loop", "1797", "Here are 1797"): lambda: len(datasets.digits()),
    ("10-the-training-loop", "256", "divides all curvatures by 256"): lambda: 16**2,
    ("10-the-training-loop", "0.26", "it falls to 0.26"): lambda: figure("batch-sizes")["losses"][
        32
    ][-1],
    ("10-the-training-loop", "0.039", "the spread falls from 0.039"): lambda: figure(
        "scores-by-initialisation"
    )["spread"]["too small"][0],
    ("10-the-training-loop", "0.43", "With Glorot it falls from 0.43"): lambda: figure(
        "scores-by-initialisation"
    )["spread"]["Glorot"][0],
    ("10-the-training-loop", "1.5", "The velocities are 1, 1.5"): lambda: velocity(2),
    ("10-the-training-loop", "1.75", "1, 1.5, 1.75"): lambda: velocity(3),
    ("10-the-training-loop", "1.875", "1.75 and 1.875"): lambda: velocity(4),
    ("11-generalising", "61", "they are wrong about 61%"): lambda: (
        100 * figure("under-right-over")["apart"]
    ),
    ("11-generalising", "797", "ask them about 797 others"): lambda: len(datasets.digits()) - 1000,
    ("11-generalising", "59", "is least at epoch 59"): lambda: figure("early-stopping")["best"],
    ("11-generalising", "0.42", "climbs slowly to 0.42"): lambda: figure("early-stopping")[
        "validation"
    ][-1],
    ("11-generalising", "89", "A tick marks epoch 89"): lambda: figure("early-stopping")["stop"],
    ("11-generalising", "0.62", "climbs to 0.62"): lambda: without_dropout()[-1],
    ("11-generalising", "0.015", "not with 0.39: 0.015"): lambda: 0.40 - 0.385,
    ("11-generalising", "1.333", "0.2 and 1.333"): lambda: 2 / 1.5,
    ("12-when-training-fails", "2.5", "falls from 2.5"): lambda: figure("deep-and-shallow")[
        "shallow"
    ][0],
    ("13-applications", "38", "between 38 and 51"): lambda: diagonal().min(),
    ("13-applications", "51", "between 38 and 51"): lambda: diagonal().max(),
    ("13-applications", "442", "For 442 people"): lambda: len(datasets.diabetes()),
    ("13-applications", "25", "a number from 25"): lambda: datasets.diabetes().y.min(),
    ("13-applications", "346", "from 25 to 346"): lambda: datasets.diabetes().y.max(),
    ("13-applications", "110", "for 110 patients"): lambda: len(
        figure("predicted-against-true")["y"]
    ),
    ("13-applications", "54", "and 54 of them are spam"): lambda: datasets.messages().y.sum(),
    ("13-applications", "93", "93 % sixes"): lambda: cluster(6),
    ("13-applications", "89", "89 % twos"): lambda: cluster(2),
    ("13-applications", "52", "52 % threes"): lambda: cluster(3),
    ("13-applications", "9,950", "of the 9,950 healthy ones"): lambda: 10_000 - 50,
    ("13-applications", "442", "on 442 patients"): lambda: len(datasets.diabetes()),
    ("activation_functions", "0.25", "at most 0.25"): lambda: sigmoid_prime(np.zeros(1))[0],
    ("activation_functions", "0.69", "stays flat near 0.69"): lambda: COIN,
    ("nn_from_scratch", "0.69", "about 0.69"): lambda: COIN,
    ("nn_from_scratch", "−1.8", "a score of −1.8"): lambda: np.arctanh(-0.947),
    ("nn_from_scratch", "−0.95", "becomes −0.95"): lambda: np.tanh(-1.8),
}

# What the reader is asked to try, or why a number is there that nothing made.
CHOSEN: dict[tuple[str, str, str], str] = {
    ("11-generalising", "0.379", "0.385, 0.38, 0.379"): "a series made up for an exercise",
    ("mnist_nn", "0.1001", "a learning rate of 0.1001"): "a setting to try",
    ("mnist_nn", "101", "divide by 101"): "a setting to try",
    ("mnist_nn", "30", "Give the network 30"): "a setting to try",
    ("mnist_nn", "30", "Train for 30 epochs"): "a setting to try",
    ("mnist_nn", "98", "rising to almost 98 per cent"): "between the printed 97 and 98",
}
