"""Do the tests notice? Changes the package in small ways and runs its tests.

    python scripts/mutants.py                    every module
    python scripts/mutants.py activations        this one
    python scripts/mutants.py --changed main     those that differ from a commit

mutmut plants the changes (a sign, a comparison, a number, a default, a word of
a message) in a copy of the package, and mutants_try.py switches them on one at
a time and runs the tests that reach them. A change that no test notices has
survived. At least nine in ten must be found in every module, and every
survivor must stand in tests/mutants_survived.txt, with the reason why it does
no harm; anything else is an error, and so is a change that is listed and found.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / ".cache" / "mutants"
TRY = Path(__file__).with_name("mutants_try.py")
SURVIVED = ROOT / "tests" / "mutants_survived.txt"
LEAST = 90  # percent found, in every module
# Beside tests/test_<module>.py and tests/test_bad_input.py, what holds a module.
ALSO = {
    "activations": ["losses"],
    "checks": ["activations", "losses", "perceptron", "logistic", "mlp"],
    "estimator": ["estimators", "perceptron"],
    "initializers": ["network"],
    "network": ["regularization"],
    "network_checks": ["network"],
    "optimizers": ["training"],
    "regularization": ["training"],
    "training": ["mlp"],
}
SETTINGS = """
[tool.mutmut]
source_paths = ["nnlit"]
"""
# A fork takes only the thread that forks, and NumPy would wait for the others.
QUIET = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "NNLIT_FUZZ_SECONDS": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
}


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


def run(chosen: list[str], children: int) -> dict[str, tuple[int, list[str]]]:
    """For each module how many changes were tried, and those that survived."""
    shutil.rmtree(WORK, ignore_errors=True)
    for name in ("nnlit", "tests"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, WORK / name, ignore=ignored)
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (WORK / "pyproject.toml").write_text(text + SETTINGS, encoding="utf-8")
    held = {module: tests_of(module) for module in chosen}
    (WORK / "held.json").write_text(json.dumps(held), encoding="utf-8")
    log = WORK / "log.txt"  # grows by a line a change
    with log.open("w", encoding="utf-8") as out:
        done = subprocess.run(
            [sys.executable, TRY, str(children)],
            cwd=WORK, stdout=out, stderr=subprocess.STDOUT, check=False,
            env={**os.environ, **QUIET, "PYTHONPATH": str(WORK)},
        )  # fmt: skip
    if done.returncode:
        sys.exit(log.read_text(encoding="utf-8")[-5000:])
    states = json.loads((WORK / "states.json").read_text(encoding="utf-8"))
    return {
        module: (
            len(changes),
            [change for change, state in changes if state not in ("found", "timeout")],
        )
        for module, changes in states.items()
    }


def reasons(text: str) -> dict[str, str]:
    """The list of survivors: why each does no harm.

    Below a title come paragraphs: changes, a line each, and then, indented,
    the reason that holds for all of them. In a change … stands for any text.
    """
    listed: dict[str, str] = {}
    for paragraph in text.split("\n\n")[1:]:
        lines = paragraph.strip("\n").splitlines()
        reason = [line.strip() for line in lines if line.startswith("    ")]
        changes = lines[: len(lines) - len(reason)]
        if not reason or not changes or any(line.startswith("    ") for line in changes):
            raise ValueError(f"changes come first, then their reason, indented: {paragraph!r}")
        listed |= dict.fromkeys(changes, " ".join(reason))
    return listed


def meant(line: str, change: str) -> bool:
    """Whether a line of the list means this change."""
    return re.fullmatch(".*".join(map(re.escape, line.split("…"))), change) is not None


def complaints(module: str, tried: int, alive: list[str], listed: dict[str, str]) -> list[str]:
    """Too few found, survivors without a reason, and reasons without a survivor."""
    mine = [line for line in listed if line.startswith(f"{module}.")]
    without = [change for change in alive if not any(meant(line, change) for line in mine)]
    found = [line for line in mine if not any(meant(line, change) for change in alive)]
    lines = [f"not listed: {change}" for change in without]
    lines += [f"listed, but found: {line}" for line in found]
    if 100 * (tried - len(alive)) < LEAST * tried:
        lines.append(f"too few: {LEAST} % must be found")
    return lines


def main() -> None:
    """Runs, prints a line a module, and fails where there is something to complain of."""
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
    listed = reasons(SURVIVED.read_text(encoding="utf-8"))
    failed = False
    for module, (tried, alive) in (run(chosen, options.children) if chosen else {}).items():
        found = tried - len(alive)
        print(f"{module:15} {found} of {tried} found, {100 * found / tried:.1f} %", flush=True)
        for line in complaints(module, tried, alive, listed):
            failed = True
            print(f"    {line}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
