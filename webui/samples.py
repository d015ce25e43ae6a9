"""Pictures to try: some that the project draws itself, and photographs that come with scikit-image."""

from __future__ import annotations

from functools import cache

import numpy as np

from runoff.model.inputs.decoding import decode
from runoff.model.inputs.drawings import CLASSES, draw
from runoff.model.inputs.photographs import data_folder, jpeg

SEED = 2240020
"""Another seed than those of training and of the fixture images."""
DRAWN = ("star", "house", "fish", "umbrella", "sailboat", "spiral")
PHOTOGRAPHS = {
    "a cat": "chelsea.png",
    "a cup of coffee": "coffee.png",
    "a rocket": "rocket.jpg",
    "a motorcycle": "motorcycle_left.png",
}
QUALITY = 90


def samples() -> tuple[str, ...]:
    """Return what is on each of the samples that there are here."""
    folder = data_folder()
    return (*DRAWN, *(title for title, file in PHOTOGRAPHS.items() if folder and (folder / file).is_file()))


@cache
def sample_file(title: str) -> bytes:
    """Return a sample as JPEG, made when it is first asked for."""
    if title in PHOTOGRAPHS and (folder := data_folder()):
        return jpeg(decode(folder / PHOTOGRAPHS[title]), QUALITY)
    index = CLASSES.index(title)
    return jpeg(draw(index, np.random.RandomState([SEED, index])), QUALITY)
