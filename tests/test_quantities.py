"""Quantities on the command line: what is read, and what is refused with an example."""

from __future__ import annotations

import math
from argparse import ArgumentTypeError
from collections.abc import Callable
from decimal import Decimal

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from runoff.quantities import (
    SECONDS,
    duration,
    duration_text,
    positive,
    positive_share,
    share,
    share_text,
    size,
    whole_number,
)


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


@given(st.decimals(min_value=0, max_value=10**6, places=8, allow_nan=False).map("{:f}".format), st.sampled_from("%s"))
def test_a_quantity_that_is_written_is_read_again(number: str, unit: str) -> None:
    """A share or a duration as it is repeated in a command is read as the number that was first given."""
    read, write = {"%": (share, share_text), "s": (duration, duration_text)}[unit]
    assume(unit == "%" or float(number) > 0)
    value = read(f"{number}{unit}")
    assert read(write(value)) == pytest.approx(value, rel=1e-9)
    assert write(read(write(value))) == write(value)


@given(st.floats(1e-12, 1e12), st.sampled_from(["ms", "s", "m", "h", ""]), st.text(" \t", max_size=2))
def test_a_duration_is_the_same_in_every_unit(seconds: float, unit: str, space: str) -> None:
    """However a duration is given, with whatever space around it, it is so many seconds."""
    amount = f"{Decimal(seconds) / Decimal(str(SECONDS[unit or 's'])):f}"
    assert duration(f"{space}{amount}{space}{unit}{space}") == pytest.approx(seconds)


READERS = (share, positive_share, duration, positive, whole_number)


@pytest.mark.parametrize("read", READERS, ids=lambda read: read.__name__)
@given(text=st.text(max_size=12) | st.text("0123456789.%mshe- ", max_size=12))
@example(text="9" * 400 + "%")
@example(text="9" * 400 + "h")
def test_any_text_is_a_finite_quantity_or_refused(read: Callable[[str], float], text: str) -> None:
    """No text ends in anything but a finite number of zero or more, or the error that argparse shows."""
    try:
        value = read(text)
    except ArgumentTypeError:
        return
    assert 0 <= value < math.inf


def test_small_and_large_quantities_are_written_without_an_exponent() -> None:
    """What is read has no exponent, so what is written has none either."""
    assert [share_text(1e-7), duration_text(1e-5), duration_text(1e11)] == ["0.00001%", "0.00001s", "100000000000s"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("5GB", 5 * 10**9), ("1.5kB", 1500), ("300 MB", 3 * 10**8), ("0", 0), ("7", 7), ("2TB", 2 * 10**12)],
)
def test_sizes_are_bytes(text: str, expected: int) -> None:
    """Decimal units are read as bytes, and so is a bare number."""
    assert size(text) == expected


@pytest.mark.parametrize("text", ["", "GB", "-1GB", "5gb", "five", "1e9", "nan", "9" * 400])
def test_what_is_no_size_is_refused(text: str) -> None:
    """The refusal has an example."""
    with pytest.raises(ArgumentTypeError, match="such as 300MB or 5GB"):
        size(text)
