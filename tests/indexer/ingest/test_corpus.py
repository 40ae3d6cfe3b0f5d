"""A folder is read in order, completely, and whatever can't be read is told."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Problem, Publication
from indexer.ingest import corpus as reading
from tests.samples import article, page


def read(folder: Path, catalogue: Catalogue, problems: list[Problem]) -> list[Publication]:
    """The publications of a folder."""
    return list(reading.read(folder, catalogue, problems.append))


def add(folder: Path, name: str, *articles: str) -> None:
    """A page of articles, put into a corpus folder."""
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(page(articles), encoding="utf-8")


def test_publications_come_in_the_order_of_files_and_lines(
    corpus: Path, catalogue: Catalogue, problems: list[Problem]
) -> None:
    """Files are read by name, folders within too, and each publication tells file and line."""
    add(corpus, "later/pages.HTM", article("Last"))
    found = read(corpus, catalogue, problems)
    assert [(each.title, each.source.file, each.source.line) for each in found] == [
        ("Last", "later/pages.HTM", 3),
        ("Issue Brief", "more.jsonl", 1),
        ("Removal of Organs", "papers.html", 3),
        ("Victims at the Border", "papers.html", 9),
        ("Model Law against Trafficking", "tools.html", 6),
        ("Case Digest", "tools.html", 15),
    ]
    assert problems == []


def test_ancestors_are_added(corpus: Path, catalogue: Catalogue, problems: list[Problem]) -> None:
    """A publication about a country stands in its region too."""
    found = {each.title: each.values for each in read(corpus, catalogue, problems)}
    assert found["Removal of Organs"]["region"] == ("Africa",)
    assert found["Issue Brief"]["region"] == ("South Asia",)
    assert "region" not in found["Case Digest"]


def test_hidden_files_are_passed_over(
    corpus: Path, catalogue: Catalogue, problems: list[Problem]
) -> None:
    """Files and folders whose names begin with a dot are not read, and not told."""
    add(corpus, ".hidden.html", article("Hidden"))
    add(corpus, ".git/page.html", article("Hidden"))
    assert len(read(corpus, catalogue, problems)) == 5
    assert problems == []


@pytest.mark.parametrize("name", ["README.md", "style.css", "LICENSE", "others.toml"])
def test_files_that_belong_to_a_corpus_are_passed_over(
    name: str, corpus: Path, catalogue: Catalogue, problems: list[Problem]
) -> None:
    """Notes, styles and settings beside the pages are not read, and not told."""
    (corpus / name).write_text("", encoding="utf-8")
    assert len(read(corpus, catalogue, problems)) == 5
    assert problems == []


def test_unknown_ending_is_told(
    corpus: Path, catalogue: Catalogue, problems: list[Problem]
) -> None:
    """A file that no reader takes is told with the endings that are read; the rest is read."""
    (corpus / "list.docx").write_bytes(b"")
    assert len(read(corpus, catalogue, problems)) == 5
    assert [(each.file, each.what) for each in problems] == [
        ("list.docx", "no reader for '.docx' files")
    ]
    assert ".html" in problems[0].hint


def test_unreadable_file_is_told(
    corpus: Path, catalogue: Catalogue, problems: list[Problem]
) -> None:
    """A file that can't be opened is told with the system's reason; the rest is read."""
    (corpus / "gone.html").symlink_to(corpus / "nowhere.html")
    assert len(read(corpus, catalogue, problems)) == 5
    assert [str(each) for each in problems] == [
        "gone.html: it can't be read: No such file or directory. Check the file"
    ]


def test_folder_named_like_a_page_is_a_folder(
    corpus: Path, catalogue: Catalogue, problems: list[Problem]
) -> None:
    """A folder is entered whatever its name ends with."""
    add(corpus, "old.html/page.html", article("Old"))
    assert "Old" in {each.title for each in read(corpus, catalogue, problems)}
    assert problems == []


def test_bad_entries_do_not_lose_the_good(
    corpus: Path, catalogue: Catalogue, problems: list[Problem]
) -> None:
    """The good entries of a file are read, whatever stands between them."""
    add(corpus, "mixed.html", article("One"), article(""), article("Two", "a b"), article("Three"))
    found = {each.title for each in read(corpus, catalogue, problems)}
    assert {"One", "Three"} <= found
    assert [(each.file, each.line) for each in problems] == [("mixed.html", 7), ("mixed.html", 11)]


def test_id_that_another_file_has(
    corpus: Path, catalogue: Catalogue, problems: list[Problem]
) -> None:
    """Of two files with an id, the first by name has it; the other is told with the place."""
    add(corpus, "zz.html", article("Another Law", "model-law"))
    titles = {each.id: each.title for each in read(corpus, catalogue, problems)}
    assert titles["model-law"] == "Model Law against Trafficking"
    assert [(each.file, each.line, each.entry) for each in problems] == [
        ("zz.html", 3, "model-law")
    ]
    assert "tools.html:6" in problems[0].what


def test_ids_made_of_the_same_title_are_told(
    corpus: Path, catalogue: Catalogue, problems: list[Problem]
) -> None:
    """Two entries of one title and year need ids of their own: the second is told."""
    add(corpus, "twins.html", article("Twin", datePublished="2009"))
    add(corpus, "twins2.html", article("Twin", datePublished="2009"))
    assert [each.id for each in read(corpus, catalogue, problems)].count("twin-2009") == 1
    assert [each.entry for each in problems] == ["twin-2009"]


def test_file_name_in_another_encoding(
    corpus: Path, catalogue: Catalogue, problems: list[Problem]
) -> None:
    """A file whose name is no UTF-8 is read, and its name is one that can be written."""
    name = os.fsdecode(b"Gu\xeda.html")
    try:
        add(corpus, name, article("Coffee"))
    except OSError as error:
        pytest.skip(f"this file system takes no such name: {error}")
    found = {each.title: each.source.file for each in read(corpus, catalogue, problems)}
    assert found["Coffee"] == "Gu\ufffda.html"


def test_cut_file_keeps_what_came_before(
    corpus: Path, catalogue: Catalogue, problems: list[Problem]
) -> None:
    """Of a packed file that was cut off, what can be unpacked is read and the rest is told."""
    lines = [f'{{"title": "Paper {number}", "section": "Papers"}}\n' for number in range(5000)]
    packed = gzip.compress("".join(lines).encode(), mtime=0)
    (corpus / "papers.jsonl.gz").write_bytes(packed[: len(packed) // 2])
    assert len(read(corpus, catalogue, problems)) > 1000
    assert [each.file for each in problems] == ["papers.jsonl.gz"]
