"""What comes of preparing a contender, with its conversion and its worker imagined; and how its memory is watched."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections import deque
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from runoff.contract import Variant
from runoff.environments.contenders import Contender
from runoff.environments.environment import Environment, Installed
from runoff.errors import ConversionFailed, NoAnswer, WorkerCrashed
from runoff.measure import preparation
from runoff.measure.artifacts import Conversions
from runoff.measure.cache import Made
from runoff.measure.entrant import Prediction
from runoff.measure.preparation import (
    CONVERSION_FAILED,
    FAILED,
    READY,
    SKIPPED,
    WRONG,
    MemoryCurve,
    prepare_contender,
    watching,
)
from runoff.measure.rotation import Workers
from runoff.processes.workplace import Workplace
from tests.builders.declarations import declared
from tests.builders.outputs import FURTHER, IMAGES, MODEL, expected_outputs, further_images, logits_of

RIGHT = logits_of(0, 1, 0, 1)


@dataclasses.dataclass
class Suspended:
    """A worker that notes its suspension and its end."""

    noted: list[str]

    def suspend(self):
        """Note it."""
        self.noted.append("suspend")


@pytest.fixture
def prepared(tmp_path, monkeypatch):
    """Prepare a contender whose artifact and predictions are given, without any process."""
    noted = []
    place = Workplace(tmp_path / "home", tmp_path / "working")

    def prepare(
        logits=RIGHT, variant=None, expected=None, artifact=None, installed=("numpy",), further=None, **changes
    ):
        noted.clear()
        variant = variant or Variant()
        backend = declared("imagined", VARIANTS=(variant,), REQUIRES=("numpy",), DISTRIBUTIONS=("numpy",), **changes)
        here = Environment(
            "here",
            Path("python"),
            backends={"engine": backend},
            installed=Installed(frozenset(installed), {"numpy": "1.26", "other": "3"}),
        )
        made = Made(tmp_path / "model.npy", 1, "0" * 64, {"converter": None})

        def make(contender, conversions):
            noted.append(("convert", contender.id))
            if isinstance(artifact, Exception):
                raise artifact
            return artifact or made

        @contextmanager
        def predicting(entrant, **named):
            noted.append(("predict", entrant, named))
            if isinstance(logits, Exception):
                raise logits
            with named["watch"](7):
                named_curve = named["watch"].args[0]
                named_curve.seconds.append(0.5)
            try:
                yield Suspended(noted), Prediction({"logits": logits}, 2)
            finally:
                noted.append("end")

        def predict(process, images, destination):
            assert isinstance(process, Suspended)
            noted.append(("further", images, destination))
            if isinstance(further, Exception):
                raise further
            return {"logits": further}

        @contextmanager
        def watched(curve, process):
            yield

        monkeypatch.setattr(preparation, "make_artifact", make)
        monkeypatch.setattr(preparation, "predicting", predicting)
        monkeypatch.setattr(preparation, "predict", predict)
        monkeypatch.setattr(preparation, "watching", watched)
        workers = Workers(place.logs)
        conversions = Conversions(MODEL, {"here": here}, None, place)
        contender = Contender("engine", dataclasses.replace(variant, description="as it was asked for"))
        outcome = prepare_contender(contender, expected or expected_outputs(), conversions, threads=2, workers=workers)
        return outcome, workers, noted

    prepare.place = place
    return prepare


def test_a_contender_that_is_right_leaves_its_worker_for_the_race(prepared, tmp_path):
    """It has its artifact, versions, note and curve, and its suspended worker ends with its owner."""
    artifact = Made(tmp_path / "model.npy", 1, "0" * 64, {"converter": "maker"})
    outcome, workers, noted = prepared(artifact=artifact, NOTES={"maker": "made by maker"})
    assert outcome.status == READY
    assert outcome.versions == {"numpy": "1.26"}
    assert (outcome.artifact, outcome.note) == (artifact, "made by maker")
    assert outcome.curve == MemoryCurve([0.5], [])
    assert outcome.entrant.key == "engine"
    assert (outcome.entrant.threads, outcome.entrant.artifact) == (2, artifact.path)
    assert outcome.contender.variant.description == ""  # as the environment's tree declares it
    (_, entrant, named) = noted[1]
    assert entrant == outcome.entrant
    assert named["files"] == IMAGES
    assert named["destination"] == prepared.place.working / "engine.npz"
    assert named["log"] == prepared.place.logs / "engine-check.log"
    assert noted[2:] == ["suspend"]
    assert "engine" in workers
    workers.end_all()
    assert noted[-1] == "end"


def test_a_contender_that_is_wrong_leaves_no_worker(prepared):
    """Its worker is ended at once, and what it used of memory is known."""
    outcome, workers, noted = prepared(logits_of(1, 1, 0, 1))
    assert (outcome.status, noted[2:], "engine" in workers) == (WRONG, ["end"], False)
    assert outcome.curve == MemoryCurve([0.5], [])
    assert outcome.artifact is not None
    assert outcome.note is None


def test_a_note_belongs_to_the_module_that_converted(prepared, tmp_path):
    """Where no module is named, or one without a note, there is none; an empty name may have one too."""
    assert prepared(NOTES={"": "of nobody", "maker": "another"})[0].note == "of nobody"
    assert prepared(NOTES={"maker": "another"})[0].note is None


def test_reduced_precision_is_asked_for_further_pictures(prepared):
    """Only a contender of reduced precision predicts the further pictures, where there are any."""
    int8 = Variant(precision="int8")
    expected = expected_outputs(further_images())
    outcome, _, noted = prepared(variant=int8, expected=expected, further=logits_of(1, 1))
    assert noted[2] == ("further", FURTHER, prepared.place.working / "engine-further.npz")
    assert (outcome.status, outcome.quantisation.images) == (READY, 6)
    for variant, given in ((int8, expected_outputs()), (Variant(), expected)):
        outcome, _, noted = prepared(variant=variant, expected=given)
        assert noted[2] == "suspend"
        assert outcome.status == READY


def test_an_unknown_contender_is_found_before_anything_is_converted(tmp_path):
    """A tree that lacks the contender is its failure at the stage of finding it."""
    here = Environment("here", Path("python"), installed=Installed(frozenset(), {"python": "3.11", "numpy": "1"}))
    conversions = Conversions(MODEL, {"here": here}, None, Workplace(tmp_path, tmp_path))
    contender = Contender("nobody", Variant())
    outcome = prepare_contender(contender, expected_outputs(), conversions, threads=2, workers=Workers(Path("logs")))
    assert (outcome.contender, outcome.status, outcome.stage) == (contender, FAILED, "find")
    assert outcome.reason.startswith("UnknownContender: the tree of 'here' has no backend 'nobody'")
    assert outcome.versions == {"python": "3.11", "numpy": "1"}


def test_what_is_not_installed_is_skipped_with_its_reason(prepared):
    """A contender whose modules are missing is neither converted nor started."""
    outcome, _, noted = prepared(installed=())
    assert (outcome.status, outcome.reason, noted) == (SKIPPED, "numpy is not installed", [])
    assert outcome.versions == {"numpy": "1.26"}
    assert outcome.contender.id == "engine"


@pytest.mark.parametrize(
    ("error", "status", "reason", "stage"),
    [
        (ConversionFailed("export", "no torch"), CONVERSION_FAILED, "no torch", "export"),
        (WorkerCrashed("it ended"), FAILED, "WorkerCrashed: it ended", "convert"),
        (NoAnswer("no such arithmetic here"), SKIPPED, "no such arithmetic here", None),
    ],
)
def test_a_failed_conversion_has_its_stage(prepared, error, status, reason, stage):
    """What goes wrong in converting is the outcome, and nothing is started."""
    outcome, _, noted = prepared(artifact=error)
    assert (outcome.status, outcome.reason, outcome.stage) == (status, reason, stage)
    assert (outcome.versions, outcome.contender.id) == ({"numpy": "1.26"}, "engine")
    assert noted == [("convert", "engine")]


def test_a_failed_check_keeps_the_artifact(prepared):
    """A worker that breaks while it predicts, the first pictures or the further ones, is a failure of the check."""
    outcome, workers, _ = prepared(WorkerCrashed("it ended"))
    assert (outcome.status, outcome.reason, outcome.stage) == (FAILED, "WorkerCrashed: it ended", "check")
    assert outcome.artifact is not None
    assert (outcome.versions, outcome.contender.id) == ({"numpy": "1.26"}, "engine")
    further = {"expected": expected_outputs(further_images()), "further": WorkerCrashed("later")}
    outcome, workers, noted = prepared(variant=Variant(precision="int8"), **further)
    assert (outcome.status, outcome.reason, noted[-1]) == (FAILED, "WorkerCrashed: later", "end")
    assert "engine" not in workers


def test_a_backends_cache_is_cleared_where_it_says_so(prepared, monkeypatch):
    """A backend that keeps files beside the artifacts is asked to clear them, after the conversion."""
    cleared = []

    class Keeps:
        """A backend with a cache."""

        def clear_cache(self, artifacts):
            """Note the folder."""
            cleared.append(artifacts)

    monkeypatch.setattr(preparation, "import_backend", {"imagined": Keeps()}.get)
    prepared()
    assert cleared == []
    prepared(functions=("clear_cache",))
    assert cleared == [prepared.place.artifacts]


def test_a_memory_curve_is_in_seconds_since_the_watch_began_and_in_bytes(monkeypatch):
    """Readings of memory-profiler become seconds of 4 places and whole bytes, until the block is left."""
    begun = time.time()
    read = threading.Event()
    asked = []
    monkeypatch.setattr(preparation.time, "time", lambda: begun)
    readings = deque([[(1.5, begun + 0.12346), (2.0000001, begun + 0.25)]])

    def memory_usage(process, **settings):
        asked.append((process, settings))
        if readings:
            return readings.popleft()
        read.set()
        return []

    monkeypatch.setattr(preparation, "memory_usage", memory_usage)
    curve = MemoryCurve()
    before = threading.active_count()
    with watching(curve, 7):
        assert read.wait(20)
    assert threading.active_count() == before
    assert curve == MemoryCurve([0.1235, 0.25], [1_572_864, 2_097_152])
    assert asked[0] == (7, {"interval": 0.01, "timeout": 0.05, "timestamps": True})


def test_a_process_that_is_gone_ends_its_curve(monkeypatch):
    """A worker that ended by itself has the curve that was read until then."""
    ended = threading.Event()

    def memory_usage(process, **settings):
        ended.set()
        raise psutil.NoSuchProcess(process)

    monkeypatch.setattr(preparation, "memory_usage", memory_usage)
    curve = MemoryCurve()
    with watching(curve, 7):
        assert ended.wait(20)
    assert curve == MemoryCurve()


def test_what_the_environment_makes_another_one_fails_before_it_is_converted(prepared, monkeypatch):
    """A variable that says otherwise than the variant is the outcome of its start, also where the backend sets it."""
    monkeypatch.setenv("ENGINE_OFF", "1")
    variant = dataclasses.replace(Variant(), negated_by={"ENGINE_OFF": "1"})
    outcome, _, noted = prepared(variant=variant)
    assert (outcome.contender.id, outcome.status, outcome.stage) == ("engine", FAILED, "start")
    assert outcome.versions == {"numpy": "1.26"}
    assert outcome.reason == (
        "VariantNegated: engine would not be what it says, since the environment has ENGINE_OFF=1; unset ENGINE_OFF, "
        "or leave engine out"
    )
    assert noted == []
    other, _, _ = prepared(variant=dataclasses.replace(variant, variables={"ENGINE_OFF": "0"}))
    assert other.status == READY
