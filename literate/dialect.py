"""Reads the book's dialect of TeX.

`parse` turns TeX into a tree by the grammar in `dialect.lark`; `read_factor`
tells what hangs on a symbol (indices, layers, transposes, powers, primes)
apart.  What a tree is worth is worked out in `evaluate`.  Notation that would
be read as something else than it means is refused here, with what to write.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput, UnexpectedToken


class Node(Tree[Any]):
    """A part of a formula; what is found out about it is kept, once is enough."""

    children: list[Any]  # nodes and tokens
    named: str | None = None
    mentions: frozenset[str] | None = None
    read_as: Factor | None = None

    def every(self, kind: str) -> Iterator[Node]:
        """All nodes of a kind, this one included."""
        return cast("Iterator[Node]", self.find_data(kind))


class FormulaError(Exception):
    """The formula can't be read or can't be worked out."""

    row = 0  # the line of the formula, from 1, where that is known


class WrongFormula(FormulaError):
    """It was read and worked out, and it doesn't hold."""


@functools.cache
def _parser() -> Lark:
    grammar = Path(__file__).with_name("dialect.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", propagate_positions=True, maybe_placeholders=False,
                tree_class=Node)  # fmt: skip


@functools.lru_cache(maxsize=4096)
def parse(tex: str) -> Node:
    """The tree of a displayed equation."""
    _refuse_gaps(tex)
    try:
        tree = cast("Node", _parser().parse(tex))
    except UnexpectedInput as error:
        raise _unread(tex, error) from None
    for node in tree.iter_subtrees():
        node.data = str(node.data)  # a plain one is compared in no time
    for node in tree.iter_subtrees():
        _refuse_quotient(cast("Node", node))
    return tree


# --- what is refused ---------------------------------------------------------

# What foreign TeX holds most often, and what stands for it here.
INSTEAD = [
    (r"[.,;]\s*(?:\\end|$)", "the sentence's full stop or comma stands outside the formula"),
    (r"\\\|", r"a norm is \lVert x \rVert"),
    (r"\|", r"a norm is \lVert x \rVert, a size \lvert x \rvert; a condition can't be written"),
    (r"\\frac(?![{])", r"a fraction has braces: \frac{a}{b}"),
    (r"\\frac\{(?:\\partial|\\mathrm\{d\})[^{}]*",
     r"write \frac{\partial E}{\partial w} or \frac{\partial}{\partial w} before the rest"),
    (r"\\[dt]frac", r"a fraction is \frac{a}{b}"),
    (r"\\[lc]?dots", "dots can't be worked out: write a sum over an index"),
    (r"\\(?:mathbb|mathbf|mbox|textrm|textbf|textit|bm|bf|rm|it)(?![A-Za-z])",
     r"a name is a letter, or \operatorname{…}, or has an index \text{…}"),
    (r":=|\\equiv|\\triangleq|\\coloneqq", "a definition is written with ="),
    (r"\\(?:to|gets|mapsto)(?![A-Za-z])", r"an update is written with \leftarrow"),
    (r"\\begin\{(?:align|eqnarray|gather|split|equation)", r"several lines are \begin{aligned}"),
    (r"\\begin\{[bvBV]?(?:matrix|array)", r"a matrix is \begin{pmatrix}"),
    (r"\\nabla", r"a gradient is \nabla_w: with respect to what?"),
    (r"\\in(?![A-Za-z])", "which values a symbol takes is said by a table of symbols"),
    (r"\\int", "an integral can't be worked out"),
    (r"\*", r"a product is \cdot"),
    (r"\\(?:label|tag|nonumber)", "the number comes from the id after $$"),
    (r"\\[lr]?[vV]ert", r"a norm is \lVert x \rVert"),
]  # fmt: skip
# What the parser waits for, in words; the first of each group stands for all.
WORDS = [
    ({"LETTER", "GREEK", "NAMED", "NUMBER", "ACCENT", "LABEL"}, "a symbol or a number"),
    ({"RELATION"}, "= or another relation"),
    ({"CDOT", "ODOT", "TIMES", "SLASH"}, "a product"),
    ({"PLUS", "MINUS"}, "+ or -"),
    ({"CIRCUMFLEX"}, "^"),
    ({"UNDERSCORE"}, "an index"),
    ({"RPAR"}, ")"), ({"RSQB"}, "]"), ({"RBRACE"}, "}"), ({"LBRACE"}, "{"), ({"LPAR"}, "("),
    ({"NEWLINE"}, r"\\"), ({"$END"}, "the end"), ({"AMPERSAND", "BOOL_AND"}, "&"),
]  # fmt: skip


def _unread(tex: str, error: UnexpectedInput) -> FormulaError:
    """What stands where, what was expected, and what to write instead."""
    near = error.get_context(tex, span=25).strip("\n")
    names = error.accepts or error.expected if isinstance(error, UnexpectedToken) else None
    wanted = set(names or getattr(error, "allowed", None) or ())
    words = [word for names, word in WORDS if names & wanted]
    text = f"not in the book's dialect of TeX, here:\n{near}\nexpected "
    text += f"{', '.join(words[:-1])}{' or ' if words[1:] else ''}{''.join(words[-1:])}"
    at = error.pos_in_stream or 0
    before, rest = tex[:at], tex[at:] if at >= 0 else ""
    for pattern, hint in INSTEAD:
        if re.match(pattern, rest) or re.search(rf"(?:{pattern})\W*$", before):
            text += f"; {hint}"
            break
    found = FormulaError(text)
    found.row = max(getattr(error, "line", 0), 0)
    return found


GAP = re.compile(r"\\q?quad(?![A-Za-z])")
ROW_BEGINS = re.compile(r"(?:^|&|\\\\(?:\[[^\]]*\])?|[{=<>]|\\q?quad)\s*$")
ROW_GOES_ON = re.compile(
    r"\s*(?:&|\\\\|$|=|<|>|\\(?:text\{\s*(?:if|otherwise)|(?:approx|q?quad|[lgn]eq?)(?![a-z])))"
)


def _refuse_gaps(tex: str) -> None:
    """Wide space between two formulas would be read as a product of the two."""
    for gap in GAP.finditer(tex):
        if not ROW_BEGINS.search(tex[: gap.start()]) and not ROW_GOES_ON.match(tex, gap.end()):
            raise _at_row(
                FormulaError(rf"{gap[0]} between two formulas: a line of `aligned` for each"),
                tex.count("\n", 0, gap.start()) + 1,
            )


def _at_row(error: FormulaError, row: int) -> FormulaError:
    error.row = row
    return error


def row_of(tree: Any) -> int:
    """The line of the formula that a tree stands in; 0 where it isn't known."""
    return getattr(getattr(tree, "meta", None), "line", 0)


LEIBNIZ = ("d", "D", r"\delta", r"\Delta")


def _refuse_quotient(node: Node) -> None:
    """`\\frac{dq}{dx}` is no product of d and q, and `a / b c` could be two things."""
    if node.data == "fraction":
        above, below = (_first_name(side) for side in node.children)
        if above == below and above in LEIBNIZ and _is_long(node.children[1]):
            raise _at_row(
                FormulaError(
                    rf"\frac{{{above} …}}{{{above} …}}: a derivative is "
                    r"\frac{\mathrm{d} q}{\mathrm{d} x} or \frac{\partial q}{\partial x}"
                ),
                row_of(node),
            )
    if node.data == "product":
        kinds = [c.children[0] if c.data == "operator" else "" for c in node.children]
        for first, after in zip(kinds, kinds[2:], strict=False):
            if first == "/" and not after:
                raise _at_row(
                    FormulaError("a / b c: is c above or below? use brackets or \\frac"),
                    row_of(node),
                )


def _first_name(tree: Node) -> str:
    """The name that a product begins with, if nothing but a power hangs on it."""
    if tree.data != "product" or tree.children[0].data != "factor":
        return ""
    factor = read_factor(tree.children[0])
    plain = not (factor.indices or factor.primes or factor.transposed)
    return factor.name or "" if plain else ""


def _is_long(tree: Node) -> bool:
    return len(tree.children) > 1 and tree.children[1].data == "factor"


def statements(tree: Node) -> list[list[Any]]:
    """Each statement as expression, relation, expression, …

    A line of an `aligned` that begins with a relation goes on with the
    statement above it.
    """
    body = tree.children
    if len(body) == 1 and isinstance(body[0], Node) and body[0].data == "aligned":
        body = body[0].children
    found: list[list[Any]] = []
    for node in body:
        if not isinstance(node, Node):
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


def name_of(tree: Node) -> str:
    """The canonical name of a symbol: `w`, `\\sigma`, `\\hat{y}`, `softmax`."""
    if tree.named is None:
        tree.named = _name_of(tree)
    return tree.named


def _name_of(tree: Node) -> str:
    if tree.data == "accent":
        return f"{tree.children[0]}{{{tree.children[1]}}}"
    node = tree.children[0]
    if isinstance(node, Node):
        return name_of(node)
    if match := re.match(r"\\(?:operatorname|mathrm)\{(.*)\}", node):
        return match[1].strip()
    return str(node[1:] if node.type == "NAMED" else node)


def names_in(tree: Node) -> frozenset[str]:
    """All symbols that an expression mentions."""
    if tree.mentions is None:
        tree.mentions = frozenset(name_of(node) for node in tree.every("name"))
    return tree.mentions


@dataclass
class Factor:
    """A base with what hangs on it, sorted by meaning."""

    base: Node
    name: str | None = None
    indices: list[Node] = field(default_factory=list)
    power: Node | None = None
    transposed: bool = False
    primes: int = 0
    layers: frozenset[str] = frozenset()  # the letters in `W^{(l)}`
    which: str = ""  # of a norm: "F", "1", "2", `\\infty`


def read_factor(tree: Node) -> Factor:
    """Tells indices, powers, transposes, primes, stars and labels apart."""
    if tree.read_as is not None:
        return tree.read_as
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


def _read_subscript(factor: Factor, node: Node | Token) -> None:
    if factor.transposed:
        raise FormulaError(
            r"an index after a transpose: of what? write x_i^\top or (X^\top)_{ij}"
        )
    if factor.base.data == "norm":
        factor.which = _text(node)
        return
    if label := _label_of(node):
        _add_to_name(factor, f"_{{{label}}}")
        return
    if isinstance(node, Token) and len(node) > 1:
        raise FormulaError(f"_{node} reads as two digits in TeX: write _{{{node}}}")
    is_list = isinstance(node, Node) and node.data == "indices"
    parts: list[Node | Token] = node.children if is_list else [node]  # type: ignore[union-attr]
    for part in parts:
        letters = _letters(part)
        if len(letters) == 1 and (label := _label_of(letters[0])):
            _add_to_name(factor, f"_{{{label}}}")
        else:
            factor.indices += letters or [cast("Node", part)]


def _add_to_name(factor: Factor, mark: str) -> None:
    if factor.name is None:
        raise FormulaError(f"{mark} stands on symbols only")
    factor.name += mark


def _text(node: Node | Token) -> str:
    """All that stands in a tree, without braces and fonts."""
    tokens = [node] if isinstance(node, Token) else node.scan_values(lambda t: isinstance(t, Token))
    return "".join(_label(token) for token in tokens)


def _label_of(node: Node | Token) -> str:
    """The words of `\\text{new}`; nothing for a letter."""
    if not isinstance(node, Node) or node.data != "name":
        return ""
    token = node.children[0]
    is_label = isinstance(token, Token) and token.type in ("LABEL", "NAMED")
    return _label(token) if is_label else ""


def _label(token: Token) -> str:
    return re.sub(r"^\\\w+\{(.*)\}$", r"\1", token).strip()


def _letters(tree: Node | Token) -> list[Node]:
    """`ij` is two indices; `l-1` is one, for which nothing is returned."""
    if isinstance(tree, Token):
        return [Node("number", [tree])]
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
        _add_to_name(factor, "^*")
    elif isinstance(node, Token) and len(node) > 1:
        raise FormulaError(f"^{node} reads as two digits in TeX: write ^{{{node}}}")
    elif paren := _lone(node, "paren"):
        _name_layer(factor, paren.children[0])
    elif _lone(node, "bracket"):
        raise FormulaError("^{[l]} would be a power: a layer stands in round brackets, ^{(l)}")
    elif factor.power is not None:
        raise FormulaError("a power of a power: use brackets")
    else:
        factor.power = Node("number", [node]) if isinstance(node, Token) else node


def _name_layer(factor: Factor, layer: Node) -> None:
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
    factor.layers |= names_in(layer)


def _lone(node: Any, kind: str) -> Node | None:
    while isinstance(node, Node) and node.data in ("product", "factor") and len(node.children) == 1:
        node = node.children[0]
    return node if isinstance(node, Node) and node.data == kind else None


def as_factor(tree: Node) -> Factor | None:
    """The tree as a single factor, if it is one."""
    while isinstance(tree, Node) and tree.data == "product" and len(tree.children) == 1:
        tree = tree.children[0]
    if isinstance(tree, Node) and tree.data == "factor":
        return read_factor(tree)
    return None
