"""The hits of a page: their highlighted titles and passages, and their explanations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import zip_longest

from whoosh import query

from indexer.catalogue.fields import Catalogue, Field
from search_app.engine.deadline import Deadline
from search_app.engine.features import highlight
from search_app.engine.features.file_matches import find_file_matches
from search_app.engine.interpretation.interpreter import Interpreter, Retrieval
from search_app.engine.results import Hit, TextRun

MAX_PAGES = 1
"""Limit on the pages of a file with a passage, for a hit of a page."""


def make_hits(retrieved: Retrieval, interpreter: Interpreter, deadline: Deadline) -> Iterator[Hit]:
    """Yield the hits of a page with their highlighted texts. Raise BudgetExceeded."""
    words, catalogue = retrieved.reply.tree, interpreter.vocabulary.catalogue
    in_title, in_summary = (
        highlight.make_highlighter(words, row.name if row else "", catalogue.language)
        for row in (catalogue.find_by_role("title"), catalogue.find_by_role("abstract"))
    )
    translating = _list_translating(words, catalogue)
    explanations = retrieved.reply.explain() if retrieved.request.explain else []
    for hit, explanation in zip_longest(retrieved.reply.rank_hits(), explanations):
        deadline.checkpoint("passages")  # an expensive search may pause between hits
        publication = hit.publication
        yield Hit(
            publication,
            None if hit.score is None else round(hit.score, 4),
            highlight.highlight(publication.title, in_title, publication.lang),
            highlight.best_passage(publication.summary or "", in_summary, publication.lang),
            hit.editions,
            explanation,
            {
                row.name: find(str(values[0]))
                for row, find in translating
                if (values := publication.values.get(row.name))
            },
            find_file_matches(retrieved.reply, publication.id, catalogue, MAX_PAGES, deadline),
        )


def _list_translating(
    words: query.Query | None, catalogue: Catalogue
) -> Sequence[tuple[Field, Callable[[str], tuple[TextRun, ...]]]]:
    """Return each row with titles or abstracts in another language, and what highlights them."""
    translating = []
    for row in catalogue.fields:
        if row.translates and row.language:
            highlighter = highlight.make_highlighter(words, row.name, row.language)
            is_title = catalogue.by_name[row.translates].role == "title"
            find = highlight.highlight if is_title else highlight.best_passage
            translating.append((row, partial(find, highlighter=highlighter)))
    return translating
