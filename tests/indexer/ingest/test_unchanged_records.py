"""A build maps a record again only if it, or the mapping, changed."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Item, Parsed, Problem, Publication, Unchanged
from indexer.ingest.corpus import CorpusReader
from indexer.mapping.standard_fields import list_standard_fields

CATALOGUE = Catalogue("Test", "", list_standard_fields())
SOURCES = """
[[source]]
file = "a.csv"
format = "delimited"
day_first = ["When"]
[source.fields]
id = "Key"
title = "Heading"
authors = ["People"]
date = "When"
[source.split]
authors = ";"
[source.unused]
Rest = "2 filled"
[[source]]
file = "b.bib"
format = "bibtex"
"""
TABLE = "Key,Heading,People,When,Rest\n1,One,A B;C D,5/9/2017,x\n2,Two,E F,6/9/2017,y\n"
BIBTEX = '@string{j = "Journal"}\n@article{k, title = {Three}, journal = j}\n'


class Previous:
    """An earlier index of the items of a build."""

    def __init__(self, items: Sequence[Item]) -> None:
        self.items, self.all_ids = items, [item.id for item in items]
        self.docs_by_digest = {
            item.record_digest: number
            for number, item in enumerate(items)
            if isinstance(item, Parsed)
        }

    def __len__(self) -> int:
        return len(self.items)

    def get_title(self, doc_number: int) -> str:
        return self.get_publication(doc_number).title

    def get_publication(self, doc_number: int) -> Publication:
        item = self.items[doc_number]
        assert isinstance(item, Parsed)
        return item.publication


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in (("sources.toml", SOURCES), ("a.csv", TABLE), ("b.bib", BIBTEX)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def read_items(folder: Path, previous: Previous | None = None) -> list[Item]:
    """Return the items of a build, which must have no problem."""
    problems: list[Problem] = []
    items = list(CorpusReader(CATALOGUE, problems.append, previous).read_folder(folder))
    assert problems == []
    return items


def replace(folder: Path, name: str, old: str, new: str) -> None:
    """Replace a text in a file, once."""
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")


def test_unchanged_records_are_not_mapped_again(folder: Path) -> None:
    items = read_items(folder)
    again = read_items(folder, Previous(items))
    assert all(isinstance(item, Unchanged) for item in again)
    assert [item.id for item in again] == [item.id for item in items] == ["1", "2", "k"]


@pytest.mark.parametrize(
    ("file", "old", "new", "mapped"),
    [
        ("a.csv", "One", "Uno", ["1"]),
        ("a.csv", "Rest", "Others", ["1", "2"]),
        ("b.bib", '"Journal"', '"Magazine"', ["k"]),
        ("sources.toml", 'title = "Heading"', 'title = ["Heading", "Rest"]', ["1", "2"]),
        ("sources.toml", 'authors = ["People"]', "authors = []", ["1", "2"]),
        ("sources.toml", 'authors = ";"', 'authors = " "', ["1", "2"]),
        ("sources.toml", 'day_first = ["When"]', "", ["1", "2"]),
        ("sources.toml", 'format = "bibtex"', 'format = "bibtex"\nfields.notes = "note"', ["k"]),
        ("sources.toml", "2 filled", "3 filled", []),
        ("sources.toml", "[[source]]", "# A comment\n[[source]]", []),
    ],
    ids=[
        "bytes", "header", "macro", "fields", "field turned off", "split", "day_first",
        "field over a default", "note on an unused column", "comment",
    ],
)  # fmt: skip
def test_a_change_maps_only_the_records_that_it_affects_again(
    folder: Path, file: str, old: str, new: str, mapped: list[str]
) -> None:
    previous = Previous(read_items(folder))
    replace(folder, file, old, new)
    problems: list[Problem] = []
    items = CorpusReader(CATALOGUE, problems.append, previous).read_folder(folder)
    assert [item.id for item in items if isinstance(item, Parsed)] == mapped


def test_a_moved_record_is_copied(folder: Path) -> None:
    previous = Previous(read_items(folder))
    lines = TABLE.splitlines()
    (folder / "a.csv").write_text("\n".join([lines[0], "0,Zero,,,", *lines[1:]]), "utf-8")
    items = read_items(folder, previous)
    assert [item.id for item in items if isinstance(item, Parsed)] == ["0"]
    assert [(item.id, item.source.line) for item in items[:3]] == [("0", 2), ("1", 3), ("2", 4)]


def test_repeated_ids_are_numbered_in_the_order_of_the_file(folder: Path) -> None:
    """A repeated id gets a number, which is the same in every build of the same file."""
    rows = ["1,One", "1,Uno", "1-2,Eins", "1,One", "2,Two"]
    (folder / "a.csv").write_text("Key,Heading,People,When,Rest\n" + "".join(
        f"{row},A,1/2/2003,r\n" for row in rows
    ), "utf-8")  # fmt: skip
    expected = ["1", "1-2", "1-2-2", "1-3", "2", "k"]
    items = read_items(folder)
    assert [item.id for item in items] == expected
    assert [item.id for item in read_items(folder, Previous(items))] == expected


def test_a_repeated_id_follows_the_order_of_its_records(folder: Path) -> None:
    head = "Key,Heading,People,When,Rest\n"
    one, other = "1,One,A,1/2/2003,r\n", "1,Uno,B,1/2/2003,r\n"
    (folder / "a.csv").write_text(head + one + other, "utf-8")
    previous = Previous(read_items(folder))
    (folder / "a.csv").write_text(head + other + one, "utf-8")
    items = read_items(folder, previous)
    titles = {item.id: item.publication.title for item in items if isinstance(item, Parsed)}
    assert titles == {"1": "Uno", "1-2": "One"}
    assert [item.id for item in items] == ["1", "1-2", "k"]


@pytest.mark.slow
def test_many_repeated_ids_are_numbered_quickly(folder: Path) -> None:
    """30,000 records with one id get different numbers, in linear time."""
    rows = "".join(f"1,Title {number},A,1/2/2003,r\n" for number in range(30_000))
    (folder / "a.csv").write_text("Key,Heading,People,When,Rest\n" + rows, "utf-8")
    assert read_items(folder)[29_999].id == "1-30000"
