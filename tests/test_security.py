"""What the site and the package refuse to run, load or trust."""

from __future__ import annotations

import ast
import base64
import hashlib
import re
from pathlib import Path

import pytest
from lxml.html import document_fromstring

from literate.security import hashes, policy, protect

ROOT = Path(__file__).parent.parent
PAGE = (
    '<html><head><meta charset="utf-8"><script>let a = 1</script>'
    '<script type="application/json">{"b": 2}</script><script src="c.js"></script>'
    '<script type="module">let d = 4</script></head><body></body></html>'
)


def hashed(script: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def test_the_scripts_in_a_page_are_named_by_hash_and_data_are_not() -> None:
    assert hashes(PAGE) == [hashed("let a = 1"), hashed("let d = 4")]


def test_the_policy_stands_before_everything_it_is_about() -> None:
    page = protect(PAGE)
    assert page.index("Content-Security-Policy") < page.index("<script")
    assert page.replace(page[page.index("<meta http") : page.index("<script")], "") == PAGE
    with pytest.raises(ValueError, match="no place for its policy"):
        protect("<html></html>")


def test_the_policy_names_nobody_else() -> None:
    rules = dict(rule.split(" ", 1) for rule in policy(PAGE).split("; "))
    assert rules["default-src"] == "'none'"
    for name, sources in rules.items():
        for source in sources.split():
            known = source in ("'self'", "'none'") or source.startswith("'sha256-")
            assert known or (name, source) in [
                ("img-src", "data:"),
                ("style-src-attr", "'unsafe-inline'"),
            ]


def test_every_built_page_has_the_policy_of_its_own_scripts(built_site: Path) -> None:
    pages = sorted(built_site.rglob("*.html"))
    assert len(pages) > 20
    for path in pages:
        html = path.read_text(encoding="utf-8")
        found = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
        assert found == [policy(html)], path
        tags = document_fromstring(html).iter("*")
        assert [a for tag in tags for a in tag.attrib if a.startswith("on")] == []
        assert "<style" not in html


# --- the package and the tools ---------------------------------------------------

FOLDERS = ("literate", "nnlit", "scripts")
CODE = [path for name in FOLDERS for path in sorted((ROOT / name).rglob("*.py"))]
# The tools that run what a page shows, for its author; see SECURITY.md.
RUNS_PAGES = {"literate/examples.py", "scripts/notebooks.py"}


@pytest.mark.parametrize("path", CODE, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_nothing_is_unpickled_and_no_text_is_run(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = {alias.name.split(".")[0] for alias in node.names}
            assert not names & {"pickle", "marshal", "shelve", "joblib", "dill"}
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name in ("eval", "exec", "compile"):
                assert path.relative_to(ROOT).as_posix() in RUNS_PAGES, name
            if name.endswith(".load") and name.startswith("np"):
                allowed = [k.value for k in node.keywords if k.arg == "allow_pickle"]
                assert all(isinstance(v, ast.Constant) and v.value is False for v in allowed)
            assert not any(
                k.arg == "shell" and getattr(k.value, "value", None) for k in node.keywords
            ), "a shell"


def test_ci_reads_only_and_pins_what_it_uses() -> None:
    workflow = (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    assert "permissions:\n  contents: read\n" in workflow
    used = re.findall(r"uses: (\S+)", workflow)
    assert used
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", action) for action in used)
    assert workflow.count("persist-credentials: false") == workflow.count("actions/checkout@")


def test_there_is_a_word_on_security() -> None:
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    for word in ("report", "allow_pickle", "Content-Security-Policy", "SHA-256", "lock"):
        assert word in text
