"""Tells an author about a page: is every displayed equation right?

    python scripts/project.py check [--json] PAGE…
    python -m literate.check [--json] PAGE…
    python -m literate.check --renew

A page may lie anywhere on the disk.  What its letters stand for is said by its
own tables and by `docs/notation.md` of the project that it lies in, or of the
book beside this library.  Each display comes out as

    right     every comparison holds
    wrong     one doesn't, or shapes don't fit
    unread    it can't be read, set, worked out or compared with anything
    excused   it says `unchecked="why"`

With `--json` that is a list with an entry for each, in the order of the page.
Whatever else is wrong with a page (a table of symbols, a formula in the text,
an embedded name, a reference) is said on the standard error.  The exit status
is 0 only where each display is right or excused and nothing else is wrong.

With `--renew` every page of the book is checked that has an equation whose
wording `results/equations.json` doesn't know, and that file is written anew; the
marks on the pages come from it (see `evidence`).

An equation's `code` may call the project's own packages and NumPy, nothing
else; the code blocks of a page are not run here (pytest does that).
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from literate import embed, equations, evidence, katex, page
from literate.book import Book
from literate.errors import PageError

MODULES = ("numpy", "functools", "math")  # beside the packages of the project
GOOD = ("right", "excused")


@dataclass
class Report:
    """What was found on one page."""

    path: Path
    displays: list[dict[str, Any]]
    others: list[str]  # faults that are about no display

    @property
    def is_good(self) -> bool:
        return not self.others and all(d["status"] in GOOD for d in self.displays)


class Project:
    """The book that a page belongs to, read once."""

    def __init__(self, root: Path):
        self.root = root
        self.book = Book(root, root / "docs")
        self.book.read([])  # what is wrong with other pages is told when they are checked
        self.formulas = equations.formulas_of(self.book.equations.values(), self.book.symbols)
        self.packages = [path.parent.name for path in root.glob("*/__init__.py")]

    def resolve(self, name: str) -> Any:
        """The object of a qualified name, if an equation may call it."""
        first, *_ = name.split(".")
        if first not in (*self.packages, *MODULES):
            allowed = ", ".join((*sorted(self.packages), *MODULES))
            raise LookupError(f"code may call {allowed}")
        module, _, attribute = name.rpartition(".")
        return getattr(importlib.import_module(module), attribute)

    def check(self, path: Path, draws: int = equations.DRAWS) -> Report:
        """Every display of a page, and everything else that is wrong with it."""
        faults: list[PageError] = []
        found, _ = page.read(path, None, faults)
        where = str(path)
        checker = equations.PageChecker(
            found, where, self.resolve, self.book.symbols, draws, self.formulas
        )
        results = {result.line: result for result in checker.results()}
        displays, used = [], set()
        for part in found:
            if part.kind == "equation":
                displays.append(self._equation(part, results[part.line]))
            elif part.kind == "unread" and part.is_display:
                error = next(e for e in faults if e.line == part.line)
                used.add(error.line)
                displays.append(_entry(part, "unread", error.text, error.line))
        others = [e for e in faults if e.line not in used] + checker.faults
        others += self._others(found, where)
        others.sort(key=lambda error: error.line)
        for display in displays:
            display["page"] = where
        return Report(path, displays, [str(error) for error in others])

    def _equation(self, part: page.Part, result: equations.Checked) -> dict[str, Any]:
        status, message, line = result.status, result.unchecked, part.line
        if result.fault:
            message, line = result.fault.text, result.fault.line
        try:
            katex.render(part.text, self.root, display=True, trust=True)
        except katex.KatexError as error:
            if status in GOOD:
                status, message = "unread", f"equation {result.id}: {error}"
        return _entry(part, status, message, line) | {"comparisons": result.comparisons}

    def _others(self, found: list[page.Part], where: str) -> Iterator[PageError]:
        """Formulas in the text, embedded names and references."""
        ids = [part.attributes.get("id") for part in found if part.kind == "equation"]
        for part in found:
            if part.kind not in ("inline", "embed", "reference"):
                continue
            try:
                if part.kind == "inline":
                    katex.render(" ".join(part.text.split()), self.root)
                elif part.kind == "embed":
                    embed.find(part.text, self.root, part.attributes.get("part"))
                elif part.text.startswith("eq-") and part.text not in (*ids, *self.book.targets):
                    raise LookupError(f"@{part.text}: no such id")
            except (katex.KatexError, LookupError) as error:
                yield PageError(str(error.args[0]), where, part.line)


    def renew(self) -> list[Report]:
        """Works out what has changed, and writes down what was compared for it."""
        kept = evidence.read(self.root)
        found: dict[str, evidence.Evidence] = {}
        reports = []
        for where, parts in self.book.parts.items():
            digests = evidence.digests(parts, self.book.symbols)
            excused = [p.attributes.get("id") for p in parts if "unchecked" in p.attributes]
            known = {
                name: kept[name]
                for name, digest in digests.items()
                if name in kept and kept[name].digest == digest
            }
            if set(digests) - set(known) - set(excused):
                report = self.check(self.book.docs / where)
                reports.append(report)
                known = {
                    one["id"]: evidence.Evidence(digests[one["id"]], one["comparisons"])
                    for one in report.displays
                    if one["status"] == "right" and one["comparisons"]
                }
            found |= known
        evidence.write(self.root, found)
        return reports


def _entry(part: page.Part, status: str, message: str, line: int) -> dict[str, Any]:
    return {
        "page": "",
        "line": line,
        "id": part.attributes.get("id", ""),
        "status": status,
        "message": message,
        "tex": part.text,
        "comparisons": 0,
    }


def root_of(path: Path) -> Path:
    """The project that a page lies in, or the one that this library lies in."""
    for folder in path.resolve().parents:
        if (folder / "mkdocs.yml").is_file() and (folder / "docs").is_dir():
            return folder
    return Path(__file__).resolve().parent.parent


def say(report: Report, write: Callable[[str], Any]) -> None:
    """The report in lines: what is wrong, then how many of each kind."""
    counts = dict.fromkeys(("right", "wrong", "unread", "excused"), 0)
    for display in report.displays:
        counts[display["status"]] += 1
        if display["status"] not in GOOD:
            write(f"{report.path}:{display['line']}: {display['status']}: {display['message']}\n")
    told = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    write(f"{report.path}: {len(report.displays)} displayed equations{': ' * bool(told)}{told}\n")


def main(words: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="check", description="is every displayed equation right?")
    parser.add_argument("--json", action="store_true", help="a list with an entry for each display")
    parser.add_argument("--renew", action="store_true", help="what was compared, for the marks")
    parser.add_argument("pages", nargs="*", type=Path, metavar="PAGE", help="a Markdown file")
    given = parser.parse_args(words)
    if bool(given.pages) == given.renew:
        parser.error("name a page, or --renew")
    if given.renew:
        root = root_of(Path(__file__))
        sys.path.insert(0, str(root))
        reports = Project(root).renew()
        return _tell(reports, as_json=False)
    missing = [str(path) for path in given.pages if not path.is_file()]
    if missing:
        parser.error(f"no such page: {', '.join(missing)}")
    projects: dict[Path, Project] = {}
    reports = []
    for path in given.pages:
        root = root_of(path)
        if root not in projects:
            sys.path.insert(0, str(root))
            projects[root] = Project(root)
        reports.append(projects[root].check(path))
    return _tell(reports, given.json)


def _tell(reports: list[Report], as_json: bool) -> int:
    if as_json:
        found = [display for report in reports for display in report.displays]
        json.dump(found, sys.stdout, indent=1, ensure_ascii=False)
        print()
    for report in reports:
        if not as_json:
            say(report, sys.stdout.write)
        for other in report.others:
            print(other, file=sys.stderr)
    return 0 if all(report.is_good for report in reports) else 1


if __name__ == "__main__":
    raise SystemExit(main())
