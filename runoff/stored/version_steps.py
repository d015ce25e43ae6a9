"""What each version of a framework changed, as a stored run has it."""

from __future__ import annotations

from dataclasses import dataclass

from runoff.judge.ratios import Ratio
from runoff.stored.fields import Field
from runoff.stored.rows import read_ratio


@dataclass(frozen=True)
class VersionStep:
    """A contender's ratio to the same one with the version before."""

    contender: str
    distribution: str
    version_before: str
    version: str
    ratio: Ratio
    verdict: str


def read_stepped(steps: Field) -> tuple[VersionStep, ...]:
    """Read the steps of a run."""
    return tuple(
        VersionStep(
            contender=step["contender"].text(),
            distribution=step["distribution"].text(),
            version_before=step["version_before"].text(),
            version=step["version"].text(),
            ratio=read_ratio(step["ratio"], step["ratio"]["launches"].whole()),
            verdict=step["ratio"]["verdict"].text(),
        )
        for step in steps.items()
    )
