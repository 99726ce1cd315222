"""The hooks, on a small book: what is built, and what a saved file brings on."""

from __future__ import annotations

import logging
import os
import re
import sys
from pathlib import Path
from typing import Any

import prepare
import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config
from mkdocs.exceptions import Abort
from mkdocs.structure.pages import Page

from literate import again, assets
from literate import site as building
from literate.errors import PageError

ROOT = Path(__file__).parent.parent
SETTINGS = f"""\
site_name: small
site_url: ""
strict: true
theme: {{name: material, custom_dir: theme, font: false}}
plugins: [material/search]
markdown_extensions: [admonition, attr_list, tables, literate]
validation: {{links: {{anchors: warn}}}}
nav: [index.md, one.md, notebooks/a_lab.md]
hooks: [{ROOT / "literate/hooks.py"}]
extra: {{repository: me/book}}
"""
TEMPLATE = (
    '<html><head><meta charset="utf-8"><script>let a = 1</script></head><body>'
    '<div data-md-component="search" role="dialog"></div>{{ page.content }}</body></html>'
)
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 30 {height}"></svg>'
ONE = """\
---
title: One
---
# One

@embed code.add

Here $x + 1$, in @eq-sum of [the first page](index.md#home-again).

$$
x = 1
$$ {#eq-sum}

/// figure | curve
    alt: A curve that rises from left to right.

A caption that says what there is to see.
///
"""
LAB = """\
# A lab

```python
print(1 + 1)
```
"""


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A book of three pages, with figures that need not be drawn."""
    for name, text in {
        "mkdocs.yml": SETTINGS,
        "theme/main.html": TEMPLATE,
        "theme/404.html": TEMPLATE.replace("{{ page.content }}", "not here"),
        "scripts/prepare.py": "raise SystemExit('never run')\n",
        "code.py": "def add(a, b):\n    return a + b\n",
        "docs/index.md": "# Home\n\n## Home again\n\n@checks\n",
        "docs/one.md": ONE,
        "docs/notebooks/a_lab.md": LAB,
        "docs/assets/figures/curve-light.svg": SVG.format(height=15),
        "docs/assets/figures/curve-dark.svg": SVG.format(height=15),
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    store(tmp_path, "2")
    monkeypatch.setattr(sys, "dont_write_bytecode", sys.dont_write_bytecode)
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "")
    monkeypatch.setattr(logging.getLogger("mkdocs"), "disabled", True)
    return tmp_path


def store(root: Path, printed: str) -> None:
    """What the lab's cell printed when it was run."""
    from literate import notebook

    lab = root / "docs/notebooks/a_lab.md"
    (cell,) = notebook.read(lab)
    file = notebook.store_of(lab)
    file.parent.mkdir(exist_ok=True)
    record = f'{{"code": "{cell.digest}", "text": ["{printed}"]}}'
    file.write_text(f'{{"key": "", "cells": [{record}]}}', encoding="utf-8")


class Started:
    """In the place of the processes that make ready what a build needs."""

    PIPE, DEVNULL = -1, -3
    returncode, stdout = 0, ""

    def __init__(self) -> None:
        self.first: list[list[str]] = []  # waited for
        self.commands: list[list[str]] = []  # beside the server
        self.ended: int | None = None

    def run(self, words: list[str], **_: Any) -> Started:
        self.first.append(words)
        return self

    def Popen(self, words: list[str], **_: Any) -> Started:
        self.commands.append(words)
        return self

    def poll(self) -> int | None:
        return self.ended


class Maker:
    """Builds the small book, as one `mkdocs build` or `mkdocs serve` does."""

    def __init__(self, root: Path, command: str) -> None:
        self.root = root
        self.config = load_config(str(root / "mkdocs.yml"))
        self.site: building.Site = next(iter(self.config.hooks.values())).SITE
        self.site.__init__()  # MkDocs keeps the module from test to test
        self.started = Started()
        self.config.plugins.on_startup(command=command, dirty=False)
        self.rendered: list[str] = []

    def build(self, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
        """The pages; `rendered` names those that were made anew."""
        self.rendered.clear()
        render = Page.render

        def noted(page: Page, config: Any, files: Any) -> None:
            if page.markdown:
                self.rendered.append(page.file.src_uri)
            render(page, config, files)

        with monkeypatch.context() as patched:
            patched.setattr(building, "subprocess", self.started)
            patched.setattr(Page, "render", noted)
            build(self.config)
        site = Path(self.config.site_dir)
        return {
            path.relative_to(site).as_posix(): path.read_text(encoding="utf-8")
            for path in site.rglob("*")
            if path.suffix in (".html", ".ipynb", ".json")
        }


def test_a_build_sets_everything_and_protects_every_page(small, monkeypatch) -> None:
    maker = Maker(small, "build")
    pages = maker.build(monkeypatch)
    assert {"index.html", "one/index.html", "404.html", "notebooks/a_lab.ipynb"} <= set(pages)
    one = pages["one/index.html"]
    assert one.count('class="katex"') == 2
    assert "<!--formula" not in one
    assert 'data-embed="code.add"' in one
    assert 'aria-label="Search"' in one
    for name in ("index.html", "one/index.html", "404.html"):
        assert "Content-Security-Policy" in pages[name]
    assert 'id="check-eq-sum"' in pages["index.html"]
    assert "git+https://github.com/me/book" in pages["notebooks/a_lab.ipynb"]
    assert maker.started.commands == []
    assert not (small / again.CACHE).exists()
    assert maker.started.first == [[sys.executable, str(small / "scripts/prepare.py")]]
    assert list((small / ".cache/templates").iterdir())


def test_while_serving_only_what_changed_is_rendered_again(small, monkeypatch) -> None:
    maker = Maker(small, "serve")
    assert os.environ["PYTHONDONTWRITEBYTECODE"] == "1"
    everything = ["index.md", "one.md", "notebooks/a_lab.md"]
    first = maker.build(monkeypatch)
    assert maker.rendered == everything
    assert "Content-Security-Policy" not in first["index.html"]  # the reloading is a script
    assert maker.build(monkeypatch) == first
    assert maker.rendered == []

    page = small / "docs/one.md"
    page.write_text(page.read_text("utf-8") + "\nA new sentence.\n", encoding="utf-8")
    assert "A new sentence." in maker.build(monkeypatch)["one/index.html"]
    assert maker.rendered == ["one.md"]
    assert "new sentence" in maker.build(monkeypatch)["search/search_index.json"]

    (small / "code.py").write_text("def add(a, b):\n    return b + a\n")
    assert "b" in maker.build(monkeypatch)["one/index.html"]
    assert maker.rendered == ["one.md"]

    for scheme in ("light", "dark"):
        figure = small / f"docs/assets/figures/curve-{scheme}.svg"
        figure.write_text(SVG.format(height=60), encoding="utf-8")
    assert 'height="80"' in maker.build(monkeypatch)["one/index.html"]
    assert maker.rendered == ["one.md"]

    store(small, "2, again")
    assert "2, again" in maker.build(monkeypatch)["notebooks/a_lab/index.html"]
    assert maker.rendered == ["notebooks/a_lab.md"]


def test_a_new_equation_changes_what_refers_to_numbers(small, monkeypatch) -> None:
    maker = Maker(small, "serve")
    maker.build(monkeypatch)
    page = small / "docs/one.md"
    text = page.read_text("utf-8").replace("Here", "$$\ny = 1\n$$ {#eq-new}\n\nHere")
    page.write_text(text, encoding="utf-8")
    assert 'id="check-eq-new"' in maker.build(monkeypatch)["index.html"]
    assert len(maker.rendered) == 3


def test_the_next_serve_goes_on_from_what_the_last_one_left(small, monkeypatch) -> None:
    first = Maker(small, "serve").build(monkeypatch)

    def next_serve() -> tuple[dict[str, str], list[str]]:
        maker = Maker(small, "serve")
        return maker.build(monkeypatch), maker.rendered

    assert next_serve() == (first, [])
    (small / again.CACHE).write_text("{", encoding="utf-8")
    assert len(next_serve()[1]) == 3
    with (small / "mkdocs.yml").open("a") as settings:
        settings.write("copyright: me\n")  # what renders pages is another
    assert len(next_serve()[1]) == 3


def test_an_embedded_name_that_is_gone_stops_a_served_page_too(small, monkeypatch) -> None:
    maker = Maker(small, "serve")
    maker.build(monkeypatch)
    (small / "code.py").write_text("def added(a, b):\n    return a + b\n")
    with pytest.raises(Abort) as caught:
        maker.build(monkeypatch)
    assert re.match(r"one\.md:6: .*did you mean 'added'", str(caught.value.__context__))


def test_stale_figures_are_drawn_beside_the_server_one_process_at_a_time(
    small, monkeypatch
) -> None:
    maker = Maker(small, "serve")
    maker.build(monkeypatch)
    script = str(small / "scripts/prepare.py")
    assert maker.started.first == [[sys.executable, script, "--missing"]]
    assert maker.started.commands == [[sys.executable, script]]
    maker.build(monkeypatch)
    assert len(maker.started.commands) == 1
    maker.started.ended = 0
    maker.build(monkeypatch)
    assert len(maker.started.commands) == 2


@pytest.mark.parametrize("command", ["serve", "build"])
def test_what_is_not_ready_is_said(small, monkeypatch, command) -> None:
    (small / "scripts/prepare.py").write_text("print('curve: no')\nraise SystemExit(1)\n")
    maker = Maker(small, command)
    with pytest.raises(Abort) as caught:
        build(maker.config)
    assert isinstance(caught.value.__context__, PageError)
    assert str(caught.value.__context__) == "curve: no"
    (small / "scripts/prepare.py").write_text("raise SystemExit(3)\n")
    with pytest.raises(Abort) as caught:
        build(maker.config)
    assert "prepare.py failed" in str(caught.value.__context__)


def test_a_project_may_have_nothing_to_make_ready(small, monkeypatch) -> None:
    (small / "scripts/prepare.py").unlink()
    maker = Maker(small, "serve")
    assert "one/index.html" in maker.build(monkeypatch)
    assert maker.started.first == maker.started.commands == []


def test_a_book_is_read_after_the_settings() -> None:
    with pytest.raises(RuntimeError, match="on_config comes first"):
        _ = building.Site().book


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is made ready, by name, while nothing is."""
    import build_figures
    import notebooks

    done: list[str] = []
    monkeypatch.setattr(assets, "copy", lambda root: done.append("copy"))
    monkeypatch.setattr(assets, "write", lambda path, content: done.append(path.name))
    monkeypatch.setattr(build_figures, "ensure", lambda: done.append("ensure"))
    monkeypatch.setattr(build_figures, "complete", lambda: True)
    monkeypatch.setattr(notebooks, "draw_figures", lambda: done.append("labs"))
    return done


def test_a_build_finds_figures_fonts_and_palette_ready(steps, monkeypatch, capsys) -> None:
    import build_figures

    assert prepare.main([]) == 0
    assert steps == ["copy", "palette.css", "ensure", "labs"]
    steps.clear()
    assert prepare.main(["--missing"]) == 0  # while serving, stale ones come later
    assert steps == ["copy", "palette.css", "labs"]
    steps.clear()
    monkeypatch.setattr(build_figures, "complete", lambda: False)
    assert prepare.main(["--missing"]) == 0
    assert "ensure" in steps

    def failing() -> None:
        raise build_figures.FigureError("curve: no")

    monkeypatch.setattr(build_figures, "ensure", failing)
    assert prepare.main([]) == 1
    assert capsys.readouterr().out == "curve: no\n"


def test_what_the_server_watches(small) -> None:
    watched: list[str] = []
    server = type("Server", (), {"watch": lambda self, path: watched.append(path)})()
    maker = Maker(small, "serve")
    maker.site.on_config(maker.config)
    assert maker.site.on_serve(server, config=maker.config, builder=lambda: None) is server
    assert watched == [str(small / "nnlit"), str(small / "scripts")]


def test_without_a_search_index_there_is_nothing_to_keep(small, monkeypatch) -> None:
    settings = small / "mkdocs.yml"
    settings.write_text(settings.read_text().replace("[material/search]", "[]"))
    maker = Maker(small, "serve")
    assert maker.build(monkeypatch) == maker.build(monkeypatch)
    assert maker.rendered == []


def test_a_documented_module_is_part_of_what_a_page_follows_from(small, monkeypatch) -> None:
    from literate.book import Book
    from literate.extension import Context

    context = Context(small, Book(small, small / "docs"))
    (small / "pack").mkdir()
    (small / "pack/mod.py").write_text("a = 1\n")
    file = type("File", (), {"src_uri": "api.md", "abs_src_path": str(small / "docs/api.md")})
    page = type("Page", (), {"file": file})
    before = again.key("::: pack.mod\n", page, context)
    assert before == again.key("::: pack.mod\n", page, context)
    (small / "pack/mod.py").write_text("a = 2\n")
    assert before != again.key("::: pack.mod\n", page, context)


def test_assets_are_written_only_when_they_differ_and_missing_ones_are_named(tmp_path) -> None:
    path = tmp_path / "a/b"
    assets.write(path, b"1")
    os.utime(path, (1, 1))
    assets.write(path, b"1")
    assert path.stat().st_mtime == 1
    assets.write(path, b"2")
    assert path.read_bytes() == b"2"
    with pytest.raises(FileNotFoundError, match="source-serif-4 is not installed"):
        assets.copy(tmp_path)


def test_the_style_sheets_name_only_files_that_are_there(tmp_path) -> None:
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    assets.copy(tmp_path)
    for sheet in ("katex/katex.min.css", "fonts/fonts.css"):
        path = tmp_path / "docs/assets" / sheet
        files = re.findall(r"url\(([^)]+)\)", path.read_text())
        assert len(files) >= 15
        assert all((path.parent / name).is_file() and name.endswith(".woff2") for name in files)
    fonts = (tmp_path / "docs/assets/fonts/fonts.css").read_text()
    assert "cyrillic" not in fonts
    assert fonts.count("unicode-range:U+") == fonts.count("@font-face")
