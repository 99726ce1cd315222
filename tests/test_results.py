"""The results' tables: filled in from the files, never typed; one row afresh."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from markdown import Markdown

import results
from literate import evidence
from literate.errors import PageError
from literate.extension import Context, LiterateExtension
from literate.results import numbers

ROOT = Path(__file__).parent.parent
FILES = [p for p in sorted((ROOT / "results").glob("*.json")) if p.name != evidence.FILE.name]
ROWS = {row.name: row for row in results.ROWS}
RUN = {"accuracy": 95.0, "seconds": 60.0, "epochs": [94.0, 96.0, 95.0]}


@pytest.fixture
def render(tmp_path):
    row = {
        "source": "A & B", "model": "784-10", "printed": "95.42", "command": "…",
        "runs": {"0": RUN, "1": RUN | {"accuracy": 93.0, "epochs": [93.5, 93.0]}},
    }  # fmt: skip
    (tmp_path / "one.json").write_text(json.dumps(row))
    row["printed"] = "97.92 (validation)"
    row["runs"]["0"] = RUN | {"validation": [96.5, 97.5]}
    row["runs"]["1"] = RUN | {"validation": [98.0, 97.0]}
    (tmp_path / "val.json").write_text(json.dumps(row))
    (tmp_path / "alone.json").write_text(
        json.dumps(row | {"printed": "", "runs": {"0": {"accuracy": 22.25, "seconds": 1.0}}})
    )

    def html(text):
        md = Markdown(
            extensions=["tables", "fenced_code", "literate.results"],
            extension_configs={"literate.results": {"folder": str(tmp_path)}},
        )
        return md.convert(text)

    return html


def cells(html):
    rows = re.findall("<tr>(.*?)</tr>", html)
    return [re.findall("<t[hd]>(.*?)</t[hd]>", row) for row in rows]


def test_a_table_prints_both_numbers_beside_each_other_with_their_spread(render):
    head, one, val, alone = cells(render("Before\n\n@results one val alone\n\nafter"))
    assert len(head) == 6
    assert one == ["A &amp; B", "784-10", "95.42", "94.00 ± 1.41", "93.00 to 95.00", "94.75"]
    assert val[2:] == ["97.92 (validation)", "97.25 ± 0.35", "97.00 to 97.50", "97.75"]
    assert alone[2:] == ["–", "22.25", "", ""]


def test_a_number_in_the_text_is_filled_in_and_code_is_left_alone(render):
    html = render(
        "got @{one.mean} ± @{one.spread}\n\n```\n@{one.mean}\n@results one\n```\n\n@{one.seed1}"
    )
    assert "got 94.00 ± 1.41" in html
    assert "@{one.mean}\n@results one" in html
    assert "<p>93.00</p>" in html


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("one\n\n@results one two", "page:3: no results of 'two'; there are alone, one, val"),
        ("@{two.mean}", "page:1: no results of 'two'"),
        ("a\nb @{one.median}", "page:2: one has no 'median'; it has mean, spread"),
    ],
)
def test_what_is_not_there_stops_the_build_with_file_and_line(render, text, said):
    with pytest.raises(PageError, match=re.escape(said)):
        render(text)


def test_within_a_book_the_error_names_the_page_that_is_built(tmp_path):
    context = Context(ROOT, where="docs/results.md")
    literate = LiterateExtension(context=context)
    md = Markdown(
        extensions=[literate, "literate.results"],
        extension_configs={"literate.results": {"folder": str(tmp_path)}},
    )
    with pytest.raises(PageError, match=r"^docs/results\.md:2: no results of 'one'"):
        md.convert("Got\n@{one.mean}.")


def test_every_row_that_is_kept_is_known_and_whole():
    for path in FILES:
        kept, row = json.loads(path.read_text(encoding="utf-8")), ROWS[path.stem]
        for key in ("source", "model", "printed"):
            assert kept[key] == getattr(row, key), f"{path.stem}: run again after a change"
        assert set(kept["runs"]) == {str(seed) for seed in row.seeds}, path.stem
        assert kept["command"] == f"python scripts/results.py {path.stem}"
        assert set(kept["versions"]) == {"nnlit", "numpy", "python"}
        for run in kept["runs"].values():
            assert 0 <= run["accuracy"] <= 100
            assert run["accuracy"] == run.get("epochs", [run["accuracy"]])[-1]
            assert run["seconds"] > 0


def test_every_row_that_is_kept_stands_on_the_page_once():
    page = (ROOT / "docs/results.md").read_text(encoding="utf-8")
    shown = " ".join(re.findall(r"^@results (.*)$", page, re.MULTILINE)).split()
    assert sorted(shown) == sorted(path.stem for path in FILES)
    assert len(shown) >= 11


def test_a_run_cut_short_goes_on_where_it_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    row = results.Row("r", "s", "m", "1.00", lambda seed: {"accuracy": float(seed)}, (3, 4, 5))
    assert list(results.missing(row)) == [3, 4, 5]
    results.write(row, 4, results.run(row, 4))
    assert list(results.missing(row)) == [3, 5]
    results.write(row, 3, results.run(row, 3))
    assert list(results.missing(row)) == [5]
    kept = results.read(row)
    assert [run["accuracy"] for run in kept["runs"].values()] == [3.0, 4.0]
    assert not list(tmp_path.glob("*.part"))
    assert numbers(kept)["mean"] == "3.50"


def test_a_short_row_comes_out_the_same_when_it_is_run_afresh(mnist_folder):
    row = ROWS["nielsen-darkness"]
    assert row.run(0)["accuracy"] == results.read(row)["runs"]["0"]["accuracy"] == 22.25


@pytest.mark.slow
def test_a_seed_of_a_trained_row_comes_out_alike_when_it_is_run_afresh(mnist_folder):
    """To the bit on one machine; within the spread of seeds on another."""
    row = ROWS["chollet"]
    kept = [run["accuracy"] for run in results.read(row)["runs"].values()]
    afresh = row.run(0)["accuracy"]
    assert abs(afresh - np.mean(kept)) <= max(5 * np.std(kept), 0.3)
