"""Conversions that were tried: shares have a denominator and an interval, and an error names an operator."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runoff.judge.conversions import (
    FAILED,
    RIGHT,
    SKIPPED,
    WRONG,
    Attempt,
    Cell,
    Totals,
    blamed_operator,
    count,
    outcome,
)


def cell(result: str, stage: str | None = None, repaired: str | None = None) -> Cell:
    """Make a cell of which this came."""
    mended = Attempt(repaired) if repaired else None
    return Cell("a", "torchscript", 13, "b", Attempt(result, stage), mended, ("x",) if mended else ())


def test_shares_are_of_what_a_converter_was_given():
    """Exports that failed, and what was skipped, are in no denominator; a repair that did not help changes nothing."""
    cells = [
        cell(RIGHT),
        cell(RIGHT),
        cell(FAILED, "onnx-tf", RIGHT),
        cell(FAILED, "onnx-tf", WRONG),
        cell(WRONG, "check"),
        cell(FAILED, "export"),
        cell(SKIPPED),
    ]
    totals = count(cells)
    assert totals == Totals(right=2, repaired=1, wrong=1, failed=1, not_exported=1, skipped=1)
    assert (totals.tried, totals.not_right) == (5, 3)


def test_the_blamed_operator_is_named_by_message_or_traceback(tmp_path):
    """The message's last operator is taken, else a source file named after one, in it or in the traceback."""
    assert blamed_operator(ValueError("Add is fine, Resize mode=cubic is not"), ["Add", "Resize"]) == "Resize"
    assert blamed_operator(KeyError(""), ["Add", "Resize"]) is None
    assert (
        blamed_operator(ValueError("no handler of aten::_to(copy here"), ["Add", "aten::_to(copy"]) == "aten::_to(copy"
    )
    within = KeyError("""in user code: File "/x/backend/pad.py", line 73""")
    assert blamed_operator(within, ["Conv", "Pad"]) == "Pad"
    handler = tmp_path / "layer_normalization.py"
    handler.write_text("def handle():\n    raise RuntimeError('no')\n")
    names: dict = {}
    exec(compile(handler.read_text(), str(handler), "exec"), names)  # noqa: S102 - a handler of that file name
    with pytest.raises(RuntimeError) as raised:
        names["handle"]()
    assert blamed_operator(raised.value, ["Conv", "LayerNormalization"]) == "LayerNormalization"


def test_an_operator_is_blamed_for_a_source_file_without_a_folder():
    """A handler whose file is named by no more than its name counts as well."""
    names: dict = {}
    exec(compile("def handle():\n    raise RuntimeError('no')\n", "pad.py", "exec"), names)  # noqa: S102 - as above
    with pytest.raises(RuntimeError) as raised:
        names["handle"]()
    assert blamed_operator(raised.value, ["Conv", "Pad"]) == "Pad"


attempts = st.sampled_from([RIGHT, WRONG, FAILED, SKIPPED])
cells = st.lists(
    st.builds(cell, attempts, st.sampled_from([None, "export", "check"]), st.none() | attempts), max_size=12
)


@given(cells, st.data())
def test_every_cell_is_counted_once_whatever_the_order(tried: list[Cell], data: st.DataObject) -> None:
    """Totals add up to the number of cells, and cells in another order give the same ones."""
    totals = count(tried)
    assert sum(vars(totals).values()) == len(tried)
    assert totals.right + totals.not_right == totals.tried <= len(tried)
    assert count(data.draw(st.permutations(tried))) == totals


@given(st.text("Conv+(aten:.2 ", max_size=12), st.lists(st.text("Conv+(aten:.2", min_size=1, max_size=6), max_size=3))
def test_any_error_blames_an_operator_of_the_graph_or_none(message: str, operators: list[str]) -> None:
    """Whatever a message says, and however a graph's operators are called, one of them is blamed or none."""
    assert blamed_operator(ValueError(message), operators) in {*operators, None}


@pytest.mark.parametrize(
    ("tried", "name"),
    [
        (cell(RIGHT), "right"),
        (cell(WRONG, "check"), "wrong"),
        (cell(FAILED, "onnx-tf"), "failed"),
        (cell(FAILED, "export"), "not_exported"),
        (cell(WRONG, "export"), "wrong"),
        (cell(SKIPPED, "export"), "skipped"),
        (cell(FAILED, "onnx-tf", RIGHT), "repaired"),
        (cell(WRONG, "check", RIGHT), "repaired"),
        (cell(FAILED, "onnx-tf", WRONG), "failed"),
        (cell(FAILED, "export", RIGHT), "not_exported"),
    ],
)
def test_each_cell_has_one_outcome(tried, name):
    """What failed at export is the exporter's; a repair counts where it made something right that was not."""
    assert outcome(tried) == name
    assert count([tried]) == Totals(**{name: 1})


def test_the_best_of_a_cell_is_a_repair_that_came_out_right():
    """One that did not leaves what came of the cell as it was exported."""
    assert cell(FAILED, "onnx-tf", RIGHT).best == Attempt(RIGHT)
    assert cell(FAILED, "onnx-tf", WRONG).best == Attempt(FAILED, "onnx-tf")
    assert cell(WRONG, "check").best == Attempt(WRONG, "check")


@pytest.mark.parametrize(
    ("text", "operators", "blamed"),
    [
        ("Resize and then Pad", ["Resize", "Pad"], "Pad"),
        ("Padding is no operator", ["Pad"], None),
        ("nothing is named", ["Pad"], None),
        ("Pad", [], None),
        ('File "/x/handlers/backend/reduce_mean.py", line 3', ["ReduceMean", "Mean"], "ReduceMean"),
        ('File "/x/pad.py" called File "/x/resize.py"', ["Pad", "Resize"], "Resize"),
        ('File "/x/pad.pyc"', ["Pad"], None),
    ],
)
def test_whole_names_alone_are_blamed(text, operators, blamed):
    """The last name in the message, or the last file named after an operator, without regard to underscores."""
    assert blamed_operator(RuntimeError(text), operators) == blamed


def test_the_innermost_file_of_a_traceback_is_blamed(tmp_path):
    """Where a handler calls another one, the operator of the inner one is what the error is about."""
    calls = {}
    for name, body in (("pad", "raise RuntimeError('no')"), ("resize", "calls['pad']()")):
        file = tmp_path / f"{name}.py"
        exec(compile(f"def handle():\n    {body}\n", str(file), "exec"), {"calls": calls}, names := {})  # noqa: S102
        calls[name] = names["handle"]
    with pytest.raises(RuntimeError) as raised:
        calls["resize"]()
    assert blamed_operator(raised.value, ["Resize", "Pad"]) == "Pad"
    assert blamed_operator(raised.value, ["Resize"]) == "Resize"
