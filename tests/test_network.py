"""The network: forward and backward by hand, in columns, and checked."""

from __future__ import annotations

import numpy as np
import pytest

from nnlit import activations
from nnlit.datasets import gate
from nnlit.gradcheck import check_all
from nnlit.initializers import initialize
from nnlit.losses import one_hot
from nnlit.network import (
    ACTIVATIONS,
    LOSSES,
    MATCHING,
    OUTPUTS,
    _check_columns,
    backward,
    column_pass,
    forward,
    gradients,
    loss_value,
    output_delta,
    output_loss,
    predict,
)

# Every loss with every output that it is defined for.
PROBABILITIES = ("sigmoid", "softmax")
PAIRS = [
    (output, loss)
    for loss in LOSSES
    for output in OUTPUTS
    if output in PROBABILITIES or "cross" not in loss
]


def network(sizes, seed=0, initializer="he_normal"):
    """Parameters whose biases are not 0, so that a fault in them shows."""
    rng = np.random.default_rng(seed)
    return [
        (W, rng.normal(size=b.shape) / 4)
        for W, b in initialize(sizes, initializer, rng)
    ]


def problem(n, d, K, output="softmax", seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, d))
    if output in PROBABILITIES:
        return X, one_hot(rng.integers(K, size=n), K)
    return X, rng.normal(size=(n, K))


def away_from_kinks(n, sizes, activation, output, seed=0):
    """A network and examples whose scores are all further than 10 steps
    from 0, where ReLU has no slope."""
    for s in range(seed, seed + 1000):
        X, Y = problem(n, sizes[0], sizes[-1], output, s)
        parameters = network(sizes, s)
        _, cache = forward(X, parameters, activation, output)
        if min(np.abs(layer.Z).min() for layer in cache) > 1e-3:
            return X, Y, parameters
    raise AssertionError("every seed has a score at a kink")


def flat(slopes):
    return np.concatenate([a.ravel() for pair in slopes for a in pair])


def assert_same(ours, theirs, rtol=1e-12):
    """Equal within rtol of the largest entry."""
    ours, theirs = flat(ours), flat(theirs)
    assert np.abs(ours - theirs).max() <= rtol * np.abs(theirs).max()


def test_who_names_nothing_gets_relu_softmax_and_cross_entropy():
    sizes, names = [3, 5, 2], ("relu", "softmax", "cross_entropy")
    X, Y, net = away_from_kinks(4, sizes, "relu", "softmax")
    Y_hat, cache = forward(X, net, *names[:2])
    assert forward(X, net)[0].tolist() == Y_hat.tolist()
    assert predict(X, net).tolist() == Y_hat.tolist()
    columns = [(W.T, b[:, None]) for W, b in net]
    x, y = X[:1].T, Y[:1].T
    y_hat, slopes = column_pass(x, y, columns)
    assert y_hat.ravel().tolist() == pytest.approx(Y_hat[0].tolist())
    assert_same(slopes, column_pass(x, y, columns, *names[:2])[1], 0)
    assert loss_value(X, Y, net) == loss_value(X, Y, net, *names)
    told = backward(cache, net, Y, *names)
    assert_same(backward(cache, net, Y), told, 0)
    assert_same(gradients(X, Y, net), told, 0)


# --- forward ---------------------------------------------------------------


def test_forward_by_hand():
    # 7 and 5 with bias −6 on two units (the example of chapter 7, B33).
    X = np.array([[1.0, 2.0]])
    first = (np.array([[1.0, -1.0], [0.5, 2.0]]), np.array([0.0, -4.0]))
    second = (np.array([[7.0], [5.0]]), np.array([-6.0]))
    Y_hat, cache = forward(X, [first, second], "relu", "sigmoid")
    assert cache[0].A_below.tolist() == [[1, 2]]
    assert cache[0].Z.tolist() == [[2, -1]]
    assert cache[0].A.tolist() == [[2, 0]]
    assert cache[1].A_below.tolist() == [[2, 0]]
    assert cache[1].Z.tolist() == [[8]]
    assert Y_hat == activations.sigmoid(8.0)


def test_xor_with_weights_set_by_hand():
    data = gate("xor")
    either = (np.array([[20.0, -20.0], [20.0, -20.0]]), np.array([-10.0, 30.0]))
    both = (np.array([[20.0], [20.0]]), np.array([-30.0]))
    Y_hat = predict(data.X, [either, both], "sigmoid", "sigmoid")
    assert (Y_hat[:, 0] > 0.5).astype(int).tolist() == data.y.tolist()


@pytest.mark.parametrize("layers", [2, 3, 5])
def test_without_a_bend_a_deep_network_is_one_layer(layers):
    # Errata A32, B31: sums of linear models stay linear.
    X, _ = problem(20, 3, 2)
    parameters = network([3, *[4] * (layers - 1), 2])
    W, b = parameters[0]
    for V, c in parameters[1:]:
        W, b = W @ V, b @ V + c
    Y_hat, _ = forward(X, parameters, "identity", "identity")
    np.testing.assert_allclose(Y_hat, X @ W + b, rtol=1e-12)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_a_row_of_a_batch_equals_the_row_alone(activation):
    X, _ = problem(9, 3, 4)
    parameters = network([3, 5, 4])
    together, _ = forward(X, parameters, activation)
    alone = [forward(x[None], parameters, activation)[0][0] for x in X]
    np.testing.assert_allclose(together, alone, rtol=1e-13)


def test_predict_goes_in_blocks_and_gives_what_forward_gives():
    X, _ = problem(9000, 3, 2)
    parameters = network([3, 5, 2])
    np.testing.assert_allclose(
        predict(X, parameters), forward(X, parameters)[0], rtol=1e-13
    )


def test_masks_multiply_the_hidden_outputs_only():
    X, _ = problem(6, 3, 2)
    parameters = network([3, 5, 4, 2])
    masks = [np.full((6, 5), 2.0), np.zeros((6, 4))]
    Y_hat, cache = forward(X, parameters, "tanh", "identity", masks)
    assert cache[1].A_below.tolist() == (2 * cache[0].A).tolist()
    assert not cache[2].A_below.any()
    np.testing.assert_array_equal(Y_hat, np.tile(parameters[2][1], (6, 1)))


def test_float32_stays_float32_forward_and_backward():
    X, Y = problem(6, 3, 2)
    parameters = [
        (W.astype("f4"), b.astype("f4")) for W, b in network([3, 4, 2])
    ]
    for activation in ACTIVATIONS:
        Y_hat, cache = forward(X.astype("f4"), parameters, activation)
        assert Y_hat.dtype == np.float32
        slopes = backward(cache, parameters, Y.astype("f4"), activation)
        assert {a.dtype for pair in slopes for a in pair} == {np.dtype("f4")}


def test_lists_and_bytes_are_taken_and_nothing_is_changed():
    X = np.array([[1, 2, 3]], np.uint8)
    parameters = network([3, 4, 2])
    before = flat(parameters)
    Y = np.eye(2)[:1]
    Y.flags.writeable = X.flags.writeable = False
    ours = gradients(X, Y, parameters)
    assert flat(ours).tolist() == flat(gradients(X.tolist(), Y, parameters)).tolist()
    assert flat(parameters).tolist() == before.tolist()


# --- backward --------------------------------------------------------------


def test_backward_by_hand():
    # One unit upon one unit, squared error: x = 1, w = 2, v = 3, y = 4.
    parameters = [
        (np.array([[2.0]]), np.array([0.0])),
        (np.array([[3.0]]), np.array([0.0])),
    ]
    X, Y = np.array([[1.0]]), np.array([[4.0]])
    names = ("relu", "identity", "squared_error")
    assert loss_value(X, Y, parameters, *names) == 0.5 * (6 - 4) ** 2
    (dW, db), (dV, dc) = gradients(X, Y, parameters, *names)
    assert [a.item() for a in (dW, db, dV, dc)] == [6, 6, 4, 2]


@pytest.mark.parametrize("output", MATCHING)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_the_column_form_of_the_sources_agrees(activation, output):
    # Errata C2, C3, D1: W there is our W transposed, an example a column.
    X, Y = problem(7, 3, 2, output)
    parameters = network([3, 4, 5, 2])
    columns = [(W.T, b[:, None]) for W, b in parameters]
    names = (activation, output)
    singles = []
    for x, y in zip(X, Y, strict=True):
        y_hat, slopes = column_pass(x[:, None], y[:, None], columns, *names)
        singles.append([(dW.T, db[:, 0]) for dW, db in slopes])
        rows, _ = forward(x[None], parameters, *names)
        np.testing.assert_allclose(y_hat.T, rows, rtol=1e-13)
        assert_same(
            singles[-1],
            gradients(x[None], y[None], parameters, *names, MATCHING[output]),
        )
    # The gradient of a batch is the mean of those of its examples.
    mean = np.mean([flat(slopes) for slopes in singles], axis=0)
    batch = flat(gradients(X, Y, parameters, *names, MATCHING[output]))
    np.testing.assert_allclose(batch, mean, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("output", "loss"), PAIRS)
def test_a_batch_has_the_mean_loss_and_gradient_of_its_examples(output, loss):
    X, Y = problem(8, 3, 2, output)
    parameters = network([3, 4, 2])
    names = ("sigmoid", output, loss)
    single = [
        flat(gradients(x[None], y[None], parameters, *names))
        for x, y in zip(X, Y, strict=True)
    ]
    np.testing.assert_allclose(
        flat(gradients(X, Y, parameters, *names)),
        np.mean(single, axis=0),
        rtol=1e-11,
        atol=1e-14,
    )
    losses = [
        loss_value(x[None], y[None], parameters, *names)
        for x, y in zip(X, Y, strict=True)
    ]
    assert loss_value(X, Y, parameters, *names) == pytest.approx(np.mean(losses), rel=1e-12)


@pytest.mark.parametrize("layers", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_gradient_check_of_every_output_and_loss(layers, activation):
    sizes = [2, *[3] * (layers - 1), 2]
    for output, loss in PAIRS:
        X, Y, parameters = away_from_kinks(5, sizes, activation, output)
        names = (activation, output, loss)
        report = check_all(
            lambda moved, X=X, Y=Y, names=names: loss_value(X, Y, moved, *names),
            parameters,
            gradients(X, Y, parameters, *names),
        )
        assert report.passed, f"{names}: {report}"


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_slopes_from_scores_and_outputs_are_the_derivatives(name):
    # The short forms, A (1 − A) and 1 − A², against the ones of chapter 4.
    Z = np.linspace(-30, 30, 4001)
    g, g_prime = ACTIVATIONS[name]
    literal = getattr(activations, f"{name}_prime")(Z)
    np.testing.assert_allclose(g_prime(Z, g(Z)), literal, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize(("activation", "slope"), [("relu", 0.0), ("leaky_relu", 0.01)])
def test_relu_has_no_slope_at_0(activation, slope):
    # A unit whose score is exactly 0, which a gradient check can't look at.
    parameters = [(np.zeros((1, 1)), np.zeros(1)), (np.ones((1, 1)), np.zeros(1))]
    names = (activation, "identity", "squared_error")
    (dW, db), _ = gradients(np.ones((1, 1)), np.ones((1, 1)), parameters, *names)
    assert dW.item() == db.item() == -slope


def test_delta_of_softmax_is_the_jacobian_times_the_slope_of_the_loss():
    rng = np.random.default_rng(0)
    Z, Y = rng.normal(size=(6, 4)), rng.normal(size=(6, 4))
    P = activations.softmax(Z)
    G = LOSSES["squared_error"].gradient(P, Y)
    literal = [
        activations.softmax_jacobian(z) @ g for z, g in zip(Z, G, strict=True)
    ]
    ours = output_delta(Z, P, Y, "softmax", "squared_error")
    np.testing.assert_allclose(ours, literal, rtol=1e-13, atol=1e-17)


@pytest.mark.parametrize("output", MATCHING)
def test_the_short_delta_of_a_matching_loss_is_that_of_the_chain_rule(output):
    rng = np.random.default_rng(1)
    Z, Y = rng.normal(size=(5, 3)), one_hot(rng.integers(3, size=5), 3)
    Y_hat, loss = OUTPUTS[output](Z), MATCHING[output]
    short = output_delta(Z, Y_hat, Y, output, loss)
    np.testing.assert_allclose(short, (Y_hat - Y) / 5, rtol=1e-15)
    G = LOSSES[loss].gradient(Y_hat, Y)
    if output == "softmax":
        chain = Y_hat * (G - (Y_hat * G).sum(axis=1, keepdims=True))
    else:
        chain = G * ACTIVATIONS[output].g_prime(Z, Y_hat)
    np.testing.assert_allclose(short, chain, rtol=1e-12)


def test_a_sigmoid_that_saturates_learns_from_its_own_loss_only():
    # Wrong by 20: cross-entropy has slope −1, half squares almost none.
    Z, Y = np.array([[-20.0]]), np.array([[1.0]])
    Y_hat = activations.sigmoid(Z)
    steep = output_delta(Z, Y_hat, Y, "sigmoid", "binary_cross_entropy")
    flat_ = output_delta(Z, Y_hat, Y, "sigmoid", "squared_error")
    assert steep == pytest.approx(-1)
    assert -1e-8 < flat_ < 0


@pytest.mark.parametrize(
    ("output", "loss"), [("softmax", "cross_entropy"), ("sigmoid", "binary_cross_entropy")]
)
def test_the_loss_of_far_scores_is_finite(output, loss):
    Z = np.array([[1e4, -1e4]])
    assert output_loss(Z, np.array([[0.0, 1.0]]), output, loss) >= 1e4
    assert output_loss(Z, np.array([[1.0, 0.0]]), output, loss) == 0


def test_losses_are_means_over_examples_and_sums_over_outputs():
    Y_hat, Y = np.array([[1.0, 2.0, 0.0], [3.0, 5.0, 0.0]]), np.zeros((2, 3))
    assert LOSSES["squared_error"].value(Y_hat, Y) == (1 + 4 + 9 + 25) / (2 * 2)
    assert LOSSES["mean_squared_error"].value(Y_hat, Y) == (1 + 4 + 9 + 25) / (2 * 3)
    half = np.full((2, 3), 0.5)
    assert LOSSES["binary_cross_entropy"].value(half, Y) == pytest.approx(3 * np.log(2))


def test_both_weights_of_one_misclassified_point_go_up():
    # Erratum B38: for y = 1 every weight on an active unit grows, more so
    # where the unit is more active; none shrinks.
    hidden = np.array([[0.3, 0.9]])
    top = [(np.array([[-1.0], [-1.0]]), np.array([0.0]))]
    [(dW, _)] = gradients(hidden, np.array([[1.0]]), top, "sigmoid", "sigmoid",
                          "binary_cross_entropy")  # fmt: skip
    up = -dW[:, 0]
    assert 0 < up[0] < up[1]
    assert up[1] / up[0] == pytest.approx(3)


@pytest.mark.parametrize("call", [gradients, loss_value])
def test_answers_of_another_shape_are_an_error(call):
    X, Y = problem(4, 3, 1, "identity")
    parameters = network([3, 2, 1])
    with pytest.raises(ValueError, match="shape"):
        call(X, Y[:, 0], parameters, "relu", "identity", "squared_error")


def test_rows_of_another_length_are_an_error():
    with pytest.raises(ValueError, match=r"^X must have shape \(n, 3\), n at least 1, got \(2"):
        forward(np.ones((2, 4)), network([3, 2]))


def test_scores_of_no_example_are_an_error():
    nothing = np.ones((0, 2))
    for loss in ("cross_entropy", "squared_error"):
        with pytest.raises(ValueError, match=r"^Z is empty$"):
            output_delta(nothing, nothing, nothing, "softmax", loss)


def test_each_mask_goes_back_through_its_own_layer():
    X, Y = problem(4, 2, 2)
    masks = [np.tile([0.0, 2.0, 2.0], (4, 1)), np.tile([2.0, 0.0, 2.0], (4, 1))]
    slopes = gradients(X, Y, network([2, 3, 3, 2]), "tanh", masks=masks)
    for (dW, db), kept in zip(slopes, ([0, 1, 1], [1, 0, 1], [1, 1]), strict=True):
        assert dW.any(axis=0).tolist() == (db != 0).tolist() == [bool(k) for k in kept]


@pytest.mark.parametrize("sizes", [[3, 2], [3, 4, 2], [3, 4, 5, 2]])
def test_the_column_form_agrees_for_every_depth(sizes):
    X, Y = problem(1, 3, 2)
    net = network(sizes)
    _, slopes = column_pass(X.T, Y.T, [(W.T, b[:, None]) for W, b in net], "tanh")
    for (dW, db), (dV, dc) in zip(slopes, gradients(X, Y, net, "tanh"), strict=True):
        np.testing.assert_allclose(dW.T, dV, rtol=1e-12, atol=1e-15)
        np.testing.assert_allclose(db[:, 0], dc, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(
    ("W", "b", "layer"),
    [((3, 1), (2, 1), 1), ((3, 2), (3,), 1), ((2, 3), (2, 1), 0), ((4, 3), (2, 1), 2)],
)
def test_columns_that_do_not_fit_are_named_with_their_layer(W, b, layer):
    net = [(np.ones((3, 2)), np.ones((3, 1))), (np.ones((2, 3)), np.ones((2, 1)))]
    if layer:
        net[layer - 1] = np.ones(W), np.ones(b)
        rows = (2, 3)[layer - 1]
        said = rf"^parameters must hold W \(m, {rows}\) and b \(m, 1\) in layer {layer}, got \("
        with pytest.raises(ValueError, match=said):
            column_pass(np.ones((2, 1)), np.ones((2, 1)), net)
    else:
        x, y = _check_columns([[1], [1]], [[1], [1]], net)
        assert x.shape == y.shape == (2, 1)
