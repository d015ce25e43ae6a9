"""From launches to what is stored: small races made by hand, judged and described."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from runoff.contract import Variant
from runoff.environments.contenders import Contender
from runoff.errors import WorkerCrashed
from runoff.judge.agreement import compare_logits
from runoff.judge.ratios import EXPLORATORY, FASTER, INVALID, LESS, MORE, NO_DIFFERENCE, REFERENCE, SLOWER, TYPICAL
from runoff.judge.standings import Rules
from runoff.measure.cache import Made
from runoff.measure.entrant import Prediction
from runoff.measure.launches import CONTROL
from runoff.measure.preparation import CONVERSION_FAILED, FAILED, READY, SKIPPED, Outcome
from runoff.measure.race import Race
from runoff.record.race import (
    Judged,
    extra_info,
    inferences,
    median_stages,
    samples,
    stored_contender,
)
from runoff.stored.schema import write_record
from tests.builders.races import ROUNDS, SECONDS, STEADY, launch, launches, make_race

JUST_FASTER = tuple(launch([factor * SECONDS] * ROUNDS) for factor in (0.97, 1.0, 0.97, 1.0, 0.975, 0.98, 0.99, 0.97))
"""Against STEADY, the p-value is 0.0058: a claim among eight contenders, and not among nine."""


def make_outcome(backend: str = "onnxruntime", **values: object) -> Outcome:
    """Make the outcome of a contender that was found right, or another one."""
    golden = np.array([[0.0, 1.0], [1.0, 0.0]], dtype=np.float32)
    usual = {
        "contender": Contender(backend, Variant(description="as it comes", precision="float32")),
        "status": READY,
        "versions": {backend: "1.2.3", "numpy": "1.26.4"},
        "artifact": Made(Path("model.onnx"), 46_800_000, "ab" * 32, noted={"repairs": ["set back"]}),
        "agreement": compare_logits(golden, golden, 1e-6, ("one", "two")),
        "prediction": Prediction({"logits": golden}, threads=2),
    }
    return Outcome(**(usual | values))


def inference_info(race: Race) -> dict[str, object]:
    """Describe a contender's inference times in a race."""
    return write_record(
        extra_info(make_outcome(), "seconds", Judged(race, "pytorch", Rules()).standings(inferences).get("onnxruntime"))
    )


def stored(value: object) -> object:
    """Pass a record through JSON as strict as a browser's."""
    return json.loads(json.dumps(write_record(value), allow_nan=False))


def test_standings_of_a_valid_run() -> None:
    """A faster, a slower and an equal contender each get their ratio and word, the control and the reference theirs."""
    race = make_race(quick=launches(0.5, seed=3), slow=launches(2.0, seed=4), same=launches(1.0, seed=5))
    found = Judged(race, "pytorch", Rules()).standings(inferences)
    assert {key: standing.verdict for key, standing in found.items()} == {
        "quick": FASTER,
        "slow": SLOWER,
        "same": NO_DIFFERENCE,
        CONTROL: NO_DIFFERENCE,
        "pytorch": REFERENCE,
    }
    assert found["quick"].value == pytest.approx(0.5, rel=0.01)
    assert found["slow"].low < 2.0 < found["slow"].high
    assert {standing.launches for standing in found.values()} == {8}


def test_reference_stands_at_exactly_one() -> None:
    """The reference's ratio to itself is 1 without any width."""
    itself = Judged(make_race(), "pytorch", Rules()).standings(inferences)["pytorch"]
    assert (itself.value, itself.low, itself.high) == (1.0, 1.0, 1.0)


def test_any_contender_can_be_the_reference() -> None:
    """Taken against another reference, the ratio and its interval are the reciprocals."""
    race = make_race(quick=launches(0.5, seed=3))
    there = Judged(race, "pytorch", Rules()).standings(inferences)["quick"]
    back = Judged(race, "quick", Rules()).standings(inferences)["pytorch"]
    assert back.value == pytest.approx(1 / there.value)
    assert (back.low, back.high) == (pytest.approx(1 / there.high), pytest.approx(1 / there.low))


def test_invalid_control_makes_every_verdict_invalid() -> None:
    """Where the control is off by a fifth, nothing is said about any contender, however fast it looked."""
    race = make_race(control=launches(1.2, seed=2), quick=launches(0.1, seed=3), same=launches(1.0, seed=5))
    found = Judged(race, "pytorch", Rules()).standings(inferences)
    assert found.pop("pytorch").verdict == REFERENCE
    assert {standing.verdict for standing in found.values()} == {INVALID}


def test_control_that_never_finished_is_not_judged() -> None:
    """Without a control's launch there are still ratios, and no standing for a control."""
    race = make_race(control=(), quick=launches(0.5, seed=3))
    found = Judged(race, "pytorch", Rules()).standings(inferences)
    assert set(found) == {"pytorch", "quick"}
    assert Judged(race, "pytorch", Rules()).control(inferences) is None


def test_contender_that_broke_down_is_judged_by_the_launches_it_finished() -> None:
    """After three of eight launches, the ratio is over those three, paired with the reference's first three."""
    reference = tuple(launch([SECONDS * (1 + index)] * ROUNDS) for index in range(8))
    broken = tuple(launch([0.5 * SECONDS * (1 + index)] * ROUNDS) for index in range(3))
    race = Race({"pytorch": reference, CONTROL: reference, "broken": broken}, {"broken": WorkerCrashed("ended")}, 0.0)
    standing = Judged(race, "pytorch", Rules()).standings(inferences)["broken"]
    assert standing.launches == 3
    assert standing.value == pytest.approx(0.5)
    assert standing.verdict == EXPLORATORY


def test_contender_without_a_launch_has_no_standing() -> None:
    """One that broke down in its first launch has nothing to be judged by, and costs nobody else anything."""
    race = make_race(failures={"broken": WorkerCrashed("ended")}, broken=(), quick=launches(0.5, seed=3))
    assert set(Judged(race, "pytorch", Rules()).standings(inferences)) == {"pytorch", CONTROL, "quick"}


def test_no_standings_without_the_reference() -> None:
    """Where the reference has no launch, or took no part, nobody has a ratio."""
    assert Judged(make_race(pytorch=()), "pytorch", Rules()).standings(inferences) == {}
    assert Judged(make_race(), "somebody", Rules()).standings(inferences) == {}


def test_sizes_are_judged_in_their_own_words() -> None:
    """A metric with one value a launch works like one with many, in words that fit it."""
    sizes = {"pytorch": 400, CONTROL: 400, "small": 200, "large": 800}
    race = Race({key: tuple(launch([SECONDS], peak=size) for _ in range(8)) for key, size in sizes.items()}, {}, 0.0)
    found = Judged(race, "pytorch", Rules()).standings(lambda record: [record.peak], (LESS, MORE))
    assert (found["small"].verdict, found["large"].verdict) == (LESS, MORE)
    assert found["small"].value == pytest.approx(0.5)


def test_more_contenders_need_stronger_evidence() -> None:
    """A difference that is just significant alone is not claimed among many contenders (Holm)."""
    alone = Race({"pytorch": STEADY, "slight": JUST_FASTER}, {}, 0.0)
    crowd = Race(dict(alone.records) | {f"same{index}": STEADY for index in range(20)}, {}, 0.0)
    assert Judged(alone, "pytorch", Rules()).standings(inferences)["slight"].verdict == FASTER
    assert Judged(crowd, "pytorch", Rules()).standings(inferences)["slight"].verdict == NO_DIFFERENCE


def test_control_does_not_count_among_the_contenders() -> None:
    """The control is no contender: among eight, that it takes part leaves the evidence as strong as it was."""
    others = {f"same{index}": STEADY for index in range(7)}
    race = Race({"pytorch": STEADY, CONTROL: STEADY, "slight": JUST_FASTER} | others, {}, 0.0)
    assert Judged(race, "pytorch", Rules()).standings(inferences)["slight"].verdict == FASTER


def test_samples_are_all_rounds_in_order() -> None:
    """Every value is stored, launch by launch, with nothing dropped."""
    race = Race({"pytorch": (launch([1.0, 99.0]), launch([3.0, 4.0]))}, {}, None)
    assert samples(race, "pytorch", inferences) == [1.0, 99.0, 3.0, 4.0]


def test_median_stages_are_over_launches() -> None:
    """Each stage has the median over launches, stage by stage."""
    records = [launch([1.0], peak=size) for size in (300, 100, 200)]
    assert median_stages(records, lambda record: record.peaks) == {"import": 90_000_000.0, "steady inference": 200.0}


def test_a_stage_that_is_not_known_in_one_launch_has_no_median() -> None:
    """Memory that the system did not say once is left out, and the other stages stay."""
    records = [launch([1.0], peak=size) for size in (300, None, 200)]
    assert median_stages(records, lambda record: record.peaks) == {"import": 90_000_000.0}


def test_benchmark_info_is_json_and_complete() -> None:
    """What a benchmark stores about itself is strict JSON and says all that the design promises."""
    race = make_race(onnxruntime=launches(0.6, seed=6))
    info = stored(inference_info(race))
    assert info["ratio"].pop("value") == pytest.approx(0.6, rel=0.01)
    assert info["ratio"].pop("low") < info["ratio"].pop("high")
    assert info == {
        "contender": "onnxruntime",
        "backend": "onnxruntime",
        "variant": "",
        "environment": "here",
        "versions": {"onnxruntime": "1.2.3", "numpy": "1.26.4"},
        "threads": 2,
        "unit": "seconds",
        "agreement": 1.0,
        "ratio": {
            "reference": "pytorch",
            "confidence": 0.95,
            "nominal_confidence": 0.95,
            "launches": 8,
            "rounds": ROUNDS,
            "verdict": FASTER,
            "of": TYPICAL,
            "widened": 0.0,
        },
    }


def test_benchmark_info_of_one_launch_has_no_interval() -> None:
    """With one launch, the ends of the interval are stored as null."""
    race = Race({"pytorch": launches(1.0, 1), "onnxruntime": launches(0.5, 1)}, {}, None)
    info = stored(inference_info(race))
    assert (info["ratio"]["low"], info["ratio"]["high"]) == (None, None)
    assert info["ratio"]["verdict"] == EXPLORATORY


def test_benchmark_info_without_a_reference_has_no_ratio() -> None:
    """Where the reference broke down, a contender's own times are stored without a ratio."""
    race = make_race(pytorch=(), onnxruntime=launches(0.5))
    assert inference_info(race)["ratio"] is None


def test_a_stored_ratio_has_the_names_of_the_design() -> None:
    """A stored ratio has exactly the keys that readers rely on."""
    assert write_record(Judged(make_race(), "pytorch", Rules()).standings(inferences)["pytorch"]) == {
        "reference": "pytorch",
        "value": 1.0,
        "low": 1.0,
        "high": 1.0,
        "confidence": 0.95,
        "nominal_confidence": 0.95,
        "launches": 8,
        "rounds": ROUNDS,
        "verdict": REFERENCE,
        "of": TYPICAL,
        "widened": 0.0,
    }


def test_the_control_is_a_ratio_to_the_reference() -> None:
    """The control is stored under the reference's name with its interval."""
    found = Judged(make_race(), "pytorch", Rules()).control(inferences)
    assert found.reference == "pytorch"
    assert found.low < found.value < found.high
    assert found.value == pytest.approx(1.0, abs=0.02)


def test_contender_that_raced() -> None:
    """A contender that raced is stored with its artifact, versions and agreement."""
    found = stored(stored_contender(make_outcome(), make_race(onnxruntime=launches(0.5))))
    assert (found["status"], found["stage"], found["reason"]) == ("raced", None, None)
    assert found["artifact"] == {"bytes": 46_800_000, "sha256": "ab" * 32, "repairs": ["set back"]}
    assert found["agreement"]["share"] == 1.0


def test_contender_that_broke_down_in_the_race() -> None:
    """A contender that was ready and broke down is stored as failed, with the named error."""
    race = make_race(failures={"onnxruntime": WorkerCrashed("ended by itself")}, onnxruntime=launches(0.5, 3))
    found = stored(stored_contender(make_outcome(), race))
    assert (found["status"], found["stage"]) == (FAILED, "race")
    assert found["reason"] == "WorkerCrashed: ended by itself"


@pytest.mark.parametrize(("status", "stage"), [(CONVERSION_FAILED, "onnx export"), (SKIPPED, None)])
@pytest.mark.parametrize("raced", [True, False])
def test_contender_that_never_raced(status: str, stage: str | None, raced: bool) -> None:
    """A contender that was not ready keeps its status, stage and reason, whether or not there was a race."""
    outcome = make_outcome(status=status, stage=stage, reason="because", artifact=None, agreement=None, prediction=None)
    found = stored(stored_contender(outcome, make_race() if raced else None))
    assert (found["status"], found["stage"], found["reason"]) == (status, stage, "because")
    assert (found["artifact"], found["agreement"]) == (None, None)


def test_contender_with_nan_logits_is_still_json() -> None:
    """An agreement over logits that are not finite is stored as strict JSON, without NaN or Infinity."""
    golden = np.array([[0.0, 1.0]], dtype=np.float32)
    agreement = compare_logits(golden * np.float32(math.nan), golden, 1e-6, ("one",))
    found = stored(stored_contender(make_outcome(agreement=agreement), None))
    assert found["agreement"]["largest_difference"] is None
