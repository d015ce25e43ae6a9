"""What tox.ini keeps for each environment."""

from __future__ import annotations

import configparser

from tests.conftest import ROOT


def test_no_two_environments_share_a_folder():
    """Each tox environment has a separate folder: tox makes one anew whenever another name used it before."""
    assert "env_dir" not in (ROOT / "tox.ini").read_text()


def test_every_environment_has_a_storage_of_its_own():
    """Each tox environment that runs benchmarks keeps its saved runs in a folder with its name."""
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini")
    racing = {name: each["commands"] for name, each in tox.items() if "pytest benchmarks/" in each.get("commands", "")}
    assert "testenv:compare" in racing
    for name, commands in racing.items():
        assert "--benchmark-storage=file://{tox_root}/.runoff/storage/{env_name}" in commands, name
