"""Where a run keeps what: caches, logs and journals that stay, and files of its own that go with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Workplace:
    """The folder that caches, logs and journals live in (``.runoff/``), and one run's own files in it."""

    home: Path
    working: Path

    @property
    def checkpoints(self) -> Path:
        """Expanded checkpoints."""
        return self.home / "checkpoints"

    @property
    def artifacts(self) -> Path:
        """Converted models."""
        return self.home / "artifacts"

    @property
    def logs(self) -> Path:
        """What the processes printed."""
        return self.home / "logs"

    @property
    def journals(self) -> Path:
        """Every launch of every run, written down as it was measured."""
        return self.home / "runs"
