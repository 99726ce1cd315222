"""Cuts a function, class, method or marked part out of a package's source.

The package is never imported: its files are read with `ast`, so that what the
page shows is what stands in the file, and a name that no longer exists is an
error and not an empty block.

A part of a longer function is marked in the source by two comments,

    # part: update
    …
    # end: update
"""

from __future__ import annotations

import ast
import re
import textwrap
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import cast

Holder = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


class UnknownName(LookupError):
    """The name, or the part, does not stand in the source."""


@dataclass(frozen=True)
class Source:
    """Source as a page shows it, and what a reader needs above it."""

    name: str
    path: Path
    line: int  # where it starts in the file
    code: str  # without the docstring
    docstring: str
    full: str  # with the docstring
    imports: str  # the lines it needs to run on its own
    module: str  # the module's qualified name
    kind: str  # "function", "class", "method", "constant"


def find(name: str, root: Path, part: str | None = None) -> Source:
    """The source of `package.module.name` below the folder `root`."""
    path, module, names = _locate(name, root)
    text, tree = _parse(path, path.stat().st_mtime_ns)
    node, above = _descend(tree, names, name)
    lines = text.splitlines()
    first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
    shown = lines[first - 1 : node.end_lineno]
    full = textwrap.dedent("\n".join(shown))
    if part is not None:
        full = code = _part(shown, part, name)
        first += 1 + next(i for i, t in enumerate(shown) if _mark("part", part, t))
        docstring = ""
    else:
        full = _without_marks(full)
        code, docstring = _split_docstring(full)
    kind = "class" if isinstance(node, ast.ClassDef) else "constant"
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        kind = "method" if above else "function"
    return Source(
        name, path, first, code, docstring, full,
        _imports(tree, node, module, names[0]), module, kind,
    )  # fmt: skip


def _locate(name: str, root: Path) -> tuple[Path, str, list[str]]:
    """The file of a qualified name, its module, and the names inside it."""
    words = name.split(".")
    for cut in range(len(words) - 1, 0, -1):
        path = root.joinpath(*words[:cut])
        for candidate in (path.with_suffix(".py"), path / "__init__.py"):
            if candidate.is_file():
                return candidate, ".".join(words[:cut]), words[cut:]
    raise UnknownName(f"no module of this project holds {name!r}")


@lru_cache(maxsize=256)
def _parse(path: Path, _changed: int) -> tuple[str, ast.Module]:
    text = path.read_text(encoding="utf-8")
    return text, ast.parse(text, str(path))


def _descend(tree: ast.Module, names: list[str], name: str) -> tuple[ast.stmt, bool]:
    body, found, above = tree.body, None, None
    for word in names:
        below = {n: child for child in body for n in _defines(child)}
        if word not in below:
            raise UnknownName(f"{name!r} does not exist{_nearest(word, below)}")
        above, found = found, below[word]
        body = found.body if isinstance(found, Holder) else []
        if not body and word != names[-1]:
            raise UnknownName(f"{name!r} does not exist: {word!r} holds no names")
    return cast("ast.stmt", found), isinstance(above, ast.ClassDef)


def _defines(node: ast.stmt) -> list[str]:
    if isinstance(node, Holder):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [t.id for t in node.targets if isinstance(t, ast.Name)]
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return [node.target.id]
    return []


def _nearest(word: str, known: dict[str, ast.stmt]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _split_docstring(text: str) -> tuple[str, str]:
    """The source without its docstring, and the docstring."""
    node = ast.parse(text).body[0]
    docstring = ast.get_docstring(node) if isinstance(node, Holder) else None
    if docstring is None or not isinstance(node, Holder) or len(node.body) < 2:
        return text, docstring or ""
    lines = text.splitlines()
    quoted = node.body[0]
    rest = lines[quoted.end_lineno :]
    while rest and not rest[0].strip():
        rest.pop(0)
    return "\n".join(lines[: quoted.lineno - 1] + rest), docstring


def _mark(word: str, part: str, line: str) -> bool:
    return re.fullmatch(rf"\s*#\s*{word}:\s*{re.escape(part)}\s*", line) is not None


def _without_marks(text: str) -> str:
    marks = re.compile(r"\s*#\s*(part|end):\s*\S+\s*")
    return "\n".join(t for t in text.splitlines() if not marks.fullmatch(t))


def _part(lines: list[str], part: str, name: str) -> str:
    starts = [i for i, line in enumerate(lines) if _mark("part", part, line)]
    ends = [i for i, line in enumerate(lines) if _mark("end", part, line)]
    if len(starts) != 1 or len(ends) != 1 or ends[0] <= starts[0]:
        raise UnknownName(
            f"{name!r} must mark the part {part!r} once: found "
            f"{len(starts)} × '# part: {part}' and {len(ends)} × '# end: {part}'"
        )
    inside = "\n".join(lines[starts[0] + 1 : ends[0]])
    return _without_marks(textwrap.dedent(inside))


def _imports(tree: ast.Module, node: ast.stmt, module: str, own: str) -> str:
    """The import lines that the names used in `node` come from."""
    used = {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}
    needed, here = [], []
    for statement in tree.body:
        if isinstance(statement, ast.Import):
            names = [a for a in statement.names if (a.asname or a.name.split(".")[0]) in used]
            if names:
                needed.append(ast.unparse(ast.Import(names)))
        elif isinstance(statement, ast.ImportFrom):
            names = [a for a in statement.names if (a.asname or a.name) in used]
            if names:
                needed.append(ast.unparse(ast.ImportFrom(statement.module, names, statement.level)))
        else:
            here += [n for n in _defines(statement) if n in used and n != own]
    if here:
        needed.append(f"from {module} import {', '.join(sorted(set(here)))}")
    return "\n".join(needed)
