"""Full texts: their words on pages, and what a generation takes from the one before."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.analysis import stemming, tokenizer
from indexer.catalogue.records import Problem
from indexer.codec import fulltext_writer
from indexer.codec.fulltext_writer import PreviousTexts, write_texts
from indexer.codec.segment import postings
from indexer.codec.segment.fulltext import PAGES, Attached, AttachedTexts
from indexer.fulltext.text import Fault, FullText
from tests.tiers import examples

WORDS = st.sampled_from(("border", "borders", "police", "law", "laws", "État", "人口贩运", "\n\n"))
LANGUAGES = ("en", "es", "fr", "de", "it", "pt", "nl", "sv", "ru", "ro")
PAGE_TEXTS = st.lists(st.lists(WORDS, max_size=30).map(" ".join), min_size=1, max_size=6)


def make_text(number: int, pages: Sequence[str], language: str | None = None) -> FullText:
    return FullText(
        digest=f"{number:064x}", media_type="application/pdf", pages=tuple(pages),
        language=language,
    )  # fmt: skip


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


@contextmanager
def written(*generations: Sequence[FullText]) -> Iterator[AttachedTexts]:
    with tempfile.TemporaryDirectory() as name:
        corpus = Corpus(Path(name))
        made, _ = corpus.build([])
        for texts in generations:
            corpus.texts |= {text.digest: text for text in texts}
            made, _ = corpus.build([int(text.digest, 16) for text in texts])
        yield made


def find_stem_pages(texts: AttachedTexts, stem: str) -> list[tuple[int, int]]:
    """Return the text and the page of each occurrence of a stem, in order."""
    pages = texts.find_positions(texts.find_stem(stem)).documents
    numbers = texts.text_of_page.take(pages)
    return [
        *zip(numbers.tolist(), (pages - texts.page_offsets.take(numbers)).tolist(), strict=True)
    ]


@examples(30)
@given(
    all_pages=st.lists(PAGE_TEXTS, min_size=1, max_size=5),
    run_words=st.sampled_from((3, 40, 1 << 20)),
    first=st.integers(0, 5),
)
def test_the_words_of_a_text_are_found_on_their_pages(
    all_pages: list[list[str]], run_words: int, first: int
) -> None:
    """Each stem has its occurrences in each text, on the right page, in runs of any length.

    Some texts are those of a generation before.
    """
    made = [make_text(number, pages) for number, pages in enumerate(all_pages)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(postings, "MAX_RUN_WORDS", run_words)
        with written(made[:first], made) as texts:
            for word in ("border", "police", "law", "état", "人口"):
                stem = stemming.stem(word, "en")
                on_pages = [
                    (number, place)
                    for number, pages in enumerate(all_pages)
                    for place, page in enumerate(pages)
                    for _, found in list_stems(page)
                    if found == stem
                ]
                assert find_stem_pages(texts, stem) == on_pages
                counts = sum(
                    int(texts.get_postings(number).weights.sum())
                    for number in texts.find_stem(stem).tolist()
                )
                assert counts == len(on_pages)
            assert [
                [texts.read_page(number, page) for page in range(texts.count_pages(number))]
                for number in range(len(made))
            ] == all_pages


def list_stems(page: str) -> list[tuple[int, str]]:
    stems: list[tuple[int, str]] = []
    position = 0
    for paragraph in page.split("\n\n"):
        for token in tokenizer.tokenize(paragraph, "en"):
            stems.append((position, token.stem))
            position += 1
        position += 1
    return stems


def test_a_page_may_have_more_words_than_two_bytes_can_count() -> None:
    """A page of 200,000 equal words has all of them, and later pages keep their places."""
    with written([make_text(0, ["law " * 200_000, "police"])]) as made:
        assert find_stem_pages(made, "law") == [(0, 0)] * 200_000
        assert find_stem_pages(made, "polic") == [(0, 1)]


def test_an_empty_text_has_a_place() -> None:
    texts = [make_text(0, [""]), make_text(1, []), make_text(2, ["law", "", "law"])]
    with written(texts[:2], texts) as made:
        assert find_stem_pages(made, "law") == [(2, 0), (2, 2)]
        assert [info.empty_pages for info in made.infos] == [1, 0, 1]


@examples(25)
@given(steps=st.lists(st.lists(st.integers(0, 9), max_size=9, unique=True), max_size=6))
def test_a_generation_is_as_if_it_were_the_first(steps: list[list[int]]) -> None:
    """Whatever files come and go, texts and words are those of the files, and none is read twice.

    The words of a text are stemmed in its language.
    """
    with tempfile.TemporaryDirectory() as name:
        corpus = Corpus(Path(name))
        for number in range(10):
            pages = [f"law {number}", "laws " * (number + 1) + f"word{number}", ""]
            corpus.texts[f"{number:064x}"] = make_text(number, pages, LANGUAGES[number])
        before: set[int] = set()
        for numbers in steps:
            corpus.extracted.clear()
            texts, problems = corpus.build(numbers)
            assert problems == []
            assert {*corpus.extracted} == {f"{new:064x}" for new in {*numbers} - before}
            assert len(corpus.extracted) == len({*numbers} - before)
            before = {*numbers}
            with written([corpus.texts[f"{number:064x}"] for number in numbers]) as first:
                assert describe(texts) == describe(first)


def describe(texts: AttachedTexts) -> object:
    words = {}
    for number, word in enumerate(texts.words.texts.to_list()):
        pages, offsets = texts.find_positions(texts.find_surface(word))
        places = [
            (texts.infos[texts.text_of_page[page]].digest, int(offset - texts.starts[page]))
            for page, offset in zip(pages.tolist(), offsets.tolist(), strict=True)
        ]
        stem = texts.stems.get_text(texts.stem_of[number])
        words[word] = stem, texts.words.doc_frequency(number), sorted(places)
    for digest, attachment in texts.by_digest.items():
        assert texts.get_info(attachment).digest == digest
        documents = {each.document for each in texts.list_attached() if each.digest == digest}
        assert texts.find_documents(attachment) == sorted(documents)
    return (
        words,
        sorted(texts.by_digest),
        sorted(texts.languages),
        texts.mean_length,
        [
            (
                *attached,
                [texts.read_page(int(text), page) for page in range(texts.count_pages(text))],
            )
            for attached, text in zip(texts.list_attached(), texts.texts.tolist(), strict=True)
        ],
    )


def test_unchanged_texts_are_linked(tmp_path: Path) -> None:
    corpus = Corpus(tmp_path)
    corpus.texts = {f"{number:064x}": make_text(number, ["law"]) for number in range(3)}
    for numbers in ([0, 1, 2], [2, 0, 1], [0, 1]):
        corpus.build(numbers)
    first, second, third = ((tmp_path / name / PAGES).stat().st_ino for name in "012")
    assert first == second != third


@pytest.mark.parametrize("kept", [[1, 2], [2, 3], [2, 1], [3]])
def test_a_text_that_is_gone_leaves_no_trace(kept: list[int], tmp_path: Path) -> None:
    """Its file may be restricted now, so no byte of its pages is in the next generation."""
    corpus = Corpus(tmp_path)
    said = [f"Witness {number} spoke of harbor {number * 7919}. " for number in range(4)]
    corpus.texts = {f"{n:064x}": make_text(n, [text * 40, text]) for n, text in enumerate(said)}
    corpus.build([0, 1, 2])
    texts, _ = corpus.build(kept)
    written = (tmp_path / "1" / PAGES).read_bytes()
    assert said[0].encode() not in written
    assert [texts.read_page(number, 1) for number in range(len(kept))] == [
        said[int(texts.infos[number].digest, 16)] for number in range(len(kept))
    ]


def make_unread(number: int) -> FullText:
    fault = Fault("the PDF is damaged", "Save it again")
    return FullText(
        digest=f"{number:064x}", media_type="application/pdf", pages=(), faults=(fault,)
    )


def test_problems_of_files_are_reported_again(tmp_path: Path) -> None:
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
        assert [texts.count_pages(text) for text in texts.texts.tolist()] == [0, 2]
    assert len(corpus.extracted) == 2


def test_another_version_reads_only_the_unread_files_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpus = Corpus(tmp_path)
    for number in range(4):
        corpus.texts[f"{number:064x}"] = make_text(number, [f"law {number}"])
    corpus.texts[f"{2:064x}"] = make_unread(2)
    monkeypatch.setattr(fulltext_writer, "make_version", lambda: "3")
    corpus.build([0, 1, 2, 3])
    corpus.texts[f"{2:064x}"] = make_text(2, ["law 2"])
    monkeypatch.setattr(fulltext_writer, "make_version", lambda: "3-5.0")
    corpus.extracted.clear()
    texts, problems = corpus.build([0, 1, 2, 3])
    assert corpus.extracted == [f"{2:064x}"]
    assert problems == []
    pages = [texts.read_page(text, 0) for text in texts.texts.tolist()]
    assert pages == [f"law {number}" for number in range(4)]
