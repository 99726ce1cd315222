"""The set-up: one command each, and one clear line where it can't go on."""

from __future__ import annotations

import importlib.util
import re
import socket
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("project", ROOT / "scripts/project.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "LOG", ROOT / ".cache" / "test-setup.log")
    return module


def said(capsys: pytest.CaptureFixture[str]) -> str:
    lines = [t for t in capsys.readouterr().err.splitlines() if t]
    assert len(lines) == 1, lines
    return lines[0]


def test_an_old_python_is_turned_away_with_what_to_do(project, monkeypatch, capsys) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 4, "final", 0))
    with pytest.raises(SystemExit):
        project.setup(tests=False)
    assert "Python 3.10.4, and the book needs 3.11.5 or newer" in said(capsys)


def test_a_port_in_use_is_named_with_another_to_take(project, capsys) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit):
            project.serve("127.0.0.1", port)
    line = said(capsys)
    assert f"can't listen on 127.0.0.1:{port}" in line
    assert f"PORT={port + 1}" in line


def test_a_host_that_is_not_ours_is_named(project, capsys) -> None:
    with pytest.raises(SystemExit):
        project.serve("192.0.2.1", 8000)
    assert "can't listen on 192.0.2.1:8000" in said(capsys)


@pytest.mark.parametrize(
    "words", ["dns error: failed to lookup", "npm error code ENOTFOUND", "Connection refused"]
)
def test_no_network_is_said_in_one_line(project, capsys, words) -> None:
    failing = [sys.executable, "-c", f"raise SystemExit({words!r})"]
    with pytest.raises(SystemExit):
        project.install("things", failing)
    line = said(capsys)
    assert "could not download things: is there a network?" in line
    assert "run the same command again" in line
    project.LOG.unlink()


def test_another_failure_points_to_the_log(project, capsys) -> None:
    with pytest.raises(SystemExit):
        project.install("things", [sys.executable, "-c", "raise SystemExit('odd')"])
    assert "could not install things; see .cache" in said(capsys)
    project.LOG.unlink()


def test_the_makefile_and_the_readme_name_the_same_commands() -> None:
    makefile = (ROOT / "Makefile").read_text()
    readme = (ROOT / "README.md").read_text()
    targets = re.search(r"^([a-z -]+):\n\t@\$\(PYTHON\) scripts/project.py", makefile, re.MULTILINE)
    for command in re.findall(r"make ([a-z-]+)", readme):
        assert command in targets[1].split(), command
    help_text = subprocess.run(
        [sys.executable, "scripts/project.py", "--help"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    for command in targets[1].split():
        assert command in help_text


def test_ci_runs_the_readmes_test_command_and_a_strict_build() -> None:
    script = (ROOT / ".ci/run").read_text()
    assert "\nmake test-all\n" in script
    assert "\nmake build\n" in script
    assert "mkdocs" not in script.replace("make", "")
    assert '"--strict"' in (ROOT / "scripts/project.py").read_text()


def test_ci_leaves_out_no_test_for_want_of_a_tool() -> None:
    script = (ROOT / ".ci/run").read_text()
    wanted = set()
    for path in [ROOT / "conftest.py", *(ROOT / "tests").glob("*.py")]:
        wanted |= set(re.findall(r"NNLIT_REQUIRE_[A-Z]+", path.read_text(encoding="utf-8")))
    assert len(wanted) >= 4
    for variable in wanted:
        assert re.search(rf"export .*\b{variable}=1\n", script), variable


def test_everything_installed_is_locked_with_hashes() -> None:
    for name in ("uv", "site", "test", "node", "tools"):
        text = (ROOT / f"requirements/{name}.txt").read_text()
        pinned = re.findall(r"^[a-z0-9][\w.\[\]-]*==", text, re.MULTILINE | re.IGNORECASE)
        assert pinned
        for block in re.split(r"\n(?=[A-Za-z0-9])", text):
            if re.match(r"[A-Za-z0-9]", block):
                assert "--hash=sha256:" in block, block[:60]
    assert "resolved" not in (ROOT / "package-lock.json").read_text()
