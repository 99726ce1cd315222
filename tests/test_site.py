"""The built pages: what a reader gets, and what he copies from it."""

from __future__ import annotations

import doctest
import gzip
import io
import re
import subprocess
from pathlib import Path
from urllib.parse import unquote, urljoin

import pytest
from bs4 import BeautifulSoup
from lxml.html import document_fromstring

from literate import page

ROOT = Path(__file__).parent.parent
SOURCES = sorted(p for p in (ROOT / "docs").rglob("*.md"))


def built(path: Path) -> str:
    """Where a Markdown file ends up below the site's folder."""
    name = path.relative_to(ROOT / "docs").with_suffix("").as_posix()
    if name == "index" or name.endswith("/index"):
        return f"{name}.html"
    return f"{name}/index.html"


@pytest.fixture(scope="module")
def pages(built_site: Path) -> dict[str, BeautifulSoup]:
    return {
        p.relative_to(built_site).as_posix(): BeautifulSoup(p.read_text(encoding="utf-8"), "lxml")
        for p in sorted(built_site.rglob("*.html"))
    }


def article(soup: BeautifulSoup):
    return soup.select_one("article")


def test_every_page_is_built(pages: dict[str, BeautifulSoup]) -> None:
    assert {built(p) for p in SOURCES} | {"404.html"} == set(pages)


PROSE = (
    "//article//text()[not(ancestor::code or ancestor::pre or"
    " ancestor::*[contains(concat(' ', @class, ' '), ' katex ')])]"
)


def test_no_markup_of_ours_is_left_on_a_page(built_site: Path) -> None:
    for path in SOURCES:
        html = (built_site / built(path)).read_text(encoding="utf-8")
        text = "".join(document_fromstring(html).xpath(PROSE))
        assert len(text) > 100
        for mark in ("$$", "@embed", "///", "@eq-", "@fig-", "\x02", "wzxhzdk", "??? ", "!!! "):
            assert mark not in text, f"{mark!r} on {path.name}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: p.name)
def test_every_formula_is_set_before_it_reaches_the_reader(
    path: Path, pages: dict[str, BeautifulSoup]
) -> None:
    parts, _ = page.read(path)
    soup = article(pages[built(path)])
    displayed = [p for p in parts if p.kind == "equation"]
    assert len(soup.select(".equation .katex-display")) == len(displayed)
    assert [d["id"] for d in soup.select(".equation")] == [p.attributes["id"] for p in displayed]
    inline = [p for p in parts if p.kind == "inline"]
    assert len(soup.select(".katex")) == len(inline) + len(displayed)
    assert not soup.select(".katex-error")
    assert all(k.select_one("math annotation") for k in soup.select(".katex"))


def test_equations_are_numbered_in_the_order_of_the_page(pages: dict[str, BeautifulSoup]) -> None:
    for path in SOURCES:
        numbers = [a.get_text() for a in article(pages[built(path)]).select("a.equation-number")]
        tails = [int(n.strip("()").split(".")[-1]) for n in numbers]
        assert tails == list(range(1, len(tails) + 1))


def test_all_links_and_anchors_lead_somewhere(
    pages: dict[str, BeautifulSoup], built_site: Path
) -> None:
    ids = {n: {t["id"] for t in s.select("[id]")} for n, s in pages.items()}
    count = 0
    for name, soup in pages.items():
        if name == "404.html":
            continue
        for tag in soup.select("[href], [src]"):
            address = tag.get("href") or tag.get("src")
            if re.match(r"(https?:|mailto:|data:)", address):
                continue
            joined = urljoin(f"/{name}", address)
            path, _, anchor = unquote(joined).lstrip("/").partition("#")
            path = path.partition("?")[0]
            target = path + "index.html" if path.endswith("/") or not path else path
            assert (built_site / target).is_file(), f"{name}: {address}"
            if anchor and target in ids and not anchor.startswith(("only-", "__")):
                assert anchor in ids[target], f"{name}: {address}"
            count += 1
    assert count > 300


def test_every_picture_has_an_alt_text_a_size_and_both_schemes(
    pages: dict[str, BeautifulSoup],
) -> None:
    count = 0
    for name, soup in pages.items():
        for image in soup.select("article img"):
            assert len(image.get("alt", "")) >= 40, f"{name}: {image}"
            assert image["width"]
            assert image["height"]
            assert image["loading"] == "lazy"
        for figure in soup.select("figure.figure"):
            count += 1
            sources = [i["src"] for i in figure.select("img")]
            assert [s.partition("#")[2] for s in sources] == ["only-light", "only-dark"]
            assert len(figure.select_one("figcaption").get_text()) >= 40
    assert count >= 20


def copied(block) -> str:
    """What the page's copy button puts on the clipboard."""
    holder = block.find_parent(attrs={"data-copy": True})
    return holder["data-copy"] if holder else block.get_text()


def language(block) -> str:
    holder = block.find_parent("div", class_="highlight")
    return next((c[9:] for c in holder.get("class", []) if c.startswith("language-")), "")


# Chapters that train for long; what they show is run from the source as well.
LONG = ("06-", "07-", "10-", "11-", "12-", "13-")


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(p, marks=pytest.mark.slow) if p.name.startswith(LONG) else p
        for p in SOURCES
        if p.parent.name != "notebooks"
    ],
    ids=lambda p: p.name,
)
def test_what_a_reader_copies_in_order_runs_and_prints_what_is_shown(
    path: Path, pages: dict[str, BeautifulSoup]
) -> None:
    namespace: dict = {"__name__": "__main__"}
    reference = path.parent.name == "api"
    blocks = article(pages[built(path)]).select("div.highlight pre > code")
    for count, block in enumerate(blocks):
        kind = language(block)
        assert kind, f"a block of {path.name} doesn't name its language: {block.get_text()[:60]}"
        if reference:
            continue  # signatures, and sessions that the package's doctests run
        if kind == "python":
            exec(compile(copied(block), str(path), "exec"), namespace)
        elif kind == "pycon":
            shown = block.get_text()
            text = copied(block)
            assert ">>>" not in text
            examples = doctest.DocTestParser().get_examples(shown)
            assert "".join(e.source for e in examples) == text
            name = f"{path.name}:{count}"  # one for each block, for tracebacks
            test = doctest.DocTest(examples, {}, name, path.name, 0, None)
            test.globs = namespace
            wrong = io.StringIO()
            doctest.DocTestRunner().run(test, out=wrong.write, clear_globs=False)
            assert not wrong.getvalue(), wrong.getvalue()


def test_embedded_code_links_to_its_place_in_the_reference(
    pages: dict[str, BeautifulSoup],
) -> None:
    links = [a for s in pages.values() for a in s.select("a.embed-source")]
    blocks = [d for s in pages.values() for d in s.select("[data-embed]")]
    assert len(links) == len(blocks) >= 30
    for link, block in zip(links, blocks, strict=True):
        assert link["href"].endswith(f"#{block['data-embed']}")
        assert link.get_text() == block["data-embed"]


def test_nothing_is_asked_of_anyone_else(built_site: Path, pages: dict) -> None:
    for name, soup in pages.items():
        for tag in soup.select("script[src], link[rel=stylesheet], link[rel=preload], img, iframe"):
            address = tag.get("src") or tag.get("href")
            assert not re.match(r"(https?:)?//", address), f"{name}: {address}"
    for sheet in built_site.rglob("*.css"):
        text = sheet.read_text(encoding="utf-8")
        assert not re.search(r"(@import|url\()\s*[\"']?(https?:)?//", text), sheet


def test_fonts_and_katex_come_with_the_site(built_site: Path, pages: dict) -> None:
    preloaded = [link["href"] for link in pages["notation/index.html"].select("[rel=preload]")]
    assert any("source-serif-4-latin-400-normal" in p for p in preloaded)
    assert any("KaTeX_Main-Regular" in p for p in preloaded)
    assert (built_site / "assets/katex/katex.min.css").is_file()
    assert len(list((built_site / "assets/katex/fonts").glob("*.woff2"))) >= 15
    assert len(list((built_site / "assets/fonts").glob("source-serif-4-latin-*.woff2"))) >= 3


def test_no_generated_or_third_party_file_is_committed() -> None:
    done = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip("not a git checkout")
    generated = re.compile(r"(^|/)(assets|node_modules|site)/|katex\.min|\.woff2?$")
    assert [f for f in done.stdout.splitlines() if generated.search(f)] == []


def test_the_search_index_holds_no_formula_markup(built_site: Path) -> None:
    index = (built_site / "search/search_index.json").read_text(encoding="utf-8")
    assert "perceptron" in index
    for mark in ("\\\\frac", "\\\\hat", "annotation", "katex"):
        assert mark not in index


def test_a_chapter_is_light_enough_for_a_slow_line(built_site: Path) -> None:
    for path in (built_site / "chapters").glob("*/index.html"):
        assert len(gzip.compress(path.read_bytes())) < 150_000, path
