"""From a drawn figure to the bytes of an SVG that can stand in the page.

matplotlib writes the SVG; here it is cleaned: words are kept as words, the
fonts they need are embedded, and whatever would change from one run to the
next (dates, random ids) is left out, so that drawing twice gives the same
bytes.
"""

from __future__ import annotations

import io
import re
import warnings
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import matplotlib as mpl

from figures import Figure, fonts
from figures.palette import SCHEMES, Palette

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"

WIDTH = 640  # of every figure, in units of its viewBox
TEXT = 18  # font size of every word, in the same units
SMALLEST_TEXT = 9 * WIDTH / 328  # 9 px where a phone of 360 px shows it
HALO = "halo"  # gid of labels that need the page's colour around them

ET.register_namespace("", SVG)
ET.register_namespace("xlink", XLINK)


def style(theme: Palette) -> dict[str, Any]:
    """The settings of matplotlib under which every figure is drawn."""
    return {
        "svg.fonttype": "none",
        "svg.hashsalt": "nnlit",
        "path.simplify": True,
        "font.family": fonts.PROSE,
        "font.size": TEXT,
        "text.color": theme.ink,
        "text.hinting": "none",
        "mathtext.fontset": "custom",
        "mathtext.rm": fonts.UPRIGHT,
        "mathtext.it": f"{fonts.ITALIC}:italic",
        "mathtext.bf": fonts.UPRIGHT,
        "mathtext.bfit": f"{fonts.ITALIC}:italic",
        "mathtext.cal": fonts.UPRIGHT,
        "mathtext.sf": fonts.UPRIGHT,
        "mathtext.tt": fonts.UPRIGHT,
        "mathtext.fallback": "None",
        "figure.dpi": 72,
        "savefig.dpi": 72,
        "axes.edgecolor": theme.muted,
        "axes.labelcolor": theme.ink,
        "axes.labelsize": TEXT,
        "axes.linewidth": 1.2,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "axes.unicode_minus": True,
        "xtick.color": theme.muted,
        "ytick.color": theme.muted,
        "xtick.labelsize": TEXT,
        "ytick.labelsize": TEXT,
        "xtick.major.width": 1.2,
        "ytick.major.width": 1.2,
        "xtick.major.size": 5,
        "ytick.major.size": 5,
        "xtick.major.pad": 5,
        "ytick.major.pad": 5,
        "lines.linewidth": 2.6,
        "lines.solid_capstyle": "round",
        "lines.dash_capstyle": "butt",
        "hatch.linewidth": 1.0,
    }


def render(drawing: Figure, data: Any, theme: Palette) -> bytes:
    """The figure in one scheme, as the bytes of an SVG file."""
    fonts.register()
    with warnings.catch_warnings(), mpl.rc_context():
        warnings.simplefilter("error")
        mpl.rcdefaults()
        mpl.rcParams.update(style(theme))
        canvas = drawing.draw(data, theme)
        buffer = io.BytesIO()
        canvas.savefig(
            buffer,
            format="svg",
            transparent=True,
            metadata={"Date": None, "Creator": None},
        )
    return clean(buffer.getvalue(), theme)


def render_both(drawing: Figure) -> dict[str, bytes]:
    """The figure in every scheme, from data computed once."""
    data = drawing.data()
    return {
        name: render(drawing, data, theme) for name, theme in SCHEMES.items()
    }


def clean(raw: bytes, theme: Palette) -> bytes:
    """matplotlib's SVG, without ballast and with its fonts inside."""
    root = ET.fromstring(raw)
    for name in ("width", "height"):
        root.set(name, root.attrib[name].removesuffix("pt"))
    root.attrib.pop("version", None)
    metadata = root.find(f"{{{SVG}}}metadata")
    if metadata is not None:
        root.remove(metadata)
    for element in root.iter():
        if not (element.text or "").strip():
            element.text = None
        element.tail = None
        if element.tag == f"{{{SVG}}}text":
            _tidy_text(element)
    halo = _mark_halos(root)
    used = _characters_used(root)
    css = fonts.font_face_rules(used)
    if halo:
        css += (
            f".{HALO} text{{paint-order:stroke;stroke:{theme.surface};"
            "stroke-width:5px;stroke-linejoin:round}"
        )
    sheet = root.find(f"{{{SVG}}}defs/{{{SVG}}}style")
    if sheet is None:
        raise ValueError("matplotlib's SVG has no style element to extend")
    sheet.text = (sheet.text or "") + css
    _drop_unused_ids(root)
    return ET.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n"


def words(root: ET.Element) -> Iterable[tuple[str, str, float, str]]:
    """Family, style, size and characters of each piece of text."""
    for text in root.iter(f"{{{SVG}}}text"):
        spans = text.findall(f"{{{SVG}}}tspan")
        for element in spans or [text]:
            look = _declarations(element)
            yield (
                look["font-family"].strip("'\""),
                look.get("font-style", "normal"),
                float(look["font-size"].removesuffix("px")),
                element.text or "",
            )


def _declarations(element: ET.Element) -> dict[str, str]:
    """The style attribute of an element as a dictionary."""
    pairs = (
        part.partition(":")
        for part in element.get("style", "").split(";")
        if part.strip()
    )
    return {name.strip(): value.strip() for name, _, value in pairs}


def _characters_used(root: ET.Element) -> dict[tuple[str, str], set[str]]:
    """The characters that the SVG's words need, by (family, style)."""
    used: dict[tuple[str, str], set[str]] = defaultdict(set)
    for family, slant, _, text in words(root):
        used[family, slant] |= set(text)
    return used


def _tidy_text(text: ET.Element) -> None:
    """Put the letters of a formula in reading order, as whole words.

    matplotlib places every letter by itself, sorted by font. Neighbours on
    one line and in one font, where the second begins at the end of the
    first, become one piece: it can be read aloud, searched and copied.
    """
    spans = text.findall(f"{{{SVG}}}tspan")
    if not spans:
        return
    for span in spans:
        text.remove(span)
        for combining, spacing in fonts.SPACING_ACCENTS.items():
            span.text = (span.text or "").replace(combining, spacing)
    spans.sort(key=lambda span: float(span.attrib["x"]))
    end = 0.0
    last: ET.Element | None = None
    for span in spans:
        x = float(span.attrib["x"])
        look = _declarations(span)
        size = float(look["font-size"].removesuffix("px"))
        face = (
            look["font-family"].strip("'"),
            look.get("font-style", "normal"),
        )
        known = fonts.characters(face)
        advance = sum(known.get(letter, 0.0) for letter in span.text or "")
        if (
            last is not None
            and last.attrib["y"] == span.attrib["y"]
            and last.attrib["style"] == span.attrib["style"]
            and abs(x - end) < 0.02 * size
        ):
            last.text = (last.text or "") + (span.text or "")
        else:
            text.append(span)
            last = span
        end = x + size * advance


def _mark_halos(root: ET.Element) -> bool:
    """Turn the gid of labels with a halo into a class; say if any has one."""
    found = False
    for group in root.iter(f"{{{SVG}}}g"):
        if group.get("id") == HALO:
            del group.attrib["id"]
            group.set("class", HALO)
            found = True
    return found


def _drop_unused_ids(root: ET.Element) -> None:
    """Remove the ids that nothing in the SVG points to."""
    source = ET.tostring(root, encoding="unicode")
    pointed = set(re.findall(r"url\(#([^)]+)\)", source))
    pointed |= {link[1:] for link in re.findall(r'href="(#[^"]+)"', source)}
    for element in root.iter():
        if element.get("id") not in pointed:
            element.attrib.pop("id", None)
