"""The figures that can be drawn, each in coordinates of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import ImageDraw

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Pen:
    """Draws in a figure's own coordinates, where the figure fills -1 to 1 and y points down.

    ``turn`` is the 2×2 matrix of rotation, scale and stretch to pixels, ``centre`` the figure's middle in pixels.
    """

    canvas: ImageDraw.ImageDraw
    turn: Points
    centre: Points

    def polygon(self, points: Points, ink: int = 255) -> None:
        """Fill the polygon through N×2 points; no ink cuts a hole."""
        placed = np.asarray(points, dtype=np.float64) @ self.turn.T + self.centre
        self.canvas.polygon([(float(x), float(y)) for x, y in placed], fill=ink)

    def ellipse(self, x: float, y: float, width: float, height: float, *, tilt: float = 0.0, ink: int = 255) -> None:
        """Fill an ellipse with the given half axes, tilted by an angle in radians."""
        angles = np.linspace(0, 2 * np.pi, 64, endpoint=False)
        across, down = width * np.cos(angles), height * np.sin(angles)
        cosine, sine = np.cos(tilt), np.sin(tilt)
        self.polygon(np.stack([x + cosine * across - sine * down, y + sine * across + cosine * down], axis=1), ink)

    def disc(self, x: float, y: float, radius: float, ink: int = 255) -> None:
        """Fill a disc."""
        self.ellipse(x, y, radius, radius, ink=ink)

    def box(self, left: float, top: float, right: float, bottom: float, ink: int = 255) -> None:
        """Fill a rectangle."""
        self.polygon(np.array([(left, top), (right, top), (right, bottom), (left, bottom)]), ink)

    def path(self, points: Points, width: float) -> None:
        """Draw a line of the given width with round corners through N×2 points."""
        for start, end in pairwise(points):
            along = (end - start) / np.hypot(*(end - start))
            side = np.array([-along[1], along[0]]) * width / 2
            self.polygon(np.array([start + side, end + side, end - side, start - side]))
        for x, y in points:
            self.disc(float(x), float(y), width / 2)


Figure = Callable[[Pen, np.random.RandomState], None]


def _circle(pen: Pen, random: np.random.RandomState) -> None:
    pen.disc(0, 0, 0.95)


def _ring(pen: Pen, random: np.random.RandomState) -> None:
    pen.disc(0, 0, 0.97)
    pen.disc(0, 0, random.uniform(0.5, 0.68), ink=0)


def _target(pen: Pen, random: np.random.RandomState) -> None:
    for index, radius in enumerate((1.0, 0.8, 0.6, 0.4, 0.2)):
        pen.disc(0, 0, radius, ink=255 if index % 2 == 0 else 0)


def _triangle(pen: Pen, random: np.random.RandomState) -> None:
    pen.polygon(np.array([(0, -1), (0.95, 0.75), (-0.95, 0.75)]))


def _square(pen: Pen, random: np.random.RandomState) -> None:
    pen.box(-0.8, -0.8, 0.8, 0.8)


def _star(pen: Pen, random: np.random.RandomState) -> None:
    angles = np.arange(10) * np.pi / 5 - np.pi / 2
    radii = np.where(np.arange(10) % 2 == 0, 1.05, random.uniform(0.38, 0.48))
    pen.polygon(np.stack([radii * np.cos(angles), radii * np.sin(angles)], axis=1))


def _cross(pen: Pen, random: np.random.RandomState) -> None:
    half = random.uniform(0.2, 0.32)
    pen.box(-half, -1, half, 1)
    pen.box(-1, -half, 1, half)


def _heart(pen: Pen, random: np.random.RandomState) -> None:
    # The usual parametric heart, see Weisstein, "Heart Curve", MathWorld, seventh curve.
    t = np.linspace(0, 2 * np.pi, 80, endpoint=False)
    down = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t))
    pen.polygon(np.stack([16 * np.sin(t) ** 3, down], axis=1) / 16.5)


def _crescent(pen: Pen, random: np.random.RandomState) -> None:
    pen.disc(0, 0, 1)
    pen.disc(random.uniform(0.42, 0.55), 0, random.uniform(0.78, 0.86), ink=0)


def _arrow(pen: Pen, random: np.random.RandomState) -> None:
    half = random.uniform(0.14, 0.22)
    pen.box(-1, -half, 0.3, half)
    pen.polygon(np.array([(0.2, -0.62), (1.05, 0), (0.2, 0.62)]))


def _spiral(pen: Pen, random: np.random.RandomState) -> None:
    angles = np.linspace(0.3, random.uniform(4.6, 5.4) * np.pi, 90)
    radii = 0.92 * angles / angles[-1]
    handedness = 1 if random.randint(2) else -1
    pen.path(np.stack([radii * np.cos(angles), handedness * radii * np.sin(angles)], axis=1), 0.15)


def _house(pen: Pen, random: np.random.RandomState) -> None:
    pen.polygon(np.array([(-1, -0.1), (0, -0.95), (1, -0.1)]))
    pen.box(-0.75, -0.12, 0.75, 0.9)
    pen.box(-0.18, 0.3, 0.18, 0.92, ink=0)
    for x in (-0.5, 0.5):
        pen.box(x - 0.14, 0.1, x + 0.14, 0.38, ink=0)


def _flower(pen: Pen, random: np.random.RandomState) -> None:
    petals = random.randint(5, 8)
    for angle in np.arange(petals) * 2 * np.pi / petals:
        pen.ellipse(0.62 * np.cos(angle), 0.62 * np.sin(angle), 0.4, 1.1 / petals, tilt=angle)
    pen.disc(0, 0, 0.36)
    pen.disc(0, 0, 0.2, ink=0)


def _fish(pen: Pen, random: np.random.RandomState) -> None:
    pen.ellipse(-0.2, 0, 0.78, 0.45)
    pen.polygon(np.array([(0.4, 0), (1.05, -0.5), (0.88, 0), (1.05, 0.5)]))
    pen.polygon(np.array([(-0.3, -0.35), (0.1, -0.75), (0.2, -0.3)]))
    pen.disc(-0.6, -0.1, 0.09, ink=0)


def _zigzag(pen: Pen, random: np.random.RandomState) -> None:
    corners = random.randint(5, 8)
    across = np.linspace(-1, 1, corners)
    down = np.where(np.arange(corners) % 2 == 0, 0.42, -0.42)
    pen.path(np.stack([across, down], axis=1), 0.17)


def _tree(pen: Pen, random: np.random.RandomState) -> None:
    for top, half in ((-1.0, 0.42), (-0.6, 0.6), (-0.15, 0.78)):
        pen.polygon(np.array([(0, top), (half, top + 0.75), (-half, top + 0.75)]))
    pen.box(-0.13, 0.5, 0.13, 1)


def _key(pen: Pen, random: np.random.RandomState) -> None:
    pen.disc(-0.6, 0, 0.42)
    pen.disc(-0.6, 0, 0.2, ink=0)
    pen.box(-0.25, -0.1, 1, 0.1)
    for x in (0.5, 0.86):
        pen.box(x - 0.08, 0, x + 0.08, 0.42)


def _umbrella(pen: Pen, random: np.random.RandomState) -> None:
    pen.disc(0, 0, 0.98)
    pen.box(-1.1, 0, 1.1, 1.1, ink=0)
    for x in (-0.65, 0, 0.65):
        pen.ellipse(x, 0.02, 0.3, 0.2, ink=0)
    angles = np.linspace(0, np.pi, 12)
    hook = np.stack([0.2 - 0.2 * np.cos(angles), 0.75 + 0.2 * np.sin(angles)], axis=1)
    pen.path(np.concatenate([np.array([(0.0, -0.3)]), hook]), 0.12)


def _mushroom(pen: Pen, random: np.random.RandomState) -> None:
    pen.disc(0, 0, 0.95)
    pen.box(-1, 0.1, 1, 1, ink=0)
    pen.box(-0.27, 0.05, 0.27, 0.9)
    for x, y in ((-0.5, -0.2), (0.02, -0.55), (0.5, -0.2)):
        pen.disc(x, y, 0.16, ink=0)


def _cloud(pen: Pen, random: np.random.RandomState) -> None:
    for x, y, radius in ((-0.6, 0.15, 0.38), (-0.15, -0.15, 0.48), (0.35, -0.02, 0.4), (0.7, 0.22, 0.3)):
        pen.disc(x, y, radius)
    pen.box(-0.6, 0.1, 0.7, 0.52)


def _sailboat(pen: Pen, random: np.random.RandomState) -> None:
    pen.polygon(np.array([(-0.95, 0.5), (0.95, 0.5), (0.6, 0.95), (-0.6, 0.95)]))
    pen.box(-0.05, -1, 0.05, 0.55)
    pen.polygon(np.array([(0.12, -0.9), (0.8, 0.36), (0.12, 0.36)]))
    pen.polygon(np.array([(-0.12, -0.6), (-0.65, 0.36), (-0.12, 0.36)]))


def _stripes(pen: Pen, random: np.random.RandomState) -> None:
    period = random.uniform(0.3, 0.5)
    for x in np.arange(-4, 4, period):
        pen.box(x, -4, x + period / 2, 4)


def _grid(pen: Pen, random: np.random.RandomState) -> None:
    period = random.uniform(0.35, 0.55)
    for x in np.arange(-4, 4, period):
        pen.box(x, -4, x + period * 0.2, 4)
        pen.box(-4, x, 4, x + period * 0.2)


def _checkerboard(pen: Pen, random: np.random.RandomState) -> None:
    side = random.uniform(0.25, 0.42)
    for row, y in enumerate(np.arange(-3, 3, side)):
        for x in np.arange(-3 + side * (row % 2), 3, 2 * side):
            pen.box(x, y, x + side, y + side)


def _dots(pen: Pen, random: np.random.RandomState) -> None:
    period = random.uniform(0.4, 0.6)
    for row, y in enumerate(np.arange(-3, 3, period)):
        for x in np.arange(-3 + period / 2 * (row % 2), 3, period):
            pen.disc(x, y, period * 0.28)


FREELY_TURNED: dict[str, Figure] = {
    "circle": _circle,
    "ring": _ring,
    "target": _target,
    "square": _square,
    "star": _star,
    "cross": _cross,
    "spiral": _spiral,
    "flower": _flower,
    "stripes": _stripes,
    "grid": _grid,
    "checkerboard": _checkerboard,
    "dots": _dots,
}
UPRIGHT: dict[str, Figure] = {
    "arrow": _arrow,
    "crescent": _crescent,
    "triangle": _triangle,
    "heart": _heart,
    "house": _house,
    "fish": _fish,
    "zigzag": _zigzag,
    "tree": _tree,
    "key": _key,
    "umbrella": _umbrella,
    "mushroom": _mushroom,
    "cloud": _cloud,
    "sailboat": _sailboat,
}
