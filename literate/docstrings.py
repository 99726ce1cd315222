"""Turns the package's docstrings into Markdown for the reference pages.

A docstring is one sentence, then paragraphs that begin with a word and a
colon (Formula, Shapes, Errors, Source …), then a session.  On the page the
labels are set bold and the session becomes a code block.
"""

from __future__ import annotations

import html
import re
import textwrap
from typing import Any

import griffe

LABEL = re.compile(r"^(Formula|Shapes?|Units?|Errors?|Source|Fitted|Note): ", re.MULTILINE)


def to_markdown(text: str) -> str:
    """The docstring's text as Markdown."""
    blocks = []
    for block in re.split(r"\n[ \t]*\n", textwrap.dedent(text).strip()):
        if block.lstrip().startswith(">>> "):
            blocks.append(f"```pycon\n{textwrap.dedent(block)}\n```")
        else:
            # Each label begins a paragraph; brackets and stars are literal.
            literal = re.sub(r"([*_])", r"\\\1", html.escape(block, quote=False))
            literal = literal.replace("[", "&#91;").replace("]", "&#93;")
            blocks.append(LABEL.sub(r"\n**\1.** ", literal).strip())
    return "\n\n".join(blocks)


class Docstrings(griffe.Extension):
    """The hook of the reference's source reader."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrites the docstring of every function, class and module."""
        if obj.docstring:
            obj.docstring.value = to_markdown(obj.docstring.value)
