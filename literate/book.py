"""What pages know of each other: numbers, anchors and symbols of the book."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from literate import evidence, page
from literate.errors import PageError
from literate.symbols import Symbol, symbols_of


@dataclass
class Target:
    """An equation or figure that other places may point at."""

    page: str  # path below the docs folder
    number: str  # "3.2"
    line: int


@dataclass
class Book:
    """The docs folder, read once per build."""

    root: Path  # the project
    docs: Path
    targets: dict[str, Target] = field(default_factory=dict)
    symbols: dict[str, Symbol] = field(default_factory=dict)  # for all pages
    equations: dict[str, list[page.Part]] = field(default_factory=dict)  # by page
    parts: dict[str, list[page.Part]] = field(default_factory=dict)  # by page
    compared: dict[str, int] = field(default_factory=dict)  # values, by the equation's id

    def read(self, faults: list[PageError] | None = None) -> None:
        """Collects every id, number and symbol; a double id is an error.

        A fault is raised, or put into `faults`, and the rest of its page left out.
        """
        self.targets.clear()
        self.symbols.clear()
        self.equations.clear()
        self.parts.clear()
        self.compared.clear()
        for path in sorted(self.docs.rglob("*.md")):
            try:
                self._read_page(path)
            except PageError as error:
                if faults is None:
                    raise
                faults.append(error)
        notation = self.docs / "notation.md"
        if notation.is_file():
            parts, _ = page.read(notation, self.docs, faults)
            open_tables = [p for p in parts if p.kind == "table" and not p.indent]
            self.symbols = symbols_of(open_tables, "notation.md")
        self._read_evidence()

    def _read_evidence(self) -> None:
        """How many values were compared for what stands on the pages now."""
        kept = evidence.read(self.root)
        for parts in self.parts.values() if kept else ():
            for name, digest in evidence.digests(parts, self.symbols).items():
                if name in kept and kept[name].digest == digest:
                    self.compared[name] = kept[name].comparisons

    def _read_page(self, path: Path) -> None:
        where = path.relative_to(self.docs).as_posix()
        parts, lines = page.read(path, self.docs)
        label = label_of(path)
        equations = [p for p in parts if p.kind == "equation"]
        self.parts[where] = parts
        self.equations[where] = [part for part in equations if "id" in part.attributes]
        for count, part in enumerate(equations, start=1):
            if "id" in part.attributes:
                self._add(part.attributes["id"], where, f"{label}{count}", part.line)
        fences = [(p.first, p.last) for p in parts if p.kind == "fence"]
        start = page.front_matter(lines)
        figures = 0
        for row, line in enumerate(lines[start:]):
            match = page.FIGURE.match(line)
            if match and not any(a <= row <= b for a, b in fences):
                figures += 1
                self._add(f"fig-{match['name']}", where, f"{label}{figures}", row + 1 + start)

    def _add(self, name: str, where: str, number: str, line: int) -> None:
        if name in self.targets:
            first = self.targets[name]
            raise PageError(
                f"the id {name!r} stands already in {first.page}:{first.line}", where, line
            )
        self.targets[name] = Target(where, number, line)


def label_of(path: Path) -> str:
    """What numbers begin with: `3.` in a chapter, `N.` on the notation page.

    A lab's begin with the initials of its first two words, `AF.`.
    """
    if path.parent.name == "notebooks":
        return "".join(word[0].upper() for word in path.stem.split("_")[:2]) + "."
    digits = re.match(r"(\d+)-", path.name)
    if digits:
        return f"{int(digits[1])}."
    return "" if path.stem == "index" else f"{path.stem[0].upper()}."
