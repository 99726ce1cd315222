"""Reads a Markdown page into the parts that are more than prose.

    `fence`      a fenced code block
    `equation`   a displayed equation, `$$ … $$ {#eq-name key="value"}`
    `unread`     what looks like one and can't be read; an error, see `parts`
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
from difflib import get_close_matches
from pathlib import Path

from literate.errors import PageError

FENCE = re.compile(r"^(?P<indent>[ \t>]*)(?P<ticks>`{3,}|~{3,})(?P<info>[^`]*)$")
# A display begins its line, but for the indent and the marks of a quotation.
DISPLAY = re.compile(r"^(?P<indent>[ \t>]*)(?<!\\)\$\$(?P<tex>.*)$")
DISPLAY_END = re.compile(r"^(?P<tex>.*?)(?<!\\)\$\$\s*(?:\{(?P<attributes>.*)\})?\s*$")
# Displays of other dialects of Markdown, outside code and formulas in the text.
FOREIGN = re.compile(
    r"(?<!\\)\$\$|\\\\\[|^[ \t>*+-]*(?:\d+\.)?[ \t]*\\\[(?=\s)"
    r"|\\\[(?=[^\]]*(?:=|\^|\\[A-Za-z])[^\]]*\\\])|\\begin\{\w+\*?\}"
    r"|<math\b|<script[^>]*math/tex|^\s*(?::{3,}|\.\.)\s*\{?math\b",
    re.MULTILINE,
)
FOREIGN_FENCE = re.compile(r"\{?\.?math\b|\{(?:math|latex)\}")
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
CODE_SPAN = re.compile(r"(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`)", re.DOTALL)
FIGURE = re.compile(r"^\s*/{3,}\s*figure\s*\|\s*(?P<name>\S+)\s*$")
HEADER = ("symbol", "meaning", "in Python", "shape", "values")


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
    text_line: int = 0  # of an equation: the line of the file that its TeX begins in
    is_display: bool = True  # of an `unread` part: no code block, no table

    def line_of(self, row: int) -> int:
        """The line of the file that a row of the TeX, from 1, stands in."""
        return self.text_line + row - 1 if row and self.text_line else self.line


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


def parts(
    lines: list[str], where: str = "", offset: int = 0, faults: list[PageError] | None = None
) -> list[Part]:
    """All parts of a page, in order; `offset` lines stand above `lines`.

    A display or a table of symbols that can't be read is an error, raised at
    once; whoever wants all of them passes a list for the `faults`.
    """
    found: list[Part] = []
    prose: list[tuple[int, str]] = []
    row = 0

    def wrong(message: str, at: int) -> PageError:
        return PageError(message, where, at + 1 + offset)

    def fault(
        message: str, at: int, last: int | None = None, text: str = "", is_display: bool = True
    ) -> None:
        error = wrong(message, at)
        if faults is None:
            raise error
        faults.append(error)
        end = at if last is None else last
        found.append(
            Part("unread", at + 1 + offset, at, end,
                 text=text or "\n".join(lines[at : end + 1]), is_display=is_display)
        )  # fmt: skip

    def end_of_paragraph() -> bool:
        """Whether it has left a display open, `- $$`."""
        text = list(prose)
        prose.clear()
        found.extend(_inline(text, offset))
        for at, what in _foreign(text):
            fault(what, at)
        return sum(line.count("$$") for _, line in text) % 2 == 1

    while row < len(lines):
        line = lines[row]
        if fence := FENCE.match(line):
            end_of_paragraph()
            last = _closing_fence(lines, row, fence["ticks"])
            if last is None:
                fault("this code block is never closed", row, len(lines) - 1, is_display=False)
                break
            if FOREIGN_FENCE.match(fence["info"].strip()):
                fault(f"{fence['info'].strip()}: {INSTEAD}", row, last)
            indent = fence["indent"]
            body = [text[len(indent) :] for text in lines[row + 1 : last]]
            found.append(
                Part("fence", row + 1 + offset, row, last, indent,
                     "\n".join(body), {"info": fence["info"].strip()})
            )  # fmt: skip
            row = last
        elif display := DISPLAY.match(line):
            is_end = end_of_paragraph()
            read = _display(lines, row, display)
            if is_end and DISPLAY_END.match(line):
                pass
            elif isinstance(read, Part):
                read.line, read.text_line = read.line + offset, read.text_line + offset
                found.append(read)
                row = read.last
            else:
                message, at, row = read
                fault(message, at, row, "\n".join(lines[at : row + 1]))
        elif embed := EMBED.match(line):
            end_of_paragraph()
            name, _, rest = embed["words"].strip().partition(" ")
            attributes = words_to_attributes(rest)
            found.append(
                Part("embed", row + 1 + offset, row, row, embed["indent"],
                     name, attributes)
            )  # fmt: skip
        elif cells := _header(line):
            end_of_paragraph()
            if cells != HEADER:
                header = f"a table of symbols has the header | {' | '.join(HEADER)} |"
                fault(header, row, is_display=False)
            last = row
            while last + 1 < len(lines) and lines[last + 1].strip().startswith("|"):
                last += 1
            found.append(
                Part("table", row + 1 + offset, row, last,
                     line[: len(line) - len(line.lstrip())],
                     "\n".join(lines[row + 2 : last + 1]))
            )  # fmt: skip
            for at in range(row, last + 1):
                prose.append((at, lines[at]))
                end_of_paragraph()
            row = last
        elif line.strip():
            prose.append((row, line))
        else:
            end_of_paragraph()
        row += 1
    end_of_paragraph()
    return found


def read(
    path: Path, root: Path | None = None, faults: list[PageError] | None = None
) -> tuple[list[Part], list[str]]:
    """The parts and the lines of a file (front matter counts as lines)."""
    lines = path.read_text(encoding="utf-8").splitlines()
    where = str(path.relative_to(root)) if root else str(path)
    start = front_matter(lines)
    return parts(lines[start:], where, start, faults), lines


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


INSTEAD = "a display stands between lines $$, and {#eq-name} after the second one"


def _display(
    lines: list[str], row: int, opened: re.Match[str]
) -> Part | tuple[str, int, int]:
    """The equation that begins in this row; or what is wrong, where, and its last row."""
    indent, first = opened["indent"], opened["tex"]
    quoted = indent.count(">")
    at, rows, text_row = row, [first], row
    while True:
        if end := DISPLAY_END.match(rows[-1]):
            rows[-1] = end["tex"]
            if "$$" in end["tex"]:
                return f"text after $$: {INSTEAD}", at, at
            break
        if at > row and "$$" in rows[-1]:
            return f"text after $$: {INSTEAD}", at, at
        if at == row and "$$" in first:
            return f"text after $$: {INSTEAD}", row, row
        at += 1
        if at == len(lines):
            return "this equation is never closed with $$", row, row
        inside = re.sub(rf"^(?:[ \t]*>){{{quoted}}}", "", lines[at]) if quoted else lines[at]
        if not inside.strip():
            ends = (n for n in range(at, len(lines)) if DISPLAY_END.match(lines[n]))
            return "a blank line inside $$ … $$", at, next(ends, row)
        rows.append(inside)
    rows = [text.strip() for text in rows]
    if not rows[0]:
        rows, text_row = rows[1:], row + 1
    if rows and not rows[-1]:
        rows.pop()
    try:
        attributes = words_to_attributes(end["attributes"] or "")
    except ValueError as error:
        return f"the attributes of this equation: {error}", at, at
    return Part("equation", row + 1, row, at, indent, "\n".join(rows), attributes,
                text_line=text_row + 1)  # fmt: skip


def _foreign(prose: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Displays in the midst of text, or written as elsewhere: row and message."""
    text = "\n".join(line for _, line in prose)
    hidden = INLINE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    # An inline formula can't begin inside $$ … $$, so these are looked for in the text itself.
    spans = CODE_SPAN.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    found: dict[int, str] = {}
    for source, only in ((spans, "$$"), (hidden, "")):
        for match in FOREIGN.finditer(source):
            if bool(only) == (match[0] == "$$"):
                at = prose[text.count("\n", 0, match.start())][0]
                what = match[0].strip()
                found.setdefault(at, f"{what} is not read here: {INSTEAD}")
    return sorted(found.items())


def _header(line: str) -> tuple[str, ...] | None:
    """The cells of a line that is, or is meant to be, the head of a table of symbols."""
    text = line.strip().lstrip("> ")
    if not text.startswith("|"):
        return None
    cells = tuple(cell.strip() for cell in text.strip("|").split("|"))
    known = [word.lower() for word in HEADER]
    close = sum(bool(get_close_matches(c.lower(), known, 1, 0.75)) for c in cells)
    return cells if close >= 4 and len(cells) <= 7 else None


def _inline(prose: list[tuple[int, str]], offset: int) -> list[Part]:
    """Formulas and references in a run of lines without a blank one."""
    text = "\n".join(line for _, line in prose)
    found: list[Part] = []
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


def session_code(text: str) -> str:
    """The code of an interactive session, without prompts and output."""
    prompts = (">>> ", "... ", ">>>", "...")
    lines = [line[4:] for line in text.splitlines() if line[:4] in prompts]
    return "\n".join(lines) + "\n"
