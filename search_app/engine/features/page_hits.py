"""The hits of a page: their marked titles, passages, and files, and their explanations.

A word is marked where a clause of the query matches it: see `matching.mark_words`. The words of an
AND inside an OR are marked even if the AND as a whole does not match.
"""

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from indexer.analysis import tokenizer
from indexer.catalogue.fields import Catalogue
from search_app.engine.deadline import Deadline
from search_app.engine.interpretation.interpreter import Retrieval
from search_app.engine.matching import Words, mark_words, read_words
from search_app.engine.query import nodes
from search_app.engine.results import FileMatch, Hit, PagePassage, TextRun
from search_app.engine.store import FoundFile, Reply

MAX_PASSAGE_CHARS = 230
"""Approximate maximum length of a passage, in characters: three lines of 75. It ends between
words."""
LEAD_CHARS = 40
"""Approximate number of characters before the first marked word of a passage."""
MAX_PAGES = 1
"""Limit on the pages of a file with a passage, for a hit of a page."""

Span = tuple[int, int]
"""The character offsets of the start and the end of a part of a text."""


def make_hits(retrieved: Retrieval, catalogue: Catalogue, deadline: Deadline) -> Iterator[Hit]:
    """Yield the hits of a page with their marked texts. Raise BudgetExceeded."""
    reply = retrieved.reply
    marks = None if reply.tree is None else Marks(reply.tree, reply.gather())
    title, abstract = (catalogue.find_by_role(role) for role in ("title", "abstract"))
    in_title, in_abstract = title.name if title else "", abstract.name if abstract else ""
    translating = [
        (
            each.name,
            highlight if catalogue.by_name[each.translates].role == "title" else best_passage,
        )
        for each in catalogue.fields
        if each.translates and each.language
    ]

    def find_marks(index: int, field: str, text: str) -> list[Span]:
        return marks.find(index, field, text) if marks else []

    explanations = reply.explain() if retrieved.request.explain else []
    hits = zip_longest(reply.rank_hits(), explanations)
    for index, (hit, explanation) in enumerate(hits):
        deadline.checkpoint("passages")  # an expensive search may pause between hits
        publication, summary = hit.publication, hit.publication.summary or ""
        translations = {
            name: show(text, find_marks(index, name, text))
            for name, show in translating
            for text in map(str, publication.values.get(name, ())[:1])
        }
        yield Hit(
            publication,
            None if hit.score is None else round(hit.score, 4),
            highlight(publication.title, find_marks(index, in_title, publication.title)),
            best_passage(summary, find_marks(index, in_abstract, summary)),
            hit.editions,
            explanation,
            translations,
            find_file_matches(reply, publication.id, catalogue, MAX_PAGES, deadline),
        )


def find_file_matches(
    reply: Reply, identity: str, catalogue: Catalogue, most: int, deadline: Deadline
) -> tuple[FileMatch, ...]:
    """Return the matches in the files of a publication, with at most `most` passages of each.

    Raise BudgetExceeded.
    """
    return tuple(
        FileMatch(
            found.file, found.pages, tuple(_list_passages(found, reply.tree, catalogue, deadline))
        )
        for found in reply.find_files(identity, most)
    )


def _list_passages(
    found: FoundFile, tree: nodes.Tree | None, catalogue: Catalogue, deadline: Deadline
) -> Iterator[PagePassage]:
    assert catalogue.fulltext
    name = catalogue.fulltext.name
    for page, text in sorted(found.texts):
        marks = Marks(tree, read_words(text, found.file.language or catalogue.language, name))
        yield PagePassage(page, best_passage(text, marks.find(0, name, text)))
        deadline.checkpoint("passages")


class Marks:
    """The words of some texts that a query matches."""

    def __init__(self, tree: nodes.Tree | None, words: Words) -> None:
        self._fields = words.fields
        marked = mark_words(nodes.clauses(tree), words).nonzero()[0]
        cells = words.cells.take(marked)
        ordinals = words.ordinals.take(marked) - words.ordinals.take(words.begins.take(cells))
        self._by_cell: dict[int, list[int]] = {}
        for cell, ordinal in zip(cells.tolist(), ordinals.tolist(), strict=True):
            self._by_cell.setdefault(cell, []).append(ordinal)

    def find(self, index: int, field: str, text: str) -> list[Span]:
        """Return the spans to mark in the text of a field of a publication, in ascending order."""
        cell = (
            index * len(self._fields) + self._fields.index(field) if field in self._fields else -1
        )
        ordinals = self._by_cell.get(cell)
        if ordinals is None:
            return []
        spans = tokenizer.find_spans(text)
        # The text of a field may have more than one value.
        own = (spans[ordinal] for ordinal in ordinals if ordinal < len(spans))
        return tokenizer.unite_spans(own)


def highlight(text: str, spans: Sequence[Span]) -> tuple[TextRun, ...]:
    return _make_runs(text, spans, 0, len(text))


def best_passage(text: str, spans: Sequence[Span]) -> tuple[TextRun, ...]:
    """Return the part of a text with the most distinct marked words, as runs.

    Without a match it is the start of the text. An ellipsis replaces omitted text.
    """
    start = _find_best_start(text, spans)
    end = min(len(text), start + MAX_PASSAGE_CHARS)
    if end < len(text) and (last_space := text.rfind(" ", start, end + 1)) > start:
        end = last_space
    runs = list(_make_runs(text, spans, start, end))
    if start > 0:
        runs.insert(0, TextRun("… "))
    if end < len(text):
        runs.append(TextRun(" …"))
    return tuple(runs)


def _find_best_start(text: str, spans: Sequence[Span]) -> int:
    """Return the start of the best window: at a nearby start of a sentence, or at a word."""
    if not spans or spans[-1][1] <= MAX_PASSAGE_CHARS or len(text) <= MAX_PASSAGE_CHARS:
        return 0
    best, best_match_score = 0, 0
    last = 0
    for first, (start, _) in enumerate(spans):
        while last < len(spans) and spans[last][1] <= start + MAX_PASSAGE_CHARS - LEAD_CHARS:
            last += 1
        window = [
            text[match_start:match_end].casefold() for match_start, match_end in spans[first:last]
        ]
        match_score = len(set(window)) * 10 + min(len(window), 9)
        if match_score > best_match_score:
            best, best_match_score = start, match_score
    latest = max(0, min(best - LEAD_CHARS, len(text) - MAX_PASSAGE_CHARS))
    sentence = max(text.rfind(". ", 0, best), text.rfind("\n", 0, best))
    if best - sentence < MAX_PASSAGE_CHARS // 3:
        return 0 if sentence < 0 else sentence + 1 + (text[sentence] == ".")
    return text.find(" ", latest, best) + 1 or latest


def _make_runs(text: str, spans: Sequence[Span], start: int, end: int) -> tuple[TextRun, ...]:
    runs, end_of_last = [], start
    for first, last in spans:
        if first < start or last > end:
            continue
        if first > end_of_last:
            runs.append(TextRun(text[end_of_last:first]))
        runs.append(TextRun(text[first:last], marked=True))
        end_of_last = last
    if end_of_last < end:
        runs.append(TextRun(text[end_of_last:end]))
    return tuple(runs)
