"""Names beside points: none covers another, nor a point."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from runoff.charts.labels import MARK, Box, box_of, place_names

PLOT = Box(0, 0, 400, 300)


@given(st.lists(st.tuples(st.text("abc-", min_size=1, max_size=20), st.floats(0, 400), st.floats(0, 300)), max_size=15))
def test_no_name_lies_over_another_or_over_a_point(points: list[tuple[str, float, float]]) -> None:
    """Names that are placed are whole within the plot, and cover neither one another nor any point's mark."""
    names, places = [name for name, _, _ in points], [(x, y) for _, x, y in points]
    sides = place_names(names, places, PLOT)
    boxes = [box_of(name, place, side) for name, place, side in zip(names, places, sides, strict=True) if side]
    marks = [Box(x - MARK, y - MARK, x + MARK, y + MARK) for x, y in places]
    for number, box in enumerate(boxes):
        assert PLOT.holds(box)
        assert not any(box.overlaps(other) for other in [*boxes[:number], *marks])


def test_a_lone_name_stands_beside_its_point() -> None:
    """To the right where there is room, to the left at the right edge."""
    assert [place_names(["name"], [(x, 150)], PLOT)[0].align for x in (100, 390)] == ["left", "right"]
