"""Quantities on the command line: what is read, and what is refused with an example."""

from __future__ import annotations

from argparse import ArgumentTypeError

import pytest

from runoff.quantities import duration, positive, positive_share, share, whole_number


@pytest.mark.parametrize(("text", "expected"), [("5%", 0.05), ("2.5 %", 0.025), ("0%", 0.0), (" 100% ", 1.0)])
def test_percentages_are_shares(text: str, expected: float) -> None:
    """A percentage is read as a share."""
    assert share(text) == pytest.approx(expected)


@pytest.mark.parametrize("text", ["5", "", "%", "-5%", "five%", "5%%", "nan%", "1e3%"])
def test_what_is_no_percentage_is_refused(text: str) -> None:
    """A number without its sign, a negative one and words are refused with an example."""
    with pytest.raises(ArgumentTypeError, match="such as 5%"):
        share(text)


def test_a_share_of_nothing_is_refused_where_it_makes_no_sense() -> None:
    """A margin or precision of 0 % is refused."""
    assert positive_share("1%") == 0.01
    with pytest.raises(ArgumentTypeError, match="above zero"):
        positive_share("0%")


@pytest.mark.parametrize(
    ("text", "expected"), [("100ms", 0.1), ("90s", 90.0), ("10m", 600.0), ("1.5h", 5400.0), ("45", 45.0)]
)
def test_durations_are_seconds(text: str, expected: float) -> None:
    """Milliseconds, seconds, minutes and hours are read as seconds, and so is a bare number."""
    assert duration(text) == expected


@pytest.mark.parametrize("text", ["", "0s", "-1m", "10 minutes", "1d", "nan"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    """Nothing, zero, negative times and other units are refused with an example."""
    with pytest.raises(ArgumentTypeError, match="90s or 10m"):
        duration(text)


def test_whole_numbers_have_bounds() -> None:
    """Both bounds are read; what is beyond them or no whole number is refused with both."""
    assert [whole_number(text, 1, 65535) for text in ("1", "65535")] == [1, 65535]
    for text in ("0", "65536", "-1", "1.5", "", "two", "1e3", "٣", "9" * 5000):
        with pytest.raises(ArgumentTypeError, match="whole number from 1 to 65535"):
            whole_number(text, 1, 65535)


def test_whole_numbers_without_a_largest() -> None:
    """A seed may be any number from zero on, an amount any above zero; what is refused is told with the least."""
    assert (whole_number("0"), whole_number("9" * 19), positive("1")) == (0, int("9" * 19), 1)
    for read, text in ((whole_number, "-1"), (whole_number, "9" * 20), (positive, "0")):
        with pytest.raises(ArgumentTypeError, match="whole number of at least"):
            read(text)
