"""Numbers that took minutes to compute, filled in from `results/`.

On a line of its own

    @results nielsen-30 nielsen-100

becomes a table: what was printed elsewhere, beside the runs of those rows.
In the text `@{nielsen-30.mean}` becomes one number.  A row or a number that
isn't there stops the build with file and line.
"""

from __future__ import annotations

import json
import re
import statistics
from html import escape
from pathlib import Path
from typing import Any

from markdown import Markdown
from markdown.extensions import Extension
from markdown.preprocessors import Preprocessor

from literate.errors import PageError
from literate.evidence import FILE
from literate.extension import Context, LiterateExtension

LINE = re.compile(r"^@results((?: [\w-]+)+)\s*$")
NUMBER = re.compile(r"@\{([\w-]+)\.(\w+)\}")
FENCE = re.compile(r"^\s*(`{3,}|~{3,})")
HEAD = ("source", "model", "printed", "here", "lowest to highest", "best epoch")


def read(folder: Path, row: str) -> dict[str, Any]:
    """A row's file; KeyError if there is none."""
    path = folder / f"{row}.json"
    if not path.is_file():
        rows = (p.stem for p in folder.glob("*.json") if p.name != FILE.name)
        known = ", ".join(sorted(rows))
        raise KeyError(f"no results of {row!r}; there are {known}")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def numbers(result: dict[str, Any]) -> dict[str, str]:
    """What a page may ask of a row, as it is printed.

    On the images that the printed number is about: those of validation where
    it says so, else those of the test.
    """
    runs = list(result["runs"].values())
    series = "validation" if "validation" in result["printed"] else "epochs"
    accuracy = [run[series][-1] if series in run else run["accuracy"] for run in runs]
    best = [max(run[series]) if series in run else run["accuracy"] for run in runs]
    found = {
        "mean": f"{statistics.fmean(accuracy):.2f}",
        "spread": f"{statistics.stdev(accuracy):.2f}" if len(runs) > 1 else "",
        "lowest": f"{min(accuracy):.2f}",
        "highest": f"{max(accuracy):.2f}",
        "best": f"{statistics.fmean(best):.2f}",
        "test": f"{statistics.fmean(run['accuracy'] for run in runs):.2f}",
        "seeds": str(len(runs)),
        "minutes": f"{statistics.fmean(run['seconds'] for run in runs) / 60:.1f}",
    }
    return found | {
        f"seed{seed}": f"{a:.2f}" for seed, a in zip(result["runs"], accuracy, strict=True)
    }


def table(folder: Path, rows: list[str]) -> str:
    """The rows as a table, HTML in one line: no other line moves."""
    lines = [HEAD]
    for row in rows:
        result = read(folder, row)
        n = numbers(result)
        alone = n["seeds"] == "1"
        here = n["mean"] if alone else f"{n['mean']} ± {n['spread']}"
        between = "" if alone else f"{n['lowest']} to {n['highest']}"
        best = "" if alone else n["best"]
        printed = result["printed"] or "–"
        lines.append((result["source"], result["model"], printed, here, between, best))
    head, *body = (
        "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"
        for tag, cells in zip(["th", *["td"] * len(rows)], lines, strict=True)
    )
    return f"<table><thead>{head}</thead><tbody>{''.join(body)}</tbody></table>"


def context_of(md: Markdown) -> Context | None:
    """What the extension before this one knows of the page."""
    for extension in md.registeredExtensions:
        if isinstance(extension, LiterateExtension):
            return extension.context
    return None


class ResultsPreprocessor(Preprocessor):
    """Fills in tables and numbers, code blocks left alone."""

    def __init__(self, md: Markdown, folder: Path):
        super().__init__(md)
        self.folder = folder

    def run(self, lines: list[str]) -> list[str]:
        """The lines with every table and number filled in."""
        out: list[str] = []
        fence = ""
        for at, line in enumerate(lines, start=1):
            opened = FENCE.match(line)
            if opened and not fence:
                fence = opened[1]
            elif opened and line.strip() == fence:
                fence = ""
            elif not fence:
                try:
                    line = self.filled(line)
                except KeyError as error:
                    where, offset = self.place()
                    raise PageError(str(error.args[0]), where, at + offset) from None
            out.append(line)
        return out

    def place(self) -> tuple[str, int]:
        """The page's file, and how many lines stand above it there."""
        context = context_of(self.md)
        return (context.where, context.offset) if context else ("page", 0)

    def filled(self, line: str) -> str:
        """The line with its table or its numbers."""
        if match := LINE.match(line):
            return str(self.md.htmlStash.store(table(self.rows(), match[1].split())))
        return NUMBER.sub(self.number, line)

    def rows(self) -> Path:
        """Where the rows are kept, below the project and not the working folder."""
        context = context_of(self.md)
        return context.root / self.folder if context else self.folder

    def number(self, match: re.Match[str]) -> str:
        """One number of a row."""
        row, name = match.groups()
        known = numbers(read(self.rows(), row))
        if name not in known:
            raise KeyError(f"{row} has no {name!r}; it has {', '.join(known)}")
        return known[name]


class ResultsExtension(Extension):
    """`literate.results` in mkdocs.yml."""

    def __init__(self, **kwargs: Any):
        self.config = {"folder": ["results", "where the rows are kept"]}
        super().__init__(**kwargs)

    def extendMarkdown(self, md: Markdown) -> None:
        folder = Path(self.getConfig("folder"))
        # After whitespace is normalised (30), before literate reads the lines (28).
        md.preprocessors.register(ResultsPreprocessor(md, folder), "results", 29)


def makeExtension(**kwargs: Any) -> ResultsExtension:
    """What Python-Markdown calls."""
    return ResultsExtension(**kwargs)
