"""Are the claims under test judged by what the run shows, no more and no less?"""

from __future__ import annotations

import numpy as np
import pytest

from runoff.report.sections.claims import claims_section
from runoff.report.write.markdown import render_markdown
from runoff.report.write.page import render_page
from runoff.stored.run import StoredRun, parse_run
from runoff.stored.samples import compare_contenders
from tests.builders.stored_runs import (
    Values,
    about,
    add_contender,
    benchmark,
    came_of,
    drop_contender,
    keep_groups,
    make_exploratory,
    make_stored_run,
    ratio,
)

LAUNCHES, ROUNDS = 8, 20


def rows(run: StoredRun) -> dict[str, tuple[str, ...]]:
    """Return what is claimed, measured and judged, by what it is about; empty without the section."""
    section = claims_section(run)
    return {name: tuple(cells) for name, *cells in section.table.rows} if section else {}


def judged(stored: Values, value: float, verdict: str, reach: float = 0.02) -> tuple[str, ...]:
    """Return the claim about ONNX Runtime's latency where it was measured to be so many times PyTorch's."""
    add_contender(stored, "onnxruntime", value, verdict=verdict, reach=reach)
    return rows(parse_run(stored))["onnxruntime against pytorch: latency"]


def test_a_claim_stands_beside_its_measurement(stored):
    """Both have their figures, how much that is, and the measured one its interval turned the same way."""
    assert judged(stored, 0.714, "faster") == (
        "29 ms against 38 ms: 1.31× faster",
        "17.9 ms against 25.0 ms: 1.40× faster [1.37, 1.43]",
        "faster, by more than claimed",
    )


def test_a_figure_that_was_not_asked_for_is_not_nought(stored):
    """A run whose reference has no benchmark of its own still has the ratio, and no time for the reference."""
    stored["benchmarks"] = [
        one
        for one in stored["benchmarks"]
        if (one["group"], one["extra_info"]["contender"]) != ("inference", "pytorch")
    ]
    assert judged(stored, 0.714, "faster")[1] == "17.9 ms against –: 1.40× faster [1.37, 1.43]"


@pytest.mark.parametrize(
    ("value", "verdict", "words"),
    [
        (0.70, "faster", "faster, by more than claimed"),
        (0.77, "faster", "faster, as claimed"),
        (0.90, "faster", "faster, by less than claimed"),
        (1.20, "slower", "slower: the opposite"),
        (0.99, "no difference shown", "no difference shown"),
        (0.70, "inconclusive", "inconclusive"),
        (0.70, "invalid run", "invalid run"),
    ],
)
def test_the_verdict_says_no_more_than_the_run_shows(stored, value, verdict, words):
    """As claimed within the interval, by more or less outside it; without a difference shown, the run's own word."""
    assert judged(stored, value, verdict)[-1] == words


def test_an_exploratory_run_judges_nothing(stored):
    """One launch gives figures without intervals, and no verdict but exploratory."""
    make_exploratory(stored)
    found = rows(parse_run(stored))["onnxruntime against pytorch: latency"]
    assert found[1:] == ("17.1 ms against 25.0 ms: 1.46× faster", "exploratory")


def test_memory_and_start_up_are_judged_in_their_own_words(stored):
    """Memory is less or more, start-up faster or slower, each by its own stored ratio."""
    keep_groups(stored, "inference")
    for group, value, compared in (
        ("peak-memory", 241e6, ratio(0.5, "less")),
        ("cold-start", 0.26, ratio(0.116, "faster")),
    ):
        stored["benchmarks"].append(benchmark(group, "pytorch", 2 * value, ratio(1.0, "reference", 0.0)))
        stored["benchmarks"].append(benchmark(group, "onnxruntime", value, compared))
    found = rows(parse_run(stored))
    assert found["onnxruntime against pytorch: peak memory"] == (
        "480 MB against 520 MB: 1.08× less",
        "241 MB against 482 MB: 2.00× less [1.96, 2.04]",
        "less, by more than claimed",
    )
    assert found["onnxruntime against pytorch: start-up"][1:] == (
        "0.26 s against 0.52 s: 8.62× faster [8.45, 8.80]",
        "faster, by more than claimed",
    )


@pytest.mark.parametrize(
    ("without", "verdict", "words"),
    [
        (1.01, "no difference shown", "yes: without it there is no lead"),
        (1.10, "slower", "yes: without it there is no lead"),
        (0.8367, "faster", "in part: 50 % of the lead"),
        (0.60, "faster", "no: the lead is there without it"),
        (0.90, "inconclusive", "inconclusive"),
    ],
)
def test_where_the_lead_comes_from(stored, without, verdict, words):
    """What is left of the lead with graph optimisation off says how much of it that is."""
    add_contender(stored, "onnxruntime", 0.7)
    assert "onnxruntime’s lead" not in rows(parse_run(stored))
    add_contender(stored, "onnxruntime-unoptimised", without, verdict=verdict)
    assert rows(parse_run(stored))["onnxruntime’s lead"][-1] == words


def add_launches(stored: Values, name: str, times: float, seed: int, **further: float) -> None:
    """Add a contender whose rounds are so many times the reference's in the same round, but for noise of 1 %."""
    add_contender(stored, name, times, **further)
    for one in stored["benchmarks"]:
        if one["group"] == "inference" and one["extra_info"]["contender"] in (name, "pytorch"):
            own = 1.0 if one["extra_info"]["contender"] == "pytorch" else times
            shared = np.random.RandomState(1).normal(0.0, 0.2, LAUNCHES * ROUNDS)
            noise = np.random.RandomState(seed).normal(0.0, 0.01, LAUNCHES * ROUNDS) if own != 1.0 else 0.0
            one["stats"]["data"] = (0.025 * own * np.exp(shared + noise)).tolist()


def test_two_others_are_compared_round_by_round(stored):
    """INT8 against float32 of the same backend, neither of them the reference, from the rounds that they shared."""
    # What disturbed both is 20 times as large as the noise of each, and is not in the interval.
    add_launches(stored, "onnxruntime", 0.7, seed=2)
    add_launches(stored, "onnxruntime-int8", 0.21, seed=3, agreement=0.98)
    about(stored)["contenders"]["onnxruntime-int8"]["precision"] = "int8"
    run = parse_run(stored)
    shown = compare_contenders(run, "inference", "onnxruntime-int8", "onnxruntime")
    assert shown.low < 0.3 < shown.high
    assert shown.high / shown.low < 1.01
    claimed, measured, verdict = rows(run)["INT8: onnxruntime-int8 against onnxruntime"]
    assert (claimed, verdict) == ("cheaper", "faster, as claimed")
    assert measured.startswith("3.33× faster [3.3")
    assert measured.endswith(", Top-1 agrees on 98.0 %")


def test_a_variant_that_does_not_help_is_the_opposite(stored):
    """XLA that is slower than what it compiles is said to be."""
    add_launches(stored, "tensorflow", 1.0, seed=2)
    add_launches(stored, "tensorflow-xla", 1.3, seed=3, verdict="slower")
    assert rows(parse_run(stored))["XLA: tensorflow-xla against tensorflow"][-1] == "slower: the opposite"


def test_the_posts_way_of_running_tensorflow_has_its_cost(stored):
    """Where the session was raced, the post's figures are set beside it, and what it costs against the function."""
    add_launches(stored, "tensorflow", 1.0, seed=2, verdict="no difference shown")
    add_launches(stored, "tensorflow-session", 1.3, seed=3, verdict="slower")
    found = rows(parse_run(stored))
    claimed, measured, verdict = found["tensorflow-session against tensorflow: latency"]
    assert "no figure" in claimed
    assert measured.startswith("1.3")
    assert verdict == "slower"
    assert found["tensorflow-session against pytorch: latency"][0].startswith("52 ms against 38 ms")


def test_without_raw_values_two_others_are_not_compared(stored):
    """A run saved without them has no such row, and the others as before."""
    add_launches(stored, "tensorflow", 1.0, seed=2)
    add_launches(stored, "tensorflow-xla", 1.3, seed=3, verdict="slower")
    whole = rows(parse_run(stored))
    for one in stored["benchmarks"]:
        one["stats"].pop("data")
    assert set(whole) - set(rows(parse_run(stored))) == {"XLA: tensorflow-xla against tensorflow"}


def test_a_contender_that_is_wrong_counts_for_no_claim(stored):
    """What is stored of one that turned out wrong is not compared."""
    about(stored)["contenders"]["onnxruntime"] = came_of("wrong", "check", "Top-1 differs")
    assert "onnxruntime against pytorch: latency" not in rows(parse_run(stored))


def test_reliability_is_told_of_this_model_alone(stored):
    """A conversion that failed is told with its reason; neither that nor one that worked is a rate."""
    found = rows(parse_run(stored))
    assert found["onnxruntime: stability"][1:] == (
        "240 of 240 timed inferences, and right on the pictures",
        "as claimed",
    )
    assert found["tensorflow: stability"][-1] == "did not fail; one model shows no rate"
    about(stored)["contenders"]["tensorflow"] = came_of("conversion failed", "convert", "Resize is not supported")
    about_it = rows(parse_run(stored))["tensorflow: stability"]
    assert about_it[1:] == (
        "conversion failed at convert: Resize is not supported",
        "failed here; one model shows no rate",
    )


@pytest.mark.parametrize(
    ("change", "measured", "verdict"),
    [
        (lambda run: about(run).update(launches=13), "240 of 260 timed inferences, and right", "not as claimed"),
        (
            lambda run: about(run)["contenders"]["onnxruntime"]["agreement"].update(share=0.9, decided_share=0.9),
            "240 of 240 timed inferences, and Top-1 agrees on 90.0 %",
            "not as claimed",
        ),
        (
            lambda run: about(run)["contenders"].update(onnxruntime=came_of("failed", "race", "it was killed")),
            "failed at race: it was killed",
            "not as claimed",
        ),
        (
            lambda run: about(run)["contenders"].update(onnxruntime=came_of("wrong", "check", "Top-1 differs")),
            "wrong at check: Top-1 differs",
            "not as claimed",
        ),
    ],
)
def test_stability_is_judged_by_what_was_measured(stored, change, measured, verdict):
    """Rounds that are missing, answers that are wrong and a process that ended early are not as claimed."""
    change(stored)
    found = rows(parse_run(stored))["onnxruntime: stability"]
    assert found[1].startswith(measured)
    assert found[2] == verdict


def test_one_that_was_skipped_has_no_stability(stored):
    """What did not take part is not judged."""
    about(stored)["contenders"]["onnxruntime"] = came_of("skipped", None, "not installed")
    assert "onnxruntime: stability" not in rows(parse_run(stored))


def test_the_recommendation_is_set_beside_the_posts(stored):
    """The same, another of the three, or one that was not tried; none where the run recommends none."""
    assert rows(parse_run(stored))["recommended"][-1] == "the same"
    add_contender(stored, "other", 0.3)
    assert rows(parse_run(stored))["recommended"][1:] == ("other, of 5", "another, which the post did not try")
    make_exploratory(stored)
    assert "recommended" not in rows(parse_run(stored))


def test_there_is_no_section_of_another_model_or_without_its_contenders(stored):
    """The claims are about one model and three contenders; a run of others is not judged by them."""
    for changes in ({"name": "resnet50"}, {"source": {"kind": "onnx", "origin": "file"}}, {"name": "timm:resnet18"}):
        other = make_stored_run()
        about(other)["model"] |= changes
        assert claims_section(parse_run(other)) is None
    for name in ("pytorch", "onnxruntime", "tensorflow"):
        drop_contender(stored, name)
    assert claims_section(parse_run(stored)) is None


@pytest.mark.long
def test_the_claims_are_on_the_page_and_in_markdown(stored):
    """With the machine of the post and the one of this run."""
    keep_groups(stored, "inference")
    run = parse_run(stored)
    for report in (render_page(run), render_markdown(run)):
        for words in ("The claims under test", "1.31× faster", "Xeon Platinum 8369B", "Example CPU, 2 threads"):
            assert words in report
