#!/usr/bin/env python3
"""Make ready what a build of the site needs and no commit holds.

    prepare.py              all that is missing or out of date
    prepare.py --missing    only what isn't there; what is out of date may stay

That is every figure of the book and of the labs, light and dark, the fonts,
KaTeX's style sheet, and the style sheet of the palette, in `docs/assets/`.
Where all is ready it takes a fraction of a second. Whatever builds the pages
then finds it there and draws, copies or fetches nothing. What is wrong is said
on the standard output, with an exit status of 1.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import build_figures

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # for `literate`, also where nothing is installed


def main(words: Sequence[str] | None = None) -> int:
    """The command line; the exit status."""
    parser = argparse.ArgumentParser(
        prog="prepare.py", description="Make ready what a build needs."
    )
    parser.add_argument("--missing", action="store_true", help="leave what is out of date")
    options = parser.parse_args(words)
    try:
        prepare(options.missing)
    except (build_figures.FigureError, FileNotFoundError) as error:
        print(error)
        return 1
    return 0


def prepare(only_missing: bool = False) -> None:
    """Fonts, KaTeX, palette, figures."""
    import notebooks
    from figures import palette

    from literate import assets

    assets.copy(ROOT)
    assets.write(ROOT / "docs" / "assets" / "palette.css", palette.css().encode())
    if not (only_missing and build_figures.complete()):
        build_figures.ensure()
    notebooks.draw_figures()


if __name__ == "__main__":
    sys.exit(main())
