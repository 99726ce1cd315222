"""The mechanism: pages are read, code embedded, formulas set and executed."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import markdown
import numpy as np
import pytest

from literate import embed, equations, examples, katex, page
from literate.book import Book
from literate.dialect import FormulaError, parse, statements
from literate.docstrings import to_markdown
from literate.errors import PageError
from literate.evaluate import Evaluator, Knowledge
from literate.extension import Context
from literate.page import session_code
from literate.symbols import ALLOWED, DRAWS, Symbol, symbols_of

ROOT = Path(__file__).parent.parent

# --- reading a page --------------------------------------------------------


def kinds(text: str) -> list[str]:
    return [p.kind for p in page.parts(textwrap.dedent(text).strip("\n").split("\n"))]


def test_a_page_is_read_into_its_parts_with_their_lines() -> None:
    text = """\
    # Title $a$

    Text with $x$ and @eq-one.

    $$
    x = 1
    $$ {#eq-one code="f(x)"}

    @embed nnlit.activations.sigmoid docstring=show

    ```pycon
    >>> 1 + 1
    2
    ```
    """
    found = page.parts(textwrap.dedent(text).split("\n"), "p.md", 3)
    assert [(p.kind, p.line) for p in found] == [
        ("inline", 4), ("inline", 6), ("reference", 6), ("equation", 8), ("embed", 12),
        ("fence", 14),
    ]  # fmt: skip
    assert found[3].attributes == {"id": "eq-one", "code": "f(x)"}
    assert found[3].text == "x = 1"


def test_nothing_inside_code_is_taken_for_mathematics() -> None:
    assert kinds("`$x$` and ``a ` $y$``") == []
    assert kinds("```text\n$$\nx\n$$\n@embed a.b\n$x$\n```") == ["fence"]
    assert kinds("    ```text\n    $x$\n    ```") == ["fence"]


def test_prices_are_not_formulas() -> None:
    assert kinds("it costs $5 and then $6 more") == []
    assert kinds(r"it costs \$5, and \$6") == []
    assert kinds("between $5$0") == []


def test_formulas_may_run_over_a_line_end_but_not_over_a_paragraph() -> None:
    assert kinds("a $x +\ny$ b") == ["inline"]
    assert kinds("a $x +\n\ny$ b") == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("$$\nx = 1", "never closed"),
        ("$$\nx\n\n= 1\n$$", "blank line"),
        ("```python\n1", "never closed"),
    ],
)
def test_what_is_never_closed_is_an_error_with_file_and_line(text: str, message: str) -> None:
    with pytest.raises(PageError, match=f"^p.md:[0-9]+: .*{message}"):
        page.parts(text.split("\n"), "p.md")


def test_front_matter_counts_as_lines(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("---\ntitle: T\n---\n\n$x$\n")
    assert page.read(path)[0][0].line == 5
    assert page.front_matter(["---", "no end"]) == 0


# --- embedding -------------------------------------------------------------

PACKAGE = '''
"""A module."""
import math
from collections import Counter as Bag, deque

LIMIT: int = 3


def helper(x):
    return x


def shown(x):
    """One sentence.

    More.
    """
    # part: middle
    y = helper(math.floor(x))
    # end: middle
    return Bag([y, LIMIT])


class Thing:
    """A thing."""

    def method(self):
        """Does it."""
        return shown(1)
'''


@pytest.fixture
def package(tmp_path: Path) -> Path:
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack/__init__.py").write_text("VERSION = 1\n")
    (tmp_path / "pack/mod.py").write_text(PACKAGE)
    return tmp_path


def test_a_function_is_embedded_without_its_docstring_and_with_what_it_needs(package: Path) -> None:
    source = embed.find("pack.mod.shown", package)
    assert source.code == (
        "def shown(x):\n    y = helper(math.floor(x))\n    return Bag([y, LIMIT])"
    )
    assert source.docstring == "One sentence.\n\nMore."
    assert '"""One sentence.' in source.full
    assert "part: middle" not in source.full
    assert source.imports == (
        "import math\nfrom collections import Counter as Bag\nfrom pack.mod import LIMIT, helper"
    )
    assert (source.kind, source.module) == ("function", "pack.mod")
    assert PACKAGE.splitlines()[source.line - 1] == "def shown(x):"


def test_methods_classes_constants_and_packages_are_found(package: Path) -> None:
    assert embed.find("pack.mod.Thing.method", package).code.startswith("def method(self):")
    assert embed.find("pack.mod.Thing", package).kind == "class"
    assert embed.find("pack.mod.LIMIT", package).code == "LIMIT: int = 3"
    assert embed.find("pack.VERSION", package).code == "VERSION = 1"


def test_a_marked_part_is_embedded_alone(package: Path) -> None:
    assert embed.find("pack.mod.shown", package, "middle").code == "y = helper(math.floor(x))"


@pytest.mark.parametrize(
    ("name", "part", "message"),
    [
        ("pack.mod.showm", None, "did you mean 'shown'"),
        ("pack.nowhere.f", None, "does not exist"),
        ("other.f", None, "no module"),
        ("pack.mod.LIMIT.real", None, "holds no names"),
        ("pack.mod.shown", "end", "must mark the part 'end' once"),
    ],
)
def test_what_does_not_exist_is_an_error(
    package: Path, name: str, part: str | None, message: str
) -> None:
    with pytest.raises(embed.UnknownName, match=message):
        embed.find(name, package, part)


def test_a_part_whose_end_is_gone_is_an_error_and_not_the_rest_of_the_file(package: Path) -> None:
    path = package / "pack/mod.py"
    path.write_text(path.read_text().replace("    # end: middle\n", ""))
    with pytest.raises(embed.UnknownName, match="0 × '# end: middle'"):
        embed.find("pack.mod.shown", package, "middle")


# --- on the page -----------------------------------------------------------

EXTENSIONS = [
    "admonition", "attr_list", "md_in_html", "tables", "toc", "pymdownx.details",
    "pymdownx.highlight", "pymdownx.superfences", "pymdownx.tabbed", "literate",
]  # fmt: skip


def convert(text: str, context: Context | None = None) -> str:
    context = context or Context(ROOT, None, "p.md")
    settings = {
        "literate": {"context": context},
        "pymdownx.tabbed": {"alternate_style": True},
        "pymdownx.highlight": {"pygments_lang_class": True},
    }
    maker = markdown.Markdown(extensions=EXTENSIONS, extension_configs=settings)
    return maker.convert(textwrap.dedent(text))


@pytest.mark.parametrize(
    "around",
    [
        "{0}",
        "1. item\n\n{1}",
        "!!! note\n\n{1}",
        '=== "Tab"\n\n{1}',
        "??? fold\n\n{1}",
        '- a\n\n    !!! note\n\n        === "Tab"\n\n{3}',
    ],
)
def test_code_and_equations_work_in_lists_tabs_and_admonitions(around: str) -> None:
    inside = "@embed nnlit.activations.sigmoid\n\n$$\n\\sigma(x) = 1\n$$ {#eq-s}\n\ntext $x$"
    text = around.format(*(textwrap.indent(inside, "    " * n) for n in range(4)))
    html = convert(text)
    assert 'data-embed="nnlit.activations.sigmoid"' in html
    assert "<pre>" in html
    assert 'class="equation" data-search-exclude="" id="eq-s"' in html.replace(
        'class="equation" id="eq-s" data-search-exclude=""',
        'class="equation" data-search-exclude="" id="eq-s"',
    )
    assert html.count('<span class="katex">') == 2
    assert "@embed" not in html
    assert "$" not in html.replace("application/x-tex", "")


def test_the_docstring_is_shown_folded_or_hidden() -> None:
    fold = convert("@embed nnlit.activations.sigmoid")
    show = convert("@embed nnlit.activations.sigmoid docstring=show")
    hide = convert("@embed nnlit.activations.sigmoid docstring=hide")
    assert "<details" in fold
    assert "<details" not in show
    assert "Formula" in show
    assert "Formula" not in hide


def test_copied_source_begins_with_its_imports_and_a_session_has_no_prompts() -> None:
    html = convert("@embed nnlit.activations.sigmoid_prime")
    assert 'data-copy="from nnlit.checks import as_float' in html
    html = convert("```pycon\n>>> x = 1\n>>> if x:\n...     x < 2\n...\nTrue\n```")
    assert 'data-copy="x = 1&#10;if x:&#10;    x &lt; 2&#10;&#10;"' in html
    assert session_code(">>> a\n1\n>>> b\n") == "a\nb\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("one\n\n@embed nnlit.activations.sigmoyd", "^p.md:3: .*sigmoyd"),
        ("@embed nnlit.activations.sigmoid docstring=perhaps", "docstring=perhaps"),
        ("@embed nnlit.activations.sigmoid colour=red", "unknown options.*colour"),
        ('@embed nnlit.activations.sigmoid hl_lines="99"', "hl_lines='99'"),
        ("$$\n\\frac{1}\n$$ {#eq-a}", "^p.md:1: KaTeX"),
        ("one\n\ntwo\nthree $\\frac{1}$", "^p.md:4: KaTeX"),
        ("$$\na^{[l-1]}^T\n$$", "Double superscript"),
    ],
)  # fmt: skip
def test_faults_of_a_page_are_named_by_file_and_line(text: str, message: str) -> None:
    with pytest.raises(PageError, match=message):
        convert(text)


def test_an_escaped_dollar_is_a_dollar() -> None:
    assert "<p>costs $5</p>" in convert(r"costs \$5")


def test_references_show_numbers_and_unknown_ones_stop_the_build(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "03-a.md").write_text("$$\nx = 1\n$$ {#eq-a}\n\n$$\nx = 2\n$$ {#eq-b}\n")
    (docs / "notes.md").write_text("text\n")
    book = Book(tmp_path, docs)
    book.read()
    assert book.targets["eq-b"].number == "3.2"
    here = Context(ROOT, book, "03-a.md")
    assert '<a href="#eq-b">(3.2)</a>' in convert("see @eq-b", here)
    there = Context(ROOT, book, "notes.md")
    assert 'href="/03-a.md#eq-b"' in convert("see @eq-b", there)
    with pytest.raises(PageError, match=r"notes.md:1: @eq-c: no such id; known: eq-a, eq-b"):
        convert("see @eq-c", there)
    (docs / "04-b.md").write_text("$$\nx = 1\n$$ {#eq-a}\n")
    with pytest.raises(PageError, match=r"04-b.md:1: the id 'eq-a' stands already in 03-a.md:1"):
        book.read()


def test_a_figure_needs_alt_text_and_caption(tmp_path: Path) -> None:
    with pytest.raises(PageError, match="needs `alt:`"):
        convert(
            "/// figure | step-against-sigmoid\n\nA caption that says what there is to see.\n///"
        )
    with pytest.raises(PageError, match="not understood"):
        convert(
            "/// figure | some-name\n    alternative: text\n\nA caption that is long enough.\n///"
        )
    with pytest.raises(PageError, match="no such figure"):
        convert(
            "/// figure | no-such\n    alt: A sentence for those who can't see.\n\nCaption.\n///"
        )


def test_katex_rejects_what_tex_would_and_says_where() -> None:
    assert 'class="katex"' in katex.render("x^2", ROOT)
    with pytest.raises(katex.KatexError, match="Double superscript"):
        katex.render("a^b^c", ROOT)
    with pytest.raises(katex.KatexError, match="Undefined control sequence"):
        katex.render(r"\sigmo", ROOT)
    with pytest.raises(katex.KatexError, match="not installed"):
        katex.Renderer(ROOT / "nowhere")


def test_docstrings_become_markdown_for_the_reference() -> None:
    text = "Do it.\n\nFormula: a[i] * b < 1.\nShapes: any.\n\n>>> 1 + 1\n2\n"
    assert to_markdown(text) == (
        "Do it.\n\n**Formula.** a&#91;i&#93; \\* b &lt; 1.\n\n**Shapes.** any.\n\n"
        "```pycon\n>>> 1 + 1\n2\n```"
    )


# --- the dialect: reading ---------------------------------------------------


@pytest.mark.parametrize(
    "tex",
    [
        r"\frac{1}{1 + e^{-x}}",
        r"\left( \frac{a}{b} \right)^2",
        r"\sum_{i=1}^{n} (y_i - \hat{y}_i)^2",
        r"\frac{\partial^2 E}{\partial w^2}",
        r"\begin{cases} 1 & \text{if } x > 0 \\ 0 & \text{otherwise} \end{cases}",
        r"\begin{pmatrix} 1 & 0 \\ 0 & 1 \end{pmatrix}",
        r"W^{(l)\top} \delta^{(l+1)} \odot x",
        r"\max_{k} z_k",
        r"60{,}000",
    ],
)
def test_ordinary_tex_is_read(tex: str) -> None:
    assert len(statements(parse(tex))) == 1


@pytest.mark.parametrize(
    "tex", ["x^{", r"\frac12", r"\foo{x}", "a = ", "x_12", "x^23", r"\int x", "(a", "a b)"]
)
def test_what_is_outside_the_dialect_is_an_error(tex: str) -> None:
    with pytest.raises(FormulaError):
        value(tex)


def test_lines_of_a_derivation_are_one_chain_and_others_several() -> None:
    chain = r"\begin{aligned} a &= b \\ &= c \\ &= d \end{aligned}"
    assert [len(s) for s in statements(parse(chain))] == [7]
    long = r"\begin{aligned} & a + b \\ &= c \end{aligned}"
    assert [len(s) for s in statements(parse(long))] == [3]
    several = r"\begin{aligned} w &\leftarrow 1 \\ b &\leftarrow 2 \end{aligned}"
    assert [len(s) for s in statements(parse(several))] == [3, 3]
    with pytest.raises(FormulaError, match="begins with a relation"):
        statements(parse(r"\begin{aligned} &= b \end{aligned}"))


# --- the dialect: working out -----------------------------------------------


def knowledge(**given: Any) -> Knowledge:
    symbols = {
        "i": Symbol("i", "i", "", "i", "index", last="n"),
        "j": Symbol("j", "j", "", "j", "index", last="3"),
        "n": Symbol("n", "n", "", "n", "count"),
    }
    return Knowledge(symbols, given={k: np.asarray(v, float) for k, v in given.items()})


def value(tex: str, **given: Any) -> Any:
    ((tree, *_),) = statements(parse(tex))
    return Evaluator(knowledge(**given)).work_out(tree)


X = np.arange(6.0).reshape(2, 3)
V, U = np.array([1.0, 2.0, 4.0]), np.array([3.0, 5.0, 7.0])


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        (r"2 \cdot 3 + 4", 10.0),
        (r"-2^2", -4.0),
        (r"\frac{6}{3} \cdot 2 / 4", 1.0),
        (r"2 (3 + 4)", 14.0),
        (r"60{,}000 / 2", 30000.0),
        (r"v \cdot u", 41.0),
        (r"v \odot u", V * U),
        (r"X v", X @ V),
        (r"X^\top X", X.T @ X),
        (r"v u^\top", np.outer(V, U)),
        (r"v^\top u", 41.0),
        (r"X_{2,3}", 5.0),
        (r"\sum_{j=1}^{3} v_j u_j", 41.0),
        (r"\sum_j v_j + 1", 8.0),
        (r"\sum_{j=1}^{3} \frac{v_j}{2} \cdot 2", 7.0),
        (r"\prod_{j=1}^{3} v_j", 8.0),
        (r"\max_{j} v_j", 4.0),
        (r"\min_{j} v_j", 1.0),
        (r"\max(0, -3)", 0.0),
        (r"\max(v_1, v_3) + 1", 5.0),
        (r"\lVert v \rVert^2", 21.0),
        (r"\lvert -3 \rvert", 3.0),
        (r"\sqrt{16}", 4.0),
        (r"\ln e^2", 2.0),
        (r"\ln(2) \cdot 3", 3 * np.log(2)),
        (r"\ln(\exp(3)) 2", 6.0),
        (r"2 \cdot \sum_j v_j", 14.0),
        (r"7 / \sum_j v_j", 1.0),
        (r"\ln \sum_j v_j", np.log(7)),
        (r"\sum_{j=2}^{3} v_j", 6.0),
        (r"\sum_{j=4}^{3} v_j + 1", 1.0),
        (r"\prod_{j=4}^{3} v_j", 1.0),
        (r"\max_j v_j", 4.0),
        (r"\max(v_1, v_3)^2", 16.0),
        (r"\tanh[2]^2", np.tanh(2) ** 2),
        (r"\lVert X \rVert_2", np.linalg.norm(X, 2)),
        (r"\lVert X \rVert_F", np.linalg.norm(X)),
        (r"\lVert X \rVert_\text{F}^2", np.sum(X**2)),
        (r"\lVert v \rVert_2", np.linalg.norm(V)),
        (r"\lVert v \rVert_1", 7.0),
        (r"\lVert v \rVert_\infty", 4.0),
        (r"\nabla_{v_2} (v \cdot v)", 4.0),
        (r"2 \ln \exp 3", 6.0),
        (r"\ln(2)^2", np.log(2) ** 2),
        (r"e^{-v}", np.exp(-V)),
        (r"\mathbf{1}_{v_1 < v_2}", 1.0),
        (r"\begin{cases} 1 & \text{if } v_1 > 3 \\ 2 & \text{otherwise} \end{cases}", 2.0),
        (r"\begin{cases} 5 & \text{if } 0 < v_1 < 3 \\ 2 & \text{if } v_1 \ge 3 \end{cases}", 5.0),
        (r"[1, 2, 4] \cdot v", 21.0),
        (r"\begin{pmatrix} 1 \\ 2 \\ 4 \end{pmatrix} \cdot v", 21.0),
        (r"\frac{\partial}{\partial a} a^3", 12.0),
        (r"\tanh'(0)", 1.0),
        (r"\nabla_{v} \lVert v \rVert^2", 2 * V),
    ],
)  # fmt: skip
def test_formulas_mean_what_the_dialect_says(tex: str, expected: Any) -> None:
    if r"\nabla_{v}" in tex:
        tex = tex.replace(r"\nabla_{v}", r"\nabla_v")
    np.testing.assert_allclose(value(tex, X=X, v=V, u=U, a=2.0), expected, rtol=1e-9)


@pytest.mark.parametrize(
    ("tex", "message"),
    [
        ("v u", "two vectors side by side"),
        ("v + X", "can't be added"),
        ("X X", "the product of shape"),
        (r"v \cdot a", None),
        (r"X \cdot v", "the dot product of shape"),
        (r"X \odot v", "odot"),
        ("v^2", "power of a vector"),
        (r"\frac{v}{u}", "a vector divided by a vector"),
        ("v_4", "index 4 of 3"),
        ("v_0", "index 0 of 3"),
        ("a_1", "an index on a number"),
        ("q", "unknown symbol 'q'"),
        ("v_i", "the index 'i' has no value"),
        ("f'(a)", "not a known function"),
        (r"\ln", "without an argument"),
        ("(1, 2)", "several values in brackets"),
        (r"\nabla a", "with respect to what"),
        (r"\frac{\partial v}{\partial u}", "derivative of a vector by a vector"),
    ],
)
def test_what_has_no_clear_meaning_is_an_error_and_never_guessed(
    tex: str, message: str | None
) -> None:
    if message is None:
        np.testing.assert_allclose(value(tex, X=X, v=V, u=U, a=2.0), 2 * V)
        return
    with pytest.raises(FormulaError, match=message):
        value(tex, X=X, v=V, u=U, a=2.0)


# --- equations of a page ----------------------------------------------------

TABLE = """\
| symbol | meaning | in Python | shape | values |
| --- | --- | --- | --- | --- |
| $n$ | how many | `n` | `count` | |
| $d$ | features | `d` | `count` | |
| $i$ | example | `i` | `index 1…n` | |
| $j$ | feature | `j` | `index 1…d` | |
| $X$ | examples | `X` | `(n, d)` | any |
| $x_i$ | example i | `x_i` | `(d)` | row of `X` |
| $w$ | weights | `w` | `(d)` | any |
| $y$ | labels | `y` | `(n)` | 0 or 1 |
| $x$ | input | `x` | `number` | any |
| $\\sigma$ | sigmoid | `code.sigmoid` | `function` | |
"""


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


CODE = {
    "code.sigmoid": sigmoid,
    "code.predict": lambda X, w: sigmoid(X @ w),
    "code.loss": lambda X, w, y: -np.mean(np.log(sigmoid((2 * y - 1) * (X @ w)))),
    "code.gradient": lambda X, w, y: X.T @ (sigmoid(X @ w) - y) / len(y),
    "code.step": lambda X, w, y, rate: w - rate * X.T @ (sigmoid(X @ w) - y) / len(y),
}  # fmt: skip
LOGISTIC = r"""
$$
\hat{y}_i = \sigma(w \cdot x_i)
$$ {#eq-prediction code="code.predict(X, w)"}

$$
E = -\frac{1}{n} \sum_{i=1}^{n} \left[ y_i \ln \hat{y}_i + (1 - y_i) \ln(1 - \hat{y}_i) \right]
$$ {#eq-loss code="code.loss(X, w, y)"}

$$
\frac{\partial E}{\partial w_j} = \frac{1}{n} \sum_{i=1}^{n} (\hat{y}_i - y_i) x_{ij}
$$ {#eq-slope code="code.gradient(X, w, y)"}

$$
w \leftarrow w - 0.1 \cdot \frac{1}{n} X^\top (\hat{y} - y)
$$ {#eq-step code="code.step(X, w, y, 0.1)"}

$$
\begin{aligned}
\sigma'(x) &= \frac{\mathrm{d}}{\mathrm{d} x} \frac{1}{1 + e^{-x}} \\
&= \sigma(x) (1 - \sigma(x))
\end{aligned}
$$ {#eq-sigmoid-slope}

$$
0 < \sigma(x) < 1
$$ {#eq-range}

$$
-\ln 0.8 \approx 0.223
$$ {#eq-number}
"""


def run(text: str) -> list[equations.Checked]:
    found = page.parts(f"{TABLE}\n{text}".split("\n"), "p.md")
    return equations.PageChecker(found, "p.md", CODE.__getitem__).check()


def test_a_page_of_right_equations_passes_and_each_one_is_compared() -> None:
    found = run(LOGISTIC)
    assert [c.id for c in found] == [
        "eq-prediction", "eq-loss", "eq-slope", "eq-step", "eq-sigmoid-slope", "eq-range",
        "eq-number",
    ]  # fmt: skip
    assert all(c.comparisons >= 12 for c in found[:4])


@pytest.mark.parametrize(
    ("before", "after", "equation"),
    [
        (r"\sigma(w \cdot x_i)", r"\sigma(-w \cdot x_i)", "eq-prediction"),
        (r"\sigma(w \cdot x_i)", r"\sigma(w \cdot w)", "eq-prediction"),
        (r"E = -\frac{1}{n}", r"E = \frac{1}{n}", "eq-loss"),
        (r"E = -\frac{1}{n} \sum", r"E = -\sum", "eq-loss"),
        (r"(1 - y_i) \ln(1 - \hat{y}_i)", r"(1 - y_i) \ln \hat{y}_i", "eq-loss"),
        (r"= \frac{1}{n} \sum_{i=1}^{n} (\hat", r"= \sum_{i=1}^{n} (\hat", "eq-slope"),
        (r"(\hat{y}_i - y_i) x_{ij}", r"(y_i - \hat{y}_i) x_{ij}", "eq-slope"),
        (r"(\hat{y}_i - y_i) x_{ij}", r"(\hat{y}_i - y_i) x_{i}", "eq-slope"),
        (r"(\hat{y}_i - y_i) x_{ij}", r"(\hat{y} - y) x_{ij}", "eq-slope"),
        (r"X^\top (\hat", r"X (\hat", "eq-step"),
        (r"w - 0.1", r"w + 0.1", "eq-step"),
        (r"\sigma(x) (1 - \sigma(x))", r"\sigma(x) (1 - x)", "eq-sigmoid-slope"),
        (r"\frac{1}{1 + e^{-x}}", r"\frac{1}{1 + e^{x}}", "eq-sigmoid-slope"),
        (r"0 < \sigma(x) < 1", r"0 < \sigma(x) < x", "eq-range"),
        ("0.223", "0.224", "eq-number"),
    ],
)
def test_a_wrong_equation_is_found_and_named(before: str, after: str, equation: str) -> None:
    assert before in LOGISTIC
    with pytest.raises(PageError, match=rf"^p.md:\d+: equation {equation}: "):
        run(LOGISTIC.replace(before, after, 1))


@pytest.mark.parametrize(
    ("tex", "tail", "message"),
    [
        ("q = x", "{#eq-a}", "nothing checks it"),
        ("x = x", "", "needs an id"),
        ("x = x", "{#a}", "needs an id"),
        ("2 x = q", "{#eq-a}", "unknown symbol 'q'"),
        ("x + 1", "{#eq-a}", "says nothing"),
        ("q = x_i", '{#eq-a code="code.sigmoid(x)"}', "stands on the right only"),
        ("x = x", "{#eq-a colour=red}", "unknown attributes"),
        ("2 x = 2 x", '{#eq-a code="code.nothing(x)"}', "code names 'code.nothing'"),
        ("x = x", '{#eq-a code="1; 2"}', "2 entries of code for 1 statements"),
        ("q = x", '{#eq-a code="[x for x in y]"}', "code may not hold"),
        ("q = x", '{#eq-a code="code.sigmoid(z)"}', "no table of symbols gives 'z'"),
        ("q = x", '{#eq-a code="code.predict(x, 1, 2)"}', "code code.predict"),
        ("q = x", '{#eq-a code="code.sigmoid("}', "code 'code.sigmoid\\('"),
        (r"w \leftarrow w", "{#eq-a}", "an update needs its function"),
        (r"x \approx x", "{#eq-a}", "one printed number"),
        ("x = x", '{#eq-a unchecked="short"}', "needs a reason"),
        ("2 x = w", "{#eq-a}", "shape"),
        ("q = q + x", '{#eq-a code="code.sigmoid(x)"}', "needs itself"),
    ],
)
def test_what_would_leave_an_equation_unchecked_is_an_error(
    tex: str, tail: str, message: str
) -> None:
    with pytest.raises(PageError, match=message):
        run(f"$$\n{tex}\n$$ {tail}\n")


def test_an_unchecked_equation_gives_its_reason() -> None:
    (found,) = run('$$\nx = 2 x\n$$ {#eq-a unchecked="a limit, which can not be worked out"}\n')
    assert found.unchecked
    assert found.comparisons == 0


def test_let_takes_a_value_from_code_and_a_new_table_gives_a_new_meaning() -> None:
    CODE["code.last"] = lambda network: network[-1][1]
    text = '$$\nq = 2 x\n$$ {#eq-q code="code.last([(w, y), (w, code.twice(x))])"}\n'
    CODE["code.twice"] = lambda x: 2 * x
    assert run(text)[0].comparisons >= 12
    found = run('$$\nx = \\sigma(1)\n$$ {#eq-a let="x = code.sigmoid(1.0)"}\n')
    assert found[0].comparisons >= 12
    table = [*TABLE.splitlines()[:2], "| $x$ | two | `x` | `(2)` | 0 or 1 |"]
    again = "\n".join(table) + "\n\n$$\n(x_1 - x_2)^2 = x_1 + x_2 - 2 x_1 x_2\n$$ {#eq-b}\n"
    assert run(again)[0].comparisons >= 12


def test_second_derivatives_and_indexed_definitions_are_worked_out() -> None:
    CODE["code.square"] = lambda x: x**2
    text = (
        '$$\nf = x^2\n$$ {#eq-f code="code.square(x)"}\n\n'
        "$$\n\\frac{\\mathrm{d}^2 f}{\\mathrm{d} x^2} = 2\n$$ {#eq-two}\n"
    )
    assert [c.id for c in run(text)] == ["eq-f", "eq-two"]


@pytest.mark.parametrize("row", [
    "| x | plain | `x` | `number` | any |", "| $x$ | short |",
    "| $x$ | odd | `x` | `number` | sometimes |", "| $x$ | odd | `x` | `round` | any |",
    "| $x + y$ | two | `x` | `number` | any |", "| $x_{ij}$ | two | `x` | `number` | any |",
])  # fmt: skip
def test_a_row_that_says_nothing_clear_is_an_error_with_its_line(row: str) -> None:
    table = "\n".join([*TABLE.splitlines()[:2], row])
    with pytest.raises(PageError, match=r"^p.md:3: "):
        symbols_of(page.parts(table.split("\n"), "p.md"), "p.md")


@pytest.mark.parametrize("name", ALLOWED)
def test_what_is_drawn_is_allowed_and_something_else_is_not(name: str) -> None:
    assert ALLOWED[name](DRAWS[name](np.random.default_rng(0), (200, 3))).all()
    assert not ALLOWED[name](np.array([-0.5])).any()


@pytest.mark.parametrize(("values", "wrong"), [("0 or 1", True), ("between 0 and 1", False)])
def test_a_definition_must_be_like_the_row_of_its_table(values: str, wrong: bool) -> None:
    """y is a label; a page that computes a probability must not call it y."""
    text = f"""\
| symbol | meaning | in Python | shape | values |
| --- | --- | --- | --- | --- |
| $z$ | score | `z` | `number` | any |
| $y$ | label | `y` | `number` | {values} |

$$
y = \\frac{{1}}{{1 + e^{{-z}}}}
$$ {{#eq-y code="code.sigmoid(z)"}}
"""
    if wrong:
        with pytest.raises(PageError, match=r"y comes out as .*, but its table says '0 or 1'"):
            run(text)
    else:
        assert run(text)[0].comparisons


def test_a_derivative_by_an_entry_that_is_not_there_is_an_error() -> None:
    """w never has nine entries."""
    wrong = LOGISTIC.replace(r"\frac{\partial E}{\partial w_j}", r"\frac{\partial E}{\partial w_9}")
    assert wrong != LOGISTIC
    with pytest.raises(PageError, match=r"eq-slope: w has no entry \[9\]"):
        run(wrong)


@pytest.mark.parametrize("name", DRAWS)
def test_random_values_keep_what_the_table_says(name: str) -> None:
    drawn = DRAWS[name](np.random.default_rng(0), (200, 3))
    assert drawn.shape == (200, 3)
    held = {
        "positive": (drawn > 0).all(), "small, positive": ((drawn > 0) & (drawn < 1)).all(),
        "between 0 and 1": ((drawn > 0) & (drawn < 1)).all(),
        "0 or 1": set(np.unique(drawn)) == {0.0, 1.0},
        "−1 or 1": set(np.unique(drawn)) == {-1.0, 1.0},
        "one-hot": (drawn.sum(axis=1) == 1).all() and set(np.unique(drawn)) == {0.0, 1.0},
        "sums to 1": np.allclose(drawn.sum(axis=1), 1) and (drawn > 0).all(),
        "0 to 10": ((drawn >= 0) & (drawn <= 10)).all(), "one": (drawn == 1).all(),
        "whole": (drawn == drawn.round()).all(), "any": drawn.min() < 0 < drawn.max(),
        "small": 0 < np.abs(drawn).max() < 0.5,
    }  # fmt: skip
    assert held[name]


# --- code blocks ------------------------------------------------------------


def page_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "a.md"
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return path


def test_blocks_run_in_order_and_share_their_names(tmp_path: Path) -> None:
    path = page_file(tmp_path, "```python\na = 2\n```\n\n```pycon\n>>> a + 1\n3\n```\n")
    namespace: dict[str, Any] = {}
    assert [examples.run(p, path, namespace) for p in examples.blocks(path)] == ["", ""]


def test_another_output_is_reported_with_its_line(tmp_path: Path) -> None:
    path = page_file(tmp_path, "text\n\n```pycon\n>>> 1 + 1\n3\n```\n")
    (part,) = examples.blocks(path)
    said = examples.run(part, path, {})
    assert "Expected:\n    3\nGot:\n    2" in said
    assert "line 4" in said


def test_a_language_that_nobody_runs_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PageError, match=r"a\.md:1: a block of py: "):
        examples.blocks(page_file(tmp_path, "```py\n1\n```\n"))
    with pytest.raises(PageError, match="no language"):
        examples.blocks(page_file(tmp_path, "```\n1\n```\n"))


def test_a_session_without_prompts_is_an_error(tmp_path: Path) -> None:
    path = page_file(tmp_path, "```pycon\n1 + 1\n```\n")
    assert "without >>>" in examples.run(examples.blocks(path)[0], path, {})


def test_printed_results_can_be_rewritten(tmp_path: Path) -> None:
    path = page_file(
        tmp_path,
        """\
        ```python
        a = 2
        ```

        -   ```pycon
            >>> a + 1
            >>> for i in range(2):
            ...     print(i)
            >>> 1 / 0
            ```

        after
        """,
    )
    path.write_text(path.read_text().replace("-   ```pycon", "    ```pycon"))
    assert examples.update(path)
    assert (
        "    >>> a + 1\n    3\n    >>> for i in range(2):\n    ...     print(i)\n    0\n    1\n"
        "    >>> 1 / 0\n    Traceback (most recent call last):\n      ...\n"
        "    ZeroDivisionError: division by zero\n    ```\n\nafter\n"
    ) in path.read_text()
    assert not examples.update(path)
