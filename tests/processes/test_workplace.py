"""The folder that caches are kept in, in places of one's own and in those that everybody shares."""

from __future__ import annotations

import os

import pytest

from runoff.processes.workplace import private_folder


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
