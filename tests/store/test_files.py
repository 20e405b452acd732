from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from gateway.errors import ConfigurationError
from gateway.store.files import Stamp, Unreadable, folder_of, is_gone, open_beneath, stamp_of, storage_error, walk


def paths(root: Path) -> list[bytes]:
    return [path for path, _ in walk(root, Unreadable())]


def test_a_walk_is_in_the_byte_order_of_whole_paths(tmp_path: Path) -> None:
    for name in ("a/b", "a/c/d", "a.dcm", "a-", "a0", "B", "ä", "b/\u00ff", "z"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = paths(tmp_path)
    assert found == sorted(found)
    assert len(found) == 9


def test_a_walk_tells_the_stamp_of_each_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    ((_, stamp),) = walk(tmp_path, Unreadable())
    assert stamp == stamp_of((tmp_path / "file").stat())
    assert stamp.size == 5
    os.utime(tmp_path / "file", ns=(1, 2))
    assert stamp_of((tmp_path / "file").stat()) == Stamp(5, 2, (tmp_path / "file").stat().st_ctime_ns)


def test_a_root_that_cannot_be_listed_is_an_error_and_a_folder_below_it_is_counted(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        paths(tmp_path / "none")
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        paths(tmp_path / "file")


def test_a_folder_that_cannot_be_listed_is_counted(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    # Too deep for any path; permissions would not stop root.
    at = os.open(tmp_path, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=at)
        below = os.open("d" * 250, os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    os.close(at)
    unreadable = Unreadable()
    assert [path for path, _ in walk(tmp_path, unreadable)] == [b"file"]
    assert unreadable.folders == 1


@pytest.mark.parametrize("path", [b"../secret", b"a/../../secret", b"/etc/passwd", b"", b".", b"a//file", b"a/./file"])
def test_no_path_leads_out_of_the_root(tmp_path: Path, path: bytes) -> None:
    root = tmp_path / "root"
    (root / "a").mkdir(parents=True)
    (root / "a" / "file").touch()
    (tmp_path / "secret").touch()
    with pytest.raises(OSError, match="not a path below"):
        open_beneath(root, path)


def test_no_link_is_followed_on_the_way(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "file").touch()
    (root / "folder").symlink_to(tmp_path / "out")
    (root / "file").symlink_to(tmp_path / "out" / "file")
    os.mkfifo(root / "pipe")
    for path in (b"folder/file", b"file", b"pipe", b"none"):
        with pytest.raises(OSError):
            open_beneath(root, path)
        assert is_gone(root, path)


def test_a_file_below_is_opened_and_not_gone(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c").write_bytes(b"content")
    with open_beneath(tmp_path, b"a/b/c") as file:
        assert file.read() == b"content"
    assert not is_gone(tmp_path, b"a/b/c")


def test_a_folder_url_is_a_path(tmp_path: Path) -> None:
    assert folder_of((tmp_path / "ä b").as_uri(), "X") == tmp_path / "ä b"
    with pytest.raises(ConfigurationError, match="THAT_SETTING"):
        folder_of("http://host/path", "THAT_SETTING")


def test_a_failure_of_the_disk_names_no_path() -> None:
    assert "full" in str(storage_error("archive", OSError(errno.ENOSPC, "x", "/secret/1.2.3")))
    other = str(storage_error("archive", PermissionError(errno.EACCES, "x", "/secret/1.2.3")))
    assert "EACCES" in other
    assert "secret" not in other
