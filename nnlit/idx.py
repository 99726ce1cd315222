"""The IDX format, in which MNIST and its kin are kept."""

from __future__ import annotations

import gzip
import math
import os
import struct
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np

from nnlit.checks import check_path
from nnlit.types import Array

__all__ = ["read_idx"]

# Far above MNIST's 47 million, far below what would fill a machine's memory.
MOST_BYTES = 2**28


def read_idx(path: str | os.PathLike[str]) -> Array:
    """Read the array of bytes in an IDX file, gzip-compressed or not.

    Formula: two zero bytes, the type (8, unsigned bytes, is the only one
    read), the rank r, r sizes of four bytes each, the largest byte first,
    then as many bytes as the product of the sizes.
    Shapes: the result has the sizes of the file as its shape, dtype uint8.
    Errors: ValueError for any other content, and before memory is taken for
    sizes that the file does not fill; OSError where it can't be opened.
    Source: LeCun, Cortes & Burges, The MNIST database, "File formats".

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "two-by-three")
    ...     sizes = [0, 0, 0, 2, 0, 0, 0, 3]
    ...     _ = path.write_bytes(bytes([0, 0, 8, 2, *sizes, *range(6)]))
    ...     read_idx(path)
    array([[0, 1, 2],
           [3, 4, 5]], dtype=uint8)
    """
    with Path(check_path(path)).open("rb") as raw:
        packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        try:
            if not packed:
                return _read(raw)
            with gzip.open(raw) as file:
                return _read(file)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise ValueError(f"not a whole gzip file: {error}") from error


def _read(file: BinaryIO | gzip.GzipFile) -> Array:
    head = file.read(4)
    if len(head) < 4:
        raise ValueError("not an IDX file: shorter than its head")
    zero, kind, rank = struct.unpack(">HBB", head)
    if zero != 0 or kind != 8:
        raise ValueError(f"not an IDX file of bytes: it starts with {head!r}")
    sizes = file.read(4 * rank)
    if not 1 <= rank <= 4 or len(sizes) < 4 * rank:
        raise ValueError(f"rank must be 1 to 4 and its sizes there: {rank}")
    shape = struct.unpack(f">{rank}I", sizes)
    count = math.prod(shape)
    if count > MOST_BYTES:
        raise ValueError(f"shape {shape} is more than {MOST_BYTES} bytes")
    content = bytearray()
    while len(content) <= count:
        block = file.read(min(2**20, count + 1 - len(content)))
        if not block:
            break
        content += block
    if len(content) != count:
        more = "more than" if len(content) > count else "only"
        raise ValueError(
            f"shape {shape} needs {count} bytes, the file has {more} "
            f"{min(len(content), count)}"
        )
    return np.frombuffer(content, np.uint8).reshape(shape)
