"""The files of a publication with words of a query, and highlighted passages of their pages."""

from __future__ import annotations

from collections.abc import Iterator

from whoosh import query

from indexer.catalogue.fields import Catalogue
from search_app.engine.deadline import Deadline
from search_app.engine.features.highlight import Highlighter, best_passage, compile_highlighter
from search_app.engine.query.nodes import clauses, is_in_texts, list_words
from search_app.engine.results import FileMatch, PagePassage
from search_app.engine.store import FoundFile, Reply


def find_file_matches(
    reply: Reply, identity: str, catalogue: Catalogue, most: int, deadline: Deadline
) -> tuple[FileMatch, ...]:
    """Return the matches in the files of a publication, with at most `most` passages of each.

    Raise BudgetExceeded.
    """
    found = reply.find_files(identity, most)
    if not found:
        return ()
    highlighter = _make_highlighter(reply.tree, catalogue)
    return tuple(
        FileMatch(each.file, each.pages, tuple(_list_passages(each, highlighter, deadline)),
                  each.language)
        for each in found
    )  # fmt: skip


def _list_passages(
    found: FoundFile, highlighter: Highlighter, deadline: Deadline
) -> Iterator[PagePassage]:
    for page, text in sorted(found.texts):
        yield PagePassage(page, best_passage(text, highlighter, found.language))
        deadline.checkpoint("passages")


def _make_highlighter(tree: query.Query | None, catalogue: Catalogue) -> Highlighter:
    parts = (part for clause in clauses(tree) for part in list_words(clause.parts))
    in_texts = (part for part in parts if is_in_texts(part, catalogue, only_named=False))
    return compile_highlighter(in_texts, catalogue.language)
