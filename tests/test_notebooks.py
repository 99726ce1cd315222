"""The labs: what they print and draw is real, current, and what a reader gets."""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import notebooks
import pytest
from bs4 import BeautifulSoup
from figures.palette import DARK, LIGHT, colours

from literate import notebook, page
from literate.book import Book
from literate.errors import PageError

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
LABS = notebooks.sources()
NAMES = [
    "activation_functions", "backpropagation_step_by_step", "loss_functions", "mnist_nn",
    "nn_from_scratch",
]  # fmt: skip
by_name = pytest.mark.parametrize("name", NAMES)


def command(*words: str, root: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """`scripts/notebooks.py`, as a reader calls it, here or in a copy."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(root / "scripts"), str(root)])}
    return subprocess.run(
        [sys.executable, str(root / "scripts" / "notebooks.py"), *words],
        cwd=root, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_five_labs_are_there() -> None:
    assert sorted(LABS) == sorted(NAMES)


@by_name
def test_what_is_stored_is_current(name: str) -> None:
    assert notebooks.state(LABS[name]) == "current", "out of date: `make notebooks` runs it"


@pytest.mark.slow
@by_name
def test_a_lab_runs_again_and_says_the_same(name: str) -> None:
    reason = notebooks.lacking(LABS[name])
    required = {"PyTorch": "NNLIT_REQUIRE_TORCH", "MNIST": "NNLIT_REQUIRE_DATA"}
    if reason and not os.environ.get(required[reason.split()[0]]):
        pytest.skip(f"needs {reason}")
    done = command("check", name)
    assert done.returncode == 0, done.stdout + done.stderr


@by_name
def test_a_lab_asks_shows_and_leads_on(name: str) -> None:
    text = LABS[name].read_text(encoding="utf-8")
    assert text.count('!!! predict "Before you run it"') >= 3
    assert text.count('!!! change "Change it"') >= 3
    assert text.count("\n/// figure |") >= 2
    assert "\n## Where to go on\n" in text
    assert text.count("(../chapters/") >= 3
    found = notebook.read(LABS[name])
    assert sum("nnlit" in cell.code for cell in found) >= 1
    for cell in found:
        lines = cell.code.splitlines()
        assert len(lines) <= 30, cell.line
        assert max(map(len, lines)) <= 82, cell.line  # what a page is wide


@by_name
def test_what_is_stored_is_small_and_follows_the_scheme(name: str) -> None:
    path = LABS[name]
    store = notebook.store_of(path)
    sizes = [store.stat().st_size]
    for record in notebook.stored(path)["cells"]:
        if "figure" in record:
            file = store.parent / f"{record['figure']}.svg"
            sizes.append(file.stat().st_size)
            assert sizes[-1] <= 60_000, file
            text = notebooks.IMAGE.sub("", file.read_text(encoding="utf-8"))
            assert set(re.findall(r"#[0-9a-f]{6}\b", text)) <= set(colours(LIGHT).values())
    assert sum(sizes) <= 300_000


def test_nothing_is_stored_that_no_lab_shows() -> None:
    wanted = set()
    for path in LABS.values():
        store = notebook.store_of(path)
        wanted.add(store.name)
        wanted |= {f"{r['figure']}.svg" for r in notebook.stored(path)["cells"] if "figure" in r}
    assert {f.name for f in (DOCS / "notebooks" / "outputs").iterdir()} == wanted


@by_name
def test_the_page_shows_every_cell_and_all_that_it_printed(name: str, built_site: Path) -> None:
    html = (built_site / "notebooks" / name / "index.html").read_text(encoding="utf-8")
    article = BeautifulSoup(html, "lxml").select_one("article")
    shown = [d.get_text().rstrip("\n") for d in article.select(".language-python pre > code")]
    assert shown == [cell.code for cell in notebook.read(LABS[name])]
    records = notebook.stored(LABS[name])["cells"]
    printed = [d.get_text().rstrip("\n") for d in article.select(".output pre > code")]
    assert printed == ["\n".join(r["text"]) for r in records if r["text"]]
    images = [i["src"].rsplit("/", 1)[1] for i in article.select("figure img")]
    names = [r["figure"] for r in records if "figure" in r]
    assert images == [f"{n}-{s}.svg#only-{s}" for n in names for s in ("light", "dark")]


@by_name
def test_the_download_is_a_notebook_with_its_outputs(name: str, built_site: Path) -> None:
    html = (built_site / "notebooks" / name / "index.html").read_text(encoding="utf-8")
    link = BeautifulSoup(html, "lxml").select_one(".lab-links a[download]")
    file = (built_site / "notebooks" / name / link["href"]).resolve()
    made = nbformat.read(file, as_version=4)
    nbformat.validate(made)
    code = [c for c in made.cells if c.cell_type == "code"]
    assert [c.source for c in code] == [cell.code for cell in notebook.read(LABS[name])]
    for cell, record in zip(code, notebook.stored(LABS[name])["cells"], strict=True):
        text = "".join(o.text for o in cell.outputs if o.output_type == "stream")
        assert text.splitlines() == record["text"]
        svg = [o for o in cell.outputs if o.output_type == "display_data"]
        assert len(svg) == ("figure" in record)
    prose = "\n".join(c.source for c in made.cells if c.cell_type == "markdown")
    for mark in ("@eq-", "@fig-", "///", "!!! ", "??? ", "{#", ".md", "@embed"):
        assert mark not in prose, mark
    for displayed in re.findall(r"\$\$\n(.*?)\n\$\$", prose, re.DOTALL):
        assert r"\tag{" in displayed


def test_a_page_of_a_lab_is_light_enough_for_a_slow_line(built_site: Path) -> None:
    import gzip

    for path in (built_site / "notebooks").glob("*/index.html"):
        assert len(gzip.compress(path.read_bytes())) < 150_000, path


def test_a_figure_has_a_dark_twin_of_the_same_marks() -> None:
    file = DOCS / "notebooks" / "outputs" / "lab-activations.svg"
    both = notebooks.both_schemes(file.read_text(encoding="utf-8"))
    light, dark = (both[s].decode() for s in ("light", "dark"))
    twin = dict(zip(colours(LIGHT).values(), colours(DARK).values(), strict=True))
    font = re.compile(r"base64,[A-Za-z0-9+/=]+")
    seen = notebooks.COLOUR.sub(lambda m: twin[m[0]], font.sub("", light))
    assert seen == font.sub("", dark)
    assert not set(notebooks.COLOUR.findall(font.sub("", dark))) & set(colours(LIGHT).values())


def test_greys_become_ink() -> None:
    import io

    import numpy as np
    from PIL import Image

    grey = np.array([[0, 128, 255]], dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, format="PNG")
    made = notebooks._recoloured(base64.b64encode(buffer.getvalue()).decode(), None, "#102030")
    pixels = np.array(Image.open(io.BytesIO(base64.b64decode(made))))
    assert pixels[0].tolist() == [[16, 32, 48, 255], [16, 32, 48, 127], [16, 32, 48, 0]]


@pytest.mark.parametrize(
    ("before", "after", "tolerance", "varies", "same"),
    [
        ("loss 0.1234", "loss 0.1234", 1e-6, False, True),
        ("loss 0.1234", "loss 0.1235", 1e-6, False, True),  # one of the last digit
        ("loss 0.1234", "loss 0.1236", 1e-6, False, False),
        ("loss 0.1234", "loss 0.1236", 1e-2, False, True),
        ("gain 0.1234", "loss 0.1234", 1e-2, True, False),
        ("3 s", "17 s", 1e-6, True, True),
        ("17 of 20", "16 of 20", 1e-6, False, False),
        ("x  −1.0", "x -1.0", 1e-6, False, True),
        ("1.0e-07", "1.1e-07", 1e-6, False, True),
        ("1.0e-07", "1.0e-06", 1e-6, False, False),
        ("gap 4e-16", "gap 0e+00", 1e-6, False, True),
        ("gap 4e-16", "gap 4e-08", 1e-6, False, False),
        ("a 1", "a 1 2", 1e-6, True, False),
    ],
)
def test_outputs_are_compared_as_a_reader_would(before, after, tolerance, varies, same) -> None:
    assert notebooks.same_text([before], [after], tolerance, varies) is same


# --- planted faults ----------------------------------------------------------


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The project with one lab, in which things may break."""
    for name in ("literate", "nnlit", "scripts"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    target = tmp_path / "docs" / "notebooks"
    (target / "outputs").mkdir(parents=True)
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    (target / "lab.md").write_text(
        "# A lab\n\nText.\n\n```python\nfrom nnlit.activations import sigmoid\n```\n\n"
        "```python\nprint(sigmoid(0.0), 1 / 3)\n```\n",
        encoding="utf-8",
    )
    done = command("run", root=tmp_path)
    assert done.returncode == 0, done.stderr
    assert command("list", root=tmp_path).stdout.split() == ["lab", "current"]
    return tmp_path


def edit(file: Path, before: str, after: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), encoding="utf-8")


@pytest.mark.planted
@pytest.mark.slow
def test_faults_of_a_lab_are_seen(copy: Path) -> None:
    lab, outputs = copy / "docs/notebooks/lab.md", copy / "docs/notebooks/outputs/lab.json"
    kept = lab.read_text(encoding="utf-8"), outputs.read_text(encoding="utf-8")

    def state() -> str:
        return command("list", root=copy).stdout.split()[1]

    # prose, and a comment of the package, change nothing
    edit(lab, "Text.", "Another text.")
    edit(copy / "nnlit/activations.py", '"""Squash a score into a probability', '"""Squash a score')
    assert state() == "current"
    # code of the package that the lab imports, or of a module that this imports
    for file, before, after in (
        ("nnlit/activations.py", "(1 + np.exp(-np.abs(x)))", "(1.0 + np.exp(-np.abs(x)))"),
        ("nnlit/checks.py", "def as_float(", "def as_float_(x): ...\n\n\ndef as_float("),
    ):
        source = (copy / file).read_text(encoding="utf-8")
        edit(copy / file, before, after)
        assert state() == "stale", file
        (copy / file).write_text(source, encoding="utf-8")
        assert state() == "current"
    # a cell that was changed
    edit(lab, "1 / 3", "1 / 4")
    assert state() == "stale"
    lab.write_text(kept[0], encoding="utf-8")
    # a stored number that no run gives
    edit(outputs, "0.333", "0.334")
    done = command("check", "lab", root=copy)
    assert done.returncode == 1
    assert "lab.md:9: stored" in done.stdout
    outputs.write_text(kept[1], encoding="utf-8")
    # a cell that raises, one that warns, and a figure that nobody announced
    for after, said in (
        ("1 / 0", "lab.md:9: ZeroDivisionError"),
        ("__import__('warnings').warn('careful')", "careful"),
        ("__import__('matplotlib.pyplot').pyplot.plot([1, 2])", "no /// figure follows"),
    ):
        lab.write_text(kept[0].replace("1 / 3", after), encoding="utf-8")
        done = command("run", root=copy)
        assert done.returncode == 1, after
        assert said in done.stderr
        assert outputs.read_text(encoding="utf-8") == kept[1]


def test_a_cell_that_was_not_run_stops_the_build() -> None:
    path = LABS["activation_functions"]
    parts, lines = page.read(path)
    lines = lines[page.front_matter(lines) :]
    first = next(p for p in parts if p.kind == "fence")
    first.text += "\nprint('new')"
    where = "notebooks/activation_functions.md"
    with pytest.raises(PageError, match=rf"md:{first.line}: this cell has not been run"):
        notebook.with_outputs(lines, parts, where, DOCS, lenient=False)
    shown = notebook.with_outputs(lines, parts, where, DOCS, lenient=True)
    assert any("not run since" in line for line in shown[first.first])


def test_the_link_to_colab_is_there_where_the_repository_is_known() -> None:
    where = "notebooks/activation_functions.md"
    assert "Colab" not in notebook.links(where, "")
    address = (
        "https://colab.research.google.com/github/someone/book/blob/gh-pages/"
        "notebooks/activation_functions.ipynb"
    )
    assert f"[Open in Colab]({address})" in notebook.links(where, "someone/book")
    book = Book(ROOT, DOCS)
    book.read()
    made = notebook.as_ipynb(DOCS / where, book, "https://example.org/", "someone/book")
    nbformat.validate(nbformat.from_dict(made))
    text = json.dumps(made)
    assert "git+https://github.com/someone/book" in text
    assert "(https://example.org/chapters/04-activations/#what-goes-wrong)" in text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- list\n\n    ```python\n    1\n    ```\n", "list or a fold"),
        ("```{.python tolerence=0.1}\n1\n```\n", "options of a cell"),
    ],
)
def test_what_is_no_cell_is_refused(text: str, message: str) -> None:
    lines = text.splitlines()
    with pytest.raises(PageError, match=message):
        notebook.cells(page.parts(lines), lines, "notebooks/lab.md")
