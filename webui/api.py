"""The addresses for programs: classify a picture, ask about the runtimes, ask whether the server is well."""

from __future__ import annotations

import base64
import threading
from argparse import ArgumentTypeError
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from flask import Blueprint, Response, jsonify, request, send_file

from runoff.errors import WorkerFailed
from runoff.model.classification import top_classes
from runoff.quantities import whole_number
from webui import words
from webui.config import MEGABYTE, Config
from webui.keeper import GONE, SETTLED, NotReady
from webui.refusals import Refusal
from webui.runtimes import Pixels, Runtime, Runtimes

DEFAULT_TOP = 3
MOST_TOP = 10
RETRY_SECONDS = "2"
DESCRIPTION = Path(__file__).parent / "openapi.json"


def make_api(config: Config, runtimes: Runtimes) -> Blueprint:
    """Make the addresses under ``/api``, and ``/healthz``."""
    api = Blueprint("api", __name__)
    places = threading.BoundedSemaphore(config.places)

    @api.post("/api/classify")
    def classify() -> tuple[Response, int]:
        with admitted(places):
            picture = read_picture(config.upload_limit)
            top, asked = read_top(), read_asked(runtimes)
            pixels = runtimes.open_picture(picture)
            results = [result(runtimes, runtime, pixels, top) for runtime in asked]
        return classified(runtimes, pixels, results)

    @api.get("/api/runtimes")
    def list_runtimes() -> Response:
        default = default_name(runtimes)
        described = [describe(name, runtime, default=name == default) for name, runtime in runtimes.runtimes.items()]
        return jsonify(
            checkpoint=checkpoint(runtimes),
            runtimes=described,
            settled=all(runtime["state"] in SETTLED for runtime in described),
            limits={"bytes": config.upload_limit, "pixels": config.pixel_limit},
        )

    @api.get("/api/openapi.json")
    def describe_api() -> Response:
        return send_file(DESCRIPTION, mimetype="application/json", max_age=0)

    @api.get("/healthz")
    def health() -> tuple[Response, int]:
        keepers = [runtime.keeper for runtime in runtimes.runtimes.values()]
        needed = (runtimes.decoders, keepers)  # a picture takes one of each
        if all(any(keeper.answers for keeper in group) for group in needed):
            return jsonify(status="well"), 200
        gone = any(all(keeper.status.state in GONE for keeper in group) for group in needed)
        return jsonify(status="broken" if gone else "starting"), 503

    return api


@contextmanager
def admitted(places: threading.BoundedSemaphore) -> Iterator[None]:
    """Take one of the places, or refuse at once: a short queue answers, a long one only makes everybody wait.

    Raises Refusal.
    """
    if not places.acquire(blocking=False):
        raise Refusal("busy")
    try:
        yield
    finally:
        places.release()


def read_picture(limit: int) -> bytes:
    """Return the bytes of the picture in the request's field ``image``, which is kept in memory alone.

    Raises Refusal, and Werkzeug's RequestEntityTooLarge above MAX_CONTENT_LENGTH.
    """
    if request.mimetype != "multipart/form-data":
        raise Refusal("not_a_form")
    files = request.files.getlist("image")
    if not files:
        raise Refusal("no_picture")
    if len(files) > 1:
        raise Refusal("several_pictures")
    content = files[0].stream.read()
    if not content:
        raise Refusal("empty_file" if files[0].filename else "no_picture")
    if len(content) > limit:
        raise too_large(limit)
    return content


def too_large(limit: int) -> Refusal:
    """Return the refusal of a file above the limit in bytes; the page's script says the same before it sends one."""
    return Refusal("file_too_large", megabytes=limit // MEGABYTE)


def read_top() -> int:
    """Read how many answers are asked for.

    Raises Refusal.
    """
    try:
        return whole_number(request.args.get("top", str(DEFAULT_TOP)), 1, MOST_TOP)
    except ArgumentTypeError:
        raise Refusal("bad_top", most=MOST_TOP) from None


def read_asked(runtimes: Runtimes) -> list[Runtime]:
    """Read which runtimes are asked, the default one where none is named.

    Raises Refusal.
    """
    names = list(dict.fromkeys(request.args.getlist("runtime"))) or [default_name(runtimes)]
    if any(name not in runtimes.runtimes for name in names):
        raise Refusal("unknown_runtime", known=", ".join(runtimes.runtimes))
    return [runtimes.runtimes[name] for name in names]


def default_name(runtimes: Runtimes) -> str:
    """Name the runtime that answers where none is named: the first that there is here."""
    names = list(runtimes.runtimes)
    return next((name for name in names if runtimes.runtimes[name].keeper.status.state not in GONE), names[0])


def result(runtimes: Runtimes, runtime: Runtime, pixels: Pixels, top: int) -> dict[str, Any]:
    """Ask one runtime; that it gave no answer is a result too."""
    named = {"runtime": runtime.contender.id, "title": runtime.title}
    try:
        answer = runtimes.classify(runtime, pixels)
    except NotReady:
        message = words.NO_ANSWER.get(runtime.keeper.status.state, words.BUSY)
        return {**named, "status": "failed", "code": "not_ready", "message": message}
    except WorkerFailed:
        return {**named, "status": "failed", "code": "stopped", "message": words.STOPPED}
    model = runtimes.model.result()
    labels, output = model.labels or (), model.outputs[0]
    logits = np.frombuffer(base64.b64decode(answer["logits"]), output.dtype)
    best = top_classes(logits, top, probabilities=output.probabilities)
    return {
        **named,
        "status": "answered",
        "answers": [{"label": labels[index], "confidence": share} for index, share in best],
        "milliseconds": round(answer["nanoseconds"] * 1e-6, 2),
        "threads": answer["threads"],
    }


def classified(runtimes: Runtimes, pixels: Pixels, results: list[dict[str, Any]]) -> tuple[Response, int]:
    """Answer with all results; 503 where there is none among them that answered."""
    answered = [result["answers"][0]["label"] for result in results if result["status"] == "answered"]
    if not answered:
        failed = {name: results[0][name] for name in ("code", "message")}
        return failing(503, error=failed, results=results)
    picture = {"width": pixels.width, "height": pixels.height}
    agree = len(set(answered)) == 1
    return jsonify(checkpoint=checkpoint(runtimes), picture=picture, results=results, agree=agree), 200


def checkpoint(runtimes: Runtimes) -> dict[str, Any] | None:
    """Return which model answers, None until that is known."""
    model = runtimes.known_model
    if model is None:
        return None
    return {
        "model": model.source.title,
        "name": model.name,
        "labels": model.classes,
        "speed_only": model.speed_only,
        "line": words.model_line(model),
        "sentence": words.knowledge(model),
    }


def describe(name: str, runtime: Runtime, *, default: bool) -> dict[str, Any]:
    """Return how one runtime is doing."""
    status = runtime.keeper.status
    return {
        "runtime": name,
        "title": runtime.title,
        "description": runtime.contender.variant.description,
        "default": default,
        "state": status.state,
        "sentence": words.state_sentence(status.state, status.restarts),
        "restarts": status.restarts,
    }


def refused(refusal: Refusal) -> tuple[Response, int]:
    """Answer with a refusal."""
    return failing(refusal.status, error={"code": refusal.code, "message": str(refusal)})


def failing(status: int, **values: Any) -> tuple[Response, int]:
    """Answer with a status that says that it failed, and when to come back where that helps."""
    response = jsonify(**values)
    if status == 503:
        response.headers["Retry-After"] = RETRY_SECONDS
    return response, status
