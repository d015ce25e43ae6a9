"""What holds of the matrix's cells whatever is in them, or in the files that they are kept in."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runoff.files.values import from_json, to_json
from runoff.judge.conversions import FAILED, RIGHT, SKIPPED, WRONG, Attempt, Cell
from runoff.matrix.matrix import is_final, read_cell, write_cell
from tests.builders.strategies import json_values

texts = st.none() | st.text(max_size=8)
numbers = st.none() | st.floats(0, 1e9)
attempts = st.builds(
    Attempt, st.sampled_from([RIGHT, WRONG, FAILED, SKIPPED]), texts, texts, texts, numbers, numbers, numbers, numbers
)
cells = st.builds(
    Cell,
    model=st.text(max_size=8),
    exporter=st.text(max_size=8),
    opset=st.integers(1, 30),
    backend=st.text(max_size=8),
    plain=attempts,
    repaired=st.none() | attempts,
    repairs=st.lists(st.text(max_size=8), max_size=2).map(tuple),
)


@given(cells)
def test_a_cell_is_read_as_it_was_kept(tmp_path_factory: pytest.TempPathFactory, cell: Cell) -> None:
    """Any cell goes through its file and comes back equal, and is as final as it was."""
    file = tmp_path_factory.getbasetemp() / "cell.json"
    write_cell(file, cell)
    read = read_cell(file)
    assert read == cell
    assert is_final(from_json(Cell, to_json(cell))) == is_final(cell)


@given(st.binary(max_size=40) | json_values.map(lambda value: json.dumps(value).encode()))
@example(b"[" * 100_000)
@example(b'{"plain": []}')
def test_any_file_is_a_cell_or_none(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """Whatever bytes a kept file has, it is a cell or there is none, and the conversion is tried anew."""
    file = tmp_path_factory.getbasetemp() / "any-cell.json"
    file.write_bytes(content)
    assert isinstance(read_cell(file), Cell | None)
