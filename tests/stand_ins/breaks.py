"""A plugin that ends a run at a moment: variables say how, and in which launch of which measurement, counted from 0."""

from __future__ import annotations

import errno
import os
import signal
from typing import Any, NoReturn

import pytest

from runoff.measure import launches
from runoff.measure.launches import Setup, Yield


def fill_the_disk() -> NoReturn:
    """Be a disk that takes no more, when a worker's folder is to be made."""
    raise OSError(errno.ENOSPC, "No space left on device")


def break_down() -> NoReturn:
    """Be a defect of Runoff's own."""
    raise LookupError("no such name")


ENDS = {
    "terminated": lambda: os.kill(os.getpid(), signal.SIGTERM),
    "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "full": fill_the_disk,
    "broken": break_down,
}


@pytest.hookimpl(trylast=True)
def pytest_configure() -> None:
    """Let a launch end as ``BREAK`` says, which is a way, a part of a journal's name and a launch."""
    given = os.environ.get("BREAK")
    if not given:
        return
    way, _, place = given.partition(" in ")
    part, _, number = place.partition(" ")
    start = Setup.start

    def breaking(self: Setup, launch: int, *arguments: Any, **named: Any) -> Yield[Any]:
        asks = "-batches" in self.journal.name
        if launch == int(number) and asks is (part == "batches") and (launch or named.get("timed", True) or asks):
            ENDS[way]()
        return start(self, launch, *arguments, **named)

    launches.Setup.start = breaking
