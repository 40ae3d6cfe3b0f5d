"""The vocabulary of an index: its words, stems and facet values, and how frequent they are.

It is always in this process, because each word of a query needs several look-ups. It has no
postings, which may be on another machine. A keyword `in_texts` asks about the words of full texts
rather than those of publications.

It expands a prefix, wildcard or fuzzy term into the terms that it matches. The limit of an
expansion is the total number of postings of its terms. Above it, the terms with the most postings
are kept, and the number of dropped terms is reported.
"""

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from indexer.analysis import stemming, tokenizer
from indexer.analysis.cleaning import surface_form
from indexer.catalogue.fields import Catalogue
from indexer.codec.segment.array_file import Array
from indexer.codec.segment.term_dictionary import (
    ALL_NAMES,
    STEM_MARK,
    Dictionary,
    FullTextDictionary,
    VocabularyArrays,
    decode_stem,
    decode_surface,
)
from search_app.engine.cache import Cache
from search_app.engine.query import nodes

MAX_CACHED_WORDS = 2048
"""Limit on cached clauses of words, about 1.5 kB each."""
MAX_CACHED_STEMS = 512
"""Limit on words whose stems are cached."""
MAX_CACHED_NUMBERS = 1 << 17
"""Limit on words whose numbers are cached, about 20 MB. A search for one takes 20 times as long."""
MAX_CACHED_SPELLINGS = 2048
"""Limit on words as written whose numbers are cached. A concept has up to a thousand names."""
MAX_CACHED_EXPANSIONS = 96
"""Limit on cached expansions. Each may have every word of the index."""


@dataclass(frozen=True, eq=False)
class TermExpansion:
    """The words as written that an expansion matches, as ascending numbers.

    `is_range` is True if the numbers are contiguous. `dropped` is the number of words above the
    limit.
    """

    numbers: Array
    is_range: bool
    dropped: int = 0


class Vocabulary:
    """The words and the facet values of one generation of an index. Threads may share it.

    A term is a stem, or a word as written after `tokenizer.SURFACE_PREFIX`. `words` and `stems` are
    the dictionaries of the two. Frequencies count documents, and `size` is the number of all.
    `clauses` and `expansions` are caches of what queries make of words. `texts` are the full texts,
    or None if there are none.
    """

    def __init__(
        self,
        arrays: VocabularyArrays,
        catalogue: Catalogue,
        texts: FullTextDictionary | None = None,
    ) -> None:
        self._arrays, self.catalogue, self.texts = arrays, catalogue, texts
        self.words, self.stems, self.size = arrays.words, arrays.stems, arrays.size
        self.clauses: Cache[object, nodes.Clause] = Cache(MAX_CACHED_WORDS)
        self.expansions: Cache[object, TermExpansion] = Cache(MAX_CACHED_EXPANSIONS)
        self._stems: Cache[str, tuple[str, ...]] = Cache(MAX_CACHED_STEMS)
        self._numbers: Cache[str, int | None] = Cache(MAX_CACHED_NUMBERS)
        self._spellings: Cache[str, list[int]] = Cache(MAX_CACHED_SPELLINGS)

    @cached_property
    def _stem_numbers(self) -> dict[str, int]:
        """The number of each stem. A dict, because parsing looks up several stems per word."""
        return {stem: number for number, stem in enumerate(self.stems.surfaces)}

    @cached_property
    def stem_or_none(self) -> Array:
        """The stem number of each word, then -1 twice, for the marks of a stream of words."""
        return np.concatenate([self._arrays.stem_of, np.full(2, -1, np.int32)])

    def get_word_number(self, word: str) -> int:
        """Return the number of a word as an index has it. Raise KeyError if it does not."""
        number = self._numbers.get(word, lambda: self.words.texts.find(word))
        if number is None:
            raise KeyError(word)
        return number

    def find_stem(self, stem: str) -> int | None:
        """Return the number of a stem, or None if no publication has it."""
        return self._stem_numbers.get(stem)

    def find_surface(self, surface: str) -> Array:
        """Return the numbers of all words with this spelling, ascending, one for each stem."""
        first, last = self.words.texts.find_prefix(surface + STEM_MARK)
        plain = self.words.texts.find(surface)
        numbers = np.arange(first, last)
        return numbers if plain is None else np.insert(numbers, 0, plain)

    def find_numbers(self, term: str, *, in_texts: bool = False) -> list[int]:
        """Return the numbers that a term matches in its dictionary.

        Full texts have one dictionary: there, a stem matches the words that have it.
        """
        surface = term.removeprefix(tokenizer.SURFACE_PREFIX)
        if in_texts:
            if not self.texts:
                return []
            find = self.texts.find_stem if surface == term else self.texts.find_surface
            numbers: list[int] = find(surface).tolist()
            return numbers
        if surface != term:
            return self._spellings.get(term, lambda: self.find_surface(surface).tolist())
        number = self.find_stem(term)
        return [] if number is None else [number]

    def count_occurrences(self, term: str, *, in_texts: bool = False) -> int:
        """Return the number of occurrences of a term.

        In publications, an unstemmed word counts as its stem.
        """
        numbers = self.find_numbers(term, in_texts=in_texts)
        if in_texts:
            return sum(map(self.texts.count_positions, numbers)) if self.texts else 0
        offsets = self._arrays.occurrence_offsets
        if term.startswith(tokenizer.SURFACE_PREFIX):
            numbers = [int(self._arrays.stem_of[number]) for number in numbers]
        return sum(int(offsets[number + 1]) - int(offsets[number]) for number in numbers)

    def count_postings(self, term: str, *, in_texts: bool = False) -> int:
        """Return the number of postings of a term: of publications, or of pages of full texts."""
        numbers = self.find_numbers(term, in_texts=in_texts)
        if in_texts:
            return sum(map(self.texts.count_pages_with, numbers)) if self.texts else 0
        return sum(map(self.get_dictionary(term).doc_frequency, numbers))

    def get_name_share(self, word: str) -> float:
        """Return the share of the occurrences of a word, as written, that are in names (0 to 1)."""
        numbers = self.find_surface(surface_form(word))
        if not len(numbers):
            return 0.0
        offsets, shares = self.words.offsets, self._arrays.name_shares
        frequencies = offsets[numbers + 1].astype(np.int64) - offsets[numbers]
        return float(np.average(shares[numbers], weights=frequencies)) / ALL_NAMES

    def has_term(self, term: str) -> bool:
        return bool(self.find_numbers(term))

    @cached_property
    def languages(self) -> tuple[str, ...]:
        """The languages of the publications and of translations, the catalogue's own first."""
        of_fields = (field.language for field in self.catalogue.searchable if field.language)
        # The order of the texts depends on the builds before, that of their languages does not.
        of_texts = sorted(self.texts.languages) if self.texts else ()
        languages = [self.catalogue.language, *self._arrays.languages, *of_fields, *of_texts]
        return tuple(dict.fromkeys(language.partition("-")[0] for language in languages))

    def get_frequency(self, term: str, *, in_texts: bool = False) -> int:
        """Return the number of documents with a stem, or about that of full texts with a term."""
        if in_texts:
            numbers = self.find_numbers(term, in_texts=True)
            return sum(map(self.texts.words.doc_frequency, numbers)) if self.texts else 0
        number = self.find_stem(term)
        return 0 if number is None else self.stems.doc_frequency(number)

    def default_language_frequency(self, stem: str) -> int:
        """Return the document frequency of a stem among those in the catalogue's language."""
        number = self.find_stem(stem)
        return 0 if number is None else int(self._arrays.default_language_frequencies[number])

    def list_stems(self, word: str) -> tuple[str, ...]:
        """Return the stems of a word in the languages of the index, the catalogue's own first.

        The other stems are those that a document has. They include the stems of all words with this
        folded spelling, as a stemmer may need accents that were not typed.
        """
        return self._stems.get(word, lambda: self._find_stems(word))

    def _find_stems(self, word: str) -> tuple[str, ...]:
        default_language, *other_languages = self.languages
        first = stemming.stem(word, default_language)
        if not other_languages and word.isascii():
            return (first,)
        stems = dict.fromkeys(stemming.stem(word, language) for language in other_languages)
        for number in self.find_surface(surface_form(word)).tolist():
            stems[self.stems.surfaces[int(self._arrays.stem_of[number])]] = None
        if self.texts:
            for number in self.texts.find_surface(surface_form(word)).tolist():
                stems[decode_stem(self.texts.words.texts.get_text(number), default_language)] = None
        stems.pop(first, None)
        return first, *filter(self.occurs, stems)

    def occurs(self, term: str) -> bool:
        """Return whether any document or full text has a term."""
        return self.has_term(term) or bool(self.find_numbers(term, in_texts=True))

    def find_words_with(self, stem: str) -> set[str]:
        number = self.find_stem(stem)
        numbers = () if number is None else np.flatnonzero(self._arrays.stem_of == number).tolist()
        words = {self.words.surfaces[word_number] for word_number in numbers}
        if self.texts:
            found = self.find_numbers(stem, in_texts=True)
            words.update(map(decode_surface, map(self.texts.words.texts.get_text, found)))
        return words

    def count_surfaces(self) -> Mapping[str, int]:
        """Return the document frequency of each word, as written, summed over its stems."""
        frequencies = np.diff(self.words.offsets).tolist()
        totals: dict[str, int] = {}
        for surface, frequency in zip(self.words.surfaces, frequencies, strict=True):
            totals[surface] = totals.get(surface, 0) + frequency
        return totals

    def list_text_words(self, prefix: str, least: int) -> Mapping[str, int]:
        """Return the words with a prefix that at least `least` full texts have, and the counts."""
        return self.texts.count_words(prefix, least) if self.texts else {}

    def list_values(self, field: str) -> Sequence[str]:
        """Return the values of a facet or of a field with a parent, in the order of the index.

        Other fields have the keys of theirs, or none.
        """
        if field in self._arrays.identifiers:
            return self._arrays.identifiers[field].to_list()
        return self._arrays.values.get(field, ())

    def find_keys(self, field: str, key: str) -> list[str]:
        """Return a key of an unlisted field, or else those that begin with all of its words."""
        table = self._arrays.identifiers[field]
        if table.find(key) is not None:
            return [key]
        return [table.get_text(number) for number in range(*table.find_prefix(f"{key} "))]

    def has_value(self, field: str, value: str) -> bool:
        if field in self._arrays.identifiers:
            return self._arrays.identifiers[field].find(value) is not None
        values = self._arrays.values[field]
        index = bisect_left(values, value, hi=len(values) - 1)
        return value in {values[index], values[-1]}

    def get_dictionary(self, term: str) -> Dictionary:
        return self.words if term.startswith(tokenizer.SURFACE_PREFIX) else self.stems

    def count(self, word: str, *, in_texts: bool = False) -> int:
        """Return how many documents, or about how many full texts, have the most frequent stem."""
        return max(self.get_frequency(stem, in_texts=in_texts) for stem in self.list_stems(word))

    def has_word(self, word: str) -> bool:
        """Return whether any document has a word, in some inflection."""
        return self.count(word) > 0

    def knows(self, word: str) -> bool:
        """Return whether any document or full text has a word, in some inflection."""
        return any(map(self.occurs, self.list_stems(word)))

    @cached_property
    def searchable(self) -> list[str]:
        """The names of the fields whose words are in the index of publications."""
        return [field.name for field in self.catalogue.searchable]

    @cached_property
    def word_fields(self) -> nodes.Fields:
        """The names of all fields with words: `searchable`, and the full text if there is one."""
        fulltext = self.catalogue.fulltext
        return frozenset([*self.searchable, fulltext.name] if fulltext else self.searchable)

    def get_scope(self, *, inside: bool) -> nodes.Fields:
        """Return the fields that a word without a field is searched for in.

        The full text is one of them only if a search looks `inside` the publications.
        """
        return self.word_fields if inside else frozenset(self.searchable)

    def is_searched(self, part: nodes.WordPart, *, in_texts: bool = False) -> bool:
        """Return whether a part of a clause matches words of publications, or of full texts."""
        if in_texts:
            return nodes.is_in_texts(part, self.catalogue)
        return not part.fields.isdisjoint(self.searchable)

    def drops_stop_word(self, word: str, *, shouted: bool, languages: Collection[str] = ()) -> bool:
        """Return whether a word is a stop word, and not a name in capitals such as IT, WHO or UN.

        Capitals are ignored if all words are in capitals (`shouted`).
        """
        is_name = len(word) > 1 and word.isupper() and not shouted
        return not is_name and self.is_stop_word(word, languages)

    def is_stop_word(self, word: str, languages: Collection[str] = ()) -> bool:
        """Return whether a word is a stop word.

        A stop word of the catalogue's language or of `languages` always is one. A stop word of any
        other language is one if at most half of its documents are in the catalogue's language.
        """
        surface = surface_form(word)
        if surface not in stemming.ALL_STOP_WORDS:
            return False
        if any(
            surface in stemming.get_stop_words(language)
            for language in (self.catalogue.language, *languages)
        ):
            return True
        return max(map(self.default_language_frequency, self.list_stems(word))) * 2 <= self.count(
            word
        )


MAX_POSTINGS, MAX_FIELD_POSTINGS = 500_000, 200_000
"""Maximum postings of all terms of one expansion: over all fields, and over some of the fields. The
second is lower because each position must be checked. A contiguous range of terms over all fields
is not limited."""
MAX_TEXT_POSTINGS = 100_000
"""Maximum number of texts with the terms of one expansion, counted for each term."""
COMPARISON_COST = 10
"""Cost of comparing one word with a wildcard or a fuzzy term, in postings."""


def expand(
    part: nodes.Expansion,
    vocabulary: Vocabulary,
    *,
    in_texts: bool = False,
    max_words: int | None = None,
) -> TermExpansion:
    """Return the words that a part of a clause matches in its fields, or in full texts.

    Those with the most postings are kept, up to a number of postings and of `max_words` words.
    """
    in_all_fields = in_texts or part.fields.issuperset(vocabulary.searchable)

    def find() -> TermExpansion:
        dictionary = vocabulary.words
        if in_texts:
            if not vocabulary.texts:
                return TermExpansion(np.zeros(0, np.int64), is_range=False)
            dictionary = vocabulary.texts.words
        numbers, is_range = (
            match_words(part, dictionary),
            isinstance(part, nodes.Prefix) and not in_texts,
        )
        if is_range and in_all_fields:
            return TermExpansion(numbers, is_range=True)
        most = MAX_POSTINGS if in_all_fields else MAX_FIELD_POSTINGS
        kept = limit_postings(
            numbers, dictionary, MAX_TEXT_POSTINGS if in_texts else most, max_words
        )
        dropped = len(numbers) - len(kept)
        return TermExpansion(kept, is_range=is_range and not dropped, dropped=dropped)

    key = nodes.without_field(part), in_all_fields, in_texts, max_words
    return vocabulary.expansions.get(key, find)


def expansion_cost(part: nodes.Expansion, vocabulary: Vocabulary, *, in_texts: bool = False) -> int:
    """Return the estimated cost of expanding a part and reading its postings, in postings.

    In full texts, it is that of as many postings as are allowed.
    """
    if in_texts:
        texts = vocabulary.texts
        if not texts:
            return 0
        compared = 0 if isinstance(part, nodes.Prefix) else len(texts.words)
        postings, pages = int(texts.words.offsets[-1]), int(texts.offsets[-1])
        share = min(1.0, MAX_TEXT_POSTINGS / max(1, postings))
        return compared * COMPARISON_COST + int(pages * share)
    dictionary = vocabulary.words
    first, last = dictionary.texts.find_prefix(_get_fixed_prefix(part))
    if isinstance(part, nodes.Prefix):
        return int(dictionary.offsets[last]) - int(dictionary.offsets[first])
    return (last - first) * COMPARISON_COST


def count_dropped(clause: nodes.Clause, vocabulary: Vocabulary, *, in_texts: bool = False) -> int:
    """Return how many terms of a clause's expansions are above the limit."""
    return sum(
        expand(part, vocabulary, in_texts=in_texts).dropped
        for part in nodes.list_expansions(clause)
        if vocabulary.is_searched(part, in_texts=in_texts)
    )


def match_words(part: nodes.Expansion, dictionary: Dictionary) -> Array:
    """Return the numbers of the words that a part matches as written, without a limit."""
    first, last = dictionary.texts.find_prefix(_get_fixed_prefix(part))
    if isinstance(part, nodes.Prefix):
        return np.arange(first, last)
    words = dictionary.surfaces[first:last]
    if isinstance(part, nodes.Fuzzy):
        distances = process.cdist(
            [part.text], words, scorer=Levenshtein.distance, score_cutoff=part.edits, dtype=np.uint8
        )
        return np.flatnonzero(distances[0] <= part.edits)
    is_match = nodes.compile_wildcard(part.text).fullmatch
    matching = [number for number, word in enumerate(words, first) if is_match(word)]
    return np.array(matching, np.int64)


def _get_fixed_prefix(part: nodes.Expansion) -> str:
    """Return the prefix that all words of an expansion share."""
    return "" if isinstance(part, nodes.Fuzzy) else part.text.split("*")[0]


def limit_postings(
    numbers: Array, dictionary: Dictionary, max_postings: int, max_terms: int | None = None
) -> Array:
    """Return the numbers of some terms without the rarest if all exceed a limit."""
    offsets = dictionary.offsets
    counts = np.asarray(offsets[numbers + 1] - offsets[numbers], np.int64)
    if counts.sum() <= max_postings and (max_terms is None or len(numbers) <= max_terms):
        return numbers
    order = np.argsort(-counts, kind="stable")
    fitting = max(1, int(np.searchsorted(np.cumsum(counts[order]), max_postings, side="right")))
    return np.sort(numbers[order[:fitting][:max_terms]])
