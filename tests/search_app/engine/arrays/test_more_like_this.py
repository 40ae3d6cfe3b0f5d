"""More like this: similar publications score best for the most significant words."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.analysis import tokenizer
from indexer.catalogue import schema
from indexer.catalogue.records import Publication, SourceLocation
from indexer.codec.segment.postings import B_SHORT, K1, B
from indexer.generations import directory
from search_app.engine import ranking
from search_app.engine.arrays import store
from search_app.engine.arrays.store import ArrayStore
from search_app.engine.search import Searcher
from search_app.engine.snapshot.snapshot import Snapshot
from tests.search_app.engine.arrays.below import snapshot_of
from tests.search_app.engine.catalogues import index, throw
from tests.tiers import examples

CLOSE = 1e-4
"""The relative tolerance for scores in 32-bit floats."""


class Related(NamedTuple):
    """The document numbers of the publications that are related to one."""

    editions: list[int]
    similar: list[int]


def related(number: int, snapshot: Snapshot) -> Related:
    answer = ArrayStore(snapshot).find_related(snapshot.get_publication(number).id)
    editions, similar = (
        [snapshot.segment.docstore.find_doc_number(each.id) or 0 for each in publications]
        for publications in (answer.editions, answer.similar)
    )
    return Related(editions, similar)


def key_terms(number: int, snapshot: Snapshot) -> list[str]:
    words = snapshot.gather(np.array([number]))
    stems = ranking.choose_key_terms(words, snapshot.vocabulary).stems
    return [snapshot.vocabulary.stems.surfaces[stem] for stem in stems.tolist()]


@pytest.fixture(scope="module")
def catalogue(searcher: Searcher) -> Snapshot:
    return snapshot_of(searcher)


class Twin:
    """BM25F scores of single stems, from a plain implementation of the formula."""

    def __init__(self, snapshot: Snapshot) -> None:
        rows, numbers = snapshot.catalogue, range(snapshot.size)
        publications = [snapshot.get_publication(number) for number in numbers]
        self.weights: list[dict[str, float]] = [{} for _ in numbers]
        for field in rows.searchable:
            texts = [
                Counter(
                    token.stem
                    for token in tokenizer.tokenize(
                        schema.get_text(each, field, rows), schema.get_language(each, field, rows)
                    )
                )
                for each in publications
            ]
            lengths = [text.total() for text in texts]
            # The index stores mean lengths with 8 bits.
            digits, exponent = math.frexp(sum(lengths) / max(sum(map(bool, lengths)), 1))
            mean = math.ldexp(round(digits * 256) / 256, exponent)
            b = B if field.role == "abstract" else B_SHORT
            for held, text, length in zip(self.weights, texts, lengths, strict=True):
                for stem, frequency in text.items():
                    worth = field.weight * frequency / (1 - b + b * length / mean)
                    held[stem] = held.get(stem, 0.0) + worth
        self._held = Counter(stem for each in self.weights for stem in each)

    def score(self, stem: str, number: int) -> float:
        weight = self.weights[number].get(stem, 0.0)
        return self._get_rarity(stem) * weight * (K1 + 1) / (K1 + weight)

    def _get_rarity(self, stem: str) -> float:
        held = self._held[stem]
        return math.log(1 + (len(self.weights) - held + 0.5) / (held + 0.5))

    def weigh(self, stem: str, number: int) -> float:
        """Return the weight of a stem among the key terms of a publication."""
        return math.sqrt(self.weights[number].get(stem, 0.0)) * self._get_rarity(stem)

    def compare(self, shares: Mapping[int, float]) -> list[float]:
        """Return the similarity of each publication to some others, each of which has a share."""
        weights = {
            stem: sum(share * self.weigh(stem, number) for number, share in shares.items())
            for stem in {stem for number in shares for stem in self.weights[number]}
            if self._held[stem] >= ranking.MIN_FREQUENCY and stem not in ranking.IGNORED_STEMS
            and not stem.isdigit()
        }  # fmt: skip
        ordered = sorted(weights, key=lambda stem: (-round(weights[stem], 5), stem))
        first = ordered[: ranking.MAX_KEY_TERMS]
        return [
            sum(weights[s] * self.score(s, number) / self._get_rarity(s) for s in first)
            for number in range(len(self.weights))
        ]


@pytest.fixture(scope="module")
def twin(catalogue: Snapshot) -> Twin:
    return Twin(catalogue)


def test_the_significant_words_are_those_with_the_highest_scores(
    catalogue: Snapshot, twin: Twin
) -> None:
    """The significant words of a publication are those with the highest scores in it, in order."""
    for number in range(catalogue.size):
        words = key_terms(number, catalogue)
        scores = [twin.weigh(stem, number) for stem in words]
        assert scores == pytest.approx(sorted(scores, reverse=True), rel=CLOSE)
        left = [
            stem for stem in twin.weights[number]
            if stem not in {*words, *ranking.IGNORED_STEMS} and not stem.isdigit()
            and catalogue.segment.stems.doc_frequency(catalogue.vocabulary.find_stem(stem) or 0) > 1
        ]  # fmt: skip
        if len(words) < ranking.MAX_KEY_TERMS:
            assert len(left) < (1 if words else ranking.MIN_KEY_TERMS)
        elif left:
            most = max(twin.weigh(stem, number) for stem in left)
            assert most <= scores[-1] * (1 + CLOSE)


@pytest.mark.slow
def test_similar_publications_are_those_with_the_highest_scores(
    catalogue: Snapshot, twin: Twin, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A publication and its three nearest kin are compared with the nearest thirty."""
    monkeypatch.setattr(store, "SIMILAR_DEPTH", catalogue.size)
    find_others = catalogue.editions.find_others

    def sort(scores: list[float], numbers: Sequence[int]) -> list[int]:
        """Return numbers by score, with only the best edition of each title."""
        found = list[int]()
        newest = catalogue.ranks["newest"]
        for each in sorted(numbers, key=lambda number: (-round(scores[number], 4), newest[number])):
            if scores[each] and not {*found} & {*find_others(each).tolist()}:
                found.append(each)
        return found

    for number in range(catalogue.size):
        scores = twin.compare({number: 1.0})
        own = {number, *find_others(number).tolist()}
        kin = sort(scores, [each for each in range(catalogue.size) if each not in own])
        nearest = kin[: ranking.KIN_DEPTH]
        shares = ranking.compute_kin_shares(np.array([scores[each] for each in kin[: ranking.KIN]]))
        scores = twin.compare(dict(zip([number, *kin], shares, strict=False)))
        expected = sort(scores, nearest)[: ranking.MAX_SIMILAR]
        found = related(number, catalogue).similar
        assert [scores[each] for each in found] == pytest.approx(
            [scores[each] for each in expected], rel=CLOSE
        )


def test_all_publications_of_the_catalogue_have_similar_ones(searcher: Searcher) -> None:
    similar = {
        each.id: [other.id for other in searcher.find_related(each.id).similar]
        for each in searcher.scan("")
    }
    assert {len(found) for found in similar.values()} == {ranking.MAX_SIMILAR}
    toolkit, book = (
        "assessment-toolkit-trafficking-in-persons-for-the-purpose-of-organ-removal-2015",
        next(each for each in similar if each.startswith("human-trafficking-for-the-removal")),
    )
    assert book in similar[toolkit]
    assert similar[book][0] == toolkit


def check(number: int, snapshot: Snapshot) -> None:
    found = related(number, snapshot)
    assert number not in [*found.similar, *found.editions]
    assert not {*found.similar} & {*found.editions}
    assert len(found.similar) <= ranking.MAX_SIMILAR
    for each in found.similar:
        assert not {*found.similar} & {*snapshot.editions.find_others(each).tolist()}


@given(seed=st.integers(0, 2**32), size=st.integers(1, 60))
@examples(100)
@pytest.mark.slow
def test_related_publications_are_distinct_limited_and_repeatable(
    seed: int, size: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = index(tmp_path_factory.mktemp("index"), throw(seed, size))
    snapshot, again = (Snapshot(directory.load_live(folder)) for _ in range(2))
    for number in range(size):
        check(number, snapshot)
        assert related(number, again) == related(number, snapshot)


def test_equally_similar_publications_come_newest_first(tmp_path: Path) -> None:
    made = [
        Publication(
            id=identity, title=title, summary="organ removal border police",
            source=SourceLocation("made", 1), values={"year": (year,)},
        )
        for identity, title, year in (
            ("z", "One", 2001), ("c", "Two", 2002), ("b", "Two", 2003), ("a", "Two", 2002),
        )
    ]  # fmt: skip
    snapshot = Snapshot(directory.load_live(index(tmp_path, made)))
    found = [snapshot.get_publication(number).id for number in related(0, snapshot).similar]
    assert found == ["b", "a", "c"]


def test_insignificant_words_are_not_used(catalogue: Snapshot) -> None:
    for number in range(catalogue.size):
        for stem in key_terms(number, catalogue):
            frequency = catalogue.segment.stems.doc_frequency(
                catalogue.vocabulary.find_stem(stem) or 0
            )
            assert frequency >= ranking.MIN_FREQUENCY
            assert stem not in {"the", "other", "make", "2009"}


def test_the_commonest_words_are_left_out_first(
    catalogue: Snapshot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rarest words are used if the words of a publication have too many postings."""
    number = catalogue.find_doc_number("unodc-model-law-against-trafficking-in-persons-2009") or 0
    frequencies = {
        stem: catalogue.segment.stems.doc_frequency(catalogue.vocabulary.find_stem(stem) or 0)
        for stem in key_terms(number, catalogue)
    }
    monkeypatch.setattr(ranking, "MAX_POSTINGS", 60)
    monkeypatch.setattr(ranking, "RETRIEVING_TERMS", 64)
    words = catalogue.gather(np.array([number]))
    terms = ranking.choose_key_terms(words, catalogue.vocabulary)
    kept = ranking.choose_affordable(terms, catalogue.vocabulary)
    assert kept == [stem for stem in frequencies if stem in kept]
    dropped = frequencies.keys() - {*kept}
    assert dropped
    assert sum(frequencies[stem] for stem in kept) <= 60
    assert max(frequencies[s] for s in kept) <= min(frequencies[s] for s in dropped)
