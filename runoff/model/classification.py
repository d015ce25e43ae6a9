"""From logits to what a service answers: the most probable classes with their probabilities."""

from __future__ import annotations

import numpy as np

from runoff.arrays import Logits

ANSWERED = 5


def top_classes(logits: Logits, count: int = ANSWERED) -> list[tuple[int, float]]:
    """Return the most probable classes of one image as (class index, probability), the most probable first.

    ``logits`` has one value per class; the probabilities are their softmax, with the largest logit subtracted first so
    that nothing overflows (Goodfellow, Bengio and Courville, "Deep Learning", 2016, section 4.1).
    """
    weights = np.exp(logits.astype(np.float64) - logits.max())
    best = np.argsort(-weights, kind="stable")[:count]
    total = weights.sum()
    return [(int(index), float(weights[index] / total)) for index in best]
