"""The site as a browser or a program uses it: URLs, responses, and headers."""

import json
import re
from html import unescape
from pathlib import Path
from time import sleep
from typing import Any
from urllib.parse import quote

import pytest
from flask import Response
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from search_app import config, create_app
from search_app.engine.query import cost, vocabulary
from search_app.search_state import SORTS
from tests.catalogue import PATIENT
from tests.search_app.web.reading import fetch, find, open_index, read_page
from tests.tiers import examples


def ids(client: FlaskClient, address: str) -> list[str]:
    hits = fetch(client, address)["hits"]
    return [hit["id"] for hit in hits]


def buckets(client: FlaskClient, address: str, facet: str) -> dict[str, Any]:
    facets = fetch(client, address)["facets"]
    top = facets[facet]
    return {each["value"]: each for row in top for each in [row, *row.get("children", [])]}


def test_terms_match_in_different_fields(client: FlaskClient) -> None:
    top = ids(client, "/api/search?q=icat+refugee")
    assert top[0] == "trafficking-in-persons-and-refugee-status-2017"


def test_a_country_under_its_region_narrows_it(client: FlaskClient) -> None:
    both = ids(client, "/api/search?region=South+Asia&country=IN&size=100")
    assert both == ids(client, "/api/search?country=IN&size=100")
    children = buckets(client, "/api/search?region=South+Asia", "region")
    assert children["IN"]["count"] == len(both)
    assert children["IN"]["label"] == "India"


def test_the_api_has_the_documented_parts(client: FlaskClient) -> None:
    found = fetch(client, "/api/search?q=manual&size=3")
    assert found.keys() >= {
        "query", "total", "page", "page_count", "relaxed", "generation", "took_ms", "hits",
        "facets",
    }  # fmt: skip
    hits = found["hits"]
    assert len(hits) == 3
    hit = hits[0]
    assert hit.keys() >= {
        "id", "title", "score", "url", "title_html", "summary_html", "summary", "section",
        "region", "publisher", "year", "language", "topic", "country", "heading", "format",
        "audience", "body", "series",
    }  # fmt: skip
    assert "<mark>" in hit["title_html"]
    assert isinstance(hit["language"], list)
    assert isinstance(hit["year"], int)
    assert fetch(client, f"/api{hit['url']}")["title"] == hit["title"]


def test_without_a_query_all_publications_are_listed(client: FlaskClient) -> None:
    found = fetch(client, "/api/search?size=100")
    assert found["total"] == 136
    hits = found["hits"]
    years = [hit["year"] for hit in hits]
    dated = [year for year in years if year]
    assert years == sorted(dated, reverse=True) + [None] * (len(years) - len(dated))
    assert all(hit["score"] is None for hit in hits)


def test_sections_are_in_printed_order(client: FlaskClient) -> None:
    found = buckets(client, "/api/search", "section")
    assert {value: each["count"] for value, each in found.items()} == {
        "Tools": 23, "Training materials": 12, "Reports and Assessments": 28,
        "Technical Papers": 31, "Inter-agency papers": 14, "Brochures & leaflets": 5,
        "Multimedia": 23,
    }  # fmt: skip
    assert next(iter(found)) == "Tools"
    assert list(found)[-1] == "Multimedia"


def test_a_relaxed_search_says_so(client: FlaskClient) -> None:
    """A search is relaxed to any of its terms if no publication has all. The response says so."""
    address = "/api/search?q=organ+zyzzyva"
    assert fetch(client, address)["relaxed"] is True
    assert fetch(client, f"{address}&match=all")["total"] == 0
    assert "at least one of the words" in client.get("/?q=organ+zyzzyva").text


@pytest.mark.parametrize(
    ("parameters", "name"),
    [
        ("page=x", "page"), ("page=0", "page"), ("page=-1", "page"), ("page=1.5", "page"),
        ("size=101", "size"), ("size=0", "size"), ("size=ten", "size"), ("sort=best", "sort"),
        ("match=some", "match"), ("year=20..2015", "year"), ("year=2015..2010", "year"),
        ("year=..", "year"), ("fold=yes", "fold"), ("exact=yes", "exact"), ("exact=2", "exact"),
        ("explain=2", "explain"), ("inside=false", "inside"),
        ("year_from=2015&year_to=2010", "year"),
    ],
)  # fmt: skip
def test_a_malformed_parameter_is_refused(client: FlaskClient, parameters: str, name: str) -> None:
    """A malformed page, size, sort, or range is a 400 that names the parameter and the reason."""
    response = client.get(f"/api/search?{parameters}")
    assert response.status_code == 400
    error = json.loads(response.data)["error"]
    assert error["code"] == "bad_parameter"
    assert name in error["message"]
    assert error["hint"]
    page = client.get(f"/?{parameters}")
    assert page.status_code == 400
    assert "<h1" in page.text


PUBLICATION = "/publication/global-report-on-trafficking-in-persons-2014"


@pytest.mark.parametrize(
    ("address", "hint"),
    [
        ("/facet/year?sort=x", ", ".join(SORTS)),
        ("/feed.atom?sort=x", ", ".join(SORTS)),
        ("/export/ris?sort=x", ", ".join(SORTS)),
        ("/search-record?sort=x", ", ".join(SORTS)),
        ("/api/search-record?sort=x", ", ".join(SORTS)),
        ("/api/suggest?q=tra&year=2015..2010", "Use 2010..2015"),
        ("/?year_from=2015&year_to=2010", "The first year is after the second. Use 2010..2015"),
        ("/advanced/search?year_from=20", "four digits"),
        (f"{PUBLICATION}?q=report&hit=0", "whole number from 1"),
        (f"{PUBLICATION}?cite=vancouver", "apa, "),
    ],
)
def test_every_route_refuses_a_malformed_search(
    client: FlaskClient, address: str, hint: str
) -> None:
    response = client.get(address)
    assert response.status_code == 400
    assert hint in response.text


def test_an_unknown_value_has_no_hits_and_can_be_removed(client: FlaskClient) -> None:
    """An unknown facet value is a 200 without hits, with a chip that removes it."""
    response = client.get("/?region=Atlantis")
    assert response.status_code == 200
    for text in ("Nothing found", "Atlantis", "Browse all publications"):
        assert text in response.text
    assert fetch(client, "/api/search?region=Atlantis")["total"] == 0


def test_a_page_past_the_end_links_to_the_last(client: FlaskClient) -> None:
    for number in ("15", "9" * 300):
        response = client.get(f"/?page={number}")
        assert response.status_code == 200
        assert "/?page=14" in response.text


def test_unknown_and_empty_parameters_are_ignored(client: FlaskClient) -> None:
    found = fetch(client, "/api/search?foo=bar&page=&sort=&region=&year_from=&size=")
    assert found["total"] == 136


@pytest.mark.parametrize("address", ["/publication/none-such", "/api/publication/x", "/x", "/api/"])
def test_unknown_urls_are_a_404(client: FlaskClient, address: str) -> None:
    """An unknown publication or page is a 404, as a page or as JSON."""
    response = client.get(address)
    assert response.status_code == 404
    if address.startswith("/api/"):
        assert json.loads(response.data)["error"]["code"] == "not_found"
    else:
        assert "<h1" in response.text


@pytest.mark.parametrize(
    "text",
    ["<script>alert(1)</script>", "\"'><img src=x onerror=alert(1)>", "{{1237*4321}}", "&lt;"],
)
def test_request_text_is_escaped(client: FlaskClient, text: str) -> None:
    page = read_page(client, f"/?q={quote(text)}&region={quote(text)}")
    assert not page.select("img, script:not([src]), [onerror]")
    assert find(page, "title").text.startswith(f"{text} – ")
    assert find(page, "#q")["value"] == text
    for shown in ("h1", "main .row .label", "main .chip", "main .summary"):
        assert text in find(page, shown).text


def test_a_value_without_a_url_is_not_a_link(client: FlaskClient) -> None:
    page = read_page(client, "/publication/unodc-model-law-against-the-smuggling-of-migrants-2010")
    links = {
        row.dt.text: [link.get("href") for link in row.select("a")]
        for row in page.select(".details > div")
        if row.dt
    }
    assert links["Format"] == ["/?format=document"]
    assert links["To be had by"] == []
    assert not {"", "#", None} & {link.get("href") for link in page.select("a")}


def test_health_names_the_generation(client: FlaskClient, catalogue_index: Path) -> None:
    assert fetch(client, "/healthz") == {
        "status": "ok",
        "generation": (catalogue_index / "CURRENT").read_text(encoding="utf-8").strip(),
        "publication_count": 136,
    }


GLOBAL_REPORT = "global-report-on-trafficking-in-persons-2016"


def test_a_publication_has_its_other_editions(client: FlaskClient) -> None:
    editions = fetch(client, f"/api/publication/{GLOBAL_REPORT}")["other_editions"]
    assert [each["year"] for each in editions] == [2018, 2014, 2012, 2009]
    assert {each["title"] for each in editions} == {"Global Report on Trafficking in Persons"}
    page = client.get(f"/publication/{GLOBAL_REPORT}").text
    assert [page.index(f'href="{each["url"]}"') for each in editions] == sorted(
        page.index(f'href="{each["url"]}"') for each in editions
    )


def test_a_publication_has_similar_ones(client: FlaskClient) -> None:
    address = "publication/unodc-model-law-against-trafficking-in-persons-2009"
    similar = fetch(client, f"/api/{address}")["similar"]
    expected = {
        "url": "/publication/unodc-model-law-against-the-smuggling-of-migrants-2010",
        "id": "unodc-model-law-against-the-smuggling-of-migrants-2010",
        "title": "UNODC Model Law against the Smuggling of Migrants",
        "lang": "en", "year": 2010, "publisher": "UNODC", "section": "Tools",
        "language": ["ar", "en", "fr", "ru", "es"],
    }  # fmt: skip
    assert similar[0] | expected == similar[0]
    page = client.get(f"/{address}").text
    _, heading, below = page.partition("More like this")
    assert heading
    assert all(f'href="{each["url"]}"' in below for each in similar)
    assert "2010 · UNODC · Tools · Arabic, English, French, Russian, Spanish" in below


@pytest.mark.slow
def test_a_publication_has_no_empty_lists(client: FlaskClient) -> None:
    seen = set()
    for number in (1, 2):
        for identity in ids(client, f"/api/search?size=100&page={number}"):
            found = fetch(client, f"/api/publication/{identity}")
            page = client.get(f"/publication/{identity}").text
            for name, heading in (("other_editions", "Other editions"), ("similar", "More like")):
                assert (name in found) == (heading in page)
                assert found.get(name) != []
                seen.add((name, name in found))
    assert seen == {("other_editions", True), ("other_editions", False), ("similar", True)}


@pytest.mark.slow
def test_a_folded_list_has_one_edition_of_each_title(client: FlaskClient) -> None:
    """All pages of a folded list together have each title once, in its best edition."""
    for words in ("", "q=trafficking", "q=global+report&sort=oldest"):
        unfolded = [
            each for number in (1, 2)
            for each in ids(client, f"/api/search?{words}&size=100&page={number}")
        ]  # fmt: skip
        found = fetch(client, f"/api/search?{words}&fold=1&size=7")
        folded = [
            each for number in range(1, found["page_count"] + 2)
            for each in ids(client, f"/api/search?{words}&fold=1&size=7&page={number}")
        ]  # fmt: skip
        others = {
            identity: {
                each["id"]
                for each in fetch(client, f"/api/publication/{identity}").get("other_editions", ())
            }
            for identity in unfolded
        }
        expected = [
            each for place, each in enumerate(unfolded) if not others[each] & {*unfolded[:place]}
        ]
        assert folded == expected
        assert found["title_count"] == len(expected) < len(unfolded)


def test_folding_changes_no_count(client: FlaskClient) -> None:
    plain, folded = (fetch(client, f"/api/search?q=report&fold={fold}") for fold in "01")
    assert folded["facets"] == plain["facets"]
    assert folded["total"] == plain["total"]


def test_a_folded_title_counts_its_other_editions(client: FlaskClient) -> None:
    text = client.get("/?q=global+report&fold=1").text
    assert "4 other editions<" in text
    assert "1–2 of 2 titles (publications: 6)" in text
    assert "other editions" not in client.get("/?q=global+report").text
    address = re.findall(r'href="(/publication/[^"]+)#editions"', text)[0]
    assert 'id="editions"' in client.get(address).text


def test_folding_is_offered_only_if_it_has_an_effect(client: FlaskClient) -> None:
    assert "Fold editions" in client.get("/?q=global+report").text
    assert "Fold editions" not in client.get("/?q=organ").text
    assert "List each edition" in client.get("/?q=organ&fold=1").text


def test_each_hit_has_its_reasons(client: FlaskClient) -> None:
    address = "?q=africa+traficking&region=Africa&explain=1"
    hits = fetch(client, f"/api/search{address}")["hits"]
    page = client.get(f"/{address}").text
    assert page.count('<details class="why"') == len(hits)
    for hit in hits:
        why = hit["explanation"]
        fields = [field for part in why["parts"] for field in part["fields"]]
        total = sum(field["score"] for field in fields) + why["title"] + why["nearness"]
        assert total == pytest.approx(hit["score"], abs=1e-3)
        assert why["filters"][0]["field"] == "region"
        assert "“trafficking”, in place of “traficking”, adds" in why["sentences"][1]
        assert why["sentences"][-1].startswith("Filter Region: Africa")
    assert "(includes Mozambique, South Africa, Zimbabwe)" in page


def test_values_are_quoted_in_reasons(client: FlaskClient) -> None:
    hit, *_ = fetch(client, "/api/search?q=india&explain=1")["hits"]
    assert hit["explanation"]["sentences"][0].endswith("Country is “India”.")


def test_an_id_is_quoted_in_reasons(client: FlaskClient) -> None:
    identity = fetch(client, "/api/search?size=1")["hits"][0]["id"]
    hit, *_ = fetch(client, f"/api/search?q={identity}&explain=1")["hits"]
    assert f"ID is “{identity}”" in hit["explanation"]["sentences"][0]
    assert f"“{identity}”" in read_page(client, f"/?q={identity}&explain=1").text


def test_a_list_links_to_its_reasons(client: FlaskClient) -> None:
    page = client.get("/?q=trafficking&page=2").text
    assert 'href="/?q=trafficking&amp;explain=1&amp;page=2"' in page
    assert "Show reasons" in page
    assert 'class="why"' not in page
    assert (
        'href="/?q=trafficking&amp;page=2"' in client.get("/?q=trafficking&page=2&explain=1").text
    )
    assert "Show reasons" in client.get("/?region=Africa").text
    for address in ("/", "/?q=xyzzy&match=all"):
        assert "Show reasons" not in client.get(address).text
    assert "explanation" not in fetch(client, "/api/search?q=trafficking")["hits"][0]


def test_reasons_are_escaped(client: FlaskClient) -> None:
    """The text of the query is escaped in a reason too."""
    page = client.get("/", query_string={"q": "organ <b>&zyzzyva", "explain": "1"}).text
    assert "“<bdi>organ</bdi>” adds" in page
    assert "<b>" not in page


NASTY = st.text(max_size=60) | st.sampled_from(
    ["\x00", "%", "é", '"' * 50, "(" * 500, "a" * 5000, "year:" + "1" * 400, "x^0", "* *", "-" * 99]
)


NAMES = st.sampled_from("q page size sort match fold exact explain region year foo".split())


@given(pairs=st.lists(st.tuples(NAMES, NASTY), max_size=5))
@examples(150)
@pytest.mark.slow
def test_any_parameters_get_a_response(client: FlaskClient, pairs: list[tuple[str, str]]) -> None:
    query: dict[str, list[str]] = {}
    for name, value in pairs:
        query.setdefault(name, []).append(value.encode("utf-8", "replace").decode())
    for path in ("/", "/api/search", "/api/suggest", "/facet/region"):
        response = client.get(path, query_string=query)
        assert response.status_code in (200, 400)


def test_the_label_of_a_missing_value_can_be_typed(client: FlaskClient) -> None:
    typed = fetch(client, "/api/search?q=region:%22No+particular+region%22")["total"]
    assert typed == fetch(client, "/api/search?region=none")["total"]


def test_an_unused_typed_value_is_reported(client: FlaskClient) -> None:
    assert "no publication has the value “film”" in client.get("/?q=format:film").text


def test_a_query_without_terms_is_reported(client: FlaskClient) -> None:
    assert "“?!” has no words to search for" in client.get("/?q=?!").text


def test_an_executive_summary_is_labeled(client: FlaskClient) -> None:
    text = client.get("/?q=title:%22global+report%22&year=2014").text
    assert "English, Arabic (executive summary), Chinese (executive summary)" in text
    page = client.get("/publication/global-report-on-trafficking-in-persons-2014").text
    assert "Arabic (executive summary)" in page


@pytest.mark.parametrize("address", ["/?q=organ", "/api/search?q=organ", "/facet/region?q=organ"])
def test_a_response_has_the_time_of_its_stages(client: FlaskClient, address: str) -> None:
    """Server-Timing has every stage of a search once, in milliseconds, and the rest as one."""
    timing = client.get(address).headers["Server-Timing"]
    stages = dict(re.findall(r"(\w+);dur=(\d+\.\d+)", timing))
    assert list(stages) == ["parse", "match", "score", "facets", "passages", "render", "server"]
    assert all(0 <= float(taken) < 60_000 for taken in stages.values())


@pytest.mark.slow
def test_server_timing_has_the_time_of_other_functions(catalogue_index: Path) -> None:
    """The stage `server` contains the time before the search and of functions that run after it."""
    app = create_app(config.load(PATIENT, index=catalogue_index))

    def slow(answer: Response | None = None) -> Any:
        sleep(0.02)
        return answer

    app.before_request(slow)
    app.after_request(slow)
    timing = app.test_client().get("/?q=organ").headers["Server-Timing"]
    assert float(re.findall(r"server;dur=([\d.]+)", timing)[0]) >= 40


def test_ignored_terms_are_reported(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Page and API name the terms that a search ignored because they were too expensive."""
    monkeypatch.setattr(cost, "MAX_POSTINGS", 60)
    monkeypatch.setattr(cost, "ALWAYS_ALLOWED", 0)
    address = "?q=trafficking+organ"
    assert "“trafficking” was ignored" in client.get(f"/{address}").text
    assert fetch(client, f"/api/search{address}")["dropped_clauses"] == ["trafficking"]


@pytest.mark.slow
def test_an_expanded_wildcard_reports_ignored_words(
    catalogue_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = open_index(catalogue_index)
    monkeypatch.setattr(vocabulary, "MAX_POSTINGS", 100)
    assert "“*raff*” matches too many words" in client.get("/?q=*raff*").text
    response = client.get("/api/search?q=*raf*")
    (truncated,) = json.loads(response.data)["truncated"]
    assert truncated["text"] == "*raf*"
    assert truncated["omitted_word_count"] > 0


def suggested(client: FlaskClient, parameters: str) -> Any:
    return fetch(client, f"/api/suggest?{parameters}")["suggestions"]


def test_suggestions_have_the_documented_parts(client: FlaskClient) -> None:
    assert fetch(client, "/api/suggest?q=%20Model+L")["query"] == " Model L"
    value, *_ = suggested(client, "q=south+a&language=en")
    assert value == {
        "kind": "facet", "text": "South Asia", "label": "Region: South Asia",
        "total": fetch(client, "/api/search?language=en&region=South+Asia")["total"],
        "number": "16", "description": "Region: South Asia, 16 publications",
        "url": "/?language=en&region=South+Asia",
    }  # fmt: skip
    word, *_, title = suggested(client, "q=organ+remo")
    assert word == {
        "kind": "word", "text": "organ removal", "label": "organ removal", "total": 2,
        "number": "2", "description": "organ removal, 2 publications",
        "url": "/?q=organ+removal",
    }  # fmt: skip
    assert title["kind"] == "title"
    assert title["total"] == 1
    assert fetch(client, f"/api{title['url']}")["title"] == title["label"] == title["text"]


def test_a_suggestion_keeps_filters_and_order(client: FlaskClient) -> None:
    ticked = "year=2005..2015&sort=oldest&size=20&page=3&match=any"
    hrefs = [each["url"] for each in suggested(client, f"q=afri&{ticked}")]
    assert "/?q=africa&year=2005..2015&sort=oldest&size=20" in hrefs
    assert "/?year=2005..2015&region=Africa&sort=oldest&size=20" in hrefs


def test_suggestions_are_cached_for_a_minute(client: FlaskClient) -> None:
    """A browser may cache suggestions for a minute. Proxies may not, and errors are not cached."""
    kept = client.get("/api/suggest?q=tra").headers["Cache-Control"]
    assert kept == "private, max-age=60"
    assert "Cache-Control" not in client.get("/api/suggest?q=tra&size=x").headers


@pytest.mark.parametrize(
    "parameters", ["", "q=", "foo=bar", "q=t", "q=%00", "q=%FF", "q=" + "a" * 5000, "q=title:tra"]
)
def test_a_prefix_without_suggestions_is_no_error(client: FlaskClient, parameters: str) -> None:
    assert suggested(client, parameters) == []


@pytest.mark.slow
def test_a_server_may_make_the_application_without_arguments(
    catalogue_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The application reads its settings from the environment and opens the index at once."""
    monkeypatch.setenv("PUBSEARCH_INDEX", str(catalogue_index))
    app = create_app()
    assert app.extensions["pubsearch"].current is not None
    assert app.test_client().get("/?q=organ").status_code == 200


def notes(client: FlaskClient, address: str) -> list[tuple[str, str, str]]:
    """Return the notes above a list: line, link text, link."""
    text = client.get(address).text
    found = re.findall(r'<p class="note">([^<]*?) ?<a href="([^"]*)"[^>]*>([^<]*)</a></p>', text)
    return [(unescape(line), unescape(words), unescape(href)) for line, href, words in found]


def test_synonyms_are_reported(client: FlaskClient) -> None:
    address = "?q=human+trafficking"
    found = fetch(client, f"/api/search{address}")
    told = found["entities"]
    (also,) = told
    assert also["text"] == "human trafficking"
    assert also["synonyms"][0] == "trafficking in persons"
    ((line, words, href),) = notes(client, f"/{address}")
    assert line == f"Also searching: {'; '.join(also['synonyms'])}."
    assert (words, href) == ("Search only for the words typed", "/?q=human+trafficking&exact=1")
    exactly = fetch(client, f"/api/search{href.removeprefix('/')}")
    assert exactly["entities"] == []
    assert exactly["total"] < found["total"]


def test_a_name_in_another_language_is_reported(client: FlaskClient) -> None:
    """A name without hits is expanded to the other names of its concept, which the page lists."""
    found = fetch(client, "/api/search?q=торговля+людьми")
    assert found["relaxed"] is False
    assert found["corrected"] is None
    assert found["total"] == fetch(client, "/api/search?q=贩运人口")["total"]
    ((line, _, href),) = notes(client, "/?q=торговля+людьми")
    assert line.startswith("Also searching: trafficking in persons; ")
    assert "Nothing found" in client.get(href).text


def test_a_corrected_query_is_reported(client: FlaskClient) -> None:
    """Page and API report the correction of a query that would have no hits."""
    found = fetch(client, "/api/search?q=traficking")
    assert (found["query"], found["corrected"]) == ("traficking", "trafficking")
    assert ids(client, "/api/search?q=traficking") == ids(client, "/api/search?q=trafficking")
    ((line, words, href),) = notes(client, "/?q=traficking")
    assert line == "No publication has “traficking”. These results are for “trafficking”."
    assert words == "Search for “traficking” as typed"
    assert "Nothing found for “traficking”" in client.get(href).text
    assert fetch(client, "/api/search?q=trafficking")["corrected"] is None


def test_a_corrected_name_has_its_synonyms(client: FlaskClient) -> None:
    """A corrected query is read as if it had been typed, synonyms included."""
    lines = [line for line, _, _ in notes(client, "/?q=mdel+law")]
    assert lines[0] == "No publication has “mdel law”. These results are for “model law”."
    assert lines[1].startswith("Also searching: ")
    assert fetch(client, "/api/search?q=mdel+law")["corrected"] == "model law"


def test_a_likely_correction_is_suggested(misspelt_index: Path) -> None:
    settings = config.load(PATIENT, index=misspelt_index)
    with create_app(settings).test_client() as client:
        found = fetch(client, "/api/search?q=bordre")
        assert (found["suggestion"], found["corrected"], found["total"]) == ("border", None, 1)
        assert notes(client, "/?q=bordre") == [("", "Did you mean “border”?", "/?q=border")]
        assert fetch(client, "/api/search?q=border")["total"] == 60
        assert fetch(client, "/api/search?q=bordre&exact=1")["suggestion"] is None


def test_an_exact_list_says_so(client: FlaskClient) -> None:
    """With `exact`, the page says that only the typed words match, and links back."""
    ((line, words, href),) = notes(client, "/?q=human+trafficking&exact=1")
    assert line == "Only the words as typed are searched for."
    assert (words, href) == ("Also search for other names", "/?q=human+trafficking")
    assert notes(client, href)[0][0].startswith("Also searching: ")


@pytest.mark.parametrize(
    ("kept", "search", "without", "forms"),
    [
        ("exact", "q=trafficking&exact=1&section=Tools&size=5&page=2",
         "/?q=trafficking&section=Tools&size=5", 1),
        ("fold", "fold=1&size=5&section=Tools", "/?section=Tools&size=5", 2),
    ],
)  # fmt: skip
def test_a_switch_stays_in_every_link(
    kept: str, search: str, without: str, forms: int, client: FlaskClient
) -> None:
    text = client.get(f"/?{search}").text
    links = re.findall(r'href="(/(?:facet/\w+)?\?[^"]*)"', text)
    assert len(links) > 50
    assert [unescape(each) for each in links if f"{kept}=1" not in each] == [without]
    assert text.count(f'<input type="hidden" name="{kept}" value="1">') == forms
    years = client.get(f"/facet/year?{search}").text
    (form,) = re.findall(r'<form class="between"(.*?)</form>', years, re.DOTALL)
    assert f'name="{kept}" value="1"' in form


def test_a_new_query_is_not_exact(client: FlaskClient) -> None:
    """The search box keeps filters and order, but drops `exact`."""
    for address in ("/", "/facet/region", "/facet/year"):
        text = client.get(f"{address}?q=trafficking&exact=1&match=any&section=Tools&size=5").text
        (box,) = re.findall(r'<search class="searchbox">(.*?)</search>', text, re.DOTALL)
        kept = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', box))
        assert kept == {"section": "Tools", "size": "5"}
