"""What was compared for each equation of the book, and for which wording of it.

`results/equations.json` has a line for every equation that was worked out: a
digest of all that the outcome follows from (its TeX and attributes, the rows of
the tables of symbols that it uses, and the equations above it that give its
names a meaning) and the number of values that were compared.  A page shows a
mark only where the digest is that of the text as it stands.

    python scripts/project.py equations

works out what was changed since, and writes the file (`literate.check`).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from literate import page
from literate.dialect import FormulaError, Node, names_in, parse, read_factor, statements
from literate.errors import PageError
from literate.symbols import Symbol, key_of, read_table

FILE = Path("results") / "equations.json"
RENEW = "python scripts/project.py equations"
WORD = re.compile(r"[A-Za-z_]\w*")


@dataclass(frozen=True)
class Evidence:
    """How many values were compared for this wording of an equation."""

    digest: str
    comparisons: int


def read(root: Path) -> dict[str, Evidence]:
    """The file's lines by the equation's id; without the file there are none."""
    path = root / FILE
    if not path.is_file():
        return {}
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return {name: Evidence(digest, int(count)) for name, (digest, count) in kept.items()}
    except (AttributeError, TypeError, ValueError):
        return {}  # as good as none: marks are shown again when it is written anew


def write(root: Path, found: dict[str, Evidence]) -> None:
    """A line for each equation, in the order of their names: changes merge well."""
    lines = [
        f"{json.dumps(name)}: {json.dumps([one.digest, one.comparisons])}"
        for name, one in sorted(found.items())
    ]
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    (root / FILE).write_text(text, encoding="utf-8")


# --- digests -------------------------------------------------------------------


@dataclass(frozen=True)
class Above:
    """An equation further up the page: what it names, uses and says."""

    heads: frozenset[str]
    uses: frozenset[str]
    says: str


def digests(parts: Iterable[page.Part], symbols: dict[str, Symbol]) -> dict[str, str]:
    """The digest of each equation of a page, by its id."""
    symbols = dict(symbols)
    above: list[Above] = []
    found = {}
    for part in parts:
        if part.kind == "table":
            ignored: list[PageError] = []  # said where the page is checked
            symbols |= {key_of(symbol): symbol for symbol in read_table(part, "", ignored)}
        elif part.kind == "equation":
            one = _read(part)
            used, rows = _reached(one.uses | one.heads, above, symbols)
            text = "\n".join([one.says, *(a.says for a in used), *rows])
            found[part.attributes.get("id", "")] = hashlib.sha256(text.encode()).hexdigest()[:16]
            above.append(one)
    return found


def _read(part: page.Part) -> Above:
    attributes = [f"{key}={part.attributes.get(key, '')}" for key in ("code", "let", "define")]
    words = set(WORD.findall(" ".join(attributes)))
    heads: set[str] = set()
    try:
        tree = parse(part.text)
        for chain in statements(tree):
            if chain[0].data == "product":
                first = chain[0].children[0]
                if isinstance(first, Node) and first.data == "factor":
                    heads.add(read_factor(first).name or "")
        uses = {read_factor(node).name or "" for node in tree.every("factor")} | names_in(tree)
    except FormulaError:
        uses = set()
    says = "\n".join([part.text, *attributes])
    return Above(frozenset(heads - {""}), frozenset(uses | words), says)


def _reached(
    names: Iterable[str], above: list[Above], symbols: dict[str, Symbol]
) -> tuple[list[Above], list[str]]:
    """The equations and rows that these names lead to, and those lead to."""
    reached, size = set(names), -1
    while size != len(reached):
        size = len(reached)
        for one in above:
            if one.heads & reached:
                reached |= one.uses | one.heads
        for symbol in symbols.values():
            if symbol.name in reached or symbol.python in reached:
                reached |= _leads_to(symbol)
    used = [one for one in above if one.heads & reached]
    rows = [
        repr((key, s.python, s.kind, s.shape, s.values, s.first, s.last, s.rows_of, s.index))
        for key, s in sorted(symbols.items())
        if s.name in reached or s.python in reached
    ]
    return used, rows


def _leads_to(symbol: Symbol) -> set[str]:
    sizes = WORD.findall(" ".join((*symbol.shape, symbol.last)))
    return {symbol.name, symbol.python, symbol.rows_of, symbol.index, *sizes} - {""}
