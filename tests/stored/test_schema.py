"""What is stored is read as it was written, and what is not as declared is refused by its place in the file."""

from __future__ import annotations

import json
import sys

import pytest
from msgspec import Struct

from runoff.stored.benchmarks import ExtraInfo
from runoff.stored.info import RunInfo
from runoff.stored.run import parse_run, read_run
from runoff.stored.schema import Amount, StoredRunBroken, one_line, read_record, write_record
from runoff.stored.service import Rate
from tests.builders.stored_runs import about, benchmark, make_stored_run


class Part(Struct, frozen=True):
    """A part of a made-up record."""

    name: str
    size: Amount


class Whole(Struct, frozen=True):
    """A made-up record."""

    parts: dict[str, dict[int, Part]]
    rates: dict[int, Rate | str] = {}


GOOD = {"parts": {"a.b": {"1": {"name": "x", "size": 1}}, "c": {"2": {"name": "y", "size": 2}}}}


def test_what_is_written_is_read_again():
    """A record goes through strict JSON and comes back equal, whole numbers as keys among it."""
    record = read_record(GOOD, Whole)
    assert record.parts["c"][2].size == 2.0
    assert read_record(json.loads(json.dumps(write_record(record), allow_nan=False)), Whole) == record


def test_a_run_is_written_as_it_was_read():
    """machine_info["runoff"] and every benchmark of a stored run survive being read and written."""
    stored = make_stored_run()
    about(stored)["contenders"]["onnxruntime-int8"]["reason"] = "Resize is not supported"
    stored = json.loads(json.dumps(stored))
    assert json.loads(json.dumps(write_record(read_record(about(stored), RunInfo)))) == about(stored)
    for one in stored["benchmarks"]:
        assert write_record(read_record(one["extra_info"], ExtraInfo))["contender"] == one["extra_info"]["contender"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"parts": None}, "x.parts: expected an object, got null"),
        ({}, "x.parts: it is missing"),
        ({"parts": {**GOOD["parts"], "d": {"3": {"name": "z", "size": "big"}}}}, "x.parts.d.3.size: expected a number"),
        ({"parts": {"d": {"3": {"name": "z", "size": 0}}}}, "x.parts.d.3.size: expected a number >= 1e-18"),
        ({"parts": {"d": {"3": {"name": 3, "size": 1}}}}, "x.parts.d.3.name: expected text, got a whole number"),
        ({"parts": {"d": {"3": {"size": 1}}}}, "x.parts.d.3.name: it is missing"),
        ({"parts": {"d": {"three": {}}}}, "x.parts.d: expected a whole number"),
        ({"parts": {}, "rates": {"1": 5}}, "x.rates.1: expected text or an object, got a whole number"),
    ],
)
def test_an_error_has_the_place(change, said):
    """The path names every field, list place and key on the way, and the words are plain."""
    with pytest.raises(StoredRunBroken) as caught:
        read_record(change, Whole, "x")
    assert str(caught.value).startswith(said)


def test_the_place_in_a_run():
    """A ratio's end that is no number is refused by benchmark and field; so is what came of a contender, by name."""
    stored = make_stored_run()
    stored["benchmarks"][3]["extra_info"]["ratio"]["low"] = "x"
    with pytest.raises(StoredRunBroken, match=r"^benchmarks\[3\]\.extra_info\.ratio\.low: expected a number"):
        parse_run(stored)
    stored = make_stored_run()
    about(stored)["contenders"]["tensorflow-xla"]["agreement"]["share"] = "x"
    with pytest.raises(StoredRunBroken, match=r"^machine_info\.runoff\.contenders\.tensorflow-xla\.agreement\.share: "):
        parse_run(stored)


def test_texts_are_one_line_without_control_characters():
    """Terminals obey control characters: none of a file's texts and keys keeps one."""
    found = read_record({"parts": {"a\x1b[31m": {"1": {"name": "x\n y\x07", "size": 1}}}}, Whole)
    assert found.parts == {"a[31m": {1: Part("x y", 1.0)}}
    assert [one_line(text) for text in ("a \x07 b", "0\r\x1b", "\x1b \n")] == ["a b", "0", ""]


def test_a_file_that_is_nested_too_deeply_is_refused(tmp_path):
    """Lists in lists that Python's JSON still reads are no run, and no traceback either."""
    path = tmp_path / "deep.json"
    readable = 600 if sys.version_info < (3, 12) else 2_000  # from 3.12 on a comprehension takes no frame of its own
    for depth in (readable, 100_000):
        path.write_text(json.dumps(make_stored_run())[:-1] + f', "deep": {"[" * depth}{"]" * depth}}}')
        with pytest.raises(StoredRunBroken, match=f"^{path}: "):
            read_run(path)


def test_an_error_of_zero_loses_no_run():
    """A contender of reduced precision may equal golden to the last bit; other figures are above zero."""
    lossless = {
        "precision": "bfloat16",
        "images": 83,
        "decided": 83,
        "decided_agreement": 1.0,
        "all_agreement": 1.0,
        "floor": 0.995,
        "lead": 0.1,
        "rms_difference": 0.0,
        "largest_difference": 0.0,
        "disagreeing": [],
        "ratio_to_float32": None,
    }
    stored = make_stored_run()
    stored["benchmarks"].append(benchmark("quantisation", "onnxruntime", 0.0, None, **lossless))
    assert parse_run(stored).quantisation[0].rms_difference == 0.0
