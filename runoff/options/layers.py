"""Where each option's value comes from: the command line, else the environment, else a file, else its default."""

from __future__ import annotations

import argparse
import difflib
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runoff import quantities
from runoff.errors import UsageError
from runoff.model.pictures.choosing import read_allowed
from runoff.model.sources.options import read_numbers
from runoff.options.file import OptionFile
from runoff.options.table import declare_options, without_defaults

COMMAND_LINE = "command line"
DEFAULT = "default"
PREFIX = "RUNOFF_"
NEAR = 0.75
"""How alike a mistyped name and an option's are at least, of 1."""
TYPO = 0.85
"""How alike a variable's name is at least for it to be meant for an option: others may begin as ours do."""
YES_OR_NO = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
NUMBERS: Mapping[Any, tuple[type, ...]] = {
    quantities.positive: (int,),
    quantities.whole_number: (int,),
    quantities.duration: (str, int, float),
    quantities.size: (str, int),
    read_allowed: (str, int),
    read_numbers: (str, int, float),
}
"""What TOML has for an option, by what reads it on a command line; text for all others."""
TYPE_WORDS = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
NAMED = ("environment", "tree")
"""What is a path behind a name and an equals sign."""


@dataclass(frozen=True)
class Setting:
    """An option's value, the words that it was given by where these are known, and where it comes from."""

    value: Any
    words: tuple[str, ...]
    source: str


def option_parser() -> argparse.ArgumentParser:
    """Return a parser of the options, as pytest's is: what is not given is None."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    declare_options(without_defaults(parser.add_argument))
    return parser


def actions_of(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """Return the options of a parser in the order of their declaration."""
    return parser._actions  # argparse offers no other way to read what was declared


def settled(given: Mapping[str, Setting], variables: Mapping[str, str], file: OptionFile | None) -> dict[str, Setting]:
    """Return every option's setting by its name in Python; ``given`` are those of the command line.

    Raises UsageError for a variable or a file that gives what is no option, or no value of one.
    """
    known = {name_of(action): action for action in actions_of(option_parser())}
    refuse_typos(known, variables)
    found = default_settings()
    for key, value in (file.values if file else {}).items():
        assert file is not None
        if key not in known:
            raise UsageError(f"{file.place(key)}: there is no option {key!r}; {nearest(key, known)}")
        found[known[key].dest] = from_file(known[key], value, file, file.place(key))
    for action in known.values():
        if text := variables.get(variable_of(action)):
            found[action.dest] = from_variable(action, text)
    return found | dict(given)


def default_settings() -> dict[str, Setting]:
    """Return every option's setting where nothing gives it."""
    parser = argparse.ArgumentParser(add_help=False)
    declare_options(parser.add_argument)
    values = vars(parser.parse_args([]))
    return {action.dest: Setting(values[action.dest], default_words(action), DEFAULT) for action in actions_of(parser)}


def default_words(action: argparse.Action) -> tuple[str, ...]:
    """Return an option's default as it would be given, or as its help has it in words."""
    if isinstance(action.default, (str, Path)):
        return (str(action.default),)
    found = re.search(r"\(([^()]*)\)$", (action.help or "") % vars(action))
    return (found[1].removeprefix("default: "),) if found else ()


def given_on(words: Sequence[str]) -> dict[str, Setting]:
    """Return the options that words of a command line give; all others are pytest's.

    Raises UsageError for a value that can't be, and for what is nearly an option's name.
    """
    parser = option_parser()
    try:
        values, others = parser.parse_known_args(list(words))
    except argparse.ArgumentError as error:
        raise UsageError(str(error)) from error
    if typo := next(mistyped(others), None):
        raise UsageError(f"there is no option {typo[0]}; do you mean {typo[1]}?")
    texts = texts_on(words)
    return {
        name: Setting(value, texts[name], COMMAND_LINE) for name, value in vars(values).items() if value is not None
    }


def texts_on(words: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return the texts that words of a command line give for options, unread."""
    parser = option_parser()
    for action in actions_of(parser):
        action.type = None
    found = vars(parser.parse_known_args(list(words))[0])
    return {
        name: tuple(map(str, texts if isinstance(texts, list) else [texts]))
        for name, texts in found.items()
        if texts is not None
    }


def from_texts(texts: Mapping[str, Sequence[str]], folder: Path, source: str) -> dict[str, Setting]:
    """Read options that were given in a folder, by their names in Python; a flag that was given is on.

    Raises UsageError for what is no option's value any more.
    """
    found = {}
    for action in actions_of(option_parser()):
        if action.dest not in texts:
            continue
        given = [in_folder(action, text, folder) for text in texts[action.dest]]
        found[action.dest] = Setting(True, ("true",), source) if action.nargs == 0 else read(action, given, source)
    return found


def mistyped(words: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each word that is nearly an option's name and none, with that name."""
    names = [name for action in actions_of(option_parser()) for name in action.option_strings]
    for word in words:
        name = word.partition("=")[0]
        near = difflib.get_close_matches(name, names, 1, NEAR) if word.startswith("--") else []
        if near and name not in names:
            yield name, near[0]


def name_of(action: argparse.Action) -> str:
    """Return an option's long name, by which a file gives it."""
    return action.option_strings[0].removeprefix("--")


def variable_of(action: argparse.Action) -> str:
    """Return the name of the environment variable that gives an option."""
    return f"{PREFIX}{action.dest.upper()}"


def refuse_typos(known: Mapping[str, argparse.Action], variables: Mapping[str, str]) -> None:
    """Refuse a variable whose name is nearly that of an option's.

    Raises UsageError.
    """
    names = [variable_of(action) for action in known.values()]
    for name in variables:
        near = difflib.get_close_matches(name, names, 1, TYPO) if name.startswith(PREFIX) else []
        if near and name not in names:
            raise UsageError(f"the environment has {name}, which gives no option; do you mean {near[0]}? Else unset it")


def nearest(name: str, names: Iterable[str]) -> str:
    """Say which name is meant, or which ones there are."""
    near = difflib.get_close_matches(name, names := list(names), 1)
    return f"do you mean {near[0]}?" if near else f"the valid ones are {', '.join(names)}"


def from_file(action: argparse.Action, value: Any, file: OptionFile, place: str) -> Setting:
    """Read what a file gives for an option.

    Raises UsageError for a value of another type than the option's, and for what the command line would refuse.
    """
    kinds = (bool,) if action.nargs == 0 else NUMBERS.get(action.type, (str,))
    values = value if takes_several(action) and isinstance(value, list) else [value]
    if any(type(each) not in kinds for each in values):
        wanted = " or ".join(TYPE_WORDS[kind] for kind in kinds if kind is not int or float not in kinds)
        lists = f", or a list of such; found {value!r}" if takes_several(action) else f"; found {value!r}"
        raise UsageError(f"{place}: {name_of(action)} takes {wanted}{lists}")
    if action.nargs == 0:
        return Setting(value, (str(value).lower(),), place)
    return read(action, [in_folder(action, str(each), file.path.parent) for each in values], place)


def from_variable(action: argparse.Action, text: str) -> Setting:
    """Read what an environment variable gives for an option; one that takes several has them as a shell's words.

    Raises UsageError for what the command line would refuse.
    """
    source = variable_of(action)
    if action.nargs == 0:
        if text.lower() not in YES_OR_NO:
            raise UsageError(f"{source} is {text!r}; expected {' or '.join(YES_OR_NO)}")
        return Setting(YES_OR_NO[text.lower()], (text,), source)
    try:
        return read(action, shlex.split(text) if takes_several(action) else [text], source)
    except ValueError as error:
        raise UsageError(f"{source} is {text!r}: {error}; separate values by blanks, as in a shell") from error


def read(action: argparse.Action, texts: Sequence[str], source: str) -> Setting:
    """Read an option's texts as those of a command line are read.

    Raises UsageError with the command line's own message.
    """
    option, parser = action.option_strings[0], option_parser()
    words = [option, *texts] if action.nargs else [f"{option}={text}" for text in texts]
    try:
        values, over = parser.parse_known_args(words)
    except argparse.ArgumentError as error:
        raise UsageError(f"{source}: {error}") from error
    if over:
        raise UsageError(f"{source}: argument {option}: expected {action.nargs} arguments")
    value = getattr(values, action.dest)
    return Setting([] if value is None else value, tuple(texts), source)


def takes_several(action: argparse.Action) -> bool:
    """Whether an option has several values: after it, or by being given more than once."""
    return bool(action.nargs) or isinstance(action, argparse._AppendAction)  # argparse offers no other way to know it


def in_folder(action: argparse.Action, text: str, folder: Path) -> str:
    """Return what a file in a folder gives with its path as it is in the current one.

    What is a path or a name (``weights``) is a path where the folder has a file of that name; so is what follows
    ``NAME=`` of an environment or a tree.
    """
    if folder == Path.cwd():
        return text
    name, sign, path = text.partition("=") if action.dest in NAMED else ("", "", text)
    if action.type is Path or sign or (folder / path.partition("#")[0]).exists():
        return f"{name}{sign}{folder / path}"
    return text


def origins(settings: Mapping[str, Setting], text: str) -> str:
    """Say where the options come from that a message names, or whose values it has, but for the command line's."""
    said = set(re.split(r"[^\w./-]+", text))
    told = []
    for name, each in settings.items():
        option = f"--{name.replace('_', '-')}"
        parts = {
            part for word in each.words for part in re.split(r"[,=#]", word) if not re.fullmatch(r"\W*\d*\W*", part)
        }
        if each.source not in (COMMAND_LINE, DEFAULT) and said & {option, *parts}:
            told.append(f"{option} is from {each.source}")
    return f" ({'; '.join(told)})" if told else ""
