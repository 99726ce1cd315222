"""The same weights and batches in PyTorch, in float64: everything agrees.

PyTorch is not among what `make test` installs; without it these tests are
skipped, unless NNLIT_REQUIRE_TORCH is set: then that is a failure.
"""

from __future__ import annotations

import os

import numpy as np
import pytest
from test_network import away_from_kinks, network

from nnlit import losses
from nnlit.network import ACTIVATIONS, LOSSES, OUTPUTS, forward, gradients, loss_value
from nnlit.optimizers import OPTIMIZERS, clip_by_norm, make_optimizer
from nnlit.regularization import add_penalty, dropout_masks
from nnlit.residual import deep_gradients, deep_loss, layer_norm, layer_norm_backward

if os.environ.get("NNLIT_REQUIRE_TORCH"):
    import torch
else:
    torch = pytest.importorskip("torch", reason="pip install torch==2.13.0")

torch.set_num_threads(1)  # small products: threads only wait for each other
F = torch.nn.functional
TOLERANCE = 1e-12  # relative to the largest entry
THEIR_ACTIVATION = {
    "identity": lambda z: z,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "leaky_relu": F.leaky_relu,  # slope 0.01, as ours
    "gelu": F.gelu,  # the exact form, not the one with tanh
}
PAIRS = [
    ("softmax", "cross_entropy"),
    ("sigmoid", "binary_cross_entropy"),
    ("identity", "squared_error"),
    ("identity", "mean_squared_error"),
    # the general case, loss and output not matching
    ("sigmoid", "squared_error"),
    ("softmax", "squared_error"),
    ("softmax", "binary_cross_entropy"),
    ("sigmoid", "cross_entropy"),
    ("tanh", "squared_error"),
    ("relu", "mean_squared_error"),
    ("leaky_relu", "squared_error"),
    ("gelu", "squared_error"),
]


def their(parameters):
    """Copies of our parameters as PyTorch's."""
    return [
        tuple(torch.tensor(array.copy(), requires_grad=True) for array in layer)
        for layer in parameters
    ]


def their_loss(X, Y, parameters, activation, output, loss, masks=None):
    """The loss as PyTorch's users write it."""
    A, Y = torch.tensor(X), torch.tensor(Y)
    for i, (W, b) in enumerate(parameters):
        Z = A @ W + b
        if i < len(parameters) - 1:
            A = THEIR_ACTIVATION[activation](Z)
            if masks is not None:
                A = A * torch.tensor(masks[i])
    n, K = Y.shape
    if (output, loss) == ("softmax", "cross_entropy"):
        return F.cross_entropy(Z, Y)
    if (output, loss) == ("sigmoid", "binary_cross_entropy"):
        return K * F.binary_cross_entropy_with_logits(Z, Y)
    P = torch.softmax(Z, dim=1) if output == "softmax" else THEIR_ACTIVATION[output](Z)
    return {
        "squared_error": lambda: F.mse_loss(P, Y, reduction="sum") / (2 * n),
        "mean_squared_error": lambda: F.mse_loss(P, Y),
        # F.binary_cross_entropy would bound slopes near 0 and 1 (by 10¹²).
        "binary_cross_entropy": lambda: (
            -(Y * torch.log(P) + (1 - Y) * torch.log(1 - P)).sum() / n
        ),
        "cross_entropy": lambda: -(Y * torch.log(P)).sum() / n,
    }[loss]()


def assert_agree(ours, theirs):
    """Every array within TOLERANCE of the largest entry of all."""
    largest = max(float(np.abs(t).max()) for t in theirs)
    worst = max(float(np.abs(o - t).max()) for o, t in zip(ours, theirs, strict=True))
    assert worst <= TOLERANCE * largest, f"off by {worst / largest:.1e}"


def arrays(layers):
    return [
        a.detach().numpy() if isinstance(a, torch.Tensor) else a for layer in layers for a in layer
    ]


@pytest.mark.parametrize("dropped", [False, True], ids=["whole", "dropout"])
@pytest.mark.parametrize(("output", "loss"), PAIRS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_loss_and_every_gradient(activation, output, loss, dropped):
    for layers in (1, 2, 4):
        sizes = [5, *[7] * (layers - 1), 3]
        X, Y, parameters = away_from_kinks(16, sizes, activation, output, seed=layers)
        masks = dropout_masks(16, parameters, 0.4, rng=0) if dropped else None
        names = (activation, output, loss, masks)
        theirs = their(parameters)
        value = their_loss(X, Y, theirs, *names)
        value.backward()
        assert_agree([np.array(loss_value(X, Y, parameters, *names))], [value.detach().numpy()])
        slopes = [tuple(a.grad for a in layer) for layer in theirs]
        assert_agree(arrays(gradients(X, Y, parameters, *names)), arrays(slopes))


def test_every_loss_and_output_is_compared():
    assert {loss for _, loss in PAIRS} == set(LOSSES)
    assert {output for output, _ in PAIRS} == set(OUTPUTS)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_a_hundred_steps_of_every_optimiser(name, activation):
    parameters = network([6, 10, 8, 4], seed=1)
    theirs = their(parameters)
    rng = np.random.default_rng(2)
    X = rng.normal(size=(400, 6))
    Y = losses.one_hot(np.argmax(X @ rng.normal(size=(6, 4)), axis=1), 4)
    rate = 0.005 if name in ("rmsprop", "adam", "adamw") else 0.05
    optimizer = make_optimizer(name)
    flat = [a for layer in theirs for a in layer]
    weights = [{"params": [W for W, _ in theirs]}]
    biases = [{"params": [b for _, b in theirs], "weight_decay": 0.0}]
    other = {
        "sgd": lambda: torch.optim.SGD(flat, lr=rate),
        "momentum": lambda: torch.optim.SGD(flat, lr=rate, momentum=0.9),
        "nesterov": lambda: torch.optim.SGD(flat, lr=rate, momentum=0.9, nesterov=True),
        "rmsprop": lambda: torch.optim.RMSprop(flat, lr=rate),
        "adam": lambda: torch.optim.Adam(flat, lr=rate),
        "adamw": lambda: torch.optim.AdamW(weights + biases, lr=rate),
    }[name]()
    for _ in range(100):
        rows = rng.integers(400, size=32)
        slopes = gradients(X[rows], Y[rows], parameters, activation)
        optimizer.step(parameters, slopes, rate)
        other.zero_grad()
        their_loss(X[rows], Y[rows], theirs, activation, "softmax", "cross_entropy").backward()
        other.step()
        assert_agree(arrays(parameters), arrays(theirs))
    assert optimizer.t == 100
    start = loss_value(X, Y, network([6, 10, 8, 4], seed=1), activation)
    assert loss_value(X, Y, parameters, activation) < start


def test_our_l2_is_their_weight_decay_of_the_weights():
    parameters = network([6, 10, 4], seed=1)
    theirs = their(parameters)
    X, Y, _ = away_from_kinks(32, [6, 10, 4], "tanh", "softmax")
    groups = [
        {"params": [W for W, _ in theirs], "weight_decay": 0.1},
        {"params": [b for _, b in theirs]},
    ]
    other = torch.optim.SGD(groups, lr=0.1, momentum=0.9)
    optimizer = make_optimizer("momentum")
    for _ in range(100):
        slopes = add_penalty(gradients(X, Y, parameters, "tanh"), parameters, l2=0.1)
        optimizer.step(parameters, slopes, 0.1)
        other.zero_grad()
        their_loss(X, Y, theirs, "tanh", "softmax", "cross_entropy").backward()
        other.step()
    assert_agree(arrays(parameters), arrays(theirs))


def test_clipping_is_theirs_but_for_their_millionth():
    parameters = network([6, 10, 4], seed=1)
    theirs = their(parameters)
    X, Y, _ = away_from_kinks(32, [6, 10, 4], "tanh", "softmax")
    their_loss(X, Y, theirs, "tanh", "softmax", "cross_entropy").backward()
    norm = torch.nn.utils.clip_grad_norm_([a for layer in theirs for a in layer], 0.01)
    ours = arrays(clip_by_norm(gradients(X, Y, parameters, "tanh"), 0.01))
    exact = (norm.item() + 1e-6) / norm.item()
    assert_agree(ours, [a.grad.numpy() * exact for layer in theirs for a in layer])


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_layers_forward(activation):
    X, _, parameters = away_from_kinks(8, [5, 7, 3], activation, "softmax")
    _, cache = forward(X, parameters, activation)
    (W, b), _ = their(parameters)
    A = THEIR_ACTIVATION[activation](torch.tensor(X) @ W + b)
    assert_agree([cache[0].A], [A.detach().numpy()])


@pytest.mark.parametrize("shape", [(1, 2), (5, 3), (16, 64)])
def test_layer_normalisation_and_its_way_back(shape):
    rng = np.random.default_rng(0)
    A, G = rng.normal(2, 3, size=shape), rng.normal(size=shape)
    theirs = torch.tensor(A, requires_grad=True)
    normalised = F.layer_norm(theirs, shape[1:], eps=1e-5)  # no gain, no shift
    normalised.backward(torch.tensor(G))
    N, s = layer_norm(A)
    assert_agree([N], [normalised.detach().numpy()])
    assert_agree([layer_norm_backward(G, N, s)], [theirs.grad.numpy()])


@pytest.mark.parametrize(("normalize", "skip"), [(True, False), (False, True), (True, True)])
@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu", "gelu"])
def test_residual_networks(activation, normalize, skip):
    rng = np.random.default_rng(1)
    X, Y = rng.normal(size=(16, 6)), losses.one_hot(rng.integers(3, size=16), 3)
    parameters = network([6, *[8] * 5, 3], seed=1, initializer="glorot_normal")
    theirs, A = their(parameters), torch.tensor(X)
    for l, (W, b) in enumerate(theirs):
        below = F.layer_norm(A, A.shape[1:]) if normalize and l else A
        Z = below @ W + b
        H = THEIR_ACTIVATION[activation](Z)
        A = A + H if skip and 0 < l < len(theirs) - 1 else H
    value = F.cross_entropy(Z, torch.tensor(Y))
    value.backward()
    switches = {"normalize": normalize, "skip": skip}
    ours = np.array(deep_loss(X, Y, parameters, activation, **switches))
    assert_agree([ours], [value.detach().numpy()])
    slopes = [tuple(a.grad for a in layer) for layer in theirs]
    assert_agree(
        arrays(deep_gradients(X, Y, parameters, activation, **switches)), arrays(slopes)
    )
