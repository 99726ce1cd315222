"""The door: every kind of bad input, and that good input passes unchanged."""

from __future__ import annotations

import numpy as np
import pytest

from nnlit import checks


def name(value):
    return getattr(value, "__name__", None)


# --- numbers and arrays ----------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_as_float_gives_floats_back_as_they_are(dtype):
    x = np.ones(3, dtype)
    assert checks.as_float(x) is x


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int16, np.int64])
def test_as_float_casts_whole_numbers_to_float64(dtype):
    y = checks.as_float(np.array([0, 1], dtype))
    assert y.dtype == np.float64
    assert y.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("bad", "dtype"),
    [
        ([1j], "complex128"),
        (["1"], "<U1"),
        ([None], "object"),
        ([b"1"], r"\|S1"),
        (np.array(["2020"], "M8[Y]"), "datetime64"),
    ],
)
def test_as_float_refuses_what_is_not_a_real_number(bad, dtype):
    with pytest.raises(TypeError, match=f"pixels must hold real.*{dtype}"):
        checks.as_float(bad, "pixels")


def test_as_float_refuses_ragged_rows():
    with pytest.raises(ValueError, match="pixels is ragged"):
        checks.as_float([[1, 2], [3]], "pixels")


@pytest.mark.parametrize("shape", [("n", "m"), (2, "m"), ("n", 3), (2, 3)])
def test_check_shape_takes_letters_for_any_number(shape):
    W = np.ones((2, 3))
    assert checks.check_shape(W, shape, "W") is W
    assert checks.check_shape([[1, 2, 3]] * 2, shape, "W").dtype == np.float64


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        (("d",), r"\(d,\)"),
        (("n", "m", 1), r"\(n, m, 1\)"),
        ((3, "m"), r"\(3, m\)"),
        ((2, 2), r"\(2, 2\)"),
        ((), r"\(\)"),
    ],
)
def test_check_shape_names_the_shape_that_is_wanted(shape, said):
    with pytest.raises(ValueError, match=rf"^W must have shape {said}, got \(2, 3\)$"):
        checks.check_shape(np.ones((2, 3)), shape, "W")
    with pytest.raises(TypeError, match=r"^W must hold real numbers, got complex128$"):
        checks.check_shape([1j], shape, "W")


def test_pair_casts_labels_to_the_predictions_dtype():
    y_hat, y = checks.pair(np.ones(2, np.float32), [0, 1])
    assert y_hat.dtype == y.dtype == np.float32
    _, y = checks.pair(np.ones(2, np.float32), np.array([0.1, 0.2]))
    assert y.dtype == np.float64  # floats are never rounded


def test_pair_names_both_arguments():
    with pytest.raises(
        ValueError, match=r"P and Y must have .* got \(2,\) and \(3,\)"
    ):
        checks.pair([1, 2], [1, 2, 3], "P", "Y")
    with pytest.raises(TypeError, match="Y must hold real numbers"):
        checks.pair([1, 2], ["a", "b"], "P", "Y")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_check_finite_refuses_nan_and_infinity(bad):
    with pytest.raises(ValueError, match=f"w must be finite, got {bad}"):
        checks.check_finite([[1.0, bad]], "w")


# --- X ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (1.0, ValueError, r"2 dimensions \(n, d\), got shape \(\)"),
        ([1.0, 2.0], ValueError, r"2 dimensions \(n, d\), got shape \(2,\)"),
        (np.zeros((2, 2, 2)), ValueError, r"got shape \(2, 2, 2\)"),
        (np.zeros((0, 2)), ValueError, r"at least one row.*\(0, 2\)"),
        (np.zeros((2, 0)), ValueError, r"at least one row.*\(2, 0\)"),
        ([], ValueError, "2 dimensions"),
        ([[1.0, np.nan]], ValueError, "X must be finite, got nan"),
        ([[1.0, -np.inf]], ValueError, "X must be finite, got -inf"),
        ([[1.0, 2.0], [3.0]], ValueError, "X is ragged"),
        ([[1j, 2.0]], TypeError, "X must hold real numbers, got complex128"),
        ([["a", "b"]], TypeError, "X must hold real numbers, got <U1"),
        ([[None, 1.0]], TypeError, "X must hold real numbers, got object"),
    ],
)
def test_check_features_refuses(X, error, message):
    with pytest.raises(error, match=message):
        checks.check_features(X)


def test_check_features_counts_the_features():
    X = np.zeros((4, 3))
    assert checks.check_features(X, features=3) is X
    with pytest.raises(ValueError, match=r"must have 2 features.*got 3"):
        checks.check_features(X, features=2)


# --- y ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("y", "error", "message"),
    [
        ([[0], [1]], ValueError, r"y must have 1 dimension.*\(2, 1\)"),
        (1, ValueError, r"y must have 1 dimension.*\(\)"),
        ([[0, 1], [1]], ValueError, "y is ragged"),
        ([0, 1, 1], ValueError, "same length, got 2 and 3"),
        ([0, 2], ValueError, "only 0 and 1, got 2"),
        ([0, -1], ValueError, "only 0 and 1, got -1"),
        ([0, 0.5], ValueError, "only 0 and 1, got 0.5"),
        ([0, np.nan], ValueError, "only 0 and 1, got nan"),
        (["0", "1"], ValueError, "only 0 and 1, got '0'"),
    ],
)
def test_check_labels_refuses(y, error, message):
    with pytest.raises(error, match=message):
        checks.check_labels([[1.0], [2.0]], y)


@pytest.mark.parametrize("dtype", [bool, np.uint8, float])
def test_check_labels_gives_floats_of_the_dtype_of_X(dtype):
    X = np.ones((2, 1), np.float32)
    X, y = checks.check_labels(X, np.array([0, 1], dtype))
    assert y.dtype == np.float32
    assert y.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("y", "classes", "codes"),
    [
        (["b", "a", "b"], ["a", "b"], [1, 0, 1]),
        ([7, 3, 7], [3, 7], [1, 0, 1]),
        ([True, False], [False, True], [1, 0]),
        ([2.0, -1.0], [-1.0, 2.0], [1, 0]),
        (np.array(["b", "a"], object), ["a", "b"], [1, 0]),
        ([9, 5, 7], [5, 7, 9], [2, 0, 1]),
    ],
)
def test_class_codes_number_the_sorted_classes(y, classes, codes):
    found, numbers = checks.class_codes(y)
    assert found.tolist() == classes
    assert numbers.tolist() == codes


@pytest.mark.parametrize(
    ("y", "error", "message"),
    [
        ([1, 1, 1], ValueError, "at least 2 classes, got 1"),
        ([], ValueError, "at least 2 classes, got 0"),
        ([0.5, 1.0], ValueError, "must hold classes, got fractions"),
        ([0.0, np.nan], ValueError, "y must be finite, got nan"),
        ([1j, 2j], TypeError, "whole numbers, booleans or text"),
        ([None, "a"], TypeError, "whole numbers, booleans or text"),
        ([[0], [1]], ValueError, "1 dimension"),
    ],
)
def test_class_codes_refuses(y, error, message):
    with pytest.raises(error, match=message):
        checks.class_codes(y)


def test_class_codes_of_one_class_where_that_is_enough():
    assert checks.class_codes([3, 3], at_least=1)[1].tolist() == [0, 0]


def test_two_classes_refuses_a_third_and_other_lengths():
    X = [[1.0], [2.0], [3.0]]
    with pytest.raises(ValueError, match="exactly 2 classes, got 3"):
        checks.two_classes(X, [0, 1, 2])
    with pytest.raises(ValueError, match="same length, got 3 and 2"):
        checks.two_classes(X, [0, 1])


# --- parameters ------------------------------------------------------------

PARAMETERS = [checks.check_positive, checks.check_nonnegative]


@pytest.mark.parametrize("check", PARAMETERS, ids=name)
@pytest.mark.parametrize("good", [1, 0.5, np.float32(0.5), np.int64(3)])
def test_number_checks_give_the_value_back(check, good):
    assert check(good, "alpha") is good


def test_a_number_in_an_array_without_axes_is_a_number():
    assert checks.check_number(np.array(0.5), "alpha") == 0.5
    with pytest.raises(ValueError, match=r"^alpha must be finite, got nan$"):
        checks.check_number(np.array(np.nan), "alpha")


@pytest.mark.parametrize("check", PARAMETERS, ids=name)
@pytest.mark.parametrize("bad", ["1", None, True, 1j, [1.0], np.ones(1)])
def test_number_checks_refuse_what_is_not_a_number(check, bad):
    with pytest.raises(TypeError, match="alpha must be a number, got"):
        check(bad, "alpha")


@pytest.mark.parametrize("check", PARAMETERS, ids=name)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_number_checks_refuse_nan_and_infinity(check, bad):
    with pytest.raises(ValueError, match="alpha must be finite"):
        check(bad, "alpha")


def test_the_edges_of_the_number_checks():
    assert checks.check_nonnegative(0, "alpha") == 0
    with pytest.raises(ValueError, match="alpha must be > 0, got 0"):
        checks.check_positive(0, "alpha")
    with pytest.raises(ValueError, match="alpha must be >= 0, got -1"):
        checks.check_nonnegative(-1, "alpha")
    assert checks.check_interval(0, "rate", 0, 1) == 0
    assert checks.check_interval(1, "rate", 0, 1, closed=True) == 1
    with pytest.raises(ValueError, match=r"rate must be in \[0, 1\), got 1"):
        checks.check_interval(1, "rate", 0, 1)
    with pytest.raises(ValueError, match=r"rate must be in \[0, 1\], got 2"):
        checks.check_interval(2, "rate", 0, 1, closed=True)
    with pytest.raises(ValueError, match=r"rate must be in .* got -0.1"):
        checks.check_interval(-0.1, "rate", 0, 1, closed=True)


@pytest.mark.parametrize("bad", [1.0, "1", None, True, np.float64(2)])
def test_check_integer_refuses_what_is_not_a_whole_number(bad):
    with pytest.raises(TypeError, match="epochs must be an integer"):
        checks.check_integer(bad, "epochs")


def test_check_integer_at_its_edge():
    assert checks.check_integer(np.int64(1), "epochs", 1) == 1
    assert type(checks.check_integer(np.int64(1), "epochs")) is int
    with pytest.raises(ValueError, match="epochs must be >= 1, got 0"):
        checks.check_integer(0, "epochs", 1)
    with pytest.raises(ValueError, match="epochs must be >= 0, got -1"):
        checks.check_integer(-1, "epochs")


def test_check_choice_lists_the_known_names_and_the_nearest():
    known = ["relu", "tanh", "sigmoid"]
    assert checks.check_choice("tanh", "activation", known) == "tanh"
    with pytest.raises(
        ValueError,
        match=r"activation must be one of relu, tanh, sigmoid; "
        r"got 'sigmiod' \(nearest: sigmoid\)",
    ):
        checks.check_choice("sigmiod", "activation", known)
    with pytest.raises(ValueError, match=r"got 'xyz'$"):
        checks.check_choice("xyz", "activation", known)
    with pytest.raises(ValueError, match=r"got None$"):
        checks.check_choice(None, "activation", known)
    with pytest.raises(ValueError, match=r"got \['relu'\]"):
        checks.check_choice(["relu"], "activation", known)


def test_a_table_of_known_things_gives_one_or_lists_the_names():
    table = checks.Known("output", {"softmax": max, "sigmoid": min})
    assert table["sigmoid"] is min
    with pytest.raises(
        ValueError,
        match=r"^output must be one of softmax, sigmoid; got 'softmaks' \(nearest: softmax\)$",
    ):
        table["softmaks"]
    with pytest.raises(ValueError, match=r"^output must be one of .*; got \['softmax'\]"):
        table[["softmax"]]


def test_as_generator_takes_a_seed_or_a_generator():
    rng = np.random.default_rng(3)
    assert checks.as_generator(rng) is rng
    assert checks.as_generator(3).random() == rng.random()


@pytest.mark.parametrize("bad", [None, 0.5, "seed", True])
def test_as_generator_refuses_other_things(bad):
    with pytest.raises(TypeError, match="rng must be an integer or a numpy"):
        checks.as_generator(bad)


def test_as_generator_refuses_a_negative_seed():
    with pytest.raises(ValueError, match="rng must be >= 0, got -1"):
        checks.as_generator(-1)


# --- names that nobody gives -----------------------------------------------

UNNAMED = [
    ("x", lambda: checks.as_array([[1], [1, 2]])),
    ("x", lambda: checks.as_float([1j])),
    ("x", lambda: checks.as_real([1j])),
    ("x", lambda: checks.check_finite([np.nan])),
    ("x", lambda: checks.check_not_nan([np.nan])),
    ("y_hat", lambda: checks.pair([1j], [1])),
    ("y", lambda: checks.pair([1], [1j])),
    ("z", lambda: checks.check_scores([1j], [1])),
    ("y", lambda: checks.check_scores([1], [2])),
    ("y_hat", lambda: checks.check_probabilities([2], [1])),
    ("y", lambda: checks.check_probabilities([1], [2])),
    ("X", lambda: checks.check_features([1])),
    ("y", lambda: checks.check_vector(1)),
    ("y", lambda: checks.check_binary([2])),
    ("X and y", lambda: checks.check_length([1], [])),
    ("y", lambda: checks.class_codes([1j, 2])),
    ("y", lambda: checks.class_numbers([7], 2)),
    ("sizes", lambda: checks.check_sizes(0)),
    ("rng", lambda: checks.as_generator("a")),
    ("path", lambda: checks.check_path(1)),
    ("z", lambda: checks.check_class_scores(1j)),
    ("x", lambda: checks.check_line([1j], [1.0], 0.0)),
]


@pytest.mark.parametrize(("said", "call"), UNNAMED)
def test_an_argument_without_a_name_has_its_usual_one(said, call):
    with pytest.raises((TypeError, ValueError), match=rf"^{said} (must|is)\b"):
        call()


@pytest.mark.parametrize(("p", "outside"), [([0, 1, 1.5], "1.5"), ([1, 0, -0.5], "-0.5")])
def test_the_first_number_outside_0_to_1_is_said_and_none_at_the_ends(p, outside):
    with pytest.raises(ValueError, match=rf"^y_hat must lie in \[0, 1\], got {outside}$"):
        checks.check_probabilities(p, np.ones(3))


def test_a_number_in_0_to_1_is_given_back():
    p = np.array([0.0, 0.5, 1.0])
    assert checks.check_unit(p, "p") is p


def test_a_vector_is_told_with_its_letter():
    with pytest.raises(ValueError, match=r"^x must have 1 dimension \(d,\), got shape \(1, 2\)$"):
        checks.check_vector([[1, 2]], "x", "d")
    with pytest.raises(ValueError, match=r"^y must have 1 dimension \(n,\), got shape \(\)$"):
        checks.check_vector(1)


def test_a_run_that_is_trusted_may_diverge_and_no_more():
    with checks.trusting():
        assert np.isnan(checks.check_probabilities([np.nan], [1.0])[0]).all()
        with pytest.raises(ValueError, match=r"^y_hat must lie in"):
            checks.check_probabilities([1.5], [1.0])
    with pytest.raises(ValueError, match=r"^y_hat must lie in"):
        checks.check_probabilities([np.nan], [1.0])


def test_a_plain_number_stays_one_and_a_boolean_does_not():
    assert type(checks.as_real(2.5)) is float
    assert type(checks.as_real(3)) is int
    assert checks.as_real(True).dtype == np.float64


def test_codes_of_two_classes_have_the_dtype_of_X():
    X, _, codes = checks.two_classes(np.ones((2, 1), np.float32), ["a", "b"])
    assert X.dtype == codes.dtype == np.float32


def test_the_least_loss_is_found_beside_nan():
    assert checks.least([np.nan, 2.0, 1.0, 3.0]) == 2
    with pytest.raises(ValueError, match=r"^the loss must be a number at one end: all are NaN$"):
        checks.least([np.nan])
