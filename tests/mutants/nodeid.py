"""A plugin of pytest for mutmut 3.6, which reads a test's name where pytest 9.2 has it no longer."""

from __future__ import annotations

import pytest


def pytest_itemcollected(item: pytest.Item) -> None:
    """Give a test its name under the old attribute too."""
    item._nodeid = item.nodeid
