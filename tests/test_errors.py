"""What is told of an error that a framework raised."""

from __future__ import annotations

import pytest

from runoff.errors import LONGEST_LINE, first_line


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "ValueError: "),
        ("\n no kernel \nof this kind\n", "ValueError: no kernel"),
        (
            "Check failed at a.cpp:1:\n\nnot converted:\n-- If\nmore",
            "ValueError: Check failed at a.cpp:1: not converted: -- If",
        ),
        ("nothing follows:", "ValueError: nothing follows:"),
        ("x" * LONGEST_LINE, f"ValueError: {'x' * LONGEST_LINE}"[: LONGEST_LINE - 1] + "…"),
    ],
)
def test_the_first_line_comes_with_what_it_announces(text: str, told: str) -> None:
    """A line that ends with a colon says nothing without the next one; the rest is in the log."""
    assert first_line(ValueError(text)) == told
