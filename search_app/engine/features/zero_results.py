"""Why nothing was found, or nothing with all the words: what each of them finds alone.

Each number is the total of a search that a link may lead to, and comes from that very search. For
a thing that no publication has, broader and related things are offered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import msgspec
from whoosh import query

from indexer.analysis import tokenizer
from indexer.analysis.folding import as_written
from indexer.catalogue.fields import Catalogue
from search_app.engine.arrays.matcher import postings
from search_app.engine.deadline import Stopwatch
from search_app.engine.features import missing_places
from search_app.engine.interpretation import entity_linker, spellcheck, world_places
from search_app.engine.interpretation.entities import Thing
from search_app.engine.query.clause_builder import LONGEST
from search_app.engine.query.nodes import Leaf, leaves, parts, wanted
from search_app.engine.request import SearchRequest
from search_app.engine.results import Counted, Diagnosis, Lacking
from search_app.engine.retrieval import Finding, found
from search_app.engine.snapshot.snapshot import Snapshot

MOST_WORDS = 8
"""So many of the things typed are told, each costing a search."""
MOST_UNKNOWN, MOST_NEAREST, TRIED = 2, 3, 4
"""Of so many unknown words like ones are looked for, so many are told in all, and so many tried
beside each."""
MOST_WIDER = 3
"""At most so many broader things are offered for one that no publication has, and as many
related ones."""


Search = Callable[..., Finding]
"""Searches once more. Its arguments replace parts of the request."""


def diagnosed(
    request: SearchRequest, finding: Finding, snapshot: Snapshot, watch: Stopwatch
) -> Diagnosis:
    """What else could be searched for than what was, with the numbers that this leads to.

    All searches together are within the budget of the first. Raises OverBudget.
    """
    asked = msgspec.structs.replace(request, page=1, sort=None)

    def search(**changes: str | bool) -> Finding:
        return found(msgspec.structs.replace(asked, **changes), snapshot, watch)

    every = (leaf for leaf in leaves(wanted(finding.understood.tree)) if leaf.said)
    typed = {retyped(leaf, snapshot.catalogue): leaf for leaf in islice(every, MOST_WORDS)}
    is_long = next(every, None) is not None
    told = [_alone(text, leaf, search, snapshot) for text, leaf in typed.items()]
    unknown = [leaf for leaf in typed.values() if not len(postings(leaf, snapshot).documents)]
    is_strict = request.match == "auto" and finding.understood.is_strict
    return Diagnosis(
        tuple(each for each in told if each is not None),
        tuple(
            islice(_nearest(unknown, request.text, search, snapshot, is_long=is_long), MOST_NEAREST)
        ),
        len(finding.sifted.given),
        search(match="any").total if is_strict or request.match == "all" else None,
        () if request.exact else tuple(_lacking(search, snapshot)),
        tuple(missing_places.absent(asked, finding, snapshot, watch)),
    )


def _lacking(search: Search, snapshot: Snapshot) -> Iterator[Lacking]:
    """Yield the things that were named and that no publication has, with what is near them.

    A relaxed query may have been read as the single words of a name.
    """
    for leaf in islice(leaves(search(match="all").understood.parsed.words), MOST_WORDS):
        if leaf.of and not len(postings(leaf, snapshot).documents):
            broader, related = _near(leaf.of, search, snapshot)
            yield Lacking(leaf.said, broader, related)


def _near(
    identity: str, search: Search, snapshot: Snapshot
) -> tuple[tuple[Counted, ...], tuple[Counted, ...]]:
    """Return searches that find something: for broader things, and for related ones.

    A broader thing that nothing has is replaced by what it is a kind of or related to.
    """
    things = entity_linker.of(snapshot)
    broader: dict[str, Counted] = {}
    related: dict[str, Counted] = {}
    above, aside = things.wider(identity)
    while above or aside:
        further: list[Thing] = []
        for thing, counted in _counted(above, search, snapshot):
            if counted.total:
                broader[counted.text] = counted
            else:
                further.append(thing)
        for _, counted in _counted(aside, search, snapshot):
            if counted.total and counted.text not in broader:
                related[counted.text] = counted
        wider = [things.wider(thing.id) for thing in further]
        above, aside = ([one for pair in wider for one in pair[at]] for at in (0, 1))
        if broader or related:
            aside = []
    return (
        tuple(islice(broader.values(), MOST_WIDER)),
        tuple(islice(related.values(), MOST_WIDER)),
    )


def _counted(
    near: Iterable[Thing], search: Search, snapshot: Snapshot
) -> Iterator[tuple[Thing, Counted]]:
    """Yield searches for things by name, with how many they find; 0 if only by other words."""
    for thing in near:
        if name := entity_linker.of(snapshot).own_name(thing):
            alone = search(text=name)
            by_meaning = len(snapshot.common(alone.added, alone.sifted.documents)[0])
            yield thing, Counted(name, alone.total if alone.as_typed > by_meaning else 0)


def retyped(leaf: Leaf, catalogue: Catalogue) -> str:
    """What to type for a leaf alone."""
    searchable = [field.name for field in catalogue.searchable]
    fields = {part.fieldname for part in parts(leaf)} & {*searchable}
    only = f"{next(iter(fields))}:" if len(fields) == 1 < len(searchable) else ""
    return f"{only}{leaf.said}"


def _alone(text: str, leaf: Leaf, search: Search, snapshot: Snapshot) -> Counted | None:
    """What was typed with the number that it finds alone; None if it would be read otherwise."""
    if not len(postings(leaf, snapshot).documents):
        return Counted(text, 0)
    alone = search(text=text)
    is_read_so = not (alone.understood.relaxed or alone.understood.corrected)
    return Counted(text, alone.total) if is_read_so else None


def _nearest(
    unknown: Iterable[Leaf], typed: str, search: Search, snapshot: Snapshot, *, is_long: bool
) -> Iterator[Counted]:
    """Words of the index in place of unknown ones, as long as they find something.

    Correct words and names of the world stay. For the others they are tried in the whole text,
    unless it is long, or else alone.
    """
    may_change = spellcheck.of(snapshot).may_change
    words = (raw for raw in map(_word_of, unknown) if raw and may_change(raw))
    misspelled = (raw for raw in words if not world_places.mentions(raw))
    for raw in islice(misspelled, MOST_UNKNOWN):
        for written in _different(raw, snapshot):
            texts = (written,) if is_long else (_put(written, raw, typed), written)
            numbers = (Counted(text, _all_words(text, search)) for text in texts)
            yield from islice((each for each in numbers if each.total), 1)


def _different(raw: str, snapshot: Snapshot) -> list[str]:
    """The likeliest words in place of one, none of them a form of another."""
    found: list[str] = []
    seen: set[str] = set()
    for candidate in spellcheck.of(snapshot).candidates(raw):
        stems = {candidate.written, *snapshot.stems(candidate.written)}
        if seen.isdisjoint(stems):
            found.append(candidate.written)
        seen |= stems
    return found[:TRIED]


def _all_words(text: str, search: Search) -> int:
    """How many have all of a text, as it stands.

    It is asked for to the letter first: where that finds nothing, no other reading is tried.
    """
    if not search(text=text, exact=True, match="all").total:
        return 0
    return search(text=text).as_typed


def _word_of(leaf: Leaf) -> str | None:
    """The word that a leaf is about, if it is about one word, as it stands, of usual length."""
    words = tokenizer.words(leaf.said)
    is_plain = all(isinstance(part, query.Term) for part in leaf.subqueries)
    is_one = len(words) == 1 and len(words[0]) <= LONGEST
    return words[0] if is_plain and is_one else None


def _put(written: str, raw: str, text: str) -> str:
    """A text with another word wherever one stands in it."""
    pieces, end = [], 0
    for first, last in tokenizer.spans(text):
        if first >= end and as_written(text[first:last]) == as_written(raw):
            pieces += [text[end:first], written]
            end = last
    return "".join([*pieces, text[end:]])
