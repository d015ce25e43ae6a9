"""A system whose files are not in UTF-8 unless it is said, for the tests of what reads and writes text."""

from __future__ import annotations

import locale
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def files_in_ascii() -> Iterator[None]:
    """Let files be in ASCII where no encoding is given, as with the locale C."""
    usual = locale.setlocale(locale.LC_CTYPE)
    locale.setlocale(locale.LC_CTYPE, "C")
    try:
        yield
    finally:
        locale.setlocale(locale.LC_CTYPE, usual)
