"""The program that opens strangers' pictures, in a separate process: a picture that ends it costs that picture alone.

Run as ``python -m webui.decoder``. A file comes in base64 within its command, and is never written anywhere.
"""

from __future__ import annotations

import base64
import resource

from runoff.contract import Preprocessing
from runoff.errors import ImagesUnusable, NotAPicture, TooManyPixels
from runoff.files.values import from_json
from runoff.model.inputs.decoding import decode
from runoff.model.inputs.preprocessing import preprocess
from runoff.processes.channel import Channel, Message, run_program

MEMORY_LIMIT = 5 << 28
"""Bytes of address space: 50 million pixels took 1.06 GB at most (WebP with transparency), and a file comes as JSON."""


def serve(channel: Channel, _: Message) -> None:
    """Open one picture after another until the server is gone."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    channel.send({"ready": True})
    while (command := channel.receive()) is not None:
        content = base64.b64decode(command["content"])
        preprocessing = from_json(Preprocessing, command["preprocessing"])
        channel.send(read_picture(content, command["pixel_limit"], preprocessing))


def read_picture(content: bytes, pixel_limit: int, preprocessing: Preprocessing) -> Message:
    """Return a picture's size and the model's input as base64, or the code of its refusal."""
    try:
        picture = decode(content, pixel_limit=pixel_limit)
        pixels = preprocess(picture, preprocessing)
    except NotAPicture:
        return {"refused": "not_a_picture"}
    except TooManyPixels:
        return {"refused": "too_many_pixels"}
    except (ImagesUnusable, MemoryError):
        return {"refused": "broken_picture"}
    width, height = picture.size
    return {"width": width, "height": height, "pixels": base64.b64encode(pixels.data).decode()}


if __name__ == "__main__":
    run_program(serve)
