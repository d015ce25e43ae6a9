"""What holds of agreement whatever the logits are: order, unit, noise and lead."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runoff.arrays import Logits
from runoff.judge.agreement import compare_logits

tables = st.tuples(st.integers(1, 6), st.integers(2, 5), st.integers(0, 2**32 - 1))
"""How many images and classes, and the seed of their logits."""


def draw(table: tuple[int, int, int]) -> tuple[Logits, Logits, tuple[str, ...]]:
    """Draw golden logits in steps of a quarter, others near them, and the images' names."""
    images, classes, seed = table
    random = np.random.RandomState(seed)
    golden, moved = (random.randint(-16, 16, (images, classes)).astype(np.float32) / 4 for _ in range(2))
    return golden + np.where(random.random_sample((images, 1)) < 0.5, moved, 0), golden, tuple(map(str, range(images)))


@given(tables, st.data())
def test_the_order_of_images_changes_nothing(table: tuple[int, int, int], data: st.DataObject) -> None:
    """Images in another order agree alike, and the same ones are named."""
    logits, golden, names = draw(table)
    order = data.draw(st.permutations(range(len(names))))
    found = compare_logits(logits, golden, 1e-3, names)
    again = compare_logits(logits[order], golden[order], 1e-3, tuple(names[place] for place in order))
    assert set(again.disagreeing) == set(found.disagreeing)
    assert again.rms_difference == pytest.approx(found.rms_difference)
    kept = {"disagreeing": (), "rms_difference": None}
    assert dataclasses.replace(again, **kept) == dataclasses.replace(found, **kept)


@given(tables, st.sampled_from([0.25, 2.0, 64.0]), st.integers(-64, 64))
def test_a_scale_and_a_shift_of_all_logits_change_no_agreement(
    table: tuple[int, int, int], scale: float, shift: int
) -> None:
    """Logits, golden and its rounding in another unit, moved together, agree on the same images."""
    logits, golden, names = draw(table)
    found = compare_logits(logits, golden, 1e-3, names)
    again = compare_logits(scale * logits + shift, scale * golden + shift, scale * 1e-3, names)
    assert (again.share, again.decided_share, again.decided) == (found.share, found.decided_share, found.decided)
    assert again.disagreeing == found.disagreeing
    assert again.largest_difference == pytest.approx(scale * found.largest_difference)


@given(tables, st.floats(0, 1), st.floats(0, 1), st.floats(0, 0.01), st.floats(0, 0.01))
def test_more_noise_and_a_larger_lead_leave_fewer_images_decided(
    table: tuple[int, int, int], lead: float, other_lead: float, noise: float, other_noise: float
) -> None:
    """What is asked of golden beyond its noise and its lead only takes images out, whatever the contender says."""
    logits, golden, names = draw(table)
    (small, large), (quiet, loud) = sorted((lead, other_lead)), sorted((noise, other_noise))
    many, few = compare_logits(logits, golden, quiet, names, small), compare_logits(logits, golden, loud, names, large)
    assert 0 <= few.decided <= many.decided <= many.images
    assert few.share == many.share
    assert few.decided == 0 or set(few.disagreeing) <= set(many.disagreeing)


def test_probabilities_of_three_classes_lead_by_the_first_two() -> None:
    """Of 0.5, 0.45 and 0.05 the lead is 0.05, wherever the classes stand."""
    shares = np.array([[0.05, 0.45, 0.5], [0.1, 0.8, 0.1]])
    assert compare_logits(shares.copy(), shares, 0.0, ("close", "sure"), 0.1, probabilities=True).decided == 1
