"""Downloads against a server on loopback: what may go wrong on the way."""

from __future__ import annotations

import hashlib
import http.server
import io
import itertools
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from nnlit import download
from nnlit.download import DownloadError, RemoteFile, data_folder, fetch

CONTENT = bytes(range(256)) * 1200  # five blocks
SUM = hashlib.sha256(CONTENT).hexdigest()


class Mirror(http.server.BaseHTTPRequestHandler):
    """The path says what the mirror does."""

    def do_GET(self):
        self.server.asked.append(self.path)
        self.server.client = self.headers["User-Agent"]
        {
            "/good": self.send,
            "/truncated": lambda: self.send(CONTENT[:-1000], len(CONTENT)),
            "/short": lambda: self.send(CONTENT[:-1000]),
            "/long": lambda: self.send(CONTENT + b"x" * 100_000),
            "/wrong": lambda: self.send(CONTENT[::-1]),
            "/404": lambda: self.send_error(404),
            "/500": lambda: self.send_error(500),
            "/hangs": lambda: self.server.closing.wait(20),
            "/hangs-midway": self.hang_midway,
            "/slow": self.drip,
            "/garbage": lambda: self.wfile.write(b"\0\1 not http at all\r\n\r\n"),
        }[self.path]()

    def send(self, content=CONTENT, length=None):
        self.send_response(200)
        self.send_header("Content-Length", str(length or len(content)))
        self.end_headers()
        self.wfile.write(content)

    def hang_midway(self):
        self.send(CONTENT[: len(CONTENT) // 2], len(CONTENT))
        self.wfile.flush()
        self.server.closing.wait(20)

    def drip(self):
        self.send(b"", len(CONTENT))
        for start in range(0, len(CONTENT), 30_000):
            self.wfile.write(CONTENT[start : start + 30_000])
            self.wfile.flush()
            if self.server.closing.wait(0.15):
                return

    def log_message(self, *said):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # a client that goes away is what is tested here


@pytest.fixture
def server():
    server = Server(("127.0.0.1", 0), Mirror)
    server.asked, server.closing = [], threading.Event()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.closing.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def remote(server):
    def make(*paths):
        base = f"http://127.0.0.1:{server.server_port}"
        return RemoteFile("set/file.bin", len(CONTENT), SUM, tuple(base + p for p in paths))

    return make


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(download, "TIMEOUT", 0.5)
    monkeypatch.delenv("NNLIT_OFFLINE", raising=False)
    for proxy in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(proxy, raising=False)


def holds(folder):
    """The folder holds the right file and nothing else, no part of it."""
    (path,) = (path for path in folder.rglob("*") if path.is_file())
    return path.name == "file.bin" and path.read_bytes() == CONTENT


def test_a_file_is_downloaded_once_and_then_found(server, remote, tmp_path):
    file = remote("/good")
    path = fetch(file, tmp_path)
    assert path == tmp_path / "set" / "file.bin"
    assert holds(tmp_path)
    assert fetch(file, tmp_path, offline=True) == path
    assert fetch(file, tmp_path) == path
    assert server.asked == ["/good"]
    assert server.client == "nnlit"


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("/truncated", "of 307200 bytes|IncompleteRead"),
        ("/short", "only 306200 of 307200 bytes"),
        ("/long", "more than 307200 bytes"),
        ("/wrong", r"/wrong: its SHA-256 sum is not the right one\n"),
        ("/404", "404"),
        ("/500", "500"),
        ("/hangs", "timed out"),
        ("/hangs-midway", "timed out"),
        ("/garbage", "BadStatusLine|not http"),
    ],
)
def test_a_mirror_that_fails_gives_way_to_the_next(server, remote, tmp_path, fault, said):
    assert holds(fetch(remote(fault, "/good"), tmp_path).parents[1])
    assert server.asked == [fault, "/good"]
    with pytest.raises(DownloadError, match=said) as failed:
        fetch(remote(fault), tmp_path / "alone")
    assert str(failed.value).count(fault) == download.ROUNDS
    assert not [p for p in (tmp_path / "alone").rglob("*") if p.is_file()]


def test_a_mirror_that_drips_for_ever_is_left(remote, tmp_path, monkeypatch):
    clock = iter(range(0, 10**6, 50))
    monkeypatch.setattr(download.time, "monotonic", lambda: next(clock))
    with pytest.raises(DownloadError, match=r"too slow, [0-9]+ bytes so far"):
        fetch(remote("/slow"), tmp_path)


@pytest.mark.parametrize(("seconds", "late"), [(90.72, False), (90.73, True)])
def test_a_file_may_take_a_minute_and_a_second_for_every_10_000_bytes(
    remote, tmp_path, monkeypatch, seconds, late
):
    clock = itertools.chain([0.0], itertools.repeat(seconds))
    tried = SimpleNamespace(monotonic=lambda: next(clock), time=time.time)
    monkeypatch.setattr(download, "time", tried)
    monkeypatch.setattr(download, "ROUNDS", 1)
    if late:
        with pytest.raises(DownloadError, match="too slow"):
            fetch(remote("/good"), tmp_path)
    else:
        assert holds(fetch(remote("/good"), tmp_path).parents[1])


def test_no_network_is_said_with_every_address(tmp_path):
    closed = RemoteFile("a", 1, SUM, ("http://127.0.0.1:9/a", "http://127.0.0.1:9/b"))
    with pytest.raises(DownloadError, match=r"9/a: (.|\n)*9/b: ") as failed:
        fetch(closed, tmp_path)
    assert "refused" in str(failed.value)


def test_the_way_to_each_mirror_is_said(server, remote, tmp_path):
    file = remote("/404", "/500")
    first, second = file.mirrors
    with pytest.raises(DownloadError, match=f"; get it from {first} or {second}$"):
        fetch(file, tmp_path, offline=True)
    with pytest.raises(DownloadError) as failed:
        fetch(file, tmp_path)
    lines = str(failed.value).splitlines()
    assert lines[0] == "set/file.bin could not be downloaded:"
    assert [line.partition(": ")[0] for line in lines[1:]] == [f"  {first}", f"  {second}"] * 2


def test_files_go_to_the_data_folder_unless_told_otherwise(remote, tmp_path, monkeypatch):
    monkeypatch.setenv("NNLIT_DATA", str(tmp_path))
    assert fetch(remote("/good")) == tmp_path / "set" / "file.bin"
    assert holds(tmp_path)


@pytest.mark.parametrize("wrong", [CONTENT[:-1], CONTENT[::-1], b""])
def test_a_file_that_is_not_the_right_one_is_replaced(remote, tmp_path, wrong):
    path = tmp_path / "set" / "file.bin"
    path.parent.mkdir()
    path.write_bytes(wrong)
    with pytest.raises(DownloadError, match=r"missing or not the right file.*offline"):
        fetch(remote("/good"), tmp_path, offline=True)
    assert path.read_bytes() == wrong
    assert fetch(remote("/good"), tmp_path) == path
    assert holds(tmp_path)


@pytest.mark.parametrize(("value", "offline"), [("1", True), ("0", False), ("", False)])
def test_a_variable_sets_offline_mode(remote, tmp_path, monkeypatch, value, offline):
    monkeypatch.setenv("NNLIT_OFFLINE", value)
    if offline:
        with pytest.raises(DownloadError, match="offline mode forbids"):
            fetch(remote("/good"), tmp_path)
        assert not list(tmp_path.iterdir())
    else:
        assert fetch(remote("/good"), tmp_path).exists()


def test_a_cache_that_can_only_be_read_serves_what_it_holds(remote, tmp_path, monkeypatch):
    fetch(remote("/good"), tmp_path)

    def forbidden(*arguments, **settings):
        raise PermissionError(13, "read-only file system")

    monkeypatch.setattr(download.tempfile, "mkstemp", forbidden)
    monkeypatch.setattr(Path, "mkdir", forbidden)
    assert fetch(remote("/good"), tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("step", ["mkdir", "mkstemp", "replace"])
def test_a_folder_that_cannot_be_written_is_named_with_the_way_out(
    remote, tmp_path, monkeypatch, step
):
    def forbidden(*arguments, **settings):
        raise PermissionError(13, "read-only file system")

    place = {"mkdir": Path, "mkstemp": download.tempfile, "replace": download.os}[step]
    monkeypatch.setattr(place, step, forbidden)
    said = r"can't be written .*read-only.*; set NNLIT_DATA to a folder that can$"
    with pytest.raises(DownloadError, match=said):
        fetch(remote("/good"), tmp_path)
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]


def test_a_file_in_the_way_of_the_folder_is_said(remote, tmp_path):
    (tmp_path / "set").write_text("not a folder")
    with pytest.raises(DownloadError, match="can't be written"):
        fetch(remote("/good"), tmp_path)


FETCH = """
import sys
from pathlib import Path
from nnlit.download import RemoteFile, fetch
print("begin", flush=True)
fetch(RemoteFile("set/file.bin", int(sys.argv[2]), sys.argv[3], (sys.argv[4],)), Path(sys.argv[1]))
"""


def process(folder, address):
    return subprocess.Popen(
        [sys.executable, "-c", FETCH, str(folder), str(len(CONTENT)), SUM, address],
        stdout=subprocess.PIPE,
        text=True,
    )


def test_a_process_killed_midway_leaves_nothing_that_is_taken_for_the_file(
    remote, tmp_path, monkeypatch
):
    (slow,) = remote("/slow").mirrors
    killed = process(tmp_path, slow)
    killed.stdout.readline()
    for _ in range(1000):
        if parts := list(tmp_path.rglob("*.part")):
            break
        time.sleep(0.01)
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert len(parts) == 1
    assert parts[0].exists()
    assert not (tmp_path / "set" / "file.bin").exists()
    assert fetch(remote("/good"), tmp_path).read_bytes() == CONTENT
    assert parts[0].exists()  # young: it may be another process's
    (tmp_path / "set" / "file.bin").unlink()
    monkeypatch.setattr(download, "LEFTOVER_AGE", -1.0)
    fetch(remote("/good"), tmp_path)
    assert holds(tmp_path)


def test_two_processes_at_once_both_get_the_file(remote, tmp_path):
    (slow,) = remote("/slow").mirrors
    both = [process(tmp_path, slow) for _ in range(2)]
    for one in both:
        one.communicate(timeout=60)
    assert [one.returncode for one in both] == [0, 0]
    assert holds(tmp_path)


def test_an_error_that_says_nothing_is_told_by_its_kind():
    def read1(size):
        raise ConnectionError

    with pytest.raises(download._RefusedError, match=r"^ConnectionError$"):
        download._next_block(SimpleNamespace(read1=read1))


def test_a_part_that_vanishes_while_it_is_looked_at_is_no_matter(remote, tmp_path):
    part = tmp_path / "set" / "file.bin.gone.part"
    part.parent.mkdir()
    part.symlink_to(tmp_path / "nowhere")
    assert fetch(remote("/good"), tmp_path).read_bytes() == CONTENT


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_progress_is_shown_on_a_terminal(remote, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    fetch(remote("/good"), tmp_path)
    assert "file.bin: 100%" in sys.stderr.getvalue()
    assert re.search(r"307k/307k .*B/s", sys.stderr.getvalue())


def test_without_tqdm_progress_is_one_line(remote, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setitem(sys.modules, "tqdm", None)
    fetch(remote("/good"), tmp_path)
    assert sys.stderr.getvalue() == "downloading set/file.bin, 307200 bytes\n"


def test_without_a_terminal_nothing_is_printed(remote, tmp_path, capfd):
    fetch(remote("/good"), tmp_path)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {"NNLIT_DATA": "/data/mine"}, "/data/mine"),
        ("linux", {"NNLIT_DATA": "~/mine"}, "/home/me/mine"),
        ("linux", {"XDG_CACHE_HOME": "/cache"}, "/cache/nnlit"),
        ("linux", {}, "/home/me/.cache/nnlit"),
        ("darwin", {}, "/home/me/Library/Caches/nnlit"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/nnlit"),
        ("win32", {}, "/home/me/AppData/Local/nnlit"),
    ],
)
def test_the_data_folder_is_where_the_platform_keeps_caches(
    monkeypatch, platform, variables, expected
):
    for name in ("NNLIT_DATA", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/me")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(download, "sys", SimpleNamespace(platform=platform))
    assert data_folder() == Path(expected)
