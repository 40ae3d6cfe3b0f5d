"""Run a script of the project on an untrusted file, in a child process with limits.

`run_limited` starts this module by its path as the child process. It limits itself, and then runs
the script in place. The script imports no module of the project. Its standard input is the file.
The process has an almost empty environment. On Linux, it also has no network.
"""

from __future__ import annotations

import ctypes
import os
import runpy
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, NamedTuple

_BLOCK_BYTES = 1 << 16
_KEPT_VARIABLES = ("LD_LIBRARY_PATH", "SYSTEMROOT")
"""Environment variables that Python or its libraries may need to start."""
_SECONDS_UNTIL_KILLED = 5
"""Processor seconds from the signal of the limit to a kill."""
_NEW_NETWORK_OF_NEW_USER = 0x4000_0000 | 0x1000_0000
"""CLONE_NEWNET and CLONE_NEWUSER of Linux. Only root may make a network without the second."""


class ProcessLimits(NamedTuple):
    """Limits on a child process.

    `memory`: bytes of its address space. `seconds`: processor time. `silence`: seconds without
    output. `output`: bytes of its output.
    """

    memory: int
    seconds: int
    silence: int
    output: int


class ChildFailed(Exception):
    """The child process ended early. `reason` is a clause, such as "it takes too much time"."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@contextmanager
def run_limited(
    script: str, arguments: tuple[object, ...], source: IO[bytes], limits: ProcessLimits
) -> Iterator[Iterator[bytes]]:
    """Start a script with `source` as its standard input, and yield the blocks of its output.

    The iterator raises ChildFailed if the process exceeds a limit or crashes. The process is
    killed on exit.
    """
    command = [sys.executable, "-P", "-X", "utf8", __file__, limits.memory, limits.seconds]
    environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    with subprocess.Popen(
        [str(argument) for argument in (*command, script, *arguments)],
        stdin=source, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment,
    ) as process:  # fmt: skip
        try:
            yield _read_output(process, limits)
        finally:
            process.kill()


def _read_output(process: subprocess.Popen[bytes], limits: ProcessLimits) -> Iterator[bytes]:
    assert process.stdout
    remaining = limits.output
    while True:
        ready = [process.stdout]
        if os.name == "posix":
            ready = select.select(ready, [], [], limits.silence)[0]
        if not ready:
            raise ChildFailed("it takes too much time")
        if not (block := os.read(process.stdout.fileno(), _BLOCK_BYTES)):
            break
        remaining -= len(block)
        if remaining < 0:
            raise ChildFailed("it has too much text")
        yield block
    if process.wait() == -getattr(signal, "SIGXCPU", 0):
        raise ChildFailed("it takes too much time")
    if process.returncode:
        raise ChildFailed("it is damaged or needs too much memory")


def _limit_resources(memory: int, seconds: int) -> None:
    try:
        import resource
    except ImportError:
        return
    for kind, limit, reserve in (
        (resource.RLIMIT_AS, memory, 0), (resource.RLIMIT_CPU, seconds, _SECONDS_UNTIL_KILLED),
        (resource.RLIMIT_CORE, 0, 0), (resource.RLIMIT_FSIZE, 0, 0),
    ):  # fmt: skip
        _, allowed = resource.getrlimit(kind)
        if allowed == resource.RLIM_INFINITY or allowed > limit + reserve:
            resource.setrlimit(kind, (limit, limit + reserve))


def _leave_network() -> None:
    """Enter a network without connections. Not every system allows it."""
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).unshare(_NEW_NETWORK_OF_NEW_USER)


def _main() -> None:
    memory, seconds, script = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    sys.argv = sys.argv[3:]
    _leave_network()
    _limit_resources(memory, seconds)
    runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    _main()
