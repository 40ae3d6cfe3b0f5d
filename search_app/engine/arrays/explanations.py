"""Explanations of the hits of a local index: their words and full texts, for `Explainer`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from search_app.engine.arrays.bm25f import idf
from search_app.engine.arrays.feedback import Feedback
from search_app.engine.arrays.found_pages import find_files
from search_app.engine.arrays.fulltext import translate_errors
from search_app.engine.arrays.matched_words import MatchedWords
from search_app.engine.deadline import Deadline
from search_app.engine.explain import AddedToHit, Explainer, limit_explained
from search_app.engine.query.nodes import Clause
from search_app.engine.results import Explanation
from search_app.engine.snapshot.snapshot import Snapshot
from search_app.engine.store import FoundFile, StoreRequest


def explain_hits(
    hits: Sequence[tuple[int, AddedToHit]], ask: StoreRequest, words: MatchedWords,
    snapshot: Snapshot, feedback: Feedback | None, deadline: Deadline,
) -> list[Explanation | None]:  # fmt: skip
    """Return the explanation of each hit, given by its number and what was added to its score.

    Those beyond a limit are None. Raise BudgetExceeded.
    """
    explainer = Explainer(
        ask,
        words.tree,
        snapshot.vocabulary,
        lambda clause: idf(words.fetch(clause), snapshot),
        feedback.terms.tolist() if feedback else (),
    )
    explanations: list[Explanation | None] = []
    for number, added in hits[: limit_explained(words.tree)]:
        publication, own_words = snapshot.get_publication(number), snapshot.get_words(number)
        weigh, find = _make_weigh(number, words), _make_find(number, words, deadline)
        with translate_errors():
            explanation = explainer.explain(publication, own_words, added, weigh, find)
        explanations.append(explanation)
        deadline.checkpoint("explain")
    return explanations + [None] * (len(hits) - len(explanations))


def _make_weigh(number: int, words: MatchedWords) -> Callable[[Clause], float]:
    """Return a function that returns what the full text of a document adds to a clause."""

    def weigh(clause: Clause) -> float:
        inside = words.fetch(clause).inside
        if inside is None:
            return 0.0
        index = int(inside.documents.searchsorted(number))
        is_inside = index < len(inside.documents) and inside.documents[index] == number
        return float(inside.weights[index]) if is_inside else 0.0

    return weigh


def _make_find(
    number: int, words: MatchedWords, deadline: Deadline
) -> Callable[[Clause], list[FoundFile]]:
    """Return a function that returns the files of a document with words of a clause."""
    check = partial(deadline.checkpoint, "explain")

    def find(clause: Clause) -> list[FoundFile]:
        return [*find_files(number, [clause], words.texts, 0, check)] if words.texts else []

    return find
