"""Fetching a file of weights: whole and with the hash that its name says, or not at all."""

from __future__ import annotations

import hashlib
import http.client
import re
import time
import urllib.error
import urllib.request
from pathlib import Path

from runoff.errors import CheckpointBroken, CheckpointUnavailable
from runoff.files.whole import write_whole

TIMEOUT = 5.0
"""Seconds to wait for a connection, and for each piece of the download."""
DOWNLOAD_TIMEOUT = 300.0
"""Seconds that a whole download may take."""


def download(url: str, destination: Path) -> Path:
    """Fetch a file, whole and with the hash that its name says, or not at all; what an earlier run fetched is kept.

    Raises CheckpointUnavailable, and CheckpointBroken where something else came.
    """
    if destination.exists():
        return destination

    def fetch(partial: Path) -> None:
        opened = urllib.request.urlopen(url, timeout=TIMEOUT)  # noqa: S310 - TorchVision's own address, or the caller's
        with opened as answer, partial.open("wb") as file:
            expected = int(answer.headers.get("Content-Length") or -1)
            deadline = time.monotonic() + DOWNLOAD_TIMEOUT
            while block := answer.read(1 << 20):
                file.write(block)
                if time.monotonic() > deadline:
                    raise TimeoutError(f"it takes longer than {DOWNLOAD_TIMEOUT:g} s")
            written = file.tell()
        if expected not in (-1, written):
            raise CheckpointUnavailable(
                f"the download of {destination.name} broke off at {written} of {expected} bytes"
            )
        require_hash_of_name(partial, destination.name)

    try:
        return write_whole(destination, fetch)
    except (OSError, http.client.HTTPException) as error:  # urllib's errors are OSErrors; it lets http's own pass
        if isinstance(error, urllib.error.HTTPError):
            error.close()  # it holds the answer's connection
        reason = " ".join(str(getattr(error, "reason", None) or error).split())
        raise CheckpointUnavailable(
            f"{destination.name} is not in TorchVision's cache and could not be downloaded ({reason})"
        ) from error


def require_hash_of_name(path: Path, name: str) -> None:
    """Hold a file to the first digits of its SHA-256, which TorchVision puts in its name (torch.hub's convention).

    Raises CheckpointBroken.
    """
    named = re.search(r"-([0-9a-f]{8,})\.", name)
    expected = named.group(1) if named else "none in its name"
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if not found.startswith(expected):
        raise CheckpointBroken(
            f"the weights file {name} is truncated or not the official one: expected a SHA-256 that begins with "
            f"{expected}, found {found[:12]}… over {path.stat().st_size} bytes; "
            f"delete {path} if it is still there, then run again"
        )
