"""Stored runs of many machines, as a fleet sends them back."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.builders.many_models import make_model_run
from tests.builders.stored_runs import Values, about


def make_fleet_run(processor: str, ratios: Mapping[str, float], *, seed: int = 1, reach: float = 0.02) -> Values:
    """Make the stored run of a machine: its processor's name, and contenders by what they take of pytorch's time."""
    stored = make_model_run("resnet18", ratios, reach=reach)
    about(stored)["seed"] = seed
    about(stored)["stratum"]["processor"]["name"] = processor
    return stored


def store_fleet(folder: Path, runs: Mapping[str, Values]) -> Path:
    """Store runs as a plan has them stored: a folder for each, by its name."""
    for name, stored in runs.items():
        (folder / name).mkdir(parents=True)
        (folder / name / "runoff.json").write_text(json.dumps(stored))
    return folder


def four_strata(again: Sequence[float] = (0.58,)) -> dict[str, Values]:
    """Make runs of four processors: openvino wins on three, nobody on the last; more runs of the first one are given.

    The first processor's further runs have openvino at these ratios.
    """
    others = {
        f"genoa-{number}": make_fleet_run("Genoa", {"openvino": value, "onnxruntime": 0.72}, seed=number)
        for number, value in enumerate(again, 2)
    }
    return {
        "genoa-1": make_fleet_run("Genoa", {"openvino": 0.60, "onnxruntime": 0.7}),
        **others,
        "turin-1": make_fleet_run("Turin", {"openvino": 0.50, "onnxruntime": 0.6}),
        "ice-1": make_fleet_run("Ice", {"openvino": 0.40, "onnxruntime": 0.6, "litert": 0.9}),
        "rome-1": make_fleet_run("Rome", {"openvino": 0.600, "onnxruntime": 0.605}),
    }
