"""The Reference page of contenders: what each backend declares, its variants among it."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator, Mapping

from pages.errors import plain
from pages.reference import filled_table
from runoff.backends import Declaration, find_backends
from runoff.contract import Variant

FORMS = {"onnx": "an ONNX file", "module": "a torch module"}
TITLES = ("contender", "what it is", "precision", "by default", "conversion", "load", "variables", "refused with")
OF_THIS_MACHINE = ("compiler",)
"""Options whose value names what this machine has: the page would differ from machine to machine."""


def contenders_text() -> str:
    """Write a part for each backend of this tree: what it declares, and a row for each contender."""
    return "\n\n".join("\n".join(backend_lines(name, backend)) for name, backend in find_backends().items())


def backend_lines(name: str, backend: Declaration) -> Iterator[str]:
    """Yield a backend's heading, the first sentence of its file, what it declares, and its contenders."""
    sentence = (inspect.getdoc(importlib.import_module(backend.module)) or "").partition("\n")[0]
    yield from (f"## {backend.TITLE or name}", "", plain(sentence), "")
    yield from (f"- **{what}**: {said}" for what, said in facts(backend) if said)
    yield from ("", *filled_table(TITLES, [cells(name, variant) for variant in backend.VARIANTS]))


def facts(backend: Declaration) -> Iterator[tuple[str, str]]:
    """Yield what a backend declares for all of its variants, with what it is called; empty where it declares none."""
    yield "converts from", f"{FORMS[backend.FORM]} to `{backend.SUFFIX}`, version {backend.CONVERT_VERSION} of its code"
    yield "takes pictures as", f"`{backend.LAYOUT}`" if backend.LAYOUT else "the model does"
    yield "modules needed to run", listed(backend.REQUIRES)
    yield "modules needed to convert", listed(backend.CONVERT_REQUIRES)
    yield "converter, the preferred first", listed(tuple(backend.CONVERTERS.values()))
    yield "versions stored of", listed(backend.DISTRIBUTIONS)
    yield "versions that decide the artifact", listed(backend.CONVERT_DISTRIBUTIONS)
    yield "environment variables", settings(backend.ENVIRONMENT)
    yield "note", "; ".join(map(plain, backend.NOTES.values()))


def cells(name: str, variant: Variant) -> list[str]:
    """Return a row: the contender, what it is, and what decides its conversion, its load and its processes."""
    conversion = [
        *(["calibrated on pictures"] if variant.calibrated else []),
        *(["for this processor"] if variant.processor_specific else []),
        *([f"needs {listed(variant.convert_requires)}"] if variant.convert_requires else []),
        settings(variant.convert_options),
        settings(variant.convert_variables),
    ]
    return [
        f"`{f'{name}-{variant.name}' if variant.name else name}`",
        plain(variant.description),
        variant.precision,
        "yes" if variant.default else "",
        ", ".join(filter(None, conversion)),
        settings(variant.load_options),
        settings(variant.variables),
        settings(variant.negated_by),
    ]


def listed(names: tuple[str, ...]) -> str:
    """Write names as code."""
    return ", ".join(f"`{name}`" for name in names)


def settings(values: Mapping[str, object]) -> str:
    """Write names with their values as code; what names a part of this machine has its name alone."""
    return ", ".join(code(name if name in OF_THIS_MACHINE else f"{name}={value}") for name, value in values.items())


def code(text: str) -> str:
    """Write text as code in a table's cell: a bar would end the cell, and Markdown has no one way to escape it."""
    if "|" not in text:
        return f"`{text}`"
    return f"<code>{re.sub('[^A-Za-z0-9=]', lambda sign: f'&#{ord(sign[0])};', text)}</code>"
