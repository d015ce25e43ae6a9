"""What holds of journals, traces and cached records whatever is in them."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict

from hypothesis import example, given
from hypothesis import strategies as st

from runoff.errors import ArtifactBroken
from runoff.measure.cache import RECORD, key_of, measure_files, read_made
from runoff.measure.journal import write_launch
from runoff.measure.loadgen import read_trace
from runoff.measure.race import LaunchRecord
from tests.builders.strategies import durations, json_values, names

records = st.builds(
    LaunchRecord,
    durations=st.dictionaries(names, durations, max_size=2),
    peaks=st.dictionaries(names, st.none() | st.integers(1, 2**40), max_size=2),
    rounds=st.lists(durations, max_size=4).map(tuple),
    busy_threads=st.floats(0, 64),
    anonymous=st.none() | st.integers(1, 2**40),
    involuntary_switches=st.integers(0, 1000),
    high_priority=st.booleans(),
)


@given(st.lists(st.dictionaries(st.text(max_size=6), records, max_size=2), max_size=3))
def test_a_journal_gives_back_every_launch(tmp_path_factory, launches):
    """Each launch is a separate line with all that was measured, to the last bit, whatever contenders are called."""
    journal = tmp_path_factory.getbasetemp() / "journals" / "journal.jsonl"
    journal.unlink(missing_ok=True)
    for number, measured in enumerate(launches):
        assert write_launch(journal, number, measured) is None
    lines = journal.read_text().splitlines() if launches else []
    assert [json.loads(line) for line in lines] == [
        {"launch": number, "records": json.loads(json.dumps({key: asdict(one) for key, one in measured.items()}))}
        for number, measured in enumerate(launches)
    ]


queries = st.lists(st.tuples(st.integers(0, 10**9), st.integers(0, 10**9)), max_size=5)


@given(queries, st.data())
def test_a_trace_is_read_in_the_order_of_its_queries(taken, data):
    """However the lines of a trace are mixed, latencies and services come in the order of the queries' issue."""
    lines = [
        f'{{"args":{{"sample_seq":{number},"query":3,"issue_start_ns":{wait},"complete_ns":{wait + service}}}}},'
        for number, (wait, service) in enumerate(taken)
    ]
    found = read_trace("\n".join(["[", *data.draw(st.permutations(lines))]))
    assert found == {
        "latencies": [wait + service for wait, service in taken],
        "services": [service for _, service in taken],
    }


@given(st.text(max_size=60))
def test_any_text_is_a_trace_of_as_many_queries_as_it_names(text):
    """What is no query is passed over."""
    found = read_trace(text)
    assert len(found["latencies"]) == len(found["services"])


@given(st.binary(max_size=40) | json_values.map(lambda value: json.dumps(value).encode()))
@example(b"[]")
@example(b'{"file": 1, "size": 0, "sha256": "", "noted": {}}')
def test_any_record_of_an_artifact_is_right_or_refused(tmp_path_factory, content):
    """Whatever bytes the record of a cached artifact has, it is what was made, or refused by name."""
    home = tmp_path_factory.getbasetemp() / "home"
    home.mkdir(exist_ok=True)
    (home / RECORD).write_bytes(content)
    with suppress(ArtifactBroken):
        made = read_made(home)
        assert (made.size, made.sha256) == measure_files(home)


@given(st.dictionaries(names, st.integers() | st.text(max_size=4), min_size=1, max_size=4), st.data())
def test_a_key_follows_from_values_and_not_from_their_order(inputs, data):
    """Inputs in another order have the same key, and one that differs gives another."""
    shuffled = {name: inputs[name] for name in data.draw(st.permutations(list(inputs)))}
    assert key_of(shuffled) == key_of(inputs)
    name = data.draw(st.sampled_from(sorted(inputs)))
    assert key_of({**inputs, name: [inputs[name]]}) != key_of(inputs)
