"""Catalogue proposal: the fields, facets, and example queries of imported sources."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise

import msgspec

from indexer.analysis import stemming, tokenizer
from indexer.catalogue.fields import Catalogue, Field, TypeRule
from indexer.catalogue.records import SourceRecord
from indexer.mapping.mapper import OTHER_TITLES, Mapper
from indexer.mapping.standard_fields import list_standard_fields
from indexer.values.publication_types import group_by_csl_type

_ALWAYS_FACETS = frozenset({"authors", "subjects", "container"})
_MIN_VALUES, _MAX_VALUES, _MIN_REPEATS = 2, 200, 1.5
"""A facet has 2 to 200 values. On average, a value occurs in at least 1.5 publications."""
_FEW_VALUES, _MAX_LEFTOVER_FACETS = 20, 4
"""Facets with at most 20 values come first. At most 4 facets are those of leftover columns."""
_MIN_WORD_CHARS = 4
Counts = Mapping[str, Counter[str]]
"""The number of occurrences of each value, by field."""
_BOTH = "publications that have both words, the best first"


def make_catalogue(
    title: str, fields: Sequence[Field], samples: Iterable[tuple[Mapper, SourceRecord]],
    chosen: Collection[str] = (),
) -> Catalogue:  # fmt: skip
    """Return a catalogue with those fields among `fields` that have values in the samples.

    It has the fields whose columns were `chosen` even if they have none.
    """
    counts: Counts = defaultdict(Counter)
    for mapper, record in samples:
        for prop in mapper.map(record).properties:
            counts[prop.name][prop.value] += 1
    kept = {field.name for field in fields if _has_values(field, counts)} | {"title", *chosen}
    if any(field.translates == "title" for field in fields if field.name in kept):
        kept.add(OTHER_TITLES)  # its columns may feed these fields
    kept_fields = [field for field in fields if field.name in kept]
    return Catalogue(
        title=title,
        description="",
        fields=tuple(_with_numbers(kept_fields, counts)),
        examples=tuple(_make_examples(counts)),
        # The type of every name, also of those that an update brings.
        types=tuple(
            TypeRule(csl, {field.name: names})
            for field in kept_fields if field.role == "type"
            for csl, names in group_by_csl_type().items()
        ),
    )  # fmt: skip


def _has_values(field: Field, counts: Counts) -> bool:
    # A date is a separate field only if it is more precise than the year.
    return any(field.kind != "date" or "-" in value for value in counts.get(field.name, ()))


def _with_numbers(fields: Sequence[Field], counts: Counts) -> Iterable[Field]:
    """Yield the fields, with consecutive numbers for the facets and for the metadata line."""
    standard = [field for field in fields if field.facet and _is_facet(field, counts[field.name])]
    # Years are selected as a range, whatever their number is.
    few = [f.name for f in standard if f.kind == "year" or len(counts[f.name]) <= _FEW_VALUES]
    standard.sort(key=lambda field: (field.name not in few, field.facet))
    standard_names = {field.name for field in list_standard_fields()}
    leftovers = [
        field for field in fields
        if field.name not in standard_names and not field.translates
        and _is_facet(field, counts[field.name])
    ]  # fmt: skip
    leftovers.sort(key=lambda field: len(counts[field.name]))
    facets = [field.name for field in (*standard, *leftovers[:_MAX_LEFTOVER_FACETS])]
    facts = sorted((field for field in fields if field.fact), key=lambda field: field.fact or 0)
    for field in fields:
        yield msgspec.structs.replace(
            field,
            facet=facets.index(field.name) + 1 if field.name in facets else None,
            fact=facts.index(field) + 1 if field in facts else None,
        )


def _is_facet(field: Field, values: Counter[str]) -> bool:
    is_usual = field.name in _ALWAYS_FACETS or field.kind in ("year", "language")
    repeat = len(values) <= _MAX_VALUES and values.total() >= _MIN_REPEATS * len(values)
    is_readable = field.kind == "year" or _have_words(values)
    return len(values) >= _MIN_VALUES and is_readable and (is_usual or repeat)


def _have_words(values: Collection[str]) -> bool:
    """Return whether most values are more than numbers and codes such as T0005547."""
    words = (sum(map(str.isalpha, value)) >= sum(map(str.isdigit, value)) for value in values)
    return 2 * sum(words) > len(values)


def _make_examples(counts: Counts) -> Iterable[tuple[str, str]]:
    """Yield example queries with frequent words of the titles, and descriptions of their hits."""
    words: Counter[str] = Counter()
    pairs: Counter[str] = Counter()
    for title in counts["title"].elements():
        tokens = [
            token
            for token in tokenizer.tokenize(title, "en")
            if len(token.surface) >= _MIN_WORD_CHARS
            and token.surface not in stemming.ALL_STOP_WORDS
        ]
        # Of words that are equally frequent, the first one comes first.
        words.update([*dict.fromkeys(token.surface.lower() for token in tokens)])
        pairs.update(
            f"{first.surface} {second.surface}".lower()
            for first, second in pairwise(tokens) if second.position == first.position + 1
        )  # fmt: skip
    frequent = [word for word, _ in words.most_common(3)]
    if len(frequent) > 1:
        yield f"{frequent[0]} {frequent[1]}", _BOTH
    for pair, _ in pairs.most_common(1):
        yield f'"{pair}"', "the words side by side"
    if frequent:
        yield f"{frequent[0][:_MIN_WORD_CHARS]}*", "all words that start with these letters"
        yield f"title:{frequent[-1]}", "a word in one field"
    if years := counts.get("year"):
        ordered = sorted(years)
        if ordered[0] != ordered[-1]:
            yield f"year:{ordered[len(ordered) // 2]}..", "since this year"
