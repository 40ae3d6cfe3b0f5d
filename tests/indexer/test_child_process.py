"""Child processes with limits: a hostile script costs only itself."""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from tempfile import TemporaryFile

import pytest

from indexer.child_process import ChildFailed, ProcessLimits, run_limited

LIMITS = ProcessLimits(memory=500_000_000, seconds=60, silence=60, output=1_000_000)


def run(folder: Path, script: str, limits: ProcessLimits = LIMITS, source: bytes = b"") -> str:
    """Run a script, and return its output."""
    path = folder / "script.py"
    path.write_text(script)
    with TemporaryFile() as file:
        file.write(source)
        file.seek(0)
        with run_limited(str(path), ("first", 2), file, limits) as blocks:
            return b"".join(blocks).decode()


def test_a_script_gets_its_file_and_arguments(tmp_path: Path) -> None:
    """The standard input is the file, and the arguments follow the name of the script."""
    script = "import sys; print(sys.argv[1:], sys.stdin.read())"
    assert run(tmp_path, script, source=b"a text") == "['first', '2'] a text\n"


def test_the_environment_is_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A script cannot read secrets from the environment."""
    monkeypatch.setenv("SECRET", "value")
    assert "value" not in run(tmp_path, "import os; print(os.environ)")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has network namespaces")
def test_there_is_no_network(tmp_path: Path) -> None:
    """A script cannot connect to a server on this machine."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        connect = f"socket.create_connection(('127.0.0.1', {server.getsockname()[1]}), 5)"
        script = f"import os, socket\ntry: {connect}\nexcept OSError: print('none')\n"
        if not _can_leave_network(tmp_path):
            pytest.skip("this system does not allow new network namespaces")
        assert run(tmp_path, script) == "none\n"


def _can_leave_network(folder: Path) -> bool:
    own = Path("/proc/self/ns/net").readlink()
    return run(folder, "import os; print(os.readlink('/proc/self/ns/net'))").strip() != str(own)


def test_a_script_cannot_write_files(tmp_path: Path) -> None:
    """A script that writes to a file is ended."""
    target = tmp_path / "target"
    script = f"import os; os.write(os.open({str(target)!r}, os.O_CREAT | os.O_WRONLY), b'text')"
    with pytest.raises(ChildFailed):
        run(tmp_path, script)
    assert not target.exists() or not target.read_bytes()


@pytest.mark.parametrize(
    ("script", "limits", "reason"),
    [
        ("while True: pass", LIMITS._replace(seconds=1), "too much time"),
        ("import time; time.sleep(60)", LIMITS._replace(silence=1), "too much time"),
        ("b'x' * 2_000_000_000", LIMITS, "too much memory"),
        ("import os; os.abort()", LIMITS, "damaged"),
        ("while True: print('x' * 1000)", LIMITS, "too much text"),
    ],
)
def test_limits_are_named(tmp_path: Path, script: str, limits: ProcessLimits, reason: str) -> None:
    """A script that exceeds a limit or crashes is ended, and the error says why."""
    with pytest.raises(ChildFailed, match=reason):
        run(tmp_path, script, limits)


def test_output_before_a_failure_is_kept(tmp_path: Path) -> None:
    """The blocks that a script writes before it crashes are yielded first."""
    script = "import os; print('kept', flush=True); os.abort()"
    (tmp_path / "script.py").write_text(script)
    blocks: list[bytes] = []
    with (
        TemporaryFile() as file,
        run_limited(str(tmp_path / "script.py"), (), file, LIMITS) as output,
        pytest.raises(ChildFailed),
    ):
        blocks.extend(output)
    assert blocks == [b"kept\n"]
