"""Charts drawn in a process of their own: what draws them can die, and takes nothing with it that was measured.

V8, by which Vega-Lite runs, ends its process (SIGTRAP) where the system lets it reserve too little memory, as under
``ulimit -v``. That process starts with the first chart, and its imports cost nobody who draws none.
"""

from __future__ import annotations

import os
import pickle
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from runoff.errors import RunoffError

Task = tuple[Callable[..., Any], tuple[Any, ...]]
"""A function that draws, and what it is given: all that pickle takes."""
ROOT = Path(__file__).resolve().parents[2]
PROGRAM = "import sys; sys.path[0] = sys.argv[1]; from runoff.charts.apart import answer; answer()"
"""What the process does; the current folder is none that it imports from: a user's json.py is not Python's."""
NOT_FOR_IT = ("PYTHONOPTIMIZE", "PYTHONWARNINGS", "PYTHONDEVMODE", "PYTHONTRACEMALLOC")
"""What makes an error of a warning in what it imports, or only slows it down."""
LONGEST = 600.0
"""Seconds after which charts are given up; those of ten thousand runs take two."""


class DrawingFailed(RunoffError):
    """The process that draws charts died, or could not draw them.

    Remedy: read the line that the error quotes; ``--markdown`` needs no charts.
    """


def draw_apart(tasks: Sequence[Task]) -> list[Any]:
    """Return what each task draws, in a process that they share.

    Raises DrawingFailed with what became of that process, and a RunoffError that a task raised.
    """
    if not tasks:
        return []
    command = [sys.executable, "-c", PROGRAM, str(ROOT)]
    try:
        done = subprocess.run(
            command, input=pickle.dumps(tasks), capture_output=True, env=surroundings(), timeout=LONGEST, check=False
        )
    except (OSError, MemoryError) as error:
        raise DrawingFailed(f"no process could be started for them ({error})") from error
    except subprocess.TimeoutExpired as error:
        raise DrawingFailed(f"they were not done after {LONGEST:.0f} s") from error
    if done.returncode:
        raise DrawingFailed(what_became(done.returncode, done.stderr.decode(errors="replace")))
    drawn: list[Any] | RunoffError = pickle.loads(done.stdout)  # noqa: S301  # from our own child's pipe
    if isinstance(drawn, RunoffError):
        raise drawn
    return drawn


def draw_or_say(tasks: Sequence[Task], say: Callable[[str], object]) -> list[Any] | None:
    """Return what each task draws, or say in a line why nothing is drawn, and return None."""
    try:
        return draw_apart(tasks)
    except RunoffError as error:
        say(f"the charts are left out: {error}")
        return None


def surroundings(variables: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the environment that charts are drawn in."""
    return {name: value for name, value in variables.items() if name not in NOT_FOR_IT}


def what_became(code: int, output: str) -> str:
    """Say what a process ended with: a signal's name, or the last line that it printed."""
    if code < 0:
        return (
            f"the process that draws them was ended by {signal.Signals(-code).name}, as happens where it may not "
            "reserve memory (ulimit -v)"
        )
    lines = output.strip().splitlines() or [f"exit code {code}"]
    return f"the process that draws them failed ({lines[-1].strip()})"


def start_drawing() -> None:
    """Let V8 start, by a chart of nothing."""
    import vl_convert  # here, since it loads V8

    with suppress(ValueError):
        vl_convert.vegalite_to_svg({"data": {"values": []}, "mark": "point"})


def answer() -> None:
    """Draw what standard input asks for, and write it to standard output; what is printed meanwhile goes elsewhere."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))  # it may die, quietly
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    starting = threading.Thread(target=start_drawing)
    starting.start()  # V8 takes the better part of a second, and the imports of what is drawn as long
    tasks: list[Task] = pickle.load(sys.stdin.buffer)  # noqa: S301  # from our own parent's pipe
    drawn: list[Any] | RunoffError
    starting.join()
    try:
        drawn = [draw(*given) for draw, given in tasks]
    except RunoffError as error:
        drawn = error
    with output:
        pickle.dump(drawn, output)
