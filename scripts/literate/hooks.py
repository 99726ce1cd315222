"""The few MkDocs hooks: figures, third-party assets, and which page it is.

What a page shows is decided in the Markdown extensions; here is only what
they can't know: the folder of the docs, the page that is being built, and
that figures, KaTeX and fonts have to be there before it is.
"""

from __future__ import annotations

from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

from literate import assets
from literate.book import Book
from literate.errors import PageError
from literate.extension import Context
from literate.page import front_matter

_context = Context(Path.cwd())


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Gives the Markdown extension its context."""
    root = Path(config.config_file_path).parent
    _context.root = root
    _context.book = Book(root, Path(config.docs_dir))
    config.mdx_configs["literate"] = {"context": _context}
    return config


def on_pre_build(config: MkDocsConfig) -> None:
    """Fetches nothing: copies installed assets and draws missing figures."""
    assets.copy(_context.root)
    import build_figures

    try:
        build_figures.ensure()
    except build_figures.FigureError as error:
        raise PageError(str(error)) from None
    _context.book.read()


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Tells the extension where it is."""
    _context.where = page.file.src_uri
    lines = Path(page.file.abs_src_path).read_text(encoding="utf-8").splitlines()
    _context.offset = len(lines) - len(markdown.splitlines())
    if lines and front_matter(lines) == 0:
        _context.offset = 0
    return markdown


def on_serve(server, config: MkDocsConfig, builder):
    """A saved function, figure or data file is on the page like a chapter."""
    for folder in ("nnlit", "scripts"):
        server.watch(str(_context.root / folder))
    return server


# What Material's templates leave out, mended in one place.
MENDED = (
    ('data-md-component="search" role="dialog"',
     'data-md-component="search" role="dialog" aria-label="Search"'),
)  # fmt: skip


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """The page as it is served."""
    for before, after in MENDED:
        output = output.replace(before, after)
    return output
