"""What could be read as something else than it means is an error; every display is seen."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from test_literate import CODE, TABLE, convert, run

from literate import equations, page
from literate.errors import PageError

ROOT = Path(__file__).parent.parent
MORE = """
| symbol | meaning | in Python | shape | values |
| --- | --- | --- | --- | --- |
| $v$ | direction | `v` | `(d)` | any |
| $t$ | number | `t` | `number` | positive |
| $T$ | steps | `T` | `count` | |
| $f$ | square | `code.square` | `function` | |
| $a^{(i)}$ | a layer | `a_i` | `number` | any |
| $c^{(i)}$ | another | `c_i` | `number` | any |

"""
Q = '$$\nq = x^2\n$$ {#eq-q code="code.square(x)"}\n\n'


@pytest.fixture(autouse=True)
def square(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CODE, "code.square", lambda x: np.square(x))


def judged(tex: str, before: str = "", code: str = "") -> equations.Checked:
    code = f' code="{code}"' if code else ""
    text = f"{TABLE}\n{MORE}{before}$$\n{tex}\n$$ {{#eq-a{code}}}\n"
    found = page.parts(text.split("\n"), "p.md")
    return list(equations.PageChecker(found, "p.md", CODE.__getitem__).results())[-1]


# Each of these is false, or means something else, and would hold if it were read naively.
@pytest.mark.parametrize(
    ("tex", "message"),
    [
        (r"\frac{dq}{dx} = \frac{q}{x}", r"a derivative is \\frac"),
        (r"\frac{dq}{dx} = x", r"a derivative is \\frac"),
        (r"\frac{d}{dx} q = \frac{q}{x}", r"a derivative is \\frac"),
        (r"\frac{d^2 q}{d x^2} = 1", r"a derivative is \\frac"),
        (r"\frac{\delta t}{\delta x} = \frac{t}{x}", r"a derivative is \\frac"),
        (r"\frac{1}{n} \sum_{i=1}^{n} a^{(i)} c^{(i)} = a^{(i)} c^{(i)}", "i is an index here"),
        (r"\sum_{k=1}^{2} a^{(k)} = 2 a^{(k)}", "k is an index here"),
        (r"\log_2 t = \ln t", "on the name of the function log"),
        (r"f_1(x) = f_2(x)", "on the name of the function f"),
        (r"f^\top(x) = f(x)", "on the name of the function f"),
        (r"f^{-1}(t) = \frac{1}{f(t)}", "the inverse function, or one over it"),
        (r"\tanh[x]^2 = \tanh(x^2)", "wrong"),
        (r"\nabla_{v_1} (v \cdot v) = 2 v", "shape"),
        (r"\nabla_{f(v)} (v \cdot v) = 2 v", "not in the book's dialect|with respect to a symbol"),
        (r"\frac{\mathrm{d} q}{\mathrm{d} x}(2) = 2 \frac{\mathrm{d} q}{\mathrm{d} x}",
         "brackets after a derivative"),
        (r"\frac{\partial^3 q}{\partial x^2} = 2", "only first and second"),
        (r"\frac{\partial q}{\partial X^\top} = X", "differentiate by a symbol"),
        (r"\max(x, t)^2 = \max(x, t)", "wrong"),
        (r"\max^2(x, t) = \max(x, t)", r"max with something on it"),
        (r"\max(v) = v", "of one value"),
        (r"\sum_{i < 2}^{3} 1 = 2", r"a sum runs over an index"),
        (r"\sum_{i}^{3} 1 = 2", r"a sum runs over an index"),
        (r"\sum_{i=1}^{5/2} 1 = 2", "where a sum ends must be a whole number"),
        (r"w_{3/2} = w_1", "an index must be a whole number"),
        (r"2 w_w = 2 w_1", "an index must be a whole number"),
        (r"x^{[2]} = x^2", "a layer stands in round brackets"),
        (r"X^\top_{12} = X_{12}", "an index after a transpose"),
        (r"x^\top = x", "the transpose of a number"),
        (r"w^T = w", r"a transpose is \^\\top"),
        (r"1 / 2 x = \frac{1}{2} x", "is c above or below"),
        (r"\ln t x = x \ln t", "how far does ln reach"),
        (r"t = t \quad x = x", "quad between two formulas"),
        (r"0 \le t^2 = 0", "wrong"),
        (r"\frac{1}{3} \approx 0.333 = \frac{1}{3}", "wrong"),
        (r"x \approx 2 x", "one printed number"),
        (r"\frac{1}{x - x} = \frac{2}{x - x}", "no finite number"),
        (r"t = t \leftarrow t", "stands first"),
        (r"\lVert X \rVert = \lVert X \rVert_2", "which norm of a matrix"),
        (r"\lVert w \rVert_3 = 1", "no norm of a vector is called 3"),
        (r"\lvert w \rvert = \lvert w \rvert", "of a vector: a norm"),
        (r"(w)_\text{F} = w", "stands on symbols only"),
        (r"(x)^* = x", "stands on symbols only"),
        (r"f[w, x] = 1", "entries of different shapes side by side"),
        (r"\begin{pmatrix} 1 & 2 \\ 3 \end{pmatrix} w = w", "entries of different shapes"),
        ("1 = 2", "wrong"),
    ],
)  # fmt: skip
def test_what_would_be_misread_is_an_error(tex: str, message: str) -> None:
    found = judged(tex, Q)
    assert found.status in ("wrong", "unread")
    assert re.search(message, str(found.fault)), found.fault


@pytest.mark.parametrize(
    "tex",
    [
        r"\frac{\mathrm{d} q^2}{\mathrm{d} x} = 4 x^3",
        r"\nabla_{v_1} (v \cdot v) = 2 v_1",
        r"f[x]^2 = x^4",
        r"f(x)=x^2",
        r"\sum_{k=1}^{T} 1 = T",
        r"t \cdot \sum_i y_i = \sum_i t y_i",
        r"\ln \sum_{k=1}^{3} t = \ln(3 t)",
        r"\lVert w \rVert_2^2 = w \cdot w",
        r"0 \le t^2 = t \cdot t",
        r"\frac{n}{n x} = \frac{1}{x}",
        r"d t = t d",
    ],
)
def test_what_is_clear_is_read_as_it_means(tex: str) -> None:
    found = judged(tex, Q)
    assert found.status == "right", found.fault
    assert found.comparisons


def test_a_letter_that_counts_needs_a_table_on_its_page() -> None:
    found = page.parts(["$$", "2 n = 2 n", "$$ {#eq-a}"], "p.md")
    with pytest.raises(PageError, match="unknown symbol 'n'"):
        equations.PageChecker(found, "p.md", CODE.__getitem__).check()


# --- messages ------------------------------------------------------------------


def test_shapes_are_told_in_the_letters_of_the_tables() -> None:
    said = str(judged("w + X^\\top w = w").fault)
    assert re.search(r"the product of shape \(d, n\) = \(\d, \d\) and shape \(d,\)", said)
    said = str(judged("2 y = 2 w").fault)
    assert re.search(r"shape \(n,\) = .*the other side has shape \(d,\)", said)


def test_a_fault_is_named_by_the_line_of_its_row() -> None:
    above = len(f"{TABLE}\n{MORE}".split("\n"))
    rows = ["\\begin{aligned}", "2 x &= x + x \\\\", "&= 3 x", "\\end{aligned}"]
    assert judged("\n".join(rows)).fault.line == above + 3
    rows[2] = "&= x |x"
    assert judged("\n".join(rows)).fault.line == above + 3
    rows[2] = "&= 2 w"
    assert judged("\n".join(rows)).fault.line == above + 3


@pytest.mark.parametrize(
    ("tex", "message"),
    [
        ("(x + t = 1", r"expected .*\)"),
        ("x = ", "expected a symbol or a number"),
        ("x = 1.", "full stop or comma stands outside"),
        ("x = |x|", r"\\lvert x \\rvert"),
        (r"\|w\| = 1", r"\\lVert x \\rVert"),
        (r"\frac12 x = x", "a fraction has braces"),
        (r"\frac{\partial f(x)}{\partial x} = 1", "before the rest"),
        (r"x_1 + \dots + x_n = 1", "write a sum over an index"),
        (r"x := 1", "a definition is written with ="),
        (r"\begin{bmatrix} 1 \end{bmatrix} = 1", "pmatrix"),
        (r"\int x = 1", "an integral"),
        (r"\nabla x = 1", "with respect to what"),
    ],
)
def test_what_is_not_read_says_what_was_expected(tex: str, message: str) -> None:
    found = judged(tex)
    assert found.status == "unread"
    assert re.search(message, str(found.fault)), found.fault


def test_a_mistyped_size_and_a_misspelt_header_are_named() -> None:
    table = TABLE.replace("`(n, d)`", "`(n, dd)`")
    with pytest.raises(PageError, match="the size 'dd' is no count of a table of symbols"):
        run(f"{table}\n$$\nX_{{11}} = X_{{11}}\n$$ {{#eq-a}}\n")
    for wrong in ("in python", "simbol", "shapes"):
        header = TABLE.splitlines()[0]
        word = {"in python": "in Python", "simbol": "symbol", "shapes": "shape"}[wrong]
        with pytest.raises(PageError, match=r"^p\.md:1: a table of symbols has the header"):
            page.parts([header.replace(word, wrong), "| --- |"], "p.md")


def test_all_faults_of_a_page_are_found_at_once() -> None:
    text = (
        f"{TABLE}| $u$ | odd | `u` | `round` | any |\n\n"
        "$$\n1 = 2\n$$ {#eq-a}\n\n$$\n1 = 1\n$$ {#eq-b}\n\n$$\n|x| = x\n$$ {#eq-c}\n\n"
        '$$\nx = 2 x\n$$ {#eq-d unchecked="a limit, which can not be worked out"}\n\n'
        "Text $$x = 1$$.\n\n$$\nx = 1\n$$\n"
    )
    faults: list[PageError] = []
    found = page.parts(text.split("\n"), "p.md", 0, faults)
    checker = equations.PageChecker(found, "p.md", CODE.__getitem__)
    results = list(checker.results())
    assert [c.status for c in results] == ["wrong", "right", "unread", "excused", "unread"]
    assert len(faults) == len(checker.faults) == 1


# --- every display is seen -----------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "tex"),
    [
        ("$$ x = 1 $$ {#eq-a}", "x = 1"),
        ("$$x = 1$$", "x = 1"),
        ("$$x\n= 1$$ {#eq-a}", "x\n= 1"),
        ("> $$\n> x = 1\n> $$ {#eq-a}", "x = 1"),
        ("    $$\n    x = 1\n    $$", "x = 1"),
    ],
)
def test_a_display_is_read_in_each_of_these_forms(text: str, tex: str) -> None:
    (found,) = page.parts(text.split("\n"), "p.md")
    assert (found.kind, found.text) == ("equation", tex)
    html = convert(text)
    assert html.count("katex-display") == 1
    assert "$" not in re.sub(r"<annotation.*?</annotation>", "", html)


@pytest.mark.parametrize(
    "text",
    [
        "$$ x = 1 $$, where x", "Text $$x = 1$$ text.", "- $$\n  x = 1\n  $$", "1. $$x = 1$$",
        "> - $$\n>   x = 1\n>   $$", r"\[ x = 1 \]", "\\[\nx = 1\n\\]", r"\\[ x \\]",
        "\\begin{equation}\nx = 1\n\\end{equation}", "\\begin{align*}\nx &= 1\n\\end{align*}",
        "| $$x$$ |\n| --- |\n| a |", "## $$x$$", "```math\nx = 1\n```", "```{math}\nx = 1\n```",
        ":::{math}\nx = 1\n:::", '<math display="block"></math>', "$$ x $$ and $$ y $$",
        "$$\nx = 1\n= 2 $$, that is",
        "$$\nx = 1", "$$\nx\n\n= 1\n$$", '$$\nx = 1\n$$ {#eq-a code="f}', "[^1]: $$x = 1$$",
    ],
)  # fmt: skip
def test_a_display_in_another_form_is_an_error_and_not_a_silence(text: str) -> None:
    with pytest.raises(PageError, match=r"^p\.md:\d+: "):
        page.parts(text.split("\n"), "p.md")
    with pytest.raises(PageError, match=r"^p\.md:\d+: "):
        convert(text)
    faults: list[PageError] = []
    after = f"{text}\n\n$$\nx = 1\n$$ {{#eq-after}}\n"
    found = page.parts(after.split("\n"), "p.md", 0, faults)
    assert faults
    assert any(part.kind == "unread" for part in found)
    if text != "$$\nx = 1":  # never closed: what follows can't be told apart
        assert [p.attributes.get("id") for p in found if p.kind == "equation"] == ["eq-after"]


@pytest.mark.parametrize("text", ["`$$`", r"costs \$\$5", "```text\n$$ x $$\n\\[\n```", "`\\[`"])
def test_what_is_no_display_is_left_alone(text: str) -> None:
    assert all(part.kind == "fence" for part in page.parts(text.split("\n"), "p.md"))


TAGS = re.compile(r"<(script|annotation|code|pre)\b.*?</\1>|<[^>]*>", re.DOTALL)


# Found by another rule than the reader's: in the bare text, and on the built page.
def displays_in(text: str) -> int:
    text = re.sub(r"^([ \t>]*)(`{3,}|~{3,}).*?^\1\2", "", text, flags=re.MULTILINE | re.DOTALL)
    text = re.sub(r"(`+)(?!`).+?(?<!`)\1(?!`)", "", text)
    return len(re.findall(r"(?<!\\)(?:\$\$|\\\[)|\\begin\{(?:equation|align)[*}]", text)) // 2


def test_no_display_of_the_book_is_overlooked(built_site: Path) -> None:
    docs = ROOT / "docs"
    total = 0
    for path in docs.rglob("*.md"):
        text = path.read_text(encoding="utf-8")
        seen = sum(part.kind == "equation" for part in page.read(path, docs)[0])
        assert seen == displays_in(text), path
        total += seen
    shown = 0
    for path in built_site.rglob("*.html"):
        html = path.read_text(encoding="utf-8")
        shown += html.count('class="katex-display"')
        plain = TAGS.sub("", html)
        assert not re.search(r"\$\$|\\\[|\\begin\{", plain), path
    assert shown == total
