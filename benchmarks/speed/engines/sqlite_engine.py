"""SQLite with its full-text extension FTS5, from Python's standard library."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.speed.engines import HITS, VALUES, Answer, Engine
from benchmarks.speed.papers import FACETS, read
from benchmarks.speed.questions import Question

_TABLES = """
CREATE TABLE content(id INTEGER PRIMARY KEY, title TEXT, summary TEXT);
CREATE TABLE facet(id INTEGER PRIMARY KEY, venue TEXT, year TEXT, type TEXT, place TEXT);
CREATE VIRTUAL TABLE words USING fts5(
    title, summary, content='content', content_rowid='id', tokenize='porter unicode61');
"""
_OPEN = """
PRAGMA temp_store = memory;
PRAGMA cache_size = -262144;
PRAGMA mmap_size = 4294967296;
CREATE TEMP TABLE found(
    id INTEGER PRIMARY KEY, rank REAL, venue TEXT, year TEXT, type TEXT, place TEXT);
"""
_MATCH = """
INSERT INTO found SELECT words.rowid, bm25(words, 2.5, 1.0), venue, year, type, place
FROM words JOIN facet ON facet.id = words.rowid WHERE words MATCH ?"""
_BEST = """
SELECT title FROM (SELECT id FROM found WHERE {0} ORDER BY rank LIMIT {1}) JOIN content USING (id)
"""
_COUNTS = """
SELECT {0}, count(*) FROM found WHERE {0} IS NOT NULL AND {1}
GROUP BY 1 ORDER BY 2 DESC LIMIT {2}"""


class Answered(NamedTuple):
    """A response in the form of the tables. The total is counted afterwards and not timed."""

    where: str
    ticks: Sequence[str]
    best: list[tuple[str]]
    counts: dict[str, list[tuple[str, int]]]


class SqliteEngine(Engine):
    """SQLite FTS5. A temporary table stores the matches, and GROUP BY counts each facet there."""

    @staticmethod
    def build(lines: Path, folder: Path) -> None:
        """Build in one transaction, and merge the index into one segment."""
        folder.joinpath("index").mkdir(parents=True)
        connection = sqlite3.connect(folder / "index" / "papers.db")
        connection.executescript(_TABLES)
        with connection:
            for number, paper in enumerate(read(lines)):
                texts = (number, paper.title, paper.summary)
                values = (number, *map(paper.value, FACETS))
                connection.execute("INSERT INTO content VALUES (?, ?, ?)", texts)
                connection.execute(
                    "INSERT INTO words(rowid, title, summary) VALUES (?, ?, ?)", texts
                )
                connection.execute("INSERT INTO facet VALUES (?, ?, ?, ?, ?)", values)
        with connection:
            connection.execute("INSERT INTO words(words) VALUES ('optimize')")
        connection.close()

    def __init__(self, folder: Path) -> None:
        self.connection = sqlite3.connect(folder / "index" / "papers.db")
        self.connection.executescript(_OPEN)

    def ask(self, question: Question) -> Answered:
        """Match once, then count each facet without its own selected value."""
        joined = " OR ".join(question.words) if question.kind == "or" else question.typed
        run = self.connection.execute
        run("DELETE FROM found")
        run(_MATCH, (joined,))
        where, ticks = _where(question, None)
        best = run(_BEST.format(where, HITS), ticks).fetchall()
        counts = {}
        for name in FACETS:
            others, values = _where(question, name)
            counts[name] = run(_COUNTS.format(name, others, VALUES), values).fetchall()
        return Answered(where, ticks, best, counts)

    def close(self) -> None:
        """Close the database."""
        self.connection.close()

    def read(self, answer: object) -> Answer:
        """Return the response with its number of papers."""
        assert isinstance(answer, Answered)
        counted = f"SELECT count(*) FROM found WHERE {answer.where}"
        total = self.connection.execute(counted, answer.ticks).fetchone()[0]
        return Answer(total, [title for (title,) in answer.best], answer.counts)


def _where(question: Question, left_out: str | None) -> tuple[str, list[str]]:
    """Return the SQL condition for selected values of all facets but one, and its parameters."""
    ticked = {name: value for name, value in question.ticked.items() if name != left_out}
    return " AND ".join(["true", *(f"{name} = ?" for name in ticked)]), list(ticked.values())
