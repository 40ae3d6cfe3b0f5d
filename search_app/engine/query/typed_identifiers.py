"""Typed identifiers: `978-3-16-148410-0` or `DOI: 10.1000/182` → `isbn:"978-3-16-148410-0"`.

A text that is an identifier as a whole is replaced by a filter of its field before the query is
parsed. A filter is never relaxed or corrected, and has no synonyms. If no publication has the
identifier, nothing is found.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from indexer.catalogue.fields import Field
from indexer.values import identifiers
from search_app.engine.query.lexer import QUOTES
from search_app.engine.query.vocabulary import Vocabulary
from search_app.engine.query.year_expressions import DatedQuery

MAX_CHARS = 300
"""A longer text is not taken as an identifier."""
_NAMED = re.compile(r"([^\s:：]+)\s*[:：]\s*(?!//)(.+)", re.DOTALL)
_PATTERN = re.compile(r"[*~]")
_NO_QUOTES = str.maketrans(dict.fromkeys(QUOTES))


def name_identifier(text: str, vocabulary: Vocabulary) -> DatedQuery | None:
    """Return a filter for the identifier that a whole text is, and the rows that may have it.

    Return None if the text is no identifier. It is one if a publication has it, or if it can hardly
    mean anything else. It may have the name of its field, or a label such as "ISBN", before it.
    """
    text = text.strip()
    rows = vocabulary.catalogue.identifiers
    if not rows or not text or len(text) > MAX_CHARS:
        return None
    named = _NAMED.fullmatch(text)
    row = vocabulary.catalogue.by_query_name.get(named[1].lower()) if named else None
    if named and row in rows:
        return _name(named[2], [row]) if find_key(row, named[2], vocabulary) else None
    read = [(row, found) for row in rows if (found := identifiers.read(row.kind, text))]
    known = [
        row for row, found in read
        if found.sense != "named" and vocabulary.has_value(row.name, found.key)
    ]  # fmt: skip
    is_pattern = _PATTERN.search(text)
    certain = [row for row, found in read if found.sense == "certain" and not is_pattern]
    return _name(text, known or certain[:1]) if known or certain else None


def find_key(row: Field, text: str, vocabulary: Vocabulary) -> str | None:
    """Return the key of the identifier after the name of its row, or None if the text is not one.

    A number of one word, such as the year of a symbol, may be a part of an identifier.
    """
    found = identifiers.read(row.kind, text)
    if found is None:
        return None
    is_number = row.kind != "identifier" or (found.sense != "named" and " " in found.key)
    is_whole = is_number and not _PATTERN.search(text)
    return found.key if is_whole or vocabulary.has_value(row.name, found.key) else None


def _name(text: str, rows: Sequence[Field]) -> DatedQuery:
    value = text.translate(_NO_QUOTES).strip()
    named = " OR ".join(f'{row.name}:"{value}"' for row in rows)
    return DatedQuery(named, identifies=tuple(row.name for row in rows))
