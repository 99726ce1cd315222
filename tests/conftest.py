"""Settings that all tests share."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from nnlit.download import data_folder

sys.path.insert(0, str(Path(__file__).parent))
import site_build as site

# The same examples on every run and machine, however slow.
settings.register_profile("nnlit", derandomize=True, deadline=None)
settings.load_profile("nnlit")


PATIENCE = 1200  # seconds that a process waits for what another one builds

# Where two processes share the files, these come first, so that both end together.
LONGEST = ("test_figures", "test_browser", "test_site", "test_notebooks", "test_text")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest."""
    place = {name: i for i, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.stem, len(LONGEST)))


def once(tmp_path_factory: pytest.TempPathFactory, name: str, work: Callable[[Path], str]) -> Path:
    """The folder that `work` has filled, in whichever process needs it first.

    The others wait for it.  What `work` returns is what went wrong.
    """
    own = tmp_path_factory.getbasetemp()
    root = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    folder, said = root / name, root / f"{name}.said"
    try:
        folder.mkdir()
    except FileExistsError:
        until = time.monotonic() + PATIENCE
        while not said.exists() and time.monotonic() < until:
            time.sleep(0.1)
    else:
        partial = root / f"{name}.partial"
        try:
            partial.write_text(work(folder), encoding="utf-8")
        except BaseException as error:
            partial.write_text(repr(error), encoding="utf-8")
            raise
        finally:
            partial.replace(said)
    wrong = said.read_text(encoding="utf-8")
    assert not wrong, wrong
    return folder


@pytest.fixture(scope="session")
def built_figures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the figures, each drawn if it was missing or out of date."""
    from build_figures import OUTPUT, FigureError, ensure

    def work(_: Path) -> str:
        try:
            ensure()
        except FigureError as error:
            return str(error)
        return ""

    once(tmp_path_factory, "figures", work)
    return OUTPUT


@pytest.fixture(scope="session")
def built_site(tmp_path_factory: pytest.TempPathFactory, built_figures: Path) -> Path:
    """The folder of the strictly built site."""

    def work(folder: Path) -> str:
        done = site.build(folder)
        return done.stdout + done.stderr if done.returncode else ""

    return once(tmp_path_factory, "site", work)


@pytest.fixture(scope="session")
def mnist_folder() -> Path:
    """The data folder, if MNIST is in it; NNLIT_REQUIRE_DATA forbids to skip."""
    folder = data_folder()
    if not (folder / "mnist" / "train-images-idx3-ubyte.gz").exists():
        if os.environ.get("NNLIT_REQUIRE_DATA"):
            pytest.fail(f"MNIST is not in {folder}; set NNLIT_DATA")
        pytest.skip(f"MNIST is not in {folder} (NNLIT_DATA)")
    return folder
