"""The environment of a measurement, without any name of a machine."""

import os
import platform
import sqlite3
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

import msgspec

_PACKAGES = ("NumPy", "Whoosh", "PyStemmer", "msgspec", "tantivy")


class Setting(msgspec.Struct):
    """The date of a measurement, its machine, versions, file, and number of papers."""

    date: str
    cores: int
    memory: str
    processor: str
    system: str
    versions: dict[str, str]
    data: str
    papers: int


def setting(data: str, papers: int) -> Setting:
    """Return the current setting."""
    return Setting(
        date=f"{datetime.now(UTC):%d %B %Y}",
        cores=_cores(),
        memory=f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        processor=_processor(),
        system=f"{platform.system()}, {platform.machine()}",
        versions=_versions(),
        data=data,
        papers=papers,
    )


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not available on every system
        return os.cpu_count() or 1


def _processor() -> str:
    """Return the name of the processor family."""
    told = Path("/proc/cpuinfo")
    if told.is_file():
        for line in told.read_text(encoding="utf-8", errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or "unknown"


def _versions() -> dict[str, str]:
    versions = {"Python": platform.python_version(), "SQLite": sqlite3.sqlite_version}
    for package in _PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return versions
