"""No number in running text is typed from memory.

A number in the prose of a page (captions and descriptions of figures
included) is held in one of three ways: it stands in a printed result, a block
of code, a formula or a table of the same page, which other tests hold, also
rounded or as a percentage; its sentence cites a reference; or
`prose_numbers.py` says how it is computed, and here it is computed afresh.
The list of numbers that are held in none of these ways must be empty. Whole
numbers up to twelve count things that the reader sees and are left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from prose_numbers import CHOSEN, HELD

from literate import page

DOCS = Path(__file__).parent.parent / "docs"
PAGES = sorted([*DOCS.glob("chapters/*.md"), *DOCS.glob("notebooks/*.md"), DOCS / "index.md"])
NUMBER = re.compile(r"(?<![\w.,/])[−-]?\d(?:\d|,(?=\d{3}))*(?:\.\d+)?(?:e[−-]?\d+)?(?![\w/]|\.\d)")
ANY = re.compile(r"\d(?:\d|,(?=\d{3}))*(?:\.\d+)?(?:e[−-]?\d+)?")
NAMES = re.compile(
    r"(?i)\b(?:chapters?|sections?|figures?|equations?|part) \d+(?:(?: to | and |, )\d+)*"
)
CITED = re.compile(r"references\.md#")


def value(text: str) -> float:
    return abs(float(text.replace("−", "-").replace(",", "")))


def numbers_of(path: Path) -> tuple[set[float], list[tuple[int, str, str]]]:
    """The numbers that code, formulas and tables hold, and the prose's own:
    line, number, what stands around it."""
    parts, lines = page.read(path)
    start = page.front_matter(lines)
    lines = lines[start:]
    prose = list(lines)
    held: set[float] = set()
    for part in parts:
        if part.kind in ("fence", "equation", "table", "embed"):
            block = range(part.first, part.last + 1)
            held |= {value(t) for t in ANY.findall("\n".join(lines[row] for row in block))}
            for row in block:
                prose[row] = ""
        elif part.kind == "inline":
            held |= {value(t) for t in ANY.findall(part.text)}
    found = []
    for sentence, row in sentences(prose):
        if CITED.search(sentence):
            continue
        text = re.sub(r"\$[^$]*\$|`[^`]*`|\]\([^)]*\)|@\{[^}]*\}|@[\w-]+", " ", sentence)
        text = NAMES.sub(" ", text)
        for match in NUMBER.finditer(text):
            around = text[max(0, match.start() - 40) : match.end() + 25]
            found.append((start + row + 1, match.group(), " ".join(around.split())))
    return held, found


def sentences(lines: list[str]) -> Iterator[tuple[str, int]]:
    """Sentences with the row that they stand in; a row is a paragraph."""
    for row, line in enumerate(lines):
        for sentence in re.split(r"(?<=[.!?:])\s+(?=[A-ZÄÖÜ“(*])", line):
            yield sentence, row


def is_held(text: str, held: set[float]) -> bool:
    number, decimals = value(text), len(text.partition(".")[2].partition("e")[0])
    if number <= 12 and number == int(number):
        return True
    near = 0.5 * 10.0**-decimals + 1e-12
    return any(abs(h - number) <= near or abs(100 * h - number) <= near for h in held)


@pytest.mark.parametrize("path", PAGES, ids=lambda p: p.relative_to(DOCS).as_posix())
def test_every_number_in_the_text_is_held_by_something(path: Path) -> None:
    held, found = numbers_of(path)
    listed = [(text, words) for name, text, words in [*HELD, *CHOSEN] if name == path.stem]
    neither = [
        f"line {line}: {text} in “{around}”"
        for line, text, around in found
        if not is_held(text, held) and not any(text == t and words in around for t, words in listed)
    ]
    assert neither == []


@pytest.mark.parametrize("entry", HELD, ids="-".join)
def test_a_number_of_the_list_is_what_is_computed_afresh(entry: tuple[str, str, str]) -> None:
    name, text, words = entry
    (path,) = (path for path in PAGES if path.stem == name)
    held, found = numbers_of(path)
    places = [around for _, t, around in found if t == text and words in around]
    assert places, "no such number any more: take it off the list"
    assert not is_held(text, held), "the page holds it by itself: take it off the list"
    decimals = len(text.partition(".")[2])
    computed = float(np.abs(HELD[entry]()))
    assert abs(computed - value(text)) <= 0.5 * 10.0**-decimals + 1e-9, computed


@pytest.mark.parametrize("entry", CHOSEN, ids="-".join)
def test_a_number_that_somebody_chose_says_why_it_is_there(entry: tuple[str, str, str]) -> None:
    name, text, words = entry
    (path,) = (path for path in PAGES if path.stem == name)
    _, found = numbers_of(path)
    assert any(text == t and words in around for _, t, around in found)
    assert len(CHOSEN[entry]) > 10


@pytest.mark.parametrize(
    ("line", "held"),
    [
        ("It comes to 0.731 of them.", True),  # printed as 0.7311
        ("It comes to 73 % of them.", True),
        ("It comes to 0.74 of them.", False),
        ("After 27 steps it stops.", False),
        ("As [Someone](../references.md#someone) found, 27 steps do.", True),
        ("Chapter 27 says so, see @eq-27 and `27`.", True),
        ("There are three, 3 of them.", True),
    ],
)
def test_a_number_that_nothing_holds_is_found(tmp_path: Path, line: str, held: bool) -> None:
    path = tmp_path / "page.md"
    path.write_text(f"# Test\n\n```pycon\n>>> x\n0.7311\n```\n\n{line}\n", encoding="utf-8")
    known, found = numbers_of(path)
    assert all(is_held(text, known) for _, text, _ in found) == held
