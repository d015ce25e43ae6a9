"""The stored run that tests of the report begin with."""

from __future__ import annotations

import pytest

from tests.builders.drawing import charts, drawn
from tests.builders.stored_runs import Values, make_stored_run

__all__ = ["charts", "drawn"]  # fixtures: pytest finds them by name in this module


@pytest.fixture
def stored() -> Values:
    """A stored run that a test may change."""
    return make_stored_run()
