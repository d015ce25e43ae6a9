"""The Flask application: the page, the samples, the API, and a sentence for everything that can go wrong."""

from __future__ import annotations

import logging

from flask import Flask, Response, render_template, request
from werkzeug.exceptions import HTTPException

from webui.api import make_api, refused
from webui.config import FORM_OVERHEAD, MEGABYTE, Config
from webui.headers import add_headers
from webui.refusals import ACCEPTED, Refusal
from webui.runtimes import Runtimes
from webui.samples import sample_file, samples
from webui.uploads import InMemoryRequest

MOST_PARTS = 20
EXTENSION = "runoff"

log = logging.getLogger(__name__)


class Application(Flask):
    """Flask with requests that keep their files in memory."""

    request_class = InMemoryRequest


def make_app(config: Config, runtimes: Runtimes) -> Flask:
    """Make the application around runtimes that were started."""
    app = Application(__name__)
    app.config["MAX_CONTENT_LENGTH"] = config.upload_limit + FORM_OVERHEAD
    app.config["MAX_FORM_PARTS"] = MOST_PARTS
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider has it, its interface does not
    app.extensions[EXTENSION] = runtimes
    app.register_blueprint(make_api(config, runtimes))
    app.after_request(add_headers)
    add_pages(app, config, runtimes)
    add_refusals(app, config)
    return app


def add_pages(app: Flask, config: Config, runtimes: Runtimes) -> None:
    """Add the page itself and its sample pictures."""
    offered = samples()

    @app.get("/")
    def page() -> str:
        named = [(name, runtime.title) for name, runtime in runtimes.runtimes.items()]
        return render_template(
            "index.html",
            runtimes=named,
            samples=offered,
            limit=config.upload_limit,
            formats=ACCEPTED,
            too_large=too_large(config),
        )

    @app.get("/samples/<int:number>.jpg")
    def sample(number: int) -> Response:
        if number >= len(offered):
            raise Refusal("not_found")
        response = Response(sample_file(offered[number]), mimetype="image/jpeg")
        response.headers["Cache-Control"] = "private, max-age=3600"
        return response


def add_refusals(app: Flask, config: Config) -> None:
    """Turn whatever goes wrong into a sentence and a status code; a traceback goes to the log alone."""
    by_status = {
        404: Refusal("not_found"),
        405: Refusal("wrong_method"),
        413: too_large(config),
    }

    @app.errorhandler(Refusal)
    def refuse(refusal: Refusal) -> tuple[Response, int]:
        return refused(refusal)

    @app.errorhandler(HTTPException)
    def refuse_by_status(error: HTTPException) -> tuple[Response, int] | Response:
        if error.code is not None and error.code < 400:  # a redirect
            return Response(error.get_response().data, error.code, dict(error.get_headers()))
        response, status = refused(by_status.get(error.code or 400, Refusal("bad_request")))
        if allowed := getattr(error, "valid_methods", None):
            response.headers["Allow"] = ", ".join(sorted(allowed))
        return response, status

    @app.errorhandler(Exception)
    def internal_error(error: Exception) -> tuple[Response, int]:
        log.error("%s %s failed", request.method, request.path, exc_info=error)
        return refused(Refusal("internal_error"))


def too_large(config: Config) -> Refusal:
    """Return the refusal of a file above the limit in bytes; the page's script says the same before it sends one."""
    return Refusal("file_too_large", megabytes=config.upload_limit // MEGABYTE)
