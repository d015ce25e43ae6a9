"""Imports point one way, and frameworks stay where they belong."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

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
    "torch",
    "torchvision",
}
ALLOWED = {
    "benchmarks": {"runoff", "fixtures", "benchmarks"},
    "fixtures": {"runoff", "fixtures"},
    "runoff": {"runoff"},
    "webui": {"runoff", "webui"},
    "trust": {"runoff", "trust"},
}
WITHIN_RUNOFF = {
    "kernels": set(),
    "contract": {"kernels"},
    "model": {"contract", "model"},
    "processor": set(),
    "backends": {"contract", "kernels", "model", "processor", "backends"},
    "statistics": set(),
    "stratum": set(),
    "quantities": set(),
    "queueing": set(),
    "diagnostics": {"statistics"},
    "race_warnings": {"diagnostics", "measure", "records", "statistics"},
    "schema": set(),
    "agreement": {"contract"},
    "contenders": {"contract"},
    "conversion": set(),
    "measure": {
        "contract",
        "kernels",
        "model",
        "agreement",
        "contenders",
        "conversion",
        "processor",
        "queueing",
        "measure",
    },
    "version_steps": {"measure", "records", "statistics"},
    "versions": {"contract"},
    "records": {"diagnostics", "measure", "statistics"},
    "footprint": {"measure"},
    "quantisation": {"agreement", "contenders", "contract", "measure", "records", "statistics"},
    "service_records": {"diagnostics", "measure", "records", "statistics"},
    "efficiency": {"measure", "model"},
    "report": {"contract", "conversion", "statistics", "stratum", "schema", "report"},
    "history": {"contenders", "contract", "statistics", "stratum", "schema", "report", "history"},
    "doctor": {
        "contract",
        "contenders",
        "backends",
        "model",
        "measure",
        "processor",
        "race_warnings",
        "statistics",
        "doctor",
    },
    "__main__": {"contract", "doctor", "history", "quantities", "report", "versions"},
}


def imported_modules(file: Path) -> set[str]:
    """Give the dotted names that a file imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


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


@pytest.mark.parametrize("file", files("runoff"), ids=lambda file: str(file.relative_to(ROOT)))
def test_parts_of_runoff_import_one_way(file):
    """Inside runoff, measure -> backends -> contract, model, and report -> statistics."""
    part = file.relative_to(ROOT / "runoff").parts[0].removesuffix(".py")
    if part == "__init__":
        return
    parts = {name.split(".")[1] for name in imported_modules(file) if name.startswith("runoff.")}
    known = {child.stem for child in (ROOT / "runoff").iterdir()}
    assert (parts & known) - {part} <= WITHIN_RUNOFF[part], file


def test_frameworks_are_imported_where_they_belong():
    """No file outside runoff/backends/ and runoff/model/ imports a framework, the page's included."""
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


def test_the_pytest_process_loads_no_framework():
    """After the suite's plugins are loaded and its benchmarks collected, no framework is in pytest's process."""
    loaded = loaded_after(
        "import contextlib, io, pytest\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        "    assert pytest.main(['--collect-only', '-q', 'benchmarks', '-p', 'no:cacheprovider']) == 0"
    )
    assert "fixtures" in loaded
    assert not loaded & FRAMEWORKS


@pytest.mark.parametrize(
    ("backend", "own"), [("onnxruntime", "onnxruntime"), ("tensorflow", "tensorflow"), ("pytorch", "torch")]
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
    assert "numpy" not in loaded_after("import runoff.measure.worker, runoff.measure.channel")


def test_the_page_loads_no_framework():
    """The page's server reads every backend's declarations and loads none of their frameworks; its workers do."""
    loaded = loaded_after("import webui.app\nfrom runoff.backends import find_backends\nassert find_backends()")
    assert "flask" in loaded
    assert not loaded & FRAMEWORKS


def test_the_pages_workers_are_started_before_flask_is_imported():
    """What starts the page and its first worker loads no Flask, which is imported while that worker starts."""
    loaded = loaded_after("import webui.__main__")
    assert "waitress" in loaded
    assert not loaded & {"flask", "werkzeug", "jinja2"}


def test_the_pages_worker_needs_numpy_alone():
    """What runs a contender for the page loads neither Flask nor Pillow beside the contender's framework."""
    loaded = loaded_after("import webui.worker, numpy, runoff.contract")
    assert not loaded & {"flask", "werkzeug", "waitress", "PIL"}
