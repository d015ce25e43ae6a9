"""From a service question's launches to what is stored: figures worked by hand, over launches that differ."""

from __future__ import annotations

import math

import pytest

from runoff.judge.ratios import ratio_over_launches
from runoff.judge.standings import Rules
from runoff.measure.launches import Measured
from runoff.measure.service.batches import BatchesRecord
from runoff.measure.service.end_to_end import EndToEndRecord
from runoff.measure.service.load import Answered, HighestLoadRecord, LoadRecord
from runoff.measure.service.neighbour import NEIGHBOURS, QUIET, NeighbourRecord
from runoff.measure.service.parallel import ParallelRecord
from runoff.measure.service.threads import ThreadsRecord
from runoff.record import service
from runoff.record.race import Judged
from runoff.stored.service import Load, Rate, Slowdown


def rate(*values: float) -> Rate:
    """Return the geometric mean of values with the interval of their logarithms, as it is known to be right."""
    found = ratio_over_launches([math.log(value) for value in values])
    return Rate(pytest.approx(found.value), pytest.approx(found.low), pytest.approx(found.high), len(values))


def test_a_rate_is_a_geometric_mean_with_its_interval() -> None:
    """Of 2, 4 and 8 the mean is 4, and t(0.975; 2) = 4.303 standard errors of ln 2 / √3 reach to each side."""
    found = service.rate_over_launches([2.0, 4.0, 8.0])
    reach = math.exp(4.302653 * math.log(2) / math.sqrt(3))
    assert (found.value, found.launches) == (pytest.approx(4.0), 3)
    assert (found.low, found.high) == (pytest.approx(4 / reach, rel=1e-6), pytest.approx(4 * reach, rel=1e-6))
    alone = service.rate_over_launches([5.0])
    assert (alone.value, alone.low, alone.high, alone.launches) == (pytest.approx(5.0), None, None, 1)


def test_batches_are_images_a_second_by_size() -> None:
    """Seconds an image become images a second; a size that any launch refused has the reason, sizes are in order."""
    records = [
        BatchesRecord({8: 0.01, 1: 0.02, 2: 0.02}, {32: "out of memory"}),
        BatchesRecord({8: 0.0125, 1: 0.025}, {32: "out of memory", 2: "expected a batch of 1"}),
    ]
    found = service.batches(records)
    assert list(found) == [1, 2, 8, 32]
    assert (found[1], found[8]) == (rate(50, 40), rate(100, 80))
    assert (found[2], found[32]) == ("expected a batch of 1", "out of memory")


def test_the_gain_of_parallel_sessions_is_paired_by_launch() -> None:
    """Together over alone in each launch; a launch without one session alone, as the control's, tells of no gain."""
    records = [ParallelRecord(2, 60.0, 40.0), ParallelRecord(2, 90.0, 50.0), ParallelRecord(2, 70.0, None)]
    found = service.parallel(records)
    assert (found.sessions, found.together) == (2, rate(60, 90, 70))
    assert (found.alone, found.gain) == (rate(40, 50), rate(1.5, 1.8))
    single = service.parallel(records[:1])
    assert (single.sessions, single.gain) == (2, Rate(pytest.approx(1.5), None, None, 1))


def answered(load: float | None, *latencies: float, services: tuple[float, ...] = (0.01, 0.02, 0.09)) -> Answered:
    """Make a run of queries."""
    return Answered(load, latencies, services)


def load_record(first: int) -> LoadRecord:
    """Make a launch whose single stream took so many milliseconds and each of the next 99."""
    return LoadRecord(answered(None, *(0.001 * (first + number) for number in range(101))), ())


def test_a_single_stream_has_its_own_90th_percentile() -> None:
    """Of latencies from 1 to 101 ms the 90th percentile is 91 ms; all launches together have their own."""
    assert service.single_stream_p90(load_record(1)) == pytest.approx(0.091)
    both = service.single_stream([load_record(1), load_record(201)])
    assert both.samples == 202
    assert both.values["p50"] == pytest.approx(0.151)


def test_runs_under_load_are_told_one_by_one() -> None:
    """The highest load is a mean over launches; every run has its load, count, slowest answer and usual service."""
    records = [
        HighestLoadRecord(20.0, (answered(18.0, 0.03, 0.05), answered(None, 0.5), answered(22.0, 0.04, 0.08, 0.02))),
        HighestLoadRecord(45.0, (answered(40.0, 0.07),)),
    ]
    assert service.highest_load(records) == rate(20, 45)
    assert service.loads(records) == [
        [Load(18.0, 2, 0.05, 0.02), Load(22.0, 3, 0.08, 0.02)],
        [Load(40.0, 1, 0.07, 0.02)],
    ]
    near = service.latencies_near_it(records)
    assert near.samples == 7
    assert near.values["p50"] == pytest.approx(0.05)


def test_scaling_is_taken_against_one_thread_of_the_same_launch() -> None:
    """Twice as fast on two threads in both launches is a speed-up of 2 and an efficiency of 1; on four, half that."""
    records = [
        ThreadsRecord({1: (0.4, 0.8), 2: (0.2, 0.4), 4: (0.2, 0.4)}, {1: 1.0, 2: 1.8, 4: 3.0}),
        ThreadsRecord({1: (0.2, 0.2), 2: (0.1, 0.1), 4: (0.1, 0.1)}, {1: 1.2, 2: 2.0, 4: 3.2}),
    ]
    found = service.scaling(records)
    assert list(found) == [1, 2, 4]
    assert (found[1].speedup, found[1].efficiency) == (Rate(1.0, 1.0, 1.0, 2), 1.0)
    assert (found[2].speedup.value, found[2].efficiency) == (pytest.approx(2.0), pytest.approx(1.0))
    assert (found[2].speedup.low, found[2].speedup.high) == (pytest.approx(2.0), pytest.approx(2.0))
    assert (found[4].efficiency, found[4].speedup.launches) == (pytest.approx(0.5), 2)
    assert [found[count].seconds for count in (1, 2)] == [pytest.approx(0.4), pytest.approx(0.2)]
    assert [found[count].busy_threads for count in (1, 2, 4)] == [pytest.approx(value) for value in (1.1, 1.9, 3.1)]


def test_threads_come_in_the_order_of_their_numbers() -> None:
    """However a launch wrote them down."""
    record = ThreadsRecord({4: (0.1,), 1: (0.4,), 2: (0.2,)}, {1: 1.0, 2: 2.0, 4: 4.0})
    assert list(service.scaling([record])) == [1, 2, 4]


def end_to_end(*classes: int) -> EndToEndRecord:
    """Make a launch whose rounds were given these classes."""
    return EndToEndRecord({"inference": (0.1,) * len(classes)}, classes)


def test_same_answers_are_a_share_of_rounds() -> None:
    """Three of four rounds alike are 75 %, over all launches that both have; without the reference nothing is said."""
    records = {
        "pytorch": (end_to_end(1, 2), end_to_end(3, 4), end_to_end(5, 6)),
        "other": (end_to_end(1, 2), end_to_end(3, 9)),
    }
    judged = Judged(Measured(records, {}, None), "pytorch", Rules())
    assert service.same_answers(judged, "other") == 0.75
    assert service.same_answers(Judged(Measured(records, {}, None), "absent", Rules()), "other") is None


def test_answers_to_other_pictures_are_not_compared() -> None:
    """A launch whose worker answered fewer rounds than the reference's is refused, not compared as far as it goes."""
    records = {"pytorch": (end_to_end(1, 2, 3),), "other": (end_to_end(1, 2),)}
    with pytest.raises(ValueError, match="longer than"):
        service.same_answers(Judged(Measured(records, {}, None), "pytorch", Rules()), "other")


def beside(quiet: tuple[float, ...], *factors: float) -> NeighbourRecord:
    """Make a launch in which every neighbour makes all rounds take so many times as long."""
    rounds = {
        each.name: tuple(factor * value for value in quiet) for each, factor in zip(NEIGHBOURS, factors, strict=True)
    }
    return NeighbourRecord({QUIET: quiet, **rounds}, 2, one_core=True)


def test_a_neighbours_cost_is_a_mean_over_launches() -> None:
    """Each kind and share of the time has its slow-down with its interval, and the largest is what is chosen by."""
    records = [beside((0.02, 0.04, 0.03), 1.1, 1.5, 1.0, 1.2), beside((0.05, 0.05, 0.05), 1.2, 1.8, 1.0, 1.3)]
    found = service.neighbour_cost(records)
    assert (found.cpus, found.one_core, found.quiet) == (2, True, pytest.approx(0.04))
    assert found.slowdowns == (
        Slowdown("memory", 0.5, rate(1.1, 1.2)),
        Slowdown("memory", 1.0, rate(1.5, 1.8)),
        Slowdown("compute", 0.5, rate(1.0, 1.0)),
        Slowdown("compute", 1.0, rate(1.2, 1.3)),
    )
    assert found.largest == found.slowdowns[1].times.value


def test_what_happened_by_itself_stands_beside_a_neighbours_cost() -> None:
    """Where two rounds of three are disturbed it is how much longer these take; of few rounds it is not said."""
    quiet = (0.02, 0.03, 0.03) * 10
    found = service.neighbour_cost([beside(quiet, 1.1, 1.5, 1.0, 1.2) for _ in range(5)])
    assert found.by_itself == Rate(pytest.approx(1.5), pytest.approx(1.5), pytest.approx(1.5), 5)
    assert service.neighbour_cost([beside(quiet[:6], 1.1, 1.5, 1.0, 1.2) for _ in range(5)]).by_itself is None


def test_a_round_beside_a_neighbour_is_paired_with_its_own_quiet_one() -> None:
    """What slows a round as a whole is in both of its times, and a single disturbed round does not count."""
    rounds = {QUIET: (0.01, 0.03, 0.09, 0.02, 0.01), "memory 1": (0.012, 0.036, 0.108, 0.5, 0.012)}
    assert NeighbourRecord(rounds, 1, one_core=False).slowdown(NEIGHBOURS[1]) == pytest.approx(1.2)
