"""The pages of a full text on which the words of a query are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from search_app.engine.arrays.fulltext import Check, FullTextMatcher
from search_app.engine.query.nodes import Clause
from search_app.engine.results import File
from search_app.engine.store import FoundFile


def find_files(
    document: int, clauses: Sequence[Clause], texts: FullTextMatcher, most: int, check: Check
) -> Iterator[FoundFile]:
    """Yield the files of a document in which words of the clauses are, with `most` pages of each.

    The pages with the most clauses are listed. Of these, the ones with the most occurrences are
    read. `check` is called as in `FullTextMatcher.find_postings`.
    """
    for attachment in texts.attached.find_attachments(document):
        pages = _count_clauses(attachment, clauses, texts, check)
        if not pages:
            continue
        segment, text = texts.attached.find_text(attachment)
        highest = max(found for found, _ in pages.values())
        listed = sorted(page for page, (found, _) in pages.items() if found == highest)
        best = sorted(listed, key=lambda page: -pages[page][1])[:most]
        yield FoundFile(
            get_file(attachment, texts),
            tuple(page + 1 for page in listed),
            tuple((page + 1, segment.read_page(text, page)) for page in best),
            segment.infos[text].language,
            sum(pages[page][1] for page in listed),
        )


def _count_clauses(
    attachment: int, clauses: Sequence[Clause], texts: FullTextMatcher, check: Check
) -> dict[int, tuple[int, int]]:
    """Return the pages with a match: the number of clauses that are there, and of occurrences."""
    segment, text = texts.attached.find_text(attachment)
    found: dict[int, tuple[int, int]] = {}
    for clause in clauses:
        keys = texts.find_clause_keys(clause, segment, text, check)
        if not keys:
            continue
        pages, counts = np.unique(
            segment.find_pages(text, np.concatenate(keys)), return_counts=True
        )
        for page, count in zip(pages.tolist(), counts.tolist(), strict=True):
            clauses_there, occurrences = found.get(page, (0, 0))
            found[page] = clauses_there + 1, occurrences + count
    return found


def get_file(attachment: int, texts: FullTextMatcher) -> File:
    """Return the description of an attached file."""
    segment, text = texts.attached.find_text(attachment)
    info = segment.infos[text]
    return File(
        digest=info.digest,
        name=texts.attached.get_file(attachment).rpartition("/")[2],
        media_type=info.media_type,
        pages=segment.count_pages(text) if info.has_pages else 0,
        empty_pages=info.empty_pages,
        has_text=segment.count_pages(text) > info.empty_pages,
    )
