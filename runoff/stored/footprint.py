"""What each contender takes on disk."""

from __future__ import annotations

from msgspec import Struct, field


class Package(Struct, frozen=True):
    """A package that a framework needs: bytes on disk, None where not known, and who else needs it."""

    name: str
    version: str
    size: int | None = field(name="bytes")
    shared_with: tuple[str, ...]

    @property
    def is_shared(self) -> bool:
        """Whether another backend of the run needs it too."""
        return bool(self.shared_with)


class Footprint(Struct, frozen=True):
    """A contender's packages, and bytes: of its backend's own, of those that others need too, of the artifact."""

    contender: str
    own: int = field(name="own_bytes")
    shared: int = field(name="shared_bytes")
    artifact: int = field(name="artifact_bytes")
    packages: tuple[Package, ...]

    @property
    def total(self) -> int:
        """All that it takes, as far as sizes are known."""
        return self.own + self.shared + self.artifact

    @property
    def unknown(self) -> list[str]:
        """The packages whose size is not known."""
        return [package.name for package in self.packages if package.size is None]
