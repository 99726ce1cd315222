"""The package as a reader installs it: wheel, types, data, imports."""

from __future__ import annotations

import ast
import gzip
import importlib.util
import inspect
import os
import pkgutil
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

import nnlit

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "nnlit"
DATA = SOURCE / "data"
MODULES = sorted(module.name for module in pkgutil.iter_modules([SOURCE]))
CHAPTERS_1_TO_6 = [
    "datasets",
    "perceptron",
    "activations",
    "losses",
    "descent",
    "logistic",
]
QUICK = ["perceptron", "descent", "datasets", "checks"]
MAY_IMPORT = {
    "types": set(),
    "checks": {"types"},
    "network_checks": {"types", "checks"},
    "estimator": {"checks"},
    "activations": {"types", "checks"},
    "losses": {"types", "checks", "activations"},
    "descent": {"types", "checks"},
    "idx": {"types", "checks"},
    "download": {"checks"},
    "datasets": {"types", "checks", "download", "idx"},
    "perceptron": {"types", "checks", "estimator", "activations", "losses"},
    "logistic": {
        "types",
        "checks",
        "estimator",
        "activations",
        "losses",
        "descent",
    },
    "network": {
        "types",
        "checks",
        "network_checks",
        "activations",
        "losses",
    },
    "residual": {"types", "checks", "network_checks", "network"},
}


def run(*command, **options):
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, **options
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def sources():
    """Every file of the package that belongs to it, caches left out."""
    return {
        str(path.relative_to(ROOT))
        for path in SOURCE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    build = ["-m", "build", "--wheel", "--no-isolation"]
    run(sys.executable, *build, "--outdir", str(folder), str(ROOT))
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    folder = tmp_path_factory.mktemp("installed")
    pip = [sys.executable, "-m", "pip", "install", "--quiet"]
    alone = ["--no-deps", "--no-index", "--disable-pip-version-check"]
    run(*pip, *alone, "--target", str(folder), str(wheel))
    return folder


def test_the_wheel_holds_the_package_whole_and_nothing_else(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    package = {name for name in names if name.startswith("nnlit/")}
    assert package == sources()
    rest = {name.split("/")[0] for name in names - package}
    assert rest == {f"nnlit-{nnlit.__version__}.dist-info"}
    assert "nnlit/py.typed" in package


def test_the_wheel_carries_the_licences_of_code_and_data(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    licences = f"nnlit-{nnlit.__version__}.dist-info/licenses/"
    assert licences + "LICENSE" in names
    assert licences + "nnlit/data/LICENSES.md" in names


def test_the_wheel_needs_numpy_only_and_python_3_11_5(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (path,) = (n for n in archive.namelist() if n.endswith("/METADATA"))
        lines = archive.read(path).decode().splitlines()
    needs = [line for line in lines if line.startswith("Requires-Dist:")]
    always = [line for line in needs if "extra ==" not in line]
    assert always == ["Requires-Dist: numpy>=2.0"]
    assert "Requires-Python: >=3.11.5" in lines


def test_doctests_pass_in_the_installed_wheel(installed, tmp_path):
    # -I: neither the working directory nor the environment leads back to the
    # checkout; the installed copy comes first on the path.
    script = """
import doctest, importlib, pathlib, sys, warnings
sys.path.insert(0, sys.argv[1])
warnings.simplefilter("error")
for name in sys.argv[2:]:
    module = importlib.import_module(f"nnlit.{name}")
    assert pathlib.Path(module.__file__).is_relative_to(sys.argv[1])
    failed, tried = doctest.testmod(module)
    assert not failed, name
    print(name, tried)
"""
    isolated = (sys.executable, "-I", "-c", script, str(installed))
    out = run(*isolated, *CHAPTERS_1_TO_6, "checks", cwd=tmp_path)
    tried = {name: int(n) for name, n in map(str.split, out.splitlines())}
    assert list(tried) == [*CHAPTERS_1_TO_6, "checks"]
    assert min(tried.values()) > 5


@pytest.mark.slow
def test_tests_pass_against_the_installed_wheel(installed, tmp_path):
    (tmp_path / "test_where.py").write_text(
        "import nnlit, pathlib\n"
        "def test_where():\n"
        "    path = pathlib.Path(nnlit.__file__)\n"
        f"    assert path.is_relative_to({str(installed)!r})\n"
    )
    (tmp_path / "conftest.py").write_text(
        "from hypothesis import settings\n"
        "profile = dict(derandomize=True, deadline=None)\n"
        "settings.register_profile('wheel', **profile)\n"
        "settings.load_profile('wheel')\n"
    )
    for name in QUICK:
        shutil.copy(ROOT / "tests" / f"test_{name}.py", tmp_path)
    pytest_alone = ["-m", "pytest", "-q", "-W", "error"]
    no_cache = ["-p", "no:cacheprovider", "--rootdir", str(tmp_path)]
    out = run(
        sys.executable,
        *pytest_alone,
        *no_cache,
        str(tmp_path),
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(installed)},
    )
    assert re.search(r"\d{3} passed", out)
    assert "failed" not in out


def test_importing_nnlit_loads_numpy_and_the_standard_library_only():
    script = """
import sys
sys.path.insert(0, sys.argv[1])
import importlib, numpy, numpy.random
before = set(sys.modules)
for name in sys.argv[2:]:
    importlib.import_module(f"nnlit.{name}")
tops = {name.split(".")[0] for name in set(sys.modules) - before}
print(*sorted(tops - set(sys.stdlib_module_names)))
"""
    out = run(sys.executable, "-I", "-c", script, str(ROOT), *CHAPTERS_1_TO_6)
    assert set(out.split()) <= {"nnlit", "numpy"}


def test_version_is_the_one_of_pyproject():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert nnlit.__version__ == project["version"]


def imports(module):
    """The nnlit modules that a module imports."""
    tree = ast.parse((SOURCE / f"{module}.py").read_text())
    return {
        node.module.removeprefix("nnlit.")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and node.module
        and node.module.startswith("nnlit.")
    }


@pytest.mark.parametrize("module", MAY_IMPORT)
def test_lower_modules_never_import_higher_ones(module):
    assert imports(module) <= MAY_IMPORT[module]


# --- how the displayed functions look --------------------------------------


def functions():
    for name in [*CHAPTERS_1_TO_6, "residual"]:
        module = import_module(f"nnlit.{name}")
        for public in module.__all__:
            value = getattr(module, public)
            if inspect.isfunction(value):
                yield pytest.param(value, id=f"{name}.{public}")


def body_lines(function):
    """The lines of a function's body, its docstring left out."""
    tree = ast.parse(inspect.getsource(function)).body[0]
    assert isinstance(tree, ast.FunctionDef)
    first, last = tree.body[1], tree.body[-1]
    return last.end_lineno - first.lineno + 1


@pytest.mark.parametrize("function", list(functions()))
def test_a_displayed_body_fits_20_lines(function):
    assert body_lines(function) <= 20


@pytest.mark.parametrize("function", list(functions()))
def test_a_docstring_has_a_sentence_shapes_and_a_doctest(function):
    text = inspect.getdoc(function)
    first = text.splitlines()[0]
    assert first[0].isupper()
    assert first.endswith(".")
    assert ">>> " in text
    if function.__module__ != "nnlit.datasets":
        assert "Shapes: " in text


@pytest.mark.parametrize("name", MODULES)
def test_every_module_opens_with_a_sentence_and_no_line_is_too_long(name):
    path = SOURCE / f"{name}.py"
    text = path.read_text(encoding="utf-8")
    assert re.match(r'"""[A-Z].*?[.:]', text, re.DOTALL)
    assert max(map(len, text.splitlines())) <= 78


def public_names(module):
    tree = ast.parse((SOURCE / f"{module}.py").read_text())
    return [
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
    ]


@pytest.mark.parametrize("name", [*CHAPTERS_1_TO_6, "checks", "estimator", "residual"])
def test_all_lists_what_a_module_defines(name):
    module = import_module(f"nnlit.{name}")
    assert module.__all__ == sorted(module.__all__)
    assert set(public_names(name)) <= set(module.__all__)
    assert all(hasattr(module, public) for public in module.__all__)


@pytest.mark.parametrize("name", ["activations", "losses"])
def test_a_derivative_stands_directly_below_its_function(name):
    names = public_names(name)
    for i, function in enumerate(names):
        for end in ("_prime", "_gradient"):
            if function.endswith(end):
                assert names[i - 1] == function.removesuffix(end)


# --- data ------------------------------------------------------------------


def test_every_data_file_has_its_source_and_licence():
    text = (DATA / "LICENSES.md").read_text()
    files = sorted(p.name for p in DATA.iterdir() if p.name != "LICENSES.md")
    sections = dict(
        re.findall(r"^## `(.+?)`\n(.+?)(?=^## |\Z)", text, re.M | re.S)
    )
    assert sorted(sections) == files
    for section in sections.values():
        for field in ("Creator", "Source:", "doi:", "Licence:", "Changes:"):
            assert field in section


def test_the_export_script_writes_the_files_that_are_shipped(tmp_path):
    path = ROOT / "scripts" / "export_data.py"
    spec = importlib.util.spec_from_file_location("export_data", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for made in module.export(tmp_path):
        shipped = gzip.decompress((DATA / made.name).read_bytes())
        assert gzip.decompress(made.read_bytes()) == shipped
        text = shipped.decode()
        assert module.compressed(text) == made.read_bytes()


def test_the_data_stays_small():
    assert sum(p.stat().st_size for p in DATA.iterdir()) < 200_000


def test_mypy_finds_no_error_in_code_that_uses_the_package(
    installed, tmp_path
):
    code = tmp_path / "reader.py"
    code.write_text(
        "import numpy as np\n"
        "from nnlit.activations import sigmoid\n"
        "from nnlit.datasets import iris\n"
        "data = iris()\n"
        "reveal_type(data.feature_names)\n"
        "sigmoid(np.zeros(3))\n"
    )
    environment = os.environ | {"MYPYPATH": str(installed)}
    out = run(
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--no-incremental",
        "--config-file=",
        str(code),
        cwd=tmp_path,
        env=environment,
    )
    assert "tuple[str, ...]" in out.lower().replace("builtins.", "")


def test_no_random_number_comes_from_numpys_global_state():
    for path in SOURCE.glob("*.py"):
        text = path.read_text()
        assert not re.search(r"np\.random\.(?!default_rng|Generator)", text)
    assert isinstance(np.random.default_rng(0), np.random.Generator)
