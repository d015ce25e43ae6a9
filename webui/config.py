"""What the page is started with."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from runoff.model.inputs.decoding import PIXEL_LIMIT
from runoff.model.inputs.input_options import InputOptions
from runoff.model.sources.options import ModelOptions

MEGABYTE = 1_000_000
FORM_OVERHEAD = 64 * 1024
"""Bytes of a multipart body beside the picture itself."""


@dataclass(frozen=True)
class Config:
    """What is served, from where, and within which limits; times in seconds.

    ``contenders`` are ids separated by commas, or ``plain`` for every backend's plain variant; ``first`` is the one
    that is started before the others and answers by default. ``prepared`` is a folder made by
    ``python -m webui prepare``; without it artifacts come from the cache in ``home``, the benchmark's own where both
    start in the same folder, and are converted where it has none. ``places`` is how many pictures may be in the server
    at a time, those that wait included. ``patience`` is how long a request waits for its turn, ``worker_timeout`` how
    long a worker may take for one answer. ``decoders`` is how many processes open pictures. ``trusted_hosts`` are the
    names that the page may be asked for by, empty for any.
    """

    contenders: str = "plain"
    first: str = "onnxruntime"
    model: ModelOptions = field(default_factory=ModelOptions)
    inputs: InputOptions = field(default_factory=InputOptions)
    threads: int | None = None
    home: Path = field(default_factory=lambda: Path.cwd() / ".runoff")
    prepared: Path | None = None
    upload_limit: int = 12 * MEGABYTE
    pixel_limit: int = PIXEL_LIMIT
    places: int = 8
    decoders: int = 2
    trusted_hosts: tuple[str, ...] = ()
    patience: float = 10.0
    worker_timeout: float = 15.0
    start_timeout: float = 180.0
