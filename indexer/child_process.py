"""Run a script of the project on an untrusted file, in a child process with limits.

`run_limited` starts this module by its path as a *server*, which loads the script. For each file,
the server forks a child process, which limits itself and calls the function `main` of the script
with its arguments. So a file costs no start of Python, and no file meets what another one did. The
standard input of the child is the file. Its environment is almost empty.

On Linux, a child process is in a sandbox: it may read only the Python that runs it, and the files
that are open already. Landlock (Linux 5.13) closes all other files, also for reading. A seccomp
filter (on x86-64 and ARM64) allows only the system calls in `_CALLS`. None of them connects, starts
a program, sends a signal, or changes a file. A system without one of them has the other one.

A server ends with its parent, even if that is killed, or when it has had no file for a while. Then
its child ends too. A server imports no other module of the project, except those of its script.
"""

import atexit
import ctypes
import errno
import importlib.util
import json
import logging
import os
import platform
import select
import signal
import socket
import struct
import subprocess
import sys
import sysconfig
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
    """Limits on a child process."""

    memory: int
    """Bytes of its address space."""
    seconds: int
    """Processor time."""
    silence: int
    """Seconds without output."""
    output: int
    """Bytes of its output."""


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


def _serve(script: Path) -> None:
    """Fork a child process for each file, until the parent ends or has none for a while."""
    # A script may import modules of the project, which no other file of its folder hides.
    sys.path.append(str(Path(__file__).parents[1]))
    control = socket.socket(fileno=os.dup(0))
    spec = importlib.util.spec_from_file_location(script.stem, script)
    assert spec
    assert spec.loader
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    is_closed = _leave_network() or closes_network()
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
            _run_child(program, server, json.loads(message), *files)
        for file in (*files, ending):
            os.close(file)
        if control.fileno() in select.select([control.fileno(), ended], [], [])[0]:
            os.kill(child, signal.SIGKILL)
            return
        os.close(ended)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        control.send(bytes([is_closed]) + status.to_bytes(_STATUS_BYTES, "big", signed=True))


def _leave_network() -> bool:
    """Enter a network without connections. Return False if the system does not allow it."""
    with suppress(OSError, AttributeError, TypeError):
        status: int = ctypes.CDLL(None).unshare(_NEW_NETWORK_OF_NEW_USER)
        return status == 0
    return False


def _run_child(program: ModuleType, server: int, values: list[int], *files: int) -> None:
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
            _enter_sandbox(server)
        except OSError:
            os._exit(_NO_SANDBOX)
        program.main(*arguments)
        sys.stdout.flush()
    except BaseException:  # noqa: BLE001 - the server must not continue here
        os._exit(1)
    os._exit(0)


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


_NO_NEW_PRIVILEGES, _SET_SECCOMP, _PARENT_DEATH_SIGNAL = 38, 22, 1
"""Options of prctl(2)."""
_FILTER = 2
"""SECCOMP_MODE_FILTER."""
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
"""The system calls of Landlock, on all architectures."""
_VERSION = 1
"""LANDLOCK_CREATE_RULESET_VERSION."""
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
"""The number of rights on files that each version of Landlock can take away."""
_READING = 1 << 2 | 1 << 3
"""The rights to read files, and to list folders."""
_BENEATH = 1
"""LANDLOCK_RULE_PATH_BENEATH."""

_ARCHITECTURES = {"x86_64": (0xC000_003E, 0), "aarch64": (0xC000_00B7, 1)}
"""The number of each architecture in a filter, and its column in `_CALLS`."""
_NUMBERS = """
    read 0 63, write 1 64, close 3 57, fstat 5 80, lseek 8 62, mmap 9 222, mprotect 10 226,
    munmap 11 215, brk 12 214, rt_sigaction 13 134, rt_sigprocmask 14 135, rt_sigreturn 15 139,
    pread64 17 67, readv 19 65, writev 20 66, sched_yield 24 124, mremap 25 216, madvise 28 233,
    dup 32 23, nanosleep 35 101, getpid 39 172, exit 60 93, uname 63 160, getcwd 79 17,
    gettimeofday 96 169, getrlimit 97 163, getrusage 98 165, sysinfo 99 179, times 100 153,
    getuid 102 174, getppid 110 173, getgid 104 176, geteuid 107 175, getegid 108 177,
    sigaltstack 131 132, gettid 186 178, futex 202 98, sched_getaffinity 204 123,
    getdents64 217 61, set_tid_address 218 96, clock_gettime 228 113, clock_getres 229 114,
    clock_nanosleep 230 115, exit_group 231 94, newfstatat 262 79, readlinkat 267 78,
    faccessat 269 48, set_robust_list 273 99, getrandom 318 278, membarrier 324 283, statx 332 291,
    rseq 334 293
"""
_CALLS = {
    name: (int(x86_64), int(arm64))
    for name, x86_64, arm64 in (call.split() for call in _NUMBERS.split(","))
}
"""The system calls that reading needs: their numbers on x86-64 and ARM64."""
_OLDER_CALLS = {"stat": 4, "lstat": 6, "poll": 7, "access": 21, "readlink": 89}
"""The same for those that only x86-64 has."""
_OPENS = {"openat": (257, 56)}
"""The system call that opens a file, which is allowed for reading only."""
_CONTROLS = {"fcntl": (72, 25)}
"""The system call that controls an open file. Others of its commands send signals."""
_COMMANDS = (0, 1030, 1, 2, 3)
"""Its commands that are allowed: F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, and F_GETFL."""
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
"""Flags of files that are opened to change something."""
_ALLOW, _DENY = 0x7FFF_0000, 0x0005_0000 | 1
"""The results of a filter: allow the system call, or let it fail with EPERM."""
_LOAD, _JUMP_IF_EQUAL, _JUMP_IF_ANY, _RETURN = 0x20, 0x15, 0x45, 0x06
"""Instructions of a filter. `_JUMP_IF_ANY`: if any of some bits is set."""
_CALL, _ARCHITECTURE, _COMMAND, _FLAGS = 0, 4, 24, 32
"""Offsets in what a filter gets: the system call, and its second and third argument."""


def closes_network() -> bool:
    """Return whether the sandbox takes the network away."""
    if sys.platform != "linux" or sys.maxsize < 1 << 32 or platform.machine() not in _ARCHITECTURES:
        return False
    # The kernel has filters if it only finds fault with the address of this one.
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_SET_SECCOMP, _FILTER, 0, 0, 0)
    return ctypes.get_errno() == errno.EFAULT


def _enter_sandbox(parent: int) -> None:
    """Enter the sandbox, and end with the parent. Raise OSError if a part of it fails."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    _check(libc.prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0))
    if os.getppid() != parent:  # it has ended already
        sys.exit(1)
    _check(libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0))
    _close_files(libc)
    if closes_network():
        instructions = _make_filter(*_ARCHITECTURES[platform.machine()])
        code = ctypes.create_string_buffer(b"".join(instructions))
        program = struct.pack("HP", len(instructions), ctypes.addressof(code))
        _check(libc.prctl(_SET_SECCOMP, _FILTER, program, 0, 0))


def _check(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def _close_files(libc: ctypes.CDLL) -> None:
    version = libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _VERSION)
    if version < 1:
        return
    rights = _FILE_RIGHTS.get(version, max(_FILE_RIGHTS.values()))
    attributes = struct.pack("Q", (1 << rights) - 1)
    size = ctypes.c_size_t(len(attributes))
    ruleset = _check(libc.syscall(_CREATE_RULESET, attributes, size, 0))
    # Python and its libraries load some modules late, such as those of encodings.
    libraries = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "platlib")}
    for place in (*libraries, str(Path(__file__).parent)):
        with suppress(FileNotFoundError):  # a Python need not have all of them
            folder = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            rule = struct.pack("=Qi", _READING, folder)
            _check(libc.syscall(_ADD_RULE, ruleset, _BENEATH, rule, 0))
            os.close(folder)
    _check(libc.syscall(_RESTRICT_SELF, ruleset, 0))
    os.close(ruleset)


def _make_filter(architecture: int, column: int) -> list[bytes]:
    allowed = [numbers[column] for numbers in _CALLS.values()]
    if not column:
        allowed += _OLDER_CALLS.values()
    opening, controlling = _OPENS["openat"][column], _CONTROLS["fcntl"][column]
    count, commands = len(allowed), len(_COMMANDS)
    # A jump skips instructions: if its condition holds, and if not.
    steps = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_JUMP_IF_EQUAL, 0, count + commands + 6, architecture),
        (_LOAD, 0, 0, _CALL),
        *(
            (_JUMP_IF_EQUAL, count - index + commands + 5, 0, call)
            for index, call in enumerate(allowed)
        ),
        (_JUMP_IF_EQUAL, 0, 2, opening),
        (_LOAD, 0, 0, _FLAGS),
        (_JUMP_IF_ANY, commands + 2, commands + 3, _WRITING),
        (_JUMP_IF_EQUAL, 0, commands + 1, controlling),
        (_LOAD, 0, 0, _COMMAND),
        *(
            (_JUMP_IF_EQUAL, commands - index, 0, command)
            for index, command in enumerate(_COMMANDS)
        ),
        (_RETURN, 0, 0, _DENY),
        (_RETURN, 0, 0, _ALLOW),
    ]
    return [struct.pack("HBBI", *step) for step in steps]


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
