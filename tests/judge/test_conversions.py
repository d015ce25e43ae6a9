"""Conversions that were tried: shares have a denominator and an interval, and an error names an operator."""

from __future__ import annotations

import pytest

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
    share_interval,
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


def test_the_interval_of_a_share_is_wilsons():
    """Against published values: 0 of 10 gives [0, 0.2775], 5 of 10 gives [0.2366, 0.7634]."""
    assert share_interval(0, 10) == pytest.approx((0.0, 0.27753), abs=1e-4)
    assert share_interval(5, 10) == pytest.approx((0.23659, 0.76341), abs=1e-4)
    with pytest.raises(ValueError, match="something that was tried"):
        share_interval(0, 0)


def test_the_blamed_operator_is_named_by_message_or_traceback(tmp_path):
    """The message's last operator is taken, else a source file named after one, in it or in the traceback."""
    assert blamed_operator(ValueError("Add is fine, Resize mode=cubic is not"), ["Add", "Resize"]) == "Resize"
    assert blamed_operator(KeyError(""), ["Add", "Resize"]) is None
    within = KeyError("""in user code: File "/x/backend/pad.py", line 73""")
    assert blamed_operator(within, ["Conv", "Pad"]) == "Pad"
    handler = tmp_path / "layer_normalization.py"
    handler.write_text("def handle():\n    raise RuntimeError('no')\n")
    names: dict = {}
    exec(compile(handler.read_text(), str(handler), "exec"), names)  # noqa: S102 - a handler of that file name
    with pytest.raises(RuntimeError) as raised:
        names["handle"]()
    assert blamed_operator(raised.value, ["Conv", "LayerNormalization"]) == "LayerNormalization"
