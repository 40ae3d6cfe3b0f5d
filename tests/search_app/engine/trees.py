"""Strategies for query trees over given publications, with every kind of node.

Their terms are rare, common, or absent. Their phrases occur in a text, or almost occur. The trees
include those of `search_app.engine.query.parser`, and also any fields and prefixes of stems.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import NamedTuple, assert_never

from hypothesis import strategies as st
from whoosh import query

from indexer.analysis import tokenizer
from indexer.catalogue import schema
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Publication
from search_app.engine.query import nodes

Texts = st.SearchStrategy[str]
Trees = st.SearchStrategy[nodes.Tree]

NOWHERE = st.sampled_from(("zebrafinches", "Translation", "naïve", "ß", ""))
"""Texts that are not terms: no publication has them, or they are not folded."""


class Vocabulary(NamedTuple):
    """Searchable fields, stems, words, stems in text order, and values by exact field.

    `running` contains the stems of all publications in order. Some adjacent stems are therefore
    separated by the end of a field, a value, or a publication.
    """

    fields: list[str]
    stems: Texts
    words: Texts
    running: list[str]
    values: dict[str, list[str]]


def vocabulary(made: Sequence[Publication], catalogue: Catalogue) -> Vocabulary:
    """Return the vocabulary of some publications."""
    fields = catalogue.searchable
    texts = [
        list(tokenizer.tokenize(schema.get_text(each, field, catalogue), "en"))
        for each in made
        for field in fields
    ]
    values = {
        field.name: sorted(
            {field.make_key(v) for each in made for v in each.values.get(field.name, ())}
        )
        for field in catalogue.exact
    }
    return Vocabulary(
        [field.name for field in fields],
        _of_any_frequency({token.stem for token in text} for text in texts),
        _of_any_frequency({token.surface for token in text} for text in texts),
        [token.stem for text in texts for token in text],
        {name: held for name, held in values.items() if held},
    )


def _of_any_frequency(texts: Iterable[set[str]]) -> Texts:
    """Return a strategy for terms that are in one text, in few, in many, or among the commonest."""
    counts = Counter(chain.from_iterable(texts)).most_common()
    commonest, others = counts[:40], counts[40:]
    classes = [
        [term for term, _ in commonest],
        [term for term, count in others if count > 20],
        [term for term, count in others if 1 < count <= 20],
        [term for term, count in others if count == 1],
    ]
    return st.one_of(*(_one_of(terms) for terms in classes if terms))


def _one_of(texts: Sequence[str]) -> Texts:
    """Return a strategy for one of many texts. `sampled_from` would print them all in its repr."""
    return st.integers(0, len(texts) - 1).map(lambda at: texts[at])


def kinds(said: Vocabulary) -> dict[str, Trees]:
    """Return a strategy for each kind of leaf and of filter."""
    stems, words = said.stems, said.words
    places = st.integers(0, len(said.running) - 4)
    phrases = st.builds(lambda at, n: said.running[at : at + n], places, st.integers(2, 4))
    lengths, letters = st.integers(4, 7), st.integers(0, 9)
    over = st.lists(st.sampled_from(said.fields), min_size=1, unique=True) | st.just(said.fields)

    def leaves(part: Callable[..., nodes.Part], *said: st.SearchStrategy[object]) -> Trees:
        return st.builds(
            lambda text, fields, *of: nodes.Clause([part(text, frozenset(fields), *of)]),
            said[0], over, *said[1:],
        )  # fmt: skip

    found = {
        "a stem": leaves(nodes.Term, stems | NOWHERE),
        "a word as written": leaves(nodes.Term, (words | NOWHERE).map(_written)),
        "a phrase": leaves(nodes.Phrase, (phrases | phrases.map(sorted)).map(tuple)),
        "a prefix": leaves(nodes.Prefix, st.builds(_prefix, words, lengths)),
        "a wildcard": leaves(
            nodes.Wildcard, st.builds(_wildcard, words, st.integers(0, 3), letters)
        ),
        "a fuzzy term": leaves(
            nodes.Fuzzy, st.builds(_mistyped, words, letters), st.integers(1, 2)
        ),
    }
    several = st.lists(st.one_of(*found.values()), min_size=2, max_size=3)
    return {**found, "several at once": several.map(_together), **_filters(said.values)}


def _filters(values: dict[str, list[str]]) -> dict[str, Trees]:
    """Return strategies for facet values and ranges of them."""
    held = st.sampled_from(sorted(values)).flatmap(
        lambda name: st.tuples(st.just(name), _one_of(values[name]) | NOWHERE)
    )
    # Stock Whoosh is slow on a range of thousands of values.
    few = sorted(name for name in values if len(values[name]) < 100)
    ends = st.sampled_from(few).flatmap(
        lambda name: st.tuples(st.just(name), *[st.none() | _one_of(values[name])] * 2)
    )
    return {
        "a value": held.map(lambda found: nodes.Filter(found[0], (found[1],))),
        "a range": ends.map(lambda found: nodes.Filter(found[0], (), found[1], found[2])),
        "everything": st.builds(nodes.Every),
    }


FILTERS = ("a value", "a range", "everything")
"""The kinds that are not leaves."""


def anything(of: Iterable[Trees]) -> Trees:
    """Return a strategy for trees of some kinds, joined and negated."""
    return st.recursive(
        st.one_of(*of),
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=4).map(nodes.And),
            st.lists(inner, min_size=1, max_size=4).map(nodes.Or),
            inner.map(nodes.Not),
        ),
        max_leaves=6,
    )


def _written(word: str) -> str:
    return tokenizer.SURFACE_PREFIX + word


def _prefix(term: str, length: int) -> str:
    return _long(term)[:length]


def _long(term: str) -> str:
    """Return a term padded to at least 5 letters. Stock Whoosh is slow on a shorter prefix."""
    return term.ljust(5, "e")


def _wildcard(term: str, first: int, second: int) -> str:
    """Return a word as written, after its mark, with one or two stars in place of letters."""
    term = _long(term)
    begin, end = term[: first + 1], term[first + 2 :]
    middle, rest = end[: second // 2 + 1], end[second // 2 + 2 :]
    return f"{begin}*{middle}*{rest}" if rest else f"{begin}*{end}"


def _mistyped(term: str, at: int) -> str:
    """Return a term with one letter changed, removed, or added."""
    return _long(term[:at] + ("x" if at % 3 else "") + term[at + (at % 2) :])


def _together(leaves: Sequence[nodes.Clause]) -> nodes.Clause:
    return nodes.Clause(chain.from_iterable(each.parts for each in leaves))


def to_whoosh(node: nodes.Tree) -> query.Query:
    """Return a tree with nodes of Whoosh in place of ours, for stock Whoosh to search."""
    match node:
        case nodes.Clause():
            return query.Or([*map(_make_part, node.parts)])
        case nodes.Filter():
            name = f"{node.field}.value"
            if not node.values:
                return query.TermRange(name, node.low, node.high)
            return query.Or([query.Term(name, value) for value in node.values])
        case nodes.Not():
            return query.Not(to_whoosh(node.child))
        case nodes.And():
            return query.And([*map(to_whoosh, node.children)])
        case nodes.Or() if node.least == 1:
            return query.Or([*map(to_whoosh, node.children)])
        case nodes.Every():
            return query.Every()
        case _:
            raise NotImplementedError("stock Whoosh has no such node")


def _make_part(part: nodes.Part) -> query.Query:
    match part:
        case nodes.Values():
            return query.Or([query.Term(f"{part.field}.value", value) for value in part.values])
        case nodes.Together():
            return query.And([*map(to_whoosh, part.clauses)])
        case nodes.Names():
            return query.Or([*map(_make_part, part.parts)])
        case _:
            return query.Or([_make_words(part, field) for field in part.fields])


def _make_words(part: nodes.WordPart, field: str) -> query.Query:
    match part:
        case nodes.Term():
            return query.Term(field, part.text)
        case nodes.Phrase():
            return query.Phrase(field, list(part.stems))
        case nodes.Prefix():
            return query.Prefix(field, _written(part.text))
        case nodes.Wildcard():
            return query.Wildcard(field, _written(part.text))
        case nodes.Fuzzy():
            mark = len(tokenizer.SURFACE_PREFIX)
            return query.FuzzyTerm(field, _written(part.text), 1.0, part.edits, mark)
        case nodes.Near():
            raise NotImplementedError("stock Whoosh has no such node")
        case _:
            assert_never(part)
