"""The door of networks: layers, masks and rates that do not fit together."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from nnlit.checks import trusting
from nnlit.network_checks import check_alike, check_layers, check_network, check_pairs, check_rates


def layers(*sizes):
    return [(np.ones((d, m)), np.ones(m)) for d, m in pairwise(sizes)]


def test_layers_of_wrong_shapes_are_told_apart_from_what_is_no_array():
    right = (np.ones((2, 3)), np.ones(3))
    assert check_layers([right, right]) is None
    for wrong in [(np.ones((3, 3)), np.ones(2)), (np.ones(3), np.ones(3))]:
        with pytest.raises(ValueError, match=r"^net must hold W \(d, m\) and b \(m,\)"):
            check_layers([right, wrong], "net")
    with pytest.raises(TypeError, match=r"(?s)^net must hold a pair .* for layer 2$"):
        check_layers([right, (np.ones((3, 3)), None)], "net")


def test_layers_that_do_not_fit_are_shown_with_their_shapes():
    with pytest.raises(ValueError, match=r"for each layer, got \[\(\(2, 3\), \(4,\)\)\]$"):
        check_layers([(np.ones((2, 3)), np.ones(4))])


@pytest.mark.parametrize("layer", [5, (np.ones(1),), (np.ones(1),) * 3, (1.0, np.ones(1))])
def test_what_is_not_a_pair_is_named_with_its_layer(layer):
    with pytest.raises(TypeError, match=r"(?s)^slopes must hold a pair \(W, b\) .* for layer 2$"):
        check_pairs([*layers(2, 3), layer], "slopes")


def test_layers_are_not_looked_at_again_where_the_caller_is_trusted():
    with trusting():
        assert check_pairs("no pairs", "gradients") is None
        assert check_layers("no layers") is None
    with pytest.raises(TypeError, match=r"^parameters must be a list of pairs"):
        check_layers("no layers")


def test_masks_are_wanted_for_the_hidden_layers_and_no_other():
    X, net = np.ones((5, 2)), layers(2, 3, 4, 1)
    masks = [np.ones((5, 3)), np.ones((5, 4))]
    assert check_network(X, net, masks) is X
    said = r"^masks must have shapes \[\(5, 3\), \(5, 4\)\], got \[\(5, 3\)\]$"
    with pytest.raises(ValueError, match=said):
        check_network(X, net, masks[:1])


def test_one_rate_is_looked_at_where_there_is_no_hidden_layer_either():
    assert check_rates(0.5, 0) == []
    with pytest.raises(ValueError, match=r"^rates must be in \[0, 1\), got 1.5$"):
        check_rates(1.5, 0)


@pytest.mark.parametrize(
    ("said", "call"),
    [
        ("parameters", lambda: check_layers([])),
        ("gradients", lambda: check_alike([], layers(1, 1))),
        ("rates", lambda: check_rates([0.1], 2)),
    ],
)
def test_an_argument_without_a_name_has_its_usual_one(said, call):
    with pytest.raises((TypeError, ValueError), match=rf"^{said} must\b"):
        call()
