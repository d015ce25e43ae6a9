"""From a classifier's output to what a service answers: the most probable classes with their probabilities."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from runoff.arrays import Logits

ANSWERED = 5


def top_classes(given: Logits, count: int = ANSWERED, *, probabilities: bool = False) -> list[tuple[int, float]]:
    """Return the most probable classes of one image as (class index, probability), the most probable first.

    ``given`` has one value per class: its probability, or a logit. Of logits it is their softmax, with the largest
    subtracted first so that nothing overflows (Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 4.1).
    """
    shares = given.astype(np.float64) if probabilities else softmax(given)
    best = np.argsort(-shares, kind="stable")[:count]
    return [(int(index), float(shares[index])) for index in best]


def softmax(logits: Logits) -> NDArray[np.float64]:
    """Return the share of each logit's exponential in their sum."""
    weights = np.exp(logits.astype(np.float64) - logits.max())
    shares: NDArray[np.float64] = weights / weights.sum()
    return shares
