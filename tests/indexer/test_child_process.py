"""Child processes with limits: a hostile script costs only itself."""

import re
import socket
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryFile
from textwrap import indent

import pytest

from indexer import child_process
from indexer.child_process import ChildFailed, ProcessLimits, run_limited

HEADER = "/usr/include/asm-generic/unistd.h"
LIMITS = ProcessLimits(memory=500_000_000, seconds=60, silence=60, output=1_000_000)


def run(folder: Path, script: str, limits: ProcessLimits = LIMITS, source: bytes = b"") -> str:
    with TemporaryFile() as file:
        file.write(source)
        file.seek(0)
        with run_limited(write(folder, script), ("first", 2), file, limits) as blocks:
            return b"".join(blocks).decode()


def write(folder: Path, script: str) -> str:
    """Write a script whose function `main` has these lines, and return its path."""
    path = folder / f"script{len([*folder.iterdir()])}.py"
    path.write_text("def main(*arguments):\n" + indent(script, "    "))
    return str(path)


def test_a_script_gets_its_file_and_arguments(tmp_path: Path) -> None:
    script = "import sys; print(arguments, sys.stdin.read())"
    assert run(tmp_path, script, source=b"a text") == "('first', 2) a text\n"


def test_the_environment_is_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "value")
    assert "value" not in run(tmp_path, "import os; print(os.environ)")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has network namespaces")
def test_there_is_no_network(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        connect = f"socket.create_connection(('127.0.0.1', {server.getsockname()[1]}), 5)"
        script = f"import os, socket\ntry: {connect}\nexcept OSError: print('none')\n"
        assert run(tmp_path, script) == "none\n"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a sandbox")
@pytest.mark.parametrize(
    "attempt",
    [
        "open(target, 'w')", "open(target, 'a')", "os.truncate(target, 0)", "os.unlink(target)",
        "os.rename(target, target + 'x')", "os.chmod(target, 0)", "os.utime(target)",
        "os.mkdir(target + 'x')", "os.symlink(target, target + 'x')", "open(target)",
        "os.listdir(os.path.dirname(target))", "os.kill(1, 0)", "os.kill(os.getpid(), 0)",
        "os.fork()", "os.execv('/bin/true', ['true'])", "socket.socket()",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)", "socket.socketpair()",
        "fcntl.fcntl(1, fcntl.F_SETOWN, os.getpid())", "fcntl.fcntl(1, fcntl.F_SETOWN, -1)",
        "fcntl.fcntl(1, 15, bytes(8))", "fcntl.fcntl(1, fcntl.F_SETSIG, 9)",
        "fcntl.fcntl(1, fcntl.F_SETFL, os.O_ASYNC)", "fcntl.fcntl(1, fcntl.F_NOTIFY, 0)",
        "fcntl.fcntl(0, fcntl.F_SETLEASE, fcntl.F_RDLCK)",
    ],
)  # fmt: skip
def test_a_script_changes_and_reads_nothing_else(tmp_path: Path, attempt: str) -> None:
    target = tmp_path / "target"
    target.write_text("text")
    before = target.stat()
    script = (
        f"import fcntl, os, socket\ntarget = {str(target)!r}\n"
        f"try: {attempt}\nexcept PermissionError: print('refused')"
    )
    assert run(tmp_path, script) == "refused\n"
    assert (target.read_text(), target.stat().st_mode) == ("text", before.st_mode)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a sandbox")
def test_a_script_reads_and_copies_its_files(tmp_path: Path) -> None:
    """A script may open a module, copy an open file, and look at its flags."""
    script = (
        "import fcntl, os\n"
        "commands = fcntl.F_GETFD, fcntl.F_GETFL, fcntl.F_DUPFD, fcntl.F_DUPFD_CLOEXEC\n"
        "os.close(os.open(os.__file__, os.O_RDONLY))\n"
        "copies = [fcntl.fcntl(0, command) for command in commands]\n"
        "fcntl.fcntl(copies[2], fcntl.F_SETFD, fcntl.FD_CLOEXEC)\n"
        "print(fcntl.fcntl(copies[2], fcntl.F_GETFD), os.read(os.dup(copies[3]), 9))"
    )
    assert run(tmp_path, script, source=b"text") == "1 b'text'\n"


LAYERS = """
import ctypes, struct, sys
from pathlib import Path
from tests.indexer.test_child_process import run
libc = ctypes.CDLL(None)
libc.prctl(38, 1, 0, 0, 0)
while not libc.syscall(446, libc.syscall(444, struct.pack("Q", 1 << 10), ctypes.c_size_t(8), 0), 0):
    pass
print(run(Path(sys.argv[1]), "print('read')"))
"""
"""Take all layers of Landlock that a process can have, and read a file."""


@pytest.mark.skipif(not child_process.closes_network(), reason="this system has no filter")
def test_a_file_is_not_read_without_the_sandbox(tmp_path: Path) -> None:
    """If the system has a sandbox that can't be entered, the error says so."""
    ended = subprocess.run(
        [sys.executable, "-c", LAYERS, tmp_path], capture_output=True, text=True, check=False
    )
    assert "read\n" not in ended.stdout
    assert "its process can't enter the sandbox" in ended.stderr


@pytest.mark.skipif(not Path(HEADER).exists(), reason="needs the headers of Linux")
def test_the_system_calls_have_their_numbers() -> None:
    numbers = dict(re.findall(r"#define __NR(?:3264)?_(\w+) (\d+)", Path(HEADER).read_text()))
    numbers |= {"newfstatat": numbers["fstatat"]}
    calls = child_process._CALLS | child_process._OPENS | child_process._CONTROLS
    assert {name: str(number) for name, (_, number) in calls.items()} == {
        name: numbers[name] for name in calls
    }


def test_a_server_reads_several_files(tmp_path: Path) -> None:
    script = write(tmp_path, "print('read')")

    def run_once() -> subprocess.Popen[bytes]:
        with TemporaryFile() as file, run_limited(script, (), file, LIMITS) as blocks:
            assert b"".join(blocks) == b"read\n"
        [server] = child_process._idle[script]
        return server._process

    first = run_once()
    assert run_once() is first
    first.kill()
    first.wait()
    assert run_once() is not first


def test_a_file_meets_nothing_of_another(tmp_path: Path) -> None:
    script = write(tmp_path, "import sys; print(hasattr(sys, 'seen')); sys.seen = True")
    for _ in range(2):
        with TemporaryFile() as file, run_limited(script, (), file, LIMITS) as blocks:
            assert b"".join(blocks) == b"False\n"


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
    with pytest.raises(ChildFailed, match=reason):
        run(tmp_path, script, limits)


def test_output_before_a_failure_is_kept(tmp_path: Path) -> None:
    script = "import os; print('kept', flush=True); os.abort()"
    blocks: list[bytes] = []
    with (
        TemporaryFile() as file,
        run_limited(write(tmp_path, script), (), file, LIMITS) as output,
        pytest.raises(ChildFailed),
    ):
        blocks.extend(output)
    assert blocks == [b"kept\n"]
