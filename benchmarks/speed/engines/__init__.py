"""The engines that are compared, each behind the same few calls.

An engine's module is imported when it is asked for, never before: a process that builds one
index must not pay for the others' imports.
"""

from __future__ import annotations

import importlib
import importlib.util
import sqlite3
from abc import ABC, abstractmethod
from pathlib import Path
from typing import NamedTuple

from benchmarks.speed.questions import Question

OURS, TANTIVY, TANTIVY_STORING, SQLITE, WHOOSH = (
    "pubsearch", "Tantivy", "Tantivy, all stored", "SQLite FTS5", "stock Whoosh",
)  # fmt: skip
_CLASSES = {
    OURS: ("pubsearch_engine", "PubsearchEngine"),
    TANTIVY: ("tantivy_engine", "TantivyEngine"),
    TANTIVY_STORING: ("tantivy_engine", "TantivyStoringEngine"),
    SQLITE: ("sqlite_engine", "SqliteEngine"),
    WHOOSH: ("whoosh_engine", "WhooshEngine"),
}
COMPARED = (OURS, TANTIVY, SQLITE, WHOOSH)
"""The engines that answer queries, in the order of the tables."""

HITS, VALUES = 10, 20
"""How many hits an answer has, and how many values of each facet."""


class Answer(NamedTuple):
    """What an engine found: how many papers, the best titles, values with counts by facet."""

    total: int
    titles: list[str]
    facets: dict[str, list[tuple[str, int]]]


class Engine(ABC):
    """An index that is open. `ask` is timed; `read` makes the answers alike and is not.

    `prepare` lays ready what a build reads, `build` is what is timed in a fresh process; it
    leaves its index in `folder / "index"`.
    """

    @staticmethod  # noqa: B027 - most need nothing
    def prepare(lines: Path, folder: Path) -> None:
        """Lays ready what the build needs beside the file."""

    @staticmethod
    @abstractmethod
    def build(lines: Path, folder: Path) -> None:
        """Builds the index of a plain JSON Lines file, durably."""

    @abstractmethod
    def __init__(self, folder: Path) -> None:
        """Opens the index that `build` left."""

    @staticmethod
    def check(folder: Path) -> None:
        """Checks every byte of the index. Raises NotImplementedError if nothing tells them."""
        raise NotImplementedError(f"{folder.name}: no checksum of every byte")

    @abstractmethod
    def ask(self, question: Question) -> object:
        """From the text typed to ten titles and the largest values of four facets."""

    def close(self) -> None:  # noqa: B027 - most hold nothing but memory
        """Lets go of the index."""

    @abstractmethod
    def read(self, answer: object) -> Answer:
        """What `ask` returned, in the form that all engines share."""


def load(name: str) -> type[Engine]:
    """The class of an engine."""
    module, class_name = _CLASSES[name]
    found: type[Engine] = getattr(importlib.import_module(f"{__name__}.{module}"), class_name)
    return found


def why_left_out(name: str) -> str | None:
    """Why an engine can't take part here; None if it can."""
    if name in (TANTIVY, TANTIVY_STORING) and importlib.util.find_spec("tantivy") is None:
        return "the package tantivy is not installed (make environment-bench)"
    if name == SQLITE:
        with sqlite3.connect(":memory:") as memory:
            options = [row[0] for row in memory.execute("PRAGMA compile_options")]
        memory.close()
        if "ENABLE_FTS5" not in options:
            return "this Python's SQLite has no FTS5"
    return None
