"""What came of the conversions that were tried."""

from __future__ import annotations

from msgspec import Struct

from runoff.judge.conversions import Cell


class Conversions(Struct, frozen=True):
    """A converter of files that one exporter wrote, in an environment, and its cells."""

    converter: str
    backend: str
    exporter: str
    environment: str
    versions: dict[str, str]
    cells: tuple[Cell, ...]
    unit: str = "seconds"
