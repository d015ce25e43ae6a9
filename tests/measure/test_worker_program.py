"""The worker's program without a process: what it reads from which clock, in which order, and what it answers."""

from __future__ import annotations

import base64
import gc
import sys
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from runoff.contract import Variant
from runoff.errors import ContractBroken
from runoff.files.values import to_json
from runoff.measure import worker
from runoff.measure.entrant import texts
from runoff.measure.work import Work
from tests.builders.workers import Clock, Conversation
from tests.conftest import SIGNATURE
from tests.fakes.fake import true_logits

SEEN_BY_PROC = Path("/proc/self/status")


@dataclass
class Session:
    """A session whose runs take what is said, the last of it again and again: clock, CPU time and switches."""

    clock: Clock
    taking: deque[tuple[int, int, int]]
    threads: int = 2
    switches: int = 0
    collecting: list[bool] = field(default_factory=list)

    def run(self, inputs):
        """Let time pass, and note whether the garbage collector is on."""
        self.collecting.append(gc.isenabled())
        wall, cpu, switches = self.taking.popleft() if len(self.taking) > 1 else self.taking[0]
        self.clock.now += wall
        self.clock.cpu += cpu
        self.switches += switches
        return [true_logits(inputs["images"])]


@pytest.fixture
def clock(monkeypatch):
    """Let the worker read an imagined clock."""
    imagined = Clock()
    monkeypatch.setattr(worker, "time", imagined)
    return imagined


@pytest.fixture
def make_session(clock, monkeypatch):
    """Make a session whose runs take so many nanoseconds, of the CPU too, and so many involuntary switches."""
    collecting = gc.isenabled()

    def make(*taking):
        session = Session(clock, deque(taking))
        usage = SimpleNamespace(
            RUSAGE_SELF="self", getrusage=lambda who: SimpleNamespace(ru_nivcsw={"self": session.switches}[who])
        )
        monkeypatch.setattr(worker, "resource", usage)
        return session

    yield make
    if collecting:
        gc.enable()


@pytest.fixture
def inputs(images):
    """Give the first picture as a batch."""
    return {"images": images[:1]}


def answers_of(session, inputs, *commands):
    """Return what the worker answers to commands."""
    channel = Conversation(deque(commands))
    worker.answer_commands(channel, Work(session, inputs, SIGNATURE, "NHWC"))
    return channel.answers


def test_only_the_second_of_two_inferences_is_timed(make_session, inputs):
    """The first refills the caches and is in no figure; the second's time, CPU time and switches are."""
    session = make_session((1000, 5000, 40), (7, 12, 3))
    assert worker.time_one(session, inputs) == worker.Timed(wall=7, cpu=12, switches=3)
    assert len(session.collecting) == 2


def test_no_garbage_is_collected_while_commands_are_answered(make_session, inputs):
    """The collector is off in every inference after the start, timed or not."""
    session = make_session((1, 1, 0))
    gc.enable()
    answers_of(session, inputs, {"do": "time"}, {"do": "loop", "inferences": 2}, {"do": "time"})
    assert session.collecting == [False] * 6


def test_a_report_counts_the_switches_of_all_timed_inferences(make_session, inputs):
    """Involuntary switches add up over the timed inferences, and those of unmeasured ones are left out."""
    session = make_session((1, 1, 50), (10, 20, 2), (1, 1, 60), (11, 21, 3), (0, 0, 0))
    first, second, report = answers_of(session, inputs, {"do": "time"}, {"do": "time"}, {"do": "report"})
    assert first == {"nanoseconds": 10, "cpu_nanoseconds": 20}
    assert second == {"nanoseconds": 11, "cpu_nanoseconds": 21}
    assert report["involuntary_switches"] == 5
    assert answers_of(session, inputs, {"do": "report"})[0]["involuntary_switches"] == 0


def test_a_report_has_the_peak_and_what_no_file_stands_behind(make_session, inputs, monkeypatch):
    """The peak is the kernel's high-water mark, and the anonymous memory is what can't be reclaimed."""
    monkeypatch.setattr(worker, "read_memory", lambda field: {"VmHWM": 500, "RssAnon": 300}[field])
    (report,) = answers_of(make_session((1, 1, 0)), inputs, {"do": "report"})
    assert report == {"peak": 500, "anonymous": 300, "involuntary_switches": 0}


def test_other_commands_are_found_by_their_name(make_session, inputs):
    """What is not raced is answered with the session, the launch's own picture and the layout."""
    found = []
    session = make_session((1, 1, 0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(
            sys.modules["runoff.measure.commands"].COMMANDS, "imagined", lambda work, command: found.append(work) or {}
        )
        assert answers_of(session, inputs, {"do": "imagined"}) == [{}]
    assert (found[0].session, found[0].layout) == (session, "NHWC")
    assert found[0].inputs is inputs


@pytest.mark.skipif(not SEEN_BY_PROC.exists(), reason="there is no /proc on this system")
def test_memory_is_read_in_bytes():
    """What the kernel says in kB is given in bytes: a part of the machine's memory that Python needs at least."""
    lines = dict(line.split(":", 1) for line in SEEN_BY_PROC.read_text().splitlines())
    found = worker.read_memory("VmHWM")
    assert found % 1024 == 0
    assert found == pytest.approx(int(lines["VmHWM"].split()[0]) * 1024, rel=0.5)
    assert worker.read_memory("RssAnon") <= found


@pytest.fixture
def backend(clock, make_session, monkeypatch):
    """Declare a backend of 20 ns to import, 300 ns to load, 4,000 ns for an inference; it notes what it is given."""
    session = make_session((4000, 1, 0))
    noted = []

    def import_framework(variant):
        noted.append(("import", variant.name))
        clock.now += 20

    def load(artifact, signature, variant, threads):
        noted.append(("load", artifact, signature, variant.name, threads))
        clock.now += 300
        return session

    module = SimpleNamespace(
        __file__="imagined.py",
        VARIANTS=(Variant(), Variant("other")),
        import_framework=import_framework,
        load=load,
        noted=noted,
        session=session,
    )
    monkeypatch.setitem(sys.modules, "imagined_backend", module)
    monkeypatch.setattr(worker, "STARTED_NS", 1_000)
    memory = iter(range(100, 1000, 100))
    monkeypatch.setattr(worker, "read_memory", lambda field: {"VmHWM": next(memory)}[field])
    return module


@pytest.fixture
def request_of(picture):
    """Return a start request with changes."""

    def make(**changes):
        usual = {
            "spawned_ns": 400,
            "backend": "imagined_backend",
            "variant": "other",
            "artifact": "model.npy",
            "signature": to_json(SIGNATURE),
            "layout": "NHWC",
            "threads": 2,
            "inputs": texts(picture.files),
            "example": 2,
        }
        return usual | changes

    return make


def test_a_cold_start_has_its_four_stages(backend, request_of, images, clock, monkeypatch):
    """Each stage has its own time and the peak at its end, and the first output is that of the launch's picture."""
    clock.now = 7
    layouts = []
    imagined = {"imagined": lambda work, command: layouts.append(work.layout) or {}}
    monkeypatch.setattr("runoff.measure.commands.COMMANDS", imagined)
    channel = Conversation(deque([{"do": "time"}, {"do": "imagined"}]))
    worker.serve(channel, request_of(example=1))
    start, timed, _ = channel.answers
    assert layouts == ["NHWC"]
    assert start["durations"] == {"interpreter": 600, "import": 20, "load": 300, "first inference": 4000}
    assert start["peaks"] == {"interpreter": 100, "import": 200, "load": 300, "first inference": 400}
    assert start["threads"] == 2
    logits = np.frombuffer(base64.b64decode(start["outputs"]["logits"]), np.float32)
    assert np.array_equal(logits, true_logits(images[1:2].transpose(0, 2, 3, 1))[0])
    assert backend.noted == [("import", "other"), ("load", Path("model.npy"), SIGNATURE, "other", 2)]
    assert timed["nanoseconds"] == 4000


def test_the_models_own_code_is_imported_in_the_stage_of_imports(backend, request_of, clock):
    """A backend that runs that code imports it by the architecture's name, and its time belongs to the import."""

    def import_model(variant, architecture):
        backend.noted.append(("model", variant.name, architecture))
        clock.now += 5

    backend.import_model = import_model
    channel = Conversation(deque())
    worker.serve(channel, request_of(architecture="timm:levit_128"))
    assert channel.answers[0]["durations"]["import"] == 25
    assert backend.noted[:2] == [("import", "other"), ("model", "other", "timm:levit_128")]
    worker.serve(channel, request_of())
    assert [what for what, *_ in backend.noted[3:]] == ["import", "load"]


def test_a_start_in_two_messages_imports_before_the_second(backend, request_of):
    """What the first message leaves out comes with the second, and the wait for it is in no stage."""
    request = request_of()
    rest = {name: request.pop(name) for name in ("artifact", "signature", "threads", "inputs", "example")}
    channel = Conversation(deque([rest]))
    worker.serve(channel, request)
    assert channel.answers[0]["durations"]["load"] == 300
    assert [what for what, *_ in backend.noted] == ["import", "load"]


def test_a_worker_whose_controller_is_gone_loads_nothing(backend, request_of):
    """Where no second message comes, there is nothing to answer."""
    request = request_of()
    del request["artifact"]
    channel = Conversation(deque())
    worker.serve(channel, request)
    assert channel.answers == []
    assert [what for what, *_ in backend.noted] == ["import"]


def test_a_first_output_of_another_kind_is_refused(backend, request_of, monkeypatch):
    """A session that gives two rows for one picture breaks the contract, before anything is answered."""
    double = [np.zeros((2, 1000), np.float32)]
    monkeypatch.setattr(Session, "run", lambda session, inputs: double)
    channel = Conversation(deque())
    with pytest.raises(ContractBroken, match="arrays of 1 rows"):
        worker.serve(channel, request_of())
    assert channel.answers == []


@pytest.mark.parametrize("text", [None, "", "Name:\tpython\nVmRSS:\t  100 kB\n", "VmHWM:\n", "VmHWM:\tmuch kB\n"])
def test_a_status_without_the_line_gives_no_memory(monkeypatch, tmp_path, text):
    """Without /proc, or where a sandbox has the file and not every line of it, there is no figure, and no error."""
    status = tmp_path / "status"
    if text is not None:
        status.write_text(text)
    monkeypatch.setattr(worker, "STATUS", status)
    assert worker.read_memory("VmHWM") is None
