"""A lab as the .ipynb that a reader downloads, from a small page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from literate import notebook
from literate.book import Book

PAGE = """\
---
title: A lab
---
# A lab

Text with [a link](../two/one.md#there), [home](../index.md), [the web](https://example.org){ .w }.
![a picture](x.svg)

!!! predict "Before you run it"

    Guess @eq-sum.

    Then look.

```python
1 + 1
```

??? solution

    It is two.

$$
x = 1
$$ {#eq-sum}

By @eq-sum and @fig-curve.
{ .note }

```{.python varies tolerance=0.1}
draw()
```

/// figure | curve
    alt: A curve that rises to the right.

The caption, in
two lines.
///

```text
not a cell
```

```python
1 + 1
```
"""


@pytest.fixture
def lab(tmp_path: Path) -> tuple[Path, Book]:
    path = tmp_path / "notebooks/a_lab.md"
    (path.parent / "outputs").mkdir(parents=True)
    path.write_text(PAGE, encoding="utf-8")
    first, second, third = notebook.read(path)
    assert (second.varies, second.tolerance, second.figure) == (True, 0.1, "curve")
    assert (first.varies, first.tolerance, first.figure) == (False, notebook.TOLERANCE, "")
    assert first.digest == third.digest != second.digest
    cells = [
        {"code": first.digest, "text": ["2"]},
        {"code": second.digest, "text": [], "figure": "curve"},
    ]
    notebook.store_of(path).write_text(json.dumps({"key": "", "cells": cells}))
    (path.parent / "outputs/curve.svg").write_text("<svg>\n</svg>\n")
    book = Book(tmp_path, tmp_path)
    book.read()
    return path, book


def made(lab: tuple[Path, Book], *options: str) -> tuple[list[dict[str, Any]], str]:
    """The cells, and the prose in one text."""
    cells = notebook.as_ipynb(*lab, *options)["cells"]
    prose = ["".join(c["source"]) for c in cells if c["cell_type"] == "markdown"]
    return cells, "\n\n".join(prose)


def test_each_fence_of_python_is_a_cell_with_what_is_stored_for_it(lab) -> None:
    cells, _ = made(lab)
    code = [c for c in cells if c["cell_type"] == "code"]
    assert ["".join(c["source"]) for c in code] == ["1 + 1", "draw()", "1 + 1"]
    assert code[0]["outputs"] == [{"output_type": "stream", "name": "stdout", "text": ["2\n"]}]
    ((drawn,),) = [code[1]["outputs"]]
    assert drawn["data"] == {"image/svg+xml": ["<svg>\n", "</svg>\n"]}
    assert code[2]["outputs"] == []  # stored once only
    assert [c["id"] for c in cells] == [f"cell-{n}" for n in range(len(cells))]


def test_the_books_markdown_becomes_jupyters(lab) -> None:
    _, prose = made(lab)
    for wanted in (
        "> **Before you run it.**\n>\n> Guess (AL.1).\n>\n> Then look.\n\n",
        "**Solution**\n\nIt is two.\n",
        "$$\nx = 1\n\\tag{AL.1}\n$$",
        "By (AL.1) and figure AL.1.",
        "**Figure AL.1.** The caption, in two lines.",
        "Text with a link, home, [the web](https://example.org){ .w }.",
        "![a picture](x.svg)",
        "```text\nnot a cell\n```",
    ):
        assert wanted in prose, wanted
    for gone in ("///", "alt:", "!!!", "???", "{#", "{ .note }", "title:"):
        assert gone not in prose, gone


def test_links_lead_to_the_site_where_its_address_is_known(lab) -> None:
    _, prose = made(lab, "https://a.example/book/")
    assert "[a link](https://a.example/book/two/one/#there)" in prose
    assert "[home](https://a.example/book/)" in prose


def test_the_package_comes_from_the_repository_where_it_is_known(lab) -> None:
    cells, prose = made(lab)
    assert "in a clone of the book" in prose
    cells, _ = made(lab, "", "me/book")
    assert "git+https://github.com/me/book" in "".join(cells[1]["source"])
    assert cells[1]["cell_type"] == "code"


def test_a_lab_that_was_never_run_has_no_outputs(lab) -> None:
    notebook.store_of(lab[0]).unlink()
    cells, _ = made(lab)
    assert all(c["outputs"] == [] for c in cells if c["cell_type"] == "code")
