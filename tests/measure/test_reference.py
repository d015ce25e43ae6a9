"""What the model itself says, with torch's process imagined: what decides the cached golden, and what is asked."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from runoff.contract import MODULE, ONNX
from runoff.environments.environment import Environment, Installed
from runoff.errors import FrameworkMissing, NoAnswer
from runoff.files.arrays import save_arrays
from runoff.files.values import to_json
from runoff.measure import reference
from runoff.measure.reference import (
    COUNT_TIMEOUT,
    GOLDEN_TIMEOUT,
    MOST_EXACT,
    make_golden,
    make_operations,
    require_golden,
)
from runoff.model import operations
from runoff.model.golden.steps import STEPS
from runoff.model.inputs.images import hash_pixels
from runoff.processes.workplace import Workplace
from runoff.processor import Processor
from tests.builders.outputs import MODEL

HERE = Environment(
    "here",
    Path("python"),
    installed=Installed(frozenset({"torch", "torchvision"}), {"torch": "2", "torchvision": "1", "unrelated": "1"}),
)
EXAMPLES = {"images": np.arange(6, dtype=np.float32).reshape(2, 3)}
OTHER_EXAMPLES = {"images": np.ones((2, 3), np.float32)}
FILES = {"images": Path("images.npy")}
COUNTED = {"flop": 8, "padding": 2, "weights": 3, "activations": 4}


@pytest.fixture
def calls(monkeypatch):
    """Note what is called in processes, and write a golden or count operations as it is asked."""
    noted = []

    def call(function, arguments, **named):
        noted.append((function, arguments, named))
        if "destination" not in arguments:
            return COUNTED
        save_arrays(
            Path(arguments["destination"]), {"logits": np.ones((2, 2), np.float32), "rounding of logits": np.array(0.5)}
        )
        return None

    monkeypatch.setattr(reference, "call", call)
    return noted


@pytest.fixture
def place(tmp_path):
    """Name the folders of a run."""
    return Workplace(tmp_path / "home", tmp_path / "working")


def test_golden_is_computed_once(place, calls):
    """It is asked for with the model, the images' file and how many of them in float64, and then cached."""
    golden, again = (make_golden(MODEL, EXAMPLES, FILES, HERE, place) for _ in range(2))
    assert golden.roundings == again.roundings == {"logits": 0.5}
    assert np.array_equal(golden.outputs["logits"], np.ones((2, 2)))
    ((function, arguments, named),) = calls
    assert function == STEPS[MODULE].function
    destination = Path(arguments.pop("destination"))
    assert arguments == {
        "model": to_json(MODEL),
        "inputs": {"images": "images.npy"},
        "exact_examples": MOST_EXACT,
    }
    (kept,) = (place.home / "golden").iterdir()
    assert destination.parent == kept.parent
    assert kept.suffix == ".npz"
    assert named == {
        "label": "golden",
        "log": place.logs / "golden.log",
        "timeout": GOLDEN_TIMEOUT,
        "surroundings": HERE.surroundings(),
    }


def with_versions(**versions):
    """Return the environment with other versions."""
    return dataclasses.replace(HERE, installed=dataclasses.replace(HERE.installed, versions=versions))


GOLDEN = {"model": MODEL, "examples": EXAMPLES, "files": FILES, "environment": HERE}


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({"model": dataclasses.replace(MODEL, sha256="1" * 64)}, False),
        ({"examples": OTHER_EXAMPLES}, False),
        ({"examples": {"pixels": EXAMPLES["images"]}}, False),
        ({"exact_examples": MOST_EXACT + 1}, False),
        ({"environment": with_versions(torch="3", torchvision="1")}, False),
        ({"environment": with_versions(torch="2", torchvision="2")}, False),
        ({"environment": with_versions(torch="2", torchvision="1", unrelated="2")}, True),
        ({"model": dataclasses.replace(MODEL, name="another name")}, True),
        ({"files": {"images": Path("elsewhere.npy")}}, True),
    ],
)
def test_what_decides_golden_decides_whether_it_is_computed_anew(place, calls, changes, same):
    """Weights, pixels, versions and the number of exact images do; names and places of files don't."""
    make_golden(**GOLDEN, place=place)
    make_golden(**(GOLDEN | changes), place=place)
    assert (len(calls) == 1) == same


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("read_processor", lambda: Processor("another", ("avx",))),
        ("read_processor", lambda: Processor("one", ())),
        ("allowed_threads", lambda: 99),
        ("golden_step", lambda kind: dataclasses.replace(STEPS[MODULE], version=-1)),
    ],
    ids=["another processor", "other flags", "another number of threads", "another version of the code"],
)
def test_another_machine_computes_its_own_golden(place, calls, monkeypatch, name, value):
    """The processor's model, its flags and the threads decide the last bits, and a new version of the code all."""
    monkeypatch.setattr(reference, "read_processor", lambda: Processor("one", ("avx",)))
    make_golden(**GOLDEN, place=place)
    monkeypatch.setattr(reference, name, value)
    make_golden(**GOLDEN, place=place)
    assert len(calls) == 2


def test_each_part_of_a_key_has_its_name(place, calls, monkeypatch):
    """What was computed before stays in the cache as long as what decides it has the same names and values."""
    keys = []
    monkeypatch.setattr(reference, "read_processor", lambda: Processor("one", ("avx",)))
    monkeypatch.setattr(reference, "allowed_threads", lambda: 3)
    monkeypatch.setattr(reference, "key_of", lambda parts: keys.append(parts) or "key")
    make_golden(**GOLDEN, place=place)
    make_operations(MODEL, HERE, place)
    golden, counted = keys
    assert golden == {
        "model": MODEL.sha256,
        "inputs": {"images": hash_pixels(EXAMPLES["images"])},
        "versions": HERE.versions(STEPS[MODULE].distributions),
        "processor": ["one", ("avx",)],
        "threads": 3,
        "exact examples": MOST_EXACT,
        "version": 2,
    }
    assert counted == {
        "model": MODEL.sha256,
        "inputs": [vars(given) for given in MODEL.inputs],
        "versions": HERE.versions(operations.DISTRIBUTIONS),
        "version": operations.COUNT_VERSION,
    }


FILE = dataclasses.replace(MODEL, source=dataclasses.replace(MODEL.source, kind=ONNX))


@pytest.mark.parametrize(("changed", "same"), [("onnx", False), ("onnxruntime", False), ("torch", True)])
def test_golden_of_a_file_hangs_on_what_computes_it(place, calls, changed, same):
    """Another step computes it, and only the versions of that step's packages are in its key."""
    versions = {"onnx": "1", "onnxruntime": "1", "torch": "1"}
    for known in (versions, versions | {changed: "2"}):
        make_golden(FILE, EXAMPLES, FILES, with_versions(**known), place)
    assert {function for function, *_ in calls} == {STEPS[ONNX].function}
    assert (len(calls) == 1) == same


def test_a_file_asks_for_no_torch():
    """Golden of an ONNX file needs what computes that, and an environment without torch is taken."""
    require_golden(Environment("here", Path("python"), installed=Installed(frozenset(STEPS[ONNX].requires))), ONNX)
    with pytest.raises(FrameworkMissing, match=r"^golden is computed by ONNX Runtime, and onnx, onnxruntime is not"):
        require_golden(HERE, ONNX)


def test_operations_are_counted_once(place, calls):
    """They are asked for with the model alone, and cached beside golden."""
    counted, again = (make_operations(MODEL, HERE, place) for _ in range(2))
    assert counted == again == operations.Operations(**COUNTED)
    assert calls == [
        (
            "runoff.model.operations:count_operations",
            {"model": to_json(MODEL)},
            {
                "label": "operations",
                "log": place.logs / "operations.log",
                "timeout": COUNT_TIMEOUT,
                "surroundings": HERE.surroundings(),
            },
        )
    ]
    (kept,) = (place.home / "golden").iterdir()
    assert kept.name.startswith("operations-")
    assert json.loads(kept.read_text()) == COUNTED


@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({"sha256": "1" * 64}, False),
        ({"inputs": (dataclasses.replace(MODEL.inputs[0], shape=(3, 8, 8)),)}, False),
        ({"name": "another name", "preprocessing": None, "labels": None}, True),
    ],
)
def test_another_graph_or_size_is_counted_anew(place, calls, changes, same):
    """What is counted depends on the model's hash, which changed sources change too, and on the picture's shape."""
    make_operations(MODEL, HERE, place)
    make_operations(dataclasses.replace(MODEL, **changes), HERE, place)
    assert (len(calls) == 1) == same


def test_other_versions_count_operations_anew(place, calls, monkeypatch):
    """Another version of what counts, or of our own counting, is asked again."""
    make_operations(MODEL, HERE, place)
    make_operations(MODEL, with_versions(**dict.fromkeys(operations.DISTRIBUTIONS, "9")), place)
    monkeypatch.setattr(operations, "COUNT_VERSION", -1)
    make_operations(MODEL, HERE, place)
    assert len(calls) == 3


def test_where_torch_is_missing_it_is_said_what_to_install():
    """An environment that can't compute golden is refused with the remedy, and one that can is not."""
    require_golden(HERE)
    for modules, missing in ((frozenset(), "torch, torchvision"), (frozenset({"torch"}), "torchvision")):
        with pytest.raises(FrameworkMissing) as caught:
            require_golden(Environment("here", Path("python"), installed=Installed(modules)))
        assert str(caught.value) == (
            f"golden is computed by TorchVision's own model, and {missing} is not installed here; "
            f"python -m pip install {missing.replace(',', '')}"
        )


def test_operations_of_an_onnx_file_are_not_counted(place):
    """The answer says that it takes a module."""
    onnx = dataclasses.replace(MODEL, source=dataclasses.replace(MODEL.source, kind=ONNX))
    with pytest.raises(NoAnswer) as refused:
        make_operations(onnx, HERE, place)
    assert str(refused.value) == "that takes a module of torch's, and the model is an ONNX file"
