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

from literate import assets, checks, embed, notebook
from literate.extension import FIGURES, FORMULA, Context

EMBEDDED = re.compile(r"^\s*@embed\s+(\S+)", re.MULTILINE)
DOCUMENTED = re.compile(r"^::: (\S+)", re.MULTILINE)
FIGURE = re.compile(r"^\s*/// figure \| (\S+)", re.MULTILINE)

CACHE = ".cache/pages.json"

_rendered: dict[str, dict[str, Any]] = {}
_entries: dict[str, tuple[str, list[dict[str, Any]]]] = {}  # of the search index


def key(markdown: str, page: Page, context: Context) -> str:
    """A digest of all that the page's HTML follows from."""
    hashed = hashlib.sha256(f"{page.file.src_uri}\n{markdown}".encode())
    hashed.update(repr((context.book.targets, context.book.symbols)).encode())
    if checks.LINE in markdown.splitlines():
        hashed.update(repr(context.book.equations).encode())
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
        file = notebook.store_of(Path(page.file.abs_src_path))
        hashed.update(file.read_bytes() if file.is_file() else b"")
    return hashed.hexdigest()


def tools(root: Path) -> str:
    """A digest of what renders pages, the same for all of them."""
    files = [root / "mkdocs.yml", root / "requirements" / "site.txt"]
    files += sorted(f for f in Path(__file__).parent.iterdir() if f.is_file())
    files += sorted((root / "results").glob("*.json"))
    hashed = hashlib.sha256()
    for file in files:
        hashed.update(file.read_bytes() if file.is_file() else b"")
    return hashed.hexdigest()


def reuse(page: Page, markdown: str, context: Context) -> None:
    """Lets the page's next rendering be last time's, if nothing changed."""
    now = key(markdown, page, context)
    kept = _rendered.get(page.file.src_uri, {})

    def restore(config: MkDocsConfig, files: Files) -> None:
        page.content = kept["content"]
        page.toc = TableOfContents([_anchor(item) for item in kept["toc"]])
        page._title_from_render = kept["title"]
        page.present_anchor_ids = set(kept["anchors"])
        page.links_to_anchors = {
            file: links
            for uri, links in kept["links"].items()
            if (file := files.get_file_from_path(uri))
        }
        context.formulas.update(kept["formulas"])

    def render(config: MkDocsConfig, files: Files) -> None:
        Page.render(page, config, files)
        _rendered[page.file.src_uri] = {
            "key": now,
            "content": page.content,
            "toc": [_plain(item) for item in page.toc],
            "title": page._title_from_render,
            "anchors": sorted(page.present_anchor_ids or ()),
            "links": {f.src_uri: ls for f, ls in (page.links_to_anchors or {}).items()},
            "formulas": {k: context.formulas[k] for k in FORMULA.findall(page.content)},
        }

    page.render = restore if now and now == kept.get("key") else render


def _plain(item: AnchorLink) -> dict[str, Any]:
    children = [_plain(child) for child in item.children]
    return {"title": item.title, "id": item.id, "level": item.level, "children": children}


def _anchor(item: dict[str, Any]) -> AnchorLink:
    anchor = AnchorLink(item["title"], item["id"], item["level"])
    anchor.children = [_anchor(child) for child in item["children"]]
    return anchor


def reuse_search(config: MkDocsConfig) -> None:
    """Lets the search index take the entries of unchanged pages from before."""
    plugins = (config.plugins.get(name) for name in ("material/search", "search"))
    index = next((p.search_index for p in plugins if hasattr(p, "search_index")), None)
    if index is None:
        return
    read = index.add_entry_from_context

    def add(page: Page) -> None:
        now = hashlib.sha256((page.content or "").encode()).hexdigest()
        before, kept = _entries.get(page.url, ("", []))
        if now != before:
            first = len(index.entries)
            read(page)
            kept = [dict(entry) for entry in index.entries[first:]]
            _entries[page.url] = (now, kept)
        else:
            index.entries.extend(dict(entry) for entry in kept)

    index.add_entry_from_context = add


def load(root: Path) -> None:
    """What the last `serve` left; anything unreadable is as good as nothing."""
    file = root / CACHE
    if _rendered or not file.is_file():
        return
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        return
    if kept.get("tools") == tools(root):
        _rendered.update(kept["pages"])
        _entries.update(kept["entries"])


def save(root: Path) -> None:
    """Keeps the pages for the next `serve`."""
    text = json.dumps({"tools": tools(root), "pages": _rendered, "entries": _entries})
    assets.write(root / CACHE, text.encode())
