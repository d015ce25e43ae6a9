"""Who is asked for labelled pictures, in which order and in which files: without processes, on imagined answers."""

from __future__ import annotations

import dataclasses
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from runoff.contract import Input, Preprocessing
from runoff.errors import ResultsUnwritable, WorkerCrashed
from runoff.files.arrays import save_arrays
from runoff.measure import accuracy
from runoff.measure.accuracy import GOLDEN, Questioning, ask_pictures, golden_key
from runoff.model.answers import CONFIDENCE, TOP, USUAL_BATCH
from runoff.model.inputs.labelled import PictureSet
from runoff.processes.workplace import Workplace
from tests.builders.models import resnet18
from tests.conftest import Counted

SIDE, PICTURES, IN_FILE = 4, 11, 4
BYTES_EACH = 3 * SIDE * SIDE * 4


@dataclasses.dataclass
class Imagined:
    """Processes that name the place of each picture in its file; ``events`` are all that happens, in order."""

    events: list[tuple] = dataclasses.field(default_factory=list)
    dies: tuple[str, str] | None = None

    @contextmanager
    def started(self, key):
        """Start the process of who has this key."""
        self.events.append(("start", key))
        yield SimpleNamespace(
            suspend=lambda: None, resume=lambda: None, ask=lambda message, timeout: self.answer(key, message)
        )
        self.events.append(("end", key))

    def answer(self, key, message):
        """Answer a file, or break down at it."""
        (file,) = message["inputs"].values()
        self.events.append((key, Path(file).name))
        if self.dies == (key, Path(file).name):
            raise WorkerCrashed(f"{key} ended")
        places = np.load(file).astype(np.int32)
        save_arrays(Path(message["outputs"]), {TOP: np.tile(places[:, None], 5), CONFIDENCE: places / 100})
        return {"batch": message["batch"] or (3 if key == GOLDEN else 2)}

    def preprocess(self, folder, names, preprocessing, file, step):
        """Write the places of pictures in the place of their pixels."""
        self.events.append(("decode", file.name, folder.name, preprocessing.shape))
        np.save(file, np.array([int(name.removesuffix(".png")) for name in names]))


@pytest.fixture
def imagined(monkeypatch):
    """Imagine all processes, and files of four pictures."""
    processes = Imagined()
    monkeypatch.setattr(accuracy, "golden_started", lambda questioning: processes.started(GOLDEN))
    monkeypatch.setattr(accuracy, "entrant_started", lambda questioning, entrant: processes.started(entrant.key))
    monkeypatch.setattr(accuracy, "MOST_IN_CHUNK", IN_FILE)
    return processes


@pytest.fixture
def make(tmp_path, imagined):
    """Ask entrants by their keys about eleven pictures."""
    (tmp_path / "home").mkdir()
    (tmp_path / "working").mkdir()
    model = dataclasses.replace(
        resnet18("fake", tmp_path / "weights.npz", "0" * 64, tuple("abc"), "own"),
        inputs=(Input("images", (3, SIDE, SIDE), layout="NCHW"),),
        preprocessing=Preprocessing((SIDE, SIDE), (SIDE, SIDE), (0.5,), (0.5,)),
    )
    names = tuple(f"{place}.png" for place in range(PICTURES))
    labels = np.zeros(PICTURES, np.int32)
    pictures = PictureSet(tmp_path / "pictures", names, labels, ("a", "b", "c"), "0" * 64, "1" * 64)
    here = SimpleNamespace(versions=lambda distributions: {"torch": "2"})

    def questioning(*keys, **changes):
        given = {
            "pictures": pictures,
            "model": model,
            "entrants": [SimpleNamespace(key=key) for key in keys],
            "files": {},
            "here": here,
            "place": Workplace(tmp_path / "home", tmp_path / "working"),
            "decoders": SimpleNamespace(preprocess=imagined.preprocess),
            "progress": Counted(),
        }
        return Questioning(**(given | changes))

    return questioning


def test_all_answer_every_file_in_turns_and_golden_is_remembered(make, imagined, tmp_path):
    """Where all files are kept each is decoded once, one process is alive at a time, and golden's answers are kept."""
    asked = make("a", "b")
    answered = ask_pictures(asked)
    files = ["0.npy", "4.npy", "8.npy"]
    decoded = [("decode", name, "pictures", (3, SIDE, SIDE)) for name in files]
    first = [("decode", "0.npy", "pictures", (3, SIDE, SIDE)), ("start", GOLDEN), (GOLDEN, "0.npy")]
    assert imagined.events[:3] == first
    assert [event for event in imagined.events if event[0] == "decode"] == decoded
    for key in ("a", "b"):
        own = [event for event in imagined.events if key in event]
        assert own == [("start", key), *((key, name) for name in files), ("end", key)]
    for answers, batch in ((answered.golden, 3), (answered.answers["a"], 2), (answered.answers["b"], 2)):
        assert answers.top[:, 0].tolist() == list(range(PICTURES))
        assert answers.confidence == pytest.approx(np.arange(PICTURES) / 100)
        assert answers.batch == batch
    assert (list(answered.answers), answered.failures, answered.pictures) == (["a", "b"], {}, asked.pictures)
    assert (asked.progress.parts, asked.progress.promised) == (["answering labelled pictures"], 3 * (3 + 1))
    assert asked.progress.steps == 12
    assert [file.name for file in (tmp_path / "working").iterdir()] == ["answers.npz"]
    imagined.events.clear()
    again = make("a")
    remembered = ask_pictures(again).golden
    assert remembered.top[:, 0].tolist() == list(range(PICTURES))
    assert (remembered.batch, remembered.confidence[3]) == (3, pytest.approx(0.03))
    assert ("start", GOLDEN) not in imagined.events
    assert (again.progress.parts, again.progress.promised) == (["answering labelled pictures"], 3 * (1 + 1))
    assert len(list((tmp_path / "home" / "golden").iterdir())) == 1


def test_where_files_are_not_kept_a_few_answer_each_before_it_goes(make, imagined, monkeypatch):
    """Two are alive together; the next two have the files decoded anew, and none is left at any time."""
    monkeypatch.setattr(accuracy, "TOGETHER", 2)
    asked = make("a", "b", "c", cache_limit=0)
    answered = ask_pictures(asked)
    assert list(answered.answers) == ["a", "b", "c"]
    assert [event[:2] for event in imagined.events if event[0] not in ("start", "end")] == [
        step
        for pair in ((GOLDEN, "a"), ("b", "c"))
        for name in ("0.npy", "4.npy", "8.npy")
        for step in (("decode", name), *((key, name) for key in pair))
    ]
    assert (asked.progress.parts, asked.progress.promised) == (["answering labelled pictures"], 3 * (4 + 2))
    assert asked.progress.steps == 18


def test_one_that_breaks_down_is_asked_no_more_and_golden_ends_all(make, imagined, tmp_path):
    """A contender's error is its failure, and its process ends at once; golden's is everyone's, and no file is left."""
    imagined.dies = ("a", "4.npy")
    asked = make("a", "b")
    answered = ask_pictures(asked)
    assert (list(answered.answers), list(answered.failures)) == (["b"], ["a"])
    assert str(answered.failures["a"]) == "a ended"
    assert ("a", "8.npy") not in imagined.events
    assert asked.progress.steps == 12
    imagined.dies = (GOLDEN, "4.npy")
    changed = dataclasses.replace(asked.pictures, sha256="2" * 64)
    with pytest.raises(WorkerCrashed, match="golden ended"):
        ask_pictures(make("a", pictures=changed))
    assert imagined.events[-1] == ("end", GOLDEN)
    assert not (tmp_path / "working" / "labelled").exists()


def test_pictures_are_divided_by_what_a_file_may_hold(make, monkeypatch):
    """By bytes and by number, in whole batches where a batch fits, and at least one picture a file."""

    def places(most, of_bytes):
        monkeypatch.setattr(accuracy, "MOST_IN_CHUNK", most)
        monkeypatch.setattr(accuracy, "CHUNK_BYTES", of_bytes)
        found = make().chunks
        assert all(chunk.file == make().place.working / "labelled" / f"{chunk.places.start}.npy" for chunk in found)
        return [(chunk.places.start, chunk.places.stop) for chunk in found]

    assert make().bytes_each == BYTES_EACH
    assert places(100, 10**9) == [(0, 11)]
    assert places(100, 5 * BYTES_EACH) == [(0, 5), (5, 10), (10, 11)]
    assert places(100, 1) == [(place, place + 1) for place in range(PICTURES)]
    assert places(USUAL_BATCH + 1, 10**9) == [
        (first, min(first + USUAL_BATCH, PICTURES)) for first in range(0, PICTURES, USUAL_BATCH)
    ]
    assert make(cache_limit=PICTURES * BYTES_EACH).kept
    assert not make(cache_limit=PICTURES * BYTES_EACH - 1).kept


def test_golden_answers_anew_where_anything_that_decides_them_is_another(make, monkeypatch):
    """The model, its input, the pictures, their preprocessing, versions, threads, and how golden is made."""
    asked = make()
    model = asked.model
    other = Preprocessing((SIDE, SIDE), (SIDE, SIDE), (0.4,), (0.5,))
    keys = {
        golden_key(asked),
        golden_key(make(pictures=dataclasses.replace(asked.pictures, sha256="2" * 64))),
        golden_key(make(model=dataclasses.replace(model, preprocessing=other))),
        golden_key(make(model=dataclasses.replace(model, sha256="3" * 64))),
        golden_key(make(model=dataclasses.replace(model, inputs=(dataclasses.replace(model.inputs[0], name="x"),)))),
        golden_key(make(here=SimpleNamespace(versions=lambda distributions: {"torch": "3"}))),
    }
    assert len(keys) == 6
    monkeypatch.setattr(accuracy, "allowed_threads", lambda: 77)
    keys.add(golden_key(asked))
    monkeypatch.setattr(accuracy, "read_processor", lambda: SimpleNamespace(name="other", flags=("x",)))
    keys.add(golden_key(asked))
    monkeypatch.setattr(accuracy.PIL, "__version__", "0")
    keys.add(golden_key(asked))
    step = SimpleNamespace(distributions=(), version=-1)
    monkeypatch.setattr(accuracy, "golden_step", lambda kind: step)
    keys.add(golden_key(asked))
    assert len(keys) == 10
    assert golden_key(asked) == golden_key(make())


def test_a_full_disk_is_said_with_the_file(make, tmp_path):
    """The error says which file can't be written, why, and what to do."""

    def full(*given):
        raise OSError(28, "No space left on device")

    file = tmp_path / "working" / "labelled" / "0.npy"
    with pytest.raises(ResultsUnwritable) as refused:
        ask_pictures(make("a", decoders=SimpleNamespace(preprocess=full)))
    assert str(refused.value) == (
        f"labelled pictures can't be preprocessed into {file} (No space left on device); free space there"
    )
