"""A plugin for runs of the copied suite that ask the service questions: what is asked for lasts as long as it must."""

from __future__ import annotations

from runoff.measure.service import load, parallel


def pytest_configure() -> None:
    """Ask for fewer queries and for less time than a figure that is to be trusted takes."""
    load.SERVER_BLOCKS = 2
    load.LEAST_SECONDS = 0.05
    parallel.SECONDS = 0.2
