"""The responses of the API: their types, and how they are made.

They are the engine's results, with the labels and links that pages show. `openapi` publishes the
types, with their docstrings as descriptions. The fields of a publication depend on the catalogue,
so `openapi` adds them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any, Literal, NotRequired, TypedDict

import msgspec
from msgspec import UNSET, UnsetType

from indexer.catalogue.access import list_given_out
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Publication, SourceLocation
from indexer.codec.segment.fulltext import File
from search_app.engine.results import (
    Bucket,
    Explanation,
    FileMatch,
    Hit,
    Outcome,
    Results,
    Suggestion,
    SuggestionKind,
)
from search_app.engine.store import Related
from search_app.export.csl import format_time
from search_app.i18n.translation import format_number, gettext, ngettext, pgettext
from search_app.presentation.facets import limit_buckets
from search_app.presentation.hits import explain_in_sentences, find_abstract, find_title
from search_app.presentation.html import mark
from search_app.presentation.labels import (
    facet_label,
    make_file_page_url,
    make_file_url,
    make_publication_url,
)
from search_app.presentation.search_page import (
    DiagnosisLinks,
    count_pages,
    make_chips,
    make_diagnosis_links,
)
from search_app.presentation.search_record import SearchRecord
from search_app.search_state import SearchState

MAX_VALUES = 50
"""Maximum number of values of a facet in a response, not counting further restricted ones."""


class RemovedFilter(msgspec.Struct, frozen=True):
    """A selected or excluded value, and the search without it. `url` is null without hits."""

    field: str
    value: str
    excluded: bool
    total: int
    url: str | None


class DiagnosisBody(DiagnosisLinks, frozen=True, kw_only=True):
    """Other searches, if no publication matches all words of a query.

    `without` drops one selected or excluded value.
    """

    without: tuple[RemovedFilter, ...]


class BucketBody(msgspec.Struct, frozen=True, omit_defaults=True):
    """A value of a facet: see `count` of a bucket of the engine. It has a `label`.

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
    children: tuple[BucketBody, ...] = ()


class ExplanationBody(Explanation, frozen=True, kw_only=True):
    """An explanation of a hit, which also says it in sentences."""

    sentences: tuple[str, ...]


class PassageBody(msgspec.Struct, frozen=True):
    """A passage of a page. `html` is escaped, with matches in `<mark>`.

    `page` counts from 1. It is a section of the text if the file has no pages. `url` is that of the
    page, if the site serves the file.
    """

    page: int
    html: str
    url: str | UnsetType = UNSET


class FileBody(msgspec.Struct, frozen=True):
    """A file of a publication. Its full text is searched, unless `has_text` is false.

    `digest` is its SHA-256 in hexadecimal. `url` is present if the site serves it. `page_count` is
    the number of its pages, and `empty_page_count` that of pages without text. `page_count` is 0 if
    the format has no pages, and for a file that can't be read, such as a damaged PDF. `pages` lists
    the pages, or the sections of a text without pages, with the most words of the query, and
    `passages` has passages of the best of them. Both are present in hits, and in a publication if
    the request has `find`.
    """

    name: str
    digest: str
    media_type: str
    page_count: int
    empty_page_count: int
    has_text: bool
    url: str | UnsetType = UNSET
    pages: Sequence[int] | UnsetType = UNSET
    passages: Sequence[PassageBody] | UnsetType = UNSET


class HitBody(TypedDict):
    """A hit, with all fields of its publication.

    `url` is its page. `edition_count` is the number of its editions, including itself. `score` is
    null if the query has no words. `title_html` and `summary_html` are escaped, with matches in
    `<mark>`, and in the language of the page if the publication has them in it. `explanation` is
    present if the request has `explain=1`, and `files` if the full text of files has words of the
    query.
    """

    score: float | None
    url: str
    edition_count: int
    explanation: NotRequired[ExplanationBody]
    files: NotRequired[Sequence[FileBody]]
    title_html: str
    summary_html: str


class Facets(TypedDict):
    """The values of each facet in display order."""


class Search(Outcome, frozen=True, kw_only=True):
    """The response to a search.

    `page` is the number of this page, and `page_count` that of all. `hits` contains those of the
    page, and `facets` the values of each facet in display order. `diagnosis` is null unless no
    publication matches all words.
    """

    query: str
    page: int
    page_count: int
    diagnosis: DiagnosisBody | None
    hits: Sequence[Mapping[str, Any]]
    facets: Mapping[str, Sequence[BucketBody]]


class PublicationBody(TypedDict):
    """A publication, with a value for every field of the catalogue.

    `lang` is the language of the title. `source` is its location in the corpus, or the name of a
    file outside it. `record_added` and `record_changed` are the times (RFC 3339, UTC) when it came
    into the catalogue, and when its record last changed there.
    """

    id: str
    title: str
    summary: str | None
    lang: str
    source: SourceLocation
    record_added: str
    record_changed: str


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

    Apart from `time`, the same `url` and `generation` give the same record. `hits` contains the
    hits in order. `digest` is the SHA-256 of the digests of all hits, in hexadecimal.
    """

    hits: Sequence[RecordedPublication]
    digest: str


class SuggestionBody(msgspec.Struct, frozen=True):
    """A suggestion: its kind, text, and label, and the number of publications that `url` leads to.

    `number` is this total as text, and `description` is the name of the suggestion for a screen
    reader.
    """

    kind: SuggestionKind
    text: str
    label: str
    total: int
    number: str
    description: str
    url: str


class Suggestions(msgspec.Struct, frozen=True):
    """Suggestions for a text that is being typed. `summary` has their number, in words."""

    query: str
    summary: str
    suggestions: Sequence[SuggestionBody]


class Health(msgspec.Struct, frozen=True):
    """The status of the search service, and the generation of the index in use.

    `status` is `degraded` if the live generation cannot be opened and an earlier one is in use.
    """

    status: Literal["ok", "degraded"]
    generation: str
    publication_count: int


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


def make_search(state: SearchState, results: Results, catalogue: Catalogue) -> Search:
    """Return the response of `/api/search`."""
    diagnosis = None
    if results.diagnosis:
        links = make_diagnosis_links(results.diagnosis, state, catalogue)
        without = tuple(
            RemovedFilter(
                chip.field, chip.value, chip.excluded, chip.total, chip.href if chip.total else None
            )
            for chip in make_chips(results, state, catalogue)
        )
        diagnosis = DiagnosisBody(**msgspec.structs.asdict(links), without=without)
    return Search(
        **{name: getattr(results, name) for name in Outcome.__struct_fields__},
        query=state.text,
        page=state.page,
        page_count=count_pages(results, state),
        diagnosis=diagnosis,
        hits=[_make_hit(hit, catalogue, state.prefix) for hit in results.hits],
        facets={
            name: [_make_bucket(bucket, catalogue) for bucket in limit_buckets(values, MAX_VALUES)]
            for name, values in results.facets.items()
        },
    )


def _make_bucket(bucket: Bucket, catalogue: Catalogue) -> BucketBody:
    return BucketBody(
        bucket.field,
        bucket.value,
        facet_label(catalogue.by_name[bucket.field], bucket.value, catalogue),
        bucket.count,
        bucket.selected,
        bucket.excluded,
        tuple(_make_bucket(child, catalogue) for child in bucket.children),
    )


def _make_hit(hit: Hit, catalogue: Catalogue, prefix: str) -> dict[str, object]:
    """Return a hit, with every field of its publication.

    Its marked texts are in the language of the page if the publication has them in it.
    """
    title, abstract = (
        find(hit.publication, catalogue).field for find in (find_title, find_abstract)
    )
    body: HitBody = {
        "score": hit.score,
        "url": make_publication_url(hit.publication.id, prefix),
        "edition_count": hit.other_edition_count + 1,
        "title_html": str(mark(hit.translations.get(title, hit.title))),
        "summary_html": str(mark(hit.translations.get(abstract, hit.passage))),
    }
    if hit.explanation:
        sentences = tuple(explain_in_sentences(hit.explanation, catalogue))
        body["explanation"] = ExplanationBody(
            **msgspec.structs.asdict(hit.explanation), sentences=sentences
        )
    if hit.files:
        body["files"] = [
            _make_file(match.file, match, hit.publication, catalogue, prefix) for match in hit.files
        ]
    return {**body, **_list_fields(hit.publication, catalogue)}


def make_publication(
    publication: Publication,
    related: Related,
    files: Sequence[File],
    matches: Sequence[FileMatch] | None,
    catalogue: Catalogue,
    prefix: str,
) -> dict[str, object]:
    """Return the response of `/api/publication/ID`: a publication, its files, and related ones.

    `matches` are those of a text to find in its files, if there is one. `files`, `other_editions`,
    `similar` and `other_sources` are present only if there are any. The last one has the locations
    of merged duplicates.
    """
    body = _list_fields(publication, catalogue)
    found = {match.file.digest: match for match in matches or ()}
    if files:
        body["files"] = [
            _make_file(
                file,
                None if matches is None else found.get(file.digest, FileMatch(file, (), ())),
                publication,
                catalogue,
                prefix,
            )
            for file in files
        ]
    for name, publications in (("other_editions", related.editions), ("similar", related.similar)):
        if publications:
            body[name] = [_make_related(item, catalogue, prefix) for item in publications]
    if publication.other_sources:
        body["other_sources"] = [*map(_hide_folder, publication.other_sources)]
    return body


def _make_file(
    file: File, match: FileMatch | None, publication: Publication, catalogue: Catalogue, prefix: str
) -> FileBody:
    """Return a file, with its pages and passages if there is a query."""
    url = make_file_url(file, publication, catalogue, prefix)
    body = FileBody(
        file.name,
        file.digest,
        file.media_type,
        file.page_count,
        file.empty_page_count,
        file.has_text,
        url or UNSET,
    )
    if match is None:
        return body
    passages = [
        PassageBody(
            found.page, str(mark(found.passage)), make_file_page_url(file, url, found.page) or UNSET
        )
        for found in match.passages
    ]
    return msgspec.structs.replace(body, pages=match.pages, passages=passages)


def _list_fields(publication: Publication, catalogue: Catalogue) -> dict[str, object]:
    """Return a publication with every field of the catalogue by its name.

    Fields of several values are always arrays. A field without a value is null.
    """
    body: PublicationBody = {
        "id": publication.id,
        "title": publication.title,
        "summary": publication.summary,
        "lang": publication.lang or catalogue.language,
        "source": _hide_folder(publication.source),
        "record_added": format_time(publication.added),
        "record_changed": format_time(publication.changed),
    }
    return {
        **body,
        **{
            field.name: list(values) if field.several else next(iter(values), None)
            for field, values in list_given_out(publication, catalogue)
        },
    }


def _hide_folder(location: SourceLocation) -> SourceLocation:
    """Return a location that has only the name of a file outside the corpus folder.

    A full path would reveal the file system of the server, or of the builder.
    """
    for path in PurePosixPath(location.file), PureWindowsPath(location.file):
        if path.is_absolute():
            return SourceLocation(path.name, location.line)
    return location


def _make_related(publication: Publication, catalogue: Catalogue, prefix: str) -> dict[str, object]:
    """Return a related publication as a list shows it: its title, and its facts by field."""
    linked: LinkedBody = {
        "url": make_publication_url(publication.id, prefix),
        "id": publication.id,
        "title": publication.title,
        "lang": publication.lang or catalogue.language,
    }
    body = _list_fields(publication, catalogue)
    return {**linked, **{field.name: body[field.name] for field in catalogue.facts}}


def write_record(record: SearchRecord, publications: Iterable[Publication]) -> Iterator[bytes]:
    """Yield the response of `/api/search-record` in parts, one for each publication."""
    yield msgspec.json.encode(record)[:-1] + b',"hits":['
    content, separator = sha256(), b""
    for publication in publications:
        digest = publication.digest
        content.update(digest)
        entry: RecordedPublication = {"id": publication.id, "digest": digest.hex()}
        yield separator + msgspec.json.encode(entry)
        separator = b","
    yield f'],"digest":"{content.hexdigest()}"}}'.encode()


def make_suggestions(
    typed: str, state: SearchState, suggestions: Sequence[Suggestion], catalogue: Catalogue
) -> Suggestions:
    """Return the response of `/api/suggest` for a text that is being typed."""
    summary = ngettext("%(number)s suggestion", "%(number)s suggestions", len(suggestions))
    return Suggestions(
        typed,
        summary % {"number": format_number(len(suggestions))},
        [_make_suggestion(each, state, catalogue) for each in suggestions],
    )


def _make_suggestion(
    suggestion: Suggestion, state: SearchState, catalogue: Catalogue
) -> SuggestionBody:
    """Return a suggestion with a link to a publication, a search, or the list of a facet value."""
    text = label = suggestion.text
    number, new = format_number(suggestion.total), state.change(match="auto")
    described = ngettext(
        "%(value)s, %(number)s publication", "%(value)s, %(number)s publications", suggestion.total
    )
    match suggestion.kind:
        case "facet":
            field = catalogue.by_name[suggestion.field]
            text = facet_label(field, suggestion.value, catalogue)
            label = pgettext("filter", "%(field)s: %(value)s") % {
                "field": field.label,
                "value": text,
            }
            new = new.with_text("").with_filter(suggestion.field, suggestion.value)
            url = new.make_url()
        case "title":
            url = make_publication_url(suggestion.value, state.prefix)
            described = gettext("%(value)s, a publication")
        case _:
            url = new.with_text(text).make_url()
    return SuggestionBody(
        suggestion.kind,
        text,
        label,
        suggestion.total,
        number,
        described % {"value": label, "number": number},
        url,
    )
