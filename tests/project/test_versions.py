"""Versions that decide whether something cached is made anew: who changes the code is asked for a new number."""

from __future__ import annotations

import hashlib
import json
from functools import cache

import pytest

from runoff.backends import find_backends
from runoff.judge import agreement, conversions
from runoff.matrix import attempt, matrix
from runoff.measure.code import code_hash
from runoff.model import operations, zoo
from runoff.model.golden import witness
from runoff.model.golden.steps import STEPS, GoldenStep
from runoff.model.inputs import images
from runoff.model.onnx import export as onnx_export
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
        "EXPORT_VERSION": [onnx_export.EXPORT_VERSION, code_hash(MODEL / "onnx" / "export.py", ["export_model"])],
        "ZOO_VERSION": [zoo.ZOO_VERSION, code_hash(ROOT / "runoff" / "model" / "zoo.py", ["export_zoo_model"])],
        **{f"golden of {form}: version": [step.version, step_hash(step)] for form, step in STEPS.items()},
        "WITNESS_VERSION": [witness.WITNESS_VERSION, code_hash(witness.__file__, ["answer"])],
        "COUNT_VERSION": [operations.COUNT_VERSION, code_hash(MODEL / "operations.py", ["count_operations"])],
        "DRAWING_VERSION": [images.DRAWING_VERSION, code_hash(MODEL / "inputs" / "images.py", ["further_drawings"])],
    }


def step_hash(step: GoldenStep) -> str:
    """Hash the code of a step that computes golden."""
    module, _, function = step.function.partition(":")
    return code_hash(ROOT.joinpath(*module.split(".")).with_suffix(".py"), [function])


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


@pytest.mark.long
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
