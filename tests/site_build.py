"""Builds the site once per test run, for the tests that read the pages."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
QUIET = {"NO_MKDOCS_2_WARNING": "1", "DISABLE_MKDOCS_2_WARNING": "true"}


def build(target: Path, root: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """A strict build into `target`; never with -q, which hides broken links."""
    environment = os.environ | QUIET | {"PYTHONPATH": f"{root / 'scripts'}{os.pathsep}{root}"}
    return subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(target)],
        cwd=root, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
