"""A second process parses the chunks of large files, with the same result as one process."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Generator, Mapping
from multiprocessing import active_children
from pathlib import Path

import msgspec
import pytest

from indexer.catalogue.fields import Catalogue
from indexer.catalogue.limits import LIMITS, Limits
from indexer.catalogue.records import Item, Parsed, Problem, Unchanged
from indexer.ingest import corpus, parsing
from indexer.ingest.corpus import CorpusReader
from indexer.ingest.duplicates import Merger
from indexer.mapping.standard_rows import list_standard_rows

CATALOGUE = Catalogue("Test", "", list_standard_rows())
FORMATS = {"a.csv": "delimited", "b.bib": "bibtex", "c.ris": "ris"}
Outcome = tuple[list[Item], list[Problem], Mapping[tuple[str, str], int]]


def write_sources(folder: Path) -> None:
    """Write three mapped files with problems, unused columns, repeated ids, and a macro."""
    rows = [
        f"{'x' if number % 5 == 0 else number},Table {number},10.1/{number % 7},{number % 3}"
        for number in range(1, 40)
    ]
    (folder / "a.csv").write_text("\n".join(["Id,Heading,DOI,Rest", *rows, ""]), "utf-8")
    entries = [
        f"@article{{k{number}, title = {{Entry {number}}}, journal = j, zzz = {{z}}}}"
        for number in range(30)
    ]
    (folder / "b.bib").write_text("\n".join(['@string{j = "Letters"}', *entries]), "utf-8")
    records = [
        f"TY  - JOUR\nTI  - {'' if number % 4 == 0 else f'Record {number}'}\nDO  - 10.1/{number}\n"
        f"PY  - {'soon' if number % 3 == 0 else 2000}\nZZ  - z\nER  - \n"
        for number in range(30)
    ]
    (folder / "c.ris").write_text("\n".join(records) + "\xff", "latin-1")
    table = 'fields = { id = "Id", title = "Heading", doi = "DOI" }\n'
    (folder / "sources.toml").write_text("".join(
        f'[[source]]\nfile = "{file}"\nformat = "{name}"\n{table if name == "delimited" else ""}'
        for file, name in FORMATS.items()
    ))  # fmt: skip


def write_lines(folder: Path) -> None:
    """Write an unmapped file with a repeated id, names like those of fields, and other names."""
    lines = [
        {
            "id": f"n{number % 25}",
            "title": f"Line {number}",
            "other" if number % 4 else "titel": "y",
        }
        for number in range(30)
    ]
    (folder / "lines.jsonl").write_text("\n".join([*map(json.dumps, lines), "[", "{}"]), "utf-8")


class Previous:
    """An earlier index of the items of a build."""

    def __init__(self, items: list[Item]) -> None:
        self.all_ids = [item.id for item in items]
        self.all_lines = [item.source.line for item in items]
        self.docs_by_digest = {
            item.chunk_digest: range(number, number + 1)
            for number, item in enumerate(items)
            if isinstance(item, Parsed)
        }


def read(
    folder: Path, previous: Previous | None = None, limits: Limits = LIMITS,
    merger: Merger | None = None,
) -> Outcome:  # fmt: skip
    """Return the items of a corpus, its problems, and its unused columns."""
    problems: list[Problem] = []
    reader = CorpusReader(CATALOGUE, problems.append, previous, limits=limits, duplicates=merger)
    return [*reader.read_folder(folder)], problems, reader.unused


@pytest.fixture
def _ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parse all chunks but the first of a file in the process, a few at a time."""
    monkeypatch.setattr(parsing, "BYTES_BEFORE_PROCESS", 0)
    monkeypatch.setattr(parsing, "BATCH_BYTES", 200)


@pytest.fixture(params=["sources", "lines"])
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """Return a corpus folder of mapped files, or one of an unmapped file."""
    write = write_sources if request.param == "sources" else write_lines
    write(tmp_path)
    return tmp_path


def count_chunks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that gets the number of chunks of each batch that is sent to the process."""
    sent: list[int] = []
    submit = parsing.ChunkParser.submit

    def watch(self: parsing.ChunkParser, function: object, *args: object) -> object:
        if function is parsing._parse_batch:
            sent.append(len(args[2]))  # type: ignore[arg-type]
        return submit(self, function, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(parsing.ChunkParser, "submit", watch)
    return sent


@pytest.mark.parametrize("entries", [5_000_000, 47, 12])
def test_two_processes_read_what_one_reads(
    folder: Path, entries: int, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """The items, the problems in their order, and the unused columns are those of one process."""
    limits = msgspec.structs.replace(LIMITS, most_entries=entries)
    alone = read(folder, limits=limits)
    assert alone[1]
    assert alone[2]
    request.getfixturevalue("_ahead")
    sent = count_chunks(monkeypatch)
    assert read(folder, limits=limits) == alone
    assert sent


def test_duplicates_are_merged_as_in_one_process(
    folder: Path, request: pytest.FixtureRequest
) -> None:
    """Both passes over duplicates have the same result as in one process."""
    alone = read(folder, merger=corpus.find_duplicates(folder, CATALOGUE))
    request.getfixturevalue("_ahead")
    assert read(folder, merger=corpus.find_duplicates(folder, CATALOGUE)) == alone


@pytest.mark.usefixtures("_ahead")
def test_only_new_chunks_are_sent_to_the_process(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chunks of the earlier index are neither sent nor parsed, and keep their places."""
    items, *_ = read(folder)
    previous = Previous(items)
    kept = {item.chunk_digest for item in items[::2] if isinstance(item, Parsed)}
    previous.docs_by_digest = {
        digest: numbers for digest, numbers in previous.docs_by_digest.items() if digest in kept
    }
    sent = count_chunks(monkeypatch)
    again, problems, _ = read(folder, previous)
    assert [(item.id, item.source) for item in again] == [(item.id, item.source) for item in items]
    unchanged = sum(isinstance(item, Unchanged) for item in again)
    assert unchanged > 5
    assert 0 < sum(sent) < len(items) - unchanged + len(problems)


def start_reading(folder: Path) -> Generator[Item, None, None]:
    """Return the items of a new folder from the sixth on. The process has started."""
    write_sources(folder)
    items = CorpusReader(CATALOGUE, lambda _: None).read_folder(folder)
    for _ in range(5):
        next(items)
    return items


@pytest.mark.usefixtures("_ahead")
def test_a_killed_process_is_an_error(tmp_path: Path) -> None:
    """If the process is killed, the reading ends with an error that says so, without waiting."""
    items = start_reading(tmp_path)
    [process] = active_children()
    assert process.pid
    os.kill(process.pid, signal.SIGKILL)
    with pytest.raises(ChildProcessError, match="a process of the build was killed"):
        list(items)


@pytest.mark.usefixtures("_ahead")
def test_the_process_ends_with_the_reading(tmp_path: Path) -> None:
    """The process ends when the generator is closed before its end."""
    items = start_reading(tmp_path)
    assert active_children()
    items.close()
    assert not active_children()


def test_a_small_file_starts_no_process(folder: Path) -> None:
    """A file of less than 8 MiB is parsed in the process of the build."""
    items = CorpusReader(CATALOGUE, lambda _: None).read_folder(folder)
    for _ in items:
        assert not active_children()
