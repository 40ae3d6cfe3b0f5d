"""Term expansion: the terms that a prefix, wildcard or fuzzy term matches, and completions.

The limit of an expansion is the total number of postings of its terms. Above it, the terms with the
most postings are kept, and the number of dropped terms is reported.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein
from whoosh import query

from indexer.analysis import tokenizer
from indexer.codec.segment.array_file import Array
from indexer.codec.segment.reader import Terms
from indexer.codec.segment.term_dictionary import written_of
from search_app.engine.query.nodes import Leaf
from search_app.engine.snapshot.snapshot import Mask, Snapshot

MOST_POSTINGS, MOST_IN_FIELDS = 500_000, 200_000
"""Maximum postings of all terms of one expansion: over all fields, and over some of the fields. The
second is lower because each position must be checked. A contiguous range of terms over all fields
is not limited."""


LOOKED_AT = 10
"""Cost of comparing one word with a wildcard or a fuzzy term, in postings."""


class Expansion(NamedTuple):
    """Terms of one kind, as ascending numbers.

    `are_words` distinguishes unstemmed words from stems. `is_range` is True if the numbers are
    contiguous. `left_out` is the number of terms above the limit.
    """

    are_words: bool
    numbers: Array | list[int]
    is_range: bool
    left_out: int = 0


def expansions(part: query.Query, fields: set[str], snapshot: Snapshot) -> list[Expansion]:
    """Return the words and the stems that a part of a clause matches in some fields, if any."""
    everywhere = len(fields) == len(snapshot.segment.fields)
    edits = getattr(part, "maxdist", 0), getattr(part, "prefixlength", 0)
    key = (type(part), part.text, edits, everywhere)
    found: list[Expansion] = snapshot.expanded(key, lambda: _expansions(part, everywhere, snapshot))
    return found


def _expansions(part: query.Query, everywhere: bool, snapshot: Snapshot) -> list[Expansion]:
    found = []
    for mark, terms in ((tokenizer.WRITTEN, snapshot.segment.words), ("", snapshot.segment.stems)):
        expansion = _among(part, mark, terms, snapshot)
        if expansion is not None and not (expansion.is_range and everywhere):
            expansion = _bounded(expansion, terms, MOST_POSTINGS if everywhere else MOST_IN_FIELDS)
        if expansion is not None and len(expansion.numbers):
            found.append(expansion)
    return found


def size(part: query.Query, snapshot: Snapshot) -> int:
    """Return the estimated cost of expanding a part and reading its postings, in postings."""
    fixed = _fixed(part)
    terms = snapshot.vocabulary.terms_of(fixed)
    first, last = terms.texts.beginning(fixed.removeprefix(tokenizer.WRITTEN))
    if isinstance(part, query.Prefix):
        return int(terms.offsets[last]) - int(terms.offsets[first])
    return (last - first) * LOOKED_AT


def left_out(leaf: Leaf, snapshot: Snapshot) -> int:
    """Return how many terms of a clause's expansion are above the limit."""
    fields = {part.fieldname for part in leaf.subqueries}
    return sum(each.left_out for each in expansions(leaf.subqueries[0], fields, snapshot))


def _among(part: query.Query, mark: str, terms: Terms, snapshot: Snapshot) -> Expansion | None:
    """Return the matching terms of one kind, without a limit; None if the part excludes this kind.

    `mark` is the marker that a part for this kind starts with: `tokenizer.WRITTEN` for unstemmed
    words, empty for stems.
    """
    fixed = _fixed(part)
    if not (fixed.startswith(mark) if fixed else True) or (
        fixed.startswith(tokenizer.WRITTEN) and not mark
    ):
        return None
    first, last = terms.texts.beginning(fixed.removeprefix(mark))
    if isinstance(part, query.Prefix):
        return Expansion(bool(mark), np.arange(first, last), is_range=True)
    texts = snapshot.vocabulary.surface_texts if mark else snapshot.vocabulary.stem_texts
    candidates = texts[first:last]
    if isinstance(part, query.FuzzyTerm):
        at = _alike(part, mark, candidates)
    else:
        at = _shaped(part.text, mark, candidates)
    return Expansion(bool(mark), np.array(at, np.int64) + first, is_range=False)


def _fixed(part: query.Query) -> str:
    """Return the prefix that all terms of an expansion share."""
    text: str = part.text
    return text[: part.prefixlength] if isinstance(part, query.FuzzyTerm) else text.split("*")[0]


def _alike(part: query.FuzzyTerm, mark: str, candidates: list[str]) -> list[int]:
    """Return the indexes of the candidates within `maxdist` edits (Levenshtein) of a fuzzy term.

    All candidates share the fixed prefix, so only the rest is compared.
    """
    marked = [mark + each for each in candidates] if not part.text.startswith(mark) else candidates
    wanted = part.text.removeprefix(mark) if marked is candidates else part.text
    settled = max(0, part.prefixlength - (len(mark) if marked is candidates else 0))
    distances = process.cdist(
        [wanted[settled:]], [each[settled:] for each in marked],
        scorer=Levenshtein.distance, score_cutoff=part.maxdist, dtype=np.uint8,
    )  # fmt: skip
    found: list[int] = np.flatnonzero(distances[0] <= part.maxdist).tolist()
    return found


def _shaped(pattern: str, mark: str, candidates: list[str]) -> list[int]:
    """Return the indexes of the candidates that a wildcard matches; `*` matches any text.

    The regular expression takes the first occurrence of each piece and never backtracks into it.
    The time is proportional to the lengths, whatever the number of stars.
    """
    first, *others = map(re.escape, pattern.removeprefix(mark).split("*"))
    inner, last = others[:-1], "".join(f".*{each}" for each in others[-1:])
    shape = re.compile(first + "".join(f"(?>.*?{each})" for each in inner) + last, re.DOTALL)
    if not pattern.startswith(mark):
        candidates = [mark + each for each in candidates]
    return [at for at, fits in enumerate(map(shape.fullmatch, candidates)) if fits]


def _bounded(found: Expansion, terms: Terms, most: int) -> Expansion:
    """Return an expansion without its rarest terms if all terms exceed the limit of postings."""
    numbers = np.asarray(found.numbers)
    held = np.asarray(terms.offsets[numbers + 1] - terms.offsets[numbers], np.int64)
    if held.sum() <= most:
        return found
    order = np.argsort(-held, kind="stable")
    kept = order[: max(1, int(np.searchsorted(np.cumsum(held[order]), most)))]
    left_out = len(numbers) - len(kept)
    return Expansion(found.are_words, np.sort(numbers[kept]), is_range=False, left_out=left_out)


def completions(prefix: str, within: Mask | None, limit: int, snapshot: Snapshot) -> list[str]:
    """Return up to `limit` words with a prefix, as written, most frequent first.

    Frequencies count the documents in `within`, or all documents if it is None.
    """
    words = snapshot.segment.words
    first, last = words.texts.beginning(prefix)
    if first == last:
        return []
    frequencies = _frequencies(first, last, within, words)
    among = frequencies.nonzero()[0]
    if limit < len(among):
        among = among[frequencies[among].argpartition(len(among) - limit)[-limit:]]
    order = among[np.lexsort((among, -frequencies[among]))] + first
    return list(dict.fromkeys(written_of(words.texts.text(number)) for number in order))


def _frequencies(first: int, last: int, within: Mask | None, words: Terms) -> Array:
    """Return the document frequency of the words from `first` up to `last` (int64)."""
    offsets = words.offsets[first : last + 1].astype(np.int64)
    if within is None:
        return np.diff(offsets)
    documents = words.documents[offsets[0] : offsets[-1]]
    is_within = within.view(np.uint8).take(documents)
    return np.add.reduceat(is_within, offsets[:-1] - offsets[0], dtype=np.int64)
