"""Do the tests notice? Changes the package in small ways and runs its tests.

    python scripts/mutants.py                    every module
    python scripts/mutants.py activations        this one
    python scripts/mutants.py --changed main     those that differ from a commit

mutmut changes one thing at a time (a sign, a comparison, a number, a default,
a word of a message) in a copy of the project and runs the tests that reach it.
A change that no test notices has survived. At least nine in ten must be found
in every module, and every survivor must stand in tests/mutants_survived.txt,
with the reason why it does no harm; anything else is an error.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / ".cache" / "mutants"
SURVIVED = ROOT / "tests" / "mutants_survived.txt"
LEAST = 90.0  # percent found, in every module
# Beside tests/test_<module>.py and tests/test_bad_input.py, what holds a module.
ALSO = {
    "activations": ["losses"],
    "checks": ["activations", "losses", "perceptron", "logistic", "mlp"],
    "estimator": ["estimators", "perceptron"],
    "initializers": ["network"],
    "network": ["regularization"],
    "optimizers": ["training"],
    "regularization": ["training"],
    "training": ["mlp"],
}
CONFIG = """
[tool.mutmut]
source_paths = ["nnlit"]
only_mutate = ["nnlit/{module}.py"]
also_copy = ["nnlit", "tests"]
pytest_add_cli_args = ["-p", "no:cacheprovider", "-p", "no:xdist", "-q", "--override-ini=addopts="]
pytest_add_cli_args_test_selection = {tests}
"""


def modules() -> list[str]:
    """The modules of the package that have functions to change."""
    paths = sorted((ROOT / "nnlit").glob("*.py"))
    return [p.stem for p in paths if p.stem not in ("__init__", "types")]


def changed_since(base: str) -> list[str]:
    """The modules that differ from a commit, or whose tests do."""
    names = subprocess.run(
        ["git", "diff", "--name-only", base, "--", "nnlit", "tests"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    stems = {Path(name).stem.removeprefix("test_") for name in names}
    return [module for module in modules() if module in stems]


def tests_of(module: str) -> list[str]:
    """The test files that hold a module."""
    names = [module, *ALSO.get(module, []), "bad_input", "numbers"]
    files = [f"tests/test_{name}.py" for name in names]
    return [name for name in files if (ROOT / name).is_file()]


def run(module: str, children: int) -> tuple[int, list[str]]:
    """How many changes were tried, and those that survived."""
    work = WORK / module
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    for name in ("nnlit", "tests"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, work / name, ignore=ignored)
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    settings = CONFIG.format(module=module, tests=tests_of(module))
    (work / "pyproject.toml").write_text(text + settings, encoding="utf-8")
    tool = [sys.executable, "-m", "mutmut"]
    done = subprocess.run(
        [*tool, "run", "--max-children", str(children)],
        cwd=work, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if not (work / "mutants").is_dir() or "Traceback" in done.stderr:
        sys.exit(f"{module}: mutmut failed\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}")
    results = subprocess.run(
        [*tool, "results", "--all", "true"], cwd=work, capture_output=True, text=True, check=True
    ).stdout
    states = dict(re.findall(r"^\s*(\S+): (.+)$", results, re.MULTILINE))
    if not states:
        sys.exit(f"{module}: no changes were made\n{done.stdout[-2000:]}")
    alive = [name for name, state in states.items() if state.strip() not in ("killed", "timeout")]
    return len(states), [change(work, name, states[name]) for name in alive]


def change(work: Path, name: str, state: str) -> str:
    """A survivor in one line: where, what stood there, and what was put."""
    shown = subprocess.run(
        [sys.executable, "-m", "mutmut", "show", name],
        cwd=work, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    before = " ".join(re.findall(r"^-(?!--)\s*(.*)$", shown, re.MULTILINE))
    after = " ".join(re.findall(r"^\+(?!\+\+)\s*(.*)$", shown, re.MULTILINE))
    function = name.rsplit("__mutmut_", 1)[0].split(".")[-1].removeprefix("x_").lstrip("ǁ")
    note = "" if state == "survived" else f" ({state})"
    return f"{function.replace('ǁ', '.')}: {before} -> {after}{note}"


def main() -> None:
    """Runs, prints a line a module, and fails where a survivor isn't listed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*", help="all if none is named")
    parser.add_argument("--changed", metavar="COMMIT", help="only modules that differ from it")
    parser.add_argument("--children", type=int, default=2, help="processes at once")
    options = parser.parse_args()
    if unknown := set(options.modules) - set(modules()):
        parser.error(f"unknown {', '.join(sorted(unknown))}; known are {', '.join(modules())}")
    chosen = options.modules or modules()
    if options.changed:
        chosen = changed_since(options.changed)
    listed = SURVIVED.read_text(encoding="utf-8").splitlines()
    failed = False
    for module in chosen:
        tried, alive = run(module, options.children)
        found = 100 * (1 - len(alive) / tried)
        new = [line for line in alive if line not in listed]
        failed |= found < LEAST or bool(new)
        print(f"{module:15} {tried - len(alive)} of {tried} found, {found:.1f} %", flush=True)
        for line in new:
            print(f"    not listed: {line}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
