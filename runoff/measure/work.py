"""What a worker works with, from its first inference on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runoff.arrays import Arrays, Signature
    from runoff.contract import Session


@dataclass(frozen=True)
class Work:
    """The session, the inputs that the launch runs on, what the model takes and gives, and the backend's layout."""

    session: Session
    inputs: Arrays
    signature: Signature
    layout: str
