"""The text of the book: blocks, equations, embeds, figures, citations."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import build_figures
import pytest

from literate import embed, equations, examples, page
from literate.book import Book
from literate.embed import find
from literate.evaluate import Definition
from literate.symbols import symbols_of

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
CHAPTERS = sorted((DOCS / "chapters").glob("*.md"))
LABS = sorted((DOCS / "notebooks").glob("*.md"))  # draw their own figures


# How a derivative looks in TeX; a star or a transpose stands in braces.
DERIVATIVE = re.compile(r"\\partial|\\mathrm\{d\}|\\nabla|'")


def resolve(name: str) -> Any:
    """The object of a qualified name."""
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute)


@pytest.fixture(scope="module")
def book() -> Book:
    found = Book(ROOT, DOCS)
    found.read()
    return found


@pytest.fixture(scope="module")
def formulas(book: Book) -> dict[str, Definition]:
    return equations.formulas_of(book.equations.values(), book.symbols)


def by_name(path: Path) -> str:
    return path.relative_to(DOCS).as_posix()


@pytest.mark.parametrize("path", PAGES, ids=by_name)
def test_every_displayed_equation_is_executed(path: Path, book: Book, formulas: dict) -> None:
    """Counted, too: what the marks on the page say was compared is what is compared."""
    checked = equations.check_page(path, resolve, book.symbols, DOCS, formulas=formulas)
    fences = re.compile(r"^([ \t]*)(`{3,}).*?^\1\2", re.MULTILINE | re.DOTALL)
    text = fences.sub("", path.read_text(encoding="utf-8"))
    assert len(checked) == len(re.findall(r"(?<!\\)\$\$", text)) // 2
    assert all(c.comparisons or c.unchecked for c in checked)
    for one in checked:
        if one.id in book.compared:  # of what reads otherwise now there is none
            assert one.comparisons == pytest.approx(book.compared[one.id], rel=0.2)
    # Each derivative is found by autograd, too; none by differences alone.
    assert [c.id for c in checked if c.measured] == []
    assert any(c.automatic for c in checked) == any(DERIVATIVE.search(c.tex) for c in checked)


def test_at_most_one_equation_in_ten_is_not_executed() -> None:
    displayed = [p for path in PAGES for p in page.read(path)[0] if p.kind == "equation"]
    assert len(displayed) >= 120
    assert 10 * sum("unchecked" in p.attributes for p in displayed) <= len(displayed)


@pytest.mark.parametrize("path", PAGES, ids=by_name)
def test_no_code_block_is_skipped(path: Path) -> None:
    """The blocks that run are counted a second time, by another rule."""
    text = path.read_text(encoding="utf-8")
    opened = re.findall(r"^[ \t]*```+[ \t]*\{?[ \t]*\.?(\w+)[^`\n]*$", text, re.MULTILINE)
    embeds = len(re.findall(r"^[ \t]*@embed ", text, re.MULTILINE))
    wanted = sum(language in examples.RUN for language in opened) + embeds

    class Document:
        pass

    document = Document()
    document.path, document.text = str(path), text
    assert len(list(examples.sybil_parser(document))) == wanted
    assert set(opened) <= set(examples.RUN + examples.SHOWN_ONLY)


@pytest.mark.parametrize("path", CHAPTERS, ids=by_name)
def test_every_chapter_has_runs_pairs_figures_exercises_and_sources(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for wanted, least in (
        ("```pycon", 5), ("/// figure", 3), ("??? solution", 3), ("references.md#", 2),
    ):  # fmt: skip
        assert text.count(wanted) >= least, wanted
    for heading in ("## What goes wrong", "## Exercises", "## Summary", "## Where it comes from"):
        assert f"\n{heading}\n" in text, heading
    if path.name != "01-what-learning-is.md":
        assert text.count("/// pair") >= 3


def test_every_embedded_name_exists_and_fits_a_screen() -> None:
    count = 0
    for path in PAGES:
        for part in page.read(path)[0]:
            if part.kind == "embed":
                source = find(part.text, ROOT, part.attributes.get("part"))
                lines = source.code.splitlines()
                count += 1
                if source.kind != "class":
                    assert len(lines) <= 26, part.text
                assert max(map(len, lines)) <= 78, part.text
    assert count >= 30


def test_every_drawn_figure_is_shown_and_every_shown_one_drawn() -> None:
    drawn = set(build_figures.registry())
    text = "".join(p.read_text(encoding="utf-8") for p in PAGES if p not in LABS)
    shown = re.findall(r"^\s*/// figure \| (\S+)", text, re.MULTILINE)
    assert len(shown) == len(set(shown))
    assert set(shown) == drawn


def test_every_figure_has_an_alt_text_of_its_own() -> None:
    texts = []
    for path in PAGES:
        texts += re.findall(
            r"^\s*/// figure \|.*\n\s+alt: (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE
        )
    outputs = DOCS / "notebooks" / "outputs"
    drawn = len(build_figures.registry()) + len(list(outputs.glob("*.svg")))
    assert len(texts) == len(set(texts)) == drawn
    assert all(40 <= len(t) <= 500 for t in texts)


def test_every_reference_is_cited_and_has_an_address() -> None:
    text = (DOCS / "references.md").read_text(encoding="utf-8")
    entries = {
        m[1]: block for block in text.split("\n\n") if (m := re.search(r"\{ ?#([\w-]+) ?\}", block))
    }
    everything = "".join(p.read_text(encoding="utf-8") for p in PAGES if p.name != "references.md")
    assert len(entries) >= 8
    for name, entry in entries.items():
        assert f"references.md#{name})" in everything, f"{name} is never cited"
        assert re.search(r"https://|ISBN", entry), f"{name} has no address"
    assert list(entries) == sorted(entries)


def test_the_formula_that_the_source_marks_to_do_is_shown_corrected() -> None:
    text = (DOCS / "notation.md").read_text(encoding="utf-8")
    assert r"\delta^{(l)} \left( a^{(l-1)} \right)^\top" in text
    assert r"\frac{\partial \mathcal{L}}{\partial W} = A^\top \Delta" in text


def test_symbol_tables_are_read_without_error(book: Book) -> None:
    assert len(book.symbols) >= 20
    for path in PAGES:
        parts, _ = page.read(path)
        symbols_of(parts, by_name(path))


def test_embedding_reads_what_python_imports() -> None:
    """The text on the page is the source of the function that runs."""
    import inspect
    import textwrap

    for path in PAGES:
        for part in page.read(path)[0]:
            if part.kind == "embed" and "part" not in part.attributes:
                source = embed.find(part.text, ROOT)
                try:
                    loaded = resolve(part.text)
                except ModuleNotFoundError:
                    owner, _, method = part.text.rpartition(".")
                    loaded = getattr(resolve(owner), method)
                if source.kind != "constant":
                    lines = textwrap.dedent(inspect.getsource(loaded)).rstrip().splitlines()
                    assert source.full == embed._without_marks("\n".join(lines))
