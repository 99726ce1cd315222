#!/usr/bin/env python3
"""Run the labs and keep what they print and draw.

    notebooks.py list              every lab, and whether its outputs are current
    notebooks.py run [NAME …]      run what is out of date, store its outputs
    notebooks.py check NAME        run again, compare with what is stored
    notebooks.py export FOLDER     write the five .ipynb, with their outputs

A lab is `docs/notebooks/NAME.md` (see `literate.notebook`). Its cells run in
a fresh Jupyter kernel. They are out of date when their code has changed, or
any code or data of `nnlit` that they import; comments, docstrings and prose
don't count. What needs PyTorch or MNIST says so when it is missing.
"""

from __future__ import annotations

import argparse
import ast
import base64
import hashlib
import io
import json
import os
import platform
import re
import sys
import tempfile
import time
from importlib import metadata, util
from pathlib import Path
from typing import Any

import build_figures

from literate import assets, notebook

SCRIPTS = Path(__file__).resolve().parent
ROOT = SCRIPTS.parent
DOCS = ROOT / "docs"
FOLDER = DOCS / notebook.FOLDER
TIMEOUT = 900  # seconds a cell may take
LARGEST_FIGURE, LARGEST_STORE = 60_000, 300_000  # bytes
NUMBER = re.compile(r"[-+−]?(?:\d[\d,]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")
COLOUR = re.compile(r"#[0-9a-f]{6}\b")
IMAGE = re.compile(r"data:image/png;base64,([A-Za-z0-9+/=\s]+)")
# Before the first cell: the book's looks, and one thread of linear algebra.
SETUP = """
import matplotlib, figures.fonts, figures.svg
from figures.palette import LIGHT
from matplotlib_inline.backend_inline import set_matplotlib_formats
figures.fonts.register()
matplotlib.rcParams.update(figures.svg.style(LIGHT) | {
    "axes.prop_cycle": matplotlib.cycler(color=[
        LIGHT.prediction, LIGHT.gradient, LIGHT.weight, LIGHT.class0, LIGHT.class1,
        LIGHT.validation, LIGHT.training]),
    "axes.facecolor": "none", "figure.facecolor": "none", "axes.titlesize": 18,
    "axes.titlelocation": "left", "grid.color": LIGHT.grid, "legend.frameon": False,
    "legend.labelcolor": LIGHT.ink, "patch.edgecolor": "none", "image.cmap": "Greys"})
set_matplotlib_formats("svg", bbox_inches=None, metadata={"Date": None, "Creator": None})
"""


class NotebookError(Exception):
    """Something about a lab that its author has to mend."""


def sources() -> dict[str, Path]:
    """Every lab by name."""
    return {path.stem: path for path in sorted(FOLDER.glob("*.md"))}


# --- what is current -------------------------------------------------------


def key(cells: list[notebook.Cell]) -> str:
    """A digest of all that the outputs follow from."""
    hashed = hashlib.sha256()
    used: set[Path] = set()
    for cell in cells:
        hashed.update(cell.code.encode() + b"\0")
        used |= build_figures.imported_by(cell.code)
    for path in sorted(used):
        hashed.update(path.relative_to(ROOT).as_posix().encode())
        text = path.read_bytes()
        hashed.update(what_runs(text.decode()).encode() if path.suffix == ".py" else text)
    return hashed.hexdigest()


def what_runs(source: str) -> str:
    """Source without blank lines, docstrings and lines of comment."""
    dropped: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        body = getattr(node, "body", None)
        first = body[0] if isinstance(body, list) and body else None
        if (
            isinstance(node, (ast.Module, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
            and isinstance(first, ast.Expr)
            and isinstance(first.value, ast.Constant)
            and isinstance(first.value.value, str)
        ):
            dropped |= set(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    lines = enumerate(source.splitlines(), start=1)
    return "\n".join(
        text for at, text in lines
        if at not in dropped and text.strip() and not text.lstrip().startswith("#")
    )  # fmt: skip


def state(path: Path) -> str:
    """'current', or 'stale': never run, or not since something changed."""
    found, kept = notebook.read(path), notebook.stored(path)
    missing = [c for c in kept["cells"] if c.get("figure") and not _figure(path, c).is_file()]
    whole = [c.digest for c in found] == [c["code"] for c in kept["cells"]]
    return "current" if kept["key"] == key(found) and whole and not missing else "stale"


def _figure(path: Path, record: dict[str, Any]) -> Path:
    return notebook.store_of(path).parent / f"{record['figure']}.svg"


def lacking(path: Path) -> str:
    """What a lab needs and this machine hasn't, or nothing."""
    text = "\n".join(cell.code for cell in notebook.read(path))
    if re.search(r"^import torch$", text, re.MULTILINE) and util.find_spec("torch") is None:
        return "PyTorch (pip install torch==2.13.0)"
    if "mnist(" in text:
        from nnlit.download import data_folder

        if not (data_folder() / "mnist" / "train-images-idx3-ubyte.gz").exists():
            return f"MNIST in {data_folder()} (NNLIT_DATA)"
    return ""


# --- running -----------------------------------------------------------------


def execute(path: Path) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Run a lab: a record for each cell, and the SVG of each figure."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    found = notebook.read(path)
    made = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(code) for code in (SETUP, *(c.code for c in found))]
    )
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[variable] = "1"
    os.environ["PYTHONPATH"] = os.pathsep.join([str(SCRIPTS), str(ROOT)])
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            made, timeout=TIMEOUT, kernel_name="python3",
            extra_arguments=["--log-level=40"], resources={"metadata": {"path": folder}},
        )  # fmt: skip
        try:
            client.execute()
        except CellExecutionError as error:
            at = next(
                (i for i, c in enumerate(made.cells)
                 if any(o.output_type == "error" for o in c.get("outputs", []))), 0
            )  # fmt: skip
            line = found[at - 1].line if at else 0
            trace = re.sub(r"\x1b\[[\d;]*m", "", str(error))
            said = f"{_name(path)}:{line}: {error.ename}: {error.evalue}\n{trace}"
            raise NotebookError(said) from None
    records, figures = [], {}
    for cell, ran in zip(found, made.cells[1:], strict=True):
        text, drawings = _outputs(ran["outputs"], f"{_name(path)}:{cell.line}")
        if len(drawings) != bool(cell.figure):
            raise NotebookError(
                f"{_name(path)}:{cell.line}: this cell draws {len(drawings)} figures, but "
                + (f"{cell.figure!r} is announced" if cell.figure else "no /// figure follows")
            )
        record: dict[str, Any] = {"code": cell.digest, "text": text}
        if cell.figure:
            record["figure"] = cell.figure
            figures[cell.figure] = tidy(drawings[0], cell.figure)
        records.append(record)
    return records, figures


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name


def _outputs(outputs: list[Any], place: str) -> tuple[list[str], list[str]]:
    """The lines that a cell printed, and the figures that it drew."""
    text, drawings = "", []
    for output in outputs:
        if output.output_type == "stream" and output.name == "stderr":
            raise NotebookError(f"{place}: a warning: {output.text.strip()}")
        if output.output_type == "stream":
            text += output.text
        elif "image/svg+xml" in output.data:
            drawings.append(output.data["image/svg+xml"])
        else:
            text += output.data["text/plain"] + "\n"
    return [line.rstrip() for line in text.rstrip().splitlines()], drawings


def tidy(svg: str, name: str) -> str:
    """matplotlib's SVG with shorter numbers, and greys as strengths of ink.

    Its fonts are put in when the site is built, and its dark twin is made
    then: so each colour has to be one of the palette.
    """
    from figures.palette import LIGHT, colours

    pictures = [_recoloured(picture, None, LIGHT.ink) for picture in IMAGE.findall(svg)]
    text = IMAGE.sub("\0", svg)
    strange = set(COLOUR.findall(text)) - set(colours(LIGHT).values())
    if strange:
        raise NotebookError(f"figure {name!r}: {sorted(strange)} are not colours of the palette")
    text = re.sub(r"(?<![\w#])-?\d+\.\d{3,}(?!\w)", lambda m: f"{float(m[0]):.2f}", text)
    text = re.sub(r"\s*<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    for picture in pictures:
        text = text.replace("\0", f"data:image/png;base64,{picture}", 1)
    if len(text.encode()) > LARGEST_FIGURE:
        raise NotebookError(
            f"figure {name!r}: {len(text.encode())} bytes, {LARGEST_FIGURE} at most"
        )
    return "\n".join(line.rstrip() for line in text.splitlines() if line.strip()) + "\n"


def _recoloured(picture: str, before: str | None, after: str) -> str:
    """A PNG, as base64, in another ink; from greys where `before` is None."""
    import numpy as np
    from figures.palette import rgb
    from PIL import Image

    pixels = np.array(Image.open(io.BytesIO(base64.b64decode(picture))).convert("RGBA"))
    colour = [round(255 * channel) for channel in rgb(after)]
    if before is None:
        if np.ptp(pixels[..., :3], axis=-1).max() > 0:
            raise NotebookError("an image must be in greys: cmap='Greys'")
        strength = (255.0 - pixels[..., 0]) * (pixels[..., 3] / 255)
        pixels[..., 3] = strength.round().astype(np.uint8)
    pixels[..., :3] = colour
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="PNG", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def store(path: Path, records: list[dict[str, Any]], figures: dict[str, str], took: float) -> None:
    """Write what a run gave; figures that are no longer drawn are removed."""
    target = notebook.store_of(path)
    target.parent.mkdir(exist_ok=True)
    for record in notebook.stored(path)["cells"]:
        if record.get("figure") and record["figure"] not in figures:
            _figure(path, record).unlink(missing_ok=True)
    for name, svg in figures.items():
        (target.parent / f"{name}.svg").write_text(svg, encoding="utf-8")
    versions = {"python": platform.python_version()}
    text = "\n".join(cell.code for cell in notebook.read(path))
    for library in ("numpy", "matplotlib", "autograd", "torch"):
        if re.search(rf"\b(?:import|from) {library}\b", text):
            versions[library] = metadata.version(library)
    kept = {
        "key": key(notebook.read(path)),
        "seconds": round(took, 1),
        "versions": versions,
        "cells": records,
    }
    text = json.dumps(kept, indent=1, ensure_ascii=False) + "\n"
    target.write_text(text, encoding="utf-8")
    size = len(text.encode()) + sum(len(svg.encode()) for svg in figures.values())
    if size > LARGEST_STORE:
        raise NotebookError(f"{path.stem}: {size} bytes stored, {LARGEST_STORE} at most")


# --- figures for the site ----------------------------------------------------


def draw_figures() -> None:
    """Put the stored figures among the site's assets, light and dark."""
    target = DOCS / notebook.LABS
    machinery = [SCRIPTS / "notebooks.py", *build_figures.MACHINERY]
    base = b"".join(path.read_bytes() for path in machinery)
    wanted = set()
    for path in sources().values():
        for record in notebook.stored(path)["cells"]:
            if record.get("figure"):
                svg = _figure(path, record).read_text(encoding="utf-8")
                mark = f"<!--{hashlib.sha256(base + svg.encode()).hexdigest()}-->\n"
                files = {s: target / f"{record['figure']}-{s}.svg" for s in build_figures.SCHEMES}
                wanted |= set(files.values())
                if not all(f.is_file() and mark in f.read_text("utf-8") for f in files.values()):
                    for scheme, content in both_schemes(svg).items():
                        assets.write(files[scheme], content + mark.encode())
    for file in target.glob("*.svg"):
        if file not in wanted:
            file.unlink()


def both_schemes(svg: str) -> dict[str, bytes]:
    """A stored figure with its fonts, and the same in the dark scheme's colours."""
    from figures import fonts
    from figures.palette import DARK, LIGHT, colours
    from figures.svg import clean

    fonts.register()
    twin = dict(zip(colours(LIGHT).values(), colours(DARK).values(), strict=True))
    pictures = [_recoloured(found, "ink", DARK.ink) for found in IMAGE.findall(svg)]
    dark = COLOUR.sub(lambda match: twin[match[0]], IMAGE.sub("\0", svg))
    for picture in pictures:
        dark = dark.replace("\0", f"data:image/png;base64,{picture}", 1)
    return {"light": clean(svg.encode(), LIGHT), "dark": clean(dark.encode(), DARK)}


# --- comparing -------------------------------------------------------------


def differences(path: Path, records: list[dict[str, Any]]) -> list[str]:
    """Where a run's text is not the one that is stored, numbers within reason."""
    found = []
    kept = notebook.stored(path)["cells"]
    if [c["code"] for c in kept] != [c["code"] for c in records]:
        return [f"{_name(path)}: the cells are not those that are stored: `make notebooks`"]
    for cell, before, after in zip(notebook.read(path), kept, records, strict=True):
        if not same_text(before["text"], after["text"], cell.tolerance, cell.varies):
            found.append(
                f"{_name(path)}:{cell.line}: stored\n  " + "\n  ".join(before["text"])
                + "\nbut now\n  " + "\n  ".join(after["text"])
            )  # fmt: skip
    return found


def same_text(before: list[str], after: list[str], tolerance: float, varies: bool) -> bool:
    """Whether two outputs say the same, their numbers nearly the same."""
    one, other = "\n".join(before), "\n".join(after)

    def words(text: str) -> str:
        return re.sub(r"[ ─-]+", " ", NUMBER.sub("#", text))

    if words(one) != words(other):
        return False
    pairs = zip(NUMBER.findall(one), NUMBER.findall(other), strict=True)
    return varies or all(_near(a, b, tolerance) for a, b in pairs)


def _near(a: str, b: str, tolerance: float) -> bool:
    """Two printed numbers: one unit of the last digit apart, or within the tolerance.

    What is below 10⁻¹² counts as what rounding leaves over.
    """
    x, y = (float(n.replace(",", "").replace("−", "-")) for n in (a, b))
    digits, _, exponent = a.lower().partition("e")
    unit = 10.0 ** (int(exponent or 0) - len(digits.partition(".")[2]))
    unit = unit if "." in digits else 0.0
    return abs(x - y) <= max(1.01 * unit, tolerance * max(abs(x), abs(y)), 1e-12)


# --- the commands ----------------------------------------------------------


def run(names: list[str], force: bool) -> int:
    """Run labs that are out of date; the number that could not be run."""
    amiss = 0
    chosen = {name: sources()[name] for name in names} if names else sources()
    for name, path in chosen.items():
        if not force and state(path) == "current":
            print(f"{name}: current")
        elif reason := lacking(path):
            print(f"{name}: not run, for want of {reason}", file=sys.stderr)
            amiss += 1
        else:
            start = time.perf_counter()
            records, figures = execute(path)
            took = time.perf_counter() - start
            store(path, records, figures, took)
            print(f"{name}: run in {took:.0f} s")
    return amiss


def check(name: str) -> int:
    """Run a lab and compare; 1 if it is not what is stored."""
    path = sources()[name]
    records, _ = execute(path)
    found = differences(path, records)
    print("\n".join(found) or f"{name}: as stored")
    return int(bool(found))


def export(folder: Path) -> None:
    """Write each lab as an .ipynb."""
    from literate.book import Book

    book = Book(ROOT, DOCS)
    book.read()
    folder.mkdir(parents=True, exist_ok=True)
    for name, path in sources().items():
        text = json.dumps(notebook.as_ipynb(path, book), indent=1, ensure_ascii=False) + "\n"
        (folder / f"{name}.ipynb").write_text(text, encoding="utf-8")
        print(folder / f"{name}.ipynb")


def main(arguments: list[str] | None = None) -> int:
    """The command line; the exit status."""
    parser = argparse.ArgumentParser(prog="notebooks.py", description="Run the labs.")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="every lab, and whether it is current")
    runs = commands.add_parser("run", help="run what is out of date")
    runs.add_argument("names", nargs="*", metavar="NAME")
    runs.add_argument("--force", action="store_true", help="current or not")
    commands.add_parser("check", help="run again and compare").add_argument("name")
    commands.add_parser("export", help="write the .ipynb").add_argument("folder", type=Path)
    options = parser.parse_args(arguments)
    try:
        if options.command == "list":
            for name, path in sources().items():
                print(f"{name:32} {state(path)}")
        elif options.command == "run":
            return run(options.names, options.force)
        elif options.command == "check":
            return check(options.name)
        else:
            export(options.folder)
    except NotebookError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
