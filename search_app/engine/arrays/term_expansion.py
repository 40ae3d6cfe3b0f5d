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

from indexer.analysis import tokenizer
from indexer.codec.segment.array_file import Array
from indexer.codec.segment.reader import Terms
from search_app.engine.query.nodes import Leaf
from search_app.engine.snapshot.snapshot import Snapshot

MOST_POSTINGS, MOST_IN_FIELDS = 500_000, 200_000
"""How many postings the terms of one expansion may have: over all fields, unless they stand
side by side, and over some of the fields, where each of their places must be looked at."""


LOOKED_AT = 10
"""A word that is held against a pattern or a likeness costs as much as so many postings."""


class Expansion(NamedTuple):
    """Terms of one kind, by number (ascending); `left_out` counts those beyond the limit.

    `is_range` says that the numbers are one after the other.
    """

    are_words: bool
    numbers: Array
    is_range: bool
    left_out: int = 0


def expansions(part: query.Query, fields: set[str], snapshot: Snapshot) -> list[Expansion]:
    """The words and the stems that a part of a leaf stands for in some fields, if any."""
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
    """What it costs to look a part's terms up and through, told in postings."""
    fixed = _fixed(part)
    terms = snapshot.terms_of(fixed)
    first, last = terms.texts.beginning(fixed.removeprefix(tokenizer.WRITTEN))
    if isinstance(part, query.Prefix):
        return int(terms.offsets[last]) - int(terms.offsets[first])
    return (last - first) * LOOKED_AT


def left_out(leaf: Leaf, snapshot: Snapshot) -> int:
    """How many of the terms that a leaf stands for are beyond the limit."""
    fields = {part.fieldname for part in leaf.subqueries}
    return sum(each.left_out for each in expansions(leaf.subqueries[0], fields, snapshot))


def _among(part: query.Query, mark: str, terms: Terms, snapshot: Snapshot) -> Expansion | None:
    """The terms of one kind, which begin with a mark; None if none of them can be meant."""
    fixed = _fixed(part)
    if not (fixed.startswith(mark) if fixed else True) or (
        fixed.startswith(tokenizer.WRITTEN) and not mark
    ):
        return None
    first, last = terms.texts.beginning(fixed.removeprefix(mark))
    if isinstance(part, query.Prefix):
        return Expansion(bool(mark), np.arange(first, last), is_range=True)
    texts = snapshot.surface_texts if mark else snapshot.stem_texts
    candidates = texts[first:last]
    if isinstance(part, query.FuzzyTerm):
        at = _alike(part, mark, candidates)
    else:
        at = _shaped(part.text, mark, candidates)
    return Expansion(bool(mark), np.array(at, np.int64) + first, is_range=False)


def _fixed(part: query.Query) -> str:
    """What all terms that a part stands for begin with."""
    text: str = part.text
    return text[: part.prefixlength] if isinstance(part, query.FuzzyTerm) else text.split("*")[0]


def _alike(part: query.FuzzyTerm, mark: str, candidates: list[str]) -> list[int]:
    """The candidates within so many edits (Levenshtein), the beginning being settled."""
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
    """The candidates that a pattern fits, in which `*` stands for anything.

    Each piece is taken where it comes first, for good: so the time is in proportion to the
    lengths, however many stars there are.
    """
    first, *others = map(re.escape, pattern.removeprefix(mark).split("*"))
    inner, last = others[:-1], "".join(f".*{each}" for each in others[-1:])
    shape = re.compile(first + "".join(f"(?>.*?{each})" for each in inner) + last, re.DOTALL)
    if not pattern.startswith(mark):
        candidates = [mark + each for each in candidates]
    return [at for at, fits in enumerate(map(shape.fullmatch, candidates)) if fits]


def _bounded(found: Expansion, terms: Terms, most: int) -> Expansion:
    """An expansion without its rarest terms, if all have too many postings."""
    numbers = found.numbers
    held = np.asarray(terms.offsets[numbers + 1] - terms.offsets[numbers], np.int64)
    if held.sum() <= most:
        return found
    order = np.argsort(-held, kind="stable")
    kept = order[: max(1, int(np.searchsorted(np.cumsum(held[order]), most)))]
    left_out = len(numbers) - len(kept)
    return Expansion(found.are_words, np.sort(numbers[kept]), is_range=False, left_out=left_out)
