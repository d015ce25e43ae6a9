"""Versions that decide whether something cached is made anew: who changes the code is asked for a new number."""

from __future__ import annotations

import hashlib
import json
import shutil
from functools import cache

import pytest

from runoff.backends import find_backends
from runoff.judge import agreement, conversions
from runoff.matrix import attempt, matrix, zoo
from runoff.measure import code
from runoff.measure.code import code_hash
from runoff.model import golden, images, onnx_export, operations
from tests.conftest import ROOT

STORED = ROOT / "tests" / "project" / "versions.json"
"""By name: the version, and the hash of the code at that version."""
MODEL = ROOT / "runoff" / "model"


@cache
def current() -> dict[str, list[object]]:
    """Return every version with the hash of its code as it is now."""
    backends = {
        f"{name}: CONVERT_VERSION": [backend.CONVERT_VERSION, code_hash(backend.file, ["convert", "repair"])]
        for name, backend in find_backends().items()
    }
    return backends | {
        "MATRIX_VERSION": [matrix.MATRIX_VERSION, matrix_hash()],
        "EXPORT_VERSION": [onnx_export.EXPORT_VERSION, code_hash(MODEL / "onnx_export.py", ["export_model"])],
        "ZOO_VERSION": [zoo.ZOO_VERSION, code_hash(ROOT / "runoff" / "matrix" / "zoo.py", ["export_zoo_model"])],
        "GOLDEN_VERSION": [golden.GOLDEN_VERSION, code_hash(MODEL / "golden.py", ["compute_golden"])],
        "COUNT_VERSION": [operations.COUNT_VERSION, code_hash(MODEL / "operations.py", ["count_operations"])],
        "DRAWING_VERSION": [images.DRAWING_VERSION, code_hash(MODEL / "images.py", ["further_drawings"])],
    }


def matrix_hash() -> str:
    """Hash what decides a cell of the matrix beside a conversion: how its result is loaded, run and judged."""
    loaded = {backend.file: ["import_framework", "load"] for backend in matrix.converters(find_backends()).values()}
    judged = {
        attempt.__file__: ["convert", "attempt", "repair"],
        matrix.__file__: ["try_target", "is_final"],
        agreement.__file__: ["compare_logits"],
        conversions.__file__: ["blamed_operator"],
    }
    hashes = [code_hash(file, functions) for file, functions in sorted((loaded | judged).items())]
    return hashlib.sha256("".join(hashes).encode()).hexdigest()


def test_every_version_is_stored():
    """A new backend's version has its line, and one that is gone has none."""
    assert set(current()) == set(json.loads(STORED.read_text())), f"{STORED} is not of {json.dumps(current())}"


@pytest.mark.parametrize("name", json.loads(STORED.read_text()))
def test_code_that_changed_has_a_new_version(name):
    """Changed code needs a new number where it makes other bytes, and its new hash stored in any case."""
    version, found = current()[name]
    assert [version, found] == json.loads(STORED.read_text())[name], (
        f"the code of {name} has changed: give it another number where what it makes may differ, then store "
        f"{json.dumps([version, found])} for it in {STORED}"
    )


def test_only_what_a_conversion_runs_through_is_hashed(tmp_path):
    """Docstrings, comments, descriptions of variants and other functions change no hash; what convert() uses does."""
    plain = (
        '"""A backend."""\nVARIANTS = ("a description",)\nSIDE = 3\n\n\n'
        "def convert(form):\n    return helper(form)\n\n\ndef helper(form):\n    return SIDE\n\n\n"
        "def load(artifact):\n    return 1\n"
    )
    changes = {
        "a docstring": (plain.replace("A backend.", "Another text."), True),
        "a comment": (plain.replace("SIDE = 3", "SIDE = 3  # three"), True),
        "a description": (plain.replace("a description", "another"), True),
        "another function": (plain.replace("return 1", "return 2"), True),
        "a function that convert uses": (plain.replace("return SIDE", "return SIDE + 1"), False),
        "a constant that it uses": (plain.replace("SIDE = 3", "SIDE = 4"), False),
    }
    file = tmp_path / "of_somebody_else.py"
    file.write_text(plain)
    before = code_hash(file, ["convert"])
    for change, (text, same) in changes.items():
        file.write_text(text)
        assert (code_hash(file, ["convert"]) == before) == same, change


def test_what_an_imported_module_imports_is_hashed_too(tmp_path):
    """A repair that stands two imports away from convert() decides its bytes as well."""
    place = tmp_path / "runoff" / "model"
    place.mkdir(parents=True)
    (place / "repairs.py").write_text("from runoff.model.graph import nodes\n")
    (place / "graph.py").write_text("def nodes():\n    return 1\n")
    file = tmp_path / "backend.py"
    file.write_text("def convert(form):\n    from runoff.model.repairs import nodes\n    return nodes()\n")
    before = code_hash(file, ["convert"], tmp_path)
    (place / "graph.py").write_text("def nodes():\n    return 2\n")
    assert code_hash(file, ["convert"], tmp_path) != before


def test_a_file_outside_any_tree_has_no_differing_code(tmp_path):
    """A backend of somebody else's package is converted by its own code in every tree."""
    file = tmp_path / "outside.py"
    file.write_text("def convert(form):\n    return 1\n")
    assert code.differing_code(file, "convert", tmp_path / "tree") is None


def test_a_trees_own_code_is_told_apart_whatever_version_it_declares(tmp_path):
    """An unchanged file of a tree is as ours; one with another convert() isn't, nor is a backend that is only there."""
    place = tmp_path / "runoff" / "backends"
    place.mkdir(parents=True)
    text = (ROOT / "runoff" / "backends" / "onnxruntime.py").read_text()
    shutil.copytree(ROOT / "runoff" / "model", tmp_path / "runoff" / "model")
    file = place / "onnxruntime.py"
    file.write_text(text)
    assert code.differing_code(file, "convert", tmp_path) is None
    file.write_text(text.replace("per_channel=True", "per_channel=False"))
    assert code.differing_code(file, "convert", tmp_path) is not None
    (place / "newcomer.py").write_text("def convert(form):\n    return 1\n")
    assert code.differing_code(place / "newcomer.py", "convert", tmp_path) is not None
