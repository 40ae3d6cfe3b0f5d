"""Start `pubsearch` quickly, in a fork of a process that has imported all modules.

The fork stops before its first step, so that strace can attach. It then records only the system
calls of the command.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, NoReturn

_PR_SET_PTRACER, _ANY = 0x59616D61, ctypes.c_ulong(-1)
"""See prctl(2). Without it, some systems let only the parent trace a process."""


class Ended(NamedTuple):
    """The end of a process: its exit status, negative for a signal, and its stderr output."""

    status: int
    said: str


class Runner:
    """Run `pubsearch` commands, one process at a time, each in a clean fork."""

    def __init__(self, folder: Path) -> None:
        self._said = folder / "said"
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, self._said],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        )  # fmt: skip

    def __enter__(self) -> Runner:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def begin(self, arguments: Sequence[object]) -> int:
        """Return the id of a process that waits for SIGCONT before its first step."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps([str(each) for each in arguments]) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def end(self) -> Ended:
        """Wait for the started process."""
        return Ended(self._answer(), self._said.read_text(encoding="utf-8"))

    def run(self, arguments: Sequence[object], trace: Sequence[object] = ()) -> Ended:
        """Run a command to its end, under strace if trace options are given."""
        process = self.begin(arguments)
        if not trace:
            os.kill(process, signal.SIGCONT)
            return self.end()
        command = ["strace", "-f", *map(str, trace), "-p", str(process)]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as tracer:
            assert tracer.stderr
            told = tracer.stderr.readline()
            os.kill(process, signal.SIGCONT)
            ended = self.end()
        if "attached" not in told:
            raise OSError(f"strace could not trace: {told.strip()}")
        return ended

    def _answer(self) -> int:
        assert self._process.stdout
        return int(self._process.stdout.readline())


def _serve(said: str) -> None:
    """Fork for each line of arguments. Print the process id, and then its exit code."""
    for line in sys.stdin:
        process = os.fork()
        if not process:
            _forked(json.loads(line), said)
        os.waitpid(process, os.WUNTRACED)
        print(process, flush=True)
        print(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), flush=True)


def _forked(arguments: list[str], said: str) -> NoReturn:
    from search_app.cli import main

    null = os.open(os.devnull, os.O_RDWR)
    told = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for here, there in ((null, 0), (null, 1), (told, 2)):
        os.dup2(here, there)
    sys.argv = ["pubsearch", *arguments]
    ctypes.CDLL(None).prctl(_PR_SET_PTRACER, _ANY, 0, 0, 0)
    os.kill(os.getpid(), signal.SIGSTOP)
    status: object = 0
    try:
        main.main()
    except SystemExit as ended:
        status = ended.code or 0
    except BaseException:  # noqa: BLE001  an unexpected error is a finding
        traceback.print_exc()
        status = 99
    sys.stderr.flush()
    os._exit(int(str(status)))


if __name__ == "__main__":
    import search_app.cli.commands  # noqa: F401  forks need not import it again

    _serve(sys.argv[1])
