"""Who competes: one file each, found by scanning this folder; a framework is imported only when its backend runs.

What a file declares is checked when it is found, and is from then on a ``Declaration``: a value that crosses processes.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field
from types import ModuleType
from typing import Any

from runoff import backends
from runoff.contract import MODULE, ONNX, Variant
from runoff.errors import ContractBroken
from runoff.files.values import to_json

FUNCTIONS = ("import_framework", "convert", "load")
OPTIONAL_FUNCTIONS = ("clear_cache", "import_model", "peak_kernels", "repair")
"""What a file may define besides: the contract's optional protocols say what for."""


@dataclass(frozen=True)
class Origin:
    """Where a backend comes from that is not one of this tree's: its file, and the distribution that brings it.

    ``file`` is a name without folders, ``sha256`` the hash of its code. What ``--backend`` names has no distribution.
    """

    file: str
    sha256: str
    distribution: str = ""
    version: str = ""


@dataclass(frozen=True)
class Declaration:
    """What a backend's file declares: each field in capitals is named as in the file, where defaults may be left out.

    ``module`` is what a worker imports it by (``import_backend``), and ``file`` its source. One from elsewhere has an
    ``origin``. One that is ``broken``, for the reason that is said there, declares nothing.
    """

    module: str
    file: str
    VARIANTS: tuple[Variant, ...]
    """What this backend can race as."""
    REQUIRES: tuple[str, ...]
    """The modules that loading and running need; where one is missing, the backend is skipped."""
    FORM: str
    """What it converts from: ``module`` or ``onnx``."""
    DISTRIBUTIONS: tuple[str, ...]
    """The distributions whose versions belong to a result, where they are installed; the framework itself first."""
    SUFFIX: str
    """How the artifact's name ends, with the dot."""
    LAYOUT: str = ""
    """How ``run`` wants pictures, such as ``NHWC``, where that is not as the model itself has them."""
    CONVERT_VERSION: int = 1
    """Goes up with every change of its code that changes what an artifact looks like: cached ones are made anew."""
    CONVERT_REQUIRES: tuple[str, ...] = ()
    """The modules that converting needs: else those of REQUIRES."""
    CONVERT_DISTRIBUTIONS: tuple[str, ...] = ()
    """The distributions whose versions decide what the artifact looks like: else DISTRIBUTIONS."""
    ENVIRONMENT: Mapping[str, str] = field(default_factory=dict)
    """Environment variables that a process of this backend starts with; a variant's own come on top."""
    TITLE: str = ""
    """Its name as its makers write it, where that is another than its file's."""
    CONVERTERS: Mapping[str, str] = field(default_factory=dict)
    """Modules of which converting needs one, the preferred first, with their converters' names for people."""
    CONVERTER_REQUIRES: Mapping[str, str] = field(default_factory=dict)
    """A module that one of CONVERTERS needs besides, by its own."""
    NOTES: Mapping[str, str] = field(default_factory=dict)
    """A sentence each that belongs beside every result, by the module of CONVERTERS that converted."""
    functions: tuple[str, ...] = ()
    """Those of OPTIONAL_FUNCTIONS that the file defines."""
    origin: Origin | None = None
    broken: str = ""

    def variables(self, variant: Variant) -> dict[str, str]:
        """Return the environment variables that a process of one of its variants starts with."""
        return {**self.ENVIRONMENT, **variant.variables}

    def convert_variables(self, variant: Variant) -> dict[str, str]:
        """Return the environment variables that a process starts with which converts for one of its variants."""
        return {**self.ENVIRONMENT, **variant.convert_variables}


def is_texts(value: object) -> bool:
    """Whether a value is a tuple of strings; a string alone would be taken for a tuple of letters."""
    return isinstance(value, tuple) and all(isinstance(each, str) for each in value)


def is_variables(value: object) -> bool:
    """Whether a value maps strings to strings."""
    return isinstance(value, Mapping) and all(isinstance(text, str) for pair in value.items() for text in pair)


def is_json(value: object) -> bool:
    """Whether a value is a mapping that can cross to another process."""
    try:
        return isinstance(value, Mapping) and json.loads(json.dumps(value)) == value
    except (TypeError, ValueError):
        return False


EXPECTED: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "str": (lambda value: isinstance(value, str), "a string"),
    "int": (lambda value: isinstance(value, int), "a whole number"),
    "bool": (lambda value: isinstance(value, bool), "True or False"),
    "tuple[str, ...]": (is_texts, "a tuple of strings"),
    "tuple[Variant, ...]": (
        lambda value: isinstance(value, tuple) and value != () and all(isinstance(each, Variant) for each in value),
        "a tuple of one Variant or more",
    ),
    "Mapping[str, str]": (is_variables, "a mapping of strings to strings"),
    "Mapping[str, Any]": (is_json, "a mapping of JSON values, lists in place of tuples"),
}
"""By a field's annotation: how its value is recognised, and what to call it."""


def find_backends(package: ModuleType = backends) -> dict[str, Declaration]:
    """Find every backend of a package: its file name is its name.

    Raises ContractBroken for a file that does not declare what it must.
    """
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__))
    return {name: declaration_of(importlib.import_module(f"{package.__name__}.{name}")) for name in names}


def declaration_of(module: ModuleType) -> Declaration:
    """Return what a backend's module declares.

    Raises ContractBroken with all its mistakes.
    """
    file = str(module.__file__)
    names = [each.name for each in dataclasses.fields(Declaration) if each.name.isupper()]
    declared = {name: getattr(module, name) for name in names if hasattr(module, name)}
    mistakes = mistakes_of(Declaration, {"module": module.__name__, "file": file, **declared})
    mistakes += [
        f"{name} is missing: expected a function" for name in FUNCTIONS if not callable(getattr(module, name, None))
    ]
    if not mistakes:
        mistakes = mistakes_between(declared)
    if mistakes:
        raise ContractBroken(f"{file}: {'; '.join(mistakes)}")
    alike = {"CONVERT_REQUIRES": declared["REQUIRES"], "CONVERT_DISTRIBUTIONS": declared["DISTRIBUTIONS"]}
    functions = tuple(name for name in OPTIONAL_FUNCTIONS if callable(getattr(module, name, None)))
    return Declaration(module.__name__, file, functions=functions, **alike | declared)


def mistakes_of(kind: type, values: Mapping[str, Any], place: str = "") -> list[str]:
    """Say which fields of a dataclass are missing from its values, or are not what their annotations say."""
    mistakes = []
    for each in dataclasses.fields(kind):
        fits, words = EXPECTED.get(str(each.type), (None, ""))
        if fits is None:
            continue
        if each.name not in values:
            if each.default is MISSING and each.default_factory is MISSING:
                mistakes.append(f"{place}{each.name} is missing: expected {words}")
        elif not fits(values[each.name]):
            mistakes.append(f"{place}{each.name}: expected {words}, found {values[each.name]!r}")
    return mistakes


def mistakes_between(declared: Mapping[str, Any]) -> list[str]:
    """Say what is wrong with declarations that are each of the right type."""
    variants: tuple[Variant, ...] = declared["VARIANTS"]
    names = [variant.name for variant in variants]
    mistakes = [
        mistake
        for number, variant in enumerate(variants)
        for mistake in mistakes_of(Variant, vars(variant), f"VARIANTS[{number}].")
    ]
    mistakes += [f"VARIANTS: {name!r} is there twice" for name in dict.fromkeys(names) if names.count(name) > 1]
    if declared.get("LAYOUT") and sorted(declared["LAYOUT"]) != sorted("NCHW"):
        mistakes.append(f"LAYOUT: expected an order of the letters NCHW, found {declared['LAYOUT']!r}")
    if declared["FORM"] not in (MODULE, ONNX):
        mistakes.append(f"FORM: expected {MODULE!r} or {ONNX!r}, found {declared['FORM']!r}")
    if not declared["SUFFIX"].startswith("."):
        mistakes.append(f"SUFFIX: expected a name's end with its dot, found {declared['SUFFIX']!r}")
    return mistakes


def declare() -> dict[str, dict[str, Any]]:
    """Return what every backend of this tree declares as JSON values, for a suite that runs in another process."""
    return {name: to_json(declared) for name, declared in find_backends().items()}
