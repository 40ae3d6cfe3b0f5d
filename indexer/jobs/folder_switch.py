"""Folder switch: replace a whole folder, so that an interrupted import changes nothing.

The new folder is written as `.NAME.import`, and renamed when it is complete. If the target folder
exists, its files are copied first. It is renamed to `.NAME.former` just before it is replaced.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from indexer.catalogue import safe_files
from indexer.generations import fsync


class ImportRejected(Exception):
    """The file or folder can't be used for an import. `hint` describes the fix."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(f"{message}. {hint}")
        self.message, self.hint = message, hint


@contextmanager
def replace_folder(folder: Path) -> Iterator[Path]:
    """Yield a copy of a folder, or an empty folder. Replace the folder with it after the block.

    Raise OSError. After any error, the folder is as before.
    """
    temporary = folder.with_name(f".{folder.name}.import")
    shutil.rmtree(temporary, ignore_errors=True)  # an interrupted import can leave it
    try:
        fsync.make_folder(folder.parent)
        if folder.is_dir():
            shutil.copytree(folder, temporary, symlinks=True)
        else:
            temporary.mkdir()
        yield temporary
        fsync.flush_and_digest([path for path in temporary.rglob("*") if path.is_file()])
        fsync.sync(temporary)
        _switch(folder, temporary)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def make_place(folder: Path, name: str) -> Path:
    """Return the path of a file to write in a folder of `replace_folder`, and make its parents.

    A link of this name is removed, so that its target is kept. Raise ImportRejected if a link to a
    folder leads out, and OSError.
    """
    path = folder / name
    if not safe_files.resolve(path.parent).is_relative_to(safe_files.resolve(folder)):
        message = f"{safe_files.printable_path(Path(name))} is behind a link out of the folder"
        raise ImportRejected(message, "Remove the link")
    if not path.parent.is_dir():
        path.parent.mkdir(parents=True)
    if path.is_symlink():
        path.unlink()
    return path


def _make_backup_path(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.former")


def _switch(folder: Path, temporary: Path) -> None:
    """Replace `folder` by `temporary`. A non-empty folder must move away before the rename."""
    backup = _make_backup_path(folder)
    if folder.is_dir() and any(folder.iterdir()):
        folder.rename(backup)
    try:
        temporary.rename(folder)
    except BaseException:
        undo_partial_switch(folder)
        raise
    fsync.sync(folder.parent)
    shutil.rmtree(backup, ignore_errors=True)


def undo_partial_switch(folder: Path) -> None:
    """Restore the former folder if an import was interrupted between its two renames."""
    backup = _make_backup_path(folder)
    if backup.is_dir() and not folder.exists():
        backup.rename(folder)
    shutil.rmtree(backup, ignore_errors=True)
