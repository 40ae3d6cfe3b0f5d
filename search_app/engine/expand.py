"""The terms that a beginning, a pattern or a likeness stands for.

How many there may be is bounded by the postings that they have together: beyond it the
commonest are taken, and how many were left out is told.
"""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np
from rapidfuzz import process
from rapidfuzz.distance import Levenshtein
from whoosh import query

from indexer import analysis
from indexer.columnar import Array, Terms
from search_app.engine.snapshot import Snapshot

MOST_POSTINGS = 1_000_000
"""How many postings the terms of one expansion may have, unless they stand side by side."""


class Expansion(NamedTuple):
    """Terms of one kind, by number (ascending); `left_out` counts those beyond the limit.

    `is_range` says that the numbers are one after the other.
    """

    are_words: bool
    numbers: Array
    is_range: bool
    left_out: int = 0


def expansions(part: query.Query, snapshot: Snapshot) -> list[Expansion]:
    """The words and the stems that a part of a leaf stands for, so far as there are any."""
    found = []
    for mark, terms in ((analysis.WRITTEN, snapshot.segment.words), ("", snapshot.segment.stems)):
        expansion = _among(part, mark, terms, snapshot)
        if expansion is not None and len(expansion.numbers):
            found.append(expansion)
    return found


def _among(part: query.Query, mark: str, terms: Terms, snapshot: Snapshot) -> Expansion | None:
    """The terms of one kind, which begin with a mark; None if none of them can be meant."""
    if isinstance(part, query.FuzzyTerm):
        fixed = part.text[: part.prefixlength]
    else:
        fixed = re.split(r"\*", part.text, maxsplit=1)[0]
    if not (fixed.startswith(mark) if fixed else True) or (
        fixed.startswith(analysis.WRITTEN) and not mark
    ):
        return None
    first, last = terms.texts.beginning(fixed.removeprefix(mark))
    if isinstance(part, query.Prefix):
        return Expansion(bool(mark), np.arange(first, last), is_range=True)
    candidates = snapshot.texts[mark][first:last]
    if isinstance(part, query.FuzzyTerm):
        at = _alike(part, mark, candidates)
    else:
        at = _shaped(part.text, mark, candidates)
    return _bounded(bool(mark), np.array(at, np.int64) + first, terms)


def _alike(part: query.FuzzyTerm, mark: str, candidates: list[str]) -> list[int]:
    """The candidates within so many edits (Levenshtein), the beginning being settled."""
    marked = [mark + each for each in candidates] if not part.text.startswith(mark) else candidates
    wanted = part.text.removeprefix(mark) if marked is candidates else part.text
    settled = part.prefixlength - (len(mark) if marked is candidates else 0)
    distances = process.cdist(
        [wanted[settled:]], [each[settled:] for each in marked],
        scorer=Levenshtein.distance, score_cutoff=part.maxdist, dtype=np.uint8,
    )  # fmt: skip
    found: list[int] = np.flatnonzero(distances[0] <= part.maxdist).tolist()
    return found


def _shaped(pattern: str, mark: str, candidates: list[str]) -> list[int]:
    """The candidates that a pattern fits, in which `*` stands for anything.

    Each piece is taken where it comes first, for good: so the time is in proportion to the
    lengths, however many stars there are.
    """
    first, *others = map(re.escape, pattern.split("*"))
    inner, last = others[:-1], "".join(f".*{each}" for each in others[-1:])
    shape = re.compile(first + "".join(f"(?>.*?{each})" for each in inner) + last, re.DOTALL)
    return [at for at, word in enumerate(candidates) if shape.fullmatch(mark + word)]


def _bounded(are_words: bool, numbers: Array, terms: Terms) -> Expansion:
    held = np.asarray(terms.offsets[numbers + 1] - terms.offsets[numbers], np.int64)
    if held.sum() <= MOST_POSTINGS:
        return Expansion(are_words, numbers, is_range=False)
    order = np.argsort(-held, kind="stable")
    kept = order[: max(1, int(np.searchsorted(np.cumsum(held[order]), MOST_POSTINGS)))]
    return Expansion(are_words, np.sort(numbers[kept]), False, len(numbers) - len(kept))
