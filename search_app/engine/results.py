"""The results of a search, as immutable values without URLs, labels or HTML.

The API sends these types as they are, or with links and labels added (`search_app.api.responses`).
Their docstrings appear in openapi.json.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from indexer.catalogue.records import Publication
from indexer.codec.segment.fulltext import File
from search_app.engine.query.parser import UnknownValue
from search_app.engine.query.rewriting import YearExpression
from search_app.engine.request import Sort


class QueryCount(msgspec.Struct, frozen=True):
    """A query text, and the number of hits of a search for it."""

    text: str
    total: int


class AbsentConcept(msgspec.Struct, frozen=True):
    """A concept that the query names and no publication has, with searches for similar concepts.

    `broader` contains its broader concepts, and `related` its related ones. Each search has hits.
    """

    text: str
    broader: tuple[QueryCount, ...]
    related: tuple[QueryCount, ...]


class ValueCount(msgspec.Struct, frozen=True):
    """A value of a filter, and the number of hits of a search with it."""

    field: str
    value: str
    total: int


class AbsentPlace(msgspec.Struct, frozen=True):
    """A place that the query names and no publication is about.

    `name` is its name in the language of the catalogue. `code` is its code in ISO 3166-1 or UN M49,
    or "" for a capital. `text` is the rest of the query. `near` contains the filter values to
    combine it with.
    """

    name: str
    code: str
    text: str
    near: tuple[ValueCount, ...]


class Diagnosis(msgspec.Struct, frozen=True):
    """Why a search has no hits, or none with all words, in numbers.

    All numbers except `unfiltered` are within the selected filters. `words` has each part of the
    query alone. `nearest` gives the query with an unknown word replaced by a similar one of the
    index, or that word alone. `unfiltered` is the number of hits without the selected filters.
    `any` is the number of hits for any of the words. It is None if the search itself asked for any
    word. `any_of` gives the number of hits if any selected value of a facet is enough, by the
    name of the facet, if there are no hits and all its values are needed. `absent_concepts`
    contains the concepts that no publication has, with or without filters, and `absent_places` the
    places that no publication is about. If there are no hits, `switched` gives the number of
    hits with `exact` or `inside` of the request switched, by its name: `exact` if it changes how
    the text is read, and `inside` if it is off.
    """

    words: tuple[QueryCount, ...]
    nearest: tuple[QueryCount, ...]
    unfiltered: int
    any: int | None
    any_of: Mapping[str, int] = {}
    absent_concepts: tuple[AbsentConcept, ...] = ()
    absent_places: tuple[AbsentPlace, ...] = ()
    switched: Mapping[str, int] = {}


class TextRun(msgspec.Struct, frozen=True):
    """A piece of a text, `marked` if it matched the query."""

    text: str
    marked: bool = False


How = Literal[
    "word", "written", "stem", "prefix", "wildcard", "fuzzy", "synonym", "narrower", "value"
]
"""How a text matched: `written` as typed, by its `stem`, by a `prefix`, a `wildcard`, or a `fuzzy`
term, as a `synonym`, as a `narrower` concept, or as a facet `value`. A `word` is either `written`
or `stem`, before it is decided which."""


class MatchedText(msgspec.Struct, frozen=True):
    """A text of a field that matched, as written there, how it matched, and how many times.

    For a facet value, `text` is the value, and `through` contains the values below it that imply
    it. In a full text, `text` is the part of the query, `file` the name of the file, and `pages`
    contains the pages with matches, from 1, ascending; it is empty if the format has no pages.
    """

    text: str
    how: How
    count: int = 1
    through: tuple[str, ...] = ()
    file: str = ""
    pages: tuple[int, ...] = ()


class FieldScore(msgspec.Struct, frozen=True):
    """The matches in one field, and their share of the score."""

    field: str
    score: float
    matched: tuple[MatchedText, ...]


class ClauseScore(msgspec.Struct, frozen=True):
    """The share of one clause of the query in a score, split over the fields that match it.

    `instead_of` is the text as typed, if the spelling was corrected. `text` is empty for the boost
    of publications in the language of the query.
    """

    text: str
    score: float
    fields: tuple[FieldScore, ...]
    instead_of: str = ""


class PassedFilter(msgspec.Struct, frozen=True):
    """A filter that a publication passes: the field, and the value that passes it.

    `through` contains the values of the publication that imply this one: Kenya, for Africa. The
    publication may also name the value itself.
    """

    field: str
    value: str
    through: tuple[str, ...] = ()


class Explanation(msgspec.Struct, frozen=True):
    """Why a publication matched: the parts of its score, and the filters that it passes.

    `unmatched` contains the parts of the query that it does not match. `semantic` is the part of
    the score for its semantic similarity to the query, and may be the only part. `title` is the
    part for a title that the query covers, and `nearness` the part for words of the query that are
    near each other. `feedback` is the part for `shared`, the words that it shares with the best
    hits.
    """

    parts: tuple[ClauseScore, ...]
    unmatched: tuple[str, ...]
    filters: tuple[PassedFilter, ...]
    semantic: float = 0.0
    title: float = 0.0
    nearness: float = 0.0
    feedback: float = 0.0
    shared: tuple[str, ...] = ()

    @property
    def score(self) -> float:
        """The sum of all parts."""
        added = self.semantic + self.title + self.nearness + self.feedback
        return sum(part.score for part in self.parts) + added


class PagePassage(msgspec.Struct, frozen=True):
    """A highlighted passage of a page, which is counted from 1. Without pages, it is a section."""

    page: int
    passage: tuple[TextRun, ...]


class FileMatch(msgspec.Struct, frozen=True):
    """The pages of a file with the most words of a query, ascending, and passages of the best."""

    file: File
    pages: tuple[int, ...]
    passages: tuple[PagePassage, ...]


class Hit(msgspec.Struct, frozen=True):
    """A hit: a publication, its score (None without words), and its highlighted title and passage.

    `other_edition_count` is the number of other editions in the index, whether or not they match.
    `explanation` is None unless the request asked for explanations. `translations` contains the
    highlighted title and passage in other languages, by the name of the field that has them.
    `files` contains the files whose full text matches.
    """

    publication: Publication
    score: float | None
    title: tuple[TextRun, ...]
    passage: tuple[TextRun, ...]
    other_edition_count: int = 0
    explanation: Explanation | None = None
    translations: Mapping[str, tuple[TextRun, ...]] = {}
    files: tuple[FileMatch, ...] = ()


class ExpandedEntity(msgspec.Struct, frozen=True):
    """A concept that the query names, the synonyms that were searched for, and narrower concepts.

    Narrower concepts match as well, with a lower weight.
    """

    text: str
    synonyms: tuple[str, ...]
    narrower: tuple[str, ...] = ()


class Bucket(msgspec.Struct, frozen=True):
    """A value of a facet.

    `count`: hits if only this value is selected in its facet. Other facets keep their selection. If
    all selected values of the facet are needed, `count` is the number of hits that have the value.
    If the value is `excluded`, `count` is the number of hits that only this exclusion removes.
    `total`: hits if the value is no longer `selected` or `excluded`. It is None for other values.
    `field` is the field that the value belongs to. In a facet with two levels, the buckets of the
    lower field are the `children` of the upper ones.
    """

    field: str
    value: str
    count: int
    total: int | None = None
    selected: bool = False
    children: tuple[Bucket, ...] = ()
    excluded: bool = False


SuggestionKind = Literal["word", "title", "facet"]


class Suggestion(msgspec.Struct, frozen=True):
    """A suggestion, and the number of hits that it leads to.

    `text` depends on the kind. For a `word` it is the typed text with its last word completed.
    For a `title` it is the title, and `value` is the id of the publication. For a `facet` it is
    the label, and `field` and `value` are the facet value to select instead of the typed words.
    """

    kind: SuggestionKind
    text: str
    total: int
    field: str = ""
    value: str = ""


class UnmatchedWord(msgspec.Struct, frozen=True):
    """A word of the query, and the number of hits that it does not match."""

    text: str
    total: int


class Truncation(msgspec.Struct, frozen=True):
    """A prefix, wildcard, fuzzy term or concept with too many words, and how many were left out."""

    text: str
    omitted_word_count: int


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of a search: the totals, and the reading of the query.

    `total` is the number of hits. `title_count` counts the editions of one title once, and is the
    length of the list if it `is_folded`.

    `relaxed` is true if too few documents contain all the words, so that some or any are enough. If
    some are, `unmatched` contains the words that hits do not match. `all_words_total` is the number
    of hits that contain all words. `required` contains the texts of places, languages and years
    that stayed mandatory. `semantic_total` counts hits by semantic similarity alone.
    `any_word_total` is the number of hits for any of the words, if a query with operators has few
    hits and it is larger.

    `corrected` is the text that was searched for instead of the typed one. `suggestion` is a text
    that the user may have meant. `years` contains the year expressions of the text that were read
    as filters, or as a request for the newest. `entities` contains the concepts that have synonyms.
    `identifier_fields` contains the fields of which the whole text is an identifier, as which it
    was read.

    `ignored_word_count` counts the words beyond the limit of a query. `dropped_clauses` contains
    the clauses that were left out because they cost too much, and `truncated` the ones that match
    fewer words. `unknown_fields` has names before a colon that are not searchable fields.
    `has_query` is false if the text contains nothing that can be searched for. `is_zero_result` is
    true if no document contains what was typed, even without the selected filters.

    `scored` tells whether hits have scores, and `sort` is their order. `took_ms` and `stages` are
    in milliseconds: the time from the query text to these results, and that of each stage.
    """

    total: int
    title_count: int
    is_folded: bool
    relaxed: bool
    all_words_total: int = 0
    unmatched: tuple[UnmatchedWord, ...] = ()
    required: tuple[str, ...] = ()
    semantic_total: int = 0
    any_word_total: int | None = None
    corrected: str | None = None
    years: tuple[YearExpression, ...] = ()
    identifier_fields: tuple[str, ...] = ()
    suggestion: str | None = None
    entities: tuple[ExpandedEntity, ...] = ()
    scored: bool
    sort: Sort
    ignored_word_count: int
    dropped_clauses: tuple[str, ...] = ()
    truncated: tuple[Truncation, ...] = ()
    unknown_values: tuple[UnknownValue, ...] = ()
    unknown_fields: tuple[str, ...] = ()
    has_query: bool = True
    is_zero_result: bool = False
    generation: str
    took_ms: float
    stages: Mapping[str, float]


class Results(Outcome, frozen=True, kw_only=True):
    """The results of a search.

    `hits` contains those of the page. `facets` contains the buckets of each facet in display order,
    and `hidden_values` the number of buckets beyond the limit of the request. `diagnosis` is
    present if there are no hits, or none with all words.
    """

    hits: tuple[Hit, ...]
    facets: Mapping[str, tuple[Bucket, ...]]
    hidden_values: Mapping[str, int]
    diagnosis: Diagnosis | None = None

    @property
    def listed(self) -> int:
        """The number of hits on all pages of the list."""
        return self.title_count if self.is_folded else self.total
