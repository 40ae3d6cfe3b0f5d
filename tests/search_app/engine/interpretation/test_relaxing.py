"""A query with few hits leaves out one word, then two, and at last all but one."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from search_app.engine.deadline import Deadline
from search_app.engine.interpretation.interpreter import (
    MAX_STEPS_WORDS,
    RARE_UP_TO,
    count_enough,
    list_steps,
    retrieve,
)
from search_app.engine.query import nodes
from search_app.engine.query.parser import parse
from search_app.engine.request import SearchRequest
from search_app.engine.search import Searcher
from search_app.engine.store import StoreRequest
from tests.search_app.engine.named import RIVERS, answer, ids, index

TITLE = frozenset({"title"})


def find(tree: nodes.Tree, searcher: Searcher) -> set[str]:
    request = SearchRequest("", size=searcher.size)
    return set(searcher.store.ask(StoreRequest(request, tree), Deadline()).list_ids())


def find_step(words: list[nodes.Clause], least: int, searcher: Searcher) -> set[str]:
    """Return the ids of the publications with so many of the words, or with a rare one."""
    by_word = {word.text: find(word, searcher) for word in words}
    vocabulary = searcher.interpreter.vocabulary
    rare = [
        by_word[word.text]
        for word in words
        if not word.entity_id and vocabulary.count(word.text) <= RARE_UP_TO
    ]
    everywhere = set().union(*by_word.values())
    return {
        each for each in everywhere
        if sum(each in by_word[word.text] for word in words) >= least
        or any(each in ids for ids in rare)
    }  # fmt: skip


@pytest.mark.slow
def test_words_are_left_out_in_steps(searcher: Searcher) -> None:
    titles = [each.title for each in searcher.scan(SearchRequest())]
    # Words without accents and capitals name no entities, so each is a clause of its own.
    words = sorted({word for title in titles for word in re.findall(r"\b[a-z]{4,}\b", title)})
    stepped = set[int]()

    single = st.sampled_from(words)
    pieces = single | st.builds("{}-{}".format, single, single)

    @given(st.lists(pieces, min_size=2, max_size=6, unique=True))
    @example(["human-rights", "trafficking", "airport", "handbook"])
    @example(["fake", "documents", "airport", "smuggling"])
    @example(["handbook", "parliamentarians", "combating", "airport", "review"])
    def check(typed: list[str]) -> None:
        request = SearchRequest(" ".join(typed), size=searcher.size)
        interpretation = retrieve(request, searcher.interpreter).interpretation
        tree = nodes.drop_boosts(interpretation.reply.tree)
        results = searcher.search(request)
        if not interpretation.relaxed or interpretation.required:
            assert not results.unmatched
            return
        parsed = [*nodes.clauses(interpretation.parsed.tree)]
        hits = {hit.publication.id for hit in results.hits}
        assert hits >= {*searcher.list_ids(replace(request, match="all", exact=True))}
        least = tree.least if isinstance(tree, nodes.Or) else 1
        if any(isinstance(part, nodes.Together) for clause in parsed for part in clause.parts):
            return  # a name of several words is several clauses at the last step
        stepped.add(least)
        assert interpretation.is_step is (isinstance(tree, nodes.Or) and tree.least > 1)
        if interpretation.is_step:
            assert len(parsed) <= MAX_STEPS_WORDS
            assert hits == find_step(parsed, least, searcher)
            assert len(hits) >= count_enough(searcher.size)
            lacks = {
                word.text: len(hits - find(word, searcher))
                for word in parsed
                if hits - find(word, searcher)
            }
            assert {lack.text: lack.total for lack in results.unmatched} == lacks
        is_freed = isinstance(tree, nodes.And)  # the words that are not everywhere are needed
        if is_freed or any("-" in word for word in typed):
            return  # a word of several parts is several clauses too
        stricter = find_step(parsed, least + 1, searcher) if len(parsed) > least + 1 else set()
        assert len(stricter) < count_enough(searcher.size) or len(parsed) > MAX_STEPS_WORDS

    check()
    assert len(stepped) > 1


def test_a_rare_word_is_in_each_step(searcher: Searcher) -> None:
    """A publication with a word that few have is a hit, although it lacks the other words."""
    tree = nodes.Or([nodes.Clause([nodes.Term(stem, TITLE)], stem) for stem in ("a", "b", "c")], 2)
    assert tree.weigh(tree.children[0]) == 1
    rare = nodes.Or(tree.children, 2, frozenset({"a"}))
    assert [rare.weigh(child) for child in rare.children] == [2, 1, 1]
    found = searcher.search(SearchRequest("fishing documents smuggling airport", size=136))
    with_rare = find(nodes.Clause([nodes.Term("fish", TITLE)]), searcher)
    assert with_rare <= {hit.publication.id for hit in found.hits}
    assert found.unmatched


def test_only_plain_words_are_rare(searcher: Searcher) -> None:
    interpreter = searcher.interpreter
    text = "podcast podc* podcaste~ India documents"
    tree = parse(text, interpreter.vocabulary, interpreter.entity_linker, nodes.Or, "one").tree
    step = next(list_steps(tree, interpreter.vocabulary.count))
    assert isinstance(step, nodes.Or)
    assert step.least > 1
    assert step.sufficient == {"podcast"}


EVERY, ENOUGH = 30, 110
"""Numbers of publications: with the words of rivers, and with the words of bridges."""


@pytest.fixture(scope="module")
def rivers(tmp_path_factory: pytest.TempPathFactory) -> Searcher:
    titles = [f"River dam flood survey {number}" for number in range(EVERY)]
    titles += [f"Bridge arch stone repair {number}" for number in range(ENOUGH)]
    titles += ["Flood survey", "Stone repair", "Stone"]
    rows = [{"id": f"{number}", "title": title} for number, title in enumerate(titles)]
    return index(tmp_path_factory.mktemp("rivers"), RIVERS, rows)


@pytest.mark.parametrize(
    ("text", "total", "all_words"),
    [
        ("the river dam and its flood survey", EVERY + 1, EVERY),
        # Stop words do not make a query long.
        ("river dam flood", EVERY, 0),
        ("flood survey of the river", EVERY, 0),
        ("flood survey", EVERY + 1, 0),
        # A hundred publications match in full.
        ("bridge arch stone repair", ENOUGH, 0),
    ],
)
def test_a_query_of_four_words_with_few_hits_is_relaxed(
    text: str, total: int, all_words: int, rivers: Searcher
) -> None:
    told = answer(text, rivers)
    assert (told.total, told.relaxed, told.all_words_total) == (total, all_words > 0, all_words)
    assert (ids(told)[-1] == str(EVERY + ENOUGH)) == bool(all_words)


def test_a_word_that_most_publications_have_is_left_out_first(rivers: Searcher) -> None:
    """It is needed only if no publication has any other word."""
    told = answer("bridge flood", rivers)
    assert (told.total, told.relaxed) == (EVERY + 1, True)
    assert [each.text for each in told.unmatched] == ["bridge"]
    assert answer("bridge xyzzyxyzzy", rivers).total == ENOUGH
    assert answer("bridge fl\udfffood", rivers).total == EVERY + 1
    assert answer("bridge OR flood", rivers).total == ENOUGH + EVERY + 1
