"""Run a script of the project on an untrusted file, in a child process with limits.

`run_limited` starts this module by its path as a *server*, which loads the script. For each file,
the server forks a child process, which limits itself and calls the function `main` of the script
with its arguments. So a file costs no start of Python, and no file meets what another one did. The
standard input of the child is the file. It has an almost empty environment, and on Linux no network
and no access to other files (`sandbox`).

A server ends with its parent, even if that is killed, or when it has had no file for a while. Then
its child ends too.
"""

from __future__ import annotations

import atexit
import ctypes
import importlib.util
import json
import logging
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import IO, NamedTuple

log = logging.getLogger(__name__)

_BLOCK_BYTES = 1 << 16
_MESSAGE_BYTES = 1 << 16
_KEPT_VARIABLES = ("LD_LIBRARY_PATH", "SYSTEMROOT")
"""Environment variables that Python or its libraries may need to start."""
_SECONDS_UNTIL_KILLED = 5
"""Processor seconds from the signal of the limit to a kill."""
_PATIENCE = 4
"""Limit on the time of a file, as a multiple of those on its processor time and its silence."""
_IDLE_SECONDS = 10
"""Seconds without a file after which a server ends."""
_STATUS_BYTES = 4
_NO_SANDBOX = 3
"""The exit status of a child process that can't enter the sandbox."""
_NEW_NETWORK_OF_NEW_USER = 0x4000_0000 | 0x1000_0000
"""CLONE_NEWNET and CLONE_NEWUSER of Linux. Only root may make a network without the second."""
_HAS_NETWORK = (
    "this system can't take the network away from processes that read files. Build where no "
    "network is reachable, or on Linux"
)


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


class _Server:
    """A process that has loaded a script. It reads one file at a time."""

    def __init__(self, script: str) -> None:
        self._control, theirs = socket.socketpair()
        environment = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-X", "utf8", __file__, script],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=environment,
                start_new_session=True,
            )

    def start(self, message: bytes, source: int) -> int:
        """Start to read a file, and return the file of the output. Raise OSError if it ended."""
        output, target = os.pipe()
        try:
            socket.send_fds(self._control, [message], [source, target])
        except OSError:
            os.close(output)
            raise
        finally:
            os.close(target)
        return output

    def wait(self, seconds: float) -> int | None:
        """Return the exit status of the child process, or None if there is none in time."""
        self._control.settimeout(seconds)
        try:
            answer = self._control.recv(1 + _STATUS_BYTES)
        except TimeoutError:
            return None
        if not answer:
            return None
        if not answer[0] and not _warned:
            _warned.append(True)
            log.warning(_HAS_NETWORK)
        return int.from_bytes(answer[1:], "big", signed=True)

    def end(self) -> None:
        """Kill the server and its child process."""
        with suppress(OSError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._control.close()


_idle: defaultdict[str, list[_Server]] = defaultdict(list)
"""The servers that read no file now, by script."""
_warned: list[bool] = []
if hasattr(os, "register_at_fork"):
    # Two processes must not share a server.
    os.register_at_fork(after_in_child=_idle.clear)


@atexit.register
def _end_idle() -> None:
    for servers in _idle.values():
        while servers:
            servers.pop().end()


@contextmanager
def run_limited(
    script: str, arguments: tuple[object, ...], source: IO[bytes], limits: ProcessLimits
) -> Iterator[Iterator[bytes]]:
    """Run the function `main` of a script, and yield the blocks of its output.

    `source` is its standard input. The iterator raises ChildFailed if the process exceeds a limit
    or crashes. The process is killed on exit.
    """
    message = json.dumps([limits.memory, limits.seconds, *arguments]).encode()
    server, output = _start(script, message, source.fileno())
    with os.fdopen(output, "rb", buffering=0) as stream:
        reader = _OutputReader(server, stream, limits)
        try:
            yield iter(reader)
        finally:
            if reader.is_finished:
                _idle[script].append(server)
            else:
                server.end()


def _start(script: str, message: bytes, source: int) -> tuple[_Server, int]:
    """Start to read a file with an idle server, or with a new one."""
    with suppress(IndexError):
        while True:
            server = _idle[script].pop()
            try:
                return server, server.start(message, source)
            except OSError:  # it has ended
                server.end()
    server = _Server(script)
    return server, server.start(message, source)


class _OutputReader:
    """The blocks of the output of a child process. `is_finished`: the server can read another."""

    def __init__(self, server: _Server, stream: IO[bytes], limits: ProcessLimits) -> None:
        self._server, self._stream, self._limits = server, stream, limits
        self.is_finished = False

    def __iter__(self) -> Iterator[bytes]:
        limits, remaining = self._limits, self._limits.output
        deadline = time.monotonic() + _PATIENCE * max(limits.seconds, limits.silence)
        while True:
            seconds = min(limits.silence, deadline - time.monotonic())
            if not select.select([self._stream], [], [], max(seconds, 0))[0]:
                raise ChildFailed("it takes too much time")
            if not (block := self._stream.read(_BLOCK_BYTES)):
                break
            remaining -= len(block)
            if remaining < 0:
                raise ChildFailed(f"it has too much text: more than {limits.output} bytes")
            yield block
        status = self._server.wait(limits.silence)
        self.is_finished = status is not None
        if status == -signal.SIGXCPU:
            raise ChildFailed(f"it takes too much time: more than {limits.seconds} s")
        if status == _NO_SANDBOX:
            raise ChildFailed("its process can't enter the sandbox")
        if status != 0:
            megabytes = limits.memory // 1_000_000
            raise ChildFailed(f"it is damaged or needs too much memory: more than {megabytes} MB")


def _limit_resources(memory: int, seconds: int) -> None:
    import resource

    for kind, limit, reserve in (
        (resource.RLIMIT_AS, memory, 0),
        (resource.RLIMIT_CPU, seconds, _SECONDS_UNTIL_KILLED),
        (resource.RLIMIT_CORE, 0, 0),
        (resource.RLIMIT_FSIZE, 0, 0),
    ):
        _, allowed = resource.getrlimit(kind)
        if allowed == resource.RLIM_INFINITY or allowed > limit + reserve:
            resource.setrlimit(kind, (limit, limit + reserve))


def _leave_network() -> bool:
    """Enter a network without connections. Return False if the system does not allow it."""
    with suppress(OSError, AttributeError, TypeError):
        status: int = ctypes.CDLL(None).unshare(_NEW_NETWORK_OF_NEW_USER)
        return status == 0
    return False


def _load(path: Path) -> ModuleType:
    """Return the module in a file, which is in no package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _serve(script: Path) -> None:
    """Fork a child process for each file, until the parent ends or has none for a while."""
    # A script may import modules of the project, which no other file of its folder hides.
    sys.path.append(str(Path(__file__).parents[1]))
    control = socket.socket(fileno=os.dup(0))
    program, sandbox = _load(script), _load(Path(__file__).with_name("sandbox.py"))
    is_closed = _leave_network() or sandbox.closes_network()
    while True:
        if not select.select([control], [], [], _IDLE_SECONDS)[0]:
            control.shutdown(socket.SHUT_RD)  # the parent can send nothing more
        message, files, _, _ = socket.recv_fds(control, _MESSAGE_BYTES, 2)
        if not message:
            return
        ended, ending = os.pipe()
        server = os.getpid()
        if not (child := os.fork()):
            # Only a pipe that the child process keeps tells the server when it has ended.
            control.close()
            os.close(ended)
            _run_child(program, partial(sandbox.enter, server), json.loads(message), *files)
        for file in (*files, ending):
            os.close(file)
        if control.fileno() in select.select([control.fileno(), ended], [], [])[0]:
            os.kill(child, signal.SIGKILL)
            return
        os.close(ended)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        control.send(bytes([is_closed]) + status.to_bytes(_STATUS_BYTES, "big", signed=True))


def _run_child(
    program: ModuleType, enter_sandbox: Callable[[], None], values: list[int], *files: int
) -> None:
    """Read a file in this process, and end it."""
    memory, seconds, *arguments = values
    try:
        for number, file in enumerate(files):
            os.dup2(file, number)
            os.close(file)
        sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
        sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
        _limit_resources(memory, seconds)
        try:
            enter_sandbox()
        except OSError:
            os._exit(_NO_SANDBOX)
        program.main(*arguments)
        sys.stdout.flush()
    except BaseException:  # noqa: BLE001 - the server must not continue here
        os._exit(1)
    os._exit(0)


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
