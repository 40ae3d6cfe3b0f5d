"""JSON responses of the API, built with the functions that the pages use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import PurePosixPath, PureWindowsPath

import msgspec

from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Publication, SourceLocation
from search_app.api import schemas
from search_app.api.files import FileBody, serialize_matches
from search_app.engine.results import Bucket, Hit, Results
from search_app.engine.store import Related
from search_app.presentation.alternatives import SearchLink, alternatives
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


def serialize_search(state: SearchState, results: Results, catalogue: Catalogue) -> schemas.Search:
    """Return the response of `/api/search`."""
    return {
        "query": state.text,
        "total": results.total,
        "titles": results.titles,
        "page": state.page,
        "pages": count_pages(results, state),
        "relaxed": results.relaxed,
        "kept": list(results.required),
        "lacks": [{"said": text, "hits": hits} for text, hits in results.lacks],
        "by_meaning": results.semantic_hits,
        "any_word": _serialize_any_word(state, results.any_word),
        "corrected": results.corrected,
        "years": results.years,
        "identifies": results.identifies,
        "suggestion": results.suggestion,
        "unknown_fields": results.unknown_fields,
        "also": [
            {"said": entity.text, "names": list(entity.synonyms), "narrower": list(entity.narrower)}
            for entity in results.entities
        ],
        "left_out": {
            "words_over_the_limit": results.ignored_words,
            "too_much": list(results.dropped_clauses),
            "cut": [{"said": text, "words": words} for text, words in results.truncated_expansions],
        },
        "diagnosis": _serialize_diagnosis(state, results, catalogue),
        "generation": results.generation,
        "took_ms": results.took_ms,
        "hits": [_serialize_hit(hit, catalogue, state.prefix) for hit in results.hits],
        "facets": {
            name: [
                _serialize_bucket(bucket, catalogue) for bucket in limit_buckets(values, MAX_VALUES)
            ]
            for name, values in results.facets.items()
        },
    }


def _serialize_any_word(state: SearchState, total: int | None) -> schemas.SearchLinkBody | None:
    """Return the search for any of the words, or None if there is no such offer."""
    if total is None:
        return None
    return {"text": state.text, "total": total, "url": state.with_match("any").make_url()}


def _serialize_hit(hit: Hit, catalogue: Catalogue, prefix: str) -> dict[str, object]:
    """Return a hit, with every field of its publication.

    Its marked texts are in the language of the page if the publication has them in it.
    """
    title, abstract = (find(hit.publication, catalogue).row for find in (find_title, find_abstract))
    body: schemas.HitBody = {
        "score": hit.score,
        "url": make_publication_url(hit.publication.id, prefix),
        "editions": hit.editions + 1,
        "title_html": str(mark(hit.translations.get(title, hit.title))),
        "summary_html": str(mark(hit.translations.get(abstract, hit.passage))),
    }
    if hit.why:
        body["why"] = {
            "sentences": list(explain_in_sentences(hit.why, catalogue)),
            "parts": hit.why.parts,
            "lacks": hit.why.lacks,
            "filters": hit.why.filters,
            "meaning": hit.why.meaning,
            "title": hit.why.title,
            "nearness": hit.why.nearness,
            "feedback": hit.why.feedback,
            "shared": hit.why.shared,
        }
    if hit.files:
        body["files"] = serialize_matches(hit.files, hit.publication, catalogue, prefix)
    return {**body, **serialize_publication(hit.publication, catalogue)}


def _serialize_chip(chip: Chip) -> schemas.RemovedFilterBody:
    return {
        "field": chip.field,
        "value": chip.value,
        "excluded": chip.excluded,
        "total": chip.total,
        "url": chip.href if chip.total else None,
    }


def _serialize_diagnosis(
    state: SearchState, results: Results, catalogue: Catalogue
) -> schemas.DiagnosisBody | None:
    """Return the alternatives to a query, each with its number of hits and its page's URL."""
    if results.diagnosis is None:
        return None
    links = alternatives(results.diagnosis, state, catalogue)
    return {
        "words": [_serialize_link(link) for link in links.words],
        "nearest": [_serialize_link(link) for link in links.nearest],
        "without": [_serialize_chip(chip) for chip in make_chips(results, state, catalogue)],
        "without_filters": _serialize_link(links.unfiltered) if links.unfiltered else None,
        "any": _serialize_link(links.any) if links.any else None,
        "any_of": {facet: _serialize_link(link) for facet, link in links.any_of.items()},
        "lacking": [
            {
                "said": lacking.text,
                "broader": [_serialize_link(link) for link in lacking.broader],
                "related": [_serialize_link(link) for link in lacking.related],
            }
            for lacking in links.lacking
        ],
        "places": [
            {
                "name": place.name,
                "regions": [_serialize_link(link) for link in place.regions],
                "countries": [_serialize_link(link) for link in place.countries],
                "unplaced": [_serialize_link(link) for link in place.unplaced],
            }
            for place in links.places
        ],
    }


def _serialize_link(link: SearchLink) -> schemas.SearchLinkBody:
    return {"text": link.label, "total": link.total, "url": link.href or None}


def _serialize_bucket(bucket: Bucket, catalogue: Catalogue) -> schemas.BucketBody:
    field = catalogue.by_name[bucket.field]
    body: schemas.BucketBody = {
        "field": bucket.field,
        "value": bucket.value,
        "label": facet_label(field, bucket.value, catalogue),
        "count": bucket.count,
        "selected": bucket.selected,
        "excluded": bucket.excluded,
    }
    if bucket.children:
        body["children"] = [_serialize_bucket(child, catalogue) for child in bucket.children]
    return body


def serialize_publication(publication: Publication, catalogue: Catalogue) -> dict[str, object]:
    """Return a publication with every field of the catalogue by its name.

    Fields of several values are always arrays. A field without a value is null.
    """
    body: schemas.PublicationBody = {
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
    linked: schemas.LinkedBody = {
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
        entry: schemas.RecordedPublication = {"id": publication.id, "digest": digest.hex()}
        yield separator + msgspec.json.encode(entry)
        separator = b","
    yield f'],"digest":"{content.hexdigest()}"}}'.encode()
