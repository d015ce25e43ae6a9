"""What the process does that draws charts, by Vega-Lite as SVG with nothing fetched.

It imports nothing of Runoff, since it gets ready while other code loads what it needs.
"""

from __future__ import annotations

import json
import os
import re
import resource
import sys

PARTS_AS_IMAGES = re.compile(r' (?:role|aria-roledescription)="[^"]*"')
"""What Vega calls a chart's parts, images without a name: the chart as a whole is one, with its content in words."""
SMALLEST = '{"data": {"values": []}, "mark": "point"}'
"""The specification of a chart without anything in it."""


def to_svg(text: str) -> str:
    """Let Vega-Lite draw what a specification in JSON says, by V8, which reserves gigabytes of addresses as it starts.

    Raises ValueError for what Vega-Lite can't draw.
    """
    import vl_convert  # here, since it loads V8

    return PARTS_AS_IMAGES.sub("", vl_convert.vegalite_to_svg(text))


def answer() -> None:
    """Draw each specification that standard input has a line of, and write the SVGs to standard output.

    V8 and Vega-Lite are loaded before the first line is there. What is printed meanwhile goes to standard error.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))  # it may die, quietly
    output = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    to_svg(SMALLEST)
    drawn = [to_svg(line) for line in sys.stdin.buffer.read().decode().splitlines()]
    with output:
        json.dump(drawn, output)
