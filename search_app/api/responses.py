"""The responses of the API, made of the engine's results and of the links that pages show.

`openapi` publishes these types, with their docstrings as descriptions. The fields of a publication
depend on the catalogue, so they have no types here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any, Literal, NotRequired, TypedDict

import msgspec

from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Publication, SourceLocation
from search_app.api.files import FileBody, serialize_matches
from search_app.engine.results import Bucket, Explanation, Hit, Outcome, Results
from search_app.engine.store import Related
from search_app.presentation.alternatives import Alternatives, alternatives
from search_app.presentation.displayed_texts import find_abstract, find_title
from search_app.presentation.explanations import explain_in_sentences
from search_app.presentation.facet_panel import limit_buckets
from search_app.presentation.facet_rows import facet_label
from search_app.presentation.html import mark
from search_app.presentation.list_controls import count_pages
from search_app.presentation.search_page import Chip, make_chips
from search_app.presentation.search_record import SearchRecord
from search_app.presentation.urls import make_publication_url
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


class DiagnosisBody(Alternatives, frozen=True, kw_only=True):
    """Alternatives to a query, if no publication matches all of its words.

    `without` drops one selected or excluded value.
    """

    without: tuple[RemovedFilter, ...]


class BucketBody(msgspec.Struct, frozen=True, omit_defaults=True):
    """A value of a facet: see `count` and `total` of a bucket of the engine. It has a `label`.

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


class Search(Outcome, frozen=True, kw_only=True):
    """The response to a search.

    `page` is the number of this page, and `pages` that of all. `hits` has those of the page, and
    `facets` the values of each facet in display order. `diagnosis` is null unless no publication
    matches all words.
    """

    query: str
    page: int
    pages: int
    diagnosis: DiagnosisBody | None
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


def make_search(state: SearchState, results: Results, catalogue: Catalogue) -> Search:
    """Return the response of `/api/search`."""
    return Search(
        **{name: getattr(results, name) for name in Outcome.__struct_fields__},
        query=state.text,
        page=state.page,
        pages=count_pages(results, state),
        diagnosis=_make_diagnosis(results, state, catalogue),
        hits=[_serialize_hit(hit, catalogue, state.prefix) for hit in results.hits],
        facets={
            name: [_make_bucket(bucket, catalogue) for bucket in limit_buckets(values, MAX_VALUES)]
            for name, values in results.facets.items()
        },
    )


def _make_diagnosis(
    results: Results, state: SearchState, catalogue: Catalogue
) -> DiagnosisBody | None:
    if results.diagnosis is None:
        return None
    links = alternatives(results.diagnosis, state, catalogue)
    without = map(_make_removed, make_chips(results, state, catalogue))
    return DiagnosisBody(**msgspec.structs.asdict(links), without=tuple(without))


def _make_removed(chip: Chip) -> RemovedFilter:
    url = chip.href if chip.total else None
    return RemovedFilter(chip.field, chip.value, chip.excluded, chip.total, url)


def _make_bucket(bucket: Bucket, catalogue: Catalogue) -> BucketBody:
    label = facet_label(catalogue.by_name[bucket.field], bucket.value, catalogue)
    return BucketBody(
        bucket.field, bucket.value, label, bucket.count, bucket.selected, bucket.excluded,
        tuple(_make_bucket(child, catalogue) for child in bucket.children),
    )  # fmt: skip


def _serialize_hit(hit: Hit, catalogue: Catalogue, prefix: str) -> dict[str, object]:
    """Return a hit, with every field of its publication.

    Its marked texts are in the language of the page if the publication has them in it.
    """
    title, abstract = (find(hit.publication, catalogue).row for find in (find_title, find_abstract))
    body: HitBody = {
        "score": hit.score,
        "url": make_publication_url(hit.publication.id, prefix),
        "editions": hit.editions + 1,
        "title_html": str(mark(hit.translations.get(title, hit.title))),
        "summary_html": str(mark(hit.translations.get(abstract, hit.passage))),
    }
    if hit.why:
        sentences = explain_in_sentences(hit.why, catalogue)
        body["why"] = ExplanationBody(**msgspec.structs.asdict(hit.why), sentences=sentences)
    if hit.files:
        body["files"] = serialize_matches(hit.files, hit.publication, catalogue, prefix)
    return {**body, **serialize_publication(hit.publication, catalogue)}


def serialize_publication(publication: Publication, catalogue: Catalogue) -> dict[str, object]:
    """Return a publication with every field of the catalogue by its name.

    Fields of several values are always arrays. A field without a value is null.
    """
    body: PublicationBody = {
        "id": publication.id,
        "title": publication.title,
        "summary": publication.summary,
        "lang": publication.lang or catalogue.language,
        "source": _serialize_location(publication.source),
    }
    values = {field: catalogue.get_values(publication, field) for field in catalogue.stored}
    return {
        **body,
        **{
            field.name: list(field_values) if field.several else next(iter(field_values), None)
            for field, field_values in values.items()
        },
    }


def serialize_whole(
    publication: Publication, related: Related, files: Sequence[FileBody], catalogue: Catalogue,
    prefix: str,
) -> dict[str, object]:  # fmt: skip
    """Return the response of `/api/publication/ID`: a publication, its files, and related ones.

    `files`, `other_editions`, `similar` and `other_sources` are present only if there are any. The
    last one has the locations of merged duplicates.
    """
    body = serialize_publication(publication, catalogue)
    if files:
        body["files"] = files
    for name, publications in (("other_editions", related.editions), ("similar", related.similar)):
        if publications:
            body[name] = [_serialize_related(item, catalogue, prefix) for item in publications]
    if publication.other_sources:
        body["other_sources"] = [*map(_serialize_location, publication.other_sources)]
    return body


def _serialize_location(location: SourceLocation) -> SourceLocation:
    """Return a location that has only the name of a file outside the corpus folder.

    A full path would reveal the file system of the server, or of the builder.
    """
    for path in PurePosixPath(location.file), PureWindowsPath(location.file):
        if path.is_absolute():
            return SourceLocation(path.name, location.line)
    return location


def _serialize_related(
    publication: Publication, catalogue: Catalogue, prefix: str
) -> dict[str, object]:
    """Return a related publication as a list shows it: its title, and its facts by field."""
    linked: LinkedBody = {
        "url": make_publication_url(publication.id, prefix),
        "id": publication.id,
        "title": publication.title,
        "lang": publication.lang or catalogue.language,
    }
    body = serialize_publication(publication, catalogue)
    return {**linked, **{field.name: body[field.name] for field in catalogue.facts}}


def write_record(record: SearchRecord, publications: Iterable[Publication]) -> Iterator[bytes]:
    """Yield the response of `/api/search-record` in parts, one for each publication."""
    yield msgspec.json.encode(record)[:-1] + b',"ids":['
    content, separator = sha256(), b""
    for publication in publications:
        digest = publication.digest
        content.update(digest)
        entry: RecordedPublication = {"id": publication.id, "digest": digest.hex()}
        yield separator + msgspec.json.encode(entry)
        separator = b","
    yield f'],"digest":"{content.hexdigest()}"}}'.encode()
