"""Why a picture gets no answer: each reason once, as a status code, a word for programs and a sentence for people."""

from __future__ import annotations

from runoff.errors import RunoffError
from runoff.model.inputs.decoding import FORMATS

ACCEPTED = f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}"
"""The formats that are accepted, as people read them."""

SENTENCES = {
    "not_a_form": (415, "Send the picture as a form (multipart/form-data), in a field named “image”."),
    "no_picture": (400, "There was no picture in what arrived. Choose one and send it again."),
    "several_pictures": (400, "That was more than one picture. Send them one at a time."),
    "empty_file": (400, "This file is empty. Choose another picture."),
    "file_too_large": (
        413,
        "This file is too large: at most {megabytes} MB are accepted. Save the picture smaller.",
    ),
    "too_many_pixels": (
        413,
        "This picture has too many pixels: at most {millions} million are accepted. Save it smaller.",
    ),
    "too_many_fields": (
        413,
        "The form holds too much beside the picture. Send the picture alone, as a file in a field named “image”.",
    ),
    "not_a_picture": (415, f"This does not seem to be a picture. Pictures saved as {ACCEPTED} work."),
    "broken_picture": (
        422,
        "This picture is damaged or cut short, so it can't be opened. Save it again, or choose another.",
    ),
    "unreadable_picture": (
        422,
        "This picture could not be opened in time. Save it again as JPEG or PNG, or choose another.",
    ),
    "unknown_runtime": (400, "There is no such runtime here. There are: {known}."),
    "bad_top": (400, "“top” must be a whole number from 1 to {most}."),
    "busy": (503, "Many pictures are being looked at right now. Try again in a moment."),
    "no_model": (503, "There is no model to look at pictures with yet. Try again in a moment."),
    "not_found": (404, "There is nothing at this address."),
    "wrong_method": (405, "This address can't be used in that way."),
    "untrusted_host": (
        400,
        "The page does not answer to this name. Open it at the address that its start showed, or start it with this "
        "name as --trusted-host.",
    ),
    "bad_request": (400, "What arrived could not be understood. Reload the page and try again."),
    "internal_error": (500, "Something went wrong here. Try again, or try another picture."),
}


class Refusal(RunoffError):
    """A request that gets no answer; its message is a sentence that may be shown to anyone.

    Remedy: do what the sentence says; see [the page](page.md).
    """

    def __init__(self, code: str, **values: object) -> None:
        self.code = code
        self.status, sentence = SENTENCES[code]
        super().__init__(sentence.format(**values))
