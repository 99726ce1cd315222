"""The one exception: something on a page is wrong, at this file and line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    Base = Exception
else:
    try:  # MkDocs shows its own BuildError as one line instead of a traceback
        from mkdocs.exceptions import BuildError as Base
    except ImportError:  # usable without MkDocs
        Base = Exception


class PageError(Base):
    """A fault of the text, named by file and line."""

    def __init__(self, message: str, where: str = "", line: int = 0):
        self.text, self.where, self.line = message, where, line
        place = f"{where}:{line}: " if where and line else ""
        super().__init__(f"{place}{message}")
