"""Answers on labelled pictures for the tests of what judges and shows them, with real picture files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from runoff.measure.accuracy import Answered, Answers
from runoff.model.inputs.labelled import PictureSet

CLASSES = ("cat", "dog", "eel", "fox", "gnu", "hen")


def make_answers(labels: np.ndarray, wrong: int, first: int = 0) -> Answers:
    """Make answers that name the next class on so many pictures from a place on, the surest wrong answer first."""
    named = labels.copy()
    named[first : first + wrong] = (named[first : first + wrong] + 1) % len(CLASSES)
    top = (named[:, None] + np.arange(5, dtype=np.int32)) % len(CLASSES)
    confidence = np.linspace(0.99, 0.3, len(labels), dtype=np.float32)
    return Answers(top.astype(np.int32), confidence)


def make_answered(folder: Path, pictures: int, *, golden: int = 0, **wrong: tuple[int, int]) -> Answered:
    """Make answers of golden, wrong on so many first pictures, and of contenders by how many from which place on."""
    folder.mkdir(parents=True, exist_ok=True)
    names = tuple(f"{place}.png" for place in range(pictures))
    for place, name in enumerate(names[:30]):
        Image.new("RGB", (200, 120), (place * 8, 90, 160)).save(folder / name)
    labels = (np.arange(pictures) % len(CLASSES)).astype(np.int32)
    answers = {name: make_answers(labels, count, first) for name, (count, first) in wrong.items()}
    return Answered(
        PictureSet(folder, names, labels, CLASSES, "ab" * 32, "cd" * 32), make_answers(labels, golden), answers, {}
    )
