"""What each version of a framework changed."""

from __future__ import annotations

from msgspec import Struct

from runoff.judge.ratios import Ratio


class VersionStep(Struct, frozen=True):
    """A contender's ratio to the same one with the next older version of its framework, in the same rounds."""

    contender: str
    distribution: str
    version: str
    version_before: str
    ratio: Ratio
