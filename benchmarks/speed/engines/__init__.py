"""The compared engines, each behind the same interface.

The module of an engine is imported on first use, so that a process that builds one index does not
import the other engines.
"""

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
"""Number of hits in a response, and number of values of each facet."""


class Answer(NamedTuple):
    """A response: the number of papers, the titles of the top hits, and the counts by facet."""

    total: int
    titles: list[str]
    facets: dict[str, list[tuple[str, int]]]


class Engine(ABC):
    """An open index.

    `ask` is timed. `read` converts its result to the common form and is not timed. `prepare` writes
    the input of a build. `build` runs in a new process, is timed, and writes the index to `folder /
    "index"`.
    """

    @staticmethod  # noqa: B027 - most need nothing
    def prepare(lines: Path, folder: Path) -> None:
        """Prepare the input that the build needs in addition to the file."""

    @staticmethod
    @abstractmethod
    def build(lines: Path, folder: Path) -> None:
        """Build the index of a plain JSON Lines file durably."""

    @abstractmethod
    def __init__(self, folder: Path) -> None:
        """Open the index that `build` wrote."""

    @staticmethod
    def check(folder: Path) -> None:
        """Check every byte of the index. Raise NotImplementedError without checksums."""
        raise NotImplementedError(f"{folder.name}: no checksum of every byte")

    @abstractmethod
    def ask(self, question: Question) -> object:
        """Return ten titles and the most frequent values of four facets for the typed query."""

    def close(self) -> None:  # noqa: B027 - most hold nothing but memory
        """Close the index."""

    @abstractmethod
    def read(self, answer: object) -> Answer:
        """Return the result of `ask` in the common form."""


def load(name: str) -> type[Engine]:
    """Return the class of an engine."""
    module, class_name = _CLASSES[name]
    found: type[Engine] = getattr(importlib.import_module(f"{__name__}.{module}"), class_name)
    return found


def why_left_out(name: str) -> str | None:
    """Return why an engine cannot take part, or None if it can."""
    if name in (TANTIVY, TANTIVY_STORING) and importlib.util.find_spec("tantivy") is None:
        return "the package tantivy is not installed (make environment-bench)"
    if name == SQLITE:
        with sqlite3.connect(":memory:") as memory:
            options = [row[0] for row in memory.execute("PRAGMA compile_options")]
        memory.close()
        if "ENABLE_FTS5" not in options:
            return "the SQLite library of this Python has no FTS5"
    return None
