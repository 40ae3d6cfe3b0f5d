"""Narrower concepts match with less weight. Broader and related ones are only offered."""

import pytest

from search_app.engine.search import Searcher
from tests.search_app.engine import named
from tests.search_app.engine.named import answer, ids

KINDS = """\
concept = [
    { id = "craft", related = ["pirates"], prefLabel.en = "craft" },
    { id = "boats", broader = ["craft"], prefLabel.en = "boats" },
    { id = "dinghies", broader = ["boats"], prefLabel.en = "dinghies" },
    { id = "ferries", broader = ["boats"], prefLabel.en = "ferries" },
    { id = "rafts", broader = ["boats"], prefLabel.en = "rafts" },
    { id = "canoes", broader = ["rafts"], prefLabel.en = "canoes" },
    { id = "harbors", related = ["ferries", "canoes"], prefLabel.en = "harbors" },
    { id = "pirates", prefLabel.en = "pirates" },
]
"""


@pytest.fixture(scope="module")
def kinds(tmp_path_factory: pytest.TempPathFactory) -> Searcher:
    titles = ["Craft", "Boats", "Dinghies", "Ferries", "More Ferries"]
    titles += [f"Filler {each}" for each in range(60)]
    publications = ({"title": title} for title in titles)
    folder = tmp_path_factory.mktemp("kinds")
    return named.index(folder, publications=publications, thesaurus=KINDS)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("boats", ["boats", "dinghies", "ferries", "more-ferries"]),
        ("craft", ["craft", "boats"]),
        ("dinghies", ["dinghies"]),
        ("ferries", ["ferries", "more-ferries"]),
        ("rafts", []),
        ("harbors", []),
    ],
)
def test_narrower_entities_rank_after_the_entity(
    text: str, found: list[str], kinds: Searcher
) -> None:
    """Narrower entities are added if few publications have the entity.

    Broader and related are not.
    """
    assert ids(answer(text, kinds))[:1] == found[:1]
    assert set(ids(answer(text, kinds))) == set(found)


def test_narrower_entities_are_listed(kinds: Searcher) -> None:
    (named,) = answer("boats", kinds).entities
    assert named.narrower == ("dinghies", "ferries")
    assert answer("ferries", kinds).entities == ()


@pytest.mark.parametrize(
    ("text", "broader", "related"),
    [
        ("rafts", [("boats", 4)], []),
        ("canoes", [("boats", 4)], []),
        ("harbors", [], [("ferries", 2)]),
        ("pirates", [], [("craft", 2)]),
        ("zebra rafts", [("boats", 4)], []),
    ],
)
def test_broader_and_related_entities_are_offered_with_their_totals(
    text: str, broader: list[tuple[str, int]], related: list[tuple[str, int]], kinds: Searcher
) -> None:
    diagnosis = answer(text, kinds).diagnosis
    assert diagnosis
    (concept,) = diagnosis.absent_concepts
    assert concept.text == text.removeprefix("zebra ")
    for offered, expected in ((concept.broader, broader), (concept.related, related)):
        assert [(each.text, each.total) for each in offered] == expected
        assert all(answer(each.text, kinds).total == each.total for each in offered)


def test_an_entity_with_hits_offers_no_broader_ones(kinds: Searcher) -> None:
    assert answer("dinghies", kinds).diagnosis is None
    diagnosis = answer("zebra", kinds).diagnosis
    assert diagnosis
    assert diagnosis.absent_concepts == ()
