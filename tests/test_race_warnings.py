"""What is said about a race whose numbers are shaky, and that nothing is said about any other."""

from __future__ import annotations

import pytest

from runoff.contract import WorkerCrashed
from runoff.measure.race import CONTROL, Race
from runoff.records import race_warnings
from tests.races import ROUNDS, SECONDS, STEADY, launch, launches, make_race

NEARLY_STEADY = tuple(launch([SECONDS * (1.0 if index < 4 else 1.04)] * ROUNDS) for index in range(8))
WAVERING = tuple(launch([SECONDS * (0.92 if index % 2 else 1.08)] * ROUNDS) for index in range(8))
DRIFTING = tuple(launch([SECONDS * (1.0 if index < 4 else 1.1)] * ROUNDS) for index in range(8))


def test_quiet_run_has_no_warnings() -> None:
    """A valid, long enough run on a quiet machine says nothing."""
    assert race_warnings(make_race(quick=launches(0.5)), "pytorch", 8, threads=2) == []


@pytest.mark.parametrize(
    ("race", "count", "expected", "remedy"),
    [
        pytest.param(make_race(control=launches(1.2)), 8, "invalid run: the control", "run again", id="invalid"),
        pytest.param(make_race(control=WAVERING), 8, "no difference within that is claimed", "--launches", id="noisy"),
        pytest.param(make_race(), 4, "exploratory: 4 launches", "--launches 5", id="exploratory"),
        pytest.param(make_race(stolen=0.034), 8, "took 3.4% of the CPU time", "quieter hour", id="steal"),
        pytest.param(make_race(pytorch=DRIFTING, control=DRIFTING), 8, "took 1.10 times", "settle", id="drift"),
        pytest.param(
            make_race(pytorch=launches(1.0, switches=7 * ROUNDS)),
            8,
            "7 times per inference",
            "--threads",
            id="switches",
        ),
        pytest.param(
            make_race(greedy=tuple(launch([SECONDS] * ROUNDS, busy=3.4) for _ in range(8))),
            8,
            "greedy kept 3.4 threads busy, where 2 were given",
            "load()",
            id="threads",
        ),
        pytest.param(
            make_race(failures={CONTROL: WorkerCrashed("ended")}, control=launches(1.0, 3)),
            8,
            "the control, a second pytorch, broke down (ended)",
            "run again",
            id="broken control",
        ),
    ],
)
def test_each_warning_is_given_alone_with_its_remedy(race: Race, count: int, expected: str, remedy: str) -> None:
    """What makes the numbers shaky is said once, with what to do about it, and nothing else is."""
    (warning,) = race_warnings(race, "pytorch", count, threads=2)
    assert expected in warning
    assert remedy in warning


@pytest.mark.parametrize(
    ("race", "count"),
    [
        pytest.param(make_race(control=launches(1.03)), 8, id="control within the margin"),
        pytest.param(make_race(), 5, id="just enough launches"),
        pytest.param(make_race(stolen=0.009), 8, id="little stolen"),
        pytest.param(make_race(stolen=None), 8, id="steal not known"),
        pytest.param(make_race(pytorch=NEARLY_STEADY, control=NEARLY_STEADY), 8, id="little drift"),
        pytest.param(make_race(pytorch=launches(1.0, switches=5 * ROUNDS)), 8, id="some switches"),
        pytest.param(make_race(control=()), 8, id="no control"),
        pytest.param(
            make_race(tidy=tuple(launch([SECONDS] * ROUNDS, busy=2.2) for _ in range(8))), 8, id="spare thread"
        ),
        pytest.param(
            make_race(quick=launches(1.0, switches=900), pytorch=STEADY, control=STEADY), 8, id="not reference"
        ),
        pytest.param(make_race(pytorch=()), 8, id="no reference"),
    ],
)
def test_warnings_are_silent_below_their_bounds(race: Race, count: int) -> None:
    """What stays within bounds, or can't be known, is not warned of."""
    assert race_warnings(race, "pytorch", count, threads=2) == []
