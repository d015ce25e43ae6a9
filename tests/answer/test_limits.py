"""Limits on the command line: what is read, and what is refused with a list of what is valid."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runoff.answer.limits import OPERATORS, Limit, LimitsUnreadable, limits_of, limits_text, parse_limits
from runoff.answer.metrics import METRICS
from runoff.stored.run import parse_run
from tests.builders.stored_runs import about, make_stored_run

NAMES = "latency, peak_memory, cold_start, agreement, accuracy_drop, artifact, footprint, neighbour"


@pytest.mark.parametrize(
    ("text", "metric", "bound"),
    [
        ("latency<10ms", "latency", 0.01),
        ("latency <= 0.5 s", "latency", 0.5),
        ("cold_start<1s", "cold_start", 1.0),
        ("  peak_memory  <300MB ", "peak_memory", 300e6),
        ("peak_memory<0.3GB", "peak_memory", 300e6),
        ("peak_memory<1MiB", "peak_memory", 1048576),
        ("artifact<=2GiB", "artifact", 2147483648),
        ("footprint<1GB", "footprint", 1000000000),
        ("neighbour<1.2x", "neighbour", 1.2),
        ("neighbour < 1.5 ×", "neighbour", 1.5),
        ("agreement>=99%", "agreement", 0.99),
        ("agreement>99.5 %", "agreement", 0.995),
    ],
)
def test_a_condition_is_read_in_the_unit_of_the_rows(text: str, metric: str, bound: float) -> None:
    """Seconds, bytes of powers of ten and of two, and fractions come out exactly."""
    (limit,) = parse_limits(text)
    assert (limit.metric.name, limit.bound) == (metric, bound)


@pytest.mark.parametrize(
    ("text", "below", "same", "above"),
    [
        ("latency<10ms", True, False, False),
        ("latency<=10ms", True, True, False),
        ("latency>10ms", False, False, True),
        ("latency>=10ms", False, True, True),
    ],
)
def test_operators_mean_what_they_say(text: str, below: bool, same: bool, above: bool) -> None:
    """The bound itself is within <= and >= alone; what was not measured is within nothing."""
    (limit,) = parse_limits(text)
    assert [limit.admits(value) for value in (0.009, 0.010, 0.011)] == [below, same, above]
    assert not limit.admits(None)


def test_a_share_of_pictures_meets_its_own_percentage() -> None:
    """199 of 200 pictures are 99.5 %, to the last bit."""
    (limit,) = parse_limits("agreement>=99.5%")
    assert limit.admits(199 / 200)


def test_conditions_are_told_in_words_and_written_back() -> None:
    """A limit is told as it was written, and the text that is stored reads the same again."""
    limits = parse_limits("agreement >= 99.0%,peak_memory<300 MB")
    assert [limit.words for limit in limits] == ["agreement >= 99.0 %", "peak memory < 300 MB"]
    assert limits_text(limits) == "agreement>=99.0%, peak_memory<300MB"


def test_a_metric_may_be_bounded_from_both_sides() -> None:
    """A range is no contradiction, one of a single value neither."""
    assert len(parse_limits("latency>=1ms, latency<10ms")) == 2
    assert len(parse_limits("latency>=1ms, latency<=1ms")) == 2
    assert len(parse_limits("agreement>=100%")) == 1


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no limit is given; expected conditions such as agreement>=99%"),
        ("  ", "no limit is given"),
        ("latency<10ms,", "an empty condition in 'latency<10ms,'"),
        ("latency<10ms,,agreement>=99%", "an empty condition"),
        ("latency", f"'latency' is no condition; expected a metric ({NAMES}), an operator (<, <=, >, >=) and a number"),
        ("latncy<10ms", f"unknown metric 'latncy' in 'latncy<10ms'; the valid ones are: {NAMES}"),
        ("peak memory<1GB", f"unknown metric 'peak memory' in 'peak memory<1GB'; the valid ones are: {NAMES}"),
        ("<10ms", f"unknown metric '' in '<10ms'; the valid ones are: {NAMES}"),
        ("latency=10ms", "unknown operator '=' in 'latency=10ms'; the valid ones are: <, <=, >, >="),
        ("latency=<10ms", "unknown operator '=<'"),
        ("latency≤10ms", "unknown operator '≤'"),
        ("latency<", "'' in 'latency<' is no number of zero or more with its unit (ms, s)"),
        ("latency<-1ms", "'-1ms' in 'latency<-1ms' is no number of zero or more"),
        ("latency<tenms", "'tenms' in 'latency<tenms' is no number"),
        ("1ms<latency<10ms", "unknown metric '1ms'"),
        ("latency<1ms<2ms", "unknown unit 'ms<2ms'"),
        ("latency<10", "the unit of 10 is missing in 'latency<10'; latency is given in ms, s"),
        ("latency<10MB", "unknown unit 'MB' in 'latency<10MB'; latency is given in ms, s"),
        ("peak_memory<300mb", "unknown unit 'mb' in 'peak_memory<300mb'; peak_memory is given in MB, GB, MiB, GiB"),
        ("neighbour<20%", "unknown unit '%' in 'neighbour<20%'; neighbour is given in x, ×"),
        ("agreement>=0.99", "the unit of 0.99 is missing in 'agreement>=0.99'; agreement is given in %"),
        ("latency<10ms, latency<=20ms", "latency is limited twice from one side: latency<10ms and latency<=20ms"),
        ("agreement>=99%, agreement>98%", "agreement is limited twice from one side"),
        ("latency<1ms, latency>2ms", "latency>2ms and latency<1ms contradict each other"),
        ("latency<1ms, latency>=1ms", "contradict each other"),
        ("agreement>100%", "nothing can meet agreement>100%: it is beyond what agreement can be"),
        ("agreement>=101%", "nothing can meet agreement>=101%"),
        ("cold_start<0s", "nothing can meet cold_start<0s: it is beyond what cold_start can be"),
    ],
)
def test_what_is_no_limit_is_refused_with_what_is_valid(text: str, words: str) -> None:
    """Every mistake is told in one line with the condition that has it and what would be valid."""
    with pytest.raises(LimitsUnreadable) as raised:
        parse_limits(text)
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)


LIMITS = st.sampled_from(METRICS).flatmap(
    lambda metric: st.builds(
        Limit,
        st.just(metric),
        st.sampled_from(list(OPERATORS)),
        st.decimals(1, 99, places=2).map(str),
        st.sampled_from(list(metric.dimension.units)),
    )
)


@pytest.mark.long
@given(st.lists(LIMITS, min_size=1, unique_by=lambda limit: limit.metric.name))
def test_written_limits_read_the_same(limits: list[Limit]) -> None:
    """Any limits survive being stored as text."""
    assert parse_limits(limits_text(limits)) == tuple(limits)


@given(st.text(alphabet="latencypeak_mory<>=0123456789.%msMGBi, -", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text ends in anything but limits or the one error."""
    with contextlib.suppress(LimitsUnreadable):
        assert parse_limits(text)


@given(LIMITS, st.floats(0, 1e12))
def test_an_upper_and_a_lower_limit_of_one_bound_part_all_values(limit: Limit, value: float) -> None:
    """A value meets exactly one of < and >=, and exactly one of > and <=."""
    opposite = {"<": ">=", ">=": "<", ">": "<=", "<=": ">"}[limit.operator]
    assert limit.admits(value) != Limit(limit.metric, opposite, limit.number, limit.unit).admits(value)


def test_stored_limits_that_cannot_be_read_are_refused():
    """Limits in a stored run that no metric has are an error when a choice is made under them."""
    stored = make_stored_run()
    about(stored)["limits"] = "speed>9"
    with pytest.raises(LimitsUnreadable, match="unknown metric 'speed'"):
        limits_of(parse_run(stored))
