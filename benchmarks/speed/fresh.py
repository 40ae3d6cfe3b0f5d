"""A fresh process, from outside: what it told, and the most memory that it and its children held.

It runs `child` or `paging`. Memory is anonymous memory, as Linux tells it in /proc: pages of
mapped files, which the system can drop at any time, do not count.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import msgspec

EVERY = 0.02
"""Seconds between two looks at the memory."""

_HOUSE = Path(__file__).parents[2]
_PROCESSES = Path("/proc")
_SESSION = 3
"""Where in /proc/N/stat the session stands, counted behind the name in brackets."""
Told = TypeVar("Told", bound=msgspec.Struct)


def run(kind: type[Told], *arguments: str | Path, module: str = "child") -> tuple[Told, int | None]:
    """Return the output of a module of this package, and its peak of memory in bytes.

    The peak is None where the system does not tell of memory. Shared memory counts once, private
    memory for each process. Pages that a forked process still shares with its parent are counted
    twice, so that the peak is rather too high.
    Raises RuntimeError if the process failed.
    """
    command = [sys.executable, "-m", f"benchmarks.speed.{module}", *map(str, arguments)]
    # What earlier processes wrote must not be written to the disk at this one's expense.
    os.sync()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=_HOUSE, start_new_session=True)
    try:
        peak = _watched(process)
        told, _ = process.communicate()
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command[2:])} ended with {process.returncode}")
    return msgspec.json.decode(told, type=kind), peak


def _watched(process: subprocess.Popen[bytes]) -> int | None:
    """Looks until the process ends; returns the most that was seen."""
    peak = None
    while process.poll() is None:
        if (now := anonymous(process.pid)) is not None:
            peak = max(peak or 0, now)
        time.sleep(EVERY)
    return peak


def anonymous(session: int) -> int | None:
    """The bytes of anonymous and shared memory of all processes of a session, now."""
    private, shared, found = 0, 0, False
    for entry in _PROCESSES.glob("[0-9]*"):
        with suppress(OSError, ValueError, IndexError):  # it has just ended
            stat = (entry / "stat").read_bytes()
            if int(stat[stat.rindex(b")") + 2 :].split()[_SESSION]) == session:
                sizes = _sizes(entry)
                private += sizes["RssAnon"]
                shared = max(shared, sizes["RssShmem"])
                found = True
    return private + shared if found else None


def _sizes(entry: Path) -> dict[str, int]:
    """The lines of a process's status that tell sizes, in bytes; 0 where one is missing."""
    sizes = {"RssAnon": 0, "RssShmem": 0}
    for line in (entry / "status").read_text(encoding="utf-8", errors="replace").splitlines():
        name, _, value = line.partition(":")
        if name in sizes:
            sizes[name] = int(value.split()[0]) * 1024
    return sizes
