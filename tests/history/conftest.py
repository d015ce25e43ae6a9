"""What the tests of histories share: charts that are sketched or drawn once."""

from __future__ import annotations

from tests.builders.drawing import charts, drawn

__all__ = ["charts", "drawn"]  # fixtures: pytest finds them by name in this module
