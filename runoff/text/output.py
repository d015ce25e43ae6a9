"""What is printed, so that nothing that the terminal, a pipe or a full disk does to it is a traceback.

Standard library only: every command begins with it.
"""

from __future__ import annotations

import codecs
import os
import shutil
import sys
from contextlib import suppress
from typing import TextIO

from runoff.errors import ResultsUnwritable
from runoff.files.names import shown, written_out

PLAIN = "runoff-plain"
"""The name by which Python knows ``plain``, for whatever an encoding does not have."""
SIGNS = {
    "★": "*",
    "×": "x",
    "–": "-",
    "—": "-",
    "→": "->",
    "…": "...",
    "’": "'",
    "‘": "'",
    "“": '"',
    "”": '"',
    "±": "+/-",
    "≥": ">=",
    "≤": "<=",
    "µ": "u",
}
"""What stands for Runoff's own signs where there are letters of English alone."""


class ReaderGone(ResultsUnwritable):
    """The reader of the output ended before all of it was written, as ``head`` does; no message is printed.

    Remedy: none is needed.
    """


def plain(error: UnicodeError) -> tuple[str, int]:
    """Return what stands for the signs that an encoding does not have: ASCII, or their numbers."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    signs = error.object[error.start : error.end]
    return "".join(SIGNS.get(sign) or written_out(sign) for sign in signs), error.end


codecs.register_error(PLAIN, plain)


def in_encoding(text: str, encoding: str) -> str:
    """Return a text as an encoding can have it, line by line as it was."""
    return text.encode(encoding, PLAIN).decode(encoding)


def prepare_output() -> None:
    """Let standard output and error take every text, and keep their places where they were closed.

    A file that is opened later would else be what the system calls standard output, and take what others print there.
    Who asked for a way to write what an encoding does not have (PYTHONIOENCODING) has it.
    """
    while (spare := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(spare, True)
    os.close(spare)
    for stream in (sys.stdout, sys.stderr):
        if stream is not None and stream.errors in ("strict", "surrogateescape") and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors=PLAIN)


def show(text: str) -> None:
    """Print a text at once.

    Raises ResultsUnwritable where standard output is closed or takes no more, ReaderGone where its reader is gone.
    """
    if sys.stdout is None:
        raise ResultsUnwritable("standard output is closed; send it to a file, or to /dev/null")
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError as error:
        discard(sys.stdout)
        raise ReaderGone("what reads the output ended before all of it was written") from error
    except OSError as error:
        discard(sys.stdout)
        raise ResultsUnwritable(f"standard output can't be written ({error.strerror}); send it elsewhere") from error


def obeys(stream: TextIO | None) -> bool:
    """Whether a stream is a terminal that obeys what moves its cursor and colours its letters."""
    return stream is not None and stream.isatty() and os.environ.get("TERM", "") not in ("dumb", "unknown")


def columns(most: int) -> int:
    """Return how wide a text may be: as the terminal is, but no wider than ``most``, which it is elsewhere."""
    return min(most, shutil.get_terminal_size((most, 0)).columns)


def discard(stream: TextIO) -> None:
    """Let what is left to be written to a stream, at the interpreter's end too, go nowhere."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def tell(text: str) -> None:
    """Print a line to standard error, where there is one; what can't be told there can't be told at all.

    Control characters, which a terminal would obey, are written out.
    """
    if sys.stderr is None:
        return
    line = "\n".join(map(shown, text.split("\n")))
    try:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
    except OSError:
        discard(sys.stderr)


def warn(text: str) -> None:
    """Tell what is to be known of a result that there is."""
    tell(f"! {text}")
