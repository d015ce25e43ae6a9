"""Is the recommendation two sentences that say no more than was shown, in every report?"""

from __future__ import annotations

import re

import pytest

from runoff.answer.fastest import answer
from runoff.answer.recommendation import opening, recommendation
from runoff.report.write.markdown import render_markdown
from runoff.report.write.page import render_page
from runoff.report.write.terminal import render_table
from runoff.stored.run import parse_run
from runoff.text.markdown import escape
from tests.builders.stored_runs import (
    Values,
    about,
    add_contender,
    drop_contender,
    keep_groups,
    make_exploratory,
    make_field_run,
    make_stored_run,
)

LIMITS = "agreement>=99%, peak_memory<300MB, cold_start<1s"
FRONT = "on the Pareto front of latency, peak memory, cold start and agreement"


def said(stored: Values, limits: str | None = None) -> str:
    """Return the recommendation of a stored run under limits."""
    about(stored)["limits"] = limits or ""
    return recommendation(parse_run(stored))


def test_it_names_the_contender_its_figures_and_the_rest_of_the_front(stored):
    """The whole of it, under three limits."""
    assert said(stored, LIMITS) == (
        "★ Recommended under agreement >= 99 %, peak memory < 300 MB, cold start < 1 s: openvino-int8, "
        "4.60 ms an inference, 5.43× faster than pytorch, 260 MB at its peak, 0.62 s to start, agreement 100 %. "
        f"It is the fastest of the 7 (of 20) that meet the limits; {FRONT} are also "
        "onnxruntime (less memory, starts sooner), onnxruntime-offline (less memory, starts sooner), "
        "onnxruntime-no-arena (less memory, starts sooner) and litert (less memory, starts sooner)."
    )


def test_without_limits_it_is_the_fastest_of_all():
    """The reason names how many there were, and that nothing else is on the front."""
    assert said(make_stored_run()) == (
        "★ Recommended: onnxruntime, 17.1 ms an inference, 1.46× faster than pytorch, 397 MB at its peak, "
        "1.42 s to start, agreement 100 %. "
        f"It is the fastest of the 4 that are right; no other is {FRONT}."
    )


def test_an_agreement_that_is_not_whole_is_named(stored):
    """A contender of reduced precision is recommended, or set beside the recommended one, with its agreement."""
    assert "onnxruntime-int8 (less memory, starts sooner, agreement 98.8 %)" in said(stored)
    assert re.search("Recommended.*: onnxruntime-int8, .* agreement 98.8 %. It is", said(stored, "peak_memory<200MB"))


def test_a_higher_agreement_is_an_advantage(stored):
    """What agrees more than the recommended one is on the front for it."""
    assert "is also onnxruntime-no-arena (starts sooner, higher agreement)" in said(
        stored, "peak_memory<200MB, cold_start>0.2s"
    )


@pytest.mark.parametrize(
    ("change", "limits", "words"),
    [
        (lambda run: None, "peak_memory<100MB", "It is the only one of 20 that meets this limit."),
        (lambda run: None, "peak_memory<100MB, cold_start<1s", "It is the only one of 20 that meets these limits."),
        (lambda run: None, "latency<100ms", "It is the fastest of all 20, which meet the limits; on"),
        (lambda run: None, "artifact<50MB", "agreement 100 %, artifact 47 MB. It is"),
        (lambda run: None, "latency>24.5ms, latency<25.2ms", "pytorch, 25.0 ms an inference, the reference, 397 MB"),
        (lambda run: None, "latency>25.2ms, latency<26ms", "no difference shown against pytorch, 617 MB"),
        (lambda run: None, "latency>30ms", "1.28× slower than pytorch"),
        (
            lambda run: add_contender(run, "litert", 0.184, peak=150e6),
            None,
            "It and openvino-int8 are the fastest of the 20 that are right, not told apart by latency; "
            "of these it takes the least memory; on the Pareto front",
        ),
        (
            lambda run: keep_groups(run, "inference"),
            "latency>17ms, latency<18ms",
            "It, onnxruntime-offline and onnxruntime-no-arena are the fastest of the 3 (of 20) that meet the limits, "
            "not told apart by latency; of these it had the shortest times; "
            "no other is on the Pareto front of latency and agreement.",
        ),
        (
            lambda run: add_contender(run, "litert", 0.5, cold=0.9996),
            "cold_start<1s, latency>12ms, latency<13ms",
            "0.9996 s to start",
        ),
    ],
)
def test_the_reasons_are_those_that_decided(stored, change, limits, words):
    """How many met the limits, what decided, and how it compares with the reference."""
    change(stored)
    assert words in said(stored, limits)


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (
            "peak_memory<100MB, agreement>=99%, cold_start<1s",
            "No contender is recommended: none of 20 meets peak memory < 100 MB, agreement >= 99 % and cold start < 1 s"
            " together. Nearest misses: litert misses only peak memory < 100 MB, with 150 MB; litert-int8 misses only "
            "agreement >= 99 %, with 96.4 %; cold start < 1 s is met by 10, which miss another.",
        ),
        (
            "latency<1ms",
            "No contender is recommended: none of 20 meets latency < 1 ms. "
            "Nearest misses: openvino-int8 comes nearest to latency < 1 ms, with 4.60 ms.",
        ),
        (
            "latency<1ms, peak_memory<10MB",
            "openvino-int8 comes nearest to latency < 1 ms, with 4.60 ms; "
            "litert-int8 comes nearest to peak memory < 10 MB, with 95 MB.",
        ),
        ("latency<4.599ms", "with 4.60 ms."),
        ("peak_memory<=94.9999MB", "with 95 MB."),
        (
            "agreement>=98.8%, latency>5ms, latency<6ms",
            "onnxruntime-int8 misses only agreement >= 98.8 %, with 98.7952 %",
        ),
    ],
)
def test_where_nothing_meets_the_limits_the_nearest_misses_are_named(stored, limits, words):
    """For each limit: who misses it alone and by how much, who comes nearest, or how many meet it."""
    assert words in said(stored, limits)
    assert "★" not in said(stored, limits)


def test_a_limit_on_what_was_not_measured_is_told(stored):
    """A run without cold starts can't be asked for one, and says what to do."""
    keep_groups(stored, "inference", "peak-memory")
    assert said(stored, LIMITS) == (
        "No contender is recommended under agreement >= 99 %, peak memory < 300 MB, cold start < 1 s: "
        "cold start was not measured. Run the whole suite, or ask again without that limit: "
        "python -m runoff report RUN.json --choose LIMITS."
    )


@pytest.mark.parametrize(
    ("change", "limits", "words"),
    [
        (
            make_exploratory,
            "agreement>=99%",
            "So no contender is recommended; by its figures alone it would be onnxruntime under agreement >= 99 %.",
        ),
        (
            make_exploratory,
            "latency<1ms",
            "So no contender is recommended; by its figures alone none meets latency < 1 ms.",
        ),
        (
            lambda run: (make_exploratory(run), keep_groups(run, "inference")),
            "cold_start<1s",
            "So no contender is recommended, and cold start was not measured.",
        ),
        (
            lambda run: about(run)["control"].update(low=1.2, high=1.3),
            None,
            "So no contender is recommended: let the machine settle and measure again; python -m runoff doctor says",
        ),
        (lambda run: keep_groups(run, "cold-start"), LIMITS, "So no contender is recommended."),
        (lambda run: run["benchmarks"].__delitem__(slice(3, None)), None, "So no contender is recommended."),
    ],
)
def test_a_run_that_names_no_fastest_recommends_nothing(change, limits, words):
    """It says the answer's doubt and what follows, and reports begin with that alone."""
    stored = make_stored_run()
    change(stored)
    text = said(stored, limits)
    run = parse_run(stored)
    assert text.startswith(f"{answer(run)} {words}")
    assert opening(run) == (text,)
    assert "choice" not in render_table(run)
    assert "★" not in render_markdown(run) + render_table(run)


@pytest.mark.parametrize(
    "limits", [None, LIMITS, "latency<1ms", "peak_memory<100MB", "latency<1ms, peak_memory<10MB", "cold_start>5s"]
)
@pytest.mark.parametrize(
    "make", [make_field_run, make_stored_run, lambda: (run := make_stored_run(), make_exploratory(run))[0]]
)
def test_it_is_two_sentences(make, limits):
    """One names, the other gives the reasons, whatever there is to say."""
    assert len(re.findall(r"\.(?= |$)", said(make(), limits))) == 2


def test_the_table_ends_with_it(stored):
    """The last lines on a terminal are the recommendation, wrapped to the width."""
    about(stored)["limits"] = LIMITS
    run = parse_run(stored)
    for width in (60, 100):
        lines = render_table(run, width=width).splitlines()
        assert max(map(len, lines)) <= width
        assert " ".join(" ".join(lines).split()).endswith(recommendation(run))


def test_a_whole_field_fits_a_hundred_columns(stored):
    """Twenty contenders with long names have a line each, whole, with their mark, and one more for a long verdict."""
    about(stored)["limits"] = LIMITS
    table = render_table(parse_run(stored)).splitlines()
    marks = {line.split()[0]: line for line in table[2:23]}
    assert re.search(r"100 %  ★ +5\.43× faster", marks["openvino-int8"])
    assert re.search(r"100 %  front +1\.46× faster", marks["onnxruntime-offline"])
    assert re.search(r"100 %  – +1\.04× faster", marks["onnxruntime-unoptimised"])
    assert re.search(r"100 %  misses +1\.06× faster", marks["pytorch-channels-last"])


@pytest.mark.long
def test_every_report_has_it(stored):
    """The page and the markdown begin with the answer and the recommendation, and mark it in their tables."""
    about(stored)["limits"] = LIMITS
    run = parse_run(stored)
    markdown = render_markdown(run)
    assert markdown.startswith(f"{escape(answer(run))}\n\n{escape(recommendation(run))}\n\n| contender")
    assert "| 47 | ★ | 5.43× faster |" in markdown
    page = render_page(run)
    assert page.index("openvino-int8 was the fastest") < page.index("★ Recommended under agreement &gt;= 99 %")
    assert page.count(">front</td>") == 4


def test_a_choice_without_a_recommended_one_marks_the_front(stored):
    """Where nothing meets the limits, the front of all is marked and nothing else."""
    about(stored)["limits"] = "latency<1ms"
    table = render_table(parse_run(stored))
    assert "front" in table
    assert "misses " not in table.partition("Control")[0]
    drop_contender(stored, "openvino-int8")
    assert "★" not in table
