"""Derivatives of a page: the automatic differentiator, and differences beside it."""

from __future__ import annotations

from typing import Any

import autograd.numpy as traced
import numpy as np
import pytest
from autograd import jacobian
from autograd.extend import defvjp, primitive
from autograd.tracer import getval

from literate import arithmetic, derivatives, equations, page
from literate.derivatives import Unsteady, Untraceable
from literate.dialect import FormulaError, parse, statements
from literate.errors import PageError
from literate.evaluate import Evaluator, Knowledge
from literate.symbols import Symbol, symbols_of

X = np.arange(6.0).reshape(2, 3) / 7
RNG = np.random.default_rng(0)


def wrong_at_one_entry(factor: float) -> Any:
    """Squares an array; its rule for the derivative of entry (1, 2) is off."""
    square = primitive(lambda x: x**2)
    off = np.ones(X.shape)
    off[1, 2] = factor
    defvjp(square, lambda ans, x: lambda g: g * 2 * x * off)
    return square


# --- the two ways ------------------------------------------------------------


def test_all_entries_are_found_to_the_last_digits() -> None:
    found = derivatives.all_entries(lambda x: traced.sum(traced.exp(x) * x), X, RNG)
    np.testing.assert_allclose(found, np.exp(X) * (1 + X), rtol=1e-15)
    found = derivatives.all_entries(lambda x: x[0] * x[1], X, RNG)
    assert found.shape == (3, 2, 3)
    np.testing.assert_array_equal(found[:, 0], np.diag(X[1]))


def test_entry_by_entry_and_second_derivatives() -> None:
    np.testing.assert_allclose(derivatives.entry_by_entry(np.tanh, X), 1 - np.tanh(X) ** 2)
    assert derivatives.second(lambda s: (2 + s) ** 4) == 48


def test_a_derivative_by_something_that_does_not_occur_is_0() -> None:
    np.testing.assert_array_equal(derivatives.all_entries(lambda x: 3.0, X, RNG), np.zeros((2, 3)))


@pytest.mark.parametrize("factor", [1.001, -1.0, 0.0, np.nan])
def test_a_rule_that_is_wrong_at_one_entry_is_contradicted_by_differences(factor: float) -> None:
    square = wrong_at_one_entry(factor)
    with pytest.raises(FormulaError, match=r"differentiator finds .*, differences .*") as caught:
        derivatives.all_entries(lambda x: traced.sum(square(x)), X, RNG)
    assert "two derivatives of one formula" in str(caught.value)
    with pytest.raises(FormulaError, match="two derivatives"):
        derivatives.entry_by_entry(square, X)
    assert derivatives.all_entries(lambda x: traced.sum(wrong_at_one_entry(1.0)(x)), X, RNG).any()


def test_a_wrong_rule_is_contradicted_in_a_second_derivative() -> None:
    """Right the first time, but autograd can't follow the rule itself."""
    cube = primitive(lambda x: x**3)
    defvjp(cube, lambda ans, x: lambda g: g * 3 * getval(x) ** 2)
    assert derivatives.entry_by_entry(cube, np.array(2.0)) == 12
    with pytest.raises(FormulaError, match="finds 0, differences 12"):
        derivatives.second(lambda s: cube(2 + s))


def test_a_prime_on_what_mixes_entries_is_an_error() -> None:
    with pytest.raises(FormulaError, match="two derivatives"):
        derivatives.entry_by_entry(lambda x: x[::-1] * x[0], X[1])
    with pytest.raises(FormulaError, match="entry by entry"):
        derivatives.entry_by_entry(traced.sum, X)


def test_a_derivative_inside_a_derivative_is_confirmed_as_a_whole() -> None:
    def inner(x: Any) -> Any:
        return derivatives.entry_by_entry(np.sin, x)

    np.testing.assert_allclose(derivatives.entry_by_entry(inner, X), -np.sin(X), rtol=1e-15)
    total = derivatives.all_entries(lambda x: traced.sum(inner(x)), X, RNG)
    np.testing.assert_allclose(total, -np.sin(X), rtol=1e-15)


def test_differences_are_exact_to_nine_digits_and_know_when_they_are_not() -> None:
    assert abs(derivatives.measured(lambda s: np.exp(1 + s)) - np.e) < 1e-9
    assert abs(derivatives.measured(lambda s: (2 + s) ** 4, 2) - 48) < 1e-7
    with pytest.raises(Unsteady):
        derivatives.measured(lambda s: abs(s + 1e-4))
    with pytest.raises(Unsteady), np.errstate(invalid="ignore"):
        derivatives.measured(lambda s: np.log(1e-4 + s))
    found = derivatives.measured_entries(lambda x: x[0] * x[1], X)
    np.testing.assert_allclose(found[:, 0], np.diag(X[1]), atol=1e-9)


@pytest.mark.parametrize("place", [1e-4, -1.5e-3])
def test_a_kink_within_reach_of_the_steps_can_not_be_judged(place: float) -> None:
    with pytest.raises(Unsteady):
        derivatives.entry_by_entry(np.abs, np.array(place))


# --- on a page ---------------------------------------------------------------

TABLE = """\
| symbol | meaning | in Python | shape | values |
| --- | --- | --- | --- | --- |
| $K$ | classes | `K` | `count` | |
| $k$ | a class | `k` | `index 1…K` | |
| $j$ | a class | `j` | `index 1…K` | |
| $x$ | input | `x` | `number` | any |
| $z$ | scores | `z` | `(K)` | any |
| $g$ | an activation | `code.tanh` | `function` | |
| $h$ | scores to shares | `code.softmax` | `function` | |
| $E$ | the loss | `E` | `number` | any |

"""
SLOPE = "$$\n\\tanh'(x) = 1 - \\tanh(x)^2\n$$ {#eq-slope}\n"
LOSS = '$$\nE = \\sum_{k=1}^{K} g(z_k)\n$$ {#eq-loss code="code.loss(z)"}\n\n'
CLAIM = "$$\n\\frac{\\partial E}{\\partial z_k} = 1 - g(z_k)^2\n$$ {#eq-claim}\n"
TANH = '$$\n\\tanh(x) = \\frac{e^x - e^{-x}}{e^x + e^{-x}}\n$$ {#eq-tanh code="code.tanh(x)"}\n\n'
SOFTMAX = "$$\nh(z)_k = \\frac{e^{z_k}}{\\sum_{j=1}^{K} e^{z_j}}\n$$ {#eq-softmax}\n\n"


def softmax(z: Any) -> Any:
    return np.exp(np.asarray(z, float)) / np.exp(np.asarray(z, float)).sum()


CODE = {
    # nothing that the differentiator could look into
    "code.tanh": lambda x: np.tanh(np.asarray(x, float)),
    "code.softmax": softmax,
    "code.loss": lambda z: np.tanh(z).sum(),
    "code.heavy": lambda z: z @ softmax(z),
}


def parts(text: str) -> list[page.Part]:
    return page.parts(f"{TABLE}{text}".split("\n"), "p.md")


def check(text: str, formulas: dict | None = None) -> list[equations.Checked]:
    read = parts(text)
    return equations.PageChecker(read, "p.md", CODE.__getitem__, formulas=formulas).check()


def formulas(text: str) -> dict:
    read = parts(text)
    return equations.formulas_of([read], symbols_of(read, "p.md"))


def test_a_right_derivative_passes_and_is_counted() -> None:
    (found,) = check(SLOPE)
    assert (found.automatic, found.measured) == (equations.DRAWS, 0)


@pytest.mark.parametrize("factor", ["1.00000001", "0.999", "-1"])
def test_a_wrong_derivative_on_the_page_is_found_also_in_its_last_digits(factor: str) -> None:
    """Differences alone could not tell a factor of 1 + 1e-8 from 1."""
    wrong = SLOPE.replace("= 1 -", f"= {factor} \\cdot 1 - 1 + 1 -")
    with pytest.raises(PageError, match=r"p\.md:\d+: equation eq-slope: wrong: "):
        check(wrong)


def test_a_wrong_rule_of_the_differentiator_stops_the_page(monkeypatch) -> None:
    """Both numbers are in the message."""
    tanh = primitive(lambda x: np.tanh(x))
    defvjp(tanh, lambda ans, x: lambda g: g * (1 - ans))
    monkeypatch.setitem(arithmetic.BUILT_IN, "tanh", tanh)
    with pytest.raises(PageError, match=r"eq-slope: two derivatives.* finds [\d.]+, differences"):
        check(SLOPE)


def test_what_the_differentiator_can_not_see_into_is_measured_and_counted() -> None:
    _, found = check(LOSS + CLAIM)
    assert found.automatic == 0
    assert found.measured > 0
    assert found.comparisons > 0
    with pytest.raises(PageError, match="eq-claim: wrong"):
        check(LOSS + CLAIM.replace("1 - g", "1 + g"))


def test_with_the_formula_of_the_function_both_ways_are_gone() -> None:
    _, found = check(LOSS + CLAIM, formulas(TANH))
    assert found.measured == 0
    assert found.automatic > 0


def test_a_formula_stands_for_its_function_whatever_the_page_means_by_its_letters() -> None:
    book = formulas(SOFTMAX)
    again = "| symbol | meaning | in Python | shape | values |\n| --- | --- | --- | --- | --- |\n"
    other = again + "| $k$ | a row | `k` | `index 1…2` | |\n\n"
    text = (
        '$$\nE = z \\cdot h(z)\n$$ {#eq-heavy code="code.heavy(z)"}\n\n'
        "$$\n\\frac{\\partial E}{\\partial z_j} = h(z)_j (1 + z_j - E)\n$$ {#eq-claim}\n"
    )
    for between in ("", other):
        _, found = check(between + text, book)
        assert (found.automatic, found.measured) == (equations.DRAWS, 0)
    _, found = check(text)
    assert (found.automatic, found.measured) == (0, equations.DRAWS)


def test_a_formula_of_a_vector_of_another_length_is_not_used() -> None:
    book = formulas(SOFTMAX)
    symbols = {"v": Symbol("v", "v", "", "v", "value", ("5",), "any")}
    symbols["h"] = Symbol("h", "h", "", "code.softmax", "function")
    known = Knowledge(symbols, resolve=CODE.__getitem__, formulas=book)
    ((tree,),) = statements(parse(r"\frac{\partial}{\partial v} v \cdot h(v)"))
    evaluator = Evaluator(known)
    v, p = evaluator.value("v"), softmax(evaluator.value("v"))
    np.testing.assert_allclose(evaluator.work_out(tree), p * (1 + v - v @ p), rtol=1e-8)
    assert (evaluator.automatic, evaluator.measured) == (0, 1)


def test_a_matrix_goes_row_by_row_through_the_formula_of_a_vector() -> None:
    symbols = {"h": Symbol("h", "h", "", "code.softmax", "function")}
    known = Knowledge(symbols, resolve=CODE.__getitem__, formulas=formulas(SOFTMAX))
    evaluator = Evaluator(known)
    K = evaluator.size("K")
    Z = np.random.default_rng(1).normal(size=(3, K))

    def first_column(Z: Any) -> Any:
        return traced.sum(evaluator.call("h", [Z])[:, 0])

    P = np.exp(Z) / np.exp(Z).sum(axis=1, keepdims=True)
    found = jacobian(first_column)(Z)
    np.testing.assert_allclose(found, P[:, :1] * (np.eye(K)[0] - P), rtol=1e-12)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (TANH + SOFTMAX, {"code.tanh", "code.softmax"}),
        (TANH.replace("code.tanh(x)", "code.add(x, x)"), set()),  # not just the function
        (TANH.replace("{#eq-tanh", '{#eq-tanh unchecked="why"'), set()),
        (TANH.replace("e^x", "E^x"), set()),  # E has a value of its own
        (TANH.replace("= ", r"\le "), set()),
        (LOSS, set()),
        ("$$\ne^{\n$$ {#eq-broken}\n", set()),
        ("$$\nx + 1\n$$ {#eq-alone}\n", set()),
    ],
)
def test_a_formula_is_what_a_function_of_the_package_is_compared_with(
    text: str, names: set[str]
) -> None:
    assert set(formulas(text)) == names


def test_a_step_without_a_rule_is_measured() -> None:
    """autograd knows no derivative of the spectral norm of a matrix."""
    symbols = {"A": Symbol("A", "A", "", "A", "value", ("2", "2"), "any")}
    ((tree,),) = statements(parse(r"\frac{\partial}{\partial A_{1,1}} \lVert A \rVert_2"))
    evaluator = Evaluator(Knowledge(symbols))
    A = evaluator.value("A")
    left, _, right = np.linalg.svd(A)
    np.testing.assert_allclose(evaluator.work_out(tree), left[0, 0] * right[0, 0], rtol=1e-6)
    assert (evaluator.automatic, evaluator.measured) == (0, 1)


def test_an_untraceable_function_names_itself() -> None:
    evaluator = Evaluator(Knowledge())
    with pytest.raises(Untraceable, match=r"code\.unknown"):
        evaluator._by_formula("code.unknown", [1.0])
