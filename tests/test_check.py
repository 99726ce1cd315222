"""What an author is told about one page, wherever it lies."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from literate import check, katex

ROOT = Path(__file__).parent.parent
RIGHT = """\
# A draft

| symbol | meaning | in Python | shape | values |
| --- | --- | --- | --- | --- |
| $x$ | a number | `x` | `number` | any |

$$
\\sigma(x)=1 - \\sigma(-x)
$$ {#eq-mine}

By @eq-mine, $x$ and

$$ x = 3 $$ {#eq-chosen unchecked="a choice of a value, which says nothing about others"}
"""
WRONG = """\
---
title: Wrong
---

$$
1 = 2
$$ {#eq-a}

$$
\\begin{aligned}
(z + 1)^2 &= z^2 + 2 z + 1 \\\\
&= z^2 + z + 1
\\end{aligned}
$$ {#eq-b}

Text $$x = 1$$ and \\[
x = 1
\\]

$$
z = |z|
$$ {#eq-c}

$$ (z + 1)^2 = z^2 + 2 z + 1 $$ {#eq-d}

$$
q = z
$$ {#eq-e code="os.getcwd()"}

$$
2 z = z + z
$$

$$
z \\htmlStyle{x}{y} = 1
$$ {#eq-f}

See @eq-z and $\\frac{1}$.

@embed nnlit.nothing.at_all

| symbol | meaning | in python | shape | values |
| --- | --- | --- | --- | --- |
| $u$ | odd | `u` | `round` | any |

```python
never closed
"""


def page(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "page.md"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_right_page_says_how_many_and_ends_well(tmp_path, capsys) -> None:
    path = page(tmp_path, RIGHT)
    assert check.main([str(path)]) == 0
    assert capsys.readouterr().out == f"{path}: 2 displayed equations: 1 right, 1 excused\n"


def test_all_faults_of_a_page_are_told_at_once(tmp_path, capsys) -> None:
    path = page(tmp_path, WRONG)
    assert check.main(["--json", str(path)]) == 1
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert [(one["line"], one["id"], one["status"]) for one in found] == [
        (6, "eq-a", "wrong"), (12, "eq-b", "wrong"), (16, "", "unread"), (21, "eq-c", "unread"),
        (24, "eq-d", "right"), (27, "eq-e", "unread"), (30, "", "unread"), (35, "eq-f", "unread"),
    ]  # fmt: skip
    assert {one["page"] for one in found} == {str(path)}
    assert found[0]["message"] == "equation eq-a: wrong: 1, but the other side gives 2"
    assert "code may call" in found[5]["message"]
    assert "needs an id" in found[6]["message"]
    assert found[4]["comparisons"] >= 8
    for said in (
        ":38: @eq-z: no such id", ":38: KaTeX", ":40: 'nnlit.nothing", ":42: a table of symbols",
        ":44: unknown shape 'round'", ":46: this code block is never closed",
    ):  # fmt: skip
        assert f"{path}{said}" in err
    assert check.main([str(path)]) == 1
    out = capsys.readouterr().out
    assert f"{path}:6: wrong: equation eq-a: wrong: 1, but the other side gives 2\n" in out
    assert out.endswith("8 displayed equations: 1 right, 2 wrong, 5 unread\n")


def test_what_katex_rejects_is_not_right(tmp_path, monkeypatch, capsys) -> None:
    def rejected(tex: str, *_: object, **__: object) -> str:
        raise katex.KatexError("KaTeX can't")

    monkeypatch.setattr(katex, "render", rejected)
    path = page(tmp_path, "$$\n1 = 1\n$$ {#eq-a}\n")
    assert check.main([str(path)]) == 1
    assert ":1: unread: equation eq-a: KaTeX can't" in capsys.readouterr().out


def test_a_page_of_another_project_has_its_notation_and_package(tmp_path, capsys) -> None:
    table = "\n".join(RIGHT.splitlines()[2:5]).replace("$x$", "$u$").replace("`x`", "`u`")
    for name, text in {
        "mkdocs.yml": "site_name: other\n",
        "docs/notation.md": f"{table}\n| $t$ | twice | `other.twice` | `function` | |\n",
        "docs/bad.md": "$$\nnever closed",
        "docs/deep/one.md": "$$\nt(u) = u + u\n$$ {#eq-t}\n\n$$\n2 x = 1\n$$ {#eq-s}\n",
        "other/__init__.py": "def twice(u):\n    return 2 * u\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    katex._renderer.cache_clear()
    assert check.root_of(tmp_path / "docs/deep/one.md") == tmp_path
    assert check.main(["--json", str(tmp_path / "docs/deep/one.md")]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [one["status"] for one in found] == ["right", "unread"]
    assert "unknown symbol" in found[1]["message"]
    katex._renderer.cache_clear()


def test_pages_that_are_not_there_and_pages_without_equations(tmp_path, capsys) -> None:
    with pytest.raises(SystemExit) as ended:
        check.main([str(tmp_path / "none.md")])
    assert ended.value.code == 2
    assert "no such page" in capsys.readouterr().err
    path = page(tmp_path, "# Nothing\n\nText.\n")
    assert check.main([str(path), str(path)]) == 0
    assert capsys.readouterr().out == f"{path}: 0 displayed equations\n" * 2


def test_the_command_runs_from_any_folder(tmp_path) -> None:
    page(tmp_path, RIGHT)
    (tmp_path / "numpy.py").write_text("raise SystemExit('the wrong one')\n")
    environment = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'scripts'}"}
    done = subprocess.run(
        [sys.executable, "-P", "-m", "literate.check", "--json", "page.md"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert [one["status"] for one in json.loads(done.stdout)] == ["right", "excused"]


def test_the_project_s_command_calls_it(tmp_path, monkeypatch) -> None:
    import importlib.util

    spec = importlib.util.spec_from_file_location("project", ROOT / "scripts/project.py")
    project = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(project)
    called = []
    monkeypatch.setattr(project, "setup", lambda tests: called.append(tests))
    monkeypatch.setattr(project, "PYTHON", sys.executable)
    monkeypatch.setattr(sys, "argv", ["project.py", "check", "--json", str(tmp_path / "p.md")])
    (tmp_path / "p.md").write_text("$$\n1 = 2\n$$ {#eq-a}\n")
    with pytest.raises(SystemExit) as ended:
        project.main()
    assert ended.value.code == 1
    assert called == [True]
