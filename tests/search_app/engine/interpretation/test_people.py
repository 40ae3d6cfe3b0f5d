"""Publications by a person or a body rank before those that only mention the name."""

import pytest

from search_app.engine.request import SearchRequest
from search_app.engine.search import Searcher
from tests.search_app.engine.named import answer, ids, index

CATALOGUE = """\
title = "Papers"
description = ""
field = [
    { name = "title", label = "Title", kind = "text", role = "title", weight = 2.5 },
    { name = "summary", label = "Abstract", kind = "text", role = "abstract", weight = 1.0 },
    { name = "authors", label = "Authors", kind = "name", role = "author", weight = 0.5, \
several = true, facet = 1 },
]
"""
FILLER = "Border guards of several countries describe how they work with each other at night."


def paper(
    identity: str, title: str, authors: list[str], summary: str = FILLER
) -> dict[str, object]:
    return {"id": identity, "title": title, "authors": authors, "summary": summary}


PAPERS = [
    paper("bert", "Deep encoders of text", ["Devlin, Jacob", "Lee, Kenton"]),
    paper("second", "Deep decoders of speech", ["Lee, Kenton", "Devlin, Jacob"]),
    paper("hannah", "Fish in the sea", ["Devlin, Hannah"]),
    paper("first-name", "Whales in the sea", ["Moore, Devlin"]),
    *(
        paper(f"cites-{number}", "A survey of models", ["Okafor, Ada"],
              "Devlin et al. wrote of models, and we follow Devlin.")
        for number in range(12)
    ),
    paper("umlaut", "Mills on rivers", ["Müller, Anna"]),
    paper("spelled", "Mills on lakes", ["Mueller, Berta"]),
    paper("plain", "Mills on the moon", ["Muller, Carl"]),
    paper("cedilla", "Steel bridges", ["Çelik, Deniz"]),
    paper("initial", "Roads and tunnels", ["Quispe, R."]),
    paper("body", "Schools after war", ["UNICEF"]),
    paper("of-bodies", "Children and UNICEF at school", ["Abbas, Omar"], "UNICEF and children."),
    paper("young", "Ports of call", ["Young, Steve"]),
    *(paper(f"children-{number}", f"Young children and law {number}", ["Park, Min"])
      for number in range(12)),
]  # fmt: skip


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Searcher:
    return index(tmp_path_factory.mktemp("people"), CATALOGUE, PAPERS)


def test_a_family_name_lists_the_publications_of_its_people_first(papers: Searcher) -> None:
    found = ids(answer("devlin", papers))
    # A first author comes before others, and a given name counts as little as a citation.
    assert set(found[:2]) == {"bert", "hannah"}
    assert found[2] == "second"
    assert len(found) == 16


@pytest.mark.parametrize(
    "text", ["jacob devlin", "Devlin, Jacob", "j devlin", "devlin j", "J. Devlin"]
)
def test_a_given_name_or_an_initial_narrows_the_people_down(text: str, papers: Searcher) -> None:
    assert ids(answer(text, papers))[:2] == ["bert", "second"]


def test_words_of_the_title_beside_a_name_find_the_publication(papers: Searcher) -> None:
    assert ids(answer("devlin decoders", papers))[0] == "second"
    assert ids(answer("sea devlin", papers))[0] == "hannah"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("müller", {"umlaut", "spelled", "plain"}),
        ("mueller", {"umlaut", "spelled"}),
        ("muller", {"umlaut", "plain"}),
        ("celik", {"cedilla"}),
        ("çelik bridges", {"cedilla"}),
        ("anna mueller", {"umlaut"}),
        ("rosa quispe", {"initial"}),
        ("quispe rosa", {"initial"}),
    ],
)
def test_other_spellings_of_a_name_are_hits(
    text: str, expected: set[str], papers: Searcher
) -> None:
    assert set(ids(answer(text, papers, match="all"))) == expected


def test_a_name_as_typed_has_no_other_spellings(papers: Searcher) -> None:
    assert ids(answer("mueller", papers, exact=True)) == ["spelled"]
    assert ids(answer('"mueller"', papers)) == ["spelled"]
    assert ids(answer("title:mueller", papers)) == []


def test_a_body_is_found_by_its_name(papers: Searcher) -> None:
    assert ids(answer("unicef", papers))[0] == "body"
    assert ids(answer("unicef war", papers))[0] == "body"


def test_a_name_that_is_an_ordinary_word_raises_nobody(papers: Searcher) -> None:
    found = ids(answer("young children", papers))
    assert len(found) == 12
    assert "young" not in found
    assert ids(answer("young", papers))[0].startswith("children")


def test_the_explanation_names_the_person(papers: Searcher) -> None:
    results = papers.search(SearchRequest("devlin", size=1, explain=True))
    explanation = results.hits[0].explanation
    assert explanation
    assert explanation.score == pytest.approx(results.hits[0].score, rel=1e-4)
    (part,) = explanation.parts
    assert part.text == "devlin"
    assert part.fields[0].field == "authors"
    matched = {each.text for each in part.fields[0].matched if each.how == "value"}
    assert matched in ({"Devlin, Jacob"}, {"Devlin, Hannah"})
