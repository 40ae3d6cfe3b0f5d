"""Types of the API responses.

mypy checks `serializers` against them, and `openapi` publishes their docstrings as descriptions.
The fields of a publication depend on the catalogue, so they have no types here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, NotRequired, TypedDict

from indexer.catalogue.records import SourceLocation
from search_app.api.files import FileBody
from search_app.engine.query.year_expressions import YearExpression
from search_app.engine.results import ClauseScore, PassedFilter
from search_app.presentation.search_record import SearchRecord


class SynonymsBody(TypedDict):
    """A concept in the query, its synonyms, and narrower concepts.

    `said` is the typed text. `names` are synonyms that are searched for too. Narrower concepts are
    also searched for, with a lower weight.
    """

    said: str
    names: Sequence[str]
    narrower: Sequence[str]


class TruncatedExpansion(TypedDict):
    """A typed term that matches too many words, and how many of these words were left out."""

    said: str
    words: int


class DroppedBody(TypedDict):
    """Parts of the query that were not searched for, because they would cost too much.

    `words_over_the_limit` counts words after the limit of words. `too_much` lists typed terms that
    occur too often. `cut` lists terms that match too many words.
    """

    words_over_the_limit: int
    too_much: Sequence[str]
    cut: Sequence[TruncatedExpansion]


class SearchLinkBody(TypedDict):
    """A search, its number of hits, and the URL of its page, which is null without hits."""

    text: str
    total: int
    url: str | None


class RemovedFilterBody(TypedDict):
    """A selected or excluded value, and the search without it. `url` is null without hits."""

    field: str
    value: str
    excluded: bool
    total: int
    url: str | None


class LackingBody(TypedDict):
    """A concept that no publication has, with searches for broader and related concepts."""

    said: str
    broader: Sequence[SearchLinkBody]
    related: Sequence[SearchLinkBody]


class MissingPlaceBody(TypedDict):
    """A place that no publication is about, with searches by its region and nearby countries.

    Each search keeps the rest of the query. Its `text` is the label of the selected value.
    `unplaced` is the search for publications without a region.
    """

    name: str
    regions: Sequence[SearchLinkBody]
    countries: Sequence[SearchLinkBody]
    unplaced: Sequence[SearchLinkBody]


class DiagnosisBody(TypedDict):
    """Alternatives to a query, if no publication matches all of its words.

    `words` searches for each typed term alone. `nearest` replaces unknown words by similar ones.
    `without` drops one selected or excluded value. `without_filters` drops all filters and `any`
    needs any of the words only. Each of these two is null if it would not be another search.
    `any_of` needs any of the selected values of a facet only. `lacking` lists concepts of the
    thesaurus that no publication has. `places` lists places that no publication is about.
    """

    words: Sequence[SearchLinkBody]
    nearest: Sequence[SearchLinkBody]
    without: Sequence[RemovedFilterBody]
    without_filters: SearchLinkBody | None
    any: SearchLinkBody | None
    any_of: Mapping[str, SearchLinkBody]
    lacking: Sequence[LackingBody]
    places: Sequence[MissingPlaceBody]


class BucketBody(TypedDict):
    """A value of a facet.

    `count` is the number of hits if only this value is selected in its facet. Other facets keep
    their selection. If all selected values are needed, it is the number of hits with the value. If
    it is `excluded`, it is the number that the exclusion removes. `children` are child values.
    """

    field: str
    value: str
    label: str
    count: int
    selected: bool
    excluded: bool
    children: NotRequired[Sequence[BucketBody]]


class ExplanationBody(TypedDict):
    """An explanation of a hit: sentences, the parts of its score, and the filters that it passes.

    `lacks` lists typed terms that the publication does not have. `meaning` is the part of the score
    from semantic similarity, `title` the part for a title that the query covers, and `nearness` the
    part for words of the query that are near each other. `feedback` is the part from `shared`, the
    words that the publication shares with the best hits.
    """

    sentences: Sequence[str]
    parts: Sequence[ClauseScore]
    lacks: Sequence[str]
    filters: Sequence[PassedFilter]
    meaning: float
    title: float
    nearness: float
    feedback: float
    shared: Sequence[str]


class HitBody(TypedDict):
    """A hit, with all fields of its publication.

    `url` is its page. `editions` is the number of its editions, including itself. `score` is null
    if the query has no words. `title_html` and `summary_html` are escaped, with matches in
    `<mark>`, and in the language of the page if the publication has them in it. `why` is present if
    the request has `explain=1`, and `files` if the full text of files has words of the query.
    """

    score: float | None
    url: str
    editions: int
    why: NotRequired[ExplanationBody]
    files: NotRequired[Sequence[FileBody]]
    title_html: str
    summary_html: str


class LacksBody(TypedDict):
    """A word of the query, and the number of hits without it."""

    said: str
    hits: int


class Search(TypedDict):
    """The response to a search.

    `total` is the number of hits. `titles` counts the editions of one title once. `relaxed` is
    true if few publications have all words, so that some or any of them are enough. `kept`
    lists the places, languages, and years that all hits have nevertheless, and `lacks` the
    words that hits lack if some are enough, each with the number of these hits. `by_meaning` is
    the number of hits that match by similar meaning only. `any_word` is the search for any of
    the words, if a query with operators has few hits. `corrected` is the text that was searched
    for instead of the typed text. `years` lists the typed expressions that were read as years
    of publication. `identifies` lists the fields of which the whole text is an identifier: only
    publications with exactly this one are hits. `suggestion` is a text that the user may have
    meant. `unknown_fields` lists names before a colon that are not searchable fields. `also`
    lists synonyms and narrower concepts. `took_ms` is in milliseconds.
    """

    query: str
    total: int
    titles: int
    page: int
    pages: int
    relaxed: bool
    kept: Sequence[str]
    lacks: Sequence[LacksBody]
    by_meaning: int
    any_word: SearchLinkBody | None
    corrected: str | None
    years: Sequence[YearExpression]
    identifies: Sequence[str]
    suggestion: str | None
    unknown_fields: Sequence[str]
    also: Sequence[SynonymsBody]
    left_out: DroppedBody
    diagnosis: DiagnosisBody | None
    generation: str
    took_ms: float
    hits: Sequence[Mapping[str, Any]]
    facets: Mapping[str, Sequence[BucketBody]]


class PublicationBody(TypedDict):
    """A publication, with a value for every field of the catalogue.

    `lang` is the language of the title. `source` is its location in the corpus, or the name of a
    file outside it.
    """

    id: str
    title: str
    summary: str | None
    lang: str
    source: SourceLocation


class LinkedBody(TypedDict):
    """A related publication: its page, and its facts."""

    url: str
    id: str
    title: str
    lang: str


class RecordedPublication(TypedDict):
    """A publication of a search record: its id, and the digest of its content in hexadecimal."""

    id: str
    digest: str


class SearchRecordBody(SearchRecord, frozen=True, kw_only=True):
    """A search record: a search, how it was interpreted, the index, and all of its hits.

    Apart from `time`, the same `url` and `generation` give the same record. `ids` has the hits in
    order. `digest` is the SHA-256 of the digests of all hits, in hexadecimal.
    """

    ids: Sequence[RecordedPublication]
    digest: str


class Health(TypedDict):
    """The status of the search service, and the generation of the index in use.

    `status` is `degraded` if the live generation cannot be opened and an earlier one is in use.
    """

    status: Literal["ok", "degraded"]
    generation: str
    publications: int


class ErrorBody(TypedDict):
    """An error: a code for programs, a message that says what is wrong, and a hint to fix it."""

    code: str
    message: str
    hint: str


class Error(TypedDict):
    """An error response."""

    error: ErrorBody


class RemovedBody(ErrorBody):
    """The error of a removed publication: its last title, or "" if it is unknown.

    `removed` is the time when it was removed. `search` is the URL of a search for the title.
    """

    title: str
    removed: datetime
    search: str


class Gone(TypedDict):
    """The response for a removed publication."""

    error: RemovedBody
