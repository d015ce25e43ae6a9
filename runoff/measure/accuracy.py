"""What contenders answer on labelled pictures: each picture once, in a worker, and never while anything is timed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from runoff.errors import RunoffError
from runoff.model.inputs.labelled import Indices, PictureSet


@dataclass(frozen=True, eq=False)
class Answers:
    """What one contender answers on N pictures, in the order of the picture set.

    ``top`` are the class indices of each picture's most probable classes, N×5 (fewer where the model has fewer
    classes), the most probable first; of equal ones the lower index. ``confidence`` is the probability of the first of
    each, N numbers. ``batch`` is how many pictures were answered at once.
    """

    top: Indices
    confidence: NDArray[np.float32]
    batch: int = 1

    def right(self, labels: Indices, among: int = 1) -> NDArray[np.bool_]:
        """Return of each picture whether its label is among the first so many answers."""
        found: NDArray[np.bool_] = (self.top[:, :among] == labels[:, None]).any(axis=1)
        return found


@dataclass(frozen=True, eq=False)
class Answered:
    """All answers on a set of labelled pictures: golden's, and each contender's by its id.

    ``failures`` says why a contender gave none. Every Answers has one row for each picture of the set.
    """

    pictures: PictureSet
    golden: Answers
    answers: Mapping[str, Answers]
    failures: Mapping[str, RunoffError]
