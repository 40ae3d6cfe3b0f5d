"""The sandbox of a process that reads an untrusted file: no network, and no other files.

On Linux, `enter` allows this process to read the Python that runs it, and the files that are open
already. Landlock (Linux 5.13) closes all other files, also for reading. A seccomp filter (on x86-64
and ARM64) allows only the system calls in `_CALLS`. None of them connects, starts a program, sends
a signal, or changes a file. A system without one of them has the other one.

The child process loads this module by its path. It imports no other module of the project.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import signal
import struct
import sys
import sysconfig
from contextlib import suppress
from pathlib import Path

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
    """Return whether `enter` takes the network away."""
    if sys.platform != "linux" or sys.maxsize < 1 << 32 or platform.machine() not in _ARCHITECTURES:
        return False
    # The kernel has filters if it only finds fault with the address of this one.
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_SET_SECCOMP, _FILTER, 0, 0, 0)
    return ctypes.get_errno() == errno.EFAULT


def enter(parent: int) -> None:
    """Enter the sandbox, and end with the parent process.

    Raise OSError if this system has a part of the sandbox that can't be entered.
    """
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    _check(libc.prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0))
    if os.getppid() != parent:  # it has ended already
        sys.exit(1)
    _check(libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0))
    _close_files(libc)
    if closes_network():
        _close_calls(libc, *_ARCHITECTURES[platform.machine()])


def _check(result: int) -> int:
    """Return the result of a system call. Raise OSError if it failed."""
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


def _close_calls(libc: ctypes.CDLL, architecture: int, column: int) -> None:
    instructions = _make_filter(architecture, column)
    code = ctypes.create_string_buffer(b"".join(instructions))
    program = struct.pack("HP", len(instructions), ctypes.addressof(code))
    _check(libc.prctl(_SET_SECCOMP, _FILTER, program, 0, 0))


def _make_filter(architecture: int, column: int) -> list[bytes]:
    """Return the instructions of a filter."""
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
