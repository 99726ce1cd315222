"""The page's fonts in the figures: found by matplotlib, embedded in the SVG.

A figure is shown as an image and can't use the fonts of the page around it.
So each SVG carries, as data, exactly the glyphs that its words need.
"""

from __future__ import annotations

import base64
import hashlib
import io
import logging
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from matplotlib import font_manager

# KaTeX's fonts carry no date, which is what one wants of a build.
logging.getLogger("fontTools.ttLib.tables._h_e_a_d").setLevel(logging.ERROR)

ROOT = Path(__file__).resolve().parents[2]
NODE_MODULES = ROOT / "node_modules"
CACHE = ROOT / ".cache" / "fonts"

PROSE = "Source Serif 4"
UPRIGHT = "KaTeX_Main"
ITALIC = "KaTeX_Math"

_SERIF = NODE_MODULES / "@fontsource" / "source-serif-4" / "files"
_KATEX = NODE_MODULES / "katex" / "dist" / "fonts"

# (family, style) as SVG and matplotlib name a face, and the file it is in.
FACES = {
    (PROSE, "normal"): _SERIF / "source-serif-4-latin-400-normal.woff",
    (PROSE, "italic"): _SERIF / "source-serif-4-latin-400-italic.woff",
    (UPRIGHT, "normal"): _KATEX / "KaTeX_Main-Regular.ttf",
    (ITALIC, "italic"): _KATEX / "KaTeX_Math-Italic.ttf",
}

# matplotlib asks for the combining accent; KaTeX_Main has the spacing one,
# which is also what must stand in the SVG: a combining character in a place
# of its own would be drawn on a dotted circle.
SPACING_ACCENTS = {
    "\u0300": "\u02cb",  # grave
    "\u0301": "\u02ca",  # acute
    "\u0302": "\u02c6",  # circumflex, the hat of ŷ
    "\u0303": "\u02dc",  # tilde
    "\u0304": "\u02c9",  # macron, the bar of x̄
}


class MissingGlyph(ValueError):
    """A label holds a character that its font can't draw."""


def register() -> None:
    """Make the faces known to matplotlib, converting them once."""
    known = {entry.fname for entry in font_manager.fontManager.ttflist}
    for face in FACES:
        path = str(_installed(face))
        if path not in known:
            font_manager.fontManager.addfont(path)


def font_face_rules(used: Mapping[tuple[str, str], set[str]]) -> str:
    """CSS that embeds the characters `used`, by (family, style)."""
    return "".join(
        f"@font-face{{font-family:'{family}';font-style:{style};"
        "src:url(data:font/woff2;base64,"
        f"{_embedded((family, style), ''.join(sorted(characters)))}"
        ") format('woff2')}"
        for (family, style), characters in sorted(used.items())
    )


@cache
def characters(face: tuple[str, str]) -> dict[str, float]:
    """The characters of a face, with their advance as a part of its size."""
    font = TTFont(_installed(face))
    scale = font["head"].unitsPerEm
    widths = font["hmtx"]
    return {
        chr(code): widths[glyph][0] / scale
        for code, glyph in font.getBestCmap().items()
    }


@cache
def _installed(face: tuple[str, str]) -> Path:
    """The face as a TrueType file that matplotlib reads, in the cache."""
    try:
        source = FACES[face]
    except KeyError:
        raise MissingGlyph(
            f"no font file is known for {face[0]!r}, {face[1]}"
        ) from None
    if not source.is_file():
        raise FileNotFoundError(
            f"{source.relative_to(ROOT)} is missing: install the fonts first "
            "(npm ci)"
        )
    content = source.read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:12]
    target = CACHE / f"{source.stem}-{digest}.ttf"
    if not target.is_file():
        font = TTFont(io.BytesIO(content), recalcTimestamp=False)
        font.flavor = None
        for table in font["cmap"].tables:
            if table.isUnicode():
                for combining, spacing in SPACING_ACCENTS.items():
                    if ord(spacing) in table.cmap:
                        table.cmap[ord(combining)] = table.cmap[ord(spacing)]
        CACHE.mkdir(parents=True, exist_ok=True)
        partial = target.with_suffix(f".{os.getpid()}")
        font.save(partial)
        partial.replace(target)
    return target


@cache
def _embedded(face: tuple[str, str], needed: str) -> str:
    """A subset of the face with the characters `needed`: woff2 in base64."""
    missing = sorted(set(needed) - set(characters(face)))
    if missing:
        names = ", ".join(f"{c!r} (U+{ord(c):04X})" for c in missing)
        raise MissingGlyph(f"{face[0]} ({face[1]}) has no glyph for {names}")
    options = subset.Options(
        flavor="woff2",
        hinting=False,
        layout_features=["kern", "mark", "ccmp", "locl"],
        name_IDs=[],
        notdef_outline=True,
        recalc_timestamp=False,
    )
    font = TTFont(_installed(face), recalcTimestamp=False)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=needed)
    subsetter.subset(font)
    font.flavor = "woff2"
    buffer = io.BytesIO()
    font.save(buffer)
    return base64.b64encode(buffer.getvalue()).decode("ascii")
