"""Parts of a Markdown page that are made: between two comments, which GitHub and the site leave out."""

from __future__ import annotations

import re

from runoff.errors import RunoffError


class BlockMissing(RunoffError):
    """A page does not hold the block that something is made for.

    Remedy: put the two comments that the error names into the page.
    """


def replace_block(text: str, name: str, made: str) -> str:
    """Return a page's text with what is made in the place of what its block held.

    Raises BlockMissing where the page has no such block, or more than one.
    """
    pattern = block_pattern(name)
    found = len(pattern.findall(text))
    if found != 1:
        raise BlockMissing(
            f"expected one block from <!-- made: {name} --> to <!-- made: end -->, found {found}; put its comments "
            "into the page"
        )
    return pattern.sub(lambda block: f"{block[1]}\n{made.strip()}\n{block[3]}", text)


def block_of(text: str, name: str) -> str:
    """Return what a page's block holds; empty where there is no such block."""
    found = block_pattern(name).search(text)
    return found[2].strip() if found else ""


def without_blocks(text: str) -> str:
    """Return a page's text without what is made."""
    return block_pattern(r"[\w-]+", literal=False).sub("", text)


def block_pattern(name: str, *, literal: bool = True) -> re.Pattern[str]:
    """Return the pattern of a block: its first comment, what it holds, its last comment."""
    wanted = re.escape(name) if literal else name
    return re.compile(rf"(<!-- made: {wanted} -->)\n(.*?)(<!-- made: end -->)", re.DOTALL)
