"""Files from the network, checked before anything reads them."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.client import HTTPException, HTTPResponse
from importlib import import_module
from pathlib import Path
from typing import BinaryIO

from nnlit.checks import check_path

__all__ = ["DownloadError", "RemoteFile", "data_folder", "fetch"]

ROUNDS = 2  # every mirror is tried so often
TIMEOUT = 20.0  # seconds that a mirror may stay silent
SLOWEST = 10_000  # bytes a second, over the whole file, beyond a minute
LEFTOVER_AGE = 3600.0  # seconds after which a part belongs to a dead process


class DownloadError(OSError):
    """A file is not here and could not be brought here."""


@dataclass(frozen=True)
class RemoteFile:
    """A file that is known byte for byte, and where to get it.

    name: its path below the data folder. size in bytes. sha256: its sum, in
    hexadecimal digits. mirrors: full addresses, the first one tried first.
    """

    name: str
    size: int
    sha256: str
    mirrors: tuple[str, ...]


def data_folder() -> Path:
    """Give the folder where downloaded data are kept.

    Formula: the environment variable NNLIT_DATA; without it the platform's
    place for caches and there `nnlit`: XDG_CACHE_HOME or ~/.cache on Linux,
    ~/Library/Caches on macOS, LOCALAPPDATA on Windows.

    >>> from unittest import mock
    >>> with mock.patch.dict("os.environ", NNLIT_DATA="/my/data"):
    ...     data_folder().as_posix()
    '/my/data'
    """
    if chosen := os.environ.get("NNLIT_DATA"):
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        place = os.environ.get("LOCALAPPDATA") or "~/AppData/Local"
    elif sys.platform == "darwin":
        place = "~/Library/Caches"
    else:
        place = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(place).expanduser() / "nnlit"


def fetch(
    file: RemoteFile, folder: Path | None = None, offline: bool | None = None
) -> Path:
    """Give the path of a file, downloading it first if it isn't there.

    Formula: a file counts as there if its size and SHA-256 are right. Each
    mirror is tried in turn, twice; what arrives is written beside the file,
    checked, and moved into place in one step, so that no reader, no second
    process and no kill halfway ever meets a part of it.
    Shapes: folder: where to keep it, data_folder() if None. offline: True
    never asks the network; None asks the variable NNLIT_OFFLINE.
    Errors: DownloadError, saying what each mirror did, or that offline was
    asked for, or that the folder can't be written.

    >>> file = RemoteFile("a/b.gz", 12, "00" * 32, ("https://a.org/b.gz",))
    >>> fetch(file, Path("nowhere"), offline=True)
    Traceback (most recent call last):
    ...
    nnlit.download.DownloadError: nowhere/a/b.gz is missing or not the right\
 file, and offline mode forbids to download it; get it from https://a.org/b.gz
    """
    if not isinstance(file, RemoteFile):
        raise TypeError(f"file must be a RemoteFile, got {file!r}")
    chosen = data_folder() if folder is None else check_path(folder, "folder")
    target = Path(chosen) / file.name
    if _is_right(target, file):
        return target
    if offline is None:
        offline = os.environ.get("NNLIT_OFFLINE", "0") not in ("", "0")
    if offline:
        raise DownloadError(
            f"{target} is missing or not the right file, and offline mode "
            f"forbids to download it; get it from {' or '.join(file.mirrors)}"
        )
    said = []
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(target)
        for address in file.mirrors * ROUNDS:
            try:
                return _from_mirror(address, file, target)
            except _RefusedError as error:
                said.append(f"{address}: {error}")
    except OSError as error:
        raise DownloadError(
            f"{target} can't be written ({error}); set NNLIT_DATA to a "
            "folder that can"
        ) from error
    raise DownloadError(
        f"{file.name} could not be downloaded:\n  " + "\n  ".join(said)
    )


class _RefusedError(Exception):
    """What a mirror sent is not the file."""


def _is_right(path: Path, file: RemoteFile) -> bool:
    try:
        if path.stat().st_size != file.size:
            return False
        return hashlib.sha256(path.read_bytes()).hexdigest() == file.sha256
    except OSError:
        return False


def _from_mirror(address: str, file: RemoteFile, target: Path) -> Path:
    request = urllib.request.Request(address, headers={"User-Agent": "nnlit"})
    try:
        answer = urllib.request.urlopen(request, timeout=TIMEOUT)
    except (OSError, HTTPException) as error:
        raise _RefusedError(str(error)) from error
    handle, part = tempfile.mkstemp(".part", f"{target.name}.", target.parent)
    try:
        with answer, os.fdopen(handle, "wb") as out:
            _copy(answer, out, file)
        os.replace(part, target)
    finally:
        Path(part).unlink(missing_ok=True)
    return target


def _copy(answer: HTTPResponse, out: BinaryIO, file: RemoteFile) -> None:
    """Write what is sent, and raise unless it is the file to the last bit."""
    deadline = time.monotonic() + 60 + file.size / SLOWEST
    digest, size = hashlib.sha256(), 0
    with _progress(file) as advance:
        while block := _next_block(answer):
            size += len(block)
            if size > file.size:
                raise _RefusedError(f"more than {file.size} bytes")
            if time.monotonic() > deadline:
                raise _RefusedError(f"too slow, {size} bytes so far")
            digest.update(block)
            out.write(block)
            advance(len(block))
    if size < file.size:
        raise _RefusedError(f"only {size} of {file.size} bytes")
    if digest.hexdigest() != file.sha256:
        raise _RefusedError("its SHA-256 sum is not the right one")


def _next_block(answer: HTTPResponse) -> bytes:
    """Read what has come, up to 64 KiB; b"" at the end."""
    try:
        return answer.read1(2**16)
    except (OSError, HTTPException) as error:
        raise _RefusedError(str(error) or type(error).__name__) from error


@contextlib.contextmanager
def _progress(file: RemoteFile) -> Iterator[Callable[[int], object]]:
    """Show how far it is on a terminal, with tqdm where that is installed."""
    if not sys.stderr.isatty():
        yield lambda count: None
        return
    try:
        tqdm = import_module("tqdm").tqdm
    except ImportError:
        print(f"downloading {file.name}, {file.size} bytes", file=sys.stderr)
        yield lambda count: None
        return
    with tqdm(
        total=file.size, desc=file.name, unit="B", unit_scale=True
    ) as bar:
        yield bar.update


def _sweep(target: Path) -> None:
    """Remove the parts that killed processes have left behind."""
    long_ago = time.time() - LEFTOVER_AGE
    for part in target.parent.glob(f"{target.name}.*.part"):
        with contextlib.suppress(FileNotFoundError):
            if part.stat().st_mtime < long_ago:
                part.unlink()
