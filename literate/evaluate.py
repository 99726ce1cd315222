"""Works out what a formula says, for one random draw of its symbols.

An `Evaluator` walks the tree that `dialect` has read.  Shapes are strict (see
`arithmetic`), and a symbol that no table and no definition knows is an error.
Derivatives are taken twice (see `derivatives`).
"""

from __future__ import annotations

import copy
import functools
import math
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import autograd.numpy as traced
import numpy as np
from autograd.tracer import isbox
from lark import Token

from literate.arithmetic import BUILT_IN, COMPARE, add, entry, multiply, power, whole
from literate.derivatives import (
    Untraceable,
    all_entries,
    entry_by_entry,
    measured,
    measured_entries,
    second,
    unit,
)
from literate.dialect import (
    Factor,
    FormulaError,
    Node,
    WrongFormula,
    as_factor,
    name_of,
    names_in,
    read_factor,
)
from literate.symbols import DRAWS, Symbol


@dataclass
class Definition:
    """`name(parameters)_indices := body`."""

    name: str
    parameters: list[str]
    indices: list[str]
    body: Node
    symbols: dict[str, Symbol] = field(default_factory=dict)  # of the book, for `formulas`


CONSTANTS = {"e": math.e, r"\pi": math.pi}
SIZES = (4, 3, 5, 2, 6, 7)


@dataclass
class Knowledge:
    """The symbols, definitions and functions that a formula may use."""

    symbols: dict[str, Symbol] = field(default_factory=dict)
    definitions: dict[str, Definition] = field(default_factory=dict)
    given: dict[str, np.ndarray] = field(default_factory=dict)
    resolve: Callable[[str], Any] | None = None
    formulas: dict[str, Definition] = field(default_factory=dict)  # by qualified name

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


@dataclass
class Place:
    """What a derivative is taken by: a symbol, its value, the entry meant."""

    key: str
    now: Any
    at: tuple[int, ...]


class Evaluator:
    """Works out formulas for one random draw of all symbols."""

    def __init__(self, knowledge: Knowledge, draw: int = 0):
        self.known = knowledge
        self.draw = draw
        self.bound: dict[str, Any] = {}
        self.drawn: dict[str, np.ndarray] = {}
        self.tables: dict[tuple[Any, ...], Any] = {}  # definitions worked out already
        self.sizes: dict[str, int] = {}
        self.automatic = 0  # derivatives by autograd, confirmed by differences
        self.measured = 0  # derivatives by differences alone
        self.directions = np.random.default_rng([draw, 13])
        self.order = np.random.default_rng([draw, 7]).permutation(SIZES)

    # ---- values of symbols

    def size(self, word: str) -> int:
        """The number that `n`, `K` or `3` stands for in this draw."""
        if word.isdigit():
            return int(word)
        if "+" in word:
            return sum(self.size(w.strip()) for w in word.split("+"))
        if word not in self.sizes:
            counts = [s.python or k for k, s in self.known.symbols.items() if s.kind == "count"]
            if counts and word not in counts:
                raise FormulaError(
                    f"the size {word!r} is no count of a table of symbols; "
                    f"there {'are' if counts[1:] else 'is'} {', '.join(counts)}"
                )
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
        return traced.array([self._table(definition, (*at, i)) for i in self.index_range(names[0])])

    def _entry_of(self, definition: Definition, indices: list[Node]) -> tuple[int, ...]:
        """The numbers of `indices`, if they name one entry of a definition."""
        if len(indices) != len(definition.indices):
            return ()
        at = tuple(whole(self.work_out(i), "an index") for i in indices)
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
            return self._primed(lambda x: self.call(name, [x], primes - 1), arguments[0])
        if name in self.known.definitions:
            definition = self.known.definitions[name]
            if len(definition.parameters) != len(arguments):
                raise FormulaError(
                    f"{name} takes {len(definition.parameters)} arguments, here {len(arguments)}"
                )
            return self._apply(definition, arguments, at)
        symbol = self.known.symbols.get(name)
        if symbol and symbol.kind == "function":
            if self.known.resolve is None:
                raise FormulaError(f"nothing here can call {symbol.python}")
            if any(map(isbox, arguments)):
                return self._by_formula(symbol.python, arguments)
            return np.asarray(self.known.resolve(symbol.python)(*map(np.asarray, arguments)))
        return BUILT_IN[name](*arguments)

    def _apply(self, definition: Definition, arguments: list[Any], at: tuple[int, ...] = ()) -> Any:
        with self.binding(**dict(zip(definition.parameters, arguments, strict=True))):
            self.tables = {}  # also when a parameter is called like an index
            return self._table(definition, at)

    def _by_formula(self, python: str, arguments: list[Any]) -> Any:
        """A function of the package, by what the book says it is.

        The differentiator can't look into the package; it can into a formula
        that is checked against the function, on whichever page it stands.  Its
        letters have the book's meaning, whatever this page uses them for.
        """
        if python not in self.known.formulas or len(arguments) != 1:
            raise Untraceable(python)
        formula, (x,) = self.known.formulas[python], arguments
        if np.ndim(x) > len(formula.indices):
            return traced.array([self._by_formula(python, [x[at]]) for at in range(len(x))])
        there = copy.copy(self)
        there.bound = {}
        there.known = replace(self.known, symbols=formula.symbols, definitions={}, given={})
        if np.shape(x) != tuple(len(there.index_range(name)) for name in formula.indices):
            raise Untraceable(python)
        return there._apply(formula, [x])

    # ---- the walk through a tree

    def work_out(self, tree: Node | Token) -> Any:
        """The value of an expression."""
        if isinstance(tree, Token):
            return self.number([tree])
        if tree.data == "factor":
            return self._decorate(read_factor(tree))
        if tree.data == "name":
            return self.value(name_of(tree))
        return getattr(self, tree.data)(tree.children)

    def number(self, c: list[Any]) -> float:
        return float(c[0].replace("{,}", ""))

    def add(self, c: list[Any]) -> Any:
        return add(self.work_out(c[0]), self.work_out(c[1]))

    def subtract(self, c: list[Any]) -> Any:
        return add(self.work_out(c[0]), -self.work_out(c[1]))

    def negative(self, c: list[Any]) -> Any:
        return -self.work_out(c[0])

    def positive(self, c: list[Any]) -> Any:
        return self.work_out(c[0])

    def product(self, c: list[Any]) -> Any:
        result, operator, at = None, "", 0
        while at < len(c):
            if c[at].data == "operator":
                operator, at = str(c[at].children[0]), at + 1
                continue
            value, at = self._next(c, at)
            result = value if result is None else multiply(result, value, operator)
            operator = ""
        return result

    def _next(self, c: list[Any], at: int) -> tuple[Any, int]:
        """The next value of a product; a function takes what follows it."""
        if c[at].data != "factor":  # what takes the whole rest of the term
            return self.work_out(c[at]), at + 1
        factor = read_factor(c[at])
        if factor.base.data in ("maximum", "minimum"):
            return self._chosen(factor, c, at + 1)
        name = factor.name
        if name is None or not self.known.is_function(name):
            if factor.base.data == "derivative" and _is_bracketed(c, at + 1):
                raise FormulaError(
                    r"brackets after a derivative: a product is \cdot, and where it is "
                    "taken can't be said so"
                )
            return self._decorate(factor), at + 1
        if factor.indices or factor.transposed:
            raise FormulaError(
                f"an index or a transpose on the name of the function {factor.name}: "
                f"it stands after the brackets, or in \\text{{…}} as part of the name"
            )
        arguments, holder, after = self._arguments(c, at + 1)
        if holder is None and after < len(c):
            raise FormulaError(
                f"how far does {factor.name} reach? put its argument in brackets"
            )
        at_entry: tuple[int, ...] = ()
        definition = self.known.definitions.get(name)
        if definition and holder and holder.indices and not factor.primes:
            at_entry = self._entry_of(definition, holder.indices)
            if at_entry:
                holder = replace(holder, indices=[])
        value = self.call(name, arguments, factor.primes, at_entry)
        if factor.power is not None:
            exponent = self.work_out(factor.power)
            if not np.ndim(exponent) and float(exponent) < 0:
                raise FormulaError(
                    f"{factor.name}^{{{float(exponent):g}}}: the inverse function, or one over it? "
                    "put the power after the brackets"
                )
            value = power(value, exponent)
        if holder is not None:
            value = self._decorate(replace(holder, name=None), value)
        return value, after

    def _chosen(self, factor: Factor, c: list[Any], at: int) -> tuple[Any, int]:
        """The greatest or the least of several values in brackets."""
        word = factor.base.data[:3]
        if factor.indices or factor.power or factor.primes or factor.transposed:
            raise FormulaError(f"\\{word} with something on it: write \\{word}_{{k}} z_k")
        arguments, holder, after = self._arguments(c, at)
        if len(arguments) < 2 or holder is None:
            raise FormulaError(f"\\{word} of one value: \\{word}(a, b), or \\{word}_{{k}} z_k")
        choose = np.maximum if word == "max" else np.minimum
        value = functools.reduce(choose, arguments)
        return self._decorate(replace(holder, name=None), value), after

    def _arguments(self, c: list[Any], at: int) -> tuple[list[Any], Factor | None, int]:
        """A function's arguments, their brackets, and where the product goes on."""
        if at >= len(c) or c[at].data == "operator":
            raise FormulaError("a function without an argument")
        if _is_bracketed(c, at):
            factor = read_factor(c[at])
            if factor.base.data == "bracket":  # f[x] is f(x), f[1, 2] is f of a vector
                return [self.work_out(factor.base)], factor, at + 1
            return [self.work_out(t) for t in factor.base.children], factor, at + 1
        value, after = self._next(c, at)
        return [value], None, after

    def _decorate(self, factor: Factor, value: Any = None) -> Any:
        """Indices, transpose and power applied to the base."""
        if factor.primes and factor.name is None:
            raise FormulaError("a prime stands on functions only")
        if value is None and factor.base.data == "norm":
            value = self._norm(self.work_out(factor.base.children[0]), factor.which)
        elif value is None and factor.name is None:
            value = self.work_out(factor.base)
        if value is None:
            value = self._named(factor, factor.name or "")
        else:
            for index in factor.indices:
                value = entry(value, self.work_out(index), 1)
        if factor.transposed:
            if not np.ndim(value):
                raise WrongFormula("the transpose of a number")
            value = traced.atleast_2d(value) if np.ndim(value) < 2 else value.T
        if factor.power is not None:
            if np.ndim(value) and names_in(factor.power) == {"T"}:
                raise FormulaError(r"^T is a power: a transpose is ^\top")
            value = power(value, self.work_out(factor.power))
        return value

    def _named(self, factor: Factor, name: str) -> Any:
        """A symbol with its indices."""
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

    def paren(self, c: list[Any]) -> Any:
        if len(c) > 1:
            raise FormulaError("several values in brackets, but no function before them")
        return self.work_out(c[0])

    def bracket(self, c: list[Any]) -> Any:
        if len(c) > 1:
            return _array([self.work_out(t) for t in c])
        return self.work_out(c[0])

    def matrix(self, c: list[Any]) -> Any:
        rows = [r for r in c if isinstance(r, Node)]
        array = _array([_array([self.work_out(t) for t in row.children]) for row in rows])
        return array[:, 0] if array.shape[1] == 1 else array

    def fraction(self, c: list[Any]) -> Any:
        above, below = self.work_out(c[0]), self.work_out(c[1])
        if np.ndim(above) and np.ndim(below):
            raise WrongFormula("a vector divided by a vector: write its entries")
        return above / below

    def root(self, c: list[Any]) -> Any:
        return np.sqrt(self.work_out(c[0]))

    def _norm(self, value: Any, which: str) -> Any:
        """Of a vector its length, unless it says 1 or ∞; of a matrix the one it says."""
        if np.ndim(value) == 2:
            if which not in ("2", "F"):
                raise FormulaError(
                    r"which norm of a matrix? \lVert W \rVert_2, how far it can stretch a vector, "
                    r"or \lVert W \rVert_F, of all its entries"
                )
            return traced.linalg.norm(value, 2 if which == "2" else "fro")
        if which in ("", "2"):
            return traced.linalg.norm(value)
        if which == "1":
            return traced.sum(np.abs(value))
        if which == r"\infty":
            return traced.max(np.abs(value))
        raise FormulaError(rf"no norm of a vector is called {which}; there are 1, 2 and \infty")

    def magnitude(self, c: list[Any]) -> Any:
        value = self.work_out(c[0])
        if np.ndim(value):
            raise FormulaError(r"\lvert x \rvert of a vector: a norm is \lVert x \rVert")
        return np.abs(value)

    def indicator(self, c: list[Any]) -> Any:
        return np.where(self.holds(c[-1].children), 1.0, 0.0)

    def cases(self, c: list[Any]) -> Any:
        result = math.nan
        for case in reversed([t for t in c if isinstance(t, Node)]):
            condition = case.children[-1]
            value = self.work_out(case.children[0])
            if isinstance(condition, Token):  # otherwise
                result = value
            else:
                with np.errstate(all="ignore"):
                    result = traced.where(self.holds(condition.children), value, result)
        return result

    def holds(self, chain: list[Any]) -> Any:
        """Whether a chain of comparisons is true, entry by entry."""
        values = [self.work_out(t) for t in chain[::2]]
        truth: Any = True
        for left, relation, right in zip(values, chain[1::2], values[1:], strict=False):
            truth = np.logical_and(truth, COMPARE[relation.strip("& ")](left, right))
        return truth

    # ---- sums and products, greatest and least

    def sum(self, c: list[Any]) -> Any:
        return functools.reduce(add, self._each(c[1], c[2]) or [0.0])

    def prod(self, c: list[Any]) -> Any:
        each = self._each(c[1], c[2]) or [1.0]
        return functools.reduce(lambda a, b: multiply(a, b, r"\cdot"), each)

    def greatest(self, c: list[Any]) -> Any:
        return functools.reduce(np.maximum, self._over(name_of(c[1]), None, c[2]))

    def least(self, c: list[Any]) -> Any:
        return functools.reduce(np.minimum, self._over(name_of(c[1]), None, c[2]))

    def _each(self, limits: Node, body: Node) -> list[Any]:
        name, *rest = [t for t in limits.children if not isinstance(t, Token)]
        relations = [t.strip("& \n\t") for t in limits.children if isinstance(t, Token)]
        if not rest:
            return self._over(name_of(name), None, body)
        if relations != ["="]:
            raise FormulaError(r"a sum runs over an index, \sum_i, or from … to …, \sum_{i=1}^{n}")
        if len(rest) == 1:
            raise FormulaError("a sum with a first value needs a last one")
        first = whole(self.work_out(rest[0]), "where a sum begins")
        last = whole(self.work_out(rest[1].children[0]), "where a sum ends")
        return self._over(name_of(name), range(first, last + 1), body)

    def _over(self, name: str, values: range | None, body: Node) -> list[Any]:
        found = []
        for value in self.index_range(name) if values is None else values:
            with self.binding(**{name: value}):
                found.append(self.work_out(body))
        return found

    # ---- derivatives

    def derivative(self, c: list[Any]) -> Any:
        powers = [t for t in c if isinstance(t, Node) and t.data == "power"]
        what, by = [t for t in c if isinstance(t, Node) and t.data == "factor"]
        if not powers:
            return self._differentiate(what, read_factor(by))
        by_factor = read_factor(by)
        above = [t.children[0].children[0] for t in powers]
        orders = [self.work_out(t) for t in above]
        if by_factor.power is None or [*orders, self.work_out(by_factor.power)] != [2, 2]:
            raise FormulaError("only first and second derivatives are known")
        return self._second_derivative(what, replace(by_factor, power=None))

    def derivative_of(self, c: list[Any]) -> Any:
        if any(isinstance(t, Node) and t.data == "power" for t in c):
            raise FormulaError("write a second derivative with its function above")
        by, what = [t for t in c if isinstance(t, Node)]
        return self._differentiate(what, read_factor(by))

    def gradient(self, c: list[Any]) -> Any:
        trees = [t for t in c if isinstance(t, Node)]
        if len(trees) != 2:
            raise FormulaError(r"write \nabla_w: the gradient with respect to what?")
        script, what = trees
        inside = script.children[0]
        by = read_factor(Node("factor", [inside])) if _is_name(inside) else as_factor(inside)
        if by is None or by.name is None:
            raise FormulaError(r"write \nabla_w: the gradient with respect to a symbol")
        return self._differentiate(what, by)

    def _differentiate(self, what: Node, by: Factor) -> Any:
        """The derivative of an expression by a symbol or one of its entries."""
        place = self._place(by)
        indices = sorted(filter(self.is_index, names_in(what)))
        key = (id(what), place.key, *(self.bound.get(name) for name in indices))
        if key not in self.tables:
            self.tables[key] = self._all_derivatives(what, place)
        found, outer = self.tables[key], np.ndim(self.tables[key]) - np.ndim(place.now)
        if outer and len(place.at) < np.ndim(place.now):
            raise FormulaError("the derivative of a vector by a vector: write its entries")
        return found[(..., *place.at)] if outer else found[place.at]

    def _all_derivatives(self, what: Node, place: Place) -> Any:
        """By every entry of the symbol at once."""

        def moved(value: Any) -> Any:
            with self.binding(**{place.key: value}):
                return self._bare(what)

        return self._twofold(
            lambda: all_entries(moved, place.now, self.directions),
            lambda: measured_entries(moved, place.now),
        )

    def _second_derivative(self, what: Node, by: Factor) -> Any:
        place = self._place(by)
        if len(place.at) < np.ndim(place.now):
            raise FormulaError("second derivatives only by a number")

        def shifted(shift: Any) -> Any:
            value = place.now + shift * unit(np.shape(place.now), place.at)
            with self.binding(**{place.key: value}):
                return self._bare(what)

        return self._twofold(lambda: second(shifted), lambda: measured(shifted, 2))

    def _primed(self, function: Callable[..., Any], x: Any) -> Any:
        x = x if isbox(x) else np.asarray(x, dtype=float)
        return self._twofold(
            lambda: entry_by_entry(function, x),
            lambda: measured(lambda shift: function(x + shift)),
        )

    def _twofold(self, automatic: Callable[..., Any], by_differences: Callable[..., Any]) -> Any:
        """Both ways where the differentiator sees everything, else one."""
        try:
            found = automatic()
        except NotImplementedError:
            found = by_differences()
            self.measured += 1
        else:
            self.automatic += 1
        return found

    def _place(self, by: Factor) -> Place:
        if by.name is None or by.power is not None or by.transposed or by.primes:
            raise FormulaError("differentiate by a symbol")
        letters = tuple(name_of(i) for i in by.indices if i.data == "name")
        family = f"{by.name}_{letters[0]}" if letters else by.name
        key = family if family in self.known.symbols or family in self.bound else by.name
        now = self.value(by.name, letters)
        now = now if isbox(now) else np.asarray(now, dtype=float)
        first = self.first_index(by.name)
        at = tuple(whole(self.work_out(i), "an index") - first for i in by.indices)
        sizes = zip(at, np.shape(now), strict=False)
        if len(at) > np.ndim(now) or any(not 0 <= i < size for i, size in sizes):
            raise WrongFormula(f"{by.name} has no entry {[i + 1 for i in at]} to differentiate by")
        return Place(key, now, at)

    def _bare(self, what: Node) -> Any:
        """A function without its arguments stands for its value at them."""
        factor = as_factor(what)
        if factor and factor.name in self.known.definitions:
            definition = self.known.definitions[factor.name]
            if definition.parameters and not factor.primes:
                arguments = [self.value(p) for p in definition.parameters]
                return self._decorate(
                    replace(factor, name=None), self.call(factor.name, arguments)
                )
        return self.work_out(what)


def _is_name(tree: Any) -> bool:
    return isinstance(tree, Node) and tree.data == "name"


def _is_bracketed(c: list[Any], at: int) -> bool:
    """Whether brackets stand at this place of a product."""
    return at < len(c) and c[at].data == "factor" and c[at].children[0].data in ("paren", "bracket")


def _array(values: list[Any]) -> Any:
    if len({np.shape(value) for value in values}) > 1:
        shapes = ", ".join(f"shape {np.shape(value)}" for value in values)
        raise WrongFormula(f"entries of different shapes side by side: {shapes}")
    return traced.array(values)
