"""From launches to what is stored of all three ratios, and what the control's say of the run."""

from __future__ import annotations

import pytest

from runoff.judge.ratios import FASTER, INVALID, NO_DIFFERENCE, TAIL, TYPICAL, UNDISTURBED
from runoff.judge.standings import Rules
from runoff.measure.launches import CONTROL
from runoff.measure.race import LaunchRecord
from runoff.record.race import Judged, extra_info, inferences
from runoff.record.warnings import other_control_warnings, race_warnings
from tests.builders.races import launch, launches, make_race
from tests.record.test_race import make_outcome, stored


def longer(factor: float, seed: int) -> tuple[LaunchRecord, ...]:
    """Make launches with as many rounds as all three ratios take."""
    return tuple(
        launch([one for each in launches(factor, 2, seed=seed + place) for one in each.rounds]) for place in range(8)
    )


def test_all_three_ratios_are_stored_under_their_names() -> None:
    """Beside the headline stand all three, each as it is stored, and the typical one is the headline itself."""
    race = make_race(pytorch=longer(1.0, 10), control=longer(1.0, 50), onnxruntime=longer(0.6, 30))
    judged = Judged(race, "pytorch", Rules())
    ratio = judged.standings(inferences)["onnxruntime"]
    info = stored(extra_info(make_outcome(), "seconds", ratio, judged.three_ratios("onnxruntime", inferences, ratio)))
    assert list(info["ratios"]) == [UNDISTURBED, TYPICAL, TAIL]
    assert info["ratios"][TYPICAL] == info["ratio"]
    for of, found in info["ratios"].items():
        assert found["of"] == of
        assert set(found) == set(info["ratio"])
        assert found["low"] < found["value"] < found["high"]
        assert found["value"] == pytest.approx(0.6, rel=0.01)
        assert (found["reference"], found["confidence"], found["launches"]) == ("pytorch", 0.95, 8)
    assert (info["ratios"][UNDISTURBED]["verdict"], info["ratios"][TYPICAL]["verdict"]) == ("", FASTER)


def test_a_ratio_that_the_rounds_do_not_bound_is_stored_as_the_reason() -> None:
    """With 48 rounds there is no tail, and in its place stands how many it takes."""
    judged = Judged(make_race(onnxruntime=launches(0.6, seed=6)), "pytorch", Rules())
    found = stored(judged.three_ratios("onnxruntime", inferences, judged.standings(inferences)["onnxruntime"]))
    assert found[TAIL] == "it needs 59 rounds, not 48"
    assert found[UNDISTURBED]["of"] == UNDISTURBED


def test_the_control_is_judged_in_each_of_the_three() -> None:
    """Each of the control's three ratios says whether it is 1; the reference's are exactly 1."""
    judged = Judged(make_race(pytorch=longer(1.0, 10), control=longer(1.2, 30)), "pytorch", Rules())
    standings = judged.standings(inferences)
    found = judged.three_ratios(CONTROL, inferences, standings[CONTROL])
    assert {ratio.verdict for ratio in vars(found).values()} == {INVALID}
    wide = Judged(judged.race, "pytorch", Rules(margin=0.5))
    allowed = wide.three_ratios(CONTROL, inferences, wide.standings(inferences)[CONTROL])
    assert {ratio.verdict for ratio in vars(allowed).values()} == {NO_DIFFERENCE}
    itself = judged.three_ratios("pytorch", inferences, standings["pytorch"])
    assert [(ratio.low, ratio.value, ratio.high) for ratio in vars(itself).values()] == [(1.0, 1.0, 1.0)] * 3


def test_what_has_no_rounds_has_one_ratio() -> None:
    """A metric with one value a launch, an entrant without a launch, and one that was not judged have no three."""
    judged = Judged(make_race(broken=(), onnxruntime=launches(0.6)), "pytorch", Rules())
    standings = judged.standings(lambda record: [record.peak])
    assert judged.three_ratios("onnxruntime", lambda record: [record.peak], standings["onnxruntime"]) is None
    assert judged.three_ratios("broken", inferences, standings["onnxruntime"]) is None
    assert judged.three_ratios("onnxruntime", inferences, None) is None


def hurt(share: float, factor: float, seed: int) -> tuple[LaunchRecord, ...]:
    """Make launches of which a share of the rounds takes a factor longer, the same rounds whatever the seed."""
    return tuple(
        launch([each * (factor if place < share * len(one.rounds) else 1) for place, each in enumerate(one.rounds)])
        for one in longer(1.0, seed)
    )


@pytest.mark.parametrize(
    ("control", "of"),
    [
        pytest.param(hurt(0.1, 1.4, 30), TAIL, id="slow in one round of ten"),
        pytest.param(
            hurt(0.33, 0.8, 30),
            UNDISTURBED,
            id="fast in a third",
        ),
    ],
)
def test_a_control_that_is_off_in_another_ratio_is_warned_of(control: tuple[LaunchRecord, ...], of: str) -> None:
    """Where the typical ratio of two equals is 1 and another is not, that one is named as not to be believed."""
    race = make_race(pytorch=longer(1.0, 10), control=control)
    (found,) = (said for said in race_warnings(Judged(race, "pytorch", Rules()), 2) if "can't be believed" in said)
    assert other_control_warnings(Judged(race, "pytorch", Rules(margin=1.0))) == []
    assert other_control_warnings(Judged(race, "pytorch", Rules(margin=1e-6))) == []  # nothing can be believed
    assert f"in its {of} ratio: the {of} ratios of this run can't be believed, the typical ones can; stop" in found


def test_an_invalid_run_says_it_once() -> None:
    """Where the control's typical ratio is off nothing of the run is believed, and the other two are not named."""
    race = make_race(pytorch=longer(1.0, 10), control=longer(1.2, 30))
    found = race_warnings(Judged(race, "pytorch", Rules()), 2)
    assert [said.partition(":")[0] for said in found if "control" in said] == ["invalid run"]
