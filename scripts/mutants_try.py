"""Tries changes on the tests; mutants.py starts it inside the copy it made.

pytest collects the tests once. A process without a change notes which tests
reach which function. Then each change gets a process of its own, a fork of the
one that collected: it runs the tests that reach the changed function and ends
at the first that fails. (mutmut's own runner starts pytest anew for each.)
"""

from __future__ import annotations

import contextlib
import gc
import json
import math
import os
import resource
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Generator, Sequence
from difflib import unified_diff
from functools import partial
from itertools import accumulate, pairwise
from pathlib import Path
from typing import IO, Any

import pytest

MEMORY = 4 << 30  # bytes that a change may take
ENOUGH = 4.0  # seconds of tests for one change; what would come later isn't run
SURVIVED, FOUND = 0, 1  # how a process ends
# What compares a module with a table would find the planted names, and what
# counts frames would count those that switch the changes on.
LEFT_OUT = [
    "test_bad_input.py::test_every_public_function_and_method_is_in_the_table",
    "test_mlp.py::test_a_warning_points_to_who_called_fit",
    "test_training.py::test_a_warning_points_to_who_called_run",
]


def plant(path: Path) -> dict[str, str]:
    """Puts every change into a module, to be switched on by name; names and what they change."""
    from mutmut.mutation.file_mutation import mutate_file_contents

    module = path.stem
    source = path.read_text(encoding="utf-8")
    planted = mutate_file_contents(str(path), source)
    path.write_text(planted.code, encoding="utf-8")
    lines = planted.code.splitlines()
    spans = planted.line_span_by_function_name

    def body(name: str) -> list[str]:
        found = lines[spans[name].start - 1 : spans[name].end]
        return [line.strip().replace(name, "_") for line in found]

    changes = {}
    for name in planted.mutant_names:
        original = name.rpartition("__mutmut_")[0]
        function = original.removeprefix("x_").removeprefix("xǁ").replace("ǁ", ".")
        changed = difference(body(f"{original}__mutmut_orig"), body(name))
        changes[f"nnlit.{module}.{name}"] = f"{module}.{function}: {changed}"
    return changes


def difference(before: list[str], after: list[str]) -> str:
    """The lines that differ, before -> after."""
    lines = list(unified_diff(before, after, n=0, lineterm=""))[2:]
    gone, come = (
        " ".join(line[1:] for line in lines if line.startswith(sign)) for sign in ("-", "+")
    )
    return f"{gone} -> {come}"


def function_of(mutant: str) -> str:
    """nnlit.words.x_counts__mutmut_3 is a change of nnlit.words.x_counts."""
    return mutant.rpartition("__mutmut_")[0]


def in_order(reach: Sequence[int], seconds: Sequence[float], found: Counter[int]) -> list[int]:
    """First the tests that found other changes of the function, last the slow ones."""
    tests = sorted(reach, key=lambda test: (-found[test], round(seconds[test], 2), test))
    spent = accumulate(seconds[test] for test in tests)
    return [test for test, sum_ in zip(tests, spent, strict=True) if sum_ <= ENOUGH]


def verdict(status: int) -> str:
    """What the end of a process says of its change."""
    code = os.waitstatus_to_exitcode(status)
    if code in (-signal.SIGPROF, -signal.SIGALRM):
        return "timeout"
    return "survived" if code == SURVIVED else "found"


def fork(work: Callable[[IO[str]], int]) -> tuple[int, IO[str]]:
    """Starts work in a process of its own; it tells by writing to a file."""
    told = tempfile.TemporaryFile("w+")  # noqa: SIM115  # read when the process has ended
    pid = os.fork()
    if pid:
        return pid, told
    code = FOUND
    try:
        os.setpgrp()
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        code = work(told)
        told.flush()
    finally:
        os._exit(code)


def read(told: IO[str]) -> str:
    """What an ended process told."""
    with told:
        told.seek(0)
        return told.read()


def switch_on(mutant: str) -> None:
    """From now on this change is made; "stats" notes what is reached, "" does neither."""
    from mutmut.mutation.trampoline import set_mutant_under_test

    set_mutant_under_test(mutant)


def reached() -> set[str]:
    """The functions reached since this set was last cleared."""
    from mutmut.state import state

    return state()._stats


class Runner:
    """A pytest plugin that takes the place of the loop over the tests."""

    def __init__(self, mutants: Sequence[str], held: dict[str, list[str]], children: int) -> None:
        self.mutants = mutants
        self.held = held
        self.children = children
        self.items: list[pytest.Item] = []
        self.seconds: list[float] = []
        self.reach: dict[str, list[int]] = {}
        self.found: dict[str, Counter[int]] = defaultdict(Counter)
        self.states: dict[str, str] = {}
        self.fixtures: dict[str, set[str]] = defaultdict(set)
        self.failed = self.late = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Everything happens here."""
        if session.testsfailed:
            raise session.Interrupted("the tests can't be collected")
        self.items = session.items
        session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
        pid, told = fork(self.survey)
        os.waitpid(pid, 0)
        failed, self.seconds, self.reach = json.loads(read(told) or '[["all"], [], {}]')
        if failed:
            raise session.Interrupted("these fail without a change: " + ", ".join(failed))
        self.try_all()
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.failed |= report.failed

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Generator[None, Any, Any]:
        """What a fixture reaches is reached by every test that asks for it."""
        before = set(reached())
        reached().clear()
        try:
            return (yield)
        finally:
            self.fixtures[fixturedef.argname] |= reached()
            reached().update(before)

    def run(self, test: int, following: int | None) -> None:
        """One test; its fixtures stay where the following one needs them."""
        item = self.items[test]
        after = None if following is None else self.items[following]
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)

    def survey(self, told: IO[str]) -> int:
        """Which tests fail without a change, how long each takes, what it reaches."""
        switch_on("stats")
        signal.signal(signal.SIGPROF, self.too_long)
        failed, seconds, reach = [], [], defaultdict(list)
        for test, following in pairwise([*range(len(self.items)), None]):
            reached().clear()
            self.failed = self.late = False
            started = time.process_time()
            signal.setitimer(signal.ITIMER_PROF, ENOUGH)
            self.run(test, following)
            signal.setitimer(signal.ITIMER_PROF, 0)
            taken = round(time.process_time() - started, 4)
            seconds.append(math.inf if self.late else taken)
            if self.failed and not self.late:
                failed.append(self.items[test].nodeid)
            fixtures = getattr(self.items[test], "fixturenames", ())
            file = self.items[test].nodeid.partition("::")[0]
            for function in reached().union(*(self.fixtures[name] for name in fixtures)):
                if file in self.held[function.split(".")[1]]:
                    reach[function].append(test)
        told.write(json.dumps([failed, seconds, reach]))
        return SURVIVED

    def too_long(self, *_: object) -> None:
        """Ends a test that no change has the time for."""
        self.late = True
        raise TimeoutError

    def attempt(self, mutant: str, told: IO[str]) -> int:
        """The tests that reach a change, until one finds it; tells which was the last."""
        switch_on(mutant)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        function = function_of(mutant)
        tests = in_order(self.reach[function], self.seconds, self.found[function])
        for test, following in pairwise([*tests, None]):
            told.write(f" {test}")
            told.flush()
            signal.setitimer(signal.ITIMER_PROF, 1 + 5 * self.seconds[test])
            signal.setitimer(signal.ITIMER_REAL, 60 + 50 * self.seconds[test])
            self.run(test, following)
            if self.failed:
                return FOUND
        return SURVIVED

    def try_all(self) -> None:
        """Fills states, with as many processes at once as were asked for."""
        gc.freeze()  # what is shared with the forks stays shared
        self.states = dict.fromkeys(self.mutants, "no tests")
        running: dict[int, tuple[str, IO[str]]] = {}
        try:
            for mutant in self.mutants:
                if function_of(mutant) in self.reach:
                    if len(running) == self.children:
                        self.wait(running)
                    pid, told = fork(partial(self.attempt, mutant))
                    running[pid] = mutant, told
            while running:
                self.wait(running)
        finally:  # it may have been interrupted
            for pid in running:
                kill_group(pid)

    def wait(self, running: dict[int, tuple[str, IO[str]]]) -> None:
        """Takes the next that ends from those that run."""
        pid, status = os.wait()
        kill_group(pid)
        mutant, told = running.pop(pid)
        self.states[mutant] = verdict(status)
        print(mutant, self.states[mutant], flush=True)
        last = read(told).split()[-1:]
        if self.states[mutant] != "survived":
            self.found[function_of(mutant)].update(map(int, last))


def kill_group(pid: int) -> None:
    """Ends what a test has started and a change has left running."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def main() -> None:
    """mutants_try.py children; reads held.json, the tests of each module, writes states.json."""
    held = json.loads(Path("held.json").read_text(encoding="utf-8"))
    changes = {module: plant(Path("nnlit") / f"{module}.py") for module in held}
    runner = Runner([name for names in changes.values() for name in names], held, int(sys.argv[1]))
    words = ["-q", "-s", "--tb=native", "-o", "addopts=", "-o", "tmp_path_retention_policy=none"]
    words += ["--basetemp=tmp", "-p", "no:cacheprovider", "-p", "no:xdist", "-m", "not slow"]
    words += [f"--deselect=tests/{name}" for name in LEFT_OUT]
    words += dict.fromkeys(file for files in held.values() for file in files)
    code = pytest.main(words, plugins=[runner])
    states = {
        module: [(change, runner.states.get(name)) for name, change in names.items()]
        for module, names in changes.items()
    }
    Path("states.json").write_text(json.dumps(states), encoding="utf-8")
    sys.exit(code)


if __name__ == "__main__":
    main()
