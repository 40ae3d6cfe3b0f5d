"""The search pipeline: request → results.

`find` retrieves, sorts and counts. `results` adds what a page shows: passages, facet buckets,
explanations and suggestions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray
from whoosh import query

from search_app.engine.arrays import facets, term_expansion
from search_app.engine.arrays.facets import Sifted
from search_app.engine.arrays.toggle_counts import Selection
from search_app.engine.arrays.top_hits import best, folded, leveled
from search_app.engine.deadline import Stopwatch
from search_app.engine.features import highlight
from search_app.engine.features.explain import Explainer
from search_app.engine.features.zero_results import diagnosed
from search_app.engine.interpretation import spellcheck, world_places
from search_app.engine.interpretation.interpreter import Understood
from search_app.engine.query.nodes import leaves
from search_app.engine.request import SearchRequest, Sort
from search_app.engine.results import Bucket, Diagnosis, Hit, Named, Results, Why
from search_app.engine.retrieval import Finding, found
from search_app.engine.snapshot.facet_table import Counts
from search_app.engine.snapshot.snapshot import Documents, Snapshot

MOST_REASONS = 10_000
"""Limit on explained matches: clauses times hits. With more than 100 clauses, only the first hits
of a page of 100 have explanations."""


class Answer(NamedTuple):
    """The outcome of a search, before texts and buckets are made of it.

    `numbers` has the documents of the requested page, in order, and `scores` (float32) their
    scores, or None without words. `finding` has all hits. `counts` has the facet counts. A facet
    with a selected value is counted without its own selection.
    """

    request: SearchRequest
    snapshot: Snapshot
    finding: Finding
    sort: Sort
    numbers: Documents
    scores: NDArray[np.float32] | None
    counts: Counts
    watch: Stopwatch

    @property
    def understood(self) -> Understood:
        """How the query was interpreted."""
        return self.finding.understood

    @property
    def sifted(self) -> Sifted:
        """All hits."""
        return self.finding.sifted

    @property
    def chosen(self) -> Mapping[str, Selection]:
        """The selection of each facet with a selected value."""
        return self.finding.chosen

    @property
    def total(self) -> int:
        """The number of hits."""
        return self.finding.total

    @property
    def meant(self) -> int:
        """The number of hits by semantic similarity alone."""
        return self.among_found(self.finding.added)

    def among_found(self, documents: Documents) -> int:
        """Return how many of the given documents are hits."""
        return len(self.snapshot.common(documents, self.sifted.documents)[0])

    @property
    def titles(self) -> int:
        """The number of hits, with the editions of one title counted once."""
        return self.snapshot.editions.titles(self.sifted.documents)


def find(request: SearchRequest, snapshot: Snapshot, watch: Stopwatch | None = None) -> Answer:
    """Return the sorted page of hits of a search, and its facet counts. Raise OverBudget."""
    watch = watch or Stopwatch()
    finding = found(request, snapshot, watch)
    base, keys, sifted = finding.base, finding.keys, finding.sifted
    sort = _sort(request, is_scored=base is not None)
    listed, order = sifted.documents, keys
    if finding.dated.wants_newest and request.sort is None and keys is not None:
        order = leveled(keys)
    if request.fold:
        stays = folded(listed, order, snapshot.ranks, sort, snapshot.editions.family)
        listed = listed.take(stays)
        keys, order = [None if each is None else each.take(stays) for each in (keys, order)]
    first = (request.page - 1) * request.size
    at = best(listed, order, snapshot.ranks, sort, slice(first, first + request.size))
    scores = None if base is None or keys is None else base.scores(keys.take(at))
    watch.lap("score")
    counts = snapshot.table.counts(sifted.documents, dict(_but_for_their_own(finding)))
    watch.lap("facets")
    return Answer(finding.request, snapshot, finding, sort, listed.take(at), scores, counts, watch)


def _but_for_their_own(finding: Finding) -> Iterator[tuple[str, Documents]]:
    """Yield each field with a selected value, and the documents that pass all other facets."""
    for facet, selection in finding.chosen.items():
        left = finding.sifted.but_for(facet)
        for row in selection.rows:
            yield row.name, left


def _sort(request: SearchRequest, *, is_scored: bool) -> Sort:
    """Return the sort order. Without words there is no relevance, so it falls back to newest."""
    if is_scored:
        return request.sort or "relevance"
    return request.sort if request.sort and request.sort != "relevance" else "newest"


def results(answer: Answer) -> Results:
    """Return the results, with highlighted texts and facet buckets. Raise OverBudget."""
    read = answer.understood
    buckets, left_out = _facets(answer)
    answer.watch.lap("facets")
    hits = _hits(answer, _why(answer))
    answer.watch.lap("passages")
    strict = answer.among_found(read.strict)
    diagnosis = _diagnosis(answer, strict)
    return Results(
        total=answer.total,
        titles=answer.titles,
        is_folded=answer.request.fold,
        hits=hits,
        facets=buckets,
        left_out=left_out,
        relaxed=read.relaxed,
        strict=strict,
        kept=read.kept,
        meant=answer.meant,
        any_word=_any_word(answer),
        corrected=read.corrected,
        years=answer.finding.dated.expressions,
        suggestion=_suggestion(answer),
        named=tuple(
            Named(leaf.said, leaf.also, leaf.narrower)
            for leaf in leaves(read.parsed.words)
            if leaf.also or leaf.narrower
        ),
        scored=answer.scores is not None,
        sort=answer.sort,
        ignored=read.parsed.ignored + answer.request.beyond,
        too_much=read.left_out,
        cut=_cut(answer),
        unknown=read.parsed.unknown,
        unknown_fields=read.parsed.unknown_fields,
        is_read=not answer.request.text
        or read.parsed.words is not None
        or bool(read.parsed.filters),
        diagnosis=diagnosis,
        is_gap=diagnosis is not None and len(answer.sifted.given) == len(answer.finding.added),
        generation=answer.snapshot.name,
        took=round(answer.watch.total, 3),
        stages=answer.watch.stages,
    )


def _facets(answer: Answer) -> tuple[dict[str, tuple[Bucket, ...]], dict[str, int]]:
    """Return the buckets of each facet, and how many of its values have none."""
    buckets, left_out = {}, {}
    for field in answer.snapshot.catalogue.facets:
        name = field.name
        selection = answer.chosen.get(name) or Selection(field, {}, answer.snapshot)
        base = answer.sifted.but_for(name)
        buckets[name] = facets.buckets(base, answer.counts, selection, answer.request.values)
        left_out[name] = facets.left_out(buckets[name], answer.counts, selection)
    return buckets, left_out


def _any_word(answer: Answer) -> int | None:
    """Return the number of hits for any word, if a query with operators has fewer, and few."""
    request, read = answer.request, answer.understood
    if request.match != "auto" or not (read.is_strict and read.is_narrow and answer.total):
        return None
    wider = msgspec.structs.replace(request, match="any", page=1, sort=None)
    total = found(wider, answer.snapshot).total
    return total if total > answer.total else None


def _suggestion(answer: Answer) -> str | None:
    """Return a corrected query text to suggest, if a word is rare or misspelled, or None.

    The text has hits within the filters, or it names a place. A place without hits is suggested
    because its page links to the region.
    """
    request, read = answer.request, answer.understood
    if request.exact or read.corrected or read.base is None:
        return None
    is_rare = not read.relaxed and len(read.base.documents) < spellcheck.FREQUENT
    text = spellcheck.of(answer.snapshot).suggested(request.text, rare=is_rare)
    if text is None or world_places.mentions(text):
        return text
    meant = msgspec.structs.replace(request, text=text, semantic=True, page=1, sort=None)
    return text if found(meant, answer.snapshot).total else None


def _cut(answer: Answer) -> tuple[tuple[str, int], ...]:
    """Return prefixes, wildcards and fuzzy terms over the limit, with the number of terms cut."""
    read = answer.understood
    expanding = (query.Prefix, query.Wildcard, query.FuzzyTerm)
    counted = (
        (leaf.said, term_expansion.left_out(leaf, answer.snapshot))
        for leaf in leaves(read.parsed.words)
        if isinstance(leaf.subqueries[0], expanding) and leaf.said not in read.left_out
    )
    return tuple((said, count) for said, count in counted if count)


def _why(answer: Answer) -> list[Why | None]:
    """Return the explanation of each hit of the page, or None where there is none."""
    if not answer.request.explain:
        return [None] * len(answer.numbers)
    snapshot = answer.snapshot
    read, meant = answer.understood, answer.finding.meant
    explainer = Explainer(answer.request, read, snapshot, meant)
    words = sum(1 for _ in leaves(read.tree)) or 1
    told: list[Why | None] = []
    for each in answer.numbers.tolist()[: max(MOST_REASONS // words, 1)]:
        told.append(explainer.why(each, snapshot.publication(each)))
        answer.watch.lap("explain")
    return told + [None] * (len(answer.numbers) - len(told))


def _diagnosis(answer: Answer, strict: int) -> Diagnosis | None:
    """Return alternatives to the search if no hit matches all of the query, or None."""
    if strict or (answer.total > answer.meant and not answer.understood.relaxed):
        return None
    with answer.watch.one_stage("diagnosis"):
        return diagnosed(answer.request, answer.finding, answer.snapshot, answer.watch)


def _hits(answer: Answer, told: Sequence[Why | None]) -> tuple[Hit, ...]:
    words, catalogue = answer.understood.tree, answer.snapshot.catalogue
    title_row, summary_row = catalogue.role("title"), catalogue.role("summary")
    in_title = highlight.marker(words, title_row.name if title_row else "", catalogue.language)
    in_summary = highlight.marker(
        words, summary_row.name if summary_row else "", catalogue.language
    )
    scores = [None] * len(answer.numbers) if answer.scores is None else answer.scores.tolist()
    hits = []
    for number, score, why in zip(answer.numbers.tolist(), scores, told, strict=True):
        answer.watch.lap("passages")  # an expensive search may pause between hits
        publication = answer.snapshot.publication(number)
        hits.append(
            Hit(
                publication,
                None if score is None else round(score, 4),
                highlight.whole(publication.title, in_title, publication.lang),
                highlight.passage(publication.summary or "", in_summary, publication.lang),
                len(answer.snapshot.editions.others(number)),
                why,
            )
        )
    return tuple(hits)
