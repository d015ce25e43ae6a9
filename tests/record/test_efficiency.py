"""What share of the peak is reached, and what bounds it: numbers made by hand."""

from __future__ import annotations

import json

import pytest

from runoff.contract import Variant
from runoff.environments.contenders import Contender
from runoff.measure.peaks import Roof
from runoff.model.operations import Operations
from runoff.record.efficiency import EfficiencyFigure, bound, efficiency
from runoff.stored.details import StoredPeak
from runoff.stored.schema import write_record

MODEL = Operations(flop=5_000, padding=1_000, weights=60, activations=40)
ROOF = Roof(
    (
        StoredPeak("float32", 1_000.0, "slow", "product"),
        StoredPeak("float32", 2_000.0, "quick", "convolution"),
        StoredPeak("int8", 8_000.0, "quick", "convolution"),
    ),
    bytes_per_second=100.0,
    failures={},
)


def judged(precision: str, roof: Roof = ROOF) -> EfficiencyFigure | None:
    """Judge an inference of a contender of this precision that takes 4 s."""
    return efficiency(Contender("engine", Variant(precision=precision)), 4.0, MODEL, roof)


def test_a_share_is_taken_of_the_best_peak_in_its_own_precision() -> None:
    """5,000 operations less 1,000 in 4 s are 1,000 a second: half of float32's best peak, an eighth of int8's."""
    plain, quantised = (judged(precision) for precision in ("float32", "int8"))
    assert plain is not None
    assert quantised is not None
    assert (plain.efficiency.share, plain.value, plain.efficiency.peak.library) == (0.5, 2.0, "quick")
    assert (quantised.efficiency.share, quantised.value) == (0.125, 8.0)
    assert (plain.unit, quantised.unit) == ("× time at float32 peak", "× time at int8 peak")
    assert (plain.efficiency.operations_per_second, plain.efficiency.reason) == (1_000.0, None)


def test_the_roofline_says_what_bounds_it() -> None:
    """At 4 bytes a number it does 10 operations a byte where 20 are balanced: bound by memory, at half the peak."""
    found = judged("float32").efficiency.bound
    assert (found.by, found.intensity, found.balance, found.attainable) == ("memory", 10.0, 20.0, 1_000.0)


@pytest.mark.parametrize(
    ("precision", "intensity"),
    [("float64", 5.0), ("float32", 10.0), ("bfloat16", 20.0), ("float16", 20.0), ("int8", 40.0)],
)
def test_fewer_bytes_a_number_are_more_operations_a_byte(precision: str, intensity: float) -> None:
    """4,000 operations on 100 numbers: 40 a number, and so many a byte in each precision."""
    assert bound(MODEL, precision, 2_000.0, 100.0).intensity == intensity


@pytest.mark.parametrize(
    ("bytes_per_second", "by", "attainable"),
    [(199.0, "memory", 1_990.0), (200.0, "compute", 2_000.0), (201.0, "compute", 2_000.0)],
)
def test_memory_that_just_keeps_up_does_not_bound(bytes_per_second: float, by: str, attainable: float) -> None:
    """Where 10 operations a byte reach the peak of 2,000 exactly, the arithmetic is what bounds it."""
    found = bound(MODEL, "float32", 2_000.0, bytes_per_second)
    assert (found.by, found.attainable) == (by, attainable)


def test_what_is_not_known_bounds_nothing() -> None:
    """Without the memory's speed, or the bytes of a precision, nothing is said of what bounds the model."""
    assert judged("float32", Roof(ROOF.peaks, None, {})).efficiency.bound is None
    assert bound(MODEL, "float8", 2_000.0, 100.0) is None
    assert bound(MODEL, "float32", 2_000.0, None) is None


def test_a_precision_without_a_peak_has_no_share() -> None:
    """Nothing is invented: the share is absent with its reason, and the time is set against float32's peak."""
    found = judged("bfloat16")
    assert (found.efficiency.share, found.efficiency.peak, found.efficiency.bound) == (None, None, None)
    assert found.efficiency.reason == "no library at hand could show this machine's peak in bfloat16"
    assert (found.value, found.unit) == (2.0, "× time at float32 peak")
    assert judged("float32", Roof((), 100.0, {})) is None


def test_what_is_stored_is_json() -> None:
    """Efficiencies are strict JSON values."""
    told = json.loads(json.dumps(write_record(judged("int8").efficiency), allow_nan=False))
    assert (told["contender"], told["flop"], told["padding_flop"], told["share"]) == ("engine", 5_000, 1_000, 0.125)
    assert told["peak"]["library"] == "quick"
