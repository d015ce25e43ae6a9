"""Runs made one after another: what is kept of them, and what the page says they come to together."""

from __future__ import annotations

import json
import math

import pytest

from runoff.errors import UsageError
from runoff.stored.run import parse_run
from tests.builders.stored_runs import add_rounds, drop_contender, make_stored_run
from trust.undisturbed import in_a_row
from trust.undisturbed.in_a_row import judged, keep_all, summarise


def stored():
    """Make a stored run with the rounds of four contenders."""
    made = make_stored_run()
    add_rounds(made)
    return made


def series(*factors):
    """Return what is kept of runs in which a contender takes so many times as long as the reference in each round."""
    base = [[1000.0 + 10 * launch + round_ for round_ in range(30)] for launch in range(8)]
    runs = [
        {
            "pattern": "steady",
            "quiet_share": 0.5,
            "error_share": 1.0,
            "rounds": {
                "pytorch": base,
                "onnxruntime": [
                    [time * factor * (1 + launch / 1000) for time in times] for launch, times in enumerate(base)
                ],
            },
        }
        for factor in factors
    ]
    made = {"date": "2026-11-29", "revision": "abc"}
    return {"machine": "a", "threads": 2, "reference": "pytorch", "made": made, "runs": runs, "precise": []}


def test_the_ratios_of_what_is_kept_are_those_that_the_run_would_say() -> None:
    """A run's rounds are kept in microseconds, and its ratios are judged from them again."""
    run = parse_run(stored())
    kept = keep_all([run, run])
    assert len(kept["runs"]) == 2
    assert not kept["precise"]
    found = judged(kept["runs"][0], "pytorch")["onnxruntime"]
    row = next(row for row in run.rows if row.contender == "onnxruntime")
    assert found["undisturbed"].value == pytest.approx(row.ratios.undisturbed.value, rel=1e-4)
    assert found["undisturbed"].low == pytest.approx(row.ratios.undisturbed.low, rel=1e-3)


def test_a_run_of_more_launches_is_kept_apart() -> None:
    """A run that went on for its precision is none of the runs in a row."""
    longer = stored()
    longer["machine_info"]["runoff"]["launches"] = 12
    kept = keep_all([parse_run(stored()), parse_run(longer)])
    assert (len(kept["runs"]), len(kept["precise"])) == (1, 1)


def test_runs_of_another_series_are_refused() -> None:
    """Runs of two revisions or strata are named as such, and nothing is kept of them."""
    other = stored()
    drop_contender(other, "tensorflow")
    other["commit_info"] = {"id": "def456", "dirty": False}
    with pytest.raises(UsageError, match="expected runs of one revision on one machine"):
        keep_all([parse_run(stored()), parse_run(other)])


def test_what_runs_come_to_is_the_mean_of_their_logarithms() -> None:
    """Of three runs at 0.5, 0.5 and 0.6, each with a narrow interval, none holds what they come to together."""
    found = summarise(series(0.5, 0.5, 0.6))
    said = found["together"]["onnxruntime typical"]
    middle = 0.5 * 1.0035
    assert said["pooled"] == pytest.approx(middle * 1.2 ** (1 / 3), rel=1e-3)
    assert said["spread"] == pytest.approx(math.log(1.2) / math.sqrt(3), rel=1e-3)
    assert said["farthest"] == pytest.approx(0.2, rel=1e-3)
    assert said["holding"] == 0
    assert said["half_width"] < 0.02
    alike = summarise(series(0.5, 0.5))["together"]["onnxruntime undisturbed"]
    assert (alike["holding"], alike["spread"]) == (2, 0.0)


def test_the_widest_interval_of_a_precise_run_is_said() -> None:
    """A run that went on is said with its launches, and with its widest typical interval at the level of its look."""
    kept = series(0.5)
    kept |= {"runs": series(0.5, 0.5)["runs"], "precise": [kept["runs"][0] | {"error_share": 0.125}]}
    (one,) = summarise(kept)["precise"]
    nominal = summarise(kept)["runs"][0]["ratios"]["onnxruntime"]["typical"]
    assert one["launches"] == 8
    assert one["reach"] > math.sqrt(nominal.high / nominal.low) - 1


def test_the_command_keeps_the_runs_that_it_is_given(tmp_path, monkeypatch) -> None:
    """The file has what is kept of each run, in the order that they were given in."""
    for name in ("one.json", "two.json"):
        (tmp_path / name).write_text(json.dumps(stored()))
    out = tmp_path / "kept.json"
    monkeypatch.setattr(
        "sys.argv", ["in_a_row", str(tmp_path / "one.json"), str(tmp_path / "two.json"), "--output", str(out)]
    )
    assert in_a_row.main() == 0
    kept = json.loads(out.read_text())
    assert [len(run["rounds"]["pytorch"]) for run in kept["runs"]] == [8, 8]
    assert summarise(kept)["reference"] == "pytorch"
