"""The live table: it fits any terminal, says what is known and no more, and is plain where a terminal is."""

from __future__ import annotations

import dataclasses
import io

import pytest
from rich.console import Console

from pages.live import imagined
from runoff.report.write.live import Moment, live_line, live_table
from runoff.text.numbers import span

BEGINNING = Moment("converting and checking", 0, 3, 0.2, None, "pytorch")


def drawn(moment: Moment, width: int, height: int = 24, encoding: str = "utf-8", **settings: object) -> str:
    """Draw a moment on a terminal, and return what that was sent."""
    sent = io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict")
    console = Console(file=sent, width=width, height=height, force_terminal=True, **settings)
    console.print(live_table(moment, width=width, height=height))
    sent.flush()
    return sent.buffer.getvalue().decode(encoding)


@pytest.mark.parametrize("moment", [imagined(), BEGINNING], ids=["a race", "a beginning"])
@pytest.mark.parametrize(("width", "height"), [(120, 50), (80, 24), (80, 9), (60, 24), (40, 12)])
def test_a_table_fits_its_terminal(moment, width, height):
    """No line is wider and no table higher than the terminal, and the rows that have no room are counted."""
    lines = [line.rstrip() for line in drawn(moment, width, height, color_system=None, no_color=True).splitlines()]
    assert max(map(len, lines)) <= width
    assert len(lines) <= height
    shown = sum(any(line.startswith(each.name) for line in lines) for each in moment.contenders)
    left_out = len(moment.contenders) - shown
    assert (f"and {left_out} more" in lines) is (left_out > 0)


def test_a_table_says_what_is_known():
    """It has the launches, the time that is left, and each contender's state and ratio so far with its interval."""
    text = drawn(imagined(), 80, color_system=None, no_color=True)
    assert "racing: 5 of 8 launches done, 1 min 2 s so far, about 37 s left" in text
    rows = {line.split()[0]: line.split(maxsplit=1)[1].split() for line in text.splitlines()[4:]}
    assert rows["onnxruntime"] == ["being", "measured", "5", "of", "8", "0.702", "[0.684,", "0.721]"]
    assert rows["pytorch"] == ["being", "measured", "5", "of", "8", "1"]
    assert rows["onnxruntime-int8"] == ["wrong", "–", "–"]
    beginning = drawn(BEGINNING, 80, color_system=None, no_color=True)
    assert "left" not in beginning
    assert "launches" not in beginning


def test_a_table_is_drawn_with_what_the_terminal_has():
    """Without UTF-8 it is ASCII, without colours it has none, and rows are coloured by what they are elsewhere."""
    without = dataclasses.replace(imagined(), contenders=imagined().contenders[:3])
    assert drawn(without, 80, encoding="ascii", color_system="standard").isascii()
    assert "\x1b[3" not in drawn(imagined(), 80, color_system="standard", no_color=True)
    coloured = drawn(imagined(), 80, color_system="standard")
    assert "\x1b[32monnxruntime" in coloured
    assert "\x1b[31mlitert" in coloured


def test_a_line_says_the_same():
    """Where no table can be drawn, one line has the launches, the time that is left, and the ratios so far."""
    line = live_line(imagined())
    assert line.startswith(
        "racing: 5 of 8 launches done, 1 min 2 s so far, about 37 s left; ratios to pytorch so far: "
    )
    assert "onnxruntime 0.702 [0.684, 0.721]" in line
    assert "\n" not in line
    assert live_line(BEGINNING) == "converting and checking: 0 of 3, 0 s so far"


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.4, "0 s"), (59.6, "1 min 0 s"), (125, "2 min 5 s"), (3780, "1 h 3 min")]
)
def test_a_time_is_written_as_people_say_it(seconds, said):
    """Seconds below a minute, then minutes, then hours."""
    assert span(seconds) == said
