"""The program that decodes pictures beside the suite: what is on each by its hash, or as a model's input in a file.

Run as ``python -m runoff.model.pictures.decoder``. It holds one picture at a time.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from runoff.contract import Preprocessing
from runoff.errors import ImagesUnusable
from runoff.files.values import from_json
from runoff.model.inputs.decoding import decode
from runoff.model.inputs.preprocessing import preprocess
from runoff.processes.channel import Channel, Message, run_program


def serve(channel: Channel, request: Message) -> None:
    """Decode portions of a folder's pictures until there are no more.

    A request with a ``destination`` gets each picture preprocessed into that file, from the ``first`` place on; every
    other one gets hashes.
    """
    folder = Path(request["folder"])
    preprocessing = from_json(Preprocessing, request["preprocessing"]) if "preprocessing" in request else None
    while (command := channel.receive()) is not None:
        if preprocessing is None:
            channel.send({"looked": [look_at(folder, name) for name in command["names"]]})
        else:
            pixels: NDArray[Any] = np.load(command["destination"], mmap_mode="r+")
            for place, name in enumerate(command["names"], command["first"]):
                pixels[place] = preprocess(decode(folder / name, name=name), preprocessing)
            del pixels
            channel.send({"looked": [[name, None] for name in command["names"]]})


def look_at(folder: Path, name: str) -> tuple[str | None, str | None]:
    """Return the hash of a picture's decoded pixels and None, or None and the reason why it can't be decoded."""
    try:
        return pixel_hash(decode(folder / name, name=name)), None
    except ImagesUnusable as error:
        return None, str(error)


def pixel_hash(picture: Image.Image) -> str:
    """Hash what is on a picture: its size and its RGB levels, whatever file they were stored in."""
    digest = hashlib.sha256(f"{picture.width}x{picture.height}\0".encode())
    digest.update(np.asarray(picture).tobytes())
    return digest.hexdigest()


if __name__ == "__main__":
    run_program(serve)
