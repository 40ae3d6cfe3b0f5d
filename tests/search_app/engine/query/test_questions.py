"""Question words do not decide which publications match."""

import pytest

from search_app.engine.interpretation.interpreter import retrieve
from search_app.engine.query import nodes
from search_app.engine.request import SearchRequest
from search_app.engine.search import Searcher


def ids(text: str, searcher: Searcher) -> list[str]:
    return [*searcher.list_ids(SearchRequest(text))]


def test_a_question_finds_the_publication_that_answers_it(searcher: Searcher) -> None:
    wanted = "what-is-the-difference-between-trafficking-in-persons-and-smuggling-of-migrants-2016"
    assert ids("how do I tell trafficking from smuggling", searcher)[0] == wanted


@pytest.mark.parametrize(
    ("question", "subject"),
    [
        ("where can I find a toolkit on organ removal", "toolkit organ removal"),
        ("Can you tell me about child trafficking?", "child trafficking"),
        ("show me films about forced labour", "films forced labour"),
        ("i need something about labour exploitation?", "labour exploitation"),
        ("où puis-je trouver un manuel sur la traite", "où un manuel sur la traite"),
        ("¿Dónde puedo encontrar un manual?", "un manual"),
        ("где можно найти руководство", "руководство"),
    ],
)
def test_a_question_has_the_hits_of_its_subject(
    question: str, subject: str, searcher: Searcher
) -> None:
    assert ids(question, searcher) == ids(subject, searcher) != []


@pytest.mark.parametrize(
    ("text", "word"), [("tell the truth campaign", "tell"), ("way out", "way"), ("tell", "tell")]
)
def test_question_words_count_outside_a_question(text: str, word: str, searcher: Searcher) -> None:
    read = retrieve(
        SearchRequest(text, match="any", exact=True), searcher.interpreter
    ).interpretation
    assert word in {leaf.text for leaf in nodes.clauses(read.parsed.tree)}


def test_parentheses_in_a_question_are_part_of_it(searcher: Searcher) -> None:
    request = SearchRequest("where is a handbook (I want it for victims)", exact=True)
    read = retrieve(request, searcher.interpreter).interpretation
    assert [clause.text for clause in nodes.clauses(read.parsed.tree)] == ["handbook", "victims"]
