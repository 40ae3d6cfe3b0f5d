"""Search for the values and the ids of publications as pages show them."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.records import Link, Publication
from search_app.engine import Engine, Searcher, SearchRequest
from search_app.engine.query.parser import UnknownValue
from tests.search_app.engine.catalogues import index
from tests.search_app.texts import make_publication

CATALOGUE = Catalogue(
    "Shown",
    "",
    (
        Field("title", "Title", kind="text", role="title", weight=2.5),
        Field("series", "Series", role="collection-title", facet=1, weight=0.3),
        Field("number", "Number", role="collection-number"),
        Field("journal", "Journal", role="container-title", weight=0.3, facet=2),
        Field("volume", "Volume", role="volume"),
        Field("place", "Place"),
        Field("date", "Date", kind="date"),
        Field("translator", "Translator", kind="name"),
        Field("original", "Original", kind="language"),
        Field("link", "Link", kind="link"),
        Field("rights", "Rights", kind="text"),
    ),
)
MADE = [
    make_publication("W18-01", "Water law", series="Field Notes", number="06", place="Vienna, AT"),
    make_publication("W18-02", "Field law", series="Field Notes", number="12", place="Rome"),
    make_publication("W18-03", "Notes on 06 fields", series="Water Papers", number="6"),
    make_publication("W18-04", "Notes", journal="Science", volume="012", date="2019-05-03"),
    make_publication("W18-05", "Rome", translator="Okafor, Ada", original="fr", place="none"),
    make_publication("tools", "More tools", link=Link("https://example.org/a?b=1", "Open")),
]


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Searcher:
    folder: Path = tmp_path_factory.mktemp("shown")
    return Engine.open(index(folder, MADE, CATALOGUE)).get_searcher()


def find(searcher: Searcher, text: str, *, exact: bool = False) -> list[str]:
    """Return the ids of the hits of a text, in order."""
    return [*searcher.list_ids(SearchRequest(text, exact=exact, size=1000))]


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("number:06", "W18-01 W18-03"), ("number:6", "W18-01 W18-03"), ("number:012", "W18-02"),
        ("volume:12", "W18-04"), ('place:"vienna at"', "W18-01"), ("place:Vienna", "W18-01"),
        ("place:Vien", ""), ("place:none", "W18-05"), ("date:2019-05-03", "W18-04"),
        ('date:"3 May 2019"', "W18-04"), ('translator:"Ada Okafor"', "W18-05"),
        ("translator:Okafor", "W18-05"), ("original:French", "W18-05"),
        ("original:français", "W18-05"), ("link:https://example.org/a?b=1", "tools"),
        ("law number:12", "W18-02"), ("law -number:12", "W18-01"),
    ],
)  # fmt: skip
def test_a_field_without_words_finds_its_values(shown: Searcher, text: str, ids: str) -> None:
    assert sorted(find(shown, text)) == ids.split()


def test_an_unknown_value_is_reported(shown: Searcher) -> None:
    found = shown.search("place:Notes")
    assert (found.total, found.unknown_values) == (0, (UnknownValue("place", "Notes"),))


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("W18-02", "W18-02"), ("w18-02", "W18-02"), ("Vienna, AT", "W18-01"), ("Rome", "W18-02"),
        ("2019-05-03", "W18-04"), ("3 May 2019", "W18-04"), ("Ada Okafor", "W18-05"),
        ("https://example.org/a?b=1", "tools"), ("field notes 06", "W18-01"),
        ("Field Notes, no. 6", "W18-01"), ("6 field note", "W18-01"), ("field notes 12", "W18-02"),
        ("law in field notes 12 on Rome", "W18-02"), ("Water Papers 6", "W18-03"),
        ("Science 12", "W18-04"), ("science vol. 12", "W18-04"),
    ],
)  # fmt: skip
def test_a_shown_value_comes_first(shown: Searcher, text: str, first: str) -> None:
    assert find(shown, text)[0] == first


@pytest.mark.parametrize("text", ["W18-02", "Vienna, AT"])
def test_an_exact_search_is_for_words_only(shown: Searcher, text: str) -> None:
    assert not find(shown, text, exact=True)


def test_a_value_adds_hits_to_those_of_its_words(shown: Searcher) -> None:
    found = shown.search(SearchRequest("06", explain=True))
    assert {hit.publication.id for hit in found.hits} == {"W18-01", "W18-03"}
    shown_values = {
        match.text
        for hit in found.hits
        for part in (hit.explanation.parts if hit.explanation else ())
        for field in part.fields
        for match in field.matched
        if field.field == "number"
    }
    assert shown_values == {"06", "6"}


def list_shown(made: list[Publication], catalogue: Catalogue) -> Iterator[tuple[Field, str, str]]:
    for each in made:
        for field in catalogue.valued:
            for value in each.values.get(field.name, ()):
                text = value.url if isinstance(value, Link) else field.display(value)
                yield field, text, each.id


@pytest.mark.slow
def test_each_shown_value_of_the_catalogue_finds_its_publication(searcher: Searcher) -> None:
    """A shown value lists its publication: with its field, and alone if the field has no list.

    The publication comes first if no other has the value, unless that is a word or names places.
    """
    made = [*searcher.scan("")]
    values = [*list_shown(made, searcher.catalogue)]
    times = Counter((field.name, text) for field, text, _ in values)
    for field, text, identity in values:
        named, plain = find(searcher, f'{field.name}:"{text}"'), find(searcher, text)
        assert identity in named, (field.name, text)
        names = field in searcher.catalogue.unlisted and not field.values
        assert identity in plain or not names, (field.name, text)
        if times[field.name, text] == 1:
            assert named[0] == identity, (field.name, text)
            is_known = text.isalpha() or field.name == "part" or not names
            assert is_known or plain[0] == identity, (field.name, text)


@pytest.mark.slow
def test_each_id_of_the_catalogue_comes_first(searcher: Searcher) -> None:
    for each in searcher.scan(""):
        assert find(searcher, each.id)[0] == each.id
