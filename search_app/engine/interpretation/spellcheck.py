"""Spelling correction: replace unknown or rare words by similar, more frequent ones.

Candidates are the written words of the index, the words of entity labels, the names of places, and
words of several full texts. These count less than two documents, so others come first.
A candidate is within 1 or 2 edits (optimal string alignment: insertion, deletion, substitution, or
transposition of adjacent letters) and is not a stop word. It is likelier if more documents contain
it, alone and together with the other words of the query. It is less likely with each edit.

A correct word is never changed, even if the index lacks it. The words of labels and word lists
count as correct exactly as they are written there. So do the names of places and languages.

The word lists of languages come from pyspellchecker. A list is loaded when a word of its script is
first looked up. It is cached as sorted 32-bit hashes: 4 bytes per word, 0.6 MB for the 160,000
words of English. A misspelled word has the hash of a correct one with a probability of 0.004 % per
list.
"""

import re
from collections.abc import Callable, Iterable, Sequence, Set
from functools import cache, partial
from gzip import decompress
from importlib.resources import files
from itertools import chain
from math import log2
from typing import NamedTuple
from zlib import crc32

import msgspec
import numpy as np
from numpy.typing import NDArray
from rapidfuzz import process
from rapidfuzz.distance import OSA

from indexer.analysis import stemming, tokenizer
from indexer.analysis.cleaning import surface_form
from indexer.codec.segment.array_file import Array, StringTable
from search_app.engine.deadline import Deadline
from search_app.engine.interpretation import world_places
from search_app.engine.interpretation.entities import UNITED_NATIONS
from search_app.engine.query import clause_builder, nodes
from search_app.engine.query.grammar import QUOTES, lex
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.store import Store


def make_letter_masks(words: Sequence[str]) -> Array:
    """Return the letters of each word as a bit mask (uint32). An edit changes few of the bits."""
    texts = StringTable.from_texts(words)
    bits = np.left_shift(np.uint32(1), (texts.data & 31).astype(np.uint32))
    bits[texts.offsets[1:] - 1] = 0  # the terminator is not a letter
    return np.bitwise_or.reduceat(bits, texts.offsets[:-1])


TRUSTED_FREQUENCY = 10
"""A word in fewer documents is rare, and a suggestion may replace it."""
MIN_FREQUENCY_RATIO = 50
"""Correct a rare word only to a word that occurs in at least 50 times as many documents."""
MIN_CHARS = 4
"""Words with fewer letters are not corrected."""
LETTER_PENALTY, FIRST_LETTER_PENALTY = 4.0, 2.0
"""Cost of an edit, and the extra cost if the first letters differ.

The unit is a doubling of the number of documents.
"""
MIN_LIKELIHOOD = 1 - 2 * LETTER_PENALTY
"""Likelihood of a word that is 2 edits away and occurs in one document.

Only a likelier word is a correction.
"""
LABEL_FREQUENCY = 2
"""Document frequency assumed for a word of a label that the index lacks.

It applies to names of places in the catalogue's language too. In another language they count as 1.
"""
MAX_WORDS = 12
"""Only the first 12 words of a text are corrected: each takes 1 to 2 ms."""
MAX_MISPLACED = 5
"""Maximum number of words of a text in which a correct word may be out of place."""
MAX_CANDIDATES = 8
"""At most 8 candidates for a word are compared by their co-occurrence with the other words."""
TRUSTED_TEXTS = 3
"""A word in at least 3 full texts is not corrected. Long texts have misspelled words too."""
_CHUNK = re.compile(rf"[^\s{QUOTES}]*[{QUOTES}][^{QUOTES}]*[{QUOTES}]|-?\w+:\([^()]*\)?|\S+")
"""A quotation with the text attached to it, a field with parentheses, or text without spaces."""
_SYNTAX = re.compile(rf"[:{QUOTES}*~()]|^-")


class Candidate(NamedTuple):
    """A possible correction. `likelihood` is in doublings of the number of documents."""

    surface: str
    likelihood: float


class SpellChecker:
    """The words of a vocabulary, with bit masks of letters to find similar words quickly.

    `labels` contains the words of the labels of all entities. `scope` contains the fields that
    words are searched for in.
    """

    def __init__(
        self, vocabulary: Vocabulary, store: Store, labels: Set[str], scope: nodes.Fields
    ) -> None:
        self._vocabulary, self._store, self._labels = vocabulary, store, labels
        self._scope, self._is_inside = scope, scope == vocabulary.word_fields
        self._languages = vocabulary.languages[0], (*vocabulary.languages, *UNITED_NATIONS)
        frequencies_by_word = dict(vocabulary.count_surfaces())
        places = world_places.list_words(self._languages[0])
        foreign_places = chain.from_iterable(map(world_places.list_words, UNITED_NATIONS))
        texts = vocabulary.list_text_words("", TRUSTED_TEXTS) if self._is_inside else {}
        label_frequencies: dict[str, float] = {
            word: 1 + count / (count + TRUSTED_FREQUENCY) for word, count in texts.items()
        }
        label_frequencies |= dict.fromkeys(foreign_places, 1)
        label_frequencies |= dict.fromkeys([*labels, *places], LABEL_FREQUENCY)
        # Words that occur only in names keep the capitals and accents that they have there.
        self._label_spellings = {
            word: places.get(word, word)
            for word in label_frequencies.keys() - frequencies_by_word.keys()
        }
        all_frequencies = label_frequencies | frequencies_by_word
        for surface in stemming.get_stop_words(vocabulary.catalogue.language):
            all_frequencies.pop(surface, None)
        self._words = list(all_frequencies)
        self._frequencies = np.array(list(all_frequencies.values()), np.float64)
        self._letters = make_letter_masks(self._words)
        self._lengths = np.fromiter(map(len, self._words), np.int32, len(self._words))

    def correct(self, text: str, deadline: Deadline) -> str | None:
        """Return a text in which likelier words replace those without hits.

        Return None if no word changes. Words in quotes, after a field name, or with an operator
        such as `*` do not change. Raise BudgetExceeded.
        """
        doubtful = self._find_doubtful(text, lambda word: not self._vocabulary.has_word(word))
        corrected = self._replace(text, doubtful, deadline)
        spans = {*tokenizer.find_spans(text)}.difference(doubtful)
        known = {text[first:last] for first, last in spans}
        return corrected and self._replace_strange(corrected, known, deadline)

    def find_misplaced(self, text: str, deadline: Deadline) -> str | None:
        """Return a text in which likelier words replace correct ones that are strange in it.

        A publication has all words of the returned text, and none those of the given one. Return
        None if no word changes, if the text has over MAX_MISPLACED words, or if one is misspelled.
        Raise BudgetExceeded.
        """
        words = tokenizer.split_words(text)
        are_correct = all(
            self._vocabulary.has_word(each) or not self.may_change(each) for each in words
        )
        if len(words) > MAX_MISPLACED or not are_correct:
            return None
        changed = self._replace_strange(text, {*words}, deadline)
        return changed if changed != text else None

    def _replace_strange(self, text: str, known: Set[str], deadline: Deadline) -> str:
        """Return a corrected text with those `known` words replaced that are strange in it.

        A word one edit away is in a publication with all other words, and next to the same
        neighbors in at least MIN_FREQUENCY_RATIO times as many publications. If a publication has
        all words, and in names of places, none is replaced.
        """
        spans = [*tokenizer.find_spans(text)]
        words = [text[first:last] for first, last in spans]
        if len(words) > MAX_WORDS or any(map(_SYNTAX.search, text.split())):
            return text
        content = {
            index: self._make_clause(word)
            for index, word in enumerate(words)
            if surface_form(word) not in stemming.ALL_STOP_WORDS
        }
        pairs: dict[int, list[nodes.Clause]] = {}
        for index in reversed(content):  # a replacement keeps the spans before it
            word, surface = words[index], surface_form(words[index])
            is_plain = word in known and word.isalpha() and word[1:] == word[1:].lower()
            likely = [
                self._label_spellings.get(each.surface, each.surface)
                for each in (self.find_candidates(word) if is_plain else ())
                if OSA.distance(each.surface, surface) == 1
            ]
            if likely and not world_places.find_mentions(word):
                pairs[index] = [self._make_pairs(words, index, each) for each in (word, *likely)]
        if not pairs or len(content) < 2:
            return text
        first_clause, *others = content.values()
        count = partial(self._store.count_together, deadline=deadline)
        if any(count([([first_clause], others)])[0]):
            return text
        groups = [
            (listed[1:], [clause for number, clause in content.items() if number != index])
            for index, listed in pairs.items()
        ]
        best = {
            index: (pairs[index][0], pairs[index][1 + counts.index(max(counts))])
            for index, counts in zip(pairs, count(groups), strict=True)
            if any(counts)
        }
        totals = iter(self._store.count_all([*chain.from_iterable(best.values())], deadline))
        for index, (_, likelier) in best.items():
            if next(totals) * MIN_FREQUENCY_RATIO < next(totals):
                first, last = spans[index]
                text = text[:first] + likelier.text + text[last:]
        return text

    def _make_pairs(self, words: list[str], index: int, word: str) -> nodes.Clause:
        """Return the clause of a word in the place of another, next to either of its neighbors."""
        pairs = [*words[max(index - 1, 0) : index], word], [word, *words[index + 1 : index + 2]]
        phrases = [
            clause_builder.build_phrases(each, self._scope, self._vocabulary)
            for each in pairs
            if each[1:]
        ]
        return nodes.Clause([part for each in phrases for part in each], word)

    def suggest(self, text: str, deadline: Deadline, *, rare: bool) -> str | None:
        """Return a text in which likelier words replace misspelled ones, even if these have hits.

        A misspelled word has hits if it shares its stem with words of the index. If `rare`,
        replace words in fewer than TRUSTED_FREQUENCY documents too. Return None if no word changes.
        Raise BudgetExceeded.
        """
        is_doubtful = self._is_rare if rare else self._is_unknown
        return self._replace(text, self._find_doubtful(text, is_doubtful), deadline)

    def _find_doubtful(
        self, text: str, is_doubtful: Callable[[str], bool]
    ) -> list[tuple[int, int]]:
        """Return the spans of the words that may be corrected, without those inside names."""
        remaining = MAX_WORDS
        doubtful: list[tuple[int, int]] = []
        for chunk in _CHUNK.finditer(text):
            if _SYNTAX.search(chunk[0]):
                continue
            spans = list(tokenizer.find_spans(chunk[0]))
            remaining -= len(spans)
            if remaining < 0:
                continue
            start = chunk.start()
            doubtful += [
                (start + first, start + last)
                for first, last in spans
                if self.may_change(word := chunk[0][first:last]) and is_doubtful(word)
            ]
        mentions = world_places.find_mentions(text) if doubtful else []
        return [
            (first, last)
            for first, last in doubtful
            if not any(mention.start <= first < mention.end for mention in mentions)
        ]

    def _replace(
        self, text: str, doubtful: Sequence[tuple[int, int]], deadline: Deadline
    ) -> str | None:
        """Return a text with its doubtful words corrected; None if no word changes.

        Of the likely corrections of a word, the likeliest one counts how many documents have it
        together with all words of the text that the index has.
        """
        if not doubtful:
            return None
        likely = {(first, last): self._list_likely(text[first:last]) for first, last in doubtful}
        candidates = [*chain.from_iterable(likely.values())]
        counts = iter([0] * len(candidates))
        plain = (tokenizer.split_words(token.text) for token in lex(text) if token.is_plain)
        words = [*chain.from_iterable(plain)][:MAX_WORDS] if candidates else []
        if others := [self._make_clause(word) for word in words if self._vocabulary.has_word(word)]:
            clauses = [self._make_clause(candidate.surface) for candidate in candidates]
            counts = iter(self._store.count_together([(clauses, others)], deadline)[0])
        replacements = dict[tuple[int, int], str]()
        for span, listed in likely.items():
            totals = {each: each.likelihood + log2(1 + next(counts)) for each in listed}
            if totals:
                surface = max(totals, key=totals.__getitem__).surface
                replacements[span] = self._label_spellings.get(surface, surface)
        for (first, last), replacement in sorted(replacements.items(), reverse=True):
            text = text[:first] + replacement + text[last:]
        return text if replacements else None

    def may_change(self, word: str) -> bool:
        """Return whether a word may be corrected.

        Return False for words that are short or very long, acronyms, stop words, and words that
        a label, a word list, or several full texts contain in exactly this form.
        """
        surface = surface_form(word)
        if len(surface) < MIN_CHARS or surface in stemming.ALL_STOP_WORDS:
            return False
        if len(word) > clause_builder.MAX_CHARS or any(
            not letter.isalpha() or letter.isupper() for letter in word[1:]
        ):
            return False
        written = tokenizer.SURFACE_PREFIX + surface
        in_texts = self._vocabulary.get_frequency(written, in_texts=True) if self._is_inside else 0
        if in_texts >= TRUSTED_TEXTS:
            return False
        return surface not in self._labels and not is_correct(word, *self._languages)

    def _is_unknown(self, word: str) -> bool:
        """Return whether no document contains a word as written."""
        return not self._vocabulary.has_term(tokenizer.SURFACE_PREFIX + surface_form(word))

    def _is_rare(self, word: str) -> bool:
        return self._vocabulary.count(word) < TRUSTED_FREQUENCY or self._is_unknown(word)

    def _list_likely(self, word: str) -> list[Candidate]:
        """Return the corrections of a word that are likely enough.

        One with another first letter, or that only names have, is at most one edit away.
        """
        surface, min_frequency = surface_form(word), 0
        if not self._is_unknown(word):
            min_frequency = self._vocabulary.count(word) * MIN_FREQUENCY_RATIO
        return [
            each
            for each in self.find_candidates(word, min_frequency)
            if each.likelihood > MIN_LIKELIHOOD
            and (
                (each.surface[0] == surface[0] and each.surface not in self._label_spellings)
                or OSA.distance(each.surface, surface) == 1
            )
        ]

    def find_candidates(self, word: str, min_frequency: int = 0) -> list[Candidate]:
        """Return up to MAX_CANDIDATES candidates in `min_frequency` documents or more, best first.

        An ASCII word has ASCII candidates only, and a word without letters, such as a lone Arabic
        tatweel, has none.
        """
        if not (surface := surface_form(word)):
            return []
        edits = 1 if len(surface) < 5 else 2
        max_differing = edits * (2 if surface.isascii() else 4)
        differing = np.bitwise_count(self._letters ^ make_letter_masks([surface])[0])
        is_near = (differing <= max_differing) & (np.abs(self._lengths - len(surface)) <= edits)
        is_near &= self._frequencies >= max(min_frequency, 1)
        indexes = np.flatnonzero(is_near)
        words = [self._words[number] for number in indexes.tolist()]
        distances = process.cdist([surface], words, scorer=OSA.distance, score_cutoff=edits,
                                  dtype=np.uint8)[0]  # fmt: skip
        candidates = [
            Candidate(
                candidate,
                log2(1 + frequency)
                - LETTER_PENALTY * distance
                - FIRST_LETTER_PENALTY * (candidate[0] != surface[0]),
            )
            for candidate, frequency, distance in zip(
                words, self._frequencies[indexes].tolist(), distances.tolist(), strict=True
            )
            if 0 < distance <= edits and (candidate.isascii() or not surface.isascii())
        ]
        return sorted(candidates, key=lambda candidate: (-candidate.likelihood, candidate.surface))[
            :MAX_CANDIDATES
        ]

    def _make_clause(self, word: str) -> nodes.Clause:
        stems = self._vocabulary.list_stems(word)
        return nodes.Clause([nodes.Term(stem, self._scope) for stem in stems], word)


# Word lists


COMMON_COUNT = 200
"""Minimum number of occurrences of a word in a list of another language than the catalogue's.

A rarer word is more likely a misspelled word of the catalogue's language: French has “migrent”.
"""
HIGHLY_INFLECTED = frozenset({"ar", "ru"})
"""Highly inflected languages: every inflection of a common word counts as correct.

Languages in Latin script are not included: a misspelled English word can have a French stem.
"""
COMMON_STEM_COUNT = 100
"""A stem is common if one of its words occurs more often. The lists start at 51 occurrences."""
_SUFFIX = ".json.gz"
_LISTS = files("spellchecker") / "resources"


@cache
def list_languages() -> frozenset[str]:
    names = (file.name for file in _LISTS.iterdir())
    return frozenset(name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX))


def is_correct(word: str, default_language: str, other_languages: Iterable[str]) -> bool:
    """Return whether a word is correct in one of the languages, with or without accents.

    In `default_language`, the catalogue's own, only the exact form counts.
    """
    surface = surface_form(word)
    for language in dict.fromkeys([default_language, *other_languages]):
        if language in list_languages() and stemming.may_contain(language, surface):
            is_own = language == default_language
            hashes = _load_hashes(language, is_own=is_own)
            for form in _list_forms(surface, language, is_own=is_own):
                # With any other type, `searchsorted` converts all hashes.
                text_hash = np.uint32(crc32(form.encode()))
                if text_hash in hashes[(index := hashes.searchsorted(text_hash)) : index + 1]:
                    return True
    return False


def _list_forms(
    surface: str, language: str, *, is_own: bool, count: int = COMMON_COUNT
) -> list[str]:
    """Return the forms to list for a word that occurs `count` times in the texts of a list."""
    if language in HIGHLY_INFLECTED:
        is_common = count > COMMON_STEM_COUNT
        return [surface, *([stemming.compute_stem(surface, language)] if is_common else [])]
    if is_own:
        return [stemming.normalize_spelling(surface) if language == "en" else surface]
    return [surface.removesuffix("s")] if count >= COMMON_COUNT else []


@cache
def _load_hashes(language: str, *, is_own: bool) -> NDArray[np.uint32]:
    """Return the sorted CRC-32 hashes of all forms of the words in a list."""
    packed = (_LISTS / f"{language}{_SUFFIX}").read_bytes()
    counts = msgspec.json.decode(decompress(packed), type=dict[str, int])
    hashes = (
        crc32(form.encode())
        for word, count in counts.items()
        for form in _list_forms(surface_form(word), language, is_own=is_own, count=count)
    )
    return np.unique(np.fromiter(hashes, np.uint32))
