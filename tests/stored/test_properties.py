"""What holds of stored records whatever is in them: they are read as written, and nothing else gets through."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runoff.compare.changes import compare_runs
from runoff.errors import Exit
from runoff.judge.ratios import FASTER, SLOWER
from runoff.stored.benchmarks import ExtraInfo
from runoff.stored.details import Conversions, Efficiency, Footprint, Quantisation
from runoff.stored.info import Commit, RunInfo, StoredContender
from runoff.stored.run import parse_run, read_run
from runoff.stored.samples import INFERENCE, compare_contenders
from runoff.stored.schema import StoredRunBroken, one_line, read_record, write_record
from runoff.stored.service import ANSWERS
from runoff.stored.stratum import Stratum, have_the_same_pictures, stratum_differences
from tests.builders.stored_runs import Values, about, add_rounds, keep_groups, make_stored_run
from tests.builders.strategies import json_values, values_of

KINDS = (
    RunInfo,
    StoredContender,
    Commit,
    ExtraInfo,
    Conversions,
    Efficiency,
    Footprint,
    Quantisation,
    *ANSWERS.values(),
)


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_a_record_is_read_as_it_was_written(kind: type[Any], data: st.DataObject) -> None:
    """Any record goes through strict JSON and comes back equal."""
    record = read_record(data.draw(values_of(kind)), kind)
    written = json.dumps(write_record(record), allow_nan=False)
    assert read_record(json.loads(written), kind) == record


@given(st.text(max_size=30))
@example("a \x07 b")
def test_a_text_in_one_line_stays_as_it_is(text: str) -> None:
    """A text that was put into one line stays so, without a sign that moves a terminal's cursor."""
    line = one_line(text)
    assert one_line(line) == line == line.strip()
    assert line.isprintable()


def places_in(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield where every value in JSON values stands."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in entries:
        yield (*path, key)
        yield from places_in(entry, (*path, key))


def small_run() -> Values:
    """Make a stored run without long lists."""
    stored = make_stored_run()
    for one in stored["benchmarks"]:
        if "curve" in one["extra_info"]:
            one["extra_info"]["curve"] = {"seconds": [0.0, 1.0], "bytes": [1e6, 2e6]}
    return stored


SMALL = small_run()
PLACES = list(places_in(SMALL))
GONE = object()


def altered(path: tuple[Any, ...], value: Any, stored: Values) -> Values:
    """Return a run with another value in one place, or nothing there."""
    *way, last = path
    node: Any = stored
    for step in way:
        node = node[step]
    if value is GONE:
        del node[last]
    else:
        node[last] = value
    return stored


@given(st.sampled_from(PLACES), json_values | st.just(GONE))
def test_any_altered_run_is_read_or_refused_by_name(path: tuple[Any, ...], value: Any) -> None:
    """With anything in any place, a run is refused, or read and not changed from itself."""
    stored = altered(path, value, copy.deepcopy(SMALL))
    try:
        run = parse_run(stored)
    except StoredRunBroken:
        return
    found = compare_runs(run, run, 0.0)
    assert not found.differences
    assert found.invalid or found.exit_code == Exit.DONE


@given(st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode()))
@example(b"[" * 100_000)
@example(json.dumps(SMALL).encode()[:-1] + b', "deep": ' + b"[" * 600 + b"]" * 600 + b"}")
def test_any_file_is_read_or_refused_by_name(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """Whatever bytes a file has, it is a run or refused with its path."""
    path = tmp_path_factory.getbasetemp() / "any.json"
    path.write_bytes(content)
    with suppress(StoredRunBroken):
        assert read_run(path).rows


@given(values_of(Stratum), values_of(Stratum))
def test_what_differs_between_two_runs_is_the_same_from_both_sides(one: Values, other: Values) -> None:
    """Nothing differs between a stratum and itself; two strata differ in as much when they change places."""
    base, head = read_record(one, Stratum), read_record(other, Stratum)
    assert stratum_differences(base, base) == []
    there, back = stratum_differences(base, head), stratum_differences(head, base)
    assert [said.partition(":")[0] for said in there] == [said.partition(":")[0] for said in back]
    assert have_the_same_pictures(base, head) == have_the_same_pictures(head, base)


@given(st.floats(0.005, 0.1), st.sampled_from(["onnxruntime", "tensorflow", "pytorch-channels-last"]), st.booleans())
def test_two_contenders_compared_the_other_way_round_are_the_inverse(
    spread: float, contender: str, valid: bool
) -> None:
    """Compared the other way round by their raw values, two contenders have the inverse ratio and the opposite word."""
    stored = make_stored_run()
    keep_groups(stored, INFERENCE)
    add_rounds(stored, spread=spread)
    if not valid:
        about(stored)["control"] |= {"low": 1.2, "high": 1.3}
    run = parse_run(stored)
    base = "tensorflow" if contender != "tensorflow" else "onnxruntime"
    there = compare_contenders(run, INFERENCE, contender, base)
    back = compare_contenders(run, INFERENCE, base, contender)
    assert there is not None
    assert back is not None
    assert math.log(back.value) == pytest.approx(-math.log(there.value), abs=1e-9)
    assert math.log(back.low or 0) == pytest.approx(-math.log(there.high or 0), abs=1e-9)
    assert back.verdict == {FASTER: SLOWER, SLOWER: FASTER}.get(there.verdict, there.verdict)
