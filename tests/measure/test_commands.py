"""Commands of a worker without a process: what each runs, times and answers, on sessions that note their batches."""

from __future__ import annotations

import base64
import dataclasses
import gc
from dataclasses import dataclass, field
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from runoff.arrays import arranged
from runoff.errors import LONGEST_LINE, ContractBroken
from runoff.files.arrays import load_arrays
from runoff.files.values import to_json
from runoff.measure import commands
from runoff.measure.commands import COMMANDS, waited_between, waited_nanoseconds
from runoff.measure.entrant import texts
from runoff.measure.work import Work
from runoff.model.classification import top_classes
from runoff.model.inputs.decoding import decode
from runoff.model.inputs.preprocessing import preprocess
from runoff.model.sources.architecture import IMAGENET
from tests.builders.workers import Clock
from tests.conftest import SIGNATURE
from tests.fakes.fake import true_logits


@dataclass
class Session:
    """A session that notes its batches and takes 10 ns for the first, 20 for the second and so on, on two threads."""

    clock: Clock
    threads: int = 3
    batches: list[np.ndarray] = field(default_factory=list)

    def run(self, inputs):
        """Give what is right."""
        self.batches.append(inputs["images"])
        self.clock.now += 10 * len(self.batches)
        self.clock.cpu += 20 * len(self.batches)
        return right(inputs)


def right(inputs):
    """Give what is right."""
    return [true_logits(inputs["images"])]


def doubled(session, inputs):
    """Give every row twice."""
    return [np.concatenate(right(inputs) * 2)]


@pytest.fixture
def clock(monkeypatch):
    """Let commands read an imagined clock."""
    imagined = Clock()
    monkeypatch.setattr(commands, "time", imagined)
    return imagined


@pytest.fixture
def session(clock):
    """Make a session that notes its batches."""
    return Session(clock)


@pytest.fixture
def work(session, images):
    """Give commands the session, and the first picture as the launch's own."""
    return Work(session, {"images": images[:1]}, SIGNATURE, "")


def in_nhwc(work):
    """Return the same work for a backend whose channels come last."""
    return Work(work.session, arranged(work.inputs, SIGNATURE.inputs, "NHWC"), SIGNATURE, "NHWC")


def test_predict_runs_each_image_by_itself(work, session, picture, images, tmp_path, monkeypatch):
    """Every image is a separate batch, and the logits of all are written; the fastest has work to share."""
    command = {"inputs": texts(picture.files), "outputs": str(tmp_path / "outputs.npz")}
    monkeypatch.setattr(commands, "SHARED", 5e-9)
    monkeypatch.setattr(commands, "waited_nanoseconds", lambda: {"7": 5 * len(session.batches)})
    told = COMMANDS["predict"](work, command)
    assert told == {"busy_threads": [2.0, 2.0, 2.0], "ready_threads": [2.5, 2.25, pytest.approx(2 + 1 / 6)]}
    assert np.array_equal(load_arrays(tmp_path / "outputs.npz")["logits"], true_logits(images))
    assert [batch.shape for batch in session.batches] == [(1, 3, 32, 32)] * 3


def test_inferences_too_short_to_be_shared_say_nothing_of_busy_threads(work, picture, tmp_path, monkeypatch):
    """Where the fastest is too short, longer ones are no proof of idle threads: a neighbour makes them long."""
    monkeypatch.setattr(commands, "SHARED", 15e-9)
    command = {"inputs": texts(picture.files), "outputs": str(tmp_path / "outputs.npz")}
    assert COMMANDS["predict"](work, command) == {"busy_threads": [], "ready_threads": []}


def test_the_time_that_threads_wait_for_a_cpu_is_what_the_scheduler_says(tmp_path):
    """It is known of each thread; one that ended meanwhile, and a system that does not say, add nothing."""
    for task, waited in (("7", 30), ("8", 12)):
        (tmp_path / task).mkdir()
        (tmp_path / task / "schedstat").write_text(f"1000 {waited} 5\n")
    (tmp_path / "9").mkdir()
    for task, text in (("6", "1000\n"), ("5", "no numbers here\n")):  # another system's
        odd = tmp_path / "odd" / task / task
        odd.mkdir(parents=True)
        (odd / "schedstat").write_text(text)
        assert waited_nanoseconds(odd.parent) == {}
    assert waited_nanoseconds(tmp_path) == {"7": 30, "8": 12}
    assert waited_nanoseconds(tmp_path / "absent") == {}


def test_no_thread_waits_for_longer_than_what_was_timed_took():
    """Waits of all threads are added, new ones too; one that waited before the clock was read counts as all of it."""
    assert waited_between({"7": 30, "8": 12}, {"7": 35, "8": 99, "9": 4}, 10) == 5 + 10 + 4
    assert waited_between({}, {}, 10) == 0


def test_predict_gives_batches_in_the_layout(work, session, picture, images, tmp_path):
    """A backend whose channels come last is given them last, in memory that no stride of 0 steps through."""
    COMMANDS["predict"](in_nhwc(work), {"inputs": texts(picture.files), "outputs": str(tmp_path / "outputs.npz")})
    assert all(
        np.array_equal(batch[0], image.transpose(1, 2, 0)) for batch, image in zip(session.batches, images, strict=True)
    )
    assert all(batch.flags["C_CONTIGUOUS"] and 0 not in batch.strides for batch in session.batches)


@pytest.mark.parametrize("name", ["predict", "picture"])
def test_an_output_of_more_rows_is_refused(work, picture, images, tmp_path, monkeypatch, name):
    """A session that gives two rows for one image breaks the contract."""
    monkeypatch.setattr(Session, "run", doubled)
    command = {
        "inputs": texts(picture.files),
        "outputs": str(tmp_path / "outputs.npz"),
        "pixels": base64.b64encode(images[1:2].tobytes()).decode(),
    }
    with pytest.raises(ContractBroken, match="arrays of 1 rows"):
        COMMANDS[name](work, command)


def test_a_batch_is_timed_after_one_that_is_not(work, session, picture, images):
    """A batch larger than the file begins again with its first image; the first run of it is not timed."""
    answer = COMMANDS["batch"](work, {"inputs": texts(picture.files), "size": 5, "times": 2})
    assert answer == {"nanoseconds": [20, 30]}
    assert [len(batch) for batch in session.batches] == [5, 5, 5]
    assert np.array_equal(session.batches[0], images[[0, 1, 2, 0, 1]])


def test_a_batch_is_in_the_layout(work, session, picture):
    """A backend whose channels come last is given a batch with them last."""
    COMMANDS["batch"](in_nhwc(work), {"inputs": texts(picture.files), "size": 2, "times": 1})
    assert session.batches[0].shape == (2, 32, 32, 3)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ValueError("  not so many\nand more of it"), "ValueError: not so many"),
        (MemoryError(), "MemoryError: "),
        (KeyError("x" * 900), "KeyError: '" + "x" * (LONGEST_LINE - len("KeyError: '…")) + "…"),
    ],
)
def test_a_refused_batch_is_an_answer(work, picture, monkeypatch, error, reason):
    """Whatever a session raises for a batch is its reason, in one line that is not too long."""

    def refuse(session, inputs):
        raise error

    monkeypatch.setattr(Session, "run", refuse)
    assert COMMANDS["batch"](work, {"inputs": texts(picture.files), "size": 2, "times": 1}) == {"refused": reason}


def test_a_batch_of_too_few_rows_is_refused(work, picture, monkeypatch):
    """A session that answers for one image of two has not run the batch."""
    monkeypatch.setattr(Session, "run", lambda session, inputs: [right(inputs)[0][:1]])
    answer = COMMANDS["batch"](work, {"inputs": texts(picture.files), "size": 2, "times": 1})
    assert answer["refused"].startswith(
        "ContractBroken: run() must give a list of numpy arrays of 2 rows, 'logits' in float32; it gave"
    )


def test_a_loop_times_the_launchs_own_image(work, session):
    """Each inference of the loop has its own time, and none is left out."""
    assert COMMANDS["loop"](work, {"inferences": 3}) == {"nanoseconds": [10, 20, 30]}
    assert all(batch is work.inputs["images"] for batch in session.batches)


@pytest.mark.parametrize(
    ("until", "moments"),
    [
        (0, [0, 10, 30, 60]),  # three at least, however late it is
        (61, [0, 10, 30, 60, 100]),
        (100, [0, 10, 30, 60, 100]),
        (101, [0, 10, 30, 60, 100, 150]),
    ],
)
def test_repeating_ends_at_a_moment_after_three_inferences_at_least(work, until, moments):
    """Inferences follow each other until the moment is reached; the answer has the moments around each."""
    assert COMMANDS["repeat"](work, {"until_ns": until}) == {"moments": moments}


@pytest.mark.parametrize("layout", ["", "NHWC"])
def test_a_picture_that_comes_with_the_command_is_timed_once(work, session, images, layout):
    """Its second run is timed, and the answer has its logits and the session's threads."""
    asked = in_nhwc(work) if layout else work
    answer = COMMANDS["picture"](asked, {"pixels": base64.b64encode(images[1:2].tobytes()).decode()})
    shown = images[1:2].transpose(0, 2, 3, 1) if layout else images[1:2]
    assert (answer["nanoseconds"], answer["threads"], len(session.batches)) == (20, 3, 2)
    assert all(np.array_equal(batch, shown) for batch in session.batches)
    assert np.array_equal(np.frombuffer(base64.b64decode(answer["logits"]), np.float32), true_logits(shown)[0])


def test_a_picture_leaves_no_young_garbage(work, images, monkeypatch):
    """A worker of the page lives for long and collects nothing by itself, so each picture ends with a collection."""
    collected = []
    monkeypatch.setattr(gc, "collect", collected.append)
    COMMANDS["picture"](work, {"pixels": base64.b64encode(images[1:2].tobytes()).decode()})
    assert collected == [0]


def test_serving_reads_the_clock_between_its_stages(work, session, tmp_path, clock, monkeypatch):
    """Decoding, preprocessing, inference and Top-5 each have their own time, of the second answer alone."""
    noise = np.random.default_rng(1).integers(0, 256, (300, 260, 3), dtype=np.uint8)
    file = BytesIO()
    Image.fromarray(noise).save(file, "PNG")
    path = tmp_path / "picture.png"
    path.write_bytes(file.getvalue())

    def taking(nanoseconds, function):
        def slow(*arguments, **named):
            clock.now += nanoseconds
            return function(*arguments, **named)

        return slow

    monkeypatch.setattr("runoff.model.inputs.decoding.decode", taking(1, decode))
    monkeypatch.setattr("runoff.model.inputs.preprocessing.preprocess", taking(2, preprocess))
    monkeypatch.setattr("runoff.model.classification.top_classes", taking(4, top_classes))
    answer = COMMANDS["serve"](in_nhwc(work), {"picture": str(path), "preprocessing": to_json(IMAGENET)})
    assert answer["durations"] == {"decode": 1, "preprocess": 2, "inference": 20, "top 5": 4}
    pixels = np.stack([preprocess(decode(file.getvalue()), IMAGENET)]).transpose(0, 2, 3, 1)
    assert np.array_equal(session.batches[1], pixels)
    logits = true_logits(np.ascontiguousarray(pixels))[0]
    assert answer["answer"] == top_classes(logits)
    output = dataclasses.replace(work.signature.outputs[0], probabilities=True)
    given = dataclasses.replace(in_nhwc(work), signature=dataclasses.replace(work.signature, outputs=(output,)))
    asked = COMMANDS["serve"](given, {"picture": str(path), "preprocessing": to_json(IMAGENET)})
    assert asked["answer"] == top_classes(logits, probabilities=True)


def test_load_gives_loadgen_the_first_pictures_and_the_command(work, picture, images, monkeypatch):
    """As many pictures as are asked for, each a separate batch, go to the scenario with all that is asked of it."""
    given = []
    monkeypatch.setattr(
        "runoff.measure.loadgen.run_scenario", lambda *arguments: given.append(arguments) or {"latencies": [1]}
    )
    command = {"inputs": texts(picture.files), "examples": 2}
    assert COMMANDS["load"](work, command) == {"latencies": [1]}
    ((asked, batches, passed),) = given
    assert (asked, passed) == (work, command)
    assert np.array_equal(np.concatenate([batch["images"] for batch in batches]), images[:2])
    assert [len(batch["images"]) for batch in batches] == [1, 1]
