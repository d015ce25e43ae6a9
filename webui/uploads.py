"""The one picture of a request, read into memory and never written anywhere."""

from __future__ import annotations

from io import BytesIO
from typing import IO

from flask import Request

from webui.config import MEGABYTE
from webui.refusals import Refusal

FIELD = "image"


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


def read_picture(request: Request, limit: int) -> bytes:
    """Return the bytes of the picture in the field ``image``.

    Raises Refusal, and Werkzeug's RequestEntityTooLarge above MAX_CONTENT_LENGTH.
    """
    if request.mimetype != "multipart/form-data":
        raise Refusal("not_a_form")
    files = request.files.getlist(FIELD)
    if not files:
        raise Refusal("no_picture")
    if len(files) > 1:
        raise Refusal("several_pictures")
    content = files[0].stream.read()
    if not content:
        raise Refusal("empty_file" if files[0].filename else "no_picture")
    if len(content) > limit:
        raise Refusal("file_too_large", megabytes=limit // MEGABYTE)
    return content
