"""Settings that all tests share."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))
import site_build as site

# The same examples on every run and machine, however slow.
settings.register_profile("nnlit", derandomize=True, deadline=None)
settings.load_profile("nnlit")


@pytest.fixture(scope="session")
def built_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the strictly built site."""
    target = tmp_path_factory.mktemp("site")
    done = site.build(target)
    assert done.returncode == 0, done.stdout + done.stderr
    return target
