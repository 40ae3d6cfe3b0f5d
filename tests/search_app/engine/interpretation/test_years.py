"""A typed year is first a year of publication, and only then a number in a text."""

import pytest

from search_app.engine.request import SearchRequest
from search_app.engine.search import Searcher
from tests.search_app.engine.named import RIVERS, index


@pytest.fixture(scope="module")
def dated(tmp_path_factory: pytest.TempPathFactory) -> Searcher:
    publications: list[dict[str, object]] = [
        {
            "id": f"yearbook-{year}",
            "title": "Yearbook of Fisheries Statistics",
            "year": year,
            "summary": f"Landings since {year - 1}, {year - 1} and {year - 2} compared.",
        }
        for year in range(2010, 2021)
    ]
    publications += [
        {"id": "agenda", "title": "Fisheries and the Agenda 2015", "year": 2012},
        {"id": "landings", "title": "Landings 2030-2035: an outlook", "year": 2012},
        *(
            {"id": f"other-{number}", "title": f"Harbour {number}", "year": 2015}
            for number in range(40)
        ),
    ]
    return index(tmp_path_factory.mktemp("dated"), RIVERS, publications)


def first(text: str, searcher: Searcher) -> str:
    return searcher.list_ids(SearchRequest(text))[0]


def test_a_title_with_a_year_ranks_that_edition_first(searcher: Searcher) -> None:
    tried = 0
    for edition in searcher.scan(SearchRequest()):
        others = searcher.find_related(edition.id).editions
        years = {str(each.values.get("year", [""])[0]) for each in others}
        for year in map(str, edition.values.get("year", ())):
            if others and year not in years:
                tried += 1
                assert first(f"{edition.title} {year}", searcher) == edition.id
                assert first(f"{year} {edition.title}", searcher) == edition.id
    assert tried >= 5


def test_the_year_of_an_edition_outranks_its_mention_in_another(dated: Searcher) -> None:
    for year in range(2010, 2021):
        assert first(f"yearbook of fisheries statistics {year}", dated) == f"yearbook-{year}"
        assert first(f"fisheries yearbook {year}", dated) == f"yearbook-{year}"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("agenda 2015", "agenda"), ("fisheries agenda 2015", "agenda"),
        # Years that would exclude all hits of the words are part of a title.
        ("Landings 2030-2035", "landings"),
    ],
)  # fmt: skip
def test_a_year_in_a_title_matches_the_title(text: str, found: str, dated: Searcher) -> None:
    assert first(text, dated) == found
