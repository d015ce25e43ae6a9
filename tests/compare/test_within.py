"""Are two trees that raced in one run judged by what the race showed, and by nothing else?"""

from __future__ import annotations

import json
import math

import pytest

from runoff.__main__ import main
from runoff.compare.changes import Comparison
from runoff.compare.within import NoTwin, compare_within
from runoff.errors import Exit
from runoff.judge.ratios import EXPLORATORY, NO_DIFFERENCE, SLOWER
from runoff.stored.run import parse_run
from tests.builders.processors import ZEN3, of_schema_2
from tests.builders.stored_runs import Values, about, came_of, make_comparable_run, spread

INFERENCE, PEAK = "inference", "peak-memory"


def race(slower: float = 1.0, launches: int = 8, **others: float) -> Values:
    """Make a race of onnxruntime against itself in the tree ``base``, and of others against that."""
    log_ratios = {(INFERENCE, "onnxruntime"): spread(math.log(slower), count=launches)}
    log_ratios |= {(PEAK, "onnxruntime"): spread(0.0, count=launches)}
    log_ratios |= {(INFERENCE, name): spread(math.log(times), count=launches) for name, times in others.items()}
    text = json.dumps(make_comparable_run(log_ratios)).replace('"pytorch"', '"onnxruntime@base"')
    run: Values = json.loads(text)
    about(run)["reference"] = "onnxruntime@base"
    return run


@pytest.mark.parametrize(
    ("slower", "verdict", "code"),
    [
        (1.0, NO_DIFFERENCE, Exit.DONE),
        (1.03, SLOWER, Exit.DONE),
        (1.2, SLOWER, Exit.WORSE),
        (0.8, "faster", Exit.DONE),
    ],
)
def test_only_a_regression_beyond_the_margin_fails(slower, verdict, code):
    """Equal, faster, and slower within the limit pass; proven to be slower by more than 5 % fails."""
    found = compare_within(parse_run(race(slower)), 0.05)
    change = next(change for change in found.changes if change.group == INFERENCE)
    assert (change.verdict, found.exit_code) == (verdict, code)
    assert change.base == 1.0
    assert change.head == pytest.approx(slower, rel=0.01)
    assert change.change.low < slower < change.change.high


def test_the_reference_need_not_be_recorded():
    """A reference that raced without being chosen has no benchmarks of its own; its twin is judged all the same."""
    run = race(1.2)
    drop = "onnxruntime@base"
    run["benchmarks"] = [one for one in run["benchmarks"] if one["extra_info"]["contender"] != drop]
    found = compare_within(parse_run(run), 0.05)
    assert {change.group for change in found.changes} == {INFERENCE, PEAK}
    assert found.exit_code == Exit.WORSE


def test_one_run_has_one_processor_whatever_is_known_of_it():
    """A difference between two trees of one run can't come from a processor that is not fully known."""
    found = compare_within(parse_run(of_schema_2(race(), ZEN3)), 0.05)
    assert found.head.stratum.processor != ZEN3
    assert found.doubt is None


def test_nothing_need_be_stored_of_what_came_of_the_reference():
    """Where the run says nothing of the reference but its name, its agreement is unknown and its twin is judged."""
    run = race(1.2)
    run["benchmarks"] = [one for one in run["benchmarks"] if one["extra_info"]["contender"] != "onnxruntime@base"]
    del about(run)["contenders"]["onnxruntime@base"]
    found = compare_within(parse_run(run), 0.05)
    assert (found.exit_code, found.falls) == (Exit.WORSE, ())


def test_a_run_that_judges_nothing_does_not_pass():
    """Where the twin has no ratio in inference, that is missing, and the exit code says so."""
    run = race()
    run["benchmarks"] = [one for one in run["benchmarks"] if one["group"] != INFERENCE]
    assert compare_within(parse_run(run), 0.05).exit_code == Exit.OTHER_BENCHMARKS


def test_another_backend_is_no_twin():
    """A backend that takes three times as long as the base's is no regression of the head."""
    found = compare_within(parse_run(race(tensorflow=3.0)), 0.05)
    assert {change.contender for change in found.changes} == {"onnxruntime"}
    assert found.exit_code == Exit.DONE


def test_too_few_launches_prove_nothing():
    """Two launches never fail, however far they are apart."""
    found = compare_within(parse_run(race(2.0, launches=2)), 0.05)
    assert {change.verdict for change in found.changes} == {EXPLORATORY}
    assert found.exit_code == Exit.DONE


def test_an_invalid_run_proves_nothing():
    """A run whose control came out apart neither passes nor fails."""
    stored = race(2.0)
    about(stored)["control"] |= {"value": 1.2, "low": 1.18, "high": 1.22}
    run = parse_run(stored)
    found = compare_within(run, 0.05)
    assert (found.exit_code, found) == (Exit.INVALID_RUN, Comparison(run, run, 0.05, invalid=("head",)))


def test_a_fall_of_agreement_fails():
    """A head that is no slower but agrees with golden less is worse."""
    run = race()
    about(run)["contenders"]["onnxruntime"]["agreement"] |= {"share": 0.9, "decided_share": 0.9}
    found = compare_within(parse_run(run), 0.05)
    assert found.exit_code == Exit.WORSE
    assert (found.falls[0].base, found.falls[0].head) == (1.0, 0.9)


def test_a_head_that_does_not_convert_is_missing():
    """A head without figures is named with its reason, not passed over."""
    run = race()
    about(run)["contenders"]["onnxruntime"] = came_of("conversion failed", "convert", "Resize is not supported")
    found = compare_within(parse_run(run), 0.05)
    assert {(absence.group, absence.name) for absence in found.absences} == {
        (INFERENCE, "onnxruntime"),
        (PEAK, "onnxruntime"),
    }
    assert "Resize is not supported" in (found.absences[0].reason or "")
    assert found.exit_code == Exit.OTHER_BENCHMARKS


def test_a_run_without_a_twin_is_a_mistake_in_words(tmp_path, capsys):
    """A run that raced no tree or environment against its like can't be compared with itself: it has no baseline."""
    run = make_comparable_run({(INFERENCE, "onnxruntime"): spread(0.1)})
    with pytest.raises(
        NoTwin, match=r"tree; race both with --tree or --environment, or give a second run to compare with$"
    ):
        compare_within(parse_run(run))
    path = tmp_path / "run.json"
    path.write_text(json.dumps(run))
    assert main(["compare", str(path)]) == Exit.NO_BASELINE
    assert "no contender of this run is its reference pytorch" in capsys.readouterr().err


@pytest.mark.parametrize(("slower", "code"), [(1.0, Exit.DONE), (1.2, Exit.WORSE)])
def test_the_command_takes_one_run(tmp_path, capsys, slower, code):
    """``compare RUN.json --fail-above 5%`` prints, writes Markdown and gives the gate's exit code."""
    path, summary = tmp_path / "run.json", tmp_path / "summary.md"
    path.write_text(json.dumps(race(slower)))
    assert main(["compare", str(path), "--fail-above", "5%", "--markdown", str(summary)]) == code
    assert "onnxruntime" in capsys.readouterr().out
    assert "| inference | onnxruntime | 1.000 |" in summary.read_text()
