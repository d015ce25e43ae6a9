"""Every picture that is sent to the page gets an answer or a friendly refusal."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from PIL import Image

from runoff.model.classification import top_classes
from runoff.model.inputs.decoding import decode
from runoff.model.inputs.photographs import STORAGES
from runoff.model.inputs.preprocessing import preprocess
from runoff.model.sources.architecture import IMAGENET
from tests.fakes.fake import true_logits
from tests.web import send, star, stored
from tests.webui.conftest import LIMIT


def label_of(content: bytes) -> int:
    """Return the class that the fake, asked directly, gives a picture."""
    logits = true_logits(preprocess(decode(content), IMAGENET)[None])
    return top_classes(logits[0])[0][0]


def frames() -> bytes:
    """Store an animation of a star and then nothing."""
    return stored(star(), "GIF", save_all=True, append_images=[Image.new("RGB", star().size)], duration=50)


PICTURES: dict[str, Callable[[], bytes]] = {
    **{name: partial(lambda store: store(star()), store) for name, store in STORAGES.items()},
    "animated": frames,
    "webp": lambda: stored(star(), "WEBP"),
    "bmp": lambda: stored(star(), "BMP"),
    "tiff": lambda: stored(star(), "TIFF"),
    "tiff-float": lambda: stored(Image.fromarray(np.asarray(star().convert("L"), np.float32) / 255), "TIFF"),
    "tiff-lab": lambda: stored(star().convert("LAB"), "TIFF"),
    "one pixel": lambda: stored(Image.new("RGB", (1, 1), "red"), "PNG"),
    "very wide": lambda: stored(Image.linear_gradient("L").resize((20_000, 20)), "PNG"),
}
"""How each is stored: made where it is sent, since collecting the tests should cost nothing."""


@pytest.mark.long
@pytest.mark.parametrize("make", PICTURES.values(), ids=PICTURES)
def test_every_kind_of_picture_is_answered_as_the_model_answers(client, app, make):
    """Whatever mode, format or shape a picture has, the page gives the class of decode, preprocess and run."""
    content = make()
    response = send(client, content)
    assert response.status_code == 200, response.text
    labels = app.extensions["runoff"].model.result().labels
    assert response.json["results"][0]["answers"][0]["label"] == labels[label_of(content)]


def bomb() -> bytes:
    """Return a PNG of few bytes whose header promises 60,000×60,000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


PNG = stored(star(), "PNG")
REFUSED = {
    "empty": (b"", 400, "empty_file"),
    "text": (b"I am no picture.", 415, "not_a_picture"),
    "svg": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "not_a_picture"),
    "program": (b"\x7fELF" + bytes(500), 415, "not_a_picture"),
    "postscript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", 415, "not_a_picture"),
    "cut short": (PNG[: len(PNG) // 2], 422, "broken_picture"),
    "cut jpeg": (stored(star(), "JPEG")[:700], 422, "broken_picture"),
    "bomb": (bomb(), 413, "too_many_pixels"),
    "many pixels": (stored(Image.new("L", (2001, 2000)), "PNG"), 413, "too_many_pixels"),
    "many bytes": (PNG + bytes(LIMIT), 413, "file_too_large"),
    "far too many bytes": (PNG + bytes(4 * LIMIT), 413, "file_too_large"),
}


@pytest.mark.parametrize(("content", "status", "code"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_usable_picture_is_refused_in_a_sentence(client, content, status, code):
    """A bad picture gets its status code and one sentence without a path, a traceback or a class's name."""
    response = send(client, content)
    assert (response.status_code, response.json["error"]["code"]) == (status, code)
    message = response.json["error"]["message"]
    assert message.endswith(".")
    assert not any(word in response.text for word in ("Traceback", "/", "Error", "Exception", "PIL"))
    assert send(client, PNG).status_code == 200
