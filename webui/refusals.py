"""Why a picture gets no answer: each reason once, as a status code, a word for programs and a sentence for people."""

from __future__ import annotations

from collections.abc import Sequence

from runoff.errors import RunoffError
from webui.config import MEGABYTE

FORMATS = "JPEG, PNG, WebP, GIF, BMP or TIFF"


class Refusal(RunoffError):
    """A request that gets no answer; its message is a sentence that may be shown to anyone."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


def not_a_form() -> Refusal:
    """Refuse a body that is no form with a file in it."""
    return Refusal(415, "not_a_form", "Send the picture as a form (multipart/form-data), in a field named “image”.")


def no_picture() -> Refusal:
    """Refuse a form without a picture."""
    return Refusal(400, "no_picture", "There was no picture in what arrived. Choose one and send it again.")


def several_pictures() -> Refusal:
    """Refuse more than one picture at a time."""
    return Refusal(400, "several_pictures", "That was more than one picture. Send them one at a time.")


def empty_file() -> Refusal:
    """Refuse a file of no bytes."""
    return Refusal(400, "empty_file", "This file is empty. Choose another picture.")


def file_too_large(limit: int) -> Refusal:
    """Refuse a body above the limit in bytes."""
    words = f"This file is too large: at most {limit // MEGABYTE} MB are accepted. Save the picture smaller."
    return Refusal(413, "file_too_large", words)


def too_many_pixels(limit: int) -> Refusal:
    """Refuse a picture above the limit in pixels, whatever its file's size."""
    words = f"This picture has too many pixels: at most {limit // 1_000_000} million are accepted. Save it smaller."
    return Refusal(413, "too_many_pixels", words)


def not_a_picture() -> Refusal:
    """Refuse what is in none of the known formats."""
    return Refusal(415, "not_a_picture", f"This does not seem to be a picture. Pictures saved as {FORMATS} work.")


def broken_picture() -> Refusal:
    """Refuse a picture that is cut off or damaged."""
    words = "This picture is damaged or cut short, so it can't be opened. Save it again, or choose another."
    return Refusal(422, "broken_picture", words)


def unreadable_picture() -> Refusal:
    """Refuse a picture that ended the process that opened it, or kept it busy for too long."""
    words = "This picture could not be opened in time. Save it again as JPEG or PNG, or choose another."
    return Refusal(422, "unreadable_picture", words)


def unknown_runtime(known: Sequence[str]) -> Refusal:
    """Refuse a runtime's name that the page does not have."""
    return Refusal(400, "unknown_runtime", f"There is no such runtime here. There are: {', '.join(known)}.")


def bad_top(most: int) -> Refusal:
    """Refuse a number of answers that can't be given."""
    return Refusal(400, "bad_top", f"“top” must be a whole number from 1 to {most}.")


def busy() -> Refusal:
    """Refuse one picture more than there are places."""
    return Refusal(503, "busy", "Many pictures are being looked at right now. Try again in a moment.")


def no_such_page() -> Refusal:
    """Refuse an address that leads nowhere."""
    return Refusal(404, "not_found", "There is nothing at this address.")


def wrong_method() -> Refusal:
    """Refuse a method that an address does not have."""
    return Refusal(405, "wrong_method", "This address can't be used in that way.")


def bad_request() -> Refusal:
    """Refuse a request that is not well formed."""
    return Refusal(400, "bad_request", "What arrived could not be understood. Reload the page and try again.")


def our_fault() -> Refusal:
    """Own up to an error of the server itself."""
    return Refusal(500, "our_fault", "Something went wrong here. Try again, or try another picture.")
