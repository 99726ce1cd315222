"""What MkDocs is told while it builds the book: which page it is, and what is kept.

What a page shows is decided in the Markdown extensions; here is only what they
can't know: the folder of the project, the page that is being built, and what
the last build made of it.  Figures, fonts and KaTeX are not made here:
`scripts/prepare.py` does that, and is run first, in case nobody has.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from jinja2 import Environment, FileSystemBytecodeCache
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.livereload import LiveReloadServer
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files
from mkdocs.structure.nav import Navigation
from mkdocs.structure.pages import Page
from mkdocs.utils.templates import TemplateContext

from literate import notebook, security
from literate.again import Kept
from literate.book import Book
from literate.errors import PageError
from literate.extension import Context
from literate.page import front_matter

PREPARE = Path("scripts") / "prepare.py"
WATCHED = ("nnlit", "scripts")
# What Material's templates leave out, mended in one place.
MENDED = (
    ('data-md-component="search" role="dialog"',
     'data-md-component="search" role="dialog" aria-label="Search"'),
)  # fmt: skip


class Site:
    """One `mkdocs build` or `mkdocs serve`; the methods are MkDocs' events."""

    def __init__(self) -> None:
        self.context = Context(Path(), late=True)
        self.kept = Kept()
        self.is_serving = False
        self.preparing: subprocess.Popen[bytes] | None = None

    def on_startup(self, *, command: str, dirty: bool) -> None:
        """While the book is served, compiled files would look like saved ones."""
        self.is_serving = command == "serve"
        if self.is_serving:
            sys.dont_write_bytecode = True
            os.environ["PYTHONDONTWRITEBYTECODE"] = "1"

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Gives the Markdown extension its context."""
        root = Path(config.config_file_path).resolve().parent
        self.context.root = root
        self.context.book = Book(root, Path(config.docs_dir))
        self.context.lenient = self.is_serving
        self.context.repository = config.extra.get("repository") or ""
        config.mdx_configs["literate"] = {"context": self.context}
        return config

    def on_pre_build(self, *, config: MkDocsConfig) -> None:
        """What a build needs is ready; while serving it may be out of date."""
        self._prepare(*(["--missing"] if self.is_serving else []))
        self.book.read()
        if self.is_serving:
            self.kept.load(self.context.root)

    @property
    def book(self) -> Book:
        """The book that is built."""
        if self.context.book is None:
            raise RuntimeError("on_config comes first")
        return self.context.book

    def _prepare(self, *words: str) -> None:
        script = self.context.root / PREPARE
        if script.is_file():
            done = subprocess.run(
                [sys.executable, str(script), *words],
                stdout=subprocess.PIPE,
                text=True,
                check=False,
            )
            if done.returncode:
                raise PageError(done.stdout.strip() or f"{PREPARE} failed: what it says is above")

    def on_files(self, files: Files, *, config: MkDocsConfig) -> Files:
        """Adds each lab as an .ipynb beside its page."""
        for file in list(files):
            if notebook.is_notebook(file.src_uri):
                site, repository = config.site_url or "", self.context.repository
                made = notebook.as_ipynb(_path(file), self.book, site, repository)
                text = json.dumps(made, indent=1, ensure_ascii=False) + "\n"
                uri = file.src_uri.removesuffix(".md") + ".ipynb"
                files.append(File.generated(config, uri, content=text))
        return files

    def on_env(self, env: Environment, *, config: MkDocsConfig, files: Files) -> Environment:
        """Compiled templates are kept, so that a saved file is shown sooner."""
        folder = self.context.root / ".cache" / "templates"
        folder.mkdir(parents=True, exist_ok=True)
        env.bytecode_cache = FileSystemBytecodeCache(str(folder))
        return env

    def on_page_markdown(
        self, markdown: str, *, page: Page, config: MkDocsConfig, files: Files
    ) -> str:
        """Tells the extension where it is; a page that is kept needs no rendering."""
        context = self.context
        context.where = page.file.src_uri
        lines = _path(page.file).read_text(encoding="utf-8").splitlines()
        context.offset = len(lines) - len(markdown.splitlines())
        if lines and front_matter(lines) == 0:
            context.offset = 0
        if self.is_serving and self.kept.has(page, markdown, context):
            return ""
        return markdown

    @event_priority(100)  # what other plugins read of a page is there before them
    def on_page_content(self, html: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
        """The page as it was rendered now, or at the last build."""
        return self.kept.content(html, page, self.context, files) if self.is_serving else html

    @event_priority(100)
    def before_search(
        self, context: TemplateContext, *, page: Page, config: MkDocsConfig, nav: Navigation
    ) -> None:
        if self.is_serving:
            self.kept.before_search(page, config)

    @event_priority(-100)
    def after_search(
        self, context: TemplateContext, *, page: Page, config: MkDocsConfig, nav: Navigation
    ) -> None:
        if self.is_serving:
            self.kept.after_search(page, config)

    def on_post_page(self, output: str, *, page: Page, config: MkDocsConfig) -> str:
        """The page as it is served."""
        for before, after in MENDED:
            output = output.replace(before, after)
        output = self.context.fill(output)
        # The reloading of a served page is a script that no hash is known of.
        return output if self.is_serving else security.protect(output)

    def on_post_template(self, output: str, *, template_name: str, config: MkDocsConfig) -> str:
        """The page for what isn't there is a page, too."""
        is_page = template_name.endswith(".html")
        return security.protect(output) if is_page and not self.is_serving else output

    def on_post_build(self, *, config: MkDocsConfig) -> None:
        """While serving: keeps the pages, and draws stale figures beside it.

        So the page shows the saved text at once, and the new figure as soon as
        it is written, since that is a saved file again.
        """
        if not self.is_serving:
            return
        self.kept.save(self.context.root)
        script = self.context.root / PREPARE
        if script.is_file() and (self.preparing is None or self.preparing.poll() is not None):
            self.preparing = subprocess.Popen(
                [sys.executable, str(script)], stdout=subprocess.DEVNULL
            )

    def on_serve(
        self, server: LiveReloadServer, *, config: MkDocsConfig, builder: Callable[..., None]
    ) -> LiveReloadServer:
        """A saved function, figure or data file is on the page like a chapter."""
        for folder in WATCHED:
            server.watch(str(self.context.root / folder))
        return server


def _path(file: File) -> Path:
    if file.abs_src_path is None:
        raise RuntimeError(f"{file.src_uri} is no file")
    return Path(file.abs_src_path)
