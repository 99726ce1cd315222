"""The list of all displayed equations, and the mark that leads to it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from lxml.html import document_fromstring

from literate import marks, page

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def listed(built_site: Path) -> BeautifulSoup:
    return BeautifulSoup((built_site / "checks/index.html").read_text("utf-8"), "lxml")


def test_every_displayed_equation_is_in_the_list(listed: BeautifulSoup) -> None:
    found = {tag["id"].removeprefix("check-") for tag in listed.select("[id^=check-eq-]")}
    displayed = {
        part.attributes["id"]
        for path in (ROOT / "docs").rglob("*.md")
        for part in page.read(path, ROOT / "docs")[0]
        if part.kind == "equation"
    }
    assert found == displayed
    assert len(displayed) > 250


def test_a_mark_leads_from_each_executed_equation_to_its_row(
    built_site: Path, listed: BeautifulSoup
) -> None:
    rows = {tag["id"] for tag in listed.select("[id^=check-eq-]")}
    shown = 0
    for path in built_site.rglob("index.html"):
        built = document_fromstring(path.read_text("utf-8"))
        for link in built.find_class("equation-check"):
            assert link.tag == "a"
            address, _, row = link.get("href").partition("#")
            assert (path.parent / address).resolve() == (built_site / "checks").resolve()
            assert row in rows
            assert re.fullmatch(r"executed: [\d,]+ values? compared", link.get("title"))
            shown += 1
    said = sum("not executed" in row.text for row in listed.select("tr"))
    assert shown == len(rows) - said


def test_rows_name_the_function_that_the_page_is_compared_with(listed: BeautifulSoup) -> None:
    (row,) = listed.select("tr:has(#check-eq-logistic-loss-scores)")
    assert "executed and compared with nnlit.logistic.loss" in row.text
    assert row.select_one("a[href$='api/logistic/#nnlit.logistic.loss']")


@pytest.mark.parametrize(
    ("where", "address"),
    [
        ("chapters/02-x.md", "../../checks/#check-eq-a"),
        ("notation.md", "../checks/#check-eq-a"),
        ("index.md", "checks/#check-eq-a"),
        ("chapters/index.md", "../checks/#check-eq-a"),
    ],
)
def test_a_mark_finds_the_list_from_any_folder(where: str, address: str) -> None:
    part = page.Part("equation", 1, 0, 2, attributes={"id": "eq-a"})
    assert re.search('href="([^"]*)"', marks.mark(where, part, "1.1", 24))[1] == address
    part.attributes["unchecked"] = "a theorem"
    assert marks.mark(where, part, "1.1", 24) == ""
    assert marks.how(part, 0) == "not executed: a theorem"
