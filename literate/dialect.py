"""Reads the book's dialect of TeX.

`parse` turns TeX into a tree by the grammar in `dialect.lark`; `read_factor`
tells what hangs on a symbol (indices, layers, transposes, powers, primes)
apart.  What a tree is worth is worked out in `evaluate`.  Notation that would
be read as something else than it means is refused here, with what to write.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken


class FormulaError(Exception):
    """The formula can't be read or can't be worked out."""

    row = 0  # the line of the formula, from 1, where that is known


class WrongFormula(FormulaError):
    """It was read and worked out, and it doesn't hold."""


@functools.cache
def _parser() -> Lark:
    grammar = Path(__file__).with_name("dialect.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", propagate_positions=True, maybe_placeholders=False)


@functools.lru_cache(maxsize=4096)
def parse(tex: str) -> Tree:
    """The tree of a displayed equation."""
    _refuse_gaps(tex)
    try:
        tree = _parser().parse(tex)
    except UnexpectedInput as error:
        raise _unread(tex, error) from None
    for node in tree.iter_subtrees():
        node.data = str(node.data)  # a plain one is compared in no time
    for node in tree.iter_subtrees():
        _refuse_quotient(node)
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
    wanted: set[str] = set()
    if isinstance(error, UnexpectedToken):
        wanted = set(error.accepts or error.expected)
    elif isinstance(error, UnexpectedCharacters):
        wanted = set(error.allowed or ())
    words = [word for names, word in WORDS if names & wanted]
    text = f"not in the book's dialect of TeX, here:\n{near}"
    if words:
        text += f"\nexpected {', '.join(words[:-1])}{' or ' if words[1:] else ''}{words[-1]}"
    at = error.pos_in_stream
    rest = tex[at:] if at is not None and at >= 0 else ""
    before = tex[: at or 0]
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


def _refuse_quotient(node: Tree) -> None:
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


def _first_name(tree: Tree) -> str:
    """The name that a product begins with, if nothing but a power hangs on it."""
    if tree.data != "product" or tree.children[0].data != "factor":
        return ""
    factor = read_factor(tree.children[0])
    plain = not (factor.indices or factor.primes or factor.transposed)
    return factor.name or "" if plain else ""


def _is_long(tree: Tree) -> bool:
    return len(tree.children) > 1 and tree.children[1].data == "factor"


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


def name_of(tree: Tree) -> str:
    """The canonical name of a symbol: `w`, `\\sigma`, `\\hat{y}`, `softmax`."""
    if (known := getattr(tree, "named", None)) is None:
        known = tree.named = _name_of(tree)
    return known


def _name_of(tree: Tree) -> str:
    if tree.data == "accent":
        return f"{tree.children[0]}{{{tree.children[1]}}}"
    node = tree.children[0]
    if isinstance(node, Tree):
        return name_of(node)
    if match := re.match(r"\\(?:operatorname|mathrm)\{(.*)\}", node):
        return match[1].strip()
    if node.type == "NAMED":
        return node[1:]
    return str(node)


def names_in(tree: Tree) -> frozenset[str]:
    """All symbols that an expression mentions."""
    if (known := getattr(tree, "mentions", None)) is None:
        names = (name_of(node) for node in tree.find_data("name"))
        known = tree.mentions = frozenset(names)
    return known


@dataclass
class Factor:
    """A base with what hangs on it, sorted by meaning."""

    base: Tree
    name: str | None = None
    indices: list[Tree] = field(default_factory=list)
    power: Tree | None = None
    transposed: bool = False
    primes: int = 0
    layers: frozenset[str] = frozenset()  # the letters in `W^{(l)}`
    which: str = ""  # of a norm: "F", "1", "2", `\\infty`


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
    if factor.transposed:
        raise FormulaError(
            r"an index after a transpose: of what? write x_i^\top or (X^\top)_{ij}"
        )
    if factor.base.data == "norm":
        factor.which = _text(node)
        return
    if _is_label(node):
        _add_to_name(factor, f"_{{{_label(node.children[0])}}}")
        return
    if isinstance(node, Token) and len(node) > 1:
        raise FormulaError(f"_{node} reads as two digits in TeX: write _{{{node}}}")
    for part in node.children if getattr(node, "data", "") == "indices" else [node]:
        letters = _letters(part)
        if len(letters) == 1 and _is_label(letters[0]):
            _add_to_name(factor, f"_{{{_label(letters[0].children[0])}}}")
        else:
            factor.indices += letters or [part]


def _add_to_name(factor: Factor, mark: str) -> None:
    if factor.name is None:
        raise FormulaError(f"{mark} stands on symbols only")
    factor.name += mark


def _text(node: Tree | Token) -> str:
    """All that stands in a tree, without braces and fonts."""
    tokens = [node] if isinstance(node, Token) else node.scan_values(lambda t: isinstance(t, Token))
    return "".join(_label(token) for token in tokens)


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
    factor.layers |= names_in(layer)


def _lone(node: Any, kind: str) -> Tree | None:
    while isinstance(node, Tree) and node.data in ("product", "factor") and len(node.children) == 1:
        node = node.children[0]
    return node if isinstance(node, Tree) and node.data == kind else None


def as_factor(tree: Tree) -> Factor | None:
    """The tree as a single factor, if it is one."""
    while isinstance(tree, Tree) and tree.data == "product" and len(tree.children) == 1:
        tree = tree.children[0]
    if isinstance(tree, Tree) and tree.data == "factor":
        return read_factor(tree)
    return None
