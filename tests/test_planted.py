"""Faults are planted in a copy of the project, and a check must go red.

A check that has never been seen to fail proves nothing. Each fault names the
file, what stands there, what is put in its place, and the check concerned;
what is asserted is that the check passes before and fails after.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.planted, pytest.mark.slow]  # a process for each fault

ROOT = Path(__file__).parent.parent
PERCEPTRON = "docs/chapters/02-the-perceptron.md"
ACTIVATIONS = "docs/chapters/04-activations.md"
LOGISTIC = "docs/chapters/06-logistic-regression.md"
GENERALISING = "docs/chapters/11-generalising.md"

BUILD = ["mkdocs", "build", "--strict", "--site-dir", "built"]
EQUATIONS = [
    "pytest",
    "-q",
    "-x",
    "-p",
    "no:cacheprovider",
    "tests/test_text.py",
    "-k",
    "every_displayed",
]
BLOCKS = ["pytest", "-q", "-x", "-p", "no:cacheprovider"]
FIGURES = ["build_figures", "all"]

# name, file, before, after, check, what the message must hold
FAULTS = [
    ("unknown embedded name", PERCEPTRON,
     "@embed nnlit.perceptron.score", "@embed nnlit.perceptron.scores",
     BUILD, "02-the-perceptron.md:"),
    ("formula that KaTeX rejects", PERCEPTRON,
     r"w \cdot (x + w) + b", r"w \cdot (x^2^\top + w) + b", BUILD, "Double superscript"),
    ("formula of the third source, as it has it", PERCEPTRON,
     r"w \cdot (x + w) + b = w \cdot x + b + \lVert w \rVert^2",
     r"\frac{\partial L}{\partial W^{[l]}} = \delta^{[l]} \cdot a^{[l-1]}^T",
     BUILD, "Double superscript"),
    ("inline formula that KaTeX rejects", PERCEPTRON,
     "Write $x_1$ for", r"Write $\frac{x_1$ for", BUILD, "02-the-perceptron.md:"),
    ("broken link", PERCEPTRON,
     "(../references.md#rosenblatt-1958)", "(../reference.md#rosenblatt-1958)",
     BUILD, "reference.md"),
    ("broken anchor", PERCEPTRON,
     "(../references.md#rosenblatt-1958)", "(../references.md#rosenblatt-1985)",
     BUILD, "rosenblatt-1985"),
    ("reference to an equation that doesn't exist", PERCEPTRON,
     "@eq-novikoff would be", "@eq-novikov would be", BUILD, "eq-novikov"),
    ("missing alt text", PERCEPTRON,
     "    alt: A diagram of one unit.", "    note: A diagram of one unit.",
     BUILD, "figure | perceptron-unit"),
    ("empty alt text", PERCEPTRON,
     "    alt: A diagram of one unit.", "    alt: \n\n", BUILD, "alt"),
    ("figure that doesn't exist", PERCEPTRON,
     "/// figure | perceptron-unit", "/// figure | perceptron-units", BUILD, "perceptron-units"),
    ("changed output number", PERCEPTRON,
     "array([ 2., -3.,  0.])", "array([ 2., -3.,  1.])", [*BLOCKS, PERCEPTRON], "Expected"),
    ("changed number in a session further down", PERCEPTRON,
     "(1356, 5346576)", "(1355, 5346576)", [*BLOCKS, PERCEPTRON], "Expected"),
    ("figure function that raises", "scripts/figures/ch02_perceptron.py",
     "def epochs_data() -> Data:\n", "def epochs_data() -> Data:\n    raise ValueError('no')\n",
     FIGURES, "perceptron-epochs"),
    ("overflow in the sigmoid", "nnlit/activations.py",
     "return np.exp(np.minimum(x, 0)) / (1 + np.exp(-np.abs(x)))", "return 1 / (1 + np.exp(-x))",
     [*BLOCKS, "tests/test_activations.py", "-k", "sigmoid"], "overflow"),
    ("softmax over the wrong axis", "nnlit/activations.py",
     "return e / e.sum(axis=-1, keepdims=True)", "return e / e.sum(axis=0, keepdims=True)",
     [*BLOCKS, "tests/test_activations.py", "-k", "softmax"], "FAILED"),
    ("perceptron update with the wrong sign", "nnlit/perceptron.py",
     "w = w + learning_rate * (y - y_hat) * x", "w = w - learning_rate * (y - y_hat) * x",
     [*BLOCKS, "tests/test_perceptron.py"], "FAILED"),
    ("perceptron update with the wrong sign, seen by its equation", "nnlit/perceptron.py",
     "w = w + learning_rate * (y - y_hat) * x", "w = w - learning_rate * (y - y_hat) * x",
     EQUATIONS, "eq-perceptron-update"),
    ("changed sign in a chapter's TeX", PERCEPTRON,
     r"w &\leftarrow w + \eta", r"w &\leftarrow w - \eta", EQUATIONS, "eq-perceptron-update"),
    ("dropped index in a chapter's TeX", ACTIVATIONS,
     r"{k = j} - p_j", r"{k = j} - p", EQUATIONS, "eq-softmax-slope"),
    ("wrong index in a chapter's TeX", ACTIVATIONS,
     r"{k = j} - p_j", r"{k = j} - p_k", EQUATIONS, "eq-softmax-slope"),
    ("slope at the output instead of the score", ACTIVATIONS,
     r"&= \frac{e^{-z}}{(1 + e^{-z})^2} \\",
     r"&= \frac{e^{-\sigma(z)}}{(1 + e^{-\sigma(z)})^2} \\", EQUATIONS, "eq-sigmoid-slope"),
    ("softmax without its own score in the sum", ACTIVATIONS,
     r"\frac{e^{z_k}}{\sum_{j=1}^{K} e^{z_j}}", r"\frac{e^{z_k}}{\sum_{j=1}^{K} e^{z_j} - e^{z_k}}",
     EQUATIONS, "eq-softmax"),
    ("missing 1/n in a chapter's TeX", LOGISTIC, None, None, EQUATIONS, "eq-"),
    ("transpose missing in the notation", "docs/notation.md",
     r"\delta^{(l)} \left( a^{(l-1)} \right)^\top", r"\delta^{(l)} \left( a^{(l-1)} \right)",
     EQUATIONS, "eq-weight-gradient-column"),
    ("slope of ReLU at the kink", "nnlit/activations.py",
     "return (x > 0).astype(x.dtype)", "return (x >= 0).astype(x.dtype)",
     [*BLOCKS, "tests/test_network.py", "-k", "relu_has_no_slope_at_0"], "FAILED"),
    ("slope of the hidden layer at its output", "nnlit/network.py",
     "g_prime(below.Z, below.A)", "g_prime(below.A, ACTIVATIONS[activation].g(below.A))",
     [*BLOCKS, "tests/test_network.py", "-k", "gradient_check"], "FAILED"),
    ("weight gradient without its transpose", "nnlit/network.py",
     "dW = A.T @ Delta", "dW = A @ Delta",
     [*BLOCKS, "tests/test_network.py", "-k", "gradient_check"], "FAILED"),
    ("missing 1/n in the error term", "nnlit/network.py",
     "return (Y_hat - Y) / n", "return Y_hat - Y",
     [*BLOCKS, "tests/test_network.py", "-k", "mean_loss_and_gradient"], "FAILED"),
    ("dropout's scale missing on the way back", "nnlit/network.py",
     "Delta = Delta * masks[l - 1]", "Delta = Delta * (masks[l - 1] > 0)",
     [*BLOCKS, "tests/test_regularization.py", "-k", "gradient_check and dropout"], "FAILED"),
    ("dropout without its factor", "nnlit/regularization.py",
     "return stays / (1 - rate)", "return stays.astype(float)",
     [*BLOCKS, "tests/test_regularization.py", "-k", "keeps_the_mean"], "FAILED"),
    ("dropout's factor missing in a chapter's TeX", GENERALISING,
     r"(1 - p) \cdot \frac{a}{1 - p} = a", r"(1 - p) \cdot a = a",
     EQUATIONS, "eq-generalising-mean-kept"),
    ("L2 on the biases", "nnlit/regularization.py",
     "elastic_penalty_gradient(W, l1, l2), db)\n        for (dW, db), (W, _) in",
     "elastic_penalty_gradient(W, l1, l2), db + l2 * b)\n        for (dW, db), (W, b) in",
     [*BLOCKS, "tests/test_regularization.py", "-k", "leaves_biases_alone"], "FAILED"),
    ("Adam without bias correction", "nnlit/optimizers.py",
     "m_hat = m / (1 - self.beta_1**self.t)", "m_hat = m",
     [*BLOCKS, "tests/test_optimizers.py", "-k", "adam"], "FAILED"),
    ("early stopping that keeps the last weights", "nnlit/training.py",
     "stopping.restore(self.parameters)", "pass",
     [*BLOCKS, "tests/test_training.py", "-k", "early"], "FAILED"),
    ("a shuffle that separates X from y", "nnlit/training.py",
     "yield X.take(rows, axis=0), Y.take(rows, axis=0)",
     "yield X.take(rows, axis=0), Y[start : start + batch_size]",
     [*BLOCKS, "tests/test_training.py", "-k", "own_answer"], "FAILED"),
    ("layer normalisation that forgets its spread on the way back", "nnlit/residual.py",
     "return (G - mean - N * along) / s", "return (G - mean) / s",
     [*BLOCKS, "tests/test_residual.py", "-k", "layer_norm_backward"], "FAILED"),
    ("a residual connection that is lost on the way back", "nnlit/residual.py",
     "G_below = G + G_below", "G_below = 1 * G_below",
     [*BLOCKS, "tests/test_residual.py", "-k", "residual_layer_by_hand"], "FAILED"),
]  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project in which things may break."""
    copy = tmp_path_factory.mktemp("planted") / "project"
    copy.mkdir()
    for name in ("docs", "literate", "nnlit", "results", "scripts", "tests"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("mkdocs.yml", "pyproject.toml", "conftest.py", "package-lock.json"):
        shutil.copy(ROOT / name, copy / name)
    shutil.copytree(ROOT / ".cache", copy / ".cache", dirs_exist_ok=True)
    (copy / "node_modules").symlink_to(ROOT / "node_modules")
    return copy


def check(project: Path, words: list[str]) -> subprocess.CompletedProcess[str]:
    """Runs a check in the copy, on the copy's own package and scripts."""
    path = os.pathsep.join([str(project), str(project / "scripts")])
    environment = os.environ | {
        "PYTHONPATH": path, "NO_MKDOCS_2_WARNING": "1", "DISABLE_MKDOCS_2_WARNING": "true",
        "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    environment.pop("PYTEST_ADDOPTS", None)
    return subprocess.run(
        [sys.executable, "-m", *words], cwd=project, env=environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def missing_one_over_n(text: str) -> tuple[str, str]:
    """The first averaged sum of the chapter, and the same without its 1/n."""
    before = r"\frac{1}{n} \sum_{i=1}^{n}"
    assert before in text
    return before, r"\sum_{i=1}^{n}"


@pytest.mark.parametrize("check_words", [BUILD, EQUATIONS, [*BLOCKS, PERCEPTRON], FIGURES])
def test_the_copy_is_green_before_anything_is_planted(
    project: Path, check_words: list[str]
) -> None:
    done = check(project, check_words)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]


@pytest.mark.parametrize("fault", FAULTS, ids=[f[0] for f in FAULTS])
def test_a_planted_fault_turns_its_check_red(project: Path, fault: tuple) -> None:
    _, file, before, after, words, message = fault
    path = project / file
    original = path.read_text(encoding="utf-8")
    if words is EQUATIONS:
        page = path if path.suffix == ".md" else Path(PERCEPTRON)
        words = [*words[:-1], f"every_displayed and {page.stem}"]
    if before is None:
        before, after = missing_one_over_n(original)
    assert before in original, f"{file} no longer holds {before!r}"
    path.write_text(original.replace(before, after, 1), encoding="utf-8")
    try:
        done = check(project, words)
        said = done.stdout + done.stderr
        assert done.returncode != 0, f"planted and not seen: {said[-2000:]}"
        assert message in said, said[-3000:]
    finally:
        path.write_text(original, encoding="utf-8")
