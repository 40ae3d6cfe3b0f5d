"""Postings have the documents and positions of each word and each stem."""

import resource
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.analysis import tokenizer
from indexer.catalogue import schema
from indexer.catalogue.records import Item, Parsed, Publication, Unchanged
from indexer.codec import forward_index, inverter
from indexer.codec.segment import postings, term_dictionary
from indexer.codec.segment.postings import ForwardIndex
from indexer.codec.segment.reader import Segment
from tests.indexer.codec.segments import CATALOGUE, contents, fresh, moved, publications, written
from tests.search_app.engine import catalogues

FIELDS = [field.name for field in CATALOGUE.searchable]


class Stand(NamedTuple):
    """A token of a text, with its document and field."""

    document: int
    field: int
    word: str
    stem: str


def stands(made: Sequence[Publication]) -> list[Stand]:
    """Return all tokens of all publications in order."""
    found = []
    for document, each in enumerate(made):
        for field, row in enumerate(CATALOGUE.searchable):
            text = schema.get_text(each, row, CATALOGUE)
            language = schema.get_language(each, row, CATALOGUE)
            for token in tokenizer.tokenize(text, language):
                word = term_dictionary.encode_word(
                    text[token.start : token.end], language, CATALOGUE.language
                )
                found.append(Stand(document, field, word, token.stem))
    return found


@contextmanager
def segment(made: list[Publication], stretch: int = 1 << 21) -> Iterator[Segment]:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(postings, "MAX_RUN_WORDS", stretch)
        yield written(Path(folder) / "segment", fresh(made))


@given(made=publications(), stretch=st.sampled_from((1, 20, 1 << 21)))
def test_postings_equal_a_scan_of_the_texts(made: list[Publication], stretch: int) -> None:
    with segment(made, stretch) as held:
        said = stands(made)
        for terms, name in ((held.words, "word"), (held.stems, "stem")):
            plain: dict[str, list[int]] = {}
            for each in said:
                plain.setdefault(getattr(each, name), []).append(each.document)
            assert terms.texts.to_list() == sorted(plain)
            for number, text in enumerate(sorted(plain)):
                found = terms.get_postings(number, number + 1)
                assert found.documents.tolist() == sorted(set(plain[text]))
                assert terms.doc_frequency(number) == len(set(plain[text]))
                assert len(found.weights) == len(found.documents)
                assert (found.weights > 0).all()
            within = np.arange(len(made)) % 2 == 0
            if plain:
                counted = terms.count_documents(0, len(plain), within).tolist()
                even = [sum(n % 2 == 0 for n in {*plain[text]}) for text in sorted(plain)]
                assert counted == even


@given(made=publications(), stretch=st.sampled_from((1, 20, 1 << 21)))
def test_positions_equal_a_scan_of_the_texts(made: list[Publication], stretch: int) -> None:
    with segment(made, stretch) as held:
        said = stands(made)
        stream = held.forward_index.stream
        at = np.flatnonzero(stream >= 0)
        assert [held.words.texts.get_text(word) for word in stream[at]] == [s.word for s in said]
        assert held.get_stems(np.arange(len(stream)))[stream < 0].tolist() == [-1] * sum(stream < 0)
        for number, stem in enumerate(held.stems.texts.to_list()):
            found = held.find_positions(number)
            mine = [place for place, each in enumerate(said) if each.stem == stem]
            assert found.offsets.tolist() == at[mine].tolist()
            assert found.documents.tolist() == [said[place].document for place in mine]
            assert held.get_fields(found).tolist() == [said[place].field for place in mine]
            assert (held.get_stems(found.offsets) == number).all()
        for number, word in enumerate(held.words.texts.to_list()):
            found = held.find_word_positions(np.array([number]))
            mine = [place for place, each in enumerate(said) if each.word == word]
            assert found.offsets.tolist() == at[mine].tolist()


@given(made=publications())
def test_lengths_count_words(made: list[Publication]) -> None:
    with segment(made) as held:
        lengths = np.zeros((len(made), len(FIELDS)), int)
        for each in stands(made):
            lengths[each.document, each.field] += 1
        assert held.forward_index.lengths.tolist() == lengths.tolist()


@given(made=publications(), stretch=st.integers(1, 40))
@pytest.mark.slow
def test_the_stretch_size_does_not_change_the_files(made: list[Publication], stretch: int) -> None:
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        written(Path(folder) / "whole", fresh(made))
        patch.setattr(postings, "MAX_RUN_WORDS", stretch)
        written(Path(folder) / "parts", fresh(made))
        assert contents(Path(folder) / "parts") == contents(Path(folder) / "whole")


@pytest.mark.slow
def test_stretches_and_chunks_do_not_change_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = fresh(catalogues.throw(seed=5, size=60))
    catalogue = catalogues.CATALOGUE
    written(tmp_path / "whole", made, catalogue=catalogue)
    whole = contents(tmp_path / "whole")
    monkeypatch.setattr(postings, "MAX_RUN_WORDS", 20)
    for size in (1, 7, None):
        folder = tmp_path / f"chunks-{size}"
        written(folder, made, catalogue=catalogue, size=size)
        assert contents(folder) == whole
    monkeypatch.setattr(forward_index, "BATCHES_BEFORE_PROCESS", 1000)
    written(tmp_path / "alone", made, catalogue=catalogue, size=7)
    assert contents(tmp_path / "alone") == whole
    starts = Segment(tmp_path / "alone", catalogue).forward_index.starts[:, 0]
    assert len(list(postings.split_offsets(starts))) > 5


def test_many_runs_need_few_open_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A build with over a hundred runs opens at most 100 files at a time."""
    monkeypatch.setattr(postings, "MAX_RUN_WORDS", 20)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = max(int(each.name) for each in Path("/proc/self/fd").iterdir())
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + 100, hard))
    try:
        held = written(
            tmp_path / "segment", fresh(catalogues.throw(seed=6, size=300)),
            catalogue=catalogues.CATALOGUE,
        )  # fmt: skip
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert len(list(postings.split_offsets(held.forward_index.starts[:, 0]))) > 100


@pytest.mark.parametrize("size", [0, 1])
def test_a_segment_without_words_opens(size: int, tmp_path: Path) -> None:
    made = catalogues.throw(seed=1, size=size)
    bare = [Publication(id="a", title="…", source=each.source) for each in made]
    held = written(tmp_path / "segment", fresh(bare))
    assert held.size == size
    assert held.words.texts.to_list() == held.stems.texts.to_list() == []
    assert held.norms.shape == (size, len(FIELDS))
    assert held.columns["topic"].values == ["none"]
    assert held.columns["topic"].ordinals.tolist() == [0] * size


def mixed(former: list[Publication], now: list[Publication], again: set[str]) -> list[Item]:
    numbers = {each.id: number for number, each in enumerate(former)}
    return [
        Unchanged(numbers[each.id], each.id, each.source)
        if each.id in numbers and each.id in again
        else item
        for each, item in zip(now, fresh(now), strict=True)
    ]


def by_piece(offsets: Sequence[int]) -> Iterable[tuple[int, int]]:
    return pairwise(range(len(offsets))) if len(offsets) > 1 else [(0, 0)]


@given(
    data=st.data(),
    former=publications(),
    others=publications(6),
    spliced=st.booleans(),
    by_term=st.booleans(),
)
@pytest.mark.slow
def test_a_copied_segment_equals_a_full_build(
    data: st.DataObject, former: list[Publication], others: list[Publication], spliced: bool,
    by_term: bool,
) -> None:  # fmt: skip
    left = data.draw(st.lists(st.sampled_from(former), unique_by=id)) if former else []
    ids = {each.id for each in left}
    new = [each for each in others if each.id not in ids]
    now = data.draw(st.permutations([moved(each, line=7) for each in left] + new))
    if spliced:
        ids_in_order = [each.id for each in [*former, *others]]
        now.sort(key=lambda each: ids_in_order.index(each.id))
    kept = {each.id for each in left if data.draw(st.booleans()) or each.id < "m"}
    sizes = data.draw(st.sampled_from((None, 1, 4)))
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(forward_index, "BATCHES_BEFORE_PROCESS", 1000)
        if by_term:  # as in a large catalogue, whose terms are merged a few at a time
            patch.setattr(inverter, "split_offsets", by_piece)
        if spliced:  # as in a large catalogue, where a few changes keep the means
            patch.setattr(postings, "compute_means", lambda lengths: np.full(lengths.shape[1], 5.0))
        else:
            patch.setattr(postings, "MAX_RUN_WORDS", 20)
        before = written(Path(folder) / "former", fresh(former))
        written(Path(folder) / "full", fresh(now))
        items = mixed(former, now, kept)
        assert all(isinstance(each, Parsed | Unchanged) for each in items)
        written(Path(folder) / "copied", items, size=sizes, former=before)
        assert contents(Path(folder) / "copied") == contents(Path(folder) / "full")


def test_a_changed_publication_is_spliced_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = catalogues.throw(seed=8, size=300)
    changed = msgspec.structs.replace(made[100], title=f"zebra {made[100].title}", id="other")
    now = [*made[:40], *made[41:100], changed, *made[101:]]
    catalogue = catalogues.CATALOGUE
    former = written(tmp_path / "former", fresh(made), catalogue=catalogue)
    full = written(tmp_path / "full", fresh(now), catalogue=catalogue)
    kept = {each.id for each in made}
    sorted_words: list[int] = []
    codes_of = postings.encode_occurrences

    def watched(layout: ForwardIndex, first: int, last: int) -> postings.OccurrenceCodes:
        sorted_words.append(len(layout.stream))
        return codes_of(layout, first, last)

    monkeypatch.setattr(postings, "encode_occurrences", watched)
    written(tmp_path / "copied", mixed(made, now, kept), catalogue=catalogue, former=former)
    assert contents(tmp_path / "copied") == contents(tmp_path / "full")
    assert sorted_words == [
        int(full.forward_index.starts[100, 0] - full.forward_index.starts[99, 0])
    ]
