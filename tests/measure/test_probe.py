"""The probe: on so many processors at once, at the beginning of rounds, and no contender's trouble when it fails."""

from __future__ import annotations

import dataclasses
import json
import os
from collections import namedtuple
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil
import pytest

from runoff.errors import WorkerCrashed, WorkerTimedOut
from runoff.measure import probe as probing
from runoff.measure.journal import Kept
from runoff.measure.probe import PAUSE, Reading, started_probe
from runoff.measure.race import run_race
from runoff.processes.process import started
from runoff.processes.surroundings import Surroundings
from tests.builders.workers import Clock
from tests.waiting import all_end

MILLISECOND = 1_000_000
FOUND = {"arithmetic": 2 * MILLISECOND, "memory": 3 * MILLISECOND, "switches": 1}
Times = namedtuple("Times", "user steal")
Elsewhere = namedtuple("Elsewhere", "user")


@dataclass
class ImaginedProbe:
    """The processes of a probe as its controller sees them: where they were started, and what they answer.

    ``breaks`` is the error of whoever is asked that often.
    """

    clock: Clock
    events: list[tuple[str, str]] = field(default_factory=list)
    surroundings: list = field(default_factory=list)
    breaks: dict[int, Exception] = field(default_factory=dict)
    asked: int = 0
    takes: int = 2 * MILLISECOND

    @contextmanager
    def started(self, module, *, label, log, surroundings):
        """Start an imagined process, in the place of ``runoff.processes.process.started``."""
        self.events.append((label, f"start {module}"))
        self.surroundings.append(surroundings)
        assert log.name == f"{label}.log"
        try:
            yield ImaginedProcess(self, label)
        finally:
            self.events.append((label, "end"))


@dataclass
class ImaginedProcess:
    """One process of an imagined probe."""

    probe: ImaginedProbe
    label: str

    def send_first(self, message):
        """Begin, as it was started."""

    def send(self, message):
        """Note that it is asked."""
        self.probe.events.append((self.label, "ask"))

    def receive(self, timeout):
        """Answer after some time."""
        self.probe.events.append((self.label, "answer"))
        self.probe.asked += 1
        if error := self.probe.breaks.get(self.probe.asked):
            raise error
        self.probe.clock.now += self.probe.takes
        return FOUND


@pytest.fixture
def imagined(monkeypatch) -> ImaginedProbe:
    """Let probes be imagined, on a machine with three processors from 4 on whose time another machine takes."""
    probe = ImaginedProbe(Clock())
    monkeypatch.setattr(probing, "started", probe.started)
    monkeypatch.setattr(probing, "time", probe.clock)
    monkeypatch.setattr(probing, "own_cpus", lambda: frozenset({4, 5, 6}))
    monkeypatch.setattr(os, "sched_setaffinity", lambda *_: None, raising=False)
    monkeypatch.setattr(psutil, "cpu_times", lambda: Times(1.0, probe.clock.now / 1e9))
    return probe


def started_on(threads: int, tmp_path):
    """Start a probe for contenders with so many threads."""
    return started_probe(threads, tmp_path, high_priority=True)


def test_there_is_a_process_for_each_thread_of_a_contender(imagined, tmp_path):
    """As many processors as contenders have threads are probed, each by a separate process with one thread."""
    with started_on(2, tmp_path) as probe:
        assert [each.cpus for each in imagined.surroundings] == [(4,), (5,)]
        assert probe.probed().processors == (4, 5)
    assert [event for event in imagined.events if event[1] != "answer"] == [
        ("probe-4", "start runoff.measure.processor_work"),
        ("probe-5", "start runoff.measure.processor_work"),
        ("probe-5", "end"),
        ("probe-4", "end"),
    ]
    assert all(each.high_priority for each in imagined.surroundings)
    assert {each.variables["OPENBLAS_NUM_THREADS"] for each in imagined.surroundings} == {"1"}


def test_more_threads_than_processors_probe_all_of_them(imagined, tmp_path):
    """No processor has two processes of a probe."""
    with started_on(8, tmp_path) as probe:
        assert probe.probed().processors == (4, 5, 6)


def test_all_are_asked_before_any_answer_is_waited_for(imagined, tmp_path):
    """They work at once, and what all found is one reading, with the time that was stolen since the one before."""
    with started_on(2, tmp_path) as probe:
        probe.begin_launch(0)
        imagined.events.clear()
        imagined.clock.now += 500 * MILLISECOND
        probe.read()
        assert [event for _, event in imagined.events] == ["ask", "ask", "answer", "answer"]
        (reading,) = probe.last_launch()
    assert reading == Reading(0, pytest.approx(0.504), (0.002, 0.002), (0.003, 0.003), 2, pytest.approx(0.508))


def test_rounds_too_short_for_their_share_have_no_reading(imagined, tmp_path):
    """A reading that took 4 ms is followed by none for 19 times as long; what round each is of is known."""
    assert PAUSE == 19
    with started_on(2, tmp_path) as probe:
        probe.begin_launch(0)
        for pause in (0, 74, 3, 0, 77):
            imagined.clock.now += pause * MILLISECOND
            probe.read()
        assert [reading.round for reading in probe.last_launch()] == [0, 2, 4]
        imagined.clock.now += 1000 * MILLISECOND
        probe.begin_launch(1)
        probe.read()
        assert [[reading.round for reading in launch] for launch in probe.probed().launches] == [[0, 2, 4], [0]]
        probe.begin_launch(1)  # which was void
        assert [len(launch) for launch in probe.probed().launches] == [3, 0]
        assert [len(launch) for launch in probe.probed(1).launches] == [3]  # the other one was broken off


def test_after_a_disturbed_reading_there_are_as_many_as_after_a_quiet_one(imagined, tmp_path):
    """A reading that took 100 ms is followed by a pause of 19 times what the fastest took, 4 ms."""
    with started_on(2, tmp_path) as probe:
        probe.begin_launch(0)
        for takes in (2, 50, 2):
            imagined.takes = takes * MILLISECOND
            probe.read()
            imagined.clock.now += 77 * MILLISECOND
        assert [reading.round for reading in probe.last_launch()] == [0, 1, 2]


def test_a_probe_that_breaks_down_is_ended_and_says_why(imagined, tmp_path):
    """Who does not answer ends the probe in the middle of a launch; what was read before stays."""
    imagined.breaks[5] = WorkerTimedOut("no answer")  # each says that it is ready, and answers once
    with started_on(2, tmp_path) as probe:
        probe.begin_launch(0)
        for _ in range(3):
            imagined.clock.now += 1000 * MILLISECOND
            probe.read()
        assert [event for _, event in imagined.events].count("end") == 2
        assert imagined.asked == 5
    found = probe.probed()
    assert found.reason == "it broke down in launch 1 (no answer)"
    assert [len(launch) for launch in found.launches] == [1]


def test_a_probe_that_does_not_start_says_why(imagined, tmp_path):
    """Where a process can't be bound to its processor, there are no readings, and none is alive."""
    imagined.breaks[2] = WorkerCrashed("probe-5: OSError")
    with started_on(2, tmp_path) as probe:
        probe.begin_launch(0)
        probe.read()
        assert [event for _, event in imagined.events].count("end") == 2
    assert probe.probed().reason == "it could not be started (probe-5: OSError)"
    assert probe.probed().launches == ((),)


def test_one_processor_has_no_probe(imagined, monkeypatch, tmp_path):
    """Where a probe would share the one processor with its controller, nothing is started."""
    monkeypatch.setattr(probing, "own_cpus", lambda: frozenset({0}))
    with started_on(1, tmp_path) as probe:
        assert probe.probed().reason == (
            "only one processor may be used here, and the probe would share it with Runoff itself"
        )
    assert imagined.events == []
    monkeypatch.setattr(probing, "own_cpus", lambda: frozenset({0, 1}))
    assert probing.why_not() is None


def test_a_system_that_binds_nothing_has_no_probe(imagined, monkeypatch, tmp_path):
    """Where there is no call to bind a process to a processor, nothing is started."""
    monkeypatch.delattr(os, "sched_setaffinity")
    with started_on(2, tmp_path) as probe:
        assert probe.probed().reason == "this system binds no process to a processor"
    assert imagined.events == []


def test_a_system_without_stolen_time_has_readings_without_it(imagined, monkeypatch, tmp_path):
    """Where the system counts no stolen time, that alone is not known."""
    monkeypatch.setattr(psutil, "cpu_times", lambda: Elsewhere(1.0))
    with started_on(1, tmp_path) as probe:
        probe.begin_launch(0)
        probe.read()
        assert [reading.stolen for reading in probe.last_launch()] == [None]


def test_the_probe_ends_whatever_happens(imagined, tmp_path):
    """An interrupt ends the probe's processes as the block is left."""
    with pytest.raises(KeyboardInterrupt), started_on(2, tmp_path):
        raise KeyboardInterrupt
    assert [event for _, event in imagined.events].count("end") == 2


@pytest.fixture
def probed_setup(make_setup, make_entrant, workshop, imagined):
    """Make a race of two imagined workers that is probed, whose events are all in one list."""
    workshop.events = imagined.events
    timed = {"nanoseconds": 20 * MILLISECOND, "cpu_nanoseconds": 40 * MILLISECOND}
    told = {"peak": 1, "anonymous": 1, "involuntary_switches": 0}

    def answer(entrant, message):
        imagined.clock.now += 100 * MILLISECOND
        return timed if message["do"] == "time" else told

    workshop.answer = answer
    setup = make_setup(make_entrant(key="a"), make_entrant(key="b"), launches=2)
    return dataclasses.replace(setup, probed=True)


def test_every_contender_of_a_round_follows_the_same_reading(probed_setup, imagined, tmp_path):
    """A reading is made at the beginning of each round, while all workers are suspended, and never between them."""
    race = run_race(probed_setup, 3)
    happened = [event for _, event in imagined.events if event in ("ask", "time", "resume", "suspend", "report")]
    one = ["resume", "time", "suspend"]
    launch = (["ask", "ask", *one, *one]) * 3 + ["resume", "report", "suspend"] * 2
    begun = happened.index("ask")
    assert happened[begun : begun + len(launch)] == launch
    assert happened.count("ask") == 2 * 3 * 2
    assert [[reading.round for reading in launch] for launch in race.probe.launches] == [[0, 1, 2]] * 2
    assert [event for _, event in imagined.events].count("start runoff.measure.processor_work") == 2
    written = [json.loads(line) for line in (tmp_path / "journal.jsonl").read_text().splitlines()]
    assert [[reading["round"] for reading in line["probe"]] for line in written] == [[0, 1, 2]] * 2
    assert written[0]["probe"][0]["memory"] == [0.003, 0.003]


def test_a_race_that_is_continued_keeps_its_readings_and_their_time(probed_setup, imagined, monkeypatch):
    """The launches that were over before are kept with their readings, and later moments are after theirs."""
    first = run_race(dataclasses.replace(probed_setup, looks=(1,)), 3)
    readings = tuple(tuple(launch) for launch in first.probe.launches)
    monkeypatch.setattr("runoff.measure.race.now", lambda: 1000.0)
    kept = Kept(first.records, {}, first.frequencies, readings, moment=995.0)
    race = run_race(dataclasses.replace(probed_setup, kept=kept), 3)
    assert race.probe.launches[0] == readings[0]
    assert [reading.round for reading in race.probe.launches[1]] == [0, 1, 2]
    gap = race.probe.launches[1][0].moment - readings[0][-1].moment
    assert 5.0 <= gap < 10.0
    assert readings[0][0].moment < 10.0
    assert run_race(dataclasses.replace(probed_setup, kept=kept, probed=False), 3).probe is None


def test_a_probe_that_breaks_down_costs_no_contender_anything(probed_setup, imagined):
    """The race goes on to its end without a probe, and says why there are no further readings."""
    imagined.breaks[5] = WorkerCrashed("gone")
    race = run_race(probed_setup, 3)
    assert [len(record.rounds) for record in race.records["a"]] == [3, 3]
    assert race.failures == {}
    assert race.probe.reason == "it broke down in launch 1 (gone)"
    assert [len(launch) for launch in race.probe.launches] == [1, 0]


def test_a_race_that_asks_for_no_probe_has_none(make_setup, make_entrant, workshop, imagined):
    """Where no probe is asked for, none is started, and the journal has no word of it."""
    workshop.answer = lambda entrant, message: {
        "nanoseconds": 1,
        "cpu_nanoseconds": 1,
        "peak": 1,
        "anonymous": 1,
        "involuntary_switches": 0,
    }
    setup = make_setup(make_entrant(), launches=1)
    assert run_race(setup, 1).probe is None
    assert "probe" not in json.loads(setup.journal.read_text())


@pytest.mark.long
def test_a_real_probe_works_on_the_processors_that_it_is_bound_to(tmp_path):
    """Each process is on its own processor alone, finds times above zero for both kinds of work, and is ended."""
    with all_end() as watch, started_on(2, tmp_path) as probe:
        assert probe.reason is None
        for processor, process in probe.processes.items():
            watch(process.popen.pid)
            assert psutil.Process(process.popen.pid).cpu_affinity() == [processor]
        probe.begin_launch(0)
        probe.read()
        (reading,) = probe.last_launch()
        assert len(reading.arithmetic) == len(reading.memory) == len(probe.processes) == 2
        assert min(*reading.arithmetic, *reading.memory) > 0


@pytest.mark.long
def test_a_processor_that_there_is_not_is_said(tmp_path):
    """A process that can't be bound to its processor is ended, and that is said instead of working on another."""
    where = Surroundings(cpus=(1 << 15,))
    starting = started("runoff.measure.processor_work", label="probe", log=tmp_path / "log", surroundings=where)
    with pytest.raises(WorkerCrashed, match="probe: can't be kept on CPUs 32768"), starting:
        pass
