"""Reads the book's dialect of TeX and works out what a formula says.

`parse` turns TeX into a tree by the grammar in `dialect.lark`; an `Evaluator`
walks the tree with NumPy.  Shapes are strict: a vector is never added to a
matrix by accident of broadcasting, two vectors side by side are an error
(`\\cdot`? `\\odot`?), and a symbol that no table and no definition knows is an
error too.  So a dropped index or transpose is noticed where it stands.
"""

from __future__ import annotations

import functools
import math
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput

from literate.symbols import DRAWS, Symbol


class FormulaError(Exception):
    """The formula can't be read or can't be worked out."""


class Unsteady(Exception):
    """This draw can't judge: a derivative is taken at a kink or an edge."""


@functools.cache
def _parser() -> Lark:
    grammar = Path(__file__).with_name("dialect.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", propagate_positions=True, maybe_placeholders=False)


def parse(tex: str) -> Tree:
    """The tree of a displayed equation."""
    try:
        return _parser().parse(tex)
    except UnexpectedInput as error:
        near = error.get_context(tex, span=25).strip("\n")
        raise FormulaError(f"not in the book's dialect of TeX, here:\n{near}") from None


def statements(tree: Tree) -> list[list[Any]]:
    """Each statement as expression, relation, expression, …

    A line of an `aligned` that begins with a relation goes on with the
    statement above it.
    """
    body = tree.children
    if len(body) == 1 and isinstance(body[0], Tree) and body[0].data == "aligned":
        body = body[0].children
    found: list[list[Any]] = []
    for node in body:
        if not isinstance(node, Tree):
            continue
        chain = [c.strip("& \n\t") if isinstance(c, Token) else c for c in node.children]
        if isinstance(chain[0], str):
            if not found:
                raise FormulaError("the first line begins with a relation")
            found[-1] += chain
        else:
            found.append(chain)
    return found


# --- names ---------------------------------------------------------------


def name_of(node: Tree | Token) -> str:
    """The canonical name of a symbol: `w`, `\\sigma`, `\\hat{y}`, `softmax`."""
    if isinstance(node, Tree):
        if (known := getattr(node, "named", None)) is None:
            known = node.named = _name_of(node)
        return known
    return _name_of(node)


def _name_of(node: Tree | Token) -> str:
    if isinstance(node, Tree):
        if node.data == "accent":
            return f"{node.children[0]}{{{node.children[1]}}}"
        node = node.children[0]
        if isinstance(node, Tree):
            return name_of(node)
    if match := re.match(r"\\(?:operatorname|mathrm)\{(.*)\}", node):
        return match[1].strip()
    if node.type == "NAMED":
        return node[1:]
    return str(node)


@dataclass
class Factor:
    """A base with what hangs on it, sorted by meaning."""

    base: Tree
    name: str | None = None
    indices: list[Tree] = field(default_factory=list)
    power: Tree | None = None
    transposed: bool = False
    primes: int = 0


def read_factor(tree: Tree) -> Factor:
    """Tells indices, powers, transposes, primes, stars and labels apart."""
    if (known := getattr(tree, "read_as", None)) is not None:
        return known
    base, *marks = tree.children
    factor = Factor(base, name_of(base) if base.data == "name" else None)
    for mark in marks:
        if isinstance(mark, Token):
            factor.primes += 1
        elif mark.data == "subscript":
            _read_subscript(factor, mark.children[0])
        else:
            _read_superscript(factor, mark.children[0].children)
    tree.read_as = factor  # formulas are worked out thousands of times
    return factor


def _read_subscript(factor: Factor, node: Tree | Token) -> None:
    if _is_label(node):
        factor.name = f"{factor.name}_{{{_label(node.children[0])}}}"
        return
    if isinstance(node, Token) and len(node) > 1:
        raise FormulaError(f"_{node} reads as two digits in TeX: write _{{{node}}}")
    for part in node.children if getattr(node, "data", "") == "indices" else [node]:
        letters = _letters(part)
        if len(letters) == 1 and _is_label(letters[0]):
            factor.name = f"{factor.name}_{{{_label(letters[0].children[0])}}}"
        else:
            factor.indices += letters or [part]


def _is_label(node: Tree | Token) -> bool:
    if not isinstance(node, Tree) or node.data != "name":
        return False
    token = node.children[0]
    return isinstance(token, Token) and token.type in ("LABEL", "NAMED")


def _label(token: Token) -> str:
    return re.sub(r"^\\\w+\{(.*)\}$", r"\1", token).strip()


def _letters(tree: Tree | Token) -> list[Tree]:
    """`ij` is two indices; `l-1` is one, for which nothing is returned."""
    if isinstance(tree, Token):
        return [Tree("number", [tree])]
    if tree.data == "name":
        return [tree]
    if tree.data != "product":
        return []
    found = []
    for factor in tree.children:
        if factor.data != "factor" or len(factor.children) != 1:
            return []
        if factor.children[0].data not in ("name", "number"):
            return []
        found.append(factor.children[0])
    return found


def _read_superscript(factor: Factor, script: list[Any]) -> None:
    (node,) = script if len(script) == 1 else (None,)
    if node is None:  # W^{(l)\top}
        _name_layer(factor, script[0].children[0])
        factor.transposed = True
    elif isinstance(node, Token) and node.type == "TOP":
        factor.transposed = True
    elif isinstance(node, Token) and node.type == "STAR":
        factor.name = f"{factor.name}^*"
    elif isinstance(node, Token) and len(node) > 1:
        raise FormulaError(f"^{node} reads as two digits in TeX: write ^{{{node}}}")
    elif paren := _lone_paren(node):
        _name_layer(factor, paren.children[0])
    elif factor.power is not None:
        raise FormulaError("a power of a power: use brackets")
    else:
        factor.power = Tree("number", [node]) if isinstance(node, Token) else node


def _name_layer(factor: Factor, layer: Tree) -> None:
    """`W^{(l-1)}`: the layer belongs to the symbol's name."""
    if factor.name is None:
        raise FormulaError("a layer (…) stands on symbols only; put powers in {…}")
    text = "".join(layer.scan_values(lambda t: isinstance(t, Token)))
    signs = {"add": "+", "subtract": "-"}
    if layer.data in signs:
        text = signs[layer.data].join(
            "".join(side.scan_values(lambda t: isinstance(t, Token))) for side in layer.children
        )
    factor.name = f"{factor.name}^{{({text})}}"


def _lone_paren(node: Any) -> Tree | None:
    while isinstance(node, Tree) and node.data in ("product", "factor") and len(node.children) == 1:
        node = node.children[0]
    return node if isinstance(node, Tree) and node.data == "paren" else None


def as_factor(tree: Tree) -> Factor | None:
    """The tree as a single factor, if it is one."""
    while isinstance(tree, Tree) and tree.data == "product" and len(tree.children) == 1:
        tree = tree.children[0]
    if isinstance(tree, Tree) and tree.data == "factor":
        return read_factor(tree)
    return None


# --- what a page knows ---------------------------------------------------


@dataclass
class Definition:
    """`name(parameters)_indices := body`."""

    name: str
    parameters: list[str]
    indices: list[str]
    body: Tree


BUILT_IN: dict[str, Callable] = {
    "ln": np.log, "log": np.log, "exp": np.exp, "tanh": np.tanh,
    "sin": np.sin, "cos": np.cos, "sign": np.sign,
    "erf": np.vectorize(math.erf, otypes=[float]),
}  # fmt: skip
CONSTANTS = {"e": math.e, r"\pi": math.pi}
SIZES = (4, 3, 5, 2, 6, 7)


@dataclass
class Knowledge:
    """The symbols, definitions and functions that a formula may use."""

    symbols: dict[str, Symbol] = field(default_factory=dict)
    definitions: dict[str, Definition] = field(default_factory=dict)
    given: dict[str, np.ndarray] = field(default_factory=dict)
    resolve: Callable[[str], Any] | None = None

    def definition(self, name: str, family: str) -> Definition | None:
        """What defines `x_i`: its own definition, that of `x`, or that of
        the entries of `x` under another letter."""
        for key in (family, name):
            if key in self.definitions:
                return self.definitions[key]
        if family not in self.given and name not in self.given:
            for other in self.definitions.values():
                if other.name == name and not other.parameters:
                    return other
        return None

    def is_function(self, name: str | None) -> bool:
        if name is None:
            return False
        if name in self.definitions:
            return bool(self.definitions[name].parameters)
        if name in self.symbols:
            return self.symbols[name].kind == "function"
        return name in BUILT_IN


class Evaluator:
    """Works out formulas for one random draw of all symbols."""

    def __init__(self, knowledge: Knowledge, draw: int = 0):
        self.known = knowledge
        self.draw = draw
        self.bound: dict[str, Any] = {}
        self.drawn: dict[str, np.ndarray] = {}
        self.tables: dict[tuple, Any] = {}  # definitions worked out already
        self.sizes: dict[str, int] = {}
        self.order = np.random.default_rng([draw, 7]).permutation(SIZES)

    # ---- values of symbols

    def size(self, word: str) -> int:
        """The number that `n`, `K` or `3` stands for in this draw."""
        if word.isdigit():
            return int(word)
        if "+" in word:
            return sum(self.size(w.strip()) for w in word.split("+"))
        if word not in self.sizes:
            used = len(self.sizes)
            if used == len(SIZES):
                raise FormulaError("too many different sizes")
            self.sizes[word] = int(self.order[used])
        return self.sizes[word]

    def index_range(self, name: str) -> range:
        """The values an index runs through."""
        symbol = self.known.symbols.get(name)
        if symbol is None or symbol.kind != "index":
            raise FormulaError(f"{name!r} is not an index that a table of symbols lists")
        return range(symbol.first, self.size(symbol.last) + 1)

    def is_index(self, name: str) -> bool:
        return getattr(self.known.symbols.get(name), "kind", "") == "index"

    @contextmanager
    def binding(self, **names: Any) -> Iterator[None]:
        """Names that have a value of their own for a while."""
        before = self.bound, self.tables
        self.bound = self.bound | names
        if not all(self.is_index(name) for name in names):
            self.tables = {}  # what was worked out may depend on them
        try:
            yield
        finally:
            self.bound, self.tables = before

    def value(self, name: str, indices: tuple[str, ...] = ()) -> Any:
        """The value of a symbol: bound, defined, given, or drawn.

        `indices` are the letters written under it: `x_i` may be another
        symbol (row i of X) than `x` (one example).
        """
        family = f"{name}_{indices[0]}" if indices else name
        for key in (family, name):
            if key in self.bound:
                return self.bound[key]
        definition = self.known.definition(name, family)
        if definition is not None:
            if definition.parameters:
                raise FormulaError(f"the function {name} has no argument here")
            return self._table(definition)
        for key in (family, name):
            if key in self.known.given:
                return self.known.given[key]
            if key in self.known.symbols:
                return self._draw(self.known.symbols[key], key)
        if name in CONSTANTS:
            return CONSTANTS[name]
        if name in ("n", "d", "K"):
            return float(self.size(name))
        raise FormulaError(f"unknown symbol {name!r}: no table and no definition has it")

    def _table(self, definition: Definition, at: tuple[int, ...] = ()) -> Any:
        """A definition's entry `at`, or the array of all its entries."""
        key = (id(definition), at)
        if key not in self.tables:
            self.tables[key] = self._fill(definition, at)
        return self.tables[key]

    def _fill(self, definition: Definition, at: tuple[int, ...]) -> Any:
        names = definition.indices[len(at) :]
        if not names:
            with self.binding(**dict(zip(definition.indices, at, strict=True))):
                return self.work_out(definition.body)
        if self.index_range(names[0]).start != 1:
            raise FormulaError(f"{definition.name}: an index must start from 1")
        return np.array([self._table(definition, (*at, i)) for i in self.index_range(names[0])])

    def _entry_of(self, definition: Definition, indices: list[Tree]) -> tuple[int, ...]:
        """The numbers of `indices`, if they name one entry of a definition."""
        if len(indices) != len(definition.indices):
            return ()
        at = tuple(int(self.work_out(i)) for i in indices)
        for number, name in zip(at, definition.indices, strict=True):
            if number not in self.index_range(name):
                raise FormulaError(f"{definition.name} has no entry {number} at index {name}")
        return at

    def _draw(self, symbol: Symbol, key: str) -> Any:
        if symbol.kind == "count":
            return float(self.size(symbol.python or key))
        if symbol.kind == "rows":
            for other in self.known.symbols.values():
                if other.python == symbol.rows_of and other.kind == "value":
                    return self.value(other.name)
            raise FormulaError(f"{key} is a row of {symbol.rows_of!r}, which no table lists")
        if symbol.kind == "index":
            raise FormulaError(f"the index {key!r} has no value here")
        if symbol.kind == "function":
            raise FormulaError(f"the function {key} has no argument here")
        if key not in self.drawn:
            rng = np.random.default_rng([self.draw, zlib.crc32(key.encode())])
            shape = tuple(self.size(s) for s in symbol.shape)
            if symbol.index:  # `y_i`, a number for each i
                shape = (len(self.index_range(symbol.index)), *shape)
            self.drawn[key] = np.asarray(DRAWS[symbol.values](rng, shape))
        return self.drawn[key]

    def first_index(self, name: str) -> int:
        symbol = self.known.symbols.get(name)
        return symbol.first if symbol and symbol.kind == "value" else 1

    # ---- functions

    def call(
        self, name: str, arguments: list[Any], primes: int = 0, at: tuple[int, ...] = ()
    ) -> Any:
        """A function's value, its derivative's, or one entry of it."""
        if primes:
            if len(arguments) != 1:
                raise FormulaError(f"{name}' needs one argument")
            return differentiate(
                lambda x: self.call(name, [x], primes - 1), np.asarray(arguments[0])
            )
        if name in self.known.definitions:
            definition = self.known.definitions[name]
            if len(definition.parameters) != len(arguments):
                raise FormulaError(
                    f"{name} takes {len(definition.parameters)} arguments, here {len(arguments)}"
                )
            with self.binding(**dict(zip(definition.parameters, arguments, strict=True))):
                self.tables = {}  # also when a parameter is called like an index
                return self._table(definition, at)
        symbol = self.known.symbols.get(name)
        if symbol and symbol.kind == "function":
            if self.known.resolve is None:
                raise FormulaError(f"nothing here can call {symbol.python}")
            return np.asarray(self.known.resolve(symbol.python)(*map(np.asarray, arguments)))
        if name in BUILT_IN:
            return BUILT_IN[name](*arguments)
        raise FormulaError(f"unknown function {name!r}")

    # ---- the walk through a tree

    def work_out(self, tree: Tree | Token) -> Any:
        """The value of an expression."""
        if isinstance(tree, Token):
            return self.number([tree])
        if tree.data == "factor":
            return self._decorate(read_factor(tree))
        return getattr(self, tree.data)(tree.children)

    def number(self, c: list) -> float:
        return float(c[0].replace("{,}", ""))

    def name(self, c: list) -> Any:
        return self.value(name_of(c[0]))

    def add(self, c: list) -> Any:
        return _sum(self.work_out(c[0]), self.work_out(c[1]))

    def subtract(self, c: list) -> Any:
        return _sum(self.work_out(c[0]), -self.work_out(c[1]))

    def negative(self, c: list) -> Any:
        return -self.work_out(c[0])

    def positive(self, c: list) -> Any:
        return self.work_out(c[0])

    def then(self, c: list) -> Any:
        return multiply(self.work_out(c[0]), self.work_out(c[-1]), "")

    def product(self, c: list) -> Any:
        result, operator, at = None, "", 0
        while at < len(c):
            if c[at].data == "operator":
                operator, at = str(c[at].children[0]), at + 1
                continue
            value, at = self._next(c, at)
            result = value if result is None else multiply(result, value, operator)
            operator = ""
        return result

    def _next(self, c: list, at: int) -> tuple[Any, int]:
        """The next value of a product; a function takes what follows it."""
        factor = read_factor(c[at])
        if c[at].children[0].data in ("maximum", "minimum"):
            arguments, _, after = self._arguments(c, at + 1)
            choose = np.maximum if c[at].children[0].data == "maximum" else np.minimum
            return functools.reduce(choose, arguments), after
        if not self.known.is_function(factor.name):
            return self._decorate(factor), at + 1
        arguments, holder, after = self._arguments(c, at + 1)
        at_entry: tuple[int, ...] = ()
        definition = self.known.definitions.get(factor.name)
        if definition and holder and holder.indices and not factor.primes:
            at_entry = self._entry_of(definition, holder.indices)
            if at_entry:
                holder = replace(holder, indices=[])
        value = self.call(factor.name, arguments, factor.primes, at_entry)
        if factor.power is not None:
            value = power(value, self.work_out(factor.power))
        if holder is not None:
            value = self._decorate(replace(holder, name=None), value)
        return value, after

    def _arguments(self, c: list, at: int) -> tuple[list[Any], Factor | None, int]:
        """A function's arguments, their brackets, and where the product goes on."""
        if at >= len(c) or c[at].data == "operator":
            raise FormulaError("a function without an argument")
        factor = read_factor(c[at])
        if factor.base.data == "paren":
            return [self.work_out(t) for t in factor.base.children], factor, at + 1
        value, after = self._next(c, at)
        return [value], None, after

    def _decorate(self, factor: Factor, value: Any = None) -> Any:
        """Indices, transpose and power applied to the base."""
        if factor.primes and factor.name is None:
            raise FormulaError("a prime stands on functions only")
        if value is None and factor.name is None:
            value = self.work_out(factor.base)
        if value is None:
            value = self._named(factor)
        else:
            for index in factor.indices:
                value = entry(value, self.work_out(index), 1)
        if factor.transposed:
            value = np.atleast_2d(value) if np.ndim(value) < 2 else value.T
        if factor.power is not None:
            value = power(value, self.work_out(factor.power))
        return value

    def _named(self, factor: Factor) -> Any:
        """A symbol with its indices."""
        name = factor.name
        if factor.primes:
            raise FormulaError(f"{name}': {name} is not a known function")
        letters = tuple(name_of(i) for i in factor.indices if i.data == "name")
        family = f"{name}_{letters[0]}" if letters else name
        if factor.indices and family not in self.bound and name not in self.bound:
            definition = self.known.definition(name, family)
            if definition and not definition.parameters:
                at = self._entry_of(definition, factor.indices)
                if at:
                    return self._table(definition, at)
        value = self.value(name, letters)
        for index in factor.indices:
            value = entry(value, self.work_out(index), self.first_index(name))
        return value

    def paren(self, c: list) -> Any:
        if len(c) > 1:
            raise FormulaError("several values in brackets, but no function before them")
        return self.work_out(c[0])

    def bracket(self, c: list) -> Any:
        if len(c) > 1:
            return np.array([self.work_out(t) for t in c])
        return self.work_out(c[0])

    def matrix(self, c: list) -> Any:
        rows = [r for r in c if isinstance(r, Tree)]
        values = [[self.work_out(t) for t in row.children] for row in rows]
        array = np.array(values)
        return array[:, 0] if array.shape[1] == 1 else array

    def fraction(self, c: list) -> Any:
        above, below = self.work_out(c[0]), self.work_out(c[1])
        if np.ndim(above) and np.ndim(below):
            raise FormulaError("a vector divided by a vector: write its entries")
        return above / below

    def root(self, c: list) -> Any:
        return np.sqrt(self.work_out(c[0]))

    def norm(self, c: list) -> Any:
        value = self.work_out(c[0])
        return np.linalg.norm(value, 2 if np.ndim(value) == 2 else None)

    def magnitude(self, c: list) -> Any:
        return np.abs(self.work_out(c[0]))

    def indicator(self, c: list) -> Any:
        return np.where(self.holds(c[-1].children), 1.0, 0.0)

    def cases(self, c: list) -> Any:
        result = math.nan
        for case in reversed([t for t in c if isinstance(t, Tree)]):
            condition = case.children[-1]
            value = self.work_out(case.children[0])
            if isinstance(condition, Token):  # otherwise
                result = value
            else:
                with np.errstate(all="ignore"):
                    result = np.where(self.holds(condition.children), value, result)
        return result

    def holds(self, chain: list) -> Any:
        """Whether a chain of comparisons is true, entry by entry."""
        values = [self.work_out(t) for t in chain[::2]]
        truth: Any = True
        for left, relation, right in zip(values, chain[1::2], values[1:], strict=False):
            truth = np.logical_and(truth, COMPARE[relation.strip("& ")](left, right))
        return truth

    # ---- sums and products, greatest and least

    def sum(self, c: list) -> Any:
        return functools.reduce(_sum, self._each(c[1], c[2]))

    def prod(self, c: list) -> Any:
        return functools.reduce(lambda a, b: multiply(a, b, r"\cdot"), self._each(c[1], c[2]))

    def greatest(self, c: list) -> Any:
        return functools.reduce(np.maximum, self._over(name_of(c[1]), None, c[2]))

    def least(self, c: list) -> Any:
        return functools.reduce(np.minimum, self._over(name_of(c[1]), None, c[2]))

    def _each(self, limits: Tree, body: Tree) -> list[Any]:
        name, *rest = [t for t in limits.children if not isinstance(t, Token)]
        if not rest:
            return self._over(name_of(name), None, body)
        first = self.work_out(rest[0])
        if len(rest) == 1:
            raise FormulaError("a sum with a first value needs a last one")
        script = rest[1].children[0]
        last = self.work_out(script)
        return self._over(name_of(name), range(int(first), int(last) + 1), body)

    def _over(self, name: str, values: range | None, body: Tree) -> list[Any]:
        found = []
        for value in self.index_range(name) if values is None else values:
            with self.binding(**{name: value}):
                found.append(self.work_out(body))
        return found

    # ---- derivatives

    def derivative(self, c: list) -> Any:
        powers = [t for t in c if isinstance(t, Tree) and t.data == "power"]
        what, by = [t for t in c if isinstance(t, Tree) and t.data == "factor"]
        if powers:
            by_factor = read_factor(by)
            if by_factor.power is None or self.work_out(by_factor.power) != 2:
                raise FormulaError("only first and second derivatives are known")
            by_factor = replace(by_factor, power=None)
            return self._differentiate(Tree("product", [what]), by_factor, order=2)
        return self._differentiate(Tree("product", [what]), read_factor(by))

    def derivative_of(self, c: list) -> Any:
        if any(isinstance(t, Tree) and t.data == "power" for t in c):
            raise FormulaError("write a second derivative with its function above")
        by, what = [t for t in c if isinstance(t, Tree)]
        return self._differentiate(what, read_factor(by))

    def gradient(self, c: list) -> Any:
        trees = [t for t in c if isinstance(t, Tree)]
        if len(trees) != 2:
            raise FormulaError(r"write \nabla_w: the gradient with respect to what?")
        script, what = trees
        return self._differentiate(what, Factor(script, name_of(script.children[0])))

    def _differentiate(self, what: Tree, by: Factor, order: int = 1) -> Any:
        """The derivative of an expression by a symbol or one of its entries."""
        if by.name is None or by.power is not None:
            raise FormulaError("differentiate by a symbol")
        letters = tuple(name_of(i) for i in by.indices if i.data == "name")
        family = f"{by.name}_{letters[0]}" if letters else by.name
        key = family if family in self.known.symbols or family in self.bound else by.name
        now = np.asarray(self.value(by.name, letters), dtype=float)
        at = tuple(int(self.work_out(i)) - self.first_index(by.name) for i in by.indices)

        sizes = zip(at, now.shape, strict=False)
        if len(at) > now.ndim or any(not 0 <= i < size for i, size in sizes):
            raise FormulaError(f"{by.name} has no entry {[i + 1 for i in at]} to differentiate by")

        def moved(shift: Any) -> Any:
            value = now.copy()
            value[at] += shift
            with self.binding(**{key: value}):
                return self._bare(what)

        if now[at].ndim == 0:
            return slope(moved, order)
        if order != 1:
            raise FormulaError("second derivatives only by a number")
        entries = np.ndindex(now[at].shape)
        parts = [slope(lambda s, e=e: moved(s * _unit(now[at].shape, e))) for e in entries]
        if np.ndim(parts[0]):
            raise FormulaError("the derivative of a vector by a vector: write its entries")
        return np.reshape(parts, now[at].shape)

    def _bare(self, what: Tree) -> Any:
        """A function without its arguments stands for its value at them."""
        factor = as_factor(what)
        if factor and factor.name in self.known.definitions:
            definition = self.known.definitions[factor.name]
            if definition.parameters and not factor.primes:
                arguments = [self.value(p) for p in definition.parameters]
                value = self.call(factor.name, arguments)
                for index in factor.indices:
                    value = entry(value, self.work_out(index), 1)
                return value
        return self.work_out(what)


# --- arithmetic with strict shapes ---------------------------------------

COMPARE: dict[str, Callable] = {
    "=": np.equal, "<": np.less, ">": np.greater,
    r"\le": np.less_equal, r"\leq": np.less_equal,
    r"\ge": np.greater_equal, r"\geq": np.greater_equal,
    r"\ne": np.not_equal, r"\neq": np.not_equal,
}  # fmt: skip


def _sum(a: Any, b: Any) -> Any:
    """a + b: same shapes, a number with anything, a row with each row."""
    if np.ndim(a) == 2 and np.ndim(b) == 1 and np.shape(a)[1] == np.shape(b)[0]:
        return a + b
    if np.ndim(a) and np.ndim(b) and np.shape(a) != np.shape(b):
        raise FormulaError(f"shapes {np.shape(a)} and {np.shape(b)} can't be added")
    return a + b


def multiply(a: Any, b: Any, operator: str) -> Any:
    """A product, by the operator that is written, and nothing guessed."""
    if operator == "/":
        if np.ndim(b):
            raise FormulaError("division by a vector")
        return a / b
    if operator == r"\odot":
        if np.shape(a) != np.shape(b):
            raise FormulaError(rf"shapes {np.shape(a)} \odot {np.shape(b)}")
        return a * b
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return a * b
    if operator == r"\cdot":
        if np.ndim(a) != 1 or np.shape(a) != np.shape(b):
            raise FormulaError(rf"the dot product of shapes {np.shape(a)} and {np.shape(b)}")
        return float(a @ b)
    if np.ndim(a) == np.ndim(b) == 1:
        raise FormulaError(r"two vectors side by side: \cdot or \odot?")
    if np.ndim(a) == 1 and np.shape(b)[0] == 1:
        return np.outer(a, b)
    if np.shape(a)[-1] != np.shape(b)[0]:
        raise FormulaError(f"the product of shapes {np.shape(a)} and {np.shape(b)}")
    result = a @ b
    return result[0] if result.shape == (1,) else result


def power(a: Any, exponent: Any) -> Any:
    """a to a power; e to an array goes entry by entry."""
    if np.ndim(a):
        raise FormulaError("a power of a vector: write its entries")
    if np.ndim(exponent) == 0:
        exponent = int(exponent) if float(exponent).is_integer() else float(exponent)
    return a ** np.asarray(exponent) if np.ndim(exponent) else a**exponent


def entry(value: Any, index: Any, first: int) -> Any:
    """One entry of a vector, or one row of a matrix."""
    if not np.ndim(value):
        raise FormulaError("an index on a number")
    at = int(index) - first
    if not 0 <= at < len(value):
        raise FormulaError(f"index {int(index)} of {len(value)} entries")
    return value[at]


def differentiate(f: Callable, x: np.ndarray) -> Any:
    """The derivative of f at x, entry by entry."""
    return slope(lambda shift: f(x + shift))


def slope(f: Callable, order: int = 1) -> Any:
    """The first or second derivative of f at 0, by five points.

    Taken with two steps; where the two disagree, or a step leaves the
    function's domain, this draw of the symbols can't judge.
    """
    h = 1e-2 if order == 2 else 1e-3
    rough, fine = _five_points(f, h, order), _five_points(f, h / 2, order)
    if np.isfinite(f(0.0)).all() and not np.allclose(
        rough, fine, rtol=2e-8, atol=2e-9 * 100 ** (order - 1)
    ):
        raise Unsteady("a numerical derivative is not steady here")
    return fine


def _five_points(f: Callable, h: float, order: int) -> Any:
    near, far = (f(h), f(-h)), (f(2 * h), f(-2 * h))
    if order == 2:
        return (16 * sum(near) - sum(far) - 30 * f(0.0)) / (12 * h * h)
    return (8 * (near[0] - near[1]) - (far[0] - far[1])) / (12 * h)


def _unit(shape: tuple[int, ...], at: tuple[int, ...]) -> np.ndarray:
    unit = np.zeros(shape)
    unit[at] = 1.0
    return unit
