"""Imports point one way, and frameworks stay where they belong: docs/house.md draws it."""

from __future__ import annotations

import ast
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.lanes import in_full
from tests.project.test_extras import requirements

FRAMEWORKS = {
    "ai_edge_litert",
    "nncf",
    "onnx",
    "onnx2tf",
    "onnx_tf",
    "onnxscript",
    "onnxruntime",
    "openvino",
    "tensorflow",
    "timm",
    "torch",
    "torchvision",
}
ALLOWED = {
    "benchmarks": {"runoff", "fixtures", "benchmarks"},
    "fixtures": {"runoff", "fixtures"},
    "runoff": {"runoff"},
    "webui": {"runoff", "webui"},
    "trust": {"runoff", "trust"},
    "pages": {"runoff", "fixtures", "pages"},
}
ORDER = (
    "errors",
    "files",
    "quantities",
    "text",
    "charts",
    "kernels",
    "processor",
    "arrays",
    "contract",
    "judge",
    "stored",
    "processes",
    "model",
    "backends",
    "environments",
    "measure",
    "checking",
    "matrix",
    "record",
    "answer",
    "report",
    "compare",
    "history",
    "across",
    "fleet",
    "options",
    "doctor",
    "__main__",
)
"""The parts of runoff/: each imports from those before it alone.

``text`` and ``charts`` are leaves: how anything is written, and how anything is drawn.
"""
READERS = ("answer", "report", "compare", "history", "across", "fleet")
"""What is read by people: each is made from what is stored and what it answers, and from no other of them."""
READERS_USE = {"errors", "files", "quantities", "text", "charts", "judge", "stored", "answer"}
LONGEST_MODULE = 310
MOST_PARAMETERS = 7


@dataclass(frozen=True)
class Read:
    """What the tests ask of a file; its syntax tree is not kept, since every later garbage collection would visit it.

    ``imported`` are the dotted names that it imports, anywhere in it; ``parameters`` says how many each function takes.
    """

    lines: int
    imported: frozenset[str]
    parameters: dict[str, int]


@cache
def read(file: Path) -> Read:
    """Read a file, once for all tests."""
    text = file.read_text(encoding="utf-8")
    names: set[str] = set()
    parameters: dict[str, int] = {}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.FunctionDef):
            taken = len(node.args.posonlyargs + node.args.args + node.args.kwonlyargs)
            parameters[node.name] = max(taken, parameters.get(node.name, 0))
    return Read(len(text.splitlines()), frozenset(names), parameters)


def imported_modules(file: Path) -> frozenset[str]:
    """Give the dotted names that a file imports, anywhere in it."""
    return read(file).imported


def files(folder: str) -> list[Path]:
    """Give the Python files under a folder."""
    return sorted((ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("layer", [layer for layer in ALLOWED if (ROOT / layer).is_dir()])
def test_layers_import_one_way(layer):
    """Benchmarks -> fixtures -> runoff <- webui: no file imports against it, and runoff imports no pytest."""
    ours = set(ALLOWED) | {"tests"}
    for file in files(layer):
        roots = {name.partition(".")[0] for name in imported_modules(file)}
        assert roots & ours <= ALLOWED[layer], file
        if layer in ("runoff", "webui"):
            assert "pytest" not in roots, file


def imports_within_runoff() -> set[tuple[str, str]]:
    """Give which part of runoff/ imports which other."""
    arrows: set[tuple[str, str]] = set()
    for file in files("runoff"):
        part = file.relative_to(ROOT / "runoff").parts[0].removesuffix(".py")
        for name in imported_modules(file):
            if name.startswith("runoff.") and part not in ("__init__", name.split(".")[1]):
                arrows.add((part, name.split(".")[1]))
    return arrows


def test_parts_of_runoff_import_in_one_order():
    """Inside runoff, each part imports from those before it alone, and what people read is made from what is stored."""
    against = {
        (part, other)
        for part, other in imports_within_runoff()
        if ORDER.index(other) > ORDER.index(part) or (part in READERS and other not in READERS_USE)
    }
    assert not against


def imports_between_files() -> dict[str, set[str]]:
    """Return which of our modules import which others, by their dotted names."""
    names = {
        ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file
        for layer in ALLOWED
        for file in files(layer)
    }
    return {
        name: {
            other if other in names else other.rpartition(".")[0]
            for other in imported_modules(file)
            if other in names or other.rpartition(".")[0] in names
        }
        - {name}
        for name, file in names.items()
    }


def folder_of(module: str) -> str:
    """Return a module's folder; a module that lies loose in runoff/ is a place of its own."""
    folder = module.rpartition(".")[0]
    is_package = (ROOT / Path(*module.split("."))).is_dir()
    return module if is_package or folder == "runoff" else folder


@pytest.mark.parametrize("place", [str, folder_of], ids=["files", "folders"])
def test_nothing_imports_in_a_circle(place):
    """Neither files nor folders import each other in a circle."""
    graph: dict[str, set[str]] = {}
    for name, others in imports_between_files().items():
        graph.setdefault(place(name), set()).update({place(other) for other in others} - {place(name)})
    TopologicalSorter(graph).prepare()


@pytest.mark.parametrize("layer", list(ALLOWED))
def test_modules_are_short_and_functions_take_few_parameters(layer):
    """No module is longer than 310 lines, and no function takes more than seven parameters."""
    for file in files(layer):
        found = read(file)
        assert found.lines <= LONGEST_MODULE, file
        for name, taken in found.parameters.items():
            assert taken <= MOST_PARAMETERS, (file, name)


def test_runoff_has_few_loose_modules():
    """A newcomer reads runoff/ in one look: folders, and eight modules at most."""
    assert len(list((ROOT / "runoff").glob("*.py"))) <= 8


def test_frameworks_are_imported_where_they_belong():
    """No file but backends and runoff/model/ imports a framework, the page's included."""
    for layer in ("runoff", "fixtures", "benchmarks", "webui"):
        for file in files(layer):
            if not {"backends", "model"} & set(file.relative_to(ROOT).parts):
                assert not {name.partition(".")[0] for name in imported_modules(file)} & FRAMEWORKS, file


def loaded_after(statements: str) -> set[str]:
    """Run statements in a fresh interpreter and give the top-level modules that are loaded then."""
    code = f"import sys\n{statements}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_reading_all_backends_loads_no_framework():
    """The pytest process reads every backend's declarations without loading a framework."""
    loaded = loaded_after("from runoff.backends import find_backends\nassert len(find_backends()) >= 3")
    assert not loaded & FRAMEWORKS


@pytest.mark.long
def test_the_pytest_process_loads_no_framework_and_nothing_that_draws():
    """With the suite's plugins and benchmarks loaded, no framework is, nor what draws, fits or opens photographs."""
    loaded = loaded_after(
        "import contextlib, io, pytest\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        "    assert pytest.main(['--collect-only', '-q', 'benchmarks', '-p', 'no:cacheprovider']) == 0"
    )
    assert "fixtures" in loaded
    assert not loaded & FRAMEWORKS
    assert not loaded & {"vl_convert", "sklearn", "skimage", "pandas"}


@pytest.mark.framework
@pytest.mark.parametrize(
    ("backend", "own"), [("onnxruntime", "onnxruntime"), *in_full(("tensorflow", "tensorflow"), ("pytorch", "torch"))]
)
def test_a_worker_loads_its_own_framework_alone(backend, own):
    """What a worker imports for a backend is that framework and no other, nor the suite's own tools."""
    loaded = loaded_after(
        "import runoff.measure.worker, importlib, numpy\n"
        f"chosen = importlib.import_module('runoff.backends.{backend}'); chosen.import_framework(chosen.VARIANTS[0])"
    )
    others = FRAMEWORKS - {own} - ({"torchvision"} if own == "torch" else set())
    assert own in loaded
    assert not loaded & others
    assert not loaded & {"pytest", "rich", "psutil", "memory_profiler"}


def test_the_worker_starts_without_numpy():
    """Before its first clock readings a worker loads nothing but the standard library."""
    assert "numpy" not in loaded_after("import runoff.measure.worker, runoff.processes.channel")


@pytest.mark.long
def test_the_page_loads_no_framework():
    """The page's server, decoders and workers load no framework before it is chosen, and nothing of the suite's own."""
    # The small container has none of it: an import of msgspec, which only the suite installs, was the end of its build.
    loaded = loaded_after(
        "import webui.__main__, webui.app, webui.decoder, runoff.measure.worker\n"
        "from runoff.backends import find_backends\nassert find_backends()"
    )
    assert "flask" in loaded
    assert not loaded & FRAMEWORKS
    assert not loaded & {"msgspec", "scipy", "sklearn", "rich", "psutil", "pytest", "platformdirs", "skimage"}


def test_the_page_imports_no_package_that_its_extra_lacks():
    """Whatever the page's modules import, also inside of functions, is a framework or in the extra ``web``."""
    between = imports_between_files()
    reached, ahead = set(), [module for module in between if module.startswith("webui.")]
    while ahead:
        module = ahead.pop()
        if module not in reached:
            reached.add(module)
            ahead += between[module]
    paths = [ROOT / module.replace(".", "/") for module in reached]
    imported = {
        name.partition(".")[0]
        for path in paths
        for name in imported_modules(path / "__init__.py" if path.is_dir() else path.with_suffix(".py"))
    }
    own = {"runoff", "webui", *sys.stdlib_module_names}
    installed = {requirement.name for requirement in requirements("web", (3, 11))} | {"tomli"}
    brought = {"numpy", "werkzeug", *({"PIL"} if "pillow" in installed else set())}
    assert {"flask", "PIL", "waitress"} <= imported
    assert imported - own - FRAMEWORKS <= installed | brought


@pytest.mark.long
def test_the_pages_workers_are_started_before_flask_is_imported():
    """What starts the page and its first worker loads no Flask, which is imported while that worker starts."""
    loaded = loaded_after("import webui.__main__")
    assert "waitress" in loaded
    assert not loaded & {"flask", "werkzeug", "jinja2"}


def test_the_pages_worker_needs_numpy_alone():
    """What runs a contender for the page loads neither Flask nor Pillow beside the contender's framework."""
    loaded = loaded_after("import runoff.measure.worker, runoff.measure.commands")
    assert not loaded & {"flask", "werkzeug", "waitress", "PIL"}
