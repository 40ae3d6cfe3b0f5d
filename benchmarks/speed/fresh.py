"""Run a module in a new process, and measure the peak memory of it and its children.

The module is `child` or `paging`. Memory is anonymous memory as reported in /proc. Pages of mapped
files do not count, because the system can drop them at any time.
"""

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
"""Seconds between two samples of the memory."""

_HOUSE = Path(__file__).parents[2]
_PROCESSES = Path("/proc")
_SESSION = 3
"""Index of the session id in /proc/N/stat, counted after the name in parentheses."""
Told = TypeVar("Told", bound=msgspec.Struct)


def run(kind: type[Told], *arguments: str | Path, module: str = "child") -> tuple[Told, int | None]:
    """Return the output of a module of this package, and its peak of memory in bytes.

    The peak is None if the system does not report memory. Shared memory counts once, private memory
    for each process. Pages that a forked process shares with its parent count twice, so that the
    peak is an upper bound.

    Raise RuntimeError if the process failed.
    """
    command = [sys.executable, "-m", f"benchmarks.speed.{module}", *map(str, arguments)]
    # Pending writes of earlier processes must not slow this one down.
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
    """Sample the memory until the process ends. Return the maximum."""
    peak = None
    while process.poll() is None:
        if (now := anonymous(process.pid)) is not None:
            peak = max(peak or 0, now)
        time.sleep(EVERY)
    return peak


def anonymous(session: int) -> int | None:
    """Return the current anonymous and shared memory of all processes of a session, in bytes."""
    private, shared, found = 0, 0, False
    for entry in _PROCESSES.glob("[0-9]*"):
        with suppress(OSError, ValueError, IndexError):  # the process has just ended
            stat = (entry / "stat").read_bytes()
            if int(stat[stat.rindex(b")") + 2 :].split()[_SESSION]) == session:
                sizes = _sizes(entry)
                private += sizes["RssAnon"]
                shared = max(shared, sizes["RssShmem"])
                found = True
    return private + shared if found else None


def _sizes(entry: Path) -> dict[str, int]:
    """Return the sizes in a process's status in bytes, 0 for missing lines."""
    sizes = {"RssAnon": 0, "RssShmem": 0}
    for line in (entry / "status").read_text(encoding="utf-8", errors="replace").splitlines():
        name, _, value = line.partition(":")
        if name in sizes:
            sizes[name] = int(value.split()[0]) * 1024
    return sizes
