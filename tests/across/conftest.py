"""What the tests of many models share: charts that are sketched or drawn once, and few draws for intervals."""

from __future__ import annotations

import pytest

from runoff.judge import ranks
from tests.builders.drawing import charts, drawn

__all__ = ["charts", "drawn"]  # fixtures: pytest finds them by name in this module


@pytest.fixture(autouse=True)
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let intervals over families take a moment; tests/judge/test_ranks.py looks at them."""
    monkeypatch.setattr(ranks, "RESAMPLES", 200)
