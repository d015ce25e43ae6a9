"""A picture of the live table, as a terminal shows it in the middle of a run of imagined figures."""

from __future__ import annotations

import io

from rich.console import Console
from rich.terminal_theme import SVG_EXPORT_THEME, TerminalTheme

from runoff.judge.ratios import CONFIDENCE, FASTER, REFERENCE, Ratio
from runoff.report.write.live import Contending, Moment, live_table

COLUMNS, ROWS = 80, 24
DARK = SVG_EXPORT_THEME
LIGHT = TerminalTheme(
    (255, 255, 255),
    (36, 41, 47),
    [
        *((36, 41, 47), (207, 34, 46), (17, 99, 41), (77, 45, 0)),
        *((9, 105, 218), (130, 80, 223), (27, 124, 131), (110, 119, 129)),
    ],
    [
        *((87, 96, 106), (164, 14, 38), (26, 127, 55), (99, 60, 1)),
        *((33, 139, 255), (164, 117, 249), (49, 146, 170), (140, 149, 159)),
    ],
)
"""GitHub's light colours of a terminal: black, red, green, yellow, blue, magenta, cyan, white, and the bright ones."""
FORMAT = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; }}
{styles}
</style>
<defs>{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})">
{backgrounds}
<g class="{unique_id}-matrix">{matrix}</g>
</g>
</svg>
"""
"""Rich's own loads its letters from the network; this one takes those that the reader has."""


def imagined() -> Moment:
    """Return the middle of a race that never was: what is ahead, what is not told apart, and what went wrong."""

    def ratio(value: float, low: float, high: float, verdict: str = "") -> Ratio:
        return Ratio(value, low, high, CONFIDENCE, 5, CONFIDENCE, "pytorch", 30, verdict)

    running = "being measured"
    return Moment(
        what="racing",
        done=170,
        steps=272,
        seconds=62.0,
        left=37.0,
        reference="pytorch",
        launches=8,
        over=5,
        contenders=(
            Contending("pytorch", running, 5, ratio(1.0, 1.0, 1.0, REFERENCE)),
            Contending("tensorflow", running, 5, ratio(1.004, 0.982, 1.026)),
            Contending("onnxruntime", running, 5, ratio(0.702, 0.684, 0.721, FASTER)),
            Contending("litert", "out (WorkerKilled)", 3, ratio(0.751, 0.702, 0.803), failing=True),
            Contending("control", running, 5, ratio(0.997, 0.985, 1.009)),
            Contending("onnxruntime-int8", "wrong", failing=True),
        ),
    )


def live_picture(columns: int = COLUMNS, theme: TerminalTheme = DARK) -> str:
    """Draw the table in a terminal of so many columns and these colours, as an SVG file."""
    console = Console(
        file=io.StringIO(), record=True, width=columns, height=ROWS, force_terminal=True, color_system="standard"
    )
    console.print(live_table(imagined(), width=columns, height=ROWS))
    return console.export_svg(
        title="python -m tox -e compare", theme=theme, code_format=FORMAT, unique_id="live", font_aspect_ratio=0.61
    )
