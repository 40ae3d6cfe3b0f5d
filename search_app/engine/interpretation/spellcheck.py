"""Spelling correction: replace unknown or rare words by similar, more frequent ones.

Candidates are the written words of the index, the words of entity labels, and the names of places.
A candidate is within 1 or 2 edits (optimal string alignment: insertion, deletion, substitution, or
transposition of adjacent letters) and is not a stop word. It is likelier if more documents contain
it, alone and together with the other words of the query. It is less likely with each edit.

A correct word is never changed, even if the index lacks it. Correct are the words of labels and
word lists, exactly as they are written there, and the names of places and languages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence, Set
from math import log2
from typing import NamedTuple

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA
from whoosh import query

from indexer.analysis import stemming, tokenizer
from indexer.analysis.folding import as_written
from indexer.codec.segment.array_file import Array
from indexer.codec.segment.string_table import Texts
from search_app.engine.interpretation import word_lists, world_places
from search_app.engine.interpretation.entities import UNITED_NATIONS
from search_app.engine.query import clause_builder
from search_app.engine.query.lexer import tokens
from search_app.engine.query.nodes import Leaf
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.store import Store

FREQUENT = 10
"""A word in fewer documents is rare, and a suggestion may replace it."""
TIMES = 50
"""Correct a rare word only to a word that occurs in at least 50 times as many documents."""
SHORTEST = 4
"""Words with fewer letters are not corrected."""
LETTER, FIRST_LETTER = 4.0, 2.0
"""Cost of an edit, and the extra cost if the first letters differ.

The unit is a doubling of the number of documents.
"""
UNLIKELY = 1 - 2 * LETTER
"""Likelihood of a word that is 2 edits away and occurs in one document.

Only a likelier word is a correction.
"""
NAMED = 2
"""Document frequency assumed for a word of a label that the index lacks.

It applies to names of places in the catalogue's language too. In another language they count as 1.
"""
MOST_READ = 12
"""Only the first 12 words of a text are corrected: each takes 1 to 2 ms."""
MOST = 8
"""At most 8 candidates for a word are compared by their co-occurrence with the other words."""
_CHUNK = re.compile(r'[^\s"“”„]*["“”„][^"“”„]*["“”„]|-?\w+:\([^()]*\)?|\S+')
"""A quotation with the text attached to it, a field with parentheses, or text without spaces."""
_MARKED = re.compile(r'[:"“”„*~()]|^-')


class Candidate(NamedTuple):
    """A possible correction. `likelihood` is in doublings of the number of documents."""

    written: str
    likelihood: float


class Speller:
    """The words of a vocabulary, with bit masks of letters to find similar words quickly.

    `labels` has the words of the labels of all entities.
    """

    def __init__(self, vocabulary: Vocabulary, store: Store, labels: Set[str]) -> None:
        self._vocabulary, self._store, self._labels = vocabulary, store, labels
        self._spoken = vocabulary.languages[0], (*vocabulary.languages, *UNITED_NATIONS)
        known = dict(vocabulary.written_frequencies())
        places = world_places.words(self._spoken[0])
        named = dict.fromkeys([*labels, *places], NAMED)
        for each in UNITED_NATIONS:
            named |= dict.fromkeys(world_places.words(each).keys() - named.keys(), 1)
        # Words that occur only in names keep the capitals and accents that they have there.
        self._only_named = {each: places.get(each, each) for each in named.keys() - known.keys()}
        known = named | known
        for written in stemming.stop_words(vocabulary.catalogue.language):
            known.pop(written, None)
        self._words = list(known)
        self._frequencies = np.array(list(known.values()), np.int64)
        self._letters = _letters(self._words)
        self._lengths = np.fromiter(map(len, self._words), np.int32, len(self._words))

    def corrected(self, text: str) -> str | None:
        """Return a text in which likelier words replace those without hits.

        Return None if no word changes. Words in quotes, after a field name, or with an operator
        such as `*` do not change.
        """
        return self._changed(text, self._finds_nothing)

    def suggested(self, text: str, *, rare: bool) -> str | None:
        """Return a text in which likelier words replace misspelled ones, even if these have hits.

        A misspelled word has hits if it shares its stem with words of the index. If `rare`,
        replace words in fewer than FREQUENT documents too. Return None if no word changes.
        """
        return self._changed(text, self._is_rare if rare else self._is_unknown)

    def _changed(self, text: str, is_doubtful: Callable[[str], bool]) -> str | None:
        left = MOST_READ
        doubted: list[tuple[int, int]] = []
        for chunk in _CHUNK.finditer(text):
            if _MARKED.search(chunk[0]):
                continue
            spans = list(tokenizer.spans(chunk[0]))
            left -= len(spans)
            if left < 0:
                continue
            at = chunk.start()
            doubted += [
                (at + first, at + last)
                for first, last in spans
                if self.may_change(raw := chunk[0][first:last]) and is_doubtful(raw)
            ]
        likelier = self._likelier(text, doubted) if doubted else {}
        for (first, last), written in sorted(likelier.items(), reverse=True):
            text = text[:first] + written + text[last:]
        return text if likelier else None

    def _likelier(
        self, text: str, doubted: Iterable[tuple[int, int]]
    ) -> dict[tuple[int, int], str]:
        """Return corrections by span, except for spans inside names."""
        named = world_places.mentions(text)
        others = [raw for raw in _plain_words(text)[:MOST_READ] if self._frequency(raw)]
        found = {}
        for first, last in doubted:
            raw = text[first:last]
            is_name = any(each.start <= first < each.end for each in named)
            if not is_name and (best := self._best(raw, others)):
                found[first, last] = best
        return found

    def may_change(self, raw: str) -> bool:
        """Return whether a word may be corrected.

        Return False for words that are short or very long, acronyms, stop words, and words that
        a label or a word list contains in exactly this form.
        """
        written = as_written(raw)
        if len(written) < SHORTEST or written in stemming.EVERY_STOP_WORD:
            return False
        if len(raw) > clause_builder.LONGEST or any(
            not each.isalpha() or each.isupper() for each in raw[1:]
        ):
            return False
        return written not in self._labels and not word_lists.is_correct(raw, *self._spoken)

    def _finds_nothing(self, raw: str) -> bool:
        return not self._frequency(raw)

    def _is_unknown(self, raw: str) -> bool:
        """Return whether no document contains a word as written."""
        return not self._vocabulary.has_term(tokenizer.WRITTEN + as_written(raw))

    def _is_rare(self, raw: str) -> bool:
        return self._frequency(raw) < FREQUENT or self._is_unknown(raw)

    def _frequency(self, raw: str) -> int:
        return self._vocabulary.count(raw)

    def _best(self, raw: str, others: Sequence[str]) -> str | None:
        """Return the likeliest correction, given the other words; None if none is likely enough."""
        wanted = as_written(raw)
        least = 0 if self._is_unknown(raw) else self._frequency(raw) * TIMES
        candidates = [
            each
            for each in self.candidates(raw, least)
            if not self._is_far(each.written, wanted) or OSA.distance(each.written, wanted) == 1
        ]
        likely = [each for each in candidates if each.likelihood > UNLIKELY]
        beside = self._together([each.written for each in likely], others)
        likeliest = max(
            zip(likely, beside, strict=True),
            key=lambda pair: pair[0].likelihood + log2(1 + pair[1]),
            default=(None, 0),
        )[0]
        return self._only_named.get(likeliest.written, likeliest.written) if likeliest else None

    def _is_far(self, written: str, wanted: str) -> bool:
        """Return whether a candidate is so unlikely that it may be only 1 edit away."""
        return written[0] != wanted[0] or written in self._only_named

    def candidates(self, raw: str, least: int = 0) -> list[Candidate]:
        """Return up to MOST candidates in at least `least` documents, likeliest first.

        An ASCII word has ASCII candidates only.
        """
        wanted = as_written(raw)
        edits = 1 if len(wanted) < 5 else 2
        far = edits * (2 if wanted.isascii() else 4)
        differing = np.bitwise_count(self._letters ^ _letters([wanted])[0])
        near = (differing <= far) & (np.abs(self._lengths - len(wanted)) <= edits)
        near &= self._frequencies >= max(least, 1)
        at = np.flatnonzero(near)
        words = [self._words[number] for number in at.tolist()]
        distances = process.cdist([wanted], words, scorer=OSA.distance, score_cutoff=edits,
                                  dtype=np.uint8)[0]  # fmt: skip
        found = [
            Candidate(
                word,
                log2(1 + frequency) - LETTER * distance - FIRST_LETTER * (word[0] != wanted[0]),
            )
            for word, frequency, distance in zip(
                words, self._frequencies[at].tolist(), distances.tolist(), strict=True
            )
            if 0 < distance <= edits and (word.isascii() or not wanted.isascii())
        ]
        return sorted(found, key=lambda each: (-each.likelihood, each.written))[:MOST]

    def _together(self, words: Sequence[str], others: Sequence[str]) -> list[int]:
        """Return for each word the number of documents with it and all others; 0 without others."""
        if not others:
            return [0] * len(words)
        return self._store.count_together(
            [self._clause(word) for word in words], [self._clause(raw) for raw in others]
        )

    def _clause(self, raw: str) -> Leaf:
        """Return the clause of a word by its stems."""
        stems = self._vocabulary.stems(raw)
        fields = self._vocabulary.searchable
        return Leaf([query.Term(field, stem) for stem in stems for field in fields], raw)


def _plain_words(text: str) -> list[str]:
    return [raw for token in tokens(text) if token.is_plain for raw in tokenizer.words(token.text)]


def _letters(words: Sequence[str]) -> Array:
    """Return the letters of each word as a bit mask (uint32). An edit changes few of the bits."""
    texts = Texts.of_texts(words)
    bits = np.left_shift(np.uint32(1), (texts.data & 31).astype(np.uint32))
    bits[texts.offsets[1:] - 1] = 0  # the terminator is not a letter
    return np.bitwise_or.reduceat(bits, texts.offsets[:-1])
