"""Pictures to try: some that the project draws itself, and photographs that come with scikit-image."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from runoff.model.decoding import decode
from runoff.model.drawings import CLASSES, draw
from runoff.model.photographs import data_folder, jpeg

SEED = 2240020
"""Another seed than those of training and of the fixture images."""
DRAWN = ("star", "house", "fish", "umbrella", "sailboat", "spiral")
PHOTOGRAPHED = {
    "chelsea.png": "a cat",
    "coffee.png": "a cup of coffee",
    "rocket.jpg": "a rocket",
    "motorcycle_left.png": "a motorcycle",
}
QUALITY = 90


@dataclass(frozen=True)
class Sample:
    """A picture to try, and what is on it; ``source`` is the photograph's file, None for a drawing."""

    title: str
    source: Path | None


def samples() -> tuple[Sample, ...]:
    """List the samples that there are here."""
    drawn = tuple(Sample(name, None) for name in DRAWN)
    folder = data_folder()
    if folder is None:
        return drawn
    photographs = (Sample(title, folder / file) for file, title in PHOTOGRAPHED.items())
    return (*drawn, *(sample for sample in photographs if sample.source and sample.source.is_file()))


@cache
def sample_file(sample: Sample) -> bytes:
    """Return a sample as JPEG, made when it is first asked for."""
    if sample.source:
        return jpeg(decode(sample.source), QUALITY)
    index = CLASSES.index(sample.title)
    return jpeg(draw(index, np.random.RandomState([SEED, index])), QUALITY)
