"""The few MkDocs hooks: figures, third-party assets, and which page it is.

What a page shows is decided in the Markdown extensions; here is only what
they can't know: the folder of the docs, the page that is being built, and
that figures, KaTeX and fonts have to be there before it is.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import build_figures
import notebooks
from jinja2 import Environment, FileSystemBytecodeCache
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from literate import again, assets, notebook, security
from literate.book import Book
from literate.errors import PageError
from literate.extension import Context
from literate.page import front_matter

_context = Context(Path.cwd(), late=True)
_serving = False
_drawing: subprocess.Popen | None = None


def on_startup(command: str, dirty: bool) -> None:
    """While the book is served, compiled files would look like saved ones."""
    global _serving
    _serving = command == "serve"
    if _serving:
        sys.dont_write_bytecode = True
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Gives the Markdown extension its context."""
    root = Path(config.config_file_path).parent
    _context.root = root
    _context.book = Book(root, Path(config.docs_dir))
    _context.lenient = _serving
    _context.repository = config.extra.get("repository") or ""
    config.mdx_configs["literate"] = {"context": _context}
    return config


def on_pre_build(config: MkDocsConfig) -> None:
    """Fetches nothing: copies installed assets and draws missing figures."""
    assets.copy(_context.root)
    _draw_figures()
    notebooks.draw_figures()
    _context.book.read()
    if _serving:
        again.load(_context.root)
        again.reuse_search(config)


def _draw_figures() -> None:
    """Draws what is missing or stale; while serving, only what is missing."""
    if _serving and build_figures.complete():
        return
    try:
        build_figures.ensure()
    except build_figures.FigureError as error:
        raise PageError(str(error)) from None


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds each lab as an .ipynb beside its page."""
    for file in list(files):
        if notebook.is_notebook(file.src_uri):
            made = notebook.as_ipynb(
                Path(file.abs_src_path), _context.book, config.site_url or "", _context.repository
            )
            text = json.dumps(made, indent=1, ensure_ascii=False) + "\n"
            uri = file.src_uri.removesuffix(".md") + ".ipynb"
            files.append(File.generated(config, uri, content=text))
    return files


def on_env(env: Environment, config: MkDocsConfig, files: Files) -> Environment:
    """Compiled templates are kept, so that a saved file is shown sooner."""
    folder = _context.root / ".cache" / "templates"
    folder.mkdir(parents=True, exist_ok=True)
    env.bytecode_cache = FileSystemBytecodeCache(str(folder))
    return env


def on_post_build(config: MkDocsConfig) -> None:
    """While serving: keeps the pages, and draws stale figures beside it.

    So the page shows the saved text at once, and the new figure as soon as
    it is written, since that is a saved file again.
    """
    global _drawing
    if not _serving:
        return
    again.save(_context.root)
    if _drawing is None or _drawing.poll() is not None:
        script = _context.root / "scripts" / "build_figures.py"
        _drawing = subprocess.Popen([sys.executable, str(script), "all"], stdout=subprocess.DEVNULL)


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Tells the extension where it is."""
    _context.where = page.file.src_uri
    lines = Path(page.file.abs_src_path).read_text(encoding="utf-8").splitlines()
    _context.offset = len(lines) - len(markdown.splitlines())
    if lines and front_matter(lines) == 0:
        _context.offset = 0
    if _serving:
        again.reuse(page, markdown, _context)
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
    output = _context.fill(output)
    # The reloading of a served page is a script that no hash is known of.
    return output if _serving else security.protect(output)


def on_post_template(output: str, template_name: str, config: MkDocsConfig) -> str:
    """The page for what isn't there is a page, too."""
    is_page = template_name.endswith(".html")
    return security.protect(output) if is_page and not _serving else output
