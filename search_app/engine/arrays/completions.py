"""Completions while typing: the words with a prefix, and the titles with some words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from indexer.codec.segment.term_dictionary import STEM_MARK, decode_surface
from search_app.engine.snapshot.snapshot import DocNumbers, Mask, Snapshot


def complete(prefix: str, within: DocNumbers, limit: int, snapshot: Snapshot) -> list[str]:
    """Return up to `limit` words with a prefix, as written, most frequent in `within` first."""
    words = snapshot.segment.words
    first, last = words.texts.find_prefix(prefix)
    if first == last:
        return []
    frequencies = (
        np.diff(words.offsets[first : last + 1])
        if len(within) == snapshot.size
        else words.count_documents(first, last, _make_mask(within, snapshot))
    )
    candidates = frequencies.nonzero()[0]
    if limit < len(candidates):
        candidates = candidates[
            frequencies[candidates].argpartition(len(candidates) - limit)[-limit:]
        ]
    order = candidates[np.lexsort((candidates, -frequencies[candidates]))] + first
    return list(dict.fromkeys(decode_surface(words.texts.get_text(number)) for number in order))


def find_titles(
    words: Sequence[str], within: DocNumbers, limit: int, snapshot: Snapshot, *, is_open: bool
) -> list[tuple[str, str]]:
    """Return the ids and titles of up to `limit` documents with all words in their title.

    If `is_open`, the last word is a prefix. Only the documents in `within` count.
    """
    texts = snapshot.segment.words.texts
    # The entries of a word as written, whatever their stems, are one range.
    ranges = [
        (texts.find_prefix(word)[0], texts.find_prefix(word + STEM_MARK)[1]) for word in words
    ]
    if is_open:
        ranges[-1] = texts.find_prefix(words[-1])
    documents = snapshot.titles.find_titles(ranges)
    if len(within) < snapshot.size:
        documents = documents[_make_mask(within, snapshot).take(documents)]
    numbers = snapshot.titles.select_best(documents, ranges, limit)
    ids = snapshot.segment.docstore.ids
    return [(ids.get_text(number), snapshot.get_title(number)) for number in numbers]


def _make_mask(documents: DocNumbers, snapshot: Snapshot) -> Mask:
    mask = np.zeros(snapshot.size, np.bool_)
    mask[documents] = True
    return mask
