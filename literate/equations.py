"""Executes the displayed equations of a page and says where they are wrong.

Each equation is read from the TeX that stands on the page and worked out on
random values, of the shapes that the tables of symbols give.  What is done
with it follows from what it says:

definition   `\\sigma(x) = …`, `\\hat{y} = …`: a name that nothing has defined
             yet.  The right side is compared with the function of the package
             that the equation names (`code="…"`, or the table of symbols).
claim        anything else with `=`, `\\approx`, `\\le` …: both sides are worked
             out and compared; derivatives are taken of the page's own
             definitions, in two ways (see `derivatives`).
update       `w \\leftarrow …`: the right side is compared with the function.

An equation that nothing was compared for is an error, unless it says
`unchecked="reason"`.  Each comes out as

right        all comparisons hold
wrong        one doesn't, or shapes don't fit
unread       it can't be read, worked out or compared with anything
excused      `unchecked` says why

Attributes of an equation, after the closing `$$`:

    {#eq-name code="package.module.function(x, y)[0]; …" let="k = …"
     define="true" unchecked="why"}

`code` has one entry per statement; Python names are those of the tables of
symbols; it is read as a syntax tree of names, calls, entries and numbers, and
never handed to Python's `eval`.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from lark import Token

from literate import derivatives, page
from literate.arithmetic import BUILT_IN, COMPARE
from literate.derivatives import Unsteady
from literate.dialect import (
    Factor,
    FormulaError,
    Node,
    WrongFormula,
    as_factor,
    name_of,
    names_in,
    parse,
    read_factor,
    row_of,
    statements,
)
from literate.errors import PageError
from literate.evaluate import CONSTANTS, Definition, Evaluator, Knowledge
from literate.symbols import ALLOWED, Symbol, key_of, read_table

# How many random draws judge an equation.  Answers of 0 or 1 agree by chance half
# of the time, and a wrong bound shows only where the right one is tight.
DRAWS = 24
# Many numbers in each draw say as much: a third of the draws will do for equations
# that have compared so many.
MANY = 200
EQUAL = {"=", r"\leftarrow"}
RELATIVE, ABSOLUTE = 1e-9, 1e-11


@dataclass
class Checked:
    """What was found about one equation."""

    id: str
    line: int
    tex: str
    comparisons: int = 0
    automatic: int = 0  # derivatives by autograd, confirmed by differences
    measured: int = 0  # derivatives by differences alone
    code: list[str] = field(default_factory=list)
    unchecked: str = ""
    status: str = "right"  # "right", "wrong", "unread", "excused"
    fault: PageError | None = None


class PageChecker:
    """Checks the equations of one page, in the order of the page."""

    def __init__(
        self,
        parts: list[page.Part],
        where: str,
        resolve: Callable[[str], Any],
        book_symbols: dict[str, Symbol] | None = None,
        draws: int = DRAWS,
        formulas: dict[str, Definition] | None = None,
    ):
        self.parts, self.where, self.draws = parts, where, draws
        self.faults: list[PageError] = []  # of the tables
        self.known = Knowledge(dict(book_symbols or {}), resolve=resolve, formulas=formulas or {})

    def check(self) -> list[Checked]:
        """One entry per displayed equation; the first wrong one raises."""
        return list(self.results(strict=True))

    def results(self, strict: bool = False) -> Iterator[Checked]:
        """One entry per displayed equation, right or wrong."""
        for part in self.parts:
            if part.kind == "table":
                self._read_table(part, strict)
            elif part.kind == "equation":
                found = self._check_equation(part)
                if strict and found.fault:
                    raise found.fault
                yield found

    def _read_table(self, part: page.Part, strict: bool) -> None:
        faults: list[PageError] = []
        for symbol in read_table(part, self.where, None if strict else faults):
            self.known.symbols[key_of(symbol)] = symbol
            # A table of its own starts a new meaning.
            self.known.definitions.pop(key_of(symbol), None)
        self.faults += faults

    def _check_equation(self, part: page.Part) -> Checked:
        result = Checked(part.attributes.get("id", ""), part.line, part.text)
        try:
            self._judge(part, result)
        except FormulaError as error:
            name = f"equation {result.id}: " if result.id else "equation: "
            result.status = "wrong" if isinstance(error, WrongFormula) else "unread"
            result.fault = PageError(f"{name}{error}", self.where, part.line_of(error.row))
        return result

    def _judge(self, part: page.Part, result: Checked) -> None:
        attributes = part.attributes
        try:
            if not result.id.startswith("eq-"):
                raise FormulaError("a displayed equation needs an id: $$ {#eq-name}")
            known = {"id", "code", "let", "define", "unchecked", "class"}
            if extra := set(attributes) - known:
                raise FormulaError(f"unknown attributes {sorted(extra)}; known: {sorted(known)}")
            if "unchecked" in attributes:
                result.unchecked = attributes["unchecked"]
                if len(result.unchecked) < 20:
                    raise FormulaError("unchecked needs a reason, in a sentence")
                result.status = "excused"
                return
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                self._check_statements(part, result)
        except RecursionError:
            raise WrongFormula("a definition that needs itself") from None
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            raise FormulaError(
                f"it can't be worked out ({type(error).__name__}: {error})"
            ) from error

    def _check_statements(self, part: page.Part, result: Checked) -> None:
        tree = parse(part.text)
        chains = statements(tree)
        refuse_indices_as_layers(tree, self.known)
        codes = codes_of(part, len(chains))
        if len(codes) > len(chains):
            raise FormulaError(f"{len(codes)} entries of code for {len(chains)} statements")
        for chain, code in zip(chains, codes, strict=True):
            with in_row(row_of(chain[0])):
                if len(chain) == 1:
                    raise FormulaError("an expression alone says nothing: write what it equals")
                if r"\leftarrow" in chain[3::2]:
                    raise FormulaError(r"\leftarrow stands first, w \leftarrow …")
                if code:
                    result.code.append(code)
                before = self._take_definition(chain, part.attributes, result, code)
            judged, compared = 0, 0
            for draw in range(10 * self.draws):
                evaluator = Evaluator(self.known, draw)
                try:
                    with in_row(row_of(chain[0])):
                        self._give(evaluator, part.attributes.get("let", ""))
                        compared += self._compare(evaluator, chain, code, before)
                except Unsteady:
                    continue
                except FormulaError as error:
                    raise _with_sizes(error, evaluator) from None
                finally:
                    self.known.given = {}
                judged += 1
                result.automatic += evaluator.automatic
                result.measured += evaluator.measured
                is_many = 3 * judged >= self.draws and compared >= MANY
                if judged == self.draws or (is_many and set(chain[1::2]) <= EQUAL):
                    break
            else:
                with in_row(row_of(chain[0])):
                    raise FormulaError(f"only {judged} of {10 * self.draws} draws can judge it")
            result.comparisons += compared

    # ---- definitions

    def _take_definition(
        self, chain: list[Any], attributes: dict[str, str], result: Checked, code: str
    ) -> Definition | None:
        forced = "define" in attributes
        if chain[1] != "=":
            return None
        head = read_head(chain[0], self.known)
        if head is None:
            return None
        name, parameters, indices = head
        key = name if parameters or not indices else f"{name}_{indices[0]}"
        if not forced and key in self.known.definitions:
            return None
        if parameters and name not in self.known.symbols and self.known.is_function(name):
            return None  # a function that needs no table, such as ln
        symbol = self.known.symbols.get(key) or self.known.symbols.get(name)
        if symbol and symbol.kind in ("index", "count"):
            return None
        if symbol and symbol.kind == "function" and name in names_in(chain[2]):
            return None  # a claim about a function that a table lists
        if {key, name} & {self._given_key(c) for c in clauses(attributes.get("let", ""))}:
            return None
        definition = Definition(name, parameters, indices, chain[2])
        self.known.definitions[key] = definition  # what follows may use it, right or wrong
        if not code and symbol and symbol.kind == "function" and parameters:
            result.code.append(symbol.python)
        elif not code:
            raise FormulaError(
                f'{name} is defined here, and nothing checks it: code="package.module.function(…)"'
            )
        loose = set(free_indices(chain[2:3], Evaluator(self.known))) - set(indices)
        if loose:
            raise WrongFormula(f"the index {loose.pop()!r} stands on the right only")
        return definition

    # ---- comparisons

    def _compare(
        self, evaluator: Evaluator, chain: list[Any], code: str, new: Definition | None
    ) -> int:
        """How many values were compared; the first difference raises."""
        count = 0
        members, relations = chain[::2], chain[1::2]
        free = free_indices(chain, evaluator)
        if new is not None:
            free = list(dict.fromkeys([*new.indices, *free]))
            parameters = {p: evaluator.value(p) for p in new.parameters}
        else:
            parameters = {}
        with evaluator.binding(**parameters):
            stacks = self._stack(evaluator, members, relations, free, new)
            start = 1 if new is not None or relations[0] == r"\leftarrow" else 0
            for at in range(start, len(relations)):
                with in_row(row_of(members[at + 1])):
                    left, right = stacks[at], stacks[at + 1]
                    count += self._same(left, right, relations[at], members[at + 1], evaluator)
            value = stacks[1] if start else stacks[0]
            if new is not None:
                self._like_its_table(value, new)
            expected = self._expected(evaluator, code, new, parameters)
            if relations[0] == r"\leftarrow" and expected is None:
                raise FormulaError('an update needs its function: code="…"')
            if expected is not None:
                count += self._same(value, expected, "code", None, evaluator, code)
        return count

    def _like_its_table(self, value: Any, new: Definition) -> None:
        """A label that is defined as a probability is not what its row says."""
        symbol = self.known.symbols.get(new.name)
        allowed = ALLOWED.get(symbol.values) if symbol else None
        if symbol is not None and allowed is not None and not np.all(allowed(value)):
            raise WrongFormula(
                f"{new.name} comes out as {_short(value)}, but its table says {symbol.values!r}"
            )

    def _stack(
        self,
        evaluator: Evaluator,
        members: list[Node],
        relations: list[str],
        free: list[str],
        new: Definition | None,
    ) -> list[Any]:
        """Each member as an array over the free indices."""
        skip = new is not None or relations[0] == r"\leftarrow"
        ranges = [evaluator.index_range(name) for name in free]
        stacks: list[Any] = [None] * len(members)
        for at, member in enumerate(members):
            if at == 0 and skip:
                continue
            values = []
            for combination in itertools.product(*ranges):
                with (
                    in_row(row_of(member)),
                    evaluator.binding(**dict(zip(free, combination, strict=True))),
                ):
                    values.append(np.asarray(evaluator.work_out(member), dtype=float))
            if len({v.shape for v in values}) != 1:
                raise WrongFormula("the entries have different shapes")
            shape = tuple(len(r) for r in ranges) + values[0].shape
            stacks[at] = np.reshape(np.array(values), shape)
        return stacks

    def _expected(
        self, evaluator: Evaluator, code: str, new: Definition | None, parameters: dict[str, Any]
    ) -> Any:
        if code:
            return np.asarray(self.run(code, evaluator), dtype=float)
        if new is not None:
            symbol = self.known.symbols[new.name]
            arguments = [np.asarray(v) for v in parameters.values()]
            return np.asarray(self._resolve(symbol.python)(*arguments), dtype=float)
        return None

    def _same(
        self,
        left: Any,
        right: Any,
        relation: str,
        member: Node | None,
        evaluator: Evaluator,
        code: str = "",
    ) -> int:
        against = "the other side"
        if relation == "code":
            against = f"the code {code or '(table of symbols)'}"
        if np.shape(left) != np.shape(right):
            raise WrongFormula(
                f"it has shape {np.shape(left)}, but {against} has shape {np.shape(right)}"
            )
        if not (np.isfinite(left).all() and np.isfinite(right).all()):
            raise WrongFormula("it comes out as no finite number")
        if relation in ("code", "="):
            relative, absolute = RELATIVE, ABSOLUTE
            if evaluator.measured:
                relative, absolute = derivatives.RELATIVE, derivatives.ABSOLUTE
            scale = absolute * max(1.0, float(np.max(np.abs(right), initial=0.0)))
            good = np.isclose(left, right, rtol=relative, atol=scale)
        elif relation == r"\approx":
            good = np.abs(left - right) <= half_a_digit(member) + 1e-12
        else:
            rounding = {r"\le": 1e-9, r"\leq": 1e-9, r"\ge": -1e-9, r"\geq": -1e-9}
            good = COMPARE[relation](left, right + rounding.get(relation, 0.0))
        good = np.asarray(good)
        if not good.all():
            at = tuple(int(i) for i in np.argwhere(~good)[0])
            shown = f" at entry {tuple(i + 1 for i in at)}" if at else ""
            inputs = ", ".join(f"{k} = {_short(v)}" for k, v in list(evaluator.drawn.items())[:4])
            raise WrongFormula(
                f"wrong{shown}: {np.asarray(left)[at]:.10g}, but {against} gives "
                f"{np.asarray(right)[at]:.10g}" + (f" (with {inputs})" if inputs else "")
            )
        return int(good.size)

    # ---- code, read as a tree of names, calls, entries and numbers

    def _give(self, evaluator: Evaluator, text: str) -> None:
        """`let="w = package.f(x)"`: values of symbols that code provides."""
        self.known.given = {}
        for clause in clauses(text):
            code = clause.partition("=")[2]
            value = np.asarray(self.run(code.strip(), evaluator))
            self.known.given[self._given_key(clause)] = value

    def _given_key(self, clause: str) -> str:
        """The symbol that `w = …` gives a value, by its Python name."""
        python = clause.partition("=")[0].strip()
        for key, symbol in self.known.symbols.items():
            if symbol.python == python and symbol.kind in ("value", "rows"):
                return key
        return python

    def run(self, code: str, evaluator: Evaluator) -> Any:
        """The value of `package.f(x, y)[0]`."""
        try:
            tree = ast.parse(code, mode="eval").body
        except SyntaxError as error:
            raise FormulaError(f"code {code!r}: {error.msg}") from None
        return self._run(tree, evaluator)

    def _run(self, node: ast.expr, evaluator: Evaluator) -> Any:
        match node:
            case ast.Constant(value=int() | float() | str() | bool() | None):
                return node.value
            case ast.Tuple(elts=elements):
                return tuple(self._run(e, evaluator) for e in elements)
            case ast.List(elts=elements):
                values = [self._run(e, evaluator) for e in elements]
                # A list of (W, b) is a network, a list of numbers a vector.
                return values if any(isinstance(v, tuple) for v in values) else np.array(values)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -self._run(operand, evaluator)
            case ast.Subscript(value=value, slice=at):
                return self._run(value, evaluator)[self._run(at, evaluator)]
            case ast.Call(func=function, args=args, keywords=keywords):
                name = ast.unparse(function)
                values = [self._run(a, evaluator) for a in args]
                named = {k.arg: self._run(k.value, evaluator) for k in keywords if k.arg}
                function = self._resolve(name)
                try:
                    return function(*values, **named)
                except (TypeError, ValueError) as error:
                    raise FormulaError(f"code {ast.unparse(node)}: {error}") from None
            case ast.Attribute(value=ast.Name() as value, attr="T"):
                return self._run(value, evaluator).T
            case ast.Attribute():
                return self._resolve(ast.unparse(node))
            case ast.Name(id=name):
                return self._python_value(name, evaluator)
        raise FormulaError(f"code may not hold {ast.unparse(node)!r}")

    def _resolve(self, name: str) -> Any:
        if self.known.resolve is None:
            raise FormulaError(f"nothing here can call {name}")
        try:
            return self.known.resolve(name)
        except (LookupError, AttributeError, ImportError) as error:
            raise FormulaError(f"code names {name!r}: {error}") from None

    def _python_value(self, name: str, evaluator: Evaluator) -> Any:
        for symbol in reversed(self.known.symbols.values()):
            if symbol.python == name and symbol.kind in ("value", "rows", "count"):
                letters = (symbol.index,) if symbol.index else ()
                value = evaluator.value(symbol.name, letters)
                if symbol.kind == "count":
                    return int(value)
                return np.asarray(value) if np.ndim(value) else np.float64(value)
        raise FormulaError(f"no table of symbols gives {name!r} a meaning")


@contextmanager
def in_row(row: int) -> Iterator[None]:
    """An error inside is about this line of the formula, if it doesn't know better."""
    try:
        yield
    except FormulaError as error:
        error.row = error.row or row
        raise


SHAPE = re.compile(r"shape \((?P<sizes>\d+(?:, \d+)*),?\)")


def _with_sizes(error: FormulaError, evaluator: Evaluator) -> FormulaError:
    """The same error, its shapes in the letters of the tables: (n, d) = (5, 3)."""
    letters = {str(size): word for word, size in evaluator.sizes.items()}

    def named(match: re.Match[str]) -> str:
        sizes = match["sizes"].split(", ")
        words = ", ".join(letters.get(size, size) for size in sizes)
        end = "," if len(sizes) == 1 else ""
        return f"shape ({words}{end}) = ({match['sizes']}{end})" if letters else match[0]

    found = type(error)(SHAPE.sub(named, str(error)))
    found.row = error.row
    return found


def refuse_indices_as_layers(tree: Node, known: Knowledge) -> None:
    """`a^{(i)}` names the a of layer i; where i runs, it would stay the same a."""
    running = {n for n, s in known.symbols.items() if s.kind == "index"}
    for kind in ("sum", "prod", "greatest", "least"):
        for node in tree.every(kind):
            head = node.children[1]
            name = head if head.data == "name" else next(head.every("name"))
            running.add(name_of(name))
    for node in tree.every("factor"):
        with in_row(row_of(node)):
            factor = read_factor(node)
            if found := sorted(factor.layers & running):
                raise FormulaError(
                    f"{factor.name}: {found[0]} is an index here, and (…) names a layer; "
                    f"an entry is written with an index, _{found[0]}"
                )


def codes_of(part: page.Part, count: int) -> list[str]:
    """The entries of `code`, one for each of `count` statements; empty ones check nothing."""
    code = part.attributes.get("code", "")
    codes = [entry.strip() for entry in code.split(";")] if code else []
    return codes + [""] * (count - len(codes))


def clauses(text: str) -> list[str]:
    """The entries of `let`, which are separated by semicolons."""
    return [c.strip() for c in text.split(";") if c.strip()]


def read_head(tree: Node, known: Knowledge) -> tuple[str, list[str], list[str]] | None:
    """`f(x)_k` or `w_j` as name, parameters, indices; None if it is neither."""
    while tree.data == "product" and len(tree.children) == 1:
        tree = tree.children[0]
    if tree.data == "factor":
        factor = read_factor(tree)
        if not _plain(factor) or factor.name is None:
            return None
        indices = [name_of(i) for i in factor.indices if i.data == "name"]
        if len(indices) != len(factor.indices):
            return None
        return factor.name, [], indices
    if tree.data != "product" or len(tree.children) != 2:
        return None
    head, brackets = (read_factor(c) if c.data == "factor" else None for c in tree.children)
    if head is None or brackets is None or head.name is None:
        return None
    if not _plain(head) or head.indices or brackets.base.data != "paren" or not _plain(brackets):
        return None
    names = []
    for parameter in map(as_factor, brackets.base.children):
        if parameter is None or parameter.name is None:
            return None
        if parameter.indices or not _plain(parameter):
            return None
        names.append(parameter.name)
    symbol = known.symbols.get(head.name)
    if symbol is not None and symbol.kind != "function":
        return None  # a product such as w(x)
    indices = [name_of(i) for i in brackets.indices if i.data == "name"]
    if len(indices) != len(brackets.indices):
        return None
    return head.name, names, indices


def _plain(factor: Factor) -> bool:
    return not (factor.primes or factor.transposed or factor.power)


CALL = re.compile(r"(?P<function>\w+(?:\.\w+)+)\(\w+\)")


def formulas_of(
    pages: Iterable[list[page.Part]], book_symbols: dict[str, Symbol]
) -> dict[str, Definition]:
    """The formulas `f(x) = …` of all pages, by the function that each stands for.

    Only those of one argument, in which nothing else has a value of its own:
    they mean the same wherever the function is called.
    """
    found: dict[str, Definition] = {}
    for part in itertools.chain.from_iterable(pages):
        if part.kind == "equation" and "unchecked" not in part.attributes:
            for python, definition in _formulas(part, Knowledge(book_symbols)):
                found.setdefault(python, definition)
    return found


def _formulas(part: page.Part, known: Knowledge) -> Iterator[tuple[str, Definition]]:
    try:
        chains = statements(parse(part.text))
    except FormulaError:
        return  # the check of its own page says where
    for chain, code in zip(chains, codes_of(part, len(chains)), strict=False):
        head = read_head(chain[0], known) if len(chain) > 2 and chain[1] == "=" else None
        if head is None or len(head[1]) != 1:
            continue
        name, parameters, indices = head
        call = CALL.fullmatch(code)
        listed = known.symbols.get(name)
        python = call["function"] if call else listed.python if listed and not code else ""
        fixed = {n for n, s in known.symbols.items() if s.kind in ("index", "count", "function")}
        if python and names_in(chain[2]) <= {*parameters, *fixed, *BUILT_IN, *CONSTANTS}:
            yield python, Definition(name, parameters, indices, chain[2], known.symbols)


def free_indices(trees: list[Any], evaluator: Evaluator) -> list[str]:
    """The indices that no sum runs over, in order of appearance."""
    found: dict[str, None] = {}

    def walk(node: Any, bound: frozenset[str]) -> None:
        if not isinstance(node, Node):
            return
        if node.data in ("sum", "prod"):
            name, *limits = [t for t in node.children[1].children if not isinstance(t, Token)]
            for limit in limits:
                walk(limit, bound)
            walk(node.children[2], bound | {name_of(name)})
        elif node.data in ("greatest", "least"):
            walk(node.children[2], bound | {name_of(node.children[1])})
        elif node.data == "name":
            name = name_of(node)
            if name not in bound and name not in evaluator.bound and evaluator.is_index(name):
                found[name] = None
        else:
            for child in node.children:
                walk(child, bound)

    for tree in trees:
        walk(tree, frozenset())
    return list(found)


def half_a_digit(member: Node | None) -> float:
    """Half a unit in the last digit that a printed number shows."""
    tokens = list(member.scan_values(lambda t: isinstance(t, Token))) if member else []
    if len(tokens) != 1 or tokens[0].type != "NUMBER":
        raise FormulaError(r"\approx wants one printed number on its right")
    decimals = str(tokens[0]).partition(".")[2]
    return 0.5 * 10.0 ** -len(decimals)


def _short(value: Any) -> str:
    text = np.array2string(np.asarray(value), precision=3, separator=", ")
    return text if len(text) < 60 else f"array {np.shape(value)}"


def check_page(
    path: Path,
    resolve: Callable[[str], Any],
    book_symbols: dict[str, Symbol] | None = None,
    root: Path | None = None,
    draws: int = DRAWS,
    formulas: dict[str, Definition] | None = None,
) -> list[Checked]:
    """Checks one Markdown file, the first fault raises; see `PageChecker` and `formulas_of`."""
    found, _ = page.read(path, root)
    where = str(path.relative_to(root)) if root else str(path)
    return PageChecker(found, where, resolve, book_symbols, draws, formulas).check()
