"""Builds with full texts: files that come, change, move, and go."""

import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalogue import safe_files
from indexer.catalogue.limits import LIMITS
from indexer.codec.segment.fulltext import PAGES, File
from indexer.fulltext import documents, pdf
from indexer.generations import manifest
from indexer.ingest.corpus import Progress
from indexer.jobs import build, check, verify
from indexer.jobs.build import BuildResult
from search_app.engine import Engine
from search_app.engine.request import SearchRequest
from tests.indexer.fulltext.pdfs import add_scan, make_pdf, new_pdf
from tests.tiers import examples

CATALOGUE = """
title = "Reports"
description = ""

[[field]]
name = "title"
label = "Title"
kind = "text"
role = "title"
weight = 2.0

[[field]]
name = "fulltext"
label = "Full text"
kind = "fulltext"
weight = 0.3
"""


class Corpus:
    """A corpus of three records, some of which have files, and its index."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.index = folder / "corpus", folder / "index"
        self.folder.mkdir()
        (self.folder / "catalogue.toml").write_text(CATALOGUE, encoding="utf-8")
        records = [{"id": name, "title": f"Report {name}"} for name in ("one", "two", "three")]
        lines = "".join(json.dumps(record) + "\n" for record in records)
        (self.folder / "records.jsonl").write_text(lines, encoding="utf-8")

    def write(self, name: str, *pages: str) -> Path:
        file = self.folder / name
        file.write_bytes(make_pdf(pages))
        return file

    def attach(self, path: Path) -> None:
        """Let the corpus name a file or a folder outside of it, which may have files of records."""
        safe_files.allow_outside(self.folder, [str(path)])
        (self.folder / "sources.toml").write_text(
            '[[source]]\nfile = "records.jsonl"\nformat = "json"\n'
            '[source.fields]\nid = "id"\ntitle = "title"\n'
            f'[[attachments]]\npath = "{path}"\n',
            encoding="utf-8",
        )

    def build(self, **options: object) -> BuildResult:
        return build.build(self.folder, self.index, **options)  # type: ignore[arg-type]

    def list_files(self, identity: str) -> Sequence[File]:
        return Engine.open(self.index).get_searcher().list_files(identity)

    def find(self, text: str) -> list[str]:
        return [*Engine.open(self.index).get_searcher().list_ids(SearchRequest(text))]


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Corpus:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return Corpus(tmp_path)


@pytest.fixture
def extracted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    names: list[str] = []
    extract = documents.extract

    def record(file: Path, *rest: object) -> object:
        names.append(file.name)
        return extract(file, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(documents, "extract", record)
    return names


def test_only_new_and_changed_files_are_read(corpus: Corpus, extracted: list[str]) -> None:
    corpus.write("one.pdf", "piracy")
    two = corpus.write("two.pdf", "fishing")
    assert corpus.build().status == "published"
    assert corpus.find("piracy") == ["one"]
    assert corpus.build().status == "unchanged"
    os.utime(two, ns=(1, 1))
    assert corpus.build().status == "unchanged"
    extracted.clear()
    corpus.write("two.pdf", "smuggling")
    assert corpus.build().status == "published"
    assert extracted == ["two.pdf"]
    assert corpus.find("smuggling") == ["two"]
    assert corpus.find("fulltext:fishing") == []
    assert corpus.find("piracy") == ["one"]
    (corpus.folder / "one.pdf").rename(corpus.folder / "three.pdf")
    extracted.clear()
    corpus.build()
    assert extracted == []
    assert corpus.find("piracy") == ["three"]
    (corpus.folder / "three.pdf").unlink()
    corpus.build()
    assert corpus.find("fulltext:piracy") == []


def test_a_new_record_keeps_the_texts_of_the_others(corpus: Corpus, extracted: list[str]) -> None:
    corpus.write("three.pdf", "piracy")
    corpus.build()
    extracted.clear()
    (corpus.folder / "a.jsonl").write_text('{"id": "zero", "title": "First"}\n', encoding="utf-8")
    corpus.build()
    assert extracted == []
    assert corpus.find("piracy") == ["three"]


def test_a_build_names_each_file_before_it_reads_it(corpus: Corpus, extracted: list[str]) -> None:
    told: list[tuple[int, str, bool]] = []

    class Seen(Progress):
        def report_texts(self, done: int, total: int, pages: int, file: str) -> None:
            told.append((done, file, bool(extracted)))

    corpus.write("one.pdf", "first")
    corpus.write("two.pdf", "second")
    corpus.build(progress=Seen())
    assert told == [(0, "one.pdf", False), (1, "two.pdf", True), (2, "", True)]


def test_a_scan_is_a_file_without_words(corpus: Corpus) -> None:
    scan = new_pdf()
    add_scan(scan)
    (corpus.folder / "one.pdf").write_bytes(bytes(scan.output()))
    for _ in range(2):
        [problem] = corpus.build().problems
        assert problem.what == "none of the 1 pages of the PDF has text"
        assert "OCR" in problem.hint
    searcher = Engine.open(corpus.index).get_searcher()
    [file] = searcher.list_files("one")
    assert (file.name, file.page_count, file.empty_page_count) == ("one.pdf", 1, 1)
    assert corpus.find("scan") == []
    assert [report.errors for report in verify.verify(corpus.index)] == [()]


def test_copies_of_a_file_are_named(corpus: Corpus) -> None:
    """Files with the same contents that belong to several records are one problem in each build.

    Two files of one record, and one file of two records, are none.
    """
    corpus.write("one.pdf", "piracy")
    data = (corpus.folder / "one.pdf").read_bytes()
    for name in ("two.pdf", "three.pdf"):
        (corpus.folder / name).write_bytes(data)
    for _ in range(2):
        [problem] = corpus.build().problems
        assert (problem.file, problem.what) == (
            "one.pdf", "it is the same file as two.pdf, three.pdf"
        )  # fmt: skip
    assert sorted(corpus.find("piracy")) == ["one", "three", "two"]
    for name in ("two.pdf", "three.pdf"):
        (corpus.folder / name).unlink()
    rows = CATALOGUE + '[[field]]\nname = "file"\nlabel = "Files"\nkind = "file"\nseveral = true\n'
    (corpus.folder / "catalogue.toml").write_text(rows, encoding="utf-8")
    (corpus.folder / "copy.pdf").write_bytes(data)
    shared = "".join(
        f'{{"id": "{name}", "title": "Report {name}", "file": ["copy.pdf", "one.pdf"]}}\n'
        for name in ("four", "five")
    )
    (corpus.folder / "more.jsonl").write_text(shared, encoding="utf-8")
    assert corpus.build().problems == []


def test_a_check_reports_the_problems_of_a_build(corpus: Corpus) -> None:
    rows = CATALOGUE + '[[field]]\nname = "file"\nlabel = "Files"\nkind = "file"\n'
    (corpus.folder / "catalogue.toml").write_text(rows, encoding="utf-8")
    (corpus.folder / "more.jsonl").write_text(
        '{"id": "four", "title": "Report four", "file": "gone.pdf"}\n', encoding="utf-8"
    )
    corpus.write("one.pdf", "piracy")
    corpus.write("nobody.pdf", "fishing")
    (corpus.folder / "two.pdf").write_bytes(b"%PDF-1.7 broken")
    problems = check.check(corpus.folder).problems
    assert len(problems) == 3
    assert corpus.build().problems == [*problems]


def test_readers_can_open_a_file_that_is_not_read(corpus: Corpus, extracted: list[str]) -> None:
    for name, data in (("one.pdf", b"%PDF-1.7 broken"), ("two.pdf", b"")):
        (corpus.folder / name).write_bytes(data)
    for _ in range(2):
        damaged, empty = corpus.build().problems
        assert (damaged.file, damaged.what) == ("one.pdf", "the PDF is damaged")
        assert (empty.file, empty.what) == ("two.pdf", "the file is empty")
        searcher = Engine.open(corpus.index).get_searcher()
        [file] = searcher.list_files("one")
        assert (file.name, file.media_type, file.page_count) == ("one.pdf", "application/pdf", 0)
        stored = searcher.find_file(file.digest)
        assert stored
        assert (stored.file.path, stored.ids) == ("one.pdf", ("one",))
        assert not searcher.list_files("two")
    assert sorted(extracted) == ["one.pdf", "two.pdf"]
    assert [report.errors for report in verify.verify(corpus.index)] == [()]


def test_a_file_with_a_wrong_name_is_read_after_it_is_renamed(corpus: Corpus) -> None:
    """A note that was named like a PDF was damaged. With the right name, it is a text."""
    (corpus.folder / "one.pdf").write_text("A note on piracy.", encoding="utf-8")
    [problem] = corpus.build().problems
    assert problem.what == "the PDF is damaged"
    (corpus.folder / "one.pdf").rename(corpus.folder / "one.txt")
    assert corpus.build().problems == []
    assert corpus.find("piracy") == ["one"]


def test_files_are_read_after_the_extra_is_installed(
    corpus: Corpus, extracted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus.write("one.pdf", "piracy")
    corpus.write("two.txt", "fishing")
    (corpus.folder / "three.txt").write_text("whaling", encoding="utf-8")
    with monkeypatch.context() as without:
        without.setattr(pdf, "is_installed", lambda: False)
        for _ in range(2):
            [problem] = corpus.build().problems
            assert problem.what.startswith("the full text of 2 PDFs is not searched")
            assert [len(corpus.list_files(name)) for name in ("one", "two")] == [1, 1]
    extracted.clear()
    result = corpus.build()
    assert (result.status, result.problems) == ("published", [])
    assert sorted(extracted) == ["one.pdf", "two.txt"]
    found = [corpus.find(word) for word in ("piracy", "fishing", "whaling")]
    assert found == [["one"], ["two"], ["three"]]


@pytest.mark.parametrize("kind", ["a broken link", "a missing file outside", "a pipe outside"])
def test_a_file_that_is_gone_costs_only_itself(corpus: Corpus, tmp_path: Path, kind: str) -> None:
    """A file that can't be read is reported by each build, which waits for no pipe."""
    corpus.write("two.pdf", "piracy")
    if kind == "a broken link":
        (corpus.folder / "one.pdf").symlink_to("gone.pdf")
    else:
        corpus.attach(tmp_path / "one.pdf")
    if kind == "a pipe outside":
        os.mkfifo(tmp_path / "one.pdf")
    for status in ("published", "unchanged"):
        result = corpus.build()
        assert result.status == status
        [problem] = result.problems
        assert Path(problem.file).name == "one.pdf"
        assert problem.hint == "Check the file and its permissions. Its publication was kept"
        assert problem.what.endswith("it is not a regular file") == (kind == "a pipe outside")
    assert corpus.find("piracy") == ["two"]


def test_another_language_of_the_catalogue_reads_all_texts_again(corpus: Corpus) -> None:
    (corpus.folder / "one.txt").write_text("Les changements", encoding="utf-8")
    corpus.build()
    file = corpus.folder / "catalogue.toml"
    french = file.read_text(encoding="utf-8").replace(
        'description = ""', 'description = ""\nlanguage = "fr"'
    )
    file.write_text(french, encoding="utf-8")
    corpus.build()
    assert corpus.find("changement") == ["one"]


def test_files_outside_the_corpus_are_searched(corpus: Corpus, tmp_path: Path) -> None:
    """A folder that `sources.toml` names keeps its files, whose text is searched."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "one.pdf").write_bytes(make_pdf(["piracy"]))
    corpus.attach(folder)
    corpus.build()
    assert corpus.find("piracy") == ["one"]


def test_a_text_of_a_record_is_no_catalogue(corpus: Corpus) -> None:
    (corpus.folder / "one.txt").write_text("A report on piracy.\n" * 40, encoding="utf-8")
    assert corpus.build().problems == []
    assert corpus.find("piracy") == ["one"]


def test_other_limits_read_all_files_again(corpus: Corpus) -> None:
    corpus.write("one.pdf", "first", "second", "third")
    low = msgspec.structs.replace(LIMITS, most_pages=2)
    assert [problem.file for problem in corpus.build(limits=low).problems] == ["one.pdf"]
    assert corpus.find("third") == []
    assert corpus.build().problems == []
    assert corpus.find("third") == ["one"]


def test_full_texts_of_an_older_version_are_written_again(corpus: Corpus) -> None:
    """A build replaces a generation whose full texts can't be read, even without changes."""
    corpus.write("one.pdf", "piracy")
    older = corpus.build().generation
    (older.segment / PAGES).unlink()
    files = {name: each for name, each in older.manifest.files.items() if PAGES not in name}
    manifest.write(older.folder, msgspec.structs.replace(older.manifest, files=files))
    assert corpus.build().status == "published"
    assert corpus.find("piracy") == ["one"]
    assert corpus.build().status == "unchanged"


def test_a_catalogue_without_the_row_has_no_full_texts(corpus: Corpus) -> None:
    corpus.write("one.pdf", "piracy")
    plain = CATALOGUE.rpartition("[[field]]")[0]
    (corpus.folder / "catalogue.toml").write_text(plain, encoding="utf-8")
    generation = corpus.build().generation
    assert not [*generation.segment.glob("fulltext*")]
    assert corpus.find("piracy") == []


def test_a_restricted_file_is_not_searched(corpus: Corpus) -> None:
    """A file of a restricted publication is left out, even if an open one has it too."""
    row = '[[field]]\nname = "access"\nlabel = "Access"\nrestricted = ["on request"]\n\n'
    head, _, fulltext = CATALOGUE.rpartition("[[field]]")
    (corpus.folder / "catalogue.toml").write_text(
        f"{head}{row}[[field]]{fulltext}", encoding="utf-8"
    )
    (corpus.folder / "closed.jsonl").write_text(
        '{"id": "closed", "title": "Secret", "access": "on request"}\n', encoding="utf-8"
    )
    corpus.write("closed.pdf", "piracy")
    corpus.write("one.pdf", "fishing")
    corpus.build()
    assert corpus.find("fulltext:piracy") == []
    assert corpus.find("fishing") == ["one"]


def make_contents() -> list[bytes | None]:
    """Return the contents of files: texts, a scan, a damaged PDF, an empty file, and no file."""
    scan = new_pdf()
    add_scan(scan)
    texts = [make_pdf([word]) for word in ("piracy", "fishing")]
    return [*texts, bytes(scan.output()), b"%PDF-1.7 broken", b"", None]


CONTENTS = make_contents()
NAMES = [f"{stem}.{suffix}" for stem in ("one", "two", "other") for suffix in ("pdf", "txt")]
EDITS = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(CONTENTS)), max_size=3)


def list_files(index: Path) -> dict[str, Sequence[object]]:
    searcher = Engine.open(index).get_searcher()
    return {name: searcher.list_files(name) for name in ("one", "two", "three")}


@examples(12)
@given(steps=st.lists(EDITS, min_size=2, max_size=4))
@pytest.mark.thorough
def test_a_build_after_edits_equals_a_new_build(
    steps: list[list[tuple[str, bytes | None]]],
) -> None:
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", f"{name}/cache")
        corpus = Corpus(Path(name))
        for number, edits in enumerate(steps):
            for file, content in edits:
                (corpus.folder / file).unlink(missing_ok=True)
                if content is not None:
                    (corpus.folder / file).write_bytes(content)
            new = Path(name, f"new{number}")
            expected = build.build(corpus.folder, new).problems
            assert corpus.build().problems == expected
            assert {*check.check(corpus.folder).problems} == {*expected}
            assert list_files(corpus.index) == list_files(new)
