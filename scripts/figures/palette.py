"""The colours of the book: one meaning each, in a light and a dark scheme.

Figures, live figures and the style sheet all read this module. The hues are
those of Okabe and Ito's colour-blind-safe set (https://jfly.uni-koeln.de/color/),
darkened for the light page and lightened for the dark one until each can
also be the colour of a word (4.5 : 1, WCAG 2.2, success criterion 1.4.3).
No meaning hangs on colour alone: class 0 is an open circle and class 1 a
filled triangle, training is a solid line and validation a dashed one.
"""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Palette:
    """The colours of one scheme, as #rrggbb, named by what they mean."""

    name: str
    surface: str  # the page behind the figure
    ink: str  # words and lines that carry no other meaning
    muted: str  # axes, numbers, remarks
    grid: str  # decoration only: never the sole bearer of a fact
    class0: str
    class1: str
    training: str
    validation: str
    weight: str
    gradient: str
    prediction: str


LIGHT = Palette(
    name="light",
    surface="#fdfcfa",
    ink="#1d2127",
    muted="#5c636d",
    grid="#d9d6cf",
    class0="#0072b2",
    class1="#b84a00",
    training="#3d4653",
    validation="#0b7c86",
    weight="#a0447e",
    gradient="#8a6100",
    prediction="#00795a",
)

DARK = Palette(
    name="dark",
    surface="#15181d",
    ink="#e6e3dc",
    muted="#a9adb3",
    grid="#2f353d",
    class0="#56b4e9",
    class1="#f0894a",
    training="#c9d1db",
    validation="#5cc8cf",
    weight="#d27fb4",
    gradient="#efc050",
    prediction="#2fbf95",
)

SCHEMES = {LIGHT.name: LIGHT, DARK.name: DARK}


def colours(palette: Palette) -> dict[str, str]:
    """The palette as a dictionary from meaning to #rrggbb."""
    return {
        field.name: getattr(palette, field.name)
        for field in fields(palette)
        if field.name != "name"
    }


def rgb(colour: str) -> tuple[float, float, float]:
    """Red, green and blue of #rrggbb, each in [0, 1]."""
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


def linear(channel: float) -> float:
    """An sRGB channel in [0, 1] as linear light (IEC 61966-2-1)."""
    if channel <= 0.04045:
        return channel / 12.92
    return ((channel + 0.055) / 1.055) ** 2.4


def luminance(colour: str) -> float:
    """Relative luminance of #rrggbb, 0 for black and 1 for white (WCAG)."""
    red, green, blue = (linear(channel) for channel in rgb(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast of two colours, from 1 to 21 (WCAG).

    >>> round(contrast("#000000", "#ffffff"), 6)
    21.0
    """
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def css() -> str:
    """The palette as custom properties for Material's two schemes."""
    blocks = []
    for palette, scheme in ((LIGHT, "default"), (DARK, "slate")):
        lines = [
            f"  --nn-{meaning}: {colour};"
            for meaning, colour in colours(palette).items()
        ]
        selector = f'[data-md-color-scheme="{scheme}"]'
        if palette is LIGHT:
            selector = f":root,\n{selector}"
        blocks.append("\n".join([f"{selector} {{", *lines, "}"]))
    return "\n\n".join(blocks) + "\n"
