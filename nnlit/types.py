"""The two type names of the package: an array and a number of NumPy's.

A function of an array returns an array, and called with a single number it
returns a single number. Both names allow for that: NumPy's own type plus
`Any`, as NumPy annotates its functions itself.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any] | Any
Scalar: TypeAlias = np.floating[Any] | Any
Rng: TypeAlias = int | np.random.Generator

__all__ = ["Array", "Rng", "Scalar"]
