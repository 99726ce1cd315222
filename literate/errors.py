"""The one exception: something on a page is wrong, at this file and line."""

from __future__ import annotations

try:  # MkDocs shows its own BuildError as one line instead of a traceback
    from mkdocs.exceptions import BuildError as _Base
except ImportError:  # usable without MkDocs
    _Base = Exception


class PageError(_Base):
    """A fault of the text, named by file and line."""

    def __init__(self, message: str, where: str = "", line: int = 0):
        self.text, self.where, self.line = message, where, line
        place = f"{where}:{line}: " if where and line else ""
        super().__init__(f"{place}{message}")
