"""The labels of facet values by prefix, for suggestions.

The index is sorted, so a prefix is one range. Labels in other languages than the catalogue's own
are in the same index, because only a few values have them.
"""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from indexer.analysis import tokenizer
from indexer.analysis.cleaning import surface_form
from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.translations import TranslatedCatalogue, translate
from indexer.codec.segment.array_file import Array
from indexer.values import iso_codes
from search_app.engine.interpretation.entities import UNITED_NATIONS

MAX_VALUES = 30_000
"""Limit on the values of a field that are indexed by label: the most frequent ones."""
MAX_CHARS = 128
"""Limit on the characters of a label that are compared."""
_LAST = "\U0010ffff"


class LabelPrefixIndex:
    """The labels of facet values, searchable by a prefix of any of their words.

    It is made of the values of each field, `none` last, and the number of documents of each value.
    By number, `values` contains the field and the value, `labels` the label, and `counts` the
    number of documents with the value.
    """

    def __init__(
        self, values: Mapping[str, Sequence[str]], counts: Mapping[str, Array], catalogue: Catalogue
    ) -> None:
        self.values: list[tuple[str, str]] = []
        self.labels: list[str] = []
        self.counts: list[int] = []
        self._languages = tuple(
            dict.fromkeys([catalogue.language.partition("-")[0], *UNITED_NATIONS])
        )
        translated = [translate(catalogue, language) for language in self._languages]
        pieces: list[tuple[str, int, bool, int]] = []
        for name, names in values.items():
            field = catalogue.by_name[name]
            for value, count in _list_largest(names, counts[name]):
                pieces += [
                    (piece, len(self.values), not index, language)
                    for language, text in _list_texts(field, value, translated)
                    for index, piece in _list_suffixes(text)
                ]
                self.values.append((name, value))
                self.labels.append(field.display(value, catalogue.language))
                self.counts.append(count)
        pieces.sort()
        self._pieces = [piece for piece, _, _, _ in pieces]
        self._numbers = [number for _, number, _, _ in pieces]
        self._language_numbers = np.array([language for _, _, _, language in pieces], np.int8)
        is_inside = np.array([not is_first for _, _, is_first, _ in pieces], np.bool_)
        counts_of_pieces = np.array([self.counts[number] for number in self._numbers], np.int64)
        order = np.lexsort((np.array(self._numbers, np.int64), -counts_of_pieces, is_inside))
        self._ranks = np.empty(len(pieces), np.int64)
        self._ranks[order] = np.arange(len(pieces))

    def find_prefix(self, text: str, limit: int, language: str = "") -> list[int]:
        """Return the numbers of values with a folded text as prefix of their label or a word in it.

        Labels in the catalogue's own language and in `language` count. There are at most `limit`.
        Values whose whole label has the prefix come first, and more frequent values come before
        others.
        """
        prefix = text[:MAX_CHARS]
        first = bisect_left(self._pieces, prefix)
        last = bisect_left(self._pieces, prefix + _LAST, first)
        number = self._languages.index(language) if language in self._languages else 0
        numbers = self._language_numbers[first:last]
        shown = np.flatnonzero((numbers == 0) | (numbers == number)) + first
        ranks = self._ranks[shown]
        candidates = np.arange(len(ranks))
        # A label may have two words with this prefix.
        if 2 * limit < len(ranks):
            candidates = ranks.argpartition(2 * limit)[: 2 * limit]
        order = shown[candidates[ranks[candidates].argsort()]]
        return list(dict.fromkeys([self._numbers[index] for index in order.tolist()]))[:limit]


def fold_typed(text: str) -> str:
    """Return a text as labels are compared: folded, with single spaces. A final space is kept."""
    end = " " if text[-1:].isspace() else ""
    return " ".join(surface_form(text).split()) + end


def _list_texts(
    field: Field, value: str, translated: Sequence[TranslatedCatalogue]
) -> Iterator[tuple[int, str]]:
    """Yield the texts by which a value is suggested, each with the number of its language.

    The first one is the catalogue's own language. A country has several names in it.
    """
    own = translated[0].language
    if field.kind == "country":
        yield from ((0, name) for name in iso_codes.list_country_names(value, own))
    else:
        yield 0, field.search_text(value, own)
    for number, catalogue in enumerate(translated[1:], start=1):
        if catalogue.renames(field.name):
            yield number, catalogue.make_label(field.name, value)


def _list_largest(values: Sequence[str], counts: Array) -> Iterator[tuple[str, int]]:
    """Yield the most frequent values of a field and their counts, without the missing value."""
    counts = counts[:-1].astype(np.int64)
    for number in np.argsort(-counts, kind="stable")[:MAX_VALUES].tolist():
        if not counts[number]:
            break
        yield values[number], int(counts[number])


def _list_suffixes(label: str) -> list[tuple[int, str]]:
    """Return each suffix of a label that starts at a word, with the number of words before it."""
    folded = fold_typed(label)
    starts = [start for start, _ in tokenizer.find_spans(folded)]
    return list(enumerate(folded[start : start + MAX_CHARS] for start in starts))
