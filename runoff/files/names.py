"""Names of files as people can see them: one line, and nothing that a terminal would obey."""

from __future__ import annotations

from pathlib import Path


def shown(name: Path | str) -> str:
    r"""Return a name with each sign that can't be printed by its number: ``\n``, ``\x1b``, ``\xff``.

    A byte of a name that is not in the system's encoding, which Python has as half of a surrogate pair, is written as
    that byte.
    """
    text = str(name)
    return text if text.isprintable() else "".join(sign if sign.isprintable() else written_out(sign) for sign in text)


def written_out(sign: str) -> str:
    """Return a sign by its number in ASCII, or by its letter where Python has one for it."""
    number = ord(sign)
    if 0xDC80 <= number <= 0xDCFF:
        return f"\\x{number - 0xDC00:02x}"
    return sign.encode("unicode_escape").decode("ascii")
