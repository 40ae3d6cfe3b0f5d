"""What a word that hardly any publication has may have been meant to be.

Candidates are words as they are written in the index, and those of names: labels of things, and
places of the world. A candidate differs in few letters (optimal string alignment: a letter more,
less or other, or two changed places), and is no stop word. The more publications have it, and have
it together with the other words, the likelier it is; the more letters differ, the less.

A correct word stays as it is, whether or not the index has it: a word of a label or of a word list,
exactly as it is written there, and the name of a place or language.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from math import log2
from typing import NamedTuple

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import OSA

from indexer.analysis import stemming, tokenizer
from indexer.analysis.folding import as_written
from indexer.codec.segment.array_file import Array
from indexer.codec.segment.string_table import Texts
from search_app.engine.interpretation import entity_linker, word_lists, world_places
from search_app.engine.interpretation.entities import UNITED_NATIONS
from search_app.engine.query import clause_builder
from search_app.engine.query.lexer import tokens
from search_app.engine.snapshot.snapshot import Snapshot

FREQUENT = 10
"""A word that so many publications have is never taken for another."""
TIMES = 50
"""A rarer one only for a word that so many times more publications have."""
SHORTEST = 4
"""Words of fewer letters are left alone."""
LETTER, FIRST_LETTER = 4.0, 2.0
"""What a letter that differs costs, and what more if it is the first, in doublings of the number
of publications."""
UNLIKELY = 1 - 2 * LETTER
"""A word that differs in two letters and that a single publication has is not put for another."""
NAMED = 2
"""A word of a label that the index lacks counts as if two publications had it. So does a word of
the name of a place, in the catalogue's language; in another language it counts as one."""
MOST_READ = 12
"""Only so many words of a text are corrected, the first ones: each takes a millisecond or two."""
MOST = 8
"""So many candidates are weighed beside the other words."""
_CHUNK = re.compile(r'[^\s"“”„]*["“”„][^"“”„]*["“”„]|-?\w+:\([^()]*\)?|\S+')
"""What is quoted or in parentheses, with what stands right before it; else what has no space."""
_MARKED = re.compile(r'[:"“”„*~()]|^-')


class Candidate(NamedTuple):
    """A word that may be meant, and how likely that is, the greater the likelier."""

    written: str
    likelihood: float


class Speller:
    """The words of a snapshot, so laid out that like ones are found quickly."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._spoken = snapshot.languages[0], (*snapshot.languages, *UNITED_NATIONS)
        segment = snapshot.segment
        frequencies = np.diff(segment.words.offsets)
        known: dict[str, int] = {}
        words = snapshot.surface_texts
        for written, frequency in zip(words, frequencies.tolist(), strict=True):
            known[written] = known.get(written, 0) + frequency
        places = world_places.words(self._spoken[0])
        named = dict.fromkeys([*entity_linker.of(snapshot).words, *places], NAMED)
        for each in UNITED_NATIONS:
            named |= dict.fromkeys(world_places.words(each).keys() - named.keys(), 1)
        # Words that only names have, each as names write it.
        self._only_named = {each: places.get(each, each) for each in named.keys() - known.keys()}
        known = named | known
        for written in stemming.stop_words(snapshot.catalogue.language):
            known.pop(written, None)
        self._words = list(known)
        self._frequencies = np.array(list(known.values()), np.int64)
        self._letters = _letters(self._words)
        self._lengths = np.fromiter(map(len, self._words), np.int32, len(self._words))

    def corrected(self, text: str) -> str | None:
        """Return a text with likelier words in place of those that find nothing.

        Return None if no word changes. Words that are quoted, belong to a field, or have a star
        stay.
        """
        return self._changed(text, self._finds_nothing)

    def suggested(self, text: str, *, rare: bool) -> str | None:
        """Return a text with likelier words in place of misspelled ones, even if these find some.

        Such a word shares its stem with words of the index. If `rare`, a word that fewer than
        FREQUENT publications have is replaced too.
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
        """Return likelier words for those of a text that are no names."""
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
        """Return whether a word is not short, an acronym, a stop word, or listed as correct.

        A label and a word list count exactly as they are written.
        """
        written = as_written(raw)
        if len(written) < SHORTEST or written in stemming.EVERY_STOP_WORD:
            return False
        if len(raw) > clause_builder.LONGEST or any(
            not each.isalpha() or each.isupper() for each in raw[1:]
        ):
            return False
        is_label = written in entity_linker.of(self._snapshot).words
        return not is_label and not word_lists.is_correct(raw, *self._spoken)

    def _finds_nothing(self, raw: str) -> bool:
        return not self._frequency(raw)

    def _is_unknown(self, raw: str) -> bool:
        """Return whether no publication has a word as it is written."""
        return not self._snapshot.is_written(as_written(raw))

    def _is_rare(self, raw: str) -> bool:
        return self._frequency(raw) < FREQUENT or self._is_unknown(raw)

    def _frequency(self, raw: str) -> int:
        snapshot = self._snapshot
        return max(map(snapshot.frequency, snapshot.stems(raw)), default=0)

    def _best(self, raw: str, others: Sequence[str]) -> str | None:
        """Return the likeliest word next to the others; None if the typed one is as likely."""
        wanted = as_written(raw)
        least = 0 if self._is_unknown(raw) else self._frequency(raw) * TIMES
        candidates = [
            each
            for each in self.candidates(raw, least)
            if not self._is_far(each.written, wanted) or OSA.distance(each.written, wanted) == 1
        ]
        beside = self._together(others)
        likeliest = max(
            (each for each in candidates if each.likelihood > UNLIKELY),
            key=lambda each: each.likelihood + self._beside(each.written, beside),
            default=None,
        )
        return self._only_named.get(likeliest.written, likeliest.written) if likeliest else None

    def _is_far(self, written: str, wanted: str) -> bool:
        """Whether a word is unlikely enough that one letter may differ, and no more."""
        return written[0] != wanted[0] or written in self._only_named

    def candidates(self, raw: str, least: int = 0) -> list[Candidate]:
        """The likeliest words beside a typed one, that at least so many publications have."""
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
            if 0 < distance <= edits
        ]
        return sorted(found, key=lambda each: (-each.likelihood, each.written))[:MOST]

    def _together(self, others: Iterable[str]) -> Array | None:
        """The publications that have all the other words; None where that says nothing."""
        masks = [self._mask(raw) for raw in others]
        if not masks:
            return None
        together: Array = np.logical_and.reduce(masks)
        return together if together.any() else None

    def _mask(self, raw: str) -> Array:
        snapshot = self._snapshot
        mask = np.zeros(snapshot.size, np.bool_)
        for stem in snapshot.stems(raw):
            number = snapshot.term(stem)
            if number is not None:
                mask[snapshot.segment.stems.postings(number, number + 1).documents] = True
        return mask

    def _beside(self, written: str, beside: Array | None) -> float:
        """How much likelier a word is for standing beside the others, in doublings."""
        if beside is None:
            return 0.0
        return log2(1 + int(np.count_nonzero(self._mask(written) & beside)))


def _plain_words(text: str) -> list[str]:
    return [raw for token in tokens(text) if token.is_plain for raw in tokenizer.words(token.text)]


def _letters(words: Sequence[str]) -> Array:
    """Which letters each word has, as bits (uint32): a letter more or less changes few of them."""
    texts = Texts.of_texts(words)
    bits = np.left_shift(np.uint32(1), (texts.data & 31).astype(np.uint32))
    bits[texts.offsets[1:] - 1] = 0  # what ends a text is none of its letters
    return np.bitwise_or.reduceat(bits, texts.offsets[:-1])


def of(snapshot: Snapshot) -> Speller:
    """The speller of a snapshot; made once."""
    return snapshot.once("speller", lambda: Speller(snapshot))
