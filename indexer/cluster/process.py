"""The process of a build, so that another one on the same machine can tell whether it has ended.

Containers on one machine can have the same host name and different processes with one number. So a
process is compared only within one start of the kernel and one namespace of numbers. Without
`/proc`, no process is known to have ended.
"""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

_PROC = Path("/proc")


class Process(msgspec.Struct, frozen=True):
    """A process. `place` is the part of a machine that its number counts in, or "" if not known.

    `start` is the time of its start in a unit of the kernel. A later process with the same number
    has another one.
    """

    place: str
    pid: int
    start: str


def identify_this() -> Process:
    """Return this process."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text("ascii").strip()
        namespace = (_PROC / "self/ns/pid").readlink()
    except OSError:
        return Process("", os.getpid(), "")
    return Process(f"{boot} {namespace}", os.getpid(), _read_start(os.getpid()))


def has_ended(process: Process) -> bool:
    """Return whether a process certainly has ended."""
    if not process.place or process.place != identify_this().place:
        return False
    try:
        os.kill(process.pid, 0)  # sends no signal
    except ProcessLookupError:
        return True
    except OSError:  # it is a process of another user
        pass
    return _read_start(process.pid) not in {"", process.start}


def _read_start(pid: int) -> str:
    """Return the time of the start of a process, "ended", or "" if it can't be read."""
    try:
        text = (_PROC / str(pid) / "stat").read_text("utf-8", "replace")
    except OSError:
        return ""
    # The name of the program, which is in brackets, may contain spaces and brackets.
    state, *fields = text.rpartition(")")[2].split()
    return "ended" if state in "ZX" else fields[18]
