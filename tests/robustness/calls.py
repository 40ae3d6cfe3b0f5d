"""The system calls by which a build writes, as strace records them."""

import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from tests.robustness.runner import Runner

WRITING = (
    "write", "pwrite64", "writev", "fsync", "fdatasync", "rename", "renameat", "renameat2",
    "mkdir", "mkdirat", "unlink", "unlinkat", "rmdir", "ftruncate", "fallocate", "openat",
)  # fmt: skip
"""Calls that create, fill, move or remove files. Writes through mapped memory make no call."""
_LINE = re.compile(r"(?P<process>\d+) +(?P<name>\w+)\((?P<rest>.*)")
_RESUMED = re.compile(r"(?P<process>\d+) +<\.\.\. (?P<name>\w+) resumed>(?P<rest>.*)")


class Call(NamedTuple):
    """A call: its name, its ordinal among such calls of its thread, and its strace line.

    `line` contains the arguments and the result. Calls are in the order in which they returned.
    """

    name: str
    ordinal: int
    line: str

    @property
    def makes(self) -> bool:
        """Return whether the call writes. `openat` counts only if it creates a file."""
        return self.name != "openat" or "O_CREAT" in self.line or "O_TMPFILE" in self.line

    @property
    def failed(self) -> bool:
        """Return whether the call failed."""
        return " = -1 " in self.line


def recorded(runner: Runner, arguments: list[object], log: Path) -> list[Call]:
    """Return the writing calls of a complete run. Raise RuntimeError if the run fails."""
    ended = runner.run(arguments, ["-y", "-s", 0, "-o", log, "-e", f"trace={','.join(WRITING)}"])
    if ended.status:
        raise RuntimeError(f"the build to be recorded failed: {ended.said}")
    begun: dict[str, str] = {}
    counted: Counter[tuple[str, str]] = Counter()
    calls = []
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        found = _LINE.match(line) or _RESUMED.match(line)
        if not found:
            continue
        process, name, rest = found["process"], found["name"], found["rest"]
        if rest.endswith("<unfinished ...>"):
            begun[process] = rest.removesuffix("<unfinished ...>")
            continue
        if _RESUMED.match(line):
            rest = begun.pop(process) + rest
        counted[process, name] += 1
        calls.append(Call(name, counted[process, name], rest))
    return calls
