"""How few operations are written, and how many."""

from __future__ import annotations

import pytest

from runoff.report.sections.efficiency import few_digits, operations_text


@pytest.mark.parametrize(
    ("flop", "words"),
    [(3.628e9, "3.63 billion"), (1.5e8, "0.15 billion"), (81920000.0, "81.9 million"), (1984.0, "1,984")],
)
def test_operations_are_written_in_their_own_size(flop, words):
    """A model of a few thousand operations is not one of 0.00 billion."""
    assert operations_text(flop) == words


@pytest.mark.parametrize(("number", "words"), [(206.4, "206"), (9.96, "10"), (0.0142, "0.014")])
def test_small_rates_have_two_digits(number, words):
    """A rate below ten is not written as nothing."""
    assert few_digits(number) == words
