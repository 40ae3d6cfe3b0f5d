"""Term expansion: the terms that a prefix, wildcard or fuzzy term matches, and completions.

The limit of an expansion is the total number of postings of its terms. Above it, the terms with the
most postings are kept, and the number of dropped terms is reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein
from whoosh import query

from indexer.analysis import tokenizer
from indexer.codec.segment.array_file import Array
from indexer.codec.segment.reader import Terms
from indexer.codec.segment.term_dictionary import STEM_MARK, decode_surface
from search_app.engine.query.nodes import Clause, compile_wildcard
from search_app.engine.snapshot.snapshot import Mask, Snapshot

MAX_POSTINGS, MAX_FIELD_POSTINGS = 500_000, 200_000
"""Maximum postings of all terms of one expansion: over all fields, and over some of the fields. The
second is lower because each position must be checked. A contiguous range of terms over all fields
is not limited."""
COMPARISON_COST = 10
"""Cost of comparing one word with a wildcard or a fuzzy term, in postings."""


class TermExpansion(NamedTuple):
    """Terms of one kind, as ascending numbers.

    `are_words` distinguishes unstemmed words from stems. `is_range` is True if the numbers are
    contiguous. `dropped` is the number of terms above the limit.
    """

    are_words: bool
    numbers: Array | list[int]
    is_range: bool
    dropped: int = 0


def expand(part: query.Query, fields: set[str], snapshot: Snapshot) -> list[TermExpansion]:
    """Return the words and the stems that a part of a clause matches in some fields, if any."""
    in_all_fields = len(fields) == len(snapshot.segment.fields)
    edits = getattr(part, "maxdist", 0), getattr(part, "prefixlength", 0)
    key = (type(part), part.text, edits, in_all_fields)
    cached: list[TermExpansion] = snapshot.expansions.get(
        key, lambda: _expand(part, in_all_fields, snapshot)
    )
    return cached


def _expand(part: query.Query, in_all_fields: bool, snapshot: Snapshot) -> list[TermExpansion]:
    term_expansions = []
    for mark, terms in (
        (tokenizer.SURFACE_PREFIX, snapshot.segment.words),
        ("", snapshot.segment.stems),
    ):
        expansion = _expand_in(part, mark, terms, snapshot)
        if expansion is not None and not (expansion.is_range and in_all_fields):
            expansion = _limit_postings(
                expansion, terms, MAX_POSTINGS if in_all_fields else MAX_FIELD_POSTINGS
            )
        if expansion is not None and len(expansion.numbers):
            term_expansions.append(expansion)
    return term_expansions


def expansion_cost(part: query.Query, snapshot: Snapshot) -> int:
    """Return the estimated cost of expanding a part and reading its postings, in postings."""
    fixed_prefix = _get_fixed_prefix(part)
    terms = snapshot.vocabulary.get_terms(fixed_prefix)
    first, last = terms.texts.find_prefix(fixed_prefix.removeprefix(tokenizer.SURFACE_PREFIX))
    if isinstance(part, query.Prefix):
        return int(terms.offsets[last]) - int(terms.offsets[first])
    return (last - first) * COMPARISON_COST


def count_dropped(clause: Clause, snapshot: Snapshot) -> int:
    """Return how many terms of a clause's expansion are above the limit."""
    fields = {part.fieldname for part in clause.subqueries}
    return sum(expansion.dropped for expansion in expand(clause.subqueries[0], fields, snapshot))


def _expand_in(
    part: query.Query, mark: str, terms: Terms, snapshot: Snapshot
) -> TermExpansion | None:
    """Return the matching terms of one kind, without a limit; None if the part excludes this kind.

    `mark` is the marker that a part for this kind starts with: `tokenizer.SURFACE_PREFIX` for
    unstemmed words, empty for stems.
    """
    fixed_prefix = _get_fixed_prefix(part)
    if not (fixed_prefix.startswith(mark) if fixed_prefix else True) or (
        fixed_prefix.startswith(tokenizer.SURFACE_PREFIX) and not mark
    ):
        return None
    first, last = terms.texts.find_prefix(fixed_prefix.removeprefix(mark))
    if isinstance(part, query.Prefix):
        return TermExpansion(bool(mark), np.arange(first, last), is_range=True)
    texts = snapshot.vocabulary.surface_texts if mark else snapshot.vocabulary.stem_texts
    candidates = texts[first:last]
    if isinstance(part, query.FuzzyTerm):
        indexes = _match_fuzzy(part, mark, candidates)
    else:
        indexes = _match_wildcard(part.text, mark, candidates)
    return TermExpansion(bool(mark), np.array(indexes, np.int64) + first, is_range=False)


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


def _limit_postings(expansion: TermExpansion, terms: Terms, max_postings: int) -> TermExpansion:
    """Return an expansion without its rarest terms if all terms exceed the limit of postings."""
    numbers = np.asarray(expansion.numbers)
    counts = np.asarray(terms.offsets[numbers + 1] - terms.offsets[numbers], np.int64)
    if counts.sum() <= max_postings:
        return expansion
    order = np.argsort(-counts, kind="stable")
    largest = order[: max(1, int(np.searchsorted(np.cumsum(counts[order]), max_postings)))]
    dropped = len(numbers) - len(largest)
    return TermExpansion(
        expansion.are_words, np.sort(numbers[largest]), is_range=False, dropped=dropped
    )


def complete(prefix: str, within: Mask | None, limit: int, snapshot: Snapshot) -> list[str]:
    """Return up to `limit` words with a prefix, as written, most frequent first.

    Frequencies count the documents in `within`, or all documents if it is None.
    """
    words = snapshot.segment.words
    first, last = words.texts.find_prefix(prefix)
    if first == last:
        return []
    frequencies = _count_documents(first, last, within, words)
    candidates = frequencies.nonzero()[0]
    if limit < len(candidates):
        candidates = candidates[
            frequencies[candidates].argpartition(len(candidates) - limit)[-limit:]
        ]
    order = candidates[np.lexsort((candidates, -frequencies[candidates]))] + first
    return list(dict.fromkeys(decode_surface(words.texts.get_text(number)) for number in order))


def find_titles(
    words: Sequence[str], within: Mask | None, limit: int, snapshot: Snapshot, *, is_open: bool
) -> list[tuple[str, str]]:
    """Return the ids and titles of up to `limit` documents with all words in their title.

    If `is_open`, the last word is a prefix. `within` has the documents that count, all if None.
    """
    texts = snapshot.segment.words.texts
    # The entries of a word as written, whatever their stems, are one range.
    ranges = [
        (texts.find_prefix(word)[0], texts.find_prefix(word + STEM_MARK)[1]) for word in words
    ]
    if is_open:
        ranges[-1] = texts.find_prefix(words[-1])
    documents = snapshot.titles.find_titles(ranges)
    if within is not None:
        documents = documents[within.take(documents)]
    numbers = snapshot.titles.select_best(documents, ranges, limit)
    ids = snapshot.segment.docstore.ids
    return [(ids.get_text(number), snapshot.get_title(number)) for number in numbers]


def _count_documents(first: int, last: int, within: Mask | None, words: Terms) -> Array:
    """Return the document frequency of the words from `first` up to `last` (int64)."""
    offsets = words.offsets[first : last + 1].astype(np.int64)
    if within is None:
        return np.diff(offsets)
    documents = words.documents[offsets[0] : offsets[-1]]
    is_within = within.view(np.uint8).take(documents)
    return np.add.reduceat(is_within, offsets[:-1] - offsets[0], dtype=np.int64)
