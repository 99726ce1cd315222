"""The figures of the book, one module a chapter.

A figure is two functions. The first computes the data, with `nnlit`, and
draws nothing: tests assert on what it returns. The second gets the data and
a palette and draws. A decorator gives the pair its name:

    @figure("step-against-sigmoid", data=step_against_sigmoid_data)
    def step_against_sigmoid(data, theme): ...

`scripts/build_figures.py` finds figures by reading the modules' syntax, so
the name must be a literal string and unique over the book.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

    from figures.palette import Palette


@dataclass(frozen=True)
class Figure:
    """A registered figure: its name, its data function, its draw function."""

    name: str
    data: Callable[[], Any]
    draw: Callable[[Any, Palette], Canvas]


REGISTRY: dict[str, Figure] = {}


def figure(
    name: str, *, data: Callable[[], Any]
) -> Callable[[Callable[[Any, Palette], Canvas]], Callable[..., Canvas]]:
    """Register the decorated draw function as the figure `name`."""

    def register(
        draw: Callable[[Any, Palette], Canvas],
    ) -> Callable[..., Canvas]:
        if name in REGISTRY:
            raise ValueError(f"two figures are called {name!r}")
        REGISTRY[name] = Figure(name, data, draw)
        return draw

    return register
