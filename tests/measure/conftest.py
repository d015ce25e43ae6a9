"""What the tests of measuring share: imagined workers, and a clock that goes on only as fakes say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

import pytest

from runoff.measure import rotation
from runoff.measure.entrant import Entrant
from runoff.processes.channel import Message
from tests.builders.workers import Answer, Workshop


@pytest.fixture
def workshop(monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """Start imagined workers in the place of processes."""
    imagined = Workshop()
    monkeypatch.setattr(rotation, "started_worker", imagined.started_worker)
    return imagined


@pytest.fixture
def fake_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the workers of fakes a clock by which an inference takes what it is said to, and nothing else any time."""
    monkeypatch.setenv("FAKE_CLOCK", "1")


@pytest.fixture
def told(workshop: Workshop) -> Callable[..., dict[str, list[Message]]]:
    """Keep what each worker is told, and let it answer as the test says by the command's name."""
    kept: dict[str, list[Message]] = defaultdict(list)

    def answering(**answers: Answer) -> dict[str, list[Message]]:
        def answer(entrant: Entrant, message: Message) -> Message:
            kept[entrant.key].append(message)
            return answers[message["do"]](entrant, message)

        workshop.answer = answer
        return kept

    return answering


@pytest.fixture
def entrants(make_entrant: Callable[..., Entrant]) -> list[Entrant]:
    """Make four fakes that differ in their keys alone."""
    return [make_entrant(key=key) for key in "abcd"]
