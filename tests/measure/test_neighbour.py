"""What a neighbour costs, asked of imagined workers beside an imagined neighbour, and the real one's own behaviour."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from runoff.environments.cpus import Sides
from runoff.errors import WorkerCrashed, WorkerKilled
from runoff.measure.launches import CONTROL
from runoff.measure.processor_work import multiplying
from runoff.measure.service import neighbour, neighbour_work
from runoff.measure.service.neighbour import (
    NEIGHBOURS,
    QUIET,
    STATES,
    Neighbour,
    RunningNeighbour,
    measure_neighbour,
    running_neighbour,
    why_no_neighbour,
)
from runoff.measure.service.neighbour_work import MEMORY, PRODUCTS, REST, keep_at_work, streaming
from runoff.processes.channel import Message
from runoff.processor import own_cpus
from tests.waiting import all_end, until

MILLISECOND = 1_000_000
SIDES = Sides((3,), (5,), False)
FACTORS = {None: 1.0, ("memory", 0.5): 1.5, ("memory", 1.0): 2.0, ("compute", 0.5): 1.0, ("compute", 1.0): 1.25}


@dataclass
class ImaginedNeighbour:
    """A neighbour's process as its controller sees it: what it is ``doing``, None while it is suspended."""

    doing: tuple[str, float] | None = None
    awake: bool = False
    cpus: list[int] = field(default_factory=list)

    def resume(self) -> None:
        """Go on."""
        self.awake = True

    def suspend(self) -> None:
        """Stop."""
        self.awake, self.doing = False, None

    def send(self, message: Message) -> None:
        """Begin what is asked for."""
        assert self.awake
        self.doing = (message["do"], message["share"])

    def receive(self, timeout: float) -> Message:
        """Say that it has begun."""
        return {}


@pytest.fixture
def imagined(monkeypatch: pytest.MonkeyPatch) -> ImaginedNeighbour:
    """Put an imagined neighbour in the place of the real one."""
    made = ImaginedNeighbour()

    @contextmanager
    def started(cpus: Sequence[int], logs: Path) -> Iterator[RunningNeighbour]:
        made.cpus = list(cpus)
        yield RunningNeighbour([made])

    monkeypatch.setattr(neighbour, "running_neighbour", started)
    return made


@pytest.fixture
def seen(told, imagined) -> list[tuple[str, float] | None]:
    """Let inferences take as long as the neighbour makes them, and keep what it was doing at each of them."""
    doing = []

    def time(entrant, message):
        doing.append(imagined.doing)
        return {"nanoseconds": round(10 * MILLISECOND * FACTORS[imagined.doing]), "cpu_nanoseconds": MILLISECOND}

    told(time=time)
    return doing


def test_every_neighbour_has_its_rounds_and_its_cost(make_setup, make_entrant, workshop, seen, imagined):
    """A known cost comes out for each kind and share, and contenders and neighbour are on separate CPUs."""
    setup = make_setup(make_entrant(threads=2), make_entrant(key=CONTROL, threads=2), launches=2)
    measured = measure_neighbour(setup, SIDES, rounds=3)
    assert {key: len(records) for key, records in measured.records.items()} == {"fake": 2, CONTROL: 2}
    for record in (*measured.records["fake"], *measured.records[CONTROL]):
        assert {name: len(times) for name, times in record.rounds.items()} == dict.fromkeys(
            (QUIET, "memory 0.5", "memory 1", "compute 0.5", "compute 1"), 3
        )
        found = {(each.kind, each.share): record.slowdown(each) for each in NEIGHBOURS}
        assert {None: 1.0, **found} == pytest.approx(FACTORS)
        assert (record.quiet, record.cpus, record.one_core) == (pytest.approx(0.010), 1, False)
    assert {(process.entrant.threads, process.entrant.cpus) for process in workshop.processes} == {(1, (3,))}
    assert imagined.cpus == [5]
    assert not imagined.awake
    assert setup.progress.parts == ["neighbour"]
    assert setup.progress.steps == setup.progress.promised == 2 * (2 + 3 * len(STATES))


def test_states_come_in_random_order_in_each_round(make_setup, make_entrant, seen):
    """Each round has every neighbour and none once, for all contenders before the next, in an order of the seed."""

    def order(seed: int) -> list[tuple[str, float] | None]:
        seen.clear()
        measure_neighbour(make_setup(*(make_entrant(key=key) for key in "ab"), launches=1, seed=seed), SIDES, 4)
        assert seen[0::2] == seen[1::2]
        return seen[0::2]

    first, again, other = order(1), order(1), order(2)
    rounds = [first[begin : begin + len(STATES)] for begin in range(0, len(first), len(STATES))]
    assert len(rounds) == 4
    assert all(set(states) == set(FACTORS) for states in rounds)
    assert len({tuple(states) for states in rounds}) > 1
    assert first == again != other


def test_who_fails_beside_a_neighbour_is_out_and_leaves_it_stopped(make_setup, make_entrant, told, imagined):
    """The others go on, each beside the neighbour that is asked for and beside none in quiet rounds."""

    def time(entrant, message):
        if entrant.key == "a" and imagined.doing:
            raise WorkerCrashed("ended")
        return {"nanoseconds": round(MILLISECOND * FACTORS[imagined.doing]), "cpu_nanoseconds": MILLISECOND}

    told(time=time)
    measured = measure_neighbour(make_setup(*(make_entrant(key=key) for key in "ab"), launches=1), SIDES, 2)
    assert {key: str(error) for key, error in measured.failures.items()} == {"a": "ended"}
    assert measured.records["b"][0].slowdown(NEIGHBOURS[1]) == pytest.approx(2.0)
    assert not imagined.awake


def test_a_neighbour_that_cannot_start_is_everybodys_failure(make_setup, make_entrant, workshop, monkeypatch):
    """Nobody is started where it is not, and each has its error."""

    @contextmanager
    def killed(cpus, logs):
        raise WorkerKilled("the neighbour on CPU 5: killed")
        yield

    monkeypatch.setattr(neighbour, "running_neighbour", killed)
    measured = measure_neighbour(make_setup(*(make_entrant(key=key) for key in "ab")), SIDES, 2)
    assert measured.records == {}
    assert {key: str(error) for key, error in measured.failures.items()} == dict.fromkeys(
        "ab", "the neighbour on CPU 5: killed"
    )
    assert workshop.processes == []


def test_it_is_not_asked_where_there_is_one_cpu_or_no_affinity(monkeypatch):
    """Each has its reason and what to do; two CPUs are enough."""
    monkeypatch.setattr(os, "sched_setaffinity", lambda *_: None, raising=False)
    monkeypatch.setattr(neighbour, "allowed_threads", lambda: 2)
    assert why_no_neighbour() is None
    monkeypatch.setattr(neighbour, "allowed_threads", lambda: 1)
    assert why_no_neighbour() == (
        "one CPU is allowed here, and a neighbour needs one beside the contenders'; allow two or more"
    )
    monkeypatch.delattr(os, "sched_setaffinity")
    assert (why_no_neighbour() or "").startswith("this system keeps no process on separate CPUs")


@dataclass
class ImaginedTime:
    """A clock in the place of the module ``time``, by which a rest takes as long as it is asked for, and half more."""

    now: float = 0.0
    rested: float = 0.0

    def perf_counter(self) -> float:
        """Return the moment."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Rest."""
        self.now += 1.5 * seconds
        self.rested += 1.5 * seconds


@pytest.mark.parametrize("share", [0.25, 0.5, 1.0])
@pytest.mark.parametrize("step", [REST / 3, REST, 10 * REST], ids=["short steps", "steps", "long steps"])
def test_work_takes_its_share_of_the_time(monkeypatch, share, step):
    """However long steps and rests really are, the share is kept; one that works all of the time never rests."""
    clock = ImaginedTime()
    monkeypatch.setattr(neighbour_work, "time", clock)

    def work() -> None:
        clock.now += step

    clock.now = 10**6 * REST
    keep_at_work(work, share, lambda: clock.now > (10**6 + 2000) * REST)
    clock.now -= 10**6 * REST
    assert 1 - clock.rested / clock.now == pytest.approx(share, abs=0.01)
    assert (clock.rested == 0) == (share == 1)


def test_streaming_writes_all_of_its_memory(monkeypatch):
    """One step writes every byte."""
    made = []
    ones = neighbour_work.np.ones

    def noted(*arguments):
        made.append(ones(*arguments))
        return made[-1]

    monkeypatch.setattr(neighbour_work, "STREAMED", 1 << 16)
    monkeypatch.setattr(neighbour_work.np, "ones", noted)
    step = streaming()
    (memory,) = made
    assert (memory.nbytes, memory.all()) == (1 << 16, True)
    step()
    assert not memory.any()


def test_computing_needs_no_memory_of_its_own(monkeypatch):
    """Small matrices are multiplied into one place again and again."""
    products = []
    matmul = neighbour_work.np.matmul

    def noted(left, right, out):
        products.append((out.ctypes.data, left.nbytes + right.nbytes + out.nbytes))
        return matmul(left, right, out=out)

    multiply = multiplying()
    monkeypatch.setattr(neighbour_work.np, "matmul", noted)
    multiply(PRODUCTS)
    assert len(products) == PRODUCTS
    assert len(set(products)) == 1
    assert products[0][1] <= 32 * 1024


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system keeps no process on separate CPUs")
def test_a_neighbour_works_while_it_is_asked_to_and_not_after(tmp_path):
    """It is kept on its CPU, stopped before and after each kind of work, at work meanwhile, and gone in the end."""
    cpu = max(own_cpus())
    with all_end() as watch, running_neighbour((cpu,), tmp_path) as running:
        number = running.processes[0].popen.pid
        process = psutil.Process(number)
        watch(number)
        assert os.sched_getaffinity(number) == {cpu}
        assert process.status() == psutil.STATUS_STOPPED

        def used(seconds: float) -> bool:
            return process.cpu_times().user + process.cpu_times().system > seconds

        for each in NEIGHBOURS:
            before = process.cpu_times().user + process.cpu_times().system
            with running.at_work(each):
                until(lambda before=before: used(before + 0.02), f"{each.name} has taken processor time")
            assert process.status() == psutil.STATUS_STOPPED
        with running.at_work(None):
            assert process.status() == psutil.STATUS_STOPPED


def test_a_neighbour_that_has_ended_is_named(tmp_path):
    """One that was killed is a named error of the round that needs it, and leaves no traceback."""
    with running_neighbour((max(own_cpus()),), tmp_path) as running:
        (process,) = running.processes
        process.popen.kill()
        process.popen.wait()
        with pytest.raises(WorkerKilled, match="the neighbour on CPU"), running.at_work(Neighbour(MEMORY, 1.0)):
            pass
