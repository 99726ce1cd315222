"""Reads the book's dialect of TeX.

`parse` turns TeX into a tree by the grammar in `dialect.lark`; `read_factor`
tells what hangs on a symbol (indices, layers, transposes, powers, primes)
apart.  What a tree is worth is worked out in `evaluate`.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput


class FormulaError(Exception):
    """The formula can't be read or can't be worked out."""


@functools.cache
def _parser() -> Lark:
    grammar = Path(__file__).with_name("dialect.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", propagate_positions=True, maybe_placeholders=False)


def parse(tex: str) -> Tree:
    """The tree of a displayed equation."""
    try:
        tree = _parser().parse(tex)
    except UnexpectedInput as error:
        near = error.get_context(tex, span=25).strip("\n")
        raise FormulaError(f"not in the book's dialect of TeX, here:\n{near}") from None
    for node in tree.iter_subtrees():
        node.data = str(node.data)  # a plain one is compared in no time
    return tree


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
