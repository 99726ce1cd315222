"""A mark is evidence: it stands only where values were compared for this wording."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from literate import check, evidence, marks, page
from literate.book import Book

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
TEXT = """\
# A page

| symbol | meaning | in Python | shape | values |
| --- | --- | --- | --- | --- |
| $n$ | how many | `n` | `count` | |
| $x$ | numbers | `x` | `(n)` | any |
| $r$ | another | `r` | `number` | any |
| $t$ | none of it | `t` | `number` | any |

$$
m = x \\cdot x
$$ {#eq-m code="numpy.dot(x, x)"}

$$
q = r m
$$ {#eq-q code="numpy.multiply(r, numpy.dot(x, x))"}

$$
(t + 1)^2 = t^2 + 2 t + 1
$$ {#eq-t}
"""


def digests(text: str) -> dict[str, str]:
    return evidence.digests(page.parts(text.split("\n"), "p.md"), {})


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ("q = r m", "q = m r", {"eq-q"}),
        ("m = x \\cdot x", "m = x \\cdot x + 0", {"eq-m", "eq-q"}),
        ('"numpy.dot(x, x)"', '"numpy.vdot(x, x)"', {"eq-m", "eq-q"}),
        ("$$ {#eq-t}", '$$ {#eq-t let="t = numpy.add(t, 1)"}', {"eq-t"}),
        ("| `(n)` | any |", "| `(n)` | positive |", {"eq-m", "eq-q"}),
        ("`r` | `number` | any", "`r` | `number` | small", {"eq-q"}),
        ("$n$ | how many | `n`", "$n$ | how many | `m`", {"eq-m", "eq-q"}),
        ("| none of it |", "| something else |", set()),
        ("$$ {#eq-m code", "$$ {#eq-m class=wide code", set()),
        ("# A page", "# Another", set()),
        ("(t + 1)^2", "(t |+ 1)^2", {"eq-t"}),
    ],
)
def test_a_digest_changes_with_all_that_the_outcome_follows_from(before, after, changed) -> None:
    first, second = digests(TEXT), digests(TEXT.replace(before, after, 1))
    assert TEXT.replace(before, after, 1) != TEXT
    assert {name for name in first if first[name] != second[name]} == changed


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A book of one page, whose equations were worked out."""
    for name, text in {
        "mkdocs.yml": "site_name: small\n", "docs/notation.md": TEXT,
        "docs/wrong.md": "$$\n1 = 2\n$$ {#eq-wrong}\n\n$$\n1 = 1\n$$ {#eq-one}\n",
        "docs/plain.md": "# No equations\n",
    }.items():  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (tmp_path / "results").mkdir()
    monkeypatch.setattr(check.katex, "render", lambda *_, **__: "")
    reports = check.Project(tmp_path).renew()
    assert sorted(report.path.name for report in reports) == ["notation.md", "wrong.md"]
    return tmp_path


def read(root: Path) -> Book:
    book = Book(root, root / "docs")
    book.read()
    return book


def test_what_is_wrong_gets_no_mark_and_what_is_right_one_with_its_count(small) -> None:
    book = read(small)
    assert set(book.compared) == {"eq-m", "eq-q", "eq-t", "eq-one"}
    assert book.compared["eq-t"] == 24
    wrong, one = book.equations["wrong.md"]
    assert marks.mark("wrong.md", wrong, "W.1", book.compared.get("eq-wrong", 0)) == ""
    shown = BeautifulSoup(marks.mark("wrong.md", one, "W.2", book.compared["eq-one"]), "lxml").a
    assert (shown.text, shown["title"]) == ("✓", "executed: 24 values compared")
    listed = "\n".join(marks.listing(book))
    assert "(W.1)](wrong.md#eq-wrong){ #check-eq-wrong } | not executed since it was" in listed
    assert "executed and compared with NumPy; 24 values compared" in listed


def test_a_change_takes_the_mark_away_and_renewing_looks_at_that_page_alone(small) -> None:
    path = small / "docs/notation.md"
    path.write_text(TEXT.replace("m = x \\cdot x", "m = 1 x \\cdot x"), encoding="utf-8")
    assert set(read(small).compared) == {"eq-t", "eq-one"}
    reports = check.Project(small).renew()
    assert sorted(report.path.name for report in reports) == ["notation.md", "wrong.md"]
    assert set(read(small).compared) == {"eq-m", "eq-q", "eq-t", "eq-one"}
    (small / "docs/wrong.md").write_text("# Nothing\n")
    assert check.Project(small).renew() == []
    assert set(read(small).compared) == {"eq-m", "eq-q", "eq-t"}


def test_a_file_that_is_gone_or_garbled_only_takes_marks_away(small) -> None:
    for text in ("{", "[]", '{"eq-m": 3}', '{"eq-m": ["digest", "many"]}'):
        (small / evidence.FILE).write_text(text)
        assert read(small).compared == {}
    (small / evidence.FILE).unlink()
    assert read(small).compared == {}


def test_the_command_renews_the_book_s_own_file(small, monkeypatch, capsys) -> None:
    monkeypatch.setattr(check, "root_of", lambda path: small)
    assert check.main(["--renew"]) == 1
    assert "docs/wrong.md:2: wrong: equation eq-wrong" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        check.main([])
    assert "name a page, or --renew" in capsys.readouterr().err


# --- the book's own ------------------------------------------------------------------


def test_the_evidence_is_for_the_book_as_it_reads_now() -> None:
    book = Book(ROOT, DOCS)
    book.read()
    wanted = {
        part.attributes["id"]
        for parts in book.equations.values()
        for part in parts
        if "unchecked" not in part.attributes
    }
    stale = sorted(wanted - set(book.compared))
    assert not stale, f"run `{evidence.RENEW}`, these have changed: {', '.join(stale)}"
    kept = json.loads((ROOT / evidence.FILE).read_text(encoding="utf-8"))
    gone = sorted(set(kept) - wanted)
    assert not gone, f"run `{evidence.RENEW}`, these are gone: {', '.join(gone)}"


def test_every_mark_of_the_site_has_evidence(built_site: Path) -> None:
    book = Book(ROOT, DOCS)
    book.read()
    shown = set()
    for path in built_site.rglob("index.html"):
        html = BeautifulSoup(path.read_text(encoding="utf-8"), "lxml")
        shown |= {a["href"].partition("#check-")[2] for a in html.select("a.equation-check")}
    assert shown == set(book.compared)
