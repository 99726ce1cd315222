"""The list of all displayed equations and how each one is checked.

A page that holds the line `@checks` gets it; the mark beside an equation's
number leads there.  It is evidence: it stands only where values were compared
for the equation as it reads now (see `evidence`).
"""

from __future__ import annotations

import re
from html import escape

from literate import page
from literate.book import Book

PAGE = "checks.md"
LINE = "@checks"
FUNCTION = re.compile(r"\b(nnlit\.[a-z_]+\.\w+)")


def address(where: str, name: str) -> str:
    """The link from a page to what the list says about an equation."""
    folders = where.removesuffix(".md").removesuffix("index").rstrip("/")
    up = "../" * len(folders.split("/")) if folders else ""
    return f"{up}checks/#check-{name}"


def mark(where: str, part: page.Part, number: str, compared: int) -> str:
    """A small link beside the number; nothing beside what isn't executed."""
    if "unchecked" in part.attributes or not compared:
        return ""
    return (
        f'<a class="equation-check" href="{address(where, part.attributes["id"])}" '
        f'aria-label="How equation {number} is checked" '
        f'title="executed: {values(compared)} compared">✓</a>'
    )


def values(count: int) -> str:
    """So many values, in words."""
    return f"{count:,} value{'s' * (count != 1)}"


def listing(book: Book) -> list[str]:
    """A table for every page that has displayed equations."""
    lines: list[str] = []
    for where, parts in book.equations.items():
        if not parts:
            continue
        lines += ["", f"### [{title(book, where)}]({where})", ""]
        lines += ["| equation | how it is checked |", "| --- | --- |"]
        for part in parts:
            name = part.attributes["id"]
            number = book.targets[name].number
            told = how(part, book.compared.get(name, 0))
            lines.append(f"| [({number})]({where}#{name}){{ #check-{name} }} | {told} |")
    return [*lines, ""]


def how(part: page.Part, compared: int) -> str:
    """What the test did with an equation, in a few words."""
    attributes = part.attributes
    if "unchecked" in attributes:
        return f"not executed: {escape(attributes['unchecked'], quote=False)}"
    if not compared:
        return "not executed since it was changed"
    return f"{_way(attributes)}; {values(compared)} compared"


def _way(attributes: dict[str, str]) -> str:
    code = attributes.get("code", "")
    found = dict.fromkeys(FUNCTION.findall(code))
    links = [f"[`{name}`](api/{name.split('.')[1]}.md#{name})" for name in found]
    if links:
        return "executed and compared with " + ", ".join(links)
    if code:
        return "executed and compared with NumPy"
    return "both sides executed, on random values, with the definitions of its page"


def title(book: Book, where: str) -> str:
    """The page's heading."""
    text = (book.docs / where).read_text(encoding="utf-8")
    heading = re.search(r"^# (.+)$", text, re.MULTILINE)
    return heading[1] if heading else where
