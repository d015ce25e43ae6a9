"""What each option of a race is, and where that comes from, as text for people."""

from __future__ import annotations

import io
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from runoff.doctor.text import head, indented
from runoff.options.file import OWN, PROJECT, OptionFile
from runoff.options.layers import DEFAULT, Setting
from runoff.text.terminal import make_console


@dataclass(frozen=True)
class OptionRow:
    """An option, its value in words, and where it comes from."""

    option: str
    value: str
    source: str


def option_rows(settings: Mapping[str, Setting]) -> list[OptionRow]:
    """Return the options in the order of their declaration."""
    return [OptionRow(f"--{name.replace('_', '-')}", value_words(each), each.source) for name, each in settings.items()]


def value_words(setting: Setting) -> str:
    """Return a value as it is given on a command line; a default as its help has it."""
    return " ".join(setting.words) if setting.source == DEFAULT else shlex.join(setting.words)


def render_options(rows: Iterable[OptionRow], file: OptionFile | None, width: int) -> str:
    """Return the whole text, at most ``width`` columns wide where that is no less than its names, with a newline."""
    text = io.StringIO()
    console = make_console(text, width=width, colour=False)
    head(console, "The options of a race here")
    console.print(indented([(row.option, row.source, row.value or "none") for row in rows], gap=2))
    console.print(f"\n{file_words(file)}", soft_wrap=False)
    return "".join(f"{line.rstrip()}\n" for line in text.getvalue().splitlines())


def file_words(file: OptionFile | None) -> str:
    """Say which file gives options, and which one beside it does not."""
    order = "The command line goes before the environment (RUNOFF_*), the environment before a file."
    if file is None:
        return f"There is no {OWN}, and no {PROJECT} with [tool.runoff], here or above up to the repository. {order}"
    besides = f" {PROJECT} beside it has [tool.runoff] too, which is not read." if file.unread else ""
    return f"The file is {file.name}.{besides} {order}"
