"""The diagnosis of a query without hits: each number is the total of the search it links to."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote_plus, urlsplit

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup

from tests.search_app.web.reading import fetch, read_page
from tests.tiers import examples


def answer(client: FlaskClient, address: str) -> dict[str, Any]:
    return dict(fetch(client, f"/api/search?{urlsplit(address).query}"))


def offered(diagnosis: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for name in ("words", "nearest", "without"):
        yield from diagnosis[name]
    for concept in diagnosis["absent_concepts"]:
        yield from (*concept["broader"], *concept["related"])
    yield from diagnosis["any_of"].values()
    for name in ("unfiltered", "any"):
        if diagnosis[name]:
            yield diagnosis[name]
    for place in diagnosis["absent_places"]:
        for name in ("regions", "countries", "unplaced"):
            yield from place[name]


def numbers(found: list[dict[str, Any]]) -> dict[str, int]:
    return {each["text"]: each["total"] for each in found}


@pytest.mark.parametrize(
    ("filters", "said"),
    [("", ""), ("&section=Tools", ", with the current filters")],
    ids=["everything", "filtered"],
)
def test_a_relaxed_query_lists_the_hits_of_each_word(
    client: FlaskClient, filters: str, said: str
) -> None:
    """A relaxed query lists the number of hits of each word, with a link if there are any.

    The number and the link keep the selected filters.
    """
    address = f"/?q=victim+organ+zyzzyva{filters}"
    found = answer(client, address)
    assert found["relaxed"]
    words = numbers(found["diagnosis"]["words"])
    urls = {word: f"/?q={word}{filters}" for word in ("victim", "organ")}
    assert words == {word: answer(client, url)["total"] for word, url in urls.items()} | {
        "zyzzyva": 0
    }
    line = read_page(client, address).select_one(".counted")
    assert line
    links = {a.bdi.get_text(): a["href"] for a in line.select("a") if a.bdi}
    assert links == {word: url for word, url in urls.items() if words[word]}
    counted = " · ".join(f"{word} {total} publications" for word, total in words.items())
    assert " ".join(line.get_text().split()) == f"Hits for each word{said}: {counted}"


def test_similar_words_are_offered_for_an_unknown_word(client: FlaskClient) -> None:
    """A quoted word is not corrected.

    Similar words are offered with their hits, each in one form.
    """
    nearest = answer(client, "/?q=%22smugglling%22+sea&match=all")["diagnosis"]["nearest"]
    assert nearest[0]["text"] == '"smuggling" sea'
    alone = answer(client, "/?q=smugglling&exact=1")["diagnosis"]["nearest"]
    assert [each["text"] for each in alone] == ["smuggling"]
    assert alone[0]["total"] == answer(client, "/?q=smuggling&exact=1")["total"]


def test_the_page_counts_hits_without_filters_and_of_any_word(client: FlaskClient) -> None:
    address = "/?q=organ+removal&region=Middle+East&section=Multimedia"
    total = answer(client, "/?q=organ+removal")["total"]
    assert f"Search without any filter ({total})" in Markup(client.get(address).text).striptags()
    address = "/?q=organ+zyzzyva&match=all"
    total = answer(client, "/?q=organ+zyzzyva&match=any")["total"]
    assert (
        f"any of these words, not all of them ({total})"
        in Markup(client.get(address).text).striptags()
    )


def test_a_query_with_operators_links_to_any_of_its_words(client: FlaskClient) -> None:
    address = "/?q=%28sea+OR+air%29+%28smuggling%29"
    found = answer(client, address)
    assert found["total"] == answer(client, f"{address}&match=all")["total"] == 3
    assert not found["relaxed"]
    wider = answer(client, f"{address}&match=any")["total"]
    assert wider == found["any_word_total"] > 3
    page = read_page(client, address)
    (note,) = (each for each in page.select(".note") if "any of the words" in each.get_text())
    assert " ".join(note.get_text().split()) == (
        f"Only 3 publications match this query. Search for any of the words ({wider})"
    )
    assert note.a
    assert urlsplit(str(note.a["href"])).query == urlsplit(f"{address}&match=any").query
    assert answer(client, f"{address}&match=any")["any_word_total"] is None


def test_a_query_with_hits_has_no_diagnosis(client: FlaskClient) -> None:
    response = client.get("/api/search?q=organ+removal")
    assert json.loads(response.data)["diagnosis"] is None
    assert "diagnosis" not in response.headers["Server-Timing"]


@pytest.mark.parametrize("address", ["/?q=xyzzy", "/?q=xyzzy&region=Africa", "/?region=Atlantis"])
def test_a_query_of_one_word_lists_no_words(client: FlaskClient, address: str) -> None:
    """A query of at most one word lists no words, because the total already says the same."""
    found = answer(client, address)
    assert found["total"] == 0
    assert found["diagnosis"]["words"] == []
    assert "Hits for each word" not in client.get(address).text


def test_a_field_stays_with_its_word(client: FlaskClient) -> None:
    words = answer(client, "/?q=title:victims+title:zyzzyva")["diagnosis"]["words"]
    assert [each["text"] for each in words] == ["title:victims", "title:zyzzyva"]
    assert words[0]["total"] < answer(client, "/?q=victims")["total"]


TYPED = st.sampled_from([
    "organ", "victims", "zyzzyva", '"model law"', '"smugglling"', "traffick*", "*zzz*", "boat",
    "WHO", "title:manual", "x-ray", "-law", "OR", "trata", "Kenya", "tolkit~", "US", "year:2010",
    "the", "region:Africa", "UN.GIFT", "explotacion", "人口贩运", "human trafficking",
    "covid", "death penalty", "器官",
    "Keniya", "Nairobi",
])  # fmt: skip
TICKED = st.lists(
    st.sampled_from([
        ("section", "Tools"), ("section", "Multimedia"), ("region", "Africa"), ("country", "KE"),
        ("region", "Middle East"), ("year", "2010..2012"), ("language", "none"),
        ("match", "all"), ("match", "any"), ("exact", "1"), ("fold", "1"), ("explain", "1"),
    ]),
    max_size=3,
)  # fmt: skip


COMBINED = st.sampled_from([
    (),
    (("region", "Africa"), ("region", "South Asia"), ("match.region", "all")),
    (("region", "South Asia"), ("region", "Europe and West/Central Asia"), ("match.region", "all")),
    (("country", "IN"), ("region", "Middle East"), ("match.country", "all")),
    (
        ("topic", "trafficking in persons"), ("topic", "smuggling of migrants"),
        ("match.topic", "all"), ("language", "en"), ("language", "es"), ("match.language", "all"),
    ),
])  # fmt: skip
"""Fields of which a hit needs all selected values."""


@given(words=st.lists(TYPED, max_size=4), ticked=TICKED, combined=COMBINED)
@examples(120)
@pytest.mark.slow
def test_every_number_is_the_total_of_its_link(
    client: FlaskClient,
    words: list[str],
    ticked: list[tuple[str, str]],
    combined: tuple[tuple[str, str], ...],
) -> None:
    pairs = [("q", " ".join(words)), *ticked, *combined]
    address = "/?" + "&".join(f"{name}={quote_plus(value)}" for name, value in pairs)
    found = answer(client, address)
    diagnosis = found["diagnosis"]
    nothing = not found["total"]
    if found["relaxed"]:  # a few publications may still have all words
        nothing = not answer(client, f"{address}&match=all")["total"]
    assert (diagnosis is not None) == nothing
    for each in offered(diagnosis) if diagnosis else ():
        assert (each["url"] is None) == (each["total"] == 0)
        if each["url"]:
            led = answer(client, each["url"])
            assert led["total"] == each["total"], each
    for each in (*diagnosis["words"], *diagnosis["nearest"]) if diagnosis else ():
        assert not each["url"] or not answer(client, each["url"])["corrected"]


def values(found: list[dict[str, Any]]) -> list[tuple[str, int]]:
    """Return the texts with their numbers, in order."""
    return [(each["text"], each["total"]) for each in found]


@pytest.mark.parametrize("typed", ["Kenya", "KENYAS", "кении", "肯尼亚", "Keniya"])
def test_a_country_without_publications_leads_to_its_region(
    client: FlaskClient, typed: str
) -> None:
    found = answer(client, f"/?q={quote_plus(typed)}")
    assert (found["total"], found["corrected"], found["suggestion"]) == (0, None, None)
    [place] = found["diagnosis"]["absent_places"]
    assert place["name"] == "Kenya"
    africa = answer(client, "/?region=Africa")
    assert values(place["regions"]) == [("Africa", africa["total"])]
    [bucket] = [each for each in africa["facets"]["region"] if each["value"] == "Africa"]
    countries = {each["label"]: each["count"] for each in bucket["children"]}
    assert dict(values(place["countries"])) == countries
    assert values(place["unplaced"]) == [
        ("No particular region", answer(client, "/?region=none")["total"])
    ]
    page = read_page(client, f"/?q={quote_plus(typed)}")
    line = next(each for each in page.select(".counted") if "about" in each.get_text())
    assert " ".join(line.get_text().split()).startswith(
        f"No publication is about Kenya. Its region: Africa ({africa['total']})."
    )


def test_a_link_to_the_region_keeps_the_rest_of_the_query(client: FlaskClient) -> None:
    found = answer(client, "/?q=trafficking+Nairobi&country=MZ&section=Tools")
    [place] = found["diagnosis"]["absent_places"]
    assert place["name"] == "Nairobi"
    for each in (*place["regions"], *place["countries"], *place["unplaced"]):
        query = urlsplit(each["url"]).query
        assert query.startswith("q=trafficking&section=Tools&")
        assert "country=MZ" not in query or each["text"] == "Mozambique"
        assert each["total"] > 0
    assert (
        answer(client, "/?q=Africa+Kenya+-sea")["diagnosis"]["absent_places"][0]["name"] == "Kenya"
    )


@pytest.mark.parametrize("typed", ["Mozambique", "Swahili", "zyzzyva", "kitchen", "Africa"])
def test_only_places_without_publications_are_reported(client: FlaskClient, typed: str) -> None:
    diagnosis = answer(client, f"/?q={typed}+zyzzyva")["diagnosis"]
    assert diagnosis["absent_places"] == []


@pytest.mark.parametrize("text", ["Kenya", "Kenya zyzzyva", "sport"])
def test_a_name_or_a_correct_word_is_not_taken_for_a_misspelling(
    text: str, client: FlaskClient
) -> None:
    diagnosis = client.get("/api/search", query_string={"q": text}).get_json()["diagnosis"]
    likely = [each["text"].split()[0] for each in diagnosis["nearest"]]
    assert not {"key", "spot"} & {*likely}
