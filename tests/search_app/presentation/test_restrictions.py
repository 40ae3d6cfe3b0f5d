"""Excluded values, and values that are all needed: pages, the API, exports, feeds, and records."""

from urllib.parse import urlencode

import pytest
from bs4 import BeautifulSoup, Tag
from flask.testing import FlaskClient

from search_app.search_state import MAX_SELECTED
from tests.search_app.web.reading import fetch, read_page

EXCLUDED = "without.section=Multimedia"
TOPICS = "topic=trafficking+in+persons&topic=smuggling+of+migrants"
ALL_TOPICS = f"{TOPICS}&match.topic=all"
REGIONS = "region=Africa&region=South+Asia"
ALL_REGIONS = f"{REGIONS}&match.region=all"


@pytest.mark.parametrize(
    ("query", "words"),
    [(EXCLUDED, "not Multimedia"), (ALL_TOPICS, "trafficking in persons + smuggling of migrants")],
)
def test_exports_and_feeds_have_the_hits(client: FlaskClient, query: str, words: str) -> None:
    total = fetch(client, f"/api/search?{query}")["total"]
    assert len(client.get(f"/export/jsonl?{query}").text.splitlines()) == total
    feed = client.get(f"/feed.atom?{query}")
    assert feed.status_code == 200
    assert words in feed.text


def test_a_search_record_lists_the_values(client: FlaskClient) -> None:
    """The record has the excluded values by field, and its page says that they are excluded.

    It also has the fields of which all values are needed.
    """
    record = fetch(client, f"/api/search-record?{EXCLUDED}&region=Africa")
    assert record["excluded"] == {"section": ["Multimedia"]}
    assert record["filters"] == {"region": ["Africa"]}
    assert "not Multimedia" in client.get(f"/search-record?{EXCLUDED}").text
    record = fetch(client, f"/api/search-record?{ALL_TOPICS}&region=Africa")
    assert record["all_of"] == ["topic"]
    assert ALL_TOPICS in record["url"]
    page = read_page(client, f"/search-record?{ALL_TOPICS}&region=Africa")
    terms = [term.get_text() for term in page.select("dt")]
    assert "Topic (all values)" in terms
    assert "Region" in terms


LINKS = ".pager a, .panel a[href], .tick[href]:not([aria-current]), .bar, .not:not([aria-current])"


@pytest.mark.parametrize(
    ("query", "kept", "field"),
    [
        (EXCLUDED, EXCLUDED, "[name='without.section'][value=Multimedia]"),
        (ALL_TOPICS, "&match.topic=all", "[name='match.topic'][value=all]"),
    ],
)
def test_links_of_the_page_keep_them(
    client: FlaskClient, query: str, kept: str, field: str
) -> None:
    """Links to pages, orders, values, and exports keep both, and so do the forms.

    Only a link that leaves one value of two drops that all are needed.
    """
    page = read_page(client, f"/?{query}&q=migrants")
    links = [str(link["href"]) for link in page.select(LINKS)]
    cleared = [url for url in links if query == ALL_TOPICS and url.count("&topic=") < 2]
    assert len(links) - len(cleared) > 20
    assert [url for url in links if kept not in url] == cleared
    assert [url for url in cleared if "match." in url] == []
    forms = page.select("form:not(.adder)")
    assert len(forms) > 1
    assert all(form.select_one(field) for form in forms)


def test_no_hit_has_an_excluded_value(client: FlaskClient) -> None:
    everything, found = (
        fetch(client, f"/api/search?size=100{rest}") for rest in ("", f"&{EXCLUDED}")
    )
    buckets = {bucket["value"]: bucket for bucket in found["facets"]["section"]}
    left_out = buckets.pop("Multimedia")
    assert left_out["excluded"]
    assert not left_out["selected"]
    assert found["total"] == everything["total"] - left_out["count"]
    assert not any(bucket["excluded"] for bucket in buckets.values())
    assert all(hit["section"] != "Multimedia" for hit in found["hits"])


def test_without_hits_the_page_offers_to_include_a_value_again(client: FlaskClient) -> None:
    values = ["Tools", "Multimedia", "Training materials", "Technical Papers"]
    values += ["Reports and Assessments", "Inter-agency papers", "Brochures & leaflets"]
    page = client.get("/?" + urlencode([("without.section", value) for value in values])).text
    assert "Search without the filter Section: not Tools" in page
    without = fetch(client, "/api/search?" + urlencode([("without.section", it) for it in values]))
    assert not without["total"]
    assert [each["excluded"] for each in without["diagnosis"]["without"]] == [True] * len(values)


def test_a_value_cannot_be_selected_and_excluded(client: FlaskClient) -> None:
    response = client.get("/api/search?section=Tools&without.section=Tools")
    assert response.status_code == 400
    error = response.get_json()["error"]
    assert "without.section=Tools" in error["message"]
    assert error["hint"] == "Select the value or exclude it, not both."


@pytest.mark.parametrize("value", ["2015..2010", "abc..def"])
def test_an_excluded_range_of_years_is_checked(client: FlaskClient, value: str) -> None:
    response = client.get(f"/api/search?without.year={value}")
    assert response.status_code == 400
    assert response.get_json()["error"]["message"].startswith(f"without.year={value} ")


def test_the_form_of_years_overrides_an_exclusion(client: FlaskClient) -> None:
    typed = "year_from=2010&year_to=2012"
    kept = "without.year=2010..2012&without.section=Tools"
    found = fetch(client, f"/api/search?{typed}&{kept}")
    assert (
        found["total"] == fetch(client, f"/api/search?{typed}&without.section=Tools")["total"] > 0
    )


def test_an_excluded_region_replaces_its_excluded_countries(client: FlaskClient) -> None:
    page = read_page(client, "/?without.country=IN")
    links = [str(link["href"]) for link in page.select("a.not")]
    assert "/?without.region=South+Asia#values-region" in links


def test_selected_and_excluded_values_have_one_limit(client: FlaskClient) -> None:
    """The limit on selected values counts the excluded ones too."""
    half = MAX_SELECTED // 2
    pairs = [("topic", str(number)) for number in range(half)]
    pairs += [("without.topic", str(number)) for number in range(half, MAX_SELECTED)]
    assert client.get(f"/?{urlencode(pairs)}").status_code == 200
    assert client.get(f"/?{urlencode([*pairs, ('without.topic', 'x')])}").status_code == 400


def test_an_excluded_missing_value_is_stated(client: FlaskClient) -> None:
    page = read_page(client, "/?without.region=none&without.year=none")
    chips = page.select(".chip")
    labels = [span.text for chip in chips for span in chip.select("span:has(bdi)")]
    assert labels == ["Region: any value", "Year: any value"]
    assert str(chips[0]["aria-label"]).startswith("Remove filter Region: any value")
    record = client.get("/search-record?without.region=none").text
    assert "any value" in record
    assert "No particular region" not in record
    french = read_page(client, "/fr/?without.region=none")
    assert [chip.text for chip in french.select(".chip bdi")] == ["Région", "valeur précisée"]


def list_choices(page: BeautifulSoup) -> list[Tag]:
    return page.select(".combinations a")


def test_each_hit_has_all_selected_values(client: FlaskClient) -> None:
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
    assert list_choices(read_page(client, f"/?{selected}")) == []


def test_a_link_that_leaves_one_value_drops_the_choice(client: FlaskClient) -> None:
    page = read_page(client, f"/?{ALL_TOPICS}")
    [chip, _] = page.select("a.chip")
    assert chip["href"] == "/?topic=smuggling+of+migrants"
    assert chip["aria-label"] == (
        "Remove filter Topic (all values): trafficking in persons; without it: "
        f"{fetch(client, '/api/search?topic=smuggling+of+migrants')['total']} publications"
    )
    assert " ".join(chip.get_text().split()).startswith(
        "Topic (all values): trafficking in persons"
    )
    canonical = read_page(client, "/?topic=x&match.topic=all").select_one("[rel=canonical]")
    assert canonical
    assert canonical["href"] == "http://localhost/?topic=x"


def test_without_hits_any_of_the_values_is_offered(client: FlaskClient) -> None:
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
    assert link.parent is not None
    assert link.parent.get_text().strip() == f"{text} ({any_of})"


def test_a_missing_value_contradicts_others(client: FlaskClient) -> None:
    found = fetch(client, "/api/search?topic=none&topic=smuggling+of+migrants&match.topic=all")
    assert found["total"] == 0
    assert {bucket["value"] for bucket in found["facets"]["topic"]} == {
        "none",
        "smuggling of migrants",
    }


@pytest.mark.parametrize("name", ["section", "year", "summary", "nothing", ""])
def test_a_field_without_several_values_is_an_error(client: FlaskClient, name: str) -> None:
    response = client.get(f"/api/search?match.{name}=all")
    assert response.status_code == 400
    error = response.get_json()["error"]
    assert error["message"] == f"match.{name}=all is not valid."
    assert error["hint"].startswith("Use one of: match.region, match.country, match.topic, ")


def test_another_value_is_an_error(client: FlaskClient) -> None:
    assert client.get("/api/search?match.topic=both").status_code == 400
    assert client.get("/api/search?match.topic=&match.nothing=").status_code == 200
