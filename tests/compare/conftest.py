"""Stored runs of known log-ratios, which the tests of ``python -m runoff compare`` change and compare."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.builders.stored_runs import Values, make_comparable_run, spread

ONNXRUNTIME, PEAK = ("inference", "onnxruntime"), ("peak-memory", "onnxruntime")
LAUNCHES = {ONNXRUNTIME: spread(-0.58), PEAK: spread(0.2), ("inference", "tensorflow"): spread(0.1)}

Store = Callable[..., str]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Write a stored run of these log-ratios, after a change to its JSON, and give the file's name."""

    def write(name: str, changed=None, edit: Callable[[Values], object] = lambda run: None, **options: float) -> str:
        run = make_comparable_run(LAUNCHES | (changed or {}), **options)
        edit(run)
        path = tmp_path / name
        path.write_text(json.dumps(run))
        return str(path)

    return write


def in_one_line(text: str) -> str:
    """Undo the wrapping at the terminal's width."""
    return " ".join(text.split())
