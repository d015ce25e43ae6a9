"""What the tests of measuring share: a workshop of imagined workers in the place of processes."""

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
