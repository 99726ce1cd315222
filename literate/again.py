"""While the book is served, a page is rendered again only if it changed.

What a page depends on is known: its text, the source it embeds or documents,
the numbers and symbols of the book, and the sizes of its figures.  Where all
of that is as it was at the last build, the page's HTML is taken from then, so
that a saved chapter is on the page at once.  A build never does this.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page
from mkdocs.structure.toc import AnchorLink, TableOfContents

from literate import assets, embed, evidence, marks, notebook
from literate.extension import FIGURES, FORMULA, Context

EMBEDDED = re.compile(r"^\s*@embed\s+(\S+)", re.MULTILINE)
DOCUMENTED = re.compile(r"^::: (\S+)", re.MULTILINE)
FIGURE = re.compile(r"^\s*/// figure \| (\S+)", re.MULTILINE)
SEARCH_ONLY = re.compile(r"\s?data-search-\w+=\"[^\"]+\"")  # attributes that search takes out

CACHE = ".cache/pages.json"


class Kept:
    """What the pages were at the last build."""

    def __init__(self) -> None:
        self.pages: dict[str, dict[str, Any]] = {}
        self.entries: dict[str, tuple[str, list[dict[str, Any]]]] = {}  # of the search index
        self.keys: dict[str, str] = {}  # of the build that goes on
        self._begun: tuple[str, int, str] = ("", 0, "")  # digest, entries before, content

    # ---- pages

    def has(self, page: Page, markdown: str, context: Context) -> bool:
        """Whether the page is what it was, so that it needn't be rendered."""
        uri = page.file.src_uri
        self.keys[uri] = key(markdown, page, context)
        return bool(self.keys[uri]) and self.keys[uri] == self.pages.get(uri, {}).get("key")

    def content(self, html: str, page: Page, context: Context, files: Files) -> str:
        """What was rendered now, which is kept, or what was kept before."""
        uri = page.file.src_uri
        kept = self.pages.get(uri, {})
        if not page.markdown and self.keys[uri] == kept.get("key"):
            page.content = kept["content"]
            page.toc = TableOfContents([_anchor(item) for item in kept["toc"]])
            page.title = kept["title"]
            page.present_anchor_ids = set(kept["anchors"])
            page.links_to_anchors = {
                file: links
                for uri, links in kept["links"].items()
                if (file := files.get_file_from_path(uri))
            }
            context.formulas.update(kept["formulas"])
            return str(kept["content"])
        self.pages[uri] = {
            "key": self.keys[uri],
            "content": html,
            "toc": [_plain(item) for item in page.toc],
            "title": page.title,
            "anchors": sorted(page.present_anchor_ids or ()),
            "links": {f.src_uri: ls for f, ls in (page.links_to_anchors or {}).items()},
            "formulas": {k: context.formulas[k] for k in FORMULA.findall(html)},
        }
        return html

    # ---- the search index

    def before_search(self, page: Page, config: MkDocsConfig) -> None:
        """An unchanged page is an empty one to the search: its entries are kept."""
        index = _search_index(config)
        if index is not None:
            content = page.content or ""
            now = hashlib.sha256(content.encode()).hexdigest()
            self._begun = now, len(index.entries), content
            if now == self.entries.get(page.url, ("", []))[0]:
                page.content = ""

    def after_search(self, page: Page, config: MkDocsConfig) -> None:
        """The page has its content again, the index its entries."""
        index = _search_index(config)
        if index is not None:
            now, first, content = self._begun
            before, kept = self.entries.get(page.url, ("", []))
            if now == before:
                del index.entries[first:]
                index.entries.extend(dict(entry) for entry in kept)
                page.content = SEARCH_ONLY.sub("", content)
            else:
                self.entries[page.url] = now, [dict(entry) for entry in index.entries[first:]]

    # ---- from one `serve` to the next

    def load(self, root: Path) -> None:
        """What the last `serve` left; anything unreadable is as good as nothing."""
        file = root / CACHE
        if self.pages or not file.is_file():
            return
        try:
            kept = json.loads(file.read_text(encoding="utf-8"))
        except ValueError:
            return
        if kept.get("tools") == tools(root):
            self.pages.update(kept["pages"])
            self.entries.update(
                {url: (now, entries) for url, (now, entries) in kept["entries"].items()}
            )

    def save(self, root: Path) -> None:
        """Keeps the pages for the next `serve`."""
        text = json.dumps({"tools": tools(root), "pages": self.pages, "entries": self.entries})
        assets.write(root / CACHE, text.encode())


def key(markdown: str, page: Page, context: Context) -> str:
    """A digest of all that the page's HTML follows from."""
    hashed = hashlib.sha256(f"{page.file.src_uri}\n{markdown}".encode())
    book = context.book
    if book is not None:
        hashed.update(repr((book.targets, book.symbols)).encode())
        shown = [part.attributes["id"] for part in book.equations.get(page.file.src_uri, [])]
        if marks.LINE in markdown.splitlines():
            hashed.update(repr(book.equations).encode())
            shown = [*book.compared]
        hashed.update(repr([book.compared.get(name) for name in shown]).encode())
    for name in EMBEDDED.findall(markdown):
        try:
            source = embed.find(name, context.root)
        except embed.UnknownName:
            return ""  # rendering says so, with file and line
        hashed.update(source.path.read_bytes())
    for name in DOCUMENTED.findall(markdown):
        hashed.update((context.root / f"{name.replace('.', '/')}.py").read_bytes())
    for name in FIGURE.findall(markdown):
        folder = notebook.LABS if notebook.is_notebook(page.file.src_uri) else FIGURES
        path = context.root / "docs" / folder / f"{name}-light.svg"
        hashed.update(path.read_bytes()[:2000] if path.is_file() else b"")
    if notebook.is_notebook(page.file.src_uri):
        file = notebook.store_of(Path(page.file.abs_src_path or ""))
        hashed.update(file.read_bytes() if file.is_file() else b"")
    return hashed.hexdigest()


def tools(root: Path) -> str:
    """A digest of what renders pages, the same for all of them."""
    files = [root / "mkdocs.yml", root / "requirements" / "site.txt"]
    files += sorted(f for f in Path(__file__).parent.iterdir() if f.is_file())
    files += sorted(f for f in (root / "results").glob("*.json") if f != root / evidence.FILE)
    hashed = hashlib.sha256()
    for file in files:
        hashed.update(file.read_bytes() if file.is_file() else b"")
    return hashed.hexdigest()


def _search_index(config: MkDocsConfig) -> Any:
    plugins = (config.plugins.get(name) for name in ("material/search", "search"))
    return next((i for p in plugins if (i := getattr(p, "search_index", None)) is not None), None)


def _plain(item: AnchorLink) -> dict[str, Any]:
    children = [_plain(child) for child in item.children]
    return {"title": item.title, "id": item.id, "level": item.level, "children": children}


def _anchor(item: dict[str, Any]) -> AnchorLink:
    anchor = AnchorLink(item["title"], item["id"], item["level"])
    anchor.children = [_anchor(child) for child in item["children"]]
    return anchor
