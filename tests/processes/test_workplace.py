"""The folder that caches are kept in, in places of one's own and in those that everybody shares."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import platformdirs
import pytest

from runoff.processes.workplace import homes, private_folder
from tests.conftest import ROOT


def test_a_folder_in_a_shared_place_is_its_users_alone(tmp_path):
    """In a place such as /tmp nobody else can look into it; elsewhere it is made as all folders are."""
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    assert private_folder(shared / "runoff-1").stat().st_mode & 0o777 == 0o700
    assert private_folder(tmp_path / "new" / "runoff") == private_folder(tmp_path / "new" / "runoff")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user")
def test_another_users_folder_in_a_shared_place_is_refused(tmp_path):
    """Nor is another user's link followed; in one's own place a folder may be anybody's."""
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    (shared / "folder").mkdir()
    (shared / "link").symlink_to(tmp_path)
    for name in ("folder", "link"):
        os.chown(shared / name, 4321, 4321, follow_symlinks=False)
        with pytest.raises(PermissionError, match="it belongs to the user with number 4321"):
            private_folder(shared / name)
    shared.chmod(0o777)
    assert private_folder(shared / "folder").exists()


def test_caches_are_where_the_variable_says_or_in_the_checkout_or_with_the_user(tmp_path, monkeypatch):
    """RUNOFF_HOME comes first, then the checkout, the user's cache folder and one for temporary files."""
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name: tmp_path / name)
    temporary = Path(tempfile.gettempdir()) / f"runoff-{os.geteuid()}"
    assert list(homes({})) == [ROOT / ".runoff", tmp_path / "runoff", temporary]
    assert list(homes({"RUNOFF_HOME": str(tmp_path / "own")}))[:2] == [tmp_path / "own", ROOT / ".runoff"]


def test_a_user_without_a_home_has_no_cache_folder(monkeypatch):
    """Where platformdirs finds no home, or gives a path from one that is not there, that folder is passed over."""
    temporary = Path(tempfile.gettempdir()) / f"runoff-{os.geteuid()}"

    def refuse(name: str) -> Path:
        raise RuntimeError(name)

    for found in (refuse, lambda _: Path("~/.cache/runoff")):
        monkeypatch.setattr(platformdirs, "user_cache_path", found)
        assert list(homes({})) == [ROOT / ".runoff", temporary]
