"""The programs that run beside workers, without a process: what each does with what it is asked, and in which order."""

from __future__ import annotations

import dataclasses
import gc
from collections import deque
from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest

from runoff.files.arrays import load_arrays
from runoff.files.values import to_json
from runoff.measure import accuracy, commands, golden_program, processor_work
from runoff.measure.entrant import Example
from runoff.measure.probe import Probe, Reading
from runoff.measure.processor_work import BUFFER, PRODUCTS, READS, UNTIMED_PRODUCTS, ProcessorWork
from runoff.measure.service import neighbour_work
from runoff.measure.work import Work
from runoff.model.answers import CONFIDENCE, TOP
from runoff.model.golden.steps import golden_step
from tests.builders.models import resnet18
from tests.builders.workers import Clock, Conversation
from tests.conftest import SIGNATURE


@pytest.fixture
def paced(monkeypatch):
    """Make work of 10 ns a product and 7 ns a pass of reads, in each of which something else has the processor."""
    clock, done = Clock(), []

    def work(kind, nanoseconds):
        done.append((kind, nanoseconds))
        clock.now += nanoseconds

    usage = SimpleNamespace(
        RUSAGE_SELF="self", getrusage=lambda who: SimpleNamespace(ru_nivcsw={"self": 3 * len(done)}[who])
    )
    monkeypatch.setattr(processor_work, "time", clock)
    monkeypatch.setattr(processor_work, "resource", usage)
    return ProcessorWork(lambda times: work("arithmetic", 10 * times), lambda: work("memory", 7)), done


def test_a_reading_times_each_kind_of_work_after_an_untimed_one(paced):
    """A few products and a pass of reads come first, and only the switches of what is timed count."""
    work, done = paced
    assert processor_work.measure(work) == {"arithmetic": 10 * PRODUCTS, "memory": 7, "switches": 6}
    assert done == [("arithmetic", 10 * UNTIMED_PRODUCTS), ("memory", 7), ("arithmetic", 10 * PRODUCTS), ("memory", 7)]


def test_the_probes_program_reads_whenever_it_is_asked(paced, monkeypatch):
    """It is ready after a first reading that counts for nothing, and collects no garbage from then on."""
    work, done = paced
    monkeypatch.setattr(processor_work, "make_work", lambda: work)
    channel, collecting = Conversation(deque([{}, {}])), gc.isenabled()
    try:
        processor_work.serve(channel, {})
        assert not gc.isenabled()
    finally:
        if collecting:
            gc.enable()
    reading = {"arithmetic": 10 * PRODUCTS, "memory": 7, "switches": 6}
    assert channel.answers == [{}, reading, reading]
    assert len(done) == 3 * 4


def test_what_is_read_is_drawn_once_and_alike_in_every_process(monkeypatch):
    """Random places of 16 MB of float32 numbers are read, the same ones each time, into an array of their type."""
    asked = []
    monkeypatch.setattr(processor_work.np, "take", lambda *given, **options: asked.append((given, options)))
    for _ in range(2):
        work = processor_work.make_work()
        work.read()
        work.arithmetic(2)
    ((buffer, places), options), ((again, others), _) = asked
    assert (buffer.dtype, buffer.nbytes) == (np.float32, BUFFER)
    assert (options["mode"], options["out"].dtype, options["out"].shape) == ("clip", np.float32, (READS,))
    assert (len(places), places.min() >= 0, places.max() < len(buffer)) == (READS, True, True)
    assert places.max() > 0.99 * len(buffer)
    assert len(np.unique(places)) > 0.98 * READS
    assert buffer.std() == pytest.approx(1.0, abs=0.01)
    assert np.array_equal(buffer, again)
    assert np.array_equal(places, others)


def test_a_neighbour_does_what_is_asked_until_the_next_request(monkeypatch):
    """It says that it is ready, then that it begins; each kind of work goes on for its share until a request waits."""
    waiting, kept = [], []

    def select(reading, writing, failing, seconds):
        assert (writing, failing, seconds) == ([], [], 0)
        return (reading if waiting else []), [], []

    def keep_at_work(step, share, is_over):
        assert not is_over()
        waiting.append(True)
        assert is_over()
        waiting.clear()
        kept.append((step, share))

    monkeypatch.setattr(neighbour_work, "STREAMED", 1000)
    monkeypatch.setattr(neighbour_work, "multiplying", lambda: lambda times: ("products", times))
    monkeypatch.setattr(neighbour_work, "streaming", lambda: lambda: "streamed")
    monkeypatch.setattr(neighbour_work.select, "select", select)
    monkeypatch.setattr(neighbour_work, "keep_at_work", keep_at_work)
    channel = Conversation(deque([{"do": "memory", "share": 0.5}, {"do": "compute", "share": 1.0}]))
    neighbour_work.serve(channel, {})
    assert channel.answers == [{}, {}, {}]
    assert [(step(), share) for step, share in kept] == [
        ("streamed", 0.5),
        (("products", neighbour_work.PRODUCTS), 1.0),
    ]


def scores_of(pictures):
    """Name the class that a picture's first number says, clearly."""
    return np.eye(8, dtype=np.float32)[pictures.reshape(len(pictures), -1)[:, 0].astype(int)]


@pytest.fixture
def pictures(tmp_path):
    """Write five pictures whose first number is their class."""
    drawn = np.zeros((5, 3, 2, 2), np.float32)
    drawn[:, 0, 0, 0] = [4, 2, 7, 0, 1]
    np.save(tmp_path / "pictures.npy", drawn)
    return tmp_path / "pictures.npy"


@pytest.mark.parametrize("probabilities", [False, True])
def test_golden_answers_files_of_pictures(pictures, tmp_path, monkeypatch, probabilities):
    """The named function opens the model once; each file is answered in batches, with the first one's probability."""
    model = resnet18("builtin", tmp_path / "weights.npz", "cd" * 32, tuple("abcdefgh"), "builtin")
    output = dataclasses.replace(model.outputs[0], probabilities=probabilities)
    model = dataclasses.replace(model, outputs=(output,))
    opened = []

    def opening(given):
        opened.append(given)
        return lambda inputs: {output.name: scores_of(inputs[model.inputs[0].name])}

    monkeypatch.setattr(golden_program, "opened_here", opening, raising=False)
    command = {"inputs": {"images": str(pictures)}, "outputs": str(tmp_path / "answers.npz"), "batch": 2}
    channel = Conversation(deque([command]))
    request = {"model": to_json(model), "function": "runoff.measure.golden_program:opened_here"}
    golden_program.serve(channel, request)
    assert opened == [model]
    assert channel.answers == [{"ready": True}, {"batch": 2}]
    answers = load_arrays(tmp_path / "answers.npz")
    assert answers[TOP][:, 0].tolist() == [4, 2, 7, 0, 1]
    share = 1.0 if probabilities else np.e / (np.e + 7)
    assert answers[CONFIDENCE] == pytest.approx([share] * 5)


@pytest.mark.parametrize("layout", ["", "NHWC"])
def test_a_worker_answers_files_of_pictures(pictures, tmp_path, layout):
    """Its session is given batches of the size that is asked for, in its own layout, and what it names is written."""
    given = []

    def run(inputs):
        given.append(inputs["images"].shape)
        return [scores_of(inputs["images"])]

    classes = dataclasses.replace(SIGNATURE.outputs[0], shape=(8,))
    signature = dataclasses.replace(SIGNATURE, outputs=(classes,))
    command = {"inputs": {"images": str(pictures)}, "outputs": str(tmp_path / "answers.npz"), "batch": 2}
    work = Work(SimpleNamespace(run=run), {}, signature, layout)
    assert commands.answer(work, command) == {"batch": 2}
    assert given == [(2, 2, 2, 3) if layout else (2, 3, 2, 2)] * 3
    answers = load_arrays(tmp_path / "answers.npz")
    assert answers[TOP][:, 0].tolist() == [4, 2, 7, 0, 1]
    assert answers[CONFIDENCE] == pytest.approx([np.e / (np.e + 7)] * 5)


def test_a_probe_goes_on_at_the_moments_of_the_one_before(monkeypatch):
    """Its readings are kept, and the next moment is as long after the last as the break was."""
    monkeypatch.setattr("runoff.measure.probe.time", Clock(now=100_000_000_000))
    probe = Probe(None, 0.0, None)
    launches = [[Reading(0, 1.5, (), (), 0, None), Reading(1, 2.5, (), (), 0, None)], []]
    probe.go_on(launches, 4.0)
    assert probe.launches == launches
    assert probe.begun == 100 - 2.5 - 4.0
    probe.go_on([], 0.0)
    assert (probe.launches, probe.begun) == ([], 100.0)


def test_an_entrant_answers_in_a_worker_of_usual_priority(monkeypatch, tmp_path):
    """It starts on the launch's first example with a log of its own, and holds its threads or is refused."""
    entrant = SimpleNamespace(key="engine", signature="signature")
    seen = []

    @contextmanager
    def started_worker(*given, **options):
        seen.append((given, options))
        yield "process"

    start = SimpleNamespace(threads=3)
    monkeypatch.setattr(accuracy, "started_worker", started_worker)
    monkeypatch.setattr(accuracy, "receive_start", lambda *given: seen.append(given) or start)
    monkeypatch.setattr(accuracy, "require_threads", lambda *given: seen.append(given))
    questioning = SimpleNamespace(files={"images": tmp_path}, place=SimpleNamespace(logs=tmp_path))
    with accuracy.entrant_started(questioning, entrant) as process:
        assert process == "process"
    example = Example({"images": tmp_path}, 0)
    assert seen == [
        ((entrant, example, tmp_path / "engine-accuracy.log"), {"high_priority": False}),
        ("process", "signature"),
        (entrant, 3),
    ]


def test_golden_answers_in_a_process_of_its_environment(monkeypatch, tmp_path):
    """Its program is given the model and what opens it, and it is waited for until it is ready."""
    model = resnet18("builtin", tmp_path / "weights.npz", "cd" * 32, ("cat", "dog"), "builtin")
    seen = []
    process = SimpleNamespace(send_first=seen.append, receive=seen.append)

    @contextmanager
    def started(*given, **options):
        seen.append((given, options))
        yield process

    monkeypatch.setattr(accuracy, "started", started)
    here = SimpleNamespace(surroundings=lambda: "here")
    questioning = SimpleNamespace(model=model, here=here, place=SimpleNamespace(logs=tmp_path))
    with accuracy.golden_started(questioning) as found:
        assert found is process
    options = {"label": accuracy.GOLDEN, "log": tmp_path / "golden-accuracy.log", "surroundings": "here"}
    assert seen == [
        (("runoff.measure.golden_program",), options),
        {"model": to_json(model), "function": golden_step(model.source.kind).opened_by},
        accuracy.START_TIMEOUT,
    ]
