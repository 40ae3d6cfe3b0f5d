"""Searches for all selected values of a field: pages, the API, exports, feeds, search records."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup, Tag
from flask.testing import FlaskClient

from tests.search_app.web.reading import fetch, read_page

TOPICS = "topic=trafficking+in+persons&topic=smuggling+of+migrants"
ALL_TOPICS = f"{TOPICS}&match.topic=all"
REGIONS = "region=Africa&region=South+Asia"
ALL_REGIONS = f"{REGIONS}&match.region=all"


def list_choices(page: BeautifulSoup) -> list[Tag]:
    """Return the links of the choice between any and all values."""
    return page.select(".combinations a")


def test_each_hit_has_all_selected_values(client: FlaskClient) -> None:
    """The hits are those of any value that have all, and each other count is among them."""
    found = fetch(client, f"/api/search?{ALL_TOPICS}&size=100")
    any_of = fetch(client, f"/api/search?{TOPICS}&match.topic=any&size=100")
    both = [hit["id"] for hit in any_of["hits"] if len(hit["topic"]) > 1]
    both += [
        hit["id"]
        for hit in fetch(client, f"/api/search?{TOPICS}&size=100&page=2")["hits"]
        if len(hit["topic"]) > 1
    ]
    assert sorted(hit["id"] for hit in found["hits"]) == sorted(both)
    assert {bucket["count"] for bucket in found["facets"]["topic"]} == {len(both)}


def test_a_country_counts_among_the_values_of_its_region(client: FlaskClient) -> None:
    """Countries and regions are one field, so either name in the parameter means both."""
    europe = "Europe+and+West%2FCentral+Asia"
    any_of = fetch(client, f"/api/search?country=IN&region={europe}")
    for name in ("region", "country"):
        found = fetch(client, f"/api/search?country=IN&region={europe}&match.{name}=all")
        assert 0 < found["total"] < any_of["total"]
        for hit in found["hits"]:
            assert "IN" in hit["country"]
            assert "Europe and West/Central Asia" in hit["region"]
    page = read_page(client, f"/?country=IN&region={europe}&match.country=all")
    canonical = page.select_one("[rel=canonical]")
    assert canonical
    assert canonical["href"] == f"http://localhost/?region={europe}&country=IN&match.region=all"


def test_the_page_offers_any_or_all_of_several_values(client: FlaskClient) -> None:
    """A group with several selected values has a link for any and one for all of them."""
    any_of, all_of = list_choices(read_page(client, f"/?{TOPICS}&q=victims"))
    assert (any_of["aria-current"], all_of.get("aria-current")) == ("true", None)
    assert all_of["href"] == f"/?q=victims&{ALL_TOPICS}#values-topic"
    any_of, all_of = list_choices(read_page(client, str(all_of["href"])))
    assert (any_of.get("aria-current"), all_of["aria-current"]) == (None, "true")
    assert any_of["href"] == f"/?q=victims&{TOPICS}#values-topic"
    assert len(list_choices(read_page(client, f"/facet/topic?{ALL_TOPICS}"))) == 2


@pytest.mark.parametrize(
    "selected",
    [
        "topic=smuggling+of+migrants",
        "section=Tools&section=Multimedia",
        "year=2009&year=2010",
        "region=South+Asia&country=IN",
    ],
)
def test_no_choice_is_offered_where_it_changes_nothing(client: FlaskClient, selected: str) -> None:
    """One value, fields of one value, years, and a country in its region have no choice."""
    assert list_choices(read_page(client, f"/?{selected}")) == []


def test_links_of_the_page_keep_the_choice(client: FlaskClient) -> None:
    """Links to pages, orders, values, and exports keep it, and so do the forms."""
    page = read_page(client, f"/?{ALL_TOPICS}&q=migrants")
    links = page.select(".pager a, .panel a[href], .tick[href]:not([aria-current]), .bar, .not")
    cleared = [link for link in links if str(link["href"]).count("&topic=") < 2]
    kept = [link for link in links if link not in cleared]
    assert len(kept) > 20
    assert [str(link) for link in kept if "&match.topic=all" not in str(link["href"])] == []
    assert [str(link) for link in cleared if "match." in str(link["href"])] == []
    forms = page.select("form:not(.adder)")
    assert len(forms) > 1
    assert all(form.select_one("[name='match.topic'][value=all]") for form in forms)


def test_a_link_that_leaves_one_value_drops_the_choice(client: FlaskClient) -> None:
    """The URL of a single value, and of a search without filters, does not say all or any."""
    page = read_page(client, f"/?{ALL_TOPICS}")
    [chip, _] = page.select("a.chip")
    assert chip["href"] == "/?topic=smuggling+of+migrants"
    assert chip["aria-label"] == (
        "Remove filter Topic (all of): trafficking in persons; without it: "
        f"{fetch(client, '/api/search?topic=smuggling+of+migrants')['total']} publications"
    )
    assert " ".join(chip.get_text().split()).startswith("Topic (all of): trafficking in persons")
    canonical = read_page(client, "/?topic=x&match.topic=all").select_one("[rel=canonical]")
    assert canonical
    assert canonical["href"] == "http://localhost/?topic=x"


def test_exports_feeds_and_records_need_all_values(client: FlaskClient) -> None:
    """They have the hits of the search, and say that all values are needed."""
    total = fetch(client, f"/api/search?{ALL_TOPICS}")["total"]
    assert len(client.get(f"/export/jsonl?{ALL_TOPICS}").text.splitlines()) == total
    assert "trafficking in persons + smuggling of migrants" in client.get(
        f"/feed.atom?{ALL_TOPICS}"
    ).text  # fmt: skip
    record = fetch(client, f"/api/search-record?{ALL_TOPICS}&region=Africa")
    assert record["all_of"] == ["topic"]
    assert ALL_TOPICS in record["url"]
    page = read_page(client, f"/search-record?{ALL_TOPICS}&region=Africa")
    terms = [term.get_text() for term in page.select("dt")]
    assert "Topic (all of)" in terms
    assert "Region" in terms


def test_without_hits_any_of_the_values_is_offered(client: FlaskClient) -> None:
    """If no publication has all values, a link leads to those with any of them."""
    found = fetch(client, f"/api/search?{ALL_REGIONS}")
    any_of = fetch(client, f"/api/search?{REGIONS}")["total"]
    assert found["total"] == 0
    assert found["diagnosis"]["any_of"] == {
        "region": {"text": "Region", "total": any_of, "url": f"/?{REGIONS}"}
    }
    page = read_page(client, f"/?{ALL_REGIONS}")
    text = "Search for any of the selected values of Region, not all of them"
    [link] = [each for each in page.select(".nothing a") if each.get_text() == text]
    assert link["href"] == f"/?{REGIONS}"
    assert str(link.next_sibling).startswith(f" ({any_of})")


def test_a_missing_value_contradicts_others(client: FlaskClient) -> None:
    """No publication has a value and no value."""
    found = fetch(client, "/api/search?topic=none&topic=smuggling+of+migrants&match.topic=all")
    assert found["total"] == 0
    assert {bucket["value"] for bucket in found["facets"]["topic"]} == {
        "none",
        "smuggling of migrants",
    }


@pytest.mark.parametrize("name", ["section", "year", "summary", "nothing", ""])
def test_a_field_without_several_values_is_an_error(client: FlaskClient, name: str) -> None:
    """The parameter of a field of at most one value, or of none, is invalid."""
    response = client.get(f"/api/search?match.{name}=all")
    assert response.status_code == 400
    error = response.get_json()["error"]
    assert error["message"] == f"match.{name}=all is not valid."
    assert error["hint"].startswith("Use one of: match.region, match.country, match.topic, ")


def test_another_value_is_an_error(client: FlaskClient) -> None:
    """The parameter is any or all. Empty, it counts as missing."""
    assert client.get("/api/search?match.topic=both").status_code == 400
    assert client.get("/api/search?match.topic=&match.nothing=").status_code == 200
