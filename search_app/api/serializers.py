"""JSON responses of the API, built with the functions that the pages use."""

from __future__ import annotations

from collections.abc import Sequence

from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Publication
from search_app.api import schemas
from search_app.engine.results import Bucket, Hit, Results, Suggestion, Why
from search_app.engine.store import Related
from search_app.presentation.alternatives import Way, ways
from search_app.presentation.explanations import reasons
from search_app.presentation.facet_panel import is_ticked, label
from search_app.presentation.html import marked
from search_app.presentation.search_page import chips, page_count, publication_url
from search_app.search_state import SearchState

MOST_VALUES = 50
"""Maximum number of values of a facet in a response, not counting further selected ones."""


def search_json(state: SearchState, results: Results, catalogue: Catalogue) -> schemas.Search:
    """Return the response of `/api/search`."""
    return {
        "query": state.text,
        "total": results.total,
        "titles": results.titles,
        "page": state.page,
        "pages": page_count(results, state),
        "relaxed": results.relaxed,
        "kept": list(results.kept),
        "by_meaning": results.meant,
        "any_word": _any_word_json(state, results.any_word),
        "corrected": results.corrected,
        "years": results.years,
        "suggestion": results.suggestion,
        "unknown_fields": results.unknown_fields,
        "also": [
            {"said": each.said, "names": list(each.also), "narrower": list(each.narrower)}
            for each in results.named
        ],
        "left_out": {
            "words_over_the_limit": results.ignored,
            "too_much": list(results.too_much),
            "cut": [{"said": said, "words": words} for said, words in results.cut],
        },
        "diagnosis": _diagnosis_json(state, results, catalogue),
        "generation": results.generation,
        "took_ms": results.took,
        "hits": [
            {
                **_found_json(hit, catalogue, state.prefix),
                **publication_json(hit.publication, catalogue),
            }
            for hit in results.hits
        ],
        "facets": {
            name: [_bucket_json(each, catalogue) for each in _for_api(buckets)]
            for name, buckets in results.facets.items()
        },
    }


def _any_word_json(state: SearchState, total: int | None) -> schemas.Way | None:
    """Return the search for any of the words, or None if there is no such offer."""
    if total is None:
        return None
    return {"text": state.text, "total": total, "url": state.with_match("any").url()}


def _found_json(hit: Hit, catalogue: Catalogue, prefix: str) -> schemas.Found:
    """Return the fields of a hit that do not come from its publication."""
    found: schemas.Found = {
        "score": hit.score,
        "url": publication_url(hit.publication.id, prefix),
        "editions": hit.editions + 1,
        "title_html": str(marked(hit.title)),
        "summary_html": str(marked(hit.passage)),
    }
    if hit.why:
        found["why"] = _why_json(hit.why, catalogue)
    return found


def _why_json(why: Why, catalogue: Catalogue) -> schemas.Why:
    """Return the explanation of a hit: sentences, and the parts of its score."""
    return {
        "sentences": list(reasons(why, catalogue)),
        "parts": why.parts,
        "lacks": why.lacks,
        "filters": why.filters,
        "meaning": why.meaning,
    }


def _diagnosis_json(
    state: SearchState, results: Results, catalogue: Catalogue
) -> schemas.Diagnosis | None:
    """Return the alternatives to a query, each with its number of hits and its page's URL."""
    if results.diagnosis is None:
        return None
    found = ways(results.diagnosis, state, catalogue)
    return {
        "words": [_way_json(each) for each in found.words],
        "nearest": [_way_json(each) for each in found.nearest],
        "without": [
            {
                "field": each.field,
                "value": each.value,
                "total": each.total,
                "url": each.href if each.total else None,
            }
            for each in chips(results, state, catalogue)
        ],
        "without_filters": _way_json(found.unfiltered) if found.unfiltered else None,
        "any": _way_json(found.any) if found.any else None,
        "lacking": [
            {
                "said": each.said,
                "broader": [_way_json(way) for way in each.broader],
                "related": [_way_json(way) for way in each.related],
            }
            for each in found.lacking
        ],
        "places": [
            {
                "name": each.name,
                "regions": [_way_json(way) for way in each.regions],
                "countries": [_way_json(way) for way in each.countries],
                "unplaced": [_way_json(way) for way in each.unplaced],
            }
            for each in found.places
        ],
    }


def _way_json(way: Way) -> schemas.Way:
    return {"text": way.label, "total": way.total, "url": way.href or None}


def _for_api(buckets: Sequence[Bucket]) -> list[Bucket]:
    return [
        each for place, each in enumerate(buckets)
        if place < MOST_VALUES or is_ticked(each)
    ]  # fmt: skip


def _bucket_json(bucket: Bucket, catalogue: Catalogue) -> schemas.Bucket:
    field = catalogue.by_name[bucket.field]
    found: schemas.Bucket = {
        "field": bucket.field,
        "value": bucket.value,
        "label": label(field, bucket.value, catalogue),
        "count": bucket.count,
        "selected": bucket.selected,
    }
    if bucket.children:
        found["children"] = [_bucket_json(child, catalogue) for child in bucket.children]
    return found


def suggest_json(
    text: str, state: SearchState, suggestions: Sequence[Suggestion], catalogue: Catalogue
) -> schemas.Suggestions:
    """Return the response of `/api/suggest` for a text that is being typed.

    `label` is the displayed text of a suggestion. `count` is the number of publications that `href`
    leads to.
    """
    return {
        "query": text,
        "suggestions": [
            {
                "kind": each.kind,
                "text": each.text,
                "label": _suggested(each, catalogue),
                "count": each.count,
                "href": _leads_to(each, state),
            }
            for each in suggestions
        ],
    }


def _suggested(suggestion: Suggestion, catalogue: Catalogue) -> str:
    """Return the label of a suggestion. The label of a facet value includes its facet."""
    if suggestion.kind != "facet":
        return suggestion.text
    return f"{catalogue.by_name[suggestion.field].label}: {suggestion.text}"


def _leads_to(suggestion: Suggestion, state: SearchState) -> str:
    """Return the URL of a suggestion: a publication, a search, or the list of a facet value."""
    if suggestion.kind == "title":
        return publication_url(suggestion.value, state.prefix)
    anew = state.with_match("auto")
    if suggestion.kind == "word":
        return anew.with_text(suggestion.text).url()
    return anew.with_text("").with_filter(suggestion.field, suggestion.value).url()


def publication_json(publication: Publication, catalogue: Catalogue) -> dict[str, object]:
    """Return a publication with every field of the catalogue by its name.

    Fields of several values are always arrays. A field without a value is null.
    """
    entry: schemas.Entry = {
        "id": publication.id,
        "title": publication.title,
        "summary": publication.summary,
        "lang": publication.lang or catalogue.language,
        "source": publication.source,
    }
    values = {field: catalogue.values(publication, field) for field in catalogue.fields}
    return {
        **entry,
        **{
            field.name: list(held) if field.several else next(iter(held), None)
            for field, held in values.items()
        },
    }


def whole_json(
    publication: Publication, related: Related, catalogue: Catalogue, prefix: str
) -> dict[str, object]:
    """Return the response of `/api/publication/ID`: a publication and its related ones.

    `other_editions` and `similar` are present only if there are any.
    """
    found = publication_json(publication, catalogue)
    for name, others in (("other_editions", related.editions), ("similar", related.similar)):
        if others:
            found[name] = [_neighbour_json(other, catalogue, prefix) for other in others]
    return found


def _neighbour_json(
    publication: Publication, catalogue: Catalogue, prefix: str
) -> dict[str, object]:
    """Return a related publication as a list shows it: its title, and its facts by field."""
    linked: schemas.Linked = {
        "url": publication_url(publication.id, prefix),
        "id": publication.id,
        "title": publication.title,
        "lang": publication.lang or catalogue.language,
    }
    told = publication_json(publication, catalogue)
    return {**linked, **{field.name: told[field.name] for field in catalogue.facts}}
