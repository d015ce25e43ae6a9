"""Charts drawn in a separate process: what draws them can die, and takes nothing with it that was measured.

V8, by which Vega-Lite runs, ends its process (SIGTRAP) where the system lets it reserve too little memory, as under
``ulimit -v``. Its imports cost nobody who draws nothing. A report of a new run begins it before the run is read.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from hashlib import sha256
from pathlib import Path

from runoff.charts.drawing import Figure
from runoff.errors import RunoffError
from runoff.files.whole import note_use, write_whole
from runoff.text.remedies import command_to_install

DRAWER = "vl-convert-python"
FOLDER = "charts"
"""Where drawn charts are kept among the caches."""
ROOT = Path(__file__).resolve().parents[2]
PROGRAM = "import sys; sys.path[0] = sys.argv[1]; from runoff.charts.drawing_program import answer; answer()"
"""What the process does; the current folder is none that it imports from: a user's json.py is not Python's."""
NOT_FOR_IT = ("PYTHONOPTIMIZE", "PYTHONWARNINGS", "PYTHONDEVMODE", "PYTHONTRACEMALLOC")
"""What makes an error of a warning in what it imports, or only slows it down."""
LONGEST = 120.0
"""Seconds after which charts are given up, as where their process was stopped; those of ten thousand runs take two."""
Draw = Callable[[Sequence[str]], list[str]]
"""Returns the SVG of each specification; raises DrawingFailed."""


class DrawingFailed(RunoffError):
    """The process that draws charts died, or could not draw them.

    Remedy: read the line that the error quotes; ``--markdown`` needs no charts.
    """


def draw_apart(figures: Sequence[Figure], kept: Path | None = None, draw: Draw | None = None) -> list[Figure]:
    """Return figures with their SVG; what one has already stays.

    What the folder ``kept`` has is not drawn again, and what is drawn is kept there. ``draw`` is that of a process that
    was begun before, else one is begun where a chart is missing. Raises DrawingFailed with what became of it.
    """
    draw = draw or draw_in_process
    texts = [json.dumps(figure.drawing) for figure in figures if not isinstance(figure.drawing, str)]
    files = {} if kept is None else {text: file_of(kept, text) for text in texts}
    drawn = {text: svg for text, file in files.items() if (svg := recall(file))}
    missing = [text for text in dict.fromkeys(texts) if text not in drawn]
    for text, svg in zip(missing, draw(missing) if missing else [], strict=True):
        drawn[text] = svg
        if text in files:
            keep(files[text], svg)
    svgs = iter([drawn[text] for text in texts])
    return [figure if isinstance(figure.drawing, str) else replace(figure, drawing=next(svgs)) for figure in figures]


def draw_or_say(
    figures: Sequence[Figure], say: Callable[[str], object], kept: Path | None = None, draw: Draw | None = None
) -> list[Figure | None]:
    """Return figures with their SVG, or give ``say`` the reason in a line, and None for each that has none."""
    try:
        return list(draw_apart(figures, kept, draw))
    except DrawingFailed as error:
        say(f"the charts are left out: {error}")
        return [figure if isinstance(figure.drawing, str) else None for figure in figures]


def draw_in_process(texts: Sequence[str]) -> list[str]:
    """Return the SVG of each specification, drawn in a process that they share; raises DrawingFailed."""
    with drawer() as draw:
        return draw(texts)


@contextmanager
def drawer() -> Iterator[Draw]:
    """Begin the process that draws, and give what lets it draw, once; it is ended with the block.

    It gets ready beside what the block does before it draws. Where it can't be started, that is told as it should draw.
    """
    try:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(ROOT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=surroundings(),
        )
    except (OSError, MemoryError) as error:
        reason = f"no process could be started for them ({error})"
    else:
        with process:
            try:
                yield partial(draw_by, process)
            finally:
                process.kill()
        return

    def refuse(texts: Sequence[str]) -> list[str]:
        raise DrawingFailed(reason)

    yield refuse


def draw_by(process: subprocess.Popen[bytes], texts: Sequence[str]) -> list[str]:
    """Return the SVG of each specification, drawn by a process, which ends with it; raises DrawingFailed."""
    try:
        output, errors = process.communicate("\n".join(texts).encode(), LONGEST)
    except subprocess.TimeoutExpired as error:
        raise DrawingFailed(f"they were not done after {LONGEST:.0f} s") from error
    if process.returncode:
        raise DrawingFailed(what_became(process.returncode, errors.decode(errors="replace")))
    drawn: list[str] = json.loads(output)
    return drawn


def drawn_since(kept: Path | None, files: Iterable[Path]) -> bool:
    """Whether charts were kept in a folder since all of these files were written: probably theirs."""
    try:
        return kept is not None and kept.stat().st_mtime > max(file.stat().st_mtime for file in files)
    except OSError:
        return False


def file_of(kept: Path, text: str) -> Path:
    """Return where a chart is kept: under the hash of its specification and of the release that draws it.

    Raises DrawingFailed where nothing is installed that draws it.
    """
    # Here: it loads for as long as the rest, and what draws is begun before.
    from importlib.metadata import PackageNotFoundError, version

    try:
        release = version(DRAWER)
    except PackageNotFoundError as error:
        raise DrawingFailed(f"{DRAWER} is not installed here; {command_to_install('suite')} installs it") from error
    return kept / f"{sha256(f'{release} {text}'.encode()).hexdigest()}.svg"


def recall(file: Path) -> str | None:
    """Return a chart that was kept, None where there is none or only a part of one."""
    try:
        svg = note_use(file).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return None
    return svg if svg.startswith("<svg") and svg.endswith("</svg>") else None


def keep(file: Path, svg: str) -> None:
    """Keep a chart; where that can't be done, it is drawn again the next time."""
    with suppress(OSError):
        write_whole(file, lambda partial: partial.write_text(svg, encoding="utf-8"))


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
