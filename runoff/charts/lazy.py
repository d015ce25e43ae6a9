"""Altair, imported when something of it is first used: reading a report's tables and a run's start do without it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import altair as alt
else:

    class Lazy:
        """A module that is imported when an attribute of it is first asked for."""

        def __init__(self, name: str) -> None:
            self.name = name

        def __getattr__(self, attribute: str) -> Any:
            """Return the module's attribute."""
            return getattr(import_module(self.name), attribute)

    alt = Lazy("altair")

__all__ = ["alt"]
