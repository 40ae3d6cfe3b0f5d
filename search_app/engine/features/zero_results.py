"""Zero-result help: alternatives to a search without hits, or without hits for all words.

Each number is the total of a search that a link may lead to, and comes from running that search.
For an entity without documents, the alternatives include broader and related entities.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import msgspec
from whoosh import query

from indexer.analysis import tokenizer
from indexer.analysis.folding import as_written
from indexer.catalogue.fields import Catalogue
from search_app.engine.deadline import Stopwatch
from search_app.engine.features import missing_places
from search_app.engine.interpretation import world_places
from search_app.engine.interpretation.entities import Thing
from search_app.engine.interpretation.interpreter import Finding, Interpreter, found
from search_app.engine.query.clause_builder import LONGEST
from search_app.engine.query.nodes import Leaf, leaves, parts, wanted
from search_app.engine.results import Counted, Diagnosis, Lacking

MOST_WORDS = 8
"""At most 8 clauses are searched for alone: each costs a search."""
MOST_UNKNOWN, MOST_NEAREST, TRIED = 2, 3, 4
"""Limits on unknown words that are corrected, corrections in all, and candidates per word."""
MOST_WIDER = 3
"""At most 3 broader and 3 related entities are offered for one without documents."""


Search = Callable[..., Finding]
"""A function that searches again. Its arguments replace fields of the request."""


def diagnosed(finding: Finding, interpreter: Interpreter, watch: Stopwatch) -> Diagnosis:
    """Return the alternatives to a search, with the number of hits of each.

    All searches share the time budget of the first. Raise OverBudget if it is used up.
    """
    request = finding.request
    asked = msgspec.structs.replace(request, page=1, sort=None)

    def search(**changes: str | bool) -> Finding:
        return found(msgspec.structs.replace(asked, **changes), interpreter, watch)

    every = (leaf for leaf in leaves(wanted(finding.reply.tree)) if leaf.said)
    catalogue = interpreter.vocabulary.catalogue
    typed = {retyped(leaf, catalogue): leaf for leaf in islice(every, MOST_WORDS)}
    is_long = next(every, None) is not None
    told = [_alone(text, leaf, search, interpreter) for text, leaf in typed.items()]
    unknown = [leaf for leaf in typed.values() if not interpreter.store.count(leaf)]
    is_strict = request.match == "auto" and finding.understood.is_strict
    return Diagnosis(
        tuple(each for each in told if each is not None),
        tuple(
            islice(
                _nearest(unknown, request.text, search, interpreter, is_long=is_long), MOST_NEAREST
            )
        ),
        finding.reply.matched,
        search(match="any").reply.total if is_strict or request.match == "all" else None,
        () if request.exact else tuple(_lacking(search, interpreter)),
        tuple(missing_places.absent(asked, finding, interpreter, watch)),
    )


def _lacking(search: Search, interpreter: Interpreter) -> Iterator[Lacking]:
    """Yield the typed entities without documents, with broader and related ones.

    The text is read again with `match="all"`, because a relaxed query may have split a name.
    """
    for leaf in islice(leaves(search(match="all").understood.parsed.words), MOST_WORDS):
        if leaf.of and not interpreter.store.count(leaf):
            broader, related = _near(leaf.of, search, interpreter)
            yield Lacking(leaf.said, broader, related)


def _near(
    identity: str, search: Search, interpreter: Interpreter
) -> tuple[tuple[Counted, ...], tuple[Counted, ...]]:
    """Return searches with hits for broader entities, and for related ones.

    A broader entity without hits is replaced by its own broader and related entities.
    """
    things = interpreter.concepts
    broader: dict[str, Counted] = {}
    related: dict[str, Counted] = {}
    above, aside = things.wider(identity)
    while above or aside:
        further: list[Thing] = []
        for thing, counted in _counted(above, search, interpreter):
            if counted.total:
                broader[counted.text] = counted
            else:
                further.append(thing)
        for _, counted in _counted(aside, search, interpreter):
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
    near: Iterable[Thing], search: Search, interpreter: Interpreter
) -> Iterator[tuple[Thing, Counted]]:
    """Yield entities with the number of hits for their names.

    It is 0 if only a relaxed, corrected or semantic search has hits.
    """
    for thing in near:
        if name := interpreter.concepts.own_name(thing):
            alone = search(text=name)
            is_found = alone.as_typed > alone.reply.by_meaning
            yield thing, Counted(name, alone.reply.total if is_found else 0)


def retyped(leaf: Leaf, catalogue: Catalogue) -> str:
    """Return the text that searches for a clause alone, with its field name if it has one."""
    searchable = [field.name for field in catalogue.searchable]
    fields = {part.fieldname for part in parts(leaf)} & {*searchable}
    only = f"{next(iter(fields))}:" if len(fields) == 1 < len(searchable) else ""
    return f"{only}{leaf.said}"


def _alone(text: str, leaf: Leaf, search: Search, interpreter: Interpreter) -> Counted | None:
    """Return a text with its number of hits; None if it is relaxed or corrected when alone."""
    if not interpreter.store.count(leaf):
        return Counted(text, 0)
    alone = search(text=text)
    is_read_so = not (alone.understood.relaxed or alone.understood.corrected)
    return Counted(text, alone.reply.total) if is_read_so else None


def _nearest(
    unknown: Iterable[Leaf], typed: str, search: Search, interpreter: Interpreter, *, is_long: bool
) -> Iterator[Counted]:
    """Yield texts with hits in which a word of the index replaces an unknown one.

    Correct words and names of places and languages are not replaced. Each candidate is tried in
    the whole text first, unless the text is long, and then alone.
    """
    may_change = interpreter.speller.may_change
    words = (raw for raw in map(_word_of, unknown) if raw and may_change(raw))
    misspelled = (raw for raw in words if not world_places.mentions(raw))
    for raw in islice(misspelled, MOST_UNKNOWN):
        for written in _different(raw, interpreter):
            texts = (written,) if is_long else (_put(written, raw, typed), written)
            numbers = (Counted(text, _all_words(text, search)) for text in texts)
            yield from islice((each for each in numbers if each.total), 1)


def _different(raw: str, interpreter: Interpreter) -> list[str]:
    """Return up to TRIED corrections of a word, likeliest first, no two with a common stem."""
    found: list[str] = []
    seen: set[str] = set()
    for candidate in interpreter.speller.candidates(raw):
        stems = {candidate.written, *interpreter.vocabulary.stems(candidate.written)}
        if seen.isdisjoint(stems):
            found.append(candidate.written)
        seen |= stems
    return found[:TRIED]


def _all_words(text: str, search: Search) -> int:
    """Return the number of hits that match all words of a text as typed.

    The exact search runs first. If it has no hits, no other reading is tried.
    """
    if not search(text=text, exact=True, match="all").reply.total:
        return 0
    return search(text=text).as_typed


def _word_of(leaf: Leaf) -> str | None:
    """Return the word of a clause; None unless it is one plain word of at most LONGEST letters."""
    words = tokenizer.words(leaf.said)
    is_plain = all(isinstance(part, query.Term) for part in leaf.subqueries)
    is_one = len(words) == 1 and len(words[0]) <= LONGEST
    return words[0] if is_plain and is_one else None


def _put(written: str, raw: str, text: str) -> str:
    """Return a text with every occurrence of `raw` replaced by `written`."""
    pieces, end = [], 0
    for first, last in tokenizer.spans(text):
        if first >= end and as_written(text[first:last]) == as_written(raw):
            pieces += [text[end:first], written]
            end = last
    return "".join([*pieces, text[end:]])
