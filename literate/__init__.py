"""What makes the book literate: code and equations that the page shows and the
tests run are one and the same text.

`page` reads a Markdown page into its parts, `embed` cuts source out of a
package by qualified name, `katex` renders formulas, `extension` puts all of it
on the page, `site` ties it to MkDocs.  The tests execute the TeX of a page:
`dialect` reads it, `evaluate` works it out with `arithmetic` and `derivatives`,
`equations` says where it is wrong; only these need autograd.  Nothing here
imports the package that the book shows: source is read with `ast`, and who
wants functions called passes a `resolve` function in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from literate.extension import LiterateExtension


def makeExtension(**kwargs: Any) -> LiterateExtension:
    """The Markdown extension under the package's own name."""
    from literate.extension import LiterateExtension

    return LiterateExtension(**kwargs)
