"""Readings of a query, from strict to relaxed, and what the store replied to each."""

from __future__ import annotations

from itertools import islice
from typing import NamedTuple

from whoosh import query

from search_app.engine.interpretation.relaxing import count_enough
from search_app.engine.query.clause_builder import CompoundMode, EntityRecognizer
from search_app.engine.query.nodes import clauses
from search_app.engine.query.parser import Parsed
from search_app.engine.request import SearchRequest
from search_app.engine.store import Reply, StoreRequest

ENOUGH_BY_CLAUSES = (0, 0, 3, 6, 100)
"""Minimum number of documents that match all clauses, by the number of clauses (at most 4).

If fewer match, words are left out. Up to 3 clauses are a short query, whose list stays
short. Few relevant documents have every word of a longer one. Full texts do not count: a long text
has all words of many queries, wherever they are in it.
"""


class Interpretation(NamedTuple):
    """A query as it was interpreted, with its hits.

    `relaxed`: some or any of the words are enough. `all_words_docs` is the reply for all words, or
    None.
    `corrected`: the text that was searched for instead of the text as typed.
    `required`: the texts of places, languages and years that stay mandatory in a relaxed query.
    `is_lenient`: the reading does not need all words. It is `relaxed` only if that adds hits.
    `is_step`: it needs some of the words. Without it, any is enough.
    """

    parsed: Parsed
    reply: Reply
    relaxed: bool = False
    corrected: str | None = None
    all_words_docs: Reply | None = None
    required: tuple[str, ...] = ()
    is_lenient: bool = False
    is_step: bool = False

    @property
    def has_words(self) -> bool:
        """Whether the query has words."""
        return self.parsed.words is not None

    @property
    def is_narrow(self) -> bool:
        """Whether so few documents match that the query should be relaxed."""
        if not self.has_words or self.reply.by_fields >= ENOUGH_BY_CLAUSES[-1]:
            return False
        words = sum(1 for _ in islice(clauses(self.parsed.words), len(ENOUGH_BY_CLAUSES) - 1))
        return self.reply.by_fields < ENOUGH_BY_CLAUSES[words]

    @property
    def is_strict(self) -> bool:
        """Whether the query was not relaxed because it has operators."""
        return self.parsed.has_operators and not self.relaxed

    @property
    def is_empty(self) -> bool:
        """Whether the query has words but no hits."""
        return self.has_words and not self.reply.by_words


class Strategy(NamedTuple):
    """A way to read a query.

    `recognizer` recognizes names. `joined` is And or Or. If `requires_facts`, places, languages and
    years stay mandatory. If `in_steps`, words are left out one by one, but any is never enough.
    """

    recognizer: EntityRecognizer
    joined: type[query.CompoundQuery] = query.And
    compounds: CompoundMode = "one"
    requires_facts: bool = False
    in_steps: bool = False


class Reading(NamedTuple):
    """A text, and a way to read it.

    `corrected` is the text if its spelling was corrected. A lenient reading does not need all
    words.
    """

    text: str
    strategy: Strategy
    corrected: str | None = None
    is_lenient: bool = False


class ParsedReading(NamedTuple):
    """A reading as a search. `required` has the texts that stay mandatory.

    A step needs some of the words.
    """

    reading: Reading
    parsed: Parsed
    ask: StoreRequest
    required: tuple[str, ...]
    is_step: bool = False


def adds_enough(step: Interpretation, strict: Interpretation, size: int) -> bool:
    """Return whether a step of a relaxed query has enough hits in a catalogue of some size.

    It must have more than the strict reading.
    """
    adds_hits = step.reply.by_words > strict.reply.by_words
    return adds_hits and step.reply.by_fields >= count_enough(size)


def mark_relaxed(interpretation: Interpretation, relaxed: Interpretation) -> Interpretation:
    """Return the relaxed interpretation, unless it adds no hits to the strict one."""
    if not relaxed.has_words or relaxed.reply.by_words == interpretation.reply.by_words:
        return interpretation
    return relaxed._replace(
        relaxed=True, corrected=interpretation.corrected, all_words_docs=interpretation.reply
    )


def is_enough(interpretation: Interpretation, request: SearchRequest) -> bool:
    """Return whether an interpretation has enough hits, so that no other one is tried."""
    is_open = (
        request.match == "auto" and not request.exact and not interpretation.parsed.has_operators
    )
    return not interpretation.is_empty and not (is_open and interpretation.is_narrow)
