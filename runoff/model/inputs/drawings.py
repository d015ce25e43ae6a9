"""Pictures that the project draws itself: what the built-in checkpoint is trained on and tested with."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from runoff.model.inputs.figures import FREELY_TURNED, UPRIGHT, Pen, Points

OVERSAMPLING = 2  # drawn larger, then averaged down: Pillow's polygons have hard edges
SHORTEST_SIDE = 256  # pixels; the standard preprocessing resizes to this
LONGEST_SHORT_SIDE = 320
LEAST_CONTRAST = 75  # in levels of brightness, 0 to 255

CLASSES: tuple[str, ...] = (*FREELY_TURNED, *UPRIGHT)
"""The names of what is drawn; a class index is a place in this tuple and a logit of the built-in checkpoint."""


def draw(class_index: int, random: np.random.RandomState) -> Image.Image:
    """Draw one RGB picture of a class, at least 256 pixels on its short side, with everything else left to chance.

    Raises ``IndexError`` for a class that is not in ``CLASSES``.
    """
    name = CLASSES[class_index]
    short = random.randint(SHORTEST_SIDE, LONGEST_SHORT_SIDE + 1)
    long = int(short * random.uniform(1, 1.3))
    width, height = (long, short) if random.randint(2) else (short, long)
    back, front = _contrasting_colours(random)
    background = _background(width, height, back, random)
    shading = _gradient(width, height, random)[:, :, None] * random.uniform(-25, 25, 3)
    mask = _mask(name, width, height, short, random)
    pixels = background + (front + shading - background) * mask[:, :, None]
    pixels += (random.random_sample(pixels.shape) - 0.5) * random.uniform(0, 32)
    picture = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    if random.randint(2):
        picture = picture.filter(ImageFilter.GaussianBlur(random.uniform(0.3, 1.2)))
    return picture


def drawn_pictures(count: int, seed: int) -> list[tuple[str, int, Image.Image]]:
    """Draw a number of pictures with the classes in turn, as (name such as ``drawn-0007-star``, class index, picture).

    The same seed always draws the same pictures; another seed draws others.
    """
    return [
        (name, class_index, draw(class_index, np.random.RandomState([seed, index])))
        for index, (name, class_index) in enumerate(drawing_names(count))
    ]


def drawing_names(count: int) -> list[tuple[str, int]]:
    """Name a number of pictures with the classes in turn, as (name, class index), without drawing them."""
    class_indices = (index % len(CLASSES) for index in range(count))
    return [(f"drawn-{index:04d}-{CLASSES[each]}", each) for index, each in enumerate(class_indices)]


def _contrasting_colours(random: np.random.RandomState) -> tuple[Points, Points]:
    """Pick two RGB colours whose brightness (ITU-R BT.601 luma, 0 to 255) differs enough to tell them apart."""
    while True:
        back, front = random.uniform(15, 240, (2, 3))
        if abs((back - front) @ np.array([0.299, 0.587, 0.114])) > LEAST_CONTRAST:
            return back, front


def _gradient(width: int, height: int, random: np.random.RandomState) -> Points:
    """Make a height×width ramp from -1 to 1 in a random direction."""
    angle = random.uniform(0, 2 * np.pi)
    x, y = np.linspace(-1, 1, width), np.linspace(-1, 1, height)
    ramp: Points = (x[None, :] * np.cos(angle) + y[:, None] * np.sin(angle)) / np.sqrt(2)
    return ramp


def _background(width: int, height: int, colour: Points, random: np.random.RandomState) -> Points:
    """Make a height×width×3 background: a colour that changes over the picture, with faint clutter on it."""
    clutter = Image.new("L", (width, height), 0)
    canvas = ImageDraw.Draw(clutter)
    for _ in range(random.randint(0, 9)):
        x, y = random.uniform(0, width), random.uniform(0, height)
        if random.randint(2):
            radius = random.uniform(2, 9)
            canvas.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
        else:
            across, down = random.uniform(-60, 60, 2)
            canvas.line((x, y, x + across, y + down), fill=255, width=int(random.randint(1, 5)))
    change = _gradient(width, height, random)[:, :, None] * random.uniform(-30, 30, 3)
    background: Points = colour + change + np.asarray(clutter)[:, :, None] / 255 * random.uniform(-28, 28, 3)
    return background


def _mask(name: str, width: int, height: int, short: int, random: np.random.RandomState) -> Points:
    """Draw a figure's height×width mask, 1 where the figure is, placed inside the centre crop of the picture."""
    size = short / 2 * random.uniform(0.52, 0.8)  # half the figure's extent, in pixels
    angle = random.uniform(0, 2 * np.pi) if name in FREELY_TURNED else np.deg2rad(random.uniform(-20, 20))
    cosine, sine = np.cos(angle), np.sin(angle)
    stretch = np.diag(random.uniform(0.88, 1.12, 2))
    if name in UPRIGHT and random.randint(2):
        stretch[0, 0] *= -1  # mirrored
    turn = np.array([[cosine, -sine], [sine, cosine]]) @ stretch * size
    room = max(0.0, short * 0.43 - size)  # the centre crop keeps 0.4375 of the short side around the middle
    centre: Points = np.array([width / 2, height / 2]) + random.uniform(-room, room, 2)
    large = Image.new("L", (width * OVERSAMPLING, height * OVERSAMPLING), 0)
    figure = FREELY_TURNED.get(name) or UPRIGHT[name]
    figure(Pen(ImageDraw.Draw(large), turn * OVERSAMPLING, centre * OVERSAMPLING), random)
    mask: Points = np.asarray(large.reduce(OVERSAMPLING), dtype=np.float64) / 255
    return mask
