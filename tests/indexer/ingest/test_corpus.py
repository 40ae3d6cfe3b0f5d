"""A folder is read completely and in order, and unreadable files are reported."""

import json
import os
from pathlib import Path

import pytest

from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Problem
from indexer.ingest.corpus import read_state, watch
from tests.samples import article, page, read_publications


def add(folder: Path, name: str, *articles: str) -> None:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(page(articles), encoding="utf-8")


def test_publications_come_in_the_order_of_files_and_lines(
    corpus: Path, catalogue: Catalogue, problems: list[Problem]
) -> None:
    add(corpus, "later/pages.HTM", article("Last"))
    found = read_publications(corpus, problems)
    assert [(each.title, each.source.file, each.source.line) for each in found] == [
        ("Last", "later/pages.HTM", 3),
        ("Issue Brief", "more.jsonl", 1),
        ("Removal of Organs", "papers.html", 3),
        ("Victims at the Border", "papers.html", 9),
        ("Model Law against Trafficking", "tools.html", 6),
        ("Case Digest", "tools.html", 15),
    ]
    assert problems == []


def test_hidden_files_are_ignored(
    corpus: Path, catalogue: Catalogue, problems: list[Problem]
) -> None:
    add(corpus, ".hidden.html", article("Hidden"))
    add(corpus, ".git/page.html", article("Hidden"))
    assert len(read_publications(corpus, problems)) == 5
    assert problems == []


@pytest.mark.parametrize("name", ["README.md", "style.css", "LICENSE", "others.toml"])
def test_files_that_belong_to_a_corpus_are_ignored(
    name: str, corpus: Path, catalogue: Catalogue, problems: list[Problem]
) -> None:
    (corpus / name).write_text("", encoding="utf-8")
    assert len(read_publications(corpus, problems)) == 5
    assert problems == []


def test_a_file_without_a_reader_is_reported(
    corpus: Path, catalogue: Catalogue, problems: list[Problem]
) -> None:
    (corpus / "list.docx").write_bytes(b"")
    assert len(read_publications(corpus, problems)) == 5
    assert [(each.file, each.what) for each in problems] == [
        ("list.docx", "no reader for '.docx' files")
    ]
    assert "pubsearch formats" in problems[0].hint


def test_unreadable_file_is_reported(
    corpus: Path, catalogue: Catalogue, problems: list[Problem]
) -> None:
    (corpus / "gone.html").symlink_to(corpus / "nowhere.html")
    assert len(read_publications(corpus, problems)) == 5
    assert [str(each) for each in problems] == [
        (
            "gone.html: the file can't be read: No such file or directory. "
            "Check that it exists and is readable"
        )
    ]


def test_a_folder_with_the_suffix_of_a_page_is_read(
    corpus: Path, catalogue: Catalogue, problems: list[Problem]
) -> None:
    add(corpus, "old.html/page.html", article("Old"))
    assert "Old" in {each.title for each in read_publications(corpus, problems)}
    assert problems == []


def test_bad_entries_do_not_affect_good_ones(
    corpus: Path, catalogue: Catalogue, problems: list[Problem]
) -> None:
    """All good entries of a file are read, even if bad ones are between them."""
    add(corpus, "mixed.html", article("One"), article(""), article("Two", "a b"), article("Three"))
    found = {each.title for each in read_publications(corpus, problems)}
    assert {"One", "Three"} <= found
    assert [(each.file, each.line) for each in problems] == [("mixed.html", 7), ("mixed.html", 11)]


def test_duplicate_id_of_another_file_is_reported(
    corpus: Path, catalogue: Catalogue, problems: list[Problem]
) -> None:
    add(corpus, "zz.html", article("Another Law", "model-law"))
    titles = {each.id: each.title for each in read_publications(corpus, problems)}
    assert titles["model-law"] == "Model Law against Trafficking"
    assert [(each.file, each.line, each.entry) for each in problems] == [
        ("zz.html", 3, "model-law")
    ]
    assert "tools.html:6" in problems[0].what


def test_equal_generated_ids_are_reported(
    corpus: Path, catalogue: Catalogue, problems: list[Problem]
) -> None:
    add(corpus, "twins.html", *2 * [article("Twin", datePublished="2009")])
    assert [each.id for each in read_publications(corpus, problems)].count("twin-2009") == 1
    assert [each.entry for each in problems] == ["twin-2009"]


def test_file_name_in_another_encoding_can_be_printed(
    corpus: Path, catalogue: Catalogue, problems: list[Problem]
) -> None:
    name = os.fsdecode(b"Gu\xeda.html")
    try:
        add(corpus, name, article("Coffee"))
    except OSError as error:
        pytest.skip(f"this file system takes no such name: {error}")
    found = {each.title: each.source.file for each in read_publications(corpus, problems)}
    assert found["Coffee"] == "Gu\ufffda.html"


def test_problems_can_be_printed(corpus: Path, catalogue: Catalogue) -> None:
    problems: list[Problem] = []
    line = {"title": "A\u200ftitle", "section": "Tools", "year": "19\n\x1b[2J\ufeff"}
    (corpus / "x.jsonl").write_text(json.dumps(line), encoding="utf-8")
    read_publications(corpus, problems)
    [problem] = problems
    assert str(problem).isprintable()
    assert problem.entry == "A\ufffdtitle"


def test_a_watcher_yields_when_the_folder_has_settled(corpus: Path) -> None:
    slept = list[float]()

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) in (3, 4):  # a copy in progress
            add(corpus, "new.html", article("New" * len(slept)))

    changes = watch(corpus, interval=7, sleep=sleep)
    next(changes)
    assert slept == [0]
    next(changes)
    assert slept == [0, 7, 7, 7, 7]


def test_a_watcher_waits_for_a_change_since_a_state(corpus: Path) -> None:
    slept = list[float]()

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 2:
            (corpus / "regions.toml").unlink()

    next(watch(corpus, interval=7, sleep=sleep, seen=read_state(corpus)))
    assert slept == [7, 7, 7]
