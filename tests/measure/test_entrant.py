"""An entrant's worker: what it is asked for, started with, and what its report is taken for."""

from __future__ import annotations

import dataclasses
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from runoff.contract import Variant
from runoff.environments.environment import Environment
from runoff.errors import ThreadsNotHeld
from runoff.files.arrays import save_arrays
from runoff.files.values import to_json
from runoff.measure import entrant as entrants
from runoff.measure.entrant import Example, predict, predicting, receive_start, require_threads, texts
from tests.builders.declarations import declared
from tests.builders.workers import Workshop
from tests.conftest import SIGNATURE
from tests.fakes.fake import true_logits


@pytest.fixture
def opened(monkeypatch, make_entrant, picture):
    """Start processes without processes; note what they are started with and all that happens to them."""
    noted = []
    workshop = Workshop()

    @contextmanager
    def started(module, **named):
        noted.append((module, named))
        with workshop.started_worker(make_entrant(), picture, named["log"]) as process:
            process.send_first = noted.append
            yield process
        noted.append("ended")

    monkeypatch.setattr(entrants, "started", started)
    return noted, workshop


def test_a_worker_is_started_in_its_environment_and_told_what_to_load(make_entrant, opened, tmp_path):
    """It has its key as its label, its environment's interpreter and tree, and the variables of backend and variant."""
    noted, _ = opened
    backend = declared("engine", ENVIRONMENT={"LEVEL": "1"}, LAYOUT="NHWC")
    variant = Variant("quick", variables={"FAST": "yes"})
    elsewhere = Environment("old", Path("/old/python"), tree=tmp_path)
    entrant = dataclasses.replace(
        make_entrant(key="control", environment=elsewhere, threads=3),
        backend=backend,
        architecture="timm:levit_128",
        contender=dataclasses.replace(make_entrant().contender, variant=variant),
    )
    picture = Example({"images": Path("images.npy")}, 5)
    for priority in (True, False):
        noted.clear()
        with entrants.started_worker(entrant, picture, tmp_path / "log", high_priority=priority):
            assert noted[1] == {
                "backend": "engine",
                "variant": "quick",
                "artifact": str(entrant.artifact),
                "signature": to_json(SIGNATURE),
                "layout": "NHWC",
                "threads": 3,
                "architecture": "timm:levit_128",
                "inputs": {"images": "images.npy"},
                "example": 5,
            }
        module, named = noted[0]
        assert (module, named["label"], named["log"]) == ("runoff.measure.worker", "control", tmp_path / "log")
        assert named["surroundings"] == elsewhere.surroundings({"LEVEL": "1", "FAST": "yes"}, high_priority=priority)
        assert noted[2] == "ended"
    with entrants.started_worker(entrant, picture, tmp_path / "log"):
        assert noted[-2][1]["surroundings"].high_priority


def test_a_report_of_a_start_is_in_seconds_and_bytes(opened, make_entrant, picture, images, tmp_path):
    """Nanoseconds become seconds, peaks and threads stay, and the logits are those that were sent."""
    _, workshop = opened
    with entrants.started_worker(make_entrant(), picture, tmp_path / "log") as process:
        start = receive_start(process, SIGNATURE)
    assert start.durations == pytest.approx(
        {"interpreter": 0.001, "import": 0.02, "load": 0.3, "first inference": 0.000005}
    )
    assert start.peaks == {"interpreter": 10, "import": 20, "load": 30, "first inference": 40}
    assert start.threads == 2
    assert np.array_equal(start.outputs["logits"], true_logits(images)[1])
    assert process.timeouts == [entrants.START_TIMEOUT]
    assert workshop.order("end") == ["fake"]


@pytest.mark.parametrize("found", [1, 3])
def test_fewer_threads_than_asked_are_refused_as_more_are(make_entrant, found):
    """Only the very number of threads that was asked for is timed."""
    require_threads(make_entrant(), 2)
    with pytest.raises(ThreadsNotHeld) as caught:
        require_threads(make_entrant(), found)
    assert str(caught.value) == (
        f"fake: asked for 2 threads, its framework reports {found}; "
        "a comparison on unequal threads is none, so it is not timed"
    )


def test_a_worker_is_watched_until_its_logits_are_there(opened, make_entrant, picture, images, tmp_path):
    """Watching begins after the start and ends with the logits, while the worker lives on until the block is left."""
    noted, workshop = opened
    destination = tmp_path / "outputs.npz"

    def answer(entrant, message):
        save_arrays(Path(message["outputs"]), {"logits": true_logits(np.load(message["inputs"]["images"]))})
        return {"busy_threads": [1.5, 1.9], "ready_threads": [2.0, 1.9]}

    workshop.answer = answer

    @contextmanager
    def watch(process):
        noted.append(("watched", process))
        yield
        noted.append("watched no longer")

    with predicting(
        make_entrant(), files=picture.files, destination=destination, log=tmp_path / "log", watch=watch
    ) as (process, prediction):
        assert noted[2:] == [("watched", 7), "watched no longer"]
        assert np.array_equal(prediction.outputs["logits"], true_logits(images))
        assert (prediction.threads, prediction.busy, prediction.ready) == (2, (1.5, 1.9), (2.0, 1.9))
        assert process.timeouts == [entrants.START_TIMEOUT, entrants.PREDICT_TIMEOUT]
    assert noted[1]["example"] == 0
    assert noted[1]["inputs"] == texts(picture.files)
    assert noted[0][1]["log"] == tmp_path / "log"
    assert noted[-1] == "ended"


def test_what_is_predicted_is_read_where_it_was_asked_to_be_written(make_entrant, picture, tmp_path):
    """A worker is told the inputs' files and the outputs' one, and that is given back by whatever names it has."""
    told = []

    def answer(entrant, message):
        told.append(message)
        save_arrays(Path(message["outputs"]), {"file": np.ones((2, 3), np.float32), "a/b": np.arange(2)})
        return {"busy_threads": [], "ready_threads": []}

    with Workshop(answer=answer).started_worker(make_entrant(), picture, tmp_path) as process:
        process.waiting.clear()
        outputs = predict(process, {"images": Path("pictures.npy")}, tmp_path / "out.npz")
    assert told == [{"do": "predict", "inputs": {"images": "pictures.npy"}, "outputs": str(tmp_path / "out.npz")}]
    assert list(outputs) == ["file", "a/b"]
    assert np.array_equal(outputs["file"], np.ones((2, 3)))
    assert np.array_equal(outputs["a/b"], np.arange(2))
    assert process.timeouts == [entrants.PREDICT_TIMEOUT]
