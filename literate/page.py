"""Reads a Markdown page into the parts that are more than prose.

    `fence`      a fenced code block
    `equation`   a displayed equation, `$$ … $$ {#eq-name key="value"}`
    `embed`      a line `@embed package.module.name key=value`
    `inline`     a formula in the text, `$ … $`
    `reference`  `@eq-name` or `@fig-name`, shown as the number, linked
    `table`      a table of symbols (see `symbols`)

The Markdown extension, the equation checker and the tests of the text all
read pages through this one module, so that none of them can see a block that
the others overlook.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

from literate.errors import PageError

FENCE = re.compile(r"^(?P<indent>[ \t>]*)(?P<ticks>`{3,}|~{3,})(?P<info>[^`]*)$")
DISPLAY_END = re.compile(r"^\s*\$\$\s*(?:\{(?P<attributes>.*)\})?\s*$")
EMBED = re.compile(r"^(?P<indent>\s*)@embed\s+(?P<words>.+)$")
# Code spans are matched first, so that what looks like mathematics inside
# them is left alone; then escaped dollars, then formulas and references.
INLINE = re.compile(
    r"(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)"
    r"|\\\$"
    r"|\$(?P<tex>[^\s$](?:[^$]*[^\s$\\])?)\$(?!\d)"
    r"|(?<![\w@/])@(?P<reference>(?:eq|fig)-[a-z0-9]+(?:-[a-z0-9]+)*)",
    re.DOTALL,
)
SYMBOL_HEADER = re.compile(
    r"^\s*\|\s*symbol\s*\|\s*meaning\s*\|\s*in Python\s*\|\s*shape\s*\|"
    r"\s*values\s*\|\s*$"
)


@dataclass
class Part:
    """One part of a page: what it is, where it stands, what it says."""

    kind: str
    line: int  # 1-based, in the file
    first: int  # 0-based row in the list of lines
    last: int  # 0-based row, inclusive
    indent: str = ""
    text: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    span: tuple[int, int] = (0, 0)  # of an inline part, in the joined prose


def words_to_attributes(words: str) -> dict[str, str]:
    """`#id .class key="value" flag` as a dictionary."""
    attributes: dict[str, str] = {}
    for word in shlex.split(words):
        if word.startswith("#"):
            attributes["id"] = word[1:]
        elif word.startswith("."):
            classes = attributes.get("class", "")
            attributes["class"] = f"{classes} {word[1:]}".strip()
        else:
            key, _, value = word.partition("=")
            attributes[key] = value
    return attributes


def parts(lines: list[str], where: str = "", offset: int = 0) -> list[Part]:
    """All parts of a page, in order; `offset` lines stand above `lines`."""
    found: list[Part] = []
    prose: list[tuple[int, str]] = []
    row = 0

    def wrong(message: str, at: int) -> PageError:
        return PageError(message, where, at + 1 + offset)

    def end_of_paragraph() -> None:
        if prose:
            found.extend(_inline(prose, offset))
            prose.clear()

    while row < len(lines):
        line = lines[row]
        if fence := FENCE.match(line):
            end_of_paragraph()
            last = _closing_fence(lines, row, fence["ticks"])
            if last is None:
                raise wrong("this code block is never closed", row)
            indent = fence["indent"]
            body = [text[len(indent) :] for text in lines[row + 1 : last]]
            found.append(
                Part("fence", row + 1 + offset, row, last, indent,
                     "\n".join(body), {"info": fence["info"].strip()})
            )  # fmt: skip
            row = last
        elif line.strip() == "$$":
            end_of_paragraph()
            last = row + 1
            while last < len(lines) and not DISPLAY_END.match(lines[last]):
                if not lines[last].strip():
                    raise wrong("a blank line inside $$ … $$", last)
                last += 1
            if last == len(lines):
                raise wrong("this equation is never closed with $$", row)
            end = DISPLAY_END.match(lines[last])
            found.append(
                Part("equation", row + 1 + offset, row, last,
                     line[: len(line) - len(line.lstrip())],
                     "\n".join(t.strip() for t in lines[row + 1 : last]),
                     words_to_attributes(end["attributes"] or ""))
            )  # fmt: skip
            row = last
        elif embed := EMBED.match(line):
            end_of_paragraph()
            name, _, rest = embed["words"].strip().partition(" ")
            attributes = words_to_attributes(rest)
            found.append(
                Part("embed", row + 1 + offset, row, row, embed["indent"],
                     name, attributes)
            )  # fmt: skip
        elif SYMBOL_HEADER.match(line):
            end_of_paragraph()
            last = row
            while last + 1 < len(lines) and lines[last + 1].strip().startswith("|"):
                last += 1
            found.append(
                Part("table", row + 1 + offset, row, last,
                     line[: len(line) - len(line.lstrip())],
                     "\n".join(lines[row + 2 : last + 1]))
            )  # fmt: skip
            for at in range(row, last + 1):
                found.extend(_inline([(at, lines[at])], offset))
            row = last
        elif line.strip():
            prose.append((row, line))
        else:
            end_of_paragraph()
        row += 1
    end_of_paragraph()
    return found


def read(path: Path, root: Path | None = None) -> tuple[list[Part], list[str]]:
    """The parts and the lines of a file (front matter counts as lines)."""
    lines = path.read_text(encoding="utf-8").splitlines()
    where = str(path.relative_to(root)) if root else str(path)
    start = front_matter(lines)
    return parts(lines[start:], where, start), lines


def front_matter(lines: list[str]) -> int:
    """How many lines the YAML block at the top of a page takes."""
    if lines and lines[0].strip() == "---":
        for row, line in enumerate(lines[1:], start=1):
            if line.strip() in ("---", "..."):
                return row + 1
    return 0


def _closing_fence(lines: list[str], row: int, ticks: str) -> int | None:
    for at in range(row + 1, len(lines)):
        text = lines[at].lstrip(" \t>").rstrip()
        if text and set(text) == {ticks[0]} and len(text) >= len(ticks):
            return at
    return None


def _inline(prose: list[tuple[int, str]], offset: int) -> list[Part]:
    """Formulas and references in a run of lines without a blank one."""
    text = "\n".join(line for _, line in prose)
    found = []
    for match in INLINE.finditer(text):
        kind = "inline" if match["tex"] else "reference"
        content = match["tex"] or match["reference"]
        if content is None:
            continue
        above = text.count("\n", 0, match.start())
        row = prose[above][0]
        found.append(
            Part(kind, row + 1 + offset, prose[0][0], prose[-1][0],
                 text=content, span=match.span())
        )  # fmt: skip
    return found
