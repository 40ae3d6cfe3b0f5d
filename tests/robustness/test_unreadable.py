"""An unreadable file of an index is reported, and no command waits for a pipe or device."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from indexer.generations import directory
from tests.robustness.runner import Runner

COMMANDS = ["status", "search", "verify", "build", "rollback"]
HARMS: dict[str, Callable[[Path], None]] = {
    "a pipe": os.mkfifo,
    "a device": lambda path: path.symlink_to("/dev/zero"),
}
FILES = ["CURRENT", "ATTEMPT", "manifest.json", "manifest.sha256", "words.seg"]


@pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS)
@pytest.mark.parametrize("file", FILES)
def test_no_command_waits_for_a_special_file(
    file: str, harm: Callable[[Path], None], runner: Runner, corpus: Path, index: Path
) -> None:
    for command in COMMANDS:
        spoilt = Path(shutil.copytree(index, index.with_name(command)))
        folder = spoilt if file.isupper() else directory.load_live(spoilt).folder
        path = next(folder.rglob(file))
        path.unlink()
        harm(path)
        arguments = ["--corpus", corpus] if command == "build" else []
        ended = runner.run([command, "--index", spoilt, *arguments])
        assert ended.status in {0, 1}, (command, ended)
        assert ended.said.count("\n") == (ended.status and command != "verify"), (command, ended)


@pytest.mark.skipif(not shutil.which("setpriv"), reason="setpriv is not installed")
@pytest.mark.parametrize("file", ["CURRENT", "manifest.json", "words.seg"])
def test_an_unreadable_file_is_reported_as_unreadable(file: str, index: Path) -> None:
    folder = index if file.isupper() else directory.load_live(index).folder
    path = next(folder.rglob(file))
    path.chmod(0)
    # Root needs its capabilities to read a file without read permission.
    without = ("setpriv", "--bounding-set", "-all", "--inh-caps", "-all")
    done = subprocess.run(
        [*(without if os.geteuid() == 0 else ()), Path(sys.executable).with_name("pubsearch"),
         "search", "--index", index],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert str(path) in done.stderr
    assert "denied" in done.stderr
    assert "Check the permissions" in done.stderr
    assert "written" not in done.stderr
