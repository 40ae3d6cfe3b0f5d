"""Retrieval: request → interpretation and reply, with years read as filters."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from search_app.engine.deadline import Stopwatch
from search_app.engine.interpretation.interpreter import Interpreter, Understood
from search_app.engine.query.year_expressions import Dated, dated
from search_app.engine.request import SearchRequest
from search_app.engine.store import Ask, Reply


class Finding(NamedTuple):
    """The reply to a search, and how the query was interpreted.

    `request` has the text with year expressions replaced by filters, and `dated` lists them.
    """

    request: SearchRequest
    dated: Dated
    understood: Understood

    @property
    def reply(self) -> Reply:
        """The hits."""
        return self.understood.reply

    @property
    def as_typed(self) -> int:
        """The number of hits if the query was neither relaxed nor corrected, otherwise 0."""
        read = self.understood
        return 0 if read.relaxed or read.corrected else self.reply.total


def found(
    request: SearchRequest, interpreter: Interpreter, watch: Stopwatch | None = None
) -> Finding:
    """Return the publications that match a request. Raise OverBudget.

    Year expressions are filters. If no publication passes them, they are searched for as words, and
    the result of that is returned if it has hits.
    """
    watch = watch or Stopwatch()
    typed = Dated(request.text)
    read = typed if request.exact else dated(request.text, interpreter.vocabulary.catalogue)
    finding = _found(request, read, interpreter, watch)
    if read != typed and not finding.reply.matched:
        literal = _found(request, typed, interpreter, watch)
        strict = literal.understood.strict
        return literal if literal.as_typed or (strict and strict.by_words) else finding
    return finding


def _found(
    request: SearchRequest, read: Dated, interpreter: Interpreter, watch: Stopwatch
) -> Finding:
    """Return the publications that match a request with the given reading of its years."""
    request = msgspec.structs.replace(request, text=read.text)
    ask = Ask(request, newest_first=read.wants_newest)
    return Finding(request, read, interpreter.understood(ask, watch))
