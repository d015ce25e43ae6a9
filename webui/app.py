"""The Flask application: the page, the samples, the API, and a sentence for everything that can go wrong."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from flask import Flask, Response, render_template, request
from werkzeug.exceptions import HTTPException

from runoff.backends import find_backends
from runoff.contract import Backend
from webui import refusals
from webui.api import make_api, refused
from webui.config import FORM_OVERHEAD, Config
from webui.headers import add_headers
from webui.runtimes import Runtimes, started_runtimes
from webui.samples import sample_file, samples
from webui.uploads import InMemoryRequest

MOST_PARTS = 20
EXTENSION = "runoff"

log = logging.getLogger(__name__)


class Application(Flask):
    """Flask with requests that keep their files in memory."""

    request_class = InMemoryRequest


def create_app(config: Config, backends: Mapping[str, Backend] | None = None) -> Flask:
    """Start the workers in the background and make the application.

    ``backends`` are all that there are unless given. The runtimes are in ``app.extensions["runoff"]``: close them when
    the application is no longer needed. Raises UnknownContender, or ArtifactBroken for a bad prepared folder.
    """
    return make_app(config, started_runtimes(config, find_backends() if backends is None else backends))


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
            "index.html", runtimes=named, samples=offered, limit=config.upload_limit, formats=refusals.FORMATS
        )

    @app.get("/samples/<int:number>.jpg")
    def sample(number: int) -> Response:
        if number >= len(offered):
            raise refusals.no_such_page()
        response = Response(sample_file(offered[number]), mimetype="image/jpeg")
        response.headers["Cache-Control"] = "private, max-age=3600"
        return response


def add_refusals(app: Flask, config: Config) -> None:
    """Turn whatever goes wrong into a sentence and a status code; a traceback goes to the log alone."""
    by_status = {
        404: refusals.no_such_page(),
        405: refusals.wrong_method(),
        413: refusals.file_too_large(config.upload_limit),
    }

    @app.errorhandler(refusals.Refusal)
    def refuse(refusal: refusals.Refusal) -> tuple[Response, int]:
        return refused(refusal)

    @app.errorhandler(HTTPException)
    def refuse_by_status(error: HTTPException) -> tuple[Response, int] | Response:
        if error.code is not None and error.code < 400:  # a redirect
            return Response(error.get_response().data, error.code, dict(error.get_headers()))
        response, status = refused(by_status.get(error.code or 400, refusals.bad_request()))
        if allowed := getattr(error, "valid_methods", None):
            response.headers["Allow"] = ", ".join(sorted(allowed))
        return response, status

    @app.errorhandler(Exception)
    def own_up(error: Exception) -> tuple[Response, int]:
        log.error("%s %s failed", request.method, request.path, exc_info=error)
        return refused(refusals.our_fault())
