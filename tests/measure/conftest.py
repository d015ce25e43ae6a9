"""What the tests of measuring share: imagined workers, and a clock that goes on only as fakes say."""

from __future__ import annotations

import pytest

from runoff.measure import workers
from tests.builders.workers import Workshop


@pytest.fixture
def workshop(monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """Start imagined workers in the place of processes."""
    imagined = Workshop()
    monkeypatch.setattr(workers, "started_worker", imagined.started_worker)
    return imagined


@pytest.fixture
def fake_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the workers of fakes a clock by which an inference takes what it is said to, and nothing else any time."""
    monkeypatch.setenv("FAKE_CLOCK", "1")
