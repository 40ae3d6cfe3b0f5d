"""Term expansion: the terms that a prefix, wildcard or fuzzy term matches.

The limit of an expansion is the total number of postings of its terms. Above it, the terms with the
most postings are kept, and the number of dropped terms is reported.
"""

from __future__ import annotations

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from indexer.codec.segment.array_file import Array
from indexer.codec.segment.term_dictionary import Dictionary
from search_app.engine.query.nodes import (
    Clause,
    Expansion,
    Fuzzy,
    Prefix,
    compile_wildcard,
    list_expansions,
    without_field,
)
from search_app.engine.query.vocabulary import TermExpansion, Vocabulary

MAX_POSTINGS, MAX_FIELD_POSTINGS = 500_000, 200_000
"""Maximum postings of all terms of one expansion: over all fields, and over some of the fields. The
second is lower because each position must be checked. A contiguous range of terms over all fields
is not limited."""
MAX_TEXT_POSTINGS = 100_000
"""Maximum number of texts with the terms of one expansion, counted for each term."""
COMPARISON_COST = 10
"""Cost of comparing one word with a wildcard or a fuzzy term, in postings."""


def expand(part: Expansion, vocabulary: Vocabulary) -> TermExpansion:
    """Return the words that a part of a clause matches in its fields."""
    in_all_fields = part.fields.issuperset(vocabulary.searchable)
    key = without_field(part), in_all_fields
    return vocabulary.expansions.get(key, lambda: _expand(part, in_all_fields, vocabulary))


def _expand(part: Expansion, in_all_fields: bool, vocabulary: Vocabulary) -> TermExpansion:
    dictionary = vocabulary.words
    numbers, is_range = match_words(part, dictionary), isinstance(part, Prefix)
    if is_range and in_all_fields:
        return TermExpansion(numbers, is_range=True)
    kept = limit_postings(
        numbers, dictionary, MAX_POSTINGS if in_all_fields else MAX_FIELD_POSTINGS
    )
    dropped = len(numbers) - len(kept)
    return TermExpansion(kept, is_range=is_range and not dropped, dropped=dropped)


def expansion_cost(part: Expansion, vocabulary: Vocabulary) -> int:
    """Return the estimated cost of expanding a part and reading its postings, in postings."""
    dictionary = vocabulary.words
    first, last = dictionary.texts.find_prefix(_get_fixed_prefix(part))
    if isinstance(part, Prefix):
        return int(dictionary.offsets[last]) - int(dictionary.offsets[first])
    return (last - first) * COMPARISON_COST


def count_dropped(clause: Clause, vocabulary: Vocabulary) -> int:
    """Return how many terms of a clause's expansion are above the limit, without full texts."""
    return sum(
        expand(part, vocabulary).dropped
        for part in list_expansions(clause)
        if not part.fields.isdisjoint(vocabulary.searchable)
    )


def match_words(part: Expansion, dictionary: Dictionary) -> Array:
    """Return the numbers of the words that a part matches as written, without a limit."""
    first, last = dictionary.texts.find_prefix(_get_fixed_prefix(part))
    if isinstance(part, Prefix):
        return np.arange(first, last)
    words = dictionary.surfaces[first:last]
    if isinstance(part, Fuzzy):
        distances = process.cdist(
            [part.text], words, scorer=Levenshtein.distance, score_cutoff=part.edits, dtype=np.uint8
        )
        return np.flatnonzero(distances[0] <= part.edits)
    is_match = compile_wildcard(part.text).fullmatch
    matching = [number for number, word in enumerate(words, first) if is_match(word)]
    return np.array(matching, np.int64)


def expand_in_texts(
    part: Expansion, dictionary: Dictionary, max_words: int | None = None
) -> TermExpansion:
    """Return the words of full texts that a part matches as written.

    The words with the most postings are kept, up to MAX_TEXT_POSTINGS postings and `max_words`
    words.
    """
    numbers = match_words(part, dictionary)
    kept = limit_postings(numbers, dictionary, MAX_TEXT_POSTINGS, max_words)
    return TermExpansion(kept, is_range=False, dropped=len(numbers) - len(kept))


def _get_fixed_prefix(part: Expansion) -> str:
    """Return the prefix that all words of an expansion share."""
    return "" if isinstance(part, Fuzzy) else part.text.split("*")[0]


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
