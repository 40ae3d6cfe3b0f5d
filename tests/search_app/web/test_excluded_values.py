"""Excluded values in URLs: pages, the API, exports, feeds, and search records."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient

from search_app.search_state import MAX_SELECTED
from tests.search_app.web.reading import fetch, read_page

EXCLUDED = "without.section=Multimedia"


def test_no_hit_has_an_excluded_value(client: FlaskClient) -> None:
    """The hits are those without the value, and its bucket has the number of the others."""
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


def test_exports_and_feeds_leave_out_excluded_values(client: FlaskClient) -> None:
    """An export has exactly the hits, and the feed is that of the search."""
    total = fetch(client, f"/api/search?{EXCLUDED}")["total"]
    lines = client.get(f"/export/jsonl?{EXCLUDED}").text.splitlines()
    assert len(lines) == total
    feed = client.get(f"/feed.atom?{EXCLUDED}")
    assert feed.status_code == 200
    assert "not Multimedia" in feed.text


def test_links_of_the_page_keep_excluded_values(client: FlaskClient) -> None:
    """Links to pages, orders, values, and exports keep the exclusion, and so do the forms."""
    page = read_page(client, f"/?{EXCLUDED}&q=victims")
    links = [
        *page.select(".pager a, .panel a[href], .tick[href], .bar"),
        *page.select(".not:not([aria-current])"),
    ]
    assert len(links) > 50
    assert [str(link) for link in links if EXCLUDED not in str(link["href"])] == []
    forms = page.select("form:not(.adder)")
    assert len(forms) > 1
    assert all(form.select_one("[name='without.section'][value=Multimedia]") for form in forms)


def test_a_search_record_lists_excluded_values(client: FlaskClient) -> None:
    """The record has the excluded values by field, and its page says that they are excluded."""
    record = fetch(client, f"/api/search-record?{EXCLUDED}&region=Africa")
    assert record["excluded"] == {"section": ["Multimedia"]}
    assert record["filters"] == {"region": ["Africa"]}
    assert "not Multimedia" in client.get(f"/search-record?{EXCLUDED}").text


def test_without_hits_the_page_offers_to_include_a_value_again(client: FlaskClient) -> None:
    """If an exclusion leaves no hits, a link includes the value again, with the number of hits."""
    values = ["Tools", "Multimedia", "Training materials", "Technical Papers"]
    values += ["Reports and Assessments", "Inter-agency papers", "Brochures & leaflets"]
    page = client.get("/?" + urlencode([("without.section", value) for value in values])).text
    assert "Search without the filter Section: not Tools" in page
    without = fetch(client, "/api/search?" + urlencode([("without.section", it) for it in values]))
    assert not without["total"]
    assert [each["excluded"] for each in without["diagnosis"]["without"]] == [True] * len(values)


def test_a_value_cannot_be_selected_and_excluded(client: FlaskClient) -> None:
    """A URL that selects and excludes a value is invalid, and the error says what to do."""
    response = client.get("/api/search?section=Tools&without.section=Tools")
    assert response.status_code == 400
    error = response.get_json()["error"]
    assert "without.section=Tools" in error["message"]
    assert error["hint"] == "Select the value or exclude it, not both."


@pytest.mark.parametrize("value", ["2015..2010", "abc..def"])
def test_an_excluded_range_of_years_is_checked(client: FlaskClient, value: str) -> None:
    """An invalid range of years is an error, whether it is selected or excluded."""
    response = client.get(f"/api/search?without.year={value}")
    assert response.status_code == 400
    assert response.get_json()["error"]["message"].startswith(f"without.year={value} ")


def test_the_form_of_years_overrides_an_exclusion(client: FlaskClient) -> None:
    """The form of years selects a range that is excluded, and its other fields stay."""
    typed = "year_from=2010&year_to=2012"
    kept = "without.year=2010..2012&without.section=Tools"
    found = fetch(client, f"/api/search?{typed}&{kept}")
    assert (
        found["total"] == fetch(client, f"/api/search?{typed}&without.section=Tools")["total"] > 0
    )


def test_an_excluded_region_replaces_its_excluded_countries(client: FlaskClient) -> None:
    """The link that excludes a region drops the exclusions of its countries."""
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
    """Without the publications that state no value, the filter says that one is stated."""
    page = read_page(client, "/?without.region=none&without.year=none")
    chips = page.select(".chip")
    labels = [span.text for chip in chips for span in chip.select("span:has(bdi)")]
    assert labels == ["Region: Stated", "Year: Stated"]
    assert str(chips[0]["aria-label"]).startswith("Remove filter Region: Stated")
    record = client.get("/search-record?without.region=none").text
    assert "Stated" in record
    assert "No particular region" not in record
    french = read_page(client, "/fr/?without.region=none")
    assert [chip.text for chip in french.select(".chip bdi")] == ["Région", "Toute valeur précisée"]
