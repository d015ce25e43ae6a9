"""The Flask application: page, samples, API, the headers of every answer, a sentence for all that can go wrong."""

from __future__ import annotations

import logging
from io import BytesIO
from typing import IO

from flask import Flask, Request, Response, render_template, request
from werkzeug.exceptions import HTTPException, SecurityError

from webui.api import make_api, refused, too_large
from webui.config import FORM_OVERHEAD, Config
from webui.refusals import ACCEPTED, Refusal
from webui.runtimes import Runtimes
from webui.samples import sample_file, samples
from webui.serving import is_trusted

MOST_PARTS = 20
EXTENSION = "runoff"
CONTENT_SECURITY_POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",  # blob: the chosen picture, shown without leaving the browser
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}

log = logging.getLogger(__name__)


class InMemoryRequest(Request):
    """A request whose files stay in memory: Werkzeug writes those above 500 kB to a temporary file otherwise.

    What it may hold is bounded by MAX_CONTENT_LENGTH.
    """

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        """Return the stream that a file is read into; Werkzeug's documented place to change that."""
        return BytesIO()


def make_app(config: Config, runtimes: Runtimes) -> Flask:
    """Make the application around runtimes that were started."""
    app = Flask(__name__)
    app.request_class = InMemoryRequest
    app.config["MAX_CONTENT_LENGTH"] = config.upload_limit + FORM_OVERHEAD
    app.config["MAX_FORM_PARTS"] = MOST_PARTS
    app.json.sort_keys = False  # type: ignore[attr-defined]  # the default provider has it, its interface does not
    app.extensions[EXTENSION] = runtimes
    app.register_blueprint(make_api(config, runtimes))

    @app.before_request
    def require_trusted_host() -> None:
        if not is_trusted(request.headers.get("Host", ""), config.trusted_hosts):
            raise Refusal("untrusted_host")

    app.after_request(add_headers)
    add_pages(app, config, runtimes)
    add_refusals(app, config)
    return app


def add_headers(response: Response) -> Response:
    """Add them; nothing that is said about a picture is kept by a cache."""
    for name, value in HEADERS.items():
        response.headers[name] = value
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def add_pages(app: Flask, config: Config, runtimes: Runtimes) -> None:
    """Add the page itself and its sample pictures."""
    titles = samples()

    @app.get("/")
    def page() -> str:
        named = [(name, runtime.title) for name, runtime in runtimes.runtimes.items()]
        return render_template(
            "index.html",
            runtimes=named,
            samples=titles,
            limit=config.upload_limit,
            formats=ACCEPTED,
            too_large=too_large(config.upload_limit),
        )

    @app.get("/samples/<int:number>.jpg")
    def sample(number: int) -> Response:
        if number >= len(titles):
            raise Refusal("not_found")
        response = Response(sample_file(titles[number]), mimetype="image/jpeg")
        response.headers["Cache-Control"] = "private, max-age=3600"
        return response


def add_refusals(app: Flask, config: Config) -> None:
    """Turn whatever goes wrong into a sentence and a status code; a traceback goes to the log alone."""
    by_status = {404: Refusal("not_found"), 405: Refusal("wrong_method")}

    app.register_error_handler(Refusal, refused)

    def refusal_of(error: HTTPException) -> Refusal:
        if isinstance(error, SecurityError):
            return Refusal("untrusted_host")
        if error.code == 413:  # Werkzeug has one error for a large body, many fields, and text where a file should be
            large = (request.content_length or 0) > app.config["MAX_CONTENT_LENGTH"]
            return too_large(config.upload_limit) if large else Refusal("too_many_fields")
        return by_status.get(error.code or 400, Refusal("bad_request"))

    @app.errorhandler(HTTPException)
    def refuse_by_status(error: HTTPException) -> tuple[Response, int] | Response:
        if error.code is not None and error.code < 400:  # a redirect
            return Response(error.get_response().data, error.code, dict(error.get_headers()))
        response, status = refused(refusal_of(error))
        if allowed := getattr(error, "valid_methods", None):
            response.headers["Allow"] = ", ".join(sorted(allowed))
        return response, status

    @app.errorhandler(Exception)
    def internal_error(error: Exception) -> tuple[Response, int]:
        log.error("%s %s failed", request.method, request.path, exc_info=error)
        return refused(Refusal("internal_error"))
