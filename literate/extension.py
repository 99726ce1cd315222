"""The Markdown extension: embeds code, sets mathematics, numbers figures.

    @embed nnlit.activations.sigmoid docstring=show hl_lines="1 3" part=name

    $$
    \\sigma(x) = \\frac{1}{1 + e^{-x}}
    $$ {#eq-sigmoid code="nnlit.activations.sigmoid(x)"}

    by @eq-sigmoid, and as @fig-step-against-sigmoid shows

    /// figure | step-against-sigmoid
        alt: What a reader who can't see the figure should know.

    The caption, with $\\sigma$ and **emphasis**.
    ///

    /// pair
    an equation and an embed, set side by side
    ///

Whatever is missing stops the build with file and line.
"""

from __future__ import annotations

import functools
import hashlib
import html
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar
from xml.etree import ElementTree as etree

from markdown import Extension, Markdown
from markdown.postprocessors import Postprocessor
from markdown.preprocessors import Preprocessor
from pymdownx.blocks import BlocksExtension
from pymdownx.blocks.block import Block

from literate import embed, katex, marks, notebook, page
from literate.book import Book
from literate.dialect import FormulaError, Node, name_of, parse
from literate.errors import PageError
from literate.symbols import Symbol, symbols_of

FIGURES = "assets/figures"
FORMULA = re.compile(r"<!--formula [0-9a-f]{32}-->")


@dataclass
class Context:
    """Which page is being built; the MkDocs hook keeps it up to date."""

    root: Path
    book: Book | None = None
    where: str = ""
    offset: int = 0
    api: str = "/api/{page}.md"
    names: set[str] = field(default_factory=set)  # Python names of its symbols
    # A page's formulas are long; whoever builds pages may put them in last
    # (`late`), so that nothing in between has to read them.
    late: bool = False
    formulas: dict[str, str] = field(default_factory=dict)
    lenient: bool = False  # while serving, a changed cell may lack its output
    repository: str = ""  # owner/name on GitHub, for the labs

    def keep(self, rendered: str) -> str:
        """A short stand-in for a rendered formula."""
        key = f"<!--formula {hashlib.md5(rendered.encode()).hexdigest()}-->"
        self.formulas[key] = rendered
        return key

    def fill(self, text: str) -> str:
        """The text with its formulas in their places."""
        return FORMULA.sub(lambda match: self.formulas[match[0]], text)


class LiteratePreprocessor(Preprocessor):
    """Replaces equations, formulas, references and embeds in the raw text."""

    def __init__(self, md: Markdown, context: Context):
        super().__init__(md)
        self.context = context

    def run(self, lines: list[str]) -> list[str]:
        """The lines with every part replaced, last part first."""
        context = self.context
        found = page.parts(lines, context.where, context.offset)
        lines = list(lines)
        symbols = dict(context.book.symbols) if context.book else {}
        symbols |= symbols_of(found, context.where)
        context.names = {s.python.split(".")[-1] for s in symbols.values() if s.python}
        equations = [p for p in found if p.kind == "equation"]
        numbers = {p.line: str(count) for count, p in enumerate(equations, start=1)}
        cells = self.cells(lines, found)
        for first, last, parts in reversed(_by_rows(found)):
            try:
                if parts[0].kind == "equation":
                    lines[first : last + 1] = self.equation(parts[0], numbers, symbols)
                elif parts[0].kind == "embed":
                    lines[first : last + 1] = self.embed(parts[0])
                elif first in cells:
                    lines[first : last + 1] = cells[first]
                elif parts[0].kind in ("inline", "reference"):
                    lines[first : last + 1] = self.prose(lines[first : last + 1], parts)
            except (katex.KatexError, embed.UnknownName) as error:
                line = getattr(error, "line", 0) or parts[0].line
                raise PageError(str(error), context.where, line) from None
        if self.context.book and marks.LINE in lines:
            at = lines.index(marks.LINE)
            lines[at : at + 1] = marks.listing(self.context.book)
        if cells:
            title = next(row for row, line in enumerate(lines) if line.startswith("# "))
            lines.insert(title + 1, "\n" + notebook.links(context.where, context.repository))
            lines = "\n".join(lines).split("\n")
        return lines

    def cells(self, lines: list[str], found: list[page.Part]) -> dict[int, list[str]]:
        """Of a lab: its cells with what they printed, by row."""
        context = self.context
        if context.book is None or not notebook.is_notebook(context.where):
            return {}
        return notebook.with_outputs(
            lines, found, context.where, context.book.docs, context.lenient
        )

    # ---- equations

    def equation(
        self, part: page.Part, numbers: dict[int, str], symbols: dict[str, Symbol]
    ) -> list[str]:
        name = part.attributes.get("id", "")
        number = numbers[part.line]
        if self.context.book and name in self.context.book.targets:
            number = self.context.book.targets[name].number
        tex = spread(mark_symbols(part.text, symbols))
        rendered = katex.render(tex, self.context.root, display=True, trust=True)
        body = f'<div class="equation-body">{self.context.keep(rendered)}</div>'
        if name:
            body += (
                f'<a class="equation-number" href="#{name}" '
                f'aria-label="Equation {number}">({number})</a>'
            )
            if self.context.book:
                compared = self.context.book.compared.get(name, 0)
                body += marks.mark(self.context.where, part, number, compared)
        block = [f"/// equation | {name}", self.md.htmlStash.store(body), "///"]
        return ["", *(part.indent + line for line in block), ""]

    # ---- formulas and references in prose

    def prose(self, lines: list[str], parts: list[page.Part]) -> list[str]:
        text = "\n".join(lines)
        for part in reversed(parts):
            if part.kind == "inline":
                tex = re.sub(r"\s+", " ", part.text)
                try:
                    rendered = katex.render(tex, self.context.root)
                except katex.KatexError as error:
                    error.line = part.line
                    raise
                kept = self.context.keep(rendered)
                shown = f'<span class="math" data-search-exclude>{kept}</span>'
                replacement = self.md.htmlStash.store(shown)
            else:
                replacement = self.reference(part)
            text = text[: part.span[0]] + replacement + text[part.span[1] :]
        return text.split("\n")

    def reference(self, part: page.Part) -> str:
        book = self.context.book
        if book is None:
            return f"[{part.text}](#{part.text})"
        if part.text not in book.targets:
            known = ", ".join(k for k in book.targets if k[:3] == part.text[:3])
            raise PageError(
                f"@{part.text}: no such id; known: {known}", self.context.where, part.line
            )
        target = book.targets[part.text]
        label = f"({target.number})" if part.text.startswith("eq-") else f"Figure {target.number}"
        here = target.page == self.context.where
        return f"[{label}]({'' if here else '/' + target.page}#{part.text})"

    # ---- code

    def embed(self, part: page.Part) -> list[str]:
        options = dict(part.attributes)
        docstring = options.pop("docstring", "fold")
        source = embed.find(part.text, self.context.root, options.pop("part", None))
        if docstring not in ("show", "fold", "hide"):
            raise embed.UnknownName(f"docstring={docstring}: show, fold or hide")
        highlight = options.pop("hl_lines", "")
        if options:
            raise embed.UnknownName(f"unknown options of @embed: {sorted(options)}")
        code = source.full if docstring == "show" else source.code
        length = len(code.splitlines())
        if any(int(n) > length for n in re.findall(r"\d+", highlight)):
            raise embed.UnknownName(f"hl_lines={highlight!r}, but {part.text} has {length} lines")
        lines = code_block(code, highlight, part.text, source.imports)
        words = source.module.split(".")[-1]
        link = self.context.api.format(page=words)
        title = "in the package's reference"
        name = re.sub(r"(?<=[._])", "<wbr>", part.text)  # where a long name may break
        footer = f'[<code>{name}</code>]({link}#{part.text}){{ .embed-source title="{title}" }}'
        lines += ["", footer]
        if docstring == "fold" and source.docstring:
            inside = source.docstring.splitlines()
            lines += ["", '??? docstring "docstring"', "", "    ``````text"]
            lines += ["    " + line for line in inside] + ["    ``````", ""]
        return ["", *(part.indent + line if line else "" for line in lines), ""]


def code_block(code: str, highlight: str, name: str, imports: str) -> list[str]:
    """A fence that the highlighter and, through data-embed, `copies` read."""
    wanted = f' hl_lines="{highlight}"' if highlight else ""
    needs = html.escape(imports.replace("\n", "&#10;"), quote=True)
    head = f'``````{{.python .embed data-embed="{name}" data-needs="{needs}"{wanted}}}'
    return [head, *code.splitlines(), "``````"]


def _by_rows(found: list[page.Part]) -> list[tuple[int, int, list[page.Part]]]:
    """Parts grouped by the rows they stand in, in the order of the page."""
    groups: dict[tuple[int, int], list[page.Part]] = {}
    for part in found:
        groups.setdefault((part.first, part.last), []).append(part)
    return [(first, last, parts) for (first, last), parts in sorted(groups.items())]


def spread(tex: str) -> str:
    """More room between the lines of a derivation that holds fractions."""
    if r"\begin{aligned}" not in tex or r"\frac" not in tex:
        return tex
    return re.sub(r"\\\\(?=\n)", r"\\\\[0.7em]", tex)


def mark_symbols(tex: str, symbols: dict[str, Symbol]) -> str:
    """Wraps each known symbol so that the page can light it up in the code."""
    try:
        tree = parse(tex)
    except FormulaError:
        return tex  # the checker says so, with its reason
    spots = []
    for node in tree.iter_subtrees():
        if not isinstance(node, Node) or node.data != "name":
            continue
        symbol = symbols.get(name_of(node))
        if symbol and symbol.python and re.fullmatch(r"[\w.]+", symbol.python):
            spots.append((node.meta.start_pos, node.meta.end_pos, symbol.python.split(".")[-1]))
    for start, end, python in sorted(set(spots), reverse=True):
        tex = f"{tex[:start]}{{\\htmlData{{s={python}}}{{{tex[start:end]}}}}}{tex[end:]}"
    return tex


class CopiesPostprocessor(Postprocessor):
    """Gives every block the text that its copy button copies.

    Of an interactive session that is the code without prompts and output; of
    embedded source the imports it needs and the code.  Names in embedded
    source are marked like the symbols of the equation beside it.
    """

    # A block whose options are wrong is left on the page without a word.
    LEFT = re.compile(r"<p>/{3,}\s*((?:figure|pair|equation)\b[^<\n]*)")
    SESSION = re.compile(
        r'(<div class="[^"]*language-pycon[^"]*highlight[^"]*")(>.*?</div>)', re.DOTALL
    )
    EMBED = re.compile(r'(<div class="[^"]*highlight[^"]*")([^>]*)(>.*?</div>)', re.DOTALL)

    def __init__(self, md: Markdown, context: Context):
        super().__init__(md)
        self.context = context

    def run(self, text: str) -> str:
        if left := self.LEFT.search(text):
            block = html.unescape(left[1])
            name = f"fig-{block.split()[-1]}"
            targets = self.context.book.targets if self.context.book else {}
            line = targets[name].line if name in targets else 1
            raise PageError(
                f"/// {block}: not understood; are its options right? "
                "(text with a colon in it needs quotes)",
                self.context.where,
                line,
            )
        text = self.SESSION.sub(self._session, text)
        text = self.EMBED.sub(self._embed, text)
        return text if self.context.late else self.context.fill(text)

    @staticmethod
    def _session(match: re.Match[str]) -> str:
        code = page.session_code(plain(match[2]))
        return f'{match[1]} data-copy="{attribute(code)}"{match[2]}'

    def _embed(self, match: re.Match[str]) -> str:
        needs = re.search(r'data-needs="([^"]*)"', match[0])
        if needs is None:
            return match[0]
        imports = html.unescape(html.unescape(needs[1]))
        body = plain(match[3])
        copy = f"{imports}\n\n\n{body}" if imports else body
        rest = re.sub(r' ?data-needs="[^"]*"', "", match[3])
        rest = re.sub(r'<span class="(n|nf|nb)">(\w+)</span>', self._mark, rest)
        opening = re.sub(r' ?data-needs="[^"]*"', "", match[2])
        return f'{match[1]}{opening} data-copy="{attribute(copy)}"{rest}'

    def _mark(self, match: re.Match[str]) -> str:
        if match[2] not in self.context.names:
            return match[0]
        return f'<span class="{match[1]}" data-s="{match[2]}">{match[2]}</span>'


def plain(markup: str) -> str:
    """The text of highlighted code."""
    markup = re.sub(r"^[^<]*>", "", markup, count=1)
    return html.unescape(re.sub(r"<[^>]*>", "", markup)).strip("\n") + "\n"


def attribute(text: str) -> str:
    """Text as the value of an attribute, on one line of the file."""
    return html.escape(text, quote=True).replace("\n", "&#10;")


# --- blocks: figure, equation, pair ---------------------------------------------


class FigureBlock(Block):
    """`/// figure | name` with alt text and caption."""

    NAME = "figure"
    ARGUMENT = True
    OPTIONS: ClassVar = {"alt": ["", lambda value: str(value).strip()]}

    def on_create(self, parent: etree.Element) -> etree.Element:
        context: Context = self.config["context"]
        name = self.argument.strip()
        target = context.book.targets.get(f"fig-{name}") if context.book else None
        line = target.line if target else 0

        def wrong(message: str) -> PageError:
            return PageError(f"figure {name}: {message}", context.where, line)

        alt = self.options["alt"]
        if len(alt) < 20:
            raise wrong("needs `alt:`, a sentence for those who can't see it")
        figure = etree.SubElement(parent, "figure", {"class": "figure", "id": f"fig-{name}"})
        for scheme in ("light", "dark"):
            lab = notebook.is_notebook(context.where)
            file = f"{notebook.LABS if lab else FIGURES}/{name}-{scheme}.svg"
            size = svg_size(context.root / "docs" / file)
            if size is None:
                raise wrong("no such figure: is there a function for it in scripts/figures?")
            etree.SubElement(
                figure, "img",
                {"src": f"/{file}#only-{scheme}", "alt": alt,
                 "loading": "lazy", "width": size[0], "height": size[1]},
            )  # fmt: skip
        caption = etree.SubElement(figure, "figcaption")
        number = etree.SubElement(caption, "a", {"class": "figure-number", "href": f"#fig-{name}"})
        number.text = f"Figure {target.number}" if target else "Figure"
        self.caption = caption
        return figure

    def on_add(self, block: etree.Element) -> etree.Element:
        return self.caption

    def on_end(self, block: etree.Element) -> None:
        text = "".join(self.caption.itertext()).strip()
        if len(text) < 30:
            context: Context = self.config["context"]
            raise PageError(f"figure {self.argument}: needs a caption", context.where, 1)


class EquationBlock(Block):
    """What the preprocessor makes of `$$ … $$ {#eq-name}`."""

    NAME = "equation"
    ARGUMENT = None

    def on_create(self, parent: etree.Element) -> etree.Element:
        attributes = {"class": "equation", "data-search-exclude": ""}
        if self.argument:
            attributes["id"] = self.argument
        return etree.SubElement(parent, "div", attributes)


class PairBlock(Block):
    """`/// pair`: an equation and the code that computes it, side by side."""

    NAME = "pair"

    def on_create(self, parent: etree.Element) -> etree.Element:
        return etree.SubElement(parent, "div", {"class": "pair"})


def svg_size(path: Path) -> tuple[str, str] | None:
    """Width and height of an SVG, so that the page keeps its place free."""
    if not path.is_file():
        return None
    head = path.read_text(encoding="utf-8")[:2000]
    box = re.search(r'viewBox="[\d.-]+ [\d.-]+ ([\d.]+) ([\d.]+)"', head)
    if box is None:
        return None
    scale = 4 / 3  # points to CSS pixels
    width, height = (str(round(float(v) * scale)) for v in box.groups())
    return width, height


class FigureBlocks(BlocksExtension):
    """Registers the blocks."""

    def __init__(self, context: Context):
        self.context = context
        super().__init__()

    def extendMarkdownBlocks(self, md: Markdown, block_mgr: Any) -> None:
        block_mgr.register(FigureBlock, {"context": self.context})
        block_mgr.register(EquationBlock, {})
        block_mgr.register(PairBlock, {})


class LiterateExtension(Extension):
    """All of it."""

    def __init__(self, **kwargs: Any) -> None:
        self.config = {"context": ["", "the page that is built (see hooks.py)"]}
        super().__init__(**kwargs)

    @functools.cached_property
    def context(self) -> Context:
        """The page that is built; of the book beside this library, if nobody says so."""
        return self.getConfig("context") or Context(Path(__file__).resolve().parent.parent)

    def extendMarkdown(self, md: Markdown) -> None:
        context = self.context
        md.registerExtension(self)
        # After whitespace is normalised (30), before fences (25) and HTML (20).
        md.preprocessors.register(LiteratePreprocessor(md, context), "literate", 28)
        md.postprocessors.register(CopiesPostprocessor(md, context), "literate-copies", -10)
        md.ESCAPED_CHARS.append("$")
        FigureBlocks(context).extendMarkdown(md)


def makeExtension(**kwargs: Any) -> LiterateExtension:
    """Entry point of Python-Markdown."""
    return LiterateExtension(**kwargs)
