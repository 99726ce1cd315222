"""Settings that all tests share."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from nnlit.download import data_folder

sys.path.insert(0, str(Path(__file__).parent))
import site_build as site

# The same examples on every run and machine, however slow.
settings.register_profile("nnlit", derandomize=True, deadline=None)
settings.load_profile("nnlit")


# Where two processes share the files, these come first, so that both end together.
LONGEST = ("test_figures", "test_browser", "test_site", "test_notebooks", "test_text")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest."""
    place = {name: i for i, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.stem, len(LONGEST)))


@pytest.fixture(scope="session")
def built_site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the strictly built site."""
    target = tmp_path_factory.mktemp("site")
    done = site.build(target)
    assert done.returncode == 0, done.stdout + done.stderr
    return target


@pytest.fixture(scope="session")
def mnist_folder() -> Path:
    """The data folder, if MNIST is in it; NNLIT_REQUIRE_DATA forbids to skip."""
    folder = data_folder()
    if not (folder / "mnist" / "train-images-idx3-ubyte.gz").exists():
        if os.environ.get("NNLIT_REQUIRE_DATA"):
            pytest.fail(f"MNIST is not in {folder}; set NNLIT_DATA")
        pytest.skip(f"MNIST is not in {folder} (NNLIT_DATA)")
    return folder
