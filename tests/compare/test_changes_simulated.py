"""How often does the gate fail runs that are equal? Simulated, with fixed seeds."""

from __future__ import annotations

import math

import numpy as np
import pytest

from runoff.compare.changes import compare_runs
from runoff.errors import Exit
from runoff.stored.run import StoredRun, parse_run
from tests.builders.stored_runs import make_comparable_run

pytestmark = [pytest.mark.full, pytest.mark.long]


def simulated_false_alarms(stop, fail_above=0.0, pairs=300) -> float:
    """Return the share of pairs of equal runs that the gate fails; ``stop`` chooses the look that a run ends at."""
    random = np.random.default_rng(20260501)
    truth = {(group, f"c{number}"): 0.3 * number for group in ("inference", "cold-start") for number in range(3)}

    def draw() -> StoredRun:
        launches = {key: random.normal(mean, 0.02, 26).tolist() for key, mean in truth.items()}
        count, share = stop(launches)
        return parse_run(
            make_comparable_run({key: values[:count] for key, values in launches.items()}, error_share=share)
        )

    return sum(compare_runs(draw(), draw(), fail_above).exit_code == Exit.WORSE for _ in range(pairs)) / pairs


def test_equal_runs_seldom_fail():
    """At --fail-above 0% no more than about 5 % of simulated A/A comparisons fail, all changes of a suite together."""
    assert simulated_false_alarms(lambda launches: (8, 1.0)) <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / 300)


def test_equal_runs_never_fail_at_a_usual_limit():
    """At --fail-above 5% and a noise of 2 % between launches, none of 300 simulated A/A comparisons fails."""
    assert simulated_false_alarms(lambda launches: (8, 1.0), fail_above=0.05) == 0.0


def test_equal_runs_that_stop_when_precise_seldom_fail():
    """Runs that went on until their intervals looked narrow fail no oftener: the looks' error is accounted for."""

    def stop(launches):
        looks = ((8, 0.5), (12, 0.25), (18, 0.125), (26, 0.125))
        return next((look for look in looks if np.std(launches["inference", "c0"][: look[0]]) < 0.018), looks[-1])

    assert simulated_false_alarms(stop) <= 0.05
