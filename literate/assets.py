"""Copies KaTeX and the fonts from `node_modules/` to where the site serves them.

They come from npm by the lock file and are never committed.  A file is
written only when its bytes change, since `mkdocs serve` watches the folder.
"""

from __future__ import annotations

import re
from pathlib import Path

SERIF = "node_modules/@fontsource/source-serif-4"
MONO = "node_modules/@fontsource/source-code-pro"
KATEX = "node_modules/katex/dist"

# family, folder, weights and styles that the pages use
FACES = [
    ("Source Serif 4", SERIF, "400", "normal"),
    ("Source Serif 4", SERIF, "400", "italic"),
    ("Source Serif 4", SERIF, "600", "normal"),
    ("Source Code Pro", MONO, "400", "normal"),
    ("Source Code Pro", MONO, "600", "normal"),
]
SUBSETS = ("latin", "latin-ext", "greek")


def write(path: Path, content: bytes) -> None:
    """Writes only what differs."""
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def copy(root: Path) -> None:
    """Fills docs/assets with KaTeX's style sheet and the fonts."""
    target = root / "docs" / "assets"
    missing = [p for p in (SERIF, MONO, KATEX) if not (root / p).is_dir()]
    if missing:
        raise FileNotFoundError(
            f"{missing[0]} is not installed: run `make setup` (or `npm ci`), see README.md"
        )
    _copy_katex(root / KATEX, target / "katex")
    _copy_fonts(root, target / "fonts")


def _copy_katex(source: Path, target: Path) -> None:
    css = (source / "katex.min.css").read_text(encoding="utf-8")
    # woff2 alone: every browser that runs Material reads it
    css = re.sub(r",url\([^)]*\.(?:woff|ttf)\) format\(\"[^\"]*\"\)", "", css)
    write(target / "katex.min.css", css.encode())
    for font in sorted((source / "fonts").glob("*.woff2")):
        write(target / "fonts" / font.name, font.read_bytes())


def _copy_fonts(root: Path, target: Path) -> None:
    rules = []
    for family, folder, weight, style in FACES:
        sheet = root / folder / f"{weight}{'-italic' if style == 'italic' else ''}.css"
        for block in re.findall(r"@font-face\s*{[^}]*}", sheet.read_text(encoding="utf-8")):
            file = re.search(r"url\(\./files/([\w.-]+\.woff2)\)", block)
            if file is None or not any(f"-{s}-{weight}-" in file[1] for s in SUBSETS):
                continue
            ranges = re.search(r"unicode-range:\s*([^;}]+)", block)
            write(target / file[1], (root / folder / "files" / file[1]).read_bytes())
            rules.append(
                f'@font-face{{font-family:"{family}";font-style:{style};font-weight:{weight};'
                f'font-display:swap;src:url({file[1]}) format("woff2");'
                f"unicode-range:{ranges[1].strip() if ranges else 'U+0-10FFFF'}}}"
            )
    write(target / "fonts.css", "\n".join(rules).encode())
