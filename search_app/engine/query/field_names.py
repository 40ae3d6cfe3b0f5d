"""Names of fields in queries: `titre:police` → `title:police`.

A query may name a field by the name of its row, by a name that sources use, and by its label in any
language, if that is one word. Each is replaced by the name of the row before the query is parsed.
Accents and capitals make no difference. Quoted text stays as typed.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping

from indexer.analysis.folding import fold
from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.translations import TranslatedCatalogue, list_labels
from search_app.engine.query.lexer import QUOTES

_COLONS = ":："
"""The colons after a name. Chinese keyboards type the second one."""
_NAME = rf"[^\s(){QUOTES}{_COLONS}-][^\s(){QUOTES}{_COLONS}]*"
_ONE_WORD = re.compile(_NAME)
# A colon before two slashes belongs to a URL.
_NAMED = re.compile(
    rf"[{QUOTES}][^{QUOTES}]*[{QUOTES}]"
    rf"|(?<![^\s(){QUOTES}])(?P<minus>-?)(?P<name>{_NAME})[{_COLONS}](?!//|[\s)]|$)"
)


def index_names(catalogue: Catalogue) -> dict[str, str]:
    """Return the name of the row for each name of a field in queries, which is folded.

    Names in the catalogue's own language take precedence over labels in other languages. Such a
    label names no field if several rows have it.
    """
    own = catalogue.own if isinstance(catalogue, TranslatedCatalogue) else catalogue
    rows = {row.name: row for row in own.fields}
    for name, row in own.by_query_name.items():
        rows.setdefault(fold(name), row)
    labelled: defaultdict[str, list[Field]] = defaultdict(list)
    for label, row in list_labels(own):
        labelled[fold(label)].append(row)
    for label, named in labelled.items():
        if len({row.name for row in named}) == 1:
            rows.setdefault(label, named[0])
    queryable = {row.name for row in own.queryable}
    return {
        name: row.name
        for name, row in rows.items()
        if row.name in queryable and _ONE_WORD.fullmatch(name)
    }


def replace_names(text: str, names: Mapping[str, str]) -> str:
    """Return a query with each name of a field replaced by the one that `names` has for it.

    The keys of `names` are folded. A name without a key stays as typed.
    """
    if not any(colon in text for colon in _COLONS):
        return text

    def replace(match: re.Match[str]) -> str:
        name = names.get(fold(match["name"] or ""))
        return f"{match['minus']}{name}:" if name else match[0]

    return _NAMED.sub(replace, text)


def choose_names(catalogue: Catalogue) -> dict[str, str]:
    """Return a name of each field that a query can name, by the name of its row.

    It is the label in the language of the catalogue's texts, or the name of the row if the label
    names no field.
    """
    names = index_names(catalogue)
    return {
        row.name: row.label.lower() if names.get(fold(row.label)) == row.name else row.name
        for row in catalogue.queryable
    }
