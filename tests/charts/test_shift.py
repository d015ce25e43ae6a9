"""Shift functions as a chart: a line for each pair, with its band and its name."""

from __future__ import annotations

import json
import re

import pytest

from runoff.charts.drawing import specify, standalone
from runoff.charts.drawing_program import to_svg
from runoff.charts.shift import HEIGHT, shift_chart
from runoff.judge.shift import Shift

LINE = [Shift(0.1, 0.74, 0.73, 0.75), Shift(0.5, 0.7, 0.62, 0.8), Shift(0.9, 0.61, 0.58, 0.64)]


def drawn(lines: dict[str, list[Shift]]) -> str:
    """Draw lines as SVG."""
    return to_svg(json.dumps(specify(shift_chart(lines, "ratio"), [""] * HEIGHT)))


def paths(svg: str, kind: str) -> int:
    """Count the marks of a kind that have any extent."""
    return sum(
        len(re.findall(r'<path [^>]*d="M', group))
        for group in re.findall(rf'<g class="mark-{kind}[^>]*>(.*?)</g>', svg)
    )


@pytest.mark.long
@pytest.mark.parametrize(("second", "bands"), [(LINE, 2), ([Shift(at.share, at.value, None, None) for at in LINE], 1)])
def test_every_pair_has_a_line_and_those_with_intervals_a_band(second, bands) -> None:
    """Two names give two lines and stand in the legend; a pair without intervals has no band."""
    svg = drawn({"one": LINE, "other": second})
    assert paths(svg, "line") == 2
    assert paths(svg, "area") == bands
    assert all(f">{words}<" in svg for words in ("one", "other", "ratio"))


@pytest.mark.long
def test_a_chart_as_a_file_of_its_own_is_white_and_has_dark_ink() -> None:
    """Where no page gives it a colour, it brings one."""
    svg = standalone(drawn({"one": LINE}))
    assert "currentColor" not in svg
    assert svg.index("#ffffff") < svg.index("<g")
