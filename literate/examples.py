"""Runs the code blocks of a page, in order, in one fresh namespace.

    ```python      runs; prints nothing, or what the next text block shows
    ```pycon       a session: what it prints must be what stands there
    @embed …       the name is imported, as a reader who copies it has it

Other languages are shown only, and must be in `SHOWN_ONLY`.  As a Sybil
parser this is part of the tests; as a command it rewrites the printed
results of a page after a change:

    python -m literate.examples docs/chapters/02-the-perceptron.md
"""

from __future__ import annotations

import ast
import doctest
import io
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from literate import page
from literate.errors import PageError
from literate.page import session_code

RUN = ("python", "pycon")
SHOWN_ONLY = ("text", "console", "markdown", "tex", "toml", "yaml")


def language(part: page.Part) -> str:
    """The language of a fence: its first word, or its first class."""
    info = part.attributes["info"]
    match = re.match(r"\{\s*\.(\w+)|(\w+)", info)
    return (match[1] or match[2]) if match else ""


def blocks(path: Path) -> list[page.Part]:
    """The fences and embeds of a page; a language nobody knows is an error."""
    found, _ = page.read(path)
    found = [p for p in found if p.kind in ("fence", "embed")]
    for part in found:
        if part.kind == "fence" and language(part) not in RUN + SHOWN_ONLY:
            raise PageError(
                f"a block of {language(part) or 'no language'}: one of {RUN + SHOWN_ONLY}",
                str(path), part.line,
            )  # fmt: skip
    return found


def run(part: page.Part, path: Path, namespace: dict[str, Any]) -> str:
    """Runs one block; returns what is wrong, or nothing."""
    if part.kind == "embed":
        module, _, name = part.text.rpartition(".")
        while module and "part" not in part.attributes:
            try:
                exec(f"from {module} import {name}", namespace)
                break
            except ImportError:  # a method: import its class
                module, _, name = module.rpartition(".")
        return ""
    if language(part) == "python":
        source = "\n" * part.line + part.text
        exec(compile(source, str(path), "exec", dont_inherit=True), namespace)
        return ""
    if language(part) == "pycon":
        return run_session(part.text, path, part.line, namespace)
    return ""


def run_session(text: str, path: Path, line: int, namespace: dict[str, Any]) -> str:
    """Runs a session and compares what it prints."""
    examples = doctest.DocTestParser().get_examples(text + "\n", str(path))
    if not examples:
        return f"{path}:{line}: a session without >>>"
    # A name of its own, or tracebacks look for their lines in the wrong block.
    test = doctest.DocTest(examples, {}, f"{path}:{line}", str(path), line, None)
    test.globs = namespace  # shared with the blocks before and after
    wrong = io.StringIO()
    runner = doctest.DocTestRunner(verbose=False)
    runner.run(test, out=wrong.write, clear_globs=False)
    return wrong.getvalue()


def sybil_parser(document: Any) -> Iterator[Any]:
    """One region per block, for Sybil."""
    from sybil import Region

    path = Path(document.path)
    starts = [0]
    for line in document.text.split("\n"):
        starts.append(starts[-1] + len(line) + 1)
    above = page.front_matter(document.text.splitlines())
    for part in blocks(path):
        if part.kind == "fence" and language(part) not in RUN:
            continue
        first, last = part.first + above, part.last + above

        def evaluate(example: Any, part: page.Part = part) -> str | None:
            return run(part, path, example.namespace) or None

        yield Region(starts[first], starts[last + 1] - 1, part, evaluate)


# --- rewriting printed results -------------------------------------------


def update(path: Path) -> bool:
    """Rewrites what the sessions of a page print; says whether it changed."""
    _, lines = page.read(path)
    above = page.front_matter(lines)
    namespace: dict[str, Any] = {"__name__": "__main__"}
    new = list(lines)
    shift = above
    for part in blocks(path):
        if part.kind == "fence" and language(part) == "pycon":
            body = [part.indent + t if t else "" for t in _session(part.text, namespace)]
            first, last = part.first + 1 + shift, part.last + shift
            shift += len(body) - (last - first)
            new[first:last] = body
        else:
            run(part, path, namespace)
    text = "\n".join(new) + "\n"
    changed = text != path.read_text(encoding="utf-8")
    if changed:
        path.write_text(text, encoding="utf-8")
    return changed


def _session(text: str, namespace: dict[str, Any]) -> list[str]:
    lines: list[str] = []
    for example in doctest.DocTestParser().get_examples(text + "\n"):
        shown = example.source.rstrip("\n").split("\n")
        lines += [f">>> {shown[0]}", *(f"... {t}".rstrip() for t in shown[1:])]
        printed = io.StringIO()
        with redirect_stdout(printed):
            try:
                exec(compile(example.source, "<session>", "single"), namespace)
            except Exception as error:
                printed.write("Traceback (most recent call last):\n  ...\n")
                printed.write("".join(traceback.format_exception_only(error)))
        lines += printed.getvalue().rstrip("\n").split("\n") if printed.getvalue() else []
    return lines


def parses(text: str) -> bool:
    """Whether a session's code, as it is copied, is Python."""
    try:
        ast.parse(session_code(text))
    except SyntaxError:
        return False
    return True


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(name, "rewritten" if update(Path(name)) else "unchanged")
