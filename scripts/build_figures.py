#!/usr/bin/env python3
"""Draw the figures of the book.

    build_figures.py list            every figure, and whether it is current
    build_figures.py one NAME        draw one
    build_figures.py all             draw what is missing or out of date
    build_figures.py check           draw nothing; fail if anything is stale

A figure is drawn again only when something it depends on has changed: the
functions that draw it, the modules of `figures` and `nnlit` that these
import, the data sets, the fonts, or the version of a library. To know that,
this program reads source without importing it, so that finding nothing to do
takes a fraction of a second.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import hashlib
import json
import os
import sys
import traceback
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module, metadata
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent
ROOT = SCRIPTS.parent
FIGURES = SCRIPTS / "figures"
OUTPUT = ROOT / "docs" / "assets" / "figures"
CACHE = ROOT / ".cache" / "figures"
KEYS = CACHE / "keys.json"

SCHEMES = ("light", "dark")
LIBRARIES = ("brotli", "fonttools", "matplotlib", "numpy")
FONT_FOLDERS = (
    ROOT / "node_modules" / "@fontsource" / "source-serif-4" / "package.json",
    ROOT / "node_modules" / "katex" / "package.json",
)
# What draws every figure, whichever module describes it.
MACHINERY = tuple(
    FIGURES / name
    for name in ("__init__.py", "fonts.py", "palette.py", "svg.py")
)


class FigureError(Exception):
    """Something about a figure that its author has to mend."""


@dataclass(frozen=True)
class Entry:
    """A figure as its source declares it."""

    name: str
    module: Path
    line: int
    key: str  # changes whenever anything the figure depends on does

    def files(self) -> dict[str, Path]:
        """Where the figure's SVG goes, by scheme."""
        return {s: OUTPUT / f"{self.name}-{s}.svg" for s in SCHEMES}


# --- what there is, and what it depends on ---------------------------------


def registry() -> dict[str, Entry]:
    """Every figure by name, in the order of the book."""
    _forget()
    entries: dict[str, Entry] = {}
    for module in sorted(FIGURES.glob("*.py")):
        for name, function in _declared(module):
            if name in entries:
                other = entries[name]
                raise FigureError(
                    f"{_place(module, function.lineno)}: a figure called "
                    f"{name!r} stands already at "
                    f"{_place(other.module, other.line)}"
                )
            key = _key(module, function)
            entries[name] = Entry(name, module, function.lineno, key)
    return entries


def _declared(module: Path) -> Iterator[tuple[str, ast.FunctionDef]]:
    """The functions of a module that `@figure("name", …)` registers."""
    for node in _syntax(module).body:
        if not isinstance(node, ast.FunctionDef):
            continue
        for decorator in node.decorator_list:
            if not (
                isinstance(decorator, ast.Call)
                and isinstance(decorator.func, ast.Name)
                and decorator.func.id == "figure"
            ):
                continue
            first = decorator.args[0] if decorator.args else None
            if not (
                isinstance(first, ast.Constant)
                and isinstance(first.value, str)
            ):
                raise FigureError(
                    f"{_place(module, decorator.lineno)}: @figure needs the "
                    "figure's name, written out, as its first argument"
                )
            yield first.value, node


def _key(module: Path, function: ast.FunctionDef) -> str:
    """A digest of all that the figure depends on."""
    digest = hashlib.sha256(_environment().encode())
    statements, modules = _reachable(module, function.name)
    for statement in statements:
        digest.update(statement.encode())
    for path in sorted(_closure((*modules, *MACHINERY))):
        digest.update(_relative(path).encode())
        digest.update(_fingerprint(path).encode())
    return digest.hexdigest()


def _reachable(module: Path, start: str) -> tuple[list[str], list[Path]]:
    """What a function of a module uses of it, directly or not.

    Returns the source of the module's own top-level statements, in order,
    and the files that they import from.
    """
    parts = _parts(module)
    used: set[int] = set()
    waiting = [i for i, part in enumerate(parts) if not part.binds]
    waiting += _owners(module)[start]
    while waiting:
        place = waiting.pop()
        if place not in used:
            used.add(place)
            for name in parts[place].uses:
                waiting += _owners(module).get(name, [])
    chosen = [parts[i] for i in sorted(used)]
    return [p.source for p in chosen], [f for p in chosen for f in p.files]


@dataclass(frozen=True)
class Part:
    """A top-level statement of a module."""

    source: str
    binds: frozenset[str]  # the names it gives a meaning
    uses: frozenset[str]  # the names it mentions
    files: tuple[Path, ...]  # the project files it imports from


@cache
def _parts(module: Path) -> list[Part]:
    """The top-level statements of a module, but for its docstring."""
    lines = _text(module).splitlines(keepends=True)
    parts = []
    for statement in _syntax(module).body:
        if _is_docstring(statement):
            continue
        nodes = list(ast.walk(statement))
        parts.append(
            Part(
                "".join(lines[_first(statement) - 1 : statement.end_lineno]),
                frozenset(_binds(statement)),
                frozenset(n.id for n in nodes if isinstance(n, ast.Name)),
                tuple(f for node in nodes for f in _imported(node)),
            )
        )
    return parts


@cache
def _owners(module: Path) -> dict[str, list[int]]:
    """By name: the places of the statements that give it a meaning."""
    owners: dict[str, list[int]] = {}
    for place, part in enumerate(_parts(module)):
        for name in part.binds:
            owners.setdefault(name, []).append(place)
    return owners


def _binds(statement: ast.stmt) -> set[str]:
    """The names that a top-level statement gives a meaning."""
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return {statement.name}
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return {
            (alias.asname or alias.name).partition(".")[0]
            for alias in statement.names
        }
    return {
        node.id
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(
        statement.value, ast.Constant
    )


def _first(statement: ast.stmt) -> int:
    """The line a statement begins at, its decorators included."""
    decorators = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(d.lineno for d in decorators)])


def _closure(start: Iterable[Path]) -> set[Path]:
    """The files `start` and all project files they import, however deep."""
    found: set[Path] = set()
    waiting = list(start)
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.add(path)
            waiting += _imports_of(path)
    return found


def imported_by(source: str) -> set[Path]:
    """The project files that some source imports, however deep, with data."""
    _forget()
    nodes = ast.walk(ast.parse(source))
    return _closure(file for node in nodes for file in _imported(node))


@cache
def _imports_of(path: Path) -> tuple[Path, ...]:
    """The project files that a file imports, and the data beside it."""
    if path.suffix != ".py":
        return ()
    files = [f for node in ast.walk(_syntax(path)) for f in _imported(node)]
    if path == ROOT / "nnlit" / "datasets.py":
        files += [f for f in (ROOT / "nnlit/data").rglob("*") if f.is_file()]
    return tuple(files)


def _imported(node: ast.AST) -> list[Path]:
    """The project files behind an import statement; none for another."""
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
        names = [f"{node.module}.{alias.name}" for alias in node.names]
    else:
        return []
    return [file for name in names for file in _files_of(name)]


@cache
def _files_of(name: str) -> list[Path]:
    """The project file that a dotted name lives in, as a list of one.

    Of `nnlit.losses.softplus` that is the module `nnlit/losses.py`; a name
    that a package itself gives leads to its `__init__.py`.
    """
    parts = name.split(".")
    base = {"nnlit": ROOT, "figures": SCRIPTS}.get(parts[0])
    if base is None:
        return []
    for depth in range(len(parts), 0, -1):
        place = base.joinpath(*parts[:depth])
        for file in (place.with_suffix(".py"), place / "__init__.py"):
            if file.is_file():
                return [file]
    return []


@cache
def _environment() -> str:
    """Versions of libraries and fonts, as far as drawing depends on them."""
    versions = {name: metadata.version(name) for name in LIBRARIES}
    for manifest in FONT_FOLDERS:
        versions[manifest.parent.name] = _fingerprint(manifest)
    return json.dumps(versions, sort_keys=True)


@cache
def _fingerprint(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return "missing"


@cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def _syntax(path: Path) -> ast.Module:
    try:
        return ast.parse(_text(path), filename=str(path))
    except SyntaxError as error:
        raise FigureError(
            f"{_place(path, error.lineno or 1)}: {error.msg}"
        ) from None


def _forget() -> None:
    """Read every file anew: `mkdocs serve` lives longer than a file."""
    for function in (
        _environment,
        _files_of,
        _fingerprint,
        _imports_of,
        _owners,
        _parts,
        _syntax,
        _text,
    ):
        function.cache_clear()


def _relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _place(path: Path, line: int) -> str:
    return f"{_relative(path)}:{line}"


# --- what is current -------------------------------------------------------


def _recorded() -> dict[str, dict[str, str]]:
    """What was drawn last: by name, the key and a digest for each scheme."""
    try:
        return json.loads(KEYS.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}


def state(entry: Entry, recorded: dict[str, dict[str, str]]) -> str:
    """'current', 'missing' (a file is) or 'stale'."""
    files = entry.files()
    if not all(file.is_file() for file in files.values()):
        return "missing"
    record = recorded.get(entry.name, {})
    same = record.get("key") == entry.key and all(
        record.get(scheme) == hashlib.sha256(file.read_bytes()).hexdigest()
        for scheme, file in files.items()
    )
    return "current" if same else "stale"


def _write(path: Path, content: bytes) -> None:
    """Put a file in place whole, and only if its bytes change."""
    if path.is_file() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    CACHE.mkdir(parents=True, exist_ok=True)
    partial = CACHE / f"{path.name}.{os.getpid()}"
    partial.write_bytes(content)
    partial.replace(path)


def _remove_orphans(entries: dict[str, Entry]) -> None:
    """Delete the files of figures that are no longer declared."""
    wanted = {
        file for entry in entries.values() for file in entry.files().values()
    }
    for file in OUTPUT.glob("*.svg"):
        if file not in wanted:
            file.unlink()


# --- drawing ---------------------------------------------------------------


def draw(name: str, module: str) -> tuple[dict[str, bytes], str]:
    """Draw one figure, in a worker: its SVG by scheme, or what went wrong."""
    try:
        import_module(f"figures.{module}")
        from figures import REGISTRY
        from figures.svg import render_both

        return render_both(REGISTRY[name]), ""
    except Exception as error:
        return {}, _explain(name, error)


def _explain(name: str, error: Exception) -> str:
    """One line: the figure, the place in its source, the error."""
    frames = traceback.extract_tb(error.__traceback__)
    chapter = [
        frame
        for frame in frames
        if Path(frame.filename).parent == FIGURES
        and Path(frame.filename) not in MACHINERY
    ]
    frame = (chapter or frames)[-1]
    path = Path(frame.filename)
    where = _relative(path) if path.is_relative_to(ROOT) else path.name
    message = str(error).strip().replace("\n", " ")
    return (
        f"figure {name!r}: {where}:{frame.lineno}: "
        f"{type(error).__name__}: {message}"
    )


def _settle_worker() -> None:
    """One thread of linear algebra a worker: same sums on every machine."""
    for variable in (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
    ):
        os.environ[variable] = "1"
    if str(SCRIPTS) not in sys.path:
        sys.path.insert(0, str(SCRIPTS))


def _build(entries: Sequence[Entry], jobs: int) -> list[str]:
    """Draw the entries in worker processes; returns the errors."""
    # Imported here: a check that finds nothing to do needs none of it.
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from multiprocessing import get_context

    from tqdm import tqdm

    errors: list[str] = []
    done: dict[str, dict[str, str]] = {}
    with (
        ProcessPoolExecutor(
            max_workers=min(jobs, len(entries)),
            mp_context=get_context("spawn"),
            initializer=_settle_worker,
        ) as pool,
        tqdm(
            total=len(entries),
            desc="figures",
            unit="figure",
            disable=None,  # no bar where there is no terminal
            leave=False,
        ) as bar,
    ):
        waiting = {
            pool.submit(draw, entry.name, entry.module.stem): entry
            for entry in entries
        }
        for future in as_completed(waiting):
            entry = waiting[future]
            bar.set_postfix_str(entry.name)
            try:
                drawings, error = future.result()
            except Exception as failure:
                drawings, error = {}, _explain(entry.name, failure)
            if error:
                errors.append(error)
            else:
                for scheme, file in entry.files().items():
                    _write(file, drawings[scheme])
                done[entry.name] = {"key": entry.key} | {
                    scheme: hashlib.sha256(content).hexdigest()
                    for scheme, content in drawings.items()
                }
            bar.update()
    records = _recorded() | done
    _write(KEYS, json.dumps(records, indent=1, sort_keys=True).encode())
    return sorted(errors)


def ensure(
    names: Iterable[str] | None = None,
    *,
    jobs: int | None = None,
    force: bool = False,
) -> list[str]:
    """Draw what is missing or stale, of `names` or of the whole book.

    Returns the names that were drawn. Nothing is imported or started when
    nothing is to do. Raises FigureError, after all others are drawn, if a
    figure couldn't be; the message has a line for each.
    """
    entries = registry()
    chosen = entries if names is None else _choose(entries, names)
    if names is None:
        _remove_orphans(entries)
    recorded = _recorded()
    stale = [
        entry
        for entry in chosen.values()
        if force or state(entry, recorded) != "current"
    ]
    if stale:
        errors = _build(stale, jobs or os.cpu_count() or 1)
        if errors:
            raise FigureError("\n".join(errors))
    return [entry.name for entry in stale]


def complete() -> bool:
    """Whether every figure has its files, current or not."""
    entries = registry().values()
    return all(f.is_file() for e in entries for f in e.files().values())


def _choose(
    entries: dict[str, Entry], names: Iterable[str]
) -> dict[str, Entry]:
    """The entries of these names; an unknown one is an error."""
    chosen = {}
    for name in names:
        if name not in entries:
            near = difflib.get_close_matches(name, entries, n=1)
            hint = f"; the nearest is {near[0]!r}" if near else ""
            raise FigureError(f"there is no figure {name!r}{hint}")
        chosen[name] = entries[name]
    return chosen


# --- the commands ----------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="build_figures.py",
        description="Draw the figures of the book.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser(
        "list", help="every figure, and whether it is current"
    )
    one = commands.add_parser("one", help="draw one figure, current or not")
    one.add_argument("name")
    every = commands.add_parser("all", help="draw what is missing or stale")
    every.add_argument("--jobs", type=_positive, help="default: one a core")
    every.add_argument("--force", action="store_true", help="draw them all")
    commands.add_parser("check", help="fail if any is missing or stale")
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1")
    return int(text)


def run(options: argparse.Namespace) -> int:
    """Obey a command; the exit status."""
    if options.command == "one":
        ensure([options.name], force=True)
        for file in registry()[options.name].files().values():
            print(_relative(file))
        return 0
    if options.command == "all":
        drawn = ensure(jobs=options.jobs, force=options.force)
        print(f"{len(drawn)} of {len(registry())} figures drawn")
        return 0
    recorded = _recorded()
    states = {e.name: state(e, recorded) for e in registry().values()}
    if options.command == "list":
        for entry in registry().values():
            where = _place(entry.module, entry.line)
            print(f"{entry.name:32} {states[entry.name]:8} {where}")
        return 0
    amiss = {name: how for name, how in states.items() if how != "current"}
    for name, how in amiss.items():
        print(f"figure {name!r} is {how}", file=sys.stderr)
    return 1 if amiss else 0


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; the exit status."""
    options = _parser().parse_args(arguments)
    try:
        return run(options)
    except FigureError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
