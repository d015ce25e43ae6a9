"""The program that opens strangers' pictures, in a process of its own: a picture that ends it costs that picture alone.

Run as ``python -m webui.decoder``. A command is followed by the file's bytes, which are never written anywhere.
"""

from __future__ import annotations

import base64
import io
import resource
from typing import TYPE_CHECKING

from runoff.processes.channel import open_channel

if TYPE_CHECKING:
    from runoff.processes.channel import Message

MEMORY_LIMIT = 4 << 30
"""Bytes of address space: 50 million pixels need about 1 GB while they are converted, and libraries reserve more."""

NOT_A_PICTURE = "not a picture"
TOO_MANY_PIXELS = "too many pixels"
BROKEN = "broken"


def main() -> None:
    """Open one picture after another until the server is gone."""
    channel = open_channel()
    if channel.receive_start() is None:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    from runoff.model import decoding, preprocessing  # noqa: F401 - imported before the first picture, not during it

    channel.send({"ready": True})
    while (command := channel.receive()) is not None:
        channel.send(read_picture(channel.requests.read(command["bytes"]), command["pixel_limit"]))


def read_picture(content: bytes, pixel_limit: int) -> Message:
    """Give a picture's size and the model's input as base64 of float32, or say what is wrong with it."""
    from runoff.errors import ImagesUnusable
    from runoff.model.decoding import decode
    from runoff.model.preprocessing import preprocess

    if wrong := wrong_by_header(content, pixel_limit):
        return {"refused": wrong}
    try:
        picture = decode(content, pixel_limit=pixel_limit)
        pixels = preprocess(picture)
    except (ImagesUnusable, MemoryError):
        return {"refused": BROKEN}
    width, height = picture.size
    return {"width": width, "height": height, "pixels": base64.b64encode(pixels.data).decode()}


def wrong_by_header(content: bytes, pixel_limit: int) -> str | None:
    """Tell what is no picture and what is too large from what is broken, before anything is decoded."""
    from PIL import Image, UnidentifiedImageError

    from runoff.model.decoding import FORMATS

    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            return TOO_MANY_PIXELS if picture.width * picture.height > pixel_limit else None
    except UnidentifiedImageError:
        return NOT_A_PICTURE
    except Image.DecompressionBombError:
        return TOO_MANY_PIXELS
    except Exception:  # noqa: BLE001 - whatever a reader raises for a stranger's file, the file can't be read
        return BROKEN


if __name__ == "__main__":
    main()
