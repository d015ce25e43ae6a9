"""Every contender answers every labelled picture once, in any batch that it takes, and its failure costs itself."""

from __future__ import annotations

import dataclasses
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from runoff.arrays import Input
from runoff.contract import Preprocessing
from runoff.errors import ResultsUnwritable, WorkerCrashed, WorkerKilled
from runoff.files.arrays import save_arrays
from runoff.measure import accuracy
from runoff.measure.accuracy import (
    LEAST_TIMEOUT,
    SECONDS_PER_PICTURE,
    Answering,
    Answers,
    Chunk,
    Questioning,
    ask_pictures,
)
from runoff.model.answers import CONFIDENCE, TOP, USUAL_BATCH, batch_taken, batches, first_classes
from runoff.model.inputs.decoding import decode
from runoff.model.inputs.labelled import PictureSet
from runoff.model.inputs.preprocessing import preprocess
from runoff.model.pictures.decoding import Decoders
from runoff.model.sources.architecture_weights import unnamed
from runoff.processes.workplace import Workplace
from tests.builders.models import resnet18
from tests.conftest import HERE, Counted
from tests.fakes.fake import true_logits

SIDE = 32
PICTURES = 40


def test_what_is_right_is_read_from_the_first_answers():
    """Top-1 is the first alone, Top-5 any of the first five."""
    answers = Answers(np.array([[1, 0], [2, 1], [0, 2]], np.int32), np.ones(3, np.float32))
    labels = np.array([1, 1, 1], np.int32)
    assert answers.right(labels).tolist() == [True, False, False]
    assert answers.right(labels, among=5).tolist() == [True, True, False]


def test_the_first_classes_are_those_of_the_largest_numbers():
    """Of equal numbers the lower index comes first; logits become shares, probabilities stay."""
    scores = np.array([[0, 2, 2, 1], [1000, 0, 0, 0]], np.float32)
    top, confidence = first_classes(scores, probabilities=False)
    assert top.tolist() == [[1, 2, 3, 0], [0, 1, 2, 3]]
    assert confidence == pytest.approx([np.exp(2) / (1 + 2 * np.exp(2) + np.e), 1.0], rel=1e-6)
    _, given = first_classes(np.array([[0.2, 0.5, 0.3]], np.float32), probabilities=True)
    assert given == pytest.approx([0.5])


def test_batches_have_one_size_and_count_each_picture_once():
    """The last one is filled from the beginning and counts what is new."""
    found = batches(np.arange(7), 3)
    assert [part.tolist() for part, _ in found] == [[0, 1, 2], [3, 4, 5], [6, 0, 1]]
    assert [count for _, count in found] == [3, 3, 1]
    assert [part.tolist() for part, _ in batches(np.arange(2), 3)] == [[0, 1, 0]]


def test_a_session_is_asked_in_batches_only_where_it_answers_as_it_does_one_by_one():
    """One that refuses a batch, or names other classes in it, is asked one by one; so are few pictures."""
    pictures = np.eye(USUAL_BATCH, dtype=np.float32)

    def refuses(batch):
        if len(batch) > 1:
            raise ValueError("one alone")
        return batch

    assert batch_taken(lambda batch: batch, pictures) == USUAL_BATCH
    assert batch_taken(refuses, pictures) == 1
    assert batch_taken(lambda batch: np.roll(batch, len(batch) > 1, axis=1), pictures) == 1
    assert batch_taken(lambda batch: batch, pictures[:-1]) == 1


@pytest.fixture
def questioning(tmp_path, make_entrant, monkeypatch):
    """Ask about drawn pictures of one pixel value each; golden is the fake's formula."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for place in range(PICTURES):
        levels = np.random.default_rng(place).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
        Image.fromarray(levels).save(folder / f"{place}.png")
    preprocessing = Preprocessing((SIDE, SIDE), (SIDE, SIDE), (0.5,), (0.5,))
    model = dataclasses.replace(
        resnet18("fake", tmp_path / "weights.npz", "0" * 64, unnamed(1000), "own"),
        inputs=(Input("images", (3, SIDE, SIDE), layout="NCHW"),),
        preprocessing=preprocessing,
    )
    names = tuple(f"{place}.png" for place in range(PICTURES))
    pictures = PictureSet(folder, names, np.zeros(PICTURES, np.int32), model.labels or (), "0" * 64, "1" * 64)
    step = SimpleNamespace(opened_by="tests.measure.test_accuracy:open_golden", distributions=(), version=1)
    monkeypatch.setattr(accuracy, "golden_step", lambda kind: step)
    home, working = tmp_path / "home", tmp_path / "working"
    home.mkdir()
    working.mkdir()
    place = Workplace(home, working)
    example = tmp_path / "example.npy"
    np.save(example, np.ones((1, 3, SIDE, SIDE), np.float32))

    def make(*variants, **changes):
        return Questioning(
            pictures=pictures,
            model=model,
            entrants=[make_entrant(variant) for variant in variants],
            files={"images": example},
            here=HERE,
            place=place,
            decoders=Decoders(2, place.logs),
            **{"progress": Counted(), **changes},
        )

    return make


def open_golden(model):
    """Return the fake's formula, in the place of a module of torch's."""
    (output,) = model.outputs
    return lambda batch: {output.name: true_logits(next(iter(batch.values())))}


def expected_top(asked):
    """Return what is right for the pictures, by the usual preprocessing and the fake's formula."""
    names, folder = asked.pictures.names, asked.pictures.folder
    pixels = [preprocess(decode(folder / name), asked.model.picture_preprocessing) for name in names]
    return first_classes(true_logits(np.stack(pixels)), probabilities=False)


@pytest.mark.long
@pytest.mark.parametrize("limit", [accuracy.CACHE_LIMIT, 0], ids=["kept", "streamed"])
def test_all_answer_all_pictures_in_their_order(questioning, monkeypatch, limit):
    """Kept or streamed in files of a few pictures, in batches or one by one: the same answers, and nothing is left."""
    monkeypatch.setattr(accuracy, "MOST_IN_CHUNK", 18)
    monkeypatch.setattr(accuracy, "TOGETHER", 2)
    asked = questioning("", "fixed-batch", "wrong", cache_limit=limit)
    answered = ask_pictures(asked)
    top, confidence = expected_top(asked)
    keys = [entrant.key for entrant in asked.entrants]
    assert list(answered.answers) == keys
    assert not answered.failures
    for answers, batch in (
        (answered.golden, USUAL_BATCH),
        (answered.answers[keys[0]], USUAL_BATCH),
        (answered.answers[keys[1]], 1),
    ):
        assert np.array_equal(answers.top, top)
        assert np.allclose(answers.confidence, confidence, rtol=1e-5)
        assert answers.batch == batch
    assert not answered.answers[keys[2]].right(top[:, 0]).all()
    assert [file.name for file in asked.place.working.iterdir()] == ["answers.npz"]
    assert asked.progress.steps == asked.progress.promised
    again = questioning("", progress=Counted())
    assert np.array_equal(ask_pictures(again).golden.top, top)  # from the cache
    assert again.progress.promised == 2 * 3


@pytest.mark.long
def test_one_that_ends_costs_itself_alone(questioning):
    """A contender whose process ends at its start or later has its error, and the others their answers."""
    answered = ask_pictures(questioning("crashes", "", "dies-late"))
    assert list(answered.answers) == ["fake"]
    assert {key: type(error) for key, error in answered.failures.items()} == {
        "fake-crashes": WorkerCrashed,
        "fake-dies-late": WorkerCrashed,
    }


@dataclass
class DiesAtABatch:
    """A process that ends where it finds out which batch is taken, and writes answers where it is told one."""

    started: int = 0
    asked: list[int | None] = field(default_factory=list)
    messages: list[tuple[dict, float]] = field(default_factory=list)

    @contextmanager
    def start(self):
        """Start it."""
        self.started += 1
        yield self

    def ask(self, message, timeout):
        """End, or answer."""
        self.asked.append(message["batch"])
        self.messages.append((message, timeout))
        if message["batch"] is None:
            raise WorkerKilled("killed at a batch")
        shares = np.full(2, len(self.asked) / 10, np.float32)
        save_arrays(Path(message["outputs"]), {TOP: np.full((2, 5), len(self.asked)), CONFIDENCE: shares})
        return {"batch": message["batch"]}

    def suspend(self):
        """Wait."""

    resume = suspend


def test_one_that_ends_at_a_batch_is_started_anew_and_asked_one_by_one(tmp_path):
    """What a batch breaks, single pictures need not; it is found out once."""
    process = DiesAtABatch()
    answering = Answering("a", process.start)
    for first in (0, 2):
        answering.answer(Chunk(slice(first, first + 2), tmp_path / "pictures.npy"), "images", tmp_path / "answers.npz")
    assert (process.started, process.asked) == (2, [None, 1, 1])
    assert (len(answering.answers.top), answering.answers.batch) == (4, 1)
    assert answering.answers.top[:, 0].tolist() == [2, 2, 3, 3]
    assert answering.answers.confidence == pytest.approx([0.2, 0.2, 0.3, 0.3])
    assert [part.batch for part in answering.parts] == [1, 1]
    message = {"do": "answer", "inputs": {"images": str(tmp_path / "pictures.npy")}}
    message["outputs"] = str(tmp_path / "answers.npz")
    assert process.messages == [({**message, "batch": batch}, LEAST_TIMEOUT) for batch in process.asked]
    assert Answering("b", process.start, parts=answering.parts, batch=7).answers.batch == 7
    assert Answering("b", process.start, parts=answering.parts).answers.batch == 1


def test_many_pictures_are_waited_for_longer(tmp_path):
    """A file is given so many seconds for each of its pictures, where that is more than the least."""
    process = DiesAtABatch()
    answering = Answering("a", process.start, batch=4)
    count = round(2 * LEAST_TIMEOUT / SECONDS_PER_PICTURE)
    chunk = Chunk(slice(count, 2 * count), tmp_path / "pictures.npy")
    answering.answer(chunk, "images", tmp_path / "answers.npz")
    assert [timeout for _, timeout in process.messages] == [SECONDS_PER_PICTURE * count]


def test_a_full_disk_is_told_before_a_process_maps_the_file(questioning, monkeypatch):
    """Space for the pictures is taken first, and its lack is an error with what to do."""

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("runoff.model.pictures.decoding.os.posix_fallocate", full)
    with pytest.raises(ResultsUnwritable, match=r"No space left on device.*free space there"):
        ask_pictures(questioning(""))
