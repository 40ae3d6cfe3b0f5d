"""Term expansion: the terms that a prefix, wildcard or fuzzy term matches.

The limit of an expansion is the total number of postings of its terms. Above it, the terms with the
most postings are kept, and the number of dropped terms is reported.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import accumulate, chain, takewhile
from typing import NamedTuple

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein
from whoosh import query

from indexer.analysis import tokenizer
from indexer.codec.segment.array_file import Array
from indexer.codec.segment.term_dictionary import Dictionary
from search_app.engine.query.nodes import Clause, compile_wildcard
from search_app.engine.query.vocabulary import TermExpansion, Vocabulary

MAX_POSTINGS, MAX_FIELD_POSTINGS = 500_000, 200_000
"""Maximum postings of all terms of one expansion: over all fields, and over some of the fields. The
second is lower because each position must be checked. A contiguous range of terms over all fields
is not limited."""
MAX_TEXT_POSTINGS = 100_000
"""Maximum postings of all terms of one expansion in full texts."""
COMPARISON_COST = 10
"""Cost of comparing one word with a wildcard or a fuzzy term, in postings."""


def expand(part: query.Query, fields: set[str], vocabulary: Vocabulary) -> list[TermExpansion]:
    """Return the words and the stems that a part of a clause matches in some fields, if any."""
    in_all_fields = len(fields) == len(vocabulary.searchable)
    edits = getattr(part, "maxdist", 0), getattr(part, "prefixlength", 0)
    key = (type(part), part.text, edits, in_all_fields)
    return vocabulary.cached_expansion(key, lambda: _expand(part, in_all_fields, vocabulary))


def _expand(part: query.Query, in_all_fields: bool, vocabulary: Vocabulary) -> list[TermExpansion]:
    term_expansions = []
    for mark in (tokenizer.SURFACE_PREFIX, ""):
        dictionary = vocabulary.get_dictionary(mark)
        expansion = expand_in(part, mark, dictionary)
        if expansion is not None and not (expansion.is_range and in_all_fields):
            expansion = limit_postings(
                expansion, dictionary, MAX_POSTINGS if in_all_fields else MAX_FIELD_POSTINGS
            )
        if expansion is not None and len(expansion.numbers):
            term_expansions.append(expansion)
    return term_expansions


def expansion_cost(part: query.Query, vocabulary: Vocabulary) -> int:
    """Return the estimated cost of expanding a part and reading its postings, in postings."""
    fixed_prefix = _get_fixed_prefix(part)
    dictionary = vocabulary.get_dictionary(fixed_prefix)
    first, last = dictionary.texts.find_prefix(fixed_prefix.removeprefix(tokenizer.SURFACE_PREFIX))
    if isinstance(part, query.Prefix):
        return int(dictionary.offsets[last]) - int(dictionary.offsets[first])
    return (last - first) * COMPARISON_COST


def count_dropped(clause: Clause, vocabulary: Vocabulary) -> int:
    """Return how many terms of a clause's expansion are above the limit, without full texts."""
    fields = {part.fieldname for part in clause.subqueries}.intersection(vocabulary.searchable)
    if not fields:
        return 0
    return sum(expansion.dropped for expansion in expand(clause.subqueries[0], fields, vocabulary))


def expand_in(part: query.Query, mark: str, dictionary: Dictionary) -> TermExpansion | None:
    """Return the matching terms of one kind, without a limit; None if the part excludes this kind.

    `mark` is the marker that a part for this kind starts with: `tokenizer.SURFACE_PREFIX` for
    unstemmed words, empty for stems.
    """
    fixed_prefix = _get_fixed_prefix(part)
    if not (fixed_prefix.startswith(mark) if fixed_prefix else True) or (
        fixed_prefix.startswith(tokenizer.SURFACE_PREFIX) and not mark
    ):
        return None
    first, last = dictionary.texts.find_prefix(fixed_prefix.removeprefix(mark))
    if isinstance(part, query.Prefix):
        return TermExpansion(bool(mark), np.arange(first, last), is_range=True)
    candidates = dictionary.surfaces[first:last]
    if isinstance(part, query.FuzzyTerm):
        indexes = _match_fuzzy(part, mark, candidates)
    else:
        indexes = _match_wildcard(part.text, mark, candidates)
    return TermExpansion(bool(mark), np.array(indexes, np.int64) + first, is_range=False)


class TextExpansion(NamedTuple):
    """The words of full texts that a part matches, as numbers in each dictionary.

    `dropped` is the number of words above the limits.
    """

    numbers: list[Array]
    dropped: int = 0


def expand_in_texts(
    part: query.Query, dictionaries: Sequence[Dictionary], max_words: int | None = None
) -> TextExpansion:
    """Return the words of full texts that a part matches as written.

    The words with the most postings are kept, up to MAX_TEXT_POSTINGS postings and `max_words`
    words. These limits apply to all segments of full texts together, so a search does not depend
    on the builds that made them.
    """
    expansions = [expand_in(part, tokenizer.SURFACE_PREFIX, words) for words in dictionaries]
    matching = [
        np.zeros(0, np.int64) if expansion is None else np.asarray(expansion.numbers)
        for expansion in expansions
    ]
    counts = [
        np.asarray(words.offsets[numbers + 1] - words.offsets[numbers], np.int64)
        for words, numbers in zip(dictionaries, matching, strict=True)
    ]
    # A segment may have words of removed files.
    matching = [numbers[each > 0] for numbers, each in zip(matching, counts, strict=True)]
    counts = [each[each > 0] for each in counts]
    is_short = max_words is None or sum(map(len, matching)) <= max_words
    if is_short and sum(int(each.sum()) for each in counts) <= MAX_TEXT_POSTINGS:
        return TextExpansion(matching)
    texts = [
        [*map(words.texts.get_text, numbers.tolist())]
        for words, numbers in zip(dictionaries, matching, strict=True)
    ]
    totals = Counter[str]()
    for text, count in zip(chain(*texts), chain(*counts), strict=True):
        totals[text] += int(count)
    order = sorted(totals, key=lambda text: (-totals[text], text))
    running = accumulate(totals[text] for text in order)
    most = max(1, sum(1 for _ in takewhile(MAX_TEXT_POSTINGS.__ge__, running)))
    kept = {*order[:most][:max_words]}
    numbers = [
        of_dictionary[[text in kept for text in its_texts]]
        for of_dictionary, its_texts in zip(matching, texts, strict=True)
    ]
    return TextExpansion(numbers, len(order) - len(kept))


def is_expanded(part: query.Query) -> bool:
    """Return whether a part is a prefix, a wildcard, or a fuzzy term."""
    return isinstance(part, query.Prefix | query.Wildcard | query.FuzzyTerm)


def _get_fixed_prefix(part: query.Query) -> str:
    """Return the prefix that all terms of an expansion share."""
    text: str = part.text
    return text[: part.prefixlength] if isinstance(part, query.FuzzyTerm) else text.split("*")[0]


def _match_fuzzy(part: query.FuzzyTerm, mark: str, candidates: list[str]) -> list[int]:
    """Return the indexes of the candidates within `maxdist` edits (Levenshtein) of a fuzzy term.

    All candidates share the fixed prefix, so only the rest is compared.
    """
    prefixed = (
        [mark + candidate for candidate in candidates]
        if not part.text.startswith(mark)
        else candidates
    )
    text = part.text.removeprefix(mark) if prefixed is candidates else part.text
    fixed_length = max(0, part.prefixlength - (len(mark) if prefixed is candidates else 0))
    distances = process.cdist(
        [text[fixed_length:]], [candidate[fixed_length:] for candidate in prefixed],
        scorer=Levenshtein.distance, score_cutoff=part.maxdist, dtype=np.uint8,
    )  # fmt: skip
    indexes: list[int] = np.flatnonzero(distances[0] <= part.maxdist).tolist()
    return indexes


def _match_wildcard(wildcard: str, mark: str, candidates: list[str]) -> list[int]:
    """Return the indexes of the candidates that a wildcard matches."""
    pattern = compile_wildcard(wildcard.removeprefix(mark))
    if not wildcard.startswith(mark):
        candidates = [mark + candidate for candidate in candidates]
    return [index for index, match in enumerate(map(pattern.fullmatch, candidates)) if match]


def limit_postings(
    expansion: TermExpansion, dictionary: Dictionary, max_postings: int
) -> TermExpansion:
    """Return an expansion without its rarest terms if all terms exceed the limit of postings."""
    numbers = np.asarray(expansion.numbers)
    offsets = dictionary.offsets
    counts = np.asarray(offsets[numbers + 1] - offsets[numbers], np.int64)
    if counts.sum() <= max_postings:
        return expansion
    order = np.argsort(-counts, kind="stable")
    largest = order[: max(1, int(np.searchsorted(np.cumsum(counts[order]), max_postings)))]
    dropped = len(numbers) - len(largest)
    return TermExpansion(
        expansion.are_words, np.sort(numbers[largest]), is_range=False, dropped=dropped
    )
