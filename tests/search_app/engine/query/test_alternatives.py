"""A group of alternatives finds the union of what its alternatives find."""

import re
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from search_app.engine.deadline import Deadline
from search_app.engine.query import nodes
from search_app.engine.query.parser import MAX_COMBINATIONS, parse
from search_app.engine.request import SearchRequest
from search_app.engine.search import Searcher


def find_all(text: str, searcher: Searcher) -> set[str]:
    request = SearchRequest(text, size=searcher.size)
    typed = searcher.interpreter.interpret_typed(request, Deadline())
    return set(typed.reply.list_ids())


def list_titles(searcher: Searcher) -> list[str]:
    return [publication.title for publication in searcher.scan(SearchRequest())]


def list_labels(searcher: Searcher) -> Iterator[str]:
    for entity in searcher.interpreter.entity_linker.entities:
        for labels in entity.labels.values():
            yield from (label for label in labels if not set(label) & set('()"“”„«»'))


@pytest.mark.slow
def test_a_group_finds_the_union_of_its_alternatives(searcher: Searcher) -> None:
    titles, labels = list_titles(searcher), sorted({*list_labels(searcher)})
    words = sorted({word for title in titles for word in re.findall(r"[^\W\d_]{2,}", title)})
    in_titles = (re.findall(r"\w+", title) for title in titles)
    phrases = sorted({f'"{" ".join(pair)}"' for each in in_titles for pair in pairwise(each)})
    operands = st.sampled_from(words) | st.sampled_from(labels) | st.sampled_from(phrases)
    halves = st.sampled_from([label.split() for label in labels if " " in label])
    around = st.just("") | operands
    groups = st.one_of(
        st.tuples(around, st.lists(operands, min_size=2, max_size=4), around),
        halves.flatmap(
            lambda name: st.tuples(
                around,
                st.lists(operands, min_size=1, max_size=3).map(lambda others: [*others, name[0]]),
                st.just(" ".join(name[1:])),
            )
        ),
        halves.flatmap(
            lambda name: st.tuples(
                st.just(" ".join(name[:-1])),
                st.lists(operands, min_size=1, max_size=3).map(lambda others: [name[-1], *others]),
                around,
            )
        ),
    )

    @given(groups)
    @example(("", ["police", "judges"], "training"))
    @example(('"Crisis on"', ["sobre", "police"], ""))
    @example(("", ["trafficking", "smuggling"], "WHO"))
    def check(group: tuple[str, list[str], str]) -> None:
        before, alternatives, after = group
        union = [find_all(f"{before} {each} {after}", searcher) for each in alternatives]
        text = f"{before} ({' OR '.join(alternatives)}) {after}"
        assert find_all(text, searcher) == set().union(*union)

    check()


def test_words_around_a_group_are_searched_once(searcher: Searcher) -> None:
    """A clause that all readings of a text contain occurs once in its tree."""
    interpreter = searcher.interpreter
    text = "(border OR sea) (film OR podcast) gender"
    tree = parse(text, interpreter.vocabulary, interpreter.entity_linker, nodes.And).tree
    texts = [clause.text for clause in nodes.clauses(tree)]
    assert sorted(texts) == ["border", "film", "gender", "podcast", "sea"]


def test_many_nested_groups_are_read_in_time(searcher: Searcher) -> None:
    text = "a"
    for level in range(18):
        text = f"(x{level} OR y{level}) ({text} AND z)"
    interpreter = searcher.interpreter
    tree = parse(text, interpreter.vocabulary, interpreter.entity_linker, nodes.And).tree
    assert sum(1 for _ in nodes.clauses(tree)) < 100 * MAX_COMBINATIONS


def test_a_long_text_is_read_once(searcher: Searcher) -> None:
    interpreter = searcher.interpreter
    text = " ".join(f"(police OR judges) {'training ' * 40}" for _ in range(6))
    tree = parse(text, interpreter.vocabulary, interpreter.entity_linker, nodes.And).tree
    assert sum(1 for _ in nodes.clauses(tree)) == 6 * (2 + 40)
