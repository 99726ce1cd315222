"""Write the real data sets that nnlit ships, from scikit-learn's own copies.

Run as `python scripts/export_data.py`. No time stamp goes in, so the same
data gives the same files again. Each is a CSV: a line of names (the features,
then the target), then a line per example, every number as short as it can be
written without changing its value.
"""

from __future__ import annotations

import gzip
import io
import sys
from pathlib import Path
from typing import Any

from sklearn import datasets

LOADERS: dict[str, Any] = {
    "iris": datasets.load_iris,
    "breast_cancer": datasets.load_breast_cancer,
    "diabetes": lambda: datasets.load_diabetes(scaled=False),
    "digits": datasets.load_digits,
}


def table(name: str) -> str:
    """Return a data set as CSV, the target in the last column."""
    data = LOADERS[name]()
    lines = [",".join([*data.feature_names, "target"])]
    for x, y in zip(data.data.tolist(), data.target.tolist(), strict=True):
        numbers = (repr(value).removesuffix(".0") for value in (*x, y))
        lines.append(",".join(numbers))
    return "\n".join(lines) + "\n"


def compressed(text: str) -> bytes:
    """Return text gzipped without a time or a file name in it."""
    buffer = io.BytesIO()
    with gzip.GzipFile("", "wb", 9, buffer, mtime=0) as file:
        file.write(text.encode())
    return buffer.getvalue()


def export(folder: Path) -> list[Path]:
    """Write every data set into folder and return the files."""
    paths = []
    for name in LOADERS:
        path = folder / f"{name}.csv.gz"
        path.write_bytes(compressed(table(name)))
        paths.append(path)
    return paths


if __name__ == "__main__":
    here = Path(__file__).resolve().parents[1] / "nnlit" / "data"
    for path in export(here):
        sys.stdout.write(f"{path.name}: {path.stat().st_size} bytes\n")
