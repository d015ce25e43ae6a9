"""The stored run that tests of the answer begin with."""

from __future__ import annotations

import pytest

from tests.builders.drawing import charts, drawn
from tests.builders.stored_runs import Values, make_field_run

__all__ = ["charts", "drawn"]  # fixtures: pytest finds them by name in this module


@pytest.fixture
def stored() -> Values:
    """A stored run of twenty contenders that a test may change."""
    return make_field_run()
