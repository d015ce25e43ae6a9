"""What holds of written numbers, ids and Markdown whatever they are of."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runoff.text import numbers
from runoff.text.ids import join_id, split_id, without_variant
from runoff.text.markdown import JOINER, escape
from runoff.text.table import Column, Table
from runoff.text.terminal import columns_that_fit, narrowest

quotients = st.floats(1e-3, 1e3)
MARKUP = re.compile(r"(?<!\\)(?:\\\\)*[`*_\[\]<>|~&#$!]")


@given(quotients)
def test_a_factor_is_written_above_one_in_either_direction(quotient):
    """Faster and slower have the factor that makes them up, never one below 1."""
    written = numbers.times(quotient)
    factor, _, word = written.partition("× ")
    assert float(factor) >= 1.0
    assert word == ("faster" if quotient < 1 else "slower")
    assert float(factor) == pytest.approx(max(quotient, 1 / quotient), abs=0.0051)


@given(quotients)
@example(0.9999)
def test_a_growth_has_its_sign_and_nothing_has_none(quotient):
    """A growth is written with its sign to a tenth of a per cent, and what rounds to nothing without one."""
    written = numbers.growth(quotient)
    assert float(written) == pytest.approx((quotient - 1) * 100, abs=0.051)
    assert written == "0.0" or written[0] == ("+" if quotient > 1 else "-")


@given(st.floats(0.0, 1.0))
@example(0.99999)
def test_only_all_is_written_as_all(fraction):
    """A share that is less than all is never rounded up to it."""
    assert (numbers.share(fraction) == "100 %") == (fraction == 1.0)
    assert not numbers.share(fraction).startswith("100.0")


@given(st.lists(st.text("ab", min_size=1, max_size=3), min_size=1, max_size=9), st.integers(1, 5))
def test_a_shortened_list_accounts_for_all(names, most):
    """What is not named of a list is counted."""
    named, _, rest = numbers.first_few(names, most).partition(" and ")
    counted = int(rest.split()[0]) if rest else 0
    assert len(named.split(", ")) + counted == len(names)


@given(st.text(max_size=30))
@example(r"\*bold*")
@example("see www.example.com, @someone")
def test_no_text_is_markup(text):
    """Escaped text has every sign of Markdown behind a backslash, mentions nobody, and says what it said."""
    escaped = escape(text)
    assert not MARKUP.search(escaped)
    assert not re.search(r"(?<!\w)@\w", escaped)
    assert re.sub(r"\\([\\`*_\[\]<>|~&#$!:.])", r"\1", escaped).replace(JOINER, "") == text.replace(JOINER, "")


@given(st.text("ab", min_size=1), st.text("xy", min_size=1), st.text("ab.1", min_size=1))
def test_the_plain_variant_of_an_id_is_in_the_same_environment(backend, variant, environment):
    """An id without its variant is its backend's own, where it was."""
    plain = without_variant(join_id(backend, variant, environment), variant)
    assert plain == join_id(backend, "", environment)
    assert split_id(plain) == (backend, environment)


tables = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.tuples(*[st.text("ab ×", max_size=6)] * width), min_size=1, max_size=4)
)


@given(tables, st.integers(1, 60), st.data())
def test_columns_go_in_their_order_until_the_rest_fits(rows, width, data):
    """Columns that are dropped are the first of those that may be, and no more than it takes."""
    names = [f"column {number}" for number in range(len(rows[0]))]
    droppable = tuple(data.draw(st.permutations(names[1:])))
    table = Table("", tuple(map(Column, names)), tuple(rows), droppable=droppable)
    shown, fits = columns_that_fit(table, width)
    gone = [name for name in names if name not in [column.heading for column, _ in shown]]
    assert set(gone) == set(droppable[: len(gone)])
    assert fits == (sum(narrowest(column, cells) + 2 for column, cells in shown) - 2 <= width)
    assert fits or len(gone) == len(droppable)
