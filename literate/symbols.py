"""The tables of symbols: what each letter of a page stands for.

A table with the header

    | symbol | meaning | in Python | shape | values |

tells the reader, and the equation checker, the same thing.  The one on the
notation page holds for the book; one inside a chapter holds from where it
stands to the end of that chapter.  The cells:

*symbol*     one formula, `$w$`, or a function's name, `$\\sigma$`
*in Python*  its name in code, or for a function the qualified name
*shape*      `number`, `(d)`, `(n, d)`, `count` (a size such as n),
             `index 1…d`, `function`, or `(T) from 0` (indices from zero)
*values*     which values it may take: a phrase of `DRAWS`
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from literate import page
from literate.dialect import FormulaError, as_factor, name_of, parse, statements
from literate.errors import PageError

Rng = np.random.Generator
Shape = tuple[int, ...]


def _one_hot(rng: Rng, shape: Shape) -> np.ndarray:
    return np.asarray(np.eye(shape[-1])[rng.integers(shape[-1], size=shape[:-1])])


def _distribution(rng: Rng, shape: Shape) -> np.ndarray:
    weights = rng.uniform(0.1, 1.0, shape)
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True))


DRAWS: dict[str, Callable[[Rng, Shape], np.ndarray]] = {
    "any": lambda rng, shape: rng.normal(0.0, 1.5, shape),
    "one": lambda rng, shape: np.ones(shape),
    "small": lambda rng, shape: rng.normal(0.0, 0.05, shape),
    "positive": lambda rng, shape: rng.uniform(0.2, 3.0, shape),
    "small, positive": lambda rng, shape: rng.uniform(0.02, 0.4, shape),
    "between 0 and 1": lambda rng, shape: rng.uniform(0.05, 0.95, shape),
    "0 or 1": lambda rng, shape: rng.integers(0, 2, shape).astype(float),
    "−1 or 1": lambda rng, shape: rng.choice([-1.0, 1.0], shape),
    "whole": lambda rng, shape: rng.integers(0, 9, shape).astype(float),
    "one-hot": _one_hot,
    "sums to 1": _distribution,
    "0 to 10": lambda rng, shape: rng.uniform(0.0, 10.0, shape),
}

# What a value that a page defines must be like, where a table says it.
ALLOWED: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "one": lambda x: x == 1,
    "positive": lambda x: x > 0,
    "small, positive": lambda x: x > 0,
    "between 0 and 1": lambda x: (x >= 0) & (x <= 1),
    "0 or 1": lambda x: (x == 0) | (x == 1),
    "−1 or 1": lambda x: np.abs(x) == 1,
    "whole": lambda x: x == np.round(x),
    "one-hot": lambda x: (x == 0) | (x == 1),
    "sums to 1": lambda x: x >= 0,
    "0 to 10": lambda x: (x >= 0) & (x <= 10),
}

CELL = re.compile(r"(?<!\\)\|")
SHAPE = re.compile(r"\((?P<sizes>[^)]*)\)(?P<zero> from 0)?$")
INDEX = re.compile(r"index (?P<first>\d+)…(?P<last>\w+)$")


@dataclass(frozen=True)
class Symbol:
    """One row: what a symbol means and which values it may take."""

    name: str  # as the dialect writes it, e.g. `\\hat{y}`
    tex: str
    meaning: str
    python: str
    kind: str  # "value", "count", "index", "function", "rows"
    shape: tuple[str, ...] = ()
    values: str = ""
    first: int = 1  # the number its indices start from
    last: str = ""  # for an index: the last one
    rows_of: str = ""  # for `x_i`: the matrix whose rows they are
    index: str = ""  # for `x_i`: the letter


def read_table(
    part: page.Part, where: str, faults: list[PageError] | None = None
) -> list[Symbol]:
    """The symbols of one table; a row's fault is raised, or put into `faults`."""
    found = []
    for at, row in enumerate(part.text.splitlines()):
        try:
            found.append(_read_row(row, where, part.line + 2 + at))
        except PageError as error:
            if faults is None:
                raise
            faults.append(error)
    return found


def _read_row(row: str, where: str, line: int) -> Symbol:
    cells = [c.strip() for c in CELL.split(row.strip().strip("|"))]
    if len(cells) != 5:
        raise PageError(f"a symbol has 5 cells, this row {len(cells)}", where, line)
    symbol, meaning, python, shape, values = cells
    if not re.fullmatch(r"\$[^$]+\$", symbol):
        raise PageError(f"{symbol!r} should be one formula, $…$", where, line)
    tex = symbol.strip("$")
    name, index = symbol_name(tex, where, line)
    python, shape = python.strip("`"), shape.strip("`")
    common: dict[str, Any] = {"name": name, "tex": tex, "meaning": meaning, "python": python}
    if shape in ("count", "function"):
        return Symbol(**common, kind=shape)
    if match := INDEX.match(shape):
        return Symbol(**common, kind="index", first=int(match["first"]), last=match["last"])
    if rows := re.match(r"(?:row|entry) of `?(\w+)`?$", values):
        return Symbol(**common, kind="rows", rows_of=rows[1], index=index)
    if values not in DRAWS:
        raise PageError(f"unknown values {values!r}; known: {', '.join(DRAWS)}", where, line)
    if shape == "number":
        return Symbol(**common, kind="value", values=values, index=index)
    if match := SHAPE.match(shape):
        sizes = tuple(s.strip() for s in match["sizes"].split(",") if s.strip())
        first = 0 if match["zero"] else 1
        return Symbol(**common, kind="value", shape=sizes, values=values, first=first)
    raise PageError(f"unknown shape {shape!r}", where, line)


def symbol_name(tex: str, where: str, line: int) -> tuple[str, str]:
    """The canonical name of a symbol's TeX, and its index if it has one."""
    try:
        ((tree,),) = statements(parse(tex))
    except (FormulaError, ValueError) as error:
        raise PageError(f"${tex}$ is not one symbol: {error}", where, line) from None
    factor = as_factor(tree)
    if factor is None or factor.name is None or len(factor.indices) > 1:
        raise PageError(f"${tex}$ is not one symbol", where, line)
    return factor.name, name_of(factor.indices[0]) if factor.indices else ""


def key_of(symbol: Symbol) -> str:
    """`x_i` and `x` are two symbols."""
    return f"{symbol.name}_{symbol.index}" if symbol.index else symbol.name


def symbols_of(parts: list[page.Part], where: str) -> dict[str, Symbol]:
    """All symbols of a page's tables, later ones winning."""
    return {
        key_of(symbol): symbol
        for part in parts
        if part.kind == "table"
        for symbol in read_table(part, where)
    }
