"""What the tests of the page share: a prepared folder with fakes, pictures as bytes, and a server on loopback."""

from __future__ import annotations

import dataclasses
import io
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import waitress
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from werkzeug.test import TestResponse

from runoff.backends import Declaration, find_backends
from runoff.contract import Model
from runoff.files.values import to_json
from runoff.measure.cache import RECORD, measure_files
from runoff.model.inputs.drawings import CLASSES, draw
from runoff.model.sources.architecture import BUILTIN
from runoff.model.sources.options import ModelOptions
from runoff.model.weights.builtin import BUILTIN_SHA256, builtin_labels
from tests import fakes
from tests.builders.models import resnet18
from tests.children import PATIENCE
from tests.waiting import until
from tests.webui.proof.server import BOUNDARY, form
from webui.app import EXTENSION, make_app
from webui.config import Config
from webui.keeper import SETTLED
from webui.runtimes import started_runtimes
from webui.serving import LONGEST_REQUEST, slow_requests_ended
from webui.supply import MANIFEST

BUILTIN_MODEL = ModelOptions(weights=BUILTIN)


def fake_backends(*_offers: object) -> dict[str, Declaration]:
    """Return the fakes, imported as the workers import them."""
    return find_backends(fakes)


def prepared_fakes(folder: Path, names: Sequence[str], model: Model | None = None) -> Path:
    """Make a prepared folder whose artifacts are fakes, of a model or of ResNet-18 with the built-in labels."""
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).mkdir()
        np.save(folder / name / "model.npy", np.zeros(1000, np.float32))
        size, sha256 = measure_files(folder / name)
        record = {"file": "model.npy", "size": size, "sha256": sha256, "noted": {}}
        (folder / name / RECORD).write_text(json.dumps(record))
    served = model or resnet18("builtin", folder / "none.npz", BUILTIN_SHA256, builtin_labels(), BUILTIN)
    (folder / MANIFEST).write_text(json.dumps(to_json(served)))
    return folder


@contextmanager
def page(config: Config, backends: Mapping[str, Declaration] | None = None) -> Iterator[Flask]:
    """Yield a page, of fakes unless backends are given, and end its workers after the block."""
    runtimes = started_runtimes(config, fake_backends() if backends is None else backends)
    try:
        yield make_app(config, runtimes)
    finally:
        runtimes.close()


@contextmanager
def fake_page(
    folder: Path, names: Sequence[str] = ("fake", "fake-slower"), model: Model | None = None, **settings: object
) -> Iterator[Flask]:
    """Yield a page of fakes whose workers have all started, or failed to."""
    config = Config(
        contenders=",".join(names),
        first=names[0],
        prepared=prepared_fakes(folder / "prepared", names, model),
        home=folder / "home",
        threads=2,
    )
    with page(dataclasses.replace(config, **settings)) as app:  # type: ignore[arg-type]  # settings by name
        until_settled(app)
        yield app


def until_settled(app: Flask) -> None:
    """Wait until no worker is about to start."""
    for decoder in app.extensions[EXTENSION].decoders:
        decoder.wait(SETTLED, PATIENCE)
    until(lambda: app.test_client().get("/api/runtimes").get_json()["settled"], "the workers have started")


@contextmanager
def served(app: Flask, longest: float = LONGEST_REQUEST, **settings: object) -> Iterator[int]:
    """Serve an application as the page is, on a free port of loopback, and yield that port."""
    server = waitress.create_server(app, host="127.0.0.1", port=0, **settings)

    def close() -> None:
        server.close()
        for channel in list(server.active_channels.values()):  # a browser keeps its connections open
            channel.handle_close()

    thread = threading.Thread(target=server.run, name="the server's loop", daemon=True)
    thread.start()
    try:
        with slow_requests_ended(server, longest):
            yield server.effective_port
    finally:
        server.task_dispatcher.shutdown()
        server.trigger.pull_trigger(close)  # runs in the loop's thread, which else waits for sockets that are gone
        thread.join(PATIENCE)
        assert not thread.is_alive(), "the server's loop did not end"


def send(client: FlaskClient, content: bytes, query: str = "") -> TestResponse:
    """Post a picture as a browser does; Flask's client would write a large one to a temporary file."""
    kind = f"multipart/form-data; boundary={BOUNDARY}"
    return client.post(f"/api/classify{query}", data=form(content), content_type=kind)


def stored(picture: Image.Image, kind: str, **options: object) -> bytes:
    """Store a picture in a format."""
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def star() -> Image.Image:
    """Draw a star, always the same."""
    return draw(CLASSES.index("star"), np.random.RandomState(5))


def states(app) -> dict[str, tuple[str, int]]:
    """Return each runtime's state and how often it was started again."""
    runtimes = app.test_client().get("/api/runtimes").get_json()["runtimes"]
    return {each["runtime"]: (each["state"], each["restarts"]) for each in runtimes}
