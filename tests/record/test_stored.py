"""What is stored of a contender: everything that is known of it, and nothing that is not."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np

from runoff.backends import Declaration, Origin
from runoff.contract import MODULE, ONNX, Source, Variant
from runoff.environments.contenders import Contender
from runoff.judge.agreement import compare_logits
from runoff.judge.golden_check import Check
from runoff.judge.standings import Rules
from runoff.measure.preparation import READY, WRONG, Outcome, ReferenceOutputs
from runoff.measure.service.batches import BatchesRecord
from runoff.model.golden.golden import Golden
from runoff.model.inputs.examples import PICTURES, Examples
from runoff.model.sources.architecture import BUILTIN, IMAGENET
from runoff.record.quantisation import describe_quantisation
from runoff.record.race import (
    Judged,
    extra_info,
    stored_contender,
    stored_golden,
    stored_model,
    stored_pictures,
)
from runoff.record.service import batches
from runoff.record.version_steps import neighbours
from runoff.stored.details import Quantisation
from runoff.stored.info import StoredGolden, StoredOrigin
from runoff.stored.schema import write_record
from tests.builders.models import resnet18
from tests.builders.races import launches, make_race

GOLDEN = np.array([[2.0, 0.0], [0.0, 2.0]], dtype=np.float32)
AGREEMENT = compare_logits(GOLDEN, GOLDEN, 1e-6, ("one", "two"))
REDUCED = Contender("engine", Variant("int8", description="quantised", precision="int8"))
OUTCOME = Outcome(REDUCED, READY, {"engine": "1.2"}, quantisation=AGREEMENT)


def test_a_contender_is_stored_with_what_it_is() -> None:
    """Its description, precision, versions and quantisation, and what came of it."""
    found = stored_contender(OUTCOME, None)
    assert (found.status, found.description, found.precision) == ("raced", "quantised", "int8")
    assert (found.versions, found.quantisation, found.agreement) == ({"engine": "1.2"}, AGREEMENT, None)
    wrong = stored_contender(Outcome(REDUCED, WRONG, {}, stage="check", reason="differs"), make_race())
    assert (wrong.status, wrong.stage, wrong.reason) == (WRONG, "check", "differs")


def test_a_contender_that_was_not_measured_has_no_figures() -> None:
    """Neither threads nor agreement nor a ratio; what a benchmark adds is beside them."""
    info = extra_info(Outcome(REDUCED, READY, {"engine": "1.2"}), "seconds", stages={"import": 1.0})
    assert (info.contender, info.backend, info.variant, info.environment) == ("engine-int8", "engine", "int8", "here")
    assert (info.threads, info.agreement, info.ratio, info.unit) == (None, None, None, "seconds")
    assert info.stages == {"import": 1.0}


def test_a_quantisation_has_the_ratio_to_its_own_backend() -> None:
    """A quarter of the time that the backend's plain variant takes."""
    race = make_race(**{"engine": launches(0.8, seed=3), "engine-int8": launches(0.2, seed=4)})
    found = describe_quantisation(OUTCOME, Judged(race, "pytorch", Rules()))
    assert isinstance(found, Quantisation)
    assert (found.contender, found.precision, found.all_agreement) == ("engine-int8", "int8", 1.0)
    assert round(found.ratio_to_float32.value, 2) == 0.25


def test_one_launch_is_enough_for_the_sizes_of_batches() -> None:
    """What its session ran and what it refused are both told."""
    assert list(batches([BatchesRecord({1: 0.1}, {2: "refused"})])) == [1, 2]


def test_an_unknown_version_hides_no_neighbours() -> None:
    """A contender whose version can't be read is passed over, wherever it stands among the others."""
    contenders = {name: Contender("a", Variant(), name) for name in ("unknown", "odd", "new", "old")}
    versions = {"unknown": {}, "odd": {"frame": "odd"}, "new": {"frame": "2"}, "old": {"frame": "1"}}
    outcomes = {one.id: Outcome(one, READY, versions[name]) for name, one in contenders.items()}
    assert neighbours(outcomes, {"a": ("frame",)}) == [("a@old", "a@new")]


def test_where_a_backend_comes_from_is_stored() -> None:
    """One from elsewhere is stored with its file, its hash and what brings it; one of ours with nothing of that."""
    origin = Origin("engine.py", "ab" * 32, "runoff-engine", "1.0")
    backend = Declaration("engine", "engine.py", (Variant(),), ("engine",), MODULE, ("engine",), ".bin", origin=origin)
    found = stored_contender(OUTCOME, None, backend)
    assert found.origin == StoredOrigin("engine.py", "ab" * 32, "runoff-engine", "1.0")
    assert stored_contender(OUTCOME, None, dataclasses.replace(backend, origin=None)).origin is None


def test_model_and_pictures_are_named() -> None:
    """The model is named with its hash, source and preprocessing, the pictures by their hash; no folder is stored."""
    model = resnet18("builtin", Path("weights.npz"), "cd" * 32, ("cat", "dog"), BUILTIN)
    expected = ReferenceOutputs(
        model,
        Examples(("one", "two"), {}, PICTURES, "ef" * 32),
        {"images": Path("images.npy")},
        Golden({"logits": np.zeros((2, 2), dtype=np.float32)}, {"logits": 1e-6}),
        (1,),
    )
    assert write_record(stored_model(model)) == {
        "name": "resnet18",
        "weights": "builtin",
        "sha256": model.sha256,
        "source": {"kind": "torchvision", "origin": "builtin"},
        "preprocessing": write_record(IMAGENET),
        "task": "classification",
        "inputs": ({"name": "images", "shape": (3, 224, 224), "dtype": "float32", "layout": "NCHW", "batched": True},),
        "outputs": ({"name": "logits", "shape": (2,), "dtype": "float32", "batched": True, "probabilities": False},),
        "classes": 2,
        "speed_only": False,
    }
    given = dataclasses.replace(model, source=Source(ONNX, "/home/me/own.onnx", {}, version="1.2"))
    assert (write_record(stored_model(given))["name"], stored_model(given).source.version) == ("own.onnx", "1.2")
    noise = dataclasses.replace(expected, examples=dataclasses.replace(expected.examples, kind="noise"))
    assert stored_pictures(noise).kind == "noise"
    check = Check("onnx", 2, 1e-6)
    both = Golden({}, {"logits": 1e-6, "boxes": 2e-6}, check)
    assert stored_golden(dataclasses.replace(expected, golden=both)) == StoredGolden(2e-6, check)
    assert write_record(stored_pictures(expected)) == {"count": 2, "sha256": "ef" * 32, "kind": "pictures"}
