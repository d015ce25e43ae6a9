"""Answers on many pictures: in batches as a session takes them, and of each picture its most probable classes.

This module needs numpy and the standard library only, so that a worker can import it in any environment.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runoff.files.arrays import save_arrays
from runoff.model.classification import ANSWERED

USUAL_BATCH = 16
"""How many pictures are answered at once where a session takes that many and answers as it does one by one."""
TOP, CONFIDENCE = "top", "confidence"
"""How the arrays of a file of answers are named."""
Run = Callable[[NDArray[Any]], NDArray[Any]]
"""Runs a batch of N pictures, and gives a number for each class of each."""


def save_answers(run: Run, file: str, destination: str, batch: int | None, *, probabilities: bool) -> dict[str, int]:
    """Answer the pictures of an ``.npy`` file, write the answers, and return how many were answered at once.

    A batch of None is found out. The answers are the indices of the first five classes (N×5) and the probability of
    the first, by the softmax where what ``run`` gives are no ``probabilities``.
    """
    pictures: NDArray[Any] = np.load(file, mmap_mode="r")
    size = batch or batch_taken(run, pictures)
    scores = np.concatenate([run(part)[:count] for part, count in batches(pictures, size)])
    top, confidence = first_classes(scores.reshape(len(scores), -1), probabilities=probabilities)
    save_arrays(Path(destination), {TOP: top, CONFIDENCE: confidence})
    return {"batch": size}


def batches(pictures: NDArray[Any], size: int) -> list[tuple[NDArray[Any], int]]:
    """Return pictures in batches of one size, with how many of each count: the last one is filled from the beginning.

    They are slices of the file, but for the last one. A batch of another size would be compiled anew by some.
    """
    whole = len(pictures) // size * size
    parts = [(pictures[first : first + size], size) for first in range(0, whole, size)]
    if whole < len(pictures):
        parts.append((pictures[np.arange(whole, whole + size) % len(pictures)], len(pictures) - whole))
    return parts


def batch_taken(run: Run, pictures: NDArray[Any]) -> int:
    """Return `USUAL_BATCH` where a session takes it and names the classes that it does one by one, else 1."""
    if len(pictures) < USUAL_BATCH:
        return 1
    try:
        together = run(pictures[:USUAL_BATCH])
    except Exception:  # noqa: BLE001 - whatever a framework raises for a batch of this size is its answer
        return 1
    single = np.concatenate([run(pictures[place : place + 1]) for place in range(USUAL_BATCH)])
    one, other = (scores.reshape(len(scores), -1).argmax(axis=1) for scores in (together, single))
    return USUAL_BATCH if np.array_equal(one, other) else 1


def first_classes(scores: NDArray[Any], *, probabilities: bool) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return of each row the indices of its largest numbers, of equal ones the lower first, and the first's share."""
    top = np.argsort(-scores, axis=1, kind="stable")[:, :ANSWERED].astype(np.int32)
    exact = scores.astype(np.float64)
    if not probabilities:
        weights = np.exp(exact - exact.max(axis=1, keepdims=True))
        exact = weights / weights.sum(axis=1, keepdims=True)
    return top, np.take_along_axis(exact, top[:, :1], axis=1)[:, 0].astype(np.float32)
