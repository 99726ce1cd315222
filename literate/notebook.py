"""The labs: pages in `docs/notebooks/` whose Python blocks are notebook cells.

The page is the notebook's source: prose in the book's Markdown, a cell for
each block of Python. What the cells print and draw is run beforehand (see
`scripts/notebooks.py`) and kept in `docs/notebooks/outputs/`, so that the
site shows it without running anything. Here a page is read into its cells,
its outputs are put back where they belong, and it becomes the `.ipynb` that
a reader downloads.

A figure is announced by the block that follows its cell:

    /// figure | name
        alt: …

    The caption.
    ///

Options stand in the fence: `{.python tolerance=0.01}` says how far numbers
may lie apart when the cell is run elsewhere, `{.python varies}` that they
are seconds, or what rounding leaves over, and may be anything.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from literate import page
from literate.errors import PageError
from literate.page import FIGURE

if TYPE_CHECKING:
    from literate.book import Book

FOLDER = "notebooks"
LABS = "assets/labs"  # where the figures of the cells go
TOLERANCE = 1e-6  # relative, unless a cell says otherwise
COLAB = "https://colab.research.google.com/github/{repository}/blob/gh-pages/{file}"
LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)(?:\{[^}]*\})?")
FOLD = re.compile(r'^(?:!!!|\?\?\?\+?) (?P<kind>\w+)(?: "(?P<title>[^"]*)")?\s*$')


@dataclass(frozen=True)
class Cell:
    """A block of Python that the notebook runs."""

    code: str
    line: int  # 1-based, in the file
    row: int  # 0-based, below the front matter
    tolerance: float = TOLERANCE
    varies: bool = False
    figure: str = ""  # the name of what it draws

    @property
    def digest(self) -> str:
        """What the output of the cell is filed under."""
        return hashlib.sha256(self.code.encode()).hexdigest()[:16]


def is_notebook(where: str) -> bool:
    """Whether a page, by its path below the docs folder, is a lab."""
    return where.startswith(f"{FOLDER}/") and where.endswith(".md")


def cells(parts: list[page.Part], lines: list[str], where: str = "") -> list[Cell]:
    """The cells of a page, in order; `lines` without the front matter."""
    found = []
    for part in parts:
        words = re.findall(r"[^\s{}]+", part.attributes["info"]) if part.kind == "fence" else []
        if not words or words[0].lstrip(".") != "python":
            continue
        if part.indent:
            raise PageError("a cell can't stand inside a list or a fold", where, part.line)
        options = dict(word.partition("=")[::2] for word in words[1:])
        known = {"tolerance", "varies"}
        if set(options) - known:
            raise PageError(f"options of a cell are {sorted(known)}", where, part.line)
        after = next((t for t in lines[part.last + 1 :] if t.strip()), "")
        drawn = FIGURE.match(after)
        found.append(
            Cell(
                part.text, part.line, part.first,
                float(options.get("tolerance") or TOLERANCE), "varies" in options,
                drawn["name"] if drawn else "",
            )
        )  # fmt: skip
    return found


def read(path: Path) -> list[Cell]:
    """The cells of a file."""
    parts, lines = page.read(path)
    return cells(parts, lines[page.front_matter(lines) :], path.name)


# --- what is stored --------------------------------------------------------


def store_of(path: Path) -> Path:
    """The file that holds what a notebook printed."""
    return path.parent / "outputs" / f"{path.stem}.json"


def stored(path: Path) -> dict[str, Any]:
    """What `scripts/notebooks.py` left of the last run, or nothing."""
    file = store_of(path)
    if not file.is_file():
        return {"key": "", "cells": []}
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def records(found: list[Cell], kept: dict[str, Any]) -> list[dict[str, Any] | None]:
    """For each cell what it printed and drew; None where it hasn't been run."""
    by_code: dict[str, list[dict[str, Any]]] = {}
    for record in kept["cells"]:
        by_code.setdefault(record["code"], []).append(record)
    result = []
    for cell in found:
        same = by_code.get(cell.digest)
        result.append(same.pop(0) if same else None)
    return result


# --- the page ----------------------------------------------------------------


def with_outputs(
    lines: list[str], parts: list[page.Part], where: str, docs: Path, lenient: bool
) -> dict[int, list[str]]:
    """By the row of a cell: the lines that the page shows for it."""
    found = cells(parts, lines, where)
    kept = records(found, stored(docs / where))
    shown = {}
    for cell, record in zip(found, kept, strict=True):
        block = ["``````python", *cell.code.split("\n"), "``````"]
        if record is None and not lenient:
            raise PageError(
                "this cell has not been run: `make notebooks` does it", where, cell.line
            )
        text = record["text"] if record else ["(not run since it was changed: make notebooks)"]
        if text:
            block += ["", "``````{.text .output}", *text, "``````"]
        shown[cell.row] = [*block, ""]
    return shown


def links(where: str, repository: str) -> str:
    """The line under the title: what can be done with the notebook."""
    name = Path(where).stem
    line = f"[Download the notebook (.ipynb)]({name}.ipynb){{ download={name}.ipynb }}"
    if repository:
        address = COLAB.format(repository=repository, file=f"{FOLDER}/{name}.ipynb")
        line += f" [Open in Colab]({address})"
    return line + "\n{ .lab-links }"


# --- the .ipynb ----------------------------------------------------------------


def as_ipynb(path: Path, book: Book, site: str = "", repository: str = "") -> dict[str, Any]:
    """The notebook, with its outputs, as nbformat 4.5 wants it."""
    where = path.relative_to(book.docs).as_posix()
    parts, lines = page.read(path)
    lines = lines[page.front_matter(lines) :]
    found = cells(parts, lines, where)
    kept = records(found, stored(path))
    by_row = {cell.row: (cell, record) for cell, record in zip(found, kept, strict=True)}
    text = _Prose(lines, parts, where, book, site)
    blocks: list[dict[str, Any]] = []
    row = 0
    for part in [*(p for p in parts if p.kind == "fence" and p.first in by_row), None]:
        prose = text.between(row, part.first if part else len(lines))
        if prose:
            blocks.append(_markdown(prose))
        if part:
            blocks.append(_code(*by_row[part.first], path, len(blocks)))
            row = part.last + 1
    blocks.insert(1, _install(repository))
    for count, block in enumerate(blocks):
        block["id"] = f"cell-{count}"
    return {
        "cells": blocks,
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


def _markdown(text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": _lines(text)}


def _install(repository: str) -> dict[str, Any]:
    """How the notebook comes by the package that it is about."""
    if not repository:
        return _markdown(
            "This notebook needs the package `nnlit` and matplotlib: "
            'in a clone of the book, `pip install ".[figures]"`.'
        )
    code = (
        "import importlib.util\n\n"
        "if importlib.util.find_spec('nnlit') is None:\n"
        f"    %pip install -q 'nnlit[figures] @ git+https://github.com/{repository}'"
    )
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [],
            "source": _lines(code)}  # fmt: skip


def _code(cell: Cell, record: dict[str, Any] | None, path: Path, count: int) -> dict[str, Any]:
    outputs: list[dict[str, Any]] = []
    if record and record["text"]:
        text = "\n".join(record["text"]) + "\n"
        outputs.append({"output_type": "stream", "name": "stdout", "text": _lines(text)})
    if record and record.get("figure"):
        file = store_of(path).parent / f"{record['figure']}.svg"
        data = {"image/svg+xml": _lines(file.read_text(encoding="utf-8"))}
        outputs.append({"output_type": "display_data", "data": data, "metadata": {}})
    return {
        "cell_type": "code", "execution_count": None, "metadata": {},
        "outputs": outputs, "source": _lines(cell.code),
    }  # fmt: skip


class _Prose:
    """The book's Markdown as plain Markdown that Jupyter shows."""

    def __init__(self, lines: list[str], parts: list[page.Part], where: str, book: Book, site: str):
        self.where, self.book, self.site = where, book, site
        self.lines = list(lines)
        self.dropped: set[int] = set()
        for part in parts:
            if part.kind == "equation":
                self._equation(part)
        for row, line in enumerate(lines):
            if figure := FIGURE.match(line):
                self._figure(row, figure["name"])
            elif (opened := FOLD.match(line)) and not line.startswith(" "):
                self._fold(row, opened)

    def between(self, first: int, last: int) -> str:
        """The prose of these rows."""
        rows = [t for r, t in enumerate(self.lines[first:last], first) if r not in self.dropped]
        text = "\n".join(rows).strip()
        text = re.sub(r"(?<![\w@/])@((?:eq|fig)-[a-z0-9-]*[a-z0-9])", self._number, text)
        text = LINK.sub(self._link, text)
        text = re.sub(r"\n\{ [.#][^}]*\}|[ ]\{ [.#][^}]*\}$", "", text, flags=re.MULTILINE)
        return re.sub(r"\n{3,}", "\n\n", text)

    def _number(self, match: re.Match[str]) -> str:
        number = self.book.targets[match[1]].number
        return f"({number})" if match[1].startswith("eq-") else f"figure {number}"

    def _link(self, match: re.Match[str]) -> str:
        if re.match(r"https?:", match[2]):
            return match[0]
        if not self.site:
            return match[1]
        address, _, anchor = match[2].partition("#")
        place = (Path("/") / Path(self.where).parent / address).as_posix()
        parts: list[str] = []
        for word in place.strip("/").split("/"):
            parts = parts[:-1] if word == ".." else [*parts, word]
        target = re.sub(r"(index)?\.md$", "/", "/".join(parts)).strip("/")
        end = f"#{anchor}" if anchor else ""
        folder = f"{target}/" if target else ""
        return f"[{match[1]}]({self.site.rstrip('/')}/{folder}{end})"

    def _equation(self, part: page.Part) -> None:
        number = self.book.targets[part.attributes["id"]].number
        self.lines[part.last] = f"\\tag{{{number}}}\n$$"

    def _figure(self, row: int, name: str) -> None:
        self.lines[row] = f"**Figure {self.book.targets[f'fig-{name}'].number}.** "
        end = next(r for r in range(row, len(self.lines)) if self.lines[r].strip() == "///")
        self.dropped.add(end)
        inside = range(row + 1, end)
        caption = [r for r in inside if self.lines[r].strip() and self.lines[r][0] != " "]
        self.lines[row] += " ".join(self.lines[r] for r in caption)
        self.dropped |= set(inside)

    def _fold(self, row: int, opened: re.Match[str]) -> None:
        title = opened["title"] or opened["kind"].capitalize()
        last = row
        while last + 1 < len(self.lines) and (
            not self.lines[last + 1].strip() or self.lines[last + 1].startswith("    ")
        ):
            last += 1
        quote = self.lines[row].startswith("!!!")
        self.lines[row] = f"> **{title}.**" if quote else f"**{title}**"
        for at in range(row + 1, last + 1):
            text = self.lines[at][4:]
            self.lines[at] = f"> {text}".rstrip() if quote and (text or at < last) else text
