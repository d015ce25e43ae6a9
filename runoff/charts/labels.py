"""Where the names of points go in a chart, so that none lies over another name or point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

FONT_SIZE = 12
LETTER = 6.6
"""About how wide a letter is, in pixels."""
MARK = 6
"""About how far a point reaches to each side."""
GAP = 13


@dataclass(frozen=True)
class Side:
    """Where a name stands: how it is aligned, and how many pixels it is off its point, to the right and down."""

    align: Literal["left", "center", "right"]
    right: float
    down: float


SIDES = (
    Side("left", GAP, 0),
    Side("right", -GAP, 0),
    Side("center", 0, -1.4 * GAP),
    Side("center", 0, 1.4 * GAP),
    Side("left", 0.7 * GAP, -GAP),
    Side("left", 0.7 * GAP, GAP),
    Side("right", -0.7 * GAP, -GAP),
    Side("right", -0.7 * GAP, GAP),
)


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels; down is more."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Box) -> bool:
        """Whether two rectangles have anything in common."""
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom

    def holds(self, other: Box) -> bool:
        """Whether another rectangle lies within this one."""
        across = self.left <= other.left and other.right <= self.right
        return across and self.top <= other.top and other.bottom <= self.bottom


def place_names(names: Sequence[str], places: Sequence[tuple[float, float]], plot: Box) -> list[Side | None]:
    """Choose a side for each name in turn, None where there is no room for it: those that matter most come first."""
    taken = [Box(x - MARK, y - MARK, x + MARK, y + MARK) for x, y in places]
    chosen: list[Side | None] = []
    for name, place in zip(names, places, strict=True):
        boxes = [(side, box_of(name, place, side)) for side in SIDES]
        free = [(side, box) for side, box in boxes if plot.holds(box) and not any(map(box.overlaps, taken))]
        side, box = free[0] if free else (None, None)
        chosen.append(side)
        taken += [box] if box else []
    return chosen


def box_of(name: str, place: tuple[float, float], side: Side) -> Box:
    """Return the rectangle that a name covers on a side of its point."""
    width = LETTER * len(name)
    before = {"left": 0.0, "center": width / 2, "right": width}[side.align]
    left, middle = place[0] + side.right - before, place[1] + side.down
    return Box(left, middle - FONT_SIZE / 2, left + width, middle + FONT_SIZE / 2)
