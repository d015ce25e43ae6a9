"""What the tests of histories share: charts that are drawn once."""

from __future__ import annotations

from tests.builders.drawing import drawn_once

__all__ = ["drawn_once"]  # a fixture: pytest finds it by name in this module
