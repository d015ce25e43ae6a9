"""What errors say is to be done."""

from __future__ import annotations

import sys
from importlib import metadata

import pytest

from runoff.text.remedies import command_to_install
from tests.conftest import ROOT


@pytest.mark.parametrize(("installed", "given"), [(True, "'runoff[suite]'"), (False, f"-e '{ROOT}[suite]'")])
def test_an_extra_is_installed_from_where_runoff_can_be_had(monkeypatch, installed, given):
    """Runoff is named where it is installed, and its checkout where nothing else of it is there."""

    def find(name):
        if not installed:
            raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", find)
    assert command_to_install("suite") == f"{sys.executable} -m pip install {given}"
