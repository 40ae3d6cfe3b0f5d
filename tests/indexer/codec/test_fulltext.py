"""Full-text segments: postings, positions and pages of texts, and damaged files."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.analysis import stemming, tokenizer
from indexer.catalogue.records import Problem
from indexer.codec import fulltext_segments, fulltext_writer
from indexer.codec.fulltext_segments import PreviousTexts, write_texts
from indexer.codec.fulltext_writer import FullTextWriter
from indexer.codec.segment import fulltext
from indexer.codec.segment.array_file import CorruptSegment, open_arrays
from indexer.codec.segment.attached_texts import Attached, AttachedTexts
from indexer.codec.segment.block_file import BLOCK_BYTES
from indexer.codec.segment.fulltext import FullTextSegment
from indexer.fulltext.text import Fault, FullText

WORDS = st.sampled_from(("border", "borders", "police", "law", "laws", "État", "人口贩运", "\n\n"))
LANGUAGES = ("en", "es", "fr", "de", "it", "pt", "nl", "sv", "ru", "ro")
PAGES = st.lists(st.lists(WORDS, max_size=30).map(" ".join), min_size=1, max_size=6)


def make_text(number: int, pages: Sequence[str], language: str | None = None) -> FullText:
    """Return a text with a digest of its own."""
    return FullText(
        digest=f"{number:064x}", media_type="application/pdf", pages=tuple(pages),
        language=language,
    )  # fmt: skip


@contextmanager
def written(texts: Sequence[FullText]) -> Iterator[FullTextSegment]:
    """Yield a segment of texts."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with FullTextWriter(folder, "en") as writer:
            for text in texts:
                writer.add(text)
            writer.write("texts")
        yield FullTextSegment(open_arrays(folder / "texts.seg"), folder / "texts.dat")


def list_stems(page: str) -> list[tuple[int, str]]:
    """Return the position and the stem of each word of a page. A paragraph break takes one."""
    stems: list[tuple[int, str]] = []
    position = 0
    for paragraph in page.split("\n\n"):
        for token in tokenizer.tokenize(paragraph, "en"):
            stems.append((position, token.stem))
            position += 1
        position += 1
    return stems


@settings(max_examples=30, deadline=None)
@given(all_pages=st.lists(PAGES, min_size=1, max_size=5), longest=st.sampled_from((7, 40, 65_535)))
def test_the_words_of_a_text_are_found_on_their_pages(
    all_pages: list[list[str]], longest: int
) -> None:
    """Each stem has its occurrences in each text, on the right page, in parts of any length."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fulltext_writer, "LONGEST_PART", longest)
        with written([make_text(number, pages) for number, pages in enumerate(all_pages)]) as made:
            for word in ("border", "police", "law", "état", "人口"):
                stem = stemming.stem(word, "en")
                postings = made.read_postings(made.find_stem(stem))
                expected = [
                    sum(found == stem for page in pages for _, found in list_stems(page))
                    for pages in all_pages
                ]
                counts = made.count_in_texts(postings.parts, postings.counts)
                assert counts.tolist() == expected
                for number, pages in enumerate(all_pages):
                    keys = made.read_keys(postings, made.part_texts[postings.parts] == number)
                    assert made.find_pages(number, keys).tolist() == [
                        place
                        for place, page in enumerate(pages)
                        for _, found in list_stems(page)
                        if found == stem
                    ]
            assert [
                [made.read_page(number, page) for page in range(made.count_pages(number))]
                for number in range(len(made))
            ] == all_pages


def test_a_page_longer_than_a_part_is_split() -> None:
    """A page of 200,000 equal words has all of them, and later pages keep their places."""
    with written([make_text(0, ["law " * 200_000, "police"])]) as made:
        postings = made.read_postings(made.find_stem("law"))
        assert made.count_in_texts(postings.parts, postings.counts).tolist() == [200_000]
        assert set(made.find_pages(0, made.read_keys(postings)).tolist()) == {0}
        police = made.read_postings(made.find_stem("polic"))
        assert made.find_pages(0, made.read_keys(police)).tolist() == [1]


@pytest.mark.parametrize("damage", ["cut", "flip"])
def test_a_damaged_block_is_an_error(damage: str, tmp_path: Path) -> None:
    """A changed byte or a missing end raises CorruptSegment when the block is read, not before."""
    pages = [f"police number {number} " * 50 for number in range(400)]
    with FullTextWriter(tmp_path, "en") as writer:
        writer.add(make_text(0, pages))
        writer.write("texts")
    data = tmp_path / "texts.dat"
    made = FullTextSegment(open_arrays(tmp_path / "texts.seg"), data)
    assert data.stat().st_size > BLOCK_BYTES
    assert made.read_page(0, 399) == pages[399]
    content = bytearray(data.read_bytes())
    if damage == "flip":
        content[len(content) // 2] ^= 1
    data.write_bytes(content if damage == "flip" else content[: len(content) // 2])
    words = np.arange(len(made.words))
    with pytest.raises(CorruptSegment, match=r"texts\.dat was changed or cut short"):
        [*(made.read_page(0, page) for page in range(400)), made.read_postings(words)]


def test_a_file_that_was_cut_after_a_block_is_an_error(tmp_path: Path) -> None:
    """A file whose blocks are all intact, but not all there, raises CorruptSegment."""
    with FullTextWriter(tmp_path, "en") as writer:
        writer.add(make_text(0, [f"police number {number} " * 50 for number in range(400)]))
        writer.write("texts")
    data = tmp_path / "texts.dat"
    data.write_bytes(data.read_bytes()[:BLOCK_BYTES])
    with pytest.raises(CorruptSegment, match=r"texts\.dat was changed or cut short"):
        FullTextSegment(open_arrays(tmp_path / "texts.seg"), data)


def test_an_empty_text_has_a_place() -> None:
    """A text without words, and one without pages, leave the numbers of the others alone."""
    with written([make_text(0, [""]), make_text(1, []), make_text(2, ["law", "", "law"])]) as made:
        postings = made.read_postings(made.find_stem("law"))
        assert made.count_in_texts(postings.parts, postings.counts).tolist() == [0, 0, 2]
        assert made.find_pages(2, made.read_keys(postings)).tolist() == [0, 2]
        assert [info.empty_pages for info in made.infos] == [1, 0, 1]


class Corpus:
    """Files with texts, in generations that follow each other. It counts what is extracted."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.extracted: list[str] = []
        self.generations = 0
        self.texts: dict[str, FullText] = {}
        self.previous: PreviousTexts | None = None

    def _extract(self, files: Sequence[Attached]) -> Iterator[FullText]:
        for each in files:
            self.extracted.append(each.digest)
            yield self.texts[each.digest]

    def build(self, numbers: Sequence[int]) -> tuple[AttachedTexts, list[Problem]]:
        """Write a generation in which document n has the text of a number. Return its texts."""
        folder = self._folder / str(self.generations)
        folder.mkdir()
        self.generations += 1
        attached = [
            Attached(document, f"{number}.pdf", f"{number:064x}", 1, 1)
            for document, number in enumerate(numbers)
        ]
        problems = write_texts(folder, "en", attached, self._extract, self.previous)
        self.previous = PreviousTexts(AttachedTexts(folder), folder)
        return self.previous.texts, problems


@settings(max_examples=15, deadline=None)
@given(steps=st.lists(st.lists(st.integers(0, 12), max_size=12, unique=True), max_size=14))
def test_generations_share_texts(steps: list[list[int]]) -> None:
    """Whatever files come and go, each document has its text, and no text is extracted twice."""
    with tempfile.TemporaryDirectory() as name:
        corpus = Corpus(Path(name))
        for number in range(13):
            corpus.texts[f"{number:064x}"] = make_text(number, [f"law {number}", f"page {number}"])
        before: set[str] = set()
        for numbers in steps:
            corpus.extracted.clear()
            texts, problems = corpus.build(numbers)
            assert problems == []
            now = {f"{number:064x}" for number in numbers}
            assert sorted(corpus.extracted) == sorted(now - before)
            assert len(texts.segments) <= 8
            before = {digest for segment in texts.segments for digest in segment.text_numbers}
            for document, number in enumerate(numbers):
                [attachment] = texts.find_attachments(document)
                assert texts.get_file(attachment) == f"{number}.pdf"
                segment, text = texts.find_text(attachment)
                assert segment.read_page(text, 1) == f"page {number}"


@settings(max_examples=15, deadline=None)
@given(steps=st.lists(st.lists(st.integers(0, 9), max_size=9, unique=True), max_size=5))
def test_texts_without_a_document_do_not_count(steps: list[list[int]]) -> None:
    """Words, languages, and lengths are those of the texts that documents have, whatever was."""
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr(fulltext, "POSTINGS_AT_A_TIME", 3)
        corpus = Corpus(Path(name))
        for number in range(10):
            pages = ["law " * (number + 1) + f"word{number}"]
            corpus.texts[f"{number:064x}"] = make_text(number, pages, LANGUAGES[number])
        for numbers in steps:
            texts, _ = corpus.build(numbers)
            segments = texts.segments
            found = {
                number: sum(len(each.find_surface(f"word{number}")) for each in segments)
                for number in range(10)
            }
            assert found == {number: int(number in numbers) for number in range(10)}
            counts = [
                each.words.doc_frequency(word)
                for each in segments
                for word in each.find_stem("law").tolist()
            ]
            assert sum(counts) == len(numbers)
            languages = sorted(language for each in segments for language in each.languages)
            assert languages == sorted(LANGUAGES[number] for number in numbers)
            mean = sum(number + 2 for number in numbers) / max(1, len(numbers))
            assert texts.mean_length == pytest.approx(max(1, mean))


def make_unread(number: int) -> FullText:
    """Return the text of a PDF that can't be read."""
    fault = Fault("the PDF is damaged", "Save it again")
    return FullText(
        digest=f"{number:064x}", media_type="application/pdf", pages=(), faults=(fault,)
    )


def test_problems_of_files_are_reported_again(tmp_path: Path) -> None:
    """A file that can't be read is not read again, and each build reports its problem."""
    corpus = Corpus(tmp_path)
    corpus.texts[f"{1:064x}"] = make_unread(1)
    faulty = FullText(
        digest=f"{2:064x}", media_type="application/pdf", pages=("law", ""),
        faults=(Fault("1 of 2 pages has no text", "Run OCR first"),),
    )  # fmt: skip
    corpus.texts[faulty.digest] = faulty
    for _ in range(2):
        texts, problems = corpus.build([1, 2])
        assert [problem.what for problem in problems] == [
            "the PDF is damaged", "1 of 2 pages has no text",
        ]  # fmt: skip
        found = [texts.find_text(number) for number in range(len(texts))]
        assert [segment.count_pages(text) for segment, text in found] == [0, 2]
    assert len(corpus.extracted) == 2


def test_a_file_that_comes_back_has_its_problem(tmp_path: Path) -> None:
    """The text of a file that was gone for a build is still there, and so is its problem."""
    corpus = Corpus(tmp_path)
    corpus.texts = {f"{number:064x}": make_text(number, ["law"]) for number in range(4)}
    corpus.texts[f"{1:064x}"] = make_unread(1)
    for numbers in ([0, 1, 2, 3], [0, 2, 3], [0, 1, 2, 3]):
        _, problems = corpus.build(numbers)
        assert len(problems) == (1 in numbers)
    assert len(corpus.extracted) == 4


def test_another_version_reads_only_the_unread_files_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that an extra can read after it was installed has a text, and no problem any more."""
    corpus = Corpus(tmp_path)
    for number in range(4):
        corpus.texts[f"{number:064x}"] = make_text(number, [f"law {number}"])
    corpus.texts[f"{2:064x}"] = make_unread(2)
    monkeypatch.setattr(fulltext_segments, "make_version", lambda: "3")
    corpus.build([0, 1, 2, 3])
    corpus.texts[f"{2:064x}"] = make_text(2, ["law 2"])
    monkeypatch.setattr(fulltext_segments, "make_version", lambda: "3-5.0")
    corpus.extracted.clear()
    texts, problems = corpus.build([0, 1, 2, 3])
    assert corpus.extracted == [f"{2:064x}"]
    assert problems == []
    for number in range(4):
        segment, text = texts.find_text(number)
        assert segment.read_page(text, 0) == f"law {number}"
