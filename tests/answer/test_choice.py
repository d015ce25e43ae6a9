"""Which contender is recommended under which limits, and who is on the Pareto front?"""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runoff.answer.choice import Selection, advantages, choose, pareto_front, standing
from runoff.answer.metrics import FRONT
from runoff.judge.ratios import CONFIDENCE, Ratio
from runoff.stored.rows import Row
from runoff.stored.run import parse_run
from tests.builders.stored_runs import (
    Values,
    about,
    add_contender,
    drop_contender,
    keep_groups,
    make_exploratory,
    make_stored_run,
)

MARGIN = 0.05


def make_row(name: str, times: float, peak: float, cold: float, agreement: float) -> Row:
    """Make a row with the figures that contenders are compared in."""
    ratio = Ratio(times, times * 0.99, times * 1.01, CONFIDENCE, 8, CONFIDENCE)
    figures = {"median": 0.025 * times, "ratio": ratio, "peak": peak, "cold_start": cold, "agreement": agreement}
    return Row(name, "", "float32", "faster", None, None, {}, **figures)


STEPS = st.sampled_from([0.5, 0.52, 0.54, 0.56, 1.0, 1.04, 2.0])
ROWS = st.lists(
    st.tuples(STEPS, STEPS, STEPS, st.sampled_from([0.98, 0.99, 1.0])),
    min_size=1,
    max_size=12,
).map(lambda figures: [make_row(str(number), *each) for number, each in enumerate(figures)])


def in_order(rows: Sequence[Row]) -> list[Row]:
    """Return rows in the order in which the front is found."""
    return sorted(rows, key=lambda row: [standing(row, metric) for metric in FRONT])


def is_dominated(row: Row, rows: Sequence[Row]) -> bool:
    """Whether, by the textbook, some other row is at least as good in everything, and better in something."""
    own = [standing(row, metric) for metric in FRONT]
    others = [[standing(other, metric) for metric in FRONT] for other in rows]
    return any(all(map(float.__le__, other, own)) and other != own for other in others)


@given(ROWS)
def test_with_no_margin_the_front_is_the_textbooks(rows: list[Row]) -> None:
    """It holds exactly the figures that no other row dominates."""
    front = pareto_front(in_order(rows), FRONT, margin=0.0)
    found = {tuple(standing(row, metric) for metric in FRONT) for row in front}
    assert found == {tuple(standing(row, metric) for metric in FRONT) for row in rows if not is_dominated(row, rows)}


@given(ROWS)
def test_with_a_margin_the_front_is_thinned_and_covers_all(rows: list[Row]) -> None:
    """Nothing on it is dominated; whoever is not on it is nowhere better than one that is, by more than the margin."""
    front = pareto_front(in_order(rows), FRONT, MARGIN)
    assert not any(is_dominated(row, rows) for row in front)
    for row in rows:
        assert row in front or any(not advantages(row, kept, FRONT, MARGIN) for kept in front)


def chosen(stored: Values, limits: str | None = None) -> Selection:
    """Choose from a stored run under limits."""
    about(stored)["limits"] = limits or ""
    return choose(parse_run(stored))


def names(rows: Sequence[Row]) -> list[str]:
    """Return the rows' contenders."""
    return [row.contender for row in rows]


def recommended(stored: Values, limits: str | None = None) -> str | None:
    """Return the contender that is recommended under limits."""
    found = chosen(stored, limits).recommended
    return found.contender if found else None


@pytest.mark.parametrize(
    ("limits", "best", "meeting"),
    [
        (None, "openvino-int8", 20),
        ("agreement>=99%, peak_memory<300MB, cold_start<1s", "openvino-int8", 7),
        ("peak_memory<200MB", "onnxruntime-int8", 4),
        ("peak_memory<200MB, agreement>=99%", "onnxruntime-no-arena", 2),
        ("cold_start<=190ms", "litert-int8", 2),
        ("latency>100ms", None, 0),
        ("latency>25ms, latency<32ms", "tensorflow", 2),
    ],
)
def test_the_fastest_within_the_limits_is_recommended(stored, limits, best, meeting):
    """Of those that meet all limits, the one with the lowest ratio."""
    choice = chosen(stored, limits)
    assert (names([choice.recommended]) if choice.recommended else [None]) == [best]
    assert len(choice.meeting) == meeting


def test_the_front_is_that_of_what_meets_the_limits(stored):
    """It begins with the recommended one and holds no contender that misses a limit, nor one that another covers."""
    front = names(chosen(stored, "agreement>=99%, peak_memory<300MB, cold_start<1s").front)
    assert front == ["openvino-int8", "onnxruntime", "onnxruntime-offline", "onnxruntime-no-arena", "litert"]
    everyone = names(chosen(stored).front)
    assert "litert-int8" in everyone
    assert not {"pytorch", "tensorflow", "onnxruntime-unoptimised"} & set(everyone)


def test_where_nothing_meets_the_limits_the_front_is_that_of_all(stored):
    """Limits can be set anew from it."""
    assert names(chosen(stored, "latency<1ms").front) == names(chosen(stored).front)


@pytest.mark.parametrize(
    ("peak", "reach", "best"),
    [(150e6, 0.03, "tensorflow"), (150e6, 0.001, "onnxruntime"), (900e6, 0.03, "onnxruntime")],
)
def test_what_intervals_do_not_tell_apart_is_told_apart_by_memory(peak, reach, best):
    """Of contenders whose intervals overlap with the fastest's, the one with the least memory is recommended."""
    stored = make_stored_run()
    add_contender(stored, "tensorflow", 0.70, reach=reach, peak=peak)
    assert recommended(stored) == best


def test_memory_decides_among_the_fastest_alone():
    """One that is shown to be slower is not recommended for its memory, nor one with a wide interval behind it."""
    stored = make_stored_run()
    add_contender(stored, "tensorflow", 0.75, reach=0.001, peak=300e6)
    add_contender(stored, "pytorch-channels-last", 0.76, reach=0.2, peak=100e6)
    choice = chosen(stored)
    assert names(choice.tied) == ["onnxruntime"]
    assert recommended(stored) == "onnxruntime"
    assert "pytorch-channels-last" in names(choice.front)


@pytest.mark.parametrize("verdict", ["no difference shown", "inconclusive"])
def test_the_reference_is_told_apart_by_the_verdict(verdict):
    """Where the verdict claims no difference from the reference, its memory decides, whatever the interval says."""
    stored = make_stored_run()
    drop_contender(stored, "onnxruntime")
    add_contender(stored, "tensorflow", 0.97, verdict=verdict, reach=0.01, peak=500e6)
    assert recommended(stored) == "pytorch"
    add_contender(stored, "tensorflow", 0.97, verdict="faster", reach=0.01, peak=500e6)
    assert recommended(stored) == "tensorflow"


def test_the_reference_may_be_recommended():
    """Where all others are slower or miss a limit, it is the reference."""
    stored = make_stored_run()
    add_contender(stored, "onnxruntime", 0.684, agreement=0.5)
    assert recommended(stored, "agreement>=99%") == "pytorch"


@pytest.mark.long
def test_the_recommended_one_is_dominated_by_nothing(stored):
    """Under any limit on memory, no contender that meets it is at least as good in everything."""
    for limit in range(100, 800, 10):
        choice = chosen(stored, f"peak_memory<={limit}MB")
        assert choice.recommended is not None
        assert not is_dominated(choice.recommended, choice.meeting)


def test_wrong_and_broken_contenders_are_no_candidates():
    """What was not timed, because it is wrong or did not convert, can't be recommended by any limits."""
    found = names(chosen(make_stored_run()).candidates)
    assert found == ["onnxruntime", "pytorch", "tensorflow", "pytorch-channels-last"]


def test_contenders_are_compared_in_what_the_run_has_of_all(stored):
    """A metric that one contender lacks does not put it on the front or keep it off, and a limit on it is not met."""
    stored["benchmarks"] = [
        one
        for one in stored["benchmarks"]
        if (one["group"], one["extra_info"]["contender"]) != ("peak-memory", "openvino-int8")
    ]
    choice = chosen(stored)
    assert [metric.name for metric in choice.compared] == ["latency", "cold_start", "agreement"]
    assert "openvino-int8" in names(choice.front)
    assert "onnxruntime-no-arena" not in names(choice.front)
    assert recommended(stored, "peak_memory<1GB") == "onnxruntime-int8"


def test_latency_alone_is_enough_to_choose_by(stored):
    """A run of the inference benchmark alone recommends the fastest."""
    keep_groups(stored, "inference")
    for came in about(stored)["contenders"].values():
        came["agreement"] = None
    assert [metric.name for metric in chosen(stored).compared] == ["latency"]
    assert recommended(stored) == "openvino-int8"


@pytest.mark.parametrize(
    "change",
    [
        make_exploratory,
        lambda run: about(run)["control"].update(low=1.2, high=1.3),
        lambda run: keep_groups(run, "cold-start"),
        lambda run: drop_contender(run, "pytorch"),
    ],
    ids=["one launch", "invalid by its control", "no inference", "no reference"],
)
def test_a_run_that_names_no_fastest_recommends_nothing(change):
    """Exploratory, invalid, not timed, or without its reference: no recommendation and no front."""
    stored = make_stored_run()
    change(stored)
    for one in stored["benchmarks"]:
        if "pytorch" not in about(stored)["contenders"]:
            one["extra_info"]["ratio"] = None
    choice = chosen(stored, "agreement>=99%")
    assert (choice.recommended, choice.front) == (None, ())
