"""The test of the tests: what `make mutants` counts, lists and complains of.

The last ones need mutmut, which `make tools` and `make mutants` install; without
it they are skipped, unless NNLIT_REQUIRE_MUTMUT is set: then that is a failure.
"""

from __future__ import annotations

import importlib.util
import math
import os
import signal
import sys
import time
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent
NEEDS_MUTMUT = pytest.mark.skipif(
    not os.environ.get("NNLIT_REQUIRE_MUTMUT") and not importlib.util.find_spec("mutmut"),
    reason="make tools installs mutmut",
)


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


mutants = script("mutants")
mutants_try = script("mutants_try")

LIST = """Title.

words.cut: x = 1 -> x = 2
words.cut: y = 1 -> y = 2
    The first line of a reason,
    and the second.

idx.read: a -> b
    Another.
"""


# --- the list of survivors ---------------------------------------------------


def test_a_reason_holds_for_the_changes_above_it() -> None:
    assert mutants.reasons(LIST) == {
        "words.cut: x = 1 -> x = 2": "The first line of a reason, and the second.",
        "words.cut: y = 1 -> y = 2": "The first line of a reason, and the second.",
        "idx.read: a -> b": "Another.",
    }


@pytest.mark.parametrize(
    "paragraph",
    ["idx.read: a -> b", "    A reason.", "idx.read: a -> b\n    A reason.\nidx.read: b -> c"],
    ids=["no reason", "no change", "a change below the reason"],
)
def test_a_change_without_its_reason_is_an_error(paragraph) -> None:
    with pytest.raises(ValueError, match="then their reason"):
        mutants.reasons(f"Title.\n\n{paragraph}\n")


def test_every_survivor_of_the_package_has_a_reason_and_a_module() -> None:
    listed = mutants.reasons(mutants.SURVIVED.read_text(encoding="utf-8"))
    assert listed
    for change, reason in listed.items():
        assert change.split(".")[0] in mutants.modules()
        assert " -> " in change
        assert len(reason.split()) >= 3


def test_all_found_or_listed_is_nothing_to_complain_of() -> None:
    listed = {"words.cut: a -> b": "why"}
    assert mutants.complaints("words", 20, [], {}) == []
    assert mutants.complaints("words", 10, ["words.cut: a -> b"], listed) == []
    assert mutants.complaints("idx", 10, [], listed) == []


@pytest.mark.parametrize(
    ("tried", "alive", "said"),
    [
        (20, ["words.cut: a -> b", "words.cut: c -> d"], "not listed: words.cut: c -> d"),
        (20, [], "listed, but found: words.cut: a -> b"),
        (9, ["words.cut: a -> b"], "too few: 90 % must be found"),
    ],
)
def test_complaints_name_what_is_wrong(tried, alive, said) -> None:
    assert mutants.complaints("words", tried, alive, {"words.cut: a -> b": "why"}) == [said]


def test_three_dots_stand_for_any_text_and_nothing_else_does() -> None:
    line = "words.…: for … in zip(a[0], b, strict=True): -> …strict=False…"
    assert mutants.meant(
        line, "words.cut: for x, y in zip(a[0], b, strict=True): -> for … in zip(strict=False):"
    )
    assert not mutants.meant(line, "words.cut: for x in zip(a0, b, strict=True): -> strict=False")
    assert not mutants.meant("words.cut: a -> b", "words.cut: a -> bc")
    alive = ["words.cut: a -> b", "words.cut: a -> c"]
    assert mutants.complaints("words", 20, alive, {"words.…: a -> …": "why"}) == []
    said = ["not listed: words.cut: a -> c", "listed, but found: words.…: …d…"]
    listed = {"words.cut: a -> b": "why", "words.…: …d…": "why"}
    assert mutants.complaints("words", 20, alive, listed) == said


# --- the choice of modules and tests -----------------------------------------


def test_every_module_with_functions_has_its_tests() -> None:
    assert "words" in mutants.modules()
    assert not {"__init__", "types"} & set(mutants.modules())
    for module in mutants.modules():
        files = mutants.tests_of(module)
        assert {"tests/test_bad_input.py", "tests/test_numbers.py"} < set(files)
        for name in mutants.ALSO.get(module, []):
            assert f"tests/test_{name}.py" in files
    assert set(mutants.ALSO) <= set(mutants.modules())


def test_modules_that_differ_or_whose_tests_do_are_chosen(monkeypatch) -> None:
    told = "nnlit/words.py\ntests/test_idx.py\ntests/conftest.py\n"

    def run(words, **options):
        assert words[:4] == ["git", "diff", "--name-only", "abc"]
        return mutants.subprocess.CompletedProcess(words, 0, stdout=told)

    monkeypatch.setattr(mutants.subprocess, "run", run)
    assert mutants.changed_since("abc") == ["idx", "words"]


# --- one change --------------------------------------------------------------


def test_a_change_is_told_by_the_lines_that_differ() -> None:
    before, after = ["def _(x):", "y = x + 1", "return y"], ["def _(x):", "y = x - 1", "return y"]
    assert mutants_try.difference(before, after) == "y = x + 1 -> y = x - 1"
    assert mutants_try.difference(["a", "b", "c"], ["a", "c"]) == "b -> "


def test_a_mutant_is_named_after_its_function() -> None:
    assert mutants_try.function_of("nnlit.words.x_cut__mutmut_12") == "nnlit.words.x_cut"


def test_what_found_other_changes_runs_first_and_what_is_slow_last() -> None:
    seconds = [0.004, 0.9, 0.003, 0.6, 0.0]
    assert mutants_try.in_order([0, 1, 2, 3], seconds, Counter()) == [0, 2, 3, 1]
    assert mutants_try.in_order([0, 1, 2, 3, 4], seconds, Counter({1: 2, 4: 1})) == [1, 4, 0, 2, 3]


def test_a_change_gets_so_many_seconds_of_tests_and_no_more() -> None:
    half = 0.6 * mutants_try.ENOUGH
    assert mutants_try.in_order([0, 1, 2], [half, half, 0.0], Counter()) == [2, 0]
    assert mutants_try.in_order([0, 1, 2], [half, half, 0.0], Counter({1: 1})) == [1, 2]
    assert mutants_try.in_order([0, 1], [math.inf, 0.0], Counter()) == [1]


def fails(told) -> int:
    told.write("half")
    raise KeyboardInterrupt


def hangs(told) -> int:
    signal.setitimer(signal.ITIMER_PROF, 0.05)
    while True:
        time.process_time()


def waits(told) -> int:
    signal.setitimer(signal.ITIMER_REAL, 0.05)
    time.sleep(60)
    return 0


def crashes(told) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


@pytest.mark.parametrize(
    ("work", "state"),
    [
        (lambda told: mutants_try.SURVIVED, "survived"),
        (lambda told: mutants_try.FOUND, "found"),
        (fails, "found"),
        (crashes, "found"),
        (hangs, "timeout"),
        (waits, "timeout"),
    ],
    ids=["survives", "found", "fails", "crashes", "hangs", "waits"],
)
def test_how_a_process_ends_says_what_became_of_its_change(work, state) -> None:
    pid, told = mutants_try.fork(work)
    _, status = os.waitpid(pid, 0)
    assert mutants_try.verdict(status) == state
    told.close()


def test_a_process_tells_in_a_file() -> None:
    def work(told) -> int:
        told.write("7 8")
        return 0

    pid, told = mutants_try.fork(work)
    os.waitpid(pid, 0)
    assert mutants_try.read(told) == "7 8"
    assert told.closed


# --- the whole, on a package of one function ---------------------------------

TINY = '''"""A package of one module."""


def larger(a, b=0):
    """Give the larger one."""
    if a > b:
        return a
    return b


def forgotten(a):
    """No test reaches this."""
    return a + 1


class Counter:
    """Counts."""

    def __init__(self, step=1):
        self.step, self.total = step, 0

    def count(self):
        """One more."""
        while self.total < 0:
            self.total += 1
        self.total += self.step
        return self.total
'''
TESTS = {
    "it": "def test_it():\n    assert larger(3, 1) == 3\n    assert larger(1, 3) == 3\n",
    "default": "def test_default():\n    assert larger(0.5) == 0.5\n    assert larger(-0.5) == 0\n",
    "counter": (
        "@pytest.fixture(scope='module')\ndef total():\n    c = Counter()\n    c.count()\n"
        "    return c.count()\n\n"
        "def test_first(total):\n    assert total\n\n"
        "def test_second(total):\n    assert total == 2\n"
    ),
}


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """A project whose module `tiny` is held by tests of these names."""

    def make(*names):
        (tmp_path / "nnlit").mkdir(exist_ok=True)
        (tmp_path / "tests").mkdir(exist_ok=True)
        (tmp_path / "nnlit" / "__init__.py").write_text('"""Tiny."""\n')
        (tmp_path / "nnlit" / "tiny.py").write_text(TINY)
        head = "import pytest\nfrom nnlit.tiny import Counter, larger\n\n"
        tests = head + "\n".join(TESTS[name] for name in names)
        (tmp_path / "tests" / "test_tiny.py").write_text(tests)
        (tmp_path / "pyproject.toml").write_text('[project]\nname = "tiny"\nversion = "0"\n')
        return mutants.run(["tiny"], 2)["tiny"]

    monkeypatch.setattr(mutants, "ROOT", tmp_path)
    monkeypatch.setattr(mutants, "WORK", tmp_path / "work")
    return make


EQUAL = "tiny.larger: if a > b: -> if a >= b:"  # where they are equal, either is right
HARMLESS = "tiny.Counter.count: while self.total < 0: -> while self.total <= 0:"
FORGOTTEN = "tiny.forgotten: return a + 1 -> return a - 1"


@pytest.mark.slow
@NEEDS_MUTMUT
def test_what_no_test_can_tell_survives_and_what_none_reaches(tiny) -> None:
    tried, alive = tiny("it", "default", "counter")
    assert tried > 10
    assert EQUAL in alive
    assert FORGOTTEN in alive
    assert not [change for change in alive if "self.step" in change]


@pytest.mark.slow
@NEEDS_MUTMUT
@pytest.mark.parametrize(
    ("removed", "survivor"),
    [
        ("default", "tiny.larger: def _(a, b=0): -> def _(a, b=1):"),
        ("counter", "tiny.Counter.count: self.total += self.step -> self.total -= self.step"),
    ],
)
def test_a_test_that_is_removed_leaves_a_survivor_that_is_complained_of(
    tiny, removed, survivor
) -> None:
    tried, alive = tiny(*TESTS)
    assert survivor not in alive
    listed = dict.fromkeys(alive, "why")
    tried, alive = tiny(*(name for name in TESTS if name != removed))
    assert f"not listed: {survivor}" in mutants.complaints("tiny", tried, alive, listed)


@pytest.mark.slow
@NEEDS_MUTMUT
def test_tests_that_fail_without_a_change_stop_it(tiny, monkeypatch) -> None:
    monkeypatch.setitem(TESTS, "wrong", "def test_wrong():\n    assert larger(1, 2) == 1\n")
    with pytest.raises(SystemExit, match=r"without a change: .*::test_wrong"):
        tiny("it", "wrong")


@pytest.mark.slow
@NEEDS_MUTMUT
def test_tests_that_cannot_be_collected_stop_it(tiny, monkeypatch) -> None:
    monkeypatch.setitem(TESTS, "wrong", "import nothing_of_that_name\n")
    with pytest.raises(SystemExit, match="nothing_of_that_name"):
        tiny("it", "wrong")
